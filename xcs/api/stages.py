"""Ahead of time, stage by stage, as in `jax.stages`: trace, lower, compile.

For array code the stages are those of the very `jax.jit` function that calls run: whatever else
`jax.stages` has, such as `jaxpr`, `cost_analysis` or `memory_analysis`, is asked of it.
"""

from __future__ import annotations

import logging
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, NoReturn

import jax
from xdsl.dialects.builtin import ModuleOp

from xcs.api.function import Fallback, JitFunction, Program
from xcs.api.pipeline import ORCHESTRATION, specialise, split, with_rules
from xcs.api.views import text
from xcs.dialects import orch
from xcs.frontend.arguments import AbstractArray, array_spec
from xcs.frontend.array_trace import NotArrays, Staged
from xcs.frontend.capture import Captured
from xcs.frontend.jaxpr_import import UnsupportedJaxpr, hoist_constants, import_module
from xcs.frontend.unsupported import Unsupported
from xcs.kernels import kernels_in
from xcs.runtime import XCSError

_log = logging.getLogger("xcs")


class CaptureError(XCSError):
    """The function as a whole cannot be captured; a call of it runs as plain Python."""


@dataclass
class ArrayCode:
    """A function of arrays: `traced` is what `jax.jit` made of it."""

    traced: Any
    objects: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def module(self) -> ModuleOp | None:
        """Its kernel in xtensor ops; None where it runs as JAX traced it."""
        kernels = kernels_in(self.traced.jaxpr)
        if not kernels or kernels[0].jaxpr is None:
            return None
        try:
            return import_module(hoist_constants(kernels[0].jaxpr)[0], "main")[0]
        except UnsupportedJaxpr:
            return None

    def as_text(self) -> str:
        """The kernel, or what JAX traced."""
        return str(self.module if self.module is not None else self.traced.jaxpr)


@dataclass(repr=False)
class Traced:
    """A function captured for arguments of given kinds. Nothing has run.

    Instead of an array, its `jax.ShapeDtypeStruct` will do. Of array code, attributes of
    `jax.stages.Traced` are there as well.

    Raises:
        CaptureError: if the function cannot be captured.
    """

    function: JitFunction
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def __post_init__(self) -> None:
        self.captured = capture_for(self.function, self.args, self.kwargs)
        if isinstance(self.captured, Captured):
            self.args, self.kwargs = _with_arrays((self.args, self.kwargs))

    def __repr__(self) -> str:
        return f"<traced {self.function.name}>"

    def _repr_html_(self) -> str:
        return text(f"traced {self.function.name}", self.as_text())

    def __getattr__(self, name: str) -> Any:
        captured = vars(self).get("captured")
        if isinstance(captured, ArrayCode):
            return getattr(captured.traced, name)
        raise _has_none(self, name)

    def as_text(self) -> str:
        """The captured program: orch and xtensor ops."""
        captured = self.captured
        return captured.as_text() if isinstance(captured, ArrayCode) else str(captured.module)

    @property
    def operators(self) -> list[str]:
        """The names of the operators that are called."""
        if isinstance(self.captured, ArrayCode):
            return []
        module = self.captured.module
        declared = {
            op.sym_name.data
            for op in module.ops
            if isinstance(op, orch.OperatorOp) and op.kind.data != "tensor"
        }
        calls = (op.callee.string_value() for op in module.walk() if isinstance(op, orch.CallOp))
        return [name for name in dict.fromkeys(calls) if name in declared]

    def result_types(self) -> Any:
        """The types of what array code returns, with shardings; None for any other function."""
        if not isinstance(self.captured, ArrayCode):
            return None
        types = self.captured.traced.out_info
        return types.results.unflatten(types.arrays) if isinstance(types, Staged) else types

    def lower(self, **options: Any) -> Lowered | LoweredArrays:
        """Run the pass pipeline. Options are those of `jax.stages.Traced.lower`, for array code."""
        if isinstance(self.captured, ArrayCode):
            return LoweredArrays(self, self.captured, self.captured.traced.lower(**options))
        if options:
            raise TypeError(f"{self.function.name} calls operators, so it takes no {min(options)}")
        return Lowered(self, self.captured)


@dataclass(repr=False)
class Lowered:
    """A captured program after the pass pipeline, with its text at each stage."""

    traced: Traced
    captured: Captured

    def __post_init__(self) -> None:
        rules = self.traced.function.config.optimize
        self._lowered = split(self.captured.module.clone(), self.captured.objects, rules=rules)
        given = self.traced.function.described(self.traced.args, self.traced.kwargs)
        specialise(self._lowered, given.values)

    def __repr__(self) -> str:
        return f"<lowered {self.traced.function.name}>"

    def _repr_html_(self) -> str:
        return text(f"lowered {self.traced.function.name}", self.as_text())

    def __getattr__(self, name: str) -> NoReturn:
        raise _has_none(self.traced, name)

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
        """The program ready to run on arguments of the same kinds.

        What has nothing to overlap or compile runs as plain Python, as in a call.
        """
        function, captured = self.traced.function, self.captured
        key = _key(function, self.traced.args, self.traced.kwargs)
        program = function.compile_captured(replace(captured, module=captured.module.clone()))
        return Compiled(function, program, key)


