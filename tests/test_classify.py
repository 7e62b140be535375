"""classify(): what recognised callables are. Rows R11 and R12."""

import base64
import bisect
import collections
import contextlib
import copy
import csv
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import gc
import hashlib
import heapq
import html
import importlib.metadata
import inspect
import io
import itertools
import json
import logging
import math
import operator
import os
import pathlib
import pickle
import queue
import random
import re
import shutil
import socket
import sqlite3
import statistics
import string
import struct
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import types
import unicodedata
import unittest.mock
import urllib.parse
import urllib.request
import uuid
import weakref
import zlib
from array import array as typed_array
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from xcs.frontend.classification import Classification
from xcs.frontend.classify import classify, register_detector, unregister_detector

# Callables of the user's own, in every form


def double(x):
    return x * 2


def add(x, y):
    return x + y


class Point(NamedTuple):
    x: int
    y: int


@dataclasses.dataclass
class Record:
    name: str
    tags: list = dataclasses.field(default_factory=list)


class Color(enum.Enum):
    RED = 1


class Scaler:
    """A callable instance."""

    def __init__(self, factor):
        self.factor = factor

    def __call__(self, x):
        return x * self.factor

    @staticmethod
    def twice(x):
        return x + x

    @classmethod
    def unit(cls):
        return cls(1)


def logged(fn):
    @functools.wraps(fn)
    def wrapper(*args, **kwargs):
        return fn(*args, **kwargs)

    return wrapper


@logged
def wrapped_double(x):
    return double(x)


@functools.lru_cache
def cached_double(x):
    return x * 2


async def later(x):
    return x


def numbers(n):
    yield from range(n)


@contextlib.contextmanager
def nothing():
    yield


class EchoModel:
    """Has the methods of a model. Its source says that they do nothing."""

    def generate(self, prompt):
        return prompt

    def complete(self, prompt):
        return prompt

    def __call__(self, prompt):
        return prompt


class Tickets:
    """Has ``generate`` and ``__call__``, which count."""

    def __init__(self):
        self.last = 0

    def generate(self, prefix=""):
        self.last += 1
        return f"{prefix}{self.last}"

    def complete(self, prefix):
        return self.generate(prefix)

    def __call__(self, prefix):
        return self.generate(prefix)


def without_source(text):
    """The class that a text defines, as an extension module would: with no source to read."""
    scope = {"__name__": "extension"}
    exec(text, scope)
    return next(cls for cls in scope.values() if isinstance(cls, type))


NativeModel = without_source(
    "class NativeModel:\n"
    "    def generate(self, prompt): return prompt\n"
    "    def __call__(self, prompt): return prompt\n"
)
NativeTickets = without_source("class NativeTickets:\n    def generate(self): return 1\n")


array = jnp.arange(3.0)
ndarray = np.arange(3.0)

