"""Ops that make tensors from nothing or from a seed."""

from collections.abc import Sequence

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, TensorType
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import ConstantLike, HasFolder, Pure

from xcs.dialects.dense import parse_dense, print_dense
from xcs.dialects.quant import UniformQuantizedType

from .attributes import RngAlgorithmAttr, RngDistribution, RngDistributionAttr
from .base import (
    DIM,
    SHAPE,
    STATIC_TENSOR,
    Element,
    TensorOf,
    check,
    check_same_element,
    check_shape,
    check_shape_operand,
    check_type,
    element_of,
    kind_of,
    shape_of,
)
from .forms import hlo_op

NUMBERS = Element.INTEGER | Element.FLOAT
PARAMETER = TensorOf(NUMBERS | Element.BOOL, rank=0)


class ConstantValue(HasFolder):
    """The value of a constant is its attribute, which lets folders read it."""

    @classmethod
    def fold(cls, op: Operation) -> Sequence[SSAValue | Attribute]:
        return [op.properties["value"]]


@hlo_op
class ConstantOp(IRDLOperation):
    """A tensor known to the compiler: `stablehlo.constant dense<0.0> : tensor<f32>`."""

    name = "stablehlo.constant"
    value = prop_def(DenseIntOrFPElementsAttr)
    output = result_def(STATIC_TENSOR)

    traits = traits_def(Pure(), ConstantLike(), ConstantValue())

    @classmethod
    def parse(cls, parser: Parser) -> "ConstantOp":
        # What upstream writes where the type of the result says more than that of the value.
        if parser.parse_optional_punctuation("(") is not None:
            return cls._parse_generic(parser)
        attributes = parser.parse_optional_attr_dict()
        value = parse_dense(parser)
        return cls.create(
            properties={"value": value}, attributes=attributes, result_types=[value.type]
        )

    @classmethod
    def _parse_generic(cls, parser: Parser) -> "ConstantOp":
        parser.parse_punctuation(")")
        properties = parser.parse_optional_properties_dict()
        attributes = parser.parse_optional_attr_dict()
        if "value" in attributes:
            properties["value"] = attributes.pop("value")
        parser.parse_punctuation(":")
        type = parser.parse_function_type()
        return cls.create(
            properties=properties, attributes=attributes, result_types=type.outputs.data
        )

    def print(self, printer: Printer) -> None:
        if self.value.get_type() != self.output.type:
            printer.print_op_with_default_format(self)
            return
        printer.print_op_attributes(self.attributes)
        printer.print_string(" ")
        print_dense(printer, self.value)

    def verify_(self) -> None:
        check_type("result", self.output, _plain(self.value.get_type(), self.output.type))


def _plain(value: Attribute, output: Attribute) -> Attribute:
    """The type of a constant's value, quantised where the constant's own type is."""
    if not isinstance(value, TensorType) or not isinstance(output, TensorType):
        return value
    element = output.element_type
    if isinstance(element, UniformQuantizedType) and element.storage_type == value.element_type:
        return TensorType(element, value.get_shape(), value.encoding)
    return value


@hlo_op
class IotaOp(IRDLOperation):
    """0, 1, 2, ... along one dimension."""

    name = "stablehlo.iota"
    iota_dimension = prop_def(DIM)
    output = result_def(TensorOf(NUMBERS | Element.COMPLEX | Element.QUANTIZED, static=True))

    traits = traits_def(Pure())
    assembly_format = "`dim` `=` $iota_dimension attr-dict `:` type($output)"

    def verify_(self) -> None:
        rank = len(shape_of(self.output))
        check(
            0 <= self.iota_dimension.value.data < rank,
            f"dimension {self.iota_dimension.value.data} is outside a tensor of rank {rank}",
        )


@hlo_op
class RngOp(IRDLOperation):
    """Random numbers of a distribution with parameters `a` and `b`, from hidden state."""

    name = "stablehlo.rng"
    a = operand_def(PARAMETER)
    b = operand_def(PARAMETER)
    shape = operand_def(SHAPE)
    rng_distribution = prop_def(RngDistributionAttr)
    result = result_def(TensorOf(NUMBERS | Element.BOOL))

    assembly_format = (
        "$a `,` $b `,` $shape `,` `distribution` `=` $rng_distribution attr-dict "
        "`:` custom<Signature>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        check_same_element(self.a, self.b, self.result)
        check(
            self.rng_distribution.data is RngDistribution.UNIFORM
            or bool(kind_of(element_of(self.a)) & Element.FLOAT),
            "a normal distribution is one of floating-point numbers",
        )
        check(
            len(shape_of(self.result)) == shape_of(self.shape)[0],
            f"shape must hold {len(shape_of(self.result))} sizes, not {self.shape.type}",
        )
        check_shape_operand("shape", self.shape, self.result)


@hlo_op
class RngBitGeneratorOp(IRDLOperation):
    """Uniformly random bits from a state, and the next state."""

    name = "stablehlo.rng_bit_generator"
    initial_state = operand_def(TensorOf(NUMBERS))
    rng_algorithm = prop_def(RngAlgorithmAttr)
    output_state = result_def(TensorOf(NUMBERS))
    output = result_def(TensorOf(NUMBERS, static=True))

    traits = traits_def(Pure())
    assembly_format = (
        "$initial_state `,` `algorithm` `=` $rng_algorithm attr-dict "
        "`:` custom<Signature>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        check_shape("the next state", self.output_state, shape_of(self.initial_state))


OPS: list[type[IRDLOperation]] = [ConstantOp, IotaOp, RngBitGeneratorOp, RngOp]
