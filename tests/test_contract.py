"""The contract (DESIGN section 1), program by program: jitted, each does what plain Python does."""

from __future__ import annotations

import functools
import inspect
import random
import threading
import time
import traceback
import types
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import contract_programs as programs
import jax
import jax.numpy as jnp
import pytest
from contract_programs import PROGRAMS, ContractProgram, ask, measure, save
from differential import Outcome, freeze, observe, within_time

import xcs


@pytest.fixture(autouse=True)
def _fresh_world() -> None:
    programs.reset()


def outcomes(function: Any, tested: ContractProgram) -> tuple[list[Outcome], Counter[Any]]:
    """What the program's calls came to, one after the other, and the unordered calls they made."""
    programs.reset()
    found = []
    for args, kwargs in (call.fresh() for call in tested.calls):
        found.append(observe(function, args, kwargs, state=programs.state))
    return found, Counter(programs.CALLS)


@pytest.mark.parametrize("max_workers", [None, 1], ids=["parallel", "one worker"])
@pytest.mark.parametrize("tested", PROGRAMS, ids=lambda p: p.name)
def test_program(tested: ContractProgram, max_workers: int | None) -> None:  # R1, R7, R8, R22
    expected, expected_calls = outcomes(tested.function, tested)
    fast = xcs.jit(tested.function, config=xcs.Config(max_workers=max_workers))
    actual, actual_calls = within_time(lambda: outcomes(fast, tested))
    assert actual == expected
    if any(outcome.error for outcome in expected):
        assert expected_calls <= actual_calls
    else:
        assert expected_calls == actual_calls
    # Again, from the cache.
    again, _ = within_time(lambda: outcomes(fast, tested))
    assert again == expected


def stats(function: Any) -> dict[str, Any]:
    return xcs.get_jit_stats(function)


# --- R1: what can be jitted, and what it looks like afterwards ------------------------------------


def test_decorator_without_arguments() -> None:  # R1
    @xcs.jit
    def answer(q: str) -> str:
        return ask(q)

    assert answer("a") == "<a>"


def test_decorator_with_arguments() -> None:  # R1
    @xcs.jit(config=xcs.Config(max_workers=2))
    def answer(q: str) -> str:
        return ask(q)

    assert answer("a") == "<a>"


def test_metadata_is_kept() -> None:  # R1
    def answer(q: str, *, mark: str = "?") -> str:
        """Answers."""
        return ask(q + mark)

    jitted = xcs.jit(answer)
    assert jitted.__name__ == "answer"
    assert jitted.__qualname__ == answer.__qualname__
    assert jitted.__doc__ == "Answers."
    assert jitted.__module__ == __name__
    assert jitted.__wrapped__ is answer
    assert inspect.signature(jitted) == inspect.signature(answer)


def test_jitting_twice_is_a_no_op() -> None:  # R1
    jitted = xcs.jit(programs.one_call)
    assert xcs.jit(jitted) is jitted
    assert xcs.jit(config=xcs.Config(max_workers=1))(jitted) is jitted


def test_lambda() -> None:  # R1
    jitted = xcs.jit(lambda q, end="!": ask(q) + end)
    assert jitted("a") == "<a>!"
    assert jitted("b", end="?") == "<b>?"
    assert stats(jitted)["execution_strategy"] != "fallback"


def test_two_lambdas_on_one_line() -> None:  # R1
    first, second = xcs.jit(lambda q: ask(q)), xcs.jit(lambda q: ask(q + "2"))
    assert (first("a"), second("a")) == ("<a>", "<a2>")


def test_closure() -> None:  # R1
    def make(prefix: str) -> Any:
        @xcs.jit
        def answer(q: str) -> str:
            return ask(prefix + q)

        return answer

    one, two = make("one "), make("two ")
    assert (one("a"), two("a"), one("b")) == ("<one a>", "<two a>", "<one b>")


