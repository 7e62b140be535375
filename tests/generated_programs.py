"""Random Python programs over all of the language that programs around slow calls are written in.

A program is a module: the fixed `PRELUDE` of operators, helpers and classes, and after it what
`write_program` makes of a seed: functions and classes of its own, `main`, and `arguments()`, which
gives the arguments of the calls to be made. `check` runs one plain and jitted and compares them.

The language is given by tables of templates. In a template, ``<kind>`` stands for an expression of
a kind, and these for names:

    <kind:var>    one that is bound
    <kind:new>    one that the statement binds: a fresh one, or one that is bound already
    <kind:loop>   one that a comprehension, generator expression or lambda binds
    <kind:out>    an expression that does not see those, and has no walrus

``@1`` after it (``<xs:var@1>``) gives the same text wherever the template has the same number.
``<block>`` and ``<loop>`` are statements, and those of a loop's body.

Kinds are named by what their variables are called: s a string, n an integer, b a condition, xs a
list of strings, xss a list of such lists, d a dict from strings to strings, dl one to lists of
strings, c a Counter, q a deque of strings, st a set of strings, p a named tuple, t a dataclass, o
an object with attributes and methods, g one with operators of its own, f a function from a string
to a string, it an iterator over strings, e an exception that was caught.
"""

from __future__ import annotations

import ast
import io
import itertools
import linecache
import random
import re
import sys
import textwrap
import time
import traceback
import types
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from differential import Endless, Outcome, no_internal_error, observe, within_time

import xcs
from tests.programs.reference import Clock, Interpreter, Operator, run
from tests.programs.world import Virtual

PRELUDE = """\
import contextlib
import copy
import dataclasses
import enum
import functools
import itertools
import logging
import time
from collections import Counter, defaultdict, deque
from functools import partial
from typing import NamedTuple

import xcs

LOG = []      # what ordered operators did, in order
CALLS = []    # what unordered operators did, in any order
NOTES = []    # what functions of Python did, in order
NAPS = []     # what functions that also sleep did, in any order
TOTAL = 0
CACHE = {}
TABLE = {"a": ["t"], "b": []}
log = logging.getLogger("generated")


class Refused(Exception):
    def __init__(self, size, *, reason):
        super().__init__(f"refused {size}")
        self.size = size
        self.reason = reason


class Color(enum.Enum):
    RED = "a"
    BLUE = "bb"


def latency():
    SPEND()


@xcs.op(kind="model")
def ask(x):
    latency()
    CALLS.append(("ask", repr(x)))
    latency()
    return f"<{x}>"


@xcs.op(effects="pure")
def shout(x):
    latency()
    return str(x).upper()


@xcs.op(effects="ordered")
def save(x):
    LOG.append(("save", repr(x)))
    latency()
    return len(LOG)


@xcs.op
def picky(x):
    latency()
    CALLS.append(("picky", repr(x)))
    size = len(str(x))
    if size % 4 == 2:
        raise ValueError(f"picky {x}")
    if size % 5 == 4:
        raise Refused(size, reason=str(x))
    return f"{x}."


@xcs.op
def tell(x):
    latency()
    CALLS.append(("tell", repr(x)))
    print("tell", x)
    return f"{x}?"


@xcs.op
def maybe(x):
    CALLS.append(("maybe", repr(x)))
    latency()
    return None if len(str(x)) % 2 else str(x)


@xcs.op
def flag(x):
    latency()
    CALLS.append(("flag", repr(x)))
    return len(str(x)) % 3 == 1


@xcs.op
def words(x):
    latency()
    CALLS.append(("words", repr(x)))
    return list(str(x)[:3])


@xcs.op
def record(x):
    CALLS.append(("record", repr(x)))
    latency()
    return {"a": str(x), str(x)[:1]: "r"}


@xcs.op(kind="model", deterministic=True)
def rate(x):
    latency()
    return len(str(x)) % 5


@xcs.op(effects="ordered")
def fill(items, x):
    latency()
    items.append(x)
    LOG.append(("fill", repr(items)))
    return items


@xcs.op
def divide(a, b):
    latency()
    CALLS.append(("divide", a, b))
    return a // b


def note(x):
    NOTES.append(repr(x))
    return f"{x}!"


def nap(x):
    time.sleep(NAP)
    NAPS.append(repr(x))
    return f"{x}z"


def tally(x):
    global TOTAL
    TOTAL += len(str(x))
    return TOTAL


def extend(items, x):
    items.append(x)
    return items


def join(*parts, sep="+", **more):
    return sep.join([*map(str, parts), *more])


def pair(x):
    return Pair(ask(x), len(x))


def group(items):
    found = defaultdict(list)
    for item in items:
        found[item[:1]].append(item)
    return found


def produce(items):
    for item in items:
        if item == "stop":
            return
        yield ask(item)


def numbered(items):
    count = 0
    for item in items:
        count += 1
        got = yield f"{count}{item}"
        if got:
            NOTES.append(got)


def again(x, times=2):
    for attempt in range(times):
        try:
            return picky(f"{x}{attempt}")
        except ValueError:
            print("again", attempt)
    return "gave up"


def remember(key):
    if key not in CACHE:
        CACHE[key] = ask(key)
    return CACHE[key]


def first(x):
    if not x:
        return "empty"
    for letter in x:
        if letter in "ab":
            return letter
    return ask(x[0])


def counted(function):
    function_calls = 0

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        nonlocal function_calls
        function_calls += 1
        NOTES.append((function.__name__, function_calls))
        return function(*args, **kwargs)

    return wrapper


@counted
def polite(x, *, please="please"):
    return ask(f"{please} {x}")


class Pair(NamedTuple):
    left: str
    right: int

    def swapped(self):
        return f"{self.right}{self.left}"


@dataclasses.dataclass
class Item:
    name: str
    size: int = 0
    tags: list = dataclasses.field(default_factory=list)

    def shown(self):
        return f"{self.name}{self.size}{len(self.tags)}"

    def tagged(self, tag):
        self.tags.append(tag)
        return self


class Box:
    made = 0
    shared = []

    def __init__(self, name, items):
        self.name = name
        self.items = items
        self.count = 0
        self.memo = {}
        self.table = {"k": items}

    def __repr__(self):
        return f"Box({self.name!r}, {self.items!r}, {self.count!r})"

    @property
    def size(self):
        return len(self.items) + self.count

    @property
    def title(self):
        return self.name.title()

    @title.setter
    def title(self, value):
        self.name = value.lower()
        self.count += 1

    @classmethod
    def make(cls, name):
        cls.made += 1
        return cls(name, [f"{cls.made}"])

    @staticmethod
    def glue(a, b):
        return f"{a}_{b}"

    def step(self, x):
        self.count += 1
        return f"{self.name}{self.count}{x}"

    def query(self, x):
        if x in self.memo:
            return self.memo[x]
        answer = ask(f"{self.name}:{x}")
        self.memo[x] = answer
        return answer

    def put(self, x):
        self.items.append(x)
        return len(self.items)

    def risky(self, x):
        try:
            self.count += 1
            return picky(x)
        except Refused as error:
            self.items.append(error.reason)
            return str(error)


class Sub(Box):
    def __init__(self, name, items):
        super().__init__(name, list(items))
        self.__secret = name

    def step(self, x):
        return super().step(self.__wrap(x))

    def __wrap(self, x):
        return f"({self.__secret}{x})"

    @property
    def size(self):
        return super().size + 10


class Bag:
    def __init__(self, items):
        self.items = list(items)
        self.looks = 0

    def __repr__(self):
        return f"Bag({self.items!r}, {self.looks!r})"

    def __len__(self):
        return len(self.items)

    def __bool__(self):
        return len(self.items) > 1

    def __iter__(self):
        return iter(self.items)

    def __contains__(self, x):
        return x in self.items or ask(x) in self.items

    def __getitem__(self, key):
        return self.items[key]

    def __setitem__(self, key, value):
        self.items.append(f"{key}={value}")

    def __delitem__(self, key):
        NOTES.append(self.items.pop())

    def __add__(self, other):
        return Bag([*self.items, *other])

    def __iadd__(self, other):
        self.items.extend(other)
        return self

    def __eq__(self, other):
        return isinstance(other, Bag) and self.items == other.items

    def __lt__(self, other):
        return rate(self.items) < rate(other.items)

    def __call__(self, x):
        self.looks += 1
        return ask(f"{self.looks}{x}")


class Manager:
    def __init__(self, name, *errors):
        self.name = name
        self.errors = errors

    def __enter__(self):
        NOTES.append(("enter", self.name))
        return f"in {self.name}"

    def __exit__(self, kind, error, trace):
        NOTES.append(("exit", self.name, kind and kind.__name__))
        return kind is not None and issubclass(kind, self.errors)


@contextlib.contextmanager
def section(name):
    print("begin", name)
    try:
        yield name + "~"
    finally:
        print("end", name)


box = Box("g", ["g"])
"""

