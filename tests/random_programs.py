"""Random Python programs over operators: source text, made from a source of choices.

A program is a module: the fixed `PRELUDE` of operators, helper functions, and
``main(s, n, xs, d, xss, o)``. Names are typed by their first letters: ``s`` strings, ``n``
integers, ``xs`` lists of strings, ``d`` dicts from strings to strings, ``xss`` lists of lists of
strings, ``o`` instances of a class, ``f`` functions from strings to strings, ``a`` arrays of three
integers, which only some programs have. Most programs succeed; some fail on purpose.
"""

from __future__ import annotations

import copy
import inspect
import itertools
import re
import sys
import textwrap
import types
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import jax.numpy as jnp
from differential import Endless, Outcome, no_internal_error, observe, within_time

import xcs

_numbers = itertools.count()

PRELUDE = """\
import contextlib
import time
import zlib

import jax.numpy as jnp
import xcs

LOG = []    # what ordered operators did: compared as a sequence
CALLS = []  # what unordered operators did: compared as a multiset
NOTES = []
TOTAL = 0
CACHE = {}


class Refused(Exception):
    def __init__(self, size, *, reason):
        super().__init__(f"refused {size}")
        self.size = size
        self.reason = reason


def latency(x):
    time.sleep(zlib.crc32(repr(x).encode()) % 4 * LATENCY)


@xcs.op(kind="model")
def ask(x):
    latency(x)
    CALLS.append(("ask", repr(x)))
    return f"<{x}>"


@xcs.op(effects="pure")
def shout(x):
    latency(x)
    return str(x).upper()


@xcs.op(effects="ordered")
def save(x):
    latency(x)
    LOG.append(("save", repr(x)))
    return len(LOG)


@xcs.op
def picky(x):
    latency(x)
    CALLS.append(("picky", repr(x)))
    size = len(str(x))
    if size % 4 == 2:
        raise ValueError("picky", x)
    if size % 5 == 4:
        raise Refused(size, reason=str(x))
    return f"{x}."


@xcs.op
def maybe(x):
    CALLS.append(("maybe", repr(x)))
    return None if len(str(x)) % 2 else str(x)


@xcs.op
def words(x):
    CALLS.append(("words", repr(x)))
    return list(str(x)[:3])


@xcs.op(kind="model", deterministic=True)
def rate(x):
    latency(x)
    return len(str(x)) % 5


def note(x):
    NOTES.append(repr(x))
    return f"{x}!"


def tally(x):
    global TOTAL
    TOTAL += len(str(x))
    return TOTAL


def grow(items):
    items.append("g")
    return items


def peek(items):
    return items[0] if items else None


@xcs.op(effects="ordered")
def fill(items, x):
    items.append(x)
    LOG.append(("fill", repr(items)))
    return items


@xcs.op
def vector(x):
    CALLS.append(("vector", repr(x)))
    latency(x)
    return [len(str(x)), 1, 2]


def produce(items):
    for item in items:
        yield ask(item)


def same(x):
    return x


def wrap(x):
    return [x, x]


class Box:
    def __init__(self, value, items):
        self.value = value
        self.items = items
        self.count = 0

    def __repr__(self):
        return f"Box({self.value!r}, {self.items!r}, {self.count!r})"

    def step(self, x):
        self.count += 1
        return f"{self.value}{self.count}{x}"

    def query(self, x):
        return ask(f"{self.value}:{x}")

    def put(self, x):
        self.items.append(x)
        return len(self.items)


def remember(key):
    if key not in CACHE:
        CACHE[key] = ask(key)
    return CACHE[key]


class Client:
    def __init__(self, name):
        self.name = name
        self.seen = []
        self.count = 0

    def step(self, x):
        self.count += 1
        return f"{self.name}{self.count}{x}"

    def query(self, x):
        return ask(f"{self.name}:{x}")


client = Client("c")
"""

KINDS = ("s", "n", "xs", "d", "xss", "o", "f", "a")
PARAMETERS = ("s", "n", "xs", "d", "xss", "o")

Choose = Callable[[int], int]
"""Picks a number below the given one. Small numbers are the simple choices."""


@dataclass
class Scope:
    """The names that are surely bound, by kind, and where the code stands."""

    names: dict[str, list[str]]
    in_loop: bool = False
    in_helper: bool = False
    in_finally: bool = False  # where a jump would swallow an error, and so may never end
    frozen: bool = False  # inside an expression with names of its own: nothing may be bound

    def child(self, **changes: bool) -> Scope:
        settings = {
            name: getattr(self, name) for name in ("in_loop", "in_helper", "in_finally", "frozen")
        }
        return Scope({k: list(v) for k, v in self.names.items()}, **(settings | changes))


