"""Joins adjacent native Python ops into one, so that cheap glue stays cheap.

A pure `orch.host` (or item or attribute access) whose results only one later host op uses is
evaluated as part of that op. What must not change:

- **The first error.** Between the two ops there may be nothing that can raise, and what the
  producer computes is complete before anything of the consumer that could raise.
- **How often and whether something is evaluated.** A producer's expression takes the place of the
  consumer's name only where Python evaluates that name exactly once, and before all else that could
  raise: never in the second part of ``and`` or a ternary, in a lambda or in a comprehension.
  Otherwise it becomes a statement before the consumer's.
- **When.** The consumer waits for no blocking call that the producer does not wait for, so that no
  work is put off.
- **Names.** Both resolve their free names in the same function; local names are renamed apart.
- **Where it comes from.** Statements keep their source lines: an op fused from several lines has a
  fused location, with one location for each line of its source.
"""

from __future__ import annotations

import ast
import symtable
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from typing import cast

from xdsl.context import Context
from xdsl.dialects.builtin import (
    ArrayAttr,
    CallSiteLoc,
    FileLineColLoc,
    FusedLoc,
    IntAttr,
    LocationAttr,
    ModuleOp,
    NameLoc,
    NoneAttr,
    StringAttr,
)
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

from xcs.dialects import orch
from xcs.dialects.canonicalization_patterns.orch import constant_value
from xcs.transforms.analysis.block_dependence import (
    BlockDependence,
    declared_operators,
    is_movable,
)

MAX_OPS = 256
"""How many ops become one at most."""

MAX_DEPTH = 24
"""How deep a fused expression may nest; CPython's parser refuses some two hundred parentheses."""

_BUILTINS = frozenset(dir(__import__("builtins")))

# --- Python code and its names --------------------------------------------------------------------


@dataclass
class Names:
    """The names in a piece of code, by what they stand for."""

    assigned: set[str] = field(default_factory=set)
    """What the code assigns in its own scope."""
    free: set[str] = field(default_factory=set)
    """What resolves in the function's globals, or is a builtin."""
    inner: set[str] = field(default_factory=set)
    """What nested scopes (lambdas, comprehensions) bind for themselves."""

    @classmethod
    def of(cls, source: str, operands: Iterable[str], is_block: bool) -> Names:
        """The names of a host op's source, as Python's own compiler sees them."""
        lines = source.splitlines() if is_block else ["return (", *source.splitlines(), ")"]
        text = f"def code({', '.join(operands)}):\n" + "".join(f" {line}\n" for line in lines)
        table = symtable.symtable(text, "<host>", "exec").get_children()[0]
        names = cls()
        for symbol in table.get_symbols():
            if not symbol.is_local():
                names.free.add(symbol.get_name())
            elif symbol.is_assigned():
                names.assigned.add(symbol.get_name())
        names._collect_inner(table)
        return names

    def _collect_inner(self, table: symtable.SymbolTable) -> None:
        for child in table.get_children():
            for symbol in child.get_symbols():
                if symbol.is_local():
                    self.inner.add(symbol.get_name())
                elif symbol.is_global():
                    self.free.add(symbol.get_name())
            self._collect_inner(child)


class _Rename(ast.NodeTransformer):
    def __init__(self, mapping: Mapping[str, str]):
        self.mapping = mapping

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self.mapping.get(node.id, node.id)
        return node


class _Substitute(ast.NodeTransformer):
    def __init__(self, name: str, value: ast.expr):
        self.name = name
        self.value = value

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.value if node.id == self.name else node


@dataclass
class Statement:
    """A statement of fused code, and the source location of the op that it comes from."""

    node: ast.stmt
    location: LocationAttr


