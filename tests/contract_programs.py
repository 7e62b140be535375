# Programs as people write them, not as a linter would have them.
# ruff: noqa: B006, B007, B008, B009, B010, B012, B018, B023, C416, C417, F841, RET505
# ruff: noqa: B905, F821, RUF005, RUF007, RUF024, UP031
# pyright: reportUnboundVariable=false, reportAttributeAccessIssue=false, reportArgumentType=false, reportMissingImports=false
"""Ordinary programs, each named after the behaviour that must survive `xcs.jit`.

`PROGRAMS` is the table: a function, and the argument lists it is called with, one after the other.
Arguments are copied for each call. `STATE` gives what the programs may change outside themselves.
"""

from __future__ import annotations

import bisect
import cmath
import collections
import contextlib
import copy
import dataclasses
import enum
import functools
import graphlib
import heapq
import io
import itertools
import json
import math
import operator
import os
import pathlib
import queue
import random
import re
import string
import tempfile
import threading
import time
import types
import warnings
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
    time.sleep(0.0003)  # so that what is changed too early is seen too early
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
def nap(seconds: float) -> None:
    time.sleep(seconds)


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


@xcs.op
def stream(text: str) -> Iterator[str]:
    return iter([text, text + "2", text + "3"])


class Mailbox:
    """Methods named like those that only read, on builtin types."""

    def __init__(self, text: str):
        self.messages = [text, text + "2", text + "3"]
        self.counted = 0

    def get(self) -> str:
        return self.messages.pop(0)

    def count(self) -> int:
        self.counted += 1
        return self.counted

    def items(self) -> list[str]:
        return self.messages


@xcs.op
def make_mailbox(text: str) -> Mailbox:
    return Mailbox(text)


@xcs.op
def make_document(text: str) -> Document:
    return Document(text)


@xcs.op(effects="ordered")
def calls_back(function: Callable[[str], Any], text: str) -> Any:
    return function(function(text))


SHARED = ["shared"]
REMEMBERED: dict[str, str] = {}


def joined(*parts: Any) -> str:
    return "+".join(map(str, parts))


@xcs.op
def unannotated(value):
    return f"({value})"


def remembered(key):
    if key not in REMEMBERED:
        REMEMBERED[key] = unannotated(key)
    return REMEMBERED[key]


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


class Counted:
    made = 0

    def __init__(self, text: str):
        self.text = text
        Counted.made += 1
        self.number = Counted.made


class Meter:
    """A property that counts how often it is read."""

    def __init__(self, text: str):
        self.text = text
        self.taken = 0

    @property
    def reading(self) -> str:
        self.taken += 1
        return f"{self.text}{self.taken}"


class Ghost:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> str:
        self.asked.append(name)
        return f"ghost {name} {len(self.asked)}"


@functools.total_ordering
class Money:
    def __init__(self, amount: int):
        self.amount = amount

    def __add__(self, other: Money) -> Money:
        LOG.append(("add", self.amount, other.amount))
        return Money(self.amount + other.amount)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Money) and self.amount == other.amount

    def __lt__(self, other: Money) -> bool:
        return self.amount < other.amount

    def __hash__(self) -> int:
        return hash(self.amount)

    def __bool__(self) -> bool:
        return self.amount != 0

    def __neg__(self) -> Money:
        return Money(-self.amount)

    def __str__(self) -> str:
        return f"{self.amount} coins"


class Unprintable:
    def __str__(self) -> str:
        raise Refused(0, reason="unprintable")


class Undecided:
    def __bool__(self) -> bool:
        raise Refused(0, reason="undecided")


def shouts(function: Callable[..., str]) -> Callable[..., str]:
    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> str:
        return function(*args, **kwargs).upper()

    return wrapper


@shouts
def shouting(text: str) -> str:
    return ask(text)


def logs(prefix: str) -> Callable[[Any], Any]:
    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any) -> Any:
            save(prefix)
            try:
                return function(*args)
            finally:
                save(f"{prefix} end")

        return wrapper

    return decorate


@logs("call")
def logged(text: str) -> str:
    return ask(text)


class Child(Client):
    @classmethod
    def build(cls, name: str) -> Child:
        return cls(ask(name))

    @staticmethod
    def kind() -> str:
        return ask("kind")

    def ask(self, text: str) -> str:
        return super().ask(text) + ask(self.name)


class CallableAgent:
    def __init__(self, name: str):
        self.name = name
        self.count = 0

    def __call__(self, text: str) -> str:
        self.count += 1
        return ask(f"{self.name} {self.count} {text}")


@contextlib.contextmanager
def managed(text: str) -> Iterator[str]:
    save(f"open {text}")
    try:
        yield ask(text)
    finally:
        save(f"close {text}")


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
    REMEMBERED.clear()
    mutable_default_is_shared_between_calls.__defaults__[0].clear()
    client.__init__()
    Counted.made = 0


def state() -> Any:
    """What the programs may change, the order of which counts."""
    return [LOG, COUNTER, SETTINGS, SHARED, vars(client)]


# --- The table ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Call:
    """One call's arguments."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def fresh(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Copies of the arguments; modules stay what they are."""
        return copy.deepcopy(
            (self.args, self.kwargs),
            {id(v): v for v in self.args if isinstance(v, types.ModuleType)},
        )


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
def mutable_default_is_shared_between_calls(text, seen=[]):
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
    return


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
    f = lambda text, end="!": ask(text) + end
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


@program(call(deque(["a"])), call(deque(maxlen=2)))
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
    else:
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
    return (
        ",".join(ask(x) for x in xs),
        sum(measure(x) for x in xs),
        max((ask(x) for x in xs), default=0),
    )


@program(["a", "bb", "c"])
def any_and_all_stop_early(xs):
    return any(save(x) == 2 for x in xs), all(save(x) < 5 for x in xs)


@program(["a", "b"])
def generator_consumed_by_hand(xs):
    results = (save(x) for x in xs)
    return next(results), ask("between"), next(results), next(results, None)


@program(["a", "b", "c"])
def next_with_a_condition(xs):
    return next((ask(x) for x in xs if x > "a"), None), next(
        (x for x in xs if ask(x) == ""), "none"
    )


@program(["a", "b"])
def walrus(xs):
    if (n := measure(xs)) > 2:
        n += 1
    return n, [y for x in xs if (y := ask(x))], y


@program(call("a", 3.14159), call("b", 2.0))
def f_strings(q, x):
    name = ask(q)
    return (
        f"{name!r:>8}|{x:.2f}|{ask(f'in {q}')}|{{}}|{name=}",
        f"{measure(q):03d}",
        f"{q:{measure(q) + 3}}",
    )


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
    return undefined_name  # type: ignore[name-defined]


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
    return (
        save("l") + save("r"),
        save("x") < save("y"),
        {"k": save("k"), "v": save("v")}[ask("q")[1:0] or "v"],
    )


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
    return a is b, none is None, a is not None, [a] == [a]


@program("a")
def type_and_isinstance_of_results(q):
    a = ask(q)
    return (
        type(a),
        isinstance(a, str),
        isinstance(measure(q), int | float),
        type(a) is str,
        callable(a),
    )


