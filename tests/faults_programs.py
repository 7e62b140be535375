# Programs as people write them, not as a linter would have them.
# ruff: noqa: B006, B007, B010, B012, B018, B023, B028, B905, C400, C401, C416, C417, F821, F841, PIE804
# ruff: noqa: PLE1132, RUF017, RUF059, SIM115, SIM223, UP008
# pyright: basic, reportUndefinedVariable=false, reportCallIssue=false, reportArgumentType=false
# pyright: reportAttributeAccessIssue=false, reportIndexIssue=false, reportOperatorIssue=false
# pyright: reportUnboundVariable=false, reportOptionalMemberAccess=false, reportMissingImports=false
# pyright: reportGeneralTypeIssues=false, reportTypedDictNotRequiredAccess=false
# pyright: reportFunctionMemberAccess=false, reportOptionalSubscript=false
# pyright: reportInvalidTypeForm=false, reportUnhashable=false
# pyright: reportAssignmentType=false, reportReturnType=false, reportUnusedCoroutine=false
# pyright: reportUnusedExpression=false, reportRedeclaration=false, reportInconsistentOverload=false
"""Small programs of kinds that xcs once ran differently from Python.

`CASES` is the table. A program is a function that is called with some arguments, plain and jitted;
a script does more than that: it is given `jit`, which either compiles or gives back what it is
given, and returns what it saw. The module is loaded anew for each, so that globals are fresh.
"""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import contextvars
import copy
import csv
import decimal
import enum
import functools
import heapq
import importlib
import inspect
import io
import json
import logging
import math
import operator
import os
import random
import sys
import tempfile
import threading
import time
import types
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import jax.numpy as jnp
import numpy as np

import xcs

# --- What the programs call, and what they leave behind -------------------------------------------

LOG: list[Any] = []
"""What ordered operators did, in order."""
CALLS: list[Any] = []
"""What unordered operators did, in any order."""


def observed() -> Any:
    return LOG


@xcs.op(kind="model")
def ask(prompt: Any, t: float = 0.0) -> str:
    time.sleep(0.0005)
    CALLS.append((repr(prompt), t))
    return f"<{prompt}>"


@xcs.op
def num(prompt: Any) -> int:
    time.sleep(0.0005)
    CALLS.append(("num", repr(prompt)))
    return len(str(prompt))


@xcs.op
def nothing(prompt: Any) -> None:
    CALLS.append(("nothing", repr(prompt)))


@xcs.op
def texts(prompt: Any) -> list[str]:
    time.sleep(0.0005)
    CALLS.append(("texts", repr(prompt)))
    return [f"{prompt}{i}" for i in range(3)]


@xcs.op
def bad(prompt: Any) -> str:
    CALLS.append(("bad", repr(prompt)))
    raise ValueError(f"bad {prompt}")


@xcs.op(effects="ordered")
def save(value: Any) -> int:
    LOG.append(("save", repr(value)))
    return len(LOG)


@xcs.op(effects="ordered")
def put(items: Any, value: Any) -> Any:
    LOG.append(("put", repr(value)))
    items.append(value)
    return items


# --- The table ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A program and its calls, one after another; or a script."""

    kind: str
    function: Callable[..., Any]
    calls: tuple[Callable[[], tuple[Any, ...]], ...] = ()

    @property
    def name(self) -> str:
        return self.function.__name__

    @property
    def is_script(self) -> bool:
        return not self.calls


CASES: dict[str, Case] = {}
_kind = ""


def kind(title: str) -> None:
    """The programs that follow are of this kind."""
    global _kind
    _kind = title


def program(*calls: Callable[[], tuple[Any, ...]]) -> Callable[[Any], Any]:
    """Put a program into the table; without calls it is called with "a", and then with "b"."""

    def add(function: Any) -> Any:
        made = calls or (lambda: ("a",), lambda: ("b",))
        assert function.__name__ not in CASES
        CASES[function.__name__] = Case(_kind, function, made)
        return function

    return add


def script(function: Any) -> Any:
    """Put a script into the table."""
    assert function.__name__ not in CASES
    CASES[function.__name__] = Case(_kind, function)
    return function


# ==================================================================================================
kind("A1 a helper changes a local object")
# ==================================================================================================


def add(xs, v):
    xs.append(v)
    return len(xs)


def put_in(m, t):
    m.append(t)


def set_in(d, k, v):
    d[k] = v


def drop(xs):
    del xs[0]


def tidy(d):
    for key in list(d):
        if not d[key]:
            del d[key]
    return d


@program()
def helper_appends_then_comprehension(q):
    xs = []
    add(xs, q)
    ys = [x for x in xs]
    return ys, ask(q)


@program()
def helper_appends_to_list_that_is_in_another(q):
    xs = []
    t = [xs, 5]
    add(xs, q)
    t[0].append(ask(q))
    return xs


@program()
def helper_result_and_change(q):
    xs = [q]
    n = add(xs, ask(q))
    m = add(xs, n)
    return xs, n, m, xs[-1]


@program()
def helper_sets_key(q):
    d = {}
    set_in(d, q, ask(q))
    set_in(d, "n", len(d))
    return d, [k for k in d], q in d


@program()
def helper_deletes(q):
    xs = [q, ask(q), 3]
    drop(xs)
    return xs, len(xs), [ask(x) for x in xs]


@program()
def helper_changes_in_a_loop(q):
    xs = []
    for i in range(3):
        if add(xs, ask(f"{q}{i}")) == 2:
            drop(xs)
    return xs


@program()
def helper_of_a_helper(q):
    def twice(xs, v):
        add(xs, v)
        return add(xs, v + v)

    xs = []
    n = twice(xs, q)
    return n, xs, ask(xs)


@program()
def helper_removes_keys_while_going_over_a_copy(q):
    d = {"a": "", "b": q, "c": ask(q)}
    e = tidy(d)
    return d, e is d, list(d.items())


@program()
def lambda_changes_list(q):
    xs = []
    push = lambda v: xs.append(v) or len(xs)
    n = push(q)
    m = push(ask(q))
    return xs, n, m


@program()
def bound_method_as_helper(q):
    xs = []
    push = xs.append
    push(q)
    push(ask(q))
    return xs, [x for x in xs]


@program()
def map_with_changing_function(q):
    xs = []
    list(map(xs.append, [q, ask(q)]))
    return xs


@program()
def default_argument_is_changed(q):
    def remember(v, seen=[]):
        seen.append(v)
        return list(seen)

    return remember(q), remember(ask(q))


@program()
def nonlocal_list_is_rebound(q):
    xs = [q]

    def reset():
        nonlocal xs
        xs = [*xs, ask(q)]

    ys = xs
    reset()
    ys.append("old")
    return xs, ys, xs is ys


# ==================================================================================================
kind("A2 a container inside another one")
# ==================================================================================================


@program()
def list_in_dict_then_helper(q):
    msgs = []
    state = {"m": msgs}
    put_in(msgs, q)
    try:
        r = ask(state["m"][0])
    except IndexError:
        r = "empty"
    return r


@program()
def dict_in_list_then_helper(q):
    d = {}
    holder = [d]
    set_in(d, "k", q)
    try:
        return ask(holder[0]["k"])
    except KeyError:
        return "missing"


@program()
def list_in_attribute_then_helper(q):
    class Holder:
        pass

    h = Holder()
    xs = []
    h.xs = xs
    put_in(xs, q)
    try:
        r = ask(h.xs[0])
    except IndexError:
        r = "empty"
    return r, h.xs is xs


@program()
def list_in_tuple_grows(q):
    xs = [q]
    pair = (xs, 1)
    xs.append(ask(q))
    first, _ = pair
    first.append("end")
    return pair, xs is first


@program()
def two_dicts_share_a_list(q):
    shared = []
    a, b = {"x": shared}, {"y": shared}
    a["x"].append(ask(q))
    b["y"].append(q)
    a["x"] += ["plus"]
    return a, b, a["x"] is b["y"]


@program()
def list_of_itself(q):
    xs = [q]
    xs.append(xs)
    xs[1].append(ask(q))
    return len(xs), xs[1] is xs, xs[2]


@program()
def rows_of_one_list(q):
    grid = [[0] * 2] * 2
    grid[0][1] = ask(q)
    return grid, grid[0] is grid[1]


@program()
def copy_is_shallow(q):
    a = {"m": [q]}
    b = dict(a)
    c = copy.copy(a)
    d = copy.deepcopy(a)
    a["m"].append(ask(q))
    return a, b, c, d


@program()
def slice_copies_list(q):
    xs = [q, [q]]
    ys = xs[:]
    xs[1].append(ask(q))
    xs.append("only xs")
    return xs, ys


@program()
def loop_over_table_of_lists(q):
    table = {"a": [], "b": []}
    for i, word in enumerate([q, q + "!", q + "?"]):
        table["a" if i % 2 else "b"].append(ask(word))
    return table, [len(v) for v in table.values()]


@program()
def setdefault_gives_the_very_list(q):
    d = {}
    d.setdefault("k", []).append(ask(q))
    xs = d.setdefault("k", [])
    xs.append(q)
    return d, xs is d["k"]


@program()
def default_dict_makes_lists(q):
    d = defaultdict(list)
    for word in [q, "x", q]:
        d[word].append(ask(word))
    missing = d["missing"]
    missing.append(len(d))
    return d, missing is d["missing"]


# ==================================================================================================
kind("A3 native blocks after effects on globals and attributes")
# ==================================================================================================

CFG: dict[str, Any] = {}
MODE = "unset"


class Settings:
    value = "unset"


SETTINGS = Settings()


@xcs.op(effects="ordered")
def load(q):
    CFG["k"] = q


@xcs.op(effects="ordered")
def load_late(q):
    time.sleep(0.002)
    CFG["k"] = q