@dataclass
class Code:
    """The Python code of an op: statements, then an expression unless the op is a block."""

    op: Operation
    operands: dict[str, SSAValue]
    names: Names
    scope: orch.RefAttr | None
    body: list[Statement]
    value: ast.expr | None
    outs: list[str]
    """The names that have the results of a block at its end."""
    depth: int = 1
    """How many ops' expressions are nested in ``value``."""
    size: int = 1
    """How many ops' code it is."""
    is_total: bool = False
    """Whether it cannot raise."""

    @classmethod
    def of(cls, op: Operation) -> Code | None:
        """The code of a pure op without tokens, if it can be fused."""
        match op:
            case orch.HostOp():
                if op.effects != orch.PURE or op.after or orch.TOKEN in op.result_types:
                    return None
                return cls._of_source(op, op.source.data, op.argument_names(), op.arguments)
            case orch.GetItemOp() | orch.GetAttrOp() if op.after or op.token is not None:
                return None  # it has its place in a chain
            case orch.GetItemOp() if _is_complete(op.container):
                literal = constant_value(op.index)
                if isinstance(literal, int | str):
                    return cls._of_source(op, f"value[{literal!r}]", ("value",), op.operands[:1])
                return cls._of_source(op, "value[index]", ("value", "index"), op.operands)
            case orch.GetAttrOp() if _is_complete(op.value):
                return cls._of_source(op, f"value.{op.attribute.data}", ("value",), op.operands)
            case _:
                return None

    @classmethod
    def _of_source(
        cls, op: Operation, source: str, names: Sequence[str], operands: Sequence[SSAValue]
    ) -> Code | None:
        host = op if isinstance(op, orch.HostOp) else None
        is_block = host is not None and host.is_block
        outs = [n.data for n in host.out_names] if host is not None and host.out_names else []
        try:
            tree = ast.parse(source, mode="exec" if is_block else "eval")
            known = Names.of(source, names, is_block)
        except SyntaxError:
            return None  # the engine reports what does not compile
        if known.assigned & set(names) or len(set(outs)) != len(outs):
            return None  # a name stands for one value only
        return cls(
            op,
            dict(zip(names, operands, strict=True)),
            known,
            host.scope if host is not None else None,
            [
                Statement(s, _named_line(op.location, s.lineno - 1))
                for s in (tree.body if isinstance(tree, ast.Module) else ())
            ],
            tree.body if isinstance(tree, ast.Expression) else None,
            outs,
            is_total=host is not None and host.total is not None,
        )


_GIVES_WHOLE_VALUES = (
    Block,
    orch.CallOp,
    orch.InvokeOp,
    orch.HostOp,
    orch.GetItemOp,
    orch.GetAttrOp,
)


def _is_complete(container: SSAValue) -> bool:
    """Whether the value is there as a whole once it is there, with no item still pending."""
    if isinstance(container.type, orch.ListType):
        return False
    return isinstance(container.owner, _GIVES_WHOLE_VALUES)


class Namer:
    """Gives each value of a block one name in all code, so that fused code needs no renaming."""

    def __init__(self, codes: Iterable[Code]):
        self.used: set[str] = set()
        for code in codes:
            self.used |= code.names.free | code.names.inner
        self.names: dict[SSAValue, str] = {}
        self.numbers: defaultdict[str, count[int]] = defaultdict(lambda: count(1))

    def fresh(self, stem: str) -> str:
        """The stem, or the stem with a number where other code uses it otherwise."""
        name = stem
        while name in self.used:
            name = f"{stem}_{next(self.numbers[stem])}"
        self.used.add(name)
        return name

    def name(self, value: SSAValue, stem: str) -> str:
        """The name of the value, made from the stem when the value has none yet."""
        if value not in self.names:
            self.names[value] = self.fresh(stem)
        return self.names[value]

    def adopt(self, code: Code) -> bool:
        """Renames the code's local names to those of the values; False where that is impossible."""
        mapping = {name: self.name(value, name) for name, value in code.operands.items()}
        results = code.op.results
        for name in sorted(code.names.assigned):
            is_out = name in code.outs
            mapping[name] = (
                self.name(results[code.outs.index(name)], name) if is_out else self.fresh(name)
            )
        changed = {old: new for old, new in mapping.items() if old != new}
        if changed.keys() & code.names.inner or not set(code.outs) <= code.names.assigned:
            return False
        renamer = _Rename(changed)
        for statement in code.body:
            renamer.visit(statement.node)
        if code.value is not None:
            code.value = renamer.visit(code.value)
        code.operands = {mapping[name]: value for name, value in code.operands.items()}
        code.outs = [mapping[name] for name in code.outs]
        return True


# --- Source locations -----------------------------------------------------------------------------


def _position(location: Attribute) -> FileLineColLoc | None:
    """Where in the user's source the location is; of an inlined call, where in the callee."""
    match location:
        case FileLineColLoc():
            return location
        case CallSiteLoc():
            return _position(location.callee)
        case NameLoc():
            return _position(location.location)
        case FusedLoc(locations=ArrayAttr(data=(first, *_))):
            return _position(first)
        case _:
            return None


def _file(op: Operation) -> StringAttr | None:
    position = _position(op.location)
    return position.filename if position is not None else None


def _is_on_line_of(op: Operation, other: Operation) -> bool:
    here, there = _position(op.location), _position(other.location)
    if here is None or there is None:
        return here is there
    return (here.filename, here.line) == (there.filename, there.line)


def _named_line(location: LocationAttr, line: int) -> LocationAttr:
    """The same, with the name of the function that the op is in, if it has that."""
    found = _location_of_line(location, line)
    return NameLoc(location.desc, found) if isinstance(location, NameLoc) else found