KINDS = ("s", "n", "xs", "xss", "d", "dl", "c", "q", "st", "p", "t", "o", "g", "f", "it")
"""The kinds that values of `any` have; conditions and exceptions are not among them."""

# --- Expressions ----------------------------------------------------------------------------------
# The first of a kind are its leaves: what is written where a program is deep or large already.
# A number before a template is its weight; "!" says that it often fails.

LEAVES = {
    "s": ["'a'", "'bb'", "''", "'k'", "<s:var>", "<s:var>", "<s:var>"],
    "n": ["0", "1", "2", "<n:var>", "<n:var>"],
    "b": ["<s> == <s>", "<n> > <n>", "<s>", "<xs>", "True"],
    "xs": ["[]", "<xs:var>", "<xs:var>", "[<s>]"],
    "xss": ["[]", "<xss:var>", "[<xs>]"],
    "d": ["{}", "<d:var>", "{'a': <s>}"],
    "dl": ["{}", "<dl:var>", "{'a': <xs>}"],
    "c": ["Counter()", "<c:var>", "Counter('ab')"],
    "q": ["deque()", "<q:var>", "deque(['q'])"],
    "st": ["set()", "<st:var>", "{'a'}"],
    "p": ["Pair('a', 1)", "<p:var>"],
    "t": ["Item('a')", "<t:var>"],
    "o": ["box", "<o:var>", "Box('o', [])"],
    "g": ["Bag([])", "<g:var>", "Bag('ab')"],
    "f": ["ask", "<f:var>", "str.upper", "note"],
    "it": ["iter([<s>])", "<it:var>"],
    "fresh": ["[<s>]"],
    "key": ["len", "str.lower"],
    "pred": ["flag", "str.isalpha", "None"],
}