@xcs.op(effects="ordered")
def set_mode(q):
    global MODE
    time.sleep(0.002)
    MODE = q


@xcs.op(effects="ordered")
def set_value(q):
    time.sleep(0.002)
    SETTINGS.value = q


@program()
def global_dict_in_try(q):
    load(q)
    try:
        v = CFG["k"]
    except KeyError:
        v = "unset"
    return v


@program()
def global_dict_in_match(q):
    load_late(q)
    match CFG.get("k"):
        case None:
            return "unset"
        case str() as text:
            return text + "!"


@program()
def rebound_global_in_try(q):
    set_mode(q)
    try:
        v = MODE.upper()
    finally:
        save("done")
    return v


@program()
def attribute_in_try(q):
    set_value(q)
    try:
        v = SETTINGS.value
    except AttributeError:
        v = "none"
    return v


@program()
def attribute_in_with(q):
    set_value(q)
    with contextlib.suppress(KeyError):
        v = SETTINGS.value
    return v


@program()
def global_in_condition(q):
    before = MODE
    set_mode(q)
    return "same" if before == MODE else f"{before} {MODE}"


@program()
def global_in_comprehension(q):
    load_late(q)
    return [CFG["k"] + x for x in "xy"], {k: ask(v) for k, v in CFG.items()}


@program()
def global_in_inner_function(q):
    def read():
        return CFG.get("k"), MODE

    before = read()
    load_late(q)
    set_mode(q)
    return before, read()


@program()
def global_statement(q):
    global MODE
    MODE = q
    saved = save(MODE)
    MODE = ask(q)
    return MODE, saved


@program()
def attribute_counts_in_loop(q):
    SETTINGS.count = 0
    for word in [q, q * 2]:
        SETTINGS.count += len(ask(word))
        save(SETTINGS.count)
    return SETTINGS.count


# ==================================================================================================
kind("A4 in-place operators")
# ==================================================================================================


@program()
def set_in_place(q):
    d = {1, 2}
    e = d
    d |= {3}
    d -= {1}
    return d, e, d is e, ask(q)


@program()
def list_times_in_place(q):
    xs = [1, ask(q)]
    ys = xs
    xs *= 2
    ys.append(3)
    return xs, ys


@program()
def dict_in_place(q):
    d = {"a": ask(q)}
    e = d
    d |= {"b": q}
    e["c"] = 1
    return d, e, d is e


G = [1]


@program()
def global_list_in_place(q):
    g = G
    g += [q]
    return len(G), ask(q)


@program()
def deque_in_place(q):
    d = deque([1])
    e = d
    d += [ask(q), 2]
    e.appendleft(0)
    return d, e, d is e


class Bag:
    def __init__(self, items):
        self.items = list(items)

    def __iadd__(self, other):
        self.items.append(other)
        return self

    def __isub__(self, other):
        return Bag(x for x in self.items if x != other)


@program()
def user_iadd(q):
    a = Bag([q])
    b = a
    a += ask(q)
    c = a
    a -= q
    return a, b, b is c, a is b


@program()
def in_place_on_item(q):
    d = {"n": 1, "xs": [q]}
    xs = d["xs"]
    d["n"] += 2
    d["xs"] += [ask(q)]
    return d, xs, xs is d["xs"]


@program()
def in_place_on_item_evaluates_key_once(q):
    d = defaultdict(int)
    d[save(q)] += num(q)
    d[save(q)] -= 1
    return d


@program()
def in_place_in_tuple_fails_after_change(q):
    t = ([q],)
    try:
        t[0] += [ask(q)]
    except TypeError as error:
        return t, str(error)


@program()
def in_place_on_immutables(q):
    s = q
    r = s
    s += ask(q)
    n = m = 1
    n += num(q)
    t = (1,)
    u = t
    t += (q,)
    return s, r, n, m, t, u


@program()
def in_place_in_loop_with_alias(q):
    total = []
    alias = total
    for i in range(3):
        total += [ask(f"{q}{i}")]
    return total, alias is total


@program()
def counter_in_place(q):
    c = Counter("ab")
    d = c
    c += Counter(q)
    c.update(ask(q))
    return sorted(c.items()), c is d, sorted(d.items())


# ==================================================================================================
kind("A5 containers of arrays and callables")
# ==================================================================================================


def upd(d):
    d["a"] += 1


def upd_all(items):
    for i in range(len(items)):
        items[i] = items[i] * 2


class Model:
    def __init__(self, w):
        self.w = w
        self.steps = 0

    def step(self, g):
        self.w = self.w - g
        self.steps += 1


@program(lambda: ({"a": jnp.ones(2)},), lambda: ({"a": jnp.arange(3)},))
def helper_updates_dict_of_arrays(d):
    upd(d)
    return d["a"]


@program(lambda: ([jnp.ones(2), jnp.zeros(2)],))
def helper_updates_list_of_arrays(xs):
    upd_all(xs)
    return xs[0] + xs[1]


@program(lambda: ({"in": {"a": jnp.ones(2)}},))
def helper_updates_nested_dict_of_arrays(d):
    upd(d["in"])
    return d["in"]["a"], ask("x")


@program(lambda: (Model(jnp.ones(2)), jnp.full(2, 0.5)))
def method_updates_array_attribute(m, g):
    m.step(g)
    m.step(g)
    return m.w, m.steps


@program(lambda: ({"f": str.upper},))
def helper_replaces_callable(d):
    def swap(table):
        table["f"] = str.lower

    before = d["f"]("aB")
    swap(d)
    return before, d["f"]("aB"), ask("x")


@program(lambda: ([str.upper, str.lower],))
def callables_in_a_list_are_reordered(fs):
    fs.reverse()
    fs.append(ask)
    return [f("aB") for f in fs]


# ==================================================================================================
kind("A6 iteration sees changes")
# ==================================================================================================


@program()
def list_grows_during_loop(q):
    xs = [1, 2]
    for x in xs:
        if x < 4:
            xs.append(x + 2)
    return xs, ask(q)


@program()
def dict_changes_size_during_loop(q):
    d = {"a": ask(q)}
    for k in d:
        d[k + "x"] = 1
    return d


@program(lambda: (["a", "b", "c", "d"],), lambda: (["a", "b", "c"],))
def comprehension_pops(xs):
    return [ask(xs.pop()) for x in xs]


@program()
def list_shrinks_during_loop(q):
    xs = [q, "b", "c", "d"]
    seen = []
    for x in xs:
        seen.append(ask(x))
        xs.remove(x)
    return xs, seen


@program()
def list_is_replaced_during_loop(q):
    xs = [q, "b"]
    out = []
    for x in xs:
        xs = [1, 2, 3]
        out.append(ask(x))
    return xs, out


@program()
def items_are_changed_during_loop(q):
    d = {"a": 1, "b": 2}
    for k, v in d.items():
        d[k] = ask(f"{q}{v}")
    return d


@program()
def set_changes_size_during_loop(q):
    s = {1}
    for x in s:
        s.add(num(q) + 10)
    return s


@program()
def later_elements_are_changed(q):
    xs = [q, "b", "c"]
    out = []
    for i, x in enumerate(xs):
        if i + 1 < len(xs):
            xs[i + 1] = ask(x)
        out.append(x)
    return out


def letters(q):
    for letter in q:
        LOG.append(("made", letter))
        yield letter


@program(lambda: ("abc",))
def generator_is_drawn_step_by_step(q):
    out = []
    for letter in letters(q):
        out.append(save(letter))
    return out


@program(lambda: ((LOG.append(x) or x for x in "abc"),))
def generator_argument_is_drawn_step_by_step(source):
    return [save(letter) for letter in source]


@program(lambda: ((LOG.append(x) or x for x in "abc"),))
def generator_argument_is_left_after_break(source):
    for letter in source:
        if letter == "b":
            break
        save(letter)
    return next(source, "empty"), next(source, "empty")


@program(lambda: (iter("abcd"),))
def iterator_is_shared(source):
    out = []
    for x in source:
        out.append((x, ask(next(source))))
    return out


@program(lambda: ("abcd",))
def zip_of_one_iterator(q):
    it = iter(q)
    return [(a, ask(b)) for a, b in zip(it, it)]


@program()
def map_is_drawn_step_by_step(q):
    for n in map(save, [q, "b"]):
        save(("body", n))
    return [save(("item", n)) for n in map(save, [q, "b"])]


@program()
def generator_expression_is_drawn_step_by_step(q):
    for n in (save(x) for x in [q, "b", "c"] if x != "b"):
        save(("body", n))
    return [save(("item", n)) for n in (save(x) for x in [q, "b"])]


@program()
def filter_and_enumerate_are_drawn_step_by_step(q):
    for i, n in enumerate(map(save, [q, "b"]), 1):
        save((i, n))
    for n in filter(lambda x: save(x) % 2, [1, 2, 3]):
        save(("kept", n))
    for pair in map(lambda a, b: (save(a), b), [1, 2, 3], "xy"):
        save(pair)


@program(lambda: (["a", "b", "c"],))
def enumerated_list_grows(xs):
    for (i, x), y in zip(enumerate(xs, 1), xs):
        if i < 3:
            xs.append(ask(x + y))
        if i == 5:
            break
    return i, x


@program()
def deque_is_a_queue(q):
    queue = deque([(q, 0)])
    seen = []
    while queue:
        text, depth = queue.popleft()
        seen.append(ask(text))
        if depth < 2:
            queue.append((text + "x", depth + 1))
            queue.append((text + "y", depth + 2))
    return seen


@program()
def deque_mutated_during_loop(q):
    d = deque([q])
    for x in d:
        d.append(ask(x))
    return d


@program()
def list_cleared_during_loop(q):
    xs = [q, "b"]
    for x in xs:
        ask(x)
        xs.clear()
    return xs


