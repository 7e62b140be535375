"""Programs compiled for the engine: once per module, shared by all runs.

Each block becomes a `BlockPlan`: a slot for each value, and for each op what it needs, what it
fills and how it is evaluated. Constants are no ops at run time; they are in the slots of each new
frame from the start. What is known about order is known here: which ops wait for their operands
only, and which wait for everything before them (`OpPlan.ordered`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, auto
from typing import Any

from xdsl.dialects.builtin import ModuleOp

from xcs.dialects import orch
from xcs.runtime.batching import BatchForm
from xcs.runtime.limits import Limiter, RateLimiter
from xcs.runtime.policies import Policy


@dataclass(frozen=True)
class Program:
    """A verified module with the Python objects that its text can only name."""

    module: ModuleOp
    entry: str = "main"
    objects: Mapping[str, Any] = field(default_factory=dict)
    """By the key of an ``#orch.ref``: constants, callables, namespaces of host ops."""


class Action(IntEnum):
    """What the engine does with an op whose operands are ready."""

    INLINE = auto()
    """Evaluate it at once, on the coordinator."""
    CALL = auto()
    """Give it to a worker: it may block."""
    HERE = auto()
    """Call it at once, on the coordinator, and hold back what it writes until it has its turn."""
    AWAIT = auto()
    """Have its coroutine awaited on the run's event loop."""
    CONTAINER = auto()
    """Make a list or tuple whose elements may still be pending."""
    GETITEM = auto()
    """Read an item, perhaps of a list that is otherwise still pending."""
    LOOP = auto()
    """Start the iterations of a map or for."""
    BRANCH = auto()
    """Start one of two blocks."""
    ISSUE = auto()
    """Do what `OpPlan.issue` says, by the values of the operands."""


@dataclass(eq=False, slots=True)
class Operator:
    """A callable with what the program declares of it."""

    name: str
    function: Callable[..., Any]
    effects: str
    policy: Policy
    blocking: bool
    limiters: tuple[Limiter, ...]
    rate: RateLimiter | None
    is_limited: bool
    """Whether a call may have to wait for others, in which its limits or its rate stand."""
    is_coroutine: bool = False
    """Whether a call gives a coroutine, which is awaited."""
    batch: BatchForm | None = None
    """How several calls are made as one."""
    is_local: bool = False
    """Whether an ordered one waits only for what is before it in the frame that it is called in."""


@dataclass(frozen=True, eq=False, slots=True)
class Candidate:
    """A captured function that a method of a class is."""

    cls: type
    body: BlockPlan
    method: Any
    """What the class had under the method's name when it was captured."""


@dataclass(eq=False, slots=True)
class Access:
    """The operands of an op by the part that they play. Slots are -1 where there is none."""

    target: int = -1
    """Slot of the object, or of what is called."""
    key: int = -1
    """Slot of the key, index or item."""
    payload: int = -1
    """Slot of the value that is stored, and may be pending when the op is issued."""
    name: str = ""
    """Of an attribute or a method."""
    arguments: tuple[int, ...] = ()
    """Slots of the arguments of a call."""
    collect: Callable[[list[Any]], tuple[tuple[Any, ...], dict[str, Any]]] | None = None
    """The arguments of a call, from the frame's slots."""
    candidates: tuple[Candidate, ...] = ()
    is_shared: bool = False
    """Whether code that is ordered may change the object, even if a method of it is pure."""
    places: tuple[orch.Place, ...] = ()
    """The ways from elements of the arguments to objects."""
    roots: tuple[int, ...] = ()
    """The places of the arguments' elements."""


@dataclass(eq=False, slots=True)
class Native:
    """A captured function from which no operator can be reached, as a Python function.

    What it is called on must be what plain Python would see at that place of the program.
    """

    function: Callable[..., Any]
    writes: bool
    """Whether it changes more than what it makes itself."""
    repeats: bool
    """Whether it has loops, or calls itself."""
    objects: tuple[Any, ...]
    """Those that its ops know, which may change."""
    names: frozenset[str]
    """Of attributes and methods that it looks up on objects of classes that are not known."""
    files: frozenset[str]
    """Where its source is."""
    harmless: dict[type, bool] = field(default_factory=dict)
    """Classes by whether it runs no code that is not known, on their instances."""


