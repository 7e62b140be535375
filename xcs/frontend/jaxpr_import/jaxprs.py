"""What the importer asks of a jaxpr before it walks over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import jax
import jax.extend.core as jex
import jax.numpy as jnp
import numpy as np

# Private, as there is no public way to bring a jaxpr into the form that `jax.jit` lowers.
from jax._src.core import InternalMutableArrayEffect
from jax._src.interpreters.partial_eval import dce_jaxpr
from jax._src.state.discharge import discharge_state
from jax.core import Tracer

_JAXPRS = (jex.ClosedJaxpr, jex.Jaxpr)

MOST_LITERAL_BYTES = 2**14
"""Size up to which an array literal becomes IR."""


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


def draws_by_batch(jaxpr: Any) -> bool:
    """Whether `jax.vmap` draws other numbers than each element would by itself.

    It does for gamma numbers by keys of XLA's own generator.
    """
    drawn = (e for part in each_jaxpr(jaxpr) for e in part.eqns if e.primitive.name == _GAMMA)
    return any("rbg" in str(v.aval.dtype) for eqn in drawn for v in eqn.invars)


_GAMMA = "random_gamma"


def array_constants(jaxpr: jex.ClosedJaxpr) -> list[Any]:
    """Return the arrays that a jaxpr, or one that it calls, closes over, without literals.

    They are the leading operands of the imported code: a large array never becomes IR.
    """
    found: dict[int, Any] = {}
    for part in each_jaxpr(jaxpr):
        for value in getattr(part, "consts", ()):
            if not is_constant_literal(value):
                found.setdefault(id(value), value)
    return list(found.values())


def is_constant_literal(value: Any) -> bool:
    """Whether a value that a jaxpr closes over becomes IR: a scalar, or a small NumPy array.

    A NumPy array is part of the code, as in ``x[np.array([1, 0])]`` or a table inside of JAX, and
    XLA is to fold it as it does for JAX. JAX's arrays are data, of which the next call may have
    others: what they are must not be part of what is compiled.
    """
    is_key = jnp.issubdtype(value.dtype, jax.dtypes.prng_key)
    if is_key or isinstance(value, Tracer):
        return False
    if not np.shape(value):
        return True
    return not isinstance(value, jax.Array) and value.nbytes <= MOST_LITERAL_BYTES


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
