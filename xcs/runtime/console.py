"""Console and log output that is held back until the op which made it has its turn.

Ops that overlap would mix up what they print. So what an op writes before everything in front of it
in the program has succeeded is kept in its `Output`, and shown when the head of the program reaches
the op: then at once, and by the op itself from there on. What comes after an error is never shown.

Whose output it is, a context variable says. While there are runs that hold output back, these are
hooked, and nothing else is:

- ``write`` and ``flush`` of the objects that `sys.stdout` and `sys.stderr` are. The objects stay
  the same, so whoever keeps one, as log handlers do, writes in program order as well;
- `logging.Logger.callHandlers`, so that records are kept rather than text. Loggers decide on a
  record, and filter it, at once; handlers see it later, in the context in which it was made;
- ``readline``, ``read`` and ``fileno`` of `sys.stdin`: whoever asks for input shows what it has
  written, and writes at once from then on, as a person may have to answer.

Not hooked are the bytes beneath (``sys.stdout.buffer``, file descriptors, other processes) and
streams that refuse to be: what goes there appears at once. So does what threads write that an op
has started without its context.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from operator import methodcaller
from typing import TYPE_CHECKING, Any

from xcs.runtime.early import never_changes
from xcs.runtime.heap import MISSING

if TYPE_CHECKING:
    from xcs.runtime.frames import Activation
    from xcs.runtime.plan import OpPlan

current: ContextVar[Output | None] = ContextVar("xcs_output", default=None)
"""What the output of the current code belongs to; None where it is shown at once."""


class NotShown(Exception):
    """What an op has written cannot be shown: the stream is broken, or a log handler has failed."""

    def __init__(self, output: Output, error: Exception):
        self.output = output
        self.error = error


class Output:
    """What an op has written and logged before its turn. Any thread may add to it."""

    __slots__ = ("_console", "_is_shown", "_kept", "_lock", "_showing", "frame", "op")

    def __init__(self, console: Console, frame: Activation, op: OpPlan):
        self.frame = frame
        self.op = op
        self._console = console
        self._kept: deque[tuple[Any, Callable[[Any], object]]] | None = None
        self._lock: threading.RLock | None = None
        self._is_shown = False
        """Whether the op has its turn, so that it writes at once."""
        self._showing: int | None = None
        """The thread that is showing what was kept."""

    def keeps(self) -> bool:
        """Whether what is written now has to wait: for the op's turn, or that of one around it."""
        outer = self._console.outer
        return self._has_to_wait() or (outer is not None and outer.keeps())

    def _has_to_wait(self) -> bool:
        if self._is_shown or self._console.is_closed:
            return False
        return self._showing != threading.get_ident()

    def add(self, stream: Any, act: Callable[[Any], object]) -> bool:
        """Keep what is to be done to a stream; False if it is to be done at once."""
        lock = self._lock or self._start()
        with lock:
            if self._has_to_wait():
                self._kept.append((self._console.role_of(stream), act))  # type: ignore[union-attr]
                return True
        outer = self._console.outer
        return outer is not None and outer.add(stream, act)

    def _start(self) -> threading.RLock:
        """Make what is needed once there is output, which most ops have not."""
        kept, lock = deque(), threading.RLock()
        with _lock:
            if self._lock is not None:
                return self._lock
            self._kept, self._lock = kept, lock
        if not self._is_shown:
            self._console.has_begun(self)
        return lock

    def show(self) -> None:
        """Show what was kept, and whatever is written from now on at once."""
        lock = self._lock
        if lock is None:
            self._is_shown = True
            return
        # The lock is not held meanwhile, since what is called may wait for the op's own threads.
        # What these write then is kept as well, and shown as the last.
        self._showing = threading.get_ident()
        try:
            while True:
                with lock:
                    if not self._kept:
                        self._is_shown = True
                        return
                    role, act = self._kept.popleft()
                act(self._console.stream(role))
        except Exception as error:
            raise NotShown(self, error) from None
        finally:
            self._showing = None

    def show_all(self) -> None:
        """The same, with what the calls around this one have written before."""
        if self._console.outer is not None:
            self._console.outer.show_all()
        self.show()


class Console:
    """The standard streams as one run sees them.

    Kept output goes to what they are when it is shown. Code in the program may have put others in
    their place (`contextlib.redirect_stdout`) since then: `look` sees that. Code in a call that
    overlaps may too, for a while, which is not for the others.
    """

    def __init__(self, began: Callable[[Output], None]):
        self._began = began
        """Told, by any thread, when an op has written something that is kept."""
        self.outer = current.get()
        """The output of the call that the run is in."""
        self.is_closed = False
        """Whether the run has ended, so that nobody will show what is kept."""
        self.stdout: Any = None
        self.stderr: Any = None
        self._hooked: list[_Hooked] = []
        with _lock:
            self._hook(logging.Logger, "callHandlers", _logging)
            self._hook_streams()

    def look(self) -> None:
        """See which objects the standard streams are now."""
        if sys.stdout is not self.stdout or sys.stderr is not self.stderr:
            with _lock:
                self._hook_streams()

    def _hook_streams(self) -> None:
        if sys.stdout is not self.stdout:
            self.stdout = sys.stdout
            self._hook(sys.stdout, "write", _writing)
            self._hook(sys.stdout, "flush", _flushing)
        if sys.stderr is not self.stderr:
            self.stderr = sys.stderr
            self._hook(sys.stderr, "write", _writing)
            self._hook(sys.stderr, "flush", _flushing)

    def has_begun(self, output: Output) -> None:
        """An op writes something that is kept, for the first time."""
        with _lock:
            for name in ("readline", "read", "fileno"):
                self._hook(sys.stdin, name, _asking)
        self._began(output)

    def role_of(self, stream: Any) -> Any:
        """The name of a standard stream; any other one is itself."""
        if stream is self.stdout:
            return "stdout"
        return "stderr" if stream is self.stderr else stream

    def stream(self, role: Any) -> Any:
        """The stream of a role."""
        return getattr(self, role) if type(role) is str else role

    def close(self) -> None:
        """Leave the streams as they were."""
        self.is_closed = True
        with _lock:
            while self._hooked:
                self._hooked.pop().release()

    def _hook(self, target: Any, name: str, make: Hook) -> None:
        """Needs the lock."""
        found = _hooked.get((id(target), name)) or _put(target, name, make)
        if found is not None:
            found.runs += 1
            self._hooked.append(found)


