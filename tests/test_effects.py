"""Effect analysis: what user code does to the world, told from its source. Rows R8 and R12."""

import asyncio
import collections
import contextlib
import dataclasses
import functools
import json
import logging
import os
import pathlib
import random
import re
import threading
import time
import types
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from xcs.frontend.classify import classify

log = logging.getLogger(__name__)
lock = threading.Lock()
client = types.SimpleNamespace()

LIMIT = 3
WEIGHTS = jnp.ones((3, 3))
TABLE = {"a": 1}
WORD = re.compile(r"\w+")
counter = 0
seen = []
cache = {}
settings = {"depth": 1}


def configure(depth):
    settings["depth"] = depth


class Model:
    """Judged by what its methods do, which is a request; not by what they are called."""

    def generate(self, prompt):
        with urllib.request.urlopen(f"https://models.example/?prompt={prompt}") as answer:
            return answer.read().decode()


model = Model()

# No effect at all


def arithmetic(x, y):
    return (x + y) * 2 - LIMIT


def formats(name: str, n: int) -> str:
    return f"{name.strip().title()}: {n:>3}"


def searches(text: str):
    return [word.lower() for word in WORD.findall(text) if len(word) > LIMIT]


def builds_a_list(items):
    out = []
    for item in items:
        out.append(json.dumps(item))
    out.sort()
    return out


def builds_a_dict(items):
    groups = collections.defaultdict(list)
    for item in items:
        groups[len(item)].append(item)
    return {key: sorted(value) for key, value in groups.items()}


def changes_its_copy(items):
    copy = list(items)
    copy.append(1)
    return copy


def sorts_by_key(rows):
    return sorted(rows, key=lambda row: row["score"], reverse=True)


def handles_errors(text: str):
    try:
        return int(text)
    except ValueError as error:
        raise TypeError(f"not a number: {text}") from error
    finally:
        del text


def factorial(n: int):
    return 1 if n == 0 else n * factorial(n - 1)


def is_even(n: int):
    return True if n == 0 else is_odd(n - 1)


def is_odd(n: int):
    return False if n == 0 else is_even(n - 1)


def unpacks(pair):
    (first, *rest), last = pair
    return first, rest, last


def matches(command):
    match command:
        case {"name": str(name), **rest}:
            return name, rest
        case [first, *others]:
            return first, others
    return None


def nested(x):
    total = 0

    def accumulate(y: int):
        nonlocal total
        total += y
        return total

    return accumulate(x) + accumulate(1)


def uses_a_helper(x):
    return arithmetic(x, 1)


def calls_back(x):
    return applies(lambda y: y + 1, x)


@dataclasses.dataclass
class Point:
    x: float
    y: float = 0.0
    tags: list = dataclasses.field(default_factory=list)

    def moved(self, dx: float):
        return Point(self.x + dx, self.y)

    def tag(self, name):
        self.tags.append(name)
        return self


def builds_an_object(x):
    point = Point(x)
    point.note = 2.0  # type: ignore[attr-defined]
    point.tag("new")
    return point.moved(1.0)


class Base:
    def __init__(self, size):
        self.size = size

    def area(self):
        return self.size * self.size


class Derived(Base):
    def __init__(self, size):
        super().__init__(size)
        self.names = []

    def area(self):
        return super().area() + 1


def uses_inheritance(x):
    return Derived(x).area()


def walrus(text: str):
    return [n for word in text.split() if (n := len(word)) > 2]


def generates(items):
    for item in items:
        yield item, len(item)


def consumes_a_generator(items):
    return dict(generates(items))


@contextlib.contextmanager
def scope():
    yield []


def uses_a_context_manager(x):
    with scope() as items:
        items.append(x)
        return items


def local_import(x):
    import math
    from textwrap import dedent

    return dedent(str(math.floor(x)))


def seeded(n: int):
    stream = random.Random(n)
    return [stream.random() for _ in range(n)]


async def awaits(x):
    return await identity(x)


async def identity(x):
    return x


PURE = [
    arithmetic,
    formats,
    searches,
    builds_a_list,
    builds_a_dict,
    changes_its_copy,
    sorts_by_key,
    handles_errors,
    factorial,
    is_even,
    unpacks,
    matches,
    nested,
    uses_a_helper,
    calls_back,
    builds_an_object,
    uses_inheritance,
    walrus,
    generates,
    consumes_a_generator,
    uses_a_context_manager,
    local_import,
    seeded,
    awaits,
    Point(1.0).moved,
    Derived(2).area,
    functools.partial(arithmetic, y=2),
    lambda x, y: (y, x),
]


