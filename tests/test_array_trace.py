"""Functions of array code are traced by running them: what they read, call and store is seen."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import itertools
import os
import traceback
from collections.abc import Iterator
from enum import Enum
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import xcs
from tests.test_jit_parity import assert_same

X = jnp.arange(6.0).reshape(2, 3)
LOG: list[Any] = []


def strategy(jitted: Any) -> Any:
    return xcs.get_jit_stats(jitted)["execution_strategy"]


def is_one_kernel(function: Any, *args: Any) -> None:
    """The function is one kernel, which gives what `jax.jit` gives."""
    jitted = xcs.jit(function)
    for _ in range(2):
        assert_same(jitted(*args), jax.jit(function)(*args))
    assert strategy(jitted) == "fused"


# --- All of the language --------------------------------------------------------------------------


class Settings:
    """A plain object, so that what reads it is instrumented."""

    def __init__(self, scale: float = 2.0) -> None:
        self.scale = scale
        self.__hidden = 3.0
        self.sizes = {"small": 1}
        self.table = np.array([1.0, 2.0, 3.0], np.float32)

    @property
    def doubled(self) -> float:
        return self.scale * 2 + self.__hidden


SETTINGS = Settings()


class Base:
    def __init__(self, weight: Any) -> None:
        self.weight = weight
        self.calls = 0

    def apply(self, x: Any) -> Any:
        self.calls += 1
        return x * self.weight * SETTINGS.scale


class Derived(Base):
    def __init__(self, weight: Any) -> None:
        super().__init__(weight)
        self.seen: list[Any] = []

    def apply(self, x: Any) -> Any:
        self.seen.append(x)
        return super().apply(x) + len(self.seen)


@dataclasses.dataclass
class Pair:
    first: Any
    second: Any = 1.0
    notes: list[str] = dataclasses.field(default_factory=list)


class Point(NamedTuple):
    x: Any
    y: Any


class Mode(Enum):
    SUM = "sum"
    MEAN = "mean"


@contextlib.contextmanager
def doubled(values: list[Any]) -> Iterator[list[Any]]:
    values.append(SETTINGS.scale)
    yield values
    values.clear()


class Scope:
    def __init__(self) -> None:
        self.open = False

    def __enter__(self) -> Scope:
        self.open = True
        return self

    def __exit__(self, *error: object) -> None:
        self.open = False


def classes(x: Any) -> Any:
    layer = Derived(jnp.ones(3))
    first = layer.apply(x)
    pair = Pair(first, notes=["a"])
    pair.second = layer.apply(first)
    pair.notes.append("b")
    return pair.first, pair.second, layer.calls, len(pair.notes), SETTINGS.doubled * x


def generators(x: Any) -> Any:
    def rows() -> Iterator[Any]:
        for i, row in enumerate(x):
            sent = yield row * i * SETTINGS.scale
            assert sent is None

    produced = rows()
    first = next(produced)
    rest = [first, *produced]
    rest[0] = rest[0] + 1
    return sum(rest), sum(row.sum() for row in rest), list(itertools.accumulate(rest))


def closures(x: Any) -> Any:
    total = jnp.zeros(3)
    count = 0

    def add(row: Any, *, by: float = SETTINGS.scale) -> None:
        nonlocal total, count
        total = total + row * by
        count += 1

    for row in x:
        add(row)
    (lambda **options: options.pop("unused"))(unused=1)
    return total, count


def matching(x: Any) -> Any:
    point = Point(x, SETTINGS.sizes)
    match point:
        case Point(x=value, y={"small": 1 as small}):
            x = value + small
    match [Mode.SUM, *SETTINGS.sizes]:
        case [Mode.SUM, str(name)] if name:
            return x.sum()
        case _:
            return x.mean()


def exceptions(x: Any) -> Any:
    try:
        size = SETTINGS.sizes["large"]
    except KeyError as error:
        size = len(error.args)
    finally:
        x = x + 1
    with Scope() as scope, doubled([]) as values:
        x = x * values[0] + (1 if scope.open else 2)
    if (rank := x.ndim) == 2:
        x = x.T
    return x * size, rank


def containers(x: Any) -> Any:
    first, *rest = x
    rest.append(first)
    rest += [first * 2]
    kept = rest[1:]
    kept[0] = kept[0] + 1
    named = {f"row{i}": row for i, row in enumerate(kept)} | {"all": x}
    named["all"] += SETTINGS.scale
    del named["row1"]
    joined = rest + kept
    joined.pop()
    return named, len(joined), {v % 2 for v in (1, 2)} == {0, 1}


def transformations(x: Any) -> Any:
    def loss(w: Any, row: Any) -> Any:
        return jnp.sum(jnp.tanh(row * w) * SETTINGS.scale)

    def step(carry: Any, row: Any) -> tuple[Any, Any]:
        value, gradient = jax.value_and_grad(loss)(carry, row)
        return carry - 0.1 * gradient, value

    scan = functools.partial(lax.scan, step)
    carry, values = scan(jnp.ones(3), x)
    chosen = lax.switch(1, [lambda v: v, lambda v: v * SETTINGS.scale], carry)
    return carry, values, chosen, jax.vmap(Base(2.0).apply)(x)


@jax.custom_vjp
def clipped(x: Any) -> Any:
    return x * 2


clipped.defvjp(lambda x: (x * 2, x), lambda x, g: (jnp.clip(g, -1, 1),))


def own_derivatives(x: Any) -> Any:
    return jax.grad(lambda v: jnp.sum(clipped(v) * SETTINGS.scale))(x)


def arrays_of_numpy(x: Any) -> Any:
    mine = np.zeros(3, np.float32)
    mine[0] = 1.0
    mine += 2
    return x * SETTINGS.table + mine


@pytest.mark.parametrize(
    "function",
    [
        classes,
        generators,
        closures,
        matching,
        exceptions,
        containers,
        transformations,
        own_derivatives,
        arrays_of_numpy,
    ],
)
def test_the_language_is_pythons(function):
    is_one_kernel(function, X)


# --- What is read from outside --------------------------------------------------------------------


class Nested:
    def __init__(self) -> None:
        self.inner = Settings()


class Scaled:
    """An object whose operator is Python code, which reads another."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def __mul__(self, x: Any) -> Any:
        return x * self.settings.scale


