"""Syntax and behaviour that came after Python 3.11: jitted, it does what plain Python does."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from differential import observe

import xcs

since_3_12 = pytest.mark.skipif(sys.version_info < (3, 12), reason="syntax of Python 3.12")

PRELUDE = """
import xcs

@xcs.op(kind="model")
def ask(prompt):
    return f"<{prompt}>"
"""

# Text, as older versions of Python could not even read it: each defines a `program` of one string.
PROGRAMS_3_12 = {
    "f-string with a backslash inside": r"""
        def program(q):
            return ask(f"{'\n'.join(q.split())}\t{'\\'}")
    """,
    "f-string with its own quotes inside": """
        def program(q):
            known = {"q": q}
            return ask(f"{known["q"]} {f"{known["q"]}{f"{q}"}"}")
    """,
    "f-string with all quotes inside": r"""
        def program(q):
            return ask(f"{'\'' + "\"" + '''x"''' + q} ' \" \n '' ")
    """,
    "f-string with a nested specification": """
        def program(q):
            a = ask(q)
            return f"{a!r:>{len(q) + 5}} {len(q):{"0" + "5"}d}" + f"{a + "\\n" = }"
    """,
    "f-string over several lines with a comment": """
        def program(q):
            return f"{
                q  # the question
            }{
                ask(q)
            }"
    """,
    "f-string with a backslash in a native statement": r"""
        def program(q):
            try:
                n = int(f"{'\n'.join(q.split())}")
            except ValueError as error:
                n = f"{"\t"}{error}"
            return ask(n)
    """,
    "f-string with a backslash in an error": r"""
        def program(q):
            a = ask(q)
            if a:
                raise ValueError(f"{a!r:*^{len(q) + 9}} {'\n'}")
    """,
    "type parameter of the function": """
        def program[T: str](q: T) -> T:
            return ask(q), T.__name__, T.__bound__
    """,
    "type parameter of an inner function": """
        def program(q):
            def inner[U](x: U, y: str = "d", *, z: int = 3) -> U:
                return ask(f"{x}{y}{z}")
            return inner(q), inner(q, z=4)
    """,
    "type parameter of a key function": """
        def program(q):
            def key[U](x: U) -> U:
                return x
            return ask(sorted(q, key=key))
    """,
    "type parameter of an inner class": """
        def program(q):
            class Box[V]:
                def __init__(self, v: V):
                    self.v = v
            return ask(Box(q).v), len(Box.__type_params__)
    """,
    "type parameter of a method's class": """
        class Bot[T]:
            def __init__(self, name: T):
                self.name = name
            def run(self, q: T) -> T:
                return ask(self.name + q)
        bot = Bot("b")
        def program(q):
            return bot.run(q)
    """,
    "type statement": """
        type Texts = list[str]
        def program(q):
            type Pair = tuple[Texts, str]
            return ask(q), Pair.__name__, str(Pair.__value__), Texts.__value__
    """,
    "variable of an inlined comprehension": """
        def program(q):
            x = "outer"
            answers = [ask(x) for x in q]
            return answers, x, [[x + y for x in q] for y in q]
    """,
    "variable of a comprehension read after it": """
        def program(q):
            answers = [ask(x) for x in q]
            return answers, x
    """,
    "locals in an inlined comprehension": """
        def program(q):
            answer = ask(q)
            return [sorted(locals()) for x in [1]]
    """,
    "exact sum of floats": """
        def program(q):
            return sum([0.1 * len(ask(x)) for x in q * 10]), sum([0.1] * len(ask(q)))
    """,
    "slice as a key": """
        def program(q):
            return {slice(1, 2): q}[slice(1, 2)], ask(q[slice(1, 2)])
    """,
    "batched iterator": """
        import itertools
        def program(q):
            return [ask("".join(part)) for part in itertools.batched(q, 2)]
    """,
}


@since_3_12
@pytest.mark.parametrize("name", PROGRAMS_3_12)
def test_program(name: str, tmp_path: Path) -> None:  # R1, R8
    program = load(PRELUDE + textwrap.dedent(PROGRAMS_3_12[name]), tmp_path / "module.py")
    jitted = xcs.jit(program)
    expected = observe(program, ["ab c"])
    assert observe(jitted, ["ab c"]) == expected
    assert observe(jitted, ["ab c"]) == expected  # from the cache


@since_3_12
def test_a_type_statement_is_named_as_it_is_written(tmp_path: Path) -> None:
    program = load(
        PRELUDE + "def program(q):\n    type T = str\n    return ask(q)", tmp_path / "m.py"
    )
    jitted = xcs.jit(program)
    jitted("a")
    assert "'type' is not captured" in jitted.explain("a")


def test_text_of_the_command_line_is_not_taken_for_that_of_eval() -> None:
    """Both go by the name ``<string>``, under which Python 3.13 keeps that of the command line."""
    program = PRELUDE + "one = xcs.jit(eval('\\n' * 7 + 'lambda q: ask(q + \"1\")'))\n"
    program += "two = lambda q: ask(q + '2')\nprint(one('a'))"
    assert program.splitlines()[7].startswith("two = lambda q")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "<a1>\n", done.stderr


def load(text: str, path: Path) -> Any:
    """The function ``program`` of a module with that text."""
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.program
