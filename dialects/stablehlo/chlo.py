"""CHLO, StableHLO's companion of functions that are lowered to it.

https://github.com/openxla/stablehlo/blob/main/docs/generated/chlo.md
"""

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    ArrayAttr,
    BoolAttr,
    ComplexType,
    DenseArrayBase,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntAttr,
    IntegerAttr,
    TensorType,
    UnrankedTensorType,
    i32,
)
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Attribute, Dialect, Operation, SpacedOpaqueSyntaxAttribute, SSAValue
from xdsl.irdl import (
    AttrConstraint,
    AttrSizedOperandSegments,
    AttrSizedResultSegments,
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_attr_definition,
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
from xdsl.irdl.declarative_assembly_format import (
    AttributeVariable,
    CustomDirective,
    ParsingState,
    PrintingState,
    irdl_custom_directive,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Commutative, ConstantLike, IsolatedFromAbove, Pure, RecursiveMemoryEffect

from xcs.dialects.dense import parse_dense, print_dense

from .attributes import (
    EMPTY,
    ComparisonDirection,
    ComparisonType,
    Precision,
    RecordAttr,
    ints,
)
from .base import (
    DIM,
    DIMS,
    INTEGER_TENSOR,
    STATIC_TENSOR,
    Element,
    TensorOf,
    check,
    check_dim,
    check_dims,
    check_same_element,
    check_same_type,
    check_shape,
    check_type,
    element_of,
    elements_compatible,
    shape_of,
    shapes_compatible,
    sizes_compatible,
)
from .control import returned
from .forms import hlo_op
from .generation import ConstantValue

ANY = TensorOf(Element.ANY | Element.QUANTIZED_PER_AXIS, unranked=True)
BOOL = TensorOf(Element.BOOL, unranked=True)
FLOAT = TensorOf(Element.FLOAT, unranked=True)
COMPLEX = TensorOf(Element.COMPLEX, unranked=True)
INEXACT = TensorOf(Element.INEXACT, unranked=True)
INTEGRAL = TensorOf(Element.INTEGRAL, unranked=True)

OPS: list[type[IRDLOperation]] = []
"""Every op of the dialect, in order of definition."""


@irdl_attr_definition
class ComparisonDirectionAttr(EnumAttribute[ComparisonDirection], SpacedOpaqueSyntaxAttribute):
    name = "chlo.comparison_direction"


@irdl_attr_definition
class ComparisonTypeAttr(EnumAttribute[ComparisonType], SpacedOpaqueSyntaxAttribute):
    name = "chlo.comparison_type"


@irdl_attr_definition
class PrecisionAttr(EnumAttribute[Precision], SpacedOpaqueSyntaxAttribute):
    name = "chlo.precision"


@irdl_attr_definition
class RaggedDotDimensionNumbersAttr(RecordAttr):
    """Which dimensions `chlo.ragged_dot` batches over, sums over, and splits into groups."""

    name = "chlo.ragged_dot"

    lhs_batching_dimensions: ArrayAttr[IntAttr]
    rhs_batching_dimensions: ArrayAttr[IntAttr]
    lhs_contracting_dimensions: ArrayAttr[IntAttr]
    rhs_contracting_dimensions: ArrayAttr[IntAttr]
    lhs_ragged_dimensions: ArrayAttr[IntAttr]
    rhs_group_dimensions: ArrayAttr[IntAttr]

    DEFAULTS: ClassVar[dict[str, Attribute | None]] = {
        "lhs_batching_dimensions": EMPTY,
        "rhs_batching_dimensions": EMPTY,
        "lhs_contracting_dimensions": EMPTY,
        "rhs_contracting_dimensions": EMPTY,
        "lhs_ragged_dimensions": EMPTY,
        "rhs_group_dimensions": EMPTY,
    }


class ChloOp(IRDLOperation, ABC):
    """Base of all ops. A subclass that is given its op's name is defined and registered by it."""

    def __init_subclass__(
        cls, *, op: str | None = None, has_region: bool = False, **kwargs: object
    ) -> None:
        super().__init_subclass__(**kwargs)
        if op is not None:
            cls.name = f"chlo.{op}"
            (irdl_op_definition if has_region else hlo_op)(cls)
            OPS.append(cls)


class UnaryOp(ChloOp, ABC):
    """A function of each element."""

    operand = operand_def(INEXACT)
    result = result_def(INEXACT)

    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$operand attr-dict `:` type($operand) `->` type($result)"

    def verify_(self) -> None:
        check_same_type(self)
        _check_same_rank(self)


class FloatUnaryOp(UnaryOp, ABC):
    """A function of each real number."""

    operand = operand_def(FLOAT)
    result = result_def(FLOAT)


class TestOp(UnaryOp, ABC):
    """Whether something holds of each real number."""

    operand = operand_def(FLOAT)
    result = result_def(BOOL)

    def verify_(self) -> None:
        check(
            shapes_compatible(self.operand.type, self.result.type),
            f"{self.result.type} does not have the shape of {self.operand.type}",
        )
        _check_same_rank(self)


def _check_same_rank(op: IRDLOperation) -> None:
    """Either no number of dimensions is known, or all are, which the checks of shapes see to."""
    types = (*op.operand_types, *op.result_types)
    unranked = [isinstance(type, UnrankedTensorType) for type in types]
    check(all(unranked) or not any(unranked), "tensors with and without a rank do not mix")


class BinaryOp(ChloOp, ABC):
    """A function of each pair of elements."""

    lhs = operand_def(FLOAT)
    rhs = operand_def(FLOAT)
    result = result_def(FLOAT)

    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)"

    def verify_(self) -> None:
        check_same_type(self)


# fmt: off
class AsinAcosKernelOp(UnaryOp, op="_asin_acos_kernel"):
    """What the inverse sine and cosine of a complex number are made of."""

    operand = operand_def(COMPLEX)
    result = result_def(COMPLEX)


class AcosOp(UnaryOp, op="acos"):
    """The inverse cosine."""


class AcoshOp(UnaryOp, op="acosh"):
    """The inverse hyperbolic cosine."""


class AsinOp(UnaryOp, op="asin"):
    """The inverse sine."""


class AsinhOp(UnaryOp, op="asinh"):
    """The inverse hyperbolic sine."""


class AtanOp(UnaryOp, op="atan"):
    """The inverse tangent."""


class AtanhOp(UnaryOp, op="atanh"):
    """The inverse hyperbolic tangent."""


class BesselI1eOp(UnaryOp, op="bessel_i1e"):
    """The modified Bessel function of order 1, scaled by exp(-abs(x))."""


class ConjOp(UnaryOp, op="conj"):
    """The complex conjugate."""


class CoshOp(UnaryOp, op="cosh"):
    """The hyperbolic cosine."""


class SinhOp(UnaryOp, op="sinh"):
    """The hyperbolic sine."""


class SquareOp(UnaryOp, op="square"):
    """Each element times itself."""


class TanOp(UnaryOp, op="tan"):
    """The tangent."""


class DigammaOp(FloatUnaryOp, op="digamma"):
    """The derivative of the logarithm of the gamma function."""


class ErfInvOp(FloatUnaryOp, op="erf_inv"):
    """The inverse error function."""


class ErfOp(FloatUnaryOp, op="erf"):
    """The error function."""


class ErfcOp(FloatUnaryOp, op="erfc"):
    """1 minus the error function, exact where that is near 1."""


class LgammaOp(FloatUnaryOp, op="lgamma"):
    """The logarithm of the modulus of the gamma function."""


class IsInfOp(TestOp, op="is_inf"):
    """Whether each element is infinite."""


class IsNegInfOp(TestOp, op="is_neg_inf"):
    """Whether each element is minus infinity."""


class IsPosInfOp(TestOp, op="is_pos_inf"):
    """Whether each element is plus infinity."""


class MulhiOp(BinaryOp, op="mulhi"):
    """The upper half of the bits of each product."""

    lhs = operand_def(INTEGER_TENSOR)
    rhs = operand_def(INTEGER_TENSOR)
    result = result_def(INTEGER_TENSOR)

    traits = traits_def(Commutative())


class NextAfterOp(BinaryOp, op="next_after"):
    """The number that follows lhs in the direction of rhs."""


class PolygammaOp(BinaryOp, op="polygamma"):
    """The derivative of order lhs of the digamma function, at rhs."""


class ZetaOp(BinaryOp, op="zeta"):
    """The Hurwitz zeta function of exponent lhs and offset rhs."""
# fmt: on


class BroadcastBinaryOp(ChloOp, ABC):
    """A function of each pair of elements, of operands that are broadcast to one shape.

    Dimension i of the operand with fewer dimensions is `broadcast_dimensions[i]` of the other's;
    by default its last one is the other's last one, and so on.
    """

    KINDS: ClassVar[AttrConstraint]

    lhs = operand_def(ANY)
    rhs = operand_def(ANY)
    broadcast_dimensions = opt_prop_def(DIMS)
    result = result_def(ANY)

    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        "$lhs `,` $rhs attr-dict `:` `(` type($lhs) `,` type($rhs) `)` `->` type($result)"
    )

    def verify_(self) -> None:
        check_same_element(self.lhs, self.rhs)
        check(
            elements_compatible(element_of(self.result), self.result_element()),
            f"the result is {self.result.type}, expected elements {self.result_element()}",
        )
        self._check_shapes()

    def result_element(self) -> Attribute:
        """What the elements of the result are, given those of the operands."""
        return element_of(self.lhs)

    def _check_shapes(self) -> None:
        types = self.lhs.type, self.rhs.type, self.result.type
        if any(isinstance(type, UnrankedTensorType) for type in types):
            return
        shapes = sorted((shape_of(self.lhs), shape_of(self.rhs)), key=len)
        small, large = shapes
        places = range(len(large) - len(small), len(large))
        given = self.broadcast_dimensions
        if given is not None:
            places = given.get_values()
            if len(places) != len(small) or not set(places) <= set(range(len(large))):
                return  # nothing follows from dimensions that are not there
        expected = list(large)
        for size, place in zip(small, places, strict=True):
            other = expected[place]
            if 1 not in (size, other) and not sizes_compatible(size, other):
                return  # nothing follows from sizes that do not broadcast
            if 1 in (size, other):
                expected[place] = size if other == 1 else other
            elif other == DYNAMIC_INDEX:
                expected[place] = size
        check_shape("result", self.result, expected)