EXPRESSIONS = {
    "s": """
        6 ask(<s>)
        2 shout(<s>)
        !picky(<s>)
        2 tell(<s>)
        2 note(<s>)
        nap(<s>)
        (maybe(<s>) or <s>)
        f"{<s>}:{<n>}"
        f"{<s:var>!r:>4}{<n:var>}"
        '{}-{}'.format(<s>, <n>)
        '%s/%s' % (<s>, <n>)
        <s> + <s>
        <s>[:2]
        <s>[<n>:]
        <s>.upper()
        <s>.replace('a', <s>)
        '-'.join(<xs>)
        ', '.join(<s> for <s:loop> in <xs:out>)
        str(<n>)
        2 (<s> if <b> else <s>)
        (<s> or <s>)
        (<s> and <s>)
        (<xs:var@1>[-1] if <xs:var@1> else <s>)
        (<xs:var@1>.pop() if <xs:var@1> else <s>)
        (<xs:var@1>[<n> % len(<xs:var@1>)] if <xs:var@1> else <s>)
        !<xs:var>[0]
        !<xs>[<n>]
        <d:var>.get(<s>, <s>)
        !<d:var>[<s>]
        <d:var>.setdefault(<s>, <s>)
        <d:var>.pop(<s>, <s>)
        <o:var>.name
        <o:var>.title
        <o:var>.step(<s>)
        2 <o:var>.query(<s>)
        <o>.risky(<s>)
        Box.glue(<s>, <s>)
        2 <f:var>(<s>)
        <f>(<s>)
        (lambda <s:loop>: <s>)(<s:out>)
        next((<s> for <s:loop> in <xs:out> if <b>), <s:out>)
        max(<xs>, key=<key>, default=<s>)
        min(<s>, <s>)
        (<s:walrus> := <s>)
        <p:var>.left
        <p>.swapped()
        <t:var>.name
        <t:var>.shown()
        2 remember(<s>)
        2 again(<s>)
        first(<s>)
        polite(<s>)
        polite(<s>, please=<s>)
        join(*<xs>)
        join(<s>, *<xs>, sep=<s>)
        join(<s>, **<d>)
        next(<it:var>, <s>)
        <q:var>.pop() if <q:var> else <s>
        functools.reduce(lambda a, v: a + ask(v), <xs>, <s>)
        !Color(<s>).name
        getattr(<o:var>, 'name', <s>)
        ''.join(sorted(<st>))
        str(sorted(<d>.items()))
        repr(<xs>)
        str(<e:var>)
        type(<e:var>).__name__
        (lambda *vs, k=<s>: k.join(vs))(<s>, <s>)
        type(<e:var>.__context__).__name__
        str(dataclasses.asdict(<t:var>))
        str(<g:var>)
        !<g:var>[<n>]
        <g:var>(<s>)
        next(iter(<g:var>), <s>)
        (<xs:var@1>.pop(0) if <xs:var@1> else <s>)
        join(*<xs:var@1>, str(extend(<xs:var@1>, <s>)))
    """,
    "n": """
        2 len(<xs>)
        len(<s>)
        2 rate(<s>)
        2 save(<any>)
        <n> + <n>
        <n> - 1
        <n> % 3
        -<n>
        <n> // 2
        !divide(<n>, <n>)
        2 sum(<n> for <s:loop> in <xs:out>)
        sum(rate(<s:loop@1>) for <s:loop@1> in <xs:out> if <b>)
        sum(map(len, <xs>))
        max(<n>, <n>)
        min([<n>, <n>])
        max((rate(<s:loop@1>) for <s:loop@1> in <xs:out>), default=<n:out>)
        <xs:var>.count(<s>)
        int(bool(<b>))
        <o:var>.count
        <o:var>.size
        <o:var>.put(<s>)
        <c:var>[<s>]
        sum(<c:var>.values())
        len(<d>)
        len(<q>)
        tally(<s>)
        TOTAL
        <p:var>.right
        <t:var>.size
        (<n> if <b> else <n>)
        (<n:walrus> := <n>)
        len(<st>)
        len(<dl>)
        functools.reduce(lambda a, v: a + rate(v), <xs>, <n>)
        [<n>, <n>][bool(<b>)]
        len(<g>)
        <g:var>.looks
        !<xs:var>.index(<s>)
        sum(len(x) for x in words(<s>) if flag(x))
    """,
    "b": """
        <s> == <s>
        <s> < <s>
        <s> != <s>
        <n> > <n>
        <n> < <n> <= <n>
        <n> == <n>
        <s> in <xs>
        <s> in <s>
        <s> in <d:var>
        <s> not in <dl>
        not <b>
        (<b> and <b>)
        (<b> or <b>)
        2 any(<b> for <s:loop> in <xs:out>)
        2 all(<b> for <s:loop> in <xs:out>)
        any(map(flag, <xs>))
        len(<xs>) > <n>
        2 flag(<s>)
        isinstance(<any>, str)
        <xs:var> is <xs:var>
        <s>.startswith(<s>)
        maybe(<s>) is None
        maybe(<s>) is not None
        <q:var>
        <s> in <st>
        hasattr(<o:var>, 'extra')
        rate(<s>) > <n>
        save(<s>) < <n>
        <c> == <c>
        <g:var>
        <s> in <g:var>
        <g:var> == <g:var>
        <g:var> < <g:var>
        not <g:var>
        any(flag(x) and <b> for x in <xs:out>)
        all(<b> for <s:loop>, <s:loop> in zip(<xs:out>, <xs:out>) if <b>)
    """,
    "xs": """
        [<s>, <s>]
        4 [<s> for <s:loop> in <xs:out>]
        3 [<s> for <s:loop> in <xs:out> if <b>]
        [<s> if <b> else <s> for <s:loop> in <xs:out>]
        [<s> for <xs:loop@1> in <xss:out> for <s:loop> in <xs:loop@1>]
        [<s> for <s:loop> in <xs:out> for <n:loop> in range(2)]
        [<s> for <n:loop>, <s:loop> in enumerate(<xs:out>)]
        [<s> for <n:loop> in range(<n:out> % 4)]
        [<s> for <s:loop>, <s:loop> in zip(<xs:out>, <xs:out>)]
        [<s> for <s:loop>, <s:loop> in <d:out>.items()]
        list(<xs>)
        <xs> + <xs>
        <xs>[:2]
        <xs>[::-1]
        sorted(<xs>, key=<key>)
        sorted(<xs>)
        list(map(<f>, <xs>))
        list(filter(<pred>, <xs>))
        list(itertools.chain(<xs>, <xs>))
        list(itertools.islice(produce(<xs>), 2))
        [*<xs>, <s>]
        [<s>, *<xs>, *<xs>]
        list(reversed(<xs>))
        2 words(<s>)
        <s>.split()
        list(<d:var>)
        list(<d:var>.values())
        [<s> for <s:loop> in <d:out>]
        2 <o:var>.items
        <o:var>.table['k']
        <dl:var>.get(<s>, [])
        2 <dl:var>.setdefault(<s>, [])
        !<dl:var>[<s>]
        TABLE.get(<s>, <xs>)
        2 list(produce(<xs>))
        list(numbered(<xs>))
        list(<q:var>)
        sorted(<st:var>)
        <xs:var>.copy()
        copy.copy(<xs>)
        (<xs> if <b> else <xs>)
        (<xs> or <fresh>)
        2 fill(<xs>, <s>)
        2 extend(<xs>, <s>)
        list({<s>: 1 for <s:loop> in <xs:out>})
        <t:var>.tags
        <t>.tagged(<s>).tags
        list(<it:var>)
        [str(v) for v in <c:out>.most_common(1)]
        (<xss:var@1>[0] if <xss:var@1> else <xs>)
        [x for x in map(maybe, <xs:out>) if x is not None]
        [ask(x) for x in sorted(<st:out>)]
        <xs:var> * 2
        [y for x in <xs:out> if (y := ask(x))]
        [f() for f in [lambda x=x: ask(x) for x in <xs:out>]]
        [x for x, _ in itertools.groupby(<xs:out>)]
        [f() for f in [lambda: ask(x) for x in <xs:out>]]
        sorted(<s> for <s:loop> in <xs:out> if <b>)
        sorted(<xs>, key=lambda v: rate(v), reverse=True)
        [<s> for <xs:loop@1> in <xss:out> if <xs:loop@1> for <s:loop> in <xs:loop@1> if <b>]
        [y for x in <xs:out> for y in words(x) if flag(y)]
        list(itertools.accumulate(<xs>))
        list(itertools.takewhile(<pred>, <xs>))
        [a + b for a, b in itertools.product(<xs:out>, words(<s:out>))]
        [str(v) for v in zip(*<xss:out>)]
        [*<xs:var@1>, str(extend(<xs:var@1>, <s>)), *<xs:var@1>]
        list(<g>)
        [<s> for <s:loop> in <g:out>]
        <g:var>.items
        sum(<xss>, [])
    """,
    "xss": """
        [<xs>, <xs>]
        [<xs> for <s:loop> in <xs:out>]
        [[<s>] for <s:loop> in <xs:out>]
        list(<dl:var>.values())
        [<xs>] * 2
        [[<s> for <s:loop> in <xs:loop@1>] for <xs:loop@1> in <xss:out>]
        [<xs:var>, <xs:var>]
        sorted(<xss>, key=len)
        [words(<s>) for <s:loop> in <xs:out>]
    """,
    "d": """
        {<s>: <s>}
        {<s>: <s>, <s>: <s>}
        3 {<s>: <s> for <s:loop> in <xs:out>}
        {<s>: <s> for <s:loop> in <xs:out> if <b>}
        dict(zip(<xs>, <xs>))
        {**<d>, <s>: <s>}
        <d> | <d>
        dict(<d>)
        <o:var>.memo
        record(<s>)
        dict.fromkeys(<xs>, <s>)
        {<s:loop@1>: ask(<s:loop@2>) for <s:loop@1>, <s:loop@2> in <d:out>.items()}
        dict(sorted(<d>.items()))
        dict((<s>, <s>) for <s:loop> in <xs:out>)
        (<d> if <b> else <d>)
    """,
    "dl": """
        {<s>: <xs>}
        {'k': <xs>, 'l': <xs:var>}
        {<s>: <xs> for <s:loop> in <xs:out>}
        group(<xs>)
        defaultdict(list, <dl>)
        dict(<dl>)
        <o:var>.table
        TABLE
        {x: [ask(y) for y in words(x)] for x in <xs:out>}
        {x: [*<xs:out>, y] for x, y in <d:out>.items() if flag(y)}
    """,
    "c": "Counter(<xs>)\nCounter(<s>)\n<c> + <c>\nCounter(<s> for <s:loop> in <xs:out>)",
    "q": "deque(<xs>)\ndeque(<xs>, maxlen=2)\ndeque(<s> for <s:loop> in <xs:out>)",
    "st": """
        set(<xs>)
        {<s>, <s>}
        2 {<s> for <s:loop> in <xs:out>}
        <st> | <st>
        <st> - {<s>}
    """,
    "p": "Pair(<s>, <n>)\n<p>._replace(left=<s>)\npair(<s>)\nPair(*pair(<s>))",
    "t": """
        Item(<s>, <n>)
        Item(<s>, tags=<xs>)
        dataclasses.replace(<t>, name=<s>)
        <t>.tagged(<s>)
        Item(name=<s>, size=<n>)
    """,
    "g": "Bag(<xs>)\nBag(<g>)\n<g> + <xs>\n(<g> if <b> else <g>)",
    "o": "Box(<s>, <xs>)\nSub(<s>, <xs>)\nBox.make(<s>)\nSub.make(<s>)\n(<o> if <b> else <o>)",
    "f": """
        !picky
        3 (lambda <s:loop>: <s>)
        partial(join, <s>)
        partial(polite, please=<s>)
        partial(lambda v, w: v + ask(w), <s>)
        <g:var>
        <o:var>.query
        <o:var>.step
        (<f> if <b> else <f>)
        again
        remember
        (lambda <s:loop>, d=<s:out>: <s> + d)
    """,
    "it": """
        iter(<xs>)
        (<s> for <s:loop> in <xs:out>)
        map(<f>, <xs>)
        produce(<xs>)
        filter(<pred>, <xs>)
        numbered(<xs>)
        reversed(<xs>)
    """,
    "fresh": "[<s>, <s>]\n[<s> for <s:loop> in <xs:out>]",
    "key": """
        2 (lambda <s:loop@1>: (rate(<s:loop@1>), <s:loop@1>))
        lambda v: -len(v)
        lambda v: ask(v)
        rate
        repr
    """,
    "pred": "(lambda <s:loop>: <b>)\nmaybe",
}

