"""Ops that communicate to make a layout out of another."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from xdsl.dialects.builtin import (
    ArrayAttr,
    BoolAttr,
    IntegerAttr,
    NoneAttr,
    StringAttr,
    i32,
)
from xdsl.irdl import (
    VarConstraint,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
)
from xdsl.utils.exceptions import VerifyException

from .attributes import (
    AllToAllParamListAttr,
    AxisRefAttr,
    AxisRefListAttr,
    DimensionShardingAttr,
    ListOfAxisRefListsAttr,
    ReductionKind,
    TensorShardingAttr,
)
from .axes import Axes, Part, append_part, merged, total
from .directives import ENUM, check_enum
from .ops import SHAPED, OneTensorOp
from .verification import check, is_equivalent, mesh_of, sharding_of


class CollectiveOp(OneTensorOp, ABC):
    """Communication that makes a layout out of another."""

    ALLOWS_NO_SHARDING: ClassVar[bool] = False
    """Whether the operand may have no sharding, which is as if it were not split."""

    ALLOWS_OTHER_MESH: ClassVar[bool] = False
    """Whether the operand may be laid out over another mesh."""

    T: ClassVar = VarConstraint("T", SHAPED)
    tensor = operand_def(T)
    out_sharding = prop_def(TensorShardingAttr)
    result = result_def(T)

    def verify_(self) -> None:
        given, out = sharding_of(self.tensor), self.out_sharding
        if given is None and not self.ALLOWS_NO_SHARDING:
            raise VerifyException("the program does not say how the operand is split")
        check(out, self.result.type, self)
        mesh = mesh_of(out, self)
        if mesh is None:
            return
        if given is None:
            given = _not_split(out)
        elif mesh_of(given, self) != mesh and not self.ALLOWS_OTHER_MESH:
            raise VerifyException("operand and result are split over different meshes")
        if len(given.dim_shardings) != len(out.dim_shardings):
            raise VerifyException("operand and result are split in different numbers of dimensions")
        if "reduction_op" in self.get_irdl_definition().properties:
            check_enum(ReductionKind, self.properties.get("reduction_op"))
        self.check_layout(given, Axes(mesh))

    @abstractmethod
    def check_layout(self, given: TensorShardingAttr, axes: Axes) -> None:
        """The op makes the result's layout out of the operand's."""


def _not_split(like: TensorShardingAttr) -> TensorShardingAttr:
    none = ArrayAttr[AxisRefAttr](())
    whole = DimensionShardingAttr(none, BoolAttr.from_bool(True), NoneAttr())
    dims = ArrayAttr([whole] * len(like.dim_shardings))
    return TensorShardingAttr(like.mesh_or_ref, dims, none, none, StringAttr(ReductionKind.SUM))


def _dims(sharding: TensorShardingAttr, axes: Axes) -> list[list[Part]]:
    """The parts that each dimension is split along."""
    return [axes.parts(dim.axes) for dim in sharding.dim_shardings]


def _named(lists: Iterable[AxisRefListAttr], axes: Axes) -> list[list[Part]]:
    """The parts that an op names for each dimension."""
    taken: set[Part] = set()
    return [axes.listed(listed.axes.data, taken) for listed in lists]


def _gathered(dim: Sequence[Part], parts: Sequence[Part]) -> list[Part]:
    """What a dimension is split along without the parts that come last."""
    rest = list(dim)
    for part in reversed(parts):
        last = rest.pop() if rest else None
        if (
            last is None
            or last.axis != part.axis
            or last.end != part.end
            or last.start > part.start
        ):
            raise VerifyException("the axes are not the last ones that the operand is split along")
        if last.start < part.start:
            rest.append(Part(part.axis, last.start, part.start))
    return rest


def _sliced(dim: Sequence[Part], parts: Sequence[Part]) -> list[Part]:
    """What a dimension is split along with more parts at the end."""
    more = list(dim)
    for part in parts:
        append_part(more, part)
    return more


def _check_dims(
    out: TensorShardingAttr,
    given: TensorShardingAttr,
    lists: ListOfAxisRefListsAttr,
    axes: Axes,
    change: Callable[[Sequence[Part], Sequence[Part]], list[Part]],
) -> None:
    """Each dimension of the result is split like the operand's, changed along the named axes."""
    named = _named(lists.lists, axes)
    if len(named) != len(out.dim_shardings):
        raise VerifyException(f"there are axes for {len(named)} dimensions")
    for i, (before, parts, after) in enumerate(
        zip(_dims(given, axes), named, _dims(out, axes), strict=True)
    ):
        _check_dim(i, change(before, parts), after)