@pytest.mark.parametrize("fn", PURE, ids=lambda fn: getattr(fn, "__name__", "partial"))
def test_no_effect(fn):  # R12
    found = classify(fn)
    assert found.effects == "pure", found.reason
    assert not found.mutates_args
    assert not found.writes
    assert not found.reads


# Effects that may happen in any order


def accumulates(x):
    seen.append(x)
    return x


def accumulates_and_sleeps(x):
    seen.append(x)
    time.sleep(x)
    return x + 1


def sleeps(x):
    time.sleep(x)


def logs(x):
    log.info("x is %s", x)
    return x


def reads_a_file(path):
    with open(path) as file:
        return json.load(file)


def reads_a_path(path):
    return pathlib.Path(path).read_text().splitlines()


def reads_a_constant_table(key):
    return TABLE[key]


def asks(prompt):
    return model.generate(f"answer: {prompt}").strip()


def asks_an_argument(llm, prompt):
    return llm.generate(prompt)


def asks_openai(openai_client, prompt):
    response = openai_client.chat.completions.create(model="m", messages=[prompt])
    return response.choices[0].message.content


def asks_for_each(prompts):
    return [asks(prompt) for prompt in prompts]


def asks_in_a_helper(prompt):
    def ask(text):
        return asks(text)

    return ask(prompt)


async def asks_in_parallel(prompts):
    return await asyncio.gather(*(asks(prompt) for prompt in prompts))


class Notes:
    def __init__(self):
        self.lines = []
        self.count = 0
        self.limit = 3
        self.index = {}

    def add(self, line):
        self.lines.append(line)

    def bump(self):
        self.count += 1

    def room(self):
        return self.limit - self.__margin()

    def __margin(self):
        return 1

    def last(self):
        return self.lines[-1]

    def remember(self, key, value):
        self.index[key] = value
        return value

    @property
    def summary(self):
        return "\n".join(self.lines)

    def __setitem__(self, key, value):
        self.bump()


notes = Notes()

# callable, effects under strict, whether capture looks inside
UNORDERED = [
    (accumulates, "ordered", False),
    (accumulates_and_sleeps, "ordered", False),
    (sleeps, "ordered", False),
    (logs, "ordered", False),
    (notes.add, "ordered", False),
    (reads_a_file, "unordered", False),
    (reads_a_path, "unordered", False),
    (reads_a_constant_table, "unordered", False),
    (asks, "unordered", True),
    (asks_an_argument, "unordered", True),
    (asks_openai, "unordered", True),
    (asks_for_each, "unordered", True),
    (asks_in_a_helper, "unordered", True),
    (asks_in_parallel, "unordered", True),
]


@pytest.mark.parametrize(
    ("fn", "strict", "inline"), UNORDERED, ids=[c[0].__name__ for c in UNORDERED]
)
def test_any_order(fn, strict, inline):  # R12
    found = classify(fn)
    assert found.effects == "unordered", found.reason
    assert classify(fn, strict=True).effects == strict
    assert found.inline == inline


def test_three_callables_that_accumulate_sleep_and_return_are_unordered():  # R4
    captured = []

    def first(x):
        captured.append("first")
        time.sleep(0.1)
        return x + 1

    def second(x):
        captured.append("second")
        time.sleep(0.1)
        return x * 2

    def third(x):
        captured.append("third")
        time.sleep(0.1)
        return x - 3

    for fn in (first, second, third):
        found = classify(fn)
        assert (found.kind, found.effects) == ("function", "unordered")
        assert found.writes == ("closure variable 'captured'",)
        assert found.blocking
        assert not found.inline


def test_a_callable_that_waits_times_itself_and_one_that_does_not_is_compared_with_others():
    def times_itself(x):
        start = time.monotonic()
        time.sleep(0.1)
        return x, time.monotonic() - start

    def now():
        return time.monotonic()

    def seconds_since(start):
        return now() - start

    def compares_in_helpers(x):
        start = now()
        return times_itself(x), seconds_since(start)

    assert classify(times_itself).effects == "unordered"
    assert classify(times_itself, strict=True).effects == "ordered"
    assert classify(compares_in_helpers).effects == "unordered"
    for fn in (now, seconds_since):
        assert classify(fn).effects == "ordered"
        assert "time.monotonic reads the clock" in classify(fn).reason


