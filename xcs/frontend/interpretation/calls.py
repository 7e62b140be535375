"""Interpreting calls: recognised, followed into Python code, or unknown."""

from __future__ import annotations

import ast
import dataclasses
import datetime
import enum
import functools
import pathlib
import sys
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from xcs.frontend.abstract_values import (
    ARRAY_FUNCTION,
    BOTTOM,
    IMMUTABLE,
    UNKNOWN,
    Hint,
    Part,
    Ref,
    Value,
    is_code,
    is_immutable_class,
    join,
    known,
    shared,
)
from xcs.frontend.analysis.resources import CONSOLE_METHODS, OBJECT_CHANGES
from xcs.frontend.classification import (
    CALLBACK,
    IMMUTABLE_CLASSES,
    PURE,
    RECEIVER,
    UNORDERED,
    Classification,
    Operand,
)
from xcs.frontend.detectors.generative_objects import VERBS
from xcs.frontend.detectors.identity import identify
from xcs.frontend.interpretation.attributes import SUPER, Attributes
from xcs.frontend.interpretation.heap import ANY, Frame, closed_paths
from xcs.frontend.interpretation.hints import classes_below, implementations
from xcs.frontend.interpretation.lookup import (
    CONTEXT_MANAGER,
    RESULT_CLASSES,
    class_attribute,
    classes,
    context_manager_body,
    guarded_function,
    is_generated,
    is_harmless,
    is_method,
    is_mock,
    is_service,
    namespace,
    python_method,
    raises_on_missing,
    wrapped_callable,
)
from xcs.frontend.interpretation.summary import (
    ANYTHING,
    ASKS,
    MISSING,
    READS_CLOCK,
    Arguments,
    CalledParameter,
    Effect,
    change_of,
)
from xcs.frontend.names import FunctionNode, parameters
from xcs.frontend.shared_state import ACCUMULATING_METHODS, CHANGING_METHODS
from xcs.frontend.source import is_library

_VARARGS, _VARKEYWORDS = 0x04, 0x08  # inspect.CO_*

_FILE_WRITE_MODES: Final = frozenset("wax+")
_TEXT_FILE: Final[type] = type(sys.__stdin__) if sys.__stdin__ is not None else object
READS_FILE: Final = Effect.touching(("files", "read"))


# Methods that builtin classes define and that only look at their receiver.
_READING_METHODS: Final = frozenset(
    name
    for cls in (str, bytes, list, tuple, dict, set, frozenset, int, float)
    for name in dir(cls)
    if name not in CHANGING_METHODS and not name.startswith("__")
) | {
    "__aiter__", "__contains__", "__eq__", "__getitem__", "__hash__", "__iter__", "__len__",
    "__repr__", "__str__", "_asdict", "_replace", "all", "any", "argmax", "argmin", "argpartition",
    "argsort", "as_posix", "astimezone", "astype", "clip", "conj", "conjugate", "cumprod", "cumsum",
    "date", "diagonal", "dot", "elements", "findall", "flatten", "fullmatch", "group", "groupdict",
    "groups", "is_absolute", "isocalendar", "isoformat", "isoweekday", "item", "joinpath", "max",
    "mean", "min", "model_dump", "model_dump_json", "most_common", "nonzero", "prod", "ptp",
    "ravel", "relative_to", "repeat", "reshape", "round", "searchsorted", "span", "squeeze", "std",
    "strftime", "sum", "swapaxes", "take", "time", "timestamp", "timetuple", "timetz", "tolist",
    "toordinal", "total", "total_seconds", "transpose", "utctimetuple", "utcoffset", "var",
    "weekday", "with_name", "with_suffix",
}  # fmt: skip

# Methods of paths alone, among those of immutable objects: these are about files.
_PATH_METHODS: Final = frozenset(
    name for name in dir(pathlib.Path) if not name.startswith("_")
) - frozenset(dir(pathlib.PurePath) + dir(str) + dir(bytes) + dir(datetime.datetime))

# Methods that put in what they are given, and not what is in that.
_HOLDING_METHODS: Final = frozenset(
    {"__setitem__", "add", "append", "appendleft", "insert", "put", "setdefault"}
)

# Those of them whose result is a new object that holds, at most, what the receiver holds.
_COPYING_METHODS: Final = frozenset({
    "astype", "copy", "difference", "elements", "flatten", "fromkeys", "groupdict", "groups",
    "intersection", "items", "keys", "most_common", "partition", "rpartition", "rsplit", "split",
    "splitlines", "symmetric_difference", "tolist", "union", "values",
})  # fmt: skip

_COPYING_FUNCTIONS: Final = frozenset({
    "builtins.dir", "builtins.sorted", "copy.copy", "copy.deepcopy", "json.loads", "numpy.arange",
    "numpy.array", "numpy.concatenate", "numpy.copy", "numpy.empty", "numpy.empty_like",
    "numpy.eye", "numpy.full", "numpy.full_like", "numpy.linspace", "numpy.ones",
    "numpy.ones_like", "numpy.stack", "numpy.zeros", "numpy.zeros_like", "re.findall", "re.split",
})  # fmt: skip

