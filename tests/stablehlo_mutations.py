"""Programs of one op, taken from valid ones and then changed in one place."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from jax.extend.mlir import ir

Item = TypeVar("Item")


@dataclass(frozen=True)
class OpText:
    """The parts of an op's generic form."""

    name: str
    operands: tuple[str, ...]
    """Their types."""
    properties: tuple[tuple[str, str], ...]
    attributes: tuple[tuple[str, str], ...]
    regions: str
    results: tuple[str, ...]
    """Their types."""
    around: str = ""
    """What the op refers to by name."""

    def module(self) -> str:
        """A module of a function whose arguments are the op's operands."""
        arguments = ", ".join(f"%arg_{i}: {type}" for i, type in enumerate(self.operands))
        operands = ", ".join(f"%arg_{i}" for i in range(len(self.operands)))
        op = f'"{self.name}"({operands})'
        if self.results:
            op = f"%result:{len(self.results)} = {op}"
        if self.properties:
            op += f" <{{{_dictionary(self.properties)}}}>"
        if self.regions:
            op += f" {self.regions}"
        if self.attributes:
            op += f" {{{_dictionary(self.attributes)}}}"
        op += f" : ({', '.join(self.operands)}) -> ({', '.join(self.results)})"
        return f"{self.around}func.func @one({arguments}) {{\n  {op}\n  func.return\n}}\n"


def _dictionary(entries: tuple[tuple[str, str], ...]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in entries)


def ops_of(module: ir.Module) -> Iterator[OpText]:
    """Each op of a module that needs nothing but its operands and the module's symbols."""
    symbols = {
        str(ir.StringAttr(op.operation.attributes["sym_name"]).value): (
            str(op.operation.get_asm(print_generic_op_form=True)) + "\n"
        )
        for op in module.body.operations
        if "sym_name" in op.operation.attributes
    }
    found: list[OpText] = []

    def visit(op: ir.Operation) -> ir.WalkResult:
        if op.name.startswith(("stablehlo.", "chlo.", "sdy.")):
            found.append(_text_of(op, symbols))
        return ir.WalkResult.ADVANCE

    module.operation.walk(visit)
    return iter(found)


def _text_of(op: ir.Operation, symbols: dict[str, str]) -> OpText:
    text = str(op.get_asm(print_generic_op_form=True))
    properties, rest = _entries(text, "<{", "({\n")
    regions = ""
    if (start := rest.find("({\n")) >= 0:
        end = rest.rindex("})") + 2
        regions, rest = rest[start:end], rest[end:]
    attributes, _ = _entries(rest, " {", " : (")
    return OpText(
        op.name,
        tuple(str(operand.type) for operand in op.operands),
        properties,
        attributes,
        regions,
        tuple(str(result.type) for result in op.results),
        _symbols_in(text, symbols),
    )


def _symbols_in(text: str, symbols: dict[str, str]) -> str:
    """The text of the symbols that a text names, and of those that they name."""
    found: dict[str, str] = {}
    pending = [text]
    for user in pending:
        for name in _SYMBOL.findall(user):
            if name in symbols and name not in found:
                found[name] = symbols[name]
                pending.append(symbols[name])
    return "".join(found.values())