# ==================================================================================================
kind("A7 private names")
# ==================================================================================================


class Private:
    __limit = 3

    def __init__(self, xs):
        self.__xs = list(xs)
        self.__n = 0

    def __go(self, q):
        self.__n += 1
        return ask(f"{q}{self.__n}")

    def run(self, q):
        self.__n += 1
        first = self.__go(q)
        rest = [ask(x) for x in self.__xs]
        return first, rest, self.__n, self.__limit

    def inner(self, q):
        def go(x):
            return self.__go(x)

        __local = go(q)
        return __local, sorted(self.__xs, key=lambda x: (self.__n, x))

    @classmethod
    def limit(cls, q):
        cls.__limit += 1
        return ask(f"{q}{cls.__limit}")


@script
def private_names_in_jitted_method(jit):
    p = Private("xy")
    run = jit(Private.run)
    return run(p, "a"), run(p, "b"), p


@script
def private_names_in_bound_method(jit):
    p = Private("xy")
    return jit(p.run)("a"), p


@program()
def private_names_through_a_function(q):
    p = Private([q])
    return p.run(q), p.inner(q), Private.limit(q), p


@script
def private_names_in_decorated_method(jit):
    class Counter_:
        def __init__(self):
            self.__n = 0

        @jit
        def run(self, q):
            self.__n += 1
            return ask(q), self.__n

    c = Counter_()
    return c.run("a"), c.run("b"), vars(c)


# ==================================================================================================
kind("A8 wrappers around what is jitted")
# ==================================================================================================


def around(function):
    @functools.wraps(function)
    def wrapper(*a, **k):
        return [function(*a, **k)]

    return wrapper


def injecting(function):
    @functools.wraps(function)
    def wrapper(q):
        return function(q, client=str.upper)

    return wrapper


@around
def wrapped(q):
    return ask(q)


@injecting
def injected(q, client):
    return ask(client(q))


@script
def wrapper_called_with_too_many(jit):
    return jit(wrapped)("a", "b")


@script
def wrapper_called_rightly(jit):
    f = jit(wrapped)
    return f("a"), f(q="b")


@script
def wrapper_called_with_unknown_keyword(jit):
    return jit(wrapped)(x="b")


@script
def injecting_wrapper(jit):
    f = jit(injected)
    return f("a"), f(q="b")


@script
def injecting_wrapper_called_with_two(jit):
    return jit(injected)("a", "b")


@script
def caching_wrapper(jit):
    @functools.cache
    def cached(q):
        save(q)
        return ask(q)

    f = jit(cached)
    return f("a"), f("a"), f("b")


@script
def contextmanager_wrapper(jit):
    @contextlib.contextmanager
    def section(name):
        save(f"in {name}")
        yield name
        save(f"out {name}")

    @jit
    def f(q):
        with section(q) as name:
            return ask(name)

    return f("a"), f("b")


@script
def decorator_above_jit(jit):
    f = around(jit(lambda q: ask(q)))
    return f("a"), f("b")


# ==================================================================================================
kind("A9 library calls that change their argument")
# ==================================================================================================


@program()
def shuffle(q):
    random.seed(3)
    xs = [1, 2, 3, q]
    random.shuffle(xs)
    return list(xs), ask(q)


@program(lambda: (io.StringIO(), "a"))
def print_to_a_file(s, q):
    print(q, file=s)
    a = s.getvalue()
    return a, ask(q)


@program()
def json_dump(q):
    s = io.StringIO()
    json.dump({"q": ask(q)}, s)
    return s.getvalue()


@program()
def csv_writer(q):
    s = io.StringIO()
    writer = csv.writer(s)
    writer.writerow([q, ask(q)])
    writer.writerows([[1, 2], [q]])
    return s.getvalue()


@program()
def decimal_context(q):
    with decimal.localcontext():
        decimal.getcontext().prec = 5
        return str(decimal.Decimal(1) / decimal.Decimal(num(q) + 2)), ask(q)


@program()
def numpy_print_options(q):
    before = np.get_printoptions()["precision"]
    np.set_printoptions(precision=2)
    text = str(np.array([1 / 3]))
    np.set_printoptions(precision=before)
    return text, ask(q)


async def app(m):
    m.append("x")


@program()
def asyncio_run_changes_list(q):
    m = [q]
    asyncio.run(app(m))
    return list(m)


@program()
def heap(q):
    xs = [5, 3]
    heapq.heapify(xs)
    heapq.heappush(xs, num(q))
    first = heapq.heappop(xs)
    return first, xs


@program()
def insort(q):
    import bisect

    xs = [1, 9]
    bisect.insort(xs, num(q))
    return xs, len(xs)


@program()
def list_sort_and_reverse(q):
    xs = [ask(q), "b", "a"]
    ys = xs
    xs.sort()
    first = ys[0]
    xs.reverse()
    return first, xs, ys


@program()
def operator_module(q):
    xs = [q]
    operator.setitem(xs, 0, ask(q))
    operator.iadd(xs, ["x"])
    operator.delitem(xs, 0)
    return xs


@program()
def setattr_and_delattr(q):
    h = Settings()
    setattr(h, "value", ask(q))
    a = h.value
    delattr(h, "value")
    return a, h.value, getattr(h, "x", "none"), hasattr(h, "value")


@program()
def vars_changes_instance(q):
    h = Settings()
    vars(h)["value"] = ask(q)
    h.__dict__["other"] = q
    return h.value, h.other


@program()
def exec_changes_list(q):
    xs = [q]
    exec("xs.append('e')", {"xs": xs})
    return xs, ask(q)


@program()
def chained_map_reduce(q):
    acc = []
    total = functools.reduce(lambda a, x: (acc.append(x), a + x)[1], [1, 2, num(q)], 0)
    return acc, total


@program()
def random_stream_keeps_its_order(q):
    random.seed(7)
    a = random.random()
    xs = [ask(f"{q}{random.randint(0, 9)}") for _ in range(3)]
    return a, xs, random.random()


@program()
def write_and_read_a_file(q):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        path.write_text(q)
        a = path.read_text()
        with path.open("a") as f:
            f.write(ask(q))
        return a, path.read_text(), path.exists()


@program()
def deque_rotates(q):
    d = deque([1, 2, ask(q)], maxlen=3)
    d.rotate()
    first = d[0]
    d.append("new")
    return first, d


# ==================================================================================================
kind("A10 NumPy and numbers")
# ==================================================================================================


@program(lambda: (np.array([2**40]),))
def large_integers_in_numpy(x):
    return ask(x[0] + 1), int(x[0])


@program(lambda: (np.array([1.5, 2.5]),))
def numpy_isinstance(x):
    return isinstance(x, np.ndarray), type(x).__name__, ask(x.sum())


@program(lambda: (np.array([[1, 2], [3, 4]]),))
def numpy_stays_numpy(x):
    y = x * 2
    return type(y).__name__, str(y.dtype), y.tolist(), ask("a")


@program(lambda: (np.arange(3),))
def numpy_is_changed_in_place(x):
    y = x
    x += 1
    x[0] = num("ab")
    return y, x is y


@program(lambda: (100000, 100000), lambda: (2, 3))
def product_of_numbers(a, b):
    return a * b


@program(lambda: (0,), lambda: (2,))
def division_of_numbers(a):
    return 1 / a


@program(lambda: (1,))
def number_as_key(a):
    return {a: 0}, {a + 1}


@program(lambda: (3, 4))
def numbers_with_a_call(a, b):
    return a**40, ask(a / b), a // 2, -a % b


@program(lambda: (0.1, 0.2))
def floats_are_double(a, b):
    return a + b, ask(a + b)


@program(lambda: (2**70,))
def very_large_numbers(n):
    return n + 1, str(n), ask(n)


@program(lambda: (True, 3))
def booleans_are_not_integers(a, n):
    return a, a + n, not n, type(a and n).__name__


# ==================================================================================================
kind("stale: methods are replaced")
# ==================================================================================================


class Base:
    def greet(self, q):
        return f"base {q}"

    @property
    def tone(self):
        return "plain"


class Greeter(Base):
    def __init__(self):
        self.seen = []

    def run(self, q):
        self.seen.append(q)
        return ask(self.greet(q)), self.tone


class Shouter(Greeter):
    def greet(self, q):
        return f"SHOUT {q}"


def greet_with(g, q):
    return g.run(q)


@script
def method_replaced_on_class(jit):
    f, g = jit(greet_with), Shouter()
    first = f(g, "a")
    Shouter.greet = lambda self, q: f"new {q}"
    return first, f(g, "a")


@script
def method_replaced_on_base(jit):
    f, g = jit(greet_with), Greeter()
    first = f(g, "a")
    Base.greet = lambda self, q: f"new {q}"
    return first, f(g, "a")


@script
def method_added_on_class_in_front_of_base(jit):
    f, g = jit(greet_with), Greeter()
    first = f(g, "a")
    Greeter.greet = lambda self, q: f"new {q}"
    second = f(g, "a")
    del Greeter.greet
    return first, second, f(g, "a")


@script
def method_replaced_on_instance(jit):
    f, g = jit(greet_with), Greeter()
    first = f(g, "a")
    g.greet = lambda q: f"own {q}"
    second = f(g, "a")
    del g.greet
    return first, second, f(g, "a")


@script
def class_of_instance_replaced(jit):
    f, g = jit(greet_with), Greeter()
    first = f(g, "a")
    g.__class__ = Shouter
    return first, f(g, "a")


@script
def bases_replaced(jit):
    class Other:
        def greet(self, q):
            return f"other {q}"

    f, g = jit(greet_with), Greeter()
    first = f(g, "a")
    before = Base.greet
    Base.greet = Other.greet
    second = f(g, "a")
    Base.greet = before
    return first, second, f(g, "a")