_COLLECTIONS: Final = (list, dict, set, tuple, frozenset)


class Calls(Attributes):
    """Calls of values, of objects in hand, and of methods."""

    def run_function(self, function: FunctionNode) -> Value:
        """Interpret a function of this activation (in ``statements``)."""
        raise NotImplementedError

    def iterate(self, value: Value, node: ast.AST) -> Value:
        """The items of an iterable (in ``expressions``)."""
        raise NotImplementedError

    # Calls of values

    def call(self, callee: Value, arguments: Arguments, node: ast.AST) -> Value:
        """The result of calling a value."""
        if callee.is_bottom:
            return BOTTOM
        if callee.refs or callee.functions or callee.bound is not None:
            return self._call_alternatives(callee, arguments, node)
        if any(python_method(cls, "__call__") is not None for cls in classes(callee)):
            return self.method(callee, "__call__", arguments, node)
        return self._call_opaque(callee, arguments, node)

    def _call_alternatives(self, callee: Value, arguments: Arguments, node: ast.AST) -> Value:
        results = [self.call_object(ref.obj, arguments, node) for ref in callee.refs]
        results += [self._call_local(inner, arguments) for inner in callee.functions]
        if callee.bound is not None:
            name = callee.bound.name
            results.append(self.method(callee.bound.receiver, name, arguments, node))
        return join(results)

    def _call_opaque(
        self, callee: Value, arguments: Arguments, node: ast.AST, what: str = ""
    ) -> Value:
        """A callee of which only the origin is known."""
        paths = [place.name for place in callee.places if place.kind == "param"]
        if not paths or len(paths) != len(callee.places):
            what = what or f"{callee_text(node)} is called, which is not known,"
            return self.unknown_call(what, node, arguments)
        given = join(arguments.all())
        for path in paths:
            reason = f"argument {'.'.join(path)!r} is called at {self.where(node)}"
            old = self.summary.called.get(path)
            if old is not None:
                given, reason = given.join(old.given), old.reason
            self.summary.called[path] = CalledParameter(reason, given)
        for argument in arguments.all():
            self.call_back(argument, UNKNOWN, node)
        return UNKNOWN

    def _call_local(self, function: FunctionNode, arguments: Arguments) -> Value:
        """A function or lambda of this activation: its parameters collect what they are given."""
        names = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]
        bound: dict[str, Value] = dict(zip(names, arguments.positional, strict=False))
        extra = join(arguments.positional[len(names) :])
        own = {arg.arg for arg in parameters(function.args)}
        for name, value in arguments.keywords.items():
            if name in own:
                bound[name] = value
            else:
                extra = extra.join(value)
        if arguments.rest is not None:
            extra = extra.join(arguments.rest)
            bound = {name: bound.get(name, arguments.rest) for name in own}
        for collector in (function.args.vararg, function.args.kwarg):
            if collector is not None:
                bound[collector.arg] = self.allocate(collector, extra, tuple)
        for name in own:
            self.assign(function, name, bound.get(name, BOTTOM))
        return self.run_function(function)

    def call_back(
        self, value: Value, given: Value, node: ast.AST, *, classes_too: bool = False
    ) -> Value:
        """A function that was handed over may be called there, with anything that was around."""
        arguments = Arguments(rest=given)
        results = [self._call_local(function, arguments) for function in value.functions]
        for ref in value.refs:
            function = isinstance(ref.obj, types.FunctionType | types.MethodType)
            native = is_code(ref.obj) and not (classes_too and isinstance(ref.obj, type))
            if function or (not native and callable(ref.obj)):
                results.append(self.call_object(ref.obj, arguments, node))
        if value.bound is not None and not value.is_bottom:
            receiver, name = value.bound.receiver, value.bound.name
            if any(is_method(class_attribute(cls, name)) for cls in classes(receiver)):
                results.append(self.method(receiver, name, arguments, node))
        return join(results)

    def unknown_call(
        self, what: str, node: ast.AST, arguments: Arguments, receiver: Value = BOTTOM
    ) -> Value:
        """A call that may do anything: ordered, and its arguments may change."""
        self.record(ANYTHING, what, node)
        self.summary.blocking = True
        self.summary.reaches.add("unknown")
        for argument in (receiver, *arguments.all()):
            self.mutate(argument, node, f"is passed to {callee_text(node)}")
            self.hold(argument, UNKNOWN, ANY)
            self.call_back(argument, UNKNOWN, node)
        return UNKNOWN

    def operator_call(self, what: str, node: ast.AST, arguments: Arguments) -> Value:
        """A call of a model or a tool."""
        self.record(ASKS, what, node)
        self.summary.reaches.add("operator")
        self.summary.blocking = True
        return self.allocate(node, join(arguments.all()))

    # Methods

    def method(self, receiver: Value, name: str, arguments: Arguments, node: ast.AST) -> Value:
        """The result of ``receiver.name(...)``."""
        if receiver.is_bottom:
            return BOTTOM
        if receiver.bound is not None and receiver.bound.name == SUPER:
            return self._super_method(receiver.bound.receiver, name, arguments, node)
        if receiver.cls is CONTEXT_MANAGER and name.endswith(("enter__", "exit__")):
            return self.items(receiver)  # The body was interpreted when the manager was made.
        if receiver.refs:
            return join(
                self._object_method(ref.obj, receiver, name, arguments, node)
                for ref in receiver.refs
            )
        if receiver.cls is super:
            what = f"{callee_text(node)} is called, which is not known,"
            return self.unknown_call(what, node, arguments, receiver)
        if receiver.cls is not None:
            method = class_attribute(receiver.cls, name)
            if is_method(method):
                return self._class_method(receiver.cls, method, receiver, arguments, node)
            if method is MISSING and receiver.cls.__module__ == "builtins":
                return BOTTOM  # An AttributeError, or code for another kind of object.
        elif receiver.hint is not None:
            told = receiver.hint.classes
            having = [cls for cls in told if class_attribute(cls, name) is not MISSING]
            having = having or [sub for cls in told for sub in classes_below(cls, name)]
            if having:
                return join(
                    self._hinted_method(cls, receiver, name, arguments, node) for cls in having
                )
        return self._method_by_name(receiver, name, arguments, node)

    def _hinted_method(
        self, cls: type, receiver: Value, name: str, arguments: Arguments, node: ast.AST
    ) -> Value:
        """A method of an object of a class, or of one below it: whatever they all do."""
        found = implementations(cls, name)
        if not found and cls.__module__ in sys.stdlib_module_names | {"collections.abc"}:
            return self._method_by_name(receiver, name, arguments, node)
        if not found or not all(is_method(method) for _, method in found):
            what = f"{callee_text(node)} is called, which is not known,"
            return self.unknown_call(what, node, arguments, receiver)
        results: list[Value] = []
        for owner, method in found:
            this = dataclasses.replace(receiver, hint=Hint((owner,)))
            results.append(self._class_method(owner, method, this, arguments, node))
        return join(results)

    def _super_method(
        self, receiver: Value, name: str, arguments: Arguments, node: ast.AST
    ) -> Value:
        start = self.cells["__class__"].cell_contents
        cls = next(iter(classes(receiver)), start)
        cls = receiver_class(receiver) or cls
        mro = cls.__mro__ if start in cls.__mro__ else start.__mro__
        for base in mro[mro.index(start) + 1 :]:
            if name in base.__dict__:
                return self._class_method(base, base.__dict__[name], receiver, arguments, node)
        what = f"super().{name} is called, which is not known,"
        return self.unknown_call(what, node, arguments, receiver)

    def _object_method(
        self, obj: Any, receiver: Value, name: str, arguments: Arguments, node: ast.AST
    ) -> Value:
        """A method of an object in hand, looked up without running the object's hooks."""
        one = dataclasses.replace(receiver, refs=frozenset({Ref(obj)}), bound=None)
        if any(place.resource == "console" for place in one.places):
            return self._console_method(one, name, node)
        own = MISSING if isinstance(obj, type) else namespace(obj).get(name, MISSING)
        if own is not MISSING:
            return self.call_object(own, arguments, node)
        found = class_attribute(obj if isinstance(obj, type) else type(obj), name)
        if found is MISSING and isinstance(obj, type):
            found = class_attribute(type(obj), name)
        if not is_method(found):
            if found is MISSING and raises_on_missing(obj):
                return BOTTOM
            if is_service(obj):
                return self.operator_call(f"{callee_text(node)} uses a client", node, arguments)
            what = f"{callee_text(node)} is called, which is not known,"
            return self.unknown_call(what, node, arguments, one)
        bound = getattr(obj, name)
        if (recognised := self.analysis.recognise(bound)) is not None:
            if not recognised.mutates_args:
                self._read_receiver(one, obj, node)
            return self._apply(recognised, bound, one, arguments, node)
        if isinstance(bound, types.MethodType):
            owner = bound.__self__
            this = (
                known(owner, shared(f"class {owner.__name__}"))
                if owner is not obj and isinstance(owner, type)
                else one
            )
            return self.call_object(bound.__func__, arguments.prepend(this), node)
        return self.call_object(bound, arguments, node)

    def _console_method(self, receiver: Value, name: str, node: ast.AST) -> Value:
        """A method of a standard stream, of whatever class that is at the moment."""
        label = next(str(place.name) for place in receiver.places if place.resource == "console")
        touch = CONSOLE_METHODS.get(name, ("console", "write"))
        self.record(Effect.touching(touch), f"{label}.{name} is called", node)
        self.summary.blocking |= touch not in (("console", "update"), ("environment", "read"))
        return IMMUTABLE

    def _read_receiver(self, receiver: Value, obj: Any, node: ast.AST) -> None:
        """A method that only looks at a shared collection reads it."""
        if is_harmless(obj):
            return
        for place in receiver.places:
            if place.kind != "shared":
                continue
            kind, _, quoted = str(place.name).partition(" '")
            if kind in ("global", "closure variable"):
                self.read_variable(self.outside(quoted.rstrip("'")), obj, node, use=True)
            elif not kind.startswith(("builtin", "module", "class")):
                self.note_read(str(place.name), node, "")

    def _class_method(
        self, cls: type, method: Any, receiver: Value, arguments: Arguments, node: ast.AST
    ) -> Value:
        """A method found in a class, called on an object of it."""
        if isinstance(method, staticmethod):
            return self.call_object(method.__func__, arguments, node)
        if isinstance(method, classmethod):
            this = known(cls, shared(f"class {cls.__name__}"))
            return self.call_object(method.__func__, arguments.prepend(this), node)
        if (recognised := self.analysis.recognise(method)) is not None:
            return self._apply(recognised, method, receiver, arguments, node)
        if isinstance(method, types.FunctionType) or wrapped_callable(method) is not None:
            return self.call_object(method, arguments.prepend(receiver), node)
        what = f"{callee_text(node)} is called, which is not known,"
        return self.unknown_call(what, node, arguments, receiver)

    def _method_by_name(
        self, receiver: Value, name: str, arguments: Arguments, node: ast.AST
    ) -> Value:
        """A method of an object of unknown class: what its name says, or unknown."""
        values = arguments.all()
        given = join(values)
        if name in VERBS and values:
            return self.operator_call(f"{callee_text(node)} calls a model", node, arguments)
        if _is_functional_update(node):
            for argument in values:
                self.call_back(argument, UNKNOWN, node)
            self.summary.reaches.add("tensor")
            return IMMUTABLE
        if name in CHANGING_METHODS:
            accumulates = name in ACCUMULATING_METHODS
            how = "is accumulated into" if accumulates else f"is changed by {name}()"
            self.mutate(receiver, node, how, accumulates=accumulates)
            self.hold(receiver, given)
            return self.items(receiver).join(given)
        if name in _READING_METHODS:
            items = self.items(receiver)
            for argument in values:
                self.call_back(argument, items, node)
            if name in _COPYING_METHODS:
                return self.allocate(node, items)
            return items.join(given) if name == "get" else items
        if not receiver.places:
            if name in _PATH_METHODS:
                method = class_attribute(pathlib.Path, name)
                return self._class_method(pathlib.Path, method, receiver, arguments, node)
            return IMMUTABLE  # Whatever it is, it has no state.
        if receiver.is_fresh:
            return self._private_method(receiver, name, arguments, node)
        what = f"{callee_text(node)} is called, which is not known,"
        return self.unknown_call(what, node, arguments, receiver)

    def _private_method(
        self, receiver: Value, name: str, arguments: Arguments, node: ast.AST
    ) -> Value:
        """On a new object of unknown class, such as a response: it does whatever to itself."""
        self.record(ASKS, f"{callee_text(node)} is called on a new object", node)
        for argument in arguments.all():
            self.mutate(argument, node, f"is passed to {name}()")
            self.call_back(argument, UNKNOWN, node)
        self.hold(receiver, join(arguments.all()))
        return self.items(receiver).join(Value(receiver.places))

    # Calls of objects in hand

    def call_object(self, obj: Any, arguments: Arguments, node: ast.AST) -> Value:
        """A callable in hand: recognised, or followed into its parts, or unknown."""
        self.analysis.step()
        if obj is ARRAY_FUNCTION:
            self.summary.reaches.add("tensor")
            return IMMUTABLE
        if (recognised := self.analysis.recognise(obj)) is not None:
            return self._apply(recognised, obj, None, arguments, node)
        if isinstance(obj, types.FunctionType):
            return self._call_function(obj, arguments, node)
        if isinstance(obj, types.MethodType):
            this = known(obj.__self__, shared(f"a {type(obj.__self__).__name__} object"))
            return self.call_object(obj.__func__, arguments.prepend(this), node)
        if isinstance(obj, functools.partial):
            return self.call_object(obj.func, _partial_arguments(obj, arguments), node)
        if isinstance(obj, type):
            return self._construct(obj, arguments, node)
        if (inner := wrapped_callable(obj)) is not None:
            with self.memoised(obj, node):
                return self.call_object(inner, arguments, node)
        if isinstance(class_attribute(type(obj), "__call__"), types.FunctionType):
            if not is_mock(obj):
                receiver = known(obj, shared(f"a {type(obj).__name__} object"))
                return self.method(receiver, "__call__", arguments, node)
        name = getattr(obj, "__qualname__", None) or type(obj).__qualname__
        return self.unknown_call(f"{name} is called, which is not known,", node, arguments)

    def _call_function(self, fn: types.FunctionType, arguments: Arguments, node: ast.AST) -> Value:
        """A Python function: its summary, in terms of the values it is called with."""
        if (body := context_manager_body(fn)) is not None:
            entered = self._call_function(body, arguments, node)
            return self.allocate(node, self.items(entered), CONTEXT_MANAGER)
        if (inner := guarded_function(fn)) is not None:
            return self._call_function(inner, arguments, node)
        bound = bind_arguments(fn, arguments)
        shapes = {name: self.shape(value) for name, value in bound.items()}
        context = {name: shape for name, shape in shapes.items() if shape is not None}
        callee = self.analysis.summarise(fn, context)
        self.merge(callee)
        frame = Frame(node, bound, frozenset(closed_paths(context)))
        result = self.import_objects(callee, frame)
        for path, mutation in callee.mutated.items():
            value = self.at_path(path, bound)
            self.change(value, mutation)
            if "unknown" in callee.reaches:
                self.hold(value, UNKNOWN, ANY)
        for path, called in callee.called.items():
            given = self.import_value(called.given, frame)
            self._call_parameter(self.at_path(path, bound), given, called.reason, node)
        return result

    def _call_parameter(self, value: Value, given: Value, reason: str, node: ast.AST) -> None:
        """The callee calls this argument with ``given``."""
        if value.functions or value.refs or value.bound:
            self.call_back(value, given, node, classes_too=True)
        elif any(python_method(cls, "__call__") is not None for cls in classes(value)):
            self.method(value, "__call__", Arguments(rest=given), node)
        elif not value.is_bottom:
            self._call_opaque(value, Arguments(rest=given), node, f"{reason}, which is not known,")

    def _construct(self, cls: type, arguments: Arguments, node: ast.AST) -> Value:
        """Building an instance of a Python class: its ``__new__`` and ``__init__`` run."""
        this = known(cls, shared(f"class {cls.__name__}"))
        if issubclass(cls, enum.Enum):
            return IMMUTABLE
        meta_call = class_attribute(type(cls), "__call__")
        if isinstance(meta_call, types.FunctionType):
            return self.call_object(meta_call, arguments.prepend(this), node)
        value = self.allocate(node, cls=cls)
        new, init = class_attribute(cls, "__new__"), class_attribute(cls, "__init__")
        new = getattr(new, "__func__", new)
        if isinstance(new, types.FunctionType) and not is_generated(new):
            self.call_object(new, arguments.prepend(this), node)
        else:
            self.hold(value, join(arguments.all()))
        if not isinstance(init, types.FunctionType):
            return Value(cls=cls) if is_immutable_class(cls) else value
        if dataclasses.is_dataclass(cls) and is_generated(init):
            self._construct_dataclass(cls, value, arguments, node)
        elif init.__code__.co_filename.startswith("<attrs generated"):
            self._construct_attrs(cls, value, arguments, node)
        else:
            self.call_object(init, arguments.prepend(value), node)
        return value

    def _construct_dataclass(
        self, cls: type, value: Value, arguments: Arguments, node: ast.AST
    ) -> None:
        items = [item for item in dataclasses.fields(cls) if item.init]
        given = dict(zip((item.name for item in items), arguments.positional, strict=False))
        given |= arguments.keywords
        for item in dataclasses.fields(cls):
            held = given.get(item.name, arguments.rest or BOTTOM)
            if item.name not in given:
                if item.default_factory is not dataclasses.MISSING:
                    held = held.join(self.call_object(item.default_factory, Arguments(), node))
                elif item.default is not dataclasses.MISSING:
                    label = f"default of {cls.__name__}.{item.name}"
                    held = held.join(known(item.default, shared(label)))
            self.hold(value, held, item.name)
        post = class_attribute(cls, "__post_init__")
        if isinstance(post, types.FunctionType):
            self.call_object(post, Arguments((value,)), node)

    def _construct_attrs(
        self, cls: type, value: Value, arguments: Arguments, node: ast.AST
    ) -> None:
        """A class of the ``attrs`` package, whose fields may have code of their own."""
        given = join(arguments.all())
        self.hold(value, given, ANY)
        for item in getattr(cls, "__attrs_attrs__", ()):
            for hook in (item.converter, item.validator, getattr(item.default, "factory", None)):
                if hook is not None:
                    held = self.call_object(hook, Arguments(rest=given), node)
                    self.hold(value, held, item.name)
        post = class_attribute(cls, "__attrs_post_init__")
        if isinstance(post, types.FunctionType):
            self.call_object(post, Arguments((value,)), node)

    # Applying what is known of a recognised callable

    def _apply(
        self,
        found: Classification,
        obj: Any,
        receiver: Value | None,
        arguments: Arguments,
        node: ast.AST,
    ) -> Value:
        """The effects of a recognised callable on this activation's values."""
        if found.kind == "unknown":
            return self.unknown_call(found.reason, node, arguments, receiver or BOTTOM)
        path = identify(obj).path
        if (evaluate := _EVALUATED.get(path)) is not None:
            if (result := evaluate(self, arguments, node)) is not None:
                return result
        self.summary.reaches |= found.reaches
        if CALLBACK in found.writes and self.analysis.array_code:
            return IMMUTABLE
        if found.kind == "numpy":
            self.summary.reaches.add("numpy")
        self.summary.blocking |= found.blocking
        self._apply_effects(found, path.rpartition(".")[2], receiver, arguments, node)
        if (out := arguments.keywords.get("out")) is not None:
            self.mutate(out, node, "is written to")
        operands = [value for value in _operands(receiver, arguments) if not value.is_code]
        self._call_protocols(path, operands, node)
        for operand in operands if _iterates(path) else ():
            if any(class_attribute(cls, "__next__") is not MISSING for cls in classes(operand)):
                self.mutate(operand, node, f"is used up by {callee_text(node)}()")
        given = join(map(self.items, operands)).join(join(operands)).without_refs()
        around = dataclasses.replace(given, functions=frozenset())
        back = join(
            self.call_back(argument, around, node, classes_too=found.higher_order)
            for argument in arguments.all()
        )
        return self._result(found, obj, receiver, operands, back, node)

    def _call_protocols(self, path: str, operands: list[Value], node: ast.AST) -> None:
        """Builtins run methods of the objects that they are given: ``len(x)`` is ``__len__``."""
        module, _, name = path.rpartition(".")
        if module not in ("builtins", "itertools", "functools", "statistics", "math"):
            return
        for operand in operands:
            for cls in classes(operand):
                for protocol in _PROTOCOLS.get(name, _ITERATION):
                    if (method := python_method(cls, protocol)) is not None:
                        self.call_object(method, Arguments((operand,)), node)

    def _apply_effects(
        self,
        found: Classification,
        method: str,
        receiver: Value | None,
        arguments: Arguments,
        node: ast.AST,
    ) -> None:
        """What a recognised callable changes, and what else it touches."""
        private = found.form.private and receiver is not None and receiver.is_fresh
        changed = list(found.changes)
        if found.mutates_args and not changed:
            changed = [RECEIVER] if found.evidence != "declared" else _everything(arguments)
        if private and RECEIVER not in changed:
            changed.append(RECEIVER)
        if found.form.stream is not None:
            stream = operand(found.form.stream, None, arguments)
            if stream is not None and not stream.is_bottom:
                self._print_to(stream, node)
                return
        for which in changed:
            target = operand(which, receiver, arguments)
            self._change_operand(target, found, arguments, node, method)
        if private or (found.touches <= OBJECT_CHANGES and changed):
            return
        if found.reads == ("clock",) and not is_library(self.fn.__code__.co_filename):
            self.record(READS_CLOCK, found.reason, node)
            self.summary.reads["clock"] = None
            self.summary.clock = self.summary.clock or f"{found.reason} at {self.where(node)}"
            return
        self.summary.touches |= found.touches
        if found.effects != PURE:
            self._apply_touches(found, arguments, node)

    def _apply_touches(self, found: Classification, arguments: Arguments, node: ast.AST) -> None:
        if found.form.opens is not None and _opens_for_reading(found.form.opens, arguments):
            self.record(READS_FILE, "a file is read", node)
            self.summary.reads["files"] = None
            return
        rest = found.touches - OBJECT_CHANGES
        exact = found.evidence == "declared" or rest == found.touches
        effect = Effect.of(found) if exact else Effect.touching(*rest)
        what = found.reason if found.form.opens is None else "a file is opened for writing"
        self.record(effect, what, node)
        self.summary.writes.update(dict.fromkeys(found.writes))
        self.summary.reads.update(dict.fromkeys(found.reads))

    def _print_to(self, stream: Value, node: ast.AST) -> None:
        """Output goes to an object instead of the console, unless that is the console."""
        console = [place for place in stream.places if place.resource == "console"]
        for place in console:
            what = f"{place.name} is printed to"
            self.record(change_of(place, accumulates=True), what, node)
        if not console:
            self.summary.blocking = True
            self.mutate(stream, node, f"is given to {callee_text(node)}() to write to")

    def _change_operand(
        self,
        target: Value | None,
        found: Classification,
        arguments: Arguments,
        node: ast.AST,
        method: str,
    ) -> None:
        if target is None:
            return
        accumulates = found.effects == UNORDERED and ("object", "write") not in found.touches
        how = "is accumulated into" if accumulates else "is changed in place"
        self.mutate(target, node, how, accumulates=accumulates)
        for value in arguments.all():
            if value is not target:
                self.hold(target, value)
                if method not in _HOLDING_METHODS:
                    self.hold(target, self.items(value))

    def _result(
        self,
        found: Classification,
        obj: Any,
        receiver: Value | None,
        operands: list[Value],
        back: Value,
        node: ast.AST,
    ) -> Value:
        """The value of a recognised call: immutable, new, or possibly one of its operands."""
        if found.form.shares:
            return Value(frozenset({shared(found.form.shares, "environment")}))
        if found.form.alike and receiver is not None and is_immutable_class(receiver.cls):
            return Value(cls=receiver.cls)
        if found.returns == "iterator":
            mapped = found.form.maps and not back.is_bottom
            held = back if mapped else join(map(self.items, operands)).join(back)
            return self.allocate(Part(node, "iterator"), held)
        if found.form.yields:
            return self.allocate(node, Value(cls=RESULT_CLASSES[found.form.yields]))
        if found.form.opens is not None and not isinstance(obj, type):
            return self.allocate(node, cls=_TEXT_FILE)
        identity = identify(obj)
        cls = RESULT_CLASSES.get(found.returns or "")
        if found.returns in IMMUTABLE_CLASSES:
            return Value(cls=cls)
        if found.kind == "tensor" and found.returns == "function":
            if not found.reaches:  # `xcs.jit`, which gives what does the same; or itself, as yet
                return join(operands) if operands else Value(refs=frozenset({Ref(obj)}))
            return Value(refs=frozenset({Ref(ARRAY_FUNCTION)}))
        if identity.path in _CALLBACK_RESULTS:
            return back.join(join(operands)).join(join(map(self.items, operands)))
        inside = join(map(self.items, operands)).join(back)
        if isinstance(obj, type) and found.returns != "context":
            kept = inside if obj in _COLLECTIONS else inside.join(join(operands))
            return Value(cls=obj) if is_immutable_class(obj) else self.allocate(node, kept, obj)
        copies = receiver is not None and identity.method in _COPYING_METHODS
        if copies or identity.path in _COPYING_FUNCTIONS:
            return self.allocate(node, inside, cls)
        if found.kind in ("model", "tool"):
            return self.allocate(node, join(operands))
        if not any(operand.places or operand.functions for operand in operands):
            return self.allocate(node, back, cls)
        alias = self.allocate(node, inside).join(inside).join(join(operands))
        return dataclasses.replace(alias.without_refs(), cls=cls)


