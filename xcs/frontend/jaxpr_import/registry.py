"""The rules by which equations become ops, by the name of the primitive."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from numbers import Integral
from typing import TYPE_CHECKING, Any, TypeAlias

import jax
from xdsl.dialects.builtin import (
    IntegerAttr,
    TensorType,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.xtensor import dims_attr, kind_of

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer

Values: TypeAlias = Sequence[SSAValue]
Types: TypeAlias = Sequence[TensorType]
Rule: TypeAlias = Callable[["Importer", Any, Values, Types], Values | None]
"""Import an equation, given its operands and result types; None where the op lacks its params."""

RULES: dict[str, Rule] = {}

TAKES_KEYS: set[str] = set()
"""Primitives whose rules take and give random keys, which are words in the IR."""

KEY_RULES: dict[str, Rule] = {}
"""The rules, where there are random keys, of primitives whose other rules do not take them."""


def rule(*names: str, takes_keys: bool = False) -> Callable[[Rule], Rule]:
    """Register the import rule of the primitives of these names."""

    def register(rule: Rule) -> Rule:
        for name in names:
            RULES[name] = rule
        if takes_keys:
            TAKES_KEYS.update(names)
        return rule

    return register


INLINED = {
    "call": "call_jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "custom_vmap_call": "call",
    "jit": "jaxpr",
    "linear_call": "callee",
    "remat_opt": "fwd_jaxpr",
}
"""Primitives that call a jaxpr, and the param that holds it."""


@cache
def takes(op: type[xtensor.ElementwiseOp] | type[xtensor.ReductionOp], element: Attribute) -> bool:
    return bool(op.kinds() & kind_of(element))


@cache
def int_attr(value: int) -> IntegerAttr:
    return IntegerAttr(value, i64)


def dims_rule(name: str, op: type[Operation], *params: str) -> None:
    """Register the rule of a primitive whose params are dimensions, and are the op's properties."""

    def rule(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
        properties: dict[str, Attribute] = {}
        for param in params:
            value = eqn.params[param]
            if isinstance(value, Integral):  # an int, or one of numpy's
                properties[param] = int_attr(int(value))
            else:
                properties[param] = dims_attr(tuple(int(dim) for dim in value))
        return importer.emit(op, operands, results, properties)

    RULES[name] = rule


def is_sharded(sharding: Any) -> bool:
    """Whether a param asks for a sharding over a mesh; JAX notes the empty mesh as well."""
    if isinstance(sharding, jax.sharding.NamedSharding):
        return not sharding.mesh.empty
    return isinstance(sharding, jax.sharding.Sharding)


def has_shardings(params: dict[str, Any]) -> bool:
    """Whether a call asks for shardings, which inlining would drop."""
    return any(map(is_sharded, (*params.get("in_shardings", ()), *params.get("out_shardings", ()))))
