"""Views: how rules see ops.

A view shows an op as a term: its operands, and its attributes as plain Python values (tuples of
ints, ints, element types). Most views are made from an op's definition. Others are the normal forms
that rules about products and structured tensors are written in: `contract` is a ``dot_general``
under any dimension numbers, ``full`` a tensor of one value however it was made, ``eye`` the mask of
a diagonal. A view may recognise more than it builds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from xdsl.dialects.builtin import (
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    IntegerAttr,
    IntegerType,
    TensorType,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import IRDLOperation, OptOperandDef, OptPropertyDef, VarOperandDef
from xdsl.traits import Commutative

from xcs.dialects import xtensor
from xcs.dialects.xtensor.base import Kind, kind_of, tensor_type, type_of, without
from xcs.transforms.rules.labels import Dims
from xcs.transforms.rules.symbolic import Counting, Fixed, known

Seen: TypeAlias = "tuple[Sequence[SSAValue], tuple[Any, ...]]"
Build: TypeAlias = "Callable[[Emitter, Sequence[SSAValue], Sequence[Any]], SSAValue]"


class Emitter:
    """Makes the ops of a right-hand side, in order, at the location of what they replace.

    Attributes:
        ops: what was made so far.
        at_any_cost: whether a rule that looks at the cost itself is to rewrite all the same, as the
            check wants it.
        credit: nanoseconds that the rewrite saves elsewhere, beside what it replaces.
    """

    def __init__(self, root: Operation, *, at_any_cost: bool = False) -> None:
        self.location = root.location
        self.ops: list[Operation] = []
        self.at_any_cost = at_any_cost
        self.credit = 0.0

    def __call__(self, op: Operation) -> SSAValue:
        """Append an op; return its first result."""
        op.location = self.location
        self.ops.append(op)
        return op.results[0]

    def discard(self) -> None:
        """Erase all that was made."""
        for op in reversed(self.ops):
            op.erase()
        self.ops = []


@dataclass(frozen=True, eq=False)
class View:
    """One way to see ops.

    Attributes:
        name: what it is called in rules.
        roots: the op classes that may be seen so.
        operands: how many terms it is applied to.
        attributes: what its attributes are called.
        see: an op's operands and attribute values; None for one that cannot be seen so.
        build: makes the ops; None for a view that is only recognised.
        symbol: an infix operator, with which a term is printed.
        optional: how many attributes, at the end, an op need not have.
    """

    name: str
    roots: tuple[type[Operation], ...]
    operands: int
    attributes: tuple[str, ...]
    see: Callable[[Any], Seen | None]
    build: Build | None = None
    symbol: str | None = None
    optional: int = 0

    @property
    def commutes(self) -> bool:
        """Whether the two operands may be exchanged."""
        return self.operands == 2 and all(op.has_trait(Commutative) for op in self.roots)

    def show(self, arguments: Sequence[str]) -> str:
        """Return the text of the view applied to arguments."""
        match self.symbol, arguments:
            case str(symbol), [left, right]:
                return f"({left} {symbol} {right})"
            case str(symbol), [one]:
                return f"{symbol}{one}"
            case _:
                return f"{self.name}({', '.join(arguments)})"


# --- Views made from definitions ------------------------------------------------------------------


def python_value(attribute: Attribute) -> Any:
    """Return what an attribute says, as rules see it."""
    if isinstance(attribute, DenseArrayBase):
        return tuple(cast(Sequence[int], attribute.get_values()))
    if isinstance(attribute, IntegerAttr):
        return attribute.value.data
    return attribute


def _as_attribute(value: Any) -> Attribute:
    return xtensor.as_int(value) if isinstance(value, int) else value


_SYMBOLS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "neg": "-"}


def _generated(op: type[IRDLOperation]) -> View | None:
    """The view of an op by its definition; None for ops that have no such view."""
    definition = op.get_irdl_definition()
    if len(definition.results) != 1 or definition.regions or not _is_plain(definition.operands):
        return None
    names = tuple(name for name, _ in definition.properties.items())
    name, count = op.name.removeprefix("xtensor."), len(definition.operands)
    builder = cast(Any, op)

    def see(found: Operation) -> Seen:
        properties = found.properties
        return found.operands, tuple(
            python_value(properties[name]) if name in properties else None for name in names
        )

    def build(emit: Emitter, operands: Sequence[SSAValue], attributes: Sequence[Any]) -> SSAValue:
        if issubclass(op, xtensor.ElementwiseOp):
            given = dict(zip(names, attributes, strict=True))
            return emit(
                builder(
                    *operands, **{k: _as_attribute(v) for k, v in given.items() if v is not None}
                )
            )
        return emit(builder(*operands, *attributes))

    optional = sum(isinstance(part, OptPropertyDef) for part in definition.properties.values())
    return View(name, (op,), count, names, see, build, _SYMBOLS.get(name), optional)


def _is_plain(operands: Sequence[tuple[str, Any]]) -> bool:
    return bool(operands) and not any(
        isinstance(part, VarOperandDef | OptOperandDef) for _, part in operands
    )


def _of_result(
    name: str, op: type[Operation], attributes: tuple[str, ...], see: Any, build: Any
) -> View:
    return View(name, (op,), 1, attributes, see, build)


def _shape(op: Operation) -> tuple[int, ...]:
    return type_of(op.results[0]).get_shape()


# --- Normal forms ---------------------------------------------------------------------------------


def _see_full(op: Operation) -> Seen | None:
    value = known(op.results[0])
    if not isinstance(value, Fixed):
        return None
    result = type_of(op.results[0])
    return (), (value.value, result.get_shape(), result.element_type)


def _build_full(emit: Emitter, _: Sequence[SSAValue], attributes: Sequence[Any]) -> SSAValue:
    value, shape, element = attributes
    scalar = tensor_type((), element)
    constant = emit(xtensor.ConstantOp(splat(scalar, value)))
    return emit(xtensor.BroadcastInDimOp(constant, shape)) if shape else constant


def splat(result: TensorType, value: complex) -> DenseIntOrFPElementsAttr:
    """Return the attribute of a tensor of one value."""
    kind = kind_of(result.element_type)
    if kind & Kind.COMPLEX:
        value = complex(value)
        number: Any = (value.real, value.imag)
    else:
        number = value if kind & Kind.FLOAT else int(cast(float, value))
        number = float(cast(float, number)) if kind & Kind.FLOAT else number
    return DenseIntOrFPElementsAttr.from_list(cast(Any, result), [number])


def _see_eye(op: Operation) -> Seen | None:
    """Ones where two dimensions have one index: ``axes`` is the pair, ``shape`` the whole shape."""
    while isinstance(op, xtensor.ConvertElementTypeOp):
        if not isinstance(op.operand.owner, Operation):
            return None
        op = op.operand.owner
    if not isinstance(op, xtensor.EqOp):
        return None
    left, right = known(op.lhs), known(op.rhs)
    if not (isinstance(left, Counting) and isinstance(right, Counting)):
        return None
    if left.start != right.start or left.dim == right.dim:
        return None
    shape = _shape(op)
    axes = tuple(sorted((left.dim, right.dim)))
    return (), (shape, axes, None)


def _see_masked(op: xtensor.SelectNOp) -> Seen | None:
    """``x`` on the diagonal of two dimensions, zero elsewhere."""
    if len(op.cases) != 2 or not isinstance(op.which.owner, Operation):
        return None
    eye, other = _see_eye(op.which.owner), known(op.cases[0])
    if eye is None or not isinstance(other, Fixed) or other.value != 0:
        return None
    return (op.cases[1],), (eye[1][1],)


def _see_one_hot(op: xtensor.ConvertElementTypeOp | xtensor.GatherOp) -> Seen | None:
    """Rows of an identity: ``axis`` is the dimension that counts.

    They are ``eq(indices, count)`` as numbers, or taken at indices, as those of a permutation are.
    """
    if isinstance(op, xtensor.GatherOp):
        return _see_rows_of_identity(op)
    compare = op.operand.owner
    if not isinstance(compare, xtensor.EqOp):
        return None
    for indices, count in ((compare.lhs, compare.rhs), (compare.rhs, compare.lhs)):
        counting = known(count)
        spread = indices.owner
        if (
            isinstance(counting, Counting)
            and counting.start == 0
            and isinstance(spread, xtensor.BroadcastInDimOp)
        ):
            source, dims = type_of(spread.operand), spread.broadcast_dimensions.get_values()
            where = [i for i, dim in enumerate(dims) if dim == counting.dim]
            if any(source.get_shape()[i] != 1 for i in where):
                continue
            sizes = without(source.get_shape(), where)
            if sizes == without(_shape(op), [counting.dim]):
                element = type_of(op.result).element_type
                return (spread.operand,), (counting.dim, _shape(op), element)
    return None


def _see_rows_of_identity(op: xtensor.GatherOp) -> Seen | None:
    taken, made = _see_take(op), op.operand.owner
    if taken is None or not isinstance(made, Operation) or type(made) not in _EYES:
        return None
    (_, indices), (axis, mode, _) = taken
    eye = _see_eye(made)
    promised = mode.data is xtensor.IndexMode.PROMISE_IN_BOUNDS
    if eye is None or eye[1][1] != (0, 1) or axis != 0 or not promised:
        return None  # what is out of bounds is nowhere in the product, and not at the border
    shape = _shape(op)
    return (indices,), (len(shape) - 1, shape, type_of(op.result).element_type)


_EYES: tuple[type[Operation], ...] = (xtensor.EqOp, xtensor.ConvertElementTypeOp)


def _see_take(op: xtensor.GatherOp) -> Seen | None:
    """Whole slices at indices along one axis; the indices' dimensions come in the axis's place."""
    axes = op.start_index_map.get_values()
    source = type_of(op.operand).get_shape()
    if len(axes) != 1 or op.operand_batching_dims.get_values():
        return None
    (axis,) = axes
    sizes = op.slice_sizes.get_values()
    if tuple(op.collapsed_slice_dims.get_values()) != (axis,) or sizes[axis] != 1:
        return None
    if without(sizes, [axis]) != without(source, [axis]):
        return None
    batch = type_of(op.indices).get_num_dims() - 1
    offsets = tuple(dim if dim < axis else dim + batch - 1 for dim in range(len(source)))
    if tuple(op.offset_dims.get_values()) != without(offsets, [axis]):
        return None
    if op.mode.data is xtensor.IndexMode.FILL_OR_DROP:
        return None
    return (op.operand, op.indices), (axis, op.mode, op.indices_are_sorted)


def _build_take(emit: Emitter, operands: Sequence[SSAValue], attributes: Sequence[Any]) -> SSAValue:
    (operand, indices), (axis, mode, is_sorted) = operands, attributes
    source = type_of(operand)
    return emit(gather(operand, indices, axis, mode, is_sorted, source.get_shape()))


def gather(
    operand: SSAValue,
    indices: SSAValue,
    axis: int,
    mode: xtensor.IndexModeAttr,
    is_sorted: Attribute | None,
    source: Sequence[int],
    fill: SSAValue | None = None,
) -> xtensor.GatherOp:
    """Return the gather of whole slices along one axis, at index vectors of one element."""
    batch = type_of(indices).get_num_dims() - 1
    rest = without(range(len(source)), [axis])
    offsets = tuple(dim if dim < axis else dim + batch - 1 for dim in rest)
    sizes = tuple(1 if dim == axis else size for dim, size in enumerate(source))
    kept = iter(without(source, [axis]))
    batch_sizes = iter(type_of(indices).get_shape()[:-1])
    rank = len(source) - 1 + batch
    shape = tuple(next(kept) if dim in offsets else next(batch_sizes) for dim in range(rank))
    properties: dict[str, Attribute | None] = {
        "mode": mode,
        "offset_dims": xtensor.dims_attr(offsets),
        "collapsed_slice_dims": xtensor.dims_attr((axis,)),
        "start_index_map": xtensor.dims_attr((axis,)),
        "operand_batching_dims": xtensor.dims_attr(()),
        "start_indices_batching_dims": xtensor.dims_attr(()),
        "slice_sizes": xtensor.dims_attr(sizes),
        "indices_are_sorted": is_sorted,
    }
    element = type_of(operand).element_type
    return xtensor.GatherOp(
        operands=[operand, indices, [fill] if fill is not None else []],
        properties={name: value for name, value in properties.items() if value is not None},
        result_types=[tensor_type(shape, element)],
    )


def _see_diagonal(op: xtensor.GatherOp) -> Seen | None:
    """The elements of a matrix whose two indices are equal, all of them, in order."""
    source, indices = type_of(op.operand).get_shape(), op.indices.owner
    if len(source) != 2 or source[0] != source[1] or op.slice_sizes.get_values() != (1, 1):
        return None
    if tuple(op.start_index_map.get_values()) != (0, 1):
        return None
    if type_of(op.indices).get_shape() != (source[0], 2):
        return None
    if isinstance(indices, xtensor.ConcatenateOp):
        counts = [known(part) for part in indices.inputs]
        if len(counts) != 2 or not all(_counts_rows(count) for count in counts):
            return None
    elif not _counts_rows(known(op.indices)):
        return None
    return (op.operand,), ()


def _counts_rows(value: Any) -> bool:
    return isinstance(value, Counting) and value.dim == 0 and value.start == 0


def _build_diagonal(emit: Emitter, operands: Sequence[SSAValue], _: Sequence[Any]) -> SSAValue:
    (operand,) = operands
    source = type_of(operand)
    size = source.get_shape()[0]
    rows = emit(xtensor.IotaOp(tensor_type((size, 2), INDEX), 0))
    properties: dict[str, Attribute] = {
        "mode": xtensor.IndexModeAttr(xtensor.IndexMode.PROMISE_IN_BOUNDS),
        "offset_dims": xtensor.dims_attr(()),
        "collapsed_slice_dims": xtensor.dims_attr((0, 1)),
        "start_index_map": xtensor.dims_attr((0, 1)),
        "operand_batching_dims": xtensor.dims_attr(()),
        "start_indices_batching_dims": xtensor.dims_attr(()),
        "slice_sizes": xtensor.dims_attr((1, 1)),
    }
    return emit(
        xtensor.GatherOp(
            operands=[operand, rows, []],
            properties=properties,
            result_types=[tensor_type((size,), source.element_type)],
        )
    )


INDEX = IntegerType(32)
"""The type of the indices that rules make."""


def _see_contract(op: xtensor.DotGeneralOp) -> Seen:
    return (op.lhs, op.rhs), (Dims.of(op),)


def _build_contract(
    emit: Emitter, operands: Sequence[SSAValue], attributes: Sequence[Any]
) -> SSAValue:
    return emit(cast(Dims, attributes[0]).op(*operands))


def _see_reshape(op: Operation) -> Seen:
    return op.operands, (_shape(op),)


def _see_broadcast(op: xtensor.BroadcastInDimOp) -> Seen:
    return (op.operand,), (_shape(op), tuple(op.broadcast_dimensions.get_values()))


def _see_convert(op: xtensor.ConvertElementTypeOp) -> Seen:
    return (op.operand,), (type_of(op.result).element_type,)


def _see_select(op: xtensor.SelectNOp) -> Seen | None:
    return (op.operands, ()) if len(op.cases) == 2 else None


def _new(op: Callable[..., Operation]) -> Build:
    """A view that is built by an op's own constructor, from operands and then attributes."""
    return lambda emit, operands, attributes: emit(op(*operands, *attributes))


