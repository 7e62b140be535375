"""What a verdict rests on: declared, then a table, then source, then a name. Row R12."""

import asyncio
import functools
import inspect
import json
import linecache
import logging
import os
import re
import sys
import time
import types
import urllib.request
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax.experimental import io_callback

import xcs
from xcs.frontend.classification import Classification
from xcs.frontend.classify import classify, register_detector, unregister_detector

log = logging.getLogger(__name__)
counts: dict[str, int] = {}


def line_of(fn: Callable[..., Any], text: str) -> str:
    """``file:line`` of a line in a function."""
    lines, start = inspect.getsourcelines(fn)
    return (
        f"{os.path.basename(__file__)}:{start + next(i for i, x in enumerate(lines) if text in x)}"
    )


# The order of evidence


class Counter:
    """Everything about it is named after a model, and none of it is one."""

    def __init__(self) -> None:
        self.calls = 0

    def generate(self, prompt: str) -> str:
        self.calls += 1
        return prompt

    def complete(self, prompt: str) -> str:
        return prompt.title()

    def invoke(self, prompt: str) -> str:
        return prompt + self.complete(prompt)

    def run(self, prompt: str) -> str:
        counts[prompt] = counts.get(prompt, 0) + 1
        return prompt

    def __call__(self, prompt: str) -> str:
        return prompt * 2


class Asker:
    """Its names say nothing, and its source does."""

    def complete(self, prompt: str) -> str:
        return self._fetch(prompt)

    def title(self, prompt: str) -> str:
        return self._fetch(prompt).title()

    def _fetch(self, prompt: str) -> str:
        with urllib.request.urlopen(f"https://models.example/{prompt}") as answer:
            return answer.read().decode()


def without_source(text: str, name: str, **scope: Any) -> Any:
    exec(text, scope)
    return scope[name]


Native = without_source(
    "class Native:\n def generate(self, p): return p\n def __call__(self, p): return p\n", "Native"
)


@pytest.mark.parametrize(
    ("fn", "kind", "effects", "line"),
    [
        (Counter().generate, "function", "ordered", "self.calls += 1"),
        (Counter().complete, "function", "pure", "def complete"),
        (Counter().invoke, "function", "pure", "def invoke"),
        (Counter().run, "function", "ordered", "counts[prompt] ="),
        (Counter(), "function", "pure", "def __call__"),
        (Counter.generate, "function", "ordered", "self.calls += 1"),
        (Counter.complete, "function", "pure", "def complete"),
        (Asker().complete, "function", "unordered", "urlopen"),
        (Asker().title, "function", "unordered", "urlopen"),
        (Asker.title, "function", "unordered", "urlopen"),
    ],
)
def test_source_decides_whatever_the_name(fn, kind, effects, line):
    found = classify(fn)
    assert found.evidence == "source"
    assert (found.kind, found.effects) == (kind, effects)
    owner = Counter if "Counter" in getattr(fn, "__qualname__", "Counter") else Asker
    assert line_of(owner, line) in found.reason


def test_a_name_counts_where_there_is_no_source():
    for fn in (Native().generate, Native()):
        found = classify(fn)
        assert (found.evidence, found.kind, found.effects) == ("name", "model", "unordered")


def test_no_name_and_no_source_is_unknown():
    found = classify(without_source("def hidden(x): return x", "hidden"))
    assert (found.evidence, found.kind, found.effects) == ("name", "unknown", "ordered")


@pytest.mark.parametrize("fn", [json.dumps, jnp.sum, jax.lax.scan, len, str.upper, os.listdir])
def test_known_functions_are_in_a_table(fn):
    assert classify(fn).evidence == "table"


def test_what_is_declared_comes_first():
    @xcs.op(kind="model")
    def complete(prompt: str) -> str:
        counts[prompt] = 1
        return prompt

    found = classify(complete)
    assert (found.evidence, found.kind, found.effects) == ("declared", "model", "unordered")


def test_a_detector_declares():
    def detector(fn: Any) -> Classification | None:
        if fn is classified_by_hand:
            return Classification("tool", "unordered", "asks the index")
        return None

    register_detector(detector)
    try:
        found = classify(classified_by_hand)
    finally:
        unregister_detector(detector)
    assert (found.evidence, found.kind, found.effects) == ("declared", "tool", "unordered")
    assert classify(classified_by_hand).effects == "ordered"


