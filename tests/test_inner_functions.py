"""Inner functions with decorators and annotations, which stay native: as in plain Python."""

from __future__ import annotations

import importlib.util
import textwrap
from pathlib import Path
from typing import Any

import pytest
from differential import observe

import xcs

PRELUDE = """
from typing import TYPE_CHECKING
import xcs

if TYPE_CHECKING:
    from decimal import Decimal as Unknown

LOG = []

@xcs.op(kind="model")
def ask(prompt):
    return f"<{prompt}>"

@xcs.op(effects="ordered")
def save(value):
    LOG.append(value)

def register(function):
    LOG.append(function.__name__)
    return function
"""

PROGRAMS = {
    "decorator from a local import": """
        def program(q):
            import functools
            @functools.cache
            def inner(x):
                return x
            return ask(inner(q))
    """,
    "decorator with an effect": """
        def program(q):
            save(ask(q))
            @register
            def inner(x):
                return x
            save("after")
            return inner(q)
    """,
    "decorator that is jit, and annotations with a local name": """
        def program(q):
            Text = str
            @xcs.jit
            def inner(x: Text, *rest: Text, y: Text = "", **more: Text) -> Text:
                return ask(x + y)
            return inner(q), sorted(inner.__annotations__)
    """,
    "annotations of a method with a local name": """
        def program(q):
            Text = str
            class Box:
                size: Text = "1"
                def get(self, x: Text) -> Text:
                    return x + self.size
            return ask(Box().get(q))
    """,
}

PROGRAMS_WITH_DEFERRED_ANNOTATIONS = {
    "annotations with an unknown name": """
        def program(q):
            @register
            def inner(x: Unknown, *rest: Unknown) -> Unknown:
                return x
            return ask(inner(q)), inner.__annotations__
    """,
    "annotations of a class with an unknown name": """
        def program(q):
            class Box:
                size: Unknown = "1"
                def get(self, x: Unknown) -> Unknown:
                    return x + self.size
            return ask(Box().get(q)), Box.__annotations__, Box.get.__annotations__
    """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name: str, tmp_path: Path) -> None:  # R1, R8
    check(PRELUDE + textwrap.dedent(PROGRAMS[name]), tmp_path)


@pytest.mark.parametrize("name", PROGRAMS_WITH_DEFERRED_ANNOTATIONS)
def test_program_with_deferred_annotations(name: str, tmp_path: Path) -> None:  # R1, R8
    text = textwrap.dedent(PROGRAMS_WITH_DEFERRED_ANNOTATIONS[name])
    check("from __future__ import annotations\n" + PRELUDE + text, tmp_path)


def check(text: str, folder: Path) -> None:
    module = load(text, folder / "module.py")
    plain, jitted = module.program, xcs.jit(module.program)
    outcomes = []
    for function in (plain, jitted, jitted):
        module.LOG.clear()
        outcomes.append(observe(function, ["a b"], state=lambda: list(module.LOG)))
    assert outcomes[1:] == outcomes[:1] * 2


def load(text: str, path: Path) -> Any:
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
