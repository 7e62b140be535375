"""Nested, concurrent, limited and interrupted runs."""

from __future__ import annotations

import contextvars
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from engine_support import ANY, LIST, TOKEN, declare, plan_of, run_text

from xcs.runtime import Policy, call_with_policy, policies, run, workers

WAIT = 30.0


def one_call(effects: str = "unordered", more: str = "") -> str:
    if effects == "ordered":
        return f"""{declare("f", effects, more)} func.func @main(%x: {ANY}) -> {ANY} {{
          %t = orch.join()
          %r, %u = orch.call @f(%x) after(%t) : ({ANY}) -> ({ANY}, {TOKEN})
          func.return %r : {ANY} }}"""
    return f"""{declare("f", effects, more)} func.func @main(%x: {ANY}) -> {ANY} {{
      %r = orch.call @f(%x) : ({ANY}) -> {ANY}
      func.return %r : {ANY} }}"""


def a_map(effects: str = "unordered", more: str = "") -> str:
    return f"""{declare("f", effects, more)} func.func @main(%xs: {LIST}) -> {LIST} {{
      %r = orch.map %xs : ({LIST}) -> {LIST} {{
      ^bb0(%x: {ANY}):
        %y = orch.call @f(%x) : ({ANY}) -> {ANY}
        orch.yield %y : {ANY} }}
      func.return %r : {LIST} }}"""


def in_threads(count: int, function: Any) -> list[Any]:
    with ThreadPoolExecutor(count) as executor:
        return [f.result(WAIT) for f in [executor.submit(function, i) for i in range(count)]]


# --- Nesting ---


@pytest.mark.parametrize("max_workers", [1, 2, 128])
@pytest.mark.parametrize("effects", ["unordered", "ordered"])
def test_runs_nest_to_any_depth(max_workers: int, effects: str) -> None:  # R24
    def fibonacci(n: int) -> int:
        if n < 2:
            return n
        (parts,), _ = run(plan, [[n - 1, n - 2]], max_workers=max_workers)
        return sum(parts)

    plan = plan_of(a_map(effects), {"f": fibonacci})
    assert in_threads(3, lambda i: fibonacci(7)) == [13, 13, 13]


def test_a_nested_run_uses_its_callers_permit() -> None:
    """A caller that holds a lock of the user's gets its nested calls done, with one permit only."""
    lock = threading.Lock()
    inner = plan_of(one_call(), {"f": lambda x: x + 1})

    def locked(x: int) -> int:
        with lock:
            return run(inner, [x], max_workers=1)[0][0]

    assert run_text(a_map(), [range(8)], max_workers=1, f=locked) == list(range(1, 9))


def test_permits_are_shared_by_nested_runs() -> None:
    inside, most, guard = [0], [0], threading.Lock()

    def leaf(x: int) -> int:
        with guard:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        time.sleep(0)
        with guard:
            inside[0] -= 1
        return x

    inner = plan_of(a_map(), {"f": leaf})
    outer = plan_of(a_map(), {"f": lambda x: sum(run(inner, [range(x)])[0][0])})
    assert run(outer, [range(10)], max_workers=3)[0][0] == [sum(range(i)) for i in range(10)]
    assert most[0] <= 3


def test_a_run_started_by_inline_code_works_with_one_permit() -> None:
    inner = plan_of(a_map(), {"f": lambda x: x + 1})
    text = f"""{declare("slow")} func.func @main(%xs: {LIST}) -> {LIST} {{
      %r = orch.map %xs : ({LIST}) -> {LIST} {{
      ^bb0(%x: {ANY}):
        %a = orch.call @slow(%x) : ({ANY}) -> {ANY}
        %y = orch.host "nested(x)"(%a)
          {{names = ["x"], effects = #orch.effects<pure>, scope = #orch.ref<"here">}}
          : ({ANY}) -> {ANY}
        orch.yield %y : {ANY} }}
      func.return %r : {LIST} }}"""
    here = {"nested": lambda x: run(inner, [range(x)])[0][0]}
    middle = plan_of(text, {"slow": lambda x: x}, {"here": here})
    outer = plan_of(one_call(), {"f": lambda x: run(middle, [range(x)])[0][0]})
    expected = [list(range(1, x + 1)) for x in range(5)]
    assert run(outer, [5], max_workers=1)[0] == [expected]