# Effects that must keep their order, with what the reason must say


def counts():
    global counter
    counter += 1
    return counter


def reads_the_counter():
    return counter + 1


def stores_an_item(key, value):
    cache[key] = value


def caches(key):
    if key not in cache:
        cache[key] = key * 2
    return cache[key]


def reads_the_cache(key):
    return cache.get(key)


def looks_at_what_is_accumulated():
    return len(seen)


def accumulates_and_looks(x):
    seen.append(x)
    return len(seen)


def reads_changing_settings():
    return settings["depth"]


def empties():
    seen.clear()


def takes():
    return seen.pop()


def sets_an_attribute(x):
    client.value = x


def sets_a_function_attribute():
    counts.calls = 1


def sets_an_item_of_an_object(x):
    notes["x"] = x


def updates_an_argument(target, key):
    target[key] = 1


def appends_to_an_argument(target):
    target.append(1)


def adds_in_place(x):
    x += 1
    return x


def changes_an_argument_through_an_alias(rows):
    first = rows[0]
    first["done"] = True
    return rows


def changes_an_argument_in_a_helper(rows):
    updates_an_argument(rows[0], "a")


def changes_an_argument_in_a_loop(rows):
    for row in rows:
        row.update(done=True)


def mutable_default(x, memory=[]):  # noqa: B006
    memory[0] = x
    return memory


def writes_a_file(path, text):
    with open(path, "w") as file:
        file.write(text)


def opens_in_some_mode(path, mode):
    return open(path, mode)


def writes_a_path(path):
    pathlib.Path(path).write_text("x")


def prints(x):
    print(x)


def draws():
    return random.random() > 0.5


def draws_from_numpy():
    return np.random.rand()


def reads_the_clock():
    return time.time()


def reads_the_environment(name):
    return os.environ[name]


def executes(text):
    exec(text)


def calls_its_argument(fn, x):
    return fn(x)


def applies(fn, x):
    return fn(x)


def calls_an_unknown_method(thing):
    return thing.transmogrify()


def hidden_in_a_callback(rows):
    return sorted(rows, key=lambda row: cache.setdefault(row, 1))


def hidden_in_a_helper(x):
    return [counts() for _ in range(x)]


def hidden_in_a_default(x):
    def inner(y=counts()):  # noqa: B008
        return y

    return inner(x)


def hidden_in_a_finally(x):
    try:
        return x
    finally:
        cache.clear()


def hidden_in_a_decorator_stack(x):
    return decorated(x)


def counting(fn):
    calls = 0

    @functools.wraps(fn)
    def wrapper(*args):
        nonlocal calls
        calls += 1
        return fn(*args)

    return wrapper


@counting
def decorated(x):
    return x


def yields_with_effects(items):
    for item in items:
        cache[item] = 1
        yield item


def uses_a_lock(x):
    with lock:
        return x


def runs_a_pool(items):
    with ThreadPoolExecutor() as pool:
        return list(pool.map(asks, items))


def imports_something_unknown(x):
    import package_that_is_not_there  # type: ignore[import-not-found]

    return package_that_is_not_there.run(x)


def uses_a_property():
    return notes.summary


class Loud:
    def __add__(self, other):
        print("adding")
        return self

    def __str__(self):
        seen.clear()
        return "loud"


loud = Loud()


def uses_a_loud_operator(x):
    return loud + x


def formats_a_loud_object():
    return f"{loud}"


def builds_a_loud_object():
    return str(Loud() + 1)


class Noisy:
    def __iter__(self):
        seen.clear()
        return iter([])

    def __len__(self):
        return counts()


noisy = Noisy()


def iterates_over_a_noisy_object():
    return list(noisy)


def measures_a_noisy_object():
    return len(noisy)


class Registered:
    everything = []

    def __init__(self):
        Registered.everything.insert(0, self)


def builds_a_registered_object():
    return Registered()


def exhausts_a_shared_iterator():
    return list(shared_iterator)


shared_iterator = iter([1, 2])

