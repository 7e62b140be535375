"""Ordinary programs, each named after the behaviour that must survive `xcs.jit`.

`PROGRAMS` is the table: a function, and the argument lists it is called with, one after the other.
Arguments are copied for each call. `STATE` gives what the programs may change outside themselves.
"""

from __future__ import annotations

import collections
import contextlib
import copy
import dataclasses
import enum
import functools
import io
import itertools
import json
import math
import operator
import re
import string
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import xcs

# --- What the programs call, and what they change -------------------------------------------------

LOG: list[Any] = []  # by ordered operators: their order counts
CALLS: list[Any] = []  # by unordered operators: their number counts
COUNTER = 0
SETTINGS: dict[str, Any] = {"mode": "fast"}


class Refused(Exception):
    """An exception whose constructor does not take its own ``args``."""

    def __init__(self, code: int, *, reason: str):
        super().__init__(f"code {code}")
        self.code = code
        self.reason = reason


class Slotted(ValueError):
    """An exception with slots and no arguments."""

    __slots__ = ("place",)

    def __init__(self, place: str):
        super().__init__()
        self.place = place

    def __str__(self) -> str:
        return f"at {self.place}"


@xcs.op(kind="model")
def ask(prompt: Any, temperature: float = 0.0, *, stop: str | None = None) -> str:
    CALLS.append((repr(prompt), temperature, stop))
    return f"<{prompt}>"


@xcs.op(effects="ordered")
def save(value: Any) -> int:
    LOG.append(repr(value))
    return len(LOG)


@xcs.op(effects="pure")
def measure(text: Any) -> int:
    return len(str(text))


@xcs.op
def perhaps(text: str) -> str | None:
    return text if len(text) % 2 else None


@xcs.op
def fails(error: type[BaseException] | BaseException) -> Any:
    raise error


@xcs.op
def refuses(text: str) -> str:
    raise Refused(len(text), reason=text)


@xcs.op
def picky(text: str) -> str:
    if "!" in text:
        raise ValueError("exclamation", text)
    return text + "."


@xcs.op
def decode(data: bytes) -> str:
    return data.decode("utf-8")


@xcs.op
def lookup(key: str) -> str:
    return {"a": "A"}[key]


@xcs.op
def words(text: str) -> list[str]:
    return text.split()


@xcs.op
def record(text: str) -> dict[str, Any]:
    return {"text": text, "tags": [text], "score": len(text)}


@xcs.op(effects="ordered")
def fill(items: list[Any], value: Any) -> list[Any]:
    items.append(value)
    return items


@xcs.op
def flag(text: str) -> bool:
    return len(text) > 1


@xcs.op
def stop_iteration(text: str) -> str:
    raise StopIteration(text)


SHARED = ["shared"]


@xcs.op
def shared_list() -> list[str]:
    return SHARED


def bump(by: int = 1) -> int:
    global COUNTER
    COUNTER += by
    return COUNTER


def append_to(items: list[Any], value: Any) -> None:
    items.append(value)


def first_of(items: list[Any]) -> Any:
    return items[0]


def identity(value: Any) -> Any:
    return value


def asks_twice(text: str, *, mark: str = "?") -> list[str]:
    first = ask(text + mark)
    return [first, ask(first)]


def early(text: str) -> str:
    if len(text) > 3:
        return ask("long")
    return ask("short") + text


@dataclass
class Document:
    text: str
    score: float = 0.0
    tags: list[str] = field(default_factory=list)

    def ask(self) -> str:
        return ask(self.text)

    @property
    def summary(self) -> str:
        return ask(f"sum {self.text}")


@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0


class Pair(NamedTuple):
    left: Any
    right: Any


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


class Client:
    """A client with state: its calls are counted."""

    def __init__(self, name: str = "client"):
        self.name = name
        self.count = 0
        self.history: list[str] = []

    def send(self, text: str) -> str:
        self.count += 1
        self.history.append(text)
        return f"{self.name}:{self.count}:{text}"

    def ask(self, text: str) -> str:
        return ask(f"{self.name} {text}")

    def __enter__(self) -> Client:
        LOG.append("enter")
        return self

    def __exit__(self, *details: object) -> None:
        LOG.append("exit")


class Tokens:
    """A container of the user's own."""

    def __init__(self, *items: str):
        self.items = items

    def __len__(self) -> int:
        return len(self.items)

    def __iter__(self) -> Any:
        return iter(self.items)

    def __getitem__(self, index: int) -> str:
        return self.items[index]

    def __contains__(self, item: object) -> bool:
        return item in self.items

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(*self.items, *other.items)


client = Client()


@jax.jit
def normalise(x: jax.Array) -> jax.Array:
    return x / jnp.linalg.norm(x)


def embed(text: str) -> jax.Array:
    return jnp.array([float(len(text)), 1.0, 2.0])


@xcs.op
def vector(text: str) -> list[float]:
    return [float(len(text)), 1.0]