@script
def method_patched_by_mock(jit):
    f, g = jit(greet_with), Greeter()
    first = f(g, "a")
    with mock.patch.object(Base, "greet", lambda self, q: f"mock {q}"):
        second = f(g, "a")
    return first, second, f(g, "a")


@script
def property_replaced(jit):
    f, g = jit(greet_with), Greeter()
    first = f(g, "a")
    Base.tone = property(lambda self: "loud")
    return first, f(g, "a")


@script
def jitted_method_replaced_helper(jit):
    class Agent:
        def step(self, q):
            return f"1{q}"

        @jit
        def run(self, q):
            return ask(self.step(q))

    a = Agent()
    first = a.run("a")
    Agent.step = lambda self, q: f"2{q}"
    return first, a.run("a")


@script
def global_function_patched_by_mock(jit):
    f = jit(lambda q: ask(add([], q)))
    first = f("a")
    with mock.patch.dict(globals(), {"add": lambda xs, q: f"mock {q}"}):
        second = f("a")
    return first, second, f("a")


# ==================================================================================================
kind("stale: the standard library is patched")
# ==================================================================================================


@script
def time_patched(jit):
    @jit
    def f(q):
        return time.time(), ask(q)

    seen = []
    for moment in (1.0, 2.0):
        with mock.patch.object(time, "time", lambda m=moment: m):
            seen.append(f("a"))
    return seen


@script
def getcwd_patched(jit):
    @jit
    def f(q):
        return ask(os.getcwd())

    seen = []
    for folder in ("/x", "/y"):
        with mock.patch.object(os, "getcwd", lambda p=folder: p):
            seen.append(f("a"))
    return seen


@script
def print_patched(jit):
    @jit
    def f(q):
        print(q)
        return ask(q)

    f("plain")
    printed = []
    with mock.patch.object(builtins, "print", lambda *a: printed.append(a)):
        f("a")
    f("again")
    return printed


@script
def argv_changes(jit):
    f = jit(lambda q: (sys.argv[0], ask(q)))
    seen = []
    for argv in (["one"], ["two"]):
        with mock.patch.object(sys, "argv", argv):
            seen.append(f("a"))
    return seen


@script
def constant_patched(jit):
    f = jit(lambda q: (math.pi * 2, ask(q)))
    first = f("a")
    with mock.patch.object(math, "pi", 3):
        second = f("a")
    return first, second, f("a")


@script
def environment_changes(jit):
    f = jit(lambda q: ask(os.environ.get("XCS_TEST_ONLY", "unset")))
    first = f("a")
    with mock.patch.dict(os.environ, {"XCS_TEST_ONLY": "set"}):
        second = f("a")
    return first, second, f("a")


@script
def stdout_is_redirected_later(jit):
    @jit
    def f(q):
        sys.stdout.write(f"w{q}\n")
        print(q)
        return ask(q)

    seen = []
    for q in "abc":
        with contextlib.redirect_stdout(io.StringIO()) as s:
            f(q)
        seen.append(s.getvalue())
    return seen


@script
def stderr_is_redirected_later(jit):
    @jit
    def f(q):
        print(q, file=sys.stderr)
        return ask(q)

    seen = []
    for q in "ab":
        with contextlib.redirect_stderr(io.StringIO()) as s:
            f(q)
        seen.append(s.getvalue())
    return seen


@script
def builtin_replaced_in_module(jit):
    f = jit(lambda q: (len(q), ask(q)))
    first = f("abc")
    with mock.patch.dict(globals(), {"len": lambda x: -1}):
        second = f("abc")
    return first, second, f("abc")


# ==================================================================================================
kind("stale: attributes that are not plain")
# ==================================================================================================


class Tick:
    """A descriptor that is not a property."""

    def __init__(self):
        self.count = 0

    def __get__(self, instance, owner=None):
        self.count += 1
        return f"tick {self.count}"


class Odd:
    tick = Tick()

    def __init__(self):
        self.reads = 0

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        self.reads += 1
        return f"{name} {self.reads}"

    @property
    def fresh(self):
        return [self.reads]


class Fixed:
    def __getattribute__(self, name):
        if name == "x":
            LOG.append("read x")
            return len(LOG)
        return super().__getattribute__(name)


@script
def descriptor_that_counts(jit):
    o = Odd()
    f = jit(lambda o, q: (o.tick, ask(q), o.tick))
    return f(o, "a"), f(o, "b")


@script
def getattr_that_counts(jit):
    o = Odd()
    f = jit(lambda o, q: (o.anything, ask(o.other), o.anything, o.reads))
    return f(o, "a"), f(o, "b"), o.reads


@script
def getattribute_that_logs(jit):
    o = Fixed()
    f = jit(lambda o, q: (o.x, ask(q), o.x))
    return f(o, "a"), f(o, "b")


@script
def attribute_made_anew(jit):
    o = Odd()
    f = jit(lambda o, q: (o.fresh is o.fresh, o.fresh, ask(q)))
    first = f(o, "a")
    o.reads = 7
    return first, f(o, "a")


class Lazy:
    def __init__(self, q):
        self.q = q

    @functools.cached_property
    def answer(self):
        return ask(self.q)


@script
def cached_property_of_an_answer(jit):
    f = jit(lambda o: (o.answer, o.answer))
    o = Lazy("a")
    return f(o), f(o), vars(o)


class Watched:
    def __setattr__(self, name, value):
        LOG.append(("set", name))
        super().__setattr__(name, value)

    def __delattr__(self, name):
        LOG.append(("del", name))
        super().__delattr__(name)


@program()
def setattr_that_logs(q):
    w = Watched()
    w.a = q
    save("between")
    w.b = ask(q)
    del w.a
    return vars(w)


class Slots:
    __slots__ = ("n", "x")

    def __init__(self, x):
        self.x = x


@program()
def slots(q):
    s = Slots(ask(q))
    try:
        s.n += 1
    except AttributeError as error:
        s.n = str(error)
    try:
        s.other = 1
    except AttributeError:
        s.x += "!"
    return s.n, s.x


# ==================================================================================================
kind("stale: mutables inside immutables")
# ==================================================================================================


class Pair(NamedTuple):
    xs: list
    n: int


@dataclass(frozen=True)
class Frozen:
    xs: list
    table: dict = field(default_factory=dict)


TUPLE = ([1, 2],)
PAIR = Pair([1, 2], 0)
FROZEN = Frozen([1, 2])
ARRAYS = (np.array([1, 2]),)


@script
def list_in_global_tuple(jit):
    f = jit(lambda q: ([ask(f"{q}{x}") for x in TUPLE[0]], len(TUPLE[0])))
    first = f("a")
    TUPLE[0].append(3)
    return first, f("a")


@script
def list_in_global_tuple_loop(jit):
    @jit
    def f(q):
        out = []
        for x in TUPLE[0]:
            out.append(ask(f"{q}{x}"))
        return out

    first = f("a")
    TUPLE[0][:] = [9]
    return first, f("a")


@script
def list_in_global_named_tuple(jit):
    f = jit(lambda q: [ask(f"{q}{x}") for x in PAIR.xs])
    first = f("a")
    PAIR.xs.append(3)
    return first, f("a")


@script
def list_in_global_frozen_dataclass(jit):
    f = jit(lambda q: ([ask(f"{q}{x}") for x in FROZEN.xs], FROZEN.table.get("k")))
    first = f("a")
    FROZEN.xs.append(3)
    FROZEN.table["k"] = 1
    return first, f("a")


@script
def array_in_global_tuple(jit):
    f = jit(lambda q: (int(ARRAYS[0].sum()), ask(ARRAYS[0][0])))
    first = f("a")
    ARRAYS[0][0] = 7
    return first, f("a")


@script
def list_in_closure_tuple(jit):
    cfg = ([1], {"k": [2]})

    @jit
    def f(q):
        return [ask(f"{q}{x}") for x in cfg[0]], cfg[1]["k"][0]

    first = f("a")
    cfg[0].append(2)
    cfg[1]["k"][0] = 5
    return first, f("a")


@script
def list_in_default_tuple(jit):
    cfg = ([1],)

    @jit
    def f(q, c=cfg):
        return len(c[0]), ask(q)

    first = f("a")
    cfg[0].append(2)
    return first, f("a")


class Level(enum.Enum):
    LOW = ("low", [])
    HIGH = ("high", [])


@script
def list_in_enum_member(jit):
    f = jit(lambda q: (len(Level.LOW.value[1]), ask(q)))
    first = f("a")
    Level.LOW.value[1].append(1)
    return first, f("a")


# ==================================================================================================
kind("stale: functions and modules change")
# ==================================================================================================


@script
def import_in_the_body(jit):
    settings = types.ModuleType("xcs_test_settings")
    settings.X = 1
    sys.modules["xcs_test_settings"] = settings

    @jit
    def f(q):
        from xcs_test_settings import X

        return X, ask(q)

    first = f("a")
    settings.X = 2
    second = f("a")
    del sys.modules["xcs_test_settings"]
    return first, second


@script
def module_attribute_changes(jit):
    settings = types.SimpleNamespace(x=1)
    f = jit(lambda q: (settings.x, ask(q)))
    first = f("a")
    settings.x = 2
    return first, f("a")


def with_default(q, suffix="!"):
    return q + suffix


def with_keyword_default(q, *, suffix="!"):
    return q + suffix


@script
def defaults_of_a_helper_change(jit):
    f = jit(lambda q: ask(with_default(q)))
    first = f("a")
    with_default.__defaults__ = ("?",)
    return first, f("a")


@script
def keyword_defaults_of_a_helper_change(jit):
    f = jit(lambda q: ask(with_keyword_default(q)))
    first = f("a")
    with_keyword_default.__kwdefaults__["suffix"] = "?"
    return first, f("a")


