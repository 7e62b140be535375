"""The state of a program in progress: activations of blocks, and what ops with blocks have started.

A frame belongs to an *owner*, the running `orch.if`, loop, `orch.try` or call that has entered its
block, and the owner to the frame of that op. All of it is the coordinator's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from xcs.runtime.heap import Write, Writes
from xcs.runtime.pending import PENDING, PendingList
from xcs.runtime.plan import BlockPlan, OpPlan

if TYPE_CHECKING:
    from xcs.runtime.console import Output

BODY, HANDLER = 0, 1
"""The indices of the two frames of an `orch.try`."""

UNKNOWN_LENGTH = sys.maxsize


class _End:
    __slots__ = ()


END = _End()
"""What an iterator gives when it has no more elements."""


class Activation:
    """A block that was entered: its place in the program and its values.

    An iteration whose body is one op (`OpPlan.direct`) is no more than this.
    """

    __slots__ = ("index", "owner", "values")

    plan: Any = None
    """The block, where it is one with more than one op."""

    def __init__(self, owner: Owner | None, index: int, values: list[Any]):
        self.owner = owner
        self.index = index
        self.values = values

    @property
    def dead(self) -> bool:
        """Whether an error before it was handled, so that nobody wants what comes of it."""
        return self.owner is not None and self.owner.frame.dead

    def path(self, index: int) -> tuple[int, ...]:
        """The op's place in the program: these tuples are ordered as the program is."""
        parts = [index]
        inner: Activation = self
        while inner.owner is not None:
            parts += (inner.index, inner.owner.op.index)
            inner = inner.owner.frame
        return tuple(reversed(parts))

    def owners(self) -> Iterator[tuple[Owner, int]]:
        """What has entered this block, and with which index, and so on outwards."""
        inner: Activation = self
        while inner.owner is not None:
            yield inner.owner, inner.index
            inner = inner.owner.frame

    def iterations(self) -> tuple[int, ...]:
        """The iteration numbers of the loops around, outermost first."""
        numbers = [o.iteration(i) for o, i in self.owners() if isinstance(o, Loop)]
        return tuple(reversed(numbers))


class Frame(Activation):
    """An activation whose ops wait for one another."""

    __slots__ = (
        "children", "dead", "done", "given", "head", "left", "missing", "plan", "probing", "retire",
        "successor", "taken", "waiters", "waiting", "watched", "writes",
    )  # fmt: skip

    plan: BlockPlan

    def __init__(self, plan: BlockPlan, owner: Owner | None, index: int):
        self.plan = plan
        self.owner = owner
        self.index = index
        self.values = plan.template[:]
        self.missing: list[int] = []
        self.left = len(plan.ops)
        self.waiters: dict[int, list[Callable[[Any], None]]] | None = None
        """Who else is told of a slot's value: inner frames, containers, results of regions."""
        self.successor: Frame | None = None
        """The next iteration, if it takes values from this one."""
        self.dead = False  # type: ignore[misc]
        self.done = bytearray(self.left)
        self.retire = 0
        """Everything before this op of the block is done."""
        self.head = False
        """Whether the head of the program is in this frame, or has passed it."""
        self.waiting: set[int] | None = None
        """Ops that are ready and wait for their turn."""
        self.given: set[int] | None = None
        """Ops that have given their values before they were issued."""
        self.children: dict[int, Owner] | None = None
        self.writes: dict[int, Write | Output | Writes] | None = None
        """By op: writes to objects, and output, that are not committed yet."""
        self.taken = 0
        """Those of the ops before this one are no longer there."""
        self.watched: Try | None = None
        """Whose failed op it is, or is around, which is to be reached by the retire pointer."""

    def at_head(self, op: OpPlan) -> bool:
        """Whether everything before the op in the program has succeeded."""
        return self.head and self.retire == op.index

    def await_head(self, op: OpPlan) -> None:
        """Have the op made ready again when everything before it has succeeded."""
        if self.waiting is None:
            self.waiting = set()
        self.waiting.add(op.index)

    def let_go(self, slots: Sequence[int]) -> None:
        """Drop objects that nobody asks for any more: Python may close or finalise them then."""
        for slot in slots:
            self.values[slot] = None

    def release(self, used: Sequence[tuple[int, Sequence[int]]]) -> None:
        """Let go of those objects all of whose ops are done."""
        self.let_go([slot for slot, ops in used if all(self.done[index] for index in ops)])

    def keep(self, index: int, writes: Write | Output | Writes) -> None:
        """Keep uncommitted writes of an op until the retire pointer of the program passes it."""
        if self.writes is None:
            self.writes = {}
        self.writes[index] = writes

    def take_writes(self, until: int) -> Writes:
        """Writes of the ops before one, in program order; they are no longer this frame's."""
        if not self.writes:
            return []
        indices, self.taken = range(self.taken, until), until
        return [self.writes.pop(index) for index in indices if index in self.writes]


class UntrackedFrame(Frame):
    """A frame of a program to none of whose ops order matters."""

    __slots__ = ()

    dead = False  # type: ignore[assignment]

    def __init__(self, plan: BlockPlan, owner: Owner | None, index: int):
        self.plan = plan
        self.owner = owner
        self.index = index
        self.values = plan.template[:]
        self.missing = []
        self.left = len(plan.ops)
        self.waiters = None
        self.successor = None


class Owner:
    """A running op that has entered blocks."""

    __slots__ = ("frame", "op", "place")

    place: tuple[Any, ...]
    """Where in the program it is, once that was asked for (`report`)."""

    def __init__(self, frame: Frame, op: OpPlan):
        self.frame = frame
        self.op = op

    def has_retired(self, index: int) -> bool:
        """Whether all of its frames before the one with this index are done."""
        return True

    def live_frames(self) -> list[Frame]:
        """Its frames that may not be done, in program order."""
        raise NotImplementedError


