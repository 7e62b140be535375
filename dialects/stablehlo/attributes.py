"""Attributes and types of StableHLO."""

from abc import ABC
from collections.abc import Iterable, Sequence
from typing import ClassVar, cast

from xdsl.dialects.builtin import (
    DYNAMIC_INDEX,
    ArrayAttr,
    BoolAttr,
    DenseIntElementsAttr,
    FloatData,
    IntAttr,
    IntegerAttr,
    NoneAttr,
    StringAttr,
    TensorType,
)
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
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from xcs.dialects.dense import float_text


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

    TRANSPOSE_INVALID = "TRANSPOSE_INVALID"
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


class ResultAccuracyMode(StrEnum):
    """Which implementation of a function is asked for."""

    DEFAULT = "DEFAULT"
    HIGHEST = "HIGHEST"
    TOLERANCE = "TOLERANCE"


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
class ResultAccuracyModeAttr(EnumAttribute[ResultAccuracyMode]):
    name = "stablehlo.result_accuracy_mode"

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> ResultAccuracyMode:
        with parser.in_angle_brackets():
            return super().parse_parameter(parser)

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            super().print_parameter(printer)


@irdl_attr_definition
class TokenType(ParametrizedAttribute, TypeAttribute):
    """Orders side effects: `!stablehlo.token`."""

    name = "stablehlo.token"


@irdl_attr_definition
class FutureType(ParametrizedAttribute, TypeAttribute):
    """What `stablehlo.async_start` gives and `stablehlo.async_done` waits for."""

    name = "stablehlo.future"

    types: ArrayAttr[TypeAttribute]

    def verify(self) -> None:
        if not all(isinstance(type, TensorType) for type in self.types):
            raise VerifyException("a future holds tensors")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            types = parser.parse_comma_separated_list(parser.Delimiter.NONE, parser.parse_type)
        return [ArrayAttr(types)]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_list(self.types, printer.print_attribute)


@irdl_attr_definition
class TypeExtensionsAttr(ParametrizedAttribute):
    """The most that the unknown sizes of a tensor type can be: `#stablehlo.bounds<4, ?>`."""

    name = "stablehlo.bounds"

    bounds: ArrayAttr[IntAttr | NoneAttr]

    @property
    def values(self) -> tuple[int | None, ...]:
        """A number for each dimension that has a bound."""
        return tuple(bound.data if isinstance(bound, IntAttr) else None for bound in self.bounds)

    @classmethod
    def of(cls, bounds: Iterable[int | None]) -> "TypeExtensionsAttr":
        """The attribute for these bounds."""
        return cls(ArrayAttr(NoneAttr() if bound is None else IntAttr(bound) for bound in bounds))

    def check_shape(self, shape: Sequence[int]) -> None:
        """There is a bound or a ``?`` for each size, and a bound only where the size is ``?``."""
        if len(self.values) != len(shape):
            raise VerifyException(f"{self} needs a bound for each of {len(shape)} dimensions")
        for size, bound in zip(shape, self.values, strict=True):
            if bound is not None and size != DYNAMIC_INDEX:
                raise VerifyException(f"{self} has a bound for the size {size}, which is known")

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        bounds = parser.parse_comma_separated_list(
            parser.Delimiter.ANGLE, lambda: _parse_bound(parser)
        )
        return cls.of(bounds).parameters

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(
                ", ".join("?" if bound is None else str(bound) for bound in self.values)
            )


@irdl_attr_definition
class TypeExtensionsSpelling(ParametrizedAttribute):
    """The other way to write bounds: `#stablehlo.type_extensions<bounds = [4, ?]>`."""

    name = "stablehlo.type_extensions"

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            parser.parse_keyword("bounds")
            parser.parse_punctuation("=")
            bounds = parser.parse_comma_separated_list(
                parser.Delimiter.SQUARE, lambda: _parse_bound(parser)
            )
        return TypeExtensionsAttr.of(bounds).parameters

    @classmethod
    def new(cls, params: Sequence[Attribute]) -> TypeExtensionsAttr:  # type: ignore[override]
        return TypeExtensionsAttr.new(params)


def _parse_bound(parser: AttrParser) -> int | None:
    if parser.parse_optional_punctuation("?") is not None:
        return None
    return parser.parse_integer()


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
    elements = parser.parse_optional_comma_separated_list(
        parser.Delimiter.SQUARE, lambda: _parse_element(parser)
    )
    if elements is not None:
        return ArrayAttr(elements)
    if (boolean := parser.parse_optional_boolean()) is not None:
        return BoolAttr.from_bool(boolean)
    if (number := parser.parse_optional_number()) is not None:
        is_integer = isinstance(number, int)
        return IntAttr(number) if is_integer else FloatData(number)
    return parser.parse_attribute()