def reset() -> None:
    """Put everything that programs change back to where it was."""
    global COUNTER, SETTINGS, SHARED
    COUNTER = 0
    LOG.clear()
    CALLS.clear()
    SETTINGS = {"mode": "fast"}
    SHARED[:] = ["shared"]
    mutable_default_is_shared_between_calls.__defaults__[0].clear()
    client.__init__()


def state() -> Any:
    """What the programs may change, the order of which counts."""
    return [LOG, COUNTER, SETTINGS, SHARED, vars(client)]


# --- The table ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """One call's arguments."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def call(*args: Any, **kwargs: Any) -> Call:
    return Call(args, kwargs)


@dataclass(frozen=True)
class ContractProgram:
    """A function and the calls that are compared."""

    function: Callable[..., Any]
    calls: tuple[Call, ...]

    @property
    def name(self) -> str:
        return self.function.__name__


PROGRAMS: list[ContractProgram] = []


def program(*calls: Any) -> Callable[[Any], Any]:
    """Put a function into the table. A call that is not a `Call` is the one argument."""

    def add(function: Any) -> Any:
        made = tuple(c if isinstance(c, Call) else call(c) for c in calls)
        PROGRAMS.append(ContractProgram(function, made or (call(),)))
        return function

    return add


# --- R1: parameters -------------------------------------------------------------------------------


@program(call("a"), call("b", "c"), call("b", second="d"))
def default_argument(first, second="s"):
    return ask(first), ask(second)


@program(call("a"), call("b", mark="!"))
def keyword_only_argument(text, *, mark="?"):
    return ask(text + mark)


@program(call("a", "b"), call("a"), call())
def star_arguments(*texts):
    return [ask(t) for t in texts], texts, len(texts)


@program(call(a="x", b="y"), call(b="y", a="x"), call())
def star_star_arguments(**texts):
    return {name: ask(text) for name, text in texts.items()}, list(texts)


@program(call("a", "b", "c", k="d", e=1), call("a"))
def all_kinds_of_parameters(a, /, b="B", *rest, k=None, **more):
    return ask(a), ask(b), rest, k, more, [ask(r) for r in rest]


@program("a", "b")
def positional_only(a, /):
    return ask(a)


@program(call("a"), call("b"))
def mutable_default_is_shared_between_calls(text, seen=[]):  # noqa: B006
    seen.append(ask(text))
    return list(seen)


@program(call("a"), call("b"), call("b", None))
def none_default_makes_a_new_list(text, seen=None):
    if seen is None:
        seen = []
    seen.append(ask(text))
    return seen


@program(call("a"), call("b", 2), call("b", None))
def none_check_on_a_default(text, limit=None):
    if limit is not None:
        text = text * limit
    return ask(text)


@program(call("a", "b"), call("a"), call(1, 2, 3), call("a", wrong=1))
def wrong_arguments_raise_type_error(first, second):
    return ask(first)


@program(call(1, True), call(True, 1), call(1.0, 0))
def bool_int_float_arguments_keep_their_types(a, b):
    return ask(a), a, b, a + b, [a, b]


@program(call(None), call("x"), call(0), call([]))
def argument_of_changing_type(value):
    return ask(value), value is None, bool(value)


@program(call(b"ab"), call(b""))
def bytes_argument(data):
    return ask(data.decode()), data


@program(call(["a"], ("b",), {"k": "c"}), call([], (), {}))
def containers_come_back_themselves(xs, ys, d):
    return xs, ys, d, ask(len(xs))


@program(call(["a", "b"]), call([]))
def an_argument_returned_is_the_argument(xs):
    ask("x")
    return xs, [xs, xs]


# --- Calls ----------------------------------------------------------------------------------------


@program("a", "b")
def one_call(q):
    return ask(q)


@program("a", "b")
def dependent_calls(q):
    return ask(ask(ask(q)))


@program("a", "b")
def independent_calls(q):
    return ask(q) + ask(q + "2") + ask(q + "3")


@program("a")
def the_same_call_twice_is_two_calls(q):
    return ask(q), ask(q)


@program("a")
def a_call_whose_result_is_dropped_is_made(q):
    ask(q)
    ask("unused")
    return None


@program("a")
def no_return_statement(q):
    ask(q)


@program("a")
def keyword_arguments_reach_the_operator(q):
    return ask(q, temperature=0.5), ask(prompt=q, stop="x"), ask(q, 1.0)


@program(call(["a", 0.3]), call(["b"]))
def star_call(args):
    return ask(*args)


@program(call({"temperature": 0.2, "stop": "s"}), call({}))
def star_star_call(options):
    return ask("q", **options)


@program(call(["a"], {"stop": "s"}))
def mixed_star_call(args, options):
    return ask(*args, temperature=1.0, **options)


@program(call(["a", "b", "c"]))
def wrong_operator_arguments(args):
    return ask(*args, *args, nothing=1)


@program("a")
def helper_is_followed(q):
    return asks_twice(q), asks_twice(q, mark="!")


@program("a", "abcdef")
def helper_with_early_return(q):
    return early(q), early(q + q)


@program("a")
def nested_function(q):
    def inner(text, times=2):
        return ask(text * times)

    return inner(q), inner(q, 3), inner(text=q)


