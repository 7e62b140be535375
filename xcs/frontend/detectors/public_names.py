"""Rows by the names under which people import a function, and looked up by the function itself.

Where a function really lives changes from one release of a library to the next; its public name
does not. Only modules that are imported already are looked at.
"""

from __future__ import annotations

import sys
import types
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, Final

from xcs.frontend.detectors.tables import Row

_MISSING: Final = object()
_MAX_DECORATORS: Final = 6


class PublicNames:
    """Rows of the functions of some modules: ``{"jax.lax": {"scan cond": row}}``."""

    def __init__(self, rows: Mapping[str, Mapping[str, Row]]) -> None:
        self._rows = {
            module: {name: row for names, row in by_names.items() for name in names.split()}
            for module, by_names in rows.items()
        }
        self._waiting = dict.fromkeys(self._rows)
        self._found: dict[int, tuple[Any, str, Row]] = {}

    def find(self, fn: Any) -> tuple[str, Row] | None:
        """The public path of a function, and its row."""
        for module in [name for name in self._waiting if name in sys.modules]:
            self._index(module)
        found = self._found.get(id(fn))
        if found is not None and found[0] is fn:
            return found[1:]
        return self._by_home(fn)

    def _by_home(self, fn: Any) -> tuple[str, Row] | None:
        """The row of a function whose public module, named after its home, is not imported yet."""
        home = str(getattr(fn, "__module__", "")).replace("._src.", ".")
        name = getattr(fn, "__qualname__", "")
        row = self._rows[home].get(name) if home in self._waiting else None
        return (f"{home}.{name}", row) if row is not None else None

    def paths(self) -> list[str]:
        """All the public paths."""
        return [f"{module}.{name}" for module, rows in self._rows.items() for name in rows]

    def _index(self, name: str) -> None:
        module = sys.modules[name]
        for own, row in self._rows[name].items():
            for value in _with_wrapped(_attribute(module, own)):
                self._found.setdefault(id(value), (value, f"{name}.{own}", row))
        if not _is_being_imported(module):
            self._waiting.pop(name, None)


def _attribute(module: types.ModuleType, name: str) -> Any:
    """An attribute of a module, which some modules make when it is first asked for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return getattr(module, name)
        except Exception:
            return _MISSING


def _with_wrapped(value: Any) -> Iterator[Any]:
    """A function, and what its decorators wrap: under each of them it is the same function."""
    for _ in range(_MAX_DECORATORS):
        if value is _MISSING or value is None:
            return
        yield value
        value = getattr(value, "__wrapped__", None)


def _is_being_imported(module: types.ModuleType) -> bool:
    return bool(getattr(module.__spec__, "_initializing", False))
