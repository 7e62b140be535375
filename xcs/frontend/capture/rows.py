"""The elements of a batch: what a mapped function's loop takes its arguments from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xcs.dialects import orch
from xcs.frontend.capture.order import ELEMENTS
from xcs.frontend.capture.state import object_type
from xcs.frontend.capture.values import Dyn, Value

if TYPE_CHECKING:
    from xcs.frontend.capture.calls import Call


def rows(batch: Any) -> Sequence[Any]:
    """The elements along an array's first axis, or those of a list, as a list of their own."""
    return list(batch)


def call_rows(call: Call, callee: Any) -> Value | None:
    """`rows` itself: only the program has the list, so that nothing changes what is in it."""
    if callee is not rows:
        return None
    c = call.c
    (batch,) = map(c.dyn, call.args.positional)
    home = c.order.fresh("rows", list)
    elements, outer = home.field(ELEMENTS), c.home_of(batch)
    if outer is None:
        elements.plain = _classes_of_rows(batch)
    elif batch.cls not in (list, tuple):
        c.order.merge(elements, outer)  # a row of a NumPy array shows what is in the array
    elif (plain := c.order.holds(outer.field(ELEMENTS))) is not None:
        elements.plain = plain
    else:
        c.order.merge(elements, outer.field(ELEMENTS))
    kind = object_type(next(iter(elements.plain))) if len(elements.plain) == 1 else orch.ANY
    op = orch.UnstackOp(c.read_whole(batch, structure=True), kind)
    return Dyn(c.add(op).results[0], list, home)


def _classes_of_rows(batch: Dyn) -> frozenset[type]:
    """The class of the elements of what cannot change, which is an array of JAX's."""
    return frozenset() if batch.cls is None else frozenset({batch.cls})