# --- Hooks ----------------------------------------------------------------------------------------

Hook = Callable[[Any, Callable[..., Any]], Callable[..., Any]]
"""Makes what is to be called in place of a method, from the object and the method."""


class _Hooked:
    """A method of an object that another one stands in for, as long as runs need that."""

    __slots__ = ("method", "name", "own", "runs", "target")

    def __init__(self, target: Any, name: str, make: Hook):
        self.target = target
        self.name = name
        self.own = target.__dict__.get(name, MISSING)
        """What the object itself, rather than its class, had under the name."""
        self.method = make(target, getattr(target, name))
        self.runs = 0

    def release(self) -> None:
        """One run needs it no longer."""
        self.runs -= 1
        if self.runs == 0:
            del _hooked[id(self.target), self.name]
            self.restore()

    def restore(self) -> None:
        if self.target.__dict__.get(self.name) is not self.method:
            return  # somebody has put another one in its place, and may call this one
        if self.own is MISSING:
            delattr(self.target, self.name)
        else:
            setattr(self.target, self.name, self.own)


def _put(target: Any, name: str, make: Hook) -> _Hooked | None:
    """Put another method in place; None if the object has none, or refuses to have another."""
    try:
        found = _Hooked(target, name, make)
        setattr(target, name, found.method)
    except (AttributeError, TypeError):
        return None
    _hooked[id(target), name] = found
    return found


_hooked: dict[tuple[int, str], _Hooked] = {}
"""By the id of the object and the name of the method."""
_lock = threading.RLock()
"""Of these and of what is made for an op's first output. Like all locks here, a thread can take it
twice: collecting garbage may print at any moment."""


def _writing(stream: Any, write: Callable[..., Any]) -> Callable[..., Any]:
    def hooked(*args: Any, **keywords: Any) -> Any:
        output = current.get()
        if output is None or len(args) != 1 or keywords or not _can_take(stream, *args):
            return write(*args, **keywords)
        (text,) = args
        return len(text) if output.add(stream, methodcaller("write", text)) else write(text)

    return hooked


def _can_take(stream: Any, text: Any) -> bool:
    """Whether a stream can write something later. What it cannot, it is to refuse at once."""
    if not isinstance(text, str) or getattr(stream, "closed", False):
        return False
    if isinstance(stream, io.TextIOWrapper) and not text.isascii():
        text.encode(stream.encoding, stream.errors or "strict")
    return True


def _flushing(stream: Any, flush: Callable[..., Any]) -> Callable[..., Any]:
    def hooked() -> Any:
        output = current.get()
        if output is not None and output.add(stream, methodcaller("flush")):
            return None
        return flush()

    return hooked


def _asking(_: Any, ask: Callable[..., Any]) -> Callable[..., Any]:
    def hooked(*args: Any, **keywords: Any) -> Any:
        output = current.get()
        if output is not None:
            try:
                output.show_all()
            except NotShown as failed:
                raise failed.error from None
        return ask(*args, **keywords)

    return hooked


def _logging(_: Any, call_handlers: Callable[..., Any]) -> Callable[..., Any]:
    def hooked(logger: logging.Logger, record: logging.LogRecord) -> None:
        _hand_on(call_handlers, logger, record, None)

    return hooked


def _hand_on(
    call_handlers: Callable[..., Any],
    logger: logging.Logger,
    record: logging.LogRecord,
    context: Context | None,
) -> None:
    """Give a record to the handlers, in the context that it was made in, or keep it."""
    output = current.get()
    if output is not None and output.keeps():
        _fix(record)
        made_in = copy_context() if context is None else context
        if output.add(None, lambda _: _hand_on(call_handlers, logger, record, made_in)):
            return
    if context is None:
        call_handlers(logger, record)
    else:
        context.run(call_handlers, logger, record)


def _fix(record: logging.LogRecord) -> None:
    """Have a record say what it says now, whatever happens to the objects in it."""
    args = record.args or ()
    if type(record.msg) is str and type(args) is tuple and all(map(never_changes, args)):
        return
    try:
        record.msg = record.getMessage()
    except Exception:  # the handlers tell of that in their own way
        return
    record.args = None


def _forget() -> None:
    """Show all output at once: none of the runs goes on in a child process."""
    global _lock
    _lock = threading.RLock()
    for found in _hooked.values():
        found.restore()
    _hooked.clear()
    current.set(None)


os.register_at_fork(after_in_child=_forget)
