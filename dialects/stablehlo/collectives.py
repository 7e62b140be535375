"""Ops in which all replicas and partitions of a program take part."""

from abc import ABC
from collections.abc import Sequence

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    ArrayAttr,
    DenseIntElementsAttr,
    DenseIntOrFPElementsAttr,
    IntegerType,
    Signedness,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    UnitAttr,
    i32,
)
from xdsl.ir import SSAValue
from xdsl.irdl import (
    BaseAttr,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import (
    MemoryReadEffect,
    MemoryWriteEffect,
    Pure,
    RecursiveMemoryEffect,
    SymbolTable,
)

from .attributes import AxisRefAttr, ChannelHandleAttr, ReplicaGroupMeshAxesAttr
from .base import (
    DIM,
    INTEGERS,
    TENSOR,
    check,
    check_dim,
    check_same_element,
    check_shape,
    check_type,
    check_types,
    element_of,
    shape_of,
)
from .forms import hlo_op
from .reduction import check_reducer

GROUPS = BaseAttr(DenseIntOrFPElementsAttr) | BaseAttr(ReplicaGroupMeshAxesAttr)
"""The groups of replicas: the rows of a table, or all that agree along some axes of a mesh."""

UI32 = TensorType(IntegerType(32, Signedness.UNSIGNED), ())


def check_groups(op: IRDLOperation, *, uniform: bool, size: int | None = None) -> None:
    """Each replica is in one group; groups are of one size where they have to be."""
    groups = op.properties["replica_groups"]
    if isinstance(groups, ReplicaGroupMeshAxesAttr):
        _check_axes(groups.axes)
        mesh = groups.mesh
        check(
            not isinstance(mesh, SymbolRefAttr) or SymbolTable.lookup_symbol(op, mesh) is not None,
            f"there is no mesh {mesh}",
        )
        return
    assert isinstance(groups, DenseIntOrFPElementsAttr)
    shape = groups.get_shape()
    ids: list[int] = list(groups.get_values())  # type: ignore[arg-type]
    check(len(shape) == 2, "replica_groups must be a table")
    if "use_global_device_ids" in op.properties:
        check(len(ids) > 0, "use_global_device_ids needs replica_groups")
    members = [id for id in ids if id != -1]
    check(not uniform or len(members) == len(ids), "a group has a member -1")
    check(
        sorted(members) == list(range(len(members))),
        f"replica_groups must hold each of 0 to {len(members) - 1} once",
    )
    check(size is None or (shape[0] > 0 and shape[1] == size), f"groups must be of {size} members")


def _check_axes(axes: ArrayAttr) -> None:
    check(
        all(isinstance(axis, StringAttr | AxisRefAttr) for axis in axes),
        "axes of a mesh are given by name, or as #stablehlo.axis_ref",
    )


def check_channel(op: IRDLOperation, least: int) -> None:
    """Global device ids need a channel of their own."""
    if "use_global_device_ids" not in op.properties:
        return
    handle = op.properties.get("channel_handle")
    id = handle.handle.data if isinstance(handle, ChannelHandleAttr) else 0
    check(id >= least, f"use_global_device_ids needs a channel handle of at least {least}")


class Collective(IRDLOperation, ABC):
    """An op among the replicas of a group."""

    replica_groups = prop_def(GROUPS)
    channel_handle = opt_prop_def(ChannelHandleAttr)

    # What other replicas see of it is an effect: none may be dropped or done twice.
    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())


@irdl_op_definition
class AllGatherOp(Collective):
    """The operands of all replicas of a group, one after the other along a dimension."""

    name = "stablehlo.all_gather"
    operands_ = var_operand_def(TENSOR)
    all_gather_dim = prop_def(DIM)
    use_global_device_ids = opt_prop_def(UnitAttr)
    results_ = var_result_def(TENSOR)

    def verify_(self) -> None:
        check_groups(self, uniform=True)
        check_channel(self, 0)
        check(len(self.operands_) == len(self.results_), "each operand has a result")
        dimension = self.all_gather_dim.value.data
        for operand, result in zip(self.operands_, self.results_, strict=True):
            check_same_element(operand, result)
            check_gathered(dimension, operand, result)


