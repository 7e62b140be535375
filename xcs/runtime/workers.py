"""Threads that run blocking calls, and the permits that say how many may run at once.

Threads are cheap and belong to the process; what is scarce is *permits*. A `Crew` is what a run and
all runs nested in its operators share: so many permits, one for each call that really runs. A call
that starts a nested run lends its permit to that run, and waits. So every run can always run one
call, however few permits there are, and no run waits for a permit that one of its callers holds:
nested runs cannot deadlock, even with a single permit.
"""

from __future__ import annotations

import itertools
import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

KEEP_ALIVE_SECONDS = 1.0
"""How long a thread without work stays for the next run before it ends."""

CALLED_AT_ONCE = 2
"""Workers on their way to one queue; each that comes calls the next. More would only wait for the
interpreter's lock, for which each is put to sleep and woken once more."""


class _Worker(threading.Thread):
    """A thread that runs one job after another, and ends when it has had none for a while."""

    def __init__(self, pool: ThreadPool, job: Callable[[], None], number: int):
        super().__init__(name=f"xcs-worker-{number}", daemon=True)
        self._pool = pool
        self.job = job
        self.wake = threading.Lock()
        self.wake.acquire()

    def run(self) -> None:
        while True:
            self.job()
            del self.job  # what it refers to must not live on in an idle thread
            self._pool.park(self)
            if not self.wake.acquire(timeout=KEEP_ALIVE_SECONDS):
                if self._pool.leave(self):
                    return
                self.wake.acquire()  # a job was given at the last moment


class ThreadPool:
    """Idle threads of the process; the one that was busy last is the first to be used again.

    Needs no lock: a thread is given a job by whoever takes it out of the list of idle ones, and
    taking an element out of a list is atomic.
    """

    def __init__(self) -> None:
        self._idle: list[_Worker] = []
        self._numbers = itertools.count(1)

    def start(self, job: Callable[[], None]) -> None:
        """Run a job, which must not raise, on an idle thread, or on a new one.

        Raises RuntimeError where no thread can be started: the process has too many, or (from
        Python 3.12 on) its main thread has ended and the interpreter is shutting down.
        """
        try:
            worker = self._idle.pop()
        except IndexError:
            _Worker(self, job, next(self._numbers)).start()
        else:
            worker.job = job
            worker.wake.release()

    def park(self, worker: _Worker) -> None:
        """Offer a thread that has finished its job."""
        self._idle.append(worker)

    def leave(self, worker: _Worker) -> bool:
        """Withdraw an idle thread; False if it was given a job meanwhile."""
        try:
            self._idle.remove(worker)
        except ValueError:
            return False
        return True


THREADS = ThreadPool()
os.register_at_fork(after_in_child=THREADS.__init__)  # a child process has none of these threads


def is_worker(thread: threading.Thread) -> bool:
    """Whether a thread is one of the pool's."""
    return isinstance(thread, _Worker)


@dataclass(eq=False, slots=True)
class Permit:
    """The right of one thread to run a call, perhaps lent to it by the call around its run."""

    lender: Permit | None = None
    idle: bool = False
    """Whether the call that holds it waits for a nested run, which may use it meanwhile."""


class Crew:
    """The permits of a tree of runs. ``lock`` guards these and the staffing of their queues."""

    def __init__(self, permits: int):
        self.lock = threading.Lock()
        self.permits = permits
        self.free = permits
        self.queues: set[TaskQueue] = set()
        """The runs in progress."""
        self.short: set[TaskQueue] = set()
        """Queues that have tasks and could not get another permit."""
        self.wanted_depth = -1
        """The depth of the deepest queue in `short`; started work is finished before new work."""

    def staff_short(self) -> list[tuple[TaskQueue, list[Permit]]]:
        """Give a permit that has become free to a queue that is short of one. Needs the lock."""
        if not self.short:
            return []
        deepest_first = sorted(self.short, key=lambda queue: -queue.depth)
        return [(queue, queue.staff()) for queue in deepest_first]


class _Place(threading.local):
    """Where the current thread stands: the queue it works for or coordinates, and its permit."""

    queue: TaskQueue | None = None
    permit: Permit | None = None


here = _Place()