def _check_dim(dim: int, expected: Sequence[Part], given: Sequence[Part]) -> None:
    if list(expected) != list(given):
        raise VerifyException(f"dimension {dim} of the result is not split as the op leaves it")


def _check_unreduced(
    out: TensorShardingAttr, given: TensorShardingAttr, more: Iterable[Part], axes: Axes
) -> None:
    """Besides what is still to be combined in the operand, these parts are in the result."""
    if out.reduction_op.data != ReductionKind.SUM:
        raise VerifyException("what is to be combined is to be summed")
    expected = merged([*axes.parts(given.unreduced_axes), *more])
    if expected != axes.parts(out.unreduced_axes):
        raise VerifyException("the unreduced axes of the result are not those that the op makes")


@irdl_op_definition
class AllGatherOp(CollectiveOp):
    """Gathers the parts along axes, so that dimensions are split along fewer of them."""

    name = "sdy.all_gather"
    gathering_axes = prop_def(ListOfAxisRefListsAttr)

    assembly_format = (
        "custom<Bare>($gathering_axes) $tensor `out_sharding` `` `=` `` "
        "custom<Bare>($out_sharding) attr-dict `:` type($result)"
    )

    def check_layout(self, given: TensorShardingAttr, axes: Axes) -> None:
        _check_dims(self.out_sharding, given, self.gathering_axes, axes, _gathered)


@irdl_op_definition
class AllSliceOp(CollectiveOp):
    """Keeps one part along axes, so that dimensions are split along more of them."""

    name = "sdy.all_slice"
    ALLOWS_NO_SHARDING: ClassVar[bool] = True
    slicing_axes = prop_def(ListOfAxisRefListsAttr)

    assembly_format = (
        "custom<Bare>($slicing_axes) $tensor `out_sharding` `` `=` `` "
        "custom<Bare>($out_sharding) attr-dict `:` type($result)"
    )

    def check_layout(self, given: TensorShardingAttr, axes: Axes) -> None:
        _check_dims(self.out_sharding, given, self.slicing_axes, axes, _sliced)


@irdl_op_definition
class AllToAllOp(CollectiveOp):
    """Moves axes from one dimension to another."""

    name = "sdy.all_to_all"
    params = prop_def(AllToAllParamListAttr)

    assembly_format = (
        "custom<Bare>($params) $tensor `out_sharding` `` `=` `` "
        "custom<Bare>($out_sharding) attr-dict `:` type($result)"
    )

    def check_layout(self, given: TensorShardingAttr, axes: Axes) -> None:
        before, after = _dims(given, axes), _dims(self.out_sharding, axes)
        moves = [(move.axes, move.src_dim.data, move.tgt_dim.data) for move in self.params.params]
        places = [place for _, *pair in moves for place in pair]
        sources = [source for _, source, _ in moves]
        if not moves or sources != sorted(sources) or len(set(places)) != len(places):
            raise VerifyException("moves are between dimensions of their own, in order")
        if not all(0 <= place < len(before) for place in places):
            raise VerifyException(f"a move is between dimensions, of which there are {len(before)}")
        taken: set[Part] = set()
        expected = list(before)
        for moved, source, target in moves:
            parts = axes.listed(moved.data, taken)
            expected[source] = _gathered(before[source], parts)
            expected[target] = _sliced(before[target], parts)
        for i, dim in enumerate(expected):
            _check_dim(i, dim, after[i])


@irdl_op_definition
class CollectivePermuteOp(CollectiveOp):
    """Replaces axes by others of the same size."""

    name = "sdy.collective_permute"
    ALLOWS_OTHER_MESH: ClassVar[bool] = True

    assembly_format = (
        "$tensor `out_sharding` `` `=` `` custom<Bare>($out_sharding) attr-dict `:` type($result)"
    )

    def check_layout(self, given: TensorShardingAttr, axes: Axes) -> None:
        mesh, other = mesh_of(self.out_sharding, self), mesh_of(given, self)
        if mesh is None or other is None:
            return
        if mesh.axes != other.axes:
            raise VerifyException("the meshes of operand and result differ in their axes")
        if self.out_sharding.mesh_or_ref != given.mesh_or_ref and mesh == other:
            raise VerifyException("one mesh has two names")
        for i, (before, after) in enumerate(
            zip(_dims(given, axes), _dims(self.out_sharding, axes), strict=True)
        ):
            if total(before) != total(after):
                raise VerifyException(f"dimension {i} is split in another number of pieces")