CASES = [
    # builtin functions
    (len, "pure", "pure"),
    (sorted, "pure", "pure"),
    (sum, "pure", "pure"),
    (min, "pure", "pure"),
    (zip, "pure", "pure"),
    (enumerate, "pure", "pure"),
    (isinstance, "pure", "pure"),
    (getattr, "pure", "pure"),
    (round, "pure", "pure"),
    (repr, "pure", "pure"),
    (print, "function", "ordered"),
    (input, "function", "ordered"),
    (open, "function", "ordered"),
    (next, "function", "ordered"),
    (setattr, "function", "ordered"),
    (exec, "unknown", "ordered"),
    (eval, "unknown", "ordered"),
    (globals, "function", "ordered"),
    # builtin classes, their methods, and methods of instances
    (str, "pure", "pure"),
    (int, "pure", "pure"),
    (dict, "pure", "pure"),
    (list, "pure", "pure"),
    (ValueError, "pure", "pure"),
    (str.upper, "pure", "pure"),
    ("".join, "pure", "pure"),
    ("a,b".split, "pure", "pure"),
    (b"".decode, "pure", "pure"),
    (int.from_bytes, "pure", "pure"),
    (dict.fromkeys, "pure", "pure"),
    ({}.get, "pure", "pure"),
    ({}.items, "pure", "pure"),
    ([].index, "pure", "pure"),
    ([].append, "function", "unordered"),
    ([].extend, "function", "unordered"),
    (set().add, "function", "unordered"),
    ([].pop, "function", "ordered"),
    ([].sort, "function", "ordered"),
    ({}.update, "function", "ordered"),
    ({}.setdefault, "function", "ordered"),
    (dict.pop, "function", "ordered"),
    (set().discard, "function", "ordered"),
    (bytearray().extend, "function", "ordered"),
    (iter([]).__next__, "function", "ordered"),
    # mathematics and text
    (math.sqrt, "pure", "pure"),
    (math.isclose, "pure", "pure"),
    (statistics.mean, "pure", "pure"),
    (fractions.Fraction, "pure", "pure"),
    (decimal.Decimal, "pure", "pure"),
    (decimal.Decimal("1").quantize, "pure", "pure"),
    (re.compile, "pure", "pure"),
    (re.sub, "pure", "pure"),
    (re.compile("a").search, "pure", "pure"),
    (textwrap.dedent, "pure", "pure"),
    (string.Template("$a").substitute, "pure", "pure"),
    (html.escape, "pure", "pure"),
    (unicodedata.normalize, "pure", "pure"),
    (urllib.parse.quote, "pure", "pure"),
    (urllib.parse.urlsplit, "pure", "pure"),
    (base64.b64encode, "pure", "pure"),
    # data structures and serialisation
    (json.dumps, "pure", "pure"),
    (json.loads, "pure", "pure"),
    (json.dump, "function", "ordered"),
    (json.load, "function", "ordered"),
    (pickle.dumps, "pure", "pure"),
    (pickle.loads, "unknown", "ordered"),
    (struct.pack, "pure", "pure"),
    (struct.pack_into, "function", "ordered"),
    (zlib.compress, "pure", "pure"),
    (copy.deepcopy, "pure", "pure"),
    (csv.reader, "pure", "pure"),
    (collections.Counter, "pure", "pure"),
    (collections.Counter().most_common, "pure", "pure"),
    (collections.Counter().update, "function", "ordered"),
    (collections.deque().append, "function", "unordered"),
    (collections.deque().popleft, "function", "ordered"),
    (collections.OrderedDict().move_to_end, "function", "ordered"),
    (bisect.bisect, "pure", "pure"),
    (bisect.insort, "function", "ordered"),
    (heapq.heappush, "function", "ordered"),
    (heapq.nlargest, "pure", "pure"),
    (operator.add, "pure", "pure"),
    (operator.itemgetter(1), "pure", "pure"),
    (operator.setitem, "function", "ordered"),
    (itertools.chain, "pure", "pure"),
    (itertools.chain.from_iterable, "pure", "pure"),
    (functools.reduce, "pure", "pure"),
    (functools.partial, "pure", "pure"),
    (hashlib.sha256, "pure", "pure"),
    (hashlib.sha256().hexdigest, "pure", "pure"),
    (hashlib.sha256().update, "function", "ordered"),
    (io.StringIO, "pure", "pure"),
    (io.StringIO().getvalue, "pure", "pure"),
    (io.StringIO().write, "function", "ordered"),
    # time, chance, identity
    (datetime.datetime, "pure", "pure"),
    (datetime.datetime.now, "function", "ordered"),
    (datetime.datetime(2020, 1, 1).isoformat, "pure", "pure"),
    (datetime.timedelta, "pure", "pure"),
    (time.sleep, "function", "unordered"),
    (time.time, "function", "ordered"),
    (time.perf_counter, "function", "ordered"),
    (random.random, "function", "ordered"),
    (random.choice, "function", "ordered"),
    (random.Random(0).random, "function", "ordered"),
    (uuid.uuid4, "function", "unordered"),
    (uuid.UUID, "pure", "pure"),
    (os.urandom, "function", "unordered"),
    # files and the process
    (os.path.join, "pure", "pure"),
    (os.path.exists, "function", "unordered"),
    (os.listdir, "function", "unordered"),
    (os.remove, "function", "ordered"),
    (os.getcwd, "function", "ordered"),
    (os.environ.get, "function", "ordered"),
    (os.getenv, "function", "ordered"),
    (os.system, "function", "ordered"),
    (pathlib.Path, "pure", "pure"),
    (pathlib.Path("a").with_suffix, "pure", "pure"),
    (pathlib.Path("a").read_text, "function", "unordered"),
    (pathlib.Path("a").write_text, "function", "ordered"),
    (pathlib.Path("a").exists, "function", "unordered"),
    # In Python 3.13 these come from a base class of Path, and those are written in C.
    (pathlib.Path.exists, "function", "unordered"),
    (pathlib.Path.read_bytes, "function", "unordered"),
    (pathlib.Path.write_bytes, "function", "ordered"),
    (os.path.normpath, "pure", "pure"),
    (shutil.rmtree, "function", "ordered"),
    (tempfile.mkdtemp, "function", "ordered"),
    (subprocess.run, "function", "ordered"),
    (threading.Lock().acquire, "function", "ordered"),
    (queue.Queue().put, "function", "ordered"),
    # new in Python 3.12 and 3.13
    (getattr(os.path, "splitroot", os.path.split), "pure", "pure"),
    (getattr(inspect, "markcoroutinefunction", list.sort), "function", "ordered"),
    (getattr(typed_array("i"), "clear", [].clear), "function", "ordered"),
    (getattr(queue.Queue(), "shutdown", queue.Queue().put), "function", "ordered"),
    (logging.getLogger, "pure", "pure"),
    (logging.getLogger("a").info, "function", "unordered"),
    (logging.warning, "function", "unordered"),
    (socket.socket().close, "function", "ordered"),
    (sqlite3.connect, "function", "ordered"),
    (urllib.request.urlopen, "tool", "unordered"),
    (sys.exit, "function", "ordered"),
    # NumPy
    (np.array, "numpy", "pure"),
    (np.sum, "numpy", "pure"),
    (np.add, "numpy", "pure"),
    (np.add.reduce, "numpy", "pure"),
    (np.add.at, "numpy", "ordered"),
    (np.linalg.norm, "numpy", "pure"),
    (np.float32, "numpy", "pure"),
    (np.fft.fft, "numpy", "pure"),
    (np.copyto, "numpy", "ordered"),
    (np.save, "function", "ordered"),
    (np.load, "function", "unordered"),
    (np.random.rand, "function", "ordered"),
    (np.random.default_rng(0).normal, "function", "ordered"),
    (ndarray.sum, "numpy", "pure"),
    (ndarray.reshape, "numpy", "pure"),
    (ndarray.sort, "numpy", "ordered"),
    (ndarray.fill, "numpy", "ordered"),
    (np.ndarray.mean, "numpy", "pure"),
    (np.vectorize(double), "function", "pure"),
    # JAX
    (jnp.sin, "tensor", "pure"),
    (jnp.add, "tensor", "pure"),
    (jnp.where, "tensor", "pure"),
    (jnp.array, "tensor", "pure"),
    (jnp.float32, "tensor", "pure"),
    (jnp.einsum, "tensor", "pure"),
    (jnp.linalg.norm, "tensor", "pure"),
    (jax.nn.relu, "tensor", "pure"),
    (jax.nn.gelu, "tensor", "pure"),
    (jax.nn.softmax, "tensor", "pure"),
    (jax.lax.scan, "tensor", "pure"),
    (jax.lax.dot_general, "tensor", "pure"),
    (jax.random.normal, "tensor", "pure"),
    (jax.random.key, "tensor", "pure"),
    (jax.scipy.special.logsumexp, "tensor", "pure"),
    (jax.vmap, "tensor", "pure"),
    (jax.grad, "tensor", "pure"),
    (jax.jit, "tensor", "pure"),
    (jax.jit(double), "tensor", "pure"),
    (jax.vmap(double), "tensor", "pure"),
    (jax.grad(double), "tensor", "pure"),
    (jax.value_and_grad(double), "tensor", "pure"),
    (jax.checkpoint(double), "tensor", "pure"),
    (jax.custom_jvp(double), "tensor", "pure"),
    (jnp.vectorize(double), "tensor", "pure"),
    (array.sum, "tensor", "pure"),
    (array.at[0].set, "tensor", "pure"),
    (array.block_until_ready, "tensor", "pure"),
    (jax.device_put, "tensor", "pure"),
    (jax.tree.map, "pure", "pure"),
    (jax.debug.print, "function", "ordered"),
    (jax.config.update, "function", "ordered"),
    # the user's own, in every form
    (double, "function", "pure"),
    (lambda x: x + 1, "function", "pure"),
    (functools.partial(add, 1), "function", "pure"),
    (functools.partial(json.dumps, indent=1), "pure", "pure"),
    (Point, "pure", "pure"),
    (Record, "pure", "pure"),
    (Color, "pure", "pure"),
    (Scaler, "pure", "pure"),
    (Scaler(2), "function", "pure"),
    (Scaler.twice, "function", "pure"),
    (Scaler.unit, "function", "pure"),
    (wrapped_double, "function", "pure"),
    (cached_double, "function", "pure"),
    (later, "function", "pure"),
    (numbers, "function", "pure"),
    (nothing, "function", "pure"),
    # models by the look of them, where there is no source, and things that only look so
    (NativeModel().generate, "model", "unordered"),
    (NativeModel(), "model", "unordered"),
    (NativeTickets().generate, "unknown", "ordered"),
    (EchoModel().generate, "function", "pure"),
    (EchoModel().complete, "function", "pure"),
    (EchoModel(), "function", "pure"),
    (Tickets().generate, "function", "ordered"),
    (Tickets().complete, "function", "ordered"),
    (Tickets(), "function", "ordered"),
    (unittest.mock.Mock(), "unknown", "ordered"),
    (unittest.mock.MagicMock(spec=double), "unknown", "ordered"),
]