def test_a_run_in_a_thread_that_an_operator_starts_has_its_own_permits() -> None:
    inner = plan_of(one_call(), {"f": lambda x: x + 1})

    def in_own_thread(x: int) -> Any:
        return in_threads(1, lambda _: run(inner, [x])[0][0])

    assert run_text(one_call(), [1], max_workers=1, f=in_own_thread) == [2]


# --- Shared state ---


def test_a_counter_mutated_three_times_by_ten_threads_ends_at_thirty() -> None:  # R24
    counter = {"n": 0}

    def bump(x: Any) -> int:
        seen = counter["n"]
        time.sleep(0)  # gives the processor to another thread between read and write
        counter["n"] = seen + 1
        return seen

    text = f"""{declare("f", "ordered")} func.func @main(%x: {ANY}) -> ({ANY}, {ANY}, {ANY}) {{
      %t = orch.join()
      %a, %t1 = orch.call @f(%x) after(%t) : ({ANY}) -> ({ANY}, {TOKEN})
      %b, %t2 = orch.call @f(%x) after(%t1) : ({ANY}) -> ({ANY}, {TOKEN})
      %c, %t3 = orch.call @f(%x) after(%t2) : ({ANY}) -> ({ANY}, {TOKEN})
      func.return %a, %b, %c : {ANY}, {ANY}, {ANY} }}"""
    plan = plan_of(text, {"f": bump})
    in_threads(10, lambda i: run(plan, [i]))
    assert counter["n"] == 30


def test_ordered_host_code_excludes_ordered_calls_of_other_threads() -> None:
    counter = [0]
    text = f"""func.func @main(%x: {ANY}) -> {ANY} {{
      %t = orch.join()
      %r, %u = orch.host "bump()"(%x) after(%t)
        {{names = ["x"], effects = #orch.effects<ordered>, scope = #orch.ref<"here">}}
        : ({ANY}) -> ({ANY}, {TOKEN})
      func.return %r : {ANY} }}"""

    def bump(x: Any = None) -> None:
        seen = counter[0]
        time.sleep(0)
        counter[0] = seen + 1

    plans = [
        plan_of(text, objects={"here": {"bump": bump}}),
        plan_of(one_call("ordered"), {"f": bump}),
    ]
    in_threads(8, lambda i: [run(plans[(i + k) % 2], [0]) for k in range(20)])
    assert counter[0] == 160


def test_ordered_calls_under_one_ordered_call_exclude_each_other() -> None:
    counter = [0]

    def bump(x: Any) -> None:
        seen = counter[0]
        time.sleep(0)
        counter[0] = seen + 1

    leaf = plan_of(one_call("ordered"), {"f": bump})
    middle = plan_of(a_map(), {"f": lambda x: run(leaf, [x])})
    outer = plan_of(one_call("ordered"), {"f": lambda x: run(middle, [range(20)])})
    in_threads(4, lambda i: run(outer, [i]))
    assert counter[0] == 80


def test_context_variables_follow_the_call_and_do_not_leak() -> None:
    variable = contextvars.ContextVar("variable", default="unset")
    variable.set("caller")

    def f(x: int) -> str:
        seen = variable.get()
        variable.set(f"call {x}")
        return seen

    assert run_text(a_map(), [range(5)], max_workers=1, f=f) == ["caller"] * 5
    assert variable.get() == "caller"


# --- Policies in the engine ---


