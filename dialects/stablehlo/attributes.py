"""Attributes and types of StableHLO."""

from abc import ABC
from collections.abc import Iterable, Sequence
from typing import ClassVar, cast

from xdsl.dialects.builtin import ArrayAttr, BoolAttr, IntAttr, IntegerAttr
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import (
    Attribute,
    ParametrizedAttribute,
    SpacedOpaqueSyntaxAttribute,
    TypeAttribute,
)
from xdsl.irdl import irdl_attr_definition
from xdsl.parser import AttrParser
from xdsl.printer import Printer
from xdsl.utils.str_enum import StrEnum


class ComparisonDirection(StrEnum):
    """The relation that `stablehlo.compare` tests."""

    EQ = "EQ"
    NE = "NE"
    GE = "GE"
    GT = "GT"
    LE = "LE"
    LT = "LT"


class ComparisonType(StrEnum):
    """The order in which `stablehlo.compare` reads its operands."""

    NOTYPE = "NOTYPE"
    FLOAT = "FLOAT"
    TOTALORDER = "TOTALORDER"
    SIGNED = "SIGNED"
    UNSIGNED = "UNSIGNED"


class Precision(StrEnum):
    """How exactly a contraction multiplies, per operand."""

    DEFAULT = "DEFAULT"
    HIGH = "HIGH"
    HIGHEST = "HIGHEST"


class FftType(StrEnum):
    """Which Fourier transform `stablehlo.fft` computes."""

    FFT = "FFT"
    IFFT = "IFFT"
    RFFT = "RFFT"
    IRFFT = "IRFFT"


class Transpose(StrEnum):
    """How `stablehlo.triangular_solve` reads its matrix."""

    NO_TRANSPOSE = "NO_TRANSPOSE"
    TRANSPOSE = "TRANSPOSE"
    ADJOINT = "ADJOINT"


class RngAlgorithm(StrEnum):
    """The generator behind `stablehlo.rng_bit_generator`."""

    DEFAULT = "DEFAULT"
    THREE_FRY = "THREE_FRY"
    PHILOX = "PHILOX"


class RngDistribution(StrEnum):
    """What `stablehlo.rng` draws from."""

    UNIFORM = "UNIFORM"
    NORMAL = "NORMAL"


class CustomCallApiVersion(StrEnum):
    """The calling convention of a `stablehlo.custom_call` target."""

    UNSPECIFIED = "API_VERSION_UNSPECIFIED"
    ORIGINAL = "API_VERSION_ORIGINAL"
    STATUS_RETURNING = "API_VERSION_STATUS_RETURNING"
    STATUS_RETURNING_UNIFIED = "API_VERSION_STATUS_RETURNING_UNIFIED"
    TYPED_FFI = "API_VERSION_TYPED_FFI"


@irdl_attr_definition
class ComparisonDirectionAttr(EnumAttribute[ComparisonDirection], SpacedOpaqueSyntaxAttribute):
    name = "stablehlo.comparison_direction"


@irdl_attr_definition
class ComparisonTypeAttr(EnumAttribute[ComparisonType], SpacedOpaqueSyntaxAttribute):
    name = "stablehlo.comparison_type"


@irdl_attr_definition
class PrecisionAttr(EnumAttribute[Precision], SpacedOpaqueSyntaxAttribute):
    name = "stablehlo.precision"


@irdl_attr_definition
class FftTypeAttr(EnumAttribute[FftType], SpacedOpaqueSyntaxAttribute):
    name = "stablehlo.fft_type"


@irdl_attr_definition
class TransposeAttr(EnumAttribute[Transpose], SpacedOpaqueSyntaxAttribute):
    name = "stablehlo.transpose"


@irdl_attr_definition
class RngAlgorithmAttr(EnumAttribute[RngAlgorithm], SpacedOpaqueSyntaxAttribute):
    name = "stablehlo.rng_algorithm"


@irdl_attr_definition
class RngDistributionAttr(EnumAttribute[RngDistribution], SpacedOpaqueSyntaxAttribute):
    name = "stablehlo.rng_distribution"