# --- Strings, numbers, the standard library -------------------------------------------------------


@program("Hello World")
def string_methods(q):
    a = ask(q)
    return (
        a.upper(), a.split(), a.strip("<>"), a.replace("o", measure("xy") * "0"), a.find("W"),
        "-".join([a, q]), a.partition(" "), a.encode(), a * 2, a % (), a + q, "%s!" % a,
        f"{a} and {q}", a.startswith("<"), a.isalpha(), a.center(20, "*"),
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
    return (
        m + n,
        m * x,
        m - x,
        m / 2,
        m // 2,
        m % 2,
        m**2,
        -m,
        +m,
        ~m,
        m << 1,
        m & 1,
        m | 8,
        m ^ 2,
        abs(-m),
        divmod(m, 2),
    )


@program(["a", "bbb", "cc"])
def builtins_on_results(xs):
    rs = [ask(x) for x in xs]
    return (
        len(rs), sorted(rs), min(rs), max(rs, key=len), list(reversed(rs)), sum(map(len, rs)),
        list(enumerate(rs)), list(zip(rs, xs, strict=True)), str(rs), repr(rs[0]), rs == list(rs),
        sorted(rs, key=len, reverse=True), dict(enumerate(rs)), tuple(rs),
        round(measure("a") / 3, 2), any(rs), all(rs), list(filter(None, rs)), ord(rs[0][0]),
        hash(rs[0]) == hash(str(rs[0])),
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
    p = namedtuple("P", "x y")(ask("x"), 1)
    return t, t[1][0], tuple(p), p.x, OrderedDict(a=ask("o")), t + (1,), t == (1,)


@program("a")
def conditional_expression_as_default(q):
    options = record(q)
    return (
        options.get("score", ask("default")),
        options.get("none") or ask("other"),
        options["text"],
    )


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
    return (
        jnp.array(vs).sum(axis=0),
        jnp.stack([jnp.array(v) for v in vs]).shape,
        jnp.array([measure(x) for x in xs]),
    )


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
    return getattr(client, "ask")(q), getattr(client, "none", "default"), hasattr(client, "send")


@program("a")
def setattr_and_vars(q):
    setattr(client, "name", ask(q))
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


# --- Late effects and lazy values -----------------------------------------------------------------


@program("a")
def dict_views_are_live(q):
    answers = {"x": ask(q)}
    keys, values, items = answers.keys(), answers.values(), answers.items()
    answers["y"] = ask("y")
    return list(keys), list(values), list(items), len(keys), "y" in keys


@program(["a", "b"])
def lazy_map_runs_when_it_is_consumed(xs):
    lazy = map(save, xs)
    save("before")
    return list(lazy), list(lazy)


@program(["a", "b", "c"])
def lazy_zip_and_enumerate(xs):
    pairs = zip(xs, map(save, xs), strict=True)
    save("first")
    head = next(pairs)
    numbered = enumerate(pairs)
    return head, list(numbered), list(pairs)


@program(["a", "b", "c"])
def iterator_is_consumed_once(xs):
    it = iter(xs)
    first = ask(next(it))
    second = next(it)
    return first, second, [ask(x) for x in it], list(it), next(it, None)


@program(["a", "b", "c", "d"])
def one_iterator_zipped_with_itself(xs):
    it = iter(xs)
    return [ask(a + b) for a, b in zip(it, it)]


@program("a")
def operator_returns_an_iterator(q):
    it = stream(q)
    first = next(it)
    return first, ask(first), list(it), list(it)


@program("a")
def operator_returns_an_object_with_reading_names(q):
    box = make_mailbox(q)
    first = box.get()
    box.get()
    return first, box.get(), box.count(), box.count(), box.items()


@program(3)
def closures_bind_late(n):
    fs = [lambda: ask(i) for i in range(3)]
    gs = [lambda i=i: ask(i) for i in range(3)]
    return [f() for f in fs], [g() for g in gs]


@program("a")
def lambda_sees_later_changes(q):
    xs = [q]
    f = lambda: ask(xs)
    first = f()
    xs.append("b")
    second = f()
    xs = ["c"]
    return first, second, f()


@program("a")
def inner_function_changes_an_outer_list(q):
    out = []

    def add(text):
        out.append(ask(text))
        return len(out)

    return add(q), add("b"), out


@program("a")
def inner_function_given_to_an_operator(q):
    out = []

    def add(text):
        out.append(text)
        return text + "!"

    result = calls_back(add, q)
    return result, out, calls_back(lambda t: ask(t + q), "x")


@program("a")
def default_is_evaluated_when_the_function_is_defined(q):
    def inner(text, extra=save("default")):
        return extra, save(text)

    return inner(q), inner("b"), save("end")


@program("a")
def inner_recursion_with_a_memo(q):
    memo = {}

    def count(n):
        if n in memo:
            return memo[n]
        memo[n] = ask(n) if n < 2 else count(n - 1) + count(n - 2)
        return memo[n]

    return count(4), memo


@program("a")
def generator_with_effects_in_between(q):
    def produce():
        save("start")
        yield ask(q)
        save("middle")
        yield ask("b")
        save("end")

    out = []
    for answer in produce():
        save(answer)
        out.append(answer)
    return out


@program("end", "x")
def walrus_in_a_while_test(q):
    lines = iter(["one", "two", q, "end"])
    out = []
    while (line := next(lines)) != "end":
        out.append(ask(line))
    return out, line


# --- Aliases that arguments, results and globals form ---------------------------------------------


def _shared() -> Any:
    xs: list[Any] = ["s"]
    return xs


_SAME = _shared()


@program(call(_SAME, _SAME), call(["a"], ["b"]))
def one_list_passed_twice(xs, ys):
    xs.append(ask("x"))
    first = ask(ys)
    ys.append("y")
    return first, len(xs), xs is ys, xs


_INNER = {"k": ["inner"]}


@program(call(_INNER, _INNER["k"]))
def an_argument_inside_another(d, inner):
    inner.append(ask("x"))
    first = ask(d)
    d["k"].append("y")
    return first, ask(inner), d["k"] is inner


@program("a")
def global_list_under_a_local_name(q):
    mine = SHARED
    mine.append(ask(q))
    first = ask(SHARED)
    SHARED.append("again")
    return first, len(mine), mine is SHARED, shared_list()[-1]


@program([["a"], ["b"]])
def element_of_an_argument(rows):
    row = rows[0]
    row.append(ask("x"))
    first = ask(rows)
    rows[0].append("y")
    return first, row, rows[0] is row


@program([["a"], ["b"]])
def loop_variable_is_an_alias(rows):
    for row in rows:
        row.append(ask(row[0]))
    return rows, ask(rows)


@program("a")
def part_of_a_result(q):
    found = record(q)
    tags = found["tags"]
    tags.append(ask("t"))
    first = ask(found)
    found["tags"] = ["new"]
    return first, tags, found


@program("a")
def two_results_that_are_one(q):
    a, b = shared_list(), shared_list()
    a.append(ask(q))
    return ask(b), a is b, len(b)


@program("a")
def chained_assignment(q):
    a = b = [ask(q)]
    b.append("b")
    c = d = ask("c")
    return a, b, a is b, c, d


@program("a")
def swap_and_rotate(q):
    a, b = ask(q), ask("b")
    a, b = b, a
    xs = [a, b, "c"]
    xs[0], xs[1] = xs[1], xs[0]
    i = 0
    i, xs[i] = 1, "set"
    return a, b, xs, i


@program("a")
def nested_targets(q):
    (a, (b, *c)), d = (ask(q), (ask("b"), ask("c"), "d")), {}
    for i, d[i] in enumerate([ask("x"), ask("y")]):
        pass
    for (x, y), z in [((ask(1), 2), 3)]:
        pass
    return a, b, c, d, x, y, z


@program("a")
def augmented_item_and_attribute(q):
    d, box = {"k": "v", "n": 1}, Document(q)
    d["k"] += ask(q)
    d["n"] += measure(q)
    box.text += ask(box.text)
    box.score -= measure(q)
    box.tags += [ask("t")]
    return d, box


@program("a")
def augmented_item_is_read_before_the_right_side(q):
    d = {"k": 1}

    def change():
        d["k"] = 10
        return measure(q)

    d["k"] += change()
    return d


@program("a")
def containers_stored_in_objects(q):
    items = [ask(q)]
    doc = Document("t", tags=items)
    items.append("later")
    doc.tags.append(ask("tag"))
    return items, doc.tags is items, ask(doc.tags), doc


@program("a")
def object_from_an_operator(q):
    doc = make_document(q)
    same = doc
    doc.text = ask("new")
    doc.tags.append(ask(doc.text))
    return same.text, doc.tags, doc is same, ask(same.tags)


@program("a")
def objects_that_refer_to_each_other(q):
    a, b = Document(ask(q)), Document("b")
    a.tags.append(b)
    b.tags.append(a)
    return a.tags[0].tags[0] is a, a.tags[0].text, b.tags[0].text


@program("a")
def list_that_holds_itself(q):
    xs = [ask(q)]
    xs.append(xs)
    return xs[1][1][0], xs[1] is xs, len(xs)


@program(["a", "b"])
def list_of_one_shared_row(xs):
    row = []
    rows = [row for _ in xs]
    for x in xs:
        rows[0].append(ask(x))
    return rows, rows[0] is rows[1], row


@program("a")
def dict_fromkeys_shares(q):
    d = dict.fromkeys(["x", "y"], [])
    d["x"].append(ask(q))
    return d, d["x"] is d["y"]


@program("a")
def slice_is_a_copy(q):
    xs = [[ask(q)], "b"]
    ys = xs[:]
    ys.append("c")
    ys[0].append("d")
    return xs, ys


@program("a")
def tuple_holds_a_list(q):
    t = ([ask(q)], "b")
    t[0].append("c")
    first = ask(t)
    t[0][0] = "e"
    return first, t


@program("a")
def concatenation_makes_a_new_list(q):
    xs = [ask(q)]
    ys = xs
    xs = xs + ["new"]
    ys += ["old"]
    return xs, ys


@program("a")
def merge_of_dicts_shares_values(q):
    a = {"x": [ask(q)]}
    b = {**a, "y": 1}
    c = a | {"z": 2}
    b["x"].append("more")
    a["w"] = 0
    return a, b, c


@program(["b", "a"])
def in_place_list_methods(xs):
    xs.sort(key=lambda x: measure(x) + ord(x))
    xs.reverse()
    xs.extend(ask(x) for x in "cd")
    xs[1:1] = [ask("in")]
    del xs[0]
    xs *= 2
    return xs, xs.pop(0), xs.copy() == xs


@program({"b": 1})
def in_place_dict_methods(d):
    d.update(a=ask("a"), c=ask("c"))
    popped = d.pop("b"), d.pop("zz", ask("default"))
    d |= {"e": ask("e")}
    last = d.popitem()
    return popped, last, d, d.setdefault("f", [ask("f")])


@program({"b"})
def in_place_set_methods(s):
    s.add(ask("a"))
    s |= {"c"}
    s.discard("b")
    s.update([ask("d")], {"e"})
    return sorted(s), s & {"c"}, s - {"c"}, len(s)


@program("a")
def keyed_sort_with_an_ordered_operator(q):
    xs = ["c", "a", q]
    return sorted(xs, key=lambda x: -save(x)), max(xs, key=save), save("end")


@program("a")
def operator_reads_slowly_what_changes_later(q):
    xs = [q]
    first = ask(xs)
    xs[0] = "changed"
    d = {"k": xs}
    second = ask(d)
    xs.clear()
    return first, second, ask(d)


@program(call(["a"], {"k": ["v"]}))
def operators_read_arguments_that_change_later(xs, d):
    first = ask(xs)
    xs[0] = "changed"
    second = ask(d)
    d["k"].append("w")
    third = ask(d)
    d.clear()
    xs.clear()
    return first, second, third


@program(call(Document("t", tags=["a"])))
def operators_read_an_object_that_changes_later(doc):
    first = ask(doc)
    doc.text = "changed"
    second = ask(doc)
    doc.tags.append("b")
    return first, second, ask(doc), ask(doc.tags)


# --- Global state ---------------------------------------------------------------------------------


def read_mode() -> str:
    return ask(SETTINGS["mode"])


def set_mode(mode: str) -> None:
    global SETTINGS
    SETTINGS = {"mode": mode}


@program("a")
def helper_rebinds_a_global_that_another_reads(q):
    before = read_mode()
    set_mode(q)
    return before, read_mode(), SETTINGS["mode"]


@program("a")
def global_is_rebound_and_read_by_a_helper(q):
    global SETTINGS
    SETTINGS = {"mode": ask(q)}
    return read_mode()


@program("a")
def client_state_is_read_between_calls(q):
    before = client.count, list(client.history)
    client.send(q)
    middle = client.count, list(client.history)
    client.send(ask("b"))
    return before, middle, client.count, client.history


@program("a")
def class_attribute_counts_instances(q):
    a, b = Counted(ask(q)), Counted("b")
    return a.number, b.number, Counted.made >= 2, b.number - a.number


@program("a")
def property_with_an_effect(q):
    meter = Meter(q)
    return meter.reading, meter.reading, meter.taken, [meter.reading for _ in range(2)]


@program("a")
def dynamic_attributes(q):
    ghost = Ghost()
    return ghost.anything, ask(ghost.other), ghost.asked


@program("a")
def operators_of_a_user_class(q):
    a, b = Money(1), Money(measure(q))
    return a + b, a == b, a < Money(3), bool(Money(0)), -a, sum([a, b], Money(0)), a in [b], str(b)


@program("a")
def print_keeps_its_order(q):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        print("start")
        print(ask(q))
        for i in range(2):
            print(i, measure(q))
    return out.getvalue()


@program("a")
def decorated_helpers(q):
    return shouting(q), shouting(text="b"), logged(q)


@program("a")
def inheritance_and_super(q):
    child = Child(q)
    return child.ask("x"), child.kind(), Child.build("b").name, isinstance(child, Client)


@program("a")
def callable_object_that_reaches_operators(q):
    agent = CallableAgent(q)
    return agent("x"), agent("y"), agent.count


@program("a")
def context_manager_from_a_generator(q):
    with managed(q) as answer, managed("b"):
        save(answer)
    return answer


@program("a")
def context_manager_that_swallows(q):
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.suppress(ValueError))
        stack.callback(save, "closed")
        picky(q + "!")
        save("not reached")
    return save("after")


# --- More exceptions ------------------------------------------------------------------------------


@program("a!", "a")
def reraised(q):
    try:
        return picky(q)
    except ValueError:
        save("seen")
        raise


@program("a!", "a")
def handler_that_fails_before_it_reraises(q):
    found = []
    try:
        try:
            picky(q)
        except ValueError:
            found.append(ask("handling"))
            picky("b!")
            raise
    except ValueError as error:
        found.append(str(error))
    return found


@program("a!", "a")
def return_in_finally_wins(q):
    try:
        picky(q)
    finally:
        return ask("finally")


@program("a!")
def nested_try(q):
    try:
        try:
            picky(q)
        except KeyError:
            save("wrong")
        finally:
            save("inner")
    except ValueError as error:
        save(error.args)
    return ask("end")


@program("a!")
def the_name_of_the_exception_goes_away(q):
    error = "before"
    try:
        picky(q)
    except ValueError as error:
        save(str(type(error)))
    return error


@program(["a", "b!", "c"])
def error_in_a_comprehension_inside_try(xs):
    try:
        answers = [picky(x) for x in xs]
    except ValueError as error:
        answers = error.args
    return answers


@program("a!")
def error_in_an_inlined_helper_is_caught(q):
    def helper(text):
        save("in")
        result = picky(text)
        save("out")
        return result

    try:
        return helper(q)
    except ValueError:
        return ask("caught")


@program(["a", "b!", "c"])
def break_and_else_around_try(xs):
    for x in xs:
        try:
            picky(x)
        except ValueError:
            save("broke")
            break
    else:
        save("whole")
    return save(x)


@program("a")
def exception_group(q):
    try:
        raise ExceptionGroup("many", [ValueError(ask(q)), KeyError("k")])
    except* ValueError as group:
        save(group.exceptions[0].args)
    except* KeyError:
        save("key")
    return ask("end")


@program("a")
def error_in_str(q):
    return f"{ask(q)} {Unprintable()}"


@program("a", "")
def error_in_bool(q):
    return ask("x") if Undecided() else q


@program("a")
def too_deep_recursion(q):
    def forever(n):
        return forever(n + 1)

    try:
        forever(0)
    except RecursionError:
        return ask(q)


@program("a")
def error_while_unpacking_arguments(q):
    return ask(*[ask(q)], nothing=1)


@program(call([1, 2, 3]), call([]))
def errors_of_builtins(xs):
    ask("x")
    return max(xs), xs.index(9)


@program("a")
def assertion_with_a_call_in_its_message(q):
    assert measure(q) > 5, ask("message")


@program("a")
def unused_results_with_errors(q):
    ask(q).missing
    save("not reached")


@program("a")
def error_in_a_default(q):
    def inner(x=1 // (measure(q) - 1)):
        return x

    return inner()


@program("a")
def error_after_a_change_to_the_argument(q, seen=None):
    seen = [] if seen is None else seen
    SHARED.append(q)
    picky("!")
    SHARED.append("not reached")


# --- Sizes ----------------------------------------------------------------------------------------


@program(5000)
def long_static_loop(n):
    total = 0
    for i in range(5000):
        total += i
    return total, ask(total)


@program(list(range(300)))
def long_map(xs):
    return [ask(x) for x in xs], sum([measure(x) for x in xs])


@program("a")
def many_statements_in_a_chain(q):
    for _ in range(60):
        q = ask(measure(q))
    return q


@program("a")
def deep_nesting(q):
    value = q
    for _ in range(30):
        value = [value]
    return ask(value), value


# --- Calls of every form --------------------------------------------------------------------------


@program("a")
def method_objects(q):
    send, upper, append = client.send, str.upper, [].append
    append(1)
    return send(q), upper(ask(q)), ask(q).upper().lower, client.ask.__name__


@program("a")
def methods_of_results_kept(q):
    answer = ask(q)
    find = answer.find
    parts = words("a b c")
    add = parts.append
    add(find("a"))
    return parts, list(map(answer.count, "a<"))


@program("a")
def operators_from_a_module(q):
    return math.sqrt(measure(q * 4)), operator.add(ask(q), "x"), json.dumps(words(q))


@program(call("a", {"stop": "s"}))
def arguments_evaluated_in_order(q, options):
    return ask(*[str(save(1))], temperature=save(2), **{**options, "stop": str(save(3))})


@program("a")
def conditional_callee(q):
    f = ask if measure(q) == 1 else measure
    return f(q), (ask if flag(q) else measure)(q)


@program("a")
def immediately_called_lambda(q):
    return (lambda x, *y, **z: [ask(x), y, z])(q, 1, k=2)


@program(call("a", "b", "c"))
def starred_everywhere(*args):
    first, *middle, last = args
    xs = [*args, *[ask(a) for a in args]]
    return (
        first,
        middle,
        last,
        xs,
        (*args, ask("t")),
        {*args},
        max(*args),
        "{} {}".format(*args[:2]),
    )


@program("a")
def annotations_and_pass(q: str) -> str:
    answer: str = ask(q)
    other: int
    other = measure(answer)
    return f"{answer}{other}"


@program("x", "y")
def match_on_types_and_guards(q):
    match [ask(q), measure(q)]:
        case [str() as text, int(n)] if n > 1:
            return "many", text
        case [text, *_] if q == "x":
            return "x", text
        case _:
            return ask("default")


@program("a")
def conditional_import_and_try_import(q):
    try:
        import no_such_module_for_xcs as found
    except ImportError:
        found = None
    return found is None, ask(q)


@program("a")
def nested_classes_and_dataclasses(q):
    @dataclass
    class Local:
        text: str
        size: int = 0

    made = Local(ask(q), measure(q))
    made.size += 1
    return made.text, made.size


@program(call({"a": [1, {"b": ("c", None)}]}))
def deep_structure_round_trip(data):
    data["new"] = {"answer": [ask(data), (measure("x"),)]}
    return data, json.loads(json.dumps(data["new"]))


# --- More arrays ----------------------------------------------------------------------------------


@program(call(np.arange(4.0)))
def views_of_a_numpy_argument(x):
    tail = x[1:]
    tail[0] = measure("abc")
    first = ask(x.tolist())
    x[2:] = 7
    return first, tail.tolist(), x


@program(call(jnp.arange(3.0)))
def functional_update(x):
    n = measure("ab")
    y = x.at[0].set(n)
    return y, x, y.at[1].add(1.0)[1]


@program(call(jnp.arange(6.0).reshape(2, 3)))
def rows_of_an_array(x):
    return [ask(float(row.sum())) for row in x], [ask(i) for i, _ in enumerate(x)], x.T


@program(call(jnp.arange(3.0), 2), call(jnp.arange(3.0), 3))
def number_argument_with_an_array(x, n):
    y = x * n + measure("a")
    return y, ask(n), [ask(i) for i in range(n)]


@program(call(jax.random.PRNGKey(0), 3))
def random_numbers_from_a_key(key, n):
    a, b = jax.random.split(key)
    noise = jax.random.normal(a, (2,))
    return noise.shape, ask(n), jax.random.randint(b, (2,), 0, 10)


@program("abc", "de")
def scores_of_results(q):
    sizes = [measure(ask(c)) for c in q]
    weights = jnp.array(sizes) / sum(sizes)
    best = int(weights.argmax())
    return weights, ask(q[best]), float(weights.sum()) > 0.99


@program(call(jnp.array([3.0, 1.0, 2.0])))
def array_decides_the_order_of_calls(x):
    order = jnp.argsort(x)
    return [ask(int(i)) for i in order], x[order]


@program(call(jnp.array(0.5)), call(jnp.array(-0.5)))
def array_in_a_while_test(x):
    rounds = 0
    while jnp.abs(x) < 2:
        x = x * 2
        rounds += 1
    return x, rounds, ask(rounds)


@program(call([jnp.ones(2), jnp.zeros(2)], "a"))
def list_of_arrays(xs, q):
    xs.append(jnp.full(2, measure(q)))
    return sum(xs), len(xs), ask(len(xs))


@program(call(jnp.arange(3), "a"))
def array_error_after_a_call(x, q):
    answer = ask(q)
    return answer, x + jnp.arange(4)


# --- The outside world ----------------------------------------------------------------------------


@program("a")
def file_written_then_read(q):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "answer.txt"
        path.write_text(ask(q))
        first = path.read_text()
        with path.open("a") as file:
            file.write(ask("more"))
        return first, path.read_text(), path.exists(), len(list(pathlib.Path(folder).iterdir()))


@program("a")
def environment_is_set_and_read(q):
    os.environ["XCS_TEST"] = ask(q)
    try:
        return os.environ["XCS_TEST"], os.getenv("XCS_TEST"), read_environment()
    finally:
        del os.environ["XCS_TEST"]


def read_environment() -> str | None:
    return os.environ.get("XCS_TEST")


@program("a")
def elapsed_time_covers_the_call(q):
    start = time.perf_counter()
    nap(0.01)
    middle = time.perf_counter()
    ask(q)
    end = time.monotonic()
    nap(0.01)
    return middle - start >= 0.005, time.monotonic() - end >= 0.005


@program("a")
def seeded_random_numbers(q):
    random.seed(3)
    a, b = random.random(), random.randint(0, 100)
    answer = ask(q)
    items = [1, 2, 3, 4, answer]
    random.shuffle(items)
    return a, b, items, random.choice(items), [random.random() for _ in range(3)]


@program(call(random.Random(5)), call(random.Random(6)))
def random_generator_argument(rng):
    return rng.random(), ask(rng.randint(0, 9)), [rng.random() for _ in range(2)], rng.choice("abc")


@program(call(np.random.default_rng(5)))
def numpy_generator_argument(rng):
    a = rng.integers(0, 100, 3)
    return a, ask(int(a[0])), rng.random(2)


@program("a")
def text_written_in_a_loop(q):
    out = io.StringIO()
    for i in range(3):
        out.write(ask(f"{q}{i}"))
    out.seek(0)
    return out.read(2), out.read()


@program("a")
def warnings_are_raised_in_order(q):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn(ask(q), stacklevel=1)
        warnings.warn("second", stacklevel=1)
    return [str(w.message) for w in caught]


@program("a")
def lock_is_held(q):
    lock = threading.Lock()
    with lock:
        held = lock.locked()
        answer = ask(q)
    return held, lock.locked(), answer


@program(["a", "b"])
def own_threads(xs):
    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(ask, xs)), threads.submit(ask, "x").result()


class Forgiving:
    """A manager that takes no notice of an error."""

    def __init__(self) -> None:
        self.errors = 0

    def __enter__(self) -> Forgiving:
        return self

    def __exit__(self, kind: Any, *details: object) -> bool:
        self.errors += kind is not None
        return True


@program("a", "!")
def manager_that_is_read_after_an_error(q):
    with Forgiving() as manager:
        picky(q)
    return manager.errors


@program(["a", "b"])
def changes_by_ordered_calls_in_a_loop(qs):
    seen = []

    def add(q):
        seen.append(q)
        return q

    for q in qs:
        calls_back(add, q)
    return len(seen), sorted(seen)


# --- Changes by other ways than methods -----------------------------------------------------------


@program("a")
def unbound_methods_change_a_list(q):
    xs, d = [3, 1], {}
    list.append(xs, measure(q))
    list.sort(xs)
    dict.__setitem__(d, "k", ask(q))
    operator.setitem(d, "l", xs[0])
    operator.methodcaller("append", ask("m"))(xs)
    return xs, d


@program(["b", "a"])
def functions_of_the_library_change_a_list(xs):
    heap = []
    for x in xs:
        heapq.heappush(heap, ask(x))
    bisect.insort(xs, ask("c"))
    smallest = heapq.heappop(heap)
    return smallest, heap, xs


@program(["a", "b"])
def list_changed_through_map_and_comprehension(xs):
    out, seen = [], set()
    list(map(out.append, [ask(x) for x in xs]))
    nothing = [out.append(x) for x in xs]
    fresh = [x for x in xs + xs if not (x in seen or seen.add(x))]
    add = functools.partial(out.append, ask("p"))
    add()
    return out, nothing, fresh, seen


@program("a")
def object_changed_through_its_dict(q):
    doc = Document(q)
    doc.__dict__["text"] = ask(q)
    vars(doc).update(score=measure(q))
    setattr(doc, "extra", ask("e"))
    return doc.text, doc.score, doc.extra, copy.copy(doc).text


@program(call(Document("t")))
def argument_changed_through_its_dict(doc):
    before = doc.text
    doc.__dict__["text"] = ask("new")
    setattr(doc, "score", measure(doc.text))
    return before, doc.text, doc.score


@program("x1y22")
def callback_of_re_sub(q):
    return re.sub(r"\d", lambda m: ask(m.group()), q), re.split(r"\d", ask(q))


@program(["a", "b", "c"])
def lazy_tools(xs):
    a, b = itertools.tee(map(save, xs))
    save("start")
    return (
        next(a), list(b), list(a), list(itertools.accumulate(xs, lambda p, x: ask(p + x))),
        list(itertools.starmap(ask, [(x, 0.5) for x in xs])), list(itertools.takewhile(flag, xs)),
        list(itertools.islice(itertools.cycle(xs), 4)), max(map(save, xs)), ",".join(map(ask, xs)),
    )  # fmt: skip


@program(["a", "b"])
def sentinel_iteration(xs):
    queue = [*xs, "stop", "never"]
    return [ask(x) for x in iter(lambda: queue.pop(0), "stop")], queue


@program("a", 1)
def single_dispatch(value):
    return describe(value), describe([value])


@functools.singledispatch
def describe(value: Any) -> str:
    return ask(f"any {value}")


@describe.register
def _(value: int) -> str:
    return ask(f"int {value}")


@describe.register
def _(value: list) -> str:
    return ask(f"list {len(value)}")


@program("a")
def memoised_helper(q):
    memoised.cache_clear()
    return memoised(q), memoised(q), memoised("b"), memoised.cache_info().hits


@functools.lru_cache
def memoised(text: str) -> int:
    return save(text)


# --- Arguments of every kind ----------------------------------------------------------------------


class Text(str):
    """A string with more to it."""

    def shout(self) -> str:
        return self.upper() + "!"

    def upper(self) -> str:
        return "UPPER " + super().upper()


class LoudList(list):
    """A list that tells of what is appended."""

    def append(self, item: Any) -> None:
        LOG.append(("append", repr(item)))
        super().append(item)


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Slots:
    __slots__ = ("text",)

    def __init__(self, text: str):
        self.text = text


@program(call(Text("a")), call("b"))
def string_subclass(q):
    return ask(q), q.upper(), q + "x", isinstance(q, Text)


@program(call(LoudList(["a"])), call(LoudList()))
def list_subclass(xs):
    xs.append(ask("x"))
    xs.append("y")
    return xs, len(xs), xs[0]


@program(Level.LOW, Level.HIGH, 2)
def int_subclass(level):
    return ask(level), level + 1, level == 2, level > Level.LOW


@program(call(Slots("a")), call(Slots("b")))
def object_with_slots(o):
    before = o.text
    o.text = ask(before)
    return before, o.text, ask(o.text)


@program(call({1: "a", "b": 2, None: 3.5, (1, 2): "t"}))
def dict_with_mixed_keys(d):
    d[True] = ask("one")
    return d, list(d), [ask(k) for k in d]


def _cyclic() -> list[Any]:
    xs: list[Any] = ["a"]
    xs.append(xs)
    return xs


@program(call(_cyclic()))
def argument_that_holds_itself(xs):
    return ask(xs[0]), xs[1] is xs, xs


@program(call(float("nan"), -0.0), call(float("inf"), 1e300))
def odd_numbers(a, b):
    return ask(a), a == a, str(b), a + b, b * 10**10


@program(call(10**30), call(-(2**70)))
def large_integers(n):
    return ask(n), n + measure("a"), n // 7, -n


@program(call(complex(1, 2), range(3)), call(1j, range(0, 10, 4)))
def complex_and_range(z, r):
    return ask(z), z * 2, abs(z), [ask(i) for i in r], len(r), r[0]


@program(call(len), call(str.upper), call(ask), call(lambda t: t * 2))
def function_argument(f):
    return f("ab"), f(ask("x")), [f(x) for x in ("p", "q")]


@program(call(ask, model=measure))
def operator_arguments(first, *, model):
    return first("a"), model("abc"), list(map(model, ["x", "yy"]))


@program(call(Client, "c"))
def class_argument(make, name):
    made = make(ask(name))
    return made.name, made.send("x"), make is Client, isinstance(made, make)


@program(call(ValueError("v", 1)))
def exception_argument(error):
    try:
        ask("x")
        raise error
    except ValueError as caught:
        return caught is error, caught.args


@program(call("a", math), call("b", cmath))
def module_argument(q, module):
    return ask(q), module.sqrt(4), module.__name__


@program("a")
def defaults_that_are_objects(q, model=ask, who=client, table={"k": ask}):
    return model(q), who.ask(q), table["k"](q), who.count


@program(call([1, 2, 3], slice(1, None), ...))
def slices_as_arguments(xs, s, e):
    return xs[s], ask(s), e is ...


@program(call([None, [None, "a"], {"k": None}]))
def nones_inside(data):
    return [x is None for x in data], ask(data[1][1]), data[2]["k"] is None, data


# --- Functions that call themselves and each other ------------------------------------------------


@xcs.jit
def jitted_inner(text: str) -> tuple[str, str]:
    return ask(text), ask(text + "2")


@xcs.jit
def jitted_down(n: int) -> list[str]:
    if n == 0:
        return [ask("end")]
    return [ask(n), *jitted_down(n - 1)]


@program("a")
def jitted_functions_inside(q):
    return jitted_inner(q), [jitted_inner(x) for x in (q, "b")], jitted_down(3)


@program("a")
def error_inside_a_jitted_function_inside(q):
    try:
        return jitted_fails(q)
    except ValueError as error:
        return ask("caught"), error.args


@xcs.jit
def jitted_fails(text: str) -> str:
    return picky(text + "!")


def even(n: int) -> str:
    return ask("even") if n == 0 else odd(n - 1)


def odd(n: int) -> str:
    return ask("odd") if n == 0 else even(n - 1)


@program(4, 5)
def mutual_recursion(n):
    return even(n), odd(n), even(2)


@program([["a", ["b"]], "c"])
def recursion_over_a_tree(tree):
    def walk(node):
        if isinstance(node, str):
            return ask(node)
        return [walk(child) for child in node]

    return walk(tree)


@program("a")
def three_levels_of_closures(q):
    def outer(a):
        def middle(b):
            def inner(c):
                return ask(a + b + c + q)

            return inner

        return middle

    add = outer("x")("y")
    return add("z"), outer(ask("p"))("q")("r")


# --- Errors that are not ordinary -----------------------------------------------------------------


class Stop(BaseException):
    """Not an Exception."""


@xcs.op
def stops() -> None:
    raise Stop("now", 1)


@program("a")
def base_exception_of_the_user(q):
    ask(q)
    return stops()


@program("a")
def base_exception_that_is_caught(q):
    try:
        stops()
    except Stop as error:
        return error.args, ask(q)


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


@xcs.op
def fails_mutely() -> None:
    raise Mute


@program("a")
def error_without_a_text(q):
    return ask(q), fails_mutely()


@program("a")
def error_in_an_operator_inside_a_lambda(q):
    return sorted([q, "b!", "c"], key=lambda x: picky(x))


@program("a")
def error_in_a_dict_comprehension(q):
    return {x: picky(x) for x in [q, "b!", "c!"]}


@program("a")
def finally_order_in_nested_functions(q):
    def inner():
        try:
            save("try")
            return ask(q)
        finally:
            save("finally")

    result = inner()
    save("after")
    return result


@program(["a", "b!", "c"])
def continue_in_a_handler(xs):
    out = []
    for x in xs:
        try:
            answer = picky(x)
        except ValueError:
            continue
        finally:
            save(x)
        out.append(answer)
    return out


@program("a")
def del_of_an_item_and_a_missing_key(q):
    d = {"k": ask(q)}
    del d["k"]
    del d["k"]


@program("a")
def read_of_a_deleted_name(q):
    answer = ask(q)
    del answer
    return answer


@program("a")
def infinite_generator_cut_short(q):
    def forever():
        n = 0
        while True:
            yield save(n)
            n += 1

    return [x for x, _ in zip(forever(), range(3))], next(forever())


# Known to fail at the time of writing: a list that an arm yields comes out as a copy.
@program(call([], "a"), call(["x"], ""))
def one_of_two_lists(xs, q):
    mine, other = [], ["o"]
    either = xs or mine
    fill(either, "first")
    chosen = mine if flag(ask(q)) else other
    chosen.append(ask("second"))
    both = mine and other
    both.append("third")
    if q:
        named = other
    else:
        named = xs
    named.append("fourth")
    return xs, mine, other, either is mine, chosen is other, named


@program("a", "")
def list_found_in_a_structure(q):
    rows = [[ask(q)], ["b"]]
    table = {"x": rows[0], "y": []}
    row = rows[measure(q)]
    row.append("by index")
    cell = table["x" if flag(q + "z") else "y"]
    cell.append("by key")
    table.get(q, rows[1]).append("by get")
    (rows or table["y"])[0].append("by or")
    for each in (rows[0], table["y"]):
        each.append("by loop")
    last = max(rows, key=len)
    last.append("by max")
    return rows, table


# --- NumPy arrays that are changed in place, and what is computed from them -----------------------


@program(np.arange(6.0).reshape(3, 2))
def item_of_a_computed_array(x):
    s = x @ x.T
    s[0, 0] = 9
    return [ask(row.tolist()) for row in s]


@program(np.arange(6.0).reshape(3, 2))
def item_of_a_copy_leaves_the_argument(x):
    s = x.copy()
    s[0] = 5
    return ask(s.tolist())


@program(np.arange(6.0).reshape(3, 2))
def item_of_a_view_changes_the_argument(x):
    flat, rows = x.reshape(-1), x[1:]
    flat[0] = 7
    rows[0, 1] = 8
    x.T[0, 2] = 9
    return ask(x.tolist())


@program(np.arange(6.0).reshape(3, 2))
def functions_that_change_arrays(x):
    s = x @ x.T
    np.fill_diagonal(s, 0)
    np.copyto(s[1], 3.0)
    np.add(s, 1, out=s)
    return ask(s.tolist())


@program(np.asarray([3.0, 1.0, 2.0]))
def methods_that_change_arrays(x):
    s = x * 2
    s.sort()
    t = x + 1
    t.fill(4)
    return ask([s.tolist(), t.tolist(), list(s.flat)])


@program(np.arange(6.0).reshape(3, 2))
def array_filled_in_a_loop(x):
    s = x.copy()
    for i in range(len(s)):
        s[i] = measure(str(i))
    return s.tolist(), ask("end")


@program(np.arange(6.0).reshape(3, 2))
def rows_changed_in_a_loop(x):
    for row in x:
        row[0] = 1
    return ask(x.tolist())


# --- Builtins that call operators, or use up what does --------------------------------------------


@program(["a", "b", "a"], [])
def map_that_is_used_up(xs):
    return list(map(ask, xs)), ", ".join(map(ask, xs)), dict(zip(xs, map(ask, xs)))


@program(["a", "b", "a"])
def map_of_a_function_that_is_given(xs):
    prefix = ask("p")
    return tuple(map(lambda x: ask(prefix + x), xs)), sum(map(measure, xs))


@program(["a", "b", "a"], [])
def map_counted(xs):
    return Counter(ask(x) for x in xs).most_common(1), deque(map(ask, xs))


@program(["a", "b", "c!", "d"])
def map_of_an_operator_that_fails(xs):
    save("before")
    answers = list(map(picky, xs))
    save("after")
    return answers


@program(["bbb", "a", "cc", "d"], [])
def sorted_by_what_an_operator_says(xs):
    return sorted(xs, key=measure), sorted(xs, key=lambda x: -measure(ask(x)), reverse=True)


@program(["bbb", "a", "cc", "dd"], ["a"], [])
def best_by_what_an_operator_says(xs):
    return max(xs, key=lambda x: len(ask(x))), min(xs, key=measure)


@program(["bbb", "a"])
def sorted_by_keys_with_effects(xs):
    return sorted(xs, key=save)


@program(["a", "b", "c"])
def zip_that_ends_early(xs):
    return dict(zip(["k"], (ask(x) for x in xs))), list(zip(xs[:1], map(ask, xs)))


@program(["a", "b", "c"])
def first_of_enumerated_answers(xs):
    return next(enumerate(ask(x) for x in xs)), next(zip(xs, (ask(x) for x in xs)))


@program(["a", "b"])
def a_slice_takes_a_list_that_is_being_made(xs):
    answers = [ask(x) for x in xs]
    for x in [ask("k"), ask("l")]:
        answers[:1] = [save(x + other) and other for other in answers]
    return "some" if answers else "none", answers


@program("bb")
def starred_list_that_is_being_made(text):
    return joined(*[remembered(letter) for letter in text])


@program([], ["a"])
def answer_in_the_test_of_a_while_loop(xs):
    while (answer := unannotated("a")) and len(xs) < 3:
        xs.append(save(unannotated(answer + "b") + answer))
    return xs


@program({}, {"a": []})
def function_that_holds_a_variable_of_an_earlier_loop(found):
    n = 0
    try:
        raise ValueError(ask("a"))
    except ValueError:
        while (text := ask("b")) and n < 2:
            n += 1
        try:
            n += len(ask("c"))
        except KeyError:

            def add(value):
                found.setdefault(value, []).append(text)
        else:
            try:
                found.setdefault(ask("d"), []).append("")
            except LookupError:
                found[text] = n
    return found, n


@program("a", "b!")
def target_of_a_with_statement_that_swallows(text):
    with contextlib.suppress(ValueError), contextlib.nullcontext(ask(text)) as text:
        picky(text)
    with contextlib.suppress(ValueError) as found:
        picky("no!")
    return text, found


# --- What comes out of mappings ------------------------------------------------------------------


class Note:
    def __init__(self, text):
        self.text = text

    def put(self, text):
        self.text = text


@program("a")
def objects_that_items_gives(q):
    notes = {"a": Note("0"), "b": Note("1")}
    for key, note in notes.items():
        if ask(key) != q:
            note.put(ask(key + "!"))
    return notes["a"].text, notes["b"].text


@program("a")
def objects_that_keys_are(q):
    notes = {Note("0"): 1, Note("1"): 2}
    for note in notes:
        if ask(note.text) != q:
            note.put(ask(note.text + "!"))
    return [note.text for note in sorted(notes, key=notes.__getitem__)], [
        note.text for note in notes
    ]


@program("a")
def objects_in_sorted_pairs(q):
    notes = {"b": Note("0"), "a": Note("1")}
    for key, note in sorted(notes.items(), key=lambda pair: pair[0]):
        if ask(key) != q:
            note.put(ask(key + "!"))
    pairs = [(note, number) for number, note in enumerate(notes.values())]
    for note, number in pairs:
        if ask(note.text) != q:
            note.put(ask(f"{note.text}{number}"))
    return [note.text for note in notes.values()]


@program([1, 2])
def objects_of_the_class_that_are_asked_for_equality(xs):
    notes = [Money(x) for x in xs]
    notes[0].amount = measure("abc")
    return Money(3) in notes, notes.index(Money(3)), notes.count(Money(2)), Money(1) in notes


@program("a")
def objects_among_them_one_that_is_its_part(q):
    class Tree:
        def __init__(self, name, children):
            self.name = name
            self.children = children

        def rename(self, others, me):
            if ask(self.name) != "x":
                me.name = ask("new " + me.name)
            return [other.name for other in others]

    leaf = Tree("leaf", [])
    root = Tree("root", [leaf, Tree("other", [])])
    found = root.rename(root.children, leaf)
    return found, root.children[0].name, leaf.name


@program(1, -1)
def both_branches_give_a_variable_the_same_value(n):
    if n > 0:
        kept = n
        spare = [n]
    else:
        kept = n
        spare = None
    return kept, spare


# --- R4: what callees of libraries change ---------------------------------------------------------


@program(["c", "a", "b"], [])
def heap_of_objects(texts):
    heap = []
    for text in texts:
        heapq.heappush(heap, (ask(text), Document(text)))
    order = []
    while heap:
        key, document = heapq.heappop(heap)
        document.score += len(order)
        order.append((ask(key), document))
    return order, heap


@program(["c", "a", "b"])
def heap_that_a_caller_holds(heap):
    heapq.heapify(heap)
    first = heapq.heappushpop(heap, ask("z"))
    seen = list(heap)
    heapq.heapreplace(heap, ask(first))
    return first, seen, heap[0], len(heap)


@program([3, 1, 2])
def shuffled_by_a_seed(numbers):
    documents = [Document(ask(str(n)), n) for n in numbers]
    before = [d.text for d in documents]
    random.Random(7).shuffle(documents)
    generator = random.Random(numbers[0])
    drawn = [generator.random() for _ in documents]
    generator.shuffle(documents)
    documents[0].tags.append(ask("first"))
    return before, [ask(d.text) for d in documents], drawn, generator.choice(documents), documents


@program(["b", "d"])
def sorted_insertion(texts):
    texts = [ask(text) for text in texts]
    for text in ("a", "c", "e"):
        bisect.insort(texts, ask(text))
    return texts, bisect.bisect_left(texts, ask("c"))


@program("a")
def text_in_a_buffer(q):
    out = io.StringIO()
    out.write(ask(q))
    json.dump({"q": ask(q)}, out)
    print(ask("b"), file=out)
    return out.getvalue(), out.tell()


@program("a")
def namespace_of_attributes(q):
    space = types.SimpleNamespace(name=q, parts=[])
    space.answer = ask(space.name)
    space.parts.append(ask("part"))
    setattr(space, "late", ask("late"))
    return space.answer, space.parts, space.late, sorted(vars(space))


@program("a")
def queue_of_the_library(q):
    waiting = queue.Queue()
    waiting.put(ask(q))
    waiting.put(Document(ask("b")))
    first = waiting.get()
    second = waiting.get_nowait()
    second.tags.append(first)
    return first, second, waiting.empty(), waiting.qsize()


@program("a")
def list_like_object_of_the_library(q):
    items = collections.UserList([q])
    items.append(ask(q))
    items.insert(0, ask("first"))
    items += [ask("last")]
    table = collections.UserDict(q=items)
    table["n"] = len(items)
    return list(items), table["q"] is items, table["n"], items.index(ask(q))


@program("a")
def operator_functions_that_change(q):
    parts, table = [ask(q)], {}
    operator.setitem(parts, 0, ask("0"))
    operator.setitem(table, "k", parts)
    parts = operator.iadd(parts, [ask("1")])
    operator.delitem(table["k"], 0)
    return parts, table, table["k"] is parts


@program("a")
def iterated_dependencies(q):
    sorter = graphlib.TopologicalSorter()
    sorter.add(ask(q), ask("b"))
    sorter.add(ask("b"), ask("c"))
    return list(sorter.static_order())


@program(["b", "a"])
def handler_after_a_change_by_the_library(texts):
    heap = [ask(text) for text in texts]
    try:
        heapq.heapify(heap)
        picky(ask("no!"))
        heapq.heappush(heap, "never")
    except ValueError as error:
        return heap, str(error)
    return heap


# --- R1: functions that hold variables which get other values later -------------------------------


@program("xyz", "")
def functions_of_one_variable(text):
    functions = []
    for c in text:
        functions.append(lambda: ask(c))
    return [f() for f in functions]


@program(["ab", "c"])
def functions_of_a_variable_of_an_inner_loop(texts):
    functions = []
    for text in texts:
        for c in text + "!":
            functions.append(lambda: ask(c))
    return [f() for f in functions]


@program("a")
def function_of_a_variable_that_another_function_sets(q):
    functions = []
    count = 0

    def bump():
        nonlocal count
        count += 1

    functions.append(lambda: ask(f"{q}{count}"))
    bump()
    return [f() for f in functions]


@program("a")
def function_of_a_name_that_is_imported_later(q):
    functions = []
    found = ask(q)
    functions.append(lambda: ask(type(found).__name__))
    import math as found  # noqa: F811

    return [f() for f in functions]


# --- R1, R7: what random programs showed ----------------------------------------------------------


class NotAManager:
    def __enter__(self):
        return ask("in")


@program("a")
def classes_and_others_that_are_no_managers(q):
    found = []
    managers: list[Any] = [NotAManager, NotAManager(), [q], ask(q), None]
    for manager in managers:
        try:
            with manager as entered:
                found.append(entered)
        except TypeError as error:
            found.append(str(error))
    return found


@program("a", "<a>")
def searched_for_something_to_come_and_then_changed(q):
    texts = [ask(q), q]
    texts.append(texts.count(ask(q)))
    texts.insert(0, texts.index(ask(q)))
    known = [ask(x) for x in texts[1:3]]
    known[0] = known.index(ask(ask(q))) if q == "<a>" else known.count(ask(ask(q)))
    return texts, known


@program("a")
def named_tuples_with_parts_replaced(q):
    pair = Pair(ask(q), 1)._replace(left=ask("l"))._replace(right=ask("r"))
    try:
        pair._replace(middle=ask("m"))
    except ValueError as error:
        return pair, Pair._make([ask("x"), pair]), pair._asdict(), str(error)


@program("a")
def function_in_a_loop_that_calls_itself(q):
    found = []
    for n in range(2):

        def again(depth, w=q):
            return [w] if depth == 0 else [ask(w), *again(depth - 1, w + str(n))]

    return again(2)


@program(["ab", "c"])
def lists_changed_within_managers_and_kept_in_tuples(texts):
    @contextlib.contextmanager
    def stage(name, stages):
        try:
            yield
        finally:
            stages.append(name)

    def both(text):
        stages = []
        with stage("first", stages):
            found = [ask(c) for c in text]
            more = ask(text)
            found += [ask(c + more) for c in text]
        with stage("second", stages):
            if not [f for f in found if len(f) > 4]:
                return "none", found, stages
            last = ask(str(len(found)))
        return last, found, stages

    gathered = []
    for text in texts:
        last, found, stages = both(text)
        gathered.append((last, [f for f in found], stages))
    return gathered


def tells(n):
    LOG.append(f"story {n}")


@program([1, -1])
def chosen_function_that_notes_among_others_that_do(numbers):
    for n in numbers:
        LOG.append(ask(n))
        (str if n > 0 else tells)(n)
        LOG.append(-n)
    return list(LOG)
