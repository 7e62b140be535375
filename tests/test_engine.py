"""What the engine promises: dataflow, order, pending lists, limits on work in progress."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from engine_support import ANY, LIST, TOKEN, declare, parse, plan_of, run_text

from xcs.runtime import Program, XCSError, compile_plan, run, run_module
from xcs.runtime.engine import LOOP_WINDOW

WAIT = 30.0  # seconds until a test gives up on an event that should come at once


def wait(event: threading.Event) -> None:
    assert event.wait(WAIT), "the event did not come"


CALL = f"({ANY}) -> {ANY}"
MAP = f": ({LIST}) -> {LIST}"


# --- Values ---


def test_results_constants_and_containers() -> None:
    text = f"""func.func @main(%x: {ANY}) -> ({ANY}, {LIST}, {ANY}, {ANY}) {{
      %one = orch.constant 1 : i64 : {ANY}
      %name = orch.constant "name" : {ANY}
      %none = orch.constant unit : {ANY}
      %tuple = orch.tuple(%x, %one) : ({ANY}, {ANY}) -> {ANY}
      %list = orch.list(%none, %x) : ({ANY}, {ANY}) -> {LIST}
      %dict = orch.dict(%name) to (%tuple) : ({ANY}) to ({ANY}) -> {ANY}
      %item = orch.getitem %tuple[%one] : {ANY}, {ANY} -> {ANY}
      func.return %tuple, %list, %dict, %item : {ANY}, {LIST}, {ANY}, {ANY} }}"""
    assert run_text(text, ["v"]) == [("v", 1), [None, "v"], {"name": ("v", 1)}, 1]


def test_keywords_and_unpacking_are_pythons_own() -> None:
    text = f"""{declare("f")}
    func.func @main(%a: {ANY}, %b: {ANY}, %c: {ANY}, %d: {ANY}) -> {ANY} {{
      %r = orch.call @f(%a, %b, %c, %d) {{keywords = ["key", "**"], starred = array<i64: 1>}}
        : ({ANY}, {ANY}, {ANY}, {ANY}) -> {ANY}
      func.return %r : {ANY} }}"""
    result = run_text(text, [1, (2, 3), 4, {"more": 5}], f=lambda *args, **kwargs: (args, kwargs))
    assert result == ((1, 2, 3), {"key": 4, "more": 5})


def test_host_source_sees_its_operands_and_its_scope() -> None:
    text = f"""func.func @main(%x: {ANY}) -> ({ANY}, {ANY}, {ANY}) {{
      %a = orch.host "sorted(x, key=lambda n: -n)[0] + offset"(%x)
        {{names = ["x"], effects = #orch.effects<pure>, scope = #orch.ref<"here">}} : {CALL}
      %b, %c = orch.host "total = 0\\nfor n in x:\\n    total += n\\nlast = n"(%x)
        {{names = ["x"], out_names = ["total", "last"], effects = #orch.effects<pure>}}
        : ({ANY}) -> ({ANY}, {ANY})
      func.return %a, %b, %c : {ANY}, {ANY}, {ANY} }}"""
    plan = plan_of(text, objects={"here": {"offset": 100}})
    assert run(plan, [[1, 2, 3]])[0] == [103, 6, 3]


def test_launch_calls_the_kernel_in_place() -> None:
    text = f"""func.func private @k(%x: {ANY}, %y: {ANY}) -> ({ANY}, {ANY})
    func.func @main(%x: {ANY}) -> ({ANY}, {ANY}) {{
      %a, %b = orch.launch @k(%x, %x) : ({ANY}, {ANY}) -> ({ANY}, {ANY})
      func.return %a, %b : {ANY}, {ANY} }}"""
    threads = []

    def kernel(x: int, y: int) -> list[int]:
        threads.append(threading.current_thread())
        return [x + y, x - y]

    assert run(plan_of(text, kernels={"k": kernel}), [4])[0] == [8, 0]
    assert threads == [threading.current_thread()]


def test_a_launch_over_a_list_fails_where_an_element_is_taken() -> None:
    text = f"""{declare("log", "ordered")}
    func.func private @k(%x: {ANY}, %y: {ANY}) -> {ANY}
    func.func @main(%xs: {LIST}, %y: {ANY}, %indices: {LIST}) -> {LIST} {{
      %all = orch.launch @k(%xs, %y) {{over = array<i64: 0>}} : ({LIST}, {ANY}) -> {LIST}
      %out = orch.map %indices {MAP} {{
      ^bb0(%i: {ANY}):
        %done, %t = orch.call @log(%i) : ({ANY}) -> ({ANY}, {TOKEN})
        %one = orch.getitem %all[%i] : {LIST}, {ANY} -> {ANY}
        orch.yield %one : {ANY}
      }}
      func.return %out : {LIST} }}"""
    logged: list[int] = []
    divide = lambda x, y: [y // x]
    plan = plan_of(text, {"log": logged.append}, kernels={"k": divide})

    assert run(plan, [[1, 2, 0], 6, [1, 0]])[0] == [[3, 6]]
    with pytest.raises(ZeroDivisionError):
        run(plan, [[1, 0, 2], 6, [0, 1, 2]])
    assert logged == [1, 0, 0, 1]


def test_a_launch_over_no_list_runs_once() -> None:
    text = f"""func.func private @k(%x: {ANY}) -> {ANY}
    func.func @main(%x: {ANY}, %indices: {LIST}) -> {LIST} {{
      %same = orch.launch @k(%x) {{over = array<i64>}} : ({ANY}) -> {LIST}
      %out = orch.map %indices {MAP} {{
      ^bb0(%i: {ANY}):
        %one = orch.getitem %same[%i] : {LIST}, {ANY} -> {ANY}
        orch.yield %one : {ANY}
      }}
      func.return %out : {LIST} }}"""
    launched: list[Any] = []

    def kernel(x: Any) -> list[Any]:
        launched.append(x)
        return [jnp.asarray(x)]

    (results,) = run(plan_of(text, kernels={"k": kernel}), [4, [0, 1]])[0]
    assert [int(value) for value in results] == [4, 4]
    assert launched == [4]


def test_stack_and_unstack() -> None:
    text = f"""func.func @main(%xs: {LIST}) -> ({ANY}, {LIST}) {{
      %stacked = orch.stack %xs : {LIST} -> {ANY}
      %again = orch.unstack %stacked : {ANY} -> {LIST}
      func.return %stacked, %again : {ANY}, {LIST} }}"""
    stacked, again = run_text(text, [[np.arange(3), np.arange(3) + 1]])
    np.testing.assert_array_equal(stacked, [[0, 1, 2], [1, 2, 3]])
    assert len(again) == 2
    np.testing.assert_array_equal(again[1], [1, 2, 3])


def test_run_module_resolves_operators_by_path() -> None:
    module = parse(f"""{declare("f")}
    func.func @start(%x: {ANY}) -> {ANY} {{
      %r = orch.call @f(%x) : {CALL}
      func.return %r : {ANY} }}""")
    assert run_module(module, "start", [3], {"test:f": lambda x: x * 2}.__getitem__) == 6


def test_one_plan_serves_many_runs_at_once() -> None:
    barrier = threading.Barrier(4, timeout=WAIT)

    def meet(x: int) -> int:
        barrier.wait()
        return x

    plan = plan_of(
        f"{declare('f')} func.func @main(%x: {ANY}) -> {ANY} {{"
        f"%r = orch.call @f(%x) : {CALL} func.return %r : {ANY} }}",
        {"f": meet},
    )
    results: dict[int, Any] = {}
    threads = [
        threading.Thread(target=lambda i=i: results.update({i: run(plan, [i])[0]}))
        for i in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert results == {i: [i] for i in range(4)}


# --- Dataflow ---


def test_independent_calls_run_at_once() -> None:
    barrier = threading.Barrier(3, timeout=WAIT)
    text = f"""{declare("f")} func.func @main(%x: {ANY}) -> ({ANY}, {ANY}, {ANY}) {{
      %a = orch.call @f(%x) : {CALL}
      %b = orch.call @f(%x) : {CALL}
      %c = orch.call @f(%x) : {CALL}
      func.return %a, %b, %c : {ANY}, {ANY}, {ANY} }}"""
    run_text(text, [1], f=lambda x: barrier.wait())


def test_a_call_starts_when_its_own_operands_are_there() -> None:
    """One chain runs to its end while the first call of another is still waiting."""
    finished = threading.Event()
    text = f"""{declare("slow")} {declare("f")} {declare("last")}
    func.func @main(%x: {ANY}) -> ({ANY}, {ANY}) {{
      %a = orch.call @slow(%x) : {CALL}
      %b = orch.call @f(%x) : {CALL}
      %c = orch.call @last(%b) : {CALL}
      %d = orch.call @f(%a) : {CALL}
      func.return %c, %d : {ANY}, {ANY} }}"""
    run_text(text, [1], slow=lambda x: wait(finished), f=lambda x: x, last=lambda x: finished.set())


def test_blocking_calls_start_before_inline_work() -> None:
    started = threading.Event()
    text = f"""{declare("f")} func.func @main(%x: {ANY}) -> ({ANY}, {ANY}) {{
      %a = orch.host "wait(x)"(%x)
        {{names = ["x"], effects = #orch.effects<pure>, scope = #orch.ref<"here">}} : {CALL}
      %b = orch.call @f(%x) : {CALL}
      func.return %a, %b : {ANY}, {ANY} }}"""
    plan = plan_of(text, {"f": lambda event: event.set()}, {"here": {"wait": wait}})
    run(plan, [started])


def test_map_iterations_run_at_once_and_keep_their_places() -> None:
    count = 64
    barrier = threading.Barrier(count, timeout=WAIT)

    def meet(x: int) -> int:
        barrier.wait()
        return x * x

    text = f"""{declare("f")} func.func @main(%xs: {LIST}) -> {LIST} {{
      %r = orch.map %xs {MAP} {{
      ^bb0(%x: {ANY}):
        %y = orch.call @f(%x) : {CALL}
        orch.yield %y : {ANY} }}
      func.return %r : {LIST} }}"""
    assert run_text(text, [range(count)], f=meet) == [x * x for x in range(count)]


CAPTURING_MAP = f"""%r = orch.map %l : ({LIST}) -> {LIST} {{
      ^bb0(%x: {ANY}):
        %y = orch.call @f(%x, %c) : ({ANY}, {ANY}) -> {ANY}
        orch.yield %y : {ANY} }}
      func.return %r : {LIST} }}"""
"""An iteration is one call, of its element and a value from outside."""


def test_iterations_of_one_call_wait_for_what_they_capture() -> None:
    text = f"""{declare("g")} {declare("f")}
    func.func @main(%l: {LIST}, %a: {ANY}) -> {LIST} {{
      %c = orch.call @g(%a) : {CALL}
      {CAPTURING_MAP}"""
    count = LOOP_WINDOW + 10  # the first ones are created before %c is there, the last ones after
    result = run_text(text, [range(count), 5], g=lambda a: -a, f=lambda x, c: x + c)
    assert result == [x - 5 for x in range(count)]


def test_iterations_of_one_call_wait_for_their_own_elements_only() -> None:
    called = threading.Event()
    text = f"""{declare("g")} {declare("f")} func.func @main(%a: {ANY}, %c: {ANY}) -> {LIST} {{
      %p = orch.call @g(%a) : {CALL}
      %inner = orch.list(%a, %p) : ({ANY}, {ANY}) -> {LIST}
      %o = orch.host "l"(%inner) {{names = ["l"], effects = #orch.effects<pure>}}
        : ({LIST}) -> {ANY}
      %l = orch.list(%a, %p, %o, %a) : ({ANY}, {ANY}, {ANY}, {ANY}) -> {LIST}
      {CAPTURING_MAP}"""
    calls: list[Any] = []

    def f(x: Any, c: int) -> Any:
        calls.append(x)
        if len(calls) == 2:
            called.set()
        return (x, c)

    result = run_text(text, [1, 7], g=lambda a: (wait(called), 2)[1], f=f)
    assert result == [(1, 7), (2, 7), ([1, 2], 7), (1, 7)]
    assert calls[:2] == [1, 1]


def test_an_iteration_may_be_one_inline_op() -> None:
    text = f"""func.func @main(%l: {LIST}, %c: {ANY}) -> {LIST} {{
      %r = orch.map %l : ({LIST}) -> {LIST} {{
      ^bb0(%x: {ANY}):
        %y = orch.host "x // c"(%x, %c) {{names = ["x", "c"], effects = #orch.effects<pure>}}
          : ({ANY}, {ANY}) -> {ANY}
        orch.yield %y : {ANY} }}
      func.return %r : {LIST} }}"""
    assert run_text(text, [[4, 6], 2]) == [2, 3]
    with pytest.raises(ZeroDivisionError) as caught:
        run_text(text, [[4, 6], 0])
    assert caught.value.inputs == ("x=4", "c=0")  # type: ignore[attr-defined]


def two_maps(between: str = "") -> str:
    return f"""{declare("f")} {declare("g")} func.func @main(%xs: {LIST}) -> {LIST} {{
      %r = orch.map %xs {MAP} {{
      ^bb0(%x: {ANY}):
        %y = orch.call @f(%x) : {CALL}
        orch.yield %y : {ANY} }}
      {between}
      %s = orch.map %r {MAP} {{
      ^bb0(%x: {ANY}):
        %y = orch.call @g(%x) : {CALL}
        orch.yield %y : {ANY} }}
      func.return %s : {LIST} }}"""


def test_elements_flow_from_map_to_map_without_a_barrier() -> None:
    """The first call of the first map ends only after the second map is done with the others."""
    seen, all_others = [], threading.Event()

    def first(x: int) -> int:
        if x == 0:
            wait(all_others)
        return x

    def second(x: int) -> int:
        seen.append(x)
        if len(seen) == 3:
            all_others.set()
        return x

    assert run_text(two_maps(), [range(4)], f=first, g=second) == [0, 1, 2, 3]
    assert seen[-1] == 0


def test_a_read_of_one_element_does_not_wait_for_the_others() -> None:
    read = threading.Event()
    text = f"""{declare("f")} {declare("use")} func.func @main(%xs: {LIST}) -> ({LIST}, {ANY}) {{
      %i = orch.constant 1 : i64 : {ANY}
      %r = orch.map %xs {MAP} {{
      ^bb0(%x: {ANY}):
        %y = orch.call @f(%x) : {CALL}
        orch.yield %y : {ANY} }}
      %item = orch.getitem %r[%i] : {LIST}, {ANY} -> {ANY}
      %used = orch.call @use(%item) : {CALL}
      func.return %r, %used : {LIST}, {ANY} }}"""

    def element(x: int) -> int:
        if x == 0:
            wait(read)
        return x

    def use(x: int) -> int:
        read.set()
        return x * 10

    assert run_text(text, [range(3)], f=element, use=use) == [[0, 1, 2], 10]


def test_maps_over_a_display_of_pending_values() -> None:
    seen = threading.Event()
    text = f"""{declare("f")} {declare("g")} func.func @main(%a: {ANY}, %b: {ANY}) -> {LIST} {{
      %x = orch.call @f(%a) : {CALL}
      %y = orch.call @f(%b) : {CALL}
      %l = orch.list(%x, %y) : ({ANY}, {ANY}) -> {LIST}
      %r = orch.map %l {MAP} {{
      ^bb0(%e: {ANY}):
        %z = orch.call @g(%e) : {CALL}
        orch.yield %z : {ANY} }}
      func.return %r : {LIST} }}"""

    def second(x: int) -> int:
        if x == 2:
            seen.set()
        return x

    assert run_text(text, [1, 2], f=lambda x: (x == 1 and wait(seen), x)[1], g=second) == [1, 2]


def test_other_users_get_one_real_list() -> None:
    text = two_maps(f"%n = orch.call @g(%r) : ({LIST}) -> {ANY}")
    calls: list[Any] = []
    run_text(text, [range(3)], f=lambda x: x, g=calls.append)
    assert [0, 1, 2] in calls
    assert {type(call) for call in calls} == {list, int}


def test_nested_pending_lists_settle() -> None:
    text = f"""{declare("f")} func.func @main(%xs: {LIST}) -> {LIST} {{
      %r = orch.map %xs {MAP} {{
      ^bb0(%x: {ANY}):
        %inner = orch.map %xs : ({LIST}) -> {LIST} {{
        ^bb1(%y: {ANY}):
          %p = orch.call @f(%x, %y) : ({ANY}, {ANY}) -> {ANY}
          orch.yield %p : {ANY} }}
        %o = orch.host "l"(%inner) {{names = ["l"], effects = #orch.effects<pure>}}
          : ({LIST}) -> {ANY}
        orch.yield %o : {ANY} }}
      func.return %r : {LIST} }}"""
    assert run_text(text, [[1, 2]], f=lambda x, y: x * y) == [[1, 2], [2, 4]]


def test_iteration_errors_belong_to_the_map() -> None:
    def broken() -> Any:
        yield 1
        raise LookupError("no more")

    text = f"""func.func @main(%xs: {LIST}) -> {LIST} {{
      %r = orch.map %xs {MAP} {{
      ^bb0(%x: {ANY}):
        orch.yield %x : {ANY} }}
      func.return %r : {LIST} }}"""
    with pytest.raises(LookupError, match="no more"):
        run_text(text, [broken()])


FOR = f"""{declare("f")} {declare("step")} func.func @main(%xs: {LIST}, %a: {ANY}) -> {ANY} {{
      %r = orch.for %xs carry (%a : {ANY}) : ({LIST}) -> {ANY} {{
      ^bb0(%x: {ANY}, %s: {ANY}):
        %y = orch.call @f(%x) : {CALL}
        %n = orch.call @step(%s, %y) : ({ANY}, {ANY}) -> {ANY}
        orch.yield %n : {ANY} }}
      func.return %r : {ANY} }}"""


def test_loop_iterations_overlap_as_far_as_they_do_not_depend_on_each_other() -> None:
    barrier = threading.Barrier(4, timeout=WAIT)

    def meet(x: int) -> int:
        barrier.wait()
        return x

    assert run_text(FOR, [range(4), 0], f=meet, step=lambda s, y: s * 10 + y) == 123


def test_a_loop_over_nothing_gives_its_initial_values() -> None:
    assert run_text(FOR, [[], "initial"], f=None.__class__, step=max) == "initial"


def test_long_chains_of_carried_values_need_no_deep_stack() -> None:
    text = f"""func.func @main(%xs: {LIST}, %a: {ANY}, %b: {ANY}) -> ({ANY}, {ANY}) {{
      %r, %s = orch.for %xs carry (%a, %b : {ANY}, {ANY}) : ({LIST}) -> ({ANY}, {ANY}) {{
      ^bb0(%x: {ANY}, %p: {ANY}, %q: {ANY}):
        orch.yield %q, %p : {ANY}, {ANY} }}
      func.return %r, %s : {ANY}, {ANY} }}"""
    assert run_text(text, [range(20_001), "a", "b"]) == ["b", "a"]


def test_the_chosen_branch_runs_and_the_other_does_not() -> None:
    text = f"""{declare("f")} {declare("g")} func.func @main(%c: {ANY}) -> {ANY} {{
      %r = orch.if %c : ({ANY}) -> {ANY} {{
        %a = orch.call @f(%c) : {CALL}
        orch.yield %a : {ANY}
      }} else {{
        %b = orch.call @g(%c) : {CALL}
        orch.yield %b : {ANY} }}
      func.return %r : {ANY} }}"""
    calls: list[str] = []
    functions: dict[str, Any] = {"f": lambda c: calls.append("f"), "g": lambda c: calls.append("g")}
    plan = plan_of(text, functions)
    run(plan, [1])
    run(plan, [[]])
    assert calls == ["f", "g"]


def test_a_truth_test_may_raise() -> None:
    text = f"""func.func @main(%c: {ANY}) -> {ANY} {{
      %r = orch.if %c : ({ANY}) -> {ANY} {{ orch.yield %c : {ANY} }}
        else {{ orch.yield %c : {ANY} }}
      func.return %r : {ANY} }}"""
    with pytest.raises(ValueError, match="ambiguous"):
        run_text(text, [np.array([1, 2])])


# --- Order ---


def ordered_chain(*effects: str) -> str:
    """Calls ``@op0(%x)``, ``@op1(%x)`` and so on, of the given effects; one after the other."""
    lines, token = ["%t = orch.join()"], "%t"
    for i, effect in enumerate(effects):
        if effect == "ordered":
            lines.append(
                f"%r{i}, %t{i} = orch.call @op{i}(%x) after({token}) : ({ANY}) -> ({ANY}, {TOKEN})"
            )
            token = f"%t{i}"
        else:
            lines.append(f"%r{i} = orch.call @op{i}(%x) : {CALL}")
    results = ", ".join(f"%r{i}" for i in range(len(effects)))
    types = ", ".join([ANY] * len(effects))
    declared = "".join(declare(f"op{i}", effect) for i, effect in enumerate(effects))
    body = "\n".join(lines)
    return f"""{declared} func.func @main(%x: {ANY}) -> ({types}) {{
      {body}
      func.return {results} : {types} }}"""


def chain_of(*functions: Callable[[Any], Any]) -> dict[str, Any]:
    return {f"op{i}": function for i, function in enumerate(functions)}


def test_ordered_calls_follow_the_program() -> None:
    log: list[int] = []
    text = ordered_chain(*["ordered"] * 20)
    run_text(text, [0], **chain_of(*(lambda x, i=i: log.append(i) for i in range(20))))
    assert log == list(range(20))


def test_an_ordered_call_waits_for_every_call_before_it() -> None:
    """No token and no value joins the two: the place in the program does."""
    done: list[str] = []
    held = threading.Event()

    def slow(x: Any) -> None:
        wait(held)
        done.append("slow")

    def other(x: Any) -> None:
        assert "ordered" not in done
        held.set()

    run_text(
        ordered_chain("unordered", "ordered", "unordered"),
        [0],
        **chain_of(slow, lambda x: done.append("ordered"), other),
    )
    assert done == ["slow", "ordered"]


def test_an_ordered_call_does_not_run_after_an_error_before_it() -> None:
    ran: list[str] = []
    with pytest.raises(ZeroDivisionError):
        run_text(
            ordered_chain("unordered", "ordered"),
            [0],
            **chain_of(lambda x: 1 / x, lambda x: ran.append("ordered")),
        )
    assert ran == []


def test_an_ordered_call_runs_before_an_error_after_it() -> None:
    """The later op fails first on the clock; the earlier effect still happens, as in Python."""
    failed, ran = threading.Event(), []

    def fails(x: Any) -> None:
        failed.set()
        raise ValueError("later")

    with pytest.raises(ValueError, match="later"):
        run_text(
            ordered_chain("unordered", "ordered", "unordered"),
            [0],
            **chain_of(lambda x: wait(failed), lambda x: ran.append("ordered"), fails),
        )
    assert ran == ["ordered"]


def test_ordered_calls_in_a_map_follow_the_iterations() -> None:
    text = f"""{declare("f")} {declare("save", "ordered")}
    func.func @main(%xs: {LIST}) -> {LIST} {{
      %t = orch.join()
      %r, %u = orch.map %xs after(%t) : ({LIST}) -> ({LIST}, {TOKEN}) {{
      ^bb0(%x: {ANY}, %in: {TOKEN}):
        %y = orch.call @f(%x) : {CALL}
        %z, %out = orch.call @save(%y) after(%in) : ({ANY}) -> ({ANY}, {TOKEN})
        orch.yield %z, %out : {ANY}, {TOKEN} }}
      func.return %r : {LIST} }}"""
    saved: list[int] = []
    last_done = threading.Event()

    def f(x: int) -> int:  # the first iteration's call is the last to end
        if x == 9:
            last_done.set()
        if x == 0:
            wait(last_done)
        return x

    run_text(text, [range(10)], f=f, save=saved.append)
    assert saved == list(range(10))


def test_ordered_host_code_and_invoked_values_keep_their_order() -> None:
    text = f"""func.func @main(%log: {ANY}, %f: {ANY}) -> {ANY} {{
      %t0 = orch.join()
      %a, %t1 = orch.invoke %f(%log) after(%t0) : {ANY}, ({ANY}) -> ({ANY}, {TOKEN})
      %b, %t2 = orch.host "log.append('host')"(%log) after(%t1)
        {{names = ["log"], effects = #orch.effects<ordered>}} : ({ANY}) -> ({ANY}, {TOKEN})
      %c, %t3 = orch.invoke %f(%log) after(%t2) : {ANY}, ({ANY}) -> ({ANY}, {TOKEN})
      func.return %log : {ANY} }}"""
    assert run_text(text, [[], lambda log: log.append("f")]) == ["f", "host", "f"]


# --- Bounds ---


def test_max_workers_bounds_the_calls_at_a_time() -> None:
    entered, leave, inside, most = threading.Semaphore(0), threading.Semaphore(0), [], []

    def call(x: int) -> int:
        inside.append(x)
        most.append(len(inside))
        entered.release()
        assert leave.acquire(timeout=WAIT)
        inside.remove(x)
        return x

    def drive() -> None:
        for _ in range(12):
            assert entered.acquire(timeout=WAIT)
            leave.release()

    driver = threading.Thread(target=drive)
    driver.start()
    text = f"""{declare("f")} func.func @main(%xs: {LIST}) -> {LIST} {{
      %r = orch.map %xs {MAP} {{
      ^bb0(%x: {ANY}):
        %y = orch.call @f(%x) : {CALL}
        orch.yield %y : {ANY} }}
      func.return %r : {LIST} }}"""
    assert run_text(text, [range(12)], max_workers=3, f=call) == list(range(12))
    driver.join(WAIT)
    assert max(most) <= 3


def test_a_large_map_keeps_a_bounded_number_of_iterations() -> None:
    """Each iteration's private object is gone soon after the iteration is done."""

    class Private:
        alive: weakref.WeakSet[Any] = weakref.WeakSet()

        def __init__(self) -> None:
            Private.alive.add(self)

    most = [0]

    def measure(private: Private) -> None:
        most[0] = max(most[0], len(Private.alive))

    text = f"""{declare("make", more=", nonblocking")} {declare("measure", more=", nonblocking")}
    func.func @main(%xs: {LIST}) -> {LIST} {{
      %r = orch.map %xs {MAP} {{
      ^bb0(%x: {ANY}):
        %p = orch.call @make() : () -> {ANY}
        %y = orch.call @measure(%p) : {CALL}
        orch.yield %y : {ANY} }}
      func.return %r : {LIST} }}"""
    assert (
        len(run_text(text, [range(20 * LOOP_WINDOW)], make=Private, measure=measure))
        == 20 * LOOP_WINDOW
    )
    assert most[0] <= 2 * LOOP_WINDOW


def test_bad_arguments_are_refused() -> None:
    plan = plan_of(f"func.func @main(%x: {ANY}) -> {ANY} {{ func.return %x : {ANY} }}")
    with pytest.raises(ValueError, match="max_workers=0"):
        run(plan, [1], max_workers=0)
    with pytest.raises(XCSError, match="takes 1 arguments, 2 were given"):
        run(plan, [1, 2])


# --- Compilation ---


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('%r = orch.constant #orch.ref<"gone"> : !orch.object', "object 'gone'"),
        ("%r = orch.launch @k(%x) : (!orch.object) -> !orch.object", "no kernel 'k'"),
        ("%r = orch.call @f(%x) : (!orch.object) -> !orch.object", "'f' .* is not callable"),
        (
            '%r = orch.host "x +"(%x) {names = ["x"], effects = #orch.effects<pure>}'
            " : (!orch.object) -> !orch.object",
            "not Python",
        ),
        ("%r, %s = orch.call @g(%x) : (!orch.object) -> (!orch.object, !orch.object)", "2 results"),
        (
            '%r = orch.call @g(%x) {keywords = ["a b"]} : (!orch.object) -> !orch.object',
            "'a b' is not the name",
        ),
    ],
)
def test_what_cannot_run_is_refused_by_line(body: str, message: str) -> None:
    text = (
        f"{declare('f')}{declare('g')}func.func private @k(%x: {ANY}) -> {ANY}\n"
        f"func.func @main(%x: {ANY}) -> {ANY} {{\n{body}\nfunc.return %r : {ANY} }}"
    )
    with pytest.raises(XCSError, match=message):
        plan_of(text, {"f": 3, "g": print})  # type: ignore[dict-item]


def test_a_missing_entry_is_named() -> None:
    with pytest.raises(XCSError, match="no function 'other'"):
        compile_plan(Program(parse("builtin.module {}"), "other"), {})


# --- Reports ---


def test_the_report_says_what_ran_where() -> None:
    text = f"""{declare("f")} func.func @main(%xs: {LIST}) -> {LIST} {{
      %r = orch.map %xs {MAP} {{
      ^bb0(%x: {ANY}):
        %y = orch.call @f(%x) : {CALL}
        orch.yield %y : {ANY} }}
      func.return %r : {LIST} }}"""
    _, report = run(plan_of(text, {"f": lambda x: x}), [[1, 2]], record=True)
    assert report is not None
    calls = [record for record in report.records if record.kind == "orch.call"]
    assert sorted(record.iterations for record in calls) == [(0,), (1,)]
    assert {record.name for record in calls} == {"f"}
    assert all(0 <= r.start <= r.end <= report.total for r in report.records)