# --- Statements -----------------------------------------------------------------------------------

ASSIGNMENTS = {"s": 8, "n": 3, "xs": 6, "d": 2, "o": 2, "t": 2, "f": 2}
"""How often variables of a kind are assigned; once where not said."""

STATEMENTS = """
<s:new> += <s>

<n:new> += <n>

<xs:set> += <xs>

<xs:new> = <xs:var>

<d:new> = <d:var>

<o:new> = <o:var>

<s:new>, <n:new> = <s>, <n>

<s:new>, *<xs:new> = [<s>, *<xs>]

<s:new>, <s:new> = <s:var>, <s:var>

(<s:new>, <n:new>), <xs:new> = <p>, <xs>

<s:new> = <s:new> = <s>

!<s:new>, <s:new> = <xs>

4 <xs:var>.append(<s>)

<xs:var>.extend(<xs>)

<xs:var>.insert(0, <s>)

<xs:var>.sort(key=<key>)

<xs:var>.reverse()

<xs:var>.clear()

del <xs:var>[:1]

<xs:var>[:1] = <xs>

!<xs:var>[<n>] = <s>

!<xs:var>.remove(<s>)

if <xs:var@1>:
    <xs:var@1>[0] = <s>

3 <d:var>[<s>] = <s>

<d:var>.update(<d>)

<d:set> |= <d>

if <s:var@1> in <d:var@2>:
    del <d:var@2>[<s:var@1>]

<d:var>.clear()

3 <dl:var>.setdefault(<s>, []).append(<s>)

<dl:var>[<s>] = <xs>

<xss:var>.append(<xs>)

for <xs:new> in <xss:var>:
    <xs:new>.append(<s>)

<o:var>.name = <s>

<o:var>.title = <s>

2 <o:var>.count += <n>

2 <o:var>.items.append(<s>)

<o:var>.items = <xs>

<o:var>.items += <xs>

<o:var>.memo[<s>] = <s>

<o:var>.table['k'].append(<s>)

<o:var>.table['k'] = <xs:var>

<o:var>.extra = <xs>

<o:var>.put(<s>)

Box.shared.append(<s>)

setattr(<o:var>, 'name', <s>)

<t:var>.tags.append(<s>)

<t:var>.size += <n>

<t:var>.tags = <xs:var>

<c:var>[<s>] += 1

<c:var>.update(<xs>)

<q:var>.append(<s>)

<q:var>.appendleft(<s>)

<st:var>.add(<s>)

<st:var>.discard(<s>)

<st:set> |= <st>

<g:set> += <xs>

<g:var>[<s>] = <s>

!del <g:var>[0]

<g:var>.items.append(<s>)

for <s:new> in <g:var>:
    <loop>

!<d:var>[<s>] += <s>

!<xs:var>[<n>] += <s>

!del <o:var>.extra

<o:var>.count, <xs:new> = <n>, <xs>

<q:var>.rotate(1)

<q:var>.extendleft(<xs>)

<dl:new> = defaultdict(list)

<dl:new> = defaultdict(list)
for <s:new> in <xs>:
    <dl:new>[<s>].append(<s>)

fs<number@1> = []
for <s:new> in <xs>:
    fs<number@1>.append(lambda: ask(<s>))

<xs:new> = [f() for f in fs<number@1>]

2 print(<show>, <n>)

print('x', <s>, sep='=', end=';')

3 save(<any>)

note(<any>)

log.info('%s', <s>)

nap(<s>)

fill(<xs:var>, <s>)

extend(<xs:var>, <s>)

6 if <b>:
    <block>

4 if <b>:
    <block>
else:
    <block>

if <b>:
    <block>
elif <b>:
    <block>
else:
    <block>

6 for <s:new> in <xs>:
    <loop>

3 for <s:new> in <xs>:
    <xs:var>.append(<s>)

2 for <s:new> in <xs>:
    <loop>
else:
    <block>

for <n:new>, <s:new> in enumerate(<xs>, 1):
    <loop>

for <s:new>, <s:new> in zip(<xs>, <xs>):
    <loop>

for <s:new>, <s:new> in <d>.items():
    <loop>

for <s:new>, <xs:new> in <dl>.items():
    <loop>

for <s:new> in list(<d:var>):
    <loop>

2 for <n:new> in range(<n> % 4):
    <loop>

for <xs:new> in <xss>:
    <loop>

for <s:new> in produce(<xs>):
    <loop>

for <s:new> in <it:var>:
    <loop>

for <s:new> in <xs:var@1>:
    if len(<xs:var@1>) < 4:
        <xs:var@1>.append(<s>)
    <loop>

for <o:var>.name in <xs>:
    <loop>

2 <n:fresh@1> = 0
while <n:fresh@1> < 3 and <b>:
    <n:fresh@1> += 1
    <loop>

<n:fresh@1> = 0
while <n:fresh@1> < <n> % 4:
    <n:fresh@1> += 1
    <loop>
else:
    <block>

while <q:var@1>:
    <s:new> = <q:var@1>.popleft()
    <loop>

<n:fresh@1> = 0
while True:
    <n:fresh@1> += 1
    if <n:fresh@1> > 2 or <b>:
        break
    <loop>

while (<s:new> := <s>) and len(<xs:var@1>) < 3:
    <xs:var@1>.append(<s>)

5 try:
    <block>
except <error> as <e:new>:
    <block>

try:
    <block>
except ValueError:
    <block>
except (Refused, KeyError) as <e:new>:
    <block>
else:
    <block>

2 try:
    <block>
finally:
    <finally>

try:
    <block>
except <error>:
    <block>
finally:
    <finally>

2 try:
    <block>
except <error> as <e:new>:
    <block>
else:
    <block>
finally:
    <finally>

with contextlib.ExitStack() as stack:
    <s:new> = stack.enter_context(section(<s>))
    stack.callback(note, <s>)
    <block>

try:
    <block>
except <error>:
    raise ValueError(<s>) from None

try:
    <block>
except <error> as <e:new>:
    raise KeyError(<s>) from <e:new>

try:
    <block>
except <error>:
    note('handled')
    raise

try:
    <block>
except:
    <block>

2 try:
    <s:new> = picky(<s>)
except ValueError:
    <s:new> = <s>

try:
    <n:new> = divide(<n>, <n>)
except ZeroDivisionError as <e:new>:
    <s:new> = str(<e:new>)

try:
    <s:new> = <d:var>[<s>]
except KeyError:
    <d:var>[<s>] = <s>

for <n:new> in range(3):
    try:
        <s:new> = picky(<s> + str(<n:new>))
        break
    except (ValueError, Refused) as <e:new>:
        print(<e:new>)
else:
    <block>

2 with Manager(<s>) as <s:new>:
    <block>

2 with Manager(<s>, ValueError, KeyError) as <s:new>:
    <block>

with contextlib.suppress(ValueError, IndexError, Refused):
    <block>

with section(<s>) as <s:new>:
    <block>

with section(<s>) as <s:new>, Manager(<s>, Exception):
    <block>

match <s>:
    case '':
        <block>
    case 'a' | 'bb' as <s:new>:
        <block>
    case _ if <b>:
        <block>
    case _:
        <block>

match <xs>:
    case []:
        <block>
    case [<s:new>]:
        <block>
    case [<s:new>, *<xs:new>]:
        <block>

match <t>:
    case Item(name=<s:new>, size=0):
        <block>
    case Item(tags=[<s:new>, *_]) if <b>:
        <block>

match <p>:
    case (<s:new>, 0):
        <block>
    case Pair(<s:new>, <n:new>):
        <block>

match <any>:
    case str() as <s:new>:
        <block>
    case int(<n:new>) if <b>:
        <block>
    case [*_] | Item():
        <block>
    case _:
        <block>

match <d>:
    case {'a': <s:new>}:
        <block>
    case {**rest}:
        <d:new> = rest

!assert <b>, <s>

!if <b>:
    raise ValueError(<s>)

!if <b>:
    raise Refused(<n>, reason=<s>)

!del <s:gone>

TOTAL += <n>

2 def <f:new>(v):
    <function>

def <f:new>(v, w=<s>):
    <function>

def <f:new>(v, *vs, k=<s>):
    <function>

@counted
def <f:new>(v):
    <function>

def <f:new>(v):
    nonlocal <s:own>
    <s:own> += v
    <function>

def <f:new>(v):
    nonlocal <xs:own>
    <xs:own> = [*<xs:own>, v]
    return ask(<s>)

class C<number@1>(Box):
    kind = <s>

    def step(self, v):
        <function>

    def again(self, v):
        return super().step(v) + self.kind

<o:new> = C<number@1>(<s>, <xs>)

class C<number@1>:
    def __init__(self, v):
        self.__v = v
        self.seen = <xs>

    def go(self, v):
        self.seen.append(v)
        self.__v += ask(v)
        return self.__v

<f:new> = C<number@1>(<s>).go

def g<number@1>(v):
    for x in v:
        y = <s>
        yield y + x

<xs:new> = list(g<number@1>(<xs>))

def g<number@1>(v):
    try:
        for x in v:
            yield ask(x)
    except ValueError:
        yield <s>
    finally:
        note('closed')

<xs:new> = sorted(g<number@1>(<xs>))

def r<number@1>(v, depth):
    if depth <= 0 or <b>:
        return <s>
    return <s> + r<number@1>(ask(v), depth - 1)

<s:new> = r<number@1>(<s>, 2)

def r<number@1>(v, depth):
    if depth == 0:
        return [ask(v)]
    return [x for i in 'ab' for x in r<number@1>(v + i, depth - 1)]

<xs:new> = r<number@1>(<s>, 2)

<it:new> = numbered(<xs>)
next(<it:new>, None)
with contextlib.suppress(StopIteration):
    <it:new>.send(<s>)
"""