def name_of(case):
    fn = case[0]
    name = getattr(fn, "__qualname__", None)  # a mock's is another mock
    name = name if isinstance(name, str) else type(fn).__name__
    return f"{getattr(fn, '__module__', '')}.{name}"


@pytest.mark.parametrize(("fn", "kind", "effects"), CASES, ids=map(name_of, CASES))
def test_table(fn, kind, effects):  # R11
    found = classify(fn)
    assert (found.kind, found.effects) == (kind, effects), found


# Clients, matched by name: the modules here are stand-ins of the same shape


def fake(module, **classes):
    """A class hierarchy as a client package would define it: ``Class="method method"``."""
    made = {}
    for name, methods in classes.items():
        space = {"__module__": module}
        for method in methods.split():
            code = f"def {method}(self, *args, **kwargs): return self.post(args)"
            scope = {"__name__": module}
            exec(code, scope)
            scope[method].__qualname__ = f"{name}.{method}"
            space[method] = scope[method]
        made[name] = type(name, (), space)
    return types.SimpleNamespace(**made)


openai = fake(
    "openai.resources.chat.completions", Completions="create parse", AsyncCompletions="create"
)
openai_files = fake("openai.resources.files", Files="create list")
anthropic = fake("anthropic.resources.messages", Messages="create stream count_tokens")
langchain = fake(
    "langchain_core.runnables.base", RunnableSequence="invoke batch ainvoke stream", BaseTool="run"
)
requests = fake("requests.sessions", Session="get post request", Response="json raise_for_status")
httpx = fake("httpx._client", Client="get post", AsyncClient="get")
cohere = fake("cohere.client", Client="chat embed rerank")
google = fake("google.generativeai.generative_models", ChatSession="send_message")
chroma = fake("chromadb.api", Collection="query add")
redis = fake("redis.client", Redis="get set")