@script
def code_of_a_helper_changes(jit):
    f = jit(lambda q: ask(with_default(q)))
    first = f("a")
    with_default.__code__ = (lambda q, suffix: q + q).__code__
    return first, f("a")


@script
def defaults_of_the_jitted_function_change(jit):
    def g(q, suffix="!"):
        return ask(q + suffix)

    f = jit(g)
    first = f("a")
    g.__defaults__ = ("?",)
    return first, f("a")


@script
def code_of_the_jitted_function_changes(jit):
    def g(q):
        return ask(q)

    f = jit(g)
    first = f("a")
    g.__code__ = (lambda q: ask(q + q)).__code__
    return first, f("a")


@script
def keywords_of_a_partial_change(jit):
    helper = partial(with_keyword_default, suffix="1")
    f = jit(lambda q: ask(helper(q)))
    first = f("a")
    helper.keywords["suffix"] = "2"
    return first, f("a")


@script
def partial_is_jitted_and_changes(jit):
    def g(q, suffix):
        return ask(q + suffix)

    p = partial(g, suffix="1")
    f = jit(p)
    first = f("a")
    p.keywords["suffix"] = "2"
    return first, f("a")


def quiet(q):
    return q + "."


def loud(q):
    LOG.append(("loud", q))
    return q + "!"


HELPER = quiet


@script
def helper_rebound_to_one_with_effects(jit):
    global HELPER

    @jit
    def f(q):
        a = ask(q)
        save(a)
        return HELPER(q)

    first = f("a")
    HELPER = loud
    return first, f("a"), list(LOG)


@script
def closure_variable_rebound(jit):
    helper = quiet

    @jit
    def f(q):
        save(ask(q))
        return helper(q)

    first = f("a")
    helper = loud
    return first, f("a"), list(LOG)


@script
def zeros_of_two_signs(jit):
    f = jit(lambda x, n: (math.copysign(1, x), [ask(x) for _ in range(n)]))
    return f(0.0, 1), f(-0.0, 1), f(0.0, 1), f(0, 1), f(False, 1)


@script
def equal_arguments_of_other_types(jit):
    f = jit(lambda n, q: ([q] * n, str(n), ask(n)))
    return f(1, "a"), f(True, "a"), f(2, "a")


@script
def equal_globals_of_other_types(jit):
    global MODE
    f = jit(lambda q: (str(MODE), ask(q)))
    seen = []
    for value in (1, 1.0, True, 0.0, -0.0, "1"):
        MODE = value
        seen.append(f("a"))
    return seen


EDITED = "def helper(q):\n    return 'one ' + q\n\n\ndef f(q):\n    return helper(q)\n"


