"""What the rest of xcs calls."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from typing import Any

import jax
import jax.extend.core as jex
from xdsl.builder import Builder
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.rewriter import InsertPoint

from xcs.dialects import xtensor
from xcs.frontend.jaxpr_import.functions import Functions
from xcs.frontend.jaxpr_import.importer import Importer
from xcs.frontend.jaxpr_import.jaxprs import (
    array_constants,
    each_jaxpr,
    external_effects,
    is_constant_literal,
    primitives_in,
    without_dead_code,
)
from xcs.frontend.jaxpr_import.settings import instructions_in
from xcs.frontend.jaxpr_import.types import (
    UnsupportedEffect,
    UnsupportedJaxpr,
    aval_to_type,
)


def _describe_effects(what: str, effects: Any) -> str:
    names = ", ".join(sorted(str(effect) for effect in effects))
    return f"{what} has side effects ({names}), and a kernel may not have any"


def with_constant_inputs(jaxpr: jex.ClosedJaxpr) -> jex.ClosedJaxpr:
    """Return a jaxpr of the same inputs as its imported function: array constants come first.

    The constants stay closed over as well, so the values of the new inputs are not looked at.
    """
    constants = [jex.Var(jax.typeof(value)) for value in array_constants(jaxpr)]
    if not constants:
        return jaxpr
    body = jaxpr.jaxpr
    return jex.ClosedJaxpr(body.replace(invars=[*constants, *body.invars]), jaxpr.consts)


def inline_jaxpr(
    jaxpr: jex.ClosedJaxpr,
    builder: Builder,
    args: Sequence[SSAValue],
    consts: Sequence[SSAValue],
) -> list[SSAValue]:
    """Append the equations of a jaxpr as xtensor ops; return its results.

    Args:
        jaxpr: what to import.
        builder: where to put the ops.
        args: one value for each input of the jaxpr.
        consts: one value for each of ``array_constants(jaxpr)``.

    Raises:
        UnsupportedEffect: if an equation has a side effect.
        UnsupportedType: if a value is of a type that the tensor dialect does not have.
    """
    return _import_into(builder, jaxpr, _checked(jaxpr), args, consts, None)


def _checked(jaxpr: jex.ClosedJaxpr) -> jex.ClosedJaxpr:
    """The jaxpr without dead code, if it has no effects."""
    if effects := external_effects(jaxpr):
        raise UnsupportedEffect(_describe_effects("the function", effects))
    said = {i for part in each_jaxpr(jaxpr) for eqn in part.eqns for i in instructions_in(eqn)}
    if said:
        raise UnsupportedEffect(f"{min(said)} tells XLA more than what to compute")
    if callbacks := _CALLBACKS & primitives_in(jaxpr):
        raise UnsupportedEffect(f"{min(callbacks)} calls back into Python")
    return without_dead_code(jaxpr)


def _import_into(
    builder: Builder,
    jaxpr: jex.ClosedJaxpr,
    live: jex.ClosedJaxpr,
    args: Sequence[SSAValue],
    consts: Sequence[SSAValue],
    functions: Functions | None,
) -> list[SSAValue]:
    known = {id(v): ssa for v, ssa in zip(array_constants(jaxpr), consts, strict=True)}
    importer = Importer(known, functions)
    try:
        results = importer.run_closed(live, args)
    except UnsupportedJaxpr:
        importer.discard()  # leaves no uses of the caller's values
        raise
    builder.insert(importer.ops)
    return results


_CALLBACKS = frozenset({"pure_callback", "io_callback", "debug_callback"})
"""Primitives whose lowering holds a Python function, which no text can keep alive."""


def hoist_constants(jaxpr: jex.ClosedJaxpr) -> tuple[jex.ClosedJaxpr, list[Any]]:
    """Return the jaxpr with the arrays it closes over as leading inputs, and the values for these.

    The values may be tracers of an outer transformation, which sees them as operands then.
    """
    body, consts = jaxpr.jaxpr, jaxpr.consts
    is_literal = [is_constant_literal(value) for value in consts]
    literals, literal_values = _where(is_literal, body.constvars), _where(is_literal, consts)
    is_data = [not literal for literal in is_literal]
    data, values = _where(is_data, body.constvars), _where(is_data, consts)
    opened = body.replace(constvars=literals, invars=[*data, *body.invars])
    return jex.ClosedJaxpr(opened, literal_values), values


def _where(chosen: Sequence[bool], values: Sequence[Any]) -> list[Any]:
    return list(itertools.compress(values, chosen))


def import_function(jaxpr: jex.ClosedJaxpr, name: str) -> tuple[func.FuncOp, list[Any]]:
    """Return a private function of xtensor ops alone, and the arrays for its leading arguments.

    The function takes the jaxpr's array constants, then its inputs. Calls are inlined.

    Raises:
        UnsupportedEffect: if an equation has a side effect.
        UnsupportedType: if a value is of a type that the tensor dialect does not have.
    """
    return _import_function(jaxpr, _checked(jaxpr), name, None)


def import_module(jaxpr: jex.ClosedJaxpr, name: str) -> tuple[ModuleOp, list[Any]]:
    """Return a module whose first function is that of `import_function`, but for its calls.

    What the jaxpr calls is a function of the module.
    """
    live = _checked(jaxpr)
    functions = Functions(name)
    function, constants = _import_function(jaxpr, live, name, functions)
    return ModuleOp([function, *functions.ops]), constants


def _import_function(
    jaxpr: jex.ClosedJaxpr, live: jex.ClosedJaxpr, name: str, functions: Functions | None
) -> tuple[func.FuncOp, list[Any]]:
    constants = array_constants(jaxpr)
    avals = [*(jax.typeof(value) for value in constants), *jaxpr.in_avals]
    inputs = [aval_to_type(aval) for aval in avals]
    block = Block(arg_types=inputs)
    arguments, known = block.args[len(constants) :], block.args[: len(constants)]
    builder = Builder(InsertPoint.at_end(block))
    results = _import_into(builder, jaxpr, live, arguments, known, functions)
    block.add_op(func.ReturnOp(*results))
    outputs = [result.type for result in results]
    function = func.FuncOp(name, (inputs, outputs), Region(block), visibility="private")
    return function, constants


def primitive_fallback_count(module: Operation) -> dict[str, int]:
    """Count, by JAX primitive, the ops that stand for a primitive without an op of its own."""
    return dict(
        Counter(op.primitive.data for op in module.walk() if isinstance(op, xtensor.PrimitiveOp))
    )
