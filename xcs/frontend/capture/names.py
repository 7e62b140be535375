"""Where names and attributes lead: to variables, to guarded objects, or to reads at run time."""

from __future__ import annotations

import ast
import builtins
import functools
import types
from typing import Any

from xcs.dialects import orch
from xcs.frontend.capture.arrays import attribute_class, is_array_class
from xcs.frontend.capture.order import SLOT, Home, Immutable
from xcs.frontend.capture.state import Capture, object_type
from xcs.frontend.capture.values import (
    NOTHING,
    UNBOUND,
    Dyn,
    Frame,
    Method,
    Pack,
    Path,
    Static,
    Value,
    bound,
)
from xcs.frontend.classify import classify
from xcs.frontend.facts import (
    BUILTIN_METHODS,
    CODE_CLASSES,
    CONTAINERS,
    SCALARS,
    has_python_methods,
    is_immutable_value,
    is_user_class,
)
from xcs.frontend.guards import MISSING
from xcs.frontend.interpretation.lookup import class_attribute, namespace
from xcs.frontend.source import SourceFile, source_file
from xcs.frontend.unsupported import Unsupported


def mangled(frame: Frame, name: str) -> str:
    """A private name as it is stored; any other name as it is."""
    if not name.startswith("__") or name.endswith("__"):
        return name
    stem = _class_around(frame.outermost.function).lstrip("_")
    return f"_{stem}{name}" if stem else name


def _class_around(function: Any) -> str:
    """The name of the innermost class that a function's text stands in; empty if it is in none."""
    parts = function.__code__.co_qualname.split(".")[:-1]
    while parts and parts[-1] == "<locals>":
        del parts[-2:]
    return parts[-1] if parts else ""


# --- names ----------------------------------------------------------------------------------------


def load_name(c: Capture, frame: Frame, name: str) -> Value:
    """The value of a local, a closure variable, a global or a builtin."""
    owner = frame.owner_of(name)
    if owner is not None:
        value = owner.env.get(name)
        if value is None or (isinstance(value, Static) and value.obj is UNBOUND):
            return _checked_bound(c, Static(UNBOUND), name, frame, owner)
        if isinstance(value, Dyn) and value.maybe_unbound:
            value = owner.env[name] = _checked_bound(c, value, name, frame, owner)
        return value
    name = mangled(frame, name)
    if (cell := frame.cell(name)) is not None:
        return _load_cell(c, cell, name)
    return _load_global(c, frame, name)


def _checked_bound(c: Capture, value: Value, name: str, frame: Frame, owner: Frame) -> Dyn:
    free = ", free=True" if frame.function_frame is not owner.function_frame else ""
    source = f"bound(value, {name!r}{free})"
    read = c.host(source, {"bound": Static(bound), "value": _raw(value)})
    if isinstance(value, Dyn):
        return Dyn(read.ssa, value.cls, value.home)
    return read


def _raw(value: Value) -> Value:
    """The value without its home: which variable it is matters, not what it holds."""
    return Dyn(value.ssa) if isinstance(value, Dyn) else value


def cell_value(cell: types.CellType, name: str) -> Any:
    """The value of a variable of a function around, or Python's error if it has none."""
    try:
        return cell.cell_contents
    except ValueError:
        raise NameError(
            f"cannot access free variable '{name}' where it is not associated with a value in "
            "enclosing scope",
            name=name,
        ) from None


def _read_cell(c: Capture, cell: types.CellType, name: str) -> Dyn:
    """A variable of a function around that has no value yet, or no longer."""
    operands: dict[str, Value] = {"value": Static(cell_value), "cell": Static(cell)}
    return c.host(f"value(cell, {name!r})", operands, effects="ordered")


def _load_cell(c: Capture, cell: types.CellType, name: str) -> Value:
    try:
        value = cell.cell_contents
    except ValueError:
        return _read_cell(c, cell, name)
    world = c.order.world
    if not is_code(value) and c.order.is_written(world):
        return _read_later(c, "cell.cell_contents", {"cell": Static(cell)})
    c.guards.cell(cell, value)
    return outside(c, value, Path(f"cell {name} {id(cell)}"), name)


