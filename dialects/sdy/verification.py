"""Whether shardings fit their meshes, the tensors that they are about, and each other.

https://openxla.org/shardy/sdy_dialect gives the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from xdsl.dialects import func
from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    ArrayAttr,
    MemRefType,
    ModuleOp,
    NoneAttr,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    TupleType,
    UnrankedTensorType,
    VectorType,
)
from xdsl.ir import Attribute, BlockArgument, Operation, OpResult, SSAValue
from xdsl.utils.exceptions import VerifyException

from .attributes import (
    AxisRefAttr,
    DimensionShardingAttr,
    ManualAxesAttr,
    MeshAttr,
    TensorShardingAttr,
    TensorShardingPerValueAttr,
)
from .axes import Axes, Part
from .propagation import PropagationEdgesAttr
from .sharding_rule import OpShardingRuleAttr, factor_name

SHARDING, SHARDING_RULE = "sdy.sharding", "sdy.sharding_rule"
"""The attributes that ops of any dialect can have; the first is on arguments of functions, too."""

EDGES = "sdy.propagation_edges"
EDGE_LISTS = ("sdy.result_propagation_edges", "sdy.block_arg_propagation_edges")
"""What Shardy writes where it is asked to explain itself."""


def verify_annotations(op: Operation) -> None:
    """What the op says of shardings in attributes that are not its own.

    Raises:
        VerifyException: where an attribute does not fit the op, or the mesh that it names.
    """
    attributes = op.attributes
    if SHARDING in attributes:
        shardings = attributes[SHARDING]
        if not isinstance(shardings, TensorShardingPerValueAttr):
            raise VerifyException(f"{SHARDING} holds a sharding for each result")
        check_shardings("result", shardings, op.result_types, op)
    if SHARDING_RULE in attributes:
        rule = attributes[SHARDING_RULE]
        if not isinstance(rule, OpShardingRuleAttr):
            raise VerifyException(f"{SHARDING_RULE} is an #sdy.op_sharding_rule")
        _check_rule(rule, op)
    if EDGES in attributes:
        _check_edges(attributes[EDGES], op)
    for name in EDGE_LISTS:
        lists = attributes.get(name, ArrayAttr(()))
        if not isinstance(lists, ArrayAttr) or not all(
            isinstance(edges, PropagationEdgesAttr) for edges in lists
        ):
            raise VerifyException(f"{name} is a list of #sdy.propagation_edges")
    if isinstance(op, func.FuncOp):
        _verify_function(op)


def _verify_function(function: func.FuncOp) -> None:
    type = function.function_type
    for what, types, entries in (
        ("argument", type.inputs, function.arg_attrs),
        ("result", type.outputs, function.res_attrs),
    ):
        for i, entry in enumerate(entries or ()):
            if SHARDING not in entry.data:
                continue
            sharding = entry.data[SHARDING]
            if not isinstance(sharding, TensorShardingAttr):
                raise VerifyException(f"{what} {i}: {SHARDING} is an #sdy.sharding")
            _located(f"{what} {i}", lambda s=sharding, t=types.data[i]: check(s, t, function))


def _located(what: str, checks: Callable[[], None]) -> None:
    try:
        checks()
    except VerifyException as error:
        raise VerifyException(f"{what}: {error}") from None


# --- Meshes ---------------------------------------------------------------------------------------


def mesh_of(sharding: TensorShardingAttr, op: Operation) -> MeshAttr | None:
    """The mesh that a sharding of an op is about; None for an op that is not in a module."""
    mesh = sharding.mesh_or_ref
    if isinstance(mesh, MeshAttr):
        return mesh
    assert isinstance(mesh, SymbolRefAttr)
    module = op.parent_op()
    while module is not None and not isinstance(module, ModuleOp):
        module = module.parent_op()
    if module is None:
        return None
    name = mesh.string_value()
    for symbol in module.ops:
        if symbol.name == "sdy.mesh" and symbol.properties["sym_name"] == StringAttr(name):
            found = symbol.properties["mesh"]
            assert isinstance(found, MeshAttr)
            return found
    raise VerifyException(f"there is no mesh @{name}")


def common_mesh(meshes: Iterable[MeshAttr]) -> MeshAttr | None:
    """The mesh that all are, but for those without axes; None where there are two."""
    common: MeshAttr | None = None
    for mesh in meshes:
        if common is None or _is_empty(common):
            common = mesh
        elif not _is_empty(mesh) and mesh != common:
            return None
    return common


def _is_empty(mesh: MeshAttr) -> bool:
    return not mesh.axes and not mesh.device_ids


def _is_one_device(mesh: MeshAttr) -> bool:
    return not mesh.axes and len(mesh.device_ids) == 1


# --- Shardings ------------------------------------------------------------------------------------


def check(sharding: TensorShardingAttr, type: Attribute, op: Operation) -> None:
    """A sharding fits its mesh, and a value of an op of this type."""
    mesh = mesh_of(sharding, op)
    if mesh is None:
        return
    if _is_one_device(mesh):
        _check_without_axes(sharding, "a sharding to one device has no dimensions and axes")
        return
    shape = _shape(type)
    if shape is None:
        _check_without_axes(sharding, f"a sharding of a {type} has no dimensions and axes")
        return
    dims = sharding.dim_shardings
    if len(dims) != len(shape):
        raise VerifyException(f"the sharding has {len(dims)} dimensions, and {type} {len(shape)}")
    for i, dim in enumerate(dims):
        has_priority = not isinstance(dim.priority, NoneAttr)
        if has_priority and dim.is_closed.value.data and not dim.axes:
            raise VerifyException(f"dimension {i} is empty and closed, and has a priority")
    _check_axes(sharding, Axes(mesh))
    manual = manual_axes_around(op)
    for axis in _all_axes(sharding):
        if axis.axis_name.data in manual:
            raise VerifyException(
                f"axis {axis.text()} is handled by the sdy.manual_computation around the op"
            )


def _check_axes(sharding: TensorShardingAttr, axes: Axes) -> None:
    taken: set[Part] = set()
    for dim in sharding.dim_shardings:
        axes.listed(dim.axes.data, taken)
    axes.sorted(sharding.replicated_axes.data, taken, "replicated")
    axes.sorted(sharding.unreduced_axes.data, taken, "unreduced")
    axes.check_parts(_all_axes(sharding))


def _all_axes(sharding: TensorShardingAttr) -> list[AxisRefAttr]:
    return [
        *(axis for dim in sharding.dim_shardings for axis in dim.axes),
        *sharding.replicated_axes,
        *sharding.unreduced_axes,
    ]


def _check_without_axes(sharding: TensorShardingAttr, message: str) -> None:
    if sharding.dim_shardings or sharding.replicated_axes or sharding.unreduced_axes:
        raise VerifyException(message)


def _shape(type: Attribute) -> Sequence[int] | None:
    """The shape of a value that can be split; None if it has none at all."""
    if isinstance(type, TupleType):
        if len(type.types) != 1:
            raise VerifyException(f"a sharding cannot be of a tuple such as {type}")
        (type,) = type.types
    if isinstance(type, UnrankedTensorType):
        raise VerifyException(f"a sharding cannot be of a {type}")
    return type.get_shape() if isinstance(type, TensorType | MemRefType | VectorType) else None


def check_shardings(
    what: str, shardings: TensorShardingPerValueAttr, types: Sequence[Attribute], op: Operation
) -> None:
    """There is a sharding for each of an op's values, which fits it."""
    listed = shardings.shardings.data
    if not types and len(listed) == 1 and not _all_axes(listed[0]):
        # What has no results can still be for one device, or for all.
        _check_without_axes(listed[0], f"{what}: a sharding of no value has no dimensions")
        mesh_of(listed[0], op)
        return
    if len(listed) != len(types):
        raise VerifyException(f"there are {len(listed)} shardings for {len(types)} {what}s")
    for i, (sharding, type) in enumerate(zip(listed, types, strict=True)):
        _located(f"{what} {i}", lambda s=sharding, t=type: check(s, t, op))