def function_of(module, name):
    scope = {"__name__": module}
    exec(f"def {name}(*args, **kwargs): return unknown(args)", scope)
    return scope[name]


class LoggingCompletions(openai.Completions):
    """A user's subclass of a client."""


CLIENTS = [
    (openai.Completions().create, "model", "unordered"),
    (openai.Completions().parse, "model", "unordered"),
    (openai.AsyncCompletions().create, "model", "unordered"),
    (LoggingCompletions().create, "model", "unordered"),
    (openai_files.Files().list, "tool", "unordered"),
    (openai_files.Files().create, "tool", "ordered"),
    (anthropic.Messages().create, "model", "unordered"),
    (anthropic.Messages().stream, "model", "unordered"),
    (anthropic.Messages().count_tokens, "tool", "unordered"),
    (function_of("litellm.main", "completion"), "model", "unordered"),
    (function_of("litellm.main", "acompletion"), "model", "unordered"),
    (function_of("litellm.main", "embedding"), "model", "unordered"),
    (langchain.RunnableSequence().invoke, "model", "unordered"),
    (langchain.RunnableSequence().ainvoke, "model", "unordered"),
    (langchain.RunnableSequence().batch, "model", "unordered"),
    (langchain.BaseTool().run, "tool", "unordered"),
    (function_of("requests.api", "get"), "tool", "unordered"),
    (function_of("requests.api", "post"), "tool", "unordered"),
    (requests.Session().get, "tool", "unordered"),
    (requests.Response().json, "pure", "pure"),
    (httpx.Client().post, "tool", "unordered"),
    (httpx.AsyncClient().get, "tool", "unordered"),
    (cohere.Client().chat, "model", "unordered"),
    (cohere.Client().rerank, "model", "unordered"),
    (google.ChatSession().send_message, "model", "ordered"),
    (chroma.Collection().query, "tool", "unordered"),
    (chroma.Collection().add, "tool", "ordered"),
    (redis.Redis().set, "tool", "ordered"),
]