class BroadcastAddOp(BroadcastBinaryOp, op="broadcast_add"):
    """The sum, with broadcasting."""

    traits = traits_def(Commutative())


class BroadcastAndOp(BroadcastBinaryOp, op="broadcast_and"):
    """The conjunction of booleans or bits, with broadcasting."""

    lhs = operand_def(INTEGRAL)
    rhs = operand_def(INTEGRAL)
    traits = traits_def(Commutative())


class BroadcastAtan2Op(BroadcastBinaryOp, op="broadcast_atan2"):
    """The angle of the point (rhs, lhs), with broadcasting."""


class BroadcastComplexOp(BroadcastBinaryOp, op="broadcast_complex"):
    """A complex number from its parts, with broadcasting."""

    lhs = operand_def(FLOAT)
    rhs = operand_def(FLOAT)
    result = result_def(COMPLEX)

    def result_element(self) -> Attribute:
        return ComplexType(element_of(self.lhs))  # type: ignore[arg-type]


class BroadcastDivideOp(BroadcastBinaryOp, op="broadcast_divide"):
    """The quotient, with broadcasting."""


class BroadcastMaximumOp(BroadcastBinaryOp, op="broadcast_maximum"):
    """The greater of each pair, with broadcasting."""

    traits = traits_def(Commutative())