_FILLED: tuple[type[Operation], ...] = (
    xtensor.BroadcastInDimOp,
    xtensor.ConstantOp,
    xtensor.ConvertElementTypeOp,
)

_DECLARED = (
    View(
        "reshape",
        (xtensor.ReshapeOp,),
        1,
        ("shape",),
        _see_reshape,
        _new(xtensor.ReshapeOp),
    ),
    View(
        "broadcast_in_dim",
        (xtensor.BroadcastInDimOp,),
        1,
        ("shape", "broadcast_dimensions"),
        _see_broadcast,
        _new(xtensor.BroadcastInDimOp),
    ),
    View(
        "convert_element_type",
        (xtensor.ConvertElementTypeOp,),
        1,
        ("element",),
        _see_convert,
        _new(xtensor.ConvertElementTypeOp),
    ),
    View("select_n", (xtensor.SelectNOp,), 3, (), _see_select, _new(xtensor.SelectNOp)),
    View("contract", (xtensor.DotGeneralOp,), 2, ("dims",), _see_contract, _build_contract),
    View("full", _FILLED, 0, ("value", "shape", "element"), _see_full, _build_full),
    View("eye", _EYES, 0, ("shape", "axes", "_"), _see_eye),
    View("on_diagonal", (xtensor.SelectNOp,), 1, ("axes",), _see_masked),
    View(
        "one_hot",
        (xtensor.ConvertElementTypeOp, xtensor.GatherOp),
        1,
        ("axis", "shape", "element"),
        _see_one_hot,
    ),
    View("take", (xtensor.GatherOp,), 2, ("axis", "mode", "is_sorted"), _see_take, _build_take),
    View("diagonal", (xtensor.GatherOp,), 1, (), _see_diagonal, _build_diagonal),
)

VIEWS: dict[str, View | type[IRDLOperation]] = {
    **{op.name.removeprefix("xtensor."): cast(Any, op) for op in xtensor.OPERATIONS},
    **{view.name: view for view in _DECLARED},
}
"""All views by name; one of an op's definition is made when it is first asked for."""


def view(name: str) -> View:
    """Return a view by its name: of an xtensor op, or one of the normal forms.

    Raises:
        KeyError: if there is none of the name, or the op has operands that no term has.
    """
    found = VIEWS[name]
    if not isinstance(found, View):
        made = _generated(found)
        if made is None:
            raise KeyError(f"rules cannot see {found.name} as a term")
        found = VIEWS[name] = made
    return found


def view_of(op: type[IRDLOperation]) -> View:
    """Return the view of an op by its definition: of any dialect's.

    Raises:
        TypeError: if it has regions, several results, or operands that no term has.
    """
    made = _generated(op)
    if made is None:
        raise TypeError(f"rules cannot see {op.name} as a term")
    return made
