"""Calls whose arguments are arrays only in part: arrays go to `jax.jit`, the rest chooses a form.

Modules hold functions and settings beside their weights, and `jax.jit` takes no such leaves. Here
each leaf is looked at: arrays and numbers are data, everything else is part of the program.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import jax

from xcs.frontend.arguments import (
    NUMBERS,
    Function,
    Identity,
    array_class,
    is_array_leaf,
    leaf_key,
    static_key,
)
from xcs.frontend.array_trace import NotArrays, Staged

MAX_FORMS = 128
"""Forms kept for one function; the oldest goes first."""
MAX_VALUES = 16
"""Forms that differ in values only, which nobody chose to be static, until the function is taken
for one that is called with ever new ones."""


ByChoice = Callable[[int | str, int], bool]
"""Whether an argument was chosen: by its position or name, and the number of positional ones."""


Bind = Callable[[Any, Any], Mapping[str, Any]]
"""Gives each parameter of a call its argument."""


@dataclass(frozen=True)
class Whole:
    """A whole argument that the caller chose to be static."""

    name: str
    value: Any


@dataclass(frozen=True, eq=False)
class _Part:
    """One argument of a form: its keyword, its structure, and its leaves that are no data.

    `constants` has such a leaf in a tuple, and None in the place of data.
    """

    keyword: str | None
    tree: Any
    constants: tuple[tuple[Any] | None, ...]

    def rebuild(self, data: Iterator[Any]) -> Any:
        value = self.tree.unflatten([next(data) if c is None else c[0] for c in self.constants])
        return value.value if type(value) is Whole else value


@dataclass(frozen=True, eq=False)
class Form:
    """One structure of arguments, with the leaves that are no data. It is hashed by identity.

    `donated` says of each of the data whether it may be overwritten.
    """

    parts: tuple[_Part, ...]
    donated: tuple[bool, ...]
    donates: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "donates", any(self.donated))

    def rebuild(self, kept: Sequence[Any], donated: Sequence[Any]) -> tuple[Any, dict[str, Any]]:
        """The arguments, given the data."""
        rest, overwritten = iter(kept), iter(donated)
        data = iter([next(overwritten if d else rest) for d in self.donated])
        values = [(part.keyword, part.rebuild(data)) for part in self.parts]
        args = tuple(value for keyword, value in values if keyword is None)
        return args, {keyword: value for keyword, value in values if keyword is not None}


class ByLeaf:
    """A function that is called through `jitted`, which takes a form and the data.

    `is_static` and `is_donated` say of an argument what the caller chose. Numbers are data, unless
    they are in an argument with other leaves that are none: those of a module are its settings.
    With `static_numbers` none are.
    """

    def __init__(
        self,
        jitted: Callable[..., Any],
        is_static: ByChoice | None,
        is_donated: ByChoice | None,
        bind: Bind,
        *,
        static_numbers: bool,
    ) -> None:
        self.jitted = jitted
        self._bind = bind
        self.passed: Mapping[str, Any] = {}
        """Keywords to pass on."""
        self._is_static, self._is_donated = is_static, is_donated
        self._static_numbers = static_numbers
        self._forms: OrderedDict[tuple[Any, ...], Form] = OrderedDict()
        self._values: dict[Any, set[Any]] = {}

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        form, kept, donated = self._taken(args, kwargs)
        result = self.jitted(form, kept, donated, **self.passed)
        return finished(result, lambda: self._bind(args, kwargs))

    def trace(self, args: Any, kwargs: Any) -> jax.stages.Traced:
        """What `jax.jit` traces for such arguments."""
        form, kept, donated = self._taken(args, kwargs)
        return self.jitted.trace(form, kept, donated, **self.passed)  # type: ignore[attr-defined]

    def _taken(self, args: Any, kwargs: Any) -> tuple[Form, Sequence[Any], Sequence[Any]]:
        """The form of such arguments, and their data: what is kept, and what is donated."""
        if self._is_static is not None:
            args, kwargs = _with_whole(args, kwargs, self._is_static)
        data: list[Any] = []
        key: list[Any] = []
        for value in args:
            self._take(value, data, key)
        for name, value in kwargs.items():
            key.append(name)
            self._take(value, data, key)
        form = self._forms.get(tuple(key))
        if form is None:
            form = self._new_form(tuple(key), args, kwargs)
        if not form.donates:
            return form, data, ()
        kept = [value for value, donated in zip(data, form.donated, strict=True) if not donated]
        given = [value for value, donated in zip(data, form.donated, strict=True) if donated]
        return form, kept, given

    def _take(self, value: Any, data: list[Any], key: list[Any]) -> None:
        """Add the data of an argument, and what else there is to it."""
        if type(value) is array_class():
            data.append(value)
            key.append(None)
            return
        leaves, tree = jax.tree_util.tree_flatten(value)
        key.append(tree)
        if not self._static_numbers and all(map(is_array_leaf, leaves)):
            data += leaves
            return
        for leaf in leaves:
            if _is_array(leaf):
                data.append(leaf)
                key.append(None)
            else:
                key.append(_constant_key(leaf))

    def _new_form(self, key: tuple[Any, ...], args: Any, kwargs: Any) -> Form:
        given = [*((None, value) for value in args), *kwargs.items()]
        parts = tuple(self._part(name, value) for name, value in given)
        self._count_values(key)
        form = self._forms[key] = Form(parts, self._donated(parts))
        if len(self._forms) > MAX_FORMS:
            self._forms.popitem(last=False)
        return form

    def _part(self, keyword: str | None, value: Any) -> _Part:
        leaves, tree = jax.tree_util.tree_flatten(value)
        if not self._static_numbers and all(map(is_array_leaf, leaves)):
            return _Part(keyword, tree, (None,) * len(leaves))
        constants = (None if _is_array(leaf) else (leaf,) for leaf in leaves)
        return _Part(keyword, tree, tuple(constants))

    def _count_values(self, key: tuple[Any, ...]) -> None:
        """Raises `NotArrays` if something that nobody chose to be static is ever a new value."""
        alike = tuple(_VALUE if _is_value(part) else part for part in key)
        for place, part in enumerate(key):
            if _is_value(part):
                values = self._values.setdefault((alike, place), set())
                values.add(part)
                if len(values) > MAX_VALUES:
                    shown = repr(part[1] if isinstance(part, tuple) else part)[:60]
                    raise NotArrays(
                        f"it has been called with {MAX_VALUES} values that are no arrays in the "
                        f"place of {shown}, each of which would be compiled for itself"
                    )

    def _donated(self, parts: tuple[_Part, ...]) -> tuple[bool, ...]:
        chosen, count = self._is_donated, sum(part.keyword is None for part in parts)
        if chosen is None:
            return tuple(False for part in parts for c in part.constants if c is None)
        places = [i if part.keyword is None else part.keyword for i, part in enumerate(parts)]
        return tuple(
            chosen(place, count)
            for place, part in zip(places, parts, strict=True)
            for c in part.constants
            if c is None
        )


def finished(result: Any, bind: Callable[[], Mapping[str, Any]]) -> Any:
    """What the function returns, given what `jax.jit` does; `bind` gives its arguments."""
    return result.finished(bind) if type(result) is Staged else result


class Finished:
    """A `jax.jit` function whose results are not all arrays."""

    def __init__(self, jitted: Callable[..., Any], bind: Bind) -> None:
        self.jitted = jitted
        self._bind = bind
        self.passed: Mapping[str, Any] = {}
        """Keywords to pass on."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        result = self.jitted(*args, **self.passed, **kwargs)
        return finished(result, lambda: self._bind(args, kwargs))


_VALUE = object()


def _is_value(part: Any) -> bool:
    """Whether a part of a key is a value that stands for itself alone."""
    return type(part) is tuple or isinstance(part, Identity | Function)


@dataclass(frozen=True)
class _ChosenKey:
    """The key of an argument that the caller chose to be static, of any number of values."""

    key: Any


def _constant_key(leaf: Any) -> Any:
    if type(leaf) is Whole:
        return _ChosenKey((type(leaf.value), static_key(leaf.value, leaf.name)))
    return leaf_key(leaf)


def _is_array(leaf: Any) -> bool:
    """Whether a leaf is data where numbers are not."""
    return type(leaf) not in NUMBERS and is_array_leaf(leaf)


def _with_whole(args: Any, kwargs: Any, is_static: ByChoice) -> tuple[Any, dict[str, Any]]:
    """The arguments, with those that the caller chose to be static marked as such."""
    count = len(args)
    wrap = lambda place, value: Whole(str(place), value) if is_static(place, count) else value
    named = {name: wrap(name, value) for name, value in kwargs.items()}
    return tuple(wrap(place, value) for place, value in enumerate(args)), named
