"""Runs that are awaited: on their caller's event loop, which goes on meanwhile."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from typing import Any

import pytest
from engine_support import ANY, declare, plan_of

import xcs
from xcs.runtime.engine import run_async

WAIT = 30.0
CALL = f"({ANY}) -> {ANY}"


async def same(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


echo = xcs.op(same)


def two_calls(effects: str = "unordered", **functions: Any) -> Any:
    text = f"""{declare("f", effects)} {declare("g")} func.func @main(%x: {ANY}) -> {ANY} {{
      %y = orch.call @f(%x) : {CALL}
      %z = orch.call @g(%y) : {CALL}
      func.return %z : {ANY} }}"""
    return plan_of(text, functions)


def test_everything_is_awaited_on_the_callers_loop() -> None:
    found: list[Any] = []

    async def f(x: int) -> int:
        found.append(asyncio.get_running_loop())
        return x + 1

    async def main() -> Any:
        found.append(asyncio.get_running_loop())
        results, _ = await run_async(two_calls(f=f, g=f), [1])
        return results

    assert asyncio.run(main()) == [3]
    assert len(set(found)) == 1


def test_the_loop_goes_on_while_a_worker_is_busy() -> None:
    let_go = threading.Event()

    def blocking(x: int) -> int:
        assert let_go.wait(WAIT)
        return -x

    async def main() -> Any:
        running = asyncio.create_task(run_async(two_calls(f=blocking, g=blocking), [1]))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        let_go.set()
        return await running

    assert asyncio.run(main())[0] == [1]


def test_runs_on_one_loop_overlap() -> None:
    here = []

    async def main() -> Any:
        together = asyncio.Barrier(3)

        async def f(x: int) -> int:
            here.append(x)
            await together.wait()
            return x

        plan = two_calls(f=f, g=same)
        return await asyncio.gather(*[run_async(plan, [i]) for i in range(3)])

    found = asyncio.run(asyncio.wait_for(main(), WAIT))
    assert [results for results, _ in found] == [[0], [1], [2]]
    assert sorted(here) == [0, 1, 2]


def test_an_ordered_coroutine_is_awaited_in_the_callers_task() -> None:
    tasks: list[Any] = []

    async def f(x: int) -> int:
        tasks.append(asyncio.current_task())
        return x

    async def main() -> Any:
        tasks.append(asyncio.current_task())
        return await run_async(two_calls("ordered", f=f, g=same), [1])

    assert asyncio.run(main())[0] == [1]
    assert tasks[0] is tasks[1]


def test_an_ordered_coroutine_sets_the_callers_context_variables() -> None:
    variable = contextvars.ContextVar("variable", default=0)

    async def f(x: int) -> int:
        variable.set(x)
        return x

    async def g(x: int) -> int:
        return variable.get()

    async def main() -> Any:
        results, _ = await run_async(two_calls("ordered", f=f, g=g), [7])
        return results, variable.get()

    assert asyncio.run(main()) == ([7], 7)


# --- cancelling -----------------------------------------------------------------------------------


async def cancelled_at(begun: asyncio.Event, running: Any) -> Any:
    """Cancel a task when it has come to a point; gives how it ended."""
    task = asyncio.create_task(running)
    await asyncio.wait_for(begun.wait(), WAIT)
    task.cancel()
    try:
        return await asyncio.wait_for(task, WAIT)
    except asyncio.CancelledError:
        return "cancelled"


@pytest.mark.parametrize("effects", ["unordered", "ordered"])
def test_cancelling_a_run_cancels_what_it_awaits(effects: str) -> None:
    log: list[str] = []

    async def main() -> Any:
        begun = asyncio.Event()

        async def f(x: int) -> int:
            begun.set()
            try:
                await asyncio.sleep(WAIT)
            finally:
                log.append("f ended")
            return x

        return await cancelled_at(begun, run_async(two_calls(effects, f=f, g=same), [1]))

    assert asyncio.run(main()) == "cancelled"
    assert log == ["f ended"]


def test_a_cancelled_function_cleans_up() -> None:
    log: list[Any] = []

    async def main() -> Any:
        begun = asyncio.Event()

        @xcs.op
        async def endless(q: str) -> str:
            begun.set()
            await asyncio.sleep(WAIT)
            return q

        @xcs.op(effects="ordered")
        async def clean_up(q: str) -> None:
            log.append(q)

        @xcs.jit
        async def program(q: str) -> str:
            try:
                return await endless(q)
            finally:
                await clean_up(q)

        return await cancelled_at(begun, program("a")), xcs.get_jit_stats(program)

    ended, stats = asyncio.run(main())
    assert ended == "cancelled"
    assert log == ["a"]
    assert stats["execution_strategy"] != "fallback"


def test_a_time_limit_around_a_jitted_function() -> None:
    @xcs.op
    async def endless(q: str) -> str:
        await asyncio.sleep(WAIT)
        return q

    @xcs.jit
    async def program(q: str) -> list[str]:
        return await asyncio.gather(endless(q), endless(q))

    async def main() -> None:
        await asyncio.wait_for(program("a"), 0.01)

    with pytest.raises(TimeoutError):
        asyncio.run(main())


# --- jitted async functions -----------------------------------------------------------------------


def test_a_jitted_async_function_gives_a_coroutine() -> None:
    @xcs.jit
    async def program(q: str) -> str:
        return await echo(q)

    waiting = program("a")
    assert asyncio.iscoroutine(waiting)
    assert asyncio.iscoroutinefunction(program)
    assert asyncio.run(waiting) == "a"
    assert xcs.get_jit_stats(program)["execution_strategy"] != "fallback"


def test_a_wrong_call_fails_when_it_is_made() -> None:
    @xcs.jit
    async def program(q: str) -> str:
        return await echo(q)

    with pytest.raises(TypeError):
        program()  # type: ignore[call-arg]


def test_a_jitted_async_method() -> None:
    class Agent:
        def __init__(self) -> None:
            self.said: list[str] = []

        @xcs.jit
        async def reply(self, q: str) -> str:
            answer = await echo(q + "!")
            self.said.append(answer)
            return answer

    agent = Agent()
    assert asyncio.run(agent.reply("a")) == "a!"
    assert agent.said == ["a!"]


def test_an_error_has_the_line_of_the_program() -> None:
    @xcs.op
    async def fail(q: str) -> str:
        raise KeyError(q)

    @xcs.jit
    async def program(q: str) -> str:
        return await fail(q)

    with pytest.raises(KeyError) as caught:
        asyncio.run(program("a"))
    assert isinstance(caught.value, xcs.XCSExecutionError)
    assert "test_engine_async.py" in caught.value.source_line


def test_a_jitted_async_function_in_another_one() -> None:
    @xcs.jit
    async def inner(q: str) -> str:
        return await echo(q) + "!"

    @xcs.jit
    async def outer(qs: list[str]) -> list[str]:
        return await asyncio.gather(*[inner(q) for q in qs])

    assert asyncio.run(outer(["a", "b"])) == ["a!", "b!"]
    assert xcs.get_jit_stats(outer)["execution_strategy"] != "fallback"


def test_a_semaphore_limits_the_calls_at_a_time() -> None:
    now = most = 0

    @xcs.op
    async def busy(q: int) -> int:
        nonlocal now, most
        now += 1
        most = max(most, now)
        for _ in range(5):
            await asyncio.sleep(0)
        now -= 1
        return q

    @xcs.jit
    async def program(count: int) -> list[int]:
        limit = asyncio.Semaphore(3)

        async def one(q: int) -> int:
            async with limit:
                return await busy(q)

        return await asyncio.gather(*[one(q) for q in range(count)])

    assert asyncio.run(program(10)) == list(range(10))
    assert xcs.get_jit_stats(program)["execution_strategy"] != "fallback"
    assert most == 3


def test_asyncio_run_within_a_running_loop_fails_as_in_python() -> None:
    @xcs.jit
    def program(q: str) -> str:
        return asyncio.run(wrapped(q))

    async def main() -> None:
        program("a")

    assert program("a") == "a"
    with pytest.raises(RuntimeError, match="cannot be called from a running event loop"):
        asyncio.run(main())


async def wrapped(q: str) -> str:
    return await echo(q)
