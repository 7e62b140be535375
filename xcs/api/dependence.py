"""Which calls of a program wait for which, as far as that is known before it runs.

A *site* is an op that calls an operator, or a captured function from which one is reached. What a
value waits for is two sets of sites. It has to wait for the `hard` ones, from which it is computed.
The `soft` ones are those whose results are stored, before it is read, in objects that may be the
one that is read: whether it waits for these, only a run tells. So what is said to wait for
something rests on the first set, and what is said to run at once on both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from xdsl.dialects import func
from xdsl.dialects.builtin import FileLineColLoc, ModuleOp, NameLoc
from xdsl.ir import Block, Operation, SSAValue

from xcs.dialects import orch


class Place(NamedTuple):
    """A place in the user's source. Lines and columns count from 1; 0 where they are not known."""

    file: str = ""
    line: int = 0
    column: int = 0


def place_of(op: Operation) -> Place:
    """Where an op is from."""
    where = op.location.location if isinstance(op.location, NameLoc) else op.location
    if not isinstance(where, FileLineColLoc):
        return Place()
    return Place(where.filename.data, where.line.data, where.column.data)


class Carried(NamedTuple):
    """Stands for what the iteration before has given for one of the carried values."""

    loop: Operation
    number: int


class Argument(NamedTuple):
    """Stands for what an argument of a captured function waits for."""

    number: int


Source = Operation | Carried | Argument


class Waits(NamedTuple):
    """What a value waits for."""

    hard: frozenset[Source] = frozenset()
    soft: frozenset[Source] = frozenset()

    def __or__(self, other: Waits) -> Waits:  # type: ignore[override]
        if not other.hard and not other.soft:
            return self
        if not self.hard and not self.soft:
            return other
        return Waits(self.hard | other.hard, self.soft | other.soft)

    @property
    def softly(self) -> Waits:
        """The same, as what is read may be something else."""
        return Waits(frozenset(), self.hard | self.soft)

    @property
    def all(self) -> frozenset[Source]:
        """Both sets."""
        return self.hard | self.soft


NOTHING = Waits()


def _union(waits: Iterable[Waits]) -> Waits:
    found = NOTHING
    for one in waits:
        found = found | one
    return found


@dataclass(eq=False)
class Site:
    """A place in the program from which an operator is called, if perhaps further down."""

    op: Operation
    name: str
    place: Place
    operator: orch.OperatorOp | None = None
    is_ordered: bool = False
    """Whether it waits for everything before it in the program."""
    waits: Waits = NOTHING

    @property
    def is_function(self) -> bool:
        """Whether it calls a captured function."""
        return isinstance(self.op, func.CallOp)


@dataclass(eq=False)
class Loop:
    """A loop with calls in it."""

    op: Operation
    place: Place
    sites: list[Site]
    serial: dict[Site, frozenset[Operation]] = field(default_factory=dict)
    """Sites by those of the iteration before that they have to wait for."""
    perhaps: dict[Site, frozenset[Operation]] = field(default_factory=dict)
    """Sites by those that they wait for if they read what these have stored."""
    decides: frozenset[Operation] = frozenset()
    """Sites that decide whether there is a next iteration."""
    decides_perhaps: bool = False
    """Whether any may decide that."""
    overlaps: bool = False
    """Whether calls of several iterations can run at once."""
    waits_perhaps: bool = False
    """Whether these may have to wait for what those of iterations before store."""


@dataclass
class Summary:
    """What is known of a captured function from which operators are reached."""

    reaches: bool = False
    needs: Waits = NOTHING
    """The arguments that its calls wait for."""
    ordered: bool = False
    """Whether any of its calls keeps its place."""
    unordered: bool = False
    """Whether any of its calls need not."""
    results: list[tuple[Waits, bool]] = field(default_factory=list)
    """For each result: the arguments, and whether it waits for calls of the function."""