ENDS = """
if <b>:
    return <result>

if not <b>:
    return <result>

for <s:new> in <xs>:
    if <b>:
        return <result>

try:
    return <result>
finally:
    <finally>
"""

LOOP_ENDS = """
if <b>:
    break

if <b>:
    continue

if <b>:
    note('left')
    break
"""

ERRORS = [
    "ValueError",
    "Refused",
    "KeyError",
    "Exception",
    "(ValueError, IndexError)",
    "LookupError",
]

_CLOSED = (
    ast.Name,
    ast.Constant,
    ast.Call,
    ast.Attribute,
    ast.Subscript,
    ast.List,
    ast.Dict,
    ast.Set,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
)
"""Expressions that need no parentheses wherever they stand."""

_HOLE = re.compile(r"<([a-z]+)(?::([a-z]+))?(@\d)?>")
_WEIGHT = re.compile(r"(\d+) ")


def _table(text: str, separator: str = "\n") -> list[tuple[str, int]]:
    """Templates with their weights."""
    found = []
    for part in text.strip("\n").split(separator):
        template = part.strip() if separator == "\n" else part.strip("\n")
        if not template:
            continue
        match = _WEIGHT.match(template)
        weight = int(match[1]) if match else 1
        found.append((template[match.end() :] if match else template, weight))
    return found


def _statements(text: str) -> list[tuple[str, int]]:
    """Statements are set apart by blank lines before one that is not indented.

    A statement that refers to a number of one before it belongs to it.
    """
    found: list[tuple[str, int]] = []
    for template, weight in _table(text, "\n\n"):
        goes_on = template.startswith((" ",)) or re.match(r"<\w+:new> = .*<number@1>", template)
        if goes_on and found:
            found[-1] = (f"{found[-1][0]}\n\n{template}", found[-1][1])
        else:
            found.append((template, weight))
    return found


_EXPRESSIONS = {kind: _table(text) for kind, text in EXPRESSIONS.items()}
_STATEMENTS = _statements(STATEMENTS) + [
    (f"<{kind}:new> = <{kind}>", ASSIGNMENTS.get(kind, 1)) for kind in KINDS
]
_ENDS = _statements(ENDS)
_LOOP_ENDS = _statements(LOOP_ENDS)


@dataclass
class Scope:
    """The names that are bound, by kind, and where the code stands."""

    names: dict[str, list[str]]
    own: dict[str, list[str]] = field(default_factory=dict)
    """Those that are local variables of the function, so that inner ones may rebind them."""
    may_bind: bool = True
    in_loop: bool = False
    in_finally: bool = False
    in_try: bool = False
    inner: bool = False
    """Inside a function that is defined in another one."""
    result: str = "s"

    def child(self, **changes: Any) -> Scope:
        settings = {
            name: getattr(self, name)
            for name in ("may_bind", "in_loop", "in_finally", "in_try", "inner", "result")
        }
        return Scope(
            {kind: list(names) for kind, names in self.names.items()},
            {kind: list(names) for kind, names in self.own.items()},
            **(settings | changes),
        )

    def bind(self, kind: str, name: str) -> None:
        names = self.names.setdefault(kind, [])
        if name not in names:
            names.append(name)


