"""Recognition tables: dotted paths to what is known about everything under them.

A table is data: rows by path. What a row says is made into a `Classification` in one place, and
nothing that is said about a particular function is code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from xcs.frontend.analysis.resources import Mode, Resource, Touches
from xcs.frontend.classification import (
    IMMUTABLE_CLASSES,
    ORDERED,
    PLAIN,
    PURE,
    RECEIVER,
    UNORDERED,
    Classification,
    EffectClass,
    Form,
    Kind,
    Operand,
    touching,
    unknown,
)
from xcs.frontend.detectors.identity import Identity, class_path


@dataclass(frozen=True)
class Row:
    """What is known of one callable, or of all under one name."""

    says: str
    """What it does, after its path: "reads files"."""
    touches: Touches = frozenset()
    kind: Kind = "pure"
    effects: EffectClass | None = None
    """The class, where it is another than that of what it touches."""
    strict: EffectClass | None = None
    returns: str | None = None
    blocking: bool = False
    higher_order: bool = False
    changes: tuple[Operand, ...] = ()
    form: Form = PLAIN
    unknown: bool = False
    reaches: frozenset[str] = frozenset()
    writes: tuple[str, ...] = ()

    def __call__(self, path: str) -> Classification:
        """The classification of the callable at `path`."""
        if self.unknown:
            return replace(unknown(f"{self.says} {path} depend on its operands"), evidence="table")
        found = replace(
            touching(f"{path} {self.says}", self.touches, blocking=self.blocking, kind=self.kind),
            writes=self.writes or words(self.touches, "update", "write"),
            reads=words(self.touches, "read", "write"),
            returns=self.returns,
            higher_order=self.higher_order,
            changes=self.changes,
            mutates_args=bool(self.changes),
            reaches=self.reaches,
            form=self.form,
        )
        if self.effects is not None:
            found = replace(
                found,
                effects=self.effects,
                strict_effects=self.strict,
                held_effects=None,
                reads=() if self.effects == PURE else found.reads,
            )
        if found.effects == PURE:
            fresh = self.higher_order or self.returns not in IMMUTABLE_CLASSES
            found = replace(found, fresh_result=fresh)
        return found

    def described(self) -> Row:
        """The row of what is under this name: a result's class is its constructor's alone."""
        return self if self.returns in (None, "iterator") else replace(self, returns=None)


_WORDS: Final[dict[str, str]] = {"random": "random state"}
_NAMELESS: Final = frozenset({"network", "object", "world"})
"""Resources that `reads` and `writes` do not name; objects are named one by one."""


def words(touches: Touches, *modes: Mode) -> tuple[str, ...]:
    """The resources that are touched in one of the modes, for `reads` and `writes`.

    An update tells nothing about what was there; a write may.
    """
    named = sorted({r for r, mode in touches if mode in modes and r not in _NAMELESS})
    return tuple(_WORDS.get(resource, resource) for resource in named)


Table = Mapping[str, Row]


def find(table: Table, path: str) -> Row | None:
    """The row of the path itself or, failing that, of its nearest enclosing name."""
    if row := table.get(path):
        return row
    name = path.rpartition(".")[0]
    while name:
        if row := table.get(name):
            return row.described()
        name = name.rpartition(".")[0]
    return None


def find_callable(table: Table, identity: Identity) -> Row | None:
    """The row of the path, then of the receiver's classes, then of the home.

    The receiver matters because ``os.environ.get`` is a method that ``collections.abc`` defines.
    A path that ends in ``()`` is about building instances, and tells nothing of their methods.
    """
    if identity.is_constructor:
        if row := table.get(f"{identity.path}()"):
            return row
    else:
        method = identity.method
        for owner in identity.owners[:-1]:
            if row := table.get(f"{class_path(owner)}.{method}"):
                return row
            if row := table.get(class_path(owner)):
                return row.described()
    return find(table, identity.path)


def lookup(table: Table, path: str) -> Classification | None:
    """The classification of a path, where the table says something."""
    row = find(table, path)
    return row and row(path)


def lookup_callable(table: Table, identity: Identity) -> Classification | None:
    """The classification of a callable, where the table says something."""
    row = find_callable(table, identity)
    return row and row(identity.path)


def entries(prefixes: str, names: str, row: Row) -> dict[str, Row]:
    """One row for each of the names under each of the prefixes; blanks separate them."""
    return {
        f"{prefix}.{name}" if prefix else name: row
        for prefix in prefixes.split() or [""]
        for name in names.split()
    }


def returning(classes: Mapping[str, Iterable[str]]) -> dict[str, Row]:
    """Pure rows by result class."""
    return {
        name: replace(PURE_ENTRY, returns=cls) for cls, names in classes.items() for name in names
    }


def giving(table: Table, classes: Mapping[str, Iterable[str]]) -> dict[str, Row]:
    """The rows of some names in a table, with the class of what they give."""
    found = {name: (find(table, name), cls) for cls, names in classes.items() for name in names}
    return {name: replace(row, returns=cls) for name, (row, cls) in found.items() if row}


def changing(*operands: Operand, row: Row | None = None) -> Row:
    """A row, by default that of `MUTATOR`, with the operands that are changed."""
    row = MUTATOR if row is None else row
    return replace(row, changes=operands, touches=row.touches | {("object", "write")})


def opening(operand: Operand) -> Row:
    """A row of what opens a file, as the operand says."""
    return replace(WRITES_FILES, form=Form(opens=operand))


def streaming(operand: Operand, row: Row | None = None) -> Row:
    """A row of what prints, unless the operand is given."""
    return replace(PRINTS if row is None else row, form=Form(stream=operand))


def filling(operand: Operand) -> Row:
    """A row of what writes to a file that is open already, or to what stands for one."""
    return changing(operand, row=streaming(operand, WRITES_FILES))


def sharing(state: str) -> Row:
    """A row of what gives the very object that holds some state of the process."""
    return replace(READS_ENVIRONMENT, form=Form(shares=state))


def yielding(cls: str) -> Row:
    """A row of what makes an iterator over instances of a class."""
    return replace(ITERATOR, higher_order=False, form=Form(yields=cls))


def alike(row: Row) -> Row:
    """The row, of methods that give an object of their receiver's class."""
    return replace(row, form=Form(alike=True))