class Gauge:
    """Counts how many calls are inside at a time."""

    def __init__(self) -> None:
        self.inside = self.most = 0
        self.lock = threading.Lock()

    def __call__(self, x: Any) -> Any:
        with self.lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        time.sleep(0)
        with self.lock:
            self.inside -= 1
        return x


LIMITED = ", policy = #orch.policy<max_concurrency = {}>"


def test_max_concurrency_holds_across_runs_and_plain_calls() -> None:
    gauge = Gauge()
    plan = plan_of(a_map(more=LIMITED.format(2)), {"f": gauge})

    def work(i: int) -> Any:
        if i % 2:
            return [call_with_policy(gauge, Policy(max_concurrency=2), [x]) for x in range(20)]
        return run(plan, [range(20)])[0][0]

    assert in_threads(4, work) == [list(range(20))] * 4
    assert gauge.most <= 2


def test_calls_that_wait_for_a_limit_leave_room_for_others() -> None:
    """With two permits, one limited call runs, and calls of another operator pass the queue."""
    others_done = threading.Event()
    text = f"""{declare("f", more=LIMITED.format(1))} {declare("g")}
    func.func @main(%xs: {LIST}, %x: {ANY}) -> ({LIST}, {ANY}) {{
      %r = orch.map %xs : ({LIST}) -> {LIST} {{
      ^bb0(%y: {ANY}):
        %z = orch.call @f(%y) : ({ANY}) -> {ANY}
        orch.yield %z : {ANY} }}
      %s = orch.call @g(%x) : ({ANY}) -> {ANY}
      func.return %r, %s : {LIST}, {ANY} }}"""
    run_text(
        text, [range(20), 0], max_workers=2,
        f=lambda x: others_done.wait(WAIT), g=lambda x: others_done.set(),
    )  # fmt: skip


def test_limited_operators_may_call_each_other() -> None:
    """Two operators, limited to one call each, call each other from two sides: no deadlock."""
    meet = threading.Barrier(2, timeout=WAIT)

    def call(name: str, depth: int) -> str:
        if depth == 0:
            meet.wait()
        if depth == 1:
            return name
        other = "g" if name == "f" else "f"
        return name + run(plans[other], [depth + 1])[0][0]

    f, g = (lambda d: call("f", d)), (lambda d: call("g", d))
    plans = {
        "f": plan_of(one_call(more=LIMITED.format(1)), {"f": f}),
        "g": plan_of(one_call(more=LIMITED.format(1)), {"f": g}),
    }
    assert in_threads(2, lambda i: run(plans["fg"[i]], [0])[0][0]) == ["fg", "gf"]


def test_the_world_lock_and_a_limit_taken_crosswise_do_not_deadlock() -> None:
    meet = threading.Barrier(2, timeout=WAIT)

    def limited(depth: int) -> Any:
        if depth == 0:
            meet.wait()
            return run(ordered_plan, [1])[0][0]
        return "limited"

    def ordered(depth: int) -> Any:
        if depth == 0:
            meet.wait()
            return run(limited_plan, [1])[0][0]
        return "ordered"

    limited_plan = plan_of(one_call(more=LIMITED.format(1)), {"f": limited})
    ordered_plan = plan_of(one_call("ordered"), {"f": ordered})
    plans = [limited_plan, ordered_plan]
    assert in_threads(2, lambda i: run(plans[i], [0])[0][0]) == ["ordered", "limited"]


def test_a_limited_operator_may_recurse() -> None:
    def down(n: int) -> int:
        return n if n == 0 else run(plan, [n - 1], max_workers=1)[0][0]

    plan = plan_of(one_call(more=LIMITED.format(1)), {"f": down})
    assert run(plan, [5])[0] == [0]


