"""Order between effects, as data."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.ir import Operation, SSAValue
from xdsl.irdl import IRDLOperation, irdl_op_definition, result_def, traits_def, var_operand_def
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.orch.attributes import TOKEN, TokenType
from xcs.dialects.orch.canonicalizes import Canonicalizes


def verify_token_is_last(op: Operation) -> None:
    """An op gives at most one token, after its values."""
    if any(isinstance(t, TokenType) for t in op.result_types[:-1]):
        raise VerifyException("a token must be the last result")


@irdl_op_definition
class JoinOp(IRDLOperation):
    """The moment at which all given moments have passed; without any, the start of the run."""

    name = "orch.join"
    tokens = var_operand_def(TokenType)
    result = result_def(TokenType)

    traits = traits_def(Pure(), Canonicalizes())
    assembly_format = "`(` $tokens `)` attr-dict"

    def __init__(self, tokens: Sequence[SSAValue] = ()):
        super().__init__(operands=[tokens], result_types=[TOKEN])
