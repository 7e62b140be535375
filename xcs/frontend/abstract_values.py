"""The abstract domain of effect analysis: which objects an expression may denote.

An object is abstracted by its *place*: where it was allocated, which parameter leads to it, or
which shared variable holds it. A value without any place is immutable. Places of fresh objects and
of parameters are relative to one activation; applying a callee's summary maps them to the caller's.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import fractions
import functools
import pathlib
import re
import types
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from xcs.frontend.analysis.resources import Resource
from xcs.frontend.names import FunctionNode

Path = tuple[str, ...]
"""A parameter's name, then names of attributes that lead on from it."""


@dataclass(frozen=True)
class Origin:
    """The variable that leads to an object, or an object that a callable holds: then no `space`."""

    space: Any = field(repr=False)
    """The namespace or cell of the variable."""
    name: str
    obj: Any = field(repr=False)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Origin) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def find(self) -> Any:
        """What is there now; raises LookupError or ValueError if the variable is unbound."""
        if self.space is None:
            return self.obj
        is_cell = isinstance(self.space, types.CellType)
        return self.space.cell_contents if is_cell else self.space[self.name]

    @property
    def _key(self) -> tuple[int, str, int]:
        return id(self.space), self.name, id(self.obj)


@dataclass(frozen=True)
class Place:
    """One abstract object, or all objects that one expression allocates."""

    kind: Literal["fresh", "param", "shared", "unknown"]
    name: Any
    """The allocating syntax (of a callee's objects: the call and that); the parameter's path; or
    the shared variable in words."""
    resource: Resource = "object"
    """What a shared object stands for: standard output is the console, `os.environ` the process."""
    origin: Origin | None = None
    """What leads to a shared object, where that is known."""


@dataclass(frozen=True)
class Part:
    """One of several objects that one piece of syntax allocates."""

    node: Any
    name: str


@dataclass(frozen=True)
class Ref:
    """An object that the analysis holds in its hands, compared by identity."""

    obj: Any

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ref) and self.obj is other.obj

    def __hash__(self) -> int:
        return id(self.obj)


@dataclass(frozen=True)
class Hint:
    """What an annotation or a constructor says of an object."""

    classes: tuple[type, ...] = ()
    """It is an instance of one of these, or of a class below one; nothing is known if empty."""
    items: Hint | None = None
    """The same of what is in it."""


@dataclass(frozen=True)
class Bound:
    """A method that was looked up on a value and not called yet."""

    receiver: Value
    name: str


@dataclass(frozen=True)
class Value:
    """What an expression may denote."""

    places: frozenset[Place] = frozenset()
    refs: frozenset[Ref] = frozenset()
    """All the objects it can be, where they are known; empty where they are not."""
    cls: type | None = None
    """The exact class, where it is known."""
    functions: frozenset[FunctionNode] = frozenset()
    """Functions and lambdas of the activation itself that it may be."""
    bound: Bound | None = None
    hint: Hint | None = None
    is_bottom: bool = False
    """No value at all, so far; None counts as such, since it has nothing to change or call."""

    @property
    def is_fresh(self) -> bool:
        """Made by this activation, so that nobody else can see it change."""
        return bool(self.places) and all(place.kind == "fresh" for place in self.places)

    @property
    def is_code(self) -> bool:
        """Certainly a function, class or module."""
        return bool(self.refs) and all(is_code(ref.obj) for ref in self.refs)

    def join(self, other: Value) -> Value:
        """What may be either."""
        if other.is_bottom or self is other:
            return self
        if self.is_bottom:
            return other
        if self._includes(other):
            return self
        refs = self.refs | other.refs if self.refs and other.refs else frozenset()
        return Value(
            self.places | other.places,
            refs if len(refs) <= MAX_REFS else frozenset(),
            self.cls if self.cls is other.cls else None,
            self.functions | other.functions,
            _join_bound(self.bound, other.bound),
            join_hints(self.told, other.told),
        )

    def _includes(self, other: Value) -> bool:
        """A cheap, sufficient test that joining ``other`` changes nothing."""
        return (
            other.places <= self.places
            and (self.cls is None or self.cls is other.cls)
            and (not self.refs or (bool(other.refs) and other.refs <= self.refs))
            and self.bound is None
            and other.functions <= self.functions
            and (self.told is None or join_hints(self.told, other.told) == self.told)
        )

    @property
    def told(self) -> Hint | None:
        """All that is known of its class."""
        return Hint((self.cls,)) if self.hint is None and self.cls is not None else self.hint

    def without_refs(self) -> Value:
        """The same value where it no longer matters which object it is."""
        return replace(self, refs=frozenset(), bound=None)


_MAX_CLASSES: Final = 4


def join_hints(first: Hint | None, second: Hint | None) -> Hint | None:
    """What holds of either; None if that says nothing."""
    if first == second or first is None or second is None:
        return first if first == second else None
    if not first.classes or not second.classes:
        return None
    classes = tuple(dict.fromkeys((*first.classes, *second.classes)))
    items = first.items if first.items == second.items else None
    return Hint(classes, items) if len(classes) <= _MAX_CLASSES else None


