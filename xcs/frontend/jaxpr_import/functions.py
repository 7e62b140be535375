"""Functions of an imported module: one for each jaxpr that `jax.jit` made of a function."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from xdsl.dialects import func
from xdsl.ir import Block, Region

from xcs.frontend.jaxpr_import.jaxprs import array_constants
from xcs.frontend.jaxpr_import.types import UnsupportedJaxpr, aval_to_type

if TYPE_CHECKING:
    from xcs.frontend.jaxpr_import.importer import Importer


class Functions:
    """The functions made so far.

    Calls stay calls, as in JAX's own lowering. So a layer that a model applies a hundred times is
    imported, lowered and printed once; and XLA, which folds constants before it inlines, gives the
    same bits.
    """

    def __init__(self, name: str) -> None:
        self.ops: list[func.FuncOp] = []
        self._made: dict[int, func.FuncOp | None] = {}
        self._names = Counter({"main": 1, name: 1})

    def of(self, eqn: Any, importer: Importer) -> func.FuncOp | None:
        """The function that an equation calls; None if what it calls is to be inlined."""
        callee = eqn.params["jaxpr"]
        if (key := id(callee)) not in self._made:
            function = None
            if not array_constants(callee):  # these are arguments of the whole module
                function = self._make(callee, eqn.params["name"], importer)
                self.ops.append(function)
            self._made[key] = function
        return self._made[key]

    def _make(self, callee: Any, name: str, importer: Importer) -> func.FuncOp:
        inputs = [aval_to_type(aval) for aval in callee.in_avals]
        block = Block(arg_types=inputs)
        inner = importer.inner()
        try:
            results = inner.run_closed(callee, block.args)
        except UnsupportedJaxpr:
            inner.discard()
            raise
        block.add_ops((*inner.ops, func.ReturnOp(*results)))
        outputs = [result.type for result in results]
        symbol = self._fresh(name)
        return func.FuncOp(symbol, (inputs, outputs), Region(block), visibility="private")

    def _fresh(self, name: str) -> str:
        candidate = name
        while candidate in self._names:
            candidate = f"{name}_{self._names[name]}"
            self._names[name] += 1
        self._names[candidate] = 1
        return candidate
