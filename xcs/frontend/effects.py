"""What a Python function does to the world: interprocedural effect analysis of its syntax tree.

Each function is interpreted in the abstract, once per context, until nothing new is found. Names
are resolved to the very objects in its globals and closure, and so are attributes and methods of
those; so a call is either recognised by a detector, or followed, or unknown, and the unknown is
ordered. The result is a ``Summary`` in terms of the function's parameters, which each caller
applies to its own values.

Four assumptions keep ordinary code analysable; each is what a reader of the code would assume:

* arithmetic, comparison, indexing and formatting of objects of unknown class have no side effects;
* a method of a builtin's name (``strip``, ``items``, ``append``) on an object of unknown class does
  what the builtin does;
* ``x.at[i].set(v)`` on such an object gives a new array, as in JAX;
* annotations of parameters with builtin classes are true.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from xcs.frontend.abstract_values import IMMUTABLE, Ref, Shape
from xcs.frontend.array_packages import is_of_array_package
from xcs.frontend.classification import Classification, tensor
from xcs.frontend.detectors import registry
from xcs.frontend.interpretation.lookup import is_generated
from xcs.frontend.interpretation.statements import Activation
from xcs.frontend.interpretation.summary import Summary, unknown_summary
from xcs.frontend.source import FunctionSource, function_source, is_library

MAX_STEPS: Final = 40_000
"""Statements and expressions visited for one question, before the answer is "too large"."""
MAX_LIBRARY_STEPS: Final = 10_000
"""The same for one call from user code into a library."""
MAX_DEPTH: Final = 20
"""Calls followed into one another."""
_MAX_MEMO: Final = 4096

_GENERATED_READERS: Final = frozenset(
    {
        "__eq__",
        "__lt__",
        "__le__",
        "__gt__",
        "__ge__",
        "__hash__",
        "__repr__",
        "_replace",
        "_asdict",
    }
)

Context = Mapping[str, Shape]
Key = tuple[Ref, frozenset[tuple[str, Shape]]]

_memo: dict[Key, Summary] = {}
"""Summaries of library functions, which every question may meet again."""


class TooLarge(Exception):
    """The budget of steps is spent."""


class Analysis:
    """One question: the functions visited for it, and what is left of its budget.

    In `array_code`, calls back into Python are what JAX makes of them: no effects of the function.
    What packages that are built on JAX do is not looked at: that is seen as it happens.
    """

    def __init__(self, *, array_code: bool = False) -> None:
        self.array_code = array_code
        self._steps = 0
        self._limit = MAX_STEPS
        self._finished: dict[Key, Summary] = {}
        self._assumed: dict[Key, Summary] = {}
        self._stack: list[Key] = []
        self._lowest_assumption = sys.maxsize
        self._recognised: dict[Ref, Classification | None] = {}

    def summarise(self, fn: types.FunctionType, context: Context) -> Summary:
        """The summary of a function whose parameters are known as far as ``context`` says."""
        key = (Ref(fn), frozenset(context.items()))
        if (found := self._remembered(key)) is not None:
            return found
        if key in self._assumed:
            self._lowest_assumption = min(self._lowest_assumption, self._stack.index(key))
            return self._assumed[key]
        source = function_source(fn)
        if source is None:
            return _without_source(fn)
        if len(self._stack) >= MAX_DEPTH:
            return unknown_summary(f"{fn.__qualname__} is too large to analyse: calls nest deeply")
        if self._enters_library(fn):
            return self._within_library_budget(fn, source, context, key)
        return self._settle(fn, source, context, key)

    def step(self, count: int = 1) -> None:
        """Count visits. Raises ``TooLarge`` when the budget is spent."""
        self._steps += count
        if self._steps > self._limit:
            raise TooLarge

    def recognise(self, obj: Any) -> Classification | None:
        """What the detectors say, asked once per object."""
        if isinstance(obj, types.MethodType | types.BuiltinMethodType | types.MethodWrapperType):
            return self._recognise(obj)
        ref = Ref(obj)
        if ref not in self._recognised:
            self._recognised[ref] = self._recognise(obj)
        return self._recognised[ref]

    def _recognise(self, obj: Any) -> Classification | None:
        found = registry.recognise(obj)
        if found is None and self.array_code and is_of_array_package(obj):
            return _OF_ARRAY_PACKAGE
        return found

    def _remembered(self, key: Key) -> Summary | None:
        found = self._finished.get(key)
        if found is None:
            found = None if self.array_code else _memo.get(key)
            if found is not None and not found.holds():
                return None
        return found

    def _settle(
        self, fn: types.FunctionType, source: FunctionSource, context: Context, key: Key
    ) -> Summary:
        """Analyse again while a recursive function's own summary changes what it is made from."""
        position = len(self._stack)
        outer, self._lowest_assumption = self._lowest_assumption, sys.maxsize
        self._stack.append(key)
        self._assumed[key] = Summary()
        try:
            while True:
                summary = Activation(self, fn, source, context).run()
                recursive = self._lowest_assumption <= position
                if not recursive or summary.facts() == self._assumed[key].facts():
                    break
                self._assumed[key] = summary
        finally:
            self._stack.pop()
            del self._assumed[key]
            lowest = self._lowest_assumption
            self._lowest_assumption = min(outer, lowest if lowest < position else outer)
        summary.blocking |= lowest == position
        if lowest >= position:  # Otherwise it rests on a caller's summary, which is unfinished.
            self._remember(fn, key, summary)
        return summary

    def _remember(self, fn: types.FunctionType, key: Key, summary: Summary) -> None:
        self._finished[key] = summary
        if self.array_code:
            return
        if fn.__closure__ is None and is_library(fn.__code__.co_filename):
            if len(_memo) >= _MAX_MEMO:
                _memo.clear()
            _memo[key] = summary

    def _enters_library(self, fn: types.FunctionType) -> bool:
        """Whether this is a call from user code into a library."""
        if not self._stack or not is_library(fn.__code__.co_filename):
            return False
        return not any(is_library(key[0].obj.__code__.co_filename) for key in self._stack)

    def _within_library_budget(
        self, fn: types.FunctionType, source: FunctionSource, context: Context, key: Key
    ) -> Summary:
        """A library that is too large must not use up what the user's own code needs."""
        previous, depth = self._limit, len(self._stack)
        self._limit = min(previous, self._steps + MAX_LIBRARY_STEPS)
        try:
            return self._settle(fn, source, context, key)
        except (TooLarge, RecursionError):
            if self._steps > previous:
                raise
            del self._stack[depth:]
            summary = unknown_summary(f"{fn.__qualname__} is too large to analyse")
            self._remember(fn, key, summary)
            return summary
        finally:
            self._limit = previous


_OF_ARRAY_PACKAGE: Final = replace(tensor("its package requires JAX"), higher_order=True)


def _without_source(fn: types.FunctionType) -> Summary:
    """Generated functions: those that dataclasses and named tuples get are known."""
    if is_generated(fn) and fn.__name__ in _GENERATED_READERS:
        return Summary(has_source=False, returns=IMMUTABLE)
    names = fn.__code__.co_varnames[: fn.__code__.co_argcount]
    return unknown_summary(f"the source of {fn.__qualname__} is not available", names)
