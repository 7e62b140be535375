"""Interpreting names and attributes: what they denote outside and inside the activation."""

from __future__ import annotations

import ast
import builtins
import enum
import sys
import types
from dataclasses import replace
from typing import Any, Final

from xcs.frontend.abstract_values import (
    BOTTOM,
    IMMUTABLE,
    UNKNOWN,
    Bound,
    Hint,
    Origin,
    Ref,
    Value,
    is_code,
    is_constant,
    is_immutable_class,
    is_tracer,
    join,
    known,
    shared,
)
from xcs.frontend.analysis.resources import VARIABLES, Resource
from xcs.frontend.detectors.clients import is_client
from xcs.frontend.interpretation.heap import Heap, Variable
from xcs.frontend.interpretation.hints import (
    classes_below,
    field_hint,
    hinted,
    implementations,
    stores_field,
)
from xcs.frontend.interpretation.lookup import (
    class_attribute,
    class_files,
    classes,
    is_harmless,
    is_method,
    is_service,
    is_slot,
    namespace,
    raises_on_missing,
)
from xcs.frontend.interpretation.remembered import remembered_attributes
from xcs.frontend.interpretation.summary import MISSING, Arguments
from xcs.frontend.names import parameters
from xcs.frontend.shared_state import shared_state
from xcs.frontend.source import source_file

SUPER: Final = "super()"
"""The ``Bound.name`` that marks the value of ``super()``."""

_LOADED_LAZILY: Final = frozenset({"jax", "scipy"})
"""Packages that import a submodule when it is first named, of which nothing else can be seen."""