ORDERED = [
    (counts, "global 'counter' is stored to"),
    (reads_the_counter, "global 'counter' is read, which other code stores to"),
    (stores_an_item, "global 'cache' gets an item set"),
    (caches, "global 'cache' gets an item set"),
    (reads_the_cache, "global 'cache' is read, which other code changes"),
    (looks_at_what_is_accumulated, "global 'seen' is read, which other code changes"),
    (accumulates_and_looks, "global 'seen' is read, which other code changes"),
    (reads_changing_settings, "global 'settings' is read, which other code changes"),
    (empties, "global 'seen' is changed in place"),
    (takes, "global 'seen' is changed in place"),
    (sets_an_attribute, "global 'client' gets its attribute 'value' set"),
    (sets_a_function_attribute, "global 'counts' gets its attribute 'calls' set"),
    (sets_an_item_of_an_object, "global 'notes' gets its attribute 'count' set"),
    (updates_an_argument, "argument 'target' gets an item set"),
    (appends_to_an_argument, "argument 'target' is accumulated into"),
    (adds_in_place, "argument 'x' is changed in place"),
    (changes_an_argument_through_an_alias, "argument 'rows' gets an item set"),
    (changes_an_argument_in_a_helper, "argument 'rows' gets an item set"),
    (changes_an_argument_in_a_loop, "argument 'rows' is changed by update()"),
    (mutable_default, "argument 'memory' gets an item set"),
    (writes_a_file, "a file is opened for writing"),
    (opens_in_some_mode, "a file is opened for writing"),
    (writes_a_path, "pathlib.Path.write_text writes files"),
    (prints, "builtins.print talks to the terminal"),
    (draws, "random.Random.random draws from a shared random stream"),
    (draws_from_numpy, "draws from a shared random stream"),
    (reads_the_clock, "time.time reads the clock"),
    (reads_the_environment, "uses the state of this process"),
    (executes, "builtins.exec depend on its operands"),
    (calls_its_argument, "argument 'fn' is called"),
    (calls_an_unknown_method, "thing.transmogrify is called, which is not known"),
    (hidden_in_a_callback, "global 'cache' is changed in place"),
    (hidden_in_a_helper, "global 'counter' is stored to"),
    (hidden_in_a_default, "global 'counter' is stored to"),
    (hidden_in_a_finally, "global 'cache' is changed in place"),
    (hidden_in_a_decorator_stack, "closure variable 'calls' is stored to"),
    (yields_with_effects, "global 'cache' gets an item set"),
    (uses_a_lock, "runs or controls other processes or threads"),
    (runs_a_pool, "runs or controls other processes or threads"),
    (imports_something_unknown, "package_that_is_not_there.run is called, which is not known"),
    (notes.bump, "the Notes object that it is bound to gets its attribute 'count' set"),
    (notes.last, "attribute 'lines' of Notes is read, which other code changes"),
    (notes.remember, "the Notes object that it is bound to gets an item set"),
    (uses_a_property, "attribute 'lines' of Notes is read, which other code changes"),
    (uses_a_loud_operator, "builtins.print talks to the terminal"),
    (formats_a_loud_object, "global 'seen' is changed in place"),
    (builds_a_loud_object, "builtins.print talks to the terminal"),
    (iterates_over_a_noisy_object, "global 'seen' is changed in place"),
    (measures_a_noisy_object, "global 'counter' is stored to"),
    (builds_a_registered_object, "is changed in place"),
    (exhausts_a_shared_iterator, "global 'shared_iterator' is"),
]


@pytest.mark.parametrize(("fn", "reason"), ORDERED, ids=[case[0].__name__ for case in ORDERED])
def test_program_order(fn, reason):  # R8, R12
    found = classify(fn)
    assert found.effects == "ordered", found.reason
    assert reason in found.reason
    assert found.kind in ("function", "unknown")


@pytest.mark.parametrize("fn", [counts, prints, writes_a_file, hidden_in_a_helper, notes.bump])
def test_the_reason_names_the_line(fn):
    assert re.search(r" at test_effects\.py:\d+", classify(fn).reason)


def test_the_reason_names_the_offending_line_in_a_helper():
    line = counts.__code__.co_firstlineno + 2
    assert f"test_effects.py:{line}" in classify(hidden_in_a_helper).reason


def test_constant_attributes_of_a_bound_object_are_no_effect():
    assert classify(notes.room).effects == "pure"


# Resources

RESOURCES = [
    (counts, ("global 'counter'",), ("global 'counter'",)),
    (accumulates, ("global 'seen'",), ()),
    (caches, ("global 'cache'",), ("global 'cache'",)),
    (reads_a_file, (), ("files",)),
    (writes_a_file, ("files",), ("files",)),
    (logs, ("log",), ()),
    (draws, ("random state",), ("random state",)),
    (notes.bump, ("the Notes object that it is bound to",), ("attribute 'count' of Notes",)),
]