class Dependence:
    """The sites and loops of a program, and what they wait for."""

    def __init__(self, module: ModuleOp, names: Mapping[str, str] | None = None) -> None:
        self.names = names or {}
        """What people call the functions of the module."""
        self.operators = {
            op.sym_name.data: op for op in module.body.block.ops if isinstance(op, orch.OperatorOp)
        }
        self.functions = {
            op.sym_name.data: op
            for op in module.body.block.ops
            if isinstance(op, func.FuncOp) and op.body.blocks
        }
        self.sites: dict[Operation, Site] = {}
        self._inside: dict[Operation, list[Site]] = {}
        self.loops: dict[Operation, Loop] = {}
        self.summaries = {name: Summary() for name in self.functions}
        self._find_reaching()
        order, is_recursive = self._callees_first()
        for _ in range(4 if is_recursive else 1):  # what has not settled then is taken as it is
            before = {name: _shape(s) for name, s in self.summaries.items()}
            for name in order:
                self._summarise(name, self.functions[name])
            if before == {name: _shape(s) for name, s in self.summaries.items()}:
                break
        for function in self.functions.values():
            self._gather(function)

    @property
    def reached(self) -> Iterator[func.FuncOp]:
        """The functions from which operators are reached, ``@main`` first."""
        found = [f for name, f in self.functions.items() if self.summaries[name].reaches]
        yield from sorted(found, key=lambda f: f.sym_name.data != "main")

    def calls_operator(self, op: Operation) -> bool:
        """Whether the op itself calls what may take time, or has to keep its place."""
        if isinstance(op, orch.InvokeOp):
            return True
        if not isinstance(op, orch.CallOp):
            return False
        if op.checked is not None:  # it writes to the console, which holds up nothing
            return False
        operator = self.operators[op.callee.string_value()]
        waits = operator.nonblocking is None or operator.effects == orch.ORDERED
        return waits and operator.kind.data != "tensor"

    def sites_in(self, op: Operation) -> list[Site]:
        """The sites of an op and of what is in its blocks."""
        return self._inside[op] if op in self._inside else self._walked(op)

    def _walked(self, op: Operation) -> list[Site]:
        return [self.sites[inner] for inner in op.walk() if inner in self.sites]

    def _gather(self, op: Operation) -> list[Site]:
        """Note the sites of an op, and of all ops in it."""
        found = [self.sites[op]] if op in self.sites else []
        for region in op.regions:
            for block in region.blocks:
                for inner in block.ops:
                    found += self._gather(inner)
        self._inside[op] = found
        return found

    def levels(self, block: Block) -> dict[Operation, int]:
        """The ops of a block that hold sites, by their place on the longest chain of such ops."""
        found: dict[Operation, int] = {}
        of_site: dict[Source, int] = {}
        deepest = 0
        for op in block.ops:
            sites = self.sites_in(op)
            if not sites:
                continue
            if any(site.is_ordered for site in sites):
                before = deepest
            else:
                sources = frozenset().union(*(site.waits.all for site in sites))
                before = max((of_site.get(s, 0) for s in sources), default=0)
            found[op] = before + 1
            deepest = max(deepest, before + 1)
            of_site.update(dict.fromkeys((site.op for site in sites), before + 1))
        return found

    # --- Functions ---

    def _find_reaching(self) -> None:
        found = True
        while found:
            found = False
            for name, function in self.functions.items():
                if not self.summaries[name].reaches and any(map(self._is_site, function.walk())):
                    self.summaries[name].reaches = found = True

    def _callees_first(self) -> tuple[list[str], bool]:
        """The functions that reach operators, those that others call first; whether any recurse."""
        order: dict[str, None] = {}
        entered: set[str] = set()
        recursive = False

        def visit(name: str) -> None:
            nonlocal recursive
            if name in entered:
                recursive |= name not in order
                return
            entered.add(name)
            for op in self.functions[name].walk():
                for callee in self._callee_names(op):
                    if self.summaries[callee].reaches:
                        visit(callee)
            order[name] = None

        for name, summary in self.summaries.items():
            if summary.reaches:
                visit(name)
        return list(order), recursive

    def _is_site(self, op: Operation) -> bool:
        return self.calls_operator(op) or any(s.reaches for s in self._callees(op))

    def _callees(self, op: Operation) -> list[Summary]:
        """The captured functions that an op may call."""
        return [self.summaries[name] for name in self._callee_names(op)]

    def _callee_names(self, op: Operation) -> list[str]:
        if isinstance(op, func.CallOp):
            return [op.callee.string_value()]
        if isinstance(op, orch.MethodOp) and op.candidates is not None:
            names = [entry.data[1].string_value() for entry in op.candidates.data]  # type: ignore[attr-defined]
            return [name for name in names if name in self.summaries]
        return []

    def _summarise(self, name: str, function: func.FuncOp) -> None:
        block = function.body.block
        values: dict[SSAValue, Waits] = {
            argument: Waits(frozenset((Argument(i),))) for i, argument in enumerate(block.args)
        }
        yields = self._block(block, values, NOTHING)
        sites = self.sites_in(function)
        needs = _union(site.waits for site in sites)
        summary = self.summaries[name]
        summary.needs = _arguments(needs)
        summary.ordered = any(site.is_ordered for site in sites)
        summary.unordered = any(map(self.can_overlap, sites))
        summary.results = [
            (_arguments(y), any(isinstance(source, Operation) for source in y.all)) for y in yields
        ]

    # --- Blocks and ops ---

    def _block(self, block: Block, values: dict[SSAValue, Waits], base: Waits) -> list[Waits]:
        """What each value that the block yields waits for."""
        for op in block.ops:
            if op is block.last_op:
                break
            self._op(op, values, base)
        last = block.last_op
        return [values.get(v, NOTHING) for v in last.operands] if last is not None else []

    def _op(self, op: Operation, values: dict[SSAValue, Waits], base: Waits) -> None:
        given = _union(values.get(v, NOTHING) for v in op.operands if not _is_token(v))
        stored = _union(values.get(v, NOTHING) for v in op.operands if _is_token(v))
        match op:
            case orch.MapOp() | orch.ForOp():
                self._loop(op, op.iterable, values, base)
            case orch.WhileOp():
                self._while(op, values, base)
            case orch.IfOp():
                decided = base | values.get(op.condition, NOTHING)
                then = self._block(op.then.block, values, decided)
                orelse = self._block(op.orelse.block, values, decided)
                _give(op, values, [_union((decided, *pair)) for pair in zip(then, orelse)])  # noqa: B905
            case orch.TryOp():
                self._try(op, values, base)
            case _ if self.calls_operator(op):
                self._site(op, given | stored.softly | base)
                _give(op, values, [Waits(frozenset((op,)))] * len(op.results))
            case _ if any(s.reaches for s in self._callees(op)):
                self._function(op, values, base)
            case orch.SetItemOp() | orch.AppendOp() | orch.SetAttrOp() | orch.DelItemOp():
                _give(op, values, [given | stored] * len(op.results))
            case orch.ContainsOp():
                found = values.get(op.item, NOTHING)
                _give(op, values, [stored if _is_token(r) else found for r in op.results])
            case orch.LenOp():
                _give(op, values, [stored if _is_token(r) else NOTHING for r in op.results])
            case orch.GetItemOp() | orch.GetAttrOp():
                key = values.get(op.index, NOTHING) if isinstance(op, orch.GetItemOp) else NOTHING
                read = key | given.softly | stored.softly
                _give(op, values, [stored if _is_token(r) else read for r in op.results])
            case orch.JoinOp():
                _give(op, values, [stored] * len(op.results))
            case _:
                read = given | stored.softly
                kept = given | stored
                _give(op, values, [kept if _is_token(r) else read for r in op.results])

    def _site(self, op: Operation, waits: Waits) -> Site:
        site = self.sites.get(op)
        if site is None:
            operator = None
            if isinstance(op, orch.CallOp):
                operator = self.operators[op.callee.string_value()]
            site = self.sites[op] = Site(op, self._name(op, operator), place_of(op), operator)
            if operator is not None:
                site.is_ordered = operator.effects == orch.ORDERED and operator.local is None
        site.waits = waits
        return site

    def _name(self, op: Operation, operator: orch.OperatorOp | None) -> str:
        if operator is not None:
            return operator.path.data.rpartition(":")[2] or operator.path.data
        if isinstance(op, func.CallOp):
            symbol = op.callee.string_value()
            return self.names.get(symbol, symbol)
        if isinstance(op, orch.MethodOp):
            return op.method.data
        return "the function called there"

    def _function(self, op: Operation, values: dict[SSAValue, Waits], base: Waits) -> None:
        """The call of a function: what it waits for is what the calls in it wait for."""
        operands = [values.get(v, NOTHING) for v in op.operands]
        if not isinstance(op, func.CallOp):  # one of several methods
            site = self._site(op, _union(operands) | base)
            site.is_ordered = any(s.ordered for s in self._callees(op))
            _give(op, values, [Waits(frozenset((op,)))] * len(op.results))
            return
        (summary,) = self._callees(op)
        site = self._site(op, _filled(summary.needs, operands) | base)
        site.is_ordered = summary.ordered
        results = summary.results or [(NOTHING, True)] * len(op.results)
        _give(
            op,
            values,
            [
                _filled(waits, operands) | (Waits(frozenset((op,))) if calls else NOTHING) | base
                for waits, calls in results
            ],
        )

    def _try(self, op: orch.TryOp, values: dict[SSAValue, Waits], base: Waits) -> None:
        """What it gives is given when its body cannot fail any more."""
        yields = self._block(op.body.block, values, base)
        inside = frozenset(site.op for site in self.sites_in(op))
        for argument in op.handler.block.args:
            values[argument] = Waits(inside)
        handled = self._block(op.handler.block, values, base | Waits(inside))
        ended = Waits(inside)
        _give(op, values, [_union((ended, *pair)) for pair in zip(yields, handled)])  # noqa: B905

    def _loop(
        self,
        op: orch.MapOp | orch.ForOp,
        iterable: SSAValue,
        values: dict[SSAValue, Waits],
        base: Waits,
    ) -> None:
        block = op.body.block
        stops = isinstance(op, orch.ForOp) and op.stops is not None
        init = list(op.init) if isinstance(op, orch.ForOp) else [op.after] if op.after else []
        element = values.get(iterable, NOTHING)
        first = [values.get(v, NOTHING) for v in init]
        values[block.args[0]] = element

        def run(decided: Waits) -> tuple[list[Waits], Waits]:
            yields = self._block(block, values, base | decided)
            return yields, yields[0] if stops else NOTHING

        yields = self._iterate(op, block.args[1:], first, values, run)
        # What each iteration of a map gives is gathered in lists; others carry it out.
        carried = first if isinstance(op, orch.ForOp) else []
        _give(op, values, _after(yields, carried, stops=stops, loop=op))

    def _while(self, op: orch.WhileOp, values: dict[SSAValue, Waits], base: Waits) -> None:
        first = [values.get(v, NOTHING) for v in op.init]
        test, body = op.test.block, op.body.block
        stops = op.stops is not None

        def run(decided: Waits) -> tuple[list[Waits], Waits]:
            tested = self._block(test, values, base | decided)
            condition = tested[0]
            for argument, waits in zip(body.args, tested[-len(body.args) :], strict=False):
                values[argument] = waits
            yields = self._block(body, values, base | decided | condition)
            return yields, condition | (yields[0] if stops else NOTHING)

        yields = self._iterate(op, test.args, first, values, run)
        _give(op, values, _after(yields, first, stops=stops, loop=op))

    def _iterate(
        self,
        op: Operation,
        arguments: Sequence[SSAValue],
        first: Sequence[Waits],
        values: dict[SSAValue, Waits],
        run: Callable[[Waits], tuple[list[Waits], Waits]],
    ) -> list[Waits]:
        """Go over a loop's body, in which carried values stand for those of the one before."""
        for number, (argument, waits) in enumerate(zip(arguments, first, strict=False)):
            values[argument] = waits | Waits(frozenset((Carried(op, number),)))
        yields, decides = run(NOTHING)
        inside = {site.op for site in self.sites_in(op)}
        if not inside:
            return yields
        carried = yields[len(yields) - len(arguments) :] if arguments else []
        hard = _closure(op, [waits.hard for waits in carried], inside)
        soft = _closure(op, [waits.all for waits in carried], inside)
        loop = self.loops[op] = Loop(op, place_of(op), self.sites_in(op))
        for site in loop.sites:
            if behind := _resolved(op, site.waits.hard, hard):
                loop.serial[site] = behind
            elif perhaps := _resolved(op, site.waits.all, soft):
                loop.perhaps[site] = perhaps
        decided = _resolved(op, decides.hard, hard) | (decides.hard & inside)
        loop.decides = frozenset(s for s in decided if isinstance(s, Operation))
        loop.decides_perhaps = bool(_resolved(op, decides.all, soft) | (decides.all & inside))
        loop.overlaps = not loop.decides and any(
            self.can_overlap(site) and site not in loop.serial for site in loop.sites
        )
        loop.waits_perhaps = loop.decides_perhaps or any(map(self.can_overlap, loop.perhaps))
        return yields

    def can_overlap(self, site: Site) -> bool:
        """Whether a site has calls that may run before their turn."""
        if not site.is_ordered:
            return not isinstance(site.op, orch.InvokeOp)
        return any(s.unordered for s in self._callees(site.op))


