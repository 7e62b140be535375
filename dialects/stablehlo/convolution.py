"""Convolutions."""

from collections.abc import Sequence
from typing import cast

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    I1,
    ArrayAttr,
    DenseArrayBase,
)
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    base,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
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
from xdsl.traits import Pure

from xcs.dialects.quant import UniformQuantizedType

from .attributes import ConvDimensionNumbersAttr, PrecisionAttr, ints
from .base import (
    DIM,
    DIMS,
    INTEGERS,
    QUANTIZABLE_TENSOR,
    TENSOR,
    Element,
    TensorOf,
    check,
    check_dims,
    check_same_element,
    check_shape,
    constant_ints,
    element_of,
    shape_of,
)
from .contraction import check_precisions
from .forms import hlo_op
from .quantization import any_quantized, check_contraction_quantization
from .window import WindowAttributes, or_ones, padding_pairs, window_counts

BOOLS = base(DenseArrayBase[I1])


@irdl_custom_directive
class ConvolutionDimensions(CustomDirective):
    """`[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]`."""

    numbers: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        numbers = ConvDimensionNumbersAttr.new(ConvDimensionNumbersAttr.parse_lists(parser))
        self.numbers.set(state, numbers)

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        text = cast(ConvDimensionNumbersAttr, self.numbers.get(op)).lists()
        assert text is not None, "the verifier has seen to it that each dimension has one meaning"
        printer.print_string(text)


