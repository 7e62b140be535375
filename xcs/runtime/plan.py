"""Programs compiled for the engine: once per module, shared by all runs.

Each block becomes a `BlockPlan`: a slot for each value, and for each op what it needs, what it
fills and how it is evaluated. Constants are no ops at run time; they are in the slots of each new
frame from the start. What is known about order is known here: which ops wait for their operands
only, and which wait for everything before them (`OpPlan.ordered`).
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, auto
from typing import Any

import numpy as np
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Attribute, Block, Operation, SSAValue
from xdsl.traits import SymbolTable

from xcs.dialects import orch
from xcs.runtime.errors import XCSError, location_of, source_lines
from xcs.runtime.host import compile_host
from xcs.runtime.limits import WORLD, Limiter, OperatorLimits, RateLimiter, limits_of
from xcs.runtime.pending import PENDING
from xcs.runtime.policies import Policy


@dataclass(frozen=True)
class Program:
    """A verified module with the Python objects that its text can only name."""

    module: ModuleOp
    entry: str = "main"
    objects: Mapping[str, Any] = field(default_factory=dict)
    """By the key of an ``#orch.ref``: constants, callables, namespaces of host ops."""


class Action(IntEnum):
    """What the engine does with an op whose operands are ready."""

    INLINE = auto()
    """Evaluate it at once, on the coordinator."""
    CALL = auto()
    """Give it to a worker: it may block."""
    CONTAINER = auto()
    """Make a list or tuple whose elements may still be pending."""
    GETITEM = auto()
    """Read an item, perhaps of a list that is otherwise still pending."""
    LOOP = auto()
    """Start the iterations of a map or for."""
    BRANCH = auto()
    """Start one of two blocks."""


@dataclass(eq=False, slots=True)
class Operator:
    """A callable with what the program declares of it."""

    name: str
    function: Callable[..., Any]
    effects: str
    policy: Policy
    blocking: bool
    limiters: tuple[Limiter, ...]
    rate: RateLimiter | None
    is_limited: bool
    """Whether a call may have to wait for others, in which its limits or its rate stand."""


@dataclass(eq=False, slots=True)
class OpPlan:
    """One op of a block."""

    index: int
    action: Action
    kind: str
    """The op's name in the IR, as ``"orch.call"``."""
    name: str
    """What people call it: the operator's name where there is one."""
    location: str
    """``"file:line"``, or a question mark."""
    operands: tuple[int, ...] = ()
    """Slots of the values it is evaluated on."""
    results: tuple[int, ...] = ()
    """Slots that it fills with values."""
    tokens: tuple[int, ...] = ()
    """Slots that are filled when it is done."""
    ordered: bool = False
    """Whether it waits until everything before it in the program has succeeded."""
    evaluate: Callable[..., Any] | None = None
    """INLINE: of the frame's slots. CALL: of a function that calls a callable, and the slots."""
    operator: Operator | None = None
    limiters: tuple[Limiter, ...] = ()
    blocks: tuple[BlockPlan, ...] = ()
    hidden: int = 0
    """How many of the last operands are not inputs in a person's eyes: tokens, the callee."""
    argument_names: tuple[str, ...] = ()
    """What the operands stand for, for messages; empty where they are positional."""
    collected: int = 0
    """LOOP: how many of the values that an iteration yields are collected in lists; the others
    are carried to the next iteration."""
    direct: OpPlan | None = None
    """LOOP: the one op of the body, if that is all there is to an iteration."""
    make: Callable[[list[Any]], Any] | None = None
    """CONTAINER: from the list of all elements; None for a list."""


@dataclass(eq=False, slots=True)
class Uses:
    """Who is served when a slot gets its value."""

    strict: tuple[int, ...] = ()
    """Ops that need the Python object."""
    lax: tuple[int, ...] = ()
    """Ops that can start on a list whose elements are pending."""
    yields: tuple[int, ...] = ()
    """Positions in the terminator."""