def classified_by_hand(x):
    counts[x] = 1


def fake_package(name: str, text: str) -> types.ModuleType:
    module = types.ModuleType(name)
    exec(text, module.__dict__)
    sys.modules[name] = module
    return module


def test_a_client_overridden_by_the_user_is_judged_by_source(request):
    text = "class Messages:\n def create(self, **kwargs): return kwargs\n"
    package = fake_package("anthropic", text)
    request.addfinalizer(lambda: sys.modules.pop("anthropic"))

    class Recorded(package.Messages):
        def create(self, **kwargs):
            return dict(kwargs)

    assert classify(package.Messages().create).kind == "model"
    found = classify(Recorded().create)
    assert (found.evidence, found.effects) == ("source", "pure")


# Nothing is pure because of its package


@pytest.mark.parametrize(
    "fn",
    [jax.debug.print, jax.debug.callback, io_callback],
    ids=lambda fn: fn.__name__,
)
def test_callbacks_are_effects(fn):
    assert classify(fn).effects == "ordered"


@pytest.mark.parametrize("package", ["jax", "jax.numpy", "numpy", "jax._src.new"])
def test_a_function_without_source_or_row_is_unknown_in_any_package(package):
    fn = without_source("def novel(x): return x", "novel", __name__=package)
    found = classify(fn)
    assert (found.kind, found.effects) == ("unknown", "ordered")


@pytest.mark.parametrize("package", ["jax.contrib", "numpy.contrib"])
def test_source_decides_in_any_package(package, tmp_path):
    text = "seen = []\ndef novel(x):\n    seen.append(x)\n    seen.sort()\n    return x\n"
    path = tmp_path / "contrib.py"
    path.write_text(text)
    scope: dict[str, Any] = {"__name__": package, "__file__": str(path)}
    exec(compile(text, str(path), "exec"), scope)
    linecache.checkcache(str(path))
    assert classify(scope["novel"]).effects == "ordered"


# Callables of every form


class Store:
    """A class of the user's own, whose methods are given unbound."""

    shared: list[int] = []

    def __init__(self, items: dict[str, int]) -> None:
        self.items = items

    def create(self, name: str) -> int:
        self.items[name] = len(self.items)
        return self.items[name]

    def look_up(self, name: str) -> int | None:
        return self.items.get(name)

    def ask(self, name: str) -> bytes:
        return urllib.request.urlopen(name).read()

    def remember(self, item: int) -> None:
        Store.shared.append(item)

    @property
    def size(self) -> int:
        return len(self.items)

    @staticmethod
    def doubled(x: int) -> int:
        return x * 2

    @classmethod
    def empty(cls) -> "Store":
        return cls({})


class Registered:
    """Making one is an effect."""

    def __init__(self, name: str) -> None:
        counts[name] = 0


class Connection:
    """Its methods know nothing of each other but what is in the object."""

    def __init__(self) -> None:
        self.open = False

    def __enter__(self) -> "Connection":
        self.open = True
        return self

    def __exit__(self, *args: object) -> None:
        self.open = False


async def asks(prompt: str) -> bytes:
    answer = await asyncio.to_thread(urllib.request.urlopen, prompt)
    return answer.read()


async def adds(x: int, y: int) -> int:
    return x + y


async def adds_twice(x: int) -> int:
    return await adds(await adds(x, x), 1)


async def counts_later(name: str) -> None:
    await asyncio.sleep(0.1)
    counts[name] = 1


async def waits(x: int) -> int:
    await asyncio.sleep(0.1)
    return x


async def produces(n: int):
    for i in range(n):
        yield i


def numbers(n: int):
    yield from range(n)


def numbers_aloud(n: int):
    for i in range(n):
        print(i)
        yield i