def check_gathered(dimension: int, part: SSAValue, whole: SSAValue) -> None:
    """One tensor is a number of tensors like the other along a dimension."""
    source, target = shape_of(part), shape_of(whole)
    check_dim("dimension", dimension, len(source))
    expected = list(source)
    expected[dimension] = DYNAMIC_INDEX
    check_shape("the whole", whole, expected)
    check(source[dimension] != 0, f"dimension {dimension} of {part.type} is empty")
    check(
        DYNAMIC_INDEX in (source[dimension], target[dimension])
        or target[dimension] % source[dimension] == 0,
        f"{whole.type} is not a number of {part.type}",
    )


@irdl_op_definition
class AllReduceOp(Collective):
    """The operands of all replicas of a group combined, element by element."""

    name = "stablehlo.all_reduce"
    operands_ = var_operand_def(TENSOR)
    use_global_device_ids = opt_prop_def(UnitAttr)
    computation = region_def("single_block")
    results_ = var_result_def(TENSOR)

    traits = traits_def(RecursiveMemoryEffect())

    def verify_(self) -> None:
        check_groups(self, uniform=False)
        check_channel(self, 1)
        _check_combined(self, self.operands_)


def _check_combined(op: "AllReduceOp | CollectiveReduceOp", operands: Sequence[SSAValue]) -> None:
    check(len(operands) == len(op.results_), "each operand has a result")
    for operand, result in zip(operands, op.results_, strict=True):
        scalar = TensorType(element_of(operand), ())
        (element,) = check_reducer(op.computation, [operand], [scalar], ())
        check_shape("result", result, shape_of(operand))
        check(element_of(result) == element, f"result is {result.type}, not of {element}")


@irdl_op_definition
class ReduceScatterOp(Collective):
    """What `all_reduce` gives, of which each replica gets its part along a dimension."""

    name = "stablehlo.reduce_scatter"
    operand = operand_def(TENSOR)
    scatter_dimension = prop_def(DIM)
    use_global_device_ids = opt_prop_def(UnitAttr)
    computation = region_def("single_block")
    result = result_def(TENSOR)

    def verify_(self) -> None:
        check_groups(self, uniform=True)
        check_channel(self, 1)
        scalar = TensorType(element_of(self.operand), ())
        (element,) = check_reducer(self.computation, [self.operand], [scalar], ())
        check(element_of(self.result) == element, f"result is {self.result.type}, not of {element}")
        dimension = self.scatter_dimension.value.data
        check_dim("scatter_dimension", dimension, len(shape_of(self.operand)))
        check(shape_of(self.operand)[dimension] != 0, "there is nothing to scatter")
        check_gathered(dimension, self.result, self.operand)


@irdl_op_definition
class AllToAllOp(Collective):
    """The operand split along a dimension; each replica gets one part from each, concatenated."""

    name = "stablehlo.all_to_all"
    operands_ = var_operand_def(TENSOR)
    split_dimension = prop_def(DIM)
    concat_dimension = prop_def(DIM)
    split_count = prop_def(DIM)
    results_ = var_result_def(TENSOR)

    def verify_(self) -> None:
        count = self.split_count.value.data
        check(count >= 1, "split_count must be at least 1")
        check_groups(self, uniform=True, size=count)
        check(len(self.operands_) == len(self.results_), "each operand has a result")
        split, concat = self.split_dimension.value.data, self.concat_dimension.value.data
        for operand, result in zip(self.operands_, self.results_, strict=True):
            check_same_element(operand, result)
            expected = list(shape_of(operand))
            for dimension in (split, concat):
                check_dim("dimension", dimension, len(expected))
            if expected[split] != DYNAMIC_INDEX:
                check(
                    expected[split] % count == 0,
                    f"dimension {split} of {operand.type} does not split into {count}",
                )
                expected[split] //= count
            if expected[concat] != DYNAMIC_INDEX:
                expected[concat] *= count
            check_shape("result", result, expected)