@dataclass(eq=False, slots=True)
class BlockPlan:
    """A block: its slots, its ops in program order, and the state that a new frame starts from."""

    ops: tuple[OpPlan, ...] = ()
    arguments: int = 0
    """The first slots are the block's arguments."""
    captures: tuple[tuple[int, int], ...] = ()
    """Values of the enclosing frame, as (slot there, slot here)."""
    template: list[Any] = field(default_factory=list)
    """The slots of a new frame: constants, and `PENDING` for the rest."""
    missing: list[int] = field(default_factory=list)
    """For each op, how many operands it waits for in a new frame without arguments and captures."""
    entry_missing: list[int] = field(default_factory=list)
    """The same once arguments and captures are there."""
    sources: tuple[int, ...] = ()
    """Ops that wait for nothing in a new frame."""
    entry_ready: tuple[int, ...] = ()
    """Ops that wait for nothing once arguments and captures are there."""
    uses: tuple[Uses, ...] = ()
    yields: tuple[int, ...] = ()
    """Slots of the terminator's operands."""
    entry_yields: tuple[tuple[int, int], ...] = ()
    """Yields of arguments and captures, as (position, slot): known when the block is entered."""
    constant_yields: tuple[tuple[int, int], ...] = ()


@dataclass(eq=False, slots=True)
class Plan:
    """A compiled program, ready to run any number of times, also at once."""

    body: BlockPlan
    tracks_order: bool
    """Whether any op is ordered, so that runs must know how far they have got."""


def compile_plan(
    program: Program,
    kernels: Mapping[str, Callable[..., Sequence[Any]]],
    resolve: Callable[[str], Any] | None = None,
) -> Plan:
    """Compile a program for `run`.

    ``kernels`` maps the names of kernel functions to callables that return one value per result.
    An operator without a reference into ``program.objects`` is looked up by ``resolve(path)``.
    Raises XCSError, naming file and line, for what cannot be executed.
    """
    return _Compiler(program, kernels, resolve).compile()


class _Compiler:
    def __init__(
        self,
        program: Program,
        kernels: Mapping[str, Callable[..., Sequence[Any]]],
        resolve: Callable[[str], Any] | None,
    ):
        self.program = program
        self.kernels = kernels
        self.resolve = resolve
        self.operators: dict[str, Operator] = {}
        self.tracks_order = False

    def compile(self) -> Plan:
        entry = SymbolTable.lookup_symbol(self.program.module, self.program.entry)
        if not isinstance(entry, func.FuncOp) or not entry.body.blocks:
            raise XCSError(f"the module has no function '{self.program.entry}' with a body")
        if len(entry.body.blocks) != 1:
            raise XCSError(f"{location_of(entry)}: '{self.program.entry}' has several blocks")
        body = _BlockCompiler(self, entry.body.block, None).compile()
        return Plan(body, self.tracks_order)

    def object(self, reference: orch.RefAttr, op: Operation) -> Any:
        key = reference.key.data
        try:
            return self.program.objects[key]
        except KeyError:
            raise XCSError(
                f"{location_of(op)}: {op.name} refers to the object '{key}', "
                "which the program does not come with"
            ) from None

    def operator(self, call: orch.CallOp) -> Operator:
        declaration = call.operator()
        if declaration is None:
            raise XCSError(f"{location_of(call)}: {call.callee} is not a declared orch.operator")
        name = declaration.sym_name.data
        if name not in self.operators:
            self.operators[name] = self._operator(name, declaration)
        return self.operators[name]

    def _operator(self, name: str, declaration: orch.OperatorOp) -> Operator:
        path = declaration.path.data
        if declaration.ref is not None:
            function = self.object(declaration.ref, declaration)
        elif self.resolve is not None:
            function = self.resolve(path)
        else:
            raise XCSError(f"{location_of(declaration)}: nothing says where operator '{path}' is")
        if not callable(function):
            raise XCSError(
                f"{location_of(declaration)}: operator '{name}' ({path}) is not callable: "
                f"it is of type {type(function).__name__}"
            )
        policy = Policy(**dict(declaration.policy.data)) if declaration.policy else Policy()  # type: ignore[arg-type]
        limits = limits_of(function, policy.max_concurrency, policy.rate_limit)
        return Operator(
            name=name,
            function=function,
            effects=declaration.effects.data,
            policy=policy,
            # To wait for a permit, a retry or a timeout takes a worker, however short the call is.
            blocking=declaration.nonblocking is None or policy != Policy(),
            limiters=limits.limiters,
            rate=limits.rate,
            is_limited=declaration.effects.data == "ordered" or limits != OperatorLimits(),
        )