@dataclass(eq=False, slots=True)
class OpPlan:
    """One op of a block."""

    index: int
    action: Action
    kind: str
    """The op's name in the IR, as ``"orch.call"``."""
    name: str
    """What people call it: the operator's name where there is one."""
    location: str
    """``"file:line"``, or a question mark."""
    operands: tuple[int, ...] = ()
    """Slots of the values it is evaluated on."""
    results: tuple[int, ...] = ()
    """Slots that it fills with values."""
    tokens: tuple[int, ...] = ()
    """Slots that are filled when it is issued or, where it is evaluated at once, done."""
    awaited: tuple[int, ...] = ()
    """Slots that it waits for before it starts."""
    lax: tuple[int, ...] = ()
    """Those of the awaited slots that may hold a list with pending elements."""
    ordered: bool = False
    """Whether it waits until everything before it in the program has succeeded."""
    is_local: bool = False
    """Whether it then waits for what is before it in its own frame only."""
    is_pure: bool = False
    """Whether an op on an object reads only what is known not to change."""
    evaluate: Callable[..., Any] | None = None
    """Of the frame's slots; for CALL, of a function that calls a callable, and the slots."""
    issue: Callable[[Any, Any, OpPlan], None] | None = None
    """ISSUE: of the run, the frame and the op."""
    operator: Operator | None = None
    limiters: tuple[Limiter, ...] = ()
    blocks: tuple[BlockPlan, ...] = ()
    hidden: int = 0
    """How many of the last operands are not inputs in a person's eyes: tokens, the callee."""
    starred: bool = False
    """Whether any operand is unpacked, so that positions among the operands say little."""
    argument_names: tuple[str, ...] = ()
    """What the operands stand for, for messages; empty where they are positional."""
    access: Access | None = None
    is_early: Callable[[Access, list[Any]], bool] | None = None
    """Whether its value can be given before its tokens are there. None where it never can."""
    early: OpPlan | None = None
    """What gives the value then."""
    structure: tuple[int, ...] = ()
    """The slots that its value depends on, if it may be given early."""
    on_worker: OpPlan | None = None
    """The same op for a worker, where the values decide that. It gives no tokens."""
    native: Native | None = None
    """func.call: the callee as a Python function, if it is known as one."""
    whole: OpPlan | None = None
    """The same op as one call of that."""
    collected: int = 0
    """LOOP: how many of the values that an iteration yields are collected in lists; the others
    are carried to the next iteration."""
    carried: tuple[int, ...] = ()
    """LOOP: slots of the body's frame from which the next iteration takes what is carried."""
    stops: bool = False
    """Loops: whether an iteration first yields whether it is the last one."""
    is_generator: bool = False
    """Loops: whether a StopIteration that an iteration raises leaves it as a RuntimeError."""
    step: OpPlan | None = None
    """Loops: what decides on the next iteration, or gives its element, where that may fail."""
    direct: OpPlan | None = None
    """LOOP: the one op of the body, if that is all there is to an iteration."""
    make: Callable[[list[Any]], Any] | None = None
    """CONTAINER: from the list of all elements; None for a list."""


@dataclass(eq=False, slots=True)
class Uses:
    """Who is served when a slot gets its value."""

    strict: tuple[int, ...] = ()
    """Ops that need the Python object."""
    lax: tuple[int, ...] = ()
    """Ops that can start on a list whose elements are pending."""
    yields: tuple[int, ...] = ()
    """Positions in the terminator."""
    probes: tuple[int, ...] = ()
    """Ops whose value depends on it, and may be given early."""


@dataclass(eq=False, slots=True)
class BlockPlan:
    """A block: its slots, its ops in program order, and the state that a new frame starts from."""

    ops: tuple[OpPlan, ...] = ()
    arguments: int = 0
    """The first slots are the block's arguments."""
    captures: tuple[tuple[int, int], ...] = ()
    """Values of the enclosing frame, as (slot there, slot here)."""
    template: list[Any] = field(default_factory=list)
    """The slots of a new frame: constants, and `PENDING` for the rest."""
    missing: list[int] = field(default_factory=list)
    """For each op, how many operands it waits for in a new frame without arguments and captures."""
    entry_missing: list[int] = field(default_factory=list)
    """The same once arguments and captures are there."""
    sources: tuple[int, ...] = ()
    """Ops that wait for nothing in a new frame."""
    entry_ready: tuple[int, ...] = ()
    """Ops that wait for nothing once arguments and captures are there."""
    probing: list[int] = field(default_factory=list)
    """For each op, how much of its structure is missing in a new frame; empty if no op may give its
    value early."""
    entry_probing: list[int] = field(default_factory=list)
    """The same once arguments and captures are there."""
    probes: tuple[int, ...] = ()
    """Ops to probe in a new frame."""
    entry_probes: tuple[int, ...] = ()
    """Ops to probe once arguments and captures are there."""
    uses: tuple[Uses, ...] = ()
    yields: tuple[int, ...] = ()
    """Slots of the terminator's operands."""
    entry_yields: tuple[tuple[int, int], ...] = ()
    """Yields of arguments and captures, as (position, slot): known when the block is entered."""
    constant_yields: tuple[tuple[int, int], ...] = ()
    held: tuple[int, ...] = ()
    """Slots of objects that somebody may wait to be let go of, as files are closed then."""
    released: Mapping[int, tuple[tuple[int, tuple[int, ...]], ...]] = field(default_factory=dict)
    """By op: those of them that it uses and no variable holds, each with all ops that use it."""


@dataclass(eq=False, slots=True)
class Plan:
    """A compiled program, ready to run any number of times, also at once."""

    body: BlockPlan
    tracks_order: bool
    """Whether the order of ops matters to any of them, so that runs must know how far they are."""
    awaits: bool = False
    """Whether it calls operators that are coroutine functions."""
    overlaps: bool = False
    """Whether it has calls that may run, and write to the console, before they have their turn."""
    iterates: bool = False
    """Whether it iterates over values of types that are not known."""
    classify: Callable[[Any], str] | None = None
    """What a callable does that is known at run time: "pure", "unordered" or "ordered"."""
    changed_by: Callable[[Any], Iterable[Any] | None] | None = None
    """The objects that an unordered callable changes beside its arguments; None if any."""

    def effects_of(self, callee: Any) -> str:
        """The effects of a callable. What cannot be classified is ordered."""
        if self.classify is None:
            return "ordered"
        try:
            effects = self.classify(callee)
        except Exception:
            return "ordered"
        return effects if effects in ("pure", "unordered") else "ordered"