@pytest.mark.parametrize(("fn", "kind", "effects"), CLIENTS, ids=map(name_of, CLIENTS))
def test_clients(fn, kind, effects):  # R11
    found = classify(fn)
    assert (found.kind, found.effects) == (kind, effects), found
    assert found.reaches == ({"operator"} if kind in ("model", "tool") else set())


# Marks and registered detectors


class Spec:
    kind, effects, deterministic = "model", "pure", True


def marked(x):
    raise AssertionError("never run")


def test_an_explicit_mark_wins_over_everything():  # R12
    marked.__xcs_operator__ = Spec()

    found = classify(marked)

    assert (found.kind, found.effects) == ("model", "pure")


def test_a_mark_that_wraps_copied_does_not_mark_the_wrapper():
    def inner(x):
        return x

    inner.__xcs_operator__ = Spec()

    found = classify(logged(inner))

    assert (found.kind, found.inline) == ("function", True)


def test_a_jitted_function_is_inlined():
    def jitted(x):
        return x

    jitted.__xcs_jit__ = True

    assert classify(jitted).inline


@pytest.fixture
def detectors():
    registered = []
    yield lambda detector, **options: registered.append(register_detector(detector, **options))
    for detector in registered:
        unregister_detector(detector)


def test_a_registered_detector_wins_over_the_built_in_ones(detectors):  # R12
    detectors(lambda fn: Classification("tool", "unordered", "mine") if fn is len else None)

    assert classify(len).kind == "tool"


def test_a_detector_of_low_priority_is_asked_last(detectors):
    detectors(lambda fn: Classification("tool", "unordered", "mine"), priority=-1000)

    assert classify(len).kind == "pure"
    assert classify(double).kind == "tool"


def test_a_detector_that_raises_is_passed_over(detectors):
    def broken(fn):
        raise RuntimeError("broken")

    detectors(broken)

    assert classify(len).kind == "pure"


def test_detectors_are_found_by_entry_point(monkeypatch):  # R12
    from xcs.frontend import detectors as package

    found = Classification("tool", "unordered", "from an entry point")

    class EntryPoint:
        name = value = "theirs"

        def load(self):
            return lambda fn: found if fn is len else None

    class Broken(EntryPoint):
        def load(self):
            raise ImportError("no such module")

    def entry_points(group):
        return [Broken(), EntryPoint()] if group == "xcs.detectors" else []

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    registry = package.Registry()

    with pytest.warns(UserWarning, match="theirs"):
        recognised = registry.recognise(len)

    assert recognised is found


