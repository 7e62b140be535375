"""The errors of a run: what went wrong, where in the user's program, and on which inputs.

What arrives is what plain Python would have raised, with more on it. Its class derives from the
original's and has its name; its text, arguments and attributes are the original's; so whatever was
written for plain Python, handlers, tests and log filters, holds. What xcs knows is in attributes
that the original does not have (`XCSExecutionError`), and in the traceback, whose last entry is the
line of the program that called the operator, with what it was called on. Notes are not used: what
compares texts, `pytest.raises` for one, reads them as part of the text. Nor is the original, which
is the cause, changed in any way: the program may hold it.

What is no `Exception` arrives untouched: exits, interrupts and cancellations are not errors of an
op, and whoever waits for them looks at their very class.
"""

from __future__ import annotations

import ast
import html
import os
import weakref
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from types import CodeType, TracebackType
from typing import Any, NamedTuple

from xdsl.dialects.builtin import ArrayAttr, CallSiteLoc, FileLineColLoc, FusedLoc, NameLoc
from xdsl.ir import Attribute, Operation

from xcs.runtime.describe import describe_inputs as describe_inputs


class XCSError(Exception):
    """What xcs itself reports: a program, a configuration or a value that it cannot work with."""


class RunAbandoned(BaseException):
    """A run inside a run that was interrupted. Not an Exception, so that operators let it pass."""


class XCSExecutionError(XCSError):
    """The error of an op of a compiled program.

    What is raised is also an instance of the original error's class, with the original's text,
    arguments and attributes. Where the original has an attribute of one of the names below, that
    one is kept.
    """

    node: str
    """The op, as ``"orch.call @ask"``."""
    operator: str
    """The operator's name; the op's description where no operator is called."""
    original_error: Exception
    """The error as the operator raised it, which is also the cause."""
    source_line: str
    """``"file:line"`` of the op in the user's program."""
    inputs: tuple[str, ...]
    """Shortened reprs of the op's inputs, as ``"prompt='...'"`` where they are named."""
    other_errors: tuple[BaseException, ...]
    """Errors of ops that come later in the program and had failed as well, `MAX_OTHERS` at most."""

    def _repr_html_(self) -> str:
        """What notebooks show where the error is the value of a cell."""
        cells = [
            ("error", f"{type(self.original_error).__name__}: {self}"),
            ("operator", self.operator),
            ("line", self.source_line),
            *(("input", text) for text in self.inputs),
        ]
        rows = "".join(f"<tr><th>{k}</th><td>{html.escape(v)}</td></tr>" for k, v in cells)
        return f"<table>{rows}</table>"


MAX_OTHERS = 16
MAX_PLACE = 200
"""Characters of what a traceback's entry says of an operator and its inputs."""
_DETAILS = "__xcs_details__"
"""Where an error keeps its `_Details`, whatever attributes the original's class has."""


class _Details(NamedTuple):
    original: Exception | None
    """None where the error is the original itself."""
    node: str
    operator: str
    source_line: str
    inputs: tuple[str, ...]


def wrap_error(
    error: BaseException, node: str, operator: str, source_line: str, inputs: Sequence[str]
) -> BaseException:
    """The `XCSExecutionError` for an op's error. Never raises one of its own.

    Returned as they are: what is no `Exception`, and what a nested run has described already. An
    error of a class from which none can be derived is itself given the attributes, and a note.
    """
    try:
        if not isinstance(error, Exception) or isinstance(error, XCSError):
            return error
        if _DETAILS in vars(error):
            return error
        return _described(error, _Details(error, node, operator, source_line, tuple(inputs)))
    except Exception:
        return error


def _described(error: Exception, details: _Details) -> Exception:
    try:
        wrapped: Any = _instance(_wrapper_class(type(error)), error)
        object.__setattr__(wrapped, "__cause__", error)
        object.__setattr__(wrapped, "__traceback__", _entry(details))
    except Exception:
        wrapped, details = error, details._replace(original=None)
        _note(error, f"xcs: {_place(details)} failed at {details.source_line}")
    shown = {
        "node": details.node,
        "operator": details.operator,
        "original_error": error,
        "source_line": details.source_line,
        "inputs": details.inputs,
        "other_errors": (),
    }
    vars(wrapped).update({n: value for n, value in shown.items() if not _has(error, n)})
    vars(wrapped)[_DETAILS] = details
    return wrapped


