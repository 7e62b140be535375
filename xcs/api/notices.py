"""What a jitted function tells people: array code that is left to Python, and recompilation."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import jax
from jax.core import Tracer

from xcs.runtime import XCSError

MAX_COMPILATIONS = 32
"""Compilations of one function, beyond which a warning says why there are so many."""


class NotCompiledWarning(UserWarning):
    """Array code runs as plain Python, or as JAX call by call; the message says where and why."""


class RecompiledWarning(UserWarning):
    """A function is compiled again and again; the message says what has changed the last time."""


class NotDonatedWarning(UserWarning):
    """Arguments were to be donated to a function that is more than array code."""


class NotCompiledError(XCSError):
    """The same as `NotCompiledWarning`, under ``Config(require="compiled")``."""


class Notices:
    """What is to be said about one function, each thing once."""

    def __init__(self, name: str, place: tuple[str, int], *, is_required: bool) -> None:
        self.name = name
        self._place = place
        self.not_compiled: str | None = None
        """Where and why array code is left to plain Python or plain JAX, as of the last call."""
        self.times_not_compiled = 0
        """How often array code was left to plain Python or plain JAX."""
        self.compilations = 0
        self.recompiled: str | None = None
        """Why the function was compiled again the last time."""
        self.is_required = is_required
        self._said: set[type[Warning]] = set()
        self._known: dict[str, str] = {}

    def left_to_python(self, reason: str) -> None:
        """Array code is not compiled. Raises `NotCompiledError` where it has to be."""
        self.not_compiled = reason
        self.times_not_compiled += 1
        if self.is_required:
            raise NotCompiledError(f"{self.name} is not compiled: {reason}")
        self._say(
            NotCompiledWarning,
            f"array code in {self.name} is not compiled: {reason}. Its explain method tells more; "
            f"xcs.Config(require='compiled') makes this an error",
        )

    def not_donated(self) -> None:
        """Arrays that were to be donated are kept, since more than array code may need them."""
        self._say(
            NotDonatedWarning,
            f"{self.name} is not array code alone, so that arrays that are donated to it are kept",
        )

    def compiled_for(self, described: Mapping[str, str], changed: str | None = None) -> None:
        """The function is compiled for such arguments, because of what has changed if that is said.

        `described` has the kinds of the leaves of the arguments, or their values.
        """
        self.compilations += 1
        why = changed or _difference(self._known, described)
        self._known = dict(described)
        if self.compilations == 1:
            return
        self.recompiled = why or "it is called in another context"
        if self.compilations > MAX_COMPILATIONS:
            self._say(
                RecompiledWarning,
                f"{self.name} has been compiled {self.compilations} times, the last time because "
                f"{self.recompiled}",
            )

    def _say(self, kind: type[Warning], message: str) -> None:
        if kind not in self._said:
            self._said.add(kind)
            path, line = self._place
            warnings.warn_explicit(message, kind, path, line)


def _difference(before: Mapping[str, str], now: Mapping[str, str]) -> str | None:
    for name, kind in now.items():
        was = before.get(name)
        if was is None:
            return f"{name} is new among its arguments"
        if was != kind:
            return f"{name} was {was} and is {kind}"
    gone = next((name for name in before if name not in now), None)
    return f"{gone} is no longer among its arguments" if gone is not None else None


def described_arguments(arguments: Mapping[str, Any]) -> dict[str, str]:
    """The kinds of the leaves of arguments, and the values of those that are no arrays."""
    found: dict[str, str] = {}
    for name, value in arguments.items():
        for path, leaf in jax.tree_util.tree_leaves_with_path(value):
            shown = leaf.aval.str_short() if isinstance(leaf, Tracer) else repr(leaf)
            found[f"{name}{jax.tree_util.keystr(path)}"] = shown[:60]
    return found
