"""The errors of a run: what went wrong, where in the user's program, and on which inputs."""

from __future__ import annotations

import os
import reprlib
import weakref
from collections.abc import Sequence
from types import TracebackType
from typing import Any

from xdsl.dialects.builtin import ArrayAttr, CallSiteLoc, FileLineColLoc, FusedLoc, NameLoc
from xdsl.ir import Attribute, Operation


class XCSError(Exception):
    """What xcs itself reports: a program, a configuration or a value that it cannot work with."""


class RunAbandoned(BaseException):
    """A run inside a run that was interrupted. Not an Exception, so that operators let it pass."""


class XCSExecutionError(XCSError):
    """The error of an op of a compiled program.

    What is raised is also an instance of the original error's class, with the original's arguments
    and attributes, so that handlers written for plain Python work. The original is its cause.
    """

    node: str
    """The op, as ``"orch.call @ask"``."""
    operator: str
    """The operator's name; the op's description where no operator is called."""
    original_error: BaseException
    source_line: str
    """``"file:line"`` of the op in the user's program."""
    inputs: tuple[str, ...]
    """Shortened reprs of the op's inputs, as ``"prompt='...'"`` where they are named."""

    def __str__(self) -> str:
        listed = ", ".join(self.inputs)
        error = self.original_error
        return (
            f"{self.operator} failed at {self.source_line} on ({listed}): "
            f"{type(error).__name__}: {error}"
        )

    def __reduce__(self) -> Any:
        details = (self.node, self.operator, self.source_line, self.inputs)
        return _rebuild, (self.original_error, *details)


_NOT_WRAPPED = (SystemExit, KeyboardInterrupt, GeneratorExit, RunAbandoned, XCSError)
_MAX_INPUTS = 8
_HEAP_TYPE = 1 << 9
"""CPython's Py_TPFLAGS_HEAPTYPE: set for classes that are made by a class statement."""
_DETAILS = ("node", "operator", "original_error", "source_line", "inputs")

_wrapper_classes: weakref.WeakKeyDictionary[type, type[BaseException]] = weakref.WeakKeyDictionary()


def wrap_error(
    error: BaseException, node: str, operator: str, source_line: str, inputs: Sequence[str]
) -> BaseException:
    """The `XCSExecutionError` for an op's error.

    What must keep its meaning is returned as it is: exits, interrupts, and errors that a nested run
    has described already.
    """
    if isinstance(error, _NOT_WRAPPED):
        return error
    wrapped = _instance(_wrapper_class(type(error)), error)
    details = (node, operator, error, source_line, tuple(inputs))
    for name, value in zip(_DETAILS, details, strict=True):
        object.__setattr__(wrapped, name, value)
    object.__setattr__(wrapped, "__cause__", error)
    return wrapped


def _instance(cls: type[BaseException], error: BaseException) -> BaseException:
    """An exception of ``cls`` with the state of ``error``.

    Constructors of exceptions may take anything and do anything, so they are not called: `__new__`
    of the built-in base, which keeps ``args``, and then the attributes one by one.
    """
    wrapped = cls.__new__(cls, *error.args)
    _initialise(wrapped, error)
    for name, value in _state(error):
        try:
            object.__setattr__(wrapped, name, value)
        except (AttributeError, TypeError):
            continue  # read-only, and so derived from what was set
    return wrapped


def _initialise(wrapped: BaseException, error: BaseException) -> None:
    """Fill the C-level fields of built-in exceptions, which only their initialiser can fill."""
    base = next(c for c in type(error).__mro__ if c.__module__ == "builtins")
    try:
        base.__init__(wrapped, *error.args)
    except Exception:
        object.__setattr__(wrapped, "args", error.args)


def _state(error: BaseException) -> list[tuple[str, Any]]:
    """The attributes of an exception: from its dict, slots, and C-level fields."""
    state: list[tuple[str, Any]] = []
    for cls in type(error).__mro__:
        for name, member in vars(cls).items():
            if type(member).__name__ in ("member_descriptor", "getset_descriptor"):
                if name.startswith("__") or name == "args":
                    continue
                try:
                    state.append((name, member.__get__(error)))
                except AttributeError:
                    continue
    state.extend((n, v) for n, v in vars(error).items() if n not in _DETAILS)
    return state


def _wrapper_class(original: type[BaseException]) -> type[BaseException]:
    """The class that is an `XCSExecutionError` and an ``original``; one per original class."""
    wrapper = _wrapper_classes.get(original)
    if wrapper is None:
        wrapper = _wrapper_classes[original] = _new_wrapper_class(original)
    return wrapper


