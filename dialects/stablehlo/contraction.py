"""Ops that sum products of elements."""

from collections.abc import Sequence
from typing import cast

from xdsl.dialects.builtin import DYNAMIC_INDEX, ArrayAttr
from xdsl.irdl import (
    IRDLOperation,
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

from .attributes import (
    DotAlgorithmAttr,
    DotDimensionNumbersAttr,
    Precision,
    PrecisionAttr,
    dims_attr,
    ints,
    print_dims,
)
from .base import (
    QUANTIZABLE_TENSOR,
    TENSOR,
    check,
    check_dims,
    check_shape,
    element_of,
    shape_of,
    sizes_compatible,
)
from .forms import hlo_op
from .quantization import any_quantized, check_contraction_quantization


@irdl_custom_directive
class DotDimensions(CustomDirective):
    """`batching_dims = [0] x [0], contracting_dims = [2] x [1]`; no batching if there is none."""

    numbers: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        lhs_batch, rhs_batch = [], []
        if parser.parse_optional_keyword("batching_dims") is not None:
            lhs_batch, rhs_batch = _parse_pair(parser)
            parser.parse_punctuation(",")
        parser.parse_keyword("contracting_dims")
        lhs, rhs = _parse_pair(parser)
        groups = (lhs_batch, rhs_batch, lhs, rhs)
        self.numbers.set(state, DotDimensionNumbersAttr(*map(dims_attr, groups)))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        numbers = cast(DotDimensionNumbersAttr, self.numbers.get(op))
        if len(numbers.lhs_batching_dimensions) or len(numbers.rhs_batching_dimensions):
            printer.print_string(" batching_dims = ")
            print_dims(printer, numbers.lhs_batching_dimensions)
            printer.print_string(" x ")
            print_dims(printer, numbers.rhs_batching_dimensions)
            printer.print_string(",")
        printer.print_string(" contracting_dims = ")
        print_dims(printer, numbers.lhs_contracting_dimensions)
        printer.print_string(" x ")
        print_dims(printer, numbers.rhs_contracting_dimensions)


def _parse_pair(parser: Parser) -> tuple[list[int], list[int]]:
    """Parse `= [0] x [1]`."""
    parser.parse_punctuation("=")
    lhs = parser.parse_comma_separated_list(parser.Delimiter.SQUARE, parser.parse_integer)
    parser.parse_keyword("x")
    rhs = parser.parse_comma_separated_list(parser.Delimiter.SQUARE, parser.parse_integer)
    return lhs, rhs


@irdl_custom_directive
class Precisions(CustomDirective):
    """`, precision = [DEFAULT, DEFAULT]`, or nothing."""

    config: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        if parser.parse_optional_punctuation(",") is None:
            return
        parser.parse_keyword("precision")
        parser.parse_punctuation("=")
        self.config.set(state, _parse_precisions(parser))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        _print_precisions(printer, self.config.get(op))


@irdl_custom_directive
class PrecisionsAndAlgorithm(CustomDirective):
    """`, precision = [DEFAULT, DEFAULT], algorithm = <...>`, either or both left out."""

    config: AttributeVariable
    algorithm: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        while parser.parse_optional_punctuation(",") is not None:
            keyword = parser.parse_keyword_in(("precision", "algorithm"))
            parser.parse_punctuation("=")
            if keyword == "precision":
                self.config.set(state, _parse_precisions(parser))
            else:
                fields = DotAlgorithmAttr.parse_parameters(parser)
                self.algorithm.set(state, DotAlgorithmAttr.new(fields))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        _print_precisions(printer, self.config.get(op))
        if (algorithm := self.algorithm.get(op)) is not None:
            printer.print_string(", algorithm = ")
            cast(DotAlgorithmAttr, algorithm).print_parameters(printer)


def _parse_precisions(parser: Parser) -> ArrayAttr[PrecisionAttr]:
    return ArrayAttr(
        PrecisionAttr(precision)
        for precision in parser.parse_comma_separated_list(
            parser.Delimiter.SQUARE, lambda: parser.parse_str_enum(Precision)
        )
    )


def _print_precisions(printer: Printer, config: object) -> None:
    if config is None:
        return
    printer.print_string(", precision = ")
    with printer.in_square_brackets():
        printer.print_list(
            cast(ArrayAttr[PrecisionAttr], config),
            lambda precision: precision.print_parameter(printer),
        )


@hlo_op
class DotGeneralOp(IRDLOperation):
    """Sums of products over the contracting dimensions, for each index of the batching ones.

    The result's dimensions are the batching ones, the rest of lhs, the rest of rhs.
    """

    name = "stablehlo.dot_general"
    lhs = operand_def(TENSOR)
    rhs = operand_def(QUANTIZABLE_TENSOR)
    dot_dimension_numbers = prop_def(DotDimensionNumbersAttr)
    precision_config = opt_prop_def(ArrayAttr[PrecisionAttr])
    algorithm = opt_prop_def(DotAlgorithmAttr)
    result = result_def(QUANTIZABLE_TENSOR)

    traits = traits_def(Pure())
    custom_directives = (DotDimensions, PrecisionsAndAlgorithm)
    assembly_format = (
        "$lhs `,` $rhs `,` custom<DotDimensions>($dot_dimension_numbers) "
        "custom<PrecisionsAndAlgorithm>($precision_config, $algorithm) attr-dict "
        "`:` custom<Signature>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        numbers = self.dot_dimension_numbers
        lhs_batch, rhs_batch = (
            ints(numbers.lhs_batching_dimensions),
            ints(numbers.rhs_batching_dimensions),
        )
        lhs_sum, rhs_sum = (
            ints(numbers.lhs_contracting_dimensions),
            ints(numbers.rhs_contracting_dimensions),
        )
        lhs, rhs = shape_of(self.lhs), shape_of(self.rhs)
        check_dims("dimensions of lhs", lhs_batch + lhs_sum, len(lhs))
        check_dims("dimensions of rhs", rhs_batch + rhs_sum, len(rhs))
        check(
            len(lhs_batch) == len(rhs_batch) and len(lhs_sum) == len(rhs_sum),
            "lhs and rhs differ in their number of batching or contracting dimensions",
        )
        for i, j in zip(lhs_batch + lhs_sum, rhs_batch + rhs_sum, strict=True):
            check(
                sizes_compatible(lhs[i], rhs[j]),
                f"dimension {i} of lhs has size {lhs[i]}, dimension {j} of rhs {rhs[j]}",
            )
        expected = [
            rhs[j] if lhs[i] == DYNAMIC_INDEX else lhs[i]
            for i, j in zip(lhs_batch, rhs_batch, strict=True)
        ]
        expected += [size for i, size in enumerate(lhs) if i not in lhs_batch + lhs_sum]
        expected += [size for j, size in enumerate(rhs) if j not in rhs_batch + rhs_sum]
        check_shape("result", self.result, expected)
        check_precisions(self.precision_config)
        if self.algorithm is not None and self.precision_config is not None:
            check(
                all(entry.data is Precision.DEFAULT for entry in self.precision_config),
                "an algorithm goes with precision DEFAULT",
            )
        self._check_quantization(rhs_sum)

    def _check_quantization(self, rhs_sum: Sequence[int]) -> None:
        if not any_quantized(self.lhs.type, self.rhs.type, self.result.type):
            return
        lhs, rhs, result = element_of(self.lhs), element_of(self.rhs), element_of(self.result)
        if isinstance(rhs, UniformQuantizedType):
            check(
                not any(point.data for point in rhs.zero_points), "the zero points of rhs must be 0"
            )
            check(
                not rhs.is_per_axis or rhs.axis not in rhs_sum,
                "rhs has scales along a dimension that is summed over",
            )
        check_contraction_quantization(lhs, rhs, result)


def check_precisions(config: ArrayAttr[PrecisionAttr] | None) -> None:
    """There is at most an entry for each operand."""
    check(config is None or len(config) <= 2, "precision_config has an entry for each operand")


@hlo_op
class DotOp(IRDLOperation):
    """The product of vectors or matrices; `dot_general` has taken its place."""

    name = "stablehlo.dot"
    lhs = operand_def(TENSOR)
    rhs = operand_def(QUANTIZABLE_TENSOR)
    precision_config = opt_prop_def(ArrayAttr[PrecisionAttr])
    result = result_def(QUANTIZABLE_TENSOR)

    traits = traits_def(Pure())
    custom_directives = (Precisions,)
    assembly_format = (
        "$lhs `,` $rhs custom<Precisions>($precision_config) attr-dict "
        "`:` custom<Signature>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        lhs, rhs = shape_of(self.lhs), shape_of(self.rhs)
        check(
            1 <= len(lhs) <= 2 and 1 <= len(rhs) <= 2 and sizes_compatible(lhs[-1], rhs[0]),
            f"{self.lhs.type} and {self.rhs.type} have no product",
        )
        check_shape("result", self.result, (*lhs[:-1], *rhs[1:]))
        check_precisions(self.precision_config)


OPS: list[type[IRDLOperation]] = [DotGeneralOp, DotOp]
