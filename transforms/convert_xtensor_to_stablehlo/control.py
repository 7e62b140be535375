"""Lowering of the control ops, and of the ops that are defined by a region."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from xdsl.ir import Block, Operation, Region, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.stablehlo import control, generation
from xcs.transforms.analysis.used_values import captured
from xcs.transforms.convert_xtensor_to_stablehlo.emitter import (
    Emitter,
    Rule,
    Values,
    direct,
)


def loop(
    emit: Emitter,
    invariant: Values,
    inits: Values,
    condition: Callable[[Emitter, Values, Values], SSAValue],
    body: Callable[[Emitter, Values, Values], Values],
) -> Values:
    """A while loop, as JAX makes it: what the regions use from outside is carried along, too.

    Condition and body are made by functions of the invariant values and the carried ones, as they
    are inside. Constants are made anew in each region rather than carried.
    """
    constants = [_constant(value) for value in invariant]
    passed = [value for value, constant in zip(invariant, constants, strict=True) if not constant]
    types = [value.type for value in (*passed, *inits)]

    def region(make: Callable[[Emitter, Values, Values], Values]) -> Region:
        inner, block = emit.inner(), Block(arg_types=types)
        args = iter(block.args[: len(passed)])
        local = [_copy(inner, constant) if constant else next(args) for constant in constants]
        inner.many(control.ReturnOp, make(inner, local, block.args[len(passed) :]), ())
        copies = {value.owner for value in local if _constant(value) and not value.uses}
        inner.ops = [op for op in inner.ops if op not in copies]
        return inner.into_region(block)

    def carry_on(inner: Emitter, local: Values, carried: Values) -> Values:
        unchanged = [v for v, constant in zip(local, constants, strict=True) if not constant]
        return (*unchanged, *body(inner, local, carried))

    regions = (region(lambda *values: (condition(*values),)), region(carry_on))
    results = emit.many(control.WhileOp, (*passed, *inits), types, {}, regions)
    return results[len(passed) :]


def _constant(value: SSAValue) -> generation.ConstantOp | None:
    return value.owner if isinstance(value.owner, generation.ConstantOp) else None


def _copy(emit: Emitter, constant: generation.ConstantOp) -> SSAValue:
    result = constant.results[0].type
    return emit.one(generation.ConstantOp, (), result, constant.properties)


def inline_with(
    emit: Emitter, region: Region, outer: Sequence[SSAValue], local: Values, args: Values
) -> Values:
    """Emit a region in which values from outside are what they are called inside a loop."""
    lowered = emit.conversion.lowered
    before: Mapping[SSAValue, SSAValue | None] = {value: lowered.get(value) for value in outer}
    lowered.update(zip(outer, local, strict=True))
    results = emit.inline(region, args)
    for value, known in before.items():
        if known is None:
            del lowered[value]
        else:
            lowered[value] = known
    return results


def lower_while(emit: Emitter, op: xtensor.WhileOp, *inits: SSAValue) -> Values:
    """A while loop."""
    outer = list(captured(op.regions))
    lowered = emit.conversion.lowered

    def condition(inner: Emitter, local: Values, carried: Values) -> SSAValue:
        (predicate,) = inline_with(inner, op.condition, outer, local, carried)
        return predicate

    def body(inner: Emitter, local: Values, carried: Values) -> Values:
        return inline_with(inner, op.body, outer, local, carried)

    return loop(emit, [lowered.get(value, value) for value in outer], inits, condition, body)


def lower_cond(emit: Emitter, op: xtensor.CondOp, index: SSAValue) -> Values:
    """A case; its branches use values from outside as they are."""
    branches = [emit.lower_body(branch) for branch in op.branches]
    return emit.many(control.CaseOp, (index,), op.result_types, {}, branches)


def lower_yield(emit: Emitter, op: xtensor.YieldOp, *values: SSAValue) -> Values:
    """The end of a region that stays one."""
    return emit.many(control.ReturnOp, values, ())


def lower_composite(emit: Emitter, op: xtensor.CompositeOp, *operands: SSAValue) -> Values:
    """The op's definition, in its place."""
    return emit.inline(op.definition, operands)


RULES: dict[type[Operation], Rule] = {
    xtensor.OptimizationBarrierOp: direct(control.OptimizationBarrierOp),
    xtensor.CondOp: lower_cond,
    xtensor.WhileOp: lower_while,
    xtensor.YieldOp: lower_yield,
    **{op: lower_composite for op in xtensor.OPERATIONS if issubclass(op, xtensor.CompositeOp)},
}