def test_a_changed_attribute_is_seen_wherever_it_is_read():
    nested, settings = Nested(), Settings()

    def in_a_callback(x: Any) -> Any:
        return jax.vmap(lambda row: row * settings.scale)(x)

    def deep(x: Any) -> Any:
        return x * nested.inner.scale

    def of_an_operator(x: Any) -> Any:
        return Scaled(settings) * x

    def by_name(x: Any) -> Any:
        return x * getattr(settings, "scale", 1.0) + getattr(settings, "shift", 0.0)

    for function in (in_a_callback, deep, of_an_operator, by_name):
        jitted = xcs.jit(function)
        for settings.scale in (2.0, 3.0):
            nested.inner.scale = settings.scale
            np.testing.assert_array_equal(jitted(X), X * settings.scale)
        assert strategy(jitted) == "fused"
    settings.shift = 1.0  # type: ignore[attr-defined]
    np.testing.assert_array_equal(jitted(X), X * settings.scale + 1)


def test_a_changed_content_is_seen():
    settings = Settings()
    default = [1.0]

    def helper(x: Any, factors: list[float] = default) -> Any:
        return x * factors[0]

    @xcs.jit
    def reads(x):
        return helper(x) * settings.table + settings.sizes["small"]

    np.testing.assert_array_equal(reads(X), X * settings.table + 1)
    settings.table[0] = 5.0
    np.testing.assert_array_equal(reads(X), X * settings.table + 1)
    settings.sizes["small"] = 7
    np.testing.assert_array_equal(reads(X), X * settings.table + 7)
    default[0] = 2.0
    np.testing.assert_array_equal(reads(X), 2 * X * settings.table + 7)
    assert strategy(reads) == "fused"


def test_a_changed_receiver_of_a_method_is_seen():
    sizes = {"small": 1.0}
    look_up = sizes.get

    @xcs.jit
    def reads(x):
        return x * look_up("small")

    for sizes["small"] in (1.0, 2.0):
        np.testing.assert_array_equal(reads(X), X * sizes["small"])
    assert strategy(reads) == "fused"


def test_what_is_wrapped_around_a_jitted_function_is_called():
    @xcs.jit
    def doubled(x):
        return x * 2

    @functools.wraps(doubled)
    def shifted(x):
        return doubled(x) + SETTINGS.scale

    assert_same(xcs.jit(lambda x: shifted(x) * 1.0)(X), X * 2 + SETTINGS.scale)


