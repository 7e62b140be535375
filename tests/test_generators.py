"""Generators that a program consumes itself do jitted what they do plain, and overlap."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

import xcs
from tests.differential import Outcome, observe, within_time
from tests.programs.harness import measure
from tests.programs.world import World, effect, entered, model


@model()
def ask(prompt: str) -> str:
    if prompt.startswith("bad"):
        raise ValueError(prompt)
    return f"<{prompt}>"


@effect()
def save(text: str) -> str:
    return text


# --- Generators -----------------------------------------------------------------------------------


def produce(items: Iterable[str]) -> Iterator[str]:
    for item in items:
        if item == "stop":
            return
        yield ask(item)


def refine(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        yield ask(f"again {text}")


def noisy(name: str) -> Iterator[str]:
    save(f"begin {name}")
    yield ask(name)
    got = yield ask(f"{name} 2")
    save(f"end {name} {got}")
    return f"all of {name}"


def count() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


class Corpus:
    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.seen = 0

    def __iter__(self) -> Iterator[str]:
        for name in self.names:
            self.seen += 1
            yield ask(name)

    def pairs(self) -> Iterator[tuple[str, str]]:
        for name in self.names:
            self.seen += 1
            yield name, ask(name)


# --- Programs, with the time that they take -------------------------------------------------------

PROGRAMS: list[Any] = []


def program(makespan: float | None) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Declare a program; `makespan` is the time that it takes where a call of `ask` takes 1."""

    def declare(function: Callable[[], Any]) -> Callable[[], Any]:
        PROGRAMS.append(pytest.param(function, makespan, id=function.__name__))
        return function

    return declare


@program(1)
def a_list() -> Any:
    return list(produce(["a", "b", "stop", "c"]))


@program(1)
def builtins_that_take_all() -> Any:
    return (
        tuple(produce("abc")),
        sorted(produce("abc"), reverse=True),
        ",".join(produce("abc")),
        [*produce("ab"), "c", *produce("de")],
        max(produce("abc")),
        sum(map(len, produce("abc"))),
        set(produce("ab")) == {"<a>", "<b>"},
    )


@program(2)
def a_comprehension() -> Any:
    return [ask(text) for text in produce("abc") if text != "c"]


@program(2)
def a_loop() -> Any:
    found = []
    for text in produce("abc"):
        found.append(ask(text))
    else:
        found.append("all")
    return found


@program(2)
def loops_in_each_other() -> Any:
    return [(one, two) for one in produce("ab") for two in noisy(one)]


@program(3)
def a_pipeline() -> Any:
    return list(refine(refine(produce("abc"))))


@program(3)
def a_pipeline_of_variables() -> Any:
    first = produce("abc")
    second = refine(first)
    return [ask(text) for text in second]


@program(2)
def enumerate_map_and_filter() -> Any:
    first = [(number, ask(text)) for number, text in enumerate(produce("abc"), 1)]
    second = list(map(ask, produce("abc")))
    third = list(filter(lambda text: "b" in ask(text), produce("abc")))
    return first, second, third


@program(1)
def unpacking() -> Any:
    one, two = noisy("a")
    first, *rest = produce("abc")
    return one, two, first, rest


@program(1)
def effects_are_interleaved() -> Any:
    for text in noisy("a"):
        save(f"got {text}")
    return save("after")


@program(1)
def nothing_runs_before_the_first_element() -> Any:
    texts = noisy("a")
    save("before")
    return list(texts)


@program(1)
def what_is_not_asked_for_does_not_run() -> Any:
    for text in noisy("a"):
        save(text)
        break
    return "end"


@program(2)
def a_return_in_the_loop() -> Any:
    for number, text in enumerate(produce("abc")):
        if text == "<b>":
            return number, save(text)
    return None


@program(None)
def leaving_what_lazy_builtins_make_of_a_generator() -> Any:
    found = []
    for number, text in enumerate(map(ask, produce("abcd")), 5):
        if number == 7:
            break
        found.append((number, text))
    for text in (save(text) for text in walk_names(3) if text != "2"):
        found.append(ask(text))
    return found


@program(None)
def filter_takes_the_elements_of_an_iterator_once() -> Any:
    found = list(filter(lambda text: ask(text) != "<<b>>", map(ask, "abc")))
    return found, list(filter(None, map(save, ["a", "", "b"])))


@program(None)
def filter_and_what_it_takes_alternate() -> Any:
    return list(filter(lambda text: save(f"{text}?"), map(save, "abc")))


def walk_names(depth: int) -> Iterator[str]:
    if depth:
        yield str(depth)
        yield from walk_names(depth - 1)


@program(1)
def an_endless_generator() -> Any:
    found = []
    for number in count():
        if number > 3:
            break
        found.append(ask(str(number)))
    return found