def _parse_element(parser: AttrParser) -> Attribute:
    number = parser.parse_optional_integer(allow_boolean=False)
    return parser.parse_attribute() if number is None else IntAttr(number)


def _print_field(printer: Printer, name: str, value: Attribute) -> None:
    printer.print_string(f"{name} = ")
    match value:
        case IntAttr():
            printer.print_int(value.data)
        case ArrayAttr() if all(isinstance(element, IntAttr) for element in value):
            print_dims(printer, cast(ArrayAttr[IntAttr], value))
        case IntegerAttr():
            value.print_without_type(printer)
        case FloatData():
            printer.print_string(float_text(value.data))
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

    def verify(self) -> None:
        counts = self.lhs_component_count.data, self.rhs_component_count.data
        operations = self.num_primitive_operations.data
        if min(*counts, operations) < 1:
            raise VerifyException("an algorithm has at least one component and operation")
        types = self.lhs_precision_type, self.rhs_precision_type, self.accumulation_type
        is_fast = bool(self.allow_imprecise_accumulation.value.data)
        is_known = counts == (1, 1) and (
            _is_narrow_algorithm(types, operations)
            or (not is_fast and (*map(str, types), operations) in DOT_ALGORITHMS)
        )
        if not is_known:
            raise VerifyException("there is no hardware that is known to have this algorithm")


DOT_ALGORITHMS = frozenset(
    {
        ("f16", "f16", "f16", 1),
        ("f16", "f16", "f32", 1),
        ("bf16", "bf16", "bf16", 1),
        *(("bf16", "bf16", "f32", operations) for operations in (1, 3, 6, 9)),
        ("tf32", "tf32", "f32", 1),
        ("tf32", "tf32", "f32", 3),
        ("f32", "f32", "f32", 1),
        ("f64", "f64", "f64", 1),
    }
)
"""The types of operands and accumulator, and the operations, that some hardware has."""


def _is_narrow_algorithm(types: Sequence[Attribute], operations: int) -> bool:
    """Whether numbers of 8 bits are multiplied, which may also be summed up imprecisely."""
    *operands, accumulator = map(str, types)
    is_narrow = all(name.startswith("f8E") and name != "f8E8M0FNU" for name in operands)
    return is_narrow and accumulator == "f32" and operations == 1


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


DIMENSION_LETTERS = ("bf", "io", "bf")
"""The letters of the dimensions of input, kernel and output that a window does not slide over."""


@irdl_attr_definition
class ConvDimensionNumbersAttr(RecordAttr):
    """What the dimensions of a convolution mean: `<[b, 0, f]x[0, i, o]->[b, 0, f]>`.

    Each list names the dimensions of a tensor in order: `b` is the batch, `f` the features, `i` and
    `o` the features that the kernel reads and makes, and numbers are spatial dimensions.
    """

    name = "stablehlo.conv"

    input_batch_dimension: IntAttr
    input_feature_dimension: IntAttr
    input_spatial_dimensions: ArrayAttr[IntAttr]
    kernel_input_feature_dimension: IntAttr
    kernel_output_feature_dimension: IntAttr
    kernel_spatial_dimensions: ArrayAttr[IntAttr]
    output_batch_dimension: IntAttr
    output_feature_dimension: IntAttr
    output_spatial_dimensions: ArrayAttr[IntAttr]

    DEFAULTS: ClassVar[dict[str, Attribute | None]] = {
        "input_batch_dimension": IntAttr(0),
        "input_feature_dimension": IntAttr(0),
        "input_spatial_dimensions": EMPTY,
        "kernel_input_feature_dimension": IntAttr(0),
        "kernel_output_feature_dimension": IntAttr(0),
        "kernel_spatial_dimensions": EMPTY,
        "output_batch_dimension": IntAttr(0),
        "output_feature_dimension": IntAttr(0),
        "output_spatial_dimensions": EMPTY,
    }

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            # The other form says what no list can: dimensions that two things claim, or none.
            if parser.parse_optional_keyword("raw") is not None:
                return cls.parse_fields(parser)
            return cls.parse_lists(parser)

    @classmethod
    def parse_lists(cls, parser: AttrParser) -> Sequence[Attribute]:
        """Parse `[b, 0, f]x[0, i, o]->[b, 0, f]`."""
        parameters: list[Attribute] = []
        for letters, separator in zip(DIMENSION_LETTERS, ("x", "->", ""), strict=True):
            parameters += _parse_dimension_list(parser, letters)
            if separator == "x":
                parser.parse_keyword("x")
            elif separator == "->":
                parser.parse_punctuation("->")
        return parameters

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            text = self.lists()
            if text is None:
                fields = zip(self.DEFAULTS, self.parameters, strict=True)
                printer.print_string("raw ")
                printer.print_list(fields, lambda field: _print_field(printer, *field))
            else:
                printer.print_string(text)

    def lists(self) -> str | None:
        """The text of the three lists; None if a list names a dimension twice or leaves one out."""
        names = [
            _dimension_names(letters, cast(tuple[IntAttr, IntAttr, ArrayAttr[IntAttr]], group))
            for letters, group in zip(
                DIMENSION_LETTERS,
                (self.parameters[:3], self.parameters[3:6], self.parameters[6:]),
                strict=True,
            )
        ]
        if None in names:
            return None
        source, kernel, output = names
        return f"{source}x{kernel}->{output}"