class Rooted(Collective, ABC):
    """A collective with one replica that plays a part of its own: the first, or a given one."""

    operands_ = var_operand_def(TENSOR)
    has_dynamic_root = opt_prop_def(UnitAttr)
    results_ = var_result_def(TENSOR)

    def data(self) -> Sequence[SSAValue]:
        """The operands but for the root, which comes last where it is given."""
        operands = self.operands_
        if self.has_dynamic_root is None:
            check(len(operands) >= 1, f"{self.name} needs an operand")
            return operands
        check(len(operands) >= 2, f"{self.name} needs an operand and a root")
        *data, root = operands
        check(
            root.type == TensorType(i32, (len(data),)),
            f"the root must hold a number for each operand, not {root.type}",
        )
        return data


@irdl_op_definition
class CollectiveBroadcastOp(Rooted):
    """The operand of one replica of a group, for all of them."""

    name = "stablehlo.collective_broadcast"

    def verify_(self) -> None:
        groups = self.replica_groups
        if isinstance(groups, DenseIntOrFPElementsAttr):
            ids: list[int] = list(groups.get_values())  # type: ignore[arg-type]
            check(len(groups.get_shape()) == 2, "replica_groups must be a table")
            check(min(ids, default=0) >= 0, "a group has a negative member")
            check(len(set(ids)) == len(ids), "a replica is in two groups")
        check_types("results", self.results_, [value.type for value in self.data()])


@irdl_op_definition
class CollectiveReduceOp(Rooted):
    """The operands of all replicas of a group combined, for one of them."""

    name = "stablehlo.collective_reduce"
    use_global_device_ids = opt_prop_def(UnitAttr)
    computation = region_def("single_block")

    def verify_(self) -> None:
        check_groups(self, uniform=False)
        check_channel(self, 1)
        _check_combined(self, self.data())


@irdl_op_definition
class CollectivePermuteOp(IRDLOperation):
    """The operand of the replica that is the source where this one is the target."""

    name = "stablehlo.collective_permute"
    operand = operand_def(TENSOR)
    source_target_pairs = prop_def(INTEGERS)
    channel_handle = opt_prop_def(ChannelHandleAttr)
    result = result_def(TENSOR)

    traits = traits_def(MemoryReadEffect(), MemoryWriteEffect())

    def verify_(self) -> None:
        check_type("result", self.result, self.operand.type)
        _check_pairs(self.source_target_pairs)


def _check_pairs(pairs: DenseIntElementsAttr) -> None:
    """Each replica is the source, and the target, of at most one other."""
    shape = pairs.get_shape()
    ids: list[int] = list(pairs.get_values())  # type: ignore[arg-type]
    check(len(shape) == 2 and shape[1] == 2, "source_target_pairs must be a table of pairs")
    check(min(ids, default=0) >= 0, "a pair has a negative member")
    for what, members in (("source", ids[::2]), ("target", ids[1::2])):
        check(len(set(members)) == len(members), f"a replica is the {what} in two pairs")


@irdl_op_definition
class CrossReplicaSumOp(IRDLOperation):
    """The sum over a group; `all_reduce` has taken its place."""

    name = "stablehlo.cross-replica-sum"
    operand = operand_def(TENSOR)
    replica_groups = prop_def(INTEGERS)
    result = result_def(TENSOR)

    traits = traits_def(Pure())

    def verify_(self) -> None:
        check_type("result", self.result, self.operand.type)


@hlo_op
class PartitionIdOp(IRDLOperation):
    """The number of the partition that runs this."""

    name = "stablehlo.partition_id"
    result = result_def(UI32)

    traits = traits_def(Pure())
    assembly_format = "attr-dict `:` type($result)"


@hlo_op
class ReplicaIdOp(IRDLOperation):
    """The number of the replica that runs this."""

    name = "stablehlo.replica_id"
    result = result_def(UI32)

    traits = traits_def(Pure())
    assembly_format = "attr-dict `:` type($result)"


OPS: list[type[IRDLOperation]] = [
    AllGatherOp,
    AllReduceOp,
    AllToAllOp,
    CollectiveBroadcastOp,
    CollectivePermuteOp,
    CollectiveReduceOp,
    CrossReplicaSumOp,
    PartitionIdOp,
    ReduceScatterOp,
    ReplicaIdOp,
]
