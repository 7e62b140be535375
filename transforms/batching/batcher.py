"""The walk over a block, and what the rules make ops with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, Protocol, TypeAlias, cast

from xdsl.dialects import func
from xdsl.dialects.builtin import (
    AnyFloat,
    BytesAttr,
    ComplexType,
    DenseIntOrFPElementsAttr,
    FileLineColLoc,
    IntegerType,
    LocationAttr,
    NameLoc,
    PackableType,
    SymbolRefAttr,
    TensorType,
    UnknownLoc,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.utils.exceptions import PassFailedException

from xcs.dialects import xtensor
from xcs.dialects.creation import create_op
from xcs.dialects.xtensor import dims_attr, tensor_type, type_of


class BatchingError(PassFailedException):
    """The code cannot be batched; the message says which op, where it comes from, and why."""


class Batched(NamedTuple):
    """A value of the batched code: all elements of the batch, stacked along `dim`.

    Where `dim` is None the value does not depend on the batch, and there is one for all elements.
    """

    value: SSAValue
    dim: int | None

    @property
    def rank(self) -> int:
        """The rank that the value had before batching."""
        return type_of(self.value).get_num_dims() - (self.dim is not None)


Rule: TypeAlias = Callable[..., Sequence[Batched]]
"""Emits the batched form of an op; gives its results.