@dataclass(repr=False)
class LoweredArrays:
    """Array code as XLA is to compile it; beside these methods it has `jax.stages.Lowered`'s."""

    traced: Traced
    captured: ArrayCode
    lowered: jax.stages.Lowered

    def __repr__(self) -> str:
        return f"<lowered {self.traced.function.name}>"

    def _repr_html_(self) -> str:
        return text(f"lowered {self.traced.function.name}", self.as_text())

    def __getattr__(self, name: str) -> Any:
        return getattr(vars(self)["lowered"], name)

    def as_text(
        self, stage: str | None = None, *, dialect: str | None = None, **options: Any
    ) -> str:
        """The program at a stage.

        "orch" and "split" are its kernel in the tensor dialect, "stablehlo" the module that XLA
        compiles, and any other one that `jax.stages.Lowered.as_text` knows, such as "hlo".
        """
        if dialect is None and not options and stage in (None, "orch", "split"):
            return self.captured.as_text()
        return self.lowered.as_text(dialect or stage, **options)

    @property
    def pipeline(self) -> str:
        """There are no passes: what is traced is lowered, op by op."""
        return ""

    def compile(self, compiler_options: dict[str, Any] | None = None) -> Compiled:
        """The program ready to run on arguments of the same kinds."""
        function = self.traced.function
        key = _key(function, self.traced.args, self.traced.kwargs)
        return Compiled(function, self.lowered.compile(compiler_options), key)


@dataclass(repr=False)
class Compiled:
    """A compiled program. Raises TypeError for arguments of other kinds than it was traced for.

    Of array code, attributes of `jax.stages.Compiled` are there as well.
    """

    function: JitFunction
    program: Program | Fallback | jax.stages.Compiled
    key: Hashable

    def __repr__(self) -> str:
        return f"<compiled {self.function.name}>"

    def __getattr__(self, name: str) -> Any:
        program = vars(self).get("program")
        if isinstance(program, jax.stages.Compiled):
            return getattr(program, name)
        raise _has_none(self, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run on arguments of the kinds that the program was compiled for."""
        if _key(self.function, args, kwargs) != self.key:
            raise TypeError(
                f"{self.function!r} was compiled for arguments of other kinds; trace it again"
            )
        if not isinstance(self.program, Program):
            return self.function.call(args, kwargs)
        values = self.function.described(args, kwargs).values
        return self.function.run_program(self.program, values, hit=True)


def _has_none(stage: Traced | Compiled, name: str) -> AttributeError:
    """The error for what only array code has."""
    return AttributeError(f"{stage!r} has no '{name}': it is not array code alone")


def _key(function: JitFunction, args: Any, kwargs: Any) -> Hashable:
    """What arguments have to have in common with those that a program was compiled for."""
    args, kwargs = _with_arrays((args, kwargs))
    leaves, tree = jax.tree.flatten((args, kwargs))
    arrays = [array_spec(v) for v in leaves if isinstance(v, jax.Array | AbstractArray)]
    types = tuple((a.shape, a.dtype) for a in arrays)
    return function.described(args, kwargs).key, tree, types


def _with_arrays(value: Any) -> Any:
    """The value, with arrays in place of the types of arrays; dicts keep their order."""
    return _replaced(value) if _has_specs(value) else value


def _has_specs(values: Any) -> bool:
    try:
        leaves = jax.tree.leaves(values)
    except (ValueError, RecursionError, SystemError):  # keys of several kinds, or a cycle
        return False
    return any(isinstance(leaf, jax.ShapeDtypeStruct) for leaf in leaves)


def _replaced(value: Any) -> Any:
    if isinstance(value, jax.ShapeDtypeStruct):
        return AbstractArray.of(value)
    if type(value) is dict:
        return {key: _replaced(part) for key, part in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_replaced, value))
    parts, tree = jax.tree.flatten(value, is_leaf=lambda part: part is not value)
    is_leaf = len(parts) == 1 and parts[0] is value
    return value if is_leaf else tree.unflatten(map(_replaced, parts))


def capture_for(
    function: JitFunction, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Captured | ArrayCode:
    """Capture for such arguments: as array code alone, or as a program. Raises `CaptureError`."""
    if reason := function.not_captured():
        raise CaptureError(reason)
    call = function.arrays.describe(args, kwargs)
    if call is not None and function.arrays.refusal(call) is None:
        try:
            return function.with_array_program(
                args, kwargs, call, lambda program: ArrayCode(program.trace(args, kwargs))
            )
        except Exception as error:  # it is more than array code, or a run says what is wrong
            _log.debug("%s is not one kernel: %s", function.name, error)
            if isinstance(error, NotArrays):
                function.arrays.refuse(call, str(error))
    args, kwargs = _with_arrays((args, kwargs))
    try:
        return function.captured_for(function.described(args, kwargs))
    except Unsupported as error:
        raise CaptureError(function.located(error)) from error
