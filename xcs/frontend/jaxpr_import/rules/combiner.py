"""Import of combiners: the jaxprs of scalars by which reductions and scatters fold elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import jax.extend.core as jex
from xdsl.ir import Region

from xcs.frontend.jaxpr_import.types import aval_to_type

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer


def combiner(importer: Importer, jaxpr: Any, consts: Sequence[Any] = ()) -> Region:
    """Return a combiner as a region, which sees nothing outside of it."""
    closed = jaxpr if isinstance(jaxpr, jex.ClosedJaxpr) else jex.ClosedJaxpr(jaxpr, consts)
    return importer.region(
        [aval_to_type(aval) for aval in closed.in_avals],
        lambda inner, arguments: inner.run_closed(closed, arguments),
        isolated=True,
    )
