"""Resources, modes and the tables about known functions. Row R12."""

import asyncio
import bisect
import copy
import csv
import decimal
import functools
import heapq
import importlib
import importlib.util
import io
import json
import locale
import logging
import os
import pathlib
import pickle
import random
import re
import sqlite3
import sys
import threading
import time
import types
import urllib.request
import warnings
import zlib
from collections.abc import Callable, Iterator
from typing import Any, get_args

import jax
import numpy as np
import pytest

from xcs.frontend.analysis.resources import (
    COMMON,
    TABLE,
    Mode,
    Resource,
    Touch,
    conflict,
    effect_class,
    keeps_order,
)
from xcs.frontend.classification import RECEIVER
from xcs.frontend.classify import classify, unregister_detector
from xcs.frontend.detectors import (
    data_libraries,
    jax_arrays,
    numpy_arrays,
    python_builtins,
    standard_library,
)
from xcs.frontend.detectors.identity import ALIASES, canonical_module

DOCUMENT = pathlib.Path(__file__).parent.parent / "docs" / "effects.md"

log = logging.getLogger(__name__)


# The table of resources


def test_every_resource_has_a_row():
    assert {resource for resource, _ in TABLE} == set(get_args(Resource))
    assert {mode for _, mode in TABLE} == set(get_args(Mode))


@pytest.mark.parametrize("touch", TABLE, ids="-".join)
def test_policies_only_ever_add_order(touch: Touch):
    severity = ["pure", "unordered", "ordered"]
    row = TABLE[touch]
    held, direct, strict = (severity.index(each) for each in (row.held, row.direct, row.strict))
    assert held <= direct <= strict


@pytest.mark.parametrize("effects", COMMON)
def test_classes_are_names_of_common_sets(effects):
    assert effect_class(COMMON[effects]) == effects


@pytest.mark.parametrize(
    ("first", "second", "default", "strict"),
    [
        (("files", "read"), ("files", "read"), False, False),
        (("files", "read"), ("files", "write"), True, True),
        (("files", "write"), ("network", "write"), False, False),
        (("log", "update"), ("log", "update"), False, True),
        (("console", "update"), ("console", "update"), False, True),
        (("console", "update"), ("console", "write"), True, True),
        (("object", "update"), ("object", "update"), False, True),
        (("object", "update"), ("object", "read"), True, True),
        (("clock", "read"), ("clock", "read"), False, True),
        (("random", "update"), ("random", "update"), False, False),
        (("random", "write"), ("random", "write"), True, True),
        (("network", "update"), ("network", "update"), False, False),
        (("environment", "read"), ("environment", "write"), True, True),
        (("world", "write"), ("files", "read"), True, True),
    ],
)
def test_pairs_that_keep_their_order(first: Touch, second: Touch, default: bool, strict: bool):
    for a, b in ((first, second), (second, first)):
        assert keeps_order(a, b) is default
        assert keeps_order(a, b, strict=True) is strict
        assert bool(conflict(frozenset({a}), frozenset({b}))) is default


def test_the_document_prints_the_table():
    printed = {
        tuple(re.findall(r"`(\w+)`", line)): [cell.strip() for cell in line.split("|")[3:-1]]
        for line in DOCUMENT.read_text().splitlines()
        if re.match(r"\| `\w+` \| `\w+` \|", line)
    }
    assert printed == {
        touch: [row.means, row.held, row.direct, row.strict] for touch, row in TABLE.items()
    }


def test_the_examples_of_the_document(tmp_path, monkeypatch):
    blocks = re.findall(r"^```python\n(.*?)^```", DOCUMENT.read_text(), re.M | re.S)
    module = types.ModuleType("pages")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for number, block in enumerate(blocks):
        file = tmp_path / f"pages_{number}.py"
        file.write_text(block)
        exec(compile(block, str(file), "exec"), vars(module))
    unregister_detector(vars(module)["warehouse"])
    found = vars(module)["found"]
    assert (found.effects, found.evidence) == ("unordered", "source")
    assert found.touches == {("network", "update")}
    assert found.reason == "urllib.request.urlopen is a request to another system at pages_0.py:7"
    declared = [vars(module)[name] for name in ("look_up", "post")]
    assert [classify(fn).effects for fn in declared] == ["unordered", "ordered"]


# What known functions touch


