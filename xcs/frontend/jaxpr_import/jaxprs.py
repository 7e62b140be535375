"""What the importer asks of a jaxpr before it walks over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jax.extend.core as jex

# Private, as there is no public way to bring a jaxpr into the form that `jax.jit` lowers.
from jax._src.core import InternalMutableArrayEffect
from jax._src.interpreters.partial_eval import dce_jaxpr
from jax._src.state.discharge import discharge_state

_JAXPRS = (jex.ClosedJaxpr, jex.Jaxpr)


def jaxprs_in(params: Mapping[str, Any]) -> list[Any]:
    """The jaxprs, closed or not, that an equation's params hold: alone, or as a tuple of them."""
    found: list[Any] = []
    for value in params.values():
        if isinstance(value, _JAXPRS):
            found.append(value)
        elif type(value) in (tuple, list):
            found.extend(part for part in value if isinstance(part, _JAXPRS))
    return found


def each_jaxpr(jaxpr: Any) -> Iterator[Any]:
    """The jaxpr and all inside of it, closed or not, each once however often it is called."""
    pending, seen = [jaxpr], {id(jaxpr)}
    for current in pending:
        yield current
        for eqn in current.eqns:
            for callee in jaxprs_in(eqn.params):
                if id(callee) not in seen:
                    seen.add(id(callee))
                    pending.append(callee)


def primitives_in(jaxpr: Any) -> frozenset[str]:
    """The names of the primitives in a jaxpr and in those inside of it."""
    return frozenset(eqn.primitive.name for part in each_jaxpr(jaxpr) for eqn in part.eqns)


def closes_over_values(jaxpr: Any) -> bool:
    """Whether a jaxpr, or one inside of it, has constants."""
    return any(getattr(part, "consts", ()) for part in each_jaxpr(jaxpr))


def external_effects(jaxpr: jex.ClosedJaxpr) -> list[Any]:
    """The effects of a jaxpr that can be seen from outside: not those on references of its own."""
    return [e for e in jaxpr.effects if not isinstance(e, InternalMutableArrayEffect)]


def without_dead_code(jaxpr: jex.ClosedJaxpr) -> jex.ClosedJaxpr:
    """Return the jaxpr as JAX lowers it: without equations that no result needs.

    This goes into calls, branches and scans: differentiation leaves dead code behind everywhere.
    References that the jaxpr makes for itself become values.
    """
    live, _ = dce_jaxpr(jaxpr.jaxpr, True, instantiate=True)
    closed = jex.ClosedJaxpr(live, jaxpr.consts)
    return without_references(closed) if closed.effects else closed


def without_references(jaxpr: jex.ClosedJaxpr) -> jex.ClosedJaxpr:
    """Return a pure jaxpr: references become values, and those that are inputs results as well."""
    return discharge_state(jaxpr)