@program("a")
def nested_function_closes_over_a_result(q):
    answer = ask(q)

    def inner(text):
        return ask(text + answer)

    return inner("x"), inner("y")


@program("a")
def closure_sees_a_later_assignment(q):
    prefix = "one"

    def inner():
        return ask(prefix + q)

    first = inner()
    prefix = ask("two")
    return first, inner()


@program("a")
def nonlocal_counter(q):
    count = 0

    def inner(text):
        nonlocal count
        count += 1
        return ask(f"{text}{count}")

    return inner(q), inner(q), count


@program("a")
def lambda_called(q):
    f = lambda text, end="!": ask(text) + end  # noqa: E731
    return f(q), f(q, end="?")


@program(["b", "a"])
def lambda_as_key(xs):
    return sorted(xs, key=lambda x: ask(x)), max(xs, key=lambda x: len(x))


@program(["b", "a"])
def operator_as_map_function(xs):
    return list(map(ask, xs)), list(map(lambda x: ask(x) + "!", xs))


@program(["b", "", "a"])
def filter_by_an_operator(xs):
    return list(filter(ask, xs)), list(filter(flag, xs))


@program("a")
def operators_in_a_list(q):
    return [f(q) for f in (ask, measure, identity, str.upper)]


@program("ask", "measure", "none")
def operators_in_a_dict(name):
    table = {"ask": ask, "measure": measure}
    return table[name]("x") if name in table else table


@program("a")
def partial_of_an_operator(q):
    hot = functools.partial(ask, temperature=0.9)
    return hot(q), functools.partial(ask, q)(stop="z")


@program(3, 0)
def recursion(n):
    def down(k):
        return [] if k <= 0 else [ask(k), *down(k - 1)]

    return down(3), down(0)


def countdown(n: int) -> str:
    return ask("end") if n == 0 else ask(n) + countdown(n - 1)


@program(3, 0)
def recursion_on_an_argument(n):
    return countdown(n)


@program("a")
def callback(q):
    def apply(function, value):
        return function(function(value))

    return apply(ask, q), apply(lambda v: ask(v) + "x", q)


@program("a")
def method_of_a_global_client(q):
    return client.send(q), client.send("b"), client.count, client.ask(q)


@program(call(Client("x"), "a"), call(Client("y"), "b"))
def method_of_an_argument(who, q):
    return who.send(q), who.ask(q), who.count, who.history


@program(call(Client("x")), call(Client("y")))
def attribute_of_an_argument(who):
    return ask(who.name), who.count


@program(call(Client("x")))
def attribute_store_on_an_argument(who):
    who.name = ask("new")
    who.count += 1
    return who.name, who


@program(call(Document("t")), call(Document("u", 1.0, ["x"])))
def dataclass_argument(doc):
    doc.tags.append(doc.ask())
    return doc.summary, dataclasses.replace(doc, score=2.0), doc, dataclasses.asdict(doc)


@program("a")
def dataclass_built_from_results(q):
    doc = Document(ask(q), score=measure(q))
    doc.score += 1
    return doc, doc.text, doc == Document("<a>", 2)


@program(call(Point(1, 2)), call(Point(3)))
def frozen_dataclass_argument(p):
    return ask(p.x), p, {p: ask(p.y)}


@program(call(Pair("a", "b")), call(Pair(1, 2)))
def named_tuple(pair):
    left, right = pair
    return Pair(ask(left), ask(right)), pair.left, pair._replace(right=ask("n")), pair


@program(Colour.RED, Colour.BLUE)
def enum_argument(colour):
    if colour is Colour.RED:
        return ask("red")
    return ask(colour.name), colour.value


@program(call(Tokens("a", "b")), call(Tokens()))
def user_container(tokens):
    return [ask(t) for t in tokens], len(tokens), "a" in tokens, bool(tokens), (tokens + tokens)[:1]


@program({"b", "a"}, set())
def set_argument(names):
    names.add("c")
    return {ask(n) for n in names}, sorted(names), ask(len(names))


@program(call(deque(["a"])), call(deque([], 2)))
def deque_argument(queue):
    queue.append(ask("x"))
    queue.appendleft(ask("y"))
    return queue, queue[0], len(queue)


@program(call(defaultdict(list)), call(defaultdict(list, a=["x"])))
def defaultdict_argument(groups):
    groups["a"].append(ask("x"))
    return groups, groups["b"], len(groups)


@program(["a", "b", "a"])
def counter_of_results(xs):
    counts = Counter(ask(x) for x in xs)
    return counts, counts.most_common(1), counts["missing"]


# --- R7: control flow -----------------------------------------------------------------------------


@program("a", "bb")
def branch_on_a_result(q):
    if measure(q) > 1:
        answer = ask("long")
    else:
        answer = ask("short")
    return answer


@program("a", "bb", "ccc")
def elif_chain(q):
    size = measure(q)
    if size == 1:
        kind = "one"
    elif size == 2:
        kind = ask("two")
    else:
        kind = ask("many") + q
    return kind


@program("a", "bb")
def branch_binds_a_name_in_one_arm(q):
    if flag(q):
        extra = ask("extra")
    return ask(q), extra


