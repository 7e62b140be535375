"""What capture computes with: values known now, values known at run time, and what they may be."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from xdsl.ir import SSAValue

from xcs.frontend.capture.order import Home
from xcs.frontend.facts import BUILTIN_METHODS
from xcs.frontend.names import FUNCTION_NODES

NOTHING: Final = object()
"""Stands for "no such object": an example that is not there, a variable that is not bound."""


@dataclass(eq=False, slots=True)
class Static:
    """A Python object that is known while capturing and that nothing changes."""

    obj: Any


@dataclass(eq=False, slots=True)
class Dyn:
    """A value of the running program.

    `cls` is its exact class, where that is certain. `home` is where it lives if it may be changed:
    None for what is immutable. `example` is the object that it is in the call being captured, found
    at `path` from the program's arguments; it is only looked at for classes and functions, and what
    is concluded from it is guarded.
    """

    ssa: SSAValue
    cls: type | None = None
    home: Home | None = None
    example: Any = NOTHING
    path: Path | None = None
    maybe_unbound: bool = False
    choices: tuple[Any, ...] = ()
    """Functions of which the value is one, or None, where that is certain."""
    known: dict[str, Value] | None = None
    """The items of a dict of keyword arguments, for as long as nothing has changed it."""


@dataclass(eq=False, slots=True)
class Pack:
    """A tuple whose parts are known one by one. `home` is where it lives, once that was asked."""

    items: tuple[Value, ...]
    home: Home | None = None


@dataclass(eq=False, slots=True)
class Keywords:
    """What ``**kwargs`` is to be given: the function that is called makes a dict of it."""

    items: dict[str, Value]


@dataclass(eq=False, slots=True)
class Closure:
    """A function or lambda that the captured code defines, with the frame around it."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    frame: Frame
    defaults: list[Value] = field(default_factory=list)
    kw_defaults: dict[str, Value] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What Python calls it."""
        return "<lambda>" if isinstance(self.node, ast.Lambda) else self.node.name


@dataclass(eq=False, slots=True)
class Method:
    """A Python function that was looked up on a value: calling it passes the value first.

    Or a method of a builtin container.
    """

    receiver: Value
    function: Any

    @property
    def is_builtin(self) -> bool:
        """Whether it is a method of a builtin container."""
        return isinstance(self.function, BUILTIN_METHODS)


@dataclass(eq=False, slots=True)
class Partial:
    """A partial application that the captured code made."""

    function: Value
    positional: tuple[Value, ...]
    keywords: dict[str, Value]


@dataclass(eq=False, slots=True)
class View:
    """The keys, values or items of a dict, in a variable: each use shows what is there then."""

    base: Dyn
    method: str


@dataclass(eq=False, slots=True)
class Lazy:
    """What a loop goes over that ``enumerate``, ``zip`` or ``reversed`` makes of other things."""

    function: Any
    positional: tuple[Value, ...]
    keywords: dict[str, Value]

    def source(self) -> tuple[str, dict[str, Value]]:
        """The iterator as an expression, and its operands."""
        operands: dict[str, Value] = {}

        def written(value: Value) -> str:
            if isinstance(value, Lazy):
                parts = [*map(written, value.positional)]
                parts += [f"{name}={written(v)}" for name, v in value.keywords.items()]
                return f"{value.function.__name__}({', '.join(parts)})"
            name = f"v{len(operands)}"
            operands[name] = value
            return name

        return written(self), operands


@dataclass(eq=False, slots=True)
class Coroutine:
    """A call of an async function, which begins when it is awaited.

    `run` makes a `Call` of it. Those of one `kind` that are given arguments of the same kinds do
    the same. `whole` is the function as one that may be called as it stands, and what is known of
    it, if there is one.
    """

    kind: Hashable
    args: Any
    home: Home
    run: Callable[[Any], Value]
    whole: tuple[Any, Any] | None = None


@dataclass(eq=False, slots=True)
class Task:
    """What a call came to that has begun already: its error, or None, and its value."""

    error: Value
    value: Value
    home: Home


@dataclass(eq=False, slots=True)
class Group:
    """A task group of the captured code."""

    errors: Dyn
    """A list of the errors of its tasks, or None for each that has none."""
    waiting: Dyn
    """A list of the coroutines that begin when the body is done."""
    waits: bool = False
    """Whether there may be any."""


@dataclass(eq=False, slots=True)
class Generator:
    """A generator that nothing was asked of yet: its body is captured where it is consumed."""

    target: Any
    """The generator function, as `functions.Target`."""
    env: dict[str, Value]
    """The parameters' values."""
    native: Callable[[], Value]
    """Emits the call that makes it, for whoever consumes it when the program runs."""
    is_quiet: bool = False
    """Whether nobody can tell when, between elements, its code runs."""


