"""From blocks to their plans: slots, and what each op waits for. `operations` has the ops."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xdsl.dialects import func
from xdsl.ir import Block, Operation, SSAValue
from xdsl.traits import SymbolTable

from xcs.dialects import orch
from xcs.runtime.errors import XCSError, location_of
from xcs.runtime.limits import OperatorLimits, limits_of
from xcs.runtime.native import native_of
from xcs.runtime.pending import PENDING
from xcs.runtime.plan import Action, BlockPlan, Native, Operator, OpPlan, Plan, Program, Uses
from xcs.runtime.policies import Policy

WRITES = (
    orch.SetItemOp, orch.DelItemOp, orch.AppendOp, orch.SetAttrOp, orch.DelAttrOp, orch.MethodOp,
)  # fmt: skip

CALLS = (Action.CALL, Action.HERE, Action.AWAIT)


CompileOp = Callable[["BlockCompiler", Any], OpPlan]
"""Makes the plan of an op of the block."""


class ProgramCompiler:
    """What the blocks of one program share: its functions, operators and objects."""

    def __init__(
        self,
        program: Program,
        kernels: Mapping[str, Callable[..., Sequence[Any]]],
        resolve: Callable[[str], Any] | None,
        classify: Callable[[Any], str] | None,
        prepare: Callable[[Any], Callable[..., Any]] | None,
        operations: Mapping[type[Operation], CompileOp],
    ):
        self.program = program
        self.kernels = kernels
        self.resolve = resolve
        self.classify = classify
        self.prepare = prepare
        self.operations = operations
        self.operators: dict[str, Operator] = {}
        self.functions: dict[str, BlockPlan] = {}
        self.natives: dict[str, Native | None] = {}
        self.unfinished: set[str] = set()
        """Functions that are being compiled: a call of one of these is recursive."""
        self.tracks_order = False
        self.iterates = False
        self.awaits = False
        self.overlaps = False
        self.has_writes = any(isinstance(op, WRITES) for op in program.module.walk())
        """Whether any op writes to an object, so that reading has to know what is written."""

    def compile(self) -> Plan:
        name = self.program.entry
        entry = SymbolTable.lookup_symbol(self.program.module, name)
        if not isinstance(entry, func.FuncOp) or not entry.body.blocks:
            raise XCSError(f"the module has no function '{name}' with a body")
        body = self._function(entry)
        return Plan(
            body, self.tracks_order, self.awaits, self.overlaps, self.iterates, self.classify
        )

    def function(self, name: str, op: Operation) -> BlockPlan:
        """The body of a function that ``op`` calls."""
        return self._function(self._called(name, op))

    def native(self, name: str, op: Operation) -> Native | None:
        """The function that ``op`` calls as a Python function, if it is known as one."""
        if name not in self.natives:
            self.natives[name] = native_of(self.program, self._called(name, op))
        return self.natives[name]

    def _called(self, name: str, op: Operation) -> func.FuncOp:
        found = SymbolTable.lookup_symbol(self.program.module, name)
        if not isinstance(found, func.FuncOp) or not found.body.blocks:
            raise XCSError(f"{location_of(op)}: there is no function '{name}' with a body")
        return found

    def _function(self, function: func.FuncOp) -> BlockPlan:
        name = function.sym_name.data
        if name in self.unfinished:
            # Only what is at the head of the program may go on without bounds.
            self.tracks_order = True
        if name not in self.functions:
            if len(function.body.blocks) != 1:
                raise XCSError(f"{location_of(function)}: '{name}' has several blocks")
            self.functions[name] = BlockPlan()
            self.unfinished.add(name)
            BlockCompiler(self, function.body.block, None).compile(self.functions[name])
            self.unfinished.discard(name)
        return self.functions[name]

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
        settings: dict[str, Any] = dict(declaration.policy.data) if declaration.policy else {}
        if declaration.retry_on is not None:
            settings["retry_on"] = self.object(declaration.retry_on, declaration)
        policy = Policy(**settings)
        limits = limits_of(function, policy.max_concurrency, policy.rate_limit)
        ordered = declaration.effects.data == "ordered"
        is_local = ordered and declaration.local is not None
        return Operator(
            name=name,
            function=function,
            effects=declaration.effects.data,
            policy=policy,
            # To wait for a permit, a retry or a timeout takes a worker, however short the call is.
            blocking=(declaration.nonblocking is None and not is_local)
            or policy != Policy()
            or declaration.batch is not None,
            limiters=limits.limiters,
            rate=limits.rate,
            is_limited=(ordered and not is_local) or limits != OperatorLimits(),
            # A module that is not attached to a process makes calls one by one.
            batch=self.program.objects.get(declaration.batch.key.data)
            if declaration.batch is not None
            else None,
            is_local=is_local,
            is_coroutine=inspect.iscoroutinefunction(function),
        )


def _may_be_waited_for(value: SSAValue) -> bool:
    """Whether it may be an object of which it shows when it is let go of."""
    return isinstance(value.type, orch.ObjectType) and not orch.is_plain(value.type)


class BlockCompiler:
    """Compiles one block, and the blocks in it."""

    def __init__(self, program: ProgramCompiler, block: Block, outer: BlockCompiler | None):
        self.program = program
        self.block = block
        self.outer = outer
        self.slots: dict[SSAValue, int] = {}
        self.template: list[Any] = []
        self.captures: list[tuple[int, int]] = []
        self.ops: list[OpPlan] = []

    def compile(self, plan: BlockPlan) -> BlockPlan:
        """Fill in the plan of the block."""
        for argument in self.block.args:
            self._new_slot(argument)
        *ops, terminator = self.block.ops
        if not isinstance(terminator, orch.YieldOp | func.ReturnOp):
            raise XCSError(f"{location_of(terminator)}: the block must end with a yield or return")
        for op in ops:
            constant = self._constant(op)
            if constant is PENDING:
                self._add(self._op(op))
            else:
                self.template[self._new_slot(op.results[0])] = constant
        finished = self._finish([self.slot(value) for value in terminator.operands])
        for part in dataclasses.fields(BlockPlan):
            setattr(plan, part.name, getattr(finished, part.name))
        return plan

    def _add(self, plan: OpPlan) -> None:
        plan.index = len(self.ops)
        for other in (plan.on_worker, plan.early, plan.whole):
            if other is not None:
                other.index = plan.index
        self.ops.append(plan)
        self.program.awaits |= plan.action is Action.AWAIT
        self.program.overlaps |= plan.on_worker is not None or (
            plan.action in CALLS and not (plan.ordered and not plan.is_local)
        )
        self.program.tracks_order |= plan.ordered or plan.action is Action.ISSUE

    def _finish(self, yields: list[int]) -> BlockPlan:
        arguments = len(self.block.args)
        given = {*range(arguments), *(slot for _, slot in self.captures)}
        strict: list[set[int]] = [set() for _ in self.template]
        lax: list[set[int]] = [set() for _ in self.template]
        for op in self.ops:
            for slot in op.awaited:
                (lax if slot in op.lax else strict)[slot].add(op.index)
        missing, entry_missing = [0] * len(self.ops), [0] * len(self.ops)
        for slot, value in enumerate(self.template):
            if value is PENDING:
                for index in strict[slot] | lax[slot]:
                    missing[index] += 1
                    entry_missing[index] += slot not in given
        probes = self._probes()
        probing, entry_probing = self._probing(set()), self._probing(given)
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
            probing=probing if any(probes) or any(op.structure for op in self.ops) else [],
            entry_probing=entry_probing,
            probes=self._to_probe(probing, missing),
            entry_probes=self._to_probe(entry_probing, entry_missing),
            uses=tuple(
                Uses(tuple(sorted(s)), tuple(sorted(x - s)), tuple(p), tuple(sorted(e)))
                for s, x, p, e in zip(strict, lax, positions, probes, strict=True)
            ),
            yields=tuple(yields),
            entry_yields=tuple((p, s) for p, s in known if s in given),
            constant_yields=tuple((p, s) for p, s in known if self.template[s] is not PENDING),
            held=tuple(
                slot
                for value, slot in self.slots.items()
                if self.template[slot] is PENDING and _may_be_waited_for(value)
            ),
            released=self._released(yields),
        )

    def _released(self, yields: list[int]) -> dict[int, tuple[tuple[int, tuple[int, ...]], ...]]:
        """By op: the slots of temporaries that it uses, and which ops do so."""
        users: dict[int, list[OpPlan]] = {}
        for op in self.ops:
            captured = {outer for block in op.blocks for outer, _ in block.captures}
            for slot in {*op.operands, *op.awaited, *captured}:
                users.setdefault(slot, []).append(op)
        temporary: set[int] = set()
        for value, slot in self.slots.items():
            owner = value.owner
            if not isinstance(owner, Operation) or owner.results[0] is not value:
                continue
            if owner.parent is not self.block:
                continue
            if isinstance(owner, orch.SnapshotOp):  # of a temporary, it is one as well
                is_temporary = self.slots[owner.operands[0]] in temporary
            else:
                is_temporary = orch.TEMPORARY in owner.attributes
            if is_temporary and _may_be_waited_for(value):
                temporary.add(slot)
        released: dict[int, tuple[tuple[int, tuple[int, ...]], ...]] = {}
        for slot in temporary.difference(yields):
            ops = users.get(slot, [])
            if not any(op.blocks for op in ops):
                used = slot, tuple(op.index for op in ops)
                for op in ops:
                    released[op.index] = (*released.get(op.index, ()), used)
        return released

    def _probes(self) -> list[set[int]]:
        """For each slot, the ops whose value depends on it and may be given early."""
        probes: list[set[int]] = [set() for _ in self.template]
        for op in self.ops:
            for slot in op.structure:
                probes[slot].add(op.index)
        return probes

    def _probing(self, given: set[int]) -> list[int]:
        """For each op, how much of its structure is neither constant nor given."""
        return [
            sum(self.template[slot] is PENDING and slot not in given for slot in {*op.structure})
            for op in self.ops
        ]

    def _to_probe(self, probing: list[int], missing: list[int]) -> tuple[int, ...]:
        """The ops whose structure is complete although something else is missing."""
        return tuple(
            op.index
            for op in self.ops
            if op.is_early is not None and not probing[op.index] and missing[op.index]
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

    def slots_of(self, values: Sequence[SSAValue]) -> tuple[int, ...]:
        return tuple(self.slot(value) for value in values)

    def _constant(self, op: Operation) -> Any:
        if isinstance(op, orch.JoinOp) and not op.tokens:
            return None
        if not isinstance(op, orch.ConstantOp):
            return PENDING
        if isinstance(op.value, orch.RefAttr):
            return self.program.object(op.value, op)
        try:
            return orch.literal_value(op.value)
        except ValueError as error:
            raise XCSError(f"{location_of(op)}: {error}") from None

    # --- Ops ---

    def _op(self, op: Operation) -> OpPlan:
        compile_op = self.program.operations.get(type(op))
        if compile_op is None:
            raise XCSError(f"{location_of(op)}: the engine does not execute {op.name}")
        return compile_op(self, op)

    def plan(
        self, op: Operation, action: Action, operands: Sequence[SSAValue], **more: Any
    ) -> OpPlan:
        """The plan of an op that, unless ``more`` says otherwise, waits for all operands."""
        slots = self.slots_of(operands)  # before the results, so that captures come first
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
            **{"name": op.name, "awaited": slots, **more},
        )

    def region_plan(self, op: Operation, action: Action, **more: Any) -> OpPlan:
        """The plan of an op whose blocks give its results, tokens too."""
        plan = self.plan(op, action, more.pop("operands", ()), **more)
        plan.results, plan.tokens = tuple(self.slots[result] for result in op.results), ()
        return plan

    def region(self, block: Block) -> BlockPlan:
        return BlockCompiler(self.program, block, self).compile(BlockPlan())