# Builtins that say which objects flow where, rather than what happens. They give None for calls
# that they do not know, which are then like any other.


def _class_of(calls: Calls, arguments: Arguments, node: ast.AST) -> Value | None:
    """``type(x)``, which may be called to build another one."""
    if len(arguments.all()) != 1:
        return None
    found = classes(arguments.all()[0])
    if not found:
        return calls.allocate(node, cls=type)
    return join(known(cls, shared(f"class {cls.__name__}")) for cls in found)


def _attribute_of(calls: Calls, arguments: Arguments, node: ast.AST) -> Value | None:
    """``getattr(x, name, default)``."""
    if len(arguments.positional) < 2:
        return None
    base, name, *default = arguments.positional
    names = {ref.obj for ref in name.refs if isinstance(ref.obj, str)}
    if len(names) != 1:
        return join([calls.everything(base), *default])
    return join([calls.attribute(base, names.pop(), node, use=True), *default])


def _iterator_of(calls: Calls, arguments: Arguments, node: ast.AST) -> Value | None:
    """``iter(x)``: a new iterator over `x`, unless that is known to be one itself."""
    if len(arguments.positional) != 1 or arguments.rest is not None:
        return None
    value = arguments.positional[0]
    if any(class_attribute(cls, "__next__") is not MISSING for cls in classes(value)):
        return None
    return calls.allocate(node, calls.iterate(value, node))


