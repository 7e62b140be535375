"""Import of kernels: code of ours that array code calls becomes part of that code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import SSAValue
from xdsl.traits import SymbolTable

from xcs.frontend.jaxpr_import.registry import Types, Values, rule

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer


@rule("xcs_kernel", takes_keys=True)
def _kernel(importer: Importer, eqn: Any, operands: Values, results: Types) -> Values | None:
    """The ops of the kernel; one that is text alone stays a single primitive."""
    module: ModuleOp | None = getattr(eqn.params["kernel"], "module", None)
    if module is None:
        return None
    function = module.clone().body.block.first_op
    assert isinstance(function, func.FuncOp)
    while calls := [op for op in function.walk() if isinstance(op, func.CallOp)]:
        for call in calls:
            _inline(call)
    block = function.body.block
    for argument, operand in zip(block.args, operands, strict=True):
        argument.replace_all_uses_with(operand)
    *ops, terminator = block.ops
    values = tuple(terminator.operands)
    block.erase_op(terminator)
    importer.ops += [block.detach_op(op) for op in ops]
    return values


def _inline(call: func.CallOp) -> None:
    """Replace a call by the ops of the function."""
    callee = SymbolTable.lookup_symbol(call, call.callee)
    assert isinstance(callee, func.FuncOp)
    block = call.parent
    assert block is not None
    values: dict[SSAValue, SSAValue] = dict(zip(callee.body.block.args, call.operands, strict=True))
    *ops, terminator = callee.body.block.ops
    for op in ops:
        block.insert_op_before(op.clone(value_mapper=values), call)
    for result, value in zip(call.results, terminator.operands, strict=True):
        result.replace_all_uses_with(values[value])
    block.erase_op(call)