class BroadcastMinimumOp(BroadcastBinaryOp, op="broadcast_minimum"):
    """The smaller of each pair, with broadcasting."""

    traits = traits_def(Commutative())


class BroadcastMultiplyOp(BroadcastBinaryOp, op="broadcast_multiply"):
    """The product, with broadcasting."""

    traits = traits_def(Commutative())


class BroadcastNextAfterOp(BroadcastBinaryOp, op="broadcast_next_after"):
    """The number that follows lhs in the direction of rhs, with broadcasting."""


class BroadcastOrOp(BroadcastBinaryOp, op="broadcast_or"):
    """The disjunction of booleans or bits, with broadcasting."""

    lhs = operand_def(INTEGRAL)
    rhs = operand_def(INTEGRAL)
    traits = traits_def(Commutative())


class BroadcastPolygammaOp(BroadcastBinaryOp, op="broadcast_polygamma"):
    """The derivative of order lhs of the digamma function, at rhs, with broadcasting."""


class BroadcastPowerOp(BroadcastBinaryOp, op="broadcast_power"):
    """lhs to the power of rhs, with broadcasting."""


class BroadcastRemainderOp(BroadcastBinaryOp, op="broadcast_remainder"):
    """The remainder of truncating division, with broadcasting."""


class BroadcastShiftLeftOp(BroadcastBinaryOp, op="broadcast_shift_left"):
    """The bits moved up, with broadcasting."""


