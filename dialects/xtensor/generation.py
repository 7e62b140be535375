"""Generation ops: tensors made from attributes alone, and random ones, made from keys.

A random key is an array of 32-bit words, as many as its generator takes, in the last dimension.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import ClassVar, cast

from xdsl.dialects.builtin import (
    DenseIntOrFPElementsAttr,
    IntegerType,
    Signedness,
    StringAttr,
    TensorType,
    UnitAttr,
)
from xdsl.dialects.utils.enum_attribute import EnumAttribute
from xdsl.interfaces import HasFolderInterface
from xdsl.ir import Attribute, Operation, SpacedOpaqueSyntaxAttribute, SSAValue
from xdsl.irdl import (
    AnyAttr,
    ParamAttrConstraint,
    VarConstraint,
    irdl_attr_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import ConstantLike, MemoryAllocEffect, Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from xcs.dialects.dense import parse_dense, print_dense
from xcs.dialects.xtensor.base import (
    INT,
    TENSOR,
    CompositeOp,
    Generation,
    Kind,
    LaxOp,
    TensorOf,
    as_int,
    check_axes,
    tensor_type,
    type_of,
)


class ConstantOp(LaxOp, HasFolderInterface, lax="constant"):
    """A small tensor that is part of the program; large arrays are arguments of the kernel."""

    T: ClassVar = VarConstraint("T", TENSOR)

    value = prop_def(ParamAttrConstraint(DenseIntOrFPElementsAttr, (T, AnyAttr())))
    result = result_def(T)

    traits = traits_def(Pure(), Generation(), ConstantLike())

    def __init__(self, value: DenseIntOrFPElementsAttr) -> None:
        super().__init__(result_types=[value.get_type()], properties={"value": value})

    @classmethod
    def parse(cls, parser: Parser) -> ConstantOp:
        attributes = parser.parse_optional_attr_dict()
        op = cls(parse_dense(parser))
        op.attributes |= attributes
        return op

    def print(self, printer: Printer) -> None:
        printer.print_op_attributes(self.attributes)
        printer.print_string(" ")
        print_dense(printer, cast(DenseIntOrFPElementsAttr, self.value))

    def fold(self) -> Sequence[SSAValue | Attribute] | None:
        return (self.value,)


class IotaOp(LaxOp, lax="iota"):
    """Counts from zero along one dimension."""

    dimension = prop_def(INT)
    result = result_def(TensorOf(Kind.NUMBER))

    traits = traits_def(Pure(), Generation())

    assembly_format = "`dim` $dimension attr-dict `:` type($result)"

    def __init__(self, result: TensorType, dimension: int = 0) -> None:
        super().__init__(result_types=[result], properties={"dimension": as_int(dimension)})

    def verify_(self) -> None:
        rank = type_of(self.result).get_num_dims()
        check_axes("dimension", (self.dimension.value.data,), rank)


class Iota2x32ShapeOp(LaxOp, lax="iota_2x32_shape"):
    """Counts all elements from zero, as 64-bit numbers in two halves, the high one first."""

    T: ClassVar = VarConstraint("T", TensorOf(Kind.UNSIGNED))

    high = result_def(T)
    low = result_def(T)

    traits = traits_def(Pure(), Generation())

    assembly_format = "attr-dict `:` type($high)"

    def __init__(self, shape: Sequence[int]) -> None:
        half = tensor_type(tuple(shape), IntegerType(32, Signedness.UNSIGNED))
        super().__init__(result_types=[half, half])


class RngAlgorithm(StrEnum):
    """How random bits are made from a state; the default is what is best on a platform."""

    DEFAULT = "default"
    PHILOX = "philox"
    THREE_FRY = "three_fry"


@irdl_attr_definition
class RngAlgorithmAttr(EnumAttribute[RngAlgorithm], SpacedOpaqueSyntaxAttribute):
    name = "xtensor.rng_algorithm"


class RngBitGeneratorOp(LaxOp, lax="rng_bit_generator"):
    """Makes random bits from the state ``key``, and the next state."""

    T: ClassVar = VarConstraint("T", TensorOf(Kind.UNSIGNED))

    key = operand_def(T)
    algorithm = prop_def(RngAlgorithmAttr)
    next_key = result_def(T)
    bits = result_def(TensorOf(Kind.UNSIGNED))

    traits = traits_def(Pure(), Generation())

    assembly_format = "$key $algorithm attr-dict `:` type($key) `->` type($bits)"

    def __init__(
        self, key: SSAValue | Operation, bits: TensorType, algorithm: RngAlgorithm
    ) -> None:
        super().__init__(
            operands=[key],
            result_types=[type_of(key), bits],
            properties={"algorithm": RngAlgorithmAttr(algorithm)},
        )

    def verify_(self) -> None:
        state = type_of(self.key)
        words = 4 if _width(state) == 32 else 2
        if state.get_shape() != (words,) or _width(state) < 32:
            raise VerifyException(f"expected a state of 128 bits, got {state}")


def _width(tensor: TensorType) -> int:
    """Bits of an element."""
    return cast(IntegerType, tensor.element_type).width.data


class RngUniformOp(LaxOp, lax="rng_uniform"):
    """Numbers between ``low`` and ``high``, other ones each time: it may not be merged."""

    T: ClassVar = VarConstraint("T", TENSOR)

    low = operand_def(T)
    high = operand_def(T)
    result = result_def(TENSOR)

    traits = traits_def(MemoryAllocEffect(), Generation())

    assembly_format = "$low `,` $high attr-dict `:` type($low) `->` type($result)"

    def __init__(
        self, low: SSAValue | Operation, high: SSAValue | Operation, shape: Sequence[int]
    ) -> None:
        result = tensor_type(tuple(shape), type_of(low).element_type)
        super().__init__(operands=[low, high], result_types=[result])

    def verify_(self) -> None:
        bound, result = type_of(self.low), type_of(self.result)
        if bound.get_shape() or bound.element_type != result.element_type:
            raise VerifyException(f"expected scalars as bounds of {result}, got {bound}")


# fmt: off
class Threefry2x32Op(CompositeOp, lax="threefry2x32", op_class=Generation): ...
class Threefry4x32Op(CompositeOp, lax="threefry4x32", op_class=Generation): ...
class Philox2x32Op(CompositeOp, lax="philox2x32", op_class=Generation): ...
class Philox4x32Op(CompositeOp, lax="philox4x32", op_class=Generation): ...
# fmt: on


class RandomOp(CompositeOp, ABC, op_class=Generation):
    """Takes keys of the generator ``impl``, or makes them."""

    impl = prop_def(StringAttr)


# fmt: off
class RandomBitsOp(RandomOp, lax="random_bits"): ...
class RandomFoldInOp(RandomOp, lax="random_fold_in"): ...
class RandomSeedOp(RandomOp, lax="random_seed"): ...
class RandomSplitOp(RandomOp, lax="random_split"): ...
# fmt: on


class RandomGammaOp(RandomOp, lax="random_gamma"):
    """Samples of gamma distributions; of their logarithms, if ``log_space`` is set."""

    log_space = opt_prop_def(UnitAttr)