@irdl_attr_definition
class TokenType(ParametrizedAttribute, TypeAttribute):
    """Orders side effects: `!stablehlo.token`."""

    name = "stablehlo.token"


EMPTY = ArrayAttr[IntAttr](())
"""The default of a list field in a record."""


def dims_attr(dims: Iterable[int]) -> ArrayAttr[IntAttr]:
    """A list of dimension numbers, as records hold them."""
    return ArrayAttr(IntAttr(dim) for dim in dims)


class RecordAttr(ParametrizedAttribute, ABC):
    """An attribute written `<field = value, ...>`, in the order of `DEFAULTS`.

    Values are integers, lists of integers, booleans, or other attributes.
    """

    DEFAULTS: ClassVar[dict[str, Attribute | None]]
    """Each field's value where the text leaves it out; `None` if it has to be given."""

    PRINTS_DEFAULTS: ClassVar[bool] = False
    """Whether fields are written even where they equal their default, as upstream does for some."""

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            return cls.parse_fields(parser)

    @classmethod
    def parse_fields(cls, parser: AttrParser) -> Sequence[Attribute]:
        """Parse what stands between the brackets, fields in any order."""
        given: dict[str, Attribute] = {}
        while (name := parser.parse_optional_identifier()) is not None:
            if name not in cls.DEFAULTS or name in given:
                parser.raise_error(f"unexpected field '{name}' of {cls.name}")
            parser.parse_punctuation("=")
            given[name] = _parse_value(parser)
            if parser.parse_optional_punctuation(",") is None:
                break
        parameters: list[Attribute] = []
        for name, default in cls.DEFAULTS.items():
            value = given.get(name, default)
            if value is None:
                parser.raise_error(f"{cls.name} needs the field '{name}'")
            parameters.append(value)
        return parameters

    def print_parameters(self, printer: Printer) -> None:
        shown = [
            (name, value)
            for (name, default), value in zip(self.DEFAULTS.items(), self.parameters, strict=True)
            if self.PRINTS_DEFAULTS or value != default
        ]
        with printer.in_angle_brackets():
            printer.print_list(shown, lambda field: _print_field(printer, *field))


def _parse_value(parser: AttrParser) -> Attribute:
    numbers = parser.parse_optional_comma_separated_list(
        parser.Delimiter.SQUARE, parser.parse_integer
    )
    if numbers is not None:
        return dims_attr(numbers)
    if (boolean := parser.parse_optional_boolean()) is not None:
        return BoolAttr.from_bool(boolean)
    if (number := parser.parse_optional_integer(allow_boolean=False)) is not None:
        return IntAttr(number)
    return parser.parse_attribute()


def _print_field(printer: Printer, name: str, value: Attribute) -> None:
    printer.print_string(f"{name} = ")
    match value:
        case IntAttr():
            printer.print_int(value.data)
        case ArrayAttr():
            print_dims(printer, cast(ArrayAttr[IntAttr], value))
        case IntegerAttr():
            value.print_without_type(printer)
        case _:
            printer.print_attribute(value)


def print_dims(printer: Printer, dims: ArrayAttr[IntAttr]) -> None:
    """Print `[0, 1]`."""
    with printer.in_square_brackets():
        printer.print_list(dims, lambda dim: printer.print_int(dim.data))


def ints(attr: ArrayAttr[IntAttr]) -> tuple[int, ...]:
    """The numbers in a list field of a record."""
    return tuple(value.data for value in attr)


@irdl_attr_definition
class DotDimensionNumbersAttr(RecordAttr):
    """Which dimensions `stablehlo.dot_general` batches over, and which it sums over."""

    name = "stablehlo.dot"

    lhs_batching_dimensions: ArrayAttr[IntAttr]
    rhs_batching_dimensions: ArrayAttr[IntAttr]
    lhs_contracting_dimensions: ArrayAttr[IntAttr]
    rhs_contracting_dimensions: ArrayAttr[IntAttr]

    DEFAULTS: ClassVar[dict[str, Attribute | None]] = {
        "lhs_batching_dimensions": EMPTY,
        "rhs_batching_dimensions": EMPTY,
        "lhs_contracting_dimensions": EMPTY,
        "rhs_contracting_dimensions": EMPTY,
    }


