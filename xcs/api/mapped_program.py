"""The program of a mapped function that calls operators: its calls are a map over the elements."""

from __future__ import annotations

import types
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp

from xcs.api.array_program import jit_is_disabled
from xcs.api.batches import Batch, Listed, Shared, joined
from xcs.api.function import MAX_PROGRAMS, Fallback, JitFunction, Options, Program
from xcs.frontend.arguments import Leaf, leaves_of, wholes_of
from xcs.frontend.traced import Promote, Unsupported
from xcs.transforms.batching import BatchingError, array_remarks, call_remarks
from xcs.transforms.vmap import Vmap


@dataclass
class Operands:
    """What the program of a batch takes: a value for each leaf of an element's arguments.

    `dims` says where each has the batch; what is no array is a list of the elements' values.
    """

    arguments: dict[str, Any]
    values: list[Any]
    dims: list[int | None]


class MappedPrograms:
    """The programs of one mapped function, which is given as the function of one element."""

    def __init__(self, function: Callable[..., Any], out_axes: Any) -> None:
        self.element = JitFunction(function, Options())
        self.out_axes = out_axes
        self._programs: OrderedDict[Hashable, Program | None] = OrderedDict()

    def __call__(self, batch: Batch) -> Any:
        """Run the function for all elements of a batch, and put the results together."""
        found = self.program(batch) if batch.size else None
        if found is None:
            results = [self.element.call(*batch.element(i)) for i in range(batch.size)]
        else:
            program, values, hit = found
            results = self.element.run_program(program, values, hit=hit)
        return joined(results, self.out_axes)

    def program(self, batch: Batch) -> tuple[Program, list[Any], bool] | None:
        """The program for a batch, its operands, and whether it was there already.

        There is none where the elements differ in more than data, or the function is not captured:
        then it runs for one element after the other.
        """
        is_function = isinstance(self.element.python_function, types.FunctionType)
        if not is_function or jit_is_disabled():
            return None
        while True:
            try:
                kind = self.element.key_of(*batch.element(0))
            except TypeError:  # a wrong call, of which Python says what is wrong
                return None
            alike = range(1, batch.size) if batch.has_lists else ()
            if any(self.element.key_of(*batch.alike(number)) != kind for number in alike):
                return None
            operands = self._operands(batch)
            stacked = any(isinstance(leaf, jax.Array | np.ndarray) for leaf in operands.values)
            key = (kind, tuple(operands.dims), batch.size if stacked else None)
            program = self._programs.get(key)
            if key in self._programs and (program is None or program.guards.hold()):
                return None if program is None else (program, operands.values, True)
            try:
                program = self._compile(operands, batch.size)
            except Promote as promotion:
                if operands.dims[promotion.argument] is None:
                    self.element.promote(operands.arguments, promotion)
                    continue
                program = None  # each element would have a program of its own
            self._programs[key] = program
            if len(self._programs) > MAX_PROGRAMS:
                self._programs.popitem(last=False)
            return None if program is None else (program, operands.values, False)

    def _compile(self, operands: Operands, size: int) -> Program | None:
        """The program of a whole batch. Raises `Promote`."""
        try:
            captured = self.element.capture_for(operands.arguments)
            dims = tuple("none" if dim is None else dim for dim in operands.dims)
            has_batch = [dim is not None for dim in operands.dims]
            remarks = [*array_remarks(_main(captured.module), has_batch)]
            Vmap("main", size, dims).apply(Context(), captured.module)
            captured.remarks += [*remarks, *call_remarks(_main(captured.module))]
        except (Unsupported, BatchingError):
            return None
        program = self.element.compile_captured(captured)
        return None if isinstance(program, Fallback) else program

    def explain(self, batch: Batch) -> list[tuple[int, str]]:
        """What becomes of the function's lines: (line, text), where line 0 is the whole."""
        found = self.program(batch) if batch.size else None
        if found is None:
            return [(0, "runs for one element after another")]
        captured = found[0].captured
        native = [(line or 0, f"stays plain Python: {why}") for line, why in captured.native_parts]
        return [*((line or 0, text) for line, text in captured.remarks), *native]

    def _operands(self, batch: Batch) -> Operands:
        arguments = self.element.flatten_arguments(*batch.element(0))
        places: dict[int, int] = {}
        batched: set[int] = set()
        for place, (leaf, first) in enumerate(zip(batch.leaves, batch.firsts, strict=True)):
            if isinstance(leaf, Listed):
                batched.update(_identities(first))
            elif not isinstance(leaf, Shared):
                places[id(first)] = place
        batched.update(places)
        rows: list[list[Any]] = []
        found = Operands(arguments, [], [])
        for number, leaf in enumerate(_leaves(arguments)):
            place = places.get(id(leaf.example))
            if place is not None and leaf.kind == "array":
                value, dim = batch.leaves[place], batch.axes[place]
                if isinstance(value, np.ndarray):  # so that an element is a NumPy array too
                    value, dim = np.moveaxis(value, dim or 0, 0), 0
            elif not batched.isdisjoint(_identities(leaf.example)):
                rows = rows or [self._row(batch, i) for i in range(batch.size)]
                value, dim = _column(leaf, [row[number] for row in rows]), 0
            else:
                value, dim = leaf.example, None
            found.values.append(value)
            found.dims.append(dim)
        return found

    def _row(self, batch: Batch, number: int) -> list[Any]:
        arguments = self.element.flatten_arguments(*batch.element(number))
        return [leaf.example for leaf in _leaves(arguments)]


def _main(module: ModuleOp) -> func.FuncOp:
    functions = (op for op in module.ops if isinstance(op, func.FuncOp))
    return next(function for function in functions if function.sym_name.data == "main")


def _leaves(arguments: dict[str, Any]) -> list[Leaf]:
    """What a program takes, in order."""
    return [*leaves_of(arguments), *wholes_of(arguments)]


def _column(leaf: Leaf, values: list[Any]) -> Any:
    """One leaf of all elements."""
    if leaf.kind != "array":
        return values
    return (jnp if isinstance(leaf.example, jax.Array) else np).stack(values)


def _identities(value: Any) -> Iterator[int]:
    """The identities of a value and of what its containers hold."""
    yield id(value)
    if isinstance(value, dict):
        parts: Any = value.values()
    elif isinstance(value, list | tuple):
        parts = value
    elif not jax.tree_util.all_leaves([value]):
        parts = jax.tree_util.tree_leaves(value, is_leaf=lambda part: part is not value)
    else:
        return
    for part in parts:
        yield from _identities(part)