def _load_global(c: Capture, frame: Frame, name: str) -> Value:
    namespace = frame.outermost.function.__globals__
    value = namespace.get(name, MISSING)
    if value is MISSING:
        c.guards.name(namespace, name, MISSING)
        found = getattr(builtins, name, MISSING)
        if found is MISSING:
            return c.host(name, {}, frame=frame)  # Python's own NameError
        c.guards.name(vars(builtins), name, found)
        return Static(found)
    fixed = is_code(value) or is_immutable_value(value)
    if _rebinds(frame, name) or (not fixed and c.order.is_written(c.order.world)):
        return _read_later(c, name, {}, frame)
    c.guards.name(namespace, name, value)
    return outside(c, value, Path(f"global {name} {id(namespace)}"), name)


def _read_later(
    c: Capture, source: str, operands: dict[str, Value], frame: Frame | None = None
) -> Dyn:
    """Read a variable of the outside world when the program runs: it may hold any object."""
    home = c.order.anything
    after, _ = c.chain(home, write=False)
    return c.host(source, operands, frame=frame, after=after, home=home)


def _rebinds(frame: Frame, name: str) -> bool:
    """Whether a function of the file assigns the global."""
    file = source_file(frame.filename)
    return file is not None and name in _rebound_globals(file)


def _rebound_globals(file: SourceFile) -> frozenset[str]:
    found = file.facts.get("rebound globals")
    if found is None:
        names = (
            n for node in ast.walk(file.tree) if isinstance(node, ast.Global) for n in node.names
        )
        found = file.facts["rebound globals"] = frozenset(names)
    return found  # type: ignore[return-value]


def is_code(value: Any) -> bool:
    """Whether it is a function, class or module, or a callable that stands for one."""
    if isinstance(value, CODE_CLASSES) or value is None:
        return True
    if hasattr(type(value), "__xcs_operator__") or "__xcs_operator__" in getattr(
        value, "__dict__", ()
    ):
        return True
    if isinstance(value, functools.partial | types.MethodType | types.BuiltinMethodType):
        return True
    return callable(value) and classify(value).kind == "tensor"


def outside(c: Capture, value: Any, path: Path, hint: str, ssa: Any = None) -> Value:
    """A value of the outside world, which is guarded to be that very object."""
    if is_code(value) or is_immutable_value(value):
        return Static(value)
    return c.given(c.constant(value, hint) if ssa is None else ssa, value, path)


# --- attributes -----------------------------------------------------------------------------------


def load_attribute(c: Capture, frame: Frame, base: Value, name: str) -> Value:
    """``base.name``."""
    from xcs.frontend.capture.calls import call_function

    name = mangled(frame, name)
    if name == "__dict__":
        raise Unsupported("an object's attributes as a dict")
    if isinstance(base, Static):
        return _static_attribute(c, base.obj, name)
    if not isinstance(base, Dyn):
        base = c.dyn(base)
    if base.cls is None and base.home is not None:
        return _switch(c, frame, base, name, _with_properties(c, frame, base.home, name))
    if base.cls in CONTAINERS and isinstance(
        found := getattr(base.cls, name, None), BUILTIN_METHODS
    ):
        return Method(base, found)
    found = _class_attribute(base, name)
    if not isinstance(found, property) and _is_stored(base, name):
        return read_attribute(c, base, name)  # which comes before what the class has
    if isinstance(found, types.FunctionType) or _is_operator(found) or _is_jitted(found):
        assume_class_attribute(c, base, name)
        return Method(base, found)
    if isinstance(found, staticmethod):
        assume_class_attribute(c, base, name)
        return Static(found.__func__)
    if isinstance(found, classmethod):
        assume_class_attribute(c, base, name)
        assert base.cls is not None
        return Method(Static(base.cls), found.__func__)
    if isinstance(found, property) and isinstance(found.fget, types.FunctionType):
        assume_class_attribute(c, base, name)
        return call_function(c, frame, found.fget, [base], {}, owner=base.cls)
    return read_attribute(c, base, name)