Value = (
    Static | Dyn | Pack | Keywords | Closure | Method | Partial | View | Lazy | Generator
    | Coroutine | Task | Group
)  # fmt: skip


@dataclass(frozen=True)
class Path:
    """How an object of the outside world is reached: from an argument or a constant, by steps.

    A step is the name of an attribute, or ``[]`` for all elements of a container.
    """

    root: str
    steps: tuple[str, ...] = ()

    def step(self, name: str) -> Path:
        """One step on."""
        return Path(self.root, (*self.steps, name))

    def __str__(self) -> str:
        return self.root + "".join(s if s == "[]" else f".{s}" for s in self.steps)


@dataclass(eq=False)
class Frame:
    """The names of one function that is being captured."""

    function: Any
    local_names: frozenset[str]
    filename: str
    node: Any = None
    env: dict[str, Value] = field(default_factory=dict)
    parent: Frame | None = None
    owner: type | None = None
    """The class that the function was found in, for ``super()`` and private names."""
    pauses: bool = False
    """Whether its function sleeps, so that what comes after a call of it waits for that."""
    consumer: Any = None
    """The loop that takes what a generator's frame yields, as `regions.Loop`."""

    def owner_of(self, name: str) -> Frame | None:
        """The innermost frame around whose local the name is; None if it is no local."""
        frame: Frame | None = self
        while frame is not None:
            if name in frame.local_names:
                return frame
            frame = frame.parent
        return None

    def chain(self) -> Iterator[Frame]:
        """The frame and those around it."""
        frame: Frame | None = self
        while frame is not None:
            yield frame
            frame = frame.parent

    @property
    def outermost(self) -> Frame:
        """The frame of the function that was given as an object."""
        *_, outermost = self.chain()
        return outermost

    @property
    def function_frame(self) -> Frame:
        """The frame of the function itself, from that of an expression in it."""
        frame = self
        while frame.parent is not None and (
            frame.node is frame.parent.node or not isinstance(frame.node, FUNCTION_NODES)
        ):
            frame = frame.parent
        return frame

    @property
    def qualname(self) -> str:
        """The qualified name of the function, as Python gives it."""
        frame = self.function_frame
        if frame.parent is None:
            return frame.function.__qualname__
        name = "<lambda>" if isinstance(frame.node, ast.Lambda) else frame.node.name
        return f"{frame.parent.qualname}.<locals>.{name}"

    @property
    def place(self) -> str:
        """The module, and the qualified name of what is around: the function's, or its part's."""
        name = self.function_frame.qualname
        part = _PARTS.get(type(self.node))
        if part is not None:
            name = f"{name}.<locals>.{part}"
        return f"{self.function.__module__}:{name}"

    def cell(self, name: str) -> Any | None:
        """The closure cell that the name stands for, if any."""
        function = self.outermost.function
        free = function.__code__.co_freevars
        if name in free and function.__closure__ is not None:
            return function.__closure__[free.index(name)]
        return None


_PARTS: dict[type, str] = {ast.GeneratorExp: "<genexpr>"}
"""The parts of functions that are functions of their own to Python."""
if sys.version_info < (3, 12):
    _PARTS |= {ast.ListComp: "<listcomp>", ast.SetComp: "<setcomp>", ast.DictComp: "<dictcomp>"}


class Unbound:
    """Stands at run time for a local variable that nothing was assigned to yet."""

    __xcs_plain__ = True

    def __repr__(self) -> str:
        return "<unbound>"


UNBOUND: Final = Unbound()


def bound(value: Any, name: str, *, free: bool = False) -> Any:
    """The value of a local variable, or Python's error if it has none.

    It is `free` in a function that is in the one whose local it is.
    """
    if value is not UNBOUND:
        return value
    if free:
        raise NameError(
            f"cannot access free variable '{name}' where it is not associated with a value in "
            "enclosing scope"
        )
    raise UnboundLocalError(
        f"cannot access local variable '{name}' where it is not associated with a value"
    )


def argument_list(
    positional: Sequence[Value], keywords: Mapping[str, Value]
) -> tuple[dict[str, Value], str]:
    """Operands for the arguments of a native call, and what stands in its parentheses."""
    operands = {f"v{i}": value for i, value in enumerate(positional)}
    inside = [*operands, *(f"{name}=k_{name}" for name in keywords)]
    operands |= {f"k_{name}": value for name, value in keywords.items()}
    return operands, ", ".join(inside)
