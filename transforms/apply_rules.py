"""Applies rules (transforms/rules) until none applies.

Which rules may be applied is said by the name of a set. A rewrite is made where the cost model says
that it does not cost more, with what else uses the intermediate results taken into account.
"""

from __future__ import annotations

from dataclasses import dataclass

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import DiagnosticException

from xcs.dialects import xtensor
from xcs.dialects.xtensor.base import Kind, kind_of, type_of

_TAKEN: tuple[type[Operation], ...] = (
    xtensor.DynamicSliceOp,
    xtensor.GatherOp,
    xtensor.SliceOp,
    func.CallOp,
)
_SUMMED: tuple[type[Operation], ...] = (
    *_TAKEN,
    xtensor.AddOp,
    xtensor.EqOp,
    xtensor.MulOp,
    xtensor.ReduceSumOp,
    xtensor.SelectNOp,
    xtensor.SubOp,
)


@dataclass(frozen=True)
class ApplyRules(ModulePass):
    """Applies the rules of a set.

    Attributes:
        rules: the set: exact, algebraic or finite.
        beyond_xla: leave to XLA what it does by itself. Only modules are looked at in which
            products meet something that a rule is about, and rules that clean up are tried on what
            others have made.
    """

    name = "apply-rules"

    rules: str = "exact"
    beyond_xla: bool = False

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        if self.beyond_xla and not self._is_worth_looking(op):
            return
        # Loaded here, since most modules have nothing to rewrite.
        from xcs.transforms.rules.calls import inline_next_to_products
        from xcs.transforms.rules.driver import Driver, current_trace
        from xcs.transforms.rules.kinds import SETS
        from xcs.transforms.rules.registry import indexed

        if self.rules not in SETS:
            raise DiagnosticException(
                f"unknown set of rules '{self.rules}'; expected {', '.join(SETS)}"
            )
        inline_next_to_products(op)
        trace = current_trace()
        allowed = SETS[self.rules]
        driver = Driver(indexed(self.rules), allowed, cleanup=not self.beyond_xla, trace=trace)
        driver.run(op)
        if trace is not None:
            trace(driver.statistics.table() or "no rule matched")

    def _is_worth_looking(self, module: ModuleOp) -> bool:
        """Whether there is a product, and something that may meet it."""
        found = {type(op) for op in module.walk()}
        if xtensor.DotGeneralOp not in found:
            return False
        products = [op for op in module.walk() if isinstance(op, xtensor.DotGeneralOp)]
        if self.rules == "exact" and not any(map(_is_of_integers, products)):
            return not found.isdisjoint(_TAKEN)
        return len(products) > 1 or not found.isdisjoint(_SUMMED)


def _is_of_integers(op: xtensor.DotGeneralOp) -> bool:
    """Whether a product is exact in any order."""
    return bool(kind_of(type_of(op.result).element_type) & Kind.INTEGER)
