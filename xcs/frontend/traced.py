"""Capture: from a Python function and the kinds of its arguments to a module of IR."""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from xdsl.builder import Builder
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation, Region
from xdsl.rewriter import InsertPoint

from xcs.dialects import orch
from xcs.frontend.analysis.resources import Policy
from xcs.frontend.arguments import Flat, Leaf, leaves_of, wholes_of
from xcs.frontend.emit import Emitter
from xcs.frontend.guards import Guards, collecting
from xcs.frontend.jaxpr_import import (
    UnsupportedJaxpr,
    array_constants,
    aval_to_type,
    inline_jaxpr,
)
from xcs.frontend.names import local_names
from xcs.frontend.source import function_node
from xcs.frontend.statements import Statements
from xcs.frontend.values import Dyn, Frame, LocalFunction, Promote, Unsupported

__all__ = [
    "Captured",
    "Interpreter",
    "Promote",
    "Unsupported",
    "capture",
]


@dataclass
class Captured:
    """A captured function: `module` holds ``@main``, `objects` what its references name.

    `remarks` and `native_parts` are (line, text): what holds the program back, and which statements
    stayed native Python and why. `array_runs` counts runs of array code between operator calls.
    """

    module: ModuleOp
    objects: dict[str, Any]
    guards: Guards
    remarks: list[tuple[int | None, str]]
    native_parts: list[tuple[int | None, str]]
    array_runs: int


@dataclass
class Interpreter(Statements):
    """Runs a function's syntax tree over static and dynamic values, and emits what is dynamic."""

    emitter: Emitter
    guards: Guards
    policy: Policy = "held"
    owned: dict[int, Any] = field(default_factory=dict)
    escaped: dict[int, Dyn] = field(default_factory=dict)
    external: dict[int, Any] = field(default_factory=dict)
    touched: dict[int, Any] = field(default_factory=dict)
    frames: list[Frame] = field(default_factory=list)
    frozen: list[set[int]] = field(default_factory=list)
    remarks: list[tuple[int | None, str]] = field(default_factory=list)
    native_parts: list[tuple[int | None, str]] = field(default_factory=list)
    bound_methods: dict[tuple[int, int], Any] = field(default_factory=dict)
    consumed: set[int] = field(default_factory=set)
    inlined: int = 0

    def run_function(
        self,
        function: types.FunctionType,
        arguments: Mapping[str, Any],
        values: Iterator[Any],
        wholes: Iterator[Any],
    ) -> Any:
        """Interpret the function.

        `values` are those of the arguments' leaves, in order, `wholes` the operands for containers
        that are taken apart.
        """
        tree = function_node(function)
        self.check_capturable(function, tree)
        scope = self.emitter.key_of(function.__globals__, f"globals_{function.__module__}")
        frame = Frame(function, scope, function.__code__.co_filename, local_names(tree))
        frame.env = {name: _rebuild(flat, values, self, wholes) for name, flat in arguments.items()}
        result = self.run_body(tree, frame)
        return self.native_function(result) if isinstance(result, LocalFunction) else result


def capture(
    function: types.FunctionType,
    arguments: Mapping[str, Flat | Sequence[Any]],
    *,
    policy: Policy = "held",
) -> Captured:
    """Capture a function whose parameters have the given kinds.

    `arguments` maps each parameter to its flattened argument; ``*args`` maps to a list of them and
    ``**kwargs`` to a dict. Raises `Unsupported` where the function as a whole must stay Python, and
    `Promote` where an argument has to be static.
    """
    emitter, guards = Emitter(), Guards()
    interpreter = Interpreter(emitter, guards, policy)
    leaves = [*leaves_of(arguments), *wholes_of(arguments)]
    operands = [
        emitter.entry.insert_arg(_leaf_type(leaf), index) for index, leaf in enumerate(leaves)
    ]
    for operand, leaf in zip(operands, leaves, strict=True):
        operand.name_hint = leaf.parameter
    traced = [index for index, leaf in enumerate(leaves) if leaf.kind in ("array", "number")]

    def run(*tracers: Any) -> list[Any]:
        values = iter(
            _leaf_values(leaves, operands, dict(zip(traced, tracers, strict=True)), emitter)
        )
        wholes = operands[len(leaves_of(arguments)) :]
        result = interpreter.run_function(function, arguments, values, iter(wholes))
        emitter.add(func.ReturnOp(emitter.materialize(result)))
        return [tracer for tracer, _ in emitter.placeholders]

    try:
        with collecting(guards):
            jaxpr = jax.make_jaxpr(run)(*(leaves[index].spec for index in traced))
        _place_arrays(jaxpr, [operands[index] for index in traced], emitter)
    except UnsupportedJaxpr as error:
        raise Unsupported(str(error)) from error
    returned = emitter.entry.last_op
    assert isinstance(returned, func.ReturnOp)
    main = func.FuncOp(
        "main",
        ([v.type for v in operands], [v.type for v in returned.arguments]),
        Region(emitter.entry),
    )
    used = {op.callee.root_reference.data for op in main.walk() if isinstance(op, orch.CallOp)}
    declared = [op for name, op in emitter.operators.items() if name in used]
    return Captured(
        ModuleOp([*declared, main]),
        emitter.objects,
        guards,
        interpreter.remarks,
        interpreter.native_parts,
        emitter.array_runs,
    )


