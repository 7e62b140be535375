"""Captured functions that only compute run as Python functions, and nobody can tell.

Each program is compared with plain Python; `ops` says which ops the engine has evaluated itself.
"""

from __future__ import annotations

import threading
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

import xcs
from tests.differential import freeze
from tests.engine_support import plan_of
from xcs.runtime import run

LOG: list[str] = []


@xcs.op(kind="model")
def ask(prompt: str) -> str:
    if prompt == "refused":
        raise ValueError(prompt)
    return prompt.upper()


@xcs.op(kind="tool", effects="ordered")
def note(text: str) -> None:
    LOG.append(text)
    if text == "refused":
        raise ValueError(text)


def ops(function: Callable[..., Any], *args: Any) -> Counter[str]:
    """The ops that one call of a jitted function evaluates, by name."""
    jitted = xcs.jit(function, config=xcs.Config(profile=True))
    jitted(*args)
    return Counter(record.name for record in jitted.__xcs_jit__.stats.records)


def outcome(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """What a call gives or raises, and what it leaves behind."""
    LOG.clear()
    try:
        result: Any = function(*args)
    except Exception as error:
        result = type(error).__mro__[-3:], str(error), error.args
    return freeze(result, args, list(LOG))


def agrees(function: Callable[..., Any], make: Callable[[], tuple[Any, ...]]) -> bool:
    """Whether the jitted function does what the plain one does, on the first call and the next."""
    jitted, expected = xcs.jit(function), outcome(function, make())
    return all(outcome(jitted, make()) == expected for _ in range(2))


# --- What runs as a whole -------------------------------------------------------------------------


def count(words: list[str], seen: dict[str, int]) -> None:
    for word in words:
        seen[word] = seen.get(word, 0) + 1


def score(words: list[str], seen: dict[str, int]) -> int:
    total = 0
    for word in words:
        total += seen[word] * len(word)
    return total


def counted(text: str) -> tuple[int, str]:
    seen: dict[str, int] = {}
    words = text.split()
    count(words, seen)
    return score(words, seen), ask(text)


def test_helpers_with_loops_are_called_as_they_are() -> None:
    evaluated = ops(counted, "a b a " * 50)
    assert evaluated["orch.setitem"] == 0
    assert sum(evaluated.values()) < 20
    assert agrees(counted, lambda: ("b a b c " * 20,))


@dataclass
class Index:
    postings: dict[str, list[int]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)

    def add(self, text: str) -> int:
        number = len(self.texts)
        self.texts.append(text)
        for word in text.split():
            self.postings.setdefault(word, []).append(number)
        return number

    def find(self, word: str) -> list[str]:
        return [self.texts[number] for number in self.postings.get(word, [])]


def test_methods_change_the_very_object() -> None:
    def main(index: Index, texts: list[str]) -> tuple[list[int], list[str], str]:
        numbers = [index.add(text) for text in texts]
        return numbers, index.find("b"), ask(texts[0])

    assert agrees(main, lambda: (Index({"b": []}), ["a b", "b c b", "d"]))


def test_the_objects_are_the_same_ones() -> None:
    def pick(items: list[list[int]], chosen: list[list[int]]) -> list[int]:
        for item in items:
            if item:
                chosen.append(item)
        return chosen[-1]

    def main(items: list[list[int]]) -> tuple[bool, list[list[int]], str]:
        chosen: list[list[int]] = []
        last = pick(items, chosen)
        last.append(7)
        return last is items[-1], chosen, ask("x")

    assert agrees(main, lambda: ([[1], [], [2]],))


def test_parameters_of_every_kind() -> None:
    def joined(
        first: str, /, *rest: str, key: Callable[[str], str], seen: list[str], **named: str
    ) -> tuple[str, dict[str, str]]:
        for part in (first, *rest, *named.values()):
            seen.append(key(part))
        return "-".join(seen), named

    def main(a: str, b: str) -> Any:
        seen: list[str] = []
        text, named = joined(a, b, "c", key=str.upper, seen=seen, x=a, y=b)
        again, _ = joined(text, key=str.lower, seen=seen)
        return text, again, named, seen, ask(a)

    assert agrees(main, lambda: ("a", "b"))


def test_recursion() -> None:
    def flat(tree: Any, into: list[int]) -> int:
        if isinstance(tree, int):
            into.append(tree)
            return 1
        return sum([flat(part, into) for part in tree])

    def main(tree: Any) -> tuple[int, list[int], str]:
        into: list[int] = []
        return flat(tree, into), into, ask("x")

    assert agrees(main, lambda: ([1, [2, [3, 4]], [[5]]],))


def deep(n: int, seen: list[int]) -> int:
    seen.append(n)
    return deep(n + 1, seen)


def test_a_recursion_without_end() -> None:
    def main() -> None:
        deep(0, [])

    with pytest.raises(RecursionError):
        xcs.jit(main)()


# --- Loops in functions that do more --------------------------------------------------------------


def longest_words(texts: list[str]) -> tuple[str, int, str]:
    longest, total = "", 0
    for text in texts:
        for word in text.split():
            if len(word) > len(longest):
                longest = word
            total += len(word)
    return longest, total, ask(longest)


def test_a_loop_between_calls_runs_as_a_whole() -> None:
    evaluated = ops(longest_words, ["a bb ccc"] * 50)
    assert sum(evaluated.values()) < 20
    assert agrees(longest_words, lambda: (["a bb", "", "dddd c"],))


def found_and_left(texts: list[str]) -> Any:
    reply = ask(texts[0])
    for text in texts:
        if text.startswith("b"):
            break
        last = text
    else:
        last = "none"
    try:
        shown = last
    except UnboundLocalError as error:
        shown = str(error)
    return reply, shown, text


def test_variables_of_a_loop_that_may_be_unbound() -> None:
    assert agrees(found_and_left, lambda: (["a", "c"],))
    assert agrees(found_and_left, lambda: (["a", "b", "c"],))
    assert agrees(found_and_left, lambda: (["b"],))


def shifted(numbers: list[int], by: int) -> Any:
    def add(number: int) -> int:
        return number + by

    first = ask(str(by))
    moved = [add(number) for number in numbers]
    pairs = {str(number): number * by for number in moved if number}
    while moved and moved[-1] > by:
        last = moved.pop()
        pairs[str(last)] = -last
    return first, moved, pairs


def test_comprehensions_and_while_loops() -> None:
    assert agrees(shifted, lambda: ([1, 2, 3], 2))
    assert agrees(shifted, lambda: ([], 2))


def made_with(step: int) -> Callable[..., Any]:
    def main(numbers: list[int], out: list[int]) -> Any:
        reply = ask(str(step))
        for number in numbers:
            if number == 13:
                raise KeyError(number)
            out.append(number * step)
        return reply, out

    return main


def test_a_loop_that_reads_a_cell_and_fails() -> None:
    assert agrees(made_with(3), lambda: ([1, 2], []))
    assert agrees(made_with(3), lambda: ([1, 13, 2], [0]))
    with pytest.raises(KeyError) as caught:
        xcs.jit(made_with(3))([13], [])
    error: Any = caught.value
    assert error.source_line == f"{__file__}:{made_with.__code__.co_firstlineno + 5}"
    assert traceback.extract_tb(error.__cause__.__traceback__)[0].line == "raise KeyError(number)"


def test_a_loop_in_a_block_that_fails_leaves_its_variables() -> None:
    def main(words: list[str], text: str) -> Any:
        count = 0
        try:
            for word in words:
                count += len(word)
            reply = ask(text)
            count += 100
        except ValueError:
            reply = "none"
        return count, reply

    assert agrees(main, lambda: (["a", "bb"], "fine"))
    assert agrees(main, lambda: (["a", "bb"], "refused"))


def test_a_loop_over_replies_overlaps_them() -> None:
    def main(prompts: list[str]) -> list[str]:
        out: list[str] = []
        for reply in [ask(prompt) for prompt in prompts]:
            if reply not in out:
                out.append(reply)
        return [ask(reply + "!") for reply in out]

    assert agrees(main, lambda: (["a", "b", "a"],))


def test_a_coroutine_is_not_made_in_python() -> None:
    async def work(name: str) -> str:
        return ask(name)

    async def main(names: list[str]) -> list[str]:
        import asyncio

        jobs = []
        for name in names:
            jobs.append(work(name))
        return list(await asyncio.gather(*jobs))

    import asyncio

    assert asyncio.run(xcs.jit(main)(["a", "b"])) == ["A", "B"]


# --- What is still to come ------------------------------------------------------------------------


def test_a_value_that_is_to_come_is_waited_for() -> None:
    def main(text: str) -> tuple[int, dict[str, int]]:
        seen: dict[str, int] = {}
        words = ask(text).split()
        count(words, seen)
        return score(words, seen), seen

    assert agrees(main, lambda: ("a b a",))


def test_a_store_of_what_is_to_come_holds_nothing_up() -> None:
    both = threading.Barrier(2, timeout=20)

    @xcs.op(kind="model")
    def meet(prompt: str) -> str:
        both.wait()
        return prompt

    def keep(replies: dict[str, str], prompt: str, reply: str) -> None:
        for key in (prompt, prompt.upper()):
            replies[key] = reply

    def main(prompts: list[str]) -> dict[str, str]:
        replies: dict[str, str] = {}
        for prompt in prompts:
            if prompt not in replies:
                keep(replies, prompt, meet(prompt))
        return replies

    assert xcs.jit(main)(["a", "b"]) == {"a": "a", "A": "a", "b": "b", "B": "b"}


def test_elements_that_are_to_come() -> None:
    def kept(texts: list[str], seen: dict[str, int]) -> list[str]:
        found = []
        for text in texts:
            if text not in seen:
                found.append(text)
        return found

    def main(prompts: list[str]) -> tuple[list[str], dict[str, int]]:
        seen = {"A": 1}
        seen["B"] = 2
        return [ask(text + "!") for text in kept([ask(p) for p in prompts], seen)], seen

    assert agrees(main, lambda: (["a", "b", "c"],))


def test_a_list_with_changes_that_are_not_done_is_read_as_it_will_be() -> None:
    def main(items: list[str]) -> tuple[int, int, list[str]]:
        seen: dict[str, int] = {}
        first = ask("first")
        items.append(first)
        count(items, seen)
        before = score(items, seen)
        items.append("z")
        count(items, seen)
        return before, score(items, seen), items

    assert agrees(main, lambda: (["a", "b", "a"],))


def test_nothing_changes_before_its_turn() -> None:
    def main(seen: dict[str, int], text: str) -> int:
        note(text)
        count(["a", "a"], seen)
        return score(["a"], seen)

    assert agrees(main, lambda: ({}, "fine"))
    assert agrees(main, lambda: ({"b": 1}, "refused"))


def test_a_failing_call_before_it() -> None:
    def main(seen: dict[str, int], text: str) -> tuple[str, int]:
        reply = ask(text)
        count(["a", "b"], seen)
        return reply, score(["b"], seen)

    assert agrees(main, lambda: ({}, "fine"))
    assert agrees(main, lambda: ({"b": 1}, "refused"))


def test_reading_that_makes_entries_is_in_order() -> None:
    def total(seen: defaultdict[str, list[int]], words: list[str]) -> int:
        size = 0
        for word in words:
            size += len(seen[word])
        return size

    def main(seen: defaultdict[str, list[int]], text: str) -> tuple[str, int]:
        seen["x"] = [1]
        reply = ask(text)
        return reply, total(seen, ["x", "y"])

    assert agrees(main, lambda: (defaultdict(list), "fine"))
    assert agrees(main, lambda: (defaultdict(list), "refused"))


class Loud:
    """Tells of every comparison."""

    def __init__(self, value: int):
        self.value = value

    def __lt__(self, other: Loud) -> bool:
        LOG.append(f"{self.value} < {other.value}")
        return self.value < other.value


def test_code_that_nobody_knows_runs_in_order() -> None:
    def least(items: list[Any], seen: list[int]) -> Any:
        found = items[0]
        for item in items:
            if item < found and len(seen):
                found = item
        return found

    def main(items: list[Any]) -> Any:
        seen: list[int] = []
        seen.append(1)
        note("before")
        found = least(items, seen)
        note("after")
        return found

    assert agrees(main, lambda: ([Loud(2), Loud(1), Loud(3)],))


# --- Errors ---------------------------------------------------------------------------------------


def strict(words: list[str], seen: dict[str, int]) -> None:
    for word in words:
        seen[word] = len(seen)
        if word == "bad":
            raise KeyError(word)  # the line that the error names


def failing(words: list[str], seen: dict[str, int]) -> str:
    strict(words, seen)
    return ask("x")


def test_an_error_leaves_what_was_done_before_it() -> None:
    assert agrees(failing, lambda: (["a", "bad", "b"], {}))


def test_an_error_has_the_frames_and_the_line_of_the_function() -> None:
    with pytest.raises(KeyError) as caught:
        xcs.jit(failing)(["bad"], {})
    error: Any = caught.value
    line = strict.__code__.co_firstlineno + 4
    assert error.source_line == f"{__file__}:{line}"
    assert error.operator == "strict"
    assert error.inputs == ("words=['bad']", "seen={'bad': 0}")
    frames = traceback.extract_tb(error.__cause__.__traceback__)
    assert [(f.name, f.lineno) for f in frames] == [("strict", line)]


def test_an_error_that_is_handled() -> None:
    def main(words: list[str]) -> tuple[list[str], dict[str, int], str]:
        seen: dict[str, int] = {}
        told = []
        for number in range(2):
            try:
                strict(words[number:], seen)
                told.append("fine")
            except KeyError as error:
                told.append(str(error))
        return told, seen, ask("x")

    assert agrees(main, lambda: (["bad", "b", "c"],))


def test_the_first_error_is_the_one_that_is_raised() -> None:
    def main(words: list[str], text: str) -> tuple[str, int]:
        seen: dict[str, int] = {}
        seen["a"] = 1
        reply = ask(text)
        return reply, score(words, seen)

    assert agrees(main, lambda: (["a", "missing"], "refused"))
    assert agrees(main, lambda: (["a", "missing"], "fine"))


# --- In the IR ------------------------------------------------------------------------------------

PROGRAM = """
func.func private @double(%x: !orch.object, %t: !orch.token) -> (!orch.object, !orch.token)
    attributes {orch.native = #orch.native<"double", reads>} {
  %y = orch.host "2 * x"(%x) {names = ["x"], effects = #orch.effects<pure>}
    : (!orch.object) -> !orch.object
  func.return %y, %t : !orch.object, !orch.token
}
func.func @main(%x: !orch.object) -> !orch.object {
  %t = orch.join()
  %y, %u = func.call @double(%x, %t) : (!orch.object, !orch.token) -> (!orch.object, !orch.token)
  func.return %y : !orch.object
}
"""


def test_a_process_that_has_the_function_calls_it() -> None:
    called = []

    def double(x: int) -> int:
        called.append(x)
        return 2 * x

    assert run(plan_of(PROGRAM, objects={"double": double}), [21])[0] == [42]
    assert called == [21]


def test_a_process_that_has_not_runs_the_body() -> None:
    assert run(plan_of(PROGRAM), [21])[0] == [42]


def test_a_method_in_the_source_of_an_expression_runs_in_order() -> None:
    class Box:
        def __init__(self) -> None:
            self.value = 3

        def get(self, key: str, default: int) -> int:
            LOG.append(key)
            return self.value

    def total(boxes: list[Any], seen: dict[str, int]) -> int:
        size = 0
        for box in boxes:
            size += box.get("x", 0) + len(seen)
        return size

    def main(boxes: list[Any]) -> tuple[int, str]:
        seen: dict[str, int] = {}
        seen["a"] = 1
        note("before")
        return total(boxes, seen), ask("x")

    assert agrees(main, lambda: ([Box(), {"x": 2}],))


def test_what_is_returned_may_be_computed_in_loops() -> None:
    def main(words: list[str]) -> list[tuple[str, int]]:
        reply = ask(words[0])
        return [(word + reply, len(word)) for word in words if word]

    assert agrees(main, lambda: (["a", "", "bb"],))


def test_parameters_may_have_any_names() -> None:  # R1
    def total(known: list[int], known0: int, call: int, given: int, bound: int) -> int:
        for number in known:
            known0 += number
        return known0 + call + given + bound

    @xcs.jit
    def program(q: str) -> tuple[str, int]:
        numbers = [1, 2]
        numbers.append(len(q))
        return ask(q), total(numbers, 3, 4, 5, 6)

    assert program("abc") == (ask("abc"), 24)