KNOWN: list[tuple[Callable[..., Any], set[Touch]]] = [
    (print, {("console", "update")}),
    (input, {("console", "write")}),
    (log.info, {("log", "update")}),
    (logging.warning, {("log", "update")}),
    (warnings.warn, {("log", "update")}),
    (time.sleep, set()),
    (asyncio.sleep, set()),
    (time.time, {("clock", "read")}),
    (time.perf_counter, {("clock", "read")}),
    (random.random, {("random", "write")}),
    (random.shuffle, {("random", "write"), ("object", "write")}),
    (os.urandom, {("random", "update")}),
    (os.listdir, {("files", "read")}),
    (os.remove, {("files", "write")}),
    (os.getcwd, {("environment", "read")}),
    (os.chdir, {("environment", "read"), ("environment", "write")}),
    (os.environ.get, {("environment", "read")}),
    (decimal.getcontext, {("environment", "read")}),
    (decimal.setcontext, {("environment", "read"), ("environment", "write")}),
    (np.set_printoptions, {("environment", "read"), ("environment", "write")}),
    (np.array2string, {("environment", "read")}),
    (warnings.simplefilter, {("environment", "read"), ("environment", "write")}),
    (locale.setlocale, {("environment", "read"), ("environment", "write")}),
    (sqlite3.Cursor.execute, {("database", "write")}),
    (urllib.request.urlopen, {("network", "update")}),
    (list.append, {("object", "update")}),
    (list.sort, {("object", "write")}),
    (jax.debug.print, {("world", "write")}),
    (len, set()),
    (json.dumps, set()),
]


@pytest.mark.parametrize(
    ("fn", "touches"), KNOWN, ids=lambda each: getattr(each, "__qualname__", "")
)
def test_known_functions_are_rows(fn: Callable[..., Any], touches: set[Touch]):
    found = classify(fn)
    assert found.evidence == "table"
    assert found.touches == touches


CHANGES = [
    (random.shuffle, (0, "x")),
    (heapq.heappush, (0, "heap")),
    (heapq.heappop, (0, "heap")),
    (heapq.heapify, (0, "heap")),
    (heapq.heapreplace, (0, "heap")),
    (bisect.insort, (0, "a")),
    (json.dump, (1, "fp")),
    (json.load, (0, "fp")),
    (pickle.dump, (1, "file")),
    (csv.writer, (0, "csvfile")),
    (list.sort, RECEIVER),
    (dict.update, RECEIVER),
    (next, (0, "iterator")),
    (setattr, (0, "object")),
]


@pytest.mark.parametrize(
    ("fn", "operand"), CHANGES, ids=lambda each: getattr(each, "__qualname__", "")
)
def test_functions_that_change_an_operand_say_which(fn: Callable[..., Any], operand: Any):
    found = classify(fn)
    assert found.changes == (operand,)
    assert found.mutates_args


def sorts_its_own_list(items):
    own = list(items)
    own.sort(key=len)
    return own


def sorts_with_a_key_that_prints(items):
    return sorted(items, key=lambda item: print(item) or item)


def shuffles_its_own_copy(items):
    own = copy.copy(items)
    generator = random.Random(7)
    generator.shuffle(own)
    return own


def pushes(heap, item):
    heapq.heappush(heap, item)


def pushes_on_its_own_heap(items):
    heap: list = []
    for item in items:
        heapq.heappush(heap, item)
    return heap[0]


def dumps_into_its_own_stream(value):
    stream = io.StringIO()
    json.dump(value, stream)
    return stream.getvalue()


def dumps_into(value, stream):
    json.dump(value, stream)


def writes_rows_of_its_own(rows):
    stream = io.StringIO()
    csv.writer(stream).writerows(rows)
    return stream.getvalue()


def prints_into_its_own_stream(value):
    stream = io.StringIO()
    print(value, file=stream)
    return stream.getvalue()


def prints_into(value, stream):
    print(value, file=stream)


def prints_to_the_console(value):
    print(value, file=sys.stderr)


def writes_to_the_console(value):
    sys.stdout.write(value)


def copies_deeply(value):
    return copy.deepcopy(value)


def sets_the_precision(digits):
    decimal.getcontext().prec = digits


def reads_the_precision():
    return decimal.getcontext().prec


def sets_a_variable(value):
    os.environ["XCS_TEST"] = value


def reads_a_variable():
    return os.environ["HOME"]


