"""The ops of CHLO, StableHLO's companion of higher-level functions, that JAX lowers to."""

from abc import ABC

from xdsl.ir import Dialect, Operation
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure

from .base import (
    BOOL_TENSOR,
    DIM,
    INTEGER_TENSOR,
    TENSOR,
    check,
    check_same_shape,
    check_same_type,
    check_shape,
    element_of,
    shape_of,
)

OPS: list[type[IRDLOperation]] = []
"""Every op of the dialect, in order of definition."""


class ChloOp(IRDLOperation, ABC):
    """Base of all ops. A subclass that is given its op's name is defined and registered by it."""

    def __init_subclass__(cls, *, op: str | None = None, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if op is not None:
            cls.name = f"chlo.{op}"
            irdl_op_definition(cls)
            OPS.append(cls)


class UnaryOp(ChloOp, ABC):
    """A function of each element."""

    operand = operand_def(TENSOR)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$operand attr-dict `:` type($operand) `->` type($result)"

    def verify_(self) -> None:
        check_same_type(self)


class BinaryOp(ChloOp, ABC):
    """A function of each pair of elements."""

    lhs = operand_def(TENSOR)
    rhs = operand_def(TENSOR)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$lhs `,` $rhs attr-dict `:` type($lhs) `,` type($rhs) `->` type($result)"

    def verify_(self) -> None:
        check_same_type(self)


# fmt: off
class AcosOp(UnaryOp, op="acos"): ...
class AcoshOp(UnaryOp, op="acosh"): ...
class AsinOp(UnaryOp, op="asin"): ...
class AsinhOp(UnaryOp, op="asinh"): ...
class AtanOp(UnaryOp, op="atan"): ...
class AtanhOp(UnaryOp, op="atanh"): ...
class BesselI1eOp(UnaryOp, op="bessel_i1e"): ...
class CoshOp(UnaryOp, op="cosh"): ...
class DigammaOp(UnaryOp, op="digamma"): ...
class ErfInvOp(UnaryOp, op="erf_inv"): ...
class ErfOp(UnaryOp, op="erf"): ...
class ErfcOp(UnaryOp, op="erfc"): ...
class LgammaOp(UnaryOp, op="lgamma"): ...
class SinhOp(UnaryOp, op="sinh"): ...
class SquareOp(UnaryOp, op="square"): ...
class TanOp(UnaryOp, op="tan"): ...

class MulhiOp(BinaryOp, op="mulhi"): ...
class NextAfterOp(BinaryOp, op="next_after"): ...
class PolygammaOp(BinaryOp, op="polygamma"): ...
class ZetaOp(BinaryOp, op="zeta"): ...
# fmt: on


class ConjOp(UnaryOp, op="conj"):
    """The complex conjugate."""

    def verify_(self) -> None:
        check_same_shape(self)


class IsInfOp(UnaryOp, op="is_inf"):
    """Whether each element is infinite."""

    result = result_def(BOOL_TENSOR)

    def verify_(self) -> None:
        check_same_shape(self)


class TopKOp(ChloOp, op="top_k"):
    """The `k` largest elements along the last dimension, with their places."""

    operand = operand_def(TENSOR)
    k = prop_def(DIM)
    values = result_def(TENSOR)
    indices = result_def(INTEGER_TENSOR)

    traits = traits_def(Pure())
    assembly_format = (
        "`(` $operand `,` `k` `=` $k `)` attr-dict "
        "`:` type($operand) `->` `(` type($values) `,` type($indices) `)`"
    )

    def verify_(self) -> None:
        shape, k = shape_of(self.operand), self.k.value.data
        check(bool(shape) and 0 <= k <= shape[-1], f"no top {k} elements in {self.operand.type}")
        check(element_of(self.values) == element_of(self.operand), "values differ in element type")
        check_shape("values", self.values, (*shape[:-1], k))
        check_shape("indices", self.indices, (*shape[:-1], k))


CHLO = Dialect("chlo", list[type[Operation]](OPS))