def _instance_of(calls: Calls, arguments: Arguments, node: ast.AST) -> Value | None:
    """``object.__new__(cls)``."""
    found = [ref.obj for ref in arguments.positional[0].refs] if arguments.positional else []
    cls = found[0] if len(found) == 1 and isinstance(found[0], type) else None
    return calls.allocate(node, join(arguments.positional[1:]), cls)


def _wraps_of(calls: Calls, arguments: Arguments, node: ast.AST) -> Value | None:
    """``wraps(f)``, a decorator that gives back what it is given."""
    return Value(frozenset(), frozenset({Ref(_as_it_is)}), types.FunctionType)


def _as_it_is(function: Any) -> Any:
    return function


def _iterators_of(calls: Calls, arguments: Arguments, node: ast.AST) -> Value | None:
    """``tee(x, n)``."""
    if not arguments.positional:
        return None
    first = Arguments(arguments.positional[:1])
    made = _iterator_of(calls, first, node)
    return made and calls.allocate(Part(node, "all"), made, tuple)


def _partial_of(calls: Calls, arguments: Arguments, node: ast.AST) -> Value | None:
    """``partial(f)``, which is called like `f`."""
    return arguments.positional[0] if len(arguments.positional) == 1 else None


_EVALUATED: Final[dict[str, Callable[[Calls, Arguments, ast.AST], Value | None]]] = {
    "builtins.getattr": _attribute_of,
    "builtins.iter": _iterator_of,
    "builtins.object.__new__": _instance_of,
    "builtins.tuple.__new__": _instance_of,
    "builtins.type": _class_of,
    "functools.partial": _partial_of,
    "functools.wraps": _wraps_of,
    "itertools.tee": _iterators_of,
}


