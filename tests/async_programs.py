"""Async programs as people write them, and what they do to the world around them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import xcs

LOG: list[Any] = []
"""What the ordered calls did, in order."""
CALLS: Counter[Any] = Counter()
"""How often each unordered call was made."""
CACHE: dict[str, str] = {}
UNIT = 0.001
"""Seconds for a unit of sleep."""


def reset() -> None:
    """Make the world as it was."""
    LOG.clear()
    CALLS.clear()
    CACHE.clear()


@xcs.op(kind="model")
async def ask(prompt: str) -> str:
    """A model, which refuses what is bad."""
    CALLS[prompt] += 1
    await asyncio.sleep(0)
    if "bad" in prompt:
        raise ValueError(f"refused {prompt}")
    return f"<{prompt}>"


@xcs.op
async def flaky(prompt: str, attempt: int) -> str:
    """A tool that works the third time."""
    await asyncio.sleep(0)
    if attempt < 2:
        raise ConnectionError(f"{prompt} {attempt}")
    return f"{prompt}:{attempt}"


@xcs.op(effects="ordered")
async def save(item: Any) -> int:
    """An effect that keeps its place."""
    await asyncio.sleep(0)
    LOG.append(item)
    return len(LOG)


@xcs.op
def look_up(key: str) -> str:
    """A tool that blocks."""
    CALLS["look_up", key] += 1
    return key.upper()


@xcs.op(effects="ordered")
def note(item: Any) -> None:
    """A blocking effect that keeps its place."""
    LOG.append(item)


@dataclass(frozen=True)
class AsyncProgram:
    """A program with the arguments that it is called with, and what is expected of its capture."""

    function: Callable[..., Any]
    args: tuple[Any, ...] = ()
    makespan: float | None = None
    """On the virtual clock, where calls and units of sleep take 1; None: it stays native."""


PROGRAMS: list[AsyncProgram] = []


def program(*args: Any, makespan: float | None = None) -> Callable[[Any], Any]:
    """Declare a program. Without a makespan it is one that stays native."""

    def declare(function: Any) -> Any:
        PROGRAMS.append(AsyncProgram(function, args, makespan))
        return function

    return declare


# --- await, gather --------------------------------------------------------------------------------


@program("a", makespan=1)
async def one_call(q):
    return await ask(q)


@program("a", makespan=1)
async def independent_awaits(q):
    first = await ask(q)
    second = await ask(q + "2")
    return first, second


@program("a", makespan=3)
async def a_chain(q):
    for _ in range(3):
        q = await ask(q)
    return q


async def two_steps(q):
    draft = await ask(q)
    return await ask(draft + "!")


@program(["a", "b", "c"], makespan=2)
async def gather_over_a_comprehension(qs):
    return await asyncio.gather(*[two_steps(q) for q in qs])


@program(["a", "b", "c"], makespan=2)
async def gather_over_a_generator(qs):
    return await asyncio.gather(*(two_steps(q) for q in qs))


def prompts(qs, depth):
    for q in qs:
        yield f"{q}{depth}"
    if depth:
        yield from prompts(qs, depth - 1)


@program(["a", "b", "c"], makespan=1)
async def awaits_between_elements_of_a_generator(qs):
    found = []
    for prompt in (f"ask {p}" for p in prompts(qs, 1)):
        found.append(await ask(prompt))
    return found, [await ask(prompt) for prompt in prompts(qs, 0)]


async def until(qs, last):
    async for number in counted(len(qs)):
        yield qs[number]
        if qs[number] == last:
            return


async def counted(end):
    for number in range(end):
        yield number


@program(["a", "b", "c"], makespan=None)
async def loops_over_async_generators(qs):
    found = [await ask(q) async for q in until(qs, "b")]
    async for q in until(qs, "c"):
        if q == "b":
            break
        found.append(await ask(f"{q} again"))
    return found


@program(["a", "b", "c"], makespan=2)
async def gather_of_a_list_that_a_loop_fills(qs):
    waiting = []
    for q in qs:
        if q != "b":
            waiting.append(two_steps(q))
    waiting.append(ask("last"))
    return await asyncio.gather(*waiting)


@program("a", makespan=2)
async def gather_of_different_calls(q):
    first, second, third = await asyncio.gather(ask(q), two_steps(q), ask("c"))
    return first + second + third


@program(["a", "b"], makespan=3)
async def nested_gathers(qs):
    async def group(q):
        parts = await asyncio.gather(*[ask(f"{q}{i}") for i in range(3)])
        return await ask("".join(parts))

    groups = await asyncio.gather(*[group(q) for q in qs])
    return await ask("+".join(groups))


@program(["a", "bad", "c"], makespan=1)
async def gather_that_keeps_errors(qs):
    results = await asyncio.gather(*[ask(q) for q in qs], return_exceptions=True)
    return [str(r) if isinstance(r, Exception) else r for r in results]


@program(["a", "bad", "bad too"], makespan=1)
async def gather_that_fails(qs):
    return await asyncio.gather(*[ask(q) for q in qs])


@program(["a", "b"], makespan=2)
async def gather_with_a_star_and_more(qs):
    return await asyncio.gather(ask("first"), *[two_steps(q) for q in qs], ask("last"))


@program("a", True, makespan=2)
@program("a", False, makespan=1)
async def one_of_two_coroutines(q, flag):
    waiting = two_steps(q) if flag else ask(q)
    return await waiting


@program("a", makespan=1)
async def an_empty_gather(q):
    nothing = await asyncio.gather()
    return nothing, await ask(q)


@program("a", makespan=1)
async def a_coroutine_that_begins_later(q):
    waiting = noted(q)
    note("before")
    return await waiting, list(LOG)


async def noted(q):
    note(f"begin {q}")
    reply = await ask(q)
    note(f"end {q}")
    return reply


@program(["a", "b"], makespan=1)
async def ordered_effects(qs):
    for q in qs:
        await noted(q)
    return await save("end")


async def best_of(path, depth):
    if depth == 0:
        return await ask(path)
    below = await asyncio.gather(*[best_of(f"{path}{i}", depth - 1) for i in range(2)])
    return max(below)


@program(2, makespan=1)
async def a_tree(depth):
    async def widest(path, left):
        if left == 0:
            return await ask(path)
        below = await asyncio.gather(*[widest(f"{path}{i}", left - 1) for i in range(2)])
        return max(below)

    return await best_of("r", depth), await widest("s", depth)


# --- errors and retries ---------------------------------------------------------------------------


async def with_retries(prompt):
    for attempt in range(5):
        try:
            return await flaky(prompt, attempt)
        except ConnectionError:
            await asyncio.sleep(UNIT * 2**attempt)
    raise RuntimeError("gave up")


@program(["a", "b", "c"], makespan=6)
async def retries_with_backoff(qs):
    return await asyncio.gather(*[with_retries(q) for q in qs])


@program("a", makespan=2)
async def an_error_that_is_handled(q):
    try:
        await ask("bad " + q)
    except ValueError as error:
        reply = await ask(f"instead of {error}")
    else:
        reply = ""
    finally:
        note("finally")
    return reply


@program("a", makespan=1)
async def an_error_that_is_not_handled(q):
    note("before")
    await ask("bad " + q)
    note("never")


@program("a", makespan=3)
async def polling(q):
    count = 0
    while True:
        reply = await ask(f"{q}{count}")
        if "2" in reply:
            return count
        count += 1


@program("a", makespan=4)
async def sleeps_between_calls(q):
    first = await ask(q)
    await asyncio.sleep(UNIT)
    second = await ask(q + "2")
    await asyncio.sleep(UNIT)
    return first + second


@program(["a", "b", "c"], makespan=6)
async def sleeps_in_a_loop(qs):
    async def paced():
        await asyncio.sleep(UNIT)

    found = []
    for q in qs:
        found.append(await ask(q))
        await paced()
    return found


# --- objects and managers -------------------------------------------------------------------------


class Agent:
    """An agent with a memory."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.history: list[str] = []
        self.known: dict[str, str] = {}

    async def reply(self, question: str) -> str:
        if question in self.known:
            return self.known[question]
        answer = await ask(f"{self.name} {question}")
        self.known[question] = answer
        self.history.append(question)
        return answer

    async def discuss(self, questions: list[str]) -> str:
        replies = await asyncio.gather(*[self.reply(q) for q in questions])
        return await self.summary(replies)

    async def summary(self, replies: list[str]) -> str:
        return await ask(" ".join(replies))