def _join_bound(first: Bound | None, second: Bound | None) -> Bound | None:
    """The same method of either receiver."""
    if first == second or first is None or second is None:
        return first if first == second else None
    if first.name != second.name:
        return None
    return Bound(first.receiver.join(second.receiver), first.name)


@dataclass(frozen=True)
class Shape:
    """What a callee is told of an argument, and of what its attributes hold."""

    refs: frozenset[Ref] = frozenset()
    cls: type | None = None
    immutable: bool = False
    closed: bool = False
    """``fields`` are all the attributes it has; otherwise nothing is known of them."""
    fields: frozenset[tuple[str, Shape]] = frozenset()
    hint: Hint | None = None


MAX_REFS: Final = 16
BOTTOM: Final = Value(is_bottom=True)
IMMUTABLE: Final = Value()
ARRAY_FUNCTION: Final = object()
"""Stands for whatever a JAX transformation returns: a function, or a tuple that holds some."""
UNKNOWN: Final = Value(frozenset({Place("unknown", "an object of unknown origin")}))

_CONSTANT_CLASSES: Final = (
    *(str, bytes, int, float, complex, bool, range, slice, type(None), type(...)),
    datetime.date,
    datetime.time,
    datetime.timedelta,
    datetime.tzinfo,
    decimal.Decimal,
    enum.Enum,
    fractions.Fraction,
    pathlib.PurePath,
    re.Pattern,
    re.Match,
    uuid.UUID,
)

MISSING: Final = object()
"""What a name stands for that nothing has."""

_CODE_CLASSES: Final = (
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    types.ClassMethodDescriptorType,
    type,
)


def is_constant(obj: Any) -> bool:
    """Whether an object can never change, nor anything reachable from it."""
    if type(obj) in (tuple, frozenset):
        return len(obj) <= 64 and all(map(is_constant, obj))
    return is_immutable_class(type(obj))


def is_code(obj: Any) -> bool:
    """Modules, classes and functions: shared, but not data that calls observe."""
    return isinstance(obj, _CODE_CLASSES)


@functools.lru_cache(maxsize=4096)
def is_immutable_class(cls: type | None) -> bool:
    """Whether instances of exactly this class hold no state that can change."""
    if cls is None:
        return False
    return issubclass(cls, _CONSTANT_CLASSES) or any(map(_is_array_constant, cls.__mro__))


def is_tracer(obj: Any) -> bool:
    """Whether it is an array that JAX is tracing: as immutable as the array that it stands for."""
    return _is_tracer_class(type(obj))


@functools.lru_cache(maxsize=4096)
def is_jax_array_class(cls: type) -> bool:
    """Recognised by name, so that JAX need not be imported."""
    name = cls.__name__.rpartition(".")[2]
    array = (cls.__module__, name) in (("jaxlib._jax", "ArrayImpl"), ("jax", "Array"))
    return array or _is_tracer_class(cls)


def _is_tracer_class(cls: type) -> bool:
    return any(c.__name__ == "Tracer" and c.__module__ == "jax._src.core" for c in cls.__mro__)


def _is_array_constant(cls: type) -> bool:
    """Whether it is a class of constants of JAX or NumPy; by name, as they need not be imported."""
    package = cls.__module__.partition(".")[0]
    return cls.__name__.rpartition(".")[2] in _ARRAY_CONSTANTS.get(package, ())


_JAX_CONSTANTS: Final = frozenset(
    {"AbstractMesh", "Array", "CClass", "ConvDimensionNumbers", "Device", "Mesh"}
    | {"GatherDimensionNumbers"}
    | {"NamedSharding", "P", "PRNGKeyArray", "PyTreeDef", "RClass", "RaggedDotDimensionNumbers"}
    | {"ScatterDimensionNumbers", "ShapeDtypeStruct", "SingleDeviceSharding", "_Mgrid", "_Ogrid"}
)
_ARRAY_CONSTANTS: Final = {
    "jax": _JAX_CONSTANTS,
    "jaxlib": _JAX_CONSTANTS | {"ArrayImpl"},
    "numpy": frozenset({"IndexExpression", "dtype", "generic"}),
}


def known(obj: Any, place: Place) -> Value:
    """The value of an object that is in hand, found at ``place``."""
    if obj is None:
        return BOTTOM
    places = frozenset() if is_constant(obj) or is_tracer(obj) else frozenset({place})
    return Value(places, frozenset({Ref(obj)}), type(obj))


def constant(obj: Any) -> Value:
    """A literal."""
    return BOTTOM if obj is None else Value(cls=type(obj), refs=frozenset({Ref(obj)}))


def fresh(name: Any, cls: type | None = None) -> Value:
    """An object that the syntax ``name`` allocates."""
    return Value(frozenset({Place("fresh", name)}), cls=cls)


def shared(label: str, resource: Resource = "object", origin: Origin | None = None) -> Place:
    """The place of an object that lives outside the activation."""
    return Place("shared", label, resource, origin)


def join(values: Iterable[Value]) -> Value:
    """What may be any of them."""
    return functools.reduce(Value.join, values, BOTTOM)