def _location_of_line(location: LocationAttr, line: int) -> LocationAttr:
    """The location of a line of an op's source, counted from 0."""
    match location:
        case NameLoc():
            return _location_of_line(cast(LocationAttr, location.location), line)
        case FusedLoc(locations=ArrayAttr(data=locations)) if line < len(locations):
            return cast(LocationAttr, locations[line])
        case FileLineColLoc() if line:
            return FileLineColLoc(location.filename, IntAttr(location.line.data + line), IntAttr(0))
        case _:
            return location


# --- Evaluation order -----------------------------------------------------------------------------


def _evaluated_parts(node: ast.expr) -> Iterator[ast.expr | None]:
    """Parts of an expression that are evaluated exactly once, in order; None ends the certain ones.

    Kinds of expressions that are not listed have no such parts.
    """
    match node:
        case ast.Attribute(value=value) | ast.UnaryOp(operand=value) | ast.Starred(value=value):
            yield value
        case ast.FormattedValue(value=value, format_spec=spec):
            yield value
            yield spec
        case ast.Subscript(value=value, slice=index):
            yield value
            yield index
        case ast.Slice(lower=lower, upper=upper, step=step):
            yield from (part for part in (lower, upper, step) if part is not None)
        case ast.BinOp(left=left, right=right):
            yield left
            yield right
        case ast.Compare(left=left, comparators=[first, *rest]):
            yield left
            yield first
            if rest:
                yield None
        case ast.BoolOp(values=[first, *_]):
            yield first
            yield None
        case ast.IfExp(test=test):
            yield test
            yield None
        case ast.Call(func=function, args=arguments, keywords=keywords):
            yield function
            yield from arguments
            yield from (keyword.value for keyword in keywords)
        case ast.Tuple(elts=elements) | ast.List(elts=elements) | ast.Set(elts=elements):
            yield from elements
        case ast.JoinedStr(values=values):
            yield from values
        case _:
            yield None


_CANNOT_RAISE = (ast.Tuple, ast.List, ast.Slice, ast.JoinedStr)


def _is_evaluated_first(name: str, consumer: Code, *, producer_is_total: bool) -> bool:
    """Whether Python evaluates the name once, and before all in the expression that may raise.

    What stands before it does not matter if the producer, whose place it takes, cannot raise.
    """

    def reach(node: ast.expr) -> bool | None:
        """True: the name is here, first. None: it is not, and nothing may raise. False: give up."""
        match node:
            case ast.Name(id=name_here):
                if name_here == name:
                    return True
                harmless = name_here in consumer.operands or name_here in _BUILTINS
                return None if harmless or producer_is_total else False
            case ast.Constant():
                return None
        for part in _evaluated_parts(node):
            found = reach(part) if part is not None else False
            if found is not None:
                return found
        return None if producer_is_total or isinstance(node, _CANNOT_RAISE) else False

    assert consumer.value is not None
    uses = sum(isinstance(n, ast.Name) and n.id == name for n in ast.walk(consumer.value))
    return uses == 1 and reach(consumer.value) is True


# --- Fusion ---------------------------------------------------------------------------------------


def _can_substitute(name: str, producer: Code, consumer: Code) -> bool:
    """Whether the producer's expression can stand for its name in the consumer's expression."""
    if producer.value is None or consumer.value is None or producer.body or consumer.body:
        return False
    if producer.names.assigned or consumer.names.assigned:
        return False
    if producer.depth + consumer.depth > MAX_DEPTH:
        return False
    if not (producer.is_total or _is_on_line_of(producer.op, consumer.op)):
        return False
    return _is_evaluated_first(name, consumer, producer_is_total=producer.is_total)


def _fuse(producer: Code, consumer: Code, namer: Namer) -> bool:
    """Makes the producer's code part of the consumer's; False if that cannot be."""
    if producer.size + consumer.size > MAX_OPS:
        return False
    if _file(producer.op) != _file(consumer.op):
        return False  # the engine compiles an op's source as lines of one file
    if producer.scope != consumer.scope and producer.names.free and consumer.names.free:
        return False
    results = producer.op.results
    names = {namer.name(value, "value") for value in results if value.uses}
    if len(names) == 1 and _can_substitute(name := min(names), producer, consumer):
        assert consumer.value is not None
        assert producer.value is not None
        consumer.value = _Substitute(name, producer.value).visit(consumer.value)
        consumer.depth += producer.depth
    else:
        statements = list(producer.body)
        if producer.value is not None:
            name = namer.name(results[0], "value")
            statements.append(_assignment(name, producer.value, producer.op.location))
            producer.names.assigned.add(name)
        consumer.body[:0] = statements
    others = {name: value for name, value in consumer.operands.items() if name not in names}
    consumer.operands = {**producer.operands, **others}
    consumer.scope = consumer.scope if consumer.names.free else producer.scope
    consumer.names.free |= producer.names.free
    consumer.names.assigned |= producer.names.assigned
    consumer.size += producer.size
    consumer.is_total = consumer.is_total and producer.is_total
    return True