@program(2)
def any_stops_at_the_first() -> Any:
    return any(text == "<b>" for text in produce("abc")), any(noisy("a")), all(noisy("b"))


@program(1)
def yield_from() -> Any:
    def both() -> Iterator[str]:
        result = yield from noisy("a")
        save(f"result {result}")
        yield from ["x", "y"]
        return (yield from produce("b"))

    return [save(text) for text in both()]


@program(3)
def yield_from_that_is_left() -> Any:
    def both() -> Iterator[str]:
        yield from produce("ab")
        save("between")
        yield from noisy("c")

    found = []
    for text in both():
        if text == "<c>":
            break
        found.append(text)
    return found


@program(1)
def methods_and_classes() -> Any:
    corpus = Corpus(["a", "b"])
    return list(corpus.pairs()), [text.upper() for text in corpus], corpus.seen


@program(1)
def a_generator_that_rebinds_variables_around_it() -> Any:
    total = 0

    def counted(items: list[str]) -> Iterator[str]:
        nonlocal total
        for item in items:
            total += 1
            yield ask(item)

    found = []
    for text in counted(["a", "b"]):
        found.append((text, total))
        total += 10
    return found, total


@program(1)
def a_function_that_is_given_one() -> Any:
    def collected(texts: Iterable[str]) -> list[str]:
        return [f"{text}!" for text in texts]

    return collected(produce("abc"))


@program(None)
def an_extended_list() -> Any:
    found = ["a", "b"]

    def doubled() -> Iterator[str]:
        for item in found:
            if len(found) > 5:
                return
            yield ask(item)

    found.extend(doubled())
    return found


@program(None)
def variables_after_the_loop() -> Any:
    text = "none"
    for text in produce("ab"):
        if text == "<c>":
            break
    else:
        return "else", text
    return text


@program(None)
def an_error_of_the_generator() -> Any:
    found = []
    try:
        for text in produce(["a", "bad", "c"]):
            save(text)
            found.append(text)
    except ValueError as error:
        return found, str(error)
    return found


@program(None)
def an_error_of_the_consumer() -> Any:
    found = []
    try:
        for text in noisy("a"):
            found.append(text)
            ask(f"bad {len(found)}")
    except ValueError as error:
        return found, str(error)
    return found


@program(None)
def an_error_that_nobody_handles() -> Any:
    return [save(text) for text in produce(["a", "bad", "c"])]


@program(None)
def wrong_numbers_to_unpack() -> Any:
    def more() -> Iterator[str]:
        for item in "abcd":
            save(item)
            yield item

    one, two = more()
    return one, two


@program(None)
def a_builtin_that_fails_in_between() -> Any:
    def more() -> Iterator[str]:
        for item in "abcd":
            save(item)
            yield item

    return sum(more())  # type: ignore[arg-type]


@program(None)
def a_key_with_effects() -> Any:
    texts = noisy("b")
    first = next(texts)
    return first, sorted(texts, key=save), sorted(produce("cab"), key=lambda text: save(text))


@program(None)
def used_twice() -> Any:
    texts = produce("abc")
    first = [text.upper() for text in texts]
    return first, list(texts)


@program(None)
def used_again_in_a_loop() -> Any:
    texts = produce("abc")
    return [list(texts) for _ in range(2)]


@program(None)
def stepped_by_hand() -> Any:
    texts = noisy("a")
    first = next(texts)
    save("between")
    return first, list(texts)


@program(None)
def two_side_by_side() -> Any:
    return list(zip(noisy("a"), produce("bcd"), strict=False))


@program(None)
def stored_and_returned() -> Any:
    def make(name: str) -> Iterator[str]:
        return noisy(name)

    held = {"a": noisy("a"), "b": make("b")}
    return [text for name in held for text in held[name]]


@program(None)
def a_parameter_that_is_used_twice() -> Any:
    def peeked(texts: Iterator[str]) -> tuple[str, list[str]]:
        return next(texts), list(texts)

    return peeked(produce("abc"))


@program(None)
def many_yields() -> Any:
    def many() -> Iterator[int]:
        yield 1
        yield 2
        yield 3
        yield 4
        yield 5
        yield 6
        yield 7
        yield 8
        yield 9
        yield 1
        yield 2
        yield 3
        yield 4
        yield 5
        yield 6
        yield 7
        yield 8
        yield 9

    return [ask(str(number)) for number in many()]


# --- try and with around a yield ------------------------------------------------------------------


def guarded(items: Iterable[str]) -> Iterator[str]:
    """Gives a replacement for what fails, and tells when it is left."""
    save("open")
    try:
        for item in items:
            try:
                yield ask(item)
            except ValueError as error:
                yield f"no {error}"
    finally:
        save("close")