@program("a", "bb")
def branch_with_an_effect(q):
    if flag(q):
        save("yes")
    save("end")
    return ask(q)


@program("a", "bb", "ccc")
def early_return(q):
    if flag(q):
        return ask("early")
    first = ask(q)
    if measure(first) > 4:
        return first
    save("late")
    return first, ask("late")


@program("a", "bb")
def return_in_both_branches(q):
    if flag(q):
        return ask("yes")
    else:  # noqa: RET505
        return ask("no")


@program("a", "bb")
def ternary_calls_one_side_only(q):
    return ask("yes") if flag(q) else picky("no!")


@program("a", "bb")
def boolean_operators_stop_early(q):
    return flag(q) and ask("and"), flag(q) or ask("or"), not flag(q)


@program("a", "ab")
def truth_of_a_result(q):
    found = perhaps(q)
    if not found:
        found = ask("default")
    return found, bool(found)


@program("a", "ab")
def result_is_none(q):
    found = perhaps(q)
    if found is None:
        return ask("none")
    return found is not None, found


@program(1, 5, 9)
def chained_comparison(n):
    return 1 < measure("abc") <= n, 0 < n < measure("abcdefg") < 100


@program("a", "z")
def membership(q):
    results = [ask("a"), ask("b")]
    return ask(q) in results, q not in results, "a" in ask("a"), ask(q) in {"<a>": 1}


@program(3, 0)
def for_over_range(n):
    out = []
    for i in range(n):
        out.append(ask(i))
    return out


@program(["a", "b"], [])
def for_over_a_list(xs):
    out = []
    for x in xs:
        first = ask(x)
        out.append((x, first, ask(first)))
    return out


@program(["a", "b", "c"], [])
def loop_variable_after_the_loop(xs):
    x = "none"
    for x in xs:
        ask(x)
    return x


@program(["a", "b"], ["c"])
def name_bound_in_the_loop_is_read_after_it(xs):
    out = []
    last = "start"
    for x in xs:
        last = ask(x)
        out.append(last)
    return out, last


@program([], ["c"])
def name_bound_only_in_the_loop(xs):
    for x in xs:
        last = ask(x)
    return last


@program(["a", "b", "c"], [])
def accumulator(xs):
    total = ""
    for x in xs:
        total = total + ask(x)
    return total


@program(["a", "b", "c"], ["d"])
def augmented_accumulator(xs):
    total, count = "", 0
    for x in xs:
        total += ask(total + x)
        count += measure(x)
    return total, count


@program(["a", "bb", "c"], ["dd"])
def loop_with_a_branch(xs):
    out = []
    for x in xs:
        if flag(x):
            out.append(ask(x))
        else:
            out.append(x)
    return out


@program(["a", "bb", "c"], ["dd", "d"])
def break_and_continue(xs):
    out = []
    for x in xs:
        if x == "stop":
            break
        if flag(x):
            continue
        out.append(ask(x))
    return out


@program(["a", "bb", "c"], ["a"])
def break_on_a_result(xs):
    for x in xs:
        if flag(x):
            found = ask(x)
            break
    else:
        found = ask("nothing")
    return found


@program(["a", "bb", "c"], ["a"])
def return_out_of_a_loop(xs):
    for x in xs:
        if measure(x) == 2:
            return ask(x)
    return None


@program(["a", "b", "a"])
def cache_in_a_dict(xs):
    cache = {}
    out = []
    for x in xs:
        if x not in cache:
            cache[x] = ask(x)
        out.append(cache[x])
    return out, cache


@program(call(["a", "b"], {"a": "old"}), call(["a"], {}))
def cache_that_the_caller_holds(xs, cache):
    for x in xs:
        if x not in cache:
            cache[x] = ask(x)
    return [cache[x] for x in xs]


@program(["a", "b"])
def group_by_a_result(xs):
    groups = {}
    for x in xs:
        groups.setdefault(measure(x), []).append(ask(x))
    return groups


@program(3, 0)
def while_on_a_counter(n):
    out = []
    while n > 0:
        out.append(ask(n))
        n -= 1
    return out


@program("a", "aaaa")
def while_on_a_result(q):
    rounds = 0
    while measure(q) < 6:
        q = ask(q)
        rounds += 1
    return q, rounds


@program(["a", "b"], [])
def enumerate_zip_items(xs):
    a = [ask(f"{i}{x}") for i, x in enumerate(xs, start=1)]
    b = [ask(x + y) for x, y in zip(xs, xs[1:], strict=False)]
    c = {k: ask(v) for k, v in dict(zip(xs, a, strict=True)).items()}
    return a, b, c


@program(call(["a"], ["b", "c"]), call([], []))
def zip_strict_with_unequal_lengths(xs, ys):
    return [ask(x + y) for x, y in zip(xs, ys, strict=True)]


