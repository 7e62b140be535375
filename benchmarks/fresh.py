"""Modules as new objects, which no cache has seen."""

from __future__ import annotations

import importlib.util
from types import ModuleType


def fresh(module: ModuleType) -> ModuleType:
    """The module, executed again: all its functions are new objects."""
    assert module.__file__ is not None
    spec = importlib.util.spec_from_file_location(module.__name__, module.__file__)
    assert spec is not None
    assert spec.loader is not None
    again = ModuleType(spec.name)
    spec.loader.exec_module(again)
    return again