def operand(which: Operand, receiver: Value | None, arguments: Arguments) -> Value | None:
    """The value of an operand in one call; None where it is not given."""
    position, name = which
    if which == RECEIVER:
        values = arguments.all()
        return receiver if receiver is not None else (values[0] if values else UNKNOWN)
    if name in arguments.keywords:
        return arguments.keywords[name]
    if position is not None and position < len(arguments.positional):
        return arguments.positional[position]
    return arguments.rest


def _everything(arguments: Arguments) -> list[Operand]:
    positional: list[Operand] = [(n, "") for n in range(len(arguments.positional))]
    return positional + [(None, name) for name in arguments.keywords]


def _opens_for_reading(which: Operand, arguments: Arguments) -> bool:
    """Whether a file is certainly opened to be read. Any other mode may change the world."""
    mode = operand(which, None, arguments)
    if mode is None:
        return True
    if mode is arguments.rest or not mode.refs:
        return False
    modes = [ref.obj for ref in mode.refs]
    return all(isinstance(m, str) and not _FILE_WRITE_MODES & set(m) for m in modes)


def _iterates(path: str) -> bool:
    """Whether a builtin may iterate over what it is given. Most library functions may."""
    module, _, name = path.rpartition(".")
    return module != "builtins" or _PROTOCOLS.get(name, _ITERATION) is _ITERATION