@program(["a", "bb", "ccc"], [])
def comprehensions_of_all_kinds(xs):
    return (
        [ask(x) for x in xs],
        [ask(x) for x in xs if len(x) > 1],
        [ask(x) for x in xs if flag(x)],
        {ask(x) for x in xs},
        {x: ask(x) for x in xs},
        {ask(x): x for x in xs if x != "a"},
        tuple(ask(x) for x in xs),
        [ask(x + y) for x in xs for y in xs if x != y],
        [[ask(y) for y in x] for x in xs],
    )


@program(["a", "b"])
def comprehension_variable_does_not_leak(xs):
    x = "outer"
    results = [ask(x) for x in xs]
    return x, results


@program(["a", "b"], [])
def generator_expression_consumed(xs):
    return ",".join(ask(x) for x in xs), sum(measure(x) for x in xs), max((ask(x) for x in xs), default=0)


@program(["a", "bb", "c"])
def any_and_all_stop_early(xs):
    return any(save(x) == 2 for x in xs), all(save(x) < 5 for x in xs)


@program(["a", "b"])
def generator_consumed_by_hand(xs):
    results = (save(x) for x in xs)
    return next(results), ask("between"), next(results), next(results, None)


@program(["a", "b", "c"])
def next_with_a_condition(xs):
    return next((ask(x) for x in xs if x > "a"), None), next((x for x in xs if ask(x) == ""), "none")


@program(["a", "b"])
def walrus(xs):
    if (n := measure(xs)) > 2:
        n += 1
    return n, [y for x in xs if (y := ask(x))], y


@program(call("a", 3.14159), call("b", 2.0))
def f_strings(q, x):
    name = ask(q)
    return f"{name!r:>8}|{x:.2f}|{ask(f'in {q}')}|{{}}|{name=}", f"{measure(q):03d}", f"{q:{measure(q) + 3}}"


@program(["a", "b", "c"], ["d", "e"])
def unpacking(xs):
    first, *rest = [ask(x) for x in xs]
    (a, b), c = (ask("p"), ask("q")), rest
    d, e = words("two words")
    return first, rest, a, b, c, d, e


@program(["a"], ["a", "b", "c"])
def unpacking_the_wrong_number(xs):
    a, b = [ask(x) for x in xs]
    return a, b


@program("a b", "a")
def unpacking_a_result_of_the_wrong_length(q):
    a, b = words(q)
    return a, b


@program("a b c", "a")
def star_unpacking_a_result(q):
    first, *rest = words(q)
    return first, rest, [*words(q), "end"], {**record(q), "more": 1}


@program("abcdef")
def slices_and_indices(q):
    answer = ask(q)
    xs = [ask(c) for c in q]
    return answer[1:-1], answer[::-1], answer[0], xs[1:3], xs[-1], xs[::2], q[measure("ab")]


@program("a", "bb")
def assertion(q):
    assert measure(q) == 1, f"size of {q}"
    return ask(q)


@program("a", "a!")
def try_around_an_operator(q):
    try:
        answer = picky(q)
    except ValueError as error:
        answer = f"caught {error.args}"
    return answer, ask("after")


@program("a", "a!", 3)
def try_else_finally(q):
    try:
        answer = picky(q)
    except ValueError:
        save("except")
        answer = None
    else:
        save("else")
    finally:
        save("finally")
    return answer


@program("a", "a!")
def finally_runs_when_the_error_goes_on(q):
    try:
        return picky(q)
    finally:
        save("finally")


@program(["a", "b!", "c"])
def try_inside_a_loop(xs):
    out = []
    for x in xs:
        try:
            out.append(picky(x))
        except ValueError:
            out.append(None)
    return out


@program("a!")
def exception_from_another(q):
    try:
        picky(q)
    except ValueError as error:
        raise KeyError("outer") from error


@program("a")
def retry_loop(q):
    for attempt in range(3):
        try:
            return picky(q + "!" * (2 - attempt))
        except ValueError:
            save(attempt)
    return None


@program("a", "b!")
def with_a_context_manager(q):
    with Client("w") as c:
        answer = picky(q)
        save(answer)
    return answer, c.name


@program("a!", "b")
def with_suppress(q):
    answer = "none"
    with contextlib.suppress(ValueError):
        answer = picky(q)
    return answer, ask("x")


@program("a")
def inner_generator(q):
    def produce():
        yield ask(q)
        yield ask(q + "2")

    return list(produce()), [x for x in produce()]


@program("a", "b")
def match_statement(q):
    match record(q):
        case {"text": "a", "score": n}:
            return ask(n)
        case {"text": str(text)}:
            return text
    return None


@program("a")
def delete_a_name_and_an_item(q):
    answers = {"x": ask(q), "y": ask("y")}
    del answers["x"]
    other = ask("other")
    del other
    return answers


@program("a")
def import_inside(q):
    import textwrap
    from math import sqrt as root

    return textwrap.shorten(ask(q), 10), root(measure("abcd"))


@program("a")
def inner_class(q):
    class Local:
        kind = ask("class")

        def run(self, text):
            return ask(text) + self.kind

    return Local().run(q)


# --- Exceptions -----------------------------------------------------------------------------------


@program("a", "zzz")
def operator_raises_key_error(q):
    return ask("x"), lookup(q)