It takes the batcher, the op, and the op's operands as they are batched, of which at least one is
(or a value that the op's regions use). The op is there for its attributes and types: its own
operands belong to the code that is replaced.
"""


class Callees(Protocol):
    """The batched forms of the functions that a batched function calls."""

    def batched(
        self, call: func.CallOp, dims: Sequence[int | None]
    ) -> tuple[SymbolRefAttr, list[int | None]]:
        """The symbol of a function's batched form, and where its results have the batch."""
        ...


@dataclass(frozen=True)
class Batching:
    """What holds for all of one batched function."""

    size: int
    callees: Callees
    rule_of: Callable[[type[Operation]], Rule | None]


class Batcher:
    """Makes the batched form of ops, in order, at the location of the op that is being batched."""

    def __init__(self, batching: Batching, outer: Batcher | None = None) -> None:
        self.batching = batching
        self.size = batching.size
        self.ops: list[Operation] = []
        self.location: LocationAttr = outer.location if outer else UnknownLoc()
        # What the values of the old code are now. Code in a region sees the values around it.
        self.values: dict[SSAValue, SSAValue] = outer.values if outer else {}
        self.dims: dict[SSAValue, int] = outer.dims if outer else {}

    def inner(self) -> Batcher:
        """A batcher for code inside the op that is being made."""
        return Batcher(self.batching, self)

    # --- the walk ---

    def read(self, old: SSAValue) -> Batched:
        """What a value of the old code is now."""
        return Batched(self.values.get(old, old), self.dims.get(old))

    def bind(self, olds: Iterable[SSAValue], news: Iterable[Batched]) -> None:
        """Say what values of the old code are now."""
        for old, new in zip(olds, news, strict=True):
            self.values[old] = new.value
            if new.dim is None:
                self.dims.pop(old, None)
            else:
                self.dims[old] = new.dim
            if old.name_hint is not None and new.value.name_hint is None:
                new.value.name_hint = old.name_hint

    def batch(self, op: Operation) -> None:
        """Emit the batched form of an op, or the op itself if it does not depend on the batch."""
        self.location = op.location
        operands = [self.read(value) for value in op.operands]
        if not self.depends(op):
            self.keep(op)
            return
        rule = self.batching.rule_of(type(op))
        if rule is None:
            raise self.error(op, "it has no batching rule")
        self.bind(op.results, rule(self, op, *operands))

    def depends(self, op: Operation) -> bool:
        """Whether an op uses a value that differs between the elements of the batch."""
        if any(value in self.dims for value in op.operands):
            return True
        return bool(op.regions) and any(value in self.dims for value in free_values(op))

    def keep(self, op: Operation) -> None:
        """Emit an op that does not depend on the batch, once for all of its elements."""
        copy = op.clone(value_mapper=self.values)
        self.ops.append(copy)
        for result in op.results:
            self.dims.pop(result, None)

    def error(self, op: Operation, why: str) -> BatchingError:
        """An error about an op, with its line of source."""
        place = ""
        where = op.location.location if isinstance(op.location, NameLoc) else op.location
        if isinstance(where, FileLineColLoc):
            place = f" at {where.filename.data}:{where.line.data}:{where.column.data}"
        return BatchingError(f"'{op.name}'{place} cannot be batched: {why}")

    def body(
        self,
        region: Region,
        args: Sequence[int | None],
        arrange: Callable[[Batcher, Sequence[Batched]], Sequence[Batched]],
    ) -> tuple[Region, list[int | None]]:
        """The batched form of a region of one block, which ends in a yield.

        Args:
            region: the old region.
            args: the batch dimension of each argument.
            arrange: puts the yielded values where the region's owner wants them.

        Returns:
            The new region, and the batch dimensions of what it yields.
        """
        inner, block = self.open(region.block, args)
        *ops, terminator = region.block.ops
        for op in ops:
            inner.batch(op)
        inner.location = terminator.location
        yields = arrange(inner, [inner.read(value) for value in terminator.operands])
        inner.emit(type(terminator), [y.value for y in yields], (), terminator.properties)
        return inner.into_region(block), [y.dim for y in yields]

    def open(self, old: Block, args: Sequence[int | None]) -> tuple[Batcher, Block]:
        """A batcher for the ops of a block, and the block to come, with its batched arguments."""
        types = [
            self.batched_type(type_of(arg), dim) for arg, dim in zip(old.args, args, strict=True)
        ]
        new, inner = Block(arg_types=types), self.inner()
        inner.bind(old.args, map(Batched, new.args, args))
        return inner, new

    def into_region(self, block: Block) -> Region:
        """The ops made since this batcher was, as the body of a region."""
        block.add_ops(used_ops(self.ops))
        return Region(block)

    # --- making ops ---

    def emit(
        self,
        op: type[Operation],
        operands: Sequence[SSAValue],
        results: Sequence[Attribute],
        properties: Mapping[str, Attribute] = {},
        regions: Sequence[Region] = (),
    ) -> Sequence[SSAValue]:
        """Make an op; give its results."""
        created = create_op(op, operands, results, properties, self.location, regions)
        self.ops.append(created)
        return created.results

    def like(
        self,
        op: Operation,
        operands: Sequence[SSAValue],
        dims: Sequence[int | None],
        properties: Mapping[str, Attribute] = {},
        regions: Sequence[Region] | None = None,
    ) -> list[Batched]:
        """Make an op like an old one, whose results have the batch at the given dimensions.

        Args:
            op: the old op. A region that it has is copied as it is.
            operands: those of the new op.
            dims: for each result, where the batch is inserted in its shape.
            properties: those that differ from the old op's.
            regions: the new op's, if they are not copies of the old op's.
        """
        types = [
            self.batched_type(type_of(result), dim)
            for result, dim in zip(op.results, dims, strict=True)
        ]
        if regions is None:
            regions = [region.clone() for region in op.regions]
        results = self.emit(type(op), operands, types, {**op.properties, **properties}, regions)
        self.ops[-1].attributes.update(op.attributes)
        return list(map(Batched, results, dims))

    def batched_type(self, old: TensorType, dim: int | None) -> TensorType:
        """The type of a batch of values of a type."""
        if dim is None:
            return old
        return tensor_type(insert(old.get_shape(), dim, self.size), old.element_type)

    # --- where the batch is ---

    def at(self, operand: Batched, dim: int) -> SSAValue:
        """The whole batch of a value, stacked along a dimension."""
        value, now = operand
        if now == dim:
            return value
        if now is None:
            return self._repeat(value, dim)
        return self._move(value, now, dim)

    def all_at(self, operands: Iterable[Batched], dim: int) -> list[SSAValue]:
        """The whole batches of values, all stacked along the same dimension."""
        return [self.at(operand, dim) for operand in operands]

    def moved(self, operand: Batched, dim: int) -> Batched:
        """The value with its batch, if it has one, at a dimension."""
        return operand if operand.dim is None else Batched(self.at(operand, dim), dim)

    def placed(self, operand: Batched, dim: int | None) -> Batched:
        """The value with its batch exactly where it is wanted; a batch cannot be done away with."""
        assert dim is not None or operand.dim is None
        return operand if dim is None else Batched(self.at(operand, dim), dim)

    def broadcast(self, value: SSAValue, shape: tuple[int, ...], dims: tuple[int, ...]) -> SSAValue:
        """Repeat a value: its dimension i becomes dimension dims[i] of the result."""
        source = type_of(value)
        if source.get_shape() == shape:
            return value
        return self.emit(
            xtensor.BroadcastInDimOp,
            (value,),
            (tensor_type(shape, source.element_type),),
            {"broadcast_dimensions": dims_attr(dims)},
        )[0]

    def reshape(self, value: SSAValue, shape: tuple[int, ...]) -> SSAValue:
        """Arrange the elements in another shape."""
        result = tensor_type(shape, type_of(value).element_type)
        return self.emit(xtensor.ReshapeOp, (value,), (result,))[0]

    def constant(self, element: Attribute, value: int) -> SSAValue:
        """A scalar of an element type."""
        constant = scalar_constant(element, value)
        return self.emit(xtensor.ConstantOp, (), (constant.type,), {"value": constant})[0]

    def select(self, predicate: SSAValue, on_true: SSAValue, on_false: SSAValue) -> SSAValue:
        """Select elements."""
        operands = (predicate, on_false, on_true)
        return self.emit(xtensor.SelectNOp, operands, (on_true.type,))[0]

    def _repeat(self, value: SSAValue, dim: int) -> SSAValue:
        """A copy for each element of the batch; a value that is itself repeated is so at once."""
        shape = insert(type_of(value).get_shape(), dim, self.size)
        dims = remaining(len(shape), dim)
        if isinstance(source := value.owner, xtensor.BroadcastInDimOp):
            value = source.operand
            dims = tuple(dims[i] for i in source.broadcast_dimensions.get_values())
        return self.broadcast(value, shape, dims)

    def _move(self, value: SSAValue, now: int, dim: int) -> SSAValue:
        source = type_of(value)
        shape = source.get_shape()
        permutation = insert(remaining(len(shape), now), dim, now)
        return self.transpose(value, permutation)

    def transpose(self, value: SSAValue, permutation: tuple[int, ...]) -> SSAValue:
        """Permute the dimensions of a value."""
        source = type_of(value)
        shape = source.get_shape()
        result = tensor_type(tuple(shape[axis] for axis in permutation), source.element_type)
        return self.emit(
            xtensor.TransposeOp, (value,), (result,), {"permutation": dims_attr(permutation)}
        )[0]


# --- dimensions -----------------------------------------------------------------------------------


def insert(values: Iterable[int], place: int, value: int) -> tuple[int, ...]:
    """The values with one more at a place."""
    values = tuple(values)
    return (*values[:place], value, *values[place:])


def remaining(rank: int, dim: int) -> tuple[int, ...]:
    """The dimensions of a tensor apart from one."""
    return tuple(axis for axis in range(rank) if axis != dim)


def shifted(axes: Iterable[int], dim: int) -> tuple[int, ...]:
    """The places of dimensions once another is inserted at `dim`."""
    return tuple(axis + (axis >= dim) for axis in axes)


@cache
def scalar_constant(element: Attribute, value: int) -> DenseIntOrFPElementsAttr:
    """A small number as a tensor of rank 0."""
    if isinstance(element, ComplexType):
        data = cast(PackableType, element).pack([(value, 0.0)])
    elif isinstance(element, IntegerType):
        data = element.pack([element.get_normalized_value(value)])
    else:
        data = cast(AnyFloat, element).pack([value])
    return DenseIntOrFPElementsAttr(tensor_type((), element), BytesAttr(data))  # type: ignore[arg-type]


# --- code -----------------------------------------------------------------------------------------


def free_values(op: Operation) -> set[SSAValue]:
    """The values from outside that the regions of an op use."""
    inside: set[SSAValue] = set()
    used: set[SSAValue] = set()
    for region in op.regions:
        for block in region.blocks:
            inside.update(block.args)
            for inner in block.walk():
                used.update(inner.operands)
                inside.update(inner.results)
                inside.update(
                    arg for nested in inner.regions for b in nested.blocks for arg in b.args
                )
    return used - inside


def used_ops(ops: list[Operation]) -> list[Operation]:
    """The ops without those whose results nothing uses, which batching left behind.

    An unbatched value that the batched code takes at another rank is one: `2 * x` broadcasts the
    scalar to the shape of the batch, and no longer to that of an element.
    """
    kept: list[Operation] = []
    for op in reversed(ops):
        is_used = not op.results or any(result.first_use for result in op.results)
        if not is_used and op.get_traits_of_type(xtensor.OpClass):
            op.erase()
        else:
            kept.append(op)
    return kept[::-1]