class Branch(Owner):
    """A running `orch.if`, or a call of a captured function."""

    __slots__ = ("body",)

    def __init__(self, frame: Frame, op: OpPlan, body: BlockPlan):
        self.frame = frame
        self.op = op
        self.body: Frame = type(frame)(body, self, 0)

    def live_frames(self) -> list[Frame]:
        return [self.body]


class Call(Branch):
    """A running call of a captured function."""

    __slots__ = ("depth",)

    def __init__(self, frame: Frame, op: OpPlan, body: BlockPlan, depth: int):
        super().__init__(frame, op, body)
        self.depth = depth
        """How many calls it is within, itself included."""


class Failure:
    """An error, and which op it belongs to."""

    __slots__ = ("error", "frame", "op", "origin", "output", "path")

    def __init__(
        self,
        error: BaseException,
        frame: Activation,
        op: OpPlan,
        path: tuple[int, ...],
        output: Output | None = None,
    ):
        self.error = error
        self.frame = frame
        self.op = op
        self.origin = (frame, op)
        """The op that the error is told of: the first to raise it, if handlers raise it again."""
        self.path = path
        self.output = output
        """What the op has written before its turn, and before it failed."""


class Try(Owner):
    """A running `orch.try`."""

    __slots__ = ("body", "failure", "handler", "kept")

    def __init__(self, frame: Frame, op: OpPlan):
        super().__init__(frame, op)
        self.body = Frame(op.blocks[BODY], self, BODY)
        self.failure: Failure | None = None
        """The first one in program order, as far as is known."""
        self.handler: Frame | None = None
        self.kept: Writes = []
        """Uncommitted writes of the body up to the failed op, once the handler runs."""

    def live_frames(self) -> list[Frame]:
        return [self.body] if self.handler is None else [self.handler]


class Loop(Owner):
    """A running `orch.map` or `orch.for`: creates its iterations in order, within a window."""

    __slots__ = (
        "advancing", "completed", "decided", "ended", "finished", "frames", "is_lazy", "items",
        "iterator", "last", "length", "lists", "next", "retired", "source", "stepwise", "taken",
        "watched", "writes",
    )  # fmt: skip

    def __init__(
        self,
        frame: Frame,
        op: OpPlan,
        items: Sequence[Any],
        source: PendingList | None = None,
        iterator: Iterator[Any] | None = None,
    ):
        self.frame = frame
        self.op = op
        self.items = items
        self.source = source
        """Where items that are still pending come from."""
        self.iterator = iterator
        """Where items come from one by one."""
        self.is_lazy = False
        """Whether an item may be taken only when all before it has succeeded."""
        self.stepwise = iterator is not None or op.stops
        """Whether something has to be known before the next iteration is created."""
        self.length = UNKNOWN_LENGTH if self.stepwise else len(items)
        self.lists: list[Any] = (
            [PendingList(self.length) for _ in range(op.collected)]
            if iterator is None
            else [Collected() for _ in range(op.collected)]
        )
        self.next = 0
        self.completed = 0
        self.advancing = False
        """Whether iterations are being created, which then see by themselves what completes."""
        self.last: Frame | None = None
        """The iteration created last, from which the next one takes what is carried."""
        # Only for stepwise ones:
        self.decided = True
        """Whether the iteration created last has said that the loop goes on."""
        self.ended = False
        # Only where order is tracked:
        self.retired = 0
        self.finished: set[int] = set()
        self.frames: dict[int, Frame] = {}
        self.writes: dict[int, Output | Writes] | None = None
        """By iteration: writes to objects, and output, that are not committed yet."""
        self.taken = 0
        """Those of the iterations before this one are no longer there."""
        self.watched: Try | None = None

    def iteration(self, index: int) -> int:
        """The number of the iteration that a frame belongs to."""
        return index

    def has_retired(self, index: int) -> bool:
        return self.retired == index

    def live_frames(self) -> list[Frame]:
        return [self.frames[index] for index in sorted(self.frames)]

    def keep(self, index: int, writes: Output | Writes) -> None:
        """Keep uncommitted writes of an iteration that is done until it has its turn."""
        if self.writes is None:
            self.writes = {}
        self.writes[index] = writes

    def take_writes(self, until: int) -> Writes:
        """Writes of the iterations before one, in program order; they are no longer kept here."""
        indices, self.taken = range(self.taken, until), until
        if not self.writes:
            return []
        return [self.writes.pop(index) for index in indices if index in self.writes]


class While(Loop):
    """A running `orch.while`. Its frames are tests (even indices) and bodies (odd ones)."""

    __slots__ = ()

    def __init__(self, frame: Frame, op: OpPlan):
        super().__init__(frame, op, ())
        self.length = UNKNOWN_LENGTH
        self.stepwise = True

    def iteration(self, index: int) -> int:
        return index // 2


class Collected:
    """What the iterations of a map give, while nobody knows how many there will be."""

    __slots__ = ("closed", "values")

    def __init__(self) -> None:
        self.values: list[Any] = []
        self.closed: PendingList | None = None

    def set(self, index: int, value: Any) -> None:
        if self.closed is not None:
            self.closed.set(index, value)
            return
        missing = index + 1 - len(self.values)
        self.values.extend([PENDING] * missing)
        self.values[index] = value

    def close(self, length: int) -> PendingList:
        """The list, now that its length is known."""
        self.closed = PendingList(length)
        for index, value in enumerate(self.values):
            if value is not PENDING:
                self.closed.set(index, value)
        return self.closed