@program(b"ok", b"\xff")
def operator_raises_unicode_decode_error(data):
    return decode(data)


@program("a")
def operator_raises_an_exception_with_its_own_init(q):
    ask(q)
    return refuses(q)


@program("a")
def handler_sees_the_attributes_of_the_exception(q):
    try:
        refuses(q)
    except Refused as error:
        return error.code, error.reason, str(error) != "", isinstance(error, Refused)


@program("here")
def operator_raises_an_exception_with_slots(place):
    return fails(Slotted(place))


@program("a")
def operator_raises_stop_iteration(q):
    return ask(q), stop_iteration(q)


@program("a")
def stop_iteration_inside_a_map(q):
    return [stop_iteration(x) for x in [q, q]]


@program(call(OSError(2, "missing", "f.txt")), call(ZeroDivisionError()))
def operator_raises_a_builtin_exception(error):
    return fails(error)


@program(call(KeyboardInterrupt()), call(SystemExit(3)))
def exits_are_not_wrapped(error):
    ask("before")
    return fails(error)


@program("a")
def first_error_in_program_order(q):
    a = ask(q)
    b = picky(a + "!")
    c = lookup("nothing")
    return a, b, c


@program("a")
def no_ordered_effect_after_an_error(q):
    save("before")
    picky(q + "!")
    save("after")


@program(["a", "b!", "c!", "d"])
def error_in_the_middle_of_a_map(xs):
    return [picky(x) for x in xs]


@program(["a", "b!", "c"])
def error_in_the_middle_of_a_loop_with_effects(xs):
    for x in xs:
        save(x)
        picky(x)
    return xs


@program("a")
def error_in_glue(q):
    answer = ask(q)
    return answer + 1


@program("a")
def error_in_glue_before_an_effect(q):
    answer = ask(q)
    n = int(answer)
    save(n)


@program("a")
def attribute_error_on_a_result(q):
    return ask(q).nothing


@program("a")
def index_error(q):
    xs = [ask(q)]
    return xs[3]


@program({"a": 1})
def key_error_on_an_argument(d):
    return ask(d["a"]), d["missing"]


@program("a")
def division_by_zero(q):
    return 1 // (measure(q) - 1)


@program("a")
def raise_an_exception(q):
    answer = ask(q)
    raise Refused(3, reason=answer)


@program("a", "")
def raise_under_a_condition(q):
    if not flag(q + "x"):
        raise ValueError("empty", q)
    return ask(q)


@program("a")
def unbound_name(q):
    ask(q)
    return undefined_name  # type: ignore[name-defined]  # noqa: F821


@program("a")
def calling_what_is_not_callable(q):
    return ask(q)()


@program("a")
def error_in_a_helper_that_is_inlined(q):
    return asks_twice(q, mark=None)


@program("a")
def unused_pure_call_that_raises(q):
    measure_of_nothing = operator.itemgetter(5)(ask(q)[:2])
    return q


# --- Ordered effects ------------------------------------------------------------------------------


@program("a")
def ordered_calls_keep_their_order(q):
    return [save(1), save(ask(q)), save(3)], save(4)


@program(["a", "b", "c"])
def ordered_calls_in_a_map(xs):
    return [save(ask(x)) for x in xs]


@program(["a", "b"])
def ordered_and_unordered_calls_in_a_loop(xs):
    for x in xs:
        save(ask(x))
    save("end")
    return len(LOG)


@program("a")
def global_counter(q):
    a = bump()
    b = COUNTER
    c = bump(2)
    return a, b, c, COUNTER, ask(q)


@program("a")
def global_statement(q):
    global COUNTER
    COUNTER = measure(q) + 10
    bump()
    return COUNTER


@program("a")
def global_setting_changed(q):
    SETTINGS["mode"] = ask(q)
    SETTINGS.setdefault("other", []).append(1)
    return SETTINGS["mode"], SETTINGS


@program("slow")
def global_setting_is_read(q):
    return ask(SETTINGS["mode"] + q), SETTINGS.get("none")


@program("a")
def effect_in_an_argument(q):
    return ask(save(q)), [save(1), ask(save(2))], {save(3): save(4)}


@program("a")
def evaluation_order_of_operands(q):
    return (save("l") + save("r"), save("x") < save("y"), {"k": save("k"), "v": save("v")}[ask("q")[1:0] or "v"])


# --- Aliasing and mutation ------------------------------------------------------------------------


@program("a")
def append_after_passing_to_an_operator(q):
    xs = [q]
    first = ask(xs)
    xs.append("more")
    return first, ask(xs), xs


@program(["a"], [])
def append_to_an_argument_after_passing_it(xs):
    first = ask(xs)
    xs.append("more")
    return first, ask(xs)


@program({"k": "v"})
def dict_update_between_calls(d):
    first = ask(d)
    d["k"] = ask("new")
    d.update(other=1)
    return first, ask(d), d


@program("a")
def operator_that_changes_its_argument(q):
    xs = [q]
    same = fill(xs, ask(q))
    xs.append("end")
    return xs, same, same is xs, len(xs)


