"""Batching of functions, and of those that they call."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, StringAttr, SymbolRefAttr
from xdsl.traits import SymbolTable

from xcs.dialects.xtensor import type_of
from xcs.transforms.batching.batcher import Batched, Batcher, Batching, BatchingError
from xcs.transforms.batching.rules import rule_of

Dims = tuple[int | None, ...]


class NeedsOutAxis(BatchingError):
    """A result that differs between the elements of the batch is asked for without an axis."""


class Functions:
    """The batched forms of the functions that a batched function calls.

    There is one for each function and each choice of operands that have a batch.
    """

    def __init__(self, module: ModuleOp, size: int) -> None:
        self.module = module
        self.size = size
        self.made: list[func.FuncOp] = []
        self._known: dict[tuple[str, Dims], tuple[str, list[int | None]]] = {}
        self._running: list[str] = []
        symbols = (op.properties.get("sym_name") for op in module.ops)
        self._taken = {symbol.data for symbol in symbols if isinstance(symbol, StringAttr)}

    def batched(
        self, call: func.CallOp, dims: Sequence[int | None]
    ) -> tuple[SymbolRefAttr, list[int | None]]:
        """The symbol of the batched form of a function, and where its results have the batch."""
        name = call.callee.string_value()
        key = (name, tuple(dims))
        if key not in self._known:
            callee = SymbolTable.lookup_symbol(self.module, call.callee)
            if not isinstance(callee, func.FuncOp) or callee.is_declaration:
                raise BatchingError(f"'{call}' cannot be batched: @{name} has no body here")
            if name in self._running:
                raise BatchingError(f"@{name} cannot be batched: it calls itself")
            function, results = self.batch(callee, dims, [None] * len(call.results), exact=False)
            function.properties["sym_name"] = StringAttr(symbol := self.fresh(f"{name}_batched"))
            function.properties["sym_visibility"] = StringAttr("private")
            self.made.append(function)
            self._known[key] = symbol, results
        symbol, results = self._known[key]
        return SymbolRefAttr(symbol), list(results)

    def fresh(self, name: str) -> str:
        """A symbol that the module does not have yet."""
        candidate, count = name, 0
        while candidate in self._taken:
            candidate, count = f"{name}_{count}", count + 1
        self._taken.add(candidate)
        return candidate

    def batch(
        self,
        function: func.FuncOp,
        in_dims: Sequence[int | None],
        out_dims: Sequence[int | None],
        *,
        exact: bool = True,
    ) -> tuple[func.FuncOp, list[int | None]]:
        """The batched form of a function, and where its results have the batch.

        Args:
            function: the function, which stays as it is.
            in_dims: where each argument has the batch; None for one that has none.
            out_dims: where each result is to have it.
            exact: whether results are moved there; otherwise they are left where they are.

        Raises:
            BatchingError: if an op cannot be batched, or a result cannot be without the batch.
        """
        self._running.append(function.sym_name.data)
        outer = Batcher(Batching(self.size, self, rule_of))
        batcher, block = outer.open(function.body.block, in_dims)
        *ops, terminator = function.body.block.ops
        for op in ops:
            batcher.batch(op)
        batcher.location = terminator.location
        results = [batcher.read(value) for value in terminator.operands]
        if exact:
            results = [
                _placed(batcher, function, place, result, dim)
                for place, (result, dim) in enumerate(zip(results, out_dims, strict=True))
            ]
        end = func.ReturnOp(*(result.value for result in results))
        end.location = terminator.location
        batcher.ops.append(end)
        types = [type_of(result.value) for result in results]
        region = batcher.into_region(block)
        made = func.FuncOp(function.sym_name.data, (block.arg_types, types), region)
        _copy_attributes(function, made)
        self._running.pop()
        return made, [result.dim for result in results]


def _placed(
    batcher: Batcher, function: func.FuncOp, place: int, result: Batched, dim: int | None
) -> Batched:
    if dim is None and result.dim is not None:
        raise NeedsOutAxis(
            f"result {place} of @{function.sym_name.data} differs between the elements of the "
            "batch, so it needs an out axis"
        )
    return batcher.placed(result, dim)


def _copy_attributes(old: func.FuncOp, new: func.FuncOp) -> None:
    """Give the new function what the old one is apart from its type and its body."""
    new.location = old.location
    new.attributes.update(old.attributes)
    for name, value in old.properties.items():
        if name != "function_type":
            new.properties[name] = value