class _BlockCompiler:
    def __init__(self, context: _Compiler, block: Block, outer: _BlockCompiler | None):
        self.context = context
        self.block = block
        self.outer = outer
        self.slots: dict[SSAValue, int] = {}
        self.template: list[Any] = []
        self.captures: list[tuple[int, int]] = []
        self.ops: list[OpPlan] = []

    def compile(self) -> BlockPlan:
        for argument in self.block.args:
            self._new_slot(argument)
        *ops, terminator = self.block.ops
        if not isinstance(terminator, orch.YieldOp | func.ReturnOp):
            raise XCSError(f"{location_of(terminator)}: the block must end with a yield or return")
        for op in ops:
            constant = self._constant(op)
            if constant is not PENDING:
                self.template[self._new_slot(op.results[0])] = constant
            else:
                plan = self._op(op)
                plan.index = len(self.ops)
                self.ops.append(plan)
                self.context.tracks_order |= plan.ordered
        return self._finish([self.slot(value) for value in terminator.operands])

    def _finish(self, yields: list[int]) -> BlockPlan:
        arguments = len(self.block.args)
        given = {*range(arguments), *(slot for _, slot in self.captures)}
        strict: list[set[int]] = [set() for _ in self.template]
        lax: list[set[int]] = [set() for _ in self.template]
        for op in self.ops:
            accepts_pending = _lax_operands(op)
            for slot in _awaited(op):
                (lax if slot in accepts_pending else strict)[slot].add(op.index)
        missing, entry_missing = [0] * len(self.ops), [0] * len(self.ops)
        for slot, value in enumerate(self.template):
            if value is PENDING:
                for index in strict[slot] | lax[slot]:
                    missing[index] += 1
                    entry_missing[index] += slot not in given
        positions: list[list[int]] = [[] for _ in self.template]
        for position, slot in enumerate(yields):
            positions[slot].append(position)
        known = [(position, slot) for position, slot in enumerate(yields)]
        return BlockPlan(
            ops=tuple(self.ops),
            arguments=arguments,
            captures=tuple(self.captures),
            template=self.template,
            missing=missing,
            entry_missing=entry_missing,
            sources=tuple(i for i, count in enumerate(missing) if count == 0),
            entry_ready=tuple(i for i, count in enumerate(entry_missing) if count == 0),
            uses=tuple(
                Uses(tuple(sorted(s)), tuple(sorted(x - s)), tuple(p))
                for s, x, p in zip(strict, lax, positions, strict=True)
            ),
            yields=tuple(yields),
            entry_yields=tuple((p, s) for p, s in known if s in given),
            constant_yields=tuple((p, s) for p, s in known if self.template[s] is not PENDING),
        )

    # --- Values ---

    def _new_slot(self, value: SSAValue) -> int:
        self.slots[value] = slot = len(self.template)
        self.template.append(PENDING)
        return slot

    def slot(self, value: SSAValue) -> int:
        """The slot of a value in this block's frames; a value from outside becomes a capture."""
        if value in self.slots:
            return self.slots[value]
        if self.outer is None:
            raise XCSError(f"a value of type {value.type} is used where it is not defined")
        outer_slot = self.outer.slot(value)
        constant = self.outer.template[outer_slot]
        slot = self._new_slot(value)
        if constant is PENDING:
            self.captures.append((outer_slot, slot))
        else:
            self.template[slot] = constant
        return slot

    def _slots(self, values: Sequence[SSAValue]) -> tuple[int, ...]:
        return tuple(self.slot(value) for value in values)

    def _constant(self, op: Operation) -> Any:
        if isinstance(op, orch.JoinOp) and not op.tokens:
            return None
        if not isinstance(op, orch.ConstantOp):
            return PENDING
        if isinstance(op.value, orch.RefAttr):
            return self.context.object(op.value, op)
        try:
            return orch.literal_value(op.value)
        except ValueError as error:
            raise XCSError(f"{location_of(op)}: {error}") from None

    # --- Ops ---

    def _op(self, op: Operation) -> OpPlan:
        compile_op = _COMPILERS.get(type(op))
        if compile_op is None:
            raise XCSError(f"{location_of(op)}: the engine does not execute {op.name}")
        return compile_op(self, op)

    def _plan(
        self, op: Operation, action: Action, operands: Sequence[SSAValue], **more: Any
    ) -> OpPlan:
        slots = self._slots(operands)  # before the results, so that captures come first
        values = [v for v in op.results if not isinstance(v.type, orch.TokenType)]
        tokens = [v for v in op.results if isinstance(v.type, orch.TokenType)]
        return OpPlan(
            index=-1,
            action=action,
            kind=op.name,
            location=location_of(op),
            operands=slots,
            results=tuple(self._new_slot(value) for value in values),
            tokens=tuple(self._new_slot(token) for token in tokens),
            **{"name": op.name, **more},
        )

    def _region(self, block: Block) -> BlockPlan:
        return _BlockCompiler(self.context, block, self).compile()

    def call(self, op: orch.CallOp) -> OpPlan:
        operator = self.context.operator(op)
        ordered = operator.effects == "ordered"
        _check_one_value(op)
        return self._plan(
            op,
            Action.CALL if operator.blocking else Action.INLINE,
            [*op.arguments, *op.after],
            name=operator.name,
            ordered=ordered,
            operator=operator,
            hidden=len(op.after),
            limiters=(WORLD, *operator.limiters) if ordered else operator.limiters,
            evaluate=_caller(op, self._slots(op.arguments), operator.function, operator.blocking),
            argument_names=op.keyword_names(),
        )

    def invoke(self, op: orch.InvokeOp) -> OpPlan:
        _check_one_value(op)
        callee = self.slot(op.callee)
        # Nothing is known of the callee. It runs on the caller's thread, as it may depend on it.
        return self._plan(
            op,
            Action.INLINE,
            [*op.arguments, *op.after, op.callee],
            ordered=True,
            hidden=len(op.after) + 1,
            limiters=(WORLD,),
            evaluate=_caller(op, self._slots(op.arguments), callee, False),
            argument_names=op.keyword_names(),
        )

    def launch(self, op: orch.LaunchOp) -> OpPlan:
        name = op.kernel.root_reference.data
        kernel = self.context.kernels.get(name)
        if kernel is None:
            raise XCSError(f"{location_of(op)}: there is no kernel '{name}'")
        evaluate = _applied(kernel, self._slots(op.arguments))
        if len(op.results) == 1:
            launch = evaluate
            evaluate = lambda values: launch(values)[0]
        return self._plan(op, Action.INLINE, op.arguments, name=name, evaluate=evaluate)

    def host(self, op: orch.HostOp) -> OpPlan:
        names = op.argument_names()
        out_names = None if op.out_names is None else [name.data for name in op.out_names]
        namespace = None if op.scope is None else self.context.object(op.scope, op)
        location = location_of(op)
        filename = location.rpartition(":")[0]
        try:
            function = compile_host(
                op.source.data, names, out_names, namespace, filename or "<host>", source_lines(op)
            )
        except SyntaxError as error:
            raise XCSError(f"{location}: host source is not Python: {error}") from error
        evaluate = _applied(function, self._slots(op.arguments))
        if out_names is not None and len(out_names) == 1:
            block = evaluate
            evaluate = lambda values: block(values)[0]
        ordered = op.effects == orch.ORDERED
        return self._plan(
            op,
            Action.INLINE,
            [*op.arguments, *op.after],
            name=_shortened(op.source.data),
            ordered=ordered,
            hidden=len(op.after),
            limiters=(WORLD,) if ordered else (),
            evaluate=evaluate,
            argument_names=names,
        )

    def container(self, op: orch.ListOp | orch.TupleOp) -> OpPlan:
        make = None if isinstance(op, orch.ListOp) else tuple
        if any(isinstance(use.operation, orch.MapOp | orch.ForOp) for use in op.result.uses):
            return self._plan(op, Action.CONTAINER, op.elements, make=make)
        build = builtins.list if make is None else make
        slots = self._slots(op.elements)
        return self._plan(
            op,
            Action.INLINE,
            op.elements,
            evaluate=lambda values: build([values[slot] for slot in slots]),
        )

    def dict(self, op: orch.DictOp) -> OpPlan:
        keys, elements = self._slots(op.keys), self._slots(op.elements)

        def evaluate(values: list[Any]) -> dict[Any, Any]:
            return {values[k]: values[e] for k, e in zip(keys, elements, strict=True)}

        return self._plan(op, Action.INLINE, [*op.keys, *op.elements], evaluate=evaluate)

    def getitem(self, op: orch.GetItemOp) -> OpPlan:
        container, index = self.slot(op.container), self.slot(op.index)
        return self._plan(
            op,
            Action.GETITEM,
            [op.container, op.index],
            evaluate=lambda values: values[container][values[index]],
            argument_names=("container", "index"),
        )

    def getattr(self, op: orch.GetAttrOp) -> OpPlan:
        value, name = self.slot(op.value), op.attribute.data
        return self._plan(
            op,
            Action.INLINE,
            [op.value],
            name=f"attribute '{name}'",
            evaluate=lambda values: getattr(values[value], name),
        )

    def as_tensor(self, op: orch.AsTensorOp) -> OpPlan:
        value = self.slot(op.value)
        return self._plan(op, Action.INLINE, [op.value], evaluate=lambda values: values[value])

    def stack(self, op: orch.StackOp) -> OpPlan:
        return self._plan(
            op, Action.INLINE, [op.values], evaluate=_applied(_stack, (self.slot(op.values),))
        )

    def unstack(self, op: orch.UnstackOp) -> OpPlan:
        return self._plan(
            op, Action.INLINE, [op.value], evaluate=_applied(builtins.list, (self.slot(op.value),))
        )

    def join(self, op: orch.JoinOp) -> OpPlan:
        return self._plan(op, Action.INLINE, op.tokens, evaluate=lambda values: None)

    def map(self, op: orch.MapOp) -> OpPlan:
        carried = [] if op.after is None else [op.after]
        collected = len(op.outs) - len(carried)
        return self._loop(op, [op.iterable, *carried], collected, op.body.block)

    def for_(self, op: orch.ForOp) -> OpPlan:
        return self._loop(op, [op.iterable, *op.init], 0, op.body.block)

    def _loop(
        self, op: Operation, operands: Sequence[SSAValue], collected: int, body: Block
    ) -> OpPlan:
        block = self._region(body)
        plan = self._plan(
            op,
            Action.LOOP,
            operands,
            collected=collected,
            blocks=(block,),
            direct=_only_op(block) if collected == len(block.yields) == 1 else None,
        )
        return _all_results(plan, op, self)

    def if_(self, op: orch.IfOp) -> OpPlan:
        blocks = (self._region(op.then.block), self._region(op.orelse.block))
        plan = self._plan(op, Action.BRANCH, [op.condition], blocks=blocks)
        return _all_results(plan, op, self)


