"""What the capturing interpreter computes with.

A value is a plain Python object (static: known while capturing), a JAX tracer (an array of known
shape), a `Dyn` (an SSA value of the orchestration dialect), or a Python container of these.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any, NoReturn

from xdsl.ir import SSAValue


class Unsupported(Exception):
    """Capture cannot express something; the caller falls back to plain Python for that part."""

    def __init__(self, reason: str, node: ast.AST | None = None):
        super().__init__(reason)
        self.reason = reason
        self.line: int | None = getattr(node, "lineno", None)


class SeesFrames(Unsupported):
    """The program looks at the frames of its functions, which there are only in plain Python."""


class Inseparable(Unsupported):
    """The same of something that cannot be taken out of its function either, to run by itself."""


class Promote(Exception):
    """Capture must start again with an argument taken differently.

    It becomes static, a part of the cache key; or, if `whole`, one object whose arrays are not
    taken apart.
    """

    def __init__(self, argument: int, reason: str, *, whole: bool = False):
        super().__init__(reason)
        self.argument = argument
        self.whole = whole


class DynamicUse(Exception):
    """Native code touched a value that is known only when the program runs."""


@dataclass(eq=False, slots=True)
class Dyn:
    """A value known only when the program runs.

    `argument` is the index of the function argument that this is, if it is one; `tracer` is the
    array that JAX takes a number argument for; `example` the value of that argument in the call
    that is being captured.
    """

    ssa: SSAValue
    class_name: str | None = None
    argument: int | None = None
    tracer: Any = None
    example: Any = None

    def _refuse(self, *_: Any) -> NoReturn:
        raise DynamicUse("a value that is known only at run time was used while capturing")

    __bool__ = __iter__ = __len__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __hash__ = __call__ = __getitem__ = __setitem__ = __contains__ = __str__ = _refuse  # type: ignore[assignment]
    __format__ = __index__ = __int__ = __float__ = __add__ = __radd__ = __mul__ = __rmul__ = _refuse  # type: ignore[assignment]
    __sub__ = __rsub__ = __truediv__ = __rtruediv__ = __matmul__ = __rmatmul__ = _refuse

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)  # protocols are probed for; a probe is no use
        self._refuse()


class Unbound:
    """Stands at run time for a local variable that nothing was assigned to yet."""


UNBOUND = Unbound()


def bound(value: Any, name: str) -> Any:
    """The value of a local variable, or Python's error if it has none."""
    if value is UNBOUND:
        raise UnboundLocalError(
            f"cannot access local variable '{name}' where it is not associated with a value"
        )
    return value


@dataclass(eq=False)
class MaybeUnbound:
    """A local variable whose value at run time may be `UNBOUND`."""

    value: Dyn


@dataclass(eq=False)
class LocalFunction:
    """A function or lambda that the captured code defines; calls of it are inlined."""

    node: ast.FunctionDef | ast.Lambda
    frame: Frame
    defaults: list[Any] = field(default_factory=list)
    kw_defaults: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.node.name if isinstance(self.node, ast.FunctionDef) else "<lambda>"


@dataclass(eq=False)
class Frame:
    """The names of one function that is being interpreted."""

    function: Any  # a FunctionType, which as the type of an attribute would read as a method
    scope: str  # key of the globals in the program's object table
    filename: str
    local_names: frozenset[str]
    env: dict[str, Any] = field(default_factory=dict)
    parent: Frame | None = None
    depth: int = 0

    def owner_of(self, name: str) -> Frame | None:
        """The innermost enclosing frame whose local the name is, None if it is no local."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.local_names:
                return frame
            frame = frame.parent
        return None

    def cell(self, name: str) -> Any | None:
        """The closure cell of the outermost function that the name stands for, if any."""
        frame = self
        while frame.parent is not None:
            frame = frame.parent
        free = frame.function.__code__.co_freevars
        if name in free and frame.function.__closure__ is not None:
            return frame.function.__closure__[free.index(name)]
        return None
