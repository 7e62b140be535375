"""Whether two StableHLO modules compute the same: value numbering across modules.

Each value is numbered by its op, the op's attributes and its operands' numbers, with calls of
functions looked through. Equal numbers mean equal expressions, whatever their order, names and
sharing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
from jax.extend.mlir import ir

Numbers = dict[Any, int]


class Numbering:
    """Numbers of values, which modules share."""

    def __init__(self) -> None:
        self._known: dict[Any, int] = {}

    def results(self, lowered: jax.stages.Lowered) -> tuple[int, ...]:
        """The numbers of a lowered function's results."""
        module: Any = lowered.compiler_ir()
        functions = {
            ir.StringAttr(op.attributes["sym_name"]).value: op.operation.regions[0].blocks[0]
            for op in module.body.operations
            if op.operation.name == "func.func"
        }
        main = functions["main"]
        arguments = [self._number("argument", i) for i in range(len(main.arguments))]
        return _Walk(self._number, functions).block(main, arguments, {}, 0)

    def _number(self, *what: Any) -> int:
        return self._known.setdefault(what, len(self._known))


class _Walk:
    """A walk over one module."""

    def __init__(self, number: Any, functions: dict[str, Any]) -> None:
        self._number = number
        self._functions = functions
        self._called: dict[Any, tuple[int, ...]] = {}
        self._false: set[int] = set()

    def block(
        self, block: Any, arguments: Sequence[int], outer: Numbers, depth: int
    ) -> tuple[int, ...]:
        """The numbers of what a block returns."""
        numbers = {**outer, **dict(zip(block.arguments, arguments, strict=True))}
        *ops, end = (op.operation for op in block.operations)
        for op in ops:
            numbers.update(zip(op.results, self._op(op, numbers, depth), strict=True))
        return tuple(numbers[operand] for operand in end.operands)

    def _op(self, op: Any, numbers: Numbers, depth: int) -> tuple[int, ...]:
        operands = tuple(numbers[operand] for operand in op.operands)
        if op.name == "func.call":
            callee = ir.FlatSymbolRefAttr(op.attributes["callee"]).value
            return self._call(callee, operands, depth)
        if _is_identity(op) or (_is_not_equal(op) and operands[1] in self._false):
            return operands[:1]
        if op.name == "stablehlo.case" and len(op.regions) == 1:
            return self._region(op.regions[0], numbers, depth)
        if op.name == "stablehlo.while":
            return self._while(op, numbers, depth + 1)
        regions = tuple(self._region(region, numbers, depth + 1) for region in op.regions)
        types = tuple(str(result.type) for result in op.results)
        what = self._number(op.name, operands, regions, _attributes(op), types)
        results = tuple(self._number("result", what, i) for i in range(len(types)))
        if _is_false(op) or (
            op.name == "stablehlo.broadcast_in_dim" and operands[0] in self._false
        ):
            self._false.update(results)
        return results

    def _while(self, op: Any, numbers: Numbers, depth: int) -> tuple[int, ...]:
        """A loop, in which what it carries along unchanged is the value from outside."""
        operands = [numbers[operand] for operand in op.operands]
        types = [str(result.type) for result in op.results]
        condition, body = (region.blocks[0] for region in op.regions)
        before = [self._number("region", depth, i, type) for i, type in enumerate(types)]
        after = self.block(body, before, numbers, depth)
        changed = [
            i for i, (one, other) in enumerate(zip(before, after, strict=True)) if one != other
        ]
        inside = list(operands)
        for place, i in enumerate(changed):
            inside[i] = self._number("region", depth, place, types[i])
        after = self.block(body, inside, numbers, depth)
        test = self.block(condition, inside, numbers, depth)
        carried = tuple((operands[i], types[i], after[i]) for i in changed)
        what = self._number(op.name, carried, test)
        for place, i in enumerate(changed):
            inside[i] = self._number("result", what, place)
        return tuple(inside)

    def _region(self, region: Any, numbers: Numbers, depth: int) -> Any:
        block = region.blocks[0]
        arguments = [
            self._number("region", depth, i, str(argument.type))
            for i, argument in enumerate(block.arguments)
        ]
        return self.block(block, arguments, numbers, depth)

    def _call(self, name: str, operands: tuple[int, ...], depth: int) -> tuple[int, ...]:
        key = name, operands, depth
        if (known := self._called.get(key)) is None:
            known = self._called[key] = self.block(self._functions[name], operands, {}, depth)
        return known


def _attributes(op: Any) -> Any:
    if op.name == "stablehlo.constant":
        return _constant(op)
    given = {(name, str(op.attributes[name])) for name in op.attributes}
    return tuple(sorted(given - _DEFAULTS))


def _constant(op: Any) -> str:
    try:
        return str(op.attributes["value"])
    except TypeError:  # the bindings have no complex elements; printing the op takes far longer
        return op.get_asm(use_local_scope=True).partition("=")[2]


def _is_identity(op: Any) -> bool:
    """Whether the op gives its operand: JAX leaves such in, where a rule has no case for them."""
    if op.name == "sdy.sharding_constraint":
        return "@empty_mesh" in str(op.attributes["sharding"])
    if op.name not in _MAY_BE_IDENTITIES or op.operands[0].type != op.results[0].type:
        return False
    if op.name != "stablehlo.broadcast_in_dim":
        return True
    dims = list(ir.DenseI64ArrayAttr(op.attributes["broadcast_dimensions"]))
    return dims == list(range(len(dims)))


def _is_not_equal(op: Any) -> bool:
    return op.name == "stablehlo.compare" and " NE" in str(op.attributes["comparison_direction"])


def _is_false(op: Any) -> bool:
    return op.name == "stablehlo.constant" and "dense<false>" in _constant(op)


_DEFAULTS = frozenset(
    {("api_version", "1 : i32"), ("called_computations", "[]"), ("has_side_effect", "false")}
)
_MAY_BE_IDENTITIES = frozenset(
    {"stablehlo.broadcast_in_dim", "stablehlo.convert", "stablehlo.reshape"}
    | {"stablehlo.bitcast_convert"}
)