_COMPILERS: dict[type[Operation], Callable[[_BlockCompiler, Any], OpPlan]] = {
    orch.CallOp: _BlockCompiler.call,
    orch.InvokeOp: _BlockCompiler.invoke,
    orch.LaunchOp: _BlockCompiler.launch,
    orch.HostOp: _BlockCompiler.host,
    orch.ListOp: _BlockCompiler.container,
    orch.TupleOp: _BlockCompiler.container,
    orch.DictOp: _BlockCompiler.dict,
    orch.GetItemOp: _BlockCompiler.getitem,
    orch.GetAttrOp: _BlockCompiler.getattr,
    orch.AsTensorOp: _BlockCompiler.as_tensor,
    orch.StackOp: _BlockCompiler.stack,
    orch.UnstackOp: _BlockCompiler.unstack,
    orch.JoinOp: _BlockCompiler.join,
    orch.MapOp: _BlockCompiler.map,
    orch.ForOp: _BlockCompiler.for_,
    orch.IfOp: _BlockCompiler.if_,
}


def _all_results(plan: OpPlan, op: Operation, block: _BlockCompiler) -> OpPlan:
    """Region ops fill all results, tokens too, with what their blocks yield."""
    plan.results, plan.tokens = tuple(block.slots[result] for result in op.results), ()
    return plan