def describe_error(error: XCSError) -> str:
    """An error in one line, for tools that show no traceback."""
    details = vars(error).get(_DETAILS)
    if details is None:
        return str(error)
    failed = f"{_place(details)} failed at {details.source_line}"
    return f"{failed}: {type(error).__name__}: {error}"


def keep_others(error: BaseException, others: Sequence[BaseException]) -> None:
    """Attach the errors that a run met beside the one that it raises, as ``other_errors``."""
    details = vars(error).get(_DETAILS)
    if details is not None:
        original = details.original
        if original is None or not _has(original, "other_errors"):
            vars(error)["other_errors"] = tuple(others[:MAX_OTHERS])


def _has(error: BaseException, name: str) -> bool:
    """Whether an error has an attribute; properties are not asked for their value."""
    return name in vars(error) or any(name in _namespace(cls) for cls in type(error).__mro__)


_namespace: Callable[[type], Mapping[str, Any]] = vars(type)["__dict__"].__get__
"""`vars` of a class, whatever its metaclass says."""


def _note(error: BaseException, text: str) -> None:
    """Add a note, whatever the error's `__setattr__` says to that."""
    notes = vars(error).get("__notes__")
    vars(error)["__notes__"] = [*(notes if isinstance(notes, list) else ()), text]


# --- Tracebacks -----------------------------------------------------------------------------------


def _place(details: _Details) -> str:
    """The operator and what it was called on, as ``ask on (prompt='...')``."""
    on = f" on ({', '.join(details.inputs)})" if details.inputs else ""
    place = " ".join(f"{details.operator}{on}".split())
    return place if len(place) <= MAX_PLACE else place[: MAX_PLACE - 3] + "..."


def _raising_code() -> CodeType:
    """Code that raises, whose frame can stand for any line of the user's: it has no columns."""
    module = ast.parse("None.line")
    for node in ast.walk(module):
        if isinstance(node, ast.expr | ast.stmt):
            node.col_offset = node.end_col_offset = -1
    return compile(module, "", "exec")


_LINE = _raising_code()


def _entry(details: _Details) -> TracebackType | None:
    """A traceback's entry for the line of the program where an op stands."""
    filename, _, line = details.source_line.rpartition(":")
    if not filename or not line.isdecimal():
        return None
    place = _place(details)
    code = _LINE.replace(
        co_filename=filename, co_firstlineno=int(line), co_name=place, co_qualname=place
    )
    try:
        exec(code, {})
    except AttributeError as error:
        return error.__traceback__ and error.__traceback__.tb_next


# --- Instances ------------------------------------------------------------------------------------


def _instance(cls: type[BaseException], error: Exception) -> BaseException:
    """An exception of ``cls`` with the state of ``error``.

    Constructors of exceptions may take anything and do anything, so they are not called: `__new__`
    of the built-in base, which keeps ``args``, and then the attributes one by one.
    """
    arguments = error.args
    if isinstance(error, BaseExceptionGroup):  # whose subclasses may have other ones
        group = vars(BaseExceptionGroup)
        arguments = (group["message"].__get__(error), group["exceptions"].__get__(error))
    wrapped = _new(cls, *arguments)
    _initialise(wrapped, error)
    for member in _members(type(error)):
        value = _field(member, error)
        # Fields of builtin classes may be unset and read as None, but are not to be set to it.
        if not _same(_field(member, wrapped), value):
            with suppress(AttributeError, TypeError):  # read-only, and derived from what was set
                member.__set__(wrapped, value)
    vars(wrapped).update(vars(error))
    if isinstance(notes := vars(error).get("__notes__"), list):
        vars(wrapped)["__notes__"] = list(notes)
    return wrapped


def _new(cls: type, *args: Any) -> Any:
    """`__new__` of the type whose memory layout the class has, past the Python ones above it."""
    base = cls
    while base.__flags__ & _HEAP_TYPE:
        assert base.__base__ is not None
        base = base.__base__
    return base.__new__(cls, *args)


_HEAP_TYPE = 1 << 9
"""CPython's Py_TPFLAGS_HEAPTYPE: set for classes that are made by a class statement."""


def _initialise(wrapped: BaseException, error: BaseException) -> None:
    """Fill the C-level fields of built-in exceptions, which only their initialiser can fill."""
    base = next(c for c in type(error).__mro__ if not c.__flags__ & _HEAP_TYPE)
    with suppress(Exception):  # the arguments may be those of a subclass
        base.__init__(wrapped, *error.args)
    object.__setattr__(wrapped, "args", error.args)


