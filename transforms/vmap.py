"""Batches a function: it takes and gives stacks of elements, and works on all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, StringAttr, SymbolRefAttr, TensorType
from xdsl.ir import Attribute, Operation
from xdsl.passes import ModulePass
from xdsl.utils.exceptions import PassFailedException

from xcs.transforms.batching import Functions

Axes: TypeAlias = tuple[int | str, ...] | int | str
"""An axis for each value, or one for all; `none` for values that have no batch."""


@dataclass(frozen=True)
class Vmap(ModulePass):
    """Replaces a function by its batched form.

    ``in_axes`` says where each argument has the batch, ``out_axes`` where each result is to have
    it, as in ``jax.vmap``; negative axes count from the end. An argument of ``none`` is the same
    for all elements, and what depends on such arguments alone is computed once. ``size`` is the
    number of elements. With ``into``, the function stays, and its batched form has that name;
    without, the private functions go with it that nothing else calls.
    """

    name = "vmap"

    function: str
    size: int
    in_axes: Axes = 0
    out_axes: Axes = 0
    into: str | None = None

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        old = self._function(op)
        if self.size < 0:
            raise PassFailedException(f"size must not be negative, got {self.size}")
        functions = Functions(op, self.size)
        in_dims = _dims("in-axes", self.in_axes, "arguments", old.function_type.inputs.data)
        out_dims = _dims("out-axes", self.out_axes, "results", old.function_type.outputs.data)
        made, _ = functions.batch(old, in_dims, out_dims)
        block = op.body.block
        block.insert_op_after(made, old)
        for function in functions.made:
            block.add_op(function)
        if self.into is not None:
            made.properties["sym_name"] = StringAttr(self.into)
            return
        callees = _called(op, old)
        block.erase_op(old)
        _erase_unused(op, callees)

    def _function(self, module: ModuleOp) -> func.FuncOp:
        """The function to batch, which nothing else may use if it is replaced."""
        functions = {f.sym_name.data: f for f in module.ops if isinstance(f, func.FuncOp)}
        if (found := functions.get(self.function)) is None:
            known = ", ".join(f"@{name}" for name in functions) or "no function"
            raise PassFailedException(f"there is no function @{self.function}; there is {known}")
        if found.is_declaration:
            raise PassFailedException(f"@{self.function} has no body here")
        if self.into in functions:
            raise PassFailedException(f"there is a function @{self.into} already")
        if self.into is None and any(_names(op, self.function) for op in module.walk()):
            raise PassFailedException(
                f"@{self.function} is used elsewhere, where its batched form would not fit; "
                "give that another name with 'into'"
            )
        return found


def _erase_unused(module: ModuleOp, functions: list[func.FuncOp]) -> None:
    """Erase those of the functions that nothing refers to, in any order of calls among them."""

    def is_used(function: func.FuncOp) -> bool:
        return any(_names(op, function.sym_name.data) for op in module.walk())

    while unused := [function for function in functions if not is_used(function)]:
        for function in unused:
            functions.remove(function)
            module.body.block.erase_op(function)


def _called(module: ModuleOp, function: func.FuncOp) -> list[func.FuncOp]:
    """The private functions that a function calls, and those that these call."""
    private = [
        f
        for f in module.ops
        if isinstance(f, func.FuncOp) and f.sym_visibility == StringAttr("private")
    ]
    found: list[func.FuncOp] = [function]
    for caller in found:
        calls = [op for op in caller.walk() if isinstance(op, func.CallOp)]
        found += [
            f
            for f in private
            if f not in found and any(_names(call, f.sym_name.data) for call in calls)
        ]
    return found[1:]


def _names(op: Operation, function: str) -> bool:
    """Whether an op refers to a function."""
    attributes = (*op.properties.values(), *op.attributes.values())
    return any(isinstance(a, SymbolRefAttr) and a.string_value() == function for a in attributes)


def _dims(option: str, axes: Axes, what: str, types: Sequence[Attribute]) -> list[int | None]:
    """One dimension for each value, counted from the front."""
    given = axes if isinstance(axes, tuple) else (axes,) * len(types)
    if len(given) != len(types):
        raise PassFailedException(f"{option}: {len(given)} axes for {len(types)} {what}")
    return [_dim(option, axis, type) for axis, type in zip(given, types, strict=True)]


def _dim(option: str, axis: int | str, type: Attribute) -> int | None:
    if axis == "none":
        return None
    if not isinstance(type, TensorType):
        raise PassFailedException(f"{option}: {type} is no tensor, so it has no axis")
    rank = type.get_num_dims() + 1
    if not isinstance(axis, int) or isinstance(axis, bool):
        raise PassFailedException(f"{option}: expected a number or 'none', got '{axis}'")
    if not -rank <= axis < rank:
        raise PassFailedException(f"{option}: axis {axis} out of range for a batch of {type}")
    return axis % rank