def _with_properties(c: Capture, frame: Frame, home: Home, name: str) -> list[type]:
    """The classes that an object may have whose attribute of that name runs code."""
    home = home.find()
    known, home.asked = set(home.classes), True
    if home.open or (home.shared and c.order.is_written(c.order.world)):
        namespace = frame.outermost.function.__globals__
        known |= {value for value in list(namespace.values()) if isinstance(value, type)}
    found = [
        cls
        for cls in known
        if has_python_methods(cls) and isinstance(class_attribute(cls, name), property)
    ]
    return sorted(found, key=lambda cls: cls.__qualname__)[:_MAX_CLASSES]


_MAX_CLASSES = 6


def _switch(c: Capture, frame: Frame, base: Dyn, name: str, classes: list[type]) -> Value:
    """An attribute of a value whose class shows when the program runs: a way for each class."""
    from xcs.frontend.capture.regions import select

    if not classes:
        return read_attribute(c, base, name)
    cls, *others = classes
    test = c.host("type(a) is cls", {"a": Dyn(base.ssa), "cls": Static(cls)}, cls=bool, total=True)
    return select(
        c,
        test,
        lambda: load_attribute(c, frame, Dyn(base.ssa, cls, base.home), name),
        lambda: _switch(c, frame, base, name, others),
    )


def _class_attribute(base: Dyn, name: str) -> Any:
    """What the class of a user's object has under the name, if the object itself has nothing."""
    if base.cls is None or not has_python_methods(base.cls):
        return MISSING
    if base.example is not NOTHING and name in getattr(base.example, "__dict__", ()):
        return MISSING
    found = class_attribute(base.cls, name)
    return MISSING if isinstance(found, types.MemberDescriptorType) else found


def _is_stored(base: Dyn, name: str) -> bool:
    """Whether the program has given the object itself an attribute of that name."""
    parts = {} if base.home is None else dict(base.home.find().fields())
    return name + SLOT in parts and parts[name + SLOT].written


def assume_member(c: Capture, cls: type, name: str) -> None:
    """The class goes on finding what it finds now under the name."""
    for owner in cls.__mro__:
        found = owner.__dict__.get(name, MISSING)
        c.guards.member(owner, name, found)
        if found is not MISSING:
            break


def assume_class_attribute(c: Capture, base: Dyn, name: str) -> None:
    """The class goes on having what it has now under the name, and the object has nothing."""
    assert base.cls is not None
    assume_member(c, base.cls, name)
    if base.path is not None:
        without = c.paths.get((base.path, "without"), frozenset())
        c.paths[base.path, "without"] = without | {name}


def _is_operator(found: Any) -> bool:
    return "__xcs_operator__" in getattr(found, "__dict__", ())


def _is_jitted(found: Any) -> bool:
    return getattr(found, "__xcs_jit__", None) is not None


def _static_attribute(c: Capture, obj: Any, name: str) -> Value:
    """An attribute of a module, a class, or a constant."""
    try:
        value = getattr(obj, name)
    except AttributeError:
        return _read_later(c, f"obj.{name}", {"obj": Static(obj)})
    except Exception as error:
        raise Unsupported(f"reading .{name} raises {type(error).__name__}") from error
    holds_names = isinstance(obj, types.ModuleType | type)
    if not is_code(value):
        changing = name in namespace(obj) if not holds_names else c.order.is_written(c.order.world)
        if changing:  # a function's attributes are data, as are those of an instance
            return _read_later(c, f"obj.{name}", {"obj": Static(obj)})
    if isinstance(obj, types.ModuleType) and value is vars(obj).get(name, MISSING):
        c.guards.name(vars(obj), name, value)
    elif isinstance(obj, type) and isinstance(value, types.MethodType):
        assume_member(c, obj, name)  # a class method is bound anew at each read
    elif holds_names or name in namespace(obj):
        c.guards.attribute(obj, name, value)
    return outside(c, value, Path(f"attribute {name} {id(obj)}"), name)