class Agent:
    """Holds jitted methods of every kind."""

    kind = "agent"

    def __init__(self, name: str):
        self.name = name

    @xcs.jit
    def answer(self, q: str) -> str:
        return ask(f"{self.name} {q}")

    @xcs.jit
    @classmethod
    def of_class(cls, q: str) -> str:
        return ask(f"{cls.kind} {q}")

    @staticmethod
    @xcs.jit
    def of_nothing(q: str) -> str:
        return ask(q)

    @xcs.jit
    def rename(self, name: str) -> str:
        self.name = ask(name)
        return self.name

    @xcs.jit
    def __call__(self, q: str) -> list[str]:
        return [self.answer(q), self.answer(q + "2")]


def test_methods() -> None:  # R1
    bob, eve = Agent("bob"), Agent("eve")
    assert (bob.answer("a"), eve.answer("a")) == ("<bob a>", "<eve a>")
    assert (Agent.of_class("a"), bob.of_class("b")) == ("<agent a>", "<agent b>")  # type: ignore[call-arg]
    assert (Agent.of_nothing("a"), bob.of_nothing("b")) == ("<a>", "<b>")
    assert bob("q") == ["<bob q>", "<bob q2>"]
    assert Agent.answer(bob, "x") == "<bob x>"


def test_method_that_changes_its_object() -> None:  # R1, R3
    bob = Agent("bob")
    assert bob.answer("a") == "<bob a>"
    assert bob.rename("rob") == "<rob>"
    assert bob.answer("a") == "<<rob> a>"


def test_fresh_instances_at_each_call() -> None:  # R1, R3
    for name in ("a", "b", "c"):
        assert Agent(name).answer("q") == f"<{name} q>"


def test_partial_and_callable_object() -> None:  # R1
    hot = functools.partial(programs.asks_twice, mark="!")
    assert xcs.jit(hot)("a") == hot("a")
    assert xcs.jit(Agent("bob"))("a") == Agent("bob")("a")  # type: ignore[call-arg]


def test_a_builtin_and_an_operator_can_be_jitted() -> None:  # R1, R8
    assert xcs.jit(len)("abc") == 3
    assert xcs.jit(ask)("a") == "<a>"


# --- R3: reuse ------------------------------------------------------------------------------------


def test_other_values_and_longer_lists_are_not_captured_again() -> None:  # R3, R5
    jitted = xcs.jit(programs.for_over_a_list)
    for items in (["a"], ["b"], list("abcdefghij"), []):
        assert jitted(items) == programs.for_over_a_list(items)
    assert stats(jitted)["cache_hit_rate"] == 3 / 4


def test_another_kind_of_argument_is_captured_again() -> None:  # R3
    jitted = xcs.jit(programs.one_call)
    assert [jitted(q) for q in ("a", 1, "b", 2)] == ["<a>", "<1>", "<b>", "<2>"]
    assert stats(jitted)["cache_hit_rate"] == 2 / 4


def test_another_shape_is_captured_again() -> None:  # R3
    jitted = xcs.jit(programs.array_shape_is_python)
    assert [len(jitted(jnp.zeros(n))[0]) for n in (2, 3, 2)] == [2, 3, 2]


PREFIX = "one"


def helper_of_this_module(q: str) -> str:
    return ask(f"first {q}")


def test_a_changed_global_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:  # R3
    @xcs.jit
    def answer(q: str) -> str:
        return helper_of_this_module(PREFIX + q)

    assert answer("a") == "<first onea>"
    monkeypatch.setattr("test_contract.PREFIX", "two")
    assert answer("a") == "<first twoa>"
    monkeypatch.setattr("test_contract.helper_of_this_module", lambda q: ask(f"second {q}"))
    assert answer("a") == "<second twoa>"
    monkeypatch.undo()
    assert answer("a") == "<first onea>"


def test_a_global_that_appears_and_goes(monkeypatch: pytest.MonkeyPatch) -> None:  # R3
    @xcs.jit
    def size(q: str) -> int:
        return len(ask(q))

    assert size("a") == 3
    monkeypatch.setattr("test_contract.len", lambda x: -1, raising=False)
    assert size("a") == -1
    monkeypatch.undo()
    assert size("a") == 3


def test_a_changed_closure_cell_is_seen() -> None:  # R3
    prefix = "one"

    @xcs.jit
    def answer(q: str) -> str:
        return ask(prefix + q)

    assert answer("a") == "<onea>"
    prefix = "two"
    assert answer("a") == "<twoa>"


