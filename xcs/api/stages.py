"""Ahead of time, stage by stage, as in `jax.stages`: trace, lower, compile."""

from __future__ import annotations

import logging
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from typing import Any

import jax
from xdsl.dialects.builtin import ModuleOp

from xcs.api.function import Fallback, JitFunction, Program
from xcs.api.pipeline import ORCHESTRATION, specialise, split, with_rules
from xcs.dialects import orch
from xcs.frontend.arguments import AbstractArray, array_spec
from xcs.frontend.array_trace import trace_arrays
from xcs.frontend.capture import Captured
from xcs.frontend.jaxpr_import import UnsupportedJaxpr, hoist_constants, import_module
from xcs.frontend.unsupported import Unsupported
from xcs.runtime import XCSError

_log = logging.getLogger("xcs")


class CaptureError(XCSError):
    """The function as a whole cannot be captured; a call of it runs as plain Python."""


@dataclass(repr=False)
class Traced:
    """A function captured for arguments of given kinds. Nothing has run.

    Instead of an array, its `jax.ShapeDtypeStruct` will do.

    Raises:
        CaptureError: if the function cannot be captured.
    """

    function: JitFunction
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def __post_init__(self) -> None:
        if _has_specs(given := (self.args, self.kwargs)):
            self.args, self.kwargs = _with_arrays(given)
        self.captured = capture_for(self.function, self.args, self.kwargs)

    def __repr__(self) -> str:
        return f"<traced {self.function.name}>"

    def as_text(self) -> str:
        """The captured program: orch and xtensor ops."""
        return str(self.captured.module)

    @property
    def operators(self) -> list[str]:
        """The names of the operators that are called."""
        module = self.captured.module
        declared = {
            op.sym_name.data
            for op in module.ops
            if isinstance(op, orch.OperatorOp) and op.kind.data != "tensor"
        }
        calls = (op.callee.string_value() for op in module.walk() if isinstance(op, orch.CallOp))
        return [name for name in dict.fromkeys(calls) if name in declared]

    def lower(self) -> Lowered:
        """Run the pass pipeline."""
        return Lowered(self, self.captured)


@dataclass(repr=False)
class Lowered:
    """A captured program after the pass pipeline, with its text at each stage."""

    traced: Traced
    captured: Captured | ArrayCode

    def __post_init__(self) -> None:
        self._lowered = split(
            self.captured.module.clone(),
            self.captured.objects,
            rules=self.traced.function.config.optimize,
        )
        if isinstance(self.captured, Captured):
            given = self.traced.function.described(self.traced.args, self.traced.kwargs)
            specialise(self._lowered, given.values)

    def __repr__(self) -> str:
        return f"<lowered {self.traced.function.name}>"

    def as_text(self, stage: str = "split") -> str:
        """The program at a stage.

        "orch" is what was captured, "split" the orchestration function and its kernels, and
        "stablehlo" the kernels as StableHLO modules. A kernel whose shapes are known only when it
        is launched is shown for the shapes that calls of the function have launched it on.
        """
        match stage:
            case "orch":
                return self.traced.as_text()
            case "split":
                return str(self._lowered.module)
            case "stablehlo":
                program = self.traced.function.program_for(self.traced.args, self.traced.kwargs)
                return (program.lowered if program is not None else self._lowered).stablehlo()
        raise ValueError(f"no stage '{stage}'; expected orch, split or stablehlo")

    @property
    def pipeline(self) -> str:
        """The passes that were run, in the form that `xcs-opt -p` takes."""
        return with_rules(ORCHESTRATION, self.traced.function.config.optimize)

    def compile(self) -> Compiled:
        """The program ready to run on arguments of the same kinds."""
        function, captured = self.traced.function, self.captured
        key = _key(function, self.traced.args, self.traced.kwargs)
        if isinstance(captured, ArrayCode):
            return Compiled(function, None, key)
        program = function.compile_captured(replace(captured, module=captured.module.clone()))
        if isinstance(program, Fallback):
            raise CaptureError(program.reason)
        return Compiled(function, program, key)


@dataclass(repr=False)
class Compiled:
    """A compiled program. Raises TypeError for arguments of other kinds than it was traced for."""

    function: JitFunction
    program: Program | None
    """None stands for the one kernel of a function of arrays."""
    key: Hashable

    def __repr__(self) -> str:
        return f"<compiled {self.function.name}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run on arguments of the kinds that the program was compiled for."""
        if _key(self.function, args, kwargs) != self.key:
            raise TypeError(
                f"{self.function!r} was compiled for arguments of other kinds; trace it again"
            )
        if self.program is None:
            return self.function.call(args, kwargs)
        values = self.function.described(args, kwargs).values
        return self.function.run_program(self.program, values, hit=True)


def _key(function: JitFunction, args: Any, kwargs: Any) -> Hashable:
    """What arguments have to have in common with those that a program was compiled for."""
    leaves, tree = jax.tree.flatten((args, kwargs))
    arrays = [array_spec(v) for v in leaves if isinstance(v, jax.Array | AbstractArray)]
    types = tuple((a.shape, a.dtype) for a in arrays)
    return function.described(args, kwargs).key, tree, types


def _has_specs(values: Any) -> bool:
    try:
        leaves = jax.tree.leaves(values)
    except (ValueError, RecursionError, SystemError):  # keys of several kinds, or a cycle
        return False
    return any(isinstance(leaf, jax.ShapeDtypeStruct) for leaf in leaves)


def _with_arrays(value: Any) -> Any:
    """The value, with arrays in place of the types of arrays; dicts keep their order."""
    if isinstance(value, jax.ShapeDtypeStruct):
        return AbstractArray.of(value)
    if type(value) is dict:
        return {key: _with_arrays(part) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_with_arrays, value))
    parts, tree = jax.tree.flatten(value, is_leaf=lambda part: part is not value)
    is_leaf = len(parts) == 1 and parts[0] is value
    return value if is_leaf else tree.unflatten(map(_with_arrays, parts))


@dataclass
class ArrayCode:
    """A function of arrays: `module` holds it in xtensor ops."""

    module: ModuleOp
    objects: dict[str, Any] = field(default_factory=dict)


def capture_for(
    function: JitFunction, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Captured | ArrayCode:
    """Capture for such arguments: as array code alone, or as a program. Raises `CaptureError`."""
    arguments = function.flatten_arguments(args, kwargs, [])
    if function.may_be_array_code(arguments):
        try:
            jaxpr, _, _ = trace_arrays(function.python_function, arguments)
            module, _ = import_module(hoist_constants(jaxpr)[0], "main")
            return ArrayCode(module)
        except UnsupportedJaxpr as error:
            raise CaptureError(f"JAX runs {function.name} as it traced it: {error}") from error
        except Exception as error:  # it is more than array code, or a run says what is wrong
            _log.debug("%s is not one kernel: %s", function.name, error)
    try:
        return function.captured_for(function.described(args, kwargs))
    except Unsupported as error:
        raise CaptureError(function.located(error)) from error