_ITERATION: Final = ("__iter__", "__next__")
_PROTOCOLS: Final[dict[str, tuple[str, ...]]] = {
    "abs": ("__abs__",),
    "bool": ("__bool__", "__len__"),
    "callable": (),
    "delattr": (),
    "float": ("__float__", "__index__"),
    "format": ("__format__", "__str__"),
    "getattr": (),
    "hasattr": (),
    "hash": ("__hash__",),
    "id": (),
    "int": ("__int__", "__index__"),
    "isinstance": (),
    "issubclass": (),
    "len": ("__len__",),
    "print": ("__str__", "__repr__"),
    "repr": ("__repr__",),
    "reversed": ("__reversed__", "__len__", "__getitem__"),
    "round": ("__round__",),
    "setattr": (),
    "str": ("__str__", "__repr__"),
    "type": (),
    "vars": (),
}
"""The methods that a builtin runs; all others iterate over what they are given."""

_CALLBACK_RESULTS: Final = frozenset({"functools.reduce", "builtins.max", "builtins.min"})
"""Functions that give back what a callback gave, or one of their operands' items."""


def bind_arguments(fn: types.FunctionType, arguments: Arguments) -> dict[str, Value]:
    """The values of a function's parameters in one call, defaults included."""
    code = fn.__code__
    positional = code.co_varnames[: code.co_argcount]
    count = code.co_argcount + code.co_kwonlyargcount
    named = code.co_varnames[:count]
    bound = dict(zip(positional, arguments.positional, strict=False))
    extra = list(arguments.positional[len(positional) :])
    for name, value in arguments.keywords.items():
        if name in named:
            bound[name] = value
        else:
            extra.append(value)
    if arguments.rest is not None:
        extra.append(arguments.rest)
        for name in named:
            bound.setdefault(name, arguments.rest)
    for name, default in _defaults(fn).items():
        value = known(default, shared(f"default of {name!r}"))
        if name not in bound:
            bound[name] = value
        elif bound[name] is arguments.rest:
            bound[name] = bound[name].join(value)
    for flag in (_VARARGS, _VARKEYWORDS):
        if code.co_flags & flag:
            bound[code.co_varnames[count]] = join(extra)
            count += 1
    return bound