_SYMBOL = re.compile(r"@(\w+)")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|->|[][(){}<>,]|[^][(){}<>,"-]+|-')


def _entries(text: str, opening: str, before: str) -> tuple[tuple[tuple[str, str], ...], str]:
    """The entries of the dictionary that stands before something, if any, and the text after it."""
    start, limit = text.find(opening), text.find(before)
    if start < 0 or 0 <= limit < start:
        return (), text
    entries, depth, place = [""], 0, start + len(opening)
    for match in _TOKEN.finditer(text, place):
        token, place = match[0], match.end()
        depth += (token in "([{<") - (token in ")]}>")
        if depth < 0:
            break
        if token == "," and depth == 0:
            entries.append("")
        else:
            entries[-1] += token
    pairs = [entry.strip().partition(" = ") for entry in entries]
    return tuple((name, value if equals else "unit") for name, equals, value in pairs), text[place:]


# --- Changes --------------------------------------------------------------------------------------

ELEMENTS = ("f32", "i32", "i1", "ui8", "f64", "complex<f32>", "bf16", "i64", "index", "i8")
_TENSOR = re.compile(r"tensor<((?:[\d?]+x)*)((?:[^<>]|<[^<>]*>)*)>")
_NUMBER = re.compile(r"(?<![\w.#%<-])-?\d+(?![\w.x])")
_WORD = re.compile(r"(?<=[ <])[A-Z][A-Z_]{1,}\b")


def _pick(random_: random.Random, items: list[Item] | tuple[Item, ...]) -> Item:
    return items[random_.randrange(len(items))]


def _changed_type(type: str, random_: random.Random) -> str:
    """A type like this one, of another element or shape."""
    match = _TENSOR.match(type)
    if match is None:
        return _pick(random_, ("tensor<4xf32>", "!stablehlo.token", "tensor<f32>", "i32"))
    sizes, element = match[1].split("x")[:-1], match[2]
    kind = random_.randrange(7)
    if kind == 0 or (kind < 5 and not sizes):
        element = _pick(random_, ELEMENTS)
    elif kind == 1:
        place = random_.randrange(len(sizes))
        sizes[place] = _pick(random_, ("1", "2", "3", "5", "0", "7"))
    elif kind == 2:
        sizes[random_.randrange(len(sizes))] = "?"
    elif kind == 3:
        del sizes[random_.randrange(len(sizes))]
    elif kind == 4:
        i, j = random_.randrange(len(sizes)), random_.randrange(len(sizes))
        sizes[i], sizes[j] = sizes[j], sizes[i]
    elif kind == 5:
        sizes.insert(random_.randrange(len(sizes) + 1), _pick(random_, ("1", "2", "4")))
    else:
        return _pick(random_, ("tensor<*xf32>", "!stablehlo.token", "tuple<tensor<f32>>", "f32"))
    return f"tensor<{''.join(f'{size}x' for size in sizes)}{element}>"


def _at(items: tuple[Item, ...], place: int, new: tuple[Item, ...]) -> tuple[Item, ...]:
    return (*items[:place], *new, *items[place + 1 :])


def change_operand_type(op: OpText, random_: random.Random) -> OpText:
    """One operand is of another type."""
    i = random_.randrange(len(op.operands))
    return replace(op, operands=_at(op.operands, i, (_changed_type(op.operands[i], random_),)))


def change_result_type(op: OpText, random_: random.Random) -> OpText:
    """One result is of another type."""
    i = random_.randrange(len(op.results))
    return replace(op, results=_at(op.results, i, (_changed_type(op.results[i], random_),)))


def change_all_types(op: OpText, random_: random.Random) -> OpText:
    """All values of one type are of another."""
    old = _pick(random_, (*op.operands, *op.results))
    new = _changed_type(old, random_)
    return replace(
        op,
        operands=tuple(new if type == old else type for type in op.operands),
        results=tuple(new if type == old else type for type in op.results),
    )


def change_element(op: OpText, random_: random.Random) -> OpText:
    """One element type becomes another wherever it stands."""
    found = _TENSOR.findall(" ".join((*op.operands, *op.results)))
    old, new = _pick(random_, found)[1], _pick(random_, ELEMENTS)

    def swap(text: str) -> str:
        return re.sub(rf"(?<=[x<]){re.escape(old)}>", f"{new}>", text)

    return replace(
        op,
        operands=tuple(map(swap, op.operands)),
        results=tuple(map(swap, op.results)),
        regions=swap(op.regions),
    )


def drop_or_repeat_operand(op: OpText, random_: random.Random) -> OpText:
    """One operand is missing, or there twice."""
    i = random_.randrange(len(op.operands))
    new = _pick(random_, ((), (op.operands[i],) * 2))
    return replace(op, operands=_at(op.operands, i, new))


def drop_or_repeat_result(op: OpText, random_: random.Random) -> OpText:
    """One result is missing, or there twice."""
    i = random_.randrange(len(op.results))
    return replace(op, results=_at(op.results, i, _pick(random_, ((), (op.results[i],) * 2))))


def drop_property(op: OpText, random_: random.Random) -> OpText:
    """One property is missing."""
    return replace(op, properties=_at(op.properties, random_.randrange(len(op.properties)), ()))


def change_property(op: OpText, random_: random.Random) -> OpText:
    """One property has another number, another word, or is something else."""
    i = random_.randrange(len(op.properties))
    name, value = op.properties[i]
    return replace(op, properties=_at(op.properties, i, ((name, _changed(value, random_)),)))


def _changed(value: str, random_: random.Random) -> str:
    """The text of an attribute with one thing changed."""
    numbers, words = list(_NUMBER.finditer(value)), list(_WORD.finditer(value))
    kind = random_.randrange(8)
    if kind < 4 and numbers:
        match = _pick(random_, numbers)
        number = int(match[0])
        new = str(_pick(random_, (number + 1, number - 1, 0, 1, 2, -1, 100)))
        return value[: match.start()] + new + value[match.end() :]
    if kind == 4 and len(numbers) > 0 and value.startswith(("array", "[", "#")):
        match = _pick(random_, numbers)
        return value[: match.end()] + f", {match[0]}" + value[match.end() :]
    if kind == 5 and len(numbers) > 1 and value.startswith(("array", "[", "#")):
        a, b = sorted(random_.sample(range(len(numbers)), 2))
        first, second = numbers[a], numbers[b]
        return (
            f"{value[: first.start()]}{second[0]}{value[first.end() : second.start()]}"
            f"{first[0]}{value[second.end() :]}"
        )
    if words and kind < 7:
        match = _pick(random_, words)
        new = _pick(random_, ("DEFAULT", "HIGHEST", "EQ", "FLOAT", "SIGNED", "ADJOINT", "RFFT"))
        return value[: match.start()] + new + value[match.end() :]
    if value in ("true", "false"):
        return {"true": "false", "false": "true"}[value]
    if " : i64" in value and kind == 6:
        return value.replace(" : i64", " : i32")
    return _pick(
        random_,
        (
            "unit",
            '"word"',
            "3 : i64",
            "3 : i32",
            "array<i64: 0>",
            "array<i64>",
            "[]",
            "true",
            "f32",
        ),
    )


def change_region(op: OpText, random_: random.Random) -> OpText:
    """The values of one type in the regions are of another."""
    found = list(_TENSOR.finditer(op.regions))
    old = _pick(random_, found)[0]
    new = _changed_type(old, random_)
    return replace(op, regions=op.regions.replace(old, new))


def drop_region(op: OpText, random_: random.Random) -> OpText:
    """There is no region, an empty one, or one more."""
    regions = ("", "({\n})", op.regions[:-1] + ", {\n})", op.regions[:-1] + f", {op.regions[1:]}")
    return replace(op, regions=_pick(random_, regions))


CHANGES: tuple[tuple[Callable[[OpText, random.Random], OpText], str], ...] = (
    (change_operand_type, "operands"),
    (change_operand_type, "operands"),
    (change_result_type, "results"),
    (change_result_type, "results"),
    (change_all_types, "operands"),
    (change_element, "operands"),
    (drop_or_repeat_operand, "operands"),
    (drop_or_repeat_result, "results"),
    (drop_property, "properties"),
    (change_property, "properties"),
    (change_property, "properties"),
    (change_property, "properties"),
    (change_region, "regions"),
    (drop_region, "regions"),
)
"""Each change with the part of an op that it needs."""


def changed(op: OpText, random_: random.Random) -> OpText | None:
    """The op with one change; None where the change finds nothing to work on."""
    change, part = _pick(random_, CHANGES)
    if not getattr(op, part):
        return None
    try:
        return change(op, random_)
    except (IndexError, ValueError):
        return None


_SPOTS = re.compile(r'(?<![\w.#%-])\d+(?![\w.x"])|"[a-z]\w?"|tensor<[^<>]*>|[{}][?]?')


def changed_text(text: str, random_: random.Random) -> str:
    """A module's text with one number, one short name, one type or one brace changed."""
    spot = _pick(random_, list(_SPOTS.finditer(text)))
    old = spot[0]
    if old.isdigit():
        new = str(_pick(random_, (int(old) + 1, max(int(old) - 1, 0), 0, 1, 2, 4, 100)))
    elif old.startswith('"'):
        new = _pick(random_, ('"x"', '"y"', '"z"', '"x":(1)2', '"x":(2)2', '"y":(1)2', '"w"'))
    elif old.startswith("tensor"):
        new = _changed_type(old, random_)
    else:
        new = _pick(random_, ('{"x"', '{"y"', '"x"}', "{?", ", ?}", "{", "}"))
    return text[: spot.start()] + new + text[spot.end() :]
