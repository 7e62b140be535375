"""Runs a program plain and jitted, compares what each of them came to, and measures parallelism."""

from __future__ import annotations

import importlib.util
import io
import itertools
import logging
import sys
import types
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xcs
from tests.differential import Outcome, observe, within_time
from tests.programs import reference
from tests.programs.reference import Interpreter, Operator
from tests.programs.world import OPERATORS, Virtual, World, entered

FOLDER = Path(__file__).parent
HARNESS = ("__init__", "harness", "world")
NAMES = sorted(p.stem for p in FOLDER.glob("*.py") if p.stem not in HARNESS)
"""The programs, by the names of their files."""

CALLS = 2
"""How often a program is called in one world: the second call finds a warm cache."""

_numbers = itertools.count()


def load(name: str) -> types.ModuleType:
    """A program's module, fresh: its globals are those of no other run."""
    spec = importlib.util.spec_from_file_location(
        f"tests.programs.{name}_{next(_numbers)}", FOLDER / f"{name}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # as for any import: dataclasses and pickling look there
    spec.loader.exec_module(module)
    return module


@dataclass
class Run:
    """What a person outside sees of one call of a program."""

    outcome: Outcome
    """The value or the error, the arguments and globals afterwards, and the log of the effects."""
    message: str
    """The text of the error, if there was one."""
    calls: Counter[Any]
    """The unordered calls: each so often, in any order."""
    console: str
    """What was printed, on both streams, and logged."""
    failures: int
    """How many calls raised, whether or not the program handled it."""

    def difference(self, other: Run) -> str:
        """What another run, of the jitted program, did differently; empty if nothing."""
        for what in ("outcome", "message", "console"):
            mine, others = getattr(self, what), getattr(other, what)
            if mine != others:
                return f"{what}:\n  plain:  {mine!r}\n  jitted: {others!r}"
        missing, more = self.calls - other.calls, other.calls - self.calls
        # Calls that were under way already when an earlier one failed are made all the same.
        if missing or (more and not self.failures and self.outcome.error is None):
            return f"calls:\n  only plain:  {missing}\n  only jitted: {more}"
        return ""


class _Lines(logging.Handler):
    """Writes log records into a stream, with their level and logger."""

    def __init__(self, stream: io.StringIO) -> None:
        super().__init__(logging.INFO)
        self.stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        self.stream.write(f"[{record.levelname} {record.name}] {record.getMessage()}\n")


@contextmanager
def console() -> Iterator[io.StringIO]:
    """Collects what is printed on either stream and what is logged."""
    stream = io.StringIO()
    handler, root = _Lines(stream), logging.getLogger("programs")
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        with redirect_stdout(stream), redirect_stderr(stream):
            yield stream
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


def call(module: types.ModuleType, function: Callable[..., Any], world: World) -> Run:
    """Call a program once in a world."""
    world.calls.clear()
    world.failures = 0

    def state() -> Any:
        return world.log, module.state() if hasattr(module, "state") else None

    with entered(world), console() as stream:
        message = ""

        def watched(*args: Any) -> Any:
            nonlocal message
            try:
                return function(*args)
            except BaseException as error:
                message = str(error)
                raise

        outcome = observe(watched, module.arguments(), state=state)
    return Run(outcome, message, Counter(world.calls), stream.getvalue(), world.failures)


def plain(name: str, calls: int = CALLS) -> list[Run]:
    """Call a program a few times as plain Python."""
    module, world = load(name), World()
    return [call(module, module.main, world) for _ in range(calls)]


def jitted(name: str, calls: int = CALLS, config: xcs.Config | None = None) -> list[Run]:
    """Call a program a few times jitted."""
    module, world = load(name), World()
    main = xcs.jit(module.main, config=config or xcs.Config(max_workers=64))
    return [within_time(lambda: call(module, main, world)) for _ in range(calls)]


def difference(name: str, config: xcs.Config | None = None) -> str:
    """What a program does differently when it is jitted; empty if nothing."""
    runs = zip(plain(name), jitted(name, config=config), strict=True)
    for number, (expected, found) in enumerate(runs):
        if text := expected.difference(found):
            return f"{name}, call {number}: {text}"
    return ""


@dataclass(frozen=True)
class Parallelism:
    """How long something takes, in the units of its calls' durations."""

    sequential: float
    """One call after another."""
    jitted: float
    """Jitted, on the virtual clock."""
    most_at_once: int
    """The most calls under way at one time."""


def _operators(function: Any) -> Operator | None:
    declared = OPERATORS.get(function) if hasattr(function, "__xcs_operator__") else None
    return declared.kind if declared else None


def critical_path(name: str) -> tuple[float, Run]:
    """The time that a program takes at least, and what came of it when that was found."""
    clock = reference.Clock()
    interpreter = Interpreter(clock, _operators)
    path = FOLDER / f"{name}.py"
    module = types.ModuleType(f"tests.programs.{name}_traced_{next(_numbers)}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module
    world = World(clock)

    def task() -> Run:
        interpreter.module(path.read_text(), module.__dict__, str(path))

        def main(*args: Any) -> Any:
            return interpreter.call(module.main, *args)[0]

        clock.at = clock.latest = 0.0
        return call(module, main, world)

    found = reference.run(task)
    return clock.latest, found


def parallelism(name: str) -> Parallelism:
    """Measure the parallelism of a jitted program, with a warm cache."""
    module = load(name)
    main = xcs.jit(module.main, config=xcs.Config(max_workers=64))

    def call_main(function: Callable[..., Any]) -> None:
        if hasattr(module, "reset"):
            module.reset()
        with console():
            function(*module.arguments())

    return measure(lambda: call_main(module.main), lambda: call_main(main))


def measure(plain: Callable[[], Any], jitted: Callable[[], Any]) -> Parallelism:
    """Compare the times of two functions without arguments that make the same calls.

    The jitted one is called once before, so that what is measured finds a warm cache.
    """
    with entered(World()) as world:
        plain()
    sequential = world.clock.now
    with entered(World()):
        within_time(jitted)
    clock = Virtual()
    try:
        with entered(World(clock)):
            within_time(jitted, 60)
    finally:
        clock.close()
    return Parallelism(sequential, clock.now, clock.most_at_once)


def _main() -> None:
    for name in sys.argv[1:] or NAMES:
        problem = difference(name)
        path, _ = critical_path(name)
        try:
            found = parallelism(name)
            text = f"one by one {found.sequential:6.1f}  jitted {found.jitted:6.1f}"
            text += f"  most at once {found.most_at_once}"
        except Exception as error:
            text = f"{type(error).__name__}: {error}"
        verdict = "DIFFERS" if problem else "equal"
        print(f"{name:<24}{verdict:<9}critical path {path:5.1f}  {text}", flush=True)
        if problem:
            print(problem)


if __name__ == "__main__":  # python -m tests.programs.harness [NAME ...]
    _main()