class BroadcastShiftRightArithmeticOp(BroadcastBinaryOp, op="broadcast_shift_right_arithmetic"):
    """The bits moved down, with copies of the sign above, with broadcasting."""


class BroadcastShiftRightLogicalOp(BroadcastBinaryOp, op="broadcast_shift_right_logical"):
    """The bits moved down, with zeros above, with broadcasting."""


class BroadcastSubtractOp(BroadcastBinaryOp, op="broadcast_subtract"):
    """The difference, with broadcasting."""


class BroadcastXorOp(BroadcastBinaryOp, op="broadcast_xor"):
    """Whether booleans or bits differ, with broadcasting."""

    lhs = operand_def(INTEGRAL)
    rhs = operand_def(INTEGRAL)
    traits = traits_def(Commutative())


class BroadcastZetaOp(BroadcastBinaryOp, op="broadcast_zeta"):
    """The Hurwitz zeta function, with broadcasting."""

    lhs = operand_def(FLOAT)
    rhs = operand_def(FLOAT)
    result = result_def(FLOAT)


class BroadcastCompareOp(BroadcastBinaryOp, op="broadcast_compare"):
    """Whether the relation holds between each pair of elements, with broadcasting."""

    comparison_direction = prop_def(ComparisonDirectionAttr)
    compare_type = opt_prop_def(ComparisonTypeAttr)
    result = result_def(BOOL)

    def result_element(self) -> Attribute:
        return element_of(self.result)


class BroadcastSelectOp(ChloOp, op="broadcast_select"):
    """Each element from `on_true` or `on_false`, with broadcasting."""

    pred = operand_def(TensorOf(Element.BOOL))
    on_true = operand_def(ANY)
    on_false = operand_def(ANY)
    result = result_def(ANY)

    traits = traits_def(Pure())
    assembly_format = (
        "$pred `,` $on_true `,` $on_false attr-dict "
        "`:` `(` type($pred) `,` type($on_true) `,` type($on_false) `)` `->` type($result)"
    )

    def verify_(self) -> None:
        check_same_element(self.on_true, self.on_false, self.result)
        values = self.pred, self.on_true, self.on_false
        if any(isinstance(v.type, UnrankedTensorType) for v in (*values, self.result)):
            return
        rank = max(len(shape_of(value)) for value in values)
        padded = [(1,) * (rank - len(shape_of(v))) + tuple(shape_of(v)) for v in values]
        expected = []
        for sizes in zip(*padded, strict=True):
            others = {size for size in sizes if size not in (1, DYNAMIC_INDEX)}
            if len(others) > 1:
                return  # nothing follows from sizes that do not broadcast
            unknown = DYNAMIC_INDEX if DYNAMIC_INDEX in sizes else 1
            expected.append(others.pop() if others else unknown)
        check_shape("result", self.result, expected)


