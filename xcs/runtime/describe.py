"""Inputs of a failed op, described for people: short, cheap to make, and without secrets.

A description is made while a program fails, so it must never fail or take long itself: large values
are cut before they are shown, only attributes that a class declares are looked at, and a `repr` of
the user's that raises is replaced by the name of the class.
"""

from __future__ import annotations

import collections
import dataclasses
import inspect
import re
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from types import SimpleNamespace
from typing import Any

MAX_INPUTS = 8
MAX_ELEMENTS = 6
"""Elements shown of each container."""
MAX_LEVELS = 3
"""Containers within containers that are shown."""
MAX_TEXT = 80
"""Characters of one string, bytes object or object."""
MAX_INPUT = 240
"""Characters of one input."""
MAX_INT_BITS = 512

HIDDEN = "<hidden>"


def describe_inputs(
    names: Sequence[str], values: Sequence[Any], parameters: Sequence[str] = ()
) -> tuple[str, ...]:
    """Shortened descriptions of values, the last of which are named.

    ``parameters`` are the callee's names for the first of them (`parameter_names`): a value that is
    named like a secret, by the caller or by the callee, is not shown.
    """
    unnamed = len(values) - len(names)
    described = []
    for position, value in enumerate(values[:MAX_INPUTS]):
        if position >= unnamed:
            described.append(_named(names[position - unnamed], value))
        elif position < len(parameters) and _hides(parameters[position], value):
            described.append(f"{parameters[position]}={HIDDEN}")
        else:
            described.append(describe(value))
    if len(values) > MAX_INPUTS:
        described.append(f"... {len(values) - MAX_INPUTS} more")
    return tuple(described)