@program(["a", "b", "c"], makespan=2)
async def a_class_with_async_methods(questions):
    agent = Agent("x")
    return await agent.discuss(questions), agent.history, agent.known


@program(["a", "b"], makespan=2)
async def several_agents(questions):
    agents = [Agent(name) for name in ("x", "y")]
    found = await asyncio.gather(*[agent.discuss(questions) for agent in agents])
    return found, [agent.history for agent in agents]


class Client:
    """A client as of a library for HTTP."""

    def __init__(self) -> None:
        self.requests = 0
        self.is_open = False

    async def __aenter__(self) -> Client:
        self.is_open = True
        note("open")
        return self

    async def __aexit__(self, kind: Any, error: Any, trace: Any) -> bool:
        self.is_open = False
        note(("close", None if kind is None else kind.__name__))
        return kind is ValueError

    async def get(self, path: str) -> str:
        self.requests += 1
        return await ask(path)


@program(["a", "b", "c"], makespan=1)
async def a_client(paths):
    async with Client() as client:
        pages = await asyncio.gather(*[client.get(path) for path in paths])
    return pages, client.requests, client.is_open


@program("bad", makespan=1)
async def a_manager_that_swallows(path):
    async with Client() as client:
        await client.get(path)
    return client.requests


@program("a", makespan=1)
async def a_manager_that_does_not(path):
    async with Client() as client:
        page = await client.get(path)
        raise KeyError(page)