@irdl_custom_directive
class Dense(CustomDirective):
    """`dense<...> : type`."""

    value: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        self.value.set(state, parse_dense(parser))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        value = self.value.get(op)
        assert isinstance(value, DenseIntOrFPElementsAttr)
        print_dense(printer, value)


class ConstantOp(ChloOp, op="constant", has_region=True):
    """A tensor known to the compiler."""

    value = prop_def(DenseIntOrFPElementsAttr)
    output = result_def(STATIC_TENSOR)

    traits = traits_def(Pure(), ConstantLike(), ConstantValue())

    @classmethod
    def parse(cls, parser: Parser) -> "ConstantOp":
        attributes = parser.parse_optional_attr_dict()
        value = parse_dense(parser)
        return cls.create(
            properties={"value": value}, attributes=attributes, result_types=[value.get_type()]
        )

    def print(self, printer: Printer) -> None:
        printer.print_op_attributes(self.attributes)
        printer.print_string(" ")
        print_dense(printer, self.value)

    def verify_(self) -> None:
        check_type("result", self.output, self.value.get_type())


class ConstantLikeOp(ChloOp, op="constant_like", has_region=True):
    """One value in every place of a tensor shaped like the operand."""

    operand = operand_def(ANY)
    value = prop_def(Attribute)
    result = result_def(ANY)

    traits = traits_def(Pure())

    def verify_(self) -> None:
        value = self.value
        check(
            value.name == "complex.number"
            or (
                isinstance(value, IntegerAttr | FloatAttr) and value.type == element_of(self.result)
            ),
            f"a value {value} is not an element of {self.result.type}",
        )
        check(
            shapes_compatible(self.operand.type, self.result.type),
            f"{self.result.type} does not have the shape of {self.operand.type}",
        )


class TopKOp(ChloOp, op="top_k"):
    """The `k` largest elements along the last dimension, with their places."""

    operand = operand_def(ANY)
    k = prop_def(DIM)
    is_stable = opt_prop_def(BoolAttr, default_value=BoolAttr.from_bool(True))
    values = result_def(ANY)
    indices = result_def(ANY)

    traits = traits_def(Pure())
    assembly_format = (
        "`(` $operand `,` `k` `=` $k (`,` `is_stable` `=` $is_stable^)? `)` attr-dict "
        "`:` type($operand) `->` `(` type($values) `,` type($indices) `)`"
    )

    def verify_(self) -> None:
        check(element_of(self.values) == element_of(self.operand), "values differ in element type")
        check(element_of(self.indices) == i32, "indices are of type i32")
        types = self.operand.type, self.values.type, self.indices.type
        if any(isinstance(type, UnrankedTensorType) for type in types):
            return
        shape, k = shape_of(self.operand), self.k.value.data
        check(
            bool(shape) and (shape[-1] == DYNAMIC_INDEX or k <= shape[-1]),
            f"no top {k} elements in {self.operand.type}",
        )
        check_shape("values", self.values, (*shape[:-1], k))
        check_shape("indices", self.indices, (*shape[:-1], k))