def test_retries_in_a_run() -> None:  # R25
    attempts: list[int] = []

    def flaky(x: int) -> int:
        attempts.append(x)
        if len(attempts) < 3:
            raise ValueError("busy")
        return x

    more = ", policy = #orch.policy<retries = 2, backoff = 0.0>"
    assert run_text(one_call(more=more), [5], f=flaky) == 5
    attempts.clear()
    with pytest.raises(ValueError, match="busy"):
        run_text(one_call(more=", policy = #orch.policy<retries = 1, backoff = 0.0>"), [5], f=flaky)


def test_each_call_of_a_map_has_its_own_retries() -> None:
    attempts: list[int] = []

    def flaky(x: int) -> int:
        attempts.append(x)
        if attempts.count(x) < 3:
            raise ValueError("busy")
        return x

    more = ", policy = #orch.policy<retries = 2, backoff = 0.0>"
    assert run_text(a_map(more=more), [range(5)], f=flaky) == [0, 1, 2, 3, 4]
    assert sorted(attempts) == sorted([*range(5)] * 3)


@pytest.mark.parametrize("effects", ["unordered", "ordered"])
def test_a_timeout_in_a_run_abandons_the_call(effects: str) -> None:
    release = threading.Event()
    more = ", policy = #orch.policy<timeout = 0.02>"
    with pytest.raises(TimeoutError, match=r"no result after 0\.02 seconds"):
        run_text(one_call(effects, more), [0], f=lambda x: release.wait(WAIT))
    release.set()


def test_a_call_with_a_timeout_may_start_a_nested_run() -> None:
    inner = plan_of(a_map(), {"f": lambda x: x + 1})
    more = ", policy = #orch.policy<timeout = 60.0>"
    result = run_text(
        one_call(more=more), [3], max_workers=1, f=lambda n: run(inner, [range(n)])[0][0]
    )
    assert result == [1, 2, 3]


def test_a_rate_limit_delays_calls_without_holding_a_worker() -> None:
    starts: list[float] = []
    text = f"""{declare("f", more=', policy = #orch.policy<rate_limit = "2/s">')} {declare("g")}
    func.func @main(%xs: {LIST}, %x: {ANY}) -> ({LIST}, {ANY}) {{
      %r = orch.map %xs : ({LIST}) -> {LIST} {{
      ^bb0(%y: {ANY}):
        %z = orch.call @f(%y) : ({ANY}) -> {ANY}
        orch.yield %z : {ANY} }}
      %s = orch.call @g(%x) : ({ANY}) -> {ANY}
      func.return %r, %s : {LIST}, {ANY} }}"""
    order: list[str] = []

    def limited(x: int) -> None:
        starts.append(time.monotonic())
        order.append("f")

    run_text(text, [range(3), 0], max_workers=1, f=limited, g=lambda x: order.append("g"))
    assert order.index("g") < 3  # the one worker was free while the third call waited
    assert starts[2] - starts[0] >= 0.99


# --- Interrupts and what is left behind ---


@pytest.fixture(autouse=True)
def default_interrupt_handler() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt: a process that runs tests for another may ignore it."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


def interrupt_main_thread() -> None:
    """What Ctrl-C does."""
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def test_an_interrupt_stops_the_run_and_leaves_no_new_work() -> None:  # R28
    started: list[int] = []
    first_started, release = threading.Event(), threading.Event()

    def f(x: int) -> None:
        started.append(x)
        first_started.set()
        assert release.wait(WAIT)

    def interrupt() -> None:
        assert first_started.wait(WAIT)
        interrupt_main_thread()

    plan = plan_of(a_map(), {"f": f})
    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        run(plan, [range(100)], max_workers=1)
    release.set()
    workers_end()
    assert started == [0]


def test_an_interrupt_stops_nested_runs() -> None:
    started: list[int] = []
    nested_ended, first_started, release = threading.Event(), threading.Event(), threading.Event()

    def leaf(x: int) -> None:
        started.append(x)
        first_started.set()
        assert release.wait(WAIT)

    inner = plan_of(a_map(), {"f": leaf})

    def outer(x: int) -> None:
        try:
            run(inner, [range(100)])
        finally:
            nested_ended.set()

    def interrupt() -> None:
        assert first_started.wait(WAIT)
        interrupt_main_thread()

    plan = plan_of(one_call(), {"f": outer})
    threading.Thread(target=interrupt).start()
    with pytest.raises(KeyboardInterrupt):
        run(plan, [0], max_workers=1)
    assert nested_ended.wait(WAIT)
    release.set()
    workers_end()
    assert started == [0]