OPERANDS: list[tuple[Callable[..., Any], str, set[Touch]]] = [
    (sorts_its_own_list, "pure", set()),
    (sorts_with_a_key_that_prints, "unordered", {("console", "update")}),
    (pushes, "ordered", {("object", "write")}),
    (pushes_on_its_own_heap, "pure", set()),
    (dumps_into_its_own_stream, "pure", set()),
    (dumps_into, "ordered", {("object", "write")}),
    (writes_rows_of_its_own, "pure", set()),
    (prints_into_its_own_stream, "pure", set()),
    (prints_into, "ordered", {("object", "write")}),
    (prints_to_the_console, "unordered", {("console", "update")}),
    (writes_to_the_console, "unordered", {("console", "update")}),
    (sets_the_precision, "ordered", {("environment", "write")}),
    (reads_the_precision, "ordered", {("environment", "read")}),
    (sets_a_variable, "ordered", {("environment", "write")}),
    (reads_a_variable, "ordered", {("environment", "read")}),
]


@pytest.mark.parametrize(
    ("fn", "effects", "touches"), OPERANDS, ids=lambda each: getattr(each, "__name__", "")
)
def test_code_that_uses_them(fn: Callable[..., Any], effects: str, touches: set[Touch]):
    found = classify(fn)
    assert found.held().effects == effects
    assert touches <= found.touches
    assert found.evidence == "source"


def test_a_copy_may_run_the_code_of_a_class():
    assert classify(copies_deeply).effects == "pure"
    assert classify(shuffles_its_own_copy).mutates_args is False


# A callable that reads the clock


stamps: list[float] = []


def stamps_and_waits(name):
    stamps.append(time.time())
    time.sleep(0.01)
    log.info("woke up %s", name)
    return name.upper()


def test_the_clock_is_a_fence_in_its_own_frame_only():
    found = classify(stamps_and_waits)
    assert found.effects == "unordered"
    assert found.strict().effects == "ordered"
    assert found.touches >= {("log", "update"), ("object", "update")}


def test_reading_the_clock_directly_is_a_fence():
    assert classify(time.time).effects == "ordered"


def test_waiting_is_not_nothing():
    assert classify(time.sleep).effects == "unordered"
    assert classify(time.sleep).strict().effects == "ordered"


# Every row names something


_OF_OTHER_VERSIONS = """
    _sha2 array.array.clear copy.replace glob.translate inspect.markcoroutinefunction
    os._path_splitroot_ex os.path.isdevdrive os.path.isjunction os.path.splitroot
    os.process_cpu_count os.startfile pathlib.Path.copy pathlib.Path.copy_into
    pathlib.Path.is_junction pathlib.Path.move pathlib.Path.move_into pathlib.Path.walk
    pathlib.PathBase queue.Queue.shutdown random.Random.binomialvariate
"""
OF_OTHER_VERSIONS = tuple(_OF_OTHER_VERSIONS.split())
"""What some supported Python or platform has, and another one has not."""

UNNAMED = {
    f"{canonical_module(cls.__module__)}.{cls.__qualname__}": cls
    for cls in (
        type(csv.writer(io.StringIO())),
        type(zlib.compressobj()),
        type(zlib.decompressobj()),
        type(threading.Lock()),
        *(each for each in vars(types).values() if isinstance(each, type)),
    )
}
"""Classes that no module has under their name."""

PATHS = [
    *standard_library.TABLE,
    *standard_library.PUBLIC_NAMES.paths(),
    *python_builtins.TABLE,
    *numpy_arrays.TABLE,
    *jax_arrays.TABLE,
    *jax_arrays.PUBLIC_NAMES.paths(),
    *data_libraries.TABLE,
]


def _installed(package: str) -> bool:
    return package in sys.stdlib_module_names or importlib.util.find_spec(package) is not None


def _homes(path: str) -> Iterator[tuple[Any, list[str]]]:
    """Modules and classes that a path may start with, and the rest of it."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        start, rest = ".".join(parts[:length]), parts[length:]
        if start in UNNAMED:
            yield UNNAMED[start], rest
        for name in (start, *(module for module, public in ALIASES.items() if public == start)):
            try:
                yield importlib.import_module(name), rest
            except ImportError:
                continue


def _exists(path: str) -> bool:
    for home, rest in _homes(path):
        found = home
        for part in rest:
            found = getattr(found, part, None)
        if found is not None:
            return True
    return False


def test_every_row_names_something():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        missing = [
            path
            for path in sorted({path.removesuffix("()") for path in PATHS})
            if _installed(path.partition(".")[0]) and not _exists(path)
        ]
    assert [path for path in missing if not path.startswith(OF_OTHER_VERSIONS)] == []


# Caches


@functools.lru_cache
def remembered_square(x):
    return x * x


@functools.lru_cache
def remembered_print(x):
    print(x)
    return x


def test_remembering_results_is_no_effect_unless_the_function_has_one():
    assert classify(remembered_square).effects == "pure"
    assert classify(remembered_print).held().effects == "ordered"
