"""The dialect ``acme``: an elementwise op of tensors, defined by one rule.

Its class gives it its batching, the rule its lowering and its value.
"""

from xdsl.ir import Dialect
from xdsl.irdl import irdl_op_definition

from xcs.dialects.xtensor.base import Kind
from xcs.dialects.xtensor.elementwise import UnaryOp


@irdl_op_definition
class SoftplusOp(UnaryOp, kinds=Kind.FLOAT):
    """The logarithm of 1 + exp(x)."""

    name = "acme.softplus"


ACME = Dialect("acme", [SoftplusOp])