def test_an_interrupted_run_frees_the_world_for_others() -> None:
    interrupted = threading.Event()

    def f(x: int) -> Any:
        if x == 0:
            interrupt_main_thread()
            assert interrupted.wait(WAIT)
        return x

    plan = plan_of(one_call("ordered"), {"f": f})
    with pytest.raises(KeyboardInterrupt):
        run(plan, [0])
    interrupted.set()
    assert in_threads(2, lambda i: run(plan, [i + 1])[0][0]) == [1, 2]


def workers_end() -> None:
    """Wait until no worker thread is left."""
    for thread in threading.enumerate():
        if thread.name.startswith("xcs-worker"):
            thread.join(WAIT)


def test_idle_threads_end(monkeypatch: pytest.MonkeyPatch) -> None:  # R28
    monkeypatch.setattr(workers, "KEEP_ALIVE_SECONDS", 0.0)
    run_text(a_map(), [range(20)], f=lambda x: x)
    workers_end()
    assert not [t for t in threading.enumerate() if t.name.startswith("xcs-worker")]


@pytest.fixture
def no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has too many, or, from Python 3.12 on, that is coming to its end."""

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    pool = workers.ThreadPool()
    monkeypatch.setattr(workers, "THREADS", pool)
    monkeypatch.setattr(policies, "THREADS", pool)
    monkeypatch.setattr(threading.Thread, "start", refuse)


@pytest.mark.usefixtures("no_threads")
@pytest.mark.parametrize("effects", ["unordered", "ordered"])
@pytest.mark.parametrize("max_workers", [None, 1])
def test_the_calling_thread_works_where_none_can_be_started(
    effects: str, max_workers: int | None
) -> None:
    inner = plan_of(a_map(), {"f": lambda x: (x, threading.get_ident())})

    def f(x: int) -> Any:
        return run(inner, [range(x)], max_workers=max_workers)[0][0]

    own = threading.get_ident()
    plan = plan_of(one_call(effects), {"f": f})
    for _ in range(2):  # the permits are there again
        assert run(plan, [3], max_workers=max_workers)[0] == [[(x, own) for x in range(3)]]
    assert run_text(a_map(), [range(300)], max_workers, f=f)[2] == [(0, own), (1, own)]


@pytest.mark.usefixtures("no_threads")
def test_a_call_with_a_timeout_is_made_where_no_thread_can_be_started() -> None:
    assert call_with_policy(lambda x: x + 1, Policy(timeout=WAIT), [1]) == 2


def test_programs_run_while_the_interpreter_ends() -> None:
    program = """
        import atexit, threading, xcs

        @xcs.op(kind="model", timeout=60)
        def ask(x):
            return x + 1

        @xcs.jit
        def program(xs):
            return [ask(x) for x in xs]

        def later():
            threading.main_thread().join()
            print(program([1, 2]))

        atexit.register(lambda: print(program([3, 4])))
        threading.Thread(target=later).start()
    """
    command = [sys.executable, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "[2, 3]\n[4, 5]\n", done.stderr


# Python 3.12 warns of any fork in a process with threads; that one of these works is the point.
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_forked_child_can_run_programs() -> None:
    plan = plan_of(one_call("ordered"), {"f": lambda x: x + 1})

    def fork(x: int) -> int:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                code = 0 if run(plan, [1])[0] == [2] else 1
            finally:
                os._exit(code)
        return os.waitpid(child, 0)[1]

    assert run_text(one_call("ordered"), [0], f=fork) == 0