def test_a_changed_attribute_is_seen() -> None:  # R3
    bob = Agent("bob")
    assert bob.answer("a") == "<bob a>"
    bob.name = "rob"
    assert bob.answer("a") == "<rob a>"


def test_a_changed_class_attribute_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:  # R3
    assert Agent.of_class("a") == "<agent a>"  # type: ignore[call-arg]
    monkeypatch.setattr(Agent, "kind", "robot")
    assert Agent.of_class("a") == "<robot a>"  # type: ignore[call-arg]


def test_a_changed_container_is_seen() -> None:  # R3
    prompts = ["one", "two"]
    options = {"mark": "?"}

    @xcs.jit
    def answers() -> list[str]:
        return [ask(p + options["mark"]) for p in prompts]

    assert answers() == ["<one?>", "<two?>"]
    prompts.append("three")
    assert answers() == ["<one?>", "<two?>", "<three?>"]
    options["mark"] = "!"
    assert answers() == ["<one!>", "<two!>", "<three!>"]
    prompts[0] = "uno"
    assert answers() == ["<uno!>", "<two!>", "<three!>"]


def test_a_changed_operator_is_seen() -> None:  # R3
    table = {"model": ask}

    @xcs.jit
    def answer(q: str) -> Any:
        return table["model"](q)

    assert answer("abc") == "<abc>"
    table["model"] = measure
    assert answer("abc") == 3


def test_a_changed_helper_default_is_seen() -> None:  # R3
    def helper(q: str, mark: str = "?") -> str:
        return ask(q + mark)

    @xcs.jit
    def answer(q: str) -> str:
        return helper(q)

    assert answer("a") == "<a?>"
    helper.__defaults__ = ("!",)
    assert answer("a") == "<a!>"


def test_static_arguments_by_value() -> None:  # R3
    @functools.partial(xcs.jit, static_argnames=("times",))
    def answers(q: str, times: int) -> list[str]:
        return [ask(q) for _ in range(times)]

    assert [len(answers("a", n)) for n in (1, 3, 1, 3)] == [1, 3, 1, 3]
    assert stats(answers)["cache_hit_rate"] == 2 / 4


def test_many_kinds_of_arguments_do_not_grow_the_cache_without_end() -> None:  # R3
    jitted = xcs.jit(programs.collections_of_functions, static_argnames="q")
    for number in range(300):
        assert jitted(str(number))
    assert xcs.get_jit_stats(jitted)["programs"] <= 129


# --- R4, R5, R6: what runs at once ----------------------------------------------------------------


def test_three_unmarked_callables_run_at_once() -> None:  # R4
    events: list[str] = []

    def first(x: int) -> int:
        events.append("start")
        time.sleep(0.05)
        events.append("end")
        return x + 1

    def second(x: int) -> int:
        events.append("start")
        time.sleep(0.05)
        events.append("end")
        return x + 2

    def third(x: int) -> int:
        events.append("start")
        time.sleep(0.05)
        events.append("end")
        return x + 3

    @xcs.jit
    def total(x: int) -> int:
        a = first(x)
        b = second(x)
        c = third(x)
        return a + b + c

    assert total(1) == 9
    assert events == ["start"] * 3 + ["end"] * 3  # so all started within 50 ms of one another
    assert total(2) == 12
    assert stats(total)["group_sizes"] == [3]
    assert stats(total)["parallel_groups"] == 1


def test_callables_that_take_their_own_time_run_at_once() -> None:  # R4
    spans: list[tuple[float, float]] = []

    def timed(x: int) -> int:
        start = time.perf_counter()
        time.sleep(0.05)
        spans.append((start, time.perf_counter()))
        return x

    @xcs.jit
    def total(x: int) -> int:
        return timed(x) + timed(2 * x) + timed(3 * x)

    assert total(1) == 6
    assert max(start for start, _ in spans) < min(end for _, end in spans)
    assert stats(total)["group_sizes"] == [3]