def _defaults(fn: types.FunctionType) -> Mapping[str, Any]:
    values = fn.__defaults__ or ()
    names = fn.__code__.co_varnames[: fn.__code__.co_argcount]
    positional = dict(zip(names[::-1], values[::-1], strict=False))
    return positional | (fn.__kwdefaults__ or {})


def _partial_arguments(partial: functools.partial[Any], arguments: Arguments) -> Arguments:
    place = shared("an argument that a partial holds")
    given = [known(value, place) for value in partial.args]
    keywords = {name: known(value, place) for name, value in partial.keywords.items()}
    return Arguments(
        (*given, *arguments.positional), {**keywords, **arguments.keywords}, arguments.rest
    )


def _operands(receiver: Value | None, arguments: Arguments) -> Iterable[Value]:
    return arguments.all() if receiver is None else [receiver, *arguments.all()]


def receiver_class(receiver: Value) -> type | None:
    """The class that ``super()`` starts from, where the receiver is itself a class."""
    found = [ref.obj for ref in receiver.refs if isinstance(ref.obj, type)]
    return found[0] if len(found) == 1 else None


_FUNCTIONAL_UPDATES: Final = frozenset(
    {"add", "apply", "divide", "get", "max", "min", "mul", "multiply", "power", "set", "subtract"}
)


def _is_functional_update(node: ast.AST) -> bool:
    """Whether a call reads ``x.at[i].add(y)``, with which JAX makes a new array."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _FUNCTIONAL_UPDATES
        and isinstance(node.func.value, ast.Subscript)
        and isinstance(node.func.value.value, ast.Attribute)
        and node.func.value.value.attr == "at"
    )


def callee_text(node: ast.AST) -> str:
    """The source of a call's callee, shortened for a message."""
    if isinstance(node, ast.Call):
        node = node.func
    try:
        text = ast.unparse(node)
    except Exception:  # Only a message is at stake.
        return "it"
    return text if len(text) <= 60 else text[:57] + "..."