def _dimension_names(
    letters: str, group: tuple[IntAttr, IntAttr, ArrayAttr[IntAttr]]
) -> str | None:
    first, second, spatial = group
    names = {first.data: letters[0], second.data: letters[1]}
    names |= {place: str(i) for i, place in enumerate(ints(spatial))}
    rank = len(spatial) + 2
    if names.keys() != set(range(rank)):
        return None
    return f"[{', '.join(names[place] for place in range(rank))}]"


def _parse_dimension_list(parser: AttrParser, letters: str) -> list[Attribute]:
    """Parse `[b, 0, 1, f]` to the place of each letter and the places of 0, 1, ..."""
    start = parser.pos
    names = parser.parse_comma_separated_list(
        parser.Delimiter.SQUARE,
        lambda: (
            str(number)
            if (number := parser.parse_optional_integer(allow_boolean=False)) is not None
            else parser.parse_identifier()
        ),
    )
    expected = [*letters, *map(str, range(len(names) - 2))]
    if sorted(names) != sorted(expected):
        parser.raise_error(
            f"expected each of {', '.join(expected)} once, got {', '.join(names)}",
            start,
            parser.pos,
        )
    first, second, *spatial = map(names.index, expected)
    return [IntAttr(first), IntAttr(second), dims_attr(spatial)]


@irdl_attr_definition
class ChannelHandleAttr(RecordAttr):
    """The channel that ops on different devices meet on."""

    name = "stablehlo.channel_handle"

    handle: IntAttr
    channel_type: IntAttr

    PRINTS_DEFAULTS: ClassVar[bool] = True
    DEFAULTS: ClassVar[dict[str, Attribute | None]] = {"handle": None, "type": None}


DEVICE_TO_DEVICE, DEVICE_TO_HOST, HOST_TO_DEVICE = 1, 2, 3
"""The types of a channel."""


@irdl_attr_definition
class ResultAccuracyAttr(RecordAttr):
    """How far the result of a function may be from the exact one."""

    name = "stablehlo.result_accuracy"

    atol: FloatData
    rtol: FloatData
    ulps: IntAttr
    mode: ResultAccuracyModeAttr

    DEFAULTS: ClassVar[dict[str, Attribute | None]] = {
        "atol": FloatData(0.0),
        "rtol": FloatData(0.0),
        "ulps": IntAttr(0),
        "mode": None,
    }

    def verify(self) -> None:
        limits = self.atol.data, self.rtol.data, self.ulps.data
        if min(limits) < 0:
            raise VerifyException("a tolerance is never negative")
        if any(limits) and self.mode.data is not ResultAccuracyMode.TOLERANCE:
            raise VerifyException(f"mode {self.mode.data} goes with no tolerances")


DEFAULT_ACCURACY = ResultAccuracyAttr(
    FloatData(0.0), FloatData(0.0), IntAttr(0), ResultAccuracyModeAttr(ResultAccuracyMode.DEFAULT)
)


