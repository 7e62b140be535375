"""Programs as people write them around language models do jitted what they do plain, sooner."""

from __future__ import annotations

import asyncio
import importlib
import textwrap
from typing import Any

import pytest

import xcs
from tests.differential import freeze
from tests.programs import harness
from tests.programs.reference import Clock, Interpreter, Operator, run
from tests.programs.world import World, call_async, entered


@pytest.mark.parametrize("max_workers", [64, 1], ids=["parallel", "one worker"])
@pytest.mark.parametrize("name", harness.NAMES)
def test_program(name: str, max_workers: int) -> None:  # R1, R7, R8, R22
    assert harness.difference(name, xcs.Config(max_workers=max_workers)) == ""


NEAR = (
    *("article_writer", "chain_of_verification", "debate", "mixture_of_agents", "planner"),
    *("rank_passages", "react_agent", "reflexion", "self_refine", "skeleton_of_thought"),
)
"""The programs that run as soon as their data allow; all of them should."""


@pytest.mark.parametrize("name", NEAR)
def test_makespan_is_near_the_critical_path(name: str) -> None:  # R4
    path, _ = harness.critical_path(name)
    found = [harness.parallelism(name).jitted]
    if found[0] > 1.1 * path:  # a pause of the machine can make it longer, never shorter
        found.append(harness.parallelism(name).jitted)
    assert min(found) <= 1.1 * path


@pytest.mark.parametrize("name", harness.NAMES)
def test_reference_runs_the_program_as_python_does(name: str) -> None:
    _, found = harness.critical_path(name)
    assert harness.plain(name, calls=1)[0].difference(found) == ""


@pytest.mark.parametrize("name", harness.NAMES)
def test_version_by_hand_gives_the_same(name: str) -> None:
    by_hand = importlib.import_module(f"tests.programs.by_hand.{name}")
    program, written = harness.load(name), harness.load(name)
    with harness.console(), entered(World()):
        expected = program.main(*program.arguments())
        found = asyncio.run(by_hand.main(written, call_async, *written.arguments()))
    assert freeze(found) == freeze(expected)


# --- The reference itself -------------------------------------------------------------------------


def path_of(text: str) -> float:
    """The critical path of `main()`, where calls of `ask` and of the ordered `put` take 1."""
    clock = Clock()

    def ask(value: Any) -> Any:
        if value == "bad":
            raise ValueError(value)
        return value

    def put(value: Any) -> None:
        pass

    kinds = {ask: Operator(ordered=False, duration=1), put: Operator(ordered=True, duration=1)}
    interpreter = Interpreter(clock, lambda f: kinds.get(f) if f in (ask, put) else None)
    namespace: dict[str, Any] = {"ask": ask, "put": put}

    def task() -> float:
        interpreter.module(textwrap.dedent(text), namespace)
        interpreter.call(namespace["main"])
        return clock.latest

    return run(task)


REFERENCE = {
    "independent calls": (1, "def main(): return [ask(x) for x in 'abc']"),
    "a chain of calls": (3, "def main(): return ask(ask(ask('a')))"),
    "a map of a map": (2, "def main(): return [ask(y) for y in [ask(x) for x in 'abc']]"),
    "an element is known before others": (
        2,
        """
        def main():
            xs = ['a', ask(ask('b'))]
            return ask(xs[0]), len(xs)
        """,
    ),
    "a join": (2, "def main(): return ask(''.join([ask('a'), ask('b')]))"),
    "text so far": (
        3,
        """
        def main():
            text = ''
            for x in 'abc':
                text += ask(text + x)
            return text
        """,
    ),
    "a branch": (2, "def main(): return ask('a') if ask('b') else 'c'"),
    "what a branch may assign": (
        2,
        """
        def main():
            x = 'a'
            if ask('') == 'b':
                x = 'b'
            return ask(x), ask('c')
        """,
    ),
    "what a branch may append": (
        2,
        """
        def main():
            xs = ['a']
            if ask('') == 'b':
                xs.append('b')
            return ask(len(xs))
        """,
    ),
    "a branch that concerns nobody": (
        1,
        """
        def main():
            found = []
            for x in 'abc':
                if ask(x) == 'b':
                    found.append(x)
            return found
        """,
    ),
    "a loop that may break": (
        3,
        """
        def main():
            for x in 'abc':
                if ask(x) == 'c':
                    break
        """,
    ),
    "an early return": (
        2,
        """
        def main():
            if ask('a') == 'b':
                return 'b'
            return ask('c')
        """,
    ),
    "a continue holds up one iteration": (
        2,
        """
        def main():
            for x in 'abc':
                if ask(x) == 'b':
                    continue
                ask(x)
        """,
    ),
    "any stops early": (3, "def main(): return any(ask(x) == 'c' for x in 'abc')"),
    "sum does not": (1, "def main(): return sum(ask(x) for x in (1, 2))"),
    "next stops early": (2, "def main(): return next(x for x in 'abc' if ask(x) == 'b')"),
    "a filter waits once": (2, "def main(): return [ask(x) for x in 'abc' if ask(x)]"),
    "a while loop": (
        3,
        """
        def main():
            x = 'a'
            while len(x) < 4:
                x += ask(x[0])
        """,
    ),
    "a try": (
        2,
        """
        def main():
            try:
                x = ask('a')
                y = ask('bad')
            except ValueError:
                x = 'c'
            return ask(x), ask('d')
        """,
    ),
    "tries side by side": (
        1,
        """
        def one(x):
            try:
                return ask(x)
            except ValueError:
                return 'none'

        def main(): return [one(x) for x in ('a', 'bad', 'c')]
        """,
    ),
    "an ordered call waits for all before": (
        2,
        """
        def main():
            ask('a')
            put('b')
            return ask('c')
        """,
    ),
    "an attribute of an agent that counts": (
        1,
        """
        class Agent:
            def __init__(self):
                self.n = 0
                self.seen = []

            def run(self, x):
                self.n += 1
                self.seen.append(ask(x))
                return self.n

        def main():
            agent = Agent()
            return [agent.run(x) for x in 'abc']
        """,
    ),
    "a cache with known keys": (
        1,
        """
        cache = {}

        def cached(x):
            if x not in cache:
                cache[x] = ask(x)
            return cache[x]

        def main(): return [cached(x) for x in 'abab']
        """,
    ),
    "a cache with keys that are asked for": (
        2,
        """
        cache = {}

        def cached(x):
            if x not in cache:
                cache[x] = ask(x)
            return cache[x]

        def main(): return [cached(ask(x)) for x in 'abab']
        """,
    ),
    "recursion over a tree": (
        3,
        """
        def grow(x, depth):
            text = ask(x)
            return [text] if depth == 0 else [grow(text + i, depth - 1) for i in 'ab']

        def main(): return grow('a', 2)
        """,
    ),
    "a generator function": (
        1,
        """
        def each(xs):
            for x in xs:
                yield ask(x)

        def main(): return list(each('abc'))
        """,
    ),
    "a slice that is set": (
        2,
        """
        def main():
            xs = list('abcd')
            xs[0:2] = [ask(x) for x in xs[0:2]]
            return ask(xs[3]), ask(xs[0])
        """,
    ),
    "sorting waits for all": (
        2,
        """
        def main():
            best, *rest = sorted('abc', key=lambda x: ask(x))
            return ask(best)
        """,
    ),
}


@pytest.mark.parametrize("name", REFERENCE)
def test_reference(name: str) -> None:
    expected, text = REFERENCE[name]
    assert path_of(text) == expected