@irdl_op_definition
class AllReduceOp(CollectiveOp):
    """Combines the parts along axes."""

    name = "sdy.all_reduce"
    ALLOWS_NO_SHARDING: ClassVar[bool] = True
    reduction_axes = prop_def(AxisRefListAttr)
    reduction_op = opt_prop_def(ENUM, default_value=IntegerAttr(0, i32))

    assembly_format = (
        "custom<Reduction>($reduction_op) custom<Bare>($reduction_axes) $tensor "
        "`out_sharding` `` `=` `` custom<Bare>($out_sharding) attr-dict `:` type($result)"
    )

    def check_layout(self, given: TensorShardingAttr, axes: Axes) -> None:
        if not is_equivalent(given, self.out_sharding):
            raise VerifyException("operand and result are split differently")
        reduced = axes.sorted(self.reduction_axes.axes.data, set(), "reduction")
        kept = [*_dims(given, axes), axes.parts(given.replicated_axes)]
        kept.append(axes.parts(self.out_sharding.unreduced_axes))
        if any(part.overlaps(axis) for part in reduced for dim in kept for axis in dim):
            raise VerifyException("a reduction axis has another use in the operand or the result")


@irdl_op_definition
class ReduceScatterOp(CollectiveOp):
    """Combines the parts along axes, and keeps one part of the result along them."""

    name = "sdy.reduce_scatter"
    ALLOWS_NO_SHARDING: ClassVar[bool] = True
    reduce_scatter_axes = prop_def(ListOfAxisRefListsAttr)
    reduction_op = opt_prop_def(ENUM, default_value=IntegerAttr(0, i32))

    assembly_format = (
        "custom<Reduction>($reduction_op) custom<Bare>($reduce_scatter_axes) $tensor "
        "`out_sharding` `` `=` `` custom<Bare>($out_sharding) attr-dict `:` type($result)"
    )

    def check_layout(self, given: TensorShardingAttr, axes: Axes) -> None:
        _check_dims(self.out_sharding, given, self.reduce_scatter_axes, axes, _sliced)


@irdl_op_definition
class ShardedToUnreducedOp(CollectiveOp):
    """Takes the axes of split dimensions for axes whose parts are still to be combined."""

    name = "sdy.sharded_to_unreduced"
    axes = prop_def(ListOfAxisRefListsAttr)

    assembly_format = (
        "custom<Bare>($axes) $tensor `out_sharding` `` `=` `` "
        "custom<Bare>($out_sharding) attr-dict `:` type($result)"
    )

    def check_layout(self, given: TensorShardingAttr, axes: Axes) -> None:
        _check_dims(self.out_sharding, given, self.axes, axes, _gathered)
        parts = [axes.part(axis) for listed in self.axes.lists for axis in listed.axes]
        _check_unreduced(self.out_sharding, given, parts, axes)


@irdl_op_definition
class ReplicatedToUnreducedOp(CollectiveOp):
    """Takes the axes of copies for axes whose parts are still to be combined."""

    name = "sdy.replicated_to_unreduced"
    axes = prop_def(AxisRefListAttr)

    assembly_format = (
        "custom<Bare>($axes) $tensor `out_sharding` `` `=` `` "
        "custom<Bare>($out_sharding) attr-dict `:` type($result)"
    )

    def check_layout(self, given: TensorShardingAttr, axes: Axes) -> None:
        if given.dim_shardings != self.out_sharding.dim_shardings:
            raise VerifyException("operand and result are split differently")
        parts = axes.sorted(self.axes.axes.data, set(), "the op's")
        used = [part for dim in _dims(given, axes) for part in dim]
        used += axes.parts(given.unreduced_axes)
        if not parts or any(part.overlaps(axis) for part in parts for axis in used):
            raise VerifyException("the op needs axes that hold copies of the operand")
        _check_unreduced(self.out_sharding, given, parts, axes)


OPS = [
    AllGatherOp,
    AllReduceOp,
    AllSliceOp,
    AllToAllOp,
    CollectivePermuteOp,
    ReduceScatterOp,
    ReplicatedToUnreducedOp,
    ShardedToUnreducedOp,
]