class Writer:
    """Writes one program."""

    def __init__(self, rng: random.Random, size: int) -> None:
        self.rng = rng
        self.size = size
        self.depth = 0
        self.numbers: Iterator[int] = itertools.count(1)
        # Two features meet more often in a program that has some than if all had all.
        share = rng.choice([0.15, 0.3, 0.6, 1.0])
        self.expressions = {
            kind: [t for t in table if rng.random() < share] for kind, table in _EXPRESSIONS.items()
        }
        self.statements = [t for t in _STATEMENTS if rng.random() < share] or _STATEMENTS
        self.ends = rng.random() < 0.6
        self.bold = rng.random() < 0.15

    def draw(self, table: list[tuple[str, int]]) -> str:
        return self.rng.choices([t for t, _ in table], [w for _, w in table])[0]

    # --- expressions ---

    def expression(self, kind: str, scope: Scope) -> str:
        if kind == "any":
            kind = self.rng.choice(("s", "s", "n", "xs", "xs", "d", "dl", "t", "p"))
        if kind == "show":
            kind = self.rng.choice(("s", "n", "xs", "d", "t", "p"))
        self.size -= 1
        small = self.size <= 0 or self.depth > 4 or self.rng.random() < 0.12 * self.depth
        table = self.expressions.get(kind, [])
        for _ in range(6):
            template = self.rng.choice(LEAVES[kind]) if small or not table else self.draw(table)
            if self.possible(template, scope):
                break
            small = small or self.rng.random() < 0.5
        else:
            template = LEAVES[kind][0]
        template = template.removeprefix("!")
        self.depth += 1
        text = self.fill(template, scope)
        self.depth -= 1
        if template.startswith('f"') and '"' in text[2:-1]:
            return self.variable("s", scope) or "'f'"
        return text

    def possible(self, template: str, scope: Scope) -> bool:
        """Whether all variables that a template asks for are there, and an error has its place."""
        if template.startswith("!") and not (scope.in_try or self.bold):
            return False
        for kind, role, _ in _HOLE.findall(template):
            if role in ("var", "set", "gone") and not scope.names.get(kind):
                return False
            if role == "own" and not (scope.own.get(kind) and scope.may_bind and not scope.inner):
                return False
            if role == "gone" and len(scope.names[kind]) < 4:
                return False
        return scope.may_bind or (":walrus" not in template and ":=" not in template)

    def fill(self, template: str, scope: Scope) -> str:
        """Fill the holes of an expression's template."""
        inside = scope
        outside = scope.child(may_bind=False)
        labels: dict[str, str] = {}
        unlabelled: list[str] = []
        if ":loop" in template:
            inside = scope.child(may_bind=False)
            for kind, role, label in _HOLE.findall(template):
                if role == "loop" and (not label or kind + label not in labels):
                    name = f"{kind}_{next(self.numbers)}"
                    inside.bind(kind, name)
                    if label:
                        labels[kind + label] = name
                    else:
                        unlabelled.append(name)

        def one(match: re.Match[str]) -> str:
            kind, role, label = match[1], match[2], match[3] or ""
            if role == "loop" and not label:
                return unlabelled.pop(0)
            if label and kind + label in labels:
                return labels[kind + label]
            text = self.hole(kind, role, outside if role == "out" else inside)
            if label:
                labels[kind + label] = text
            return text

        return _HOLE.sub(one, template)

    def hole(self, kind: str, role: str, scope: Scope) -> str:
        if kind == "number":
            return str(next(self.numbers))
        if kind == "error":
            return self.rng.choice(ERRORS)
        if kind == "result":
            return self.expression(scope.result, scope)
        if role in ("var", "set"):
            return self.variable(kind, scope)
        if role == "own":
            return self.rng.choice(scope.own[kind])
        if role == "walrus":
            return f"{kind}{next(self.numbers)}"
        text = self.expression(kind, scope)
        node = ast.parse(text, mode="eval").body
        return text if isinstance(node, _CLOSED) else f"({text})"

    def variable(self, kind: str, scope: Scope) -> str:
        names = scope.names.get(kind)
        if not names:
            return LEAVES[kind][0]
        # Those bound last are of more interest.
        return self.rng.choice(names[-3:] if self.rng.random() < 0.6 else names)

    # --- statements ---

    def block(self, scope: Scope, most: int = 3) -> list[str]:
        """Some statements, at least one."""
        lines: list[str] = []
        self.depth += 1
        for _ in range(self.rng.randint(1, most)):
            lines += self.statement(scope)
            if self.size <= 0:
                break
        self.depth -= 1
        return lines or ["pass"]

    def statement(self, scope: Scope) -> list[str]:
        table = self.statements
        if scope.in_loop and not scope.in_finally and self.rng.random() < 0.12:
            table = _LOOP_ENDS
        elif self.ends and not scope.in_finally and self.rng.random() < 0.06:
            table = _ENDS
        for _ in range(8):
            template = self.draw(table)
            compound = "<block>" in template or "<loop>" in template or "<function>" in template
            if self.possible(template, scope) and not (
                compound and (self.depth > 3 or self.size <= 0)
            ):
                return self.write(template, scope)
            table = self.statements
        return self.write("<s:new> = <s>", scope)

    def write(self, template: str, scope: Scope) -> list[str]:
        """Fill the holes of a statement's template, and bind what it binds."""
        template = template.removeprefix("!")
        labels: dict[str, str] = {}
        made: list[tuple[str, str]] = []
        lines: list[str] = []
        scopes = {0: scope.child()}  # of the lines of an indentation
        sure = 0
        for line in template.splitlines():
            body = line.strip()
            indent = len(line) - len(line.lstrip())
            local = scopes.get(indent, scope)
            before = lines[-1].strip() if lines else ""
            if body in ("<block>", "<loop>", "<finally>"):
                child = local.child(
                    in_loop=local.in_loop or body == "<loop>",
                    in_finally=local.in_finally or body == "<finally>",
                    in_try=local.in_try or before.startswith(("try:", "with Manager")),
                )
                lines += [" " * indent + text for text in self.block(child)]
                continue
            if body == "<function>":
                lines += [" " * indent + text for text in self.function_body(local)]
                continue
            known = len(made)
            lines.append(" " * indent + self.fill_line(body, local, labels, made))
            bound = made[known:]
            if body.endswith(":"):
                scopes[indent + 4] = self.scope_under(body, local)
                local = scopes[indent + 4]
            elif indent == 0:
                sure = len(made)
            for kind, name in bound:
                if kind != "gone":
                    local.bind(kind, name)
        self.bind_all(scope, made, sure)
        return lines

    def scope_under(self, header: str, scope: Scope) -> Scope:
        """The scope of what stands under a line that ends with a colon."""
        found = re.match(r"def [^(]*\((?:self, )?v(?:, (\w+)=)?", header)
        if not found:
            return scope.child()
        inner = scope.child(inner=True, in_loop=False, in_finally=False, in_try=False, result="s")
        for name in ("v", found[1]):
            if name:
                inner.bind("s", name)
        return inner

    def fill_line(
        self, line: str, scope: Scope, labels: dict[str, str], made: list[tuple[str, str]]
    ) -> str:
        """Fill the holes of one line. Names bound earlier in the statement are used again."""
        bound_here: list[str] = []

        def one(match: re.Match[str]) -> str:
            kind, role, label = match[1], match[2], match[3] or ""
            if label and kind + label in labels:
                return labels[kind + label]
            if role in ("new", "fresh"):
                text = self.target(kind, role, scope, made, bound_here, again="new" in line)
            elif role == "gone":
                text = self.rng.choice(scope.names[kind][1:])
                scope.names[kind].remove(text)
                made.append(("gone", text))
            else:
                text = self.hole(kind, role, scope)
            if label or role == "own":
                labels[kind + (label or "own")] = text
            return text

        if ":own>" in line:
            line = line.replace(":own>", ":own@9>")
            labels_own = {k: v for k, v in labels.items() if k.endswith("own")}
            labels.update({k.removesuffix("own") + "@9": v for k, v in labels_own.items()})
        if any(f":loop{x}" in line for x in (">", "@")):
            return self.fill(line, scope)
        return _HOLE.sub(one, line)

    def target(
        self,
        kind: str,
        role: str,
        scope: Scope,
        made: list[tuple[str, str]],
        bound_here: list[str],
        *,
        again: bool,
    ) -> str:
        """The name that a statement binds."""
        mine = [name for k, name in made if k == kind]
        if role == "new" and mine and mine[-1] not in bound_here and again:
            name = mine[-1]  # the statement's other lines mean the one that it has bound
        elif (
            role == "new"
            and not scope.inner
            and self.rng.random() < 0.4
            and (old := [n for n in scope.own.get(kind, []) if n not in bound_here])
        ):
            name = self.rng.choice(old)
        else:
            name = f"{kind}{next(self.numbers)}"
        bound_here.append(name)
        made.append((kind, name))
        return name

    def bind_all(self, scope: Scope, made: list[tuple[str, str]], sure: int) -> None:
        """Bind the first names, and some of those that may be unbound."""
        for position, (kind, name) in enumerate(made):
            if kind == "gone":
                for names in (*scope.names.values(), *scope.own.values()):
                    if name in names:
                        names.remove(name)
            elif kind != "e" and (position < sure or self.rng.random() < 0.04):
                scope.bind(kind, name)
                if not scope.inner and name not in scope.own.setdefault(kind, []):
                    scope.own[kind].append(name)

    def function_body(self, scope: Scope) -> list[str]:
        lines = self.block(scope, 2) if self.rng.random() < 0.6 and self.size > 0 else []
        return [*lines, f"return {self.expression('s', scope)}"]

    # --- the whole ---

    PARAMETERS = (("s", "s"), ("n", "n"), ("xs", "xs"), ("dl", "dl"), ("o", "o"))

    def top_scope(self, parameters: tuple[tuple[str, str], ...], result: str) -> Scope:
        scope = Scope({kind: [] for kind in (*KINDS, "e")}, result=result)
        for kind, name in parameters:
            scope.bind(kind, name)
            scope.own.setdefault(kind, []).append(name)
        return scope

    def helper(self) -> str:
        """A function of the module, and a way to call it."""
        name, result = f"h{next(self.numbers)}", self.rng.choice(("s", "n", "xs", "d"))
        parameters = tuple(self.rng.sample(self.PARAMETERS, self.rng.randint(1, 3)))
        scope = self.top_scope((*parameters, ("s", "x")), result)
        body = self.block(scope, 4)
        arguments = ", ".join(name for _, name in parameters)
        text = f"def {name}({arguments}, x='x'):\n{_indented(body)}\n"
        text += f"    return {self.expression(result, scope)}\n"
        holes = ", ".join(f"<{kind}>" for kind, _ in parameters)
        call = f"{name}({holes})"
        keyword = f"{name}({holes}, x=<s>)"
        self.expressions[result] += [(call, 5), (keyword, 2)]
        self.statements.append((call, 2))
        return text

    def kind_of_object(self) -> str:
        """A class of the module, and ways to use it."""
        name, base = f"K{next(self.numbers)}", self.rng.choice(("Box", "Sub"))
        lines = [f"class {name}({base}):", "    level = 0"]
        for method in ("run", "look"):
            scope = self.top_scope((("s", "x"), ("o", "self")), "s")
            lines += ["", f"    def {method}(self, x):"]
            lines += ["        " + line for line in self.block(scope, 3)]
            lines.append(f"        return {self.expression('s', scope)}")
            self.expressions["s"].append((f"{name}(<s>, <xs>).{method}(<s>)", 3))
        if self.rng.random() < 0.5:
            lines += ["", "    def step(self, x):", "        return super().step(ask(x)) + '^'"]
        if self.rng.random() < 0.5:
            lines += ["", "    @property", "    def size(self):", "        return rate(self.name)"]
        if self.rng.random() < 0.5:
            lines += ["", "    @classmethod", "    def make(cls, name):"]
            lines += ["        cls.level += 1", "        return super().make(ask(name))"]
        self.expressions["o"].append((f"{name}(<s>, <xs>)", 4))
        self.expressions["o"].append((f"{name}.make(<s>)", 1))
        return "\n".join(lines) + "\n"

    def main(self) -> str:
        method = self.rng.random() < 0.2
        scope = self.top_scope(self.PARAMETERS, "xs")
        body = []
        if self.rng.random() < 0.6:
            body += self.write("<s:new> = ask(s)", scope)
            body += self.write("<xs:new> = [ask(x) for x in xs]", scope)
        body += self.block(scope, 8)
        names = [n for kind in KINDS for n in scope.names[kind] if kind not in ("f", "it")]
        if method:
            names = ["self" if n == "o" else n for n in names]
            body = [re.sub(r"\bo\b", "self", line) for line in body]
        result = self.rng.choice(
            [", ".join(dict.fromkeys(names)), self.expression("any", scope), "[s, xs, dl]"]
        )
        text = textwrap.dedent("\n".join(body))
        if method:
            result = re.sub(r"\bo\b", "self", result)
            header = "def main(self, s, n, xs, dl):"
            inner = f"{header}\n{_indented(text.splitlines())}\n    return {result}"
            return f"class Agent(Box):\n{_indented(inner.splitlines())}\n\n\nmain = Agent.main\n"
        return f"def main(s, n, xs, dl, o):\n{_indented(text.splitlines())}\n    return {result}\n"

    def arguments(self, method: bool) -> str:
        """Arguments of two calls, which share objects among themselves now and then."""
        calls = []
        for _ in range(2):
            s, n = self.rng.choice(["'a'", "'bb'", "''", "'xyz'"]), self.rng.randint(0, 3)
            xs = [
                self.rng.choice(["a", "bb", "", "k", "xyz"]) for _ in range(self.rng.randint(0, 3))
            ]
            dl = self.rng.choice(["{}", "{'a': xs}", "{'a': ['d'], 'k': []}", "{'bb': xs, '': xs}"])
            name = "Agent" if method else self.rng.choice(["Box", "Box", "Sub"])
            o = f"{name}('o', {self.rng.choice(['xs', '[]', '[s]'])})"
            order = f"{o}, s, {n}, xs, {dl}" if method else f"s, {n}, xs, {dl}, {o}"
            calls.append(f"(lambda s, xs: ({order}))({s}, {xs})")
        return f"def arguments():\n    return [{', '.join(calls)}]\n"