def read_attribute(c: Capture, base: Dyn, name: str) -> Value:
    """An attribute that the object itself holds, read when the program runs."""
    home = None if base.home is None else base.home.find()
    slot = None if home is None else home.field(name + SLOT)
    known = NOTHING
    if base.example is not NOTHING and slot is not None and not c.order.is_written(slot):
        known = _example(base.example, name)
        if known is not NOTHING and base.path is not None and is_code(known) and known is not None:
            c.paths[base.path.step(name), "is"] = known
            return Static(known)
    if slot is not None and slot.constant is not None:
        return slot.constant
    after, linked = c.chain(slot, write=False)
    inner = None if home is None else home.field(name)
    cls = None
    path = None
    if known is not NOTHING and base.path is not None:
        cls, path = type(known), base.path.step(name)
        c.paths[path, "class"] = cls
        if cls in SCALARS and home is not None and not c.coarse:
            _know_plain(c, home.field(name), cls)
        if is_immutable_value(known):
            inner = None
        elif home is not None and not c.coarse:
            inner = c.outside.setdefault(path, home.field(name)).find()
            inner.classes, inner.open = inner.classes | {cls}, False
            c.look_at_elements(known, path, inner)
    if known is NOTHING and home is not None:
        cls, inner = holding(c, c.order.part(home, name))
    cls = attribute_class(base.cls, name) or cls
    op = orch.GetAttrOp(c.ssa(base), name, object_type(cls), after=after, token=linked)
    c.add(op)
    c.place(slot, op, linked)
    return Dyn(op.results[0], cls, inner, known if path is not None else NOTHING, path)


def _know_plain(c: Capture, home: Home, cls: type) -> None:
    """All that lives there before the program changes it is plain data of that class."""
    if home.open and not home.classes and not c.order.is_written(home):
        home.plain, home.open = home.plain | {cls}, False


def _example(obj: Any, name: str) -> Any:
    """What an object holds under the name, found without running any code."""
    found = getattr(obj, "__dict__", {}).get(name, NOTHING)
    if found is NOTHING and is_user_class(type(obj)):
        value = class_attribute(type(obj), name)
        if value is not MISSING and not hasattr(type(value), "__get__"):
            return value
    return found


def store_attribute(c: Capture, frame: Frame, base: Value, name: str, value: Value) -> None:
    """``base.name = value``."""
    name = mangled(frame, name)
    if isinstance(base, Static):
        _store_static(c, base, name, value)
        return
    base = c.dyn(base)
    if base.cls is None and base.home is not None:
        classes = _with_properties(c, frame, base.home, name)
        _store_switch(c, frame, base, name, value, classes)
        return
    found = _class_attribute(base, name)
    if isinstance(found, property) and isinstance(found.fset, types.FunctionType):
        from xcs.frontend.capture.calls import call_function

        assume_class_attribute(c, base, name)
        call_function(c, frame, found.fset, [base, value], {}, owner=base.cls)
        return
    _store_slot(c, base, name, value)


def _store_switch(
    c: Capture, frame: Frame, base: Dyn, name: str, value: Value, classes: list[type]
) -> None:
    """Set an attribute of a value whose class shows when the program runs: a way for each class."""
    from xcs.frontend.capture.regions import select

    if not classes:
        _store_slot(c, base, name, value)
        return
    cls, *others = classes

    def store() -> Value:
        store_attribute(c, frame, Dyn(base.ssa, cls, base.home), name, value)
        return Static(None)

    def go_on() -> Value:
        _store_switch(c, frame, base, name, value, others)
        return Static(None)

    test = c.host("type(a) is cls", {"a": Dyn(base.ssa), "cls": Static(cls)}, cls=bool, total=True)
    select(c, test, store, go_on)


