"""The Python function that users call: one check, one kernel, and nothing in between.

JAX calls a small kernel in a few microseconds, so that packing and unpacking the arguments of one
more Python call would be seen. The function's code is therefore generated: it has the parameters of
the user's function, and its check is one expression. As the array program and what it assumes
change, new code takes the place of the old, which is one assignment and so safe among threads: the
names that one code refers to are never given to another.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import types
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xcs.api.array_program import ArrayProgram
    from xcs.api.stats import Stats

MOST_SPELLED = 16
"""Parameters up to which naming each of them is cheaper than passing on a tuple."""

_COLD = """
def {name}({parameters}):
    return xcs_general({args}, {kwargs})
"""

_RESUMED = {
    "coroutine": """
async def {name}({parameters}):
    return await xcs_general({args}, {kwargs})
""",
    "generator": """
def {name}({parameters}):
    return (yield from xcs_general({args}, {kwargs}))
""",
}
# Of the kind that the user's function is, for those who ask.

_WARM = """
def {name}({parameters}):
    try:
        if {condition}:
            xcs_result = {kernel}({call})
            xcs_stats.warm_calls += 1
            return xcs_result
    except Exception as error:
        xcs_check(error)
    return xcs_general({args}, {kwargs})
"""
# Warm calls are counted and not timed, since JAX computes after the call returns. There is no lock:
# CPython does not switch threads within that statement.


class Front:
    """The function that users call, as `function`, and its code at present.

    `general` runs a call in any case. `check` is given the error of a kernel: it raises what is
    final, and returns where `general` may do better.
    """

    def __init__(
        self,
        target: Callable[..., Any],
        signature: inspect.Signature,
        general: Callable[[tuple[Any, ...], dict[str, Any]], Any],
        check: Callable[[Exception], None],
        stats: Stats,
    ):
        kind = _kind_of(target)
        self._form = _form(signature, is_spelled=bool(kind))
        self._versions = itertools.count()
        self._known = {"xcs_general": general, "xcs_check": check, "xcs_stats": stats}
        self._own: set[str] = set()
        code = self._code(_RESUMED.get(kind, _COLD))
        self.function: Any = types.FunctionType(code, self._known, "jitted")
        if kind:
            self.function.__defaults__ = target.__defaults__
            self.function.__kwdefaults__ = target.__kwdefaults__
        self.function.__dict__ = _Attributes()
        functools.update_wrapper(self.function, target)

    def install(self, program: ArrayProgram | None) -> None:
        """From now on, call the program while what it assumes holds; None calls none."""
        if program is None:
            self.function.__code__ = self._code(_COLD)
            return
        prefix = f"xcs{next(self._versions)}_"
        known: dict[str, Any] = {f"{prefix}kernel": program.call}
        condition = program.guards.condition(known, prefix)
        self._known.update(known)
        code = self._code(_WARM, kernel=f"{prefix}kernel", condition=condition)
        self.function.__code__ = code
        # A thread that is still in the old code finds no kernel, and takes the general way.
        for name in self._own:
            del self._known[name]
        self._own = set(known)

    def _code(self, template: str, **parts: str) -> types.CodeType:
        """The function's code. Its file is in this package, whose frames are nobody's source."""
        made: dict[str, Any] = {}
        source = template.format(name="jitted", **self._form, **parts)
        exec(compile(source, f"{__file__} (generated)", "exec"), made)
        return made["jitted"].__code__


class _Attributes(dict[str, Any]):
    """A function's attributes, of which `functools.wraps` copies only those that fit any function.

    A wrapper around a jitted function is not jitted itself; `jax.jit` of one has its own `trace`.
    """

    def __iter__(self) -> Iterator[str]:
        return (name for name in super().__iter__() if name not in _NOT_COPIED)

    def keys(self) -> Any:
        """The names that are copied."""
        return list(self)


USERS_METHODS = ("trace", "lower", "eval_shape", "clear_cache", "explain", "draw", "_repr_html_")
"""What users may ask of a jitted function, beside calling it."""

_NOT_COPIED = ("__xcs_jit__", *USERS_METHODS)


def _kind_of(target: Any) -> str:
    """Of what kind a function is whose calls begin only when somebody asks for results."""
    if not isinstance(target, types.FunctionType):
        return ""
    if inspect.iscoroutinefunction(target):
        return "coroutine"
    return "generator" if inspect.isgeneratorfunction(target) else ""


def _form(signature: inspect.Signature, *, is_spelled: bool) -> dict[str, str]:
    """The parameters, and how they are passed on: as they are, or as a tuple and a dict.

    With defaults it is a tuple and a dict, unless they are to be spelled: an argument that is left
    out is a constant of the program, as under `jax.jit`, while one that is passed is data.
    """
    parameters = list(signature.parameters.values())
    is_simple = all(p.kind not in _STARRED and p.default is p.empty for p in parameters)
    if not (is_spelled or (is_simple and len(parameters) <= MOST_SPELLED)):
        call = "*args, **kwargs"
        return {"parameters": call, "call": call, "args": "args", "kwargs": "kwargs"}
    bare = [
        p.replace(annotation=p.empty, default=p.empty if p.default is p.empty else None)
        for p in parameters
    ]
    positional = [f"{_STARS.get(p.kind, '')}{p.name}" for p in parameters if p.kind in _BY_POSITION]
    named = [p.name for p in parameters if p.kind is p.KEYWORD_ONLY]
    rest = [f"**{p.name}" for p in parameters if p.kind is p.VAR_KEYWORD]
    keywords = [*(f"{name!r}: {name}" for name in named), *rest]
    return {
        "parameters": str(inspect.Signature(bare))[1:-1],
        "call": ", ".join([*positional, *(f"{name}={name}" for name in named), *rest]),
        "args": f"({''.join(f'{name}, ' for name in positional)})",
        "kwargs": f"{{{', '.join(keywords)}}}",
    }


_STARS = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
_STARRED = tuple(_STARS)
_BY_POSITION = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
)
