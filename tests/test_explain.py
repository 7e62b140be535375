"""What `explain` says of programs, line by line. Rows R13 and R30.

The explanations of the programs in ``tests/programs`` are kept in ``tests/programs/explained``,
where each was read against the program. ``XCS_WRITE_EXPLAINED=1`` writes them anew.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import time

import pytest

import xcs
from tests.contract_programs import PROGRAMS, ContractProgram
from tests.programs import harness
from xcs.api.remarks import Remark

EXPLAINED = harness.FOLDER / "explained"


def explained(name: str) -> str:
    """The explanation of a program's main function, but for what changes with each load."""
    module = harness.load(name)
    text = str(xcs.jit(module.main).explain(*module.arguments()))
    lines = [line for line in text.splitlines() if not line.startswith("  passes: ")]
    return "\n".join(lines).replace(module.__name__, f"tests.programs.{name}") + "\n"


@pytest.mark.parametrize("name", harness.NAMES)
def test_explanations_of_whole_programs(name: str) -> None:  # R30
    file, found = EXPLAINED / f"{name}.txt", explained(name)
    if os.environ.get("XCS_WRITE_EXPLAINED"):
        file.write_text(found)
    assert found == file.read_text()


# --- Small programs -------------------------------------------------------------------------------


@xcs.op
def ask(question: str) -> str:
    return f"<{question}>"


@xcs.op(effects="ordered")
def save(answer: str) -> None:
    """Puts an answer somewhere."""


COUNT = 0


def stamp(answer: str) -> int:
    with open(os.devnull, "w") as file:
        return file.write(answer)


def line_of(function: object, text: str) -> int:
    lines, start = inspect.getsourcelines(function)  # type: ignore[arg-type]
    return start + next(i for i, line in enumerate(lines) if text in line)


def only(function: object, kind: str, *args: object) -> Remark:
    """The one remark of a kind in the explanation of a function."""
    found = [r for r in xcs.jit(function).explain(*args).remarks if r.kind == kind]  # type: ignore[arg-type]
    assert len(found) == 1, found
    return found[0]


def test_what_runs_at_once_has_its_place() -> None:
    def program(q: str) -> str:
        first = ask(q)
        return first + ask(q + "?")

    remark = only(program, "together", "q")
    assert (remark.file, remark.line) == (__file__, line_of(program, "first ="))
    assert remark.column == program_column(program, "ask(q)")
    assert remark.text.startswith("2 calls run at once: ask (lines ")


def program_column(function: object, text: str) -> int:
    lines, _ = inspect.getsourcelines(function)  # type: ignore[arg-type]
    return next(line.index(text) + 1 for line in lines if text in line)


def test_what_waits_says_for_which_line() -> None:
    def program(q: str) -> str:
        first = ask(q)
        return ask(first)

    remark = only(program, "waits", "q")
    assert remark.text == f"ask waits for ask (line {line_of(program, 'first =')})"


def test_a_loop_whose_iterations_need_one_another_says_so() -> None:
    def program(q: str) -> str:
        for _ in range(3):
            q = ask(q)
        return q

    explanation = xcs.jit(program).explain("q")
    line = line_of(program, "q = ask")
    expected = f"ask (line {line}) needs what ask (line {line}) gave the one before"
    assert f"iterations run one after another: {expected}" in explanation
    assert (
        explanation.splitlines()[0]
        == f"{program.__qualname__}: no two calls run at once: {expected}"
    )


def test_what_keeps_its_place_names_the_line_in_the_callee_and_what_to_declare() -> None:
    def program(qs: list[str]) -> list[int]:
        return [stamp(ask(q)) for q in qs]

    explanation = xcs.jit(program).explain(["a", "b"])
    remark = next(r for r in explanation.remarks if r.kind == "place")
    assert remark.line == line_of(stamp, "open(")
    assert "writes files" in remark.text
    assert remark.advice == "If calls of stamp may run in any order, declare it with @xcs.op"


def test_what_is_declared_ordered_is_not_advised_about() -> None:
    def program(q: str) -> None:
        save(q)
        save(ask(q))

    remarks = [r for r in xcs.jit(program).explain("q").remarks if r.kind == "place"]
    assert all("declared as ordered" in r.text and not r.advice for r in remarks)


def test_a_store_to_a_global_variable_is_blamed() -> None:
    def program(qs: list[str]) -> list[str]:
        global COUNT
        answers = []
        for q in qs:
            answers.append(ask(q))
            COUNT += 1
        return answers

    remark = only(program, "place", ["a"])
    assert "the global variable COUNT is set" in remark.text
    assert remark.line == line_of(program, "COUNT += 1")