def _store_slot(c: Capture, base: Dyn, name: str, value: Value) -> None:
    """Set what the object itself holds, or what code of its class does instead."""
    home = None if base.home is None else base.home.find()
    slot = None if home is None else home.field(name + SLOT)
    runs_code = _store_runs_code(base.cls, name)
    if runs_code:
        c.escape(base)
        c.escape(value)
    if home is not None and slot is not None:
        store_in(c, home.field(name), value)
        remember_stored(c, slot, value)
    after, linked = c.chain(slot, write=True)
    op = orch.SetAttrOp(c.ssa(base), name, c.ssa(value), after=after, token=linked or runs_code)
    c.add(op)
    c.place(slot, op, linked, write=True)
    if runs_code:
        c.change_world(op.results[-1])
    if home is not None and home is c.order.anything.find():
        c.change_settings(op.results[-1])  # it may be a decimal context, say


def _store_runs_code(cls: type | None, name: str) -> bool:
    """Whether setting the attribute runs code that is not captured, which may change the others."""
    if cls is None or is_user_class(cls):
        return False
    if getattr(cls, "__setattr__", None) is not object.__setattr__:
        return True
    found = type(class_attribute(cls, name))
    return hasattr(found, "__set__") and found is not types.MemberDescriptorType


def remember_stored(c: Capture, slot: Home, value: Value) -> None:
    """Code that is stored once in an attribute of an object made here is known when it is read."""
    first = not slot.written
    is_static = isinstance(value, Static) and is_code(value.obj) and value.obj is not None
    if first and is_static and not slot.shared and not slot.parameter:
        slot.constant = value
    elif slot.constant is not None and not (
        is_static and isinstance(slot.constant, Static) and slot.constant.obj is value.obj  # type: ignore[union-attr]
    ):
        slot.constant = None
        c.order.note(slot)


def store_in(c: Capture, home: Home, value: Value) -> None:
    """The value comes to live in a home of a part of another object."""
    inner = c.home_of(value)
    _note_class(c, home, value, inner)
    if isinstance(value, Static) and is_code(value.obj) and value.obj is not None:
        c.order.add_codes(home, (value.obj,), only=True)
    elif home.find().only_codes:
        c.order.add_codes(home, (), only=False)
    if inner is not None:
        c.order.link(home, inner)


def _note_class(c: Capture, home: Home, value: Value, inner: Home | None) -> None:
    """Note the class of a value that comes to be stored, if it has no home that knows it."""
    from xcs.frontend.capture.evaluate import class_of

    if inner is not None:
        return
    cls = class_of(value)
    if cls is not None and (cls in SCALARS or is_array_class(cls)):
        c.order.add_classes(home, frozenset(), frozenset({cls}), is_open=False)
    elif isinstance(value, Dyn):
        c.order.add_classes(home, frozenset(), frozenset({Immutable}), is_open=False)
    else:
        c.order.add_classes(home, frozenset(), is_open=True)


def holding(c: Capture, home: Home | None) -> tuple[type | None, Home | None]:
    """The class of a value from a home, if it is certain, and its home, if it has one."""
    if home is None:
        return None, None
    plain = c.order.holds(home)
    if plain is None:
        return c.order.only_class(home), home
    c.order.take(home)  # notes what is assumed
    return (next(iter(plain)) if len(plain) == 1 and Immutable not in plain else None), None


def _store_static(c: Capture, base: Static, name: str, value: Value) -> None:
    """An attribute of a module or class is set in its place in the program."""
    c.escape(value)
    operands = {"obj": c.ssa(base), "value": c.ssa(value)}
    (token,) = c.host_block(
        f"obj.{name} = value",
        operands,
        [],
        frame=c.frames[-1],
        effects="ordered",
        token=True,
    )
    c.change_world(token)


def delete_attribute(c: Capture, frame: Frame, base: Value, name: str) -> None:
    """``del base.name``."""
    name = mangled(frame, name)
    target = c.dyn(base)
    slot = None if target.home is None else target.home.find().field(name + SLOT)
    after, linked = c.chain(slot, write=True)
    op = orch.DelAttrOp(target.ssa, name, after=after, token=linked)
    c.add(op)
    c.place(slot, op, linked, write=True)


__all__ = [
    "Pack",
    "delete_attribute",
    "is_code",
    "load_attribute",
    "load_name",
    "mangled",
    "outside",
    "read_attribute",
    "store_attribute",
    "store_in",
]
