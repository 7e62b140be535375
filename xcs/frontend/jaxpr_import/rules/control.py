"""Import of control flow, and of primitives that only mark a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xcs.dialects import xtensor
from xcs.frontend.jaxpr_import.registry import (
    Types,
    Values,
    dims_rule,
    rule,
)

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer


@rule("copy", "copy_p", "name", "pvary", "stop_gradient")
def _identity(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    return operands


dims_rule("optimization_barrier", xtensor.OptimizationBarrierOp)