class RaggedDotOp(ChloOp, op="ragged_dot", has_region=True):
    """Sums of products for groups of rows, each with a matrix of its own.

    The rows of a group follow each other along a ragged dimension of `lhs`, and `group_sizes`
    says how many there are. If that dimension is kept, each group of rows is multiplied with the
    matrix at its place in the group dimension of `rhs`; if it is summed over, the result has a
    new first dimension for the groups; if it is batched over, the groups make no difference.
    """

    lhs = operand_def(ANY)
    rhs = operand_def(ANY)
    group_sizes = operand_def(INTEGER_TENSOR)
    ragged_dot_dimension_numbers = prop_def(RaggedDotDimensionNumbersAttr)
    precision_config = opt_prop_def(ArrayAttr[PrecisionAttr])
    result = result_def(ANY)

    traits = traits_def(Pure())

    def verify_(self) -> None:
        numbers = self.ragged_dot_dimension_numbers
        types = self.lhs.type, self.rhs.type, self.result.type
        if any(isinstance(type, UnrankedTensorType) for type in types):
            return
        lhs, rhs = shape_of(self.lhs), shape_of(self.rhs)
        lhs_batch, rhs_batch = (
            ints(numbers.lhs_batching_dimensions),
            ints(numbers.rhs_batching_dimensions),
        )
        lhs_sum, rhs_sum = (
            ints(numbers.lhs_contracting_dimensions),
            ints(numbers.rhs_contracting_dimensions),
        )
        ragged, group = ints(numbers.lhs_ragged_dimensions), ints(numbers.rhs_group_dimensions)
        check(len(ragged) == 1, "there must be one ragged dimension")
        check_dims("dimensions of lhs", lhs_batch + lhs_sum, len(lhs))
        check_dims("the ragged dimension", ragged, len(lhs))
        check_dims("dimensions of rhs", rhs_batch + rhs_sum + group, len(rhs))
        check(
            len(lhs_batch) == len(rhs_batch) and len(lhs_sum) == len(rhs_sum),
            "lhs and rhs differ in their number of batching or contracting dimensions",
        )
        for i, j in zip(lhs_batch + lhs_sum, rhs_batch + rhs_sum, strict=True):
            check(
                sizes_compatible(lhs[i], rhs[j]),
                f"dimension {i} of lhs has size {lhs[i]}, dimension {j} of rhs {rhs[j]}",
            )
        is_kept = ragged[0] not in lhs_batch + lhs_sum
        check(
            len(group) == (1 if is_kept else 0),
            "rhs has a group dimension where the ragged one is kept, and only there",
        )
        sizes = shape_of(self.group_sizes)
        check(len(sizes) > 0, "group_sizes must have a dimension")
        groups = list(sizes)
        if len(groups) > 1:
            outer = _before(ragged[0], lhs_batch, lhs_sum)
            check_shape("group_sizes", self.group_sizes, [*(lhs[i] for i in outer), groups[-1]])
        expected = [lhs[i] for i in lhs_batch]
        expected += [size for i, size in enumerate(lhs) if i not in lhs_batch + lhs_sum]
        expected += [size for j, size in enumerate(rhs) if j not in rhs_batch + rhs_sum + group]
        if ragged[0] in lhs_sum:
            expected.insert(0, groups[-1])
        if group:
            check(
                sizes_compatible(rhs[group[0]], groups[-1]),
                f"there are {groups[-1]} groups, but {rhs[group[0]]} in rhs",
            )
        check_shape("result", self.result, expected)


def _before(ragged: int, batch: Sequence[int], summed: Sequence[int]) -> Sequence[int]:
    """The dimensions of lhs whose indices have groups of their own."""
    if ragged in batch:
        return batch[: batch.index(ragged)]
    if ragged in summed:
        return (*batch, *summed[: summed.index(ragged)])
    return (*batch, *(i for i in range(ragged) if i not in (*batch, *summed)))


