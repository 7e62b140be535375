"""Calls next to products are inlined, so that rules see both sides of them.

JAX imports `jnp.trace`, `jnp.diag` or `jax.nn.one_hot` as functions of their own. Where one takes
part of a product, or makes an operand of one, its body has to be where the product is. Others stay
calls: a layer that a model applies a hundred times is then rewritten, lowered and printed once.
"""

from __future__ import annotations

from collections.abc import Mapping

from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, UnknownLoc
from xdsl.ir import Operation, SSAValue

from xcs.dialects import xtensor

MAX_OPS = 64
"""Of a function that is inlined, what it calls included."""

TAKING: tuple[type[Operation], ...] = (
    xtensor.DotGeneralOp,
    xtensor.DynamicSliceOp,
    xtensor.EqOp,
    xtensor.GatherOp,
    xtensor.ReduceSumOp,
    xtensor.SliceOp,
)
"""What a function has to hold for a rule to be about it: it takes a part, sums, or makes a mask."""

_PASSED = (
    xtensor.ConvertElementTypeOp,
    xtensor.TransposeOp,
    xtensor.ReshapeOp,
    xtensor.BroadcastInDimOp,
    func.CallOp,
)


def inline_next_to_products(module: ModuleOp) -> bool:
    """Inline small functions that take of products or make their operands; say if any was."""
    functions = {
        op.sym_name.data: op for op in module.body.block.ops if isinstance(op, func.FuncOp)
    }
    calls = [op for op in module.walk() if isinstance(op, func.CallOp)]
    chosen = [call for call in calls if _is_wanted(call, functions)]
    inlined: set[str] = set()
    for call in chosen:
        _inline(call, functions, inlined)
    _drop_unused(module, [functions[name] for name in functions if name in inlined])
    return bool(chosen)


def _is_wanted(call: func.CallOp, functions: Mapping[str, func.FuncOp]) -> bool:
    if not _is_next_to_product(call):
        return False
    ops = _body(call, functions, MAX_OPS)
    return ops is not None and any(isinstance(op, TAKING) for op in ops)


def _is_next_to_product(call: func.CallOp) -> bool:
    if any(isinstance(operand.owner, xtensor.DotGeneralOp) for operand in call.operands):
        return True
    return any(_reaches_product(result, 3) for result in call.results)


def _reaches_product(value: SSAValue, depth: int) -> bool:
    users = [use.operation for use in value.uses]
    if any(isinstance(user, xtensor.DotGeneralOp) for user in users):
        return True
    return depth > 0 and any(
        _reaches_product(result, depth - 1)
        for user in users
        if isinstance(user, _PASSED)
        for result in user.results
    )


def _body(
    call: func.CallOp, functions: Mapping[str, func.FuncOp], most: int
) -> list[Operation] | None:
    """The ops of a call's function, and of those that it calls; None if there are too many."""
    function = functions.get(call.callee.string_value())
    if function is None or len(function.body.blocks) != 1:
        return None
    found: list[Operation] = []
    for op in function.body.block.ops:
        found.append(op)
        if isinstance(op, func.CallOp):
            inner = _body(op, functions, most - len(found))
            if inner is None:
                return None
            found += inner
        if len(found) > most:
            return None
    return found


def _inline(call: func.CallOp, functions: Mapping[str, func.FuncOp], inlined: set[str]) -> None:
    block, function = call.parent, functions[call.callee.string_value()]
    assert block is not None
    inlined.add(function.sym_name.data)
    values: dict[SSAValue, SSAValue] = dict(
        zip(function.body.block.args, call.operands, strict=True)
    )
    inner: list[func.CallOp] = []
    for op in function.body.block.ops:
        if isinstance(op, func.ReturnOp):
            for result, value in zip(call.results, op.operands, strict=True):
                result.replace_all_uses_with(values[value])
            break
        copy = op.clone(value_mapper=values)
        if isinstance(copy.location, UnknownLoc):
            copy.location = call.location  # a line of the caller says more than none
        block.insert_op_before(copy, call)
        if isinstance(copy, func.CallOp):
            inner.append(copy)
    call.detach()
    call.erase()
    for other in inner:
        _inline(other, functions, inlined)


def _drop_unused(module: ModuleOp, inlined: list[func.FuncOp]) -> None:
    """Erase those of the functions that nobody calls any more."""
    while inlined:
        called = {op.callee.string_value() for op in module.walk() if isinstance(op, func.CallOp)}
        unused = [f for f in inlined if f.sym_name.data not in called and _is_private(f)]
        if not unused:
            return
        for function in unused:
            inlined.remove(function)
            function.detach()
            function.erase()


def _is_private(function: func.FuncOp) -> bool:
    return function.sym_visibility is not None and function.sym_visibility.data == "private"