def until_failure(items: Iterable[str]) -> Iterator[str]:
    try:
        for item in items:
            yield ask(item)
    except ValueError:
        yield "failed"
    else:
        yield "done"


@program(1)
def a_generator_that_handles_its_errors() -> Any:
    return list(guarded(["a", "bad", "c"]))


@program(None)
def variables_of_the_consumer_at_a_failure() -> Any:
    found, last, number = [], None, 0
    for text in until_failure(["a", "b", "bad", "c"]):
        number += 1
        found.append((last, number))
        last = text
    return found, last, number, list(until_failure("ab"))


@program(None)
def an_error_of_the_consumer_is_none_of_the_generator() -> Any:
    found = []
    try:
        for text in guarded("abc"):
            found.append(text)
            if len(found) == 2:
                ask("bad")
    except ValueError as error:
        save("handled")
        return found, str(error)
    return found


@program(None)
def an_error_of_the_consumer_of_several_generators() -> Any:
    def outer() -> Iterator[str]:
        try:
            yield from guarded("ab")
        except ValueError:
            yield "never"
        finally:
            save("close outer")

    def inner(texts: Iterable[str]) -> Iterator[str]:
        try:
            for text in outer():
                yield text + "!"
        finally:
            save("close inner")

    found = []
    try:
        for text in inner("xyz"):
            found.append(save(text))
            ask("bad one" if len(found) > 1 else "fine")
    except ValueError as error:
        return found, str(error)
    return found


@program(None)
def a_generator_that_is_left_is_closed() -> Any:
    found = []
    for text in guarded("abc"):
        if text == "<b>":
            break
        found.append(text)
    save("after")

    def first() -> str | None:
        for text in guarded("xyz"):
            return save(text)
        return None

    return found, first()


@program(None)
def what_is_raised_while_an_error_is_handled() -> Any:
    def in_handler() -> Iterator[str]:
        try:
            ask("bad")
        except ValueError:
            yield "handling"
            raise

    found = []
    try:
        for text in in_handler():
            found.append(text)
    except ValueError as error:
        found.append(str(error))
    try:
        for text in in_handler():
            found.append(text)
            ask("bad too")
    except ValueError as error:
        found.append(str(error))
    return found


class Lock:
    def __enter__(self) -> str:
        return save("enter")

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        save(f"exit {kind and kind.__name__}")
        return True


@program(None)
def a_with_around_a_yield() -> Any:
    def locked() -> Iterator[str]:
        with Lock():
            yield ask("a")
            yield ask("b")
        save("behind")

    found = list(locked())
    for text in locked():
        found.append(text)
        break
    return found


@contextmanager
def section(name: str, *errors: type[Exception]) -> Iterator[str]:
    save(f"begin {name}")
    try:
        yield f"{name}~"
    except errors as error:
        save(f"handled {error}")
    finally:
        save(f"end {name}")


@contextmanager
def renamed(counts: dict[str, int]) -> Iterator[None]:
    counts["begun"] = counts.get("begun", 0) + 1
    with section("inner"):
        yield
    counts["ended"] = counts.get("ended", 0) + 1


@contextmanager
def twice() -> Iterator[int]:
    yield 1
    yield 2


@program(1)
def managers_made_of_generators() -> Any:
    counts: dict[str, int] = {}
    with renamed(counts), section("a") as name:
        found = [name, ask("b")]
    return found, counts


@program(None)
def a_manager_that_handles_an_error() -> Any:
    found = []
    state = "before"
    with section("a", ValueError):
        state = "inside"
        found.append(ask("b"))
        ask("bad")
        found.append("never")
    with section("c", TypeError):
        state = "again"
        ask("bad too")
    return found, state


@program(None)
def leaving_a_block_of_a_manager() -> Any:
    found = []
    for name in "abc":
        with section(name) as text:
            if name == "b":
                continue
            if name == "c":
                return found, text
            found.append(ask(text))
    return None


@program(None)
def a_manager_that_yields_twice() -> Any:
    with twice() as number:
        save(str(number))
    return "end"


# --- Recursive generators, and generator expressions ----------------------------------------------


class Node:
    def __init__(self, name: str, children: Iterable[Node] = ()) -> None:
        self.name = name
        self.children = list(children)

    def texts(self) -> Iterator[str]:
        yield ask(self.name)
        for child in self.children:
            yield from child.texts()


def tree() -> Node:
    return Node("r", [Node("a", [Node("b")]), Node("c")])


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from walk(child)


def careful(node: Node) -> Iterator[str]:
    try:
        yield ask(node.name)
        for child in node.children:
            yield from careful(child)
    finally:
        save(f"leave {node.name}")


