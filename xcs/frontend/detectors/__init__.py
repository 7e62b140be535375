"""The registry of detectors: functions that recognise a callable, or return None.

A detector with a higher priority is asked first. The built-in ones have negative priorities, in the
order JAX, NumPy, builtins, standard library, clients, data libraries, generative objects; so a
detector registered with the default priority of 0 overrides them all, and explicit marks override
it. Packages add theirs through the entry point group ``xcs.detectors``: each entry point names a
detector (whose attribute ``priority``, if any, counts) and is loaded when something is first
classified.
"""

from __future__ import annotations

import importlib.metadata
import threading
import warnings
from collections.abc import Callable
from typing import Any, Final

from xcs.frontend.classification import Classification
from xcs.frontend.detectors import (
    clients,
    data_libraries,
    generative_objects,
    jax_arrays,
    marks,
    numpy_arrays,
    python_builtins,
    standard_library,
)

Detector = Callable[[Any], Classification | None]

ENTRY_POINT_GROUP: Final = "xcs.detectors"

_BUILT_IN: Final = (
    marks,
    jax_arrays,
    numpy_arrays,
    python_builtins,
    standard_library,
    clients,
    data_libraries,
    generative_objects,
)


class Registry:
    """Detectors by priority. Reading needs no lock: each change installs a new tuple."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: list[tuple[int, Detector]] = [
            (module.PRIORITY, module.detect) for module in _BUILT_IN
        ]
        self._ordered: tuple[Detector, ...] = ()
        self._loaded = False
        self._sort()

    def add(self, detector: Detector, priority: int) -> None:
        """Ask ``detector`` after those of higher priority, and after equals that came before it."""
        with self._lock:
            self._entries.append((priority, detector))
            self._sort()

    def remove(self, detector: Detector) -> None:
        """Forget a detector; unknown ones are ignored."""
        with self._lock:
            self._entries = [entry for entry in self._entries if entry[1] is not detector]
            self._sort()

    def recognise(self, fn: Any) -> Classification | None:
        """The answer of the first detector that has one."""
        if not self._loaded:
            self._load_entry_points()
        for detector in self._ordered:
            if (found := _ask(detector, fn)) is not None:
                return found
        return None

    def _sort(self) -> None:
        ordered = sorted(self._entries, key=lambda entry: -entry[0])
        self._ordered = tuple(detector for _, detector in ordered)

    def _load_entry_points(self) -> None:
        with self._lock:
            if self._loaded:
                return
            self._loaded = True
            for entry_point in importlib.metadata.entry_points(group=ENTRY_POINT_GROUP):
                try:
                    detector = entry_point.load()
                except Exception as error:  # One broken package must not break the others.
                    warnings.warn(
                        f"detector {entry_point.name!r} of {entry_point.value!r} was skipped,"
                        f" because loading it failed: {error!r}",
                        stacklevel=2,
                    )
                    continue
                self._entries.append((getattr(detector, "priority", 0), detector))
            self._sort()


def _ask(detector: Detector, fn: Any) -> Classification | None:
    """A detector that fails has nothing to say: foreign objects may raise from any attribute."""
    try:
        found = detector(fn)
    except Exception:
        return None
    return found if isinstance(found, Classification) else None


registry: Final = Registry()
