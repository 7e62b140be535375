"""Garbage collection is put off while a program is compiled."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_compiling = 0
_was_enabled = False


@contextmanager
def without_collection() -> Iterator[None]:
    """Put off the collection of cycles until all compilations at the moment are done.

    Traces and IR are hundreds of thousands of objects that refer to one another and are all in use.
    Looking through them again and again is a third of the time that compilation takes.
    """
    global _compiling, _was_enabled
    with _lock:
        if _compiling == 0:
            _was_enabled = gc.isenabled()
            gc.disable()
        _compiling += 1
    try:
        yield
    finally:
        with _lock:
            _compiling -= 1
            if _compiling == 0 and _was_enabled:
                gc.enable()