@dataclass
class Writer:
    """Writes one program. `size` bounds the number of statements and expressions."""

    choose: Choose
    size: int = 60
    arrays: bool = False
    helpers: list[tuple[str, str, str]] = field(default_factory=list)  # name, parameter, result
    counters: dict[str, int] = field(default_factory=dict)
    features: dict[str, bool] = field(default_factory=dict)
    scope: Scope = field(default_factory=lambda: Scope({kind: [] for kind in KINDS}))
    depth: int = 0

    RARE = frozenset({"while_", "try_", "with_", "assert_", "unpack", "match", "lazily"})
    """Statements that xcs may leave to Python, with all that is inside."""

    # --- choices ---

    def pick(self, options: Sequence[Callable[[], str]]) -> str:
        """One of the options; the first, the simplest, where the program is large or deep already.

        A program uses about half of the features, drawn for each program: two features meet more
        often than if all were there, and one that xcs leaves to Python does not hide the others.
        """
        self.size -= 1
        if self.size <= 0 or self.depth > 4 or (self.depth > 1 and self.choose(3) == 0):
            return options[0]()
        site = sys._getframe(1).f_code.co_name
        allowed = [
            option
            for position, option in enumerate(options)
            if position == 0 or self.allows(f"{site} {_feature(option)}")
        ]
        self.depth += 1
        try:
            return allowed[self.choose(len(allowed))]()
        finally:
            self.depth -= 1

    def allows(self, feature: str) -> bool:
        if feature not in self.features:
            rare = feature.startswith("statement") and feature.split()[1] in self.RARE
            self.features[feature] = self.choose(4 if rare else 2) == 1
        return self.features[feature]

    def one_of(self, *texts: str) -> str:
        return texts[self.choose(len(texts))]

    def fresh(self, kind: str) -> str:
        count = self.counters[kind] = self.counters.get(kind, 0) + 1
        return f"{kind}{count}"

    @contextmanager
    def scoped(self, names: dict[str, str], **changes: bool) -> Iterator[None]:
        """Write in a child scope with further names, given as ``{name: kind}``."""
        outer = self.scope
        self.scope = outer.child(**changes)
        for name, kind in names.items():
            self.scope.names[kind].append(name)
        try:
            yield
        finally:
            self.scope = outer

    # --- expressions ---

    def name(self, kind: str, default: str) -> str:
        names = self.scope.names[kind]
        return names[-1 - self.choose(len(names))] if names else default

    def expr(self, kind: str) -> str:
        writers: tuple[Callable[[], str], ...] = (
            self.str, self.int, self.list, self.dict,
            self.nested, self.box, self.function, self.array,
        )  # fmt: skip
        return writers[KINDS.index(kind)]()

    def any(self) -> str:
        return self.pick([self.str, self.int, self.list, self.dict, self.none, self.nested])

    def str(self) -> str:
        return self.pick(
            [
                lambda: self.name("s", "'a'"),
                lambda: f"ask({self.name('s', 'TOTAL')})",
                *[lambda: f"ask({self.str()})"] * 4,
                lambda: self.one_of("'a'", "'bc'", "''"),
                lambda: f"picky({self.str()})",
                lambda: f"shout({self.any()})",
                lambda: f"note({self.str()})",
                lambda: f"ask({self.any()})",
                lambda: f"{self.str()} + {self.str()}",
                self.f_string,
                lambda: f"{self.list()}[{self.one_of('0', '-1', '1')}]",
                lambda: f"{self.dict()}[{self.str()}]",
                lambda: f"{self.dict()}.get({self.str()}, {self.str()})",
                lambda: f"({self.str()}).upper()",
                lambda: f"({self.str()})[{self.one_of('1:', ':2', '::-1')}]",
                lambda: f"','.join({self.list()})",
                lambda: f"({self.str()} if {self.test()} else {self.str()})",
                lambda: f"({self.str()} or {self.str()})",
                lambda: f"({self.str()} and {self.str()})",
                lambda: f"str({self.int()})",
                lambda: f"max({self.list()}, default='none')",
                lambda: f"min({self.list()}, key=len)",
                lambda: f"remember({self.str()})",
                lambda: f"client.step({self.str()})",
                lambda: f"client.query({self.str()})",
                lambda: self.call_helper("s"),
                self.walrus,
                self.immediate_lambda,
                lambda: f"str(peek({self.list()}))",
                lambda: f"(maybe({self.str()}) or {self.str()})",
                lambda: f"{self.box()}.step({self.str()})",
                lambda: f"{self.box()}.query({self.str()})",
                lambda: f"{self.box()}.value",
                lambda: f"same({self.str()})",
                lambda: f"{self.function()}({self.str()})",
                lambda: f"{self.function()}({self.str()})",
                lambda: f"ask(x={self.str()})",
                lambda: f"ask(*[{self.str()}])",
                lambda: f"'{{}}:{{}}'.format({self.str()}, {self.any()})",
                lambda: f"'%s %s' % ({self.str()}, {self.int()})",
                lambda: self.quantified("next(({} for v in {}), 'none')"),
                lambda: f"str({self.array()}.tolist())" if self.arrays else self.str(),
                lambda: f"ask({self.array()}.sum())" if self.arrays else self.str(),
            ]
        )

    def int(self) -> str:
        return self.pick(
            [
                lambda: self.name("n", "1"),
                lambda: self.one_of("0", "1", "2", "3"),
                lambda: f"len({self.any_sized()})",
                lambda: f"save({self.any()})",
                lambda: f"rate({self.any()})",
                lambda: f"tally({self.str()})",
                lambda: f"({self.int()} + {self.int()})",
                lambda: f"({self.int()} * {self.int()} % 7)",
                lambda: self.quantified("sum(len(v + {}) for v in {})"),
                lambda: f"{self.list()}.count({self.str()})",
                lambda: f"int({self.str()} == {self.str()})",
                lambda: f"(6 // {self.int()})",
                lambda: f"int({self.str()})",
                lambda: f"({self.int()} if {self.test()} else {self.int()})",
                lambda: f"{self.box()}.count",
                lambda: f"int({self.array()}.max())" if self.arrays else self.int(),
                lambda: self.quantified("len({{{} for v in {}}})"),
                lambda: f"len({self.nested()}[0])",
                lambda: f"{self.box()}.put({self.str()})",
                lambda: self.one_of(
                    "len(LOG)", "len(NOTES)", "TOTAL", "client.count", "len(CACHE)"
                ),
                lambda: self.call_helper("n"),
            ]
        )

    def test(self) -> str:
        return self.pick(
            [
                lambda: f"{self.str()} == {self.str()}",
                lambda: f"{self.int()} < {self.int()}",
                lambda: f"{self.str()} in {self.list()}",
                lambda: f"{self.str()} not in {self.dict()}",
                lambda: f"len({self.any_sized()}) > {self.one_of('0', '1', '2', '3')}",
                lambda: f"{self.str()} < {self.str()} <= {self.str()}",
                lambda: f"not ({self.test()})",
                lambda: f"({self.test()} and {self.test()})",
                lambda: f"({self.test()} or {self.test()})",
                lambda: f"maybe({self.str()}) is None",
                lambda: f"maybe({self.str()})",
                lambda: f"{self.str()}.startswith({self.str()})",
                lambda: self.quantified("any(v < {} for v in {})"),
                lambda: self.quantified("all(ask(v) + {} for v in {})"),
                lambda: f"{self.list()}",
                lambda: f"{self.name('xs', '[]')} is {self.name('xs', '[]')}",
                lambda: f"{self.list()} is {self.list()}",
                lambda: f"{self.list()} == {self.list()}",
                lambda: f"{self.array()}.sum() > {self.int()}" if self.arrays else self.test(),
                lambda: f"isinstance({self.any()}, {self.one_of('str', 'list')})",
            ]
        )

    def list(self) -> str:
        return self.pick(
            [
                lambda: self.name("xs", "['p', 'qq']"),
                lambda: f"[{self.str()}, {self.str()}]",
                lambda: f"[{self.str()}]",
                self.comprehension,
                self.nested_comprehension,
                lambda: f"sorted({self.list()})",
                lambda: f"({self.list()} + {self.list()})",
                lambda: f"{self.list()}[{self.one_of('1:', ':1', ':-1', '::2')}]",
                lambda: f"list({self.dict()})",
                lambda: f"list({self.dict()}.values())",
                lambda: f"words({self.str()})",
                lambda: f"list(map(ask, {self.list()}))",
                lambda: f"[*{self.list()}, {self.str()}]",
                lambda: f"sorted({self.list()}, key=lambda v: (len(v), v))",
                lambda: f"grow({self.list()})",
                lambda: f"list({self.list()})",
                lambda: f"({self.list()} or {self.list()})",
                lambda: f"list(reversed({self.list()}))",
                lambda: f"fill({self.list()}, {self.str()})",
                lambda: f"same({self.list()})",
                lambda: f"wrap({self.str()})",
                lambda: f"{self.nested()}[{self.one_of('0', '-1')}]",
                lambda: f"{self.box()}.items",
                lambda: f"[*map(str, {self.list()})]",
                lambda: f"list(map({self.function()}, {self.list()}))",
                lambda: f"sorted({self.list()}, key={self.function()})",
                lambda: f"list(produce({self.list()}))",
                lambda: f"sorted({{*{self.list()}}})",
                lambda: f"list(filter({self.function()}, {self.list()}))",
                lambda: self.call_helper("xs"),
                lambda: "[]",
            ]
        )

    def dict(self) -> str:
        return self.pick(
            [
                lambda: self.name("d", "{'a': 'b'}"),
                lambda: f"{{{self.str()}: {self.str()}}}",
                self.dict_comprehension,
                lambda: f"{{**{self.dict()}, {self.str()}: {self.str()}}}",
                lambda: f"dict(zip({self.list()}, {self.list()}))",
                lambda: f"dict({self.dict()})",
                lambda: "{}",
            ]
        )

    def nested(self) -> str:
        return self.pick(
            [
                lambda: self.name("xss", "[['a'], []]"),
                lambda: f"[{self.list()}, {self.list()}]",
                lambda: f"[{self.list()}]",
                lambda: f"wrap({self.list()})",
                lambda: f"([{self.list()}] * 2)",
                lambda: f"list({self.nested()})",
                lambda: f"({self.nested()} + {self.nested()})",
                lambda: f"same({self.nested()})",
                self.lists_in_a_comprehension,
            ]
        )

    def lists_in_a_comprehension(self) -> str:
        name = self.fresh("v")
        with self.scoped({}, frozen=True):
            items = self.list()
        with self.scoped({name: "s"}, frozen=True):
            return f"[{self.list()} for {name} in {items}]"

    def box(self) -> str:
        name = self.name("o", "")
        if name:
            return name
        return f"Box({self.str()}, {self.list()})"

    def function(self) -> str:
        return self.pick(
            [
                lambda: self.name("f", "ask"),
                self.lambda_,
                lambda: self.one_of("ask", "note", "str.upper", "client.query"),
                lambda: f"{self.box()}.step",
            ]
        )

    def lambda_(self) -> str:
        name = self.fresh("v")
        with self.scoped({name: "s"}, frozen=True):
            return f"(lambda {name}: {self.str()})"

    def array(self) -> str:
        return self.pick(
            [
                lambda: self.name("a", "jnp.arange(3)"),
                lambda: f"({self.array()} + {self.array()})",
                lambda: f"({self.array()} * {self.int()})",
                lambda: f"jnp.where({self.array()} > {self.int()}, {self.array()}, 0)",
                lambda: f"{self.array()}[::-1]",
                lambda: f"jnp.cumsum({self.array()})",
                lambda: f"jnp.array(vector({self.any()}))",
                lambda: f"jnp.array([{self.int()}, {self.int()}, {self.int()}])",
                lambda: f"{self.array()}.at[{self.one_of('0', '1')}].set({self.int()})",
                lambda: f"({self.array()} - {self.array()}.min())",
                lambda: f"jnp.sort({self.array()})",
                lambda: f"({self.array()} if {self.test()} else {self.array()})",
            ]
        )

    def none(self) -> str:
        return self.pick([lambda: "None", lambda: f"maybe({self.str()})"])

    def any_sized(self) -> str:
        return self.pick([self.list, self.str, self.dict])

    def f_string(self) -> str:
        """Quotes may not be used again inside, before Python 3.12: operands are names and calls."""
        s, n = self.name("s", "TOTAL"), self.name("n", "TOTAL")
        return self.one_of(
            f"f'{{{s}}}-{{{n}}}'", f"f'{{ask({s})!r:>6}}'", f"f'{{ask({n})}}{{{s}}}'"
        )

    def quantified(self, form: str) -> str:
        with self.scoped({}, frozen=True):
            return form.format(self.str(), self.list())

    def walrus(self) -> str:
        if self.scope.frozen:
            return self.str()
        name = self.name("s", "")
        return f"({name} := {self.str()})" if name else self.str()

    def immediate_lambda(self) -> str:
        argument, name = self.str(), self.fresh("v")
        with self.scoped({name: "s"}, frozen=True):
            return f"(lambda {name}: {self.str()})({argument})"

    def comprehension(self) -> str:
        with self.scoped({}, frozen=True):
            return self.simple_comprehension()

    def simple_comprehension(self) -> str:
        name = self.fresh("v")
        where = self.one_of("list", "range", "enumerate", "zip", "items")
        if where == "range":
            head, names = f"{name} in range({self.one_of('3', '2', self.int())})", {name: "n"}
        elif where == "enumerate":
            head, names = (
                f"i{name}, {name} in enumerate({self.list()})",
                {f"i{name}": "n", name: "s"},
            )
        elif where == "zip":
            head = f"{name}, w{name} in zip({self.list()}, {self.list()})"
            names = {name: "s", f"w{name}": "s"}
        elif where == "items":
            head, names = f"{name}, w{name} in {self.dict()}.items()", {name: "s", f"w{name}": "s"}
        else:
            head, names = f"{name} in {self.list()}", {name: "s"}
        with self.scoped(names, frozen=True):
            element = self.str()
            condition = self.pick([lambda: "", lambda: f" if {self.test()}"])
        return f"[{element} for {head}{condition}]"

    def nested_comprehension(self) -> str:
        outer, inner = self.fresh("v"), self.fresh("v")
        with self.scoped({}, frozen=True):
            first = self.list()
        with self.scoped({outer: "s"}, frozen=True):
            second = self.list()
            with self.scoped({inner: "s"}, frozen=True):
                element = self.str()
        if self.choose(2):
            return f"[','.join([{element} for {inner} in {second}]) for {outer} in {first}]"
        return f"[{element} for {outer} in {first} for {inner} in {second}]"

    def dict_comprehension(self) -> str:
        name = self.fresh("v")
        with self.scoped({}, frozen=True):
            items = self.list()
        with self.scoped({name: "s"}, frozen=True):
            return f"{{{name}: {self.str()} for {name} in {items}}}"

    def call_helper(self, kind: str) -> str:
        helpers = [(name, needs) for name, needs, gives in self.helpers if gives == kind]
        if not helpers:
            return self.expr(kind)
        name, needs = helpers[self.choose(len(helpers))]
        return f"{name}({self.expr(needs)})"

    # --- statements ---

    def block(self, most: int, names: dict[str, str] | None = None, **changes: bool) -> str:
        """One to `most` statements in a child scope."""
        with self.scoped(names or {}, **changes):
            return self.body(most)

    def body(self, most: int) -> str:
        lines = [self.statement()]
        while len(lines) < most and self.size > 0 and self.choose(3):
            lines.append(self.statement())
        return "\n".join(lines)

    def statement(self) -> str:
        return self.pick(
            [
                *[self.assign] * 6,
                *[self.effect] * 4,
                *[self.change] * 3,
                self.reassign,
                self.augmented,
                *[self.if_] * 2,
                *[self.for_] * 2,
                *[self.collect] * 2,
                self.while_,
                self.try_,
                *[self.jump] * 2,
                self.unpack,
                *[self.alias] * 2,
                *[self.local_function] * 2,
                self.lazily,
                self.match,
                self.chained,
                self.swap,
                self.with_,
                self.assert_,
                self.cached,
            ]
        )

    def assign(self) -> str:
        kinds = KINDS if self.arrays else KINDS[:-1]
        kind = self.pick(
            [lambda: "s", lambda: self.one_of("xs", "n", "d"), lambda: self.one_of(*kinds)]
        )
        value = self.expr(kind)
        name = self.fresh(kind)
        self.scope.names[kind].append(name)
        return f"{name} = {value}"

    def reassign(self) -> str:
        kind = self.one_of(*(KINDS if self.arrays else KINDS[:-1]))
        name = self.name(kind, "")
        return f"{name} = {self.expr(kind)}" if name else self.assign()

    def effect(self) -> str:
        return self.pick(
            [
                lambda: f"save({self.any()})",
                lambda: f"ask({self.any()})",
                lambda: f"picky({self.str()})",
                lambda: f"note({self.any()})",
                lambda: f"tally({self.str()})",
                lambda: f"client.step({self.str()})",
                lambda: f"grow({self.list()})",
                lambda: f"fill({self.list()}, {self.str()})",
                lambda: f"{self.box()}.put({self.str()})",
                lambda: f"{self.box()}.step({self.str()})",
                lambda: f"shout({self.any()})",
                lambda: self.call_helper("s"),
            ]
        )

    def change(self) -> str:
        xs, d = self.name("xs", ""), self.name("d", "")
        xss, o = self.name("xss", ""), self.name("o", "")
        if not (xs and d and xss and o):
            return self.assign()
        return self.pick(
            [
                lambda: f"{xs}.append({self.str()})",
                lambda: f"{d}[{self.str()}] = {self.str()}",
                lambda: f"{xs}.extend({self.list()})",
                lambda: f"{xs}[{self.one_of('0', '-1')}] = {self.str()}",
                lambda: f"{xs}.insert(0, {self.str()})",
                lambda: f"{d}.update({self.dict()})",
                lambda: f"{xs}.sort()",
                lambda: f"{xs}.pop()",
                lambda: f"{d}.pop({self.str()}, None)",
                lambda: f"del {xs}[0]",
                lambda: f"{d}.setdefault({self.str()}, {self.str()})",
                lambda: f"{xs}.clear()",
                lambda: f"{xss}.append({self.list()})",
                lambda: f"{xss}[0].append({self.str()})",
                lambda: f"{xss}[-1] = {self.list()}",
                lambda: f"{o}.value = {self.str()}",
                lambda: f"{o}.items = {self.list()}",
                lambda: f"{o}.items.append({self.str()})",
                lambda: f"{o}.count += 1",
                lambda: f"{xs}[:1] = {self.list()}",
                lambda: f"{xs}.reverse()",
            ]
        )

    def augmented(self) -> str:
        s, n, xs = self.name("s", ""), self.name("n", ""), self.name("xs", "")
        if not (s and n and xs):
            return self.assign()
        return self.pick(
            [
                lambda: f"{s} += {self.str()}",
                lambda: f"{n} += {self.int()}",
                lambda: f"{xs} += {self.list()}",
            ]
        )

    def if_(self) -> str:
        head = f"if {self.test()}:\n{indent(self.block(2))}"
        return head + self.pick(
            [
                lambda: "",
                lambda: f"\nelse:\n{indent(self.block(2))}",
                lambda: (
                    f"\nelif {self.test()}:\n{indent(self.block(1))}\n"
                    f"else:\n{indent(self.block(1))}"
                ),
            ]
        )

    def for_(self) -> str:
        name = self.fresh("v")
        where = self.one_of("list", "range", "enumerate", "items", "zip")
        names = {name: "s"}
        if where == "range":
            head, names = f"{name} in range({self.one_of('2', '3', self.int())})", {name: "n"}
        elif where == "enumerate":
            head, names = (
                f"i{name}, {name} in enumerate({self.list()})",
                {f"i{name}": "n", name: "s"},
            )
        elif where == "items":
            head, names = f"{name}, w{name} in {self.dict()}.items()", {name: "s", f"w{name}": "s"}
        elif where == "zip":
            head = f"{name}, w{name} in zip({self.list()}, {self.list()})"
            names = {name: "s", f"w{name}": "s"}
        else:
            head = f"{name} in {self.list()}"
        text = f"for {head}:\n{indent(self.block(3, names, in_loop=True))}"
        if self.choose(8) == 7:
            text += f"\nelse:\n{indent(self.block(1))}"
        return text

    def collect(self) -> str:
        """The loop that programs have most: a list that grows by an element an iteration."""
        out, name, items = self.fresh("xs"), self.fresh("v"), self.list()
        with self.scoped({name: "s"}, in_loop=True):
            body = self.pick([lambda: "", lambda: self.body(2) + "\n"])
            value = self.str()
        self.scope.names["xs"].append(out)
        return f"{out} = []\nfor {name} in {items}:\n{indent(f'{body}{out}.append({value})')}"

    def while_(self) -> str:
        name = self.fresh("n")
        self.scope.names["n"].append(name)
        test = self.pick([lambda: "", lambda: f" and {self.test()}"])
        body = self.block(2, in_loop=True)
        return f"{name} = 0\nwhile {name} < {self.one_of('2', '3')}{test}:\n" + indent(
            f"{name} += 1\n{body}"
        )

    def try_(self) -> str:
        body = self.block(2)
        error = self.one_of("ValueError", "Exception", "(KeyError, IndexError)", "Refused")
        target = self.one_of("", " as e")
        use = "\nsave(str(e))" if target else ""
        text = f"try:\n{indent(body)}\nexcept {error}{target}:\n{indent(self.block(1) + use)}"
        return text + self.pick(
            [
                lambda: "",
                lambda: f"\nelse:\n{indent(self.block(1))}",
                lambda: f"\nfinally:\n{indent(self.block(1, in_finally=True))}",
            ]
        )

    def jump(self) -> str:
        if self.scope.in_finally:
            return self.assign()
        way = self.return_()
        if self.scope.in_loop:
            way = self.pick([lambda: "break", lambda: "continue", self.return_])
        if self.pick([lambda: "", lambda: "raise"]):
            way = f"raise {self.one_of('ValueError', 'KeyError')}({self.str()})"
        return f"if {self.test()}:\n{indent(way)}"

    def return_(self) -> str:
        if self.scope.in_helper:
            return "return " + self.str()
        return f"return {self.any()}"

    def unpack(self) -> str:
        first, second = self.fresh("s"), self.fresh("s")
        if self.choose(2):
            rest, value = self.fresh("xs"), self.list()
            self.scope.names["s"].append(first)
            self.scope.names["xs"].append(rest)
            return f"{first}, *{rest} = {value}"
        values = f"{self.str()}, {self.str()}"
        self.scope.names["s"] += [first, second]
        return f"{first}, {second} = {values}"

    def lazily(self) -> str:
        """An iterator, which is consumed after something else was done."""
        name, items = self.fresh("i"), self.list()
        value = self.one_of(
            f"iter({items})", f"map(ask, {items})", f"map(save, {items})", f"produce({items})",
            f"reversed({items})", f"{self.name('d', '{}')}.keys()", f"(ask(v) for v in {items})",
            f"filter(ask, {items})",
        )  # fmt: skip
        between = self.pick([lambda: "", lambda: self.body(1) + "\n"])
        if ".keys()" not in value and "reversed" not in value:
            between += self.one_of("", f"save(next({name}, 'none'))\n")
        result = self.fresh("xs")
        self.scope.names["xs"].append(result)
        return f"{name} = {value}\n{between}{result} = [str(v) for v in {name}]"

    def match(self) -> str:
        name, subject = self.fresh("v"), self.one_of(self.str(), self.list(), self.int())
        text = f"match {subject}:\n"
        for pattern in ("'a'", f"[{name}, *_]", f"str({name})"):
            if self.choose(2):
                bound = {name: "s"} if name in pattern else {}
                guard = self.pick([lambda: "", lambda: f" if {self.test()}"])
                text += f"    case {pattern}{guard}:\n{indent(indent(self.block(1, bound)))}\n"
        return f"{text}    case _:\n{indent(indent(self.block(1)))}"

    def chained(self) -> str:
        kind = self.one_of("xs", "d", "s", "xss")
        value, first, second = self.expr(kind), self.fresh(kind), self.fresh(kind)
        self.scope.names[kind] += [first, second]
        return f"{first} = {second} = {value}"

    def swap(self) -> str:
        kind = self.one_of("s", "xs", "d")
        names = self.scope.names[kind]
        if len(names) < 2:
            return self.assign()
        return f"{names[-1]}, {names[-2]} = {names[-2]}, {names[-1]}"

    def alias(self) -> str:
        kind = self.one_of("xs", "d", "xss", "o")
        value = self.name(kind, "") or self.expr(kind)
        name = self.fresh(kind)
        self.scope.names[kind].append(name)
        return f"{name} = {value}"

    def local_function(self) -> str:
        if self.scope.in_helper or self.scope.in_loop:
            return self.assign()
        name, parameter = self.fresh("f"), self.fresh("v")
        outer = self.name("n", "")
        with self.scoped({parameter: "s"}, in_helper=True):
            start = ""
            if outer and self.choose(3) == 2:
                start = f"nonlocal {outer}\n{outer} += {self.int()}\n"
            for kind in ("s", "n", "xs", "d", "xss", "o", "a"):  # what it may not rebind
                self.scope.names[kind] = [n for n in self.scope.names[kind] if n not in PARAMETERS]
            body = self.pick([lambda: "", lambda: self.body(2) + "\n"])
            text = f"def {name}({parameter}):\n{indent(start + body + 'return ' + self.str())}"
        self.scope.names["f"].append(name)
        return text

    def with_(self) -> str:
        manager = self.one_of("contextlib.nullcontext()", "contextlib.suppress(ValueError)")
        return f"with {manager}:\n{indent(self.block(2))}"

    def assert_(self) -> str:
        return f"assert {self.test()}, {self.str()}"

    def cached(self) -> str:
        """A cache: a call for a key that is not there yet."""
        d, key = self.name("d", ""), self.name("s", "'k'")
        if not d:
            return self.assign()
        return f"if {key} not in {d}:\n    {d}[{key}] = ask({key})"

    # --- functions ---

    def helper(self) -> str:
        needs = self.one_of("s", "xs")
        gives = self.one_of("s", "xs", "n")
        name, parameter = self.fresh("h"), "a"
        self.scope = Scope({kind: [] for kind in KINDS})
        with self.scoped({parameter: needs}, in_helper=gives == "s"):
            self.scope.in_helper = True
            if gives == "s":
                body = self.pick([lambda: "", lambda: self.body(3) + "\n"])
            else:
                body = ""
            text = f"def {name}({parameter}):\n{indent(body + 'return ' + self.expr(gives))}\n"
        self.helpers.append((name, needs, gives))
        return text

    def main(self) -> str:
        parameters = [*PARAMETERS, *(["a"] * self.arrays)]
        self.scope = Scope({kind: [kind] if kind in parameters else [] for kind in KINDS})
        body = self.pick([lambda: "s0 = ask(s)\n", lambda: ""])
        self.scope.names["s"] += ["s0"] * bool(body)
        body += self.body(7)
        result = self.pick(
            [
                lambda: ", ".join(
                    v for kind in KINDS if kind != "f" for v in self.scope.names[kind]
                ),
                self.any,
                lambda: f"[{self.any()}, {self.any()}]",
            ]
        )
        return f"def main({', '.join(parameters)}):\n{indent(body)}\n    return {result}\n"