@hlo_op
class ConvolutionOp(IRDLOperation):
    """Sums of products of the kernel `rhs` with each window of `lhs`."""

    name = "stablehlo.convolution"
    lhs = operand_def(TENSOR)
    rhs = operand_def(QUANTIZABLE_TENSOR)
    window_strides = opt_prop_def(DIMS)
    padding = opt_prop_def(INTEGERS)
    lhs_dilation = opt_prop_def(DIMS)
    rhs_dilation = opt_prop_def(DIMS)
    window_reversal = opt_prop_def(BOOLS)
    dimension_numbers = prop_def(ConvDimensionNumbersAttr)
    feature_group_count = prop_def(DIM)
    batch_group_count = prop_def(DIM)
    precision_config = opt_prop_def(ArrayAttr[PrecisionAttr])
    result = result_def(QUANTIZABLE_TENSOR)

    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    custom_directives = (ConvolutionDimensions, WindowAttributes)
    assembly_format = (
        "`(` operands `)` `dim_numbers` `=` custom<ConvolutionDimensions>($dimension_numbers) `,` "
        "`window` `=` `{` custom<WindowAttributes>($window_strides, $padding, $lhs_dilation, "
        "$rhs_dilation, $window_reversal) `}` attr-dict "
        "`:` custom<Signature>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        check_convolution(self, padding_pairs(self.padding, len(shape_of(self.lhs)) - 2))


@irdl_op_definition
class DynamicConvOp(IRDLOperation):
    """A convolution whose padding is computed, before and after each spatial dimension.

    As upstream, it may have any number of strides, dilations and reversals.
    """

    name = "stablehlo.dynamic_conv"
    lhs = operand_def(TENSOR)
    rhs = operand_def(QUANTIZABLE_TENSOR)
    padding = operand_def(TensorOf(Element.INTEGER, rank=2, static=True))
    window_strides = opt_prop_def(DIMS)
    lhs_dilation = opt_prop_def(DIMS)
    rhs_dilation = opt_prop_def(DIMS)
    window_reversal = opt_prop_def(BOOLS)
    dimension_numbers = prop_def(ConvDimensionNumbersAttr)
    feature_group_count = prop_def(DIM)
    batch_group_count = prop_def(DIM)
    precision_config = opt_prop_def(ArrayAttr[PrecisionAttr])
    result = result_def(QUANTIZABLE_TENSOR)

    traits = traits_def(Pure())

    def verify_(self) -> None:
        rank = len(shape_of(self.lhs)) - 2
        check_shape("padding", self.padding, (rank, 2))
        amounts = constant_ints(self.padding)
        windows = self.window_strides, self.lhs_dilation, self.rhs_dilation, self.window_reversal
        padding = None
        if amounts is not None and all(w is None or len(w) in (0, rank) for w in windows):
            padding = list(zip(amounts[::2], amounts[1::2], strict=True))
        check_convolution(self, padding)


def check_convolution(
    op: ConvolutionOp | DynamicConvOp, padding: Sequence[tuple[int, int]] | None
) -> None:
    """The convolution is possible, and its result has the shape that follows.

    Without the padding, the sizes of the result that depend on the window are unknown.
    """
    lhs, rhs, numbers = shape_of(op.lhs), shape_of(op.rhs), op.dimension_numbers
    check(len(lhs) == len(rhs) >= 2, f"no convolution of {op.lhs.type} with {op.rhs.type}")
    _check_dimension_numbers(numbers, len(lhs))
    groups, batches = op.feature_group_count.value.data, op.batch_group_count.value.data
    check(groups >= 1 and batches >= 1, "group counts must be at least 1")
    check(groups == 1 or batches == 1, "only one of the group counts can be more than 1")
    check_precisions(op.precision_config)
    rank = len(lhs) - 2
    check(
        padding is None or op.window_reversal is None or len(op.window_reversal) in (0, rank),
        "window_reversal needs an entry for each spatial dimension",
    )
    batch, features = (
        lhs[numbers.input_batch_dimension.data],
        lhs[numbers.input_feature_dimension.data],
    )
    read, made = (
        rhs[numbers.kernel_input_feature_dimension.data],
        rhs[numbers.kernel_output_feature_dimension.data],
    )
    _check_divides("batch_group_count", batches, "the batch", batch)
    _check_divides("batch_group_count", batches, "the output features of the kernel", made)
    _check_divides("feature_group_count", groups, "the features", features)
    _check_divides("feature_group_count", groups, "the output features of the kernel", made)
    check(
        DYNAMIC_INDEX in (features, read) or features == read * groups,
        f"{features} features in {groups} groups do not match a kernel of {read} input features",
    )
    counts = [DYNAMIC_INDEX] * rank
    if padding is not None:
        counts = window_counts(
            [lhs[i] for i in ints(numbers.input_spatial_dimensions)],
            [rhs[i] for i in ints(numbers.kernel_spatial_dimensions)],
            or_ones(op.window_strides, rank),
            padding,
            or_ones(op.lhs_dilation, rank),
            or_ones(op.rhs_dilation, rank),
        )
    expected = [0] * len(lhs)
    for place, count in zip(ints(numbers.output_spatial_dimensions), counts, strict=True):
        expected[place] = count
    expected[numbers.output_batch_dimension.data] = (
        batch if batch == DYNAMIC_INDEX else batch // batches
    )
    expected[numbers.output_feature_dimension.data] = made
    check_shape("result", op.result, expected)
    if any_quantized(op.lhs.type, op.rhs.type, op.result.type):
        _check_quantization(op)
    else:
        check_same_element(op.lhs, op.rhs)


def _check_quantization(op: ConvolutionOp | DynamicConvOp) -> None:
    lhs, rhs, result = map(element_of, (op.lhs, op.rhs, op.result))
    numbers = op.dimension_numbers
    for what, element, axis in (
        ("rhs", rhs, numbers.kernel_output_feature_dimension.data),
        ("result", result, numbers.output_feature_dimension.data),
    ):
        check(
            not isinstance(element, UniformQuantizedType)
            or not element.is_per_axis
            or element.axis == axis,
            f"the scales of {what} must be along its output features, dimension {axis}",
        )
    check_contraction_quantization(lhs, rhs, result)


def _check_dimension_numbers(numbers: ConvDimensionNumbersAttr, rank: int) -> None:
    for what, first, second, spatial in (
        (
            "input",
            numbers.input_batch_dimension,
            numbers.input_feature_dimension,
            numbers.input_spatial_dimensions,
        ),
        (
            "kernel",
            numbers.kernel_input_feature_dimension,
            numbers.kernel_output_feature_dimension,
            numbers.kernel_spatial_dimensions,
        ),
        (
            "output",
            numbers.output_batch_dimension,
            numbers.output_feature_dimension,
            numbers.output_spatial_dimensions,
        ),
    ):
        places = (first.data, second.data, *ints(spatial))
        check(len(places) == rank, f"the {what} has rank {rank}, not {len(places)}")
        check_dims(f"dimensions of the {what}", places, rank)


def _check_divides(what: str, count: int, of: str, size: int) -> None:
    check(
        size == DYNAMIC_INDEX or size % count == 0,
        f"{what} {count} does not divide {of}, {size}",
    )


OPS: list[type[IRDLOperation]] = [ConvolutionOp, DynamicConvOp]