def _indented(lines: list[str]) -> str:
    return textwrap.indent("\n".join(lines), "    ")


def write_program(seed: int) -> str:
    """The part of a module that comes after the prelude."""
    rng = random.Random(seed)
    writer = Writer(rng, rng.choice([20, 40, 80, 150, 250]))
    parts = []
    for _ in range(rng.choice([0, 0, 1, 2])):
        size, writer.size = writer.size, writer.size // 3
        parts.append(writer.kind_of_object() if rng.random() < 0.4 else writer.helper())
        writer.size = size
    main = writer.main()
    method = main.startswith("class")
    return _with_global_statements("\n\n".join([*parts, main, writer.arguments(method)]))


def _with_global_statements(text: str) -> str:
    """Declare the global variable in each function that assigns it."""
    tree = ast.parse(text)
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and _assigns_total(function):
            function.body.insert(0, ast.Global(["TOTAL"]))
    return ast.unparse(ast.fix_missing_locations(tree))


def _assigns_total(node: ast.AST) -> bool:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.ClassDef):
            continue
        if isinstance(child, ast.AugAssign) and ast.unparse(child.target) == "TOTAL":
            return True
        if _assigns_total(child):
            return True
    return False


# --- Running --------------------------------------------------------------------------------------


@dataclass
class Difference(Exception):
    """A jitted program did something else than the plain one."""

    where: str
    what: str
    plain: object
    jitted: object

    def __str__(self) -> str:
        return f"{self.where}: {self.what}\n  plain:  {self.plain}\n  jitted: {self.jitted}"


class Broken(Exception):
    """A program's module cannot be run."""


@dataclass
class Call:
    """What can be seen of one call."""

    outcome: Outcome
    message: str
    console: str
    calls: Counter[Any]
    naps: Counter[Any]


_numbers = itertools.count()


_HALF = "shout save picky tell maybe flag words record rate fill divide"
DURATIONS = {"ask": 1.0} | dict.fromkeys(_HALF.split(), 0.5)
"""How long the operators of the prelude take, where each call of `latency` in them is a half."""


def load(source: str, spend: Callable[[], None], nap: float = 0.0) -> dict[str, Any]:
    """Run a program's module, with its source where `inspect` finds it, and give its globals.

    `spend` is called for each part of an operator's duration; `nap` is how many seconds functions
    sleep that are not operators.
    """
    module = _module(spend, nap)
    file = module["__file__"]
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    try:
        exec(compile(source, file, "exec", dont_inherit=True), module)
    except (SyntaxError, NameError) as error:  # as a reducer may make them
        raise Broken from error
    return module


def _module(spend: Callable[[], None], nap: float) -> dict[str, Any]:
    name = "generated_program"  # the same for plain and jitted: it shows in the texts of errors
    module = types.ModuleType(name)
    module.__dict__.update(SPEND=spend, NAP=nap, __file__=f"/generated/{next(_numbers)}.py")
    sys.modules[name] = module  # as for any import: dataclasses look there
    return module.__dict__


def _no_time() -> None:
    pass


def _sleeping(latency: float, seed: int) -> Callable[[], None]:
    """Sleeps of random length, `latency` seconds at most."""
    delays = random.Random(seed)
    return lambda: time.sleep(delays.random() * latency)


def _state(module: dict[str, Any]) -> Any:
    names = ("LOG", "NOTES", "TOTAL", "CACHE", "TABLE", "box")
    return [module[name] for name in names], module["Box"].made, module["Box"].shared