def _host_op(code: Code, namer: Namer) -> orch.HostOp:
    """The op that does what the code says, in the place of the op that the code began as."""
    op = code.op
    body = list(code.body)
    out_names: list[str] | None = code.outs or None
    if code.value is not None and body:
        name = namer.name(op.results[0], "value")
        body.append(_assignment(name, code.value, op.location))
        out_names = [name]
    if not body:
        assert code.value is not None
        lines, locations = [ast.unparse(code.value)], [op.location]
    else:
        texts = [(ast.unparse(statement.node).splitlines(), statement) for statement in body]
        lines = [line for text, _ in texts for line in text]
        locations = [
            _location_of_line(statement.location, offset)
            for text, statement in texts
            for offset in range(len(text))
        ]
    new = orch.HostOp(
        "\n".join(lines),
        code.operands,
        op.result_types,
        out_names=out_names,
        scope=code.scope.key.data if code.scope is not None else None,
        total=code.is_total,
    )
    is_known_by_first = locations == [_location_of_line(op.location, i) for i in range(len(lines))]
    new.location = op.location if is_known_by_first else FusedLoc(tuple(locations), NoneAttr())
    places = (op.location, *(statement.location for statement in body))
    named = next((place.desc for place in places if isinstance(place, NameLoc)), None)
    if named is not None and not isinstance(new.location, NameLoc):
        new.location = NameLoc(named, new.location)
    for old, result in zip(op.results, new.results, strict=True):
        result.name_hint = old.name_hint
    return new


def _assignment(name: str, value: ast.expr, location: LocationAttr) -> Statement:
    assign = ast.Assign([ast.Name(name, ast.Store())], value)
    return Statement(ast.fix_missing_locations(assign), location)


class BlockFuser:
    """Fuses the host ops of one block."""

    def __init__(self, block: Block, operators: Mapping[str, orch.OperatorOp]):
        self.block = block
        codes = {op: code for op in block.ops if (code := Code.of(op)) is not None}
        self.namer = Namer(codes.values())
        self.codes = {op: code for op, code in codes.items() if self.namer.adopt(code)}
        self.dependence = BlockDependence(block, operators)
        self.absorbed: dict[Operation, Operation] = {}
        """Each op that is part of another now, and that op."""

    def run(self) -> None:
        """Lets each op absorb what feeds it, in program order; then replaces what has changed."""
        standing: list[Operation] = []  # what may raise and is still there, before the current op
        for op in self.block.ops:
            consumer = self.codes.get(op)
            while consumer is not None and (producer := self._producer(consumer, standing)):
                self.absorbed[producer.op] = op
                if standing and standing[-1] is producer.op:
                    standing.pop()
            if not is_movable(op) or (consumer is not None and not consumer.is_total):
                standing.append(op)
        self._emit()

    def _producer(self, consumer: Code, standing: Sequence[Operation]) -> Code | None:
        """The next op that becomes part of the consumer: the nearest before it, or a total one."""
        owners = [value.owner for value in consumer.operands.values()]
        for candidate in chain(standing[-1:], owners):
            code = self.codes.get(candidate) if isinstance(candidate, Operation) else None
            if code is None or not (code.is_total or candidate in standing[-1:]):
                continue
            if (
                self.dependence.needs[code.op] == self.dependence.needs[consumer.op]
                and self._feeds_only(code.op, consumer.op)
                and _fuse(code, consumer, self.namer)
            ):
                return code
        return None

    def _feeds_only(self, producer: Operation, consumer: Operation) -> bool:
        """Whether the consumer, with what it has absorbed, is all that uses the producer."""
        users = {use.operation for result in producer.results for use in result.uses}
        return bool(users) and all(self._part_of(user) is consumer for user in users)

    def _part_of(self, op: Operation) -> Operation:
        """The op that the op is part of now."""
        root = op
        while root in self.absorbed:
            root = self.absorbed[root]
        while op is not root:
            self.absorbed[op], op = root, self.absorbed[op]
        return root

    def _emit(self) -> None:
        replaced: dict[SSAValue, SSAValue] = {}
        for op, code in self.codes.items():
            if code.size > 1 and op not in self.absorbed:
                code.operands = {n: replaced.get(v, v) for n, v in code.operands.items()}
                new = _host_op(code, self.namer)
                replaced |= zip(op.results, new.results, strict=True)
                Rewriter.replace_op(op, new)
        for op in reversed(self.absorbed):
            self.block.erase_op(op, safe_erase=False)


@dataclass(frozen=True)
class FuseHost(ModulePass):
    """Joins adjacent pure host ops, where each is used by the next only."""

    name = "fuse-host"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        operators = declared_operators(op)
        for block in [b for inner in op.walk() for r in inner.regions for b in r.blocks]:
            if block.parent_op() is not op:
                BlockFuser(block, operators).run()
