"""What people are shown of the inputs of a failed op: short, cheap, and without secrets."""

from __future__ import annotations

import collections
import dataclasses
import enum
from array import array
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from xcs.runtime.describe import MAX_INPUT, describe, describe_inputs, is_secret, parameter_names


class Point(NamedTuple):
    x: int
    y: int


@dataclasses.dataclass
class Settings:
    url: str
    api_key: str
    cache: Any = dataclasses.field(default=None, repr=False)


class Colour(enum.Enum):
    RED = 1


@pytest.mark.parametrize(
    "value",
    [
        None, True, 3, -2.5, 1j, "text", b"bytes", bytearray(b"x"), [], [1, "a"], (), (1,), (1, 2),
        {}, {"a": [1]}, set(), {1}, frozenset(), frozenset({1}), range(3), slice(1, 2), Colour.RED,
        Point(1, 2), collections.deque([1]), collections.OrderedDict(a=1), [[["deep"]]], "it's",
        SimpleNamespace(a=1), ValueError("x"), int, len,
    ],
    ids=repr,
)  # fmt: skip
def test_small_values_are_shown_as_their_repr(value: Any) -> None:
    expected = repr(value)
    if isinstance(value, collections.OrderedDict):
        expected = "OrderedDict({'a': 1})"  # as from Python 3.12 on
    if isinstance(value, SimpleNamespace):
        expected = "SimpleNamespace(a=1)"
    assert describe(value) == expected


def test_values_without_end_are_cut() -> None:
    nested: list[Any] = []
    nested.append(nested)
    for value in (
        "x" * 10_000, list(range(10_000)), dict.fromkeys(range(1000), "y" * 1000), nested,
        [["z" * 100] * 100] * 100, 10**5000, collections.Counter("abcdefghijk"),
        Settings("u" * 999, ""),
    ):  # fmt: skip
        assert len(describe(value)) <= MAX_INPUT
    assert describe(list(range(100))) == "[0, 1, 2, 3, 4, 5, ...]"
    assert describe("a" * 500 + "b").startswith("'aaaa")
    assert describe("a" * 500 + "b").endswith("ab'")
    assert describe(10**5000) == "<int of 16610 bits>"


class Loud:
    """An element whose use is noticed."""

    shown = 0

    def __repr__(self) -> str:
        Loud.shown += 1
        return "loud"


def test_what_is_not_shown_is_not_made() -> None:
    class Text(bytes):
        def __repr__(self) -> str:
            raise AssertionError("all of it")

        __repr__ = bytes.__repr__  # type: ignore[assignment]  # noqa: F811

    Loud.shown = 0
    big = b"x" * 50_000_000
    holder = dataclasses.make_dataclass("Holder", ["data"])(big)
    for value in (
        big,
        Text(big),
        bytearray(big),
        [big],
        {"a": big},
        holder,
        SimpleNamespace(b=big),
    ):
        assert "..." in describe(value)
    assert describe(array("d", [0.0] * 1_000_000)) == "array of 1000000"
    assert describe(dict.fromkeys(range(9)).values()) == "dict_values of 9"
    describe([Loud() for _ in range(1000)])
    describe({i: Loud() for i in range(1000)})
    assert Loud.shown == 12


def test_sets_are_not_sorted() -> None:
    class Unordered:
        def __lt__(self, other: object) -> bool:
            raise AssertionError("compared")

    assert describe({Unordered() for _ in range(3)}).startswith("{<")


def test_arrays_are_shown_by_shape() -> None:
    assert describe(np.ones((2, 3), np.float32)) == "ndarray(float32[2, 3])"


class Hostile:
    @property
    def shape(self) -> tuple[int, ...]:
        raise RuntimeError("no shape")

    @property
    def dtype(self) -> str:
        raise RuntimeError("no dtype")


class Dynamic:
    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(f"no {name}")

    def __repr__(self) -> str:
        return "dynamic"


class Silent:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")


def test_values_that_cannot_be_shown_are_named_by_their_class() -> None:
    assert describe(Hostile()) == "<Hostile>"
    assert describe(Silent()) == "<Silent>"
    assert describe([1, Silent()]) == "[1, <Silent>]"
    assert describe(Dynamic()) == "dynamic"


# --- Secrets ---


@pytest.mark.parametrize(
    "name",
    [
        "api_key", "apikey", "OPENAI_API_KEY", "X-Api-Key", "apiKey", "password", "db_password",
        "token", "auth_token", "accessToken", "secret", "client_secret", "Authorization", "auth",
        "credentials", "private_key", "Cookie", "passwd", "secret_name",
    ],
)  # fmt: skip
def test_secret_names(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "key",
        "max_tokens",
        "tokens",
        "tokenizer",
        "token_count",
        "author",
        "prompt",
        "keys",
        "x",
        "",
    ],
)
def test_names_that_are_no_secret(name: str) -> None:
    assert not is_secret(name)


def ask(api_key: str, prompt: str) -> None: ...


def test_values_named_like_secrets_are_hidden() -> None:
    key = "hunter2hunter2"
    assert describe_inputs(["api_key"], [1, key]) == ("1", "api_key=<hidden>")
    assert describe_inputs([], [key, "q"], parameter_names(ask)) == ("api_key=<hidden>", "'q'")
    shown = [
        {"headers": {"Authorization": f"Bearer {key}", "Accept": "*"}},
        Settings("http://x", key),
        SimpleNamespace(token=key, n=1),
        f'{{"api_key": "{key}", "n": 1}}',
        f"client(password='{key}', retries=3)",
        f"Authorization: Bearer {key}",
    ]
    for value in shown:
        assert key not in describe(value)
        assert "<hidden>" in describe(value)
    assert describe(shown[0]) == "{'headers': {'Authorization': <hidden>, 'Accept': '*'}}"
    assert "retries=3" in describe(shown[4])


def test_keys_of_known_shapes_are_hidden_wherever_they_stand() -> None:
    assert describe("use sk-abcdefghijklmnopqrstuvwxyz please") == "'use <hidden> please'"


def test_a_secret_that_is_missing_is_shown() -> None:
    assert describe_inputs(["api_key"], [None]) == ("api_key=None",)
    assert describe({"token": None, "max_tokens": 5}) == "{'token': None, 'max_tokens': 5}"


def test_parameter_names_of_callables_that_do_not_say() -> None:
    class Odd:
        @property
        def __signature__(self) -> Any:
            raise RuntimeError("no signature")

        def __call__(self, *args: Any) -> None: ...

    assert parameter_names(Odd()) == ()
    assert parameter_names(ask) == ("api_key", "prompt")
    assert parameter_names(dict) == ()


def test_unpacked_and_many_inputs() -> None:
    assert describe_inputs(["**"], [{"a": 1}]) == ("**{'a': 1}",)
    assert describe_inputs([], range(10))[-1] == "... 2 more"
