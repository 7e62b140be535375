"""Batching of control ops: one loop for all elements, and selections where they part ways."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func
from xdsl.dialects.builtin import IntegerType, i1
from xdsl.ir import Operation, Region, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.xtensor import dims_attr, tensor_type, type_of
from xcs.transforms.batching.batcher import Batched, Batcher, Rule
from xcs.transforms.batching.dependence import Dependence


def batch_optimization_barrier(
    batch: Batcher, op: Operation, *operands: Batched
) -> Sequence[Batched]:
    """Each value stays as it is."""
    return batch.like(op, [o.value for o in operands], [o.dim for o in operands])


# --- Loops ----------------------------------------------------------------------------------------


def batch_while(batch: Batcher, op: xtensor.WhileOp, *inits: Batched) -> Sequence[Batched]:
    """A loop that runs until all elements are done; those that are done early stay as they are.

    Where the condition is the same for all elements, a carried value that is so too stays one.
    """
    carry, varies = Dependence(batch.dims).while_carry(op)
    dims = [0 if varies or flag else None for flag in carry]

    def arrange(inner: Batcher, yields: Sequence[Batched]) -> list[Batched]:
        return [inner.placed(y, dim) for y, dim in zip(yields, dims, strict=True)]

    if varies:
        regions = [_any_goes_on(batch, op, dims), _step_of_those(batch, op, dims)]
    else:
        condition, _ = batch.body(op.condition, dims, lambda _, yields: yields)
        regions = [condition, batch.body(op.body, dims, arrange)[0]]
    values = [init.value for init in arrange(batch, inits)]
    return batch.like(op, values, dims, regions=regions)


def _any_goes_on(batch: Batcher, op: xtensor.WhileOp, dims: Sequence[int | None]) -> Region:
    """The condition of a loop over a batch: whether that of any element holds."""

    def any_of(inner: Batcher, yields: Sequence[Batched]) -> list[Batched]:
        whole = inner.all_at(yields, 0)
        (result,) = inner.emit(
            xtensor.ReduceOrOp, whole, (tensor_type((), i1),), {"axes": dims_attr((0,))}
        )
        return [Batched(result, None)]

    return batch.body(op.condition, dims, any_of)[0]


def _step_of_those(batch: Batcher, op: xtensor.WhileOp, dims: Sequence[int | None]) -> Region:
    """The body of a loop over a batch, which changes the elements whose condition holds."""
    inner, block = batch.open(op.body.block, dims)
    *steps, terminator = op.body.block.ops
    for step in steps:
        inner.batch(step)
    after = inner.all_at(map(inner.read, terminator.operands), 0)
    inner.bind(op.condition.block.args, map(Batched, block.args, dims))
    *tests, verdict = op.condition.block.ops
    for test in tests:
        inner.batch(test)
    goes_on = inner.at(inner.read(verdict.operands[0]), 0)
    values = [
        select_elements(inner, goes_on, new, old)
        for new, old in zip(after, block.args, strict=True)
    ]
    inner.emit(xtensor.YieldOp, values, ())
    return inner.into_region(block)


def select_elements(
    batch: Batcher, predicate: SSAValue, on_true: SSAValue, on_false: SSAValue
) -> SSAValue:
    """Select whole elements of batches, by one boolean for each."""
    shape = type_of(on_true).get_shape()
    return batch.select(batch.broadcast(predicate, shape, (0,)), on_true, on_false)


def batch_scan(batch: Batcher, op: xtensor.ScanOp, *operands: Batched) -> Sequence[Batched]:
    """One scan; a scanned or stacked value has the batch after the dimension of the scan."""
    carry, stacked = Dependence(batch.dims).scan_carry(op)
    count = len(carry)
    carry_dims = [0 if flag else None for flag in carry]
    stacked_dims = [0 if flag else None for flag in stacked]
    inits, scanned = operands[:count], [batch.moved(x, 1) for x in operands[count:]]
    elements = [None if x.dim is None else 0 for x in scanned]

    def arrange(inner: Batcher, yields: Sequence[Batched]) -> list[Batched]:
        dims = [*carry_dims, *stacked_dims]
        return [inner.placed(y, dim) for y, dim in zip(yields, dims, strict=True)]

    body, _ = batch.body(op.body, [*carry_dims, *elements], arrange)
    values = [
        *(batch.placed(x, dim).value for x, dim in zip(inits, carry_dims, strict=True)),
        *(x.value for x in scanned),
    ]
    results = [*carry_dims, *(None if dim is None else 1 for dim in stacked_dims)]
    return batch.like(op, values, results, regions=[body])


# --- Choices --------------------------------------------------------------------------------------


def batch_cond(batch: Batcher, op: xtensor.CondOp, index: Batched) -> Sequence[Batched]:
    """All branches, and selections of their results, where the elements differ in their index."""
    if index.dim is not None:
        return _all_branches(batch, op, index)
    dims = [0 if flag else None for flag in Dependence(batch.dims).cond_outputs(op)]

    def arrange(inner: Batcher, yields: Sequence[Batched]) -> list[Batched]:
        return [inner.placed(y, dim) for y, dim in zip(yields, dims, strict=True)]

    branches = [batch.body(branch, [], arrange)[0] for branch in op.branches]
    return batch.like(op, [index.value], dims, regions=branches)


def _all_branches(batch: Batcher, op: xtensor.CondOp, index: Batched) -> Sequence[Batched]:
    outcomes: list[list[SSAValue]] = []
    for branch in op.branches:
        *ops, terminator = branch.block.ops
        for inner in ops:
            batch.batch(inner)
        batch.location = op.location
        outcomes.append(batch.all_at(map(batch.read, terminator.operands), 0))
    which = _in_range(batch, op, batch.at(index, 0))
    results: list[Batched] = []
    for cases in zip(*outcomes, strict=True):
        wide = batch.broadcast(which, type_of(cases[0]).get_shape(), (0,))
        (value,) = batch.emit(xtensor.SelectNOp, (wide, *cases), (cases[0].type,))
        results.append(Batched(value, 0))
    return results


def _in_range(batch: Batcher, op: xtensor.CondOp, index: SSAValue) -> SSAValue:
    """The index of the branch to take: the last where there is none of that index.

    What comes of a boolean or of a clamp, as all that JAX makes does, is one already.
    """
    source = op.index.owner
    if isinstance(source, xtensor.ClampOp) or (
        isinstance(source, xtensor.ConvertElementTypeOp)
        and type_of(source.operand).element_type == i1
    ):
        return index
    wide = type_of(index)
    assert isinstance(wide.element_type, IntegerType)
    last, first = (
        batch.broadcast(batch.constant(wide.element_type, value), wide.get_shape(), ())
        for value in (len(op.branches) - 1, 0)
    )
    flags = tensor_type(wide.get_shape(), i1)
    (is_low,) = batch.emit(xtensor.LtOp, (index, first), (flags,))
    (is_high,) = batch.emit(xtensor.GtOp, (index, last), (flags,))
    (is_outside,) = batch.emit(xtensor.OrOp, (is_low, is_high), (flags,))
    return batch.select(is_outside, last, index)


# --- Calls ----------------------------------------------------------------------------------------


def batch_call(batch: Batcher, op: func.CallOp, *operands: Batched) -> Sequence[Batched]:
    """A call of the batched form of the function, which is made once for operands of a kind."""
    name, dims = batch.batching.callees.batched(op, [operand.dim for operand in operands])
    return batch.like(op, [operand.value for operand in operands], dims, {"callee": name})


RULES: dict[type[Operation], Rule] = {
    func.CallOp: batch_call,
    xtensor.CondOp: batch_cond,
    xtensor.OptimizationBarrierOp: batch_optimization_barrier,
    xtensor.ScanOp: batch_scan,
    xtensor.WhileOp: batch_while,
}