class Pages:
    """An asynchronous iterator."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.at = 0

    def __aiter__(self) -> Pages:
        return self

    async def __anext__(self) -> str:
        if self.at == self.count:
            raise StopAsyncIteration
        self.at += 1
        return await ask(f"page {self.at}")


@program(3, makespan=4)
async def a_streaming_loop(count):
    found = []
    async for page in Pages(count):
        found.append(await ask(page))
    return found


@program(3, makespan=3)
async def an_async_comprehension(count):
    return [page.upper() async for page in Pages(count) if "2" not in page]


@program(["a", "b"], makespan=1)
async def awaits_in_a_comprehension(qs):
    return [await ask(q) for q in qs], {q: await ask(q) for q in qs}


# --- tasks, limits of time and number -------------------------------------------------------------


@program("a", makespan=2)
async def a_task(q):
    background = asyncio.create_task(two_steps(q))
    other = await ask("other")
    return await background, other, await background


@program(["a", "b", "c"], makespan=2)
async def tasks_in_a_list(qs):
    tasks = [asyncio.create_task(two_steps(q)) for q in qs]
    found = []
    for task in tasks:
        found.append(await task)
    return found, [task.result() for task in tasks]


@program("a", makespan=1)
async def a_task_that_fails(q):
    task = asyncio.create_task(ask("bad"))
    reply = await ask(q)
    try:
        await task
    except ValueError as error:
        return str(error), reply


@program(["a", "b", "c"], makespan=2)
async def a_task_group(qs):
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(two_steps(q)) for q in qs]
        last = group.create_task(ask("last"))
    return [task.result() for task in tasks], last.result()


@program(["a", "bad"], makespan=1)
async def a_task_group_that_fails(qs):
    async with asyncio.TaskGroup() as group:
        for q in qs:
            group.create_task(ask(q))
    return "never"


@program("a", makespan=1)
async def in_time(q):
    return await asyncio.wait_for(ask(q), 10)


@program(["a", "b", "c", "d"], makespan=1)
async def under_a_semaphore(qs):
    limit = asyncio.Semaphore(2)

    async def one(q):
        async with limit:
            return await ask(q)

    return await asyncio.gather(*[one(q) for q in qs])


@program(["a", "b", "c", "d"], makespan=2)
async def several_calls_under_a_semaphore(qs):
    limit = asyncio.Semaphore(2)

    async def one(q):
        async with limit:
            return await ask(await ask(q))

    return await asyncio.gather(*[one(q) for q in qs])


@program(["a", "b"])
async def functions_that_see_the_last_value(qs):
    waiting = []
    for q in qs:

        async def one():
            return await ask(q)  # noqa: B023

        waiting.append(one())
    return await asyncio.gather(*waiting)


async def called(function):
    return await function()


@program(["a", "b"])
async def functions_of_a_comprehension(qs):
    return await asyncio.gather(*[called(lambda: ask(q)) for q in qs])  # noqa: B023


@program(["a", "b"], makespan=2)
async def functions_that_are_passed_on(qs):
    async def twice(q):
        return await ask(await ask(q))

    return await asyncio.gather(*[with_argument(twice, q) for q in qs])


async def with_argument(function, *args, **kwargs):
    return await function(*args, **kwargs)


@program(["a", "b"], makespan=1)
async def calls_that_map_makes(qs):
    return await asyncio.gather(*map(ask, qs))


@program(["a", "b"])
async def effects_between_the_awaits_of_tasks(qs):
    async def one(q):
        reply = await ask(q)
        note(reply)
        return await ask(reply)

    return await asyncio.gather(*[one(q) for q in qs])


@program(["a", "b"], makespan=1)
async def effects_at_the_end_of_tasks(qs):
    async def one(q):
        note(await ask(q))

    await asyncio.gather(*[one(q) for q in qs])
    return LOG[0] in ("<a>", "<b>")


@program(["a", "b"])
async def ordered_calls_that_tasks_await(qs):
    return await asyncio.gather(*[save(await ask(q)) for q in qs])


@program("a")
async def an_effect_while_a_task_runs(q):
    task = asyncio.create_task(two_steps(q))
    note("made")
    other = await ask("other")
    return await task, other


@program(["a", "b"])
async def look_ups_in_a_cache_that_may_fail(qs):
    known = {}

    async def one(q):
        try:
            if q in known:
                return known[q]
            known[q] = await ask(q)
            return known[q]
        except ValueError:
            return ""

    return await asyncio.gather(*[one(q) for q in qs])


@program(["a", "b"])
async def a_semaphore_as_a_lock(qs):
    limit = asyncio.Semaphore(1)

    async def one(q):
        async with limit:
            return await ask(await ask(q))

    return await asyncio.gather(*[one(q) for q in qs])


@program(["a", "b"], makespan=1)
async def in_threads(keys):
    return await asyncio.gather(*[asyncio.to_thread(look_up, key) for key in keys])


@program("a", makespan=1)
async def blocking_operators(q):
    return look_up(q), await ask(q)


async def limited_to(limit, waiting):
    async with limit:
        return await waiting


@program(["a", "b", "c"], makespan=1)
async def a_coroutine_that_is_passed_on(qs):
    limit = asyncio.Semaphore(2)
    return await asyncio.gather(*[limited_to(limit, ask(q)) for q in qs])


@program(["a", "b", "c"], makespan=1)
async def tasks_with_effects(qs):
    seen = []

    async def work(q):
        seen.append(f"begin {q}")
        reply = await ask(q)
        seen.append(reply)
        return len(q)

    tasks = [asyncio.create_task(work(q)) for q in qs]
    seen.append("main")
    return sorted(await asyncio.gather(*tasks)), seen[0], sorted(seen)


@program("a", makespan=1)
async def a_task_with_effects(q):
    task = asyncio.create_task(noted(q))
    note("main")
    return await task, list(LOG)


@program(["a", "b", "c"], makespan=1)
async def a_task_group_with_effects(qs):
    found = {}

    async def work(q):
        found[q] = await ask(q)

    async with asyncio.TaskGroup() as group:
        for q in qs:
            group.create_task(work(q))
        found["main"] = ""
    return found


@program(["a", "bad"], makespan=1)
async def a_task_group_with_effects_that_fails(qs):
    found = []

    async def work(q):
        found.append(await ask(q))

    try:
        async with asyncio.TaskGroup() as group:
            for q in qs:
                group.create_task(work(q))
    except ExceptionGroup as error:
        return found, [str(e) for e in error.exceptions]


# --- what stays native ----------------------------------------------------------------------------


@program(["a", "b"])
async def as_they_come(qs):
    found = []
    for waiting in asyncio.as_completed([ask(q) for q in qs]):
        found.append(await waiting)
    return sorted(found)


@program(["a", "b"])
async def a_queue(qs):
    queue = asyncio.Queue()
    for q in qs:
        queue.put_nowait(q)
    found = []
    while not queue.empty():
        found.append(await ask(await queue.get()))
    return found


@program("a")
async def a_deadline(q):
    async with asyncio.timeout(10):
        return await ask(q)


@program("a")
async def awaited_twice(q):
    waiting = ask(q)
    await waiting
    return await waiting


@program("a")
async def awaited_in_a_loop(q):
    waiting = two_steps(q)
    for _ in range(2):
        await waiting


@program("a")
async def printed(q):
    waiting = [ask(q)]
    text = str(waiting)[:10]
    return text, await waiting[0]


@program(["a", "b"])
async def tasks_that_change_what_others_see(qs):
    seen = []

    async def work(q):
        seen.append(await ask(q))

    tasks = [asyncio.create_task(work(q)) for q in qs]
    seen.append("main")
    for task in tasks:
        await task
    return seen[0], sorted(seen)


@program(["a", "b"])
async def tasks_that_are_awaited_in_another_order(qs):
    one, two = (asyncio.create_task(noted(q)) for q in qs)
    await two
    await one
    return sorted(LOG)


@program("a")
async def a_task_that_begins_during_a_sleep(q):
    task = asyncio.create_task(noted(q))
    await asyncio.sleep(UNIT)
    note("awake")
    await task
    return LOG.index("awake") > 0


@program("a")
async def a_task_that_nobody_waits_for(q):
    background = asyncio.create_task(noted(q))
    await asyncio.sleep(UNIT)
    return len(LOG) > 0, background is None


@program("a")
async def a_lock(q):
    lock = asyncio.Lock()
    async with lock:
        return await ask(q)


@program("a")
async def a_task_whose_argument_changes(q):
    qs = [q]

    async def first():
        return await joined(qs)

    task = asyncio.create_task(joined(qs))
    qs.append("b")
    return await task


async def joined(qs):
    return await ask("".join(qs))
