"""Ops that make tensors from nothing or from a seed."""

from xdsl.dialects.builtin import DenseIntOrFPElementsAttr, TensorType
from xdsl.ir import Attribute, Operation
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import ConstantLike, Pure
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.dense import parse_dense, print_dense

from .attributes import RngAlgorithmAttr, RngDistributionAttr
from .base import DIM, INDEX_TENSOR, INTEGER_TENSOR, TENSOR, check, shape_of, shapes_compatible


class ConstantValue(ConstantLike):
    """The value of a constant is its attribute, which lets folders read it."""

    @classmethod
    def get_constant_value(cls, op: Operation) -> Attribute | None:
        return op.properties["value"]


@irdl_op_definition
class ConstantOp(IRDLOperation):
    """A tensor known to the compiler: `stablehlo.constant dense<0.0> : tensor<f32>`."""

    name = "stablehlo.constant"
    value = prop_def(DenseIntOrFPElementsAttr)
    output = result_def(TENSOR)

    traits = traits_def(Pure(), ConstantValue())

    @classmethod
    def parse(cls, parser: Parser) -> "ConstantOp":
        attributes = parser.parse_optional_attr_dict()
        value = parse_dense(parser)
        return cls.create(
            properties={"value": value}, attributes=attributes, result_types=[value.type]
        )

    def print(self, printer: Printer) -> None:
        printer.print_op_attributes(self.attributes)
        printer.print_string(" ")
        print_dense(printer, self.value)

    def verify_(self) -> None:
        if self.value.type != self.output.type:
            raise VerifyException(f"a constant {self.value.type} cannot be a {self.output.type}")


@irdl_op_definition
class IotaOp(IRDLOperation):
    """0, 1, 2, ... along one dimension."""

    name = "stablehlo.iota"
    iota_dimension = prop_def(DIM)
    output = result_def(TENSOR)

    traits = traits_def(Pure())
    assembly_format = "`dim` `=` $iota_dimension attr-dict `:` type($output)"

    def verify_(self) -> None:
        rank = len(shape_of(self.output))
        check(
            0 <= self.iota_dimension.value.data < rank,
            f"dimension {self.iota_dimension.value.data} is outside a tensor of rank {rank}",
        )


@irdl_op_definition
class RngOp(IRDLOperation):
    """Random numbers of a distribution with parameters `a` and `b`, from hidden state."""

    name = "stablehlo.rng"
    a = operand_def(TENSOR)
    b = operand_def(TENSOR)
    shape = operand_def(INDEX_TENSOR)
    rng_distribution = prop_def(RngDistributionAttr)
    result = result_def(TENSOR)

    assembly_format = (
        "$a `,` $b `,` $shape `,` `distribution` `=` $rng_distribution attr-dict "
        "`:` functional-type(operands, results)"
    )


@irdl_op_definition
class RngBitGeneratorOp(IRDLOperation):
    """Uniformly random bits from a state, and the next state."""

    name = "stablehlo.rng_bit_generator"
    initial_state = operand_def(INTEGER_TENSOR)
    rng_algorithm = prop_def(RngAlgorithmAttr)
    output_state = result_def(INTEGER_TENSOR)
    output = result_def(TENSOR)

    traits = traits_def(Pure())
    assembly_format = (
        "$initial_state `,` `algorithm` `=` $rng_algorithm attr-dict "
        "`:` functional-type(operands, results)"
    )

    def verify_(self) -> None:
        assert isinstance(self.initial_state.type, TensorType)
        check(
            shapes_compatible(self.initial_state.type, self.output_state.type),
            "the next state differs in shape from the initial one",
        )


OPS: list[type[IRDLOperation]] = [ConstantOp, IotaOp, RngBitGeneratorOp, RngOp]