def _leaf_type(leaf: Leaf) -> Any:
    if leaf.kind == "array":
        return aval_to_type(jax.typeof(leaf.spec) if not hasattr(leaf.spec, "shape") else leaf.spec)
    if leaf.class_name == "list":
        element = leaf.spec if isinstance(leaf.spec, str) else None
        return orch.ListType(orch.ObjectType(element))
    return orch.ObjectType(leaf.class_name)


def _leaf_values(
    leaves: list[Leaf], operands: Sequence[Any], tracers: dict[int, Any], emitter: Emitter
) -> list[Any]:
    """What the interpreter sees for each leaf: a tracer for arrays, a `Dyn` for everything else."""
    values: list[Any] = []
    for index, (leaf, operand) in enumerate(zip(leaves, operands, strict=True)):
        tracer = tracers.get(index)
        if leaf.kind == "array":
            numpy = isinstance(leaf.example, np.ndarray | np.generic)
            emitter.bind_argument(tracer, operand, numpy=numpy)
            values.append(tracer)
        else:
            values.append(Dyn(operand, leaf.class_name, index, tracer, leaf.example))
    return values


def _rebuild(flat: Any, values: Any, interpreter: Interpreter, wholes: Iterator[Any]) -> Any:
    """A parameter's value; the containers of ``*args`` and ``**kwargs`` are capture's own."""
    if isinstance(flat, list):
        return tuple(_rebuild(part, values, interpreter, wholes) for part in flat)
    if isinstance(flat, dict):
        return interpreter.own(
            {name: _rebuild(part, values, interpreter, wholes) for name, part in flat.items()}
        )
    value = flat.rebuild(values)
    if flat.whole is not None and (whole := next(wholes, None)) is not None:
        interpreter.emitter.bind_container(value, lambda: whole, whole.index)
    return value


def _place_arrays(jaxpr: Any, operands: list[Any], emitter: Emitter) -> None:
    """Import the traced equations at the function's start, in place of the placeholders."""
    if not emitter.placeholders:
        return
    entry, first = emitter.entry, emitter.entry.first_op
    assert first is not None
    builder = Builder(InsertPoint.before(first))
    arguments = [
        operand
        if aval_to_type(variable.aval) == operand.type
        else builder.insert(orch.AsTensorOp(operand, aval_to_type(variable.aval))).results[0]
        for operand, variable in zip(operands, jaxpr.jaxpr.invars, strict=True)
    ]
    constants = [
        builder.insert(
            orch.ConstantOp(
                orch.RefAttr(emitter.key_of(value, "array")), aval_to_type(jax.typeof(value))
            )
        ).results[0]
        for value in array_constants(jaxpr)
    ]
    results = inline_jaxpr(jaxpr, builder, arguments, constants)
    for (_, placeholder), result in zip(emitter.placeholders, results, strict=True):
        placeholder.replace_all_uses_with(result)
        if isinstance(owner := placeholder.owner, Operation) and owner.parent is not None:
            owner.detach()
            owner.erase()
    for op in list(entry.ops):
        if isinstance(op, orch.AsTensorOp) and op.results[0].first_use is None:
            entry.erase_op(op)