def logged(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        log.info("%s", fn.__name__)
        return fn(*args, **kwargs)

    return wrapper


@logged
def tripled(x: int) -> int:
    return x * 3


@logged
def counted(name: str) -> None:
    counts[name] = 1


@functools.wraps(tripled)
def pretends(name: str) -> None:
    counts[name] = 2


_remembered: dict[int, int] = {}


def remembers(x: int) -> int:
    if x not in _remembered:
        _remembered[x] = x * x
    return _remembered[x]


def forgets() -> None:
    _remembered.clear()


@functools.cache
def cached(x: int) -> int:
    return x * x


@functools.lru_cache(maxsize=8)
def cached_time(x: int) -> float:
    return time.time() + x


class Memo:
    """Remembers its text, which is a function of what it was made of."""

    def __init__(self, parts: tuple[str, ...]) -> None:
        self.pieces = parts
        self._text: str | None = None

    def text(self) -> str:
        if self._text is None:
            self._text = "-".join(self.pieces)
        return self._text


class Latest:
    """Keeps what it was last given, which only looks like remembering."""

    def __init__(self) -> None:
        self._first: str | None = None

    def first(self, text: str) -> str:
        if self._first is None:
            self._first = text
        return self._first


class Growing:
    """What it remembers is not a function of what it is made of: it may be out of date."""

    def __init__(self, parts: list[str]) -> None:
        self.parts = parts
        self._whole: str | None = None

    def text(self) -> str:
        if self._whole is None:
            self._whole = "-".join(self.parts)
        return self._whole

    def grow(self, part: str) -> None:
        self.parts.append(part)


class Resettable:
    """Forgetting keeps its place: what is remembered next depends on it."""

    def __init__(self, parts: list[str]) -> None:
        self.words = tuple(parts)
        self._joined: str | None = None

    def text(self) -> str:
        if self._joined is None:
            self._joined = "-".join(self.words)
        return self._joined

    def forget(self) -> None:
        self._joined = None


FORMS: list[tuple[str, Any, str]] = [
    ("a method that changes its object, unbound", Store.create, "ordered"),
    ("a method that changes its object, bound", Store({}).create, "ordered"),
    ("a method that reads its object, unbound", Store.look_up, "pure"),
    ("a method that asks, unbound", Store.ask, "unordered"),
    ("a method that accumulates into its class", Store.remember, "unordered"),
    ("a property's function", Store.__dict__["size"].fget, "pure"),
    ("a static method", Store.doubled, "pure"),
    ("a class method", Store.empty, "pure"),
    ("a class", Store, "pure"),
    ("a class with an effect", Registered, "ordered"),
    ("entering", Connection.__enter__, "ordered"),
    ("an async function that asks", asks, "unordered"),
    ("an async function that only computes", adds, "pure"),
    ("an async function that awaits another", adds_twice, "pure"),
    ("an async function that changes what is shared", counts_later, "ordered"),
    ("an async function that waits", waits, "unordered"),
    ("an async generator", produces, "pure"),
    ("a generator function", numbers, "pure"),
    ("a generator function with output", numbers_aloud, "ordered"),
    ("a partial", functools.partial(counted, "a"), "ordered"),
    ("a partial of something pure", functools.partial(Store.doubled, 2), "pure"),
    ("a wrapper that logs", tripled, "unordered"),
    ("a wrapper around an effect", counted, "ordered"),
    ("what pretends to be another", pretends, "ordered"),
    ("a cache in a dictionary of the module", remembers, "ordered"),
    ("clearing it", forgets, "ordered"),
    ("a cache by functools", cached, "pure"),
    ("a cache of the clock", cached_time, "ordered"),
    ("remembering in the object", Memo.text, "pure"),
    ("keeping what was given first", Latest.first, "ordered"),
    ("remembering what can be forgotten", Resettable.text, "pure"),
    ("remembering what goes out of date", Growing.text, "ordered"),
    ("forgetting", Resettable.forget, "ordered"),
]


@pytest.mark.parametrize(("fn", "effects"), [case[1:] for case in FORMS], ids=[c[0] for c in FORMS])
def test_forms_of_callables(fn, effects):
    assert classify(fn).held().effects == effects


@pytest.mark.parametrize("fn", [Store.create, Store({}).create, Connection.__enter__, Latest.first])
def test_methods_that_change_their_object_say_so(fn):
    assert classify(fn).mutates_args


@pytest.mark.parametrize("fn", [tripled, counted, remembers, asks, Store.create, Registered])
def test_reasons_from_source_say_where(fn):
    found = classify(fn)
    assert found.evidence == "source"
    assert re.search(r"test_evidence\.py:\d+", found.reason), found.reason


def test_a_generator_is_used_up():
    assert classify(numbers).returns == "iterator"