@program(["a"])
def operator_that_changes_the_callers_list(xs):
    fill(xs, "one")
    first = ask(xs)
    fill(xs, "two")
    return first, xs


@program("a")
def plain_function_that_changes_its_argument(q):
    xs = []
    append_to(xs, ask(q))
    append_to(xs, len(xs))
    return xs, first_of(xs)


@program("a")
def one_list_under_two_names(q):
    a = [ask(q)]
    b = a
    b.append(ask("b"))
    a += ["c"]
    return a, b, a is b, a == b


@program("a")
def a_list_returned_twice(q):
    xs = [ask(q)]
    return xs, xs, {"again": xs}


@program("a")
def nested_lists_are_shared(q):
    inner = [ask(q)]
    outer = [inner, inner]
    outer[0].append("x")
    return outer, inner is outer[1]


@program("a")
def list_times_a_number_shares(q):
    rows = [[ask(q)]] * 2
    rows[0].append("x")
    return rows


@program("a")
def copy_does_not_share(q):
    xs = [ask(q), [1]]
    ys = list(xs)
    zs = copy.deepcopy(xs)
    ys.append("y")
    ys[1].append(2)
    return xs, ys, zs


@program("a")
def result_list_is_changed(q):
    found = words(q + " b")
    found.append(ask("c"))
    found[0] = "first"
    return found, len(found)


@program("a")
def result_dict_is_changed(q):
    found = record(q)
    found["tags"].append(ask("t"))
    found["new"] = ask("n")
    return found


@program()
def operator_that_returns_a_shared_list():
    xs = shared_list()
    xs.append(ask("x"))
    return xs, shared_list() is xs, len(SHARED)


@program(["b", "a", "c"])
def sort_pop_reverse_insert(xs):
    results = [ask(x) for x in xs]
    results.sort()
    results.reverse()
    last = results.pop()
    results.insert(1, last)
    results.remove(last)
    return results, last, results.index("<b>"), results.count("<c>")


@program(["a", "b"])
def list_changed_while_results_are_pending(xs):
    out = [ask(x) for x in xs]
    out[0] = ask(out[1])
    out[1:] = [ask("s")]
    out *= 2
    del out[0]
    return out


@program(["a", "b"])
def dict_of_lists(xs):
    groups = {x: [] for x in xs}
    for x in xs:
        groups[x].append(ask(x))
        groups["a"].append(x)
    return groups


@program({"a": {"b": ["c"]}})
def nested_store_in_an_argument(tree):
    tree["a"]["b"].append(ask("d"))
    tree["a"]["e"] = ask("f")
    return tree


@program("a")
def operator_keeps_what_it_is_given(q):
    kept = []
    fill(LOG, kept)
    kept.append(ask(q))
    return kept


@program("a")
def history_of_messages(q):
    messages = [{"role": "user", "content": q}]
    for _ in range(3):
        answer = ask(messages)
        messages.append({"role": "assistant", "content": answer})
    return messages


@program("a")
def chat_with_a_dict_changed_between_turns(q):
    context = {"turn": 0, "text": q}
    answers = []
    for turn in range(3):
        context["turn"] = turn
        answers.append(ask(context))
    return answers, context


@program("a")
def set_of_results(q):
    seen = set()
    for text in (q, q, "b"):
        seen.add(ask(text))
    return seen, len(seen), ask(q) in seen


@program("a")
def identity_through_a_call(q):
    xs = [q]
    ys = identity(xs)
    ask(xs)
    ys.append(1)
    return xs is ys, xs


@program("a")
def is_between_results(q):
    a = ask(q)
    b = a
    none = perhaps(q + q)
    return a is b, none is None, a is not None, [a] is [a]


@program("a")
def type_and_isinstance_of_results(q):
    a = ask(q)
    return type(a), isinstance(a, str), isinstance(measure(q), int | float), type(a) is str, callable(a)


# --- Strings, numbers, the standard library -------------------------------------------------------


@program("Hello World")
def string_methods(q):
    a = ask(q)
    return (
        a.upper(), a.split(), a.strip("<>"), a.replace("o", measure("xy") * "0"), a.find("W"),
        "-".join([a, q]), a.partition(" "), a.encode(), a * 2, a % (), a + q, "%s!" % a,
        "{} and {x}".format(a, x=q), a.startswith("<"), a.isalpha(), a.center(20, "*"),
    )  # fmt: skip


@program("a")
def json_round_trip(q):
    text = json.dumps({"answer": ask(q), "list": [measure(q), None]})
    return json.loads(text), text


@program("a1b22")
def regular_expressions(q):
    a = ask(q)
    return re.findall(r"\d+", a), re.sub(r"\d", "#", a), bool(re.match("<", a)), re.search("z", a)


@program(call(3, 2.5), call(0, -1.0))
def arithmetic(n, x):
    m = measure("abc")
    return m + n, m * x, m - x, m / 2, m // 2, m % 2, m**2, -m, +m, ~m, m << 1, m & 1, m | 8, m ^ 2, abs(-m), divmod(m, 2)