@dataclass
class Difference(Exception):
    """A jitted program did something else than the plain one."""

    where: str
    plain: object
    jitted: object

    def __str__(self) -> str:
        return f"{self.where}\n  plain:  {self.plain}\n  jitted: {self.jitted}"


def load(source: str, path: Path, *, latency: float = 0.0) -> dict[str, Any]:
    """Run a program's module from a file, so that its source is found, and give its globals."""
    path.write_text(source)
    module = types.ModuleType(path.stem)
    module.__file__ = str(path)
    module.__dict__["LATENCY"] = latency
    sys.modules[path.stem] = module  # as for any import: dataclasses and pickling look there
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)
    finally:
        del sys.modules[path.stem]
    return module.__dict__


def check(
    program: str,
    calls: Sequence[tuple[Any, ...]],
    folder: Path,
    *,
    max_workers: int | None = None,
    latency: float = 0.0,
) -> dict[str, Any]:
    """Make the calls one after the other, plain and jitted, and compare.

    Returns the statistics of the jitted function. Raises `Difference`, and `Endless` if even the
    plain program runs for too long.
    """
    source = PRELUDE + program
    number = next(_numbers)
    plain = load(source, folder / f"plain_{number}.py")
    jitted = load(source, folder / f"jitted_{number}.py", latency=latency)
    fast = xcs.jit(jitted["main"], config=xcs.Config(max_workers=max_workers))
    for position, arguments in enumerate(calls):
        expected = bounded(partial(_call, plain, plain["main"], arguments), plain["__file__"])
        with no_internal_error():
            actual = within_time(partial(_call, jitted, fast, arguments))
        where = f"call {position} with {arguments}, max_workers={max_workers}"
        if expected != actual:
            raise Difference(where, expected, actual)
        _check_unordered(where, plain, jitted, failed=expected.error is not None)
    return xcs.get_jit_stats(fast)