@irdl_attr_definition
class SubAxisInfoAttr(ParametrizedAttribute):
    """Which part of a mesh axis is meant: `(pre_size)size`."""

    name = "stablehlo.sub_axis_info"

    pre_size: IntAttr
    size: IntAttr

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_parens():
            pre_size = parser.parse_integer()
        return [IntAttr(pre_size), IntAttr(parser.parse_integer())]

    def print_parameters(self, printer: Printer) -> None:
        printer.print_string(f"({self.pre_size.data}){self.size.data}")


@irdl_attr_definition
class AxisRefAttr(ParametrizedAttribute):
    """An axis of a mesh, or a part of it: `<name = "x", sub_axis_info = (2)4>`."""

    name = "stablehlo.axis_ref"

    axis_name: StringAttr
    sub_axis_info: SubAxisInfoAttr | NoneAttr

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            parser.parse_keyword("name")
            parser.parse_punctuation("=")
            name = StringAttr(parser.parse_str_literal())
            if parser.parse_optional_punctuation(",") is None:
                return [name, NoneAttr()]
            parser.parse_keyword("sub_axis_info")
            parser.parse_punctuation("=")
            return [name, SubAxisInfoAttr.new(SubAxisInfoAttr.parse_parameters(parser))]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string("name = ")
            printer.print_attribute(self.axis_name)
            if isinstance(self.sub_axis_info, SubAxisInfoAttr):
                printer.print_string(", sub_axis_info = ")
                self.sub_axis_info.print_parameters(printer)


@irdl_attr_definition
class MeshAxisAttr(RecordAttr):
    """An axis of a mesh of devices."""

    name = "stablehlo.mesh_axis"

    axis_name: StringAttr
    size: IntAttr

    PRINTS_DEFAULTS: ClassVar[bool] = True
    DEFAULTS: ClassVar[dict[str, Attribute | None]] = {"name": None, "size": None}


@irdl_attr_definition
class MeshAttr(ParametrizedAttribute):
    """Devices arranged along axes: `<axes=[<name = "x", size = 3>], device_ids=dense<...>>`."""

    name = "stablehlo.mesh"

    axes: ArrayAttr[MeshAxisAttr]
    device_ids: DenseIntElementsAttr | NoneAttr

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        with parser.in_angle_brackets():
            parser.parse_keyword("axes")
            parser.parse_punctuation("=")
            axes = parser.parse_comma_separated_list(
                parser.Delimiter.SQUARE, lambda: _parse_mesh_axis(parser)
            )
            if parser.parse_optional_punctuation(",") is None:
                return [ArrayAttr(axes), NoneAttr()]
            parser.parse_keyword("device_ids")
            parser.parse_punctuation("=")
            return [ArrayAttr(axes), parser.parse_attribute()]

    def print_parameters(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string("axes=")
            with printer.in_square_brackets():
                printer.print_list(self.axes, lambda axis: axis.print_parameters(printer))
            if not isinstance(self.device_ids, NoneAttr):
                printer.print_string(", device_ids=")
                printer.print_attribute(self.device_ids)


def _parse_mesh_axis(parser: AttrParser) -> Attribute:
    """Parse a mesh axis, whose name as an attribute may be left out."""
    axis = parser.parse_optional_attribute()
    return MeshAxisAttr.new(MeshAxisAttr.parse_parameters(parser)) if axis is None else axis


@irdl_attr_definition
class ReplicaGroupMeshAxesAttr(RecordAttr):
    """Groups of devices: those that differ along these axes of a mesh only."""

    name = "stablehlo.replica_group_mesh_axes"

    mesh: Attribute
    axes: ArrayAttr

    PRINTS_DEFAULTS: ClassVar[bool] = True
    DEFAULTS: ClassVar[dict[str, Attribute | None]] = {"mesh": None, "axes": None}


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
    AxisRefAttr,
    ChannelHandleAttr,
    ComparisonDirectionAttr,
    ComparisonTypeAttr,
    ConvDimensionNumbersAttr,
    DotAlgorithmAttr,
    DotDimensionNumbersAttr,
    FftTypeAttr,
    FutureType,
    GatherDimensionNumbersAttr,
    MeshAttr,
    MeshAxisAttr,
    OutputOperandAliasAttr,
    PrecisionAttr,
    ReplicaGroupMeshAxesAttr,
    ResultAccuracyAttr,
    ResultAccuracyModeAttr,
    RngAlgorithmAttr,
    RngDistributionAttr,
    ScatterDimensionNumbersAttr,
    SubAxisInfoAttr,
    TokenType,
    TransposeAttr,
    TypeExtensionsAttr,
    TypeExtensionsSpelling,
]