def _module(path, text):
    path.write_text(text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


@script
def source_edited_after_import(jit):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "xcs_test_edited.py"
        module = _module(path, EDITED)
        path.write_text(EDITED.replace("one", "two"))
        return jit(module.f)("a")


@script
def source_edited_after_first_call(jit):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "xcs_test_edited_later.py"
        module = _module(path, EDITED)
        f = jit(module.f)
        first = f("a")
        path.write_text("# moved\n" + EDITED.replace("one", "three"))
        return first, f("a"), f("b"), jit(module.f)("a")


@script
def source_reloaded(jit):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "xcs_test_reloaded.py"
        module = _module(path, EDITED)
        first = jit(module.f)("a")
        path.write_text(EDITED.replace("one", "other"))
        importlib.invalidate_caches()
        module.__spec__.loader.exec_module(module)
        return first, jit(module.f)("a")


# ==================================================================================================
kind("errors before any call")
# ==================================================================================================


def h(a, **k):
    return ask(a)


@program()
def keyword_given_twice(q):
    return ask(q, t=0.5, **{"t": 1})


@program()
def keyword_in_two_dicts(q):
    a, b = {"t": 1}, {"t": 2}
    return ask(q, **a, **b)


@program()
def keyword_and_position(q):
    return h(q, a=3)


@program()
def keyword_is_no_string(q):
    return h(**{1: q})


@program()
def keyword_unknown(q):
    save("before")
    return ask(q, unknown=1)


@program()
def argument_missing(q):
    save("before")
    return with_default()


@program()
def star_of_what_has_no_elements(q):
    return ask(*num(q))


@program()
def unpack_too_few(q):
    a, b = texts(q)
    return a


@program()
def call_of_a_number(q):
    five = 5
    return five(q)


@program()
def call_of_a_literal(q):
    return (5)(q)


@program()
def arguments_before_the_call_fails(q):
    return nothing(q)(save(1))


# ==================================================================================================
kind("effects after an error that comes first")
# ==================================================================================================


@program()
def format_fails_before_effect(q):
    x = [q]
    return f"{x:d}{save(1)}"


@program()
def attribute_fails_before_effect(q):
    r = nothing(q)
    return r.startswith(save(1))


@program()
def sum_fails_between_effects(q):
    return sum(save(x) or q for x in (q, "x"))


@program()
def sum_of_what_cannot_be_summed(q):
    return sum(f"{save(x)}" for x in (1, 2, 3))


def unhashable(x):
    save(x)
    return [x]


@program()
def set_of_unhashables(q):
    return {unhashable(x) for x in (1, 2)}


@program()
def dict_of_unhashables(q):
    return {unhashable(x): save("value") for x in (1, 2)}


@program()
def largest_of_what_cannot_be_compared(q):
    return max(x if save(x) != 2 else q for x in (1, 2, 3))


@program()
def set_of_what_cannot_be_hashed(q):
    return set([save(x)] for x in (1, 2))


@program()
def inner_manager_exits_before_the_outer_one(q):
    with Swallow(ValueError) as a, Swallow() as b:
        bad(q)
    return a, b


@program()
def comparison_fails_before_effect(q):
    return nothing(q) < num(q) < save(1)


@program()
def item_fails_before_effect(q):
    return [save({}[q]), save(2)]


@program()
def subscript_store_evaluates_value_first(q):
    xs = []
    xs[save("index")] = save("value")


@program()
def sorted_fails_between_effects(q):
    return sorted((save(x) and x for x in (1, q, 2)), key=lambda x: x)


@program()
def join_fails_after_effects(q):
    return "".join(save(x) for x in (1, 2))


@program()
def min_of_nothing_after_effect(q):
    save(1)
    return min(x for x in texts(q) if save(x) < 0)


@program()
def assert_fails_before_effect(q):
    assert num(q) > 5, f"short: {save('message')}"
    save("after")


@program()
def bool_of_two_effects(q):
    return save(1) == 5 or nothing(q) or (save(2) and save(3))


# ==================================================================================================
kind("order of evaluation")
# ==================================================================================================


@program()
def format_each_part_when_reached(q):
    xs = [q]

    def push():
        xs.append(1)
        return "pushed"

    return f"{xs} {push()} {xs}", ask(q)


@program()
def format_with_walrus(q):
    return f"{(n := num(q))} {n + 1} {(n := n * 2)} {n!r:>4}"


T = {"low": 1}


@program(lambda: ("a",), lambda: ("a" * 30,))
def chained_comparison_short_circuits(q):
    return 10 < num(q) < T["missing"]


@program(lambda: ("a",), lambda: ("a" * 30,))
def chained_comparison_with_effect(q):
    return 10 < num(q) < save(1) + 100


@program()
def and_or_give_operands(q):
    return nothing(q) or [] or ask(q), num(q) and "x", 0 and save(1), not nothing(q)


@program()
def tuple_display_evaluates_left_to_right(q):
    xs = []
    return (len(xs), xs.append(1), len(xs), xs.append(ask(q)), list(xs), xs)


@program()
def dict_display_evaluates_key_before_value(q):
    return {save("k"): save("v"), save("k2"): save("v2")}


@program()
def call_evaluates_arguments_left_to_right(q):
    xs = [q]
    return h(xs.pop(), b=len(xs), c=ask(q)), xs


@program()
def assignment_to_several_targets(q):
    xs = [0, 1, 2]
    i = 0
    i, xs[i] = 1, ask(q)
    a = b = c = [q]
    a.append(1)
    return xs, i, b, b is c


@program()
def swap_and_rotate(q):
    a, b, c = q, ask(q), 3
    a, b, c = c, a, b
    (d, *e), f = (a, b, c), b
    return a, b, c, d, e, f


@program()
def conditional_expression_evaluates_one_side(q):
    return save("yes") if num(q) > 5 else save("no"), [save(x) for x in (1, 2) if x > 1]


@program()
def lambda_default_and_late_binding(q):
    late = [lambda: i for i in range(3)]
    early = [lambda i=i: ask(f"{q}{i}") for i in range(2)]
    return [f() for f in late], [f() for f in early]


@program()
def decorators_apply_from_below(q):
    def mark(name):
        save(f"make {name}")
        return lambda fn: lambda x: f"{name}({fn(x)})"

    @mark("outer")
    @mark("inner")
    def go(x):
        return ask(x)

    return go(q)


@program()
def walrus_in_condition_and_comprehension(q):
    if (n := num(q)) > 0:
        found = [y for x in "ab" if (y := ask(x + q)) and n]
    return n, found, y


@program()
def slice_evaluates_bounds(q):
    xs = [0, 1, 2, 3, q]
    return xs[save("a") : save("b") + 2], xs[:: num("ab")], xs[-1:]


@program()
def del_and_rebind(q):
    x = ask(q)
    y = x
    del x
    try:
        x
    except NameError as error:
        return type(error).__name__, str(error), y


# ==================================================================================================
kind("StopIteration")
# ==================================================================================================


@xcs.op
def stops(x):
    CALLS.append(("stops", x))
    if x == "b":
        raise StopIteration(x)
    return x


@program()
def stop_iteration_in_generator_expression(q):
    return list(stops(x) for x in [q, "b", "c"])


@program(lambda: ("a",))
def stop_iteration_in_map(q):
    return list(map(stops, [q, "b", "c"]))


@program(lambda: ("a",))
def stop_iteration_in_comprehension(q):
    return [stops(x) for x in [q, "b"]]


@program(lambda: ("a",), lambda: ("b",))
def stop_iteration_in_loop(q):
    out = []
    for x in [q]:
        out.append(stops(x))
    return out


@program()
def next_ends_a_map(q):
    numbers = iter([1, 2, 3])
    return list(map(lambda _: next(numbers), range(5))), ask(q)


@program()
def stop_iteration_in_any(q):
    return any(stops(x) == "c" for x in [q, "b", "c"])


@program()
def next_of_an_empty_iterator(q):
    it = iter([ask(q)])
    first = next(it)
    try:
        next(it)
    except StopIteration:
        return first, next(it, "default")


# ==================================================================================================
kind("managers and names")
# ==================================================================================================


class Swallow:
    def __init__(self, *errors):
        self.errors = errors
        self.seen = []

    def __enter__(self):
        save("enter")
        return 1

    def __exit__(self, kind, error, trace):
        save(f"exit {kind and kind.__name__}")
        self.seen.append(str(error))
        return kind is not None and issubclass(kind, self.errors)


@program()
def exit_swallows_unpacking_error(q):
    manager = Swallow(TypeError)
    with manager as (a, b):
        save("never")
    return manager.seen, ask(q)


@program()
def exit_swallows_operator_error(q):
    manager = Swallow(ValueError)
    with manager:
        x = bad(q)
    return manager.seen, save("after")


@program()
def exit_lets_another_error_pass(q):
    with Swallow(KeyError):
        bad(q)


@program()
def exit_after_return(q):
    with Swallow() as one:
        return ask(q), one, save("inside")


@program()
def managers_in_one_with(q):
    with Swallow(ValueError) as a, Swallow() as b:
        bad(q)
    return a, b


@program()
def free_variable_not_bound_yet(q):
    def inner():
        return later

    try:
        inner()
    except NameError as error:
        first = type(error).__name__, str(error)
    later = ask(q)
    return first, inner()


@program()
def local_not_bound(q):
    if num(q) > 5:
        value = 1
    return value


@program()
def global_not_bound(q):
    return ask(not_there_at_all)


@program()
def exception_name_is_deleted(q):
    error = "before"
    try:
        bad(q)
    except ValueError as error:
        text = str(error)
    try:
        return error
    except NameError as other:
        return text, type(other).__name__


@program()
def loop_variable_stays(q):
    for i, x in enumerate([q, "b"]):
        ask(x)
    return i, x


@program(lambda: ([],))
def loop_variable_of_an_empty_loop(xs):
    for x in xs:
        ask(x)
    return x


# ==================================================================================================
kind("the error's class, text and chain")
# ==================================================================================================


class Registered(Exception):
    subclasses: list[str] = []

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        Registered.subclasses.append(cls.__name__)


class NeedsKeyword(Exception):
    def __init_subclass__(cls, *, code, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.code = code


class Final(type):
    def __new__(mcls, name, bases, space):
        if bases and any(isinstance(b, Final) for b in bases):
            raise TypeError("final")
        return super().__new__(mcls, name, bases, space)


class Sealed(Exception, metaclass=Final):
    pass


class Rich(Exception):
    def __init__(self, code, *, reason):
        super().__init__(code)
        self.code = code
        self.reason = reason

    def __str__(self):
        return f"{self.code}: {self.reason}"


@xcs.op
def raises(error):
    raise error


def _caught(function, *args):
    try:
        return function(*args)
    except Exception as error:
        return isinstance(error, Exception), str(error), error.args


@script
def class_that_registers_subclasses(jit):
    f = jit(lambda e: raises(e))
    try:
        f(Registered("r"))
    except Registered as error:
        return str(error), Registered.subclasses


@script
def class_whose_subclasses_need_a_keyword(jit):
    f = jit(lambda e: raises(e))
    try:
        f(NeedsKeyword("k"))
    except NeedsKeyword as error:
        return str(error), error.args


@script
def class_that_is_final(jit):
    f = jit(lambda e: raises(e))
    try:
        f(Sealed("s"))
    except Sealed as error:
        return str(error), error.args


@script
def error_with_attributes(jit):
    f = jit(lambda e: raises(e))
    try:
        f(Rich(3, reason="why"))
    except Rich as error:
        return str(error), error.args, error.code, error.reason


@script
def text_of_an_operator_error(jit):
    f = jit(lambda q: ask(bad(q)))
    try:
        f("n")
    except ValueError as error:
        return str(error), f"{error}", error.args


@script
def text_of_a_key_error(jit):
    f = jit(lambda q: ask({}[q]))
    try:
        f("n")
    except KeyError as error:
        return str(error), error.args


@script
def text_of_an_error_of_the_body(jit):
    @jit
    def f(q):
        if ask(q):
            raise ValueError(f"body {q}")

    try:
        f("n")
    except ValueError as error:
        return str(error), error.args


@program()
def cause_and_context(q):
    try:
        try:
            bad(q)
        except ValueError as error:
            raise KeyError("outer") from error
    except KeyError as outer:
        return str(outer), str(outer.__cause__), type(outer.__context__).__name__


@program()
def reraise_in_handler(q):
    try:
        bad(q)
    except ValueError:
        save("seen")
        raise


@program()
def finally_returns_over_error(q):
    try:
        bad(q)
    finally:
        return ask(q)


@program()
def system_exit_passes(q):
    save(q)
    raise SystemExit(3)


@script
def keyboard_interrupt_in_operator_is_no_exception(jit):
    @xcs.op
    def interrupt(q):
        raise KeyboardInterrupt(q)

    @jit
    def f(q):
        try:
            return interrupt(q)
        except Exception:
            return "swallowed"

    try:
        return f("a")
    except KeyboardInterrupt as error:
        return "interrupted", error.args


@script
def generator_exit_and_base_exceptions(jit):
    class Stop(BaseException):
        pass

    @xcs.op
    def stop(q):
        raise Stop(q)

    @jit
    def f(q):
        try:
            return stop(q)
        except Exception:
            return "swallowed"

    try:
        return f("a")
    except Stop as error:
        return "stopped", isinstance(error, Exception), error.args


@program()
def exception_group(q):
    try:
        raise ExceptionGroup("g", [ValueError(ask(q)), KeyError("k")])
    except* ValueError as group:
        seen = [str(e) for e in group.exceptions]
    except* KeyError:
        save("key")
    return seen


# ==================================================================================================
kind("what a function looks like")
# ==================================================================================================


@program()
def qualname_of_inner_class(q):
    class C:
        def m(self):
            return 1

    def inner():
        return 2

    return C.__qualname__, C.m.__qualname__, inner.__qualname__, ask(q)


@script
def kinds_of_functions(jit):
    async def coroutine(q):
        return q

    def generator(q):
        yield ask(q)

    async def agenerator(q):
        yield q

    made = [jit(f) for f in (coroutine, generator, agenerator, quiet)]
    return [(inspect.iscoroutinefunction(f), inspect.isgeneratorfunction(f)) for f in made], list(
        made[1]("a")
    )


@script
def coroutine_function_runs(jit):
    @jit
    async def f(q):
        await asyncio.sleep(0)
        return ask(q)

    return asyncio.run(f("a"))


@script
def signature_and_names(jit):
    def f(q: str, *, k: int = 3) -> str:
        """Answers."""
        return ask(q)

    g = jit(f)
    return str(inspect.signature(g)), g.__name__, g.__doc__, g.__qualname__, g.__module__


@program()
def frame_names_the_function(q):
    return sys._getframe().f_code.co_name, ask(q)


@program()
def inspect_names_the_function(q):
    return inspect.stack()[0].function, inspect.currentframe().f_code.co_name, ask(q)


@program()
def inner_function_knows_its_caller(q):
    def who():
        return sys._getframe(1).f_code.co_name

    return who(), ask(q)


@script
def logging_knows_the_place(jit):
    places = []

    class Handler(logging.Handler):
        def emit(self, record):
            places.append((record.funcName, record.lineno - first_line, record.getMessage()))

    log = logging.getLogger("xcs_test_places")
    log.propagate = False
    log.setLevel(logging.INFO)
    log.addHandler(Handler())

    def f(q):
        log.info("before %s", q)
        r = ask(q)
        log.warning("after %s", r)
        return r

    first_line = f.__code__.co_firstlineno
    return jit(f)("a"), places


@program()
def warnings_know_the_place(q):
    import warnings

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.warn("careful")
        r = ask(q)
    return [(str(w.message), Path(w.filename).name) for w in caught], r


@program()
def locals_and_globals(q):
    x = ask(q)
    names = sorted(locals())
    return names, "ask" in globals(), locals()["x"]


# ==================================================================================================
kind("contextvars")
# ==================================================================================================

VAR: contextvars.ContextVar[str] = contextvars.ContextVar("VAR", default="unset")


@xcs.op
def read_var(q):
    return VAR.get()


@xcs.op(effects="ordered")
def write_var(q):
    VAR.set(q)


@program()
def variable_set_in_the_body(q):
    VAR.set(q)
    return read_var(1), VAR.get()


@program()
def variable_set_in_an_operator(q):
    write_var(q)
    return VAR.get(), read_var(1)


@script
def variable_set_is_seen_by_the_caller(jit):
    def f(q):
        VAR.set(q + "1")
        write_var(q)
        return ask(q)

    return jit(f)("a"), VAR.get()


@program()
def variable_reset(q):
    token = VAR.set(q)
    inside = read_var(1)
    VAR.reset(token)
    return inside, VAR.get(), read_var(2)


def set_var(q):
    VAR.set(q)


@program()
def variable_set_by_a_helper_in_a_loop(q):
    found = []
    for word in [q, "x"]:
        set_var(word)
        found.append(read_var(word))
    return found


@contextlib.contextmanager
def var_set_to(value):
    token = VAR.set(value)
    try:
        yield value
    finally:
        VAR.reset(token)


@program()
def variable_set_by_a_manager(q):
    found = []
    for word in [q, "x"]:
        with var_set_to(word):
            found.append(read_var(word))
        found.append(read_var("outside"))
    return found


@program()
def decimal_context_that_a_manager_gives(q):
    with decimal.localcontext() as context:
        context.prec = 4
        inside = decimal.Decimal(1) / 3
    return inside, decimal.Decimal(1) / 3, ask(q)


# ==================================================================================================
kind("recursion")
# ==================================================================================================


@script
def deep_recursion_with_calls(jit):
    most = 0

    def f(n):
        nonlocal most
        most = max(most, threading.active_count())
        return [] if n == 0 else [*f(n - 1), num(n)]

    return len(jit(f)(200)), most < 100


@program(lambda: (4,), lambda: (6,))
def recursion_of_dynamic_depth(n):
    def down(text):
        return [text] if len(text) > n else [text, *down(ask(text))]

    return down("a")


def even(n):
    return True if n == 0 else odd(n - num("a"))


def odd(n):
    return False if n == 0 else even(n - 1)


@program(lambda: (5,), lambda: (8,))
def mutual_recursion(n):
    return even(n)


@program()
def tree_recursion(q):
    def grow(text, depth):
        if depth == 0:
            return {"text": ask(text)}
        return {"text": ask(text), "children": [grow(f"{text}{i}", depth - 1) for i in range(2)]}

    return grow(q, 2)


# ==================================================================================================
kind("no internal error")
# ==================================================================================================

MIXED = {1: "one", "two": 2, None: 3, (4,): "four"}


@program()
def global_dict_with_mixed_keys(q):
    return MIXED[1], MIXED["two"], ask(MIXED[None]), sorted(MIXED, key=str)


@program()
def set_of_mixed_types(q):
    s = {1, "a", None, 2.5, (1,)}
    return ask(q) in s, len(s), sorted(map(str, s))


# ==================================================================================================
kind("names over evidence")
# ==================================================================================================


class Count:
    """Its method has the name of a model's, and is none."""

    def __init__(self):
        self.n = 0

    def generate(self, prefix):
        n = self.n
        time.sleep(0.001)
        self.n = n + 1
        return f"{prefix}{n}"

    def complete(self, prefix):
        return self.generate(prefix)

    def make(self, prefix):
        return self.generate(prefix)

    def __call__(self, prefix):
        return self.generate(prefix)


@program(lambda: (Count(),))
def method_named_generate(c):
    return [c.generate("a"), c.generate("b")], c.n


@program(lambda: (Count(),))
def method_named_complete(c):
    return [c.complete(x) for x in "abc"], c.n


@program(lambda: (Count(),))
def method_named_make(c):
    return [c.make("a"), c.make("b")], c.n


@program(lambda: (Count(),))
def call_of_a_class_with_complete(c):
    return [c("a"), c("b")], c.n


@program(lambda: (Count(),))
def generate_bound_to_a_name(c):
    generate = c.generate
    return [generate("a"), generate("b")], c.n


@program()
def local_function_named_generate(q):
    seen = []

    def generate(prefix):
        n = len(seen)
        time.sleep(0.001)
        seen.append(prefix)
        return f"{prefix}{n}"

    return [generate(q), generate("b")], seen


class Quiet:
    """Its method is named like one that only reads, and changes something."""

    def __init__(self):
        self.items = [1, 2, 3]

    def get(self):
        return self.items.pop()

    def keys(self):
        self.items.append("k")
        return list(self.items)


@program(lambda: (Quiet(), "a"))
def method_named_get_changes(c, q):
    a = c.get()
    b = ask(q)
    return a, b, c.get(), c.keys(), c.keys()


@script
def generate_under_strict_effects(jit):
    config = {"config": xcs.Config(effects="strict")} if jit is xcs.jit else {}
    f = partial(jit, **config)(lambda c: [c.generate("a"), c.generate("b")])
    return f(Count())


@program()
def unknown_callback_of_jax(q):
    import jax

    seen = []
    jax.debug.callback(lambda: seen.append(q))
    jax.effects_barrier()
    return seen, ask(q)


@program(lambda: (types.SimpleNamespace(method="x", n=2), "a"))
def branch_on_configuration(args, q):
    if args.method == "x":
        return [ask(f"{q}{i}") for i in range(args.n)]
    return save(q)


# ==================================================================================================
kind("a list that only the program has, of elements of which nothing is known")


@xcs.op
def untyped(prompt):
    time.sleep(0.0005)
    CALLS.append(("untyped", repr(prompt)))
    return "3 6 8 3 7 4"


class Client:
    def __init__(self):
        self.create = untyped


@program()
def elements_of_unknown_class_are_collected_first(q):
    found = [x for x in Client().create(q).split()]
    new = []
    for x in found:
        if x not in new:
            new.append(x)
    return [x for x in new]


# ==================================================================================================

kind("a key or a start is given along with a generator expression")


class Scored:
    def __init__(self, score, done=False):
        self.score, self.done = score, done


@program()
def most_by_a_key_of_generated_elements(q):
    found = [Scored(num(q * i)) for i in (2, 3, 1)]
    best = max((s for s in found if not s.done), key=lambda s: s.score, default=None)
    least = min((s for s in found if ask(s.score)), key=lambda s: s.score)
    return best.score, least.score, max((s for s in found if s.done), key=id, default=None)


@program()
def sum_of_generated_lists_has_a_start(q):
    return sum(([ask(q + c)] for c in "ab" if c), []), sum((num(c) for c in "ab" if c), start=1)


# ==================================================================================================
kind("what is let go of, as a file that is closed so")


def written_by_a_function(path, text):
    file = open(path, "w")
    file.write(text)
    file.write("!")


@program()
def files_that_no_variable_holds_are_closed_at_once(q):
    path = Path(tempfile.mkdtemp(), "out.json")
    reply = ask(q)
    json.dump([reply], open(path, "w"))
    first = path.read_text()
    open(path, "w").write(reply)
    second = open(path).read()
    written_by_a_function(path, reply)
    return first, second, path.read_text()


@program()
def files_of_a_variable_are_closed_when_the_function_ends(q):
    path = Path(tempfile.mkdtemp(), "out.txt")
    path.write_text("")
    file = open(path, "w")
    file.write(ask(q))
    other = tempfile.TemporaryDirectory()
    name = other.name
    save(q)
    return path.read_text(), os.path.isdir(name)


@script
def files_are_closed_when_the_run_ends(jit):
    def write(path, q):
        file = open(path, "w")
        file.write(ask(q))

    path = Path(tempfile.mkdtemp(), "out.txt")
    jit(write)(path, "a")
    return path.read_text()


# ==================================================================================================
kind("files are read after what writes them")


def listed(folder):
    return sorted(os.listdir(folder))


@program()
def folder_is_looked_at_after_it_was_made(q):
    folder = os.path.join(tempfile.mkdtemp(), ask(q))
    before = os.path.exists(folder)
    os.makedirs(folder)
    return before, os.path.exists(folder), os.path.isdir(folder), listed(folder)


@program(lambda: ([os.path.exists], "a"))
def folder_is_looked_at_by_a_function_in_a_list(functions, q):
    folder = os.path.join(tempfile.mkdtemp(), ask(q))
    os.makedirs(folder)
    return functions[0](folder)


@program()
def paths_are_read_after_they_were_written(q):
    path = Path(tempfile.mkdtemp()) / "out.txt"
    path.write_text(ask(q))
    size, text = os.path.getsize(path), Path(path).read_text()
    path.unlink()
    return size, text, path.exists(), os.path.exists(path)


@program(lambda: (Path(tempfile.gettempdir(), "xcs_faults_path.txt"), "a"))
def path_that_is_given_is_read_after_it_was_written(path, q):
    path.write_text("old")
    with open(path, "w") as file:
        file.write(ask(q))
    new = path.read_text()
    path.unlink()
    return new, path.exists()


@program()
def files_of_iterations_are_read_by_the_next_ones(q):
    folder, found = tempfile.mkdtemp(), []
    for i in range(3):
        found.append(listed(folder))
        os.mkdir(os.path.join(folder, f"{len(ask(q * i))}"))
    return found, listed(folder)


# ==================================================================================================
kind("super of a class that is named")


class Keeper:
    def keep(self, value):
        LOG.append(value)
        return len(LOG)


class KeeperOfMore(Keeper):
    def keep(self, value):
        return super(KeeperOfMore, self).keep(value)

    def keep_all(self, values):
        return [super(KeeperOfMore, self).keep(v) for v in values]

    def keep_later(self, value):
        above = super(KeeperOfMore, self)
        return above.keep(value)


@program(lambda: (KeeperOfMore(), "a"))
def methods_above_have_their_effects(keeper, q):
    first = keeper.keep(q), keeper.keep(q)
    return first, keeper.keep_all([ask(q), q, q]), keeper.keep_later(q), keeper.keep_later(q)


@program(lambda: (KeeperOfMore(), "a"))
def method_above_that_is_missing(keeper, q):
    save(q)
    return super(KeeperOfMore, keeper).other(ask(q))


# ==================================================================================================
kind("a look-up adds what is missing")


@xcs.op
def counts(prompt) -> Any:
    time.sleep(0.0005)
    CALLS.append(("counts", repr(prompt)))
    return defaultdict(list, {"a": [prompt]})


@program()
def looking_up_in_what_an_operator_gave(q):
    try:
        found = counts(q)
    except ValueError:
        raise
    before = len(found)
    found["b"].append(ask(q))
    found["c"]
    return before, len(found), sorted(found), found["a"], found["b"]


# ==================================================================================================
kind("instances that are called")


class Callable1:
    def __init__(self, name):
        self.name, self.seen = name, []

    def __call__(self, value, *, more=""):
        self.seen.append(value)
        return ask(f"{self.name} {value}{more}")

    def tell(self, value):
        return [self.name, value]


class Callable2(Callable1):
    def __call__(self, value, **keywords):
        return super().__call__(value, **keywords) + "!"


class Holder:
    def __init__(self, *parts):
        self.parts, self.first = parts, parts[0]

    def __call__(self, *args, **keywords):
        return self.forward(*args, **keywords)

    def forward(self, value):
        return [part(value, more=".") for part in self.parts] + [self.first(value)]


@program(lambda: (Holder(Callable1("a"), Callable2("b")), "q"))
def instances_are_called(holder, q):
    made = Callable2("c")
    return holder(q), holder(value=q + q), made(q), made.seen, [part.seen for part in holder.parts]


@program(lambda: (Callable1("a"), "q"))
def instances_with_an_attribute_of_that_name(called, q):
    called.__call__ = lambda value: "no"
    return called(q), called.__call__(q)


@program(lambda: (Callable1("a"), "q"))
def instances_with_a_method_of_their_own(called, q):
    before = called.tell(q)
    called.tell = lambda value: [ask(value), "own"]
    return before, called.tell(q)


@program(lambda: (Holder(Callable1("a")), "q"), lambda: (Holder(ask), "q"))
def instances_that_cannot_be_called_so(holder, q):
    save(q)
    return holder(q, q)


@script
def instances_whose_class_gets_another_call(jit):
    class Local:
        def __call__(self, value):
            return ask(value)

    f, local = jit(lambda called, q: called(q)), Local()
    first = f(local, "a")
    Local.__call__ = lambda self, value: ask(value + "2")
    second = f(local, "a")
    del Local.__call__
    try:
        return first, second, f(local, "a")
    except TypeError as error:
        return first, second, str(error)


# ==================================================================================================
kind("G1 private names and super() belong to the class that a method was written in")


def passed_on(method):
    @functools.wraps(method)
    def wrapper(*args):
        return method(*args)

    return wrapper


class Base:
    kind = "base"

    def __init__(self, name):
        self.__name = name
        self.seen = []

    @property
    def label(self):
        return f"base {self.__name}"

    @label.setter
    def label(self, value):
        self.__name = value

    @classmethod
    def make(cls, name):
        return cls(cls.__doubled(name))

    @classmethod
    def __doubled(cls, name):
        return name * 2

    def __told(self):
        return ask(self.__name)

    def tell(self):
        self.seen.append(self.__told())
        return self.seen[-1]

    @passed_on
    def wrapped(self):
        return self.__told()


class Derived(Base):
    def __init__(self, name):
        super().__init__(name + "!")
        self.__name = "another"

    def tell(self):
        say = super().tell
        return say() + ask(self.__name) + super().kind

    @property
    def label(self):
        return f"derived {super().label}" + ask(super().label)

    @label.setter
    def label(self, value):
        self.__name = value


class Last(Derived):
    def wrapped(self):
        return super().wrapped() + super().label


@program()
def private_names_of_three_classes(q):
    d, e = Derived(ask(q)), Last.make(ask(q))
    d.label = ask(q + "1")
    return d.tell(), d.label, d.wrapped(), e.tell(), e.label, e.wrapped(), vars(d), vars(e)


# ==================================================================================================
kind("G2 a local list whose elements may be any object is read once it is filled")
# ==================================================================================================

HELD = {}


class Labelled(NamedTuple):
    label: str

    def shown(self):
        return self.label + "."


class Shelf:
    def __init__(self, items):
        self.items = items
        self.table = {"k": items}


@xcs.op
def loose(prompt):
    time.sleep(0.0005)
    CALLS.append(("loose", repr(prompt)))
    return f"<{prompt}>"


def held(key):
    if key not in HELD:
        HELD[key] = loose(type(key).__name__)
    return HELD[key]


@program(lambda: (Shelf(["x"]), []))
def local_list_added_to_any_object(shelf, empty):
    shelf.items += held(shelf)
    if empty:
        return []
    shelf.items += [Labelled("a").shown() for letter in "xyz"]
    return shelf.items


# ==================================================================================================
kind("G3 a function puts one object into two places of another")
# ==================================================================================================


class Twice:
    def __init__(self, items):
        self.first = items
        self.second = {"k": items}
        self.third = items


def count_all(twice):
    for _ in twice.third:
        LOG.append(len(twice.third))
    for _ in twice.second["k"]:
        LOG.append(len(twice.second["k"]))
    return len(twice.first)


@program(lambda: (["a", "b"], "q"))
def object_in_three_places(items, q):
    LOG.append(ask(q))
    twice = Twice(items if q else ask(q))
    items.append(ask(items.pop()))
    items.pop()
    return count_all(twice)


@program()
def local_object_in_three_places(q):
    items = [ask(q), "b"]
    twice = Twice(items)
    items.append(ask(items.pop()))
    items.pop()
    return count_all(twice)


# ==================================================================================================
kind("G4 later writes to a local list do not show in what reads it before, but late")
# ==================================================================================================


@program(lambda: ("a", []), lambda: ("b", ["x"]))
def late_reads_of_a_local_list(q, texts):
    items = [ask(text) for text in texts]
    found: list[Any] = []
    if num(q):
        if items:
            found.append("some")
        for item in items:
            found.append(item)
        found += [len(items), q in items, items.copy(), items.count(q), "end"]
        found += [items[n] for n in range(len(items))]
    items.append(q)
    items.reverse()
    return found, items


@program(lambda: (["x"],))
def element_of_a_list_put_into_it(texts):
    items = [ask(text) for text in texts]
    items.insert(0, items[1 % len(items)] if items else "a")
    items.reverse()
    return items


# ==================================================================================================
kind("G5 a star takes an object apart before what stands after it is evaluated")
# ==================================================================================================


def grow(items, value):
    items.append(value)
    return len(items)


def enter(table, key):
    table[key] = key
    return key


def given(*values, **named):
    return values, named


@program(lambda: (["a", "b"], {"k": "v"}, "q"))
def stars_before_changes(items, table, q):
    return (
        [*items, grow(items, "c"), *items, ask(q), items.pop()],
        (*items, put(items, "d"), items.pop(0)),
        sorted({*items, str(grow(items, "e")), *items}),
        {**table, "n": enter(table, "x"), **table},
        given(*items, grow(items, "f"), *items, last=grow(items, "g")),
        given(*items, last=grow(items, "h")),
        given(**table, last=enter(table, "y")),
        given(first=enter(table, "z"), **table),
        "-".join([*table.keys(), enter(table, "w"), *table]),
    )


@program(lambda: (None, "q"), lambda: (["a"], "q"))
def star_that_fails_before_an_effect(items, q):
    return [*items, save(q)]


# ==================================================================================================
kind("G6 a property that is set on an object of one of several classes")
# ==================================================================================================


class Titled:
    def __init__(self, name):
        self.name = name
        self.count = 0

    @property
    def title(self):
        return self.name.title()

    @title.setter
    def title(self, value):
        self.name = value.lower()
        self.count += 1


class Louder(Titled):
    @property
    def title(self):
        return self.name.upper()

    @title.setter
    def title(self, value):
        self.name = value + "!"
        self.count += 2


@program(lambda: (Titled("A"), Louder("B"), "q"))
def property_set_on_one_of_two_classes(first, second, q):
    found = []
    for each in [first, second, Titled("C"), Louder("D")]:
        each.title = ask(q)
        found.append((each.count, each.name, each.title))
    chosen = first if ask(q) == q else second
    chosen.title = ask(q)
    return found, chosen.count, chosen.name, first.count


# ==================================================================================================
kind("G7 operators that a class of the program defines read and change its attributes")
# ==================================================================================================


class Sack:
    def __init__(self, items):
        self.items = list(items)
        self.looks = 0

    def __len__(self):
        self.looks += 1
        return len(self.items)

    def __contains__(self, item):
        self.looks += 1
        return item in self.items

    def __getitem__(self, key):
        self.looks += 1
        return self.items[key]

    def __setitem__(self, key, value):
        self.items[key] = value

    def __delitem__(self, key):
        self.looks += len(self.items)
        del self.items[key]

    def __iadd__(self, other):
        self.items.extend(other)
        return self

    def __repr__(self):
        return f"Sack({self.items})"


@program()
def operators_of_an_object_made_here(q):
    sack = Sack([ask(q), q])
    found = [len(sack), q in sack, "z" not in sack, sack[0], sack.looks, str(sack)]
    sack[1] = ask(sack[0])
    sack += ["c", ask("d")]
    del sack[0]
    return found, sack, len(sack), sack.looks


@program(lambda: (Sack("ab"), "q"))
def operators_of_an_object_from_outside(sack, q):
    found = [str(sack), repr(sack), len(sack), q in sack]
    sack += [ask(q)]
    sack[0] = ask(q)
    return found, sack, len(sack), sack.looks


# ==================================================================================================
kind("G8 variables of a statement that stays native, and of one that fails half-way")
# ==================================================================================================


def at_once(value):
    time.sleep(0)
    return value


@program(lambda: ("q", []), lambda: ("q", ["none"]))
def native_statement_before_a_failure(q, items):
    found = at_once(q)
    try:
        try:
            pass
        except ValueError:
            pass
        else:
            mark = "k"

            def later(value, depth):
                return ask(value + mark)

            found = later(q, 2)
        finally:
            items.remove("none")
        items.remove("none")
    except ValueError:
        found += "!"
    return found, items