def _only_op(block: BlockPlan) -> OpPlan | None:
    """The op that is all of a block: it yields the result of it, whenever that is there."""
    if len(block.ops) != 1:
        return None
    (op,) = block.ops
    is_call = op.action in (Action.CALL, Action.INLINE) and not op.ordered
    return op if is_call and op.results == block.yields and not op.tokens else None


def _awaited(op: OpPlan) -> tuple[int, ...]:
    """The slots that an op waits for before it starts."""
    match op.action:
        case Action.CONTAINER:
            return ()
        case Action.LOOP | Action.BRANCH:
            return op.operands[:1]  # what is carried may come later
        case _:
            return op.operands


def _lax_operands(op: OpPlan) -> tuple[int, ...]:
    """Those of the awaited slots that may hold a list with pending elements."""
    if op.action in (Action.LOOP, Action.BRANCH):
        return op.operands[:1]
    if op.action is Action.GETITEM and op.operands[0] != op.operands[1]:
        return op.operands[:1]
    return ()


def _check_one_value(op: orch.CallOp | orch.InvokeOp) -> None:
    values = sum(not isinstance(result.type, orch.TokenType) for result in op.results)
    if values > 1:
        raise XCSError(f"{location_of(op)}: {op.name} has {values} results, but a call gives one")