# Details of the answer

RESULTS = [
    (len, "int"),
    ("".upper, "str"),
    (str.format, "str"),
    ("".split, "list"),
    (json.dumps, "str"),
    (json.loads, None),
    (math.sqrt, "float"),
    (isinstance, "bool"),
    ({}.get, None),
    (jnp.sin, "jax.Array"),
    (jax.lax.scan, None),
    (re.compile, "re.Pattern"),
]


@pytest.mark.parametrize(("fn", "returns"), RESULTS, ids=map(name_of, RESULTS))
def test_result_class(fn, returns):
    assert classify(fn).returns == returns


@pytest.mark.parametrize("fn", [len, "".upper, math.sqrt, jnp.sin, json.dumps, re.compile])
def test_calls_with_immutable_results_may_be_merged(fn):
    assert classify(fn).mergeable


@pytest.mark.parametrize("fn", [dict, list, iter, zip, json.loads, io.StringIO, numbers, Record])
def test_calls_with_results_of_their_own_are_not_merged(fn):
    assert classify(fn).effects == "pure"
    assert not classify(fn).mergeable


@pytest.mark.parametrize("fn", [[].append, [].pop, dict.update, bisect.insort, np.add.at])
def test_changing_an_operand_is_told(fn):
    assert classify(fn).mutates_args


@pytest.mark.parametrize("fn", [[].append, logging.info, time.sleep])
def test_strict_mode_orders_accumulating_logging_and_sleeping(fn):
    assert classify(fn).effects == "unordered"
    assert classify(fn, strict=True).effects == "ordered"


@pytest.mark.parametrize("fn", [len, jnp.sin, np.sum, [].append, double, random.random])
def test_cheap_calls_do_not_block(fn):
    assert not classify(fn).blocking


@pytest.mark.parametrize("fn", [time.sleep, open, NativeModel().generate, exec, os.listdir])
def test_slow_or_unknown_calls_block(fn):
    assert classify(fn).blocking


# Robustness


class Hostile:
    """Raises from every attribute."""

    def __getattribute__(self, name):
        raise RuntimeError(name)


class Agreeable:
    """Has every attribute, as a proxy of a remote object does."""

    def __getattr__(self, name):
        return Agreeable()

    def __call__(self, *args):
        return open("/nonexistent", "w")


@pytest.mark.parametrize("make", [Hostile, Agreeable, lambda: Agreeable().anything, int])
def test_strange_objects_are_ordered(make):
    assert classify(make()).effects == "ordered"


def test_functions_without_source_are_ordered():  # R8
    scope = {}
    exec("def hidden(x): return x", scope)

    found = classify(scope["hidden"])

    assert (found.kind, found.effects) == ("unknown", "ordered")
    assert "source of hidden is not available" in found.reason


def test_the_answer_is_remembered():
    assert classify(double) is classify(double)
    assert classify("".upper) is classify("x".upper)


def test_the_answer_follows_a_changed_global(monkeypatch):
    def call():
        return double(3)

    assert classify(call).effects == "pure"
    monkeypatch.setitem(globals(), "double", print)

    assert classify(call).effects == "ordered"


def test_the_answer_follows_a_changed_closure_cell():
    callee = double

    def call():
        return callee(3)

    before = classify(call).effects
    callee = print

    assert (before, classify(call).effects) == ("pure", "ordered")


def test_an_answer_keeps_nothing_alive_that_its_callable_holds():
    class Large:
        parts = ()

    def made() -> tuple[weakref.ref[Any], weakref.ref[Any]]:
        large = Large()

        def call():
            return len(large.parts)

        classify(call)
        return weakref.ref(call), weakref.ref(large)

    call, large = made()
    gc.collect()

    assert (call(), large()) == (None, None)


def test_importing_it_imports_neither_jax_nor_numpy():
    code = "import sys, xcs.frontend.classify; print({'jax', 'numpy'} & set(sys.modules))"

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert result.stdout == "set()\n", result.stderr