def test_one_call_alone_says_so() -> None:
    def program(q: str) -> str:
        return ask(q).upper()

    assert "is its only call" in xcs.jit(program).explain("q").splitlines()[0]


def test_the_same_reason_is_given_once_with_all_lines() -> None:
    def program(q: str) -> str:
        class A:
            pass

        answer = ask(q)

        class B:
            pass

        return answer + A.__name__ + B.__name__

    remark = only(program, "native", "q")
    assert remark.line == line_of(program, "class A")
    assert remark.text.endswith(f"(also in lines {line_of(program, 'class B')})")


def test_equal_calls_are_pointed_out() -> None:
    def program(q: str) -> str:
        first = ask(q)
        return first + ask(q)

    assert "deterministic=True" in only(program, "gain", "q").advice


def test_lines_of_other_files_name_these() -> None:
    module = harness.load("debate")
    explanation = xcs.jit(lambda *args: module.main(*args)).explain(*module.arguments())
    assert "debate.py, line 119: iterations run at once: chat (debate.py:120)" in explanation


def test_no_source_and_wrong_arguments_are_told_in_plain_words() -> None:
    text = xcs.jit(len).explain([1])
    assert text.startswith("len: runs as plain Python: builtin_function_or_method objects")

    class Agent:
        @xcs.jit
        def answer(self, q: str) -> str:
            return ask(q)

    assert "only call" in Agent.answer.explain(Agent(), "q")
    with pytest.raises(
        TypeError, match=r"answer\(\) missing .*: 'q'; a method is given its object"
    ):
        Agent().answer.explain("q")


def test_explanations_are_data_and_tables() -> None:
    def program(q: str) -> list[str]:
        return [ask(q + "<b>"), ask(q + "2")]

    explanation = xcs.jit(program).explain("q")
    data = json.loads(json.dumps(explanation.as_dict()))
    assert data["strategy"] == "parallel"
    assert data["remarks"][0].keys() == {"file", "line", "column", "kind", "text", "advice"}
    assert "<table>" in explanation.as_html()
    assert explanation._repr_html_() == explanation.as_html()


def test_explaining_runs_nothing() -> None:
    called = []
    noted = xcs.op(lambda q: called.append(q))
    xcs.jit(lambda q: [noted(q), noted(q + "2")]).explain("q")
    assert called == []


def test_a_run_tells_where_the_time_went_and_what_order_cost() -> None:
    def slow(q: str) -> str:
        time.sleep(0.02)
        return q

    kept = xcs.op(effects="ordered")(slow)

    def program(qs: list[str]) -> list[str]:
        return [kept(q) for q in qs]

    jitted = xcs.jit(program)
    jitted(["a", "b", "c"])
    gains = [r for r in jitted.explain(["a", "b", "c"]).remarks if r.kind == "gain"]
    assert "of the longest chain of calls, in 3 of its 3 calls" in gains[0].text
    assert "keeps its place, which took" in gains[1].text
    assert "effects='unordered'" in gains[1].advice
    assert any(
        "unordered" in told for told in xcs.get_jit_stats(jitted)["optimization_opportunities"]
    )


def test_limits_that_were_in_the_way_are_named() -> None:
    def slow(q: str) -> str:
        time.sleep(0.02)
        return q

    limited = xcs.op(max_concurrency=2)(slow)
    jitted = xcs.jit(lambda qs: [limited(q) for q in qs])
    jitted(list("abcdef"))
    assert "ran 2 at a time" in jitted.explain(list("abcdef"))
    one = xcs.jit(lambda qs: [slow_op(q) for q in qs], config=xcs.Config(max_workers=1))
    slow_op = xcs.op(slow)
    one(list("abc"))
    assert "3 calls had to share 1 workers" in one.explain(list("abc"))


@pytest.mark.parametrize("tested", PROGRAMS[::9], ids=lambda tested: tested.name)
def test_there_is_something_to_say_of_every_program(tested: ContractProgram) -> None:
    jitted = xcs.jit(tested.function)
    args, kwargs = tested.calls[0].fresh()
    try:
        explanation = jitted.explain(*args, **kwargs)
    except TypeError:  # a call that Python refuses
        return
    json.dumps(explanation.as_dict())
    assert explanation.report.headline
    args, kwargs = tested.calls[0].fresh()
    with contextlib.suppress(Exception):
        jitted(*args, **kwargs)
    stats = xcs.get_jit_stats(jitted)
    if stats["execution_strategy"] == "sequential":
        assert stats["fallback_reason"]