@pytest.mark.parametrize(
    ("fn", "writes", "reads"), RESOURCES, ids=[c[0].__name__ for c in RESOURCES]
)
def test_resources_are_named(fn, writes, reads):
    found = classify(fn)
    assert (found.writes, found.reads) == (writes, reads)


# Arguments

CHANGED = [
    updates_an_argument,
    appends_to_an_argument,
    changes_an_argument_through_an_alias,
    changes_an_argument_in_a_helper,
    notes.bump,
    notes.add,
    calls_an_unknown_method,
    calls_its_argument,
]
KEPT = [arithmetic, builds_a_list, changes_its_copy, counts, sorts_by_key, builds_an_object]


@pytest.mark.parametrize("fn", CHANGED, ids=lambda fn: fn.__name__)
def test_changing_arguments_is_told(fn):
    assert classify(fn).mutates_args


@pytest.mark.parametrize("fn", KEPT, ids=lambda fn: fn.__name__)
def test_arguments_are_left_alone(fn):
    assert not classify(fn).mutates_args


def test_a_function_that_calls_an_argument_is_of_higher_order():
    assert classify(calls_its_argument).higher_order
    assert not classify(calls_back).higher_order


# What calls lead to


def array_code(x):
    return jnp.tanh(x @ WEIGHTS)


def array_operator(x):
    return x @ WEIGHTS


def transformed(x):
    return jax.grad(lambda y: jnp.sum(y * y))(x)


def both(x):
    return asks(str(array_code(x)))


REACHES = [
    (arithmetic, set()),
    (accumulates_and_sleeps, set()),
    (asks, {"operator"}),
    (array_code, {"tensor"}),
    (array_operator, {"tensor"}),
    (transformed, {"tensor"}),
    (both, {"operator", "tensor"}),
    (runs_a_pool, {"operator"}),
]


@pytest.mark.parametrize(("fn", "reaches"), REACHES, ids=[case[0].__name__ for case in REACHES])
def test_what_calls_lead_to(fn, reaches):
    found = classify(fn)
    assert found.reaches == reaches
    assert found.inline == bool(reaches)


def test_array_code_is_pure():
    assert classify(array_code).effects == "pure"
    assert classify(transformed).effects == "pure"


# Cost and results


def spins(n):
    while n:
        n = n - 1


def multiplies(rows, columns):
    return [[r * c for c in columns] for r in rows]


@pytest.mark.parametrize("fn", [arithmetic, formats, searches, builds_a_list, counts, accumulates])
def test_cheap_code_does_not_block(fn):
    assert not classify(fn).blocking


@pytest.mark.parametrize("fn", [sleeps, asks, reads_a_file, spins, multiplies, factorial, executes])
def test_waiting_looping_and_unknown_code_blocks(fn):
    assert classify(fn).blocking


@pytest.mark.parametrize(
    ("fn", "returns"),
    [(formats, "str"), (builds_a_list, "list"), (looks_at_what_is_accumulated, "int")],
    ids=lambda value: getattr(value, "__name__", value),
)
def test_result_class(fn, returns):
    assert classify(fn).returns == returns


# Limits


def chain(depth):
    """A function that calls a function that calls ..., written to a file of its own."""
    lines = ["def f0(x): return x"]
    lines += [f"def f{n}(x): return f{n - 1}(x)" for n in range(1, depth)]
    return "\n".join(lines)


def test_code_that_is_too_large_is_ordered(tmp_path):
    path = tmp_path / "deep.py"
    path.write_text(chain(200))
    space = {"__name__": "deep"}
    exec(compile(path.read_text(), str(path), "exec"), space)

    found = classify(space["f199"])

    assert found.effects == "ordered"
    assert "too large to analyse" in found.reason


def test_lambdas_on_one_line_are_told_apart():
    pure, impure = (lambda x: x + 1), (lambda x: seen.pop(x))

    assert classify(pure).effects == "pure"
    assert classify(impure).effects == "ordered"


def test_source_that_moved_since_it_was_imported_is_not_believed(tmp_path):
    path = tmp_path / "moved.py"
    path.write_text("def g(x):\n    return x\n")
    space = {"__name__": "moved"}
    exec(compile("def f(x):\n    return cache.pop(x)\n", str(path), "exec"), space)

    assert classify(space["f"]).effects == "ordered"