def _call(module: dict[str, Any], main: Callable[..., Any], arguments: tuple[Any, ...]) -> Call:
    for name in ("CALLS", "NAPS"):
        module[name].clear()
    message = ""

    def watched(*args: Any) -> Any:
        nonlocal message
        try:
            return main(*args)
        except BaseException as error:
            message = str(error)
            raise

    with redirect_stdout(io.StringIO()) as stream, redirect_stderr(stream):
        outcome = observe(watched, arguments, state=lambda: _state(module))
    return Call(
        outcome, message, stream.getvalue(), Counter(module["CALLS"]), Counter(module["NAPS"])
    )


@dataclass
class Bounds:
    """How far a plain program may go, and whether it saw an error, handled or not."""

    lines: int = 5000
    failed: bool = False
    exceeded: bool = False
    """Whether it went too far; the program itself may have handled the `Endless` that said so."""

    @contextmanager
    def watching(self, module: dict[str, Any]) -> Iterator[None]:
        """Raise `Endless` once too many lines of the module ran, or a value has grown large."""
        file = module["__file__"]
        reachable = [module[name] for name in ("box", "TABLE", "CACHE", "NOTES", "LOG")]

        def trace(frame: Any, event: str, argument: Any) -> Any:
            if frame.f_code.co_filename != file:
                return None
            if event == "exception" and argument[0] is not GeneratorExit:
                self.failed = True
            self.lines -= 1
            values = [*frame.f_locals.values(), *reachable, module["Box"].shared]
            if self.lines < 0 or _size(values) > 10_000:
                self.exceeded = True
                raise Endless
            return trace

        previous = sys.gettrace()
        sys.settrace(trace)
        try:
            yield
        finally:
            sys.settrace(previous)
        if self.exceeded:
            raise Endless


def _size(value: Any, depth: int = 4) -> int:
    """Characters and elements in a value, about."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, int):
        return value.bit_length()
    if depth == 0:
        return 0
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    elif type(value).__name__ not in ("list", "tuple", "deque", "Pair") and hasattr(value, "name"):
        value = list(vars(value).values()) if hasattr(value, "__dict__") else []
    if isinstance(value, list | tuple | set) or type(value).__name__ == "deque":
        value = list(itertools.islice(value, 100))
        return len(value) + sum(_size(v, depth - 1) for v in value)
    return 0


def check(
    program: str,
    *,
    max_workers: int | None = None,
    latency: float = 0.0,
    seed: int = 0,
    seconds: float = 20.0,
    ignore: Collection[str] = (),
    jit: Callable[..., Any] = xcs.jit,
) -> None:
    """Make the program's calls one after the other, plain and jitted, and compare.

    `ignore` names what is not compared: "message", "console", "calls", "naps". Raises `Difference`,
    and `Endless` if even the plain program runs for too long.
    """
    source = PRELUDE + "\n\n" + program
    plain = load(source, _no_time)
    expected: list[tuple[Call, bool]] = []

    def run_plain() -> None:
        for arguments in plain["arguments"]():
            bounds = Bounds()
            with bounds.watching(plain):
                call = _call(plain, plain["main"], arguments)
            expected.append((call, bounds.failed))

    # On a thread, as the jitted one, since the depth of the stack can show.
    within_time(run_plain, 60)
    spend = _sleeping(latency, seed) if latency else _no_time
    jitted = load(source, spend, nap=latency / 10)
    fast = jit(jitted["main"], config=xcs.Config(max_workers=max_workers))
    for position, (arguments, (call, failed)) in enumerate(
        zip(jitted["arguments"](), expected, strict=True)
    ):
        where = f"call {position}, max_workers={max_workers}, latency={latency}"
        try:
            with no_internal_error():
                found = within_time(partial(_call, jitted, fast, arguments), seconds)
        except AssertionError as error:
            text = f"{error}{_place(error.__cause__)}"
            raise Difference(where, "internal", "no error of xcs itself", text) from error
        _compare(where, call, found, failed, ignore)


def _place(error: BaseException | None) -> str:
    """Where an error of xcs itself was raised."""
    frames = traceback.extract_tb(error.__traceback__) if error else []
    if not frames:
        return ""
    return f" [{type(error).__name__} in {Path(frames[-1].filename).name}, {frames[-1].name}]"


def _compare(where: str, plain: Call, jitted: Call, failed: bool, ignore: Collection[str]) -> None:
    if (plain.outcome.error, jitted.outcome.error) != (None, None):
        names = [o.error and o.error.__qualname__ for o in (plain.outcome, jitted.outcome)]
        if names[0] != names[1]:
            raise Difference(where, "error", plain.outcome, jitted.outcome)
    if plain.outcome != jitted.outcome:
        raise Difference(where, _part(plain.outcome, jitted.outcome), plain.outcome, jitted.outcome)
    for what in ("console", "message"):
        mine, other = getattr(plain, what), getattr(jitted, what)
        if mine != other and what not in ignore:
            raise Difference(where, what, mine, other)
    for what in ("calls", "naps"):
        mine, other = getattr(plain, what), getattr(jitted, what)
        # Calls that were under way already when one before them failed are made all the same.
        if mine != other and what not in ignore and not (failed and mine <= other):
            raise Difference(where, what, mine - other, other - mine)


def _part(plain: Outcome, jitted: Outcome) -> str:
    """Which part of two outcomes differs, first."""
    names = ("arguments", "keywords", "globals")
    if plain.error is None:
        names = ("result", *names)
    for name, mine, other in zip(names, plain.state, jitted.state, strict=True):
        if mine != other:
            return name
    return "error's arguments"


def differs(program: str, **settings: Any) -> str:
    """What the jitted program did differently; empty if nothing."""
    streams = sys.stdout, sys.stderr
    try:
        check(program, **settings)
    except (Endless, Broken):
        return ""
    except Difference as difference:
        return f"{difference.what}: {difference}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    finally:
        linecache.clearcache()
        sys.stdout, sys.stderr = streams  # a call that hangs still has them redirected
    return ""


def is_repeatable(program: str) -> bool:
    """Whether the plain program does the same each time; one that shows an address does not."""
    return not differs(program, jit=lambda function, **_: function)


def makespan(program: str, seconds: float = 20.0) -> tuple[float, float] | None:
    """The critical path of a program's first call, and the time that it takes jitted.

    None for a call that fails, or makes calls of operators that take no time together.
    """
    source = PRELUDE + "\n\n" + program
    plain = load(source, _no_time)
    call = within_time(lambda: _bounded_call(plain))
    if call.outcome.error is not None or not call.calls:
        return None
    clock = Clock()
    interpreter = Interpreter(clock, _kind_of)
    traced = _module(_no_time, 0.0)

    def trace() -> Call:
        interpreter.module(source, traced, traced["__file__"])
        arguments = traced["arguments"]()[0]
        clock.at = clock.latest = 0.0
        return _call(traced, lambda *a: interpreter.call(traced["main"], *a)[0], arguments)

    _compare("reference", call, run(trace), failed=False, ignore=())
    virtual = Virtual()
    try:
        jitted = load(source, lambda: virtual.spend(0.5))
        fast = xcs.jit(jitted["main"], config=xcs.Config(max_workers=64))
        within_time(lambda: _call(jitted, fast, jitted["arguments"]()[0]), seconds)
    finally:
        virtual.close()
    return clock.latest, virtual.now


def _bounded_call(module: dict[str, Any]) -> Call:
    with Bounds().watching(module):
        return _call(module, module["main"], module["arguments"]()[0])


def _kind_of(function: Any) -> Operator | None:
    declared = getattr(function, "__xcs_operator__", None)
    if declared is None:
        return None
    return Operator(declared.effects == "ordered", DURATIONS.get(function.__name__, 0.0))


def settings_of(seed: int) -> dict[str, Any]:
    """How the program of a seed is run."""
    rng = random.Random(f"settings {seed}")
    return {
        "max_workers": rng.choice([None, None, 1, 2]),
        "latency": rng.choice([0.0, 0.0005, 0.002]),
        "seed": seed,
    }