def _applied(function: Callable[..., Any], slots: Sequence[int]) -> Callable[[list[Any]], Any]:
    """``function`` of the values in the given slots."""
    arguments = ", ".join(f"v[{slot}]" for slot in slots)
    return eval(f"lambda v: f({arguments})", {"f": function})


def _caller(
    op: orch.CallOp | orch.InvokeOp,
    slots: Sequence[int],
    callee: Callable[..., Any] | int,
    blocking: bool,
) -> Callable[..., Any]:
    """The call as Python writes it, so that unpacking and its errors are Python's own.

    ``callee`` is the function or the slot that holds it. The result takes the frame's slots; a
    blocking one takes before that how to apply a function to arguments.
    """
    keywords, starred = op.keyword_names(), op.starred_positions()
    positional = len(slots) - len(keywords)
    arguments = [
        f"*v[{s}]" if i in starred else f"v[{s}]" for i, s in enumerate(slots[:positional])
    ]
    for name, slot in zip(keywords, slots[positional:], strict=True):
        if name == "**":
            arguments.append(f"**v[{slot}]")
        elif name.isidentifier() and not keyword.iskeyword(name):
            arguments.append(f"{name}=v[{slot}]")
        else:
            raise XCSError(f"{location_of(op)}: '{name}' is not the name of a keyword argument")
    function = f"v[{callee}]" if isinstance(callee, int) else "f"
    listed = ", ".join([function, *arguments] if blocking else arguments)
    source = f"lambda call, v: call({listed})" if blocking else f"lambda v: {function}({listed})"
    return eval(source, {"f": callee})


def _stack(arrays: Sequence[Any]) -> Any:
    """Stack arrays of any library that speaks the array API standard."""
    for array in arrays:
        if hasattr(array, "__array_namespace__"):
            return array.__array_namespace__().stack(arrays)
    if arrays:  # numbers, which are arrays of rank 0
        return np.stack(arrays)
    raise TypeError("orch.stack needs a non-empty list of arrays")


def _shortened(source: str, limit: int = 60) -> str:
    line = " ".join(source.split())
    return line if len(line) <= limit else line[: limit - 3] + "..."


__all__ = [
    "Action",
    "Attribute",
    "BlockPlan",
    "OpPlan",
    "Operator",
    "Plan",
    "Program",
    "compile_plan",
]