def _members(cls: type) -> Iterator[Any]:
    """The descriptors of slots and C-level fields, but ``args``."""
    for base in cls.__mro__:
        for name, member in _namespace(base).items():
            if type(member).__name__ in ("member_descriptor", "getset_descriptor"):
                if not name.startswith("__") and name != "args":
                    yield member


def _unchanged(wrapped: BaseException, error: BaseException) -> bool:
    """Whether nobody has changed what the text may depend on since the error was wrapped."""
    if wrapped.args is not error.args:
        return False
    if not all(_same(_field(m, wrapped), _field(m, error)) for m in _members(type(error))):
        return False
    own, others = vars(wrapped), vars(error)
    names = (own.keys() | others.keys()) - _ADDED.difference(others) - {"__notes__", _DETAILS}
    return all(_same(own.get(n, _MISSING), others.get(n, _MISSING)) for n in names)


_ADDED = frozenset(XCSExecutionError.__annotations__)
_MISSING = object()


def _field(member: Any, error: BaseException) -> Any:
    try:
        return member.__get__(error)
    except AttributeError:
        return _MISSING


def _same(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) and type(one) in (int, str) and one == other)


# --- Classes --------------------------------------------------------------------------------------


class _Wrapped(XCSExecutionError):
    """The first base of all wrapper classes: what is not left to the original's class."""

    __xcs_original__: type[BaseException]

    def __init_subclass__(cls) -> None:
        """Keep the original's from running: it may register the class, or ask for arguments."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """An error of the original class, for handlers that say ``raise type(error)(...)``."""
        return cls.__xcs_original__(*args, **kwargs)

    def __str__(self) -> str:
        """The original's text, or that of its class if a handler has changed the error."""
        original = vars(self)[_DETAILS].original
        return str(original) if _unchanged(self, original) else super().__str__()

    def __reduce_ex__(self, protocol: Any) -> Any:
        return wrap_error, tuple(vars(self)[_DETAILS])


_wrapper_classes: weakref.WeakValueDictionary[int, type[BaseException]] = (
    weakref.WeakValueDictionary()
)
"""By the id of the original class, which lives as long as its wrapper class. Neither is kept."""


def _wrapper_class(original: type[BaseException]) -> type[BaseException]:
    """The class that is an `XCSExecutionError` and an ``original``; one per original class."""
    wrapper = _wrapper_classes.get(id(original))
    if wrapper is None:
        wrapper = _wrapper_classes[id(original)] = _new_wrapper_class(original)
    return wrapper


def _new_wrapper_class(original: type[BaseException]) -> type[BaseException]:
    """Make the class without running code of the user's. Raises TypeError if that cannot be done.

    `type.__new__` is called with the original's metaclass, rather than the metaclass itself, so
    what the latter does when classes are made is passed by; `_Wrapped`, which stands first, has the
    only `__init_subclass__` that is found.
    """
    copied = ("__module__", "__qualname__", "__doc__")
    namespace = {name: type.__getattribute__(original, name) for name in copied}
    namespace["__xcs_original__"] = original
    name = type.__getattribute__(original, "__name__")
    return type.__new__(type(original), name, (_Wrapped, original), namespace)


# --- Places ---------------------------------------------------------------------------------------


def location_of(op: Operation) -> str:
    """``"file:line"`` of an op in the user's program; a question mark if it is not known."""
    return _location(op.location) or "?"


def function_of(op: Operation) -> str:
    """``"module:qualname"`` of the user's function that an op stands in; empty if not known."""
    return op.location.desc.data if isinstance(op.location, NameLoc) else ""


def source_lines(op: Operation) -> list[int]:
    """The line in the user's file of each line of a host op's source, as far as it is known.

    A host op that was put together from several has a location for each line of its source; in any
    other the lines follow one another.
    """
    location = op.location
    if isinstance(location, NameLoc):
        location = location.location
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


def line_within(error: BaseException, files: Collection[str], location: str) -> str:
    """The last line of one of the files that an error has passed; ``location`` if there is none."""
    traceback = error.__traceback__
    while traceback is not None:
        filename = traceback.tb_frame.f_code.co_filename
        if filename in files:
            location = f"{filename}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
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