class Attributes(Heap):
    """Name and attribute look-up."""

    def call_object(self, obj: Any, arguments: Arguments, node: ast.AST) -> Value:
        """Call a callable in hand (in ``calls``); properties need it here."""
        raise NotImplementedError

    # Names

    def load(self, name: str, node: ast.AST, *, use: bool) -> Value:
        """The value of a name. ``use`` tells that its contents are looked at."""
        binder = self.binder(name)
        if binder is not None:
            return self.variable(binder, name)
        if name in self.cells:
            try:
                obj = self.cells[name].cell_contents
            except ValueError:
                return UNKNOWN
            return self._load_outside(self.cells[name], name, obj, node, use=use)
        space = self.fn.__globals__
        if name in space:
            return self._load_outside(space, name, space[name], node, use=use)
        obj = getattr(builtins, name, MISSING)
        return UNKNOWN if obj is MISSING else known(obj, shared(f"builtin {name!r}"))

    def _load_outside(self, space: Any, name: str, obj: Any, node: ast.AST, *, use: bool) -> Value:
        variable = replace(self.outside(name), resource=resource_of(obj))
        self.guard(space, name, obj)
        self.read_variable(variable, obj, node, use=use)
        if obj is None:
            # A name that is None for now may be filled in later, by code that was not looked at.
            return UNKNOWN if self._is_rebound(variable) else BOTTOM
        origin = Origin(space, name, obj)
        return known(obj, shared(variable.label, variable.resource, origin))

    def _is_rebound(self, variable: Variable) -> bool:
        if variable.file is None:
            return True
        return (variable.scope, variable.name) in shared_state(variable.file).rebound

    def mangle(self, name: str) -> str:
        """A private name, as it is stored in methods of a class."""
        owner = self.fn.__qualname__.rpartition(".")[0].rpartition(".")[2].lstrip("_")
        private = name.startswith("__") and not name.endswith("__")
        return f"_{owner}{name}" if private and owner.isidentifier() else name

    def super_value(self, receiver: Value | None = None) -> Value:
        """``super()``, which is one of the function's first parameter unless it is told of what."""
        if receiver is None:
            names = parameters(self.root.args)
            receiver = self.variable(self.root, names[0].arg) if names else UNKNOWN
        return Value(receiver.places, bound=Bound(receiver, SUPER))

    def is_own_class(self, value: Value) -> bool:
        """Whether it is the class that the function was defined in."""
        own = self.cells.get("__class__")
        return own is not None and [ref.obj for ref in value.refs] == [own.cell_contents]

    # Attributes

    def attribute(self, base: Value, name: str, node: ast.AST, *, use: bool) -> Value:
        """The value of ``base.name``."""
        if base.is_bottom:
            return BOTTOM
        if base.bound is not None and base.bound.name == SUPER:
            return Value(base.places, bound=Bound(base, name))
        if name == "__class__" and (found := classes(base)):
            return join(known(cls, shared(f"class {cls.__name__}")) for cls in found)
        if base.refs:
            return join(self._of_object(ref.obj, base, name, node, use=use) for ref in base.refs)
        if base.cls is not None:
            return self._of_instance(base.cls, base, name, node)
        told = base.hint.classes if base.hint is not None else ()
        having = [cls for cls in told if _may_have(cls, name)]
        if having := having or [sub for cls in told for sub in classes_below(cls, name)]:
            return join(self._of_hinted(cls, base, name, node) for cls in having)
        held = self.read_field(base, name)
        if held.is_bottom:
            held = Value(base.places)
        return replace(held, bound=Bound(base, name)) if held.bound is None else held

    def _of_instance(self, cls: type, base: Value, name: str, node: ast.AST) -> Value:
        """An attribute of an object of which only the exact class is known."""
        found = class_attribute(cls, name)
        if isinstance(found, property) and found.fget is not None:
            if is_immutable_class(cls):
                return IMMUTABLE
            return self.call_object(found.fget, Arguments((base,)), node)
        if is_method(found):
            return Value(base.places, bound=Bound(base, name))
        if is_immutable_class(cls):
            missing = found is MISSING and cls.__module__ == "builtins"
            return BOTTOM if missing else IMMUTABLE  # Code for another kind of object.
        held = self._field(cls, base, name)
        if found is not MISSING and not is_slot(found):
            default = self._class_default(cls, found, name, node)
            held = held.join(default) if stores_field(cls, name) else default
        if held.is_bottom and self.settled:
            return Value(base.places, bound=Bound(base, name))
        return held

    def _of_hinted(self, cls: type, base: Value, name: str, node: ast.AST) -> Value:
        """An attribute of an object of a class, or of one below it."""
        found = class_attribute(cls, name)
        if isinstance(found, property):
            getters = implementations(cls, name)
            if not getters:
                return Value(base.places, bound=Bound(base, name))
            return join(
                self._of_instance(owner, replace(base, hint=Hint((owner,))), name, node)
                for owner, _ in getters
            )
        return self._of_instance(cls, base, name, node)

    def _field(self, cls: type, base: Value, name: str) -> Value:
        """Data of an instance, with what its class says of it."""
        held = self.read_field(base, name)
        if held.cls is not None or held.refs or held.hint is not None:
            return held
        if all(place.kind == "fresh" for place in held.places):
            return held  # It was seen when it was stored.
        return hinted(held, field_hint(cls, name))

    def _class_default(self, cls: type, value: Any, name: str, node: ast.AST) -> Value:
        """A class attribute, read through an instance that was made here."""
        label = f"attribute {name!r} of {cls.__name__}"
        states = [None if file is None else shared_state(file) for file in class_files(cls)]
        if any(state is None or name in state.rebound_on_classes for state in states):
            self.note_read(label, node, "which other code stores to")
        elif not is_harmless(value):
            changed = any(state and name in state.changed_attributes for state in states)
            self.note_read(label, node, "which other code changes" if changed else "")
        return known(value, shared(label))

    def _of_object(self, obj: Any, base: Value, name: str, node: ast.AST, *, use: bool) -> Value:
        if isinstance(obj, types.ModuleType):
            return self.of_module(obj, name, node, use=use)
        one = replace(base, refs=frozenset({Ref(obj)}), cls=type(obj), bound=None)
        if isinstance(obj, type):
            return self._of_class(obj, one, name, node, use=use)
        found = class_attribute(type(obj), name)
        if isinstance(found, property) and found.fget is not None:
            if is_constant(obj) or is_tracer(obj):
                return IMMUTABLE
            if is_client(obj):
                # Clients build their parts on first use, which nobody can see.
                return self._computed(obj, one, name, node, use=use)
            return self.call_object(found.fget, Arguments((one,)), node)
        space = namespace(obj)
        if name in space:
            self.guard(space, name, space[name])
            return self._data(type(obj), space[name], one, name, node, use=use)
        if found is MISSING:
            missing = raises_on_missing(obj) and is_constant(obj)
            return BOTTOM if missing else replace(UNKNOWN, bound=Bound(one, name))
        if is_slot(found):
            return self._computed(obj, one, name, node, use=use)
        if is_method(found):
            return Value(one.places, bound=Bound(one, name))
        if type(found).__name__ == "cached_property":
            return self._computed(obj, one, name, node, use=use) if is_client(obj) else UNKNOWN
        return self._data(type(obj), found, one, name, node, use=use)

    def _computed(self, obj: Any, base: Value, name: str, node: ast.AST, *, use: bool) -> Value:
        """An attribute that only running native code, or a client's property, can tell."""
        try:
            value = getattr(obj, name)
        except Exception:
            return BOTTOM
        return self._data(type(obj), value, base, name, node, use=use)

    def _data(
        self, cls: type, value: Any, base: Value, name: str, node: ast.AST, *, use: bool
    ) -> Value:
        """Data of an object in hand, which is part of that object."""
        self._read_attribute(cls, value, name, node, use=use)
        place = next(iter(base.places), shared(f"a {cls.__name__} object"))
        stored = self.read_field(base, name) if self._stores(base, name) else BOTTOM
        return known(value, place).join(stored)

    def _stores(self, base: Value, name: str) -> bool:
        return any(name in self._objects.get(place, ()) for place in base.places)

    def _read_attribute(
        self, cls: type, value: Any, name: str, node: ast.AST, *, use: bool
    ) -> None:
        """Data is constant unless code of its class's files changes attributes of that name."""
        if is_code(value) or is_service(value):
            return
        label = f"attribute {name!r} of {cls.__name__}"
        files = class_files(cls)
        if any(file is not None and name in remembered_attributes(file) for file in files):
            return
        states = [None if file is None else shared_state(file) for file in files]
        if any(state is None or name in state.rebound_attributes for state in states):
            self.note_read(label, node, "which other code stores to")
        elif use and not is_harmless(value):
            changed = any(state and name in state.changed_attributes for state in states)
            self.note_read(label, node, "which other code changes" if changed else "")

    def _of_class(self, cls: type, base: Value, name: str, node: ast.AST, *, use: bool) -> Value:
        found = class_attribute(cls, name)
        if found is MISSING:
            if class_attribute(type(cls), name) is not MISSING:
                return Value(base.places, bound=Bound(base, name))
            return replace(UNKNOWN, bound=Bound(base, name))
        if isinstance(found, staticmethod):
            return known(found.__func__, shared(f"{cls.__name__}.{name}"))
        native = isinstance(getattr(cls, name, None), types.BuiltinFunctionType)
        if isinstance(found, classmethod) or native:
            return Value(base.places, bound=Bound(base, name))
        if is_code(found) or is_method(found) or isinstance(found, enum.Enum):
            return known(found, shared(f"{cls.__name__}.{name}"))
        return self._data(cls, found, base, name, node, use=use)

    def of_module(self, module: types.ModuleType, name: str, node: ast.AST, *, use: bool) -> Value:
        """A module's global, or a submodule."""
        space = vars(module)
        obj = space.get(name, MISSING)
        if obj is MISSING:
            obj = sys.modules.get(f"{module.__name__}.{name}", MISSING)
        if obj is MISSING and module.__name__.partition(".")[0] in _LOADED_LAZILY:
            obj = getattr(module, name, MISSING)
        if obj is MISSING:
            complete = module.__name__ in sys.stdlib_module_names and "__getattr__" not in space
            return BOTTOM if complete else UNKNOWN
        self.guard(space, name, obj)
        label = f"{module.__name__}.{name}"
        resource = resource_of(obj, module)
        if not is_code(obj) and not _is_constant_of_jax(module, obj):
            path = str(getattr(module, "__file__", None))
            file = source_file(path) if path.endswith(".py") else None
            self.read_variable(Variable(label, name, file, None, resource), obj, node, use=use)
        return known(obj, shared(label, resource))


def _may_have(cls: type, name: str) -> bool:
    """Whether something is known of an attribute of instances of the class."""
    return class_attribute(cls, name) is not MISSING or field_hint(cls, name) is not None


def resource_of(obj: Any, module: types.ModuleType | None = None) -> Resource:
    """What a shared object, found in that module, stands for."""
    if is_code(obj) and not isinstance(obj, types.ModuleType):
        return "object"
    for path, resource in VARIABLES.items():
        home, _, name = path.rpartition(".")
        if home in sys.modules and getattr(sys.modules[home], name, MISSING) is obj:
            return resource
    home = obj if isinstance(obj, types.ModuleType) else module
    standard = home is not None and home.__name__.partition(".")[0] in sys.stdlib_module_names
    return "environment" if standard else "object"


def _is_constant_of_jax(module: types.ModuleType, obj: Any) -> bool:
    """Whether it is a table of functions, such as ``jax.checkpoint_policies``."""
    in_jax = module.__name__.partition(".")[0] == "jax"
    return in_jax and isinstance(obj, types.SimpleNamespace)