class ScanOp(ChloOp, op="scan", has_region=True):
    """Carries values along a dimension: `body` makes outputs and the next carried values.

    The body's arguments are a slice of each input and each carried value.
    """

    inputs = var_operand_def(ANY)
    inits = var_operand_def(ANY)
    dimension = prop_def(DIM)
    scan_dim_size = opt_prop_def(DIM)
    is_reverse = opt_prop_def(BoolAttr, default_value=BoolAttr.from_bool(False))
    is_associative = opt_prop_def(BoolAttr)
    body = region_def("single_block")
    outputs = var_result_def(ANY)
    carries = var_result_def(ANY)

    traits = traits_def(IsolatedFromAbove(), RecursiveMemoryEffect())
    irdl_options = (
        AttrSizedOperandSegments(as_property=True),
        AttrSizedResultSegments(as_property=True),
    )

    def verify_(self) -> None:
        check(len(self.inputs) + len(self.outputs) > 0, "nothing to scan")
        dimension = self.dimension.value.data
        size = DYNAMIC_INDEX if self.scan_dim_size is None else self.scan_dim_size.value.data
        for value in self.inputs:
            check(isinstance(value.type, TensorType), f"cannot scan {value.type}")
            check_dim("dimension", dimension, len(shape_of(value)))
            length = shape_of(value)[dimension]
            check(sizes_compatible(size, length), f"inputs of lengths {size} and {length}")
            size = length if size == DYNAMIC_INDEX else size
        args = self.body.block.args
        check(len(args) == len(self.operands), f"the body needs {len(self.operands)} arguments")
        for i, (arg, operand) in enumerate(zip(args, self.operands, strict=True)):
            is_input = i < len(self.inputs)
            check_type(f"argument {i}", arg, _slice_of(operand, dimension, is_input))
        values = returned("the body", self.body)
        check(len(values) == len(self.results), f"the body must return {len(self.results)} values")
        for i, (value, result) in enumerate(zip(values, self.results, strict=True)):
            is_output = i < len(self.outputs)
            check_type(f"returned value {i}", value, _slice_of(result, dimension, is_output))
            check(
                not is_output
                or not isinstance(result.type, TensorType)
                or sizes_compatible(shape_of(result)[dimension], size),
                f"output {i} is not of length {size}",
            )

    @classmethod
    def parse(cls, parser: Parser) -> "ScanOp":
        inputs = parser.parse_op_args_list()
        parser.parse_keyword("inits")
        inits = parser.parse_op_args_list()
        parser.parse_keyword("dimension")
        parser.parse_punctuation("=")
        properties: dict[str, Attribute] = {"dimension": IntegerAttr(parser.parse_integer(), 64)}
        given = parser.parse_optional_attr_dict_with_keyword()
        attributes = dict(given.data) if given is not None else {}
        for name in ("scan_dim_size", "is_reverse", "is_associative"):
            if name in attributes:
                properties[name] = attributes.pop(name)
        body = parser.parse_region()
        parser.parse_punctuation(":")
        position = parser.pos
        type = parser.parse_function_type()
        outputs = len(type.outputs) - len(inits)
        properties["operandSegmentSizes"] = _segments(len(inputs), len(inits))
        properties["resultSegmentSizes"] = _segments(outputs, len(inits))
        return cls.create(
            operands=parser.resolve_operands([*inputs, *inits], type.inputs.data, position),
            result_types=type.outputs.data,
            properties=properties,
            attributes=attributes,
            regions=[body],
        )

    def print(self, printer: Printer) -> None:
        printer.print_operands(self.inputs)
        printer.print_string(" inits ")
        printer.print_operands(self.inits)
        printer.print_string(f" dimension={self.dimension.value.data} ")
        names = ("is_associative", "is_reverse", "scan_dim_size")
        properties = {name: self.properties[name] for name in names if name in self.properties}
        printer.print_op_attributes(properties | self.attributes, print_keyword=True)
        printer.print_string(" ")
        printer.print_region(self.body)
        printer.print_string(" : ")
        printer.print_operation_type(self)


def _segments(*sizes: int) -> DenseArrayBase:
    return DenseArrayBase.from_list(i32, sizes)


def _slice_of(value: SSAValue, dimension: int, is_scanned: bool) -> Attribute:
    """The type of one slice of a tensor along a dimension, if it is scanned."""
    if not is_scanned or not isinstance(value.type, TensorType):
        return value.type
    shape = list(value.type.get_shape())
    check_dim("dimension", dimension, len(shape))
    del shape[dimension]
    return TensorType(value.type.element_type, shape)


CHLO = Dialect(
    "chlo",
    list[type[Operation]](OPS),
    [
        ComparisonDirectionAttr,
        ComparisonTypeAttr,
        PrecisionAttr,
        RaggedDotDimensionNumbersAttr,
    ],
)
