"""Definitions of ops whose text is read and written once per form.

A program has very many ops of few forms: but for the names of values, the text of an op is that of
many others. So an op's own format runs for the first op of a form only. What it made of the text
serves for all others that one parser meets, and its text for all others that one printer meets.
"""

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar
from weakref import ref

from xdsl.dialects.builtin import AnyFloat
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.utils.mlir_lexer import MLIRTokenKind

from .formats import Signature
from .templates import TemplatePrinter, form_of

Op = TypeVar("Op", bound=IRDLOperation)
Owner = TypeVar("Owner")
Known = TypeVar("Known")


class _Form(NamedTuple):
    operand_types: Sequence[Attribute]
    result_types: Sequence[Attribute]
    properties: Mapping[str, Attribute]
    attributes: Mapping[str, Attribute]


class _Memo(Generic[Owner, Known]):
    """What the parser or the printer that ran last has met: nearly always the one that runs next.

    Not what any has met: an alias in the text may mean something else to another parser.
    """

    def __init__(self) -> None:
        self._latest: tuple[Callable[[], Owner | None], dict[Hashable, Known]] = lambda: None, {}

    def of(self, owner: Owner) -> dict[Hashable, Known]:
        """What this one has met."""
        latest, known = self._latest
        if latest() is not owner:
            known = {}
            self._latest = ref(owner), known
        return known


_READ: _Memo[Parser, _Form] = _Memo()
_WRITTEN: _Memo[Printer, tuple[str | None, object]] = _Memo()


_NAME = re.compile(r"%([\w$.-]+(?:#\d+)?)")
_BLANK = re.compile(r"(?:\s|//[^\n]*)*")
_CONTINUES = frozenset(
    {MLIRTokenKind.COMMA, MLIRTokenKind.COLON, MLIRTokenKind.ARROW, MLIRTokenKind.LESS}
)
"""What an op cannot be followed by, so that its text goes on."""


def hlo_op(cls: type[Op]) -> type[Op]:
    """Define an op, as `irdl_op_definition` does, whose text is read and written once per form.

    Only for ops without regions and successors, with the operands in the order of the text.
    """
    cls.custom_directives = (Signature, *cls.custom_directives)
    cls = irdl_op_definition(cls)
    parse: Callable[[Parser], Op] = cls.parse

    def parse_by_form(cls: type[Op], parser: Parser) -> Op:
        return _parse(cls, parser, parse)

    def print_by_form(self: Op, printer: Printer) -> None:
        _print(self, printer, print_)

    print_ = cls.print
    cls.parse = classmethod(parse_by_form)  # type: ignore[assignment]
    cls.print = print_by_form  # type: ignore[assignment]
    return cls


def _print(op: Op, printer: Printer, print_: Callable[[Op, Printer], None]) -> None:
    if type(printer) is not Printer:
        print_(op, printer)  # one that has templates of its own, or another way with attributes
        return
    known = printer._ssa_values
    operands = op.operands
    form = form_of(op, (*op.results, *operands))
    templates = _WRITTEN.of(printer)
    if form not in templates:
        # Forms name attributes by identity, so these have to live as long as the form does.
        kept = (*op.properties.values(), *op.attributes.values(), op.operand_types, op.result_types)
        templates[form] = _BodyPrinter().body(op, print_), kept
    template, _ = templates[form]
    if template is None or not all(operand in known for operand in operands):
        print_(op, printer)
    else:
        printer.print_string(template % tuple([known[operand] for operand in operands]))


class _BodyPrinter(TemplatePrinter):
    """Prints what follows an op's name as a format string, with attributes as xDSL prints them."""

    def body(self, op: Op, print_: Callable[[Op, Printer], None]) -> str | None:
        """The format for the names of the operands; None if the text is not of that kind."""
        print_(op, self)
        text = "".join(self.parts)
        return text if self._values == list(op.operands) and "\n" not in text else None

    def print_attribute(self, attribute: Attribute) -> None:
        Printer.print_attribute(self, attribute)

    def print_float(self, value: float, type: AnyFloat) -> None:
        Printer.print_float(self, value, type)

    def print_attr_dict(self, attr_dict: Mapping[str, Attribute]) -> None:
        Printer.print_attr_dict(self, attr_dict)


def _parse(cls: type[Op], parser: Parser, parse: Callable[[Parser], Op]) -> Op:
    content = parser.lexer.input.content
    start = parser._current_token.span.start
    end = content.find("\n", start)
    line = content[start : end if end >= 0 else None]
    if (location := line.find(" loc(")) >= 0:
        line = line[:location]
    if line[-1:] not in (">", ")") or '"' in line or "//" in line:
        return parse(parser)
    end = start + len(line)
    pieces = _NAME.split(line)
    names = pieces[1::2]
    key = cls, "%".join(pieces[::2])
    forms = _READ.of(parser)
    form = forms.get(key)
    if form is None:
        op = parse(parser)
        if _is_one_op(op, names, parser, end):
            forms[key] = _Form(
                op.operand_types, op.result_types, dict(op.properties), dict(op.attributes)
            )
        return op
    operands = _resolve(parser, names, form.operand_types)
    if operands is None:
        return parse(parser)
    parser._resume_from(end)
    if parser._current_token.kind in _CONTINUES:
        parser._resume_from(start)
        return parse(parser)
    return cls.create(
        operands=operands,
        result_types=form.result_types,
        properties=form.properties,
        attributes=form.attributes,
    )


def _is_one_op(op: Operation, names: Sequence[str], parser: Parser, end: int) -> bool:
    """Whether the text up to `end` was all of the op, and its names are the operands in order."""
    next_token = parser._current_token.span.start
    content = parser.lexer.input.content
    if next_token < end or _BLANK.fullmatch(content, end, next_token) is None:
        return False
    operands = _resolve(parser, names, op.operand_types)
    return operands is not None and all(
        known is operand for known, operand in zip(operands, op.operands, strict=True)
    )


def _resolve(
    parser: Parser, names: Sequence[str], types: Sequence[Attribute]
) -> list[SSAValue] | None:
    """The values of these names; None where the parser has to see to one of them itself."""
    if len(names) != len(types):
        return None
    known = parser.ssa_values
    values: list[SSAValue] = []
    for name, type in zip(names, types, strict=True):
        name, _, index = name.partition("#")
        results = known.get(name, ())
        place = int(index or 0)
        if place >= len(results):
            return None
        value = results[place]
        if value.type is not type and value.type != type:
            return None
        values.append(value)
    return values
