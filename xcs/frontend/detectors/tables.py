"""Recognition tables: dotted paths to what is known about everything under them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from xcs.frontend.classification import (
    ORDERED,
    UNORDERED,
    Classification,
    higher_order,
    mutator,
    operator,
    pure,
    unknown,
    world,
)
from xcs.frontend.detectors.identity import Identity, class_path

Entry = Callable[[str], Classification]
"""Makes the classification of one path."""

Table = Mapping[str, Entry]


def lookup(table: Table, path: str) -> Classification | None:
    """The entry of the path itself or, failing that, of its nearest enclosing name."""
    if entry := table.get(path):
        return entry(path)
    name = path.rpartition(".")[0]
    while name:
        if entry := table.get(name):
            # A class's entry tells what its constructor returns, which its methods need not.
            return replace(entry(path), returns=None, fresh_result=True)
        name = name.rpartition(".")[0]
    return None


def lookup_callable(table: Table, identity: Identity) -> Classification | None:
    """What the table says: of the path, then of the receiver's classes, then of the home.

    The receiver matters because ``os.environ.get`` is a method that ``collections.abc`` defines.
    A path that ends in ``()`` is about building instances, and tells nothing of their methods.
    """
    if identity.is_constructor:
        if entry := table.get(f"{identity.path}()"):
            return entry(identity.path)
    else:
        method = identity.method
        for owner in identity.owners[:-1]:
            if entry := table.get(f"{class_path(owner)}.{method}"):
                return entry(identity.path)
            if entry := table.get(class_path(owner)):
                return replace(entry(identity.path), returns=None, fresh_result=True)
    return lookup(table, identity.path)


def entries(prefixes: str, names: str, entry: Entry) -> dict[str, Entry]:
    """One entry for each of the names under each of the prefixes; blanks separate them."""
    return {
        f"{prefix}.{name}" if prefix else name: entry
        for prefix in prefixes.split() or [""]
        for name in names.split()
    }


def returning(classes: Mapping[str, Iterable[str]]) -> dict[str, Entry]:
    """Pure entries by result class."""

    def entry(cls: str) -> Entry:
        return lambda path: pure(f"{path} depends on its operands only", returns=cls)

    return {name: entry(cls) for cls, names in classes.items() for name in names}


def _world(what: str, **facts: object) -> Entry:
    return lambda path: world(f"{path} {what}", **facts)  # type: ignore[arg-type]


PURE_ENTRY: Final[Entry] = lambda path: pure(f"{path} depends on its operands only")
HIGHER_ORDER: Final[Entry] = lambda path: higher_order(f"{path} does what its callbacks do")
ITERATOR: Final[Entry] = lambda path: replace(
    higher_order(f"{path} makes an iterator"), returns="iterator"
)
MUTATOR: Final[Entry] = lambda path: mutator(f"{path} changes its operand in place")
ACCUMULATOR: Final[Entry] = lambda path: mutator(
    f"{path} accumulates into its operand", accumulates=True
)
UNKNOWN: Final[Entry] = lambda path: unknown(f"the effects of {path} depend on its operands")
TOOL: Final[Entry] = lambda path: operator("tool", f"{path} is a request to another system")

ENVIRONMENT: Final = _world(
    "uses the state of this process",
    effects=ORDERED,
    writes=("process",),
    reads=("process",),
    blocking=False,
)
# Two readings of a clock are meant to be compared, which makes sense in program order only. Those
# of a function that waits are compared inside of it (see ``Summary.times_itself``).
CLOCK: Final = _world("reads the clock", effects=ORDERED, reads=("clock",), blocking=False)
# Draws come from one hidden stream: reordering them changes every value.
RANDOM: Final = _world(
    "draws from a shared random stream",
    effects=ORDERED,
    writes=("random state",),
    reads=("random state",),
    blocking=False,
)
# Fresh entropy has no stream to keep in order, but each draw is a new value.
ENTROPY: Final = _world("gives a new value at each call", effects=UNORDERED, blocking=False)
READS_FILES: Final = _world("reads files", effects=UNORDERED, reads=("files",))
WRITES_FILES: Final = _world("writes files", effects=ORDERED, reads=("files",), writes=("files",))
CONSOLE: Final = _world(
    "talks to the terminal", effects=ORDERED, reads=("console",), writes=("console",)
)
LOGGING: Final = _world(
    "writes a log record", effects=UNORDERED, writes=("log",), blocking=False, lenient=True
)
SLEEP: Final = _world("only waits", effects=UNORDERED, lenient=True)
PROCESS: Final = _world("runs or controls other processes or threads", effects=ORDERED)
