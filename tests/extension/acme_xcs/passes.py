"""A pass with an option."""

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.passes import ModulePass

from acme_xcs.dialect import SoftplusOp


@dataclass(frozen=True)
class AcmeMark(ModulePass):
    """Marks each softplus with a text."""

    name = "acme-mark"

    text: str = "acme"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for found in op.walk():
            if isinstance(found, SoftplusOp):
                found.attributes["mark"] = StringAttr(self.text)