def test_strict_effects_keep_unmarked_callables_in_order() -> None:  # R4, R12
    started: list[int] = []

    def step(x: int) -> int:
        started.append(x)
        time.sleep(0.001)
        return x

    @xcs.jit(config=xcs.Config(effects="strict"))
    def total() -> int:
        return step(3) + step(2) + step(1)

    assert total() == 6
    assert started == [3, 2, 1]


def test_a_comprehension_over_a_model_is_a_map() -> None:  # R5
    together = threading.Barrier(4, timeout=30)

    @xcs.op(kind="model")
    def model(x: str) -> str:
        together.wait()
        return x.upper()

    @xcs.jit
    def answers(items: list[str]) -> list[str]:
        return [model(x) for x in items]

    assert answers(list("abcd")) == list("ABCD")
    found = stats(answers)
    assert found["vectorizable_chains"] > 0
    assert found["execution_strategy"] == "vectorized"
    assert answers(list("abcd") * 10) == list("ABCD") * 10
    assert stats(answers)["cache_hit_rate"] == 1 / 2


def test_a_hybrid_function() -> None:  # R6
    def program(x: jax.Array, q: str) -> jax.Array:
        y = jnp.sin(x) * 2
        n = measure(ask_size(q))
        return jnp.exp(y) + n

    def ask_size(q: str) -> str:
        return q * 2

    jitted = xcs.jit(program)
    x = jnp.arange(4.0)
    actual, expected = jitted(x, "ab"), program(x, "ab")
    assert jnp.allclose(actual, expected)
    assert actual.dtype == expected.dtype
    found = stats(jitted)
    assert found["execution_strategy"] == "hybrid"
    assert found["tensor_operations"] == 2
    assert found["orchestration_operations"] == 1
    assert found["fused_kernels"] == 2
    assert "stablehlo" in jitted.trace(x, "ab").lower().as_text("stablehlo")


def test_numpy_arguments_give_what_jax_jit_gives() -> None:  # DESIGN 1.1
    @xcs.jit
    def program(x: Any, q: str) -> Any:
        return x * 2 + measure(q), x.sum(), ask(x.shape)

    y, total, text = program(programs.np.arange(3.0), "a")
    assert y.tolist() == [1.0, 3.0, 5.0]
    assert float(total) == 3.0
    assert text == "<(3,)>"


def test_independent_operators_run_at_once_and_dependent_ones_do_not() -> None:  # R4
    together = threading.Barrier(2, timeout=30)
    running: list[str] = []

    @xcs.op
    def meet(name: str) -> str:
        together.wait()
        running.append(name)
        return name

    @xcs.jit
    def program() -> tuple[str, str]:
        a, b = meet("a1"), meet("b1")
        return meet(a + "2"), meet(b + "2")

    assert program() == ("a12", "b12")
    assert [name[1:] for name in running] == ["1", "1", "12", "12"]


# --- R8: what stays Python ------------------------------------------------------------------------


def test_a_function_without_source_falls_back() -> None:  # R8
    space: dict[str, Any] = {"ask": ask}
    exec("def answer(q):\n    return ask(q)", space)
    jitted = xcs.jit(space["answer"])
    assert jitted("a") == "<a>"
    found = stats(jitted)
    assert found["execution_strategy"] == "fallback"
    assert "source" in found["fallback_reason"]


def line_of(function: Any, text: str) -> int:
    lines, start = inspect.getsourcelines(function)
    return start + next(i for i, line in enumerate(lines) if text in line)


def test_a_random_choice_between_two_calls() -> None:  # R8
    def program(q: str) -> str:
        if random.random() > 0.5:  # the line
            return ask("heads" + q)
        return ask("tails" + q)

    jitted = xcs.jit(program)
    random.seed(7)
    expected = [program("a") for _ in range(10)]
    random.seed(7)
    assert [jitted("a") for _ in range(10)] == expected
    found = stats(jitted)
    assert found["execution_strategy"] in ("fallback", "partial_optimization")
    assert f"{line_of(program, '# the line')}" in found["fallback_reason"]