class TaskQueue:
    """The blocking calls of one run that are ready, and the workers that take them.

    ``execute`` runs one task and does not raise. Tasks are added by `put`, from any thread, or by
    the coordinator directly to `tasks`, followed by `summon`.
    """

    def __init__(self, execute: Callable[[Any], None], max_workers: int):
        self.outer = here.queue
        self._home = here.permit
        # A run started by an op that the coordinator itself runs shares what is lent already.
        self._lends = self._home is not None and (
            self.outer is None or self.outer._home is not self._home
        )
        self.crew = self.outer.crew if self.outer is not None else Crew(max_workers)
        self.depth = self.outer.depth + 1 if self.outer is not None else 0
        self.tasks: deque[Any] = deque()
        self.closed = False
        self.owner: Any = None
        """The run whose tasks these are."""
        self.interrupt: Callable[[], None] | None = None
        """Called, from another thread, when a run around this one is given up."""
        self.dropped: Callable[[Any], None] = lambda task: None
        """Told of each task that is dropped."""
        self.ended: Callable[[], None] = lambda: None
        """Called when the run takes no more results."""
        self._execute = execute
        self._limit = min(max_workers, self.crew.permits)
        self._active = 0
        self._coming = 0
        """Workers that were called and have not taken their first task yet."""

    def __enter__(self) -> TaskQueue:
        """Make the current thread this run's coordinator; it lends its permit to the run."""
        with self.crew.lock:
            self.crew.queues.add(self)
            if self._home is not None and self._lends:
                self._home.idle = True
        here.queue = self
        return self

    def __exit__(self, *exc_info: object) -> None:
        here.queue = self.outer
        with self.crew.lock:
            self.closed = True
            self.crew.queues.discard(self)
            self._not_short()
            if self._home is not None and self._lends:
                self._home.idle = False
        self.ended()

    @contextmanager
    def left(self) -> Iterator[None]:
        """Leave the current thread to others for a while, as a coordinator that is awaited does."""
        here.queue = self.outer
        try:
            yield
        finally:
            here.queue = self

    def put(self, task: Any) -> None:
        """Add a task, from any thread."""
        self.tasks.append(task)
        self.summon()

    def summon(self) -> None:
        """Have workers come, as far as there are tasks and permits."""
        with self.crew.lock:
            permits = self.staff()
        self._start(permits)

    def abandon(self) -> None:
        """Drop what has not started, here and in all runs nested in this one."""
        with self.crew.lock:
            inner = [queue for queue in self.crew.queues if queue._is_within(self)]
        for queue in inner:
            queue.closed = True
            while queue.tasks:
                with suppress(IndexError):
                    queue.dropped(queue.tasks.popleft())
            if queue is not self and queue.interrupt is not None:
                queue.interrupt()

    def _is_within(self, queue: TaskQueue) -> bool:
        inner: TaskQueue | None = self
        while inner is not None and inner is not queue:
            inner = inner.outer
        return inner is queue

    def _start(self, permits: list[Permit]) -> None:
        for permit in permits:
            try:
                THREADS.start(partial(self._work, permit))
            except RuntimeError:
                self._work_here(permit)

    def _work_here(self, permit: Permit) -> None:
        """Be the worker that could not be started, and call no other one."""
        outer = here.queue, here.permit
        with self.crew.lock:
            self._coming -= 1
        try:
            self._work(permit, arrived=True)
        finally:
            here.queue, here.permit = outer

    def _work(self, permit: Permit, *, arrived: bool = False) -> None:
        """What a worker does for this run: take tasks until there are none."""
        here.queue, here.permit = self, permit
        tasks, execute, crew, depth = self.tasks, self._execute, self.crew, self.depth
        try:
            while not self.closed and (tasks or not self._leave(permit, arrived)):
                try:
                    task = tasks.popleft()
                except IndexError:
                    continue
                if not arrived:
                    arrived = True
                    self._arrived()
                execute(task)
                task = None
                if crew.wanted_depth > depth and permit.lender is None:
                    self._leave(permit, arrived, force=True)
                    return
            if self.closed:
                self._leave(permit, arrived, force=True)
        finally:
            here.queue = here.permit = None

    def _arrived(self) -> None:
        """Each worker that comes calls the next, if there is work for it."""
        with self.crew.lock:
            self._coming -= 1
            permits = self.staff()
        self._start(permits)

    def _leave(self, permit: Permit, arrived: bool, *, force: bool = False) -> bool:
        """Give the permit back and hand it to whoever is short of one; False if tasks came."""
        with self.crew.lock:
            # Adding a task precedes `summon`, which takes the lock: either the task is seen here,
            # or the summons sees one worker less.
            if self.tasks and not force:
                return False
            self._active -= 1
            self._coming -= not arrived
            if permit.lender is not None:
                permit.lender.idle = True
            else:
                self.crew.free += 1
            if self.tasks and not self.closed:
                self.crew.short.add(self)
            starts = self.crew.staff_short()
        for queue, permits in starts:
            queue._start(permits)
        return True

    # The functions below run with the crew's lock held.

    def staff(self) -> list[Permit]:
        """Permits for the workers to call now, whom the caller starts after the lock."""
        permits: list[Permit] = []
        while (
            self._coming < min(CALLED_AT_ONCE, len(self.tasks))
            and self._active < self._limit
            and not self.closed
        ):
            permit = self._permit()
            if permit is None:
                self.crew.short.add(self)
                self.crew.wanted_depth = max(self.crew.wanted_depth, self.depth)
                return permits
            self._active += 1
            self._coming += 1
            permits.append(permit)
        if not self.tasks or self._active >= self._limit:
            self._not_short()
        return permits

    def _permit(self) -> Permit | None:
        if self._home is not None and self._home.idle:
            self._home.idle = False
            return Permit(lender=self._home)
        if self.crew.free > 0:
            self.crew.free -= 1
            return Permit()
        return None

    def _not_short(self) -> None:
        short = self.crew.short
        if self in short:
            short.discard(self)
            self.crew.wanted_depth = max((queue.depth for queue in short), default=-1)