def _call(module: dict[str, Any], main: Callable[..., Any], arguments: tuple[Any, ...]) -> Outcome:
    arguments = copy.deepcopy(arguments)
    arguments = (*arguments[:-1], module["Box"](*arguments[-1]))
    if len(inspect.signature(main).parameters) > len(PARAMETERS):
        arguments = (*arguments, jnp.arange(3) + arguments[1])

    def state() -> Any:
        return [module["LOG"], module["TOTAL"], module["CACHE"], module["client"].__dict__]

    return observe(main, arguments, state=state)


def _check_unordered(
    where: str, plain: dict[str, Any], jitted: dict[str, Any], *, failed: bool
) -> None:
    """Unordered calls are made once each, in any order; after a failure there may be more."""
    for name in ("CALLS", "NOTES"):
        expected, actual = Counter(_made(plain[name])), Counter(_made(jitted[name]))
        if expected != actual and not (failed and expected <= actual):
            raise Difference(f"{where}: {name}", expected - actual, actual - expected)
        jitted[name][:] = plain[name]  # a failed call may have left more than the next may assume


def _made(calls: list[Any]) -> list[str]:
    """Calls as text, without the modules and addresses that show in the texts of objects."""
    return [re.sub(r"(plain|jitted)_\d+|0x[0-9a-f]+", "", repr(call)) for call in calls]