def manual_axes_around(op: Operation) -> set[str]:
    """The axes that the computations around an op handle by themselves."""
    names: set[str] = set()
    parent = op.parent_op()
    while parent is not None:
        axes = parent.properties.get("manual_axes")
        if isinstance(axes, ManualAxesAttr):
            names |= {axis.data for axis in axes.axes}
        parent = parent.parent_op()
    return names


# --- Rules ----------------------------------------------------------------------------------------


def _check_rule(rule: OpShardingRuleAttr, op: Operation) -> None:
    sizes = [size.data for size in rule.factor_sizes]
    used: list[set[int]] = []
    for what, types, mappings in (
        ("operand", op.operand_types, rule.operand_mappings),
        ("result", op.result_types, rule.result_mappings),
    ):
        if len(types) != len(mappings) or not types:
            raise VerifyException(f"the rule is for {len(mappings)} {what}s of {len(types)}")
        used.append(set())
        for i, (type, mapping) in enumerate(zip(types, mappings, strict=True)):
            factors = [[factor.data for factor in dimension] for dimension in mapping]
            _located(f"{what} {i}", lambda f=factors, t=type: _check_mapping(f, t, sizes))
            used[-1].update(factor for dimension in factors for factor in dimension)
    if unused := set(range(len(sizes))) - used[0] - used[1]:
        raise VerifyException(f"factor {factor_name(min(unused))} is not of any dimension")
    groups = [[factor.data for factor in group] for group in rule.factor_groups]
    for group in groups:
        if group != sorted(set(group)) or any(factor >= len(sizes) for factor in group):
            raise VerifyException("the factors of a group are listed once each, and in order")
    reduced, *others, _ = groups
    special = [factor for group in (reduced, *others) for factor in group]
    if len(set(special)) != len(special):
        raise VerifyException("a factor is in one group, besides blocked_propagation")
    if set(reduced) & used[1]:
        raise VerifyException("a reduction factor is not of any result")