def parameter_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """What a callable calls its positional arguments, as far as that can be found out."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except Exception:
        return ()
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(p.name for p in parameters if p.kind in positional)


def describe(value: Any) -> str:
    """A value in at most `MAX_INPUT` characters."""
    return _cut(_without_secrets(_show(value, MAX_LEVELS)), MAX_INPUT)


def _named(name: str, value: Any) -> str:
    shown = HIDDEN if _hides(name, value) else describe(value)
    return f"{name}={shown}" if name.isidentifier() else name + shown


# --- Secrets --------------------------------------------------------------------------------------

_SECRET_NAME = re.compile(
    r"password|passwd|passphrase|secret|api_?key|authorization|credential"
    r"|(?:^|_)(?:token|auth|pwd|bearer|jwt|cookies?|(?:access|private|signing|session)_?key)$"
)
_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

_ASSIGNED = re.compile(
    r"""(?P<name>[A-Za-z_][\w-]*)(?P<between>["']?\s*[:=]\s*)"""
    r"""(?P<value>(?:Bearer|Basic|Token)\s+[^\s"',;)}\]]+"""
    r"""|[bBuU]?"(?:[^"\\]|\\.)*"?|[bBuU]?'(?:[^'\\]|\\.)*'?|[^\s,;)}\]]+)"""
)
_KEY_SHAPES = re.compile(
    r"\b(?:sk-[\w-]{16,}|gh[opsu]_\w{20,}|xox[abpr]-[\w-]{10,}|AKIA[0-9A-Z]{16}"
    r"|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*)"
)
"""Keys of well-known services and web tokens, which are secret whatever they are called."""


def is_secret(name: str) -> bool:
    """Whether a value of this name is not to be shown: ``api_key``, ``X-Api-Key``, ``authToken``.

    ``max_tokens`` and ``tokens`` are not secret: these are what language models count.
    """
    return bool(_SECRET_NAME.search(_WORD_STARTS.sub("_", name).replace("-", "_").lower()))


def _hides(name: Any, value: Any) -> bool:
    """A secret that is missing is worth knowing."""
    return value is not None and isinstance(name, str) and is_secret(name)


def _without_secrets(text: str) -> str:
    """Hide what the text itself calls a secret, as reprs of settings and headers do."""

    def hide(found: re.Match[str]) -> str:
        if found["value"] == "None" or not is_secret(found["name"]):
            return found[0]
        return found["name"] + found["between"] + HIDDEN

    return _KEY_SHAPES.sub(HIDDEN, _ASSIGNED.sub(hide, text))


# --- Values ---------------------------------------------------------------------------------------


def _show(value: Any, levels: int) -> str:
    try:
        return _as_text(value, levels)
    except Exception:  # a repr of the user's
        return f"<{type(value).__name__}>"


def _as_text(value: Any, levels: int) -> str:
    cls = type(value)
    if "shape" in (known := _attributes(cls)) and "dtype" in known:
        return _array(value)
    # Subclasses that keep a builtin class's repr are shown as that class is.
    if show := _BUILTIN.get(cls.__repr__):
        return show(value, levels)
    if dataclasses.is_dataclass(cls) and hasattr(cls.__repr__, "__wrapped__"):
        fields = [field.name for field in dataclasses.fields(value) if field.repr]
        return _fields(value, fields, levels)
    if issubclass(cls, tuple) and _is_named_tuple(cls):
        return _fields(value, cls._fields, levels)  # type: ignore[attr-defined]
    return _cut(repr(value), MAX_TEXT)


def _attributes(cls: type) -> set[str]:
    """What a class declares; instances are not asked, since their `__getattr__` may do anything."""
    return {name for base in cls.__mro__ for name in ("shape", "dtype") if name in vars(base)}


def _array(value: Any) -> str:
    """Contents of an array may be large, or on a device."""
    return f"{type(value).__name__}({value.dtype}{list(value.shape)})"


def _is_named_tuple(cls: type) -> bool:
    code = getattr(cls.__repr__, "__code__", None)
    return hasattr(cls, "_fields") and getattr(code, "co_filename", "") == collections.__file__


def _cut(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    head = (limit - 3) // 2
    return f"{text[:head]}...{text[head + 3 - limit :]}"


def _text(kind: Any) -> Callable[[Any, int], str]:
    def show(value: Any, levels: int) -> str:
        if kind.__len__(value) > MAX_TEXT:  # what is left out is not even copied
            head, tail = slice(MAX_TEXT // 2), slice(-MAX_TEXT // 2, None)
            value = kind.__getitem__(value, head) + kind.__getitem__(value, tail)
        return _cut(kind.__repr__(value), MAX_TEXT)

    return show


def _integer(value: int, levels: int) -> str:
    bits = int.bit_length(value)
    return int.__repr__(value) if bits <= MAX_INT_BITS else f"<int of {bits} bits>"


def _elements(values: Iterator[Any], length: int, levels: int) -> Iterator[str]:
    if levels <= 0 and length:
        yield "..."
        return
    yield from (_show(value, levels - 1) for value in islice(values, MAX_ELEMENTS))
    if length > MAX_ELEMENTS:
        yield "..."


def _sequence(kind: type, opening: str, closing: str) -> Callable[[Any, int], str]:
    def show(value: Any, levels: int) -> str:
        length = kind.__len__(value)
        shown = ", ".join(_elements(kind.__iter__(value), length, levels))
        if kind is tuple and length == 1:
            shown += ","
        return f"{opening}{shown}{closing}"

    return show


def _set(kind: type) -> Callable[[Any, int], str]:
    def show(value: Any, levels: int) -> str:
        name, length = type(value).__name__, kind.__len__(value)
        shown = ", ".join(_elements(kind.__iter__(value), length, levels))
        if not length:
            return f"{name}()"
        return f"{{{shown}}}" if type(value) is set else f"{name}({{{shown}}})"

    return show


def _mapping(value: dict[Any, Any], levels: int) -> str:
    shown = _braces(dict.items(value), dict.__len__(value), levels)
    return shown if type(value) is dict else f"{type(value).__name__}({shown})"


def _braces(items: Iterable[tuple[Any, Any]], length: int, levels: int) -> str:
    if levels <= 0 and length:
        return "{...}"
    shown = [
        f"{_show(key, levels - 1)}: {HIDDEN if _hides(key, value) else _show(value, levels - 1)}"
        for key, value in islice(items, MAX_ELEMENTS)
    ]
    if length > MAX_ELEMENTS:
        shown.append("...")
    return f"{{{', '.join(shown)}}}"


def _fields(value: Any, names: Sequence[str], levels: int) -> str:
    name = type(value).__qualname__.rpartition(".")[2]
    if levels <= 0:
        return f"{name}(...)"
    attributes = ((n, getattr(value, n, None)) for n in names[:MAX_ELEMENTS])
    shown = [f"{n}={HIDDEN if _hides(n, v) else _show(v, levels - 1)}" for n, v in attributes]
    if len(names) > MAX_ELEMENTS:
        shown.append("...")
    return f"{name}({', '.join(shown)})"


def _counted(value: Any, levels: int) -> str:
    return f"{type(value).__name__} of {len(value)}"


_BUILTIN: dict[Any, Callable[[Any, int], str]] = {
    str.__repr__: _text(str),
    bytes.__repr__: _text(bytes),
    bytearray.__repr__: _text(bytearray),
    int.__repr__: _integer,
    list.__repr__: _sequence(list, "[", "]"),
    tuple.__repr__: _sequence(tuple, "(", ")"),
    collections.deque.__repr__: _sequence(collections.deque, "deque([", "])"),
    set.__repr__: _set(set),
    frozenset.__repr__: _set(frozenset),
    dict.__repr__: _mapping,
    collections.defaultdict.__repr__: _mapping,
    collections.OrderedDict.__repr__: _mapping,
    collections.Counter.__repr__: _mapping,
    SimpleNamespace.__repr__: lambda value, levels: _fields(value, list(vars(value)), levels),
    array.__repr__: _counted,
    type({}.keys()).__repr__: _counted,
    type({}.values()).__repr__: _counted,
    type({}.items()).__repr__: _counted,
}
"""How to show a value whose class has this repr, without making all of it."""