@pytest.mark.parametrize(
    ("function", "text"),
    [(programs.eval_and_locals, "eval("), (programs.generator_function, "yield")],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_the_reason_names_the_line(function: Any, text: str) -> None:  # R8
    jitted = xcs.jit(function)
    result = jitted("a")
    if isinstance(result, types.GeneratorType):
        assert list(result) == ["<a>"]
    found = stats(jitted)
    assert found["execution_strategy"] in ("fallback", "partial_optimization")
    first, last = function.__code__.co_firstlineno, line_of(function, text)
    assert any(f"{line}" in found["fallback_reason"] for line in range(first, last + 1))


def test_no_data_before_the_first_call() -> None:  # R29
    assert stats(xcs.jit(programs.one_call)) == {"status": "no_data"}


# --- R22: errors ----------------------------------------------------------------------------------


def test_the_error_of_an_operator_tells_where_and_on_what() -> None:  # R22
    def program(q: str) -> str:
        return programs.picky(q + "!")  # the line

    with pytest.raises(ValueError, match="exclamation") as caught:
        xcs.jit(program)("hello")
    error = caught.value
    assert isinstance(error, xcs.XCSExecutionError)
    assert error.args == ("exclamation", "hello!")
    assert isinstance(error.original_error, ValueError)
    assert error.__cause__ is error.original_error
    assert "picky" in error.operator
    assert f"{line_of(program, '# the line')}" in error.source_line
    assert str(error) == str(error.original_error)
    for part in ("picky", "test_contract.py", "hello!"):
        assert part in traceback.format_tb(error.__traceback__)[-1]
    frames = traceback.extract_tb(error.original_error.__traceback__)
    assert "picky" in [frame.name for frame in frames]


def test_handlers_of_every_base_class_catch_the_error() -> None:  # R22
    jitted = xcs.jit(programs.operator_raises_key_error)
    for base in (KeyError, LookupError, Exception, xcs.XCSExecutionError, xcs.XCSError):
        with pytest.raises(base):
            jitted("missing")


def test_the_first_error_in_program_order_wins_on_the_clock_too() -> None:  # R22
    second_failed = threading.Event()

    @xcs.op
    def fails_late() -> str:
        assert second_failed.wait(30)
        raise KeyError("first in the program")

    @xcs.op
    def fails_at_once() -> str:
        second_failed.set()
        raise ValueError("first on the clock")

    @xcs.jit
    def program() -> list[str]:
        return [fails_late(), fails_at_once()]

    with pytest.raises(KeyError, match="first in the program"):
        program()


def test_an_ordered_effect_waits_for_what_precedes_it() -> None:  # DESIGN 1.3
    finished: list[str] = []

    @xcs.op
    def slow(name: str) -> str:
        time.sleep(0.01)
        finished.append(name)
        return name

    @xcs.op(effects="ordered")
    def commit() -> list[str]:
        return list(finished)

    @xcs.jit
    def program() -> list[str]:
        slow("a")
        slow("b")
        return commit()

    assert sorted(program()) == ["a", "b"]


def test_the_jitted_function_works_after_an_error() -> None:  # R22
    jitted = xcs.jit(programs.operator_raises_key_error)
    with pytest.raises(KeyError):
        jitted("missing")
    assert jitted("a") == ("<x>", "A")


# --- R24: nested, recursive and concurrent use ----------------------------------------------------


@xcs.jit
def inner(q: str) -> list[str]:
    return [ask(q), ask(q + "2")]


@xcs.op
def runs_inner(q: str) -> list[str]:
    return inner(q)


@xcs.jit(config=xcs.Config(max_workers=1))
def tree(depth: int) -> list[Any]:
    if depth == 0:
        return [ask("leaf")]
    return [subtree(depth - 1), subtree(depth - 1)]


@xcs.op
def subtree(depth: int) -> list[Any]:
    return tree(depth)


@pytest.mark.parametrize("max_workers", [None, 1, 2])
def test_jitted_functions_inside_operators(max_workers: int | None) -> None:  # R24
    @xcs.jit(config=xcs.Config(max_workers=max_workers))
    def outer(items: list[str]) -> list[list[str]]:
        return [runs_inner(x) for x in items]

    items = [str(i) for i in range(12)]
    assert within_time(lambda: outer(items)) == [[f"<{x}>", f"<{x}2>"] for x in items]


def test_recursion_through_operators_with_one_worker() -> None:  # R24
    assert within_time(lambda: tree(4)) == tree.__wrapped__(4)


def test_a_counter_changed_by_an_ordered_operator_from_ten_threads() -> None:  # R24
    counter = {"value": 0}

    @xcs.op(effects="ordered")
    def increase() -> int:
        value = counter["value"]
        time.sleep(0.0001)
        counter["value"] = value + 1
        return value

    @xcs.jit
    def thrice(q: str) -> str:
        increase()
        increase()
        increase()
        return ask(q)

    def from_ten_threads() -> list[str]:
        with ThreadPoolExecutor(10) as threads:
            return list(threads.map(thrice, [str(i) for i in range(10)]))

    assert within_time(from_ten_threads) == [f"<{i}>" for i in range(10)]
    assert counter["value"] == 30


def test_a_global_counter_changed_by_an_unmarked_function_from_ten_threads() -> None:  # R24
    @xcs.jit
    def thrice(q: str) -> str:
        programs.bump()
        programs.bump()
        programs.bump()
        return ask(q)

    def from_ten_threads() -> list[str]:
        with ThreadPoolExecutor(10) as threads:
            return list(threads.map(thrice, [str(i) for i in range(10)]))

    within_time(from_ten_threads)
    assert programs.COUNTER == 30


CONCURRENT = [
    p
    for p in PROGRAMS
    if p.name
    in (
        "accumulator", "all_kinds_of_parameters", "cache_in_a_dict", "comprehensions_of_all_kinds",
        "early_return", "error_in_the_middle_of_a_map", "for_over_a_list", "helper_is_followed",
        "history_of_messages", "jax_argument_and_an_operator", "try_around_an_operator",
        "nested_function_closes_over_a_result", "star_star_arguments", "string_methods",
    )
]  # fmt: skip


@pytest.mark.parametrize("tested", CONCURRENT, ids=lambda p: p.name)
def test_concurrent_calls(tested: ContractProgram) -> None:  # R24
    calls = tested.calls * 8
    expected = [observe(tested.function, *call.fresh()) for call in calls]
    jitted = xcs.jit(tested.function)

    def from_threads() -> list[Outcome]:
        start = threading.Barrier(8)

        def one(number: int) -> Outcome:
            if number < 8:
                start.wait(30)  # the first capture happens in all threads at once
            return observe(jitted, *calls[number].fresh())

        with ThreadPoolExecutor(8) as threads:
            return list(threads.map(one, range(len(calls))))

    assert within_time(from_threads) == expected


def test_contextvars_follow_the_call() -> None:  # DESIGN 8
    import contextvars

    user = contextvars.ContextVar("user", default="nobody")

    @xcs.op
    def who(q: str) -> str:
        return f"{user.get()} {q}"

    @xcs.jit
    def program(items: list[str]) -> list[str]:
        return [who(x) for x in items]

    assert program(["a", "b"]) == ["nobody a", "nobody b"]
    token = user.set("ada")
    try:
        assert program(["a", "b"]) == ["ada a", "ada b"]
    finally:
        user.reset(token)


def test_no_thread_is_left_running_a_call() -> None:  # R28
    started = threading.Event()
    release = threading.Event()

    @xcs.op
    def waits() -> str:
        started.set()
        assert release.wait(30)
        return "done"

    @xcs.op
    def fails_then() -> str:
        assert started.wait(30)
        release.set()
        raise ValueError("fails")

    finished: list[str] = []

    @xcs.op
    def notes(text: str) -> None:
        finished.append(text)

    @xcs.jit
    def program() -> None:
        text = waits()
        notes(text)
        fails_then()

    with pytest.raises(ValueError, match="fails"):
        within_time(program)
    assert finished == ["done"]  # what precedes the error in the program was awaited


def test_freeze_tells_shared_lists_from_equal_ones() -> None:
    shared = [1]
    assert freeze([shared, shared]) != freeze([[1], [1]])
    assert freeze([shared, shared]) == freeze([[1]] * 2)
    assert freeze(1) != freeze(True)
    assert freeze(jnp.ones(1)) != freeze([1.0])
    assert save is programs.save
