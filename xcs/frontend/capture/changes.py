"""What a call changes whose callee is not captured: the objects that it is given and others."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Iterable
from typing import Any

from xcs.frontend.abstract_values import Origin, is_code
from xcs.frontend.analysis.resources import OBJECT_CHANGES
from xcs.frontend.arguments import class_of_argument
from xcs.frontend.capture.names import store_in
from xcs.frontend.capture.order import ELEMENTS, Home
from xcs.frontend.capture.state import Capture
from xcs.frontend.capture.values import Path, Value
from xcs.frontend.classification import RECEIVER, Classification, Operand
from xcs.frontend.classify import classify

_OUTSIDE = (
    *("files", "console", "log", "warnings", "clock", "network", "process", "sleep", "time"),
    "random",
)
"""What a call may write that no object of the program shows."""


def may_change_objects(what: Classification) -> bool:
    """Whether a call may change Python objects that the program reads."""
    if what.kind == "unknown" or what.mutates_args:
        return True
    if not (what.writes or what.reads):
        return bool(what.touches)  # one that only waits touches nothing
    return not all(any(w.startswith(o) for o in _OUTSIDE) for w in what.writes)


def changes_settings(callee: Any, what: Classification) -> bool:
    """Whether a call is known to change settings of the process: from its source, if declared."""
    return ("environment", "write") in _seen(callee, what).touches


def changed_by(
    c: Capture,
    callee: Any,
    what: Classification,
    positional: list[Value],
    keywords: dict[str, Value],
) -> list[Home] | None:
    """Where all lives that a call may change: from its source, if declared; None if not known."""
    seen = _seen(callee, what)
    if seen.evidence == "table":
        return _as_in_table(c, callee, seen, positional, keywords)
    if seen.changed is None or any(is_code(origin.obj) for origin in seen.changed):
        return None
    given = _operands(callee, seen.changes, positional, keywords)
    if given is None or (seen.mutates_args and not given):
        return None
    homes = [c.outside_home(_path_of(c, origin)) for origin in seen.changed]
    _collapse(c, homes)
    if not seen.links:
        return [*homes, *c.parts_of(*_homes_of(c, given))]
    homes += _homes_of(c, given)
    _collapse(c, homes)
    for home in _homes_of(c, [*positional, *keywords.values()]):
        for other in homes:
            c.order.merge(home, other)
    return homes


def _as_in_table(
    c: Capture,
    callee: Any,
    what: Classification,
    positional: list[Value],
    keywords: dict[str, Value],
) -> list[Home] | None:
    """What a call changes of a library's: containers, or an object as a whole by its method."""
    receiver = positional[:1]
    alone = what.form.private and not any(home.shared for home in _homes_of(c, receiver))
    changes = what.changes if not alone else tuple(dict.fromkeys((RECEIVER, *what.changes)))
    given = _operands(callee, changes, positional, keywords)
    if not given or not (alone or what.touches <= OBJECT_CHANGES):
        return None
    for home in _homes_of(c, given):
        for value in (*positional, *keywords.values()):
            if not any(value is other for other in given):
                store_in(c, home.field(ELEMENTS), value)
    whole = _homes_of(c, receiver if RECEIVER in changes else [])
    return [*_homes_of(c, given), *c.parts_of(*whole)]


def _operands(
    callee: Any,
    operands: Iterable[Operand],
    positional: list[Value],
    keywords: dict[str, Value],
) -> list[Value] | None:
    """The arguments that go to parameters; None if it is not known which these are."""
    names = _positional_names(callee)
    by_name = dict(zip(names, positional, strict=False)) | keywords
    found: list[Value] = []
    for operand in operands:
        name = operand[1] if operand != RECEIVER else names[0] if names else ""
        if name not in by_name:
            return None
        found.append(by_name[name])
    return found


def _homes_of(c: Capture, values: Iterable[Value]) -> list[Home]:
    return [home.find() for value in values for home in c.homes_of(value)]


def _seen(callee: Any, what: Classification) -> Classification:
    return classify(callee) if what.evidence == "declared" else what


def _collapse(c: Capture, homes: Iterable[Home]) -> None:
    for home in homes:
        c.order.collapse(home)
        home.find().whole = True


@functools.lru_cache(maxsize=4096)
def _positional_names(callee: Any) -> tuple[str, ...]:
    try:
        parameters = inspect.signature(callee).parameters.values()
    except (TypeError, ValueError):
        return ()
    named = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return tuple(p.name for p in parameters if p.kind in named)


def _path_of(c: Capture, origin: Origin) -> Path:
    """How the program reaches what a callee changes."""
    if origin.space is None:
        path = Path(f"object {id(origin.obj)}")
        c.roots.setdefault(path.root, origin.obj)
        return path
    kind = "cell" if isinstance(origin.space, types.CellType) else "global"
    path = Path(f"{kind} {origin.name} {id(origin.space)}")
    c.roots.setdefault(path.root, origin)
    c.paths.setdefault((path, "class"), class_of_argument(origin.obj))
    return path