def _new_wrapper_class(original: type[BaseException]) -> type[BaseException]:
    namespace = {
        "__module__": original.__module__,
        "__doc__": original.__doc__,
        # The original's own constructor and text are not used: they may need what is not there.
        "__init__": BaseException.__init__,
        "__new__": _new,
        "__str__": XCSExecutionError.__str__,
        "__reduce__": XCSExecutionError.__reduce__,
        "__reduce_ex__": lambda self, protocol: self.__reduce__(),
    }
    name = f"XCSExecutionError[{original.__name__}]"
    try:
        return type(name, (XCSExecutionError, original), namespace)
    except TypeError:
        # The class cannot be inherited from, or not together with Exception.
        return type(name, (XCSExecutionError,), {"__str__": XCSExecutionError.__str__})


def _new(cls: type, *args: Any) -> BaseException:
    """`__new__` of the type whose memory layout the class has, past the Python ones above it."""
    base = cls
    while base.__flags__ & _HEAP_TYPE:
        assert base.__base__ is not None
        base = base.__base__
    return base.__new__(cls, *args)  # type: ignore[return-value]


def _rebuild(
    error: BaseException, node: str, operator: str, source_line: str, inputs: tuple[str, ...]
) -> BaseException:
    return wrap_error(error, node, operator, source_line, inputs)


# --- Descriptions ---------------------------------------------------------------------------------

_repr = reprlib.Repr()
_repr.maxstring = _repr.maxother = 80
_repr.maxlevel = 3


def describe_inputs(names: Sequence[str], values: Sequence[Any]) -> tuple[str, ...]:
    """Shortened reprs of values, the last of which are named."""
    unnamed = len(values) - len(names)
    described = []
    for position, value in enumerate(values[:_MAX_INPUTS]):
        name = names[position - unnamed] if position >= unnamed else ""
        described.append(f"{name}={_short(value)}" if name.isidentifier() else name + _short(value))
    if len(values) > _MAX_INPUTS:
        described.append(f"... {len(values) - _MAX_INPUTS} more")
    return tuple(described)


def _short(value: Any) -> str:
    shape, dtype = getattr(value, "shape", None), getattr(value, "dtype", None)
    if isinstance(shape, tuple) and dtype is not None:
        return (
            f"{type(value).__name__}({dtype}{list(shape)})"  # contents may be large, or on a device
        )
    try:
        return _repr.repr(value)
    except Exception:  # a repr of the user's that fails must not hide the error it describes
        return f"<{type(value).__name__}>"


def location_of(op: Operation) -> str:
    """``"file:line"`` of an op in the user's program; a question mark if it is not known."""
    return _location(op.location) or "?"


def source_lines(op: Operation) -> list[int]:
    """The line in the user's file of each line of a host op's source, as far as it is known.

    A host op that was put together from several has a location for each line of its source; in any
    other the lines follow one another.
    """
    location = op.location
    parts = _fused(location) if isinstance(location, FusedLoc) else (location,)
    return [part.line.data for part in parts if isinstance(part, FileLineColLoc)]


def _fused(location: FusedLoc) -> tuple[Attribute, ...]:
    parts = location.locations
    return tuple(parts.data) if isinstance(parts, ArrayAttr) else ()


def _location(location: Attribute) -> str | None:
    match location:
        case FileLineColLoc():
            return f"{location.filename.data}:{location.line.data}"
        case NameLoc():
            return _location(location.location)
        case CallSiteLoc():
            return _location(location.callee) or _location(location.caller)
        case FusedLoc():
            return next(filter(None, map(_location, _fused(location))), None)
        case _:
            return None


_OWN_FILES = os.path.dirname(__file__) + os.sep


def line_reached(error: BaseException, location: str) -> str:
    """The line of host source that raised, which may span several; ``location`` is its first."""
    traceback = error.__traceback__
    filename = location.rpartition(":")[0]
    if traceback is not None and traceback.tb_frame.f_code.co_filename == filename:
        return f"{filename}:{traceback.tb_lineno}"
    return location


def without_own_frames(error: BaseException) -> TracebackType | None:
    """The error's traceback from the user's outermost frame on, without the engine's before it."""
    traceback = error.__traceback__
    while traceback is not None:
        filename = traceback.tb_frame.f_code.co_filename
        if filename != "<string>" and not filename.startswith(_OWN_FILES):
            break
        traceback = traceback.tb_next
    return traceback
