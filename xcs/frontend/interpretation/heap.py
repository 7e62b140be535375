"""One activation's variables, abstract objects and effects: all that interpretation changes."""

from __future__ import annotations

import ast
import os
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from xcs.frontend.abstract_values import (
    ARRAY_FUNCTION,
    BOTTOM,
    IMMUTABLE,
    MAX_REFS,
    UNKNOWN,
    Bound,
    Path,
    Place,
    Ref,
    Shape,
    Value,
    fresh,
    is_code,
    is_constant,
    join,
    known,
    shared,
)
from xcs.frontend.analysis.resources import PURE, Resource
from xcs.frontend.interpretation.hints import annotated, hinted
from xcs.frontend.interpretation.lookup import is_harmless, is_python_class, remembers
from xcs.frontend.interpretation.summary import (
    CHANGES,
    READS,
    Effect,
    Mutation,
    Summary,
    change_of,
    read_of,
)
from xcs.frontend.names import FunctionNode, local_names, parameters
from xcs.frontend.shared_state import Scope, shared_state
from xcs.frontend.source import FunctionSource, SourceFile, is_library

if TYPE_CHECKING:
    from xcs.frontend.effects import Analysis

ITEMS: Final = "[]"
"""The field of items at unknown positions; those of a display are at ``[0]``, ``[1]``, ..."""
KEYS: Final = "[keys]"
"""The field of a dictionary's keys, which iterating gives, and indexing does not."""
ANY: Final = "*"
"""The field of what may be anywhere in an object."""

_MAX_FIELDS: Final = 24
_MAX_DEPTH: Final = 2


@dataclass(frozen=True)
class Variable:
    """A variable from outside the function, and the file whose code may change it."""

    label: str
    name: str
    file: SourceFile | None
    scope: Scope = None
    """The enclosing function that binds it; None for a module's global."""
    resource: Resource = "object"


@dataclass(frozen=True)
class Frame:
    """One call: the values of the callee's parameters, and what they stand for in its places."""

    node: ast.AST
    bound: Mapping[str, Value]
    closed: frozenset[Path] = frozenset()
    """Parameters whose attributes the callee was told one by one."""
    imported: dict[Path, Value] = field(default_factory=dict)