def _closure(
    loop: Operation, carried: Sequence[frozenset[Source]], inside: set[Operation]
) -> list[frozenset[Operation]]:
    """For each carried value, the sites of one iteration that it waits for in the next one."""
    found: list[frozenset[Operation]] = [
        frozenset(s for s in sources if isinstance(s, Operation) and s in inside)
        for sources in carried
    ]
    changed = True
    while changed:
        changed = False
        for number, sources in enumerate(carried):
            more = found[number] | _resolved(loop, sources, found)
            if more != found[number]:
                found[number], changed = more, True
    return found


def _resolved(
    loop: Operation, sources: Iterable[Source], carried: Sequence[frozenset[Operation]]
) -> frozenset[Operation]:
    """The sites behind what a loop carries."""
    found: frozenset[Operation] = frozenset()
    for source in sources:
        if isinstance(source, Carried) and source.loop is loop:
            found |= carried[source.number]
    return found


def _after(
    yields: Sequence[Waits], first: Sequence[Waits], *, stops: bool, loop: Operation
) -> list[Waits]:
    """What a loop's results wait for, given what an iteration yields and the loop begins with."""
    outside = [
        Waits(
            frozenset(s for s in y.hard if not _is_of(s, loop)),
            frozenset(s for s in y.soft if not _is_of(s, loop)),
        )
        for y in yields
    ]
    carried = [a | b for a, b in zip(first, outside[stops:], strict=False)]
    return [*outside[:stops], *carried] if first else outside