@irdl_attr_definition
class DotAlgorithmAttr(RecordAttr):
    """The arithmetic that `stablehlo.dot_general` may use on an accelerator."""

    name = "stablehlo.dot_algorithm"

    lhs_precision_type: TypeAttribute
    rhs_precision_type: TypeAttribute
    accumulation_type: TypeAttribute
    lhs_component_count: IntAttr
    rhs_component_count: IntAttr
    num_primitive_operations: IntAttr
    allow_imprecise_accumulation: BoolAttr

    DEFAULTS: ClassVar[dict[str, Attribute | None]] = {
        "lhs_precision_type": None,
        "rhs_precision_type": None,
        "accumulation_type": None,
        "lhs_component_count": None,
        "rhs_component_count": None,
        "num_primitive_operations": None,
        "allow_imprecise_accumulation": None,
    }


@irdl_attr_definition
class GatherDimensionNumbersAttr(RecordAttr):
    """How `stablehlo.gather` places slices in its result."""

    name = "stablehlo.gather"

    offset_dims: ArrayAttr[IntAttr]
    collapsed_slice_dims: ArrayAttr[IntAttr]
    operand_batching_dims: ArrayAttr[IntAttr]
    start_indices_batching_dims: ArrayAttr[IntAttr]
    start_index_map: ArrayAttr[IntAttr]
    index_vector_dim: IntAttr

    DEFAULTS: ClassVar[dict[str, Attribute | None]] = {
        "offset_dims": EMPTY,
        "collapsed_slice_dims": EMPTY,
        "operand_batching_dims": EMPTY,
        "start_indices_batching_dims": EMPTY,
        "start_index_map": EMPTY,
        "index_vector_dim": IntAttr(0),
    }


@irdl_attr_definition
class ScatterDimensionNumbersAttr(RecordAttr):
    """How `stablehlo.scatter` places updates in its operand."""

    name = "stablehlo.scatter"

    update_window_dims: ArrayAttr[IntAttr]
    inserted_window_dims: ArrayAttr[IntAttr]
    input_batching_dims: ArrayAttr[IntAttr]
    scatter_indices_batching_dims: ArrayAttr[IntAttr]
    scatter_dims_to_operand_dims: ArrayAttr[IntAttr]
    index_vector_dim: IntAttr

    DEFAULTS: ClassVar[dict[str, Attribute | None]] = {
        "update_window_dims": EMPTY,
        "inserted_window_dims": EMPTY,
        "input_batching_dims": EMPTY,
        "scatter_indices_batching_dims": EMPTY,
        "scatter_dims_to_operand_dims": EMPTY,
        "index_vector_dim": IntAttr(0),
    }


@irdl_attr_definition
class OutputOperandAliasAttr(RecordAttr):
    """A result of `stablehlo.custom_call` that shares the buffer of an operand."""

    name = "stablehlo.output_operand_alias"

    output_tuple_indices: ArrayAttr[IntAttr]
    operand_index: IntAttr
    operand_tuple_indices: ArrayAttr[IntAttr]

    PRINTS_DEFAULTS: ClassVar[bool] = True
    DEFAULTS: ClassVar[dict[str, Attribute | None]] = {
        "output_tuple_indices": EMPTY,
        "operand_index": IntAttr(0),
        "operand_tuple_indices": EMPTY,
    }


ATTRIBUTES: list[type[Attribute]] = [
    ComparisonDirectionAttr,
    ComparisonTypeAttr,
    DotAlgorithmAttr,
    DotDimensionNumbersAttr,
    FftTypeAttr,
    GatherDimensionNumbersAttr,
    OutputOperandAliasAttr,
    PrecisionAttr,
    RngAlgorithmAttr,
    RngDistributionAttr,
    ScatterDimensionNumbersAttr,
    TokenType,
    TransposeAttr,
]