class Heap:
    """The state that interpreting a function builds up. It only ever grows, so it settles."""

    def __init__(
        self,
        analysis: Analysis,
        fn: types.FunctionType,
        source: FunctionSource,
        context: Mapping[str, Shape],
    ) -> None:
        self.analysis = analysis
        self.fn = fn
        self.source = source
        self.root: FunctionNode = source.node
        self.file: SourceFile = source.file
        self.summary = Summary()
        self.scope: FunctionNode = source.node
        self.comprehensions: list[tuple[ast.AST, frozenset[str]]] = []
        self.changed = False
        self.settled = False
        self.cells = dict(zip(fn.__code__.co_freevars, fn.__closure__ or (), strict=False))
        self._loops = 0
        self._env: dict[tuple[ast.AST, str], Value] = {}
        self._objects: dict[Place, dict[str, Value]] = {}
        self._given: dict[Place, dict[str, Value]] = {}
        """What closed parameters held at the call; other parameters may hold anything."""
        for arg in parameters(self.root.args):
            self._env[self.root, arg.arg] = self._parameter(arg, context.get(arg.arg))

    # Parameters

    def _parameter(self, arg: ast.arg, shape: Shape | None) -> Value:
        args = self.root.args
        if arg is args.vararg or arg is args.kwarg:
            collected = fresh(arg, tuple if arg is args.vararg else dict)
            self.hold(collected, Value(frozenset({Place("param", (arg.arg,))})))
            return collected
        hint = annotated(arg.annotation, self.fn.__globals__, self.file)
        if shape is not None:
            value = self._shaped((arg.arg,), shape)
            unsaid = value.hint is None and value.cls is None and not value.refs
            return replace(value, hint=hint) if unsaid and value.places else value
        return hinted(Value(frozenset({Place("param", (arg.arg,))})), hint)

    def _shaped(self, path: Path, shape: Shape) -> Value:
        if shape.immutable:
            return Value(frozenset(), shape.refs, shape.cls, hint=shape.hint)
        place = Place("param", path)
        if shape.closed:
            self._given[place] = {
                name: self._shaped((*path, name), inner) for name, inner in shape.fields
            }
        return Value(frozenset({place}), shape.refs, shape.cls, hint=shape.hint)

    def shape(self, value: Value, depth: int = 0) -> Shape | None:
        """What a callee is told of an argument; None if there is nothing to tell."""
        immutable = not value.places and not value.functions and value.bound is None
        closed = depth < _MAX_DEPTH and self._is_closed(value)
        fields: dict[str, Shape] = {}
        if closed:
            for name in self._field_names(value):
                held = self.read_field(value, name)
                if not held.is_bottom:
                    fields[name] = self.shape(held, depth + 1) or Shape()
            closed = len(fields) <= _MAX_FIELDS and ANY not in fields
        plain = value.refs and all(type(ref.obj) in (str, int, float, bool) for ref in value.refs)
        shape = Shape(
            frozenset() if plain else value.refs,
            value.cls,
            immutable,
            closed,
            frozenset(fields.items()) if closed else frozenset(),
            value.hint,
        )
        return None if shape == Shape() else shape

    def _is_closed(self, value: Value) -> bool:
        if value.cls is None or value.refs or not value.places or not is_python_class(value.cls):
            return False
        return all(place.kind == "fresh" or place in self._given for place in value.places)

    def _field_names(self, value: Value) -> list[str]:
        names: dict[str, None] = {}
        for place in value.places:
            names |= dict.fromkeys(self._given.get(place, ()))
            names |= dict.fromkeys(self._objects.get(place, ()))
        return list(names)

    # Variables

    def variable(self, binder: ast.AST, name: str) -> Value:
        """The value of a local variable; what was never assigned is unknown in the end."""
        found = self._env.get((binder, name))
        if found is None:
            return UNKNOWN if self.settled else BOTTOM
        return found

    def assign(self, binder: ast.AST, name: str, value: Value) -> None:
        """A local variable may also have this value."""
        old = self._env.get((binder, name))
        new = value if old is None else old.join(value)
        if new != old:
            self._env[binder, name] = new
            self.changed = True

    def result_of(self, function: FunctionNode) -> Value:
        """What a function of this activation has been seen to return."""
        return self._env.get((function, "return"), BOTTOM)

    def binder(self, name: str) -> ast.AST | None:
        """The scope inside this activation that binds a name; None if it comes from outside."""
        for node, names in reversed(self.comprehensions):
            if name in names:
                return node
        scope: Scope = self.scope
        while scope is not None:
            if name in local_names(scope):
                return scope
            if scope is self.root:
                return None
            scope = self.file.enclosing.get(scope)
        return None

    def outside(self, name: str) -> Variable:
        """The free variable of this name."""
        if name in self.cells:
            scope = self.source.scope_binding(name)
            return Variable(f"closure variable {name!r}", name, self.file, scope)
        return Variable(f"global {name!r}", name, self.file)

    # Objects

    def hold(self, holder: Value, held: Value, name: str = ITEMS) -> None:
        """An object may now hold another, in a field."""
        if held.is_bottom:
            return
        for place in holder.places:
            fields = self._objects.setdefault(place, {})
            old = fields.get(name, BOTTOM)
            new = old.join(held)
            if new != old:
                fields[name] = new
                self.changed = True

    def allocate(self, node: object, held: Value = BOTTOM, cls: type | None = None) -> Value:
        """A new object that holds items."""
        value = fresh(node, cls)
        self.hold(value, held)
        return value

    def read_field(self, value: Value, name: str) -> Value:
        """What an attribute, or an item at a known position, may be."""
        result = BOTTOM
        for place in value.places:
            for fields in (self._objects.get(place, {}), self._given.get(place, {})):
                result = result.join(fields.get(name, BOTTOM)).join(fields.get(ANY, BOTTOM))
                if name.startswith("["):
                    result = result.join(fields.get(ITEMS, BOTTOM))
            if place.kind != "fresh" and place not in self._given:
                result = result.join(Value(frozenset({place})))
        return result

    def items(self, value: Value, *, keys: bool = True) -> Value:
        """What iterating may give, or indexing, which gives no keys."""
        if Ref(ARRAY_FUNCTION) in value.refs:
            return value
        if not value.places and not value.is_bottom:
            return Value(cls=str) if value.cls is str else self._constant_items(value)
        if value.refs and (elements := self._known_items(value)) is not None:
            return elements
        names = [name for name in self._field_names(value) if name.startswith("[")]
        names = names if keys else [name for name in names if name != KEYS]
        found = join(self.read_field(value, name) for name in (ITEMS, *names))
        inner = value.hint and value.hint.items
        return hinted(found, inner) if inner and not found.refs else found

    def everything(self, value: Value) -> Value:
        """The objects that can be reached from a value, however deep."""
        seen = set(value.places)
        todo = list(seen)
        while todo:
            place = todo.pop()
            for fields in (self._objects.get(place), self._given.get(place)):
                for held in fields.values() if fields else ():
                    self.analysis.step(1 + len(held.places) // 8)
                    todo.extend(held.places - seen)
                    seen |= held.places
        return Value(frozenset(seen))

    def exported(self, result: Value) -> dict[Place, dict[str, Value]]:
        """What was stored into objects that the caller can reach: its own, and the result."""
        seen: dict[Place, dict[str, Value]] = {}
        todo = [place for place in self._objects if place.kind != "fresh"] + list(result.places)
        while todo:
            place = todo.pop()
            if place in seen or place not in self._objects:
                continue
            seen[place] = dict(self._objects[place])
            for held in seen[place].values():
                todo.extend(held.places)
        return seen

    def _constant_items(self, value: Value) -> Value:
        objects = [item for ref in value.refs if isinstance(ref.obj, tuple) for item in ref.obj]
        if objects and len(objects) <= MAX_REFS:
            return join(known(item, shared("a constant")) for item in objects)
        return IMMUTABLE

    def _known_items(self, value: Value) -> Value | None:
        """The elements of shared collections that are in hand, where they are few."""
        objects: list[Any] = []
        for ref in value.refs:
            if type(ref.obj) not in (tuple, list, dict, frozenset, set, types.MappingProxyType):
                return None
            mapping = isinstance(ref.obj, dict | types.MappingProxyType)
            objects += ref.obj.values() if mapping else ref.obj
        if not objects:
            return None
        if all(map(is_constant, objects)):
            if len(objects) <= MAX_REFS:
                return join(known(item, shared("a constant")) for item in objects)
            return IMMUTABLE if len({type(o) for o in objects}) > 1 else Value(cls=type(objects[0]))
        if len(objects) > MAX_REFS:
            return None
        for ref in value.refs:
            if isinstance(ref.obj, tuple):
                continue
            if type(ref.obj) is not dict or not all(map(is_code, objects)):
                return None
            if not all(self._is_constant_variable(place) for place in value.places):
                return None  # A table of functions may grow after it was looked at.
            for key, item in ref.obj.items():
                if isinstance(key, str):
                    self.guard(ref.obj, key, item)
        place = next(iter(value.places), shared("an element of a shared tuple"))
        return join(known(item, place) for item in objects)

    def _is_constant_variable(self, place: Place) -> bool:
        """Whether no code of the file changes what a variable of this function's module holds."""
        kind, _, quoted = str(place.name).partition(" '")
        if place.kind != "shared" or kind != "global":
            return False
        state = shared_state(self.file)
        key = None, quoted.rstrip("'")
        return key not in state.rebound and key not in state.changed

    # Effects

    def where(self, node: ast.AST) -> str:
        """``file.py:line`` of a piece of syntax."""
        return f"{os.path.basename(self.file.path)}:{getattr(node, 'lineno', self.root.lineno)}"

    def record(self, effect: Effect, what: str, node: ast.AST) -> None:
        """The function does something to the world."""
        self.summary.record(effect, f"{what} at {self.where(node)}")

    def mutate(self, value: Value, node: ast.AST, how: str, *, accumulates: bool = False) -> None:
        """An object is changed in place; ``how`` completes a sentence about it."""
        self.change(value, Mutation(accumulates, f"{how} at {self.where(node)}"))

    def change(self, value: Value, mutation: Mutation) -> None:
        """An object is changed, here or in a callee."""
        for place in sorted(value.places, key=_order):
            if place.kind == "param":
                old = self.summary.mutated.get(place.name)
                if old is None or (old.accumulates and not mutation.accumulates):
                    self.summary.mutated[place.name] = mutation
            elif place.kind == "shared":
                self.summary.writes[place.name] = None
                effect = change_of(place, accumulates=mutation.accumulates)
                reason = f"{place.name} {mutation.how}"
                self.summary.record(effect, reason, origin=place.origin)
            elif place.kind == "unknown":
                self.summary.record(CHANGES, f"{place.name} {mutation.how}")

    def read_variable(self, variable: Variable, obj: Any, node: ast.AST, *, use: bool) -> None:
        """A variable from outside is read: harmless unless other code of its file changes it.

        ``use`` tells that its contents are looked at, beyond which object it is.
        """
        if variable.resource == "console":
            return  # Which stream it is tells nothing; what is done to it is another matter.
        state = shared_state(variable.file) if variable.file is not None else None
        key = variable.scope, variable.name
        if state is not None and key in state.rebound:
            changes = "which other code stores to"
            self.note_read(variable.label, node, changes, variable.resource)
        elif use and not is_harmless(obj):
            changes = state is None or key in state.changed
            why = "which other code changes" if changes else ""
            self.note_read(variable.label, node, why, variable.resource)

    def note_read(
        self, label: str, node: ast.AST, changes: str, resource: Resource = "object"
    ) -> None:
        """Shared state is observed: in order, if ``changes`` says that somebody changes it."""
        if not changes and is_library(self.file.path):
            return  # A library's tables stay as they are.
        self.summary.reads[label] = None
        where = self.where(node)
        if changes:
            reason = f"{label} is read, {changes}, at {where}"
            self.summary.record(read_of(resource), reason, only_reads=True)
        else:
            self.summary.record(READS, f"{label} is read at {where}", only_reads=True)

    def guard(self, space: Mapping[str, Any] | types.CellType, name: str, obj: Any) -> None:
        """The result rests on this name denoting this object."""
        if not is_constant(obj):
            self.summary.guards[id(space), name] = (space, name, obj)

    @contextmanager
    def loop(self) -> Iterator[None]:
        """What is interpreted inside runs repeatedly."""
        self._loops += 1
        self.summary.loops = max(self.summary.loops, self._loops)
        yield
        self._loops -= 1

    @contextmanager
    def memoised(self, obj: Any, node: ast.AST) -> Iterator[None]:
        """What is interpreted inside is called through a wrapper, which may remember results."""
        outer, self.summary = self.summary, Summary()
        try:
            yield
        finally:
            inner, self.summary = self.summary, outer
            outer.absorb(inner)
        if remembers(obj) and (inner.effects != PURE or inner.clock or inner.mutated):
            what = f"{obj.__name__} remembers results, so that a call depends on those before it,"
            self.record(CHANGES, what, node)

    # Callees

    def merge(self, callee: Summary) -> None:
        """Take over what a callee does to the world."""
        self.summary.merge(callee, self._loops)

    def import_objects(self, callee: Summary, frame: Frame) -> Value:
        """Take over what a callee stored and returned; give its result among own objects."""
        for place, fields in callee.heap.items():
            self.analysis.step(len(fields))
            holder = self._import_place(place, frame)
            for name, held in fields.items():
                self.hold(holder, self.import_value(held, frame), name)
        return self.import_value(callee.returns, frame)

    def import_value(self, value: Value, frame: Frame) -> Value:
        """A callee's value among own objects."""
        if value.is_bottom:
            return BOTTOM
        if not value.places:
            return Value(refs=value.refs, cls=value.cls, hint=value.hint)
        self.analysis.step(len(value.places))
        mapped = join(self._import_place(place, frame) for place in value.places)
        if value.functions:
            mapped = mapped.join(UNKNOWN)  # A closure: what it does is not known here.
        elif value.bound is not None:
            receiver = self.import_value(value.bound.receiver, frame)
            return replace(mapped, bound=Bound(receiver, value.bound.name))
        cls, refs = value.cls or mapped.cls, value.refs or mapped.refs
        hint = value.hint or mapped.hint
        bottom = mapped.is_bottom
        return Value(mapped.places, refs, cls, mapped.functions, mapped.bound, hint, bottom)

    def _import_place(self, place: Place, frame: Frame) -> Value:
        if place.kind == "param":
            return self._import_parameter(place.name, frame)
        if place.kind == "fresh":
            allocation = place.name[1] if isinstance(place.name, tuple) else place.name
            return fresh((frame.node, allocation))
        return Value(frozenset({place}))

    def _import_parameter(self, path: Path, frame: Frame) -> Value:
        """What a parameter's place stands for in a callee's values.

        It is the argument and, unless the callee was told the argument's attributes one by one,
        all that the argument leads to.
        """
        if path not in frame.imported:
            value = self.at_path(path, frame.bound)
            if path not in frame.closed and any(place in self._objects for place in value.places):
                value = value.join(self.everything(value))
            frame.imported[path] = value
        return frame.imported[path]

    def at_path(self, path: Path, bound: Mapping[str, Value]) -> Value:
        """The caller's value of a callee's parameter, or of an attribute of it."""
        value = bound.get(path[0], BOTTOM)
        for name in path[1:]:
            value = self.read_field(value, name)
        return value


def closed_paths(context: Mapping[str, Shape], prefix: Path = ()) -> Iterator[Path]:
    """The parameters, and attributes of them, that are told field by field."""
    for name, shape in context.items():
        if shape.closed:
            yield (*prefix, name)
            yield from closed_paths(dict(shape.fields), (*prefix, name))


def _order(place: Place) -> tuple[str, str]:
    return place.kind, str(place.name) if isinstance(place.name, str | tuple) else ""
