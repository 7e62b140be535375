"""Batching of programs that call operators: the calls become a map over the elements.

Array ops are batched as in any other function. What an operator, or Python, does to one element
goes into the body of one map, in program order. A call that does not depend on the batch is made
once, before the map, unless the program could tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from xdsl.dialects import func
from xdsl.dialects.builtin import DenseArrayBase, TensorType, i32
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from xcs.dialects import orch
from xcs.dialects.xtensor import tensor_type, type_of
from xcs.transforms.batching.batcher import Batched, Batcher, BatchingError, free_values

_WORK = (orch.CallOp, orch.InvokeOp, orch.LaunchOp)
"""Ops that are worth being run once."""

_IMMUTABLE = frozenset({"str", "bytes", "int", "float", "complex", "bool", "NoneType", "range"})


def is_orchestration(function: func.FuncOp) -> bool:
    """Whether a function does more than array code."""
    return any(_is_orch(op) for op in function.body.walk())


def batch_orchestration(
    batch: Batcher, function: func.FuncOp, in_dims: Sequence[int | None]
) -> func.FuncOp:
    """The function of the whole batch: it gives the list of the elements' results.

    An argument that is no tensor is a list of the elements' values where it has the batch.

    Raises:
        BatchingError: if no argument has the batch, or an array op cannot be batched.
    """
    if all(dim is None for dim in in_dims):
        raise BatchingError(f"@{function.sym_name.data} has no argument with the batch")
    return _Program(batch, function, in_dims).batched()


class _Program:
    """One function on its way to its batched form."""

    def __init__(self, batch: Batcher, function: func.FuncOp, in_dims: Sequence[int | None]):
        self.batch = batch
        self.function = function
        self.old = function.body.block
        self.block = Block(
            arg_types=[
                _batched_type(batch, arg.type, dim)
                for arg, dim in zip(self.old.args, in_dims, strict=True)
            ]
        )
        # Values of the old code of which there is one for each element: as a list, or stacked.
        self.lists: dict[SSAValue, SSAValue] = {}
        for old, new, dim in zip(self.old.args, self.block.args, in_dims, strict=True):
            new.name_hint = old.name_hint
            if dim is not None and not isinstance(old.type, TensorType):
                self.lists[old] = new
            else:
                batch.bind([old], [Batched(new, dim)])

    def batched(self) -> func.FuncOp:
        """The batched form: array ops, calls that are made once, the map."""
        *ops, terminator = self.old.ops
        assert isinstance(terminator, func.ReturnOp)
        (returned,) = terminator.arguments
        others: list[Operation] = []
        for op in ops:
            if isinstance(op, orch.AsTensorOp):
                self._as_tensor(op)
            elif _is_orch(op) and not isinstance(op, orch.ConstantOp):
                others.append(op)
            else:
                self.batch.batch(op)
        once = self._made_once(others)
        for op in others:
            if op in once:
                self.batch.location = op.location
                self.batch.keep(op)
        self.batch.location = terminator.location
        result = self._map([op for op in others if op not in once], returned)
        self.batch.ops.append(end := func.ReturnOp(result))
        end.location = terminator.location
        region = self.batch.into_region(self.block)
        signature = (self.block.arg_types, [result.type])
        return func.FuncOp(self.function.sym_name.data, signature, region)

    def _as_tensor(self, op: orch.AsTensorOp) -> None:
        """The numbers of all elements are one array."""
        self.batch.location = op.location
        if (numbers := self.lists.get(op.value)) is None:
            self.batch.keep(op)
            return
        result = self.batch.batched_type(type_of(op.result), 0)
        (stacked,) = self.batch.emit(orch.StackOp, (numbers,), (result,))
        self.batch.bind([op.result], [Batched(stacked, 0)])

    # --- what is done once ---

    def _is_batched(self, value: SSAValue) -> bool:
        return value in self.lists or value in self.batch.dims

    def _made_once(self, ops: Sequence[Operation]) -> set[Operation]:
        """The calls that do not depend on the batch, with all that they use.

        What an ordered op may come to hold is not among them: it could change an object that the
        elements would share.
        """
        of_each: set[Operation] = set()
        while True:
            for op in ops:
                if _is_ordered(op) or any(
                    self._is_batched(value) or value.owner in of_each for value in _used(op)
                ):
                    of_each.add(op)
            once = _needed(op for op in ops if op not in of_each and _does_work(op))
            shared = {op for op in _held(of_each) if op in once}
            if not shared:
                return once
            of_each |= shared

    # --- the map ---

    def _map(self, ops: Sequence[Operation], returned: SSAValue) -> SSAValue:
        """The map that does the ops for each element; its list of what they return."""
        inside = {result for op in ops for result in op.results}
        used = {value: None for op in ops for value in _used(op)} | {returned: None}
        batched = [v for v in used if v not in inside and self._is_batched(v)]
        batched = batched or [next(iter(self.lists or self.batch.dims))]
        ordered = any(_is_ordered(op) and not isinstance(op, orch.JoinOp) for op in ops)
        iterable, element = self._elements(batched)
        body = Block(arg_types=[element, *([orch.TOKEN] if ordered else [])])
        now = dict(self.batch.values)
        now.update(self._unpacked(body, batched))
        start = body.args[1] if ordered else None
        tokens: list[SSAValue] = []
        for op in ops:
            if isinstance(op, orch.JoinOp) and not op.tokens and start is not None:
                now[op.result] = start  # what starts the program starts an iteration here
                continue
            copy = op.clone(value_mapper=now)
            body.add_op(copy)
            if start is not None:
                _order(copy, start)
                tokens += [result for result in copy.results if result.type == orch.TOKEN]
        result = now.get(returned, returned)
        if ordered:
            body.add_op(end := orch.JoinOp(tokens))
            body.add_op(orch.YieldOp([result, end.result]))
        else:
            body.add_op(orch.YieldOp([result]))
        begin = self.batch.emit(orch.JoinOp, (), (orch.TOKEN,)) if ordered else ()
        made = orch.MapOp(
            iterable,
            Region(body),
            [orch.ListType(result.type), *([orch.TOKEN] if ordered else [])],
            after=begin[0] if begin else None,
        )
        made.location = self.batch.location
        self.batch.ops.append(made)
        return made.outs[0]

    def _elements(self, batched: Sequence[SSAValue]) -> tuple[SSAValue, Attribute]:
        """The list that is mapped over, and the type of its elements."""
        lists = [self._list(value) for value in batched]
        if len(lists) == 1:
            return lists[0], batched[0].type
        names = {f"a{number}": value for number, value in enumerate(lists)}
        source = f"list(zip({', '.join(names)}, strict=True))"
        zipped = orch.HostOp(source, names, [orch.ListType(orch.ObjectType("tuple"))])
        zipped.location = self.batch.location
        self.batch.ops.append(zipped)
        return zipped.results[0], orch.ObjectType("tuple")

    def _list(self, value: SSAValue) -> SSAValue:
        """The list of the elements' values."""
        if (known := self.lists.get(value)) is not None:
            return known
        stacked = self.batch.at(self.batch.read(value), 0)
        return self.batch.emit(orch.UnstackOp, (stacked,), (orch.ListType(value.type),))[0]

    def _unpacked(self, body: Block, batched: Sequence[SSAValue]) -> dict[SSAValue, SSAValue]:
        """What the batched values are in an iteration."""
        if len(batched) == 1:
            return {batched[0]: body.args[0]}
        found: dict[SSAValue, SSAValue] = {}
        for number, value in enumerate(batched):
            attribute = orch.literal_attribute(number)
            assert attribute is not None
            place = orch.ConstantOp(attribute, orch.ObjectType("int"))
            taken = orch.GetItemOp(body.args[0], place.result, value.type)
            body.add_ops([place, taken])
            found[value] = taken.result
        return found