def _is_of(source: Source, loop: Operation) -> bool:
    return isinstance(source, Carried) and source.loop is loop


def _arguments(waits: Waits) -> Waits:
    """What it waits for of the arguments of the function."""
    return Waits(
        frozenset(s for s in waits.hard if isinstance(s, Argument)),
        frozenset(s for s in waits.soft if isinstance(s, Argument)),
    )


def _filled(waits: Waits, operands: Sequence[Waits]) -> Waits:
    """The same for a call with such operands."""
    found = NOTHING
    for source in waits.hard:
        if isinstance(source, Argument) and source.number < len(operands):
            found = found | operands[source.number]
    for source in waits.soft - waits.hard:
        if isinstance(source, Argument) and source.number < len(operands):
            found = found | operands[source.number].softly
    return found


def _is_token(value: SSAValue) -> bool:
    return isinstance(value.type, orch.TokenType)


def _give(op: Operation, values: dict[SSAValue, Waits], waits: Sequence[Waits]) -> None:
    for result, one in zip(op.results, waits, strict=False):
        values[result] = one


def _shape(summary: Summary) -> tuple[object, ...]:
    return (summary.needs, summary.ordered, summary.unordered, tuple(summary.results))


def main_block(module: ModuleOp) -> Block:
    """The body of ``@main``. Raises ValueError if there is none."""
    for op in module.body.block.ops:
        if isinstance(op, func.FuncOp) and op.sym_name.data == "main":
            return op.body.block
    raise ValueError("the module has no function @main")