def _size(value: Any, depth: int = 4) -> int:
    """Characters and elements in a value, about."""
    if isinstance(value, str):
        return len(value)
    if depth == 0:
        return 0
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    elif hasattr(value, "items"):  # a Box
        value = [value.items, value.value]
    if isinstance(value, list | tuple):
        return len(value) + sum(_size(v, depth - 1) for v in value[:100])
    return 0


def bounded(function: Callable[[], Any], file: str, lines: int = 5000) -> Any:
    """Call a function, and raise `Endless` once it has run too many lines of the file.

    A value that has grown large counts as well: some loops double one each time.
    """
    left = lines

    def trace(frame: Any, event: str, argument: Any) -> Any:
        nonlocal left
        if frame.f_code.co_filename != file:
            return None
        left -= 1
        if left < 0 or _size(list(frame.f_locals.values())) > 10_000:
            raise Endless
        return trace

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        return function()
    finally:
        sys.settrace(previous)


def _feature(option: Callable[[], str]) -> str:
    """A method's name; a lambda's line."""
    name = option.__name__
    return str(option.__code__.co_firstlineno) if name == "<lambda>" else name


def indent(text: str) -> str:
    return textwrap.indent(text, "    ")


def write_program(choose: Choose, size: int = 60) -> str:
    """The part of a module that comes after the prelude."""
    writer = Writer(choose, size, arrays=choose(5) == 4)
    helpers = [writer.helper() for _ in range(choose(3))]
    return "\n\n".join([*helpers, writer.main()])