def _batched_type(batch: Batcher, old: Attribute, dim: int | None) -> Attribute:
    if dim is None:
        return old
    if isinstance(old, TensorType):
        shape = list(old.get_shape())
        return tensor_type((*shape[:dim], batch.size, *shape[dim:]), old.element_type)
    return orch.ListType(old)


def _is_orch(op: Operation) -> bool:
    return op.dialect_name() == "orch"


def _is_ordered(op: Operation) -> bool:
    """Whether the op has an effect that keeps its place in the program."""
    return any(result.type == orch.TOKEN for result in op.results)


def _does_work(op: Operation) -> bool:
    return any(isinstance(inner, _WORK) for inner in op.walk())


def _used(op: Operation) -> Iterator[SSAValue]:
    """The values from outside that an op, or code in its regions, uses."""
    yield from op.operands
    if op.regions:
        yield from free_values(op)


def _needed(ops: Iterable[Operation]) -> set[Operation]:
    """The ops, and those that they need."""
    found: set[Operation] = set()
    waiting = list(ops)
    while waiting:
        op = waiting.pop()
        if op not in found and _is_orch(op):
            found.add(op)
            waiting += [v.owner for v in _used(op) if isinstance(v.owner, Operation)]
    return found


def _held(ops: Iterable[Operation]) -> set[Operation]:
    """The ops whose mutable results come to the hands of the ordered among some ops."""
    found: set[Operation] = set()
    waiting = [value for op in ops if _is_ordered(op) for value in _used(op)]
    while waiting:
        owner, kind = (value := waiting.pop()).owner, value.type
        is_data = isinstance(kind, TensorType) or kind == orch.TOKEN
        if is_data or (isinstance(kind, orch.ObjectType) and kind.known_class in _IMMUTABLE):
            continue
        if isinstance(owner, Operation) and owner not in found and _is_orch(owner):
            found.add(owner)
            waiting += _used(owner)
    return found


def _order(op: Operation, token: SSAValue) -> None:
    """Let the ordered ops that begin a chain, in an op or in its regions, wait for a token."""
    for inner in op.walk():
        if not _is_ordered(inner) or any(v.type == orch.TOKEN for v in inner.operands):
            continue
        if isinstance(inner, orch.CallOp | orch.InvokeOp | orch.HostOp | orch.MapOp):
            inner.operands = [*inner.operands, token]
            sizes = inner.properties["operandSegmentSizes"]
            assert isinstance(sizes, DenseArrayBase)
            *others, last = sizes.get_values()
            inner.properties["operandSegmentSizes"] = DenseArrayBase.from_list(
                i32, [*others, last + 1]
            )