@program(1)
def a_tree() -> Any:
    return [ask(node.name) for node in walk(tree())], list(walk(tree()))[-1].name


@program(None)
def a_tree_of_objects_with_methods() -> Any:
    root = Node("r", [Node("a", [Node("b")]), Node("c")])
    return list(root.texts()), [ask(node.name) for node in walk(root)]


@program(1)
def variables_that_a_loop_over_a_tree_changes() -> Any:
    found, number = [], 0
    for node in walk(tree()):
        number += 1
        found.append((number, ask(node.name)))
    return found, number, node.name


@program(1)
def leaving_a_tree() -> Any:
    found = []
    for node in walk(tree()):
        if node.name == "b":
            break
        save(node.name)
        found.append(ask(node.name))
    else:
        found.append("all")

    def search(name: str) -> str | None:
        for node in walk(tree()):
            save(node.name)
            if node.name == name:
                return ask(f"found {name}")
        return None

    return found, search("a"), search("none"), any(n.name == "b" for n in walk(tree()))


@program(None)
def an_inner_function_that_goes_through_lists() -> Any:
    seen = []

    def flat(items: list[Any]) -> Iterator[str]:
        for item in items:
            if isinstance(item, list):
                yield from flat(item)
            else:
                seen.append(item)
                yield ask(item)

    return list(flat(["a", ["b", ["c"]], "d"])), seen


@program(None)
def errors_in_a_tree() -> Any:
    found = []
    try:
        for node in walk(tree()):
            found.append(save(node.name))
            ask("bad" if node.name == "b" else "good")
    except ValueError as error:
        found.append(str(error))
    try:
        for text in Node("r", [Node("bad"), Node("c")]).texts():
            found.append(save(text))
    except ValueError as error:
        found.append(str(error))
    for text in careful(tree()):
        if text == "<a>":
            break
    return found


@program(2)
def expressions() -> Any:
    def collected(texts: Iterable[str]) -> list[str]:
        return [ask(text) for text in texts]

    mark = "1"
    late = (ask(name + mark) for name in ["a", "b"])
    mark = "2"
    names = (node.name for node in walk(tree()) if node.name != "a")
    return collected(ask(x + y) for x in "ab" for y in "cd"), list(late), list(refine(names))


@program(2)
def expressions_are_interleaved_with_loops() -> Any:
    found = []
    for text in (save(name) for name in ["a", "b"]):
        found.append(save(f"{text}!"))
    for text in (ask(name) for name in "abcd" if name != "b"):
        if text == "<c>":
            return found, text
    return [save(x) for x in (save(y) for y in "ab")]


def outcome(function: Callable[[], Any]) -> tuple[Outcome, Any]:
    """What a program came to, with its effects; and the calls that it made if none failed."""
    world = World()
    with entered(world):
        found = observe(function, (), state=lambda: world.log)
    return found, world.calls if not world.failures and found.error is None else None


@pytest.mark.parametrize("max_workers", [64, 1], ids=["parallel", "one worker"])
@pytest.mark.parametrize(("function", "makespan"), PROGRAMS)
def test_program(function: Any, makespan: float | None, max_workers: int) -> None:  # R1, R7, R8
    jitted = xcs.jit(function, config=xcs.Config(max_workers=max_workers))
    expected = outcome(function)
    assert within_time(lambda: outcome(jitted)) == expected
    assert within_time(lambda: outcome(jitted)) == expected  # from the cache
    assert xcs.get_jit_stats(jitted)["execution_strategy"] != "fallback"


@pytest.mark.parametrize(("function", "makespan"), [p for p in PROGRAMS if p.values[1] is not None])
def test_makespan(function: Any, makespan: float) -> None:  # R4
    jitted = xcs.jit(function, config=xcs.Config(max_workers=64))
    found = [measure(function, jitted).jitted]
    if found[0] > makespan:  # a pause of the machine can make it longer, never shorter
        found.append(measure(function, jitted).jitted)
    assert min(found) == makespan


def closing_that_fails() -> Any:
    def fragile() -> Iterator[str]:
        try:
            yield "a"
            yield "b"
        finally:
            save("closing")
            ask("bad close")

    found = []
    try:
        for text in fragile():
            found.append(text)
            ask("bad consumer")
    except ValueError as error:
        found.append(str(error))
    for text in fragile():
        found.append(text)
        break
    try:
        found += list(fragile())
    except ValueError as error:
        found.append(str(error))
    return found


def test_closing_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:  # R8
    dropped: list[str] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda report: dropped.append(str(report.exc_value)))
    expected, told = outcome(closing_that_fails), list(dropped)
    assert told == ["bad close", "bad close"]
    dropped.clear()
    assert within_time(lambda: outcome(xcs.jit(closing_that_fails))) == expected
    assert dropped == told