def mapping(row: Row) -> Row:
    """The row, of what gives what its callback gave."""
    return replace(row, form=Form(maps=True))


def private(row: Row) -> Row:
    """The row, of methods whose receiver has what they touch to itself."""
    return replace(row, form=Form(private=True))


def _touch(resource: Resource, *modes: Mode) -> Touches:
    return frozenset((resource, mode) for mode in modes)


PURE_ENTRY: Final = Row("depends on its operands only")
HIGHER_ORDER: Final = Row("does what its callbacks do", higher_order=True)
ITERATOR: Final = Row("makes an iterator", higher_order=True, returns="iterator")
MUTATOR: Final = Row(
    "changes its operand in place",
    _touch("object", "write"),
    "function",
    changes=(RECEIVER,),
)
ACCUMULATOR: Final = Row(
    "accumulates into its operand",
    _touch("object", "update"),
    "function",
    changes=(RECEIVER,),
)
UNKNOWN: Final = Row("the effects of", unknown=True)
TOOL: Final = Row(
    "is a request to another system",
    _touch("network", "update"),
    "tool",
    blocking=True,
    reaches=frozenset({"operator"}),
)
NETWORK: Final = Row(
    "talks to another system", _touch("network", "write"), "function", blocking=True
)
DATABASE: Final = Row(
    "uses a connection that has state", _touch("database", "write"), "function", blocking=True
)

SETTINGS: Final = Row(
    "depends on its operands, and on settings of the process",
    _touch("environment", "read"),
    effects=PURE,
)
"""Arithmetic of decimals, texts of arrays: pure but for settings that programs rarely change."""
READS_ENVIRONMENT: Final = Row(
    "uses the state of this process", _touch("environment", "read"), "function"
)
ENVIRONMENT: Final = Row(
    "uses the state of this process", _touch("environment", "read", "write"), "function"
)
# Two readings of a clock are meant to be compared, which makes sense in program order only. Those
# of a function that waits are compared inside of it (see ``Summary.times_itself``).
CLOCK: Final = Row("reads the clock", _touch("clock", "read"), "function")
# Draws come from one hidden stream: reordering them changes every value.
RANDOM: Final = Row("draws from a shared random stream", _touch("random", "write"), "function")
# Fresh entropy has no stream to keep in order, but each draw is a new value.
ENTROPY: Final = Row("gives a new value at each call", _touch("random", "update"), "function")
READS_FILES: Final = Row("reads files", _touch("files", "read"), "function", blocking=True)
WRITES_FILES: Final = Row("writes files", _touch("files", "write"), "function", blocking=True)
PRINTS: Final = Row("talks to the terminal", _touch("console", "update"), "function")
CONSOLE: Final = Row("talks to the terminal", _touch("console", "write"), "function", blocking=True)
LOGGING: Final = Row("writes a log record", _touch("log", "update"), "function")
SLEEP: Final = Row("only waits", kind="function", effects=UNORDERED, strict=ORDERED, blocking=True)
PROCESS: Final = Row(
    "runs or controls other processes or threads",
    _touch("world", "write"),
    "function",
    blocking=True,
)