def test_a_changed_method_is_seen(monkeypatch):
    layer = Base(3.0)
    jitted = xcs.jit(lambda x: Base(3.0).apply(x) + layer.weight)
    np.testing.assert_array_equal(jitted(X), X * 6 + 3)
    monkeypatch.setattr(Base, "apply", lambda self, x: x - self.weight)
    np.testing.assert_array_equal(jitted(X), X)


# --- What is no array code ------------------------------------------------------------------------


@xcs.op
def ask(number: int) -> int:
    LOG.append(number)
    return number


class Asking:
    """What it calls is known once it runs."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def __call__(self, x: Any) -> Any:
        return x * self.function(2)


class Stored:
    def __init__(self) -> None:
        self.last = 0
        self.items: list[int] = []


STORED = Stored()
ASKING = Asking(ask)


def hidden_in_an_object(x: Any) -> Any:
    return ASKING(x)


def hidden_in_a_map(x: Any) -> Any:
    return jax.vmap(ASKING)(x)


def handed_on(x: Any) -> Any:
    return x * sum(map(ask, [1, 2]))


def appended_by_another(x: Any) -> Any:
    list(map(LOG.append, [1, 2]))
    return jnp.sin(x)


def swallowed(x: Any) -> Any:
    try:
        return x * ask(2)
    except Exception:
        return x


def suppressed(x: Any) -> Any:
    with contextlib.suppress(Exception):
        x = x * ask(2)
    return x


def stores(x: Any) -> Any:
    STORED.last += 1
    LOG.append(STORED.last)
    return jnp.sin(x)


def appends_to_part(x: Any) -> Any:
    mine = Stored()
    mine.items = STORED.items
    mine.items += [1]
    LOG.append(len(STORED.items))
    return jnp.sin(x)


def writes(x: Any) -> Any:
    print("called")
    LOG.append("called")
    return jnp.sin(x) * SETTINGS.scale


def changes_an_argument(x: Any) -> Any:
    x["seen"] = x["a"] * SETTINGS.scale
    return x["seen"]


@pytest.mark.parametrize(
    "function",
    [
        hidden_in_an_object,
        hidden_in_a_map,
        handed_on,
        appended_by_another,
        swallowed,
        suppressed,
        stores,
        appends_to_part,
        writes,
    ],
)
def test_effects_happen_at_each_call(function):
    STORED.last, STORED.items = 0, []
    LOG.clear()
    wanted = [function(X) for _ in range(3)]
    effects = LOG[:]
    STORED.last, STORED.items = 0, []
    LOG.clear()
    jitted = xcs.jit(function)
    for value in wanted:
        np.testing.assert_allclose(jitted(X), value, rtol=1e-6)
    assert effects == LOG


def test_a_changed_argument_is_the_callers():
    given = {"a": X}
    xcs.jit(changes_an_argument)(given)
    np.testing.assert_array_equal(given["seen"], X * SETTINGS.scale)


def test_text_of_arrays_is_that_of_their_values():
    for function in (
        lambda x: f"{x.sum() * SETTINGS.scale}",
        lambda x: str(x.sum() * SETTINGS.scale),
    ):
        assert xcs.jit(function)(X) == function(X)


def test_an_error_that_only_tracing_raises_is_not_caught():
    def chooses(x: Any) -> Any:
        try:
            return x * SETTINGS.scale if x.sum() > 0 else x
        except Exception:
            return x * 100

    np.testing.assert_array_equal(xcs.jit(chooses)(X), X * SETTINGS.scale)


def test_files_are_read_at_each_call(tmp_path):
    path = tmp_path / "scale"

    @xcs.jit
    def reads(x):
        return x * float(path.read_text())

    for scale in (2.0, 3.0):
        path.write_text(str(scale))
        np.testing.assert_array_equal(reads(X), X * scale)


# --- Lines ----------------------------------------------------------------------------------------


def test_an_error_under_a_transformation_shows_the_users_line():
    def fails(x: Any) -> Any:
        return jnp.zeros((4, 5)) @ (x * SETTINGS.scale)  # this line

    with pytest.raises(TypeError) as caught:
        jax.grad(lambda x: xcs.jit(fails)(x).sum())(X)
    lines = [frame.line for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert any(line and line.endswith("# this line") for line in lines)


def test_equations_have_the_users_lines():
    text = jax.jit(xcs.jit(classes)).lower(X).as_text(debug_info=True)
    assert os.path.basename(__file__) in text
    assert "array_trace.py" not in text.replace(os.path.basename(__file__), "")