def _check_mapping(factors: Sequence[Sequence[int]], type: Attribute, sizes: list[int]) -> None:
    if not isinstance(type, TensorType) or DYNAMIC_INDEX in type.get_shape():
        raise VerifyException(f"expected a tensor whose sizes are known, got {type}")
    if len(factors) != type.get_num_dims():
        raise VerifyException(f"the rule gives {len(factors)} dimensions to {type}")
    flat = [factor for dimension in factors for factor in dimension]
    if not all(factor < len(sizes) for factor in flat):
        raise VerifyException(f"the rule has {len(sizes)} factors only")
    if len(set(flat)) != len(flat) or not all(factors):
        raise VerifyException("each dimension has factors of its own")
    for dimension in factors:
        if len(dimension) > 1 and 1 in [sizes[factor] for factor in dimension]:
            raise VerifyException("a factor of size 1 is alone in its dimension")


def is_equivalent(a: TensorShardingAttr, b: TensorShardingAttr) -> bool:
    """Whether two shardings split a tensor alike, whatever is still to be combined."""
    splits = [[dim.axes for dim in sharding.dim_shardings] for sharding in (a, b)]
    if not any(splits[0]):
        return not any(splits[1])
    return a.mesh_or_ref == b.mesh_or_ref and splits[0] == splits[1]


def _check_edges(edges: Attribute, op: Operation) -> None:
    if not isinstance(edges, PropagationEdgesAttr):
        raise VerifyException(f"{EDGES} is an #sdy.propagation_edges")
    axes = [axis for step in edges.steps for axis in step.axes]
    values = [value for axis in axes for value in (axis.source, *axis.targets)]
    groups: dict[str, Sequence[SSAValue]] = {"operand": op.operands, "result": op.results}
    shardings = [
        sharding
        for value in values
        if 0 <= value.index.data < len(groups[value.kind.data])
        and (sharding := sharding_of(groups[value.kind.data][value.index.data])) is not None
    ]
    if not shardings:
        raise VerifyException("the edges of a propagation are between values with shardings")
    mesh = common_mesh(mesh for s in shardings if (mesh := mesh_of(s, op)) is not None)
    if mesh is None or not all(Axes(mesh).names(axis.axis.axis_name.data) for axis in axes):
        raise VerifyException("the axes of a propagation are of one mesh")
    for value in values:
        if not 0 <= value.index.data < len(groups[value.kind.data]):
            raise VerifyException(f"the op has no {value.text()}")


# --- The shardings that values have ---------------------------------------------------------------


def sharding_of(value: SSAValue) -> TensorShardingAttr | None:
    """What the program says of how a value is split, if anything."""
    for use in value.uses:
        if use.operation.name == "sdy.data_flow_edge":
            value = use.operation.results[0]
            break
    if isinstance(value, BlockArgument):
        return _sharding_of_argument(value)
    assert isinstance(value, OpResult)
    op, place = value.op, value.index
    own = op.properties.get("out_sharding", op.properties.get("sharding"))
    if isinstance(own, TensorShardingAttr):
        return own
    return _at(op.properties.get("out_shardings", op.attributes.get(SHARDING)), place)


def _sharding_of_argument(argument: BlockArgument) -> TensorShardingAttr | None:
    op = argument.owner.parent_op()
    if isinstance(op, func.FuncOp):
        entry = op.arg_attrs.data[argument.index].data if op.arg_attrs is not None else {}
        sharding = entry.get(SHARDING)
        return sharding if isinstance(sharding, TensorShardingAttr) else None
    if op is None or op.name not in ("sdy.manual_computation", "sdy.named_computation"):
        return None
    sharding = _at(op.properties.get("in_shardings"), argument.index)
    manual = op.properties.get("manual_axes")
    if sharding is None or not isinstance(manual, ManualAxesAttr):
        return sharding
    return _without(sharding, {axis.data for axis in manual.axes})


def _at(shardings: Attribute | None, place: int) -> TensorShardingAttr | None:
    if not isinstance(shardings, TensorShardingPerValueAttr):
        return None
    listed = shardings.shardings.data
    return listed[place] if place < len(listed) else None


def _without(sharding: TensorShardingAttr, names: set[str]) -> TensorShardingAttr:
    def rest(axes: Iterable[AxisRefAttr]) -> ArrayAttr[AxisRefAttr]:
        return ArrayAttr(axis for axis in axes if axis.axis_name.data not in names)

    return TensorShardingAttr(
        sharding.mesh_or_ref,
        ArrayAttr(
            DimensionShardingAttr(rest(dim.axes), dim.is_closed, dim.priority)
            for dim in sharding.dim_shardings
        ),
        rest(sharding.replicated_axes),
        rest(sharding.unreduced_axes),
        sharding.reduction_op,
    )