@program(["a", "bbb", "cc"])
def builtins_on_results(xs):
    rs = [ask(x) for x in xs]
    return (
        len(rs), sorted(rs), min(rs), max(rs, key=len), list(reversed(rs)), sum(map(len, rs)),
        list(enumerate(rs)), list(zip(rs, xs, strict=True)), str(rs), repr(rs[0]), rs == list(rs),
        sorted(rs, key=len, reverse=True), dict(enumerate(rs)), tuple(rs), round(measure("a") / 3, 2),
        any(rs), all(rs), list(filter(None, rs)), hash(rs[0]) == hash(str(rs[0])), ord(rs[0][0]),
    )  # fmt: skip


@program(["a", "b"])
def itertools_and_functools(xs):
    return (
        list(itertools.chain([ask(x) for x in xs], ["end"])),
        functools.reduce(lambda a, b: ask(a + b), xs),
        list(itertools.product(xs, [ask("p")])),
        [list(g) for _, g in itertools.groupby([measure(x) for x in xs])],
        list(itertools.islice((ask(x) for x in xs), 1)),
    )


@program("a")
def print_to_a_file(q):
    out = io.StringIO()
    print(ask(q), measure(q), file=out)
    out.write("end")
    return out.getvalue()


@program("name")
def template(q):
    return string.Template("$who!").substitute(who=ask(q)), math.floor(measure(q) / 2)


@program("a")
def tuples_and_named_tuples_of_results(q):
    t = (ask(q), (ask("b"), [ask("c")]))
    t[1][1].append("d")
    p = namedtuple("P", "x y")(ask("x"), 1)  # noqa: PYI024
    return t, t[1][0], tuple(p), p.x, OrderedDict(a=ask("o")), t + (1,), t == (1,)


@program("a")
def conditional_expression_as_default(q):
    options = record(q)
    return options.get("score", ask("default")), options.get("none") or ask("other"), options["text"]


# --- Arrays ---------------------------------------------------------------------------------------


@program(call(np.arange(3.0)))
def numpy_argument_is_changed_in_place(x):
    x[0] = measure("abc")
    x += 1
    return x, ask(x.tolist())


@program(call(jnp.arange(3.0), "a"), call(jnp.ones(3), "bb"))
def jax_argument_and_an_operator(x, q):
    y = jnp.sin(x) * 2
    answer = ask(q)
    return y + measure(answer), answer, x


@program(call(jnp.arange(4.0), "a"))
def array_operator_array(x, q):
    y = jnp.tanh(x).sum()
    n = measure(ask(f"{q}"))
    return jnp.exp(x) * n + y


@program(["a", "bbb"], ["cc"])
def jnp_on_a_list_of_results(xs):
    vs = [vector(x) for x in xs]
    return jnp.array(vs).sum(axis=0), jnp.stack([jnp.array(v) for v in vs]).shape, jnp.array([measure(x) for x in xs])


@program(["a", "bbb"])
def embeddings_and_top_k(xs):
    rows = jnp.stack([normalise(embed(ask(x))) for x in xs])
    scores = rows @ rows[0]
    best = int(jnp.argmax(scores))
    return xs[best], scores, ask(xs[best])


@program(call(jnp.array([1.0, 2.0])), call(jnp.array([-1.0, 2.0])))
def branch_on_an_array_value(x):
    if x.sum() > 2:
        return ask("big")
    return ask("small")


@program(call(jnp.arange(3)), call(jnp.arange(5)))
def array_shape_is_python(x):
    return [ask(i) for i in range(x.shape[0])], x.dtype, x.ndim, len(x)


@program(call({"w": jnp.ones(2), "b": 1.0}, "q"))
def array_in_a_dict_argument(params, q):
    params["new"] = ask(q)
    return params["w"] * params["b"], params


@program("a")
def array_to_a_string(q):
    x = jnp.arange(3) * measure(q)
    return ask(x.tolist()), f"{x[1]}", float(x.sum()), np.asarray(x)


# --- R8: what is not captured ---------------------------------------------------------------------


@program("a")
def eval_and_locals(q):
    answer = ask(q)
    return eval("answer + q"), sorted(locals())


@program("a")
def exec_defines_a_name(q):
    space = {}
    exec("x = 1", space)
    return space["x"], ask(q)


@program("a")
def generator_function(q):
    yield ask(q)


@program("a")
def yields_through_a_loop(q):
    def numbers():
        for i in range(3):
            yield ask(i)

    total = []
    for value in numbers():
        total.append(value)
        save(value)
    return total


@program("a")
def star_import_of_names_by_getattr(q):
    return getattr(client, "ask")(q), getattr(client, "none", "default"), hasattr(client, "send")  # noqa: B009


@program("a")
def setattr_and_vars(q):
    setattr(client, "name", ask(q))  # noqa: B010
    return client.name, vars(client)["name"], client.ask("x")


@program("a")
def decorated_inner_function(q):
    @functools.lru_cache
    def cached(text):
        return save(text)

    return cached(q), cached(q), cached("b")


@program("a")
def collections_of_functions(q):
    steps = [str.upper, ask, lambda t: t + "!", collections.deque]
    value = q
    for step in steps:
        value = step(value)
    return value
