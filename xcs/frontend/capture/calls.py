"""Calls: one ordered table of rules says what becomes of a call, by what its callee is."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import functools
import inspect
import pathlib
import re
import types
import typing
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from xcs.dialects import orch
from xcs.frontend.analysis.resources import Mode, Touches
from xcs.frontend.arguments import array_class
from xcs.frontend.capture import arrays
from xcs.frontend.capture.changes import changed_by, changes_settings, may_change_objects
from xcs.frontend.capture.elements import (
    MAPPINGS,
    elements_home,
    functions_in,
    join_keys,
    store_key,
)
from xcs.frontend.capture.evaluate import (
    class_of,
    derived_home,
    evaluate,
    length,
    may_act,
    new_list,
    operation,
    taken_now,
    view_of,
)
from xcs.frontend.capture.names import (
    assume_class_attribute,
    assume_member,
    holding,
    is_code,
    load_attribute,
    mangled,
    store_in,
)
from xcs.frontend.capture.order import ELEMENTS, Home, Immutable
from xcs.frontend.capture.rows import call_rows
from xcs.frontend.capture.state import Capture, object_type
from xcs.frontend.capture.values import (
    NOTHING,
    Closure,
    Coroutine,
    Dyn,
    Frame,
    Generator,
    Group,
    Method,
    Pack,
    Partial,
    Path,
    Static,
    Value,
    argument_list,
)
from xcs.frontend.classification import IMMUTABLE_CLASSES, Classification
from xcs.frontend.classify import classify
from xcs.frontend.facts import (
    CHANGING_METHODS,
    CONTAINERS,
    READING_METHODS,
    READS_FRAMES,
    SCALARS,
    SEES_ITS_FRAME,
    TAKES_ALL,
    TAKES_EACH,
    declared_result,
    has_python_methods,
    is_among,
    is_declared_plain,
    is_named_tuple,
    is_user_class,
    makes_new,
    makes_own_instances,
    reads_only,
    returns_plain,
)
from xcs.frontend.guards import MISSING
from xcs.frontend.interpretation.lookup import class_attribute
from xcs.frontend.source import function_node, is_library
from xcs.frontend.unsupported import Inseparable, SeesFrames, Unsupported


@dataclass
class Args:
    """What a call passes: values, and those that are unpacked when the program runs."""

    positional: list[Value] = field(default_factory=list)
    keywords: dict[str, Value] = field(default_factory=dict)
    starred: list[int] = field(default_factory=list)
    """Positions of values that are unpacked; a keyword ``**`` unpacks a mapping."""

    @property
    def is_plain(self) -> bool:
        """Whether it is known which parameter each value goes to."""
        return not self.starred and "**" not in self.keywords

    def values(self) -> list[Value]:
        """All values."""
        return [*self.positional, *self.keywords.values()]

    def after(self, *first: Value) -> Args:
        """The same with other values before."""
        starred = [s + len(first) for s in self.starred]
        return Args([*first, *self.positional], dict(self.keywords), starred)


@dataclass
class Call:
    """One call that is being captured."""

    c: Capture
    frame: Frame
    node: ast.AST
    args: Args


Rule = Callable[[Call, Any], Value | None]


# --- from syntax ----------------------------------------------------------------------------------


def evaluate_call(c: Capture, frame: Frame, node: ast.Call) -> Value:
    """The value of a call."""
    func = node.func
    if isinstance(func, ast.Name) and func.id == "super" and not node.args:
        raise Unsupported("super() used as a value", node)
    if isinstance(func, ast.Attribute):
        if _is_super(func.value):
            return _call_super(c, frame, node, func)
        base = evaluate(c, frame, func.value)
        c.note_temporary(func.value, base)
        if (found := _call_on_task(c, frame, node, base, func.attr)) is not None:
            return found
        if isinstance(base, Dyn | Pack):
            return _call_on(c, frame, node, c.dyn(base), func.attr)
        callee = load_attribute(c, frame, base, func.attr)
        if isinstance(base, Static) and type(base.obj) in SCALARS:
            args = evaluate_args(c, frame, node, method=func.attr)
            return method_of_data(Call(c, frame, node, args), base, func.attr)
    else:
        callee = evaluate(c, frame, func)
    consumed = _consuming(c, frame, node, callee)
    if consumed is not None:
        return consumed
    return apply(Call(c, frame, node, evaluate_args(c, frame, node, callee)), callee)


def evaluate_args(
    c: Capture, frame: Frame, node: ast.Call, callee: Value | None = None, *, method: str = ""
) -> Args:
    """The arguments, in the order in which Python evaluates them."""
    args = Args()
    from xcs.frontend.capture.generators import takes_elements, takes_generators, whole

    consumes = method in _CONSUMING_METHODS or _consumes(c, node, callee)
    iterates = takes_elements(callee) or method in _TAKING_METHODS
    streams = takes_generators(callee)
    # With a key or a start, elements are not taken as they are.
    folding = callee if len(node.args) == 1 and not node.keywords else None
    # A star alone is taken apart when the keyword arguments are there.
    named = [keyword.value for keyword in node.keywords] if len(node.args) > 1 else []
    for number, argument in enumerate(node.args, 1):
        if isinstance(argument, ast.Starred):
            value = _argument(c, frame, argument.value, True, iterates=True)
            value = whole(c, argument, value)
            value = taken_now(c, argument.value, value, [*node.args[number:], *named])
            if isinstance(value, Pack):
                args.positional.extend(value.items)
                continue
            if isinstance(value, Static) and type(value.obj) in (tuple, list):
                args.positional.extend(Static(part) for part in value.obj)
                continue
            args.starred.append(len(args.positional))
            args.positional.append(value)
        else:
            value = _argument(
                c, frame, argument, consumes, folding, iterates=iterates, streams=streams
            )
            c.note_temporary(argument, value)
            args.positional.append(value)
    mappings: list[tuple[str | None, Value]] = []
    for number, keyword in enumerate(node.keywords, 1):
        value = _argument(c, frame, keyword.value, consumes, streams=streams)
        c.note_temporary(keyword.value, value)
        items = _known_items(c, value) if keyword.arg is None else None
        if keyword.arg is None and items is None:
            later = [other.value for other in node.keywords[number:]]
            value = taken_now(c, keyword.value, value, later, dict)
        if items is not None and not items.keys() & args.keywords.keys() and not mappings:
            args.keywords.update(items)
        elif keyword.arg is None or mappings or keyword.arg in args.keywords:
            mappings.append((keyword.arg, value))
        else:
            args.keywords[keyword.arg] = value
    if mappings:
        _merge_keywords(c, args, mappings, _callee_name(frame, callee, node))
    return args


def _callee_name(frame: Frame, callee: Value | None, node: ast.Call) -> str:
    """What Python calls the callee where it complains of the arguments as a whole."""
    match callee:
        case Closure():
            function = frame.outermost.function
            return f"{function.__module__}.{callee.frame.qualname}.<locals>.{callee.name}()"
        case Static(obj=obj) | Method(function=obj) if hasattr(obj, "__qualname__"):
            module = getattr(obj, "__module__", None)
            is_builtin = module in (None, "builtins")
            return f"{obj.__qualname__}()" if is_builtin else f"{module}.{obj.__qualname__}()"
        case _:
            return f"{ast.unparse(node.func)}()"


def _known_items(c: Capture, value: Value) -> dict[str, Value] | None:
    if isinstance(value, Dyn) and value.known is not None and value.home is not None:
        return None if c.order.is_written(value.home) else value.known
    return None


def _merge_keywords(
    c: Capture, args: Args, mappings: list[tuple[str | None, Value]], name: str
) -> None:
    """Mappings that are unpacked, and keywords, as one mapping; a name given twice is an error."""
    if len(mappings) == 1 and not args.keywords:
        args.keywords["**"] = mappings[0][1]
        return
    parts: list[tuple[str | None, Value]] = [*args.keywords.items(), *mappings]
    operands: dict[str, Value] = {"merge_keywords": Static(merge_keywords)}
    operands |= {f"v{i}": value for i, (_, value) in enumerate(parts)}
    listed = ", ".join(f"({name!r}, v{i})" for i, (name, _) in enumerate(parts))
    home = c.order.fresh("keywords")
    for _, value in parts:
        store_in(c, home.field(ELEMENTS), value)
    source = f"merge_keywords({name!r}, [{listed}])"
    merged = c.host(source, operands, cls=dict, home=home)
    args.keywords.clear()
    args.keywords["**"] = merged


def merge_keywords(name: str, parts: list[tuple[str | None, Any]]) -> dict[str, Any]:
    """The keyword arguments of a call; raises TypeError as Python does."""
    found: dict[str, Any] = {}
    for key, value in parts:
        items = [(key, value)] if key is not None else [(k, value[k]) for k in value.keys()]  # noqa: SIM118
        for inner, item in items:
            if not isinstance(inner, str):
                raise TypeError("keywords must be strings")
            if inner in found:
                raise TypeError(f"{name} got multiple values for keyword argument '{inner}'")
            found[inner] = item
    return found


_CONSUMING_METHODS = frozenset(
    {"extend", "update", "join", "extendleft", "union", "intersection", "difference"}
)


_TAKING_METHODS = frozenset({"extend", "join"})
"""Those of builtin data that take elements one by one, before they look at any."""


def _argument(
    c: Capture, frame: Frame, node: ast.expr, consumes: bool, callee: Value | None = None, *,
    iterates: bool = False, streams: bool = False,
) -> Value:  # fmt: skip
    from xcs.frontend.capture.generators import elements, streamed

    if consumes and isinstance(node, ast.Call):
        c.consumed.add(id(node))
    if isinstance(node, ast.GeneratorExp) and consumes:
        from xcs.frontend.capture.comprehensions import FOLDS, comprehension

        fold = None
        if isinstance(callee, Static) and isinstance(callee.obj, Hashable):
            fold = FOLDS.get(callee.obj)
        return comprehension(c, frame, node, fold)
    if iterates:
        return elements(c, frame, node, hints=True)
    return streamed(c, frame, node) if streams else evaluate(c, frame, node)


def _consumes(c: Capture, node: ast.Call, callee: Value | None) -> bool:
    """Whether a call uses up the iterators that it is given."""
    if not isinstance(callee, Static):
        return False
    if callee.obj is enumerate:
        return id(node) in c.consumed
    if is_among(callee.obj, (*TAKES_ALL, *TAKES_EACH)):
        return True
    name = getattr(callee.obj, "__name__", "")
    if name in _AWAITING and callee.obj.__module__ == "asyncio.tasks":
        return id(node) in c.consumed
    return isinstance(callee.obj, types.BuiltinMethodType) and name == "join"


_AWAITING = frozenset({"gather", "wait_for"})
"""Functions of asyncio that await what they are given, if they are awaited."""


def _consuming(c: Capture, frame: Frame, node: ast.Call, callee: Value) -> Value | None:
    """Builtins over generator expressions and functions that call operators."""
    from xcs.frontend.capture.comprehensions import any_or_all

    if not isinstance(callee, Static) or node.keywords:
        return None
    if callee.obj in (any, all) if isinstance(callee.obj, types.BuiltinFunctionType) else False:
        if len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp):
            return any_or_all(c, frame, node.args[0], stop_at=callee.obj is any)
    return None


def _call_on_task(c: Capture, frame: Frame, node: ast.Call, base: Value, name: str) -> Value | None:
    """A method of a task or task group, if it is one."""
    from xcs.frontend.capture import coroutines

    if isinstance(base, Coroutine):
        raise Unsupported(f"the method '{name}' of a coroutine", node)
    if isinstance(base, Group):
        return coroutines.method_of_group(
            Call(c, frame, node, evaluate_args(c, frame, node)), base, name
        )
    task = coroutines.as_task(c, base)
    if task is None:
        if c.keeps_tasks and name in _OF_TASKS and class_of(base) is None:
            raise Inseparable(f"the method '{name}' of what may be a task", node)
        return None
    return coroutines.method_of_task(
        Call(c, frame, node, evaluate_args(c, frame, node)), task, name
    )


_OF_TASKS = frozenset({"result", "exception", "done", "cancel", "cancelled", "add_done_callback"})


# --- super ----------------------------------------------------------------------------------------


def _is_super(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "super"
        and len(node.args) in (0, 2)
        and not node.keywords
    )


def _call_super(c: Capture, frame: Frame, node: ast.Call, func: ast.Attribute) -> Value:
    """``super().name(...)``: the next class after the function's own in the object's order."""
    receiver, base, found = _after_own_class(c, frame, func)
    args = evaluate_args(c, frame, node)
    if isinstance(found, types.FunctionType):
        return call_function(
            c, frame, found, [receiver, *args.positional], args.keywords, owner=base, node=node
        )
    if base is object and func.attr == "__init__" and not args.values():
        return Static(None)
    raise Unsupported(f"super().{func.attr} is not a Python function", node)


def load_from_super(c: Capture, frame: Frame, node: ast.Attribute) -> Value | None:
    """``super().name``, if that is what the expression is."""
    if not _is_super(node.value):
        return None
    receiver, base, found = _after_own_class(c, frame, node)
    if isinstance(found, property) and isinstance(found.fget, types.FunctionType):
        return call_function(c, frame, found.fget, [receiver], {}, owner=base, node=node)
    if isinstance(found, types.FunctionType) and isinstance(receiver, Dyn):
        return Method(receiver, found)
    raise Unsupported(f"super().{node.attr} is neither a method nor a property", node)


def _after_own_class(
    c: Capture, frame: Frame, node: ast.Attribute
) -> tuple[Dyn | Static, type, Any]:
    """The receiver of ``super().name``, and which class has what under the name."""
    outer = frame.outermost
    assert isinstance(node.value, ast.Call)
    if given := node.value.args:
        of, receiver = (evaluate(c, frame, argument) for argument in given)
        owner = of.obj if isinstance(of, Static) and isinstance(of.obj, type) else None
    else:
        own = outer.cell("__class__")
        names = outer.function.__code__.co_varnames
        receiver = outer.env.get(names[0]) if names else None
        owner = None if own is None else own.cell_contents
    if owner is None or not isinstance(receiver, Dyn | Static):
        raise Unsupported("super() outside of a method that was found in its class", node)
    cls = class_of(receiver) if isinstance(receiver, Dyn) else receiver.obj
    if not isinstance(cls, type) or owner not in cls.__mro__:
        raise Unsupported("super() of an object of unknown class", node)
    name = mangled(frame, node.attr)
    for base in cls.__mro__[cls.__mro__.index(owner) + 1 :]:
        found = base.__dict__.get(name, MISSING)
        c.guards.member(base, name, found)
        if found is not MISSING:
            return receiver, base, found
    raise Unsupported(f"super() has no {name}", node)


# --- methods of values ----------------------------------------------------------------------------


def _call_on(c: Capture, frame: Frame, node: ast.Call, base: Dyn, name: str) -> Value:
    """A method of a value of the running program."""
    name = mangled(frame, name)
    if (method := arrays.method_of(base.cls, name)) is not None:
        args = evaluate_args(c, frame, node).after(base)
        what = replace(judged(c, method), returns="jax.Array")
        return call_recognised(Call(c, frame, node, args), method, what)
    if base.cls is not None and base.cls not in (*CONTAINERS, *SCALARS, tuple, range, frozenset):
        if has_python_methods(base.cls) or base.example is not NOTHING:
            callee = load_attribute(c, frame, base, name)
            if not (isinstance(callee, Dyn) and not has_python_methods(base.cls)):
                return apply(Call(c, frame, node, evaluate_args(c, frame, node, callee)), callee)
            return _library_method(c, frame, node, base, name)
        return _library_method(c, frame, node, base, name)
    if base.cls is None or not hasattr(base.cls, name):
        _look_up_first(c, node, base, name)
    if name in _VIEWS and not (node.args or node.keywords):
        view = view_of(c, base, name)
        if view is not None:
            return view
    args = evaluate_args(c, frame, node, method=name)
    call = Call(c, frame, node, args)
    if base.cls in (*SCALARS, tuple, range, frozenset) and args.is_plain:
        return method_of_data(call, base, name)
    return method_of_object(call, base, name)


def _look_up_first(c: Capture, node: ast.Call, base: Dyn, name: str) -> None:
    """That there is no such method shows before the arguments do anything."""
    if any(map(may_act, (*node.args, *(k.value for k in node.keywords)))):
        operands = {"look_up": Static(look_up), "value": Dyn(base.ssa)}
        c.host(f"look_up(value, {name!r})", operands)


def look_up(value: Any, name: str) -> None:
    """Raise Python's error if no value of such a class can have the attribute."""
    cls = type(value)
    if not (hasattr(cls, name) or hasattr(cls, "__getattr__") or hasattr(value, "__dict__")):
        getattr(value, name)


def _library_method(c: Capture, frame: Frame, node: ast.Call, base: Dyn, name: str) -> Value:
    """A method of an instance of a library's class, judged by the class that it has now."""
    args = evaluate_args(c, frame, node)
    cls = base.cls
    assert cls is not None
    if base.example is not NOTHING:
        try:
            bound = getattr(base.example, name)
        except Exception:
            bound = None
        if bound is not None and callable(bound):
            what = judged(c, bound)
            function = inspect.getattr_static(cls, name, None)
            is_method = isinstance(function, types.FunctionType | types.MethodDescriptorType)
            if is_method and name not in getattr(base.example, "__dict__", ()):
                assume_class_attribute(c, base, name)
                return call_recognised(Call(c, frame, node, args.after(base)), function, what)
            if is_method or getattr(bound, "__self__", None) is base.example:
                return call_recognised(
                    Call(c, frame, node, args.after(base)), _unbound(cls, name), what
                )
    call = Call(c, frame, node, args)
    function = inspect.getattr_static(cls, name, None)
    if base.example is NOTHING and isinstance(function, types.FunctionType):
        return call_recognised(
            replace(call, args=args.after(base)), _unbound(cls, name), judged(c, function)
        )
    return method_of_object(call, base, name)


@functools.lru_cache(maxsize=4096)
def _unbound(cls: type, name: str) -> Any:
    """A function that calls a method of its first argument."""

    def method(receiver: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(receiver, name)(*args, **kwargs)

    if is_coroutine_function(inspect.unwrap(getattr(cls, name, method))):
        method = awaiting(method)
    method.__name__ = name
    method.__qualname__ = f"{cls.__qualname__}.{name}"
    method.__module__ = cls.__module__
    with contextlib.suppress(TypeError, ValueError):
        method.__signature__ = inspect.signature(inspect.getattr_static(cls, name))  # type: ignore[attr-defined]
    return method


def call_method(
    c: Capture, frame: Frame, node: ast.AST, base: Value, name: str, values: list[Value]
) -> Value:
    """A special method of a value, looked up on its class as Python does."""
    if isinstance(base, Static):
        base = Dyn(c.ssa(base), type(base.obj), None, base.obj)
    target = c.dyn(base)
    call = Call(c, frame, node, Args(values))
    if target.cls is not None and has_python_methods(target.cls):
        found = class_attribute(target.cls, name)
        if isinstance(found, types.FunctionType):
            c.guards.member(_definer(target.cls, name), name, found)
            return call_function(
                c, frame, found, [target, *values], {}, owner=_definer(target.cls, name), node=node
            )
    return method_of_object(call, target, name)


def call_special(c: Capture, base: Value, name: str, values: list[Value]) -> Value | None:
    """A special method of an object whose class is known and defines it in Python, if it does."""
    if not isinstance(base, Dyn) or base.cls is None or _python_method(base.cls, name) is None:
        return None
    frame, attempt = c.frames[-1], c.begin()
    try:
        return call_method(c, frame, frame.node, base, name, values)
    except (Inseparable, SeesFrames):
        raise
    except Unsupported:
        c.undo(attempt)
        return None


class _OfLength:
    def __init__(self, length: Any):
        self.length = length

    def __len__(self) -> Any:
        return self.length


def length_of(length: Any) -> int:
    """What ``len`` makes of what ``__len__`` gave."""
    return len(_OfLength(length))


def _definer(cls: type, name: str) -> type:
    return next(base for base in cls.__mro__ if name in base.__dict__)


def method_of_data(call: Call, base: Value, name: str) -> Value:
    """A method of text or a number: native, and pure where the arguments are plain data."""
    c, args = call.c, call.args
    if not args.is_plain:
        return method_of_object(call, c.dyn(base), name)
    if name == "join":
        from xcs.frontend.capture.generators import whole

        args = replace(args, positional=[whole(c, call.node, v) for v in args.positional])
    operands, inside = argument_list(args.positional, args.keywords)
    operands = {"receiver": base, **operands}
    source = f"receiver.{name}({inside})"
    text = class_of(base) is str and name in _TEXT_RESULTS
    cls = str if text else None
    home = None
    if not text and name in ("split", "rsplit", "splitlines", "partition", "rpartition"):
        home, cls = c.order.fresh("parts"), tuple if "partition" in name else list
    elif not text and name not in _SCALAR_RESULTS:
        home = derived_home(c, list(operands.values())) or c.order.fresh(name)
    plain = all(map(arrays.is_data, operands.values()))
    return c.host(source, operands, cls=cls, home=home, checked=not plain)


_TEXT_RESULTS = frozenset(
    name
    for name in dir(str)
    if not name.startswith("_")
    and not name.startswith("is")
    and name not in ("count", "encode", "endswith", "find", "index", "maketrans", "partition",
                     "rfind", "rindex", "rpartition", "rsplit", "split", "splitlines", "startswith")
)  # fmt: skip
_SCALAR_RESULTS = frozenset(n for n in dir(str) if n.startswith("is")) | {
    "count", "endswith", "find", "index", "rfind", "rindex", "startswith", "bit_length",
    "is_integer", "encode", "decode", "hex",
}  # fmt: skip


def method_of_object(call: Call, base: Dyn, name: str) -> Value:
    """A method of a value whose class shows when the program runs.

    Where classes are known that it may have, there is a way for each, and one for all others.
    """
    home = call.c.home_of(base)
    if home is None or base.cls is not None:
        return _method_op(call, base, name, closed=False)
    home.asked = True
    known = home.classes | (_classes_with(call.frame, name) if home.open else frozenset())
    users = [cls for cls in known if _python_method(cls, name) is not None]
    if len(users) > _MAX_CLASSES:
        users = []
    if users and users == [_only_class(call.c, home)]:
        return apply(call, load_attribute(call.c, call.frame, Dyn(base.ssa, users[0], home), name))
    closed = _is_closed(call.c, home)
    return _switch(call, base, name, sorted(users, key=lambda cls: cls.__qualname__), closed)


def _is_closed(c: Capture, home: Home) -> bool:
    """Whether all classes of what lives there are known."""
    return not home.open and not (home.shared and c.order.is_written(c.order.world))


def _only_class(c: Capture, home: Home) -> type | None:
    """The class of all that lives there, if it is known to be one."""
    if not _is_closed(c, home) or len(home.classes) != 1 or home.plain or home.codes:
        return None
    home.asked = True
    return next(iter(home.classes))


_MAX_CLASSES = 6


def _classes_with(frame: Frame, name: str) -> frozenset[type]:
    """The user's classes that a function's module knows and that have such a method."""
    namespace = frame.outermost.function.__globals__
    return frozenset(
        value
        for value in list(namespace.values())
        if isinstance(value, type) and _python_method(value, name) is not None
    )


def _python_method(cls: type, name: str) -> types.FunctionType | None:
    found = class_attribute(cls, name) if has_python_methods(cls) else None
    return found if isinstance(found, types.FunctionType) else None


def _switch(call: Call, base: Dyn, name: str, users: list[type], closed: bool) -> Value:
    from xcs.frontend.capture.regions import select

    c = call.c
    if not users:
        return _method_op(call, base, name, closed=closed)
    cls, *others = users
    is_one = c.host(
        "type(a) is cls", {"a": Dyn(base.ssa), "cls": Static(cls)}, cls=bool, total=True
    )

    def one() -> Value:
        receiver = Dyn(base.ssa, cls, base.home)
        return apply(call, load_attribute(c, call.frame, receiver, name))

    return select(c, is_one, one, lambda: _switch(call, base, name, others, closed))


def _method_op(call: Call, base: Dyn, name: str, *, closed: bool) -> Value:
    """A method that is looked up when the program runs: an op on the object, in its chain."""
    c = call.c
    match call.args.positional:
        case [Generator() as source] if name == "extend" and base.cls is list:
            from xcs.frontend.capture.generators import extend

            return extend(c, call.node, base, source)
    call = _with_running(call)
    args = call.args
    home = c.home_of(base)
    positional = args.positional
    if name == "items":
        c.refuse_coroutines(base)
    if name == "append" and len(positional) == 1 and args.is_plain and not args.keywords:
        return append(c, base, positional[0])
    changes = name in CHANGING_METHODS or base.cls not in CONTAINERS
    reads_only = base.cls in CONTAINERS and not changes
    if name not in READING_METHODS or (name == "get" and base.cls in MAPPINGS):
        # Of what mappings are asked for with a key, only what stands in for it is kept.
        by_key = name in _BY_KEY and base.cls in MAPPINGS
        if by_key and name == "setdefault" and positional:
            store_key(c, base, positional[0])
        kept = args.positional[by_key:]
        for value in (*kept, *args.keywords.values()):
            _may_keep(c, home, value, name)
    known = closed or base.cls in CONTAINERS
    # What only this program holds can be changed, but leads to nothing that others hold.
    reached = home is None or home.shared
    opaque = not known and reached and _may_be_user_method(call, base, name)
    keywords = list(args.keywords)
    # What takes the elements of an argument reads it; anything else may keep the argument itself.
    reads = name in _CONSUMING_METHODS or reads_only
    values = [
        c.read_whole(v, keeps=True)
        if reads or i in args.starred
        else c.ssa(_as_function(c, v))
        if known or name in CHANGING_METHODS
        else c.read_whole(_as_function(c, v), exact=True)
        for i, v in enumerate(args.values())
    ]
    # A method of the program's own may change all that it gets hold of.
    changed = [home] if known and home else c.parts_of(home, *map(c.home_of, args.values()))
    after, linked = c.chain(changed, write=not reads_only)
    if known and name in _COMPARING:
        after += c.chain(c.parts_of(home), write=False)[0]
    is_of_path = not known and _may_be_user_method(call, base, name)
    files = c.files() if is_of_path and name in methods_of_paths("read") else ()
    writes = is_of_path and not opaque and name in methods_of_paths("write")
    op = orch.MethodOp(
        base.ssa, name, values, orch.ANY,
        after=list(dict.fromkeys([*after, *c.settings(), *files])),
        token=linked or opaque or writes,
        keywords=keywords, starred=args.starred, shared=home is None or home.shared,
    )  # fmt: skip
    c.add(op)
    c.place(changed, op, linked, write=not reads_only)
    if opaque or not (known or name in READING_METHODS or name in CHANGING_METHODS):
        c.opaque.add(op)
    if opaque:
        c.escape(base)
        for value in args.values():
            c.escape(value)
        c.change_world(op.results[-1])
    elif writes:
        c.change_files(op.results[-1])
    cls, result = holding(c, None if home is None else c.order.part(home, ELEMENTS))
    if base.cls not in CONTAINERS or name not in _GIVING:
        cls, result = None, None if home is None else c.order.part(home, ELEMENTS)
    if home is not None and name in _VIEWS and not args.values():
        join_keys(c, home)
        values_home = home.find().field(ELEMENTS)
        c.order.merge(values_home, values_home.find().field(ELEMENTS))  # what it gives are tuples
        result = home.find()
    elif home is not None and name in ("copy", "union", "most_common"):
        fresh = c.order.fresh(name)
        c.order.merge(fresh.field(ELEMENTS), elements_home(c, base))
        if name == "most_common":
            c.order.merge(fresh.field(ELEMENTS), fresh.field(ELEMENTS).find().field(ELEMENTS))
        result = fresh.find()
    cls = cls or _METHOD_RESULTS.get((base.cls, name))
    choices: tuple[Any, ...] = ()
    if name == "get" and base.cls in CONTAINERS and len(positional) == 1:
        choices = functions_in(c, base)
    return Dyn(op.results[0], cls, result, choices=choices)


_BY_KEY = frozenset({"get", "pop", "setdefault"})
"""Methods of mappings whose first argument is a key."""
_VIEWS = frozenset({"keys", "values", "items"})
_GIVING = frozenset({"pop", "popleft", "setdefault"})
"""Methods of containers that give one of the elements."""
_COMPARING = frozenset({"index", "count", "remove"})
"""Methods of containers that ask elements whether they are equal."""
_METHOD_RESULTS: Mapping[tuple[type | None, str], type] = {
    (list, "index"): int,
    (list, "count"): int,
    (list, "copy"): list,
    (dict, "copy"): dict,
    (set, "copy"): set,
}


@functools.cache
def methods_of_paths(mode: Mode) -> frozenset[str]:
    """What reads or writes files, as methods of an object of unknown class that may be a path."""
    public = {name for name in dir(pathlib.Path) if not name.startswith("_")} - {*dir(re.Match)}
    touches = {name: classify(getattr(pathlib.Path, name)).touches for name in public}
    return frozenset(name for name in public if ("files", mode) in touches[name])


def _may_be_user_method(call: Call, base: Dyn, name: str) -> bool:
    """Whether a method of an object of unknown class may be one that a program defines."""
    from xcs.frontend.capture.glue import user_methods

    if name in user_methods(call.frame):
        return True
    return name not in READING_METHODS and name not in CHANGING_METHODS


def _may_keep(c: Capture, home: Home | None, value: Value, name: str) -> None:
    inner = c.home_of(value)
    if home is None:
        return
    if name not in _CONSUMING_METHODS:
        store_in(c, home.field(ELEMENTS), value)
    if inner is None:
        if name in _CONSUMING_METHODS:
            c.order.add_classes(home.field(ELEMENTS), frozenset(), is_open=True)
        return
    if name in ("extend", "update", "extendleft", "union", "__iadd__", "__ior__"):
        c.order.merge(home.field(ELEMENTS), elements_home(c, value))
        if name in ("update", "__ior__"):  # by pairs, perhaps
            c.order.merge(home.field(ELEMENTS), home.field(ELEMENTS).find().field(ELEMENTS))
            join_keys(c, home)


def append(c: Capture, base: Dyn, value: Value) -> Value:
    """``base.append(value)``."""
    home = c.home_of(base)
    if home is not None:
        store_in(c, home.field(ELEMENTS), value)
    after, linked = c.chain(home, write=True)
    op = orch.AppendOp(base.ssa, c.ssa(value), after=after, token=linked)
    c.add(op)
    c.place(home, op, linked, write=True)
    return Static(None)


# --- rules, in order ------------------------------------------------------------------------------


def apply(call: Call, callee: Value) -> Value:
    """Call a value."""
    match callee:
        case Closure():
            return call_closure(call, callee)
        case Method():
            return _call_bound(call, callee)
        case Partial():
            held = call.args.after(*callee.positional)
            held.keywords = {**callee.keywords, **held.keywords}
            return apply(replace(call, args=held), callee.function)
        case Static(obj=obj) if not callable(obj):
            return invoke(call, call.c.dyn(callee), unknown=False)
        case Static(obj=obj):
            for rule in RULES:
                result = rule(call, obj)
                if result is not None:
                    return result
            raise Unsupported("a call that no rule takes", call.node)
        case Dyn(choices=(_, *_)):
            return _choose(call, callee, callee.choices)
        case Dyn():
            return _call_instance(call, callee) or invoke(call, callee)
        case _:
            return invoke(call, call.c.dyn(callee))


def _call_instance(call: Call, callee: Dyn) -> Value | None:
    """A call of an object of a user's class is one of the method that its class has for that."""
    c, home = call.c, call.c.home_of(callee)
    cls = callee.cls
    if cls is None and home is not None and (only := _only_class(c, home)) is not None:
        cls = only
    found = class_attribute(cls, "__call__") if cls is not None and is_user_class(cls) else None
    if cls is None or not isinstance(found, types.FunctionType):
        return None
    assume_member(c, cls, "__call__")
    return _call_bound(call, Method(replace(callee, cls=cls), found))


def _choose(call: Call, callee: Dyn, choices: tuple[Any, ...]) -> Value:
    """A callee that is one of some functions: a way for each. None is left to refuse the call."""
    from xcs.frontend.capture.regions import select

    if not choices:
        return invoke(call, callee, unknown=False)
    first, *others = choices
    operands = {"a": Dyn(callee.ssa), "f": Static(first)}
    is_first = call.c.host("a is f", operands, cls=bool, total=True)
    return select(
        call.c,
        is_first,
        lambda: apply(call, Static(first)),
        lambda: _choose(call, callee, tuple(others)),
    )


def _call_bound(call: Call, method: Method) -> Value:
    function = method.function
    if method.is_builtin:
        return method_of_object(call, call.c.dyn(method.receiver), function.__name__)
    if not isinstance(function, types.FunctionType):
        spec = getattr(function, "__xcs_operator__", None)
        if spec is not None:
            args = replace(call, args=call.args.after(method.receiver))
            return call_declared(args, function)  # type: ignore[return-value]
        jitted = getattr(function, "__xcs_jit__", None)
        if jitted is not None:
            function = jitted.python_function
    cls = class_of(method.receiver) if isinstance(method.receiver, Dyn) else method.receiver.obj  # type: ignore[union-attr]
    owner = None
    if isinstance(cls, type):
        owner = next((b for b in cls.__mro__ if function.__name__ in b.__dict__), cls)
    return user_function(
        replace(call, args=call.args.after(method.receiver)), function, owner=owner
    )


def call_declared(call: Call, callee: Any) -> Value | None:
    """An operator that its author declared."""
    spec = getattr(callee, "__xcs_operator__", None)
    if spec is None:
        return None
    return call_operator(call, spec.function, spec.classification, spec)


def call_jitted(call: Call, callee: Any) -> Value | None:
    """A jitted function is a function like any other."""
    jitted = getattr(callee, "__xcs_jit__", None)
    if jitted is None or not isinstance(jitted.python_function, types.FunctionType):
        return None
    if jitted.python_function.__name__ == "forward":
        return None
    return user_function(call, jitted.python_function)


def call_control(call: Call, callee: Any) -> Value | None:
    """A loop or branch as a function: JAX's own if it is given array code, else a program.

    So is what such programs use, which says itself what it is.
    """
    if (known := getattr(callee, "__xcs_classification__", None)) is not None:
        return call_recognised(call, callee, known)
    control = getattr(callee, "__xcs_control__", None)
    if control is None:
        return None
    given = control.given(call.args.positional)

    def computes(function: Value) -> bool:
        if isinstance(function, Static):
            return "operator" not in judged(call.c, function.obj).reaches
        return function_value(call, function) is not None

    is_array_code = len(given) == control.functions and all(map(computes, given))
    if is_array_code:
        return apply(call, Static(control.by_jax))
    return user_function(call, control.program)


def call_partial(call: Call, callee: Any) -> Value | None:
    """A partial application."""
    if type(callee) is not functools.partial:
        return None
    call.c.guards.content(callee.keywords, deep=False)
    held = {name: _held(call.c, value) for name, value in callee.keywords.items()}
    keywords = {**held, **call.args.keywords}
    first = [_held(call.c, value) for value in callee.args]
    args = replace(call.args.after(*first), keywords=keywords)
    return apply(replace(call, args=args), Static(callee.func))


def _held(c: Capture, value: Any) -> Value:
    from xcs.frontend.facts import is_immutable_value

    if is_code(value) or is_immutable_value(value):
        return Static(value)
    home = c.order.fresh("partial")
    c.order.share(home)
    return Dyn(c.constant(value), type(value), home)


def call_bound_method(call: Call, callee: Any) -> Value | None:
    """A bound method of an object of the outside world."""
    if not isinstance(callee, types.MethodType):
        return None
    if isinstance(callee.__self__, type):
        return user_function(
            replace(call, args=call.args.after(Static(callee.__self__))), callee.__func__,
            owner=callee.__self__,
        )  # fmt: skip
    from xcs.frontend.capture.names import outside

    receiver = outside(call.c, callee.__self__, Path(f"self {id(callee.__self__)}"), "receiver")
    function = callee.__func__
    if isinstance(function, types.FunctionType) and not is_library(function.__code__.co_filename):
        owner = next(
            (b for b in type(callee.__self__).__mro__ if function.__name__ in b.__dict__), None
        )
        return user_function(replace(call, args=call.args.after(receiver)), function, owner=owner)
    what = judged(call.c, callee)
    return call_recognised(
        replace(call, args=call.args.after(receiver)),
        function,
        what,
    )


def call_builtin(call: Call, callee: Any) -> Value | None:
    """Builtins of which more is known than that they are pure."""
    if not isinstance(callee, types.BuiltinFunctionType | type):
        return None
    from xcs.frontend.capture.generators import consume_arguments

    if (consumed := consume_arguments(call, callee)) is not None:
        return consumed
    c, args = call.c, call.args
    name = getattr(callee, "__name__", "")
    if name in SEES_ITS_FRAME and getattr(__import__("builtins"), name, None) is callee:
        raise Unsupported(f"{name}() sees the function's own frame", call.node)
    if callee is functools.partial and args.is_plain and args.positional:
        function, *held = args.positional
        return Partial(function, tuple(held), dict(args.keywords))
    if callee is len and len(args.positional) == 1 and args.is_plain:
        (value,) = args.positional
        if isinstance(value, Pack):
            return Static(len(value.items))
        if isinstance(value, Dyn) and value.home is not None:
            return length(c, value)
    if callee is getattr and len(args.positional) >= 2 and args.is_plain:
        name_value = args.positional[1]
        if isinstance(name_value, Static) and len(args.positional) == 2:
            return load_attribute(c, call.frame, args.positional[0], name_value.obj)
        return _opaque_builtin(call, callee)
    if callee is setattr and len(args.positional) == 3 and args.is_plain:
        name_value = args.positional[1]
        if isinstance(name_value, Static) and isinstance(name_value.obj, str):
            from xcs.frontend.capture.names import store_attribute

            store_attribute(c, call.frame, args.positional[0], name_value.obj, args.positional[2])
            return Static(None)
    if callee in (setattr, delattr, vars, iter, next, id):
        return _opaque_builtin(call, callee)
    if callee in (list, tuple) and not args.values():
        return None
    if callee in (map, filter) and args.is_plain and len(args.positional) == 2:
        if id(call.node) in c.consumed or function_value(call, args.positional[0]) is not None:
            return _mapped(call, callee)
        return _opaque_builtin(call, callee)
    if callee in (sorted, min, max) and args.is_plain and "key" in args.keywords:
        return _by_key(call, callee)
    if callee in (type, isinstance, callable, enumerate, zip):
        c.refuse_coroutines(*args.values())
    if callee is type and len(args.positional) == 1:
        known = class_of(args.positional[0])
        if known is not None and isinstance(args.positional[0], Dyn):
            return Static(known)
    if callee is isinstance and len(args.positional) == 2 and args.is_plain:
        value = Dyn(c.ssa(args.positional[0]))
        return operation(c, "isinstance(a, b)", {"a": value, "b": args.positional[1]}, bool)
    if callee is callable:
        return c.host("callable(a)", {"a": Dyn(c.ssa(args.positional[0]))}, cls=bool)
    return None


def _opaque_builtin(call: Call, callee: Any) -> Value:
    what = Classification("unknown", "ordered", "a builtin", mutates_args=True, blocking=False)
    return call_operator(call, callee, what)


def function_value(call: Call, value: Value) -> Value | None:
    """A function for native code to call, if calling it only computes; None otherwise."""
    from xcs.frontend.capture.glue import is_pure

    if isinstance(value, Method) and value.is_builtin:
        return value if reads_only(class_of(value.receiver), value.function.__name__) else None
    if isinstance(value, Static):
        if value.obj is None or is_pure(value.obj):
            return value
        if isinstance(value.obj, types.FunctionType):
            what = judged(call.c, value.obj)
            pure = what.effects == "pure" and not (what.reaches or what.reads or what.mutates_args)
            return value if pure else None
        return None
    if isinstance(value, Closure) and isinstance(value.node, ast.Lambda):
        from xcs.frontend.capture.glue import NotGlue, _Glue
        from xcs.frontend.names import parameter_names

        try:
            glue = _Glue(call.c, value.frame, set())
            glue.visit(value.node.body, frozenset(parameter_names(value.node.args)), True)
        except NotGlue:
            return None
        return value
    return None


def _mapped(call: Call, callee: Any) -> Value:
    """``map`` and ``filter``, whose result is taken to be used up: a list of the same elements."""
    from xcs.frontend.capture.comprehensions import collect

    function, iterable = call.args.positional
    c = call.c
    native = function_value(call, function)
    if id(call.node) not in c.consumed:
        source = f"{callee.__name__}(f, xs)"
        home = derived_home(c, [function, iterable]) or c.order.fresh("iterator")
        return c.host(source, {"f": function, "xs": iterable}, checked=True, home=home)
    refuse_ending(call, function)
    if native is not None and callee is filter:
        if isinstance(native, Closure):
            from xcs.frontend.capture.native import native_function

            native = native_function(c, native, called_now=True)
        values: list[Value] = [native, iterable]
        return c.host(
            "list(filter(f, xs))", {"f": native, "xs": iterable}, cls=list, checked=True,
            home=derived_home(c, values, list) or c.order.fresh("list"),
        )  # fmt: skip
    if callee is filter:
        return _filtered(call, function, iterable)
    run = lambda item: apply(replace(call, args=Args([item])), function)
    return collect(c, call.node, iterable, run)


def refuse_ending(call: Call, function: Value) -> None:
    """A StopIteration of the function that ``map`` calls ends the elements, one after another.

    Whether it raises one is seen in its own source only.
    """
    node = function.node if isinstance(function, Closure) else _node_of(function)
    for child in ast.walk(node) if node is not None else ():
        match child:
            case ast.Call(func=ast.Name(id="next"), args=[_]):
                pass
            case ast.Raise(exc=ast.Name(id="StopIteration")):
                pass
            case ast.Raise(exc=ast.Call(func=ast.Name(id="StopIteration"))):
                pass
            case _:
                continue
        raise Unsupported("map() of a function that may raise StopIteration", call.node)


def _node_of(function: Value) -> ast.AST | None:
    if not isinstance(function, Static | Method):
        return None
    obj = function.obj if isinstance(function, Static) else function.function
    spec = getattr(obj, "__xcs_operator__", None)
    obj = inspect.unwrap(obj if spec is None else spec.function)
    obj = getattr(obj, "__func__", obj)
    if not isinstance(obj, types.FunctionType) or is_library(obj.__code__.co_filename):
        return None
    try:
        return function_node(obj)
    except Unsupported:
        return None


def _filtered(call: Call, function: Value, iterable: Value) -> Value:
    from xcs.frontend.capture.comprehensions import put
    from xcs.frontend.capture.flow import Flow
    from xcs.frontend.capture.regions import Loop, branch

    c = call.c
    result = new_list(c, [])

    def body(item: Value | None) -> tuple[Value | None, Flow]:
        assert item is not None
        test = item
        if not (isinstance(function, Static) and function.obj is None):
            test = apply(replace(call, args=Args([item])), function)

        def keep() -> tuple[list[Value], Flow]:
            put(c, result, item)
            return [], Flow.NEXT

        branch(c, test, keep, lambda: ([], Flow.NEXT))
        return None, Flow.NEXT

    Loop(c, call.node, body, lambda owner, name: True).run(iterable)
    return result


def sort_by(values: Any, keys: Any, **options: Any) -> Any:
    """The values in the order of their keys."""
    values = list(values)
    order = sorted(range(len(values)), key=lambda i: keys[i], **options)
    return [values[i] for i in order]


def choose_by(choose: Any, values: Any, keys: Any, **options: Any) -> Any:
    """The first value whose key `choose` prefers."""
    values = list(values)
    if not values:
        return choose([], **options)
    return values[choose(range(len(values)), key=lambda i: keys[i])]


def _by_key(call: Call, callee: Any) -> Value | None:
    """``sorted``, ``min`` and ``max`` by a key that calls operators: all keys are found first."""
    from xcs.frontend.capture.comprehensions import collect

    c, args = call.c, call.args
    key = args.keywords["key"]
    if isinstance(key, Closure) and function_value(call, key) is not None:
        from xcs.frontend.capture.native import native_function

        given = args.keywords | {"key": native_function(c, key, called_now=True)}
        what = judged(c, callee)
        return _call_native(replace(call, args=Args(args.positional, given)), callee, what)
    if function_value(call, key) is not None or len(args.positional) != 1:
        return None
    (values,) = args.positional
    if class_of(values) not in (*CONTAINERS, tuple, frozenset, range, str):
        # It may be an iterator.
        home = derived_home(c, [values], list, no_others=True) or c.order.fresh("list")
        listed = {"v": values}
        values = c.host("list(v)", listed, cls=list, home=home, checked=True, structure=True)
    run = lambda item: apply(replace(call, args=Args([item])), key)
    keys = collect(c, call.node, values, run)
    others = {k: v for k, v in args.keywords.items() if k != "key"}
    operands: dict[str, Value] = {"values": values, "keys": keys, **others}
    inside = "".join(f", {k}={k}" for k in others)
    home = derived_home(c, [values], no_others=True)
    if callee is sorted:
        operands["sort_by"] = Static(sort_by)
        source, cls = f"sort_by(values, keys{inside})", list
        home = home or c.order.fresh("list")
    else:
        operands |= {"choose_by": Static(choose_by), "choose": Static(callee)}
        source, cls = f"choose_by(choose, values, keys{inside})", None
        home = None if home is None else c.order.part(home, ELEMENTS)
    return c.host(source, operands, cls=cls, home=home, checked=True, structure=True)


def call_class(call: Call, callee: Any) -> Value | None:
    """An instance of a user's class: made first, then given to its constructor."""
    if not isinstance(callee, type) or not is_user_class(callee):
        return None
    if class_attribute(callee, "__new__") is not object.__dict__["__new__"]:
        return None
    if type(callee).__call__ is not type.__call__ or getattr(callee, "__abstractmethods__", None):
        return None
    init = class_attribute(callee, "__init__")
    if not isinstance(init, types.FunctionType) or init.__code__.co_filename.startswith("<"):
        return _native_instance(call, callee)
    c = call.c
    home = c.order.fresh(callee.__name__, callee)
    owner = _definer(callee, "__init__")
    c.guards.member(owner, "__init__", init)
    op = orch.NewOp(c.constant(callee), [], orch.ANY)
    c.add(op)
    instance = Dyn(op.results[0], callee, home)
    call_function(
        c, call.frame, init, [instance, *call.args.positional], call.args.keywords, owner=owner,
        node=call.node, args=call.args.after(instance),
    )  # fmt: skip
    return instance


def _native_instance(call: Call, callee: type) -> Value | None:
    """An instance of a class whose constructor was generated, as a dataclass's, or is inherited."""
    c, args = call.c, call.args
    post = class_attribute(callee, "__post_init__")
    init = class_attribute(callee, "__init__")
    generated = isinstance(init, types.FunctionType) and dataclasses.is_dataclass(callee)
    if generated and isinstance(post, types.FunctionType) and args.is_plain:
        return _finished_instance(call, callee, post)
    if not args.is_plain or not (
        init is object.__dict__["__init__"] or (generated and post is MISSING)
    ):
        return None
    home = c.order.fresh(callee.__name__, callee)
    for name, value in _fields(c, callee, args):
        if value is None:
            c.order.add_classes(home.field(name), frozenset(), is_open=True)
        else:
            store_in(c, home.field(name), value)
    return _constructed(c, callee, args, home)


def _finished_instance(call: Call, cls: Any, finish: types.FunctionType) -> Value | None:
    """An instance of a dataclass: attributes are set one by one, then ``__post_init__`` runs."""
    from xcs.frontend.capture.names import outside, store_attribute

    c, args, fields = call.c, call.args, dataclasses.fields(cls)
    names = [f.name for f in fields if f.init and not f.kw_only]
    given = dict(zip(names, args.positional, strict=False))
    taken = {f.name for f in fields if f.init}
    required = {
        f.name for f in fields if f.init and f.default is f.default_factory is dataclasses.MISSING
    }
    fits = len(args.positional) <= len(names) and not given.keys() & args.keywords.keys()
    given |= args.keywords
    # What has an InitVar has a parameter that is no field.
    has_others = len(cls.__dataclass_fields__) != len(fields)
    if cls.__dataclass_params__.frozen or has_others or not fits:
        return None
    if not required <= given.keys() <= taken:
        return None
    c.guards.member(_definer(cls, "__post_init__"), "__post_init__", finish)
    op = orch.NewOp(c.constant(cls), [], orch.ANY)
    c.add(op)
    instance = Dyn(op.results[0], cls, c.order.fresh(cls.__name__, cls))
    for f in fields:
        if f.name in given:
            value = given[f.name]
        elif f.default_factory is not dataclasses.MISSING:
            value = apply(replace(call, args=Args()), Static(f.default_factory))
        elif f.init and f.default is not dataclasses.MISSING:
            value = outside(c, f.default, Path(f"default {id(f.default)}"), f.name)
        else:
            continue
        store_attribute(c, call.frame, instance, f.name, value)
    owner = _definer(cls, "__post_init__")
    call_function(c, call.frame, finish, [instance], {}, owner=owner, node=call.node)
    return instance


def _constructed(c: Capture, cls: type, args: Args, home: Home) -> Dyn:
    """What a constructor makes that only stores what it is given, which is passed as it is."""
    operands, inside = argument_list(args.positional, args.keywords)
    values = {name: c.ssa(value) for name, value in operands.items()}
    op = orch.HostOp(f"cls({inside})", {"cls": c.constant(cls), **values}, [orch.ANY])
    return Dyn(c.add(op).results[0], cls, home)


def _fields(c: Capture, cls: type, args: Args) -> list[tuple[str, Value | None]]:
    """What the attributes are that a generated constructor gives; None if that is not known."""
    fields = dataclasses.fields(cls) if dataclasses.is_dataclass(cls) else ()
    found: dict[str, Value | None] = dict.fromkeys(f.name for f in fields)
    for f in fields:
        if f.default is not dataclasses.MISSING:
            found[f.name] = _held(c, f.default)
        elif f.default_factory in CONTAINERS:
            made: Any = f.default_factory
            found[f.name] = Dyn(c.constant(None), made, c.order.fresh(f.name, made))
    names = [f.name for f in fields if f.init and not f.kw_only]
    return [*(found | dict(zip(names, args.positional, strict=False)) | args.keywords).items()]


def call_named_tuple(call: Call, callee: Any) -> Value | None:
    """A named tuple of the user's: what it is made of is known by field."""
    if not is_named_tuple(callee) or not call.args.is_plain:
        return None
    fields = callee._fields
    c, args = call.c, call.args
    home = c.order.fresh(callee.__name__, callee)
    for name, value in [*zip(fields, args.positional, strict=False), *args.keywords.items()]:
        store_in(c, home.field(name), value)
        store_in(c, home.field(ELEMENTS), value)
    return _constructed(c, callee, args, home)


def call_python(call: Call, callee: Any) -> Value | None:
    """A Python function of the user's own."""
    if not isinstance(callee, types.FunctionType) or is_library(callee.__code__.co_filename):
        return None
    return user_function(call, callee)


def call_asynchronous(call: Call, callee: Any) -> Value | None:
    """What asyncio offers."""
    from xcs.frontend.capture.coroutines import call_asyncio
    from xcs.frontend.capture.glue import is_of_asyncio

    if not is_of_asyncio(callee):
        return None

    return call_asyncio(call, callee)


def call_library(call: Call, callee: Any) -> Value | None:
    """Anything else, by what is known of it."""
    return call_recognised(call, callee, judged(call.c, callee))


_OUTPUT: Touches = frozenset({("console", "update"), ("log", "update")})
_SHOWN = frozenset({"console", "log"})


def _only_shows(call: Call, what: Classification) -> bool:
    """Whether all that a call does is to print, or to log, what it is given."""
    shows = bool(what.touches) and what.touches <= _OUTPUT and set(what.writes) <= _SHOWN
    if call.c.policy != "held" or not shows:
        return False
    stream = what.form.stream
    to_others = stream is not None and stream[1] in call.args.keywords
    return not (what.mutates_args or what.blocking or to_others) and call.args.is_plain


def judged(c: Capture, callee: Any) -> Classification:
    """What is known of a callable under the capture's settings."""
    what = classify(callee)
    if not isinstance(callee, types.FunctionType) or is_library(callee.__code__.co_filename):
        return what.strict()
    return what.in_program(c.policy)


def call_frame_reader(call: Call, callee: Any) -> Value | None:
    """A function that looks at the frames of its callers: the program runs as plain Python."""
    if any(callee is known for known in READS_FRAMES):
        name = f"{callee.__module__}.{callee.__name__}"
        raise SeesFrames(f"{name}() looks at the frames of its callers", call.node)
    return None


RULES: tuple[Rule, ...] = (
    call_frame_reader,
    call_declared,
    call_jitted,
    call_control,
    call_partial,
    call_bound_method,
    call_builtin,
    call_class,
    call_named_tuple,
    call_rows,
    call_python,
    call_asynchronous,
    call_library,
)


# --- what rules come down to ----------------------------------------------------------------------


def user_function(call: Call, function: Any, owner: type | None = None) -> Value:
    """A Python function that can be looked into."""
    if is_library(function.__code__.co_filename):
        return call_recognised(call, function, judged(call.c, function))
    from xcs.frontend.capture.generators import is_generator, make_generator

    c = call.c
    what = judged(c, function)
    if is_generator(function):
        native = lambda: call_recognised(_with_running(call), function, what)
        return make_generator(call, function, owner, what, native)
    if any(isinstance(value, Generator) for value in call.args.values()):
        return _captured_or_whole(call, function, what, owner)
    if what.kind == "tensor":
        return call_recognised(call, function, what)
    if is_coroutine_function(function):
        return _async_function(call, function, what, owner)
    leaf = not what.inline and "operator" not in what.reaches
    if leaf and what.effects == "pure" and not what.mutates_args and not what.reads:
        # One that looks at what changes is looked into, so that it waits for what it needs; so is
        # one that gives objects, so that what they hold is known.
        plain = what.returns in IMMUTABLE_CLASSES or returns_plain(function)
        changed = what.higher_order or any(map(c._is_changed, call.args.values()))
        if plain and not changed:
            return call_recognised(call, function, what)
        return _captured_or_whole(call, function, what, owner, quiet=not changed)
    collects = bool(what.writes) and not what.blocking  # which is in order if it is looked into
    if leaf and what.effects == "unordered" and not (what.mutates_args or collects):
        return call_recognised(call, function, what)
    return _captured_or_whole(call, function, what, owner)


def _with_running(call: Call) -> Call:
    """The call with generators among its arguments as ones of the running program."""
    c, args = call.c, call.args
    if not any(isinstance(value, Generator) for value in args.values()):
        return call
    positional = [c.dyn(v) if isinstance(v, Generator) else v for v in args.positional]
    keywords = {k: c.dyn(v) if isinstance(v, Generator) else v for k, v in args.keywords.items()}
    return replace(call, args=replace(args, positional=positional, keywords=keywords))


def _async_function(
    call: Call, function: Any, what: Classification, owner: type | None
) -> Coroutine:
    run = lambda later: _captured_or_whole(later, function, what, owner)
    return coroutine_of(call, ("function", id(function), owner), run, (function, what))


def _captured_or_whole(
    call: Call, function: Any, what: Classification, owner: type | None, *, quiet: bool = False
) -> Value:
    """A call of a function that is captured, or called as a whole where it cannot be.

    Or where it is to be `quiet`, and is not seen to be when it is captured.
    """
    from xcs.frontend.capture.functions import NotQuiet, call_captured

    c = call.c
    attempt = c.begin()
    try:
        return call_captured(c, function, call.args, owner, call.node, quiet=quiet)
    except SeesFrames:
        raise
    except NotQuiet as error:
        c.undo(attempt)
        return call_recognised(call, function, what, error.result)
    except Unsupported as error:
        c.undo(attempt)
        tasks = isinstance(error, Inseparable) and not is_coroutine_function(function)
        if tasks or any(map(c.holds_coroutines, call.args.values())):
            raise
        line = error.line or getattr(call.node, "lineno", None)
        name = getattr(function, "__qualname__", "a function")
        c.remark(
            call.frame, call.node, f"{name} is called as a whole: {error.reason} (line {line})"
        )
        if not is_coroutine_function(function):
            return call_recognised(_with_running(call), function, what)
        try:
            return call_operator(call, function, what, awaits=True)
        except Unsupported:
            raise error from None


def is_coroutine_function(callee: Any) -> bool:
    """Whether a call gives a coroutine."""
    return inspect.iscoroutinefunction(callee) or hasattr(callee, "_is_coroutine")


def _gives_coroutine(callee: Any, what: Classification) -> bool:
    """Whether a call gives a coroutine, also by way of a library's wrapper that is not async."""
    if is_coroutine_function(callee):
        return True
    if what.kind not in ("model", "tool") or not callable(callee):
        return False
    return is_coroutine_function(inspect.unwrap(callee))


@functools.cache
def awaiting(function: Any) -> Any:
    """A coroutine function that awaits what another function gives."""

    @functools.wraps(function)
    async def called(*args: Any, **kwargs: Any) -> Any:
        return await function(*args, **kwargs)

    return called


def coroutine_of(
    call: Call,
    kind: Hashable,
    run: Callable[[Call], Value],
    whole: tuple[Any, Classification] | None = None,
) -> Coroutine:
    """The call as one that begins when it is awaited."""
    return Coroutine(kind, call.args, call.c.order.neutral("coroutine"), run, whole)


def call_function(
    c: Capture,
    frame: Frame,
    function: Any,
    positional: list[Value],
    keywords: Mapping[str, Value],
    *,
    owner: type | None = None,
    node: ast.AST | None = None,
    args: Args | None = None,
) -> Value:
    """A call of a Python function that is captured, once for each kinds of arguments."""
    from xcs.frontend.capture.functions import call_captured

    args = args if args is not None else Args(list(positional), dict(keywords))
    if is_coroutine_function(function):
        call = Call(c, frame, node or frame.node, args)
        return _async_function(call, function, judged(c, function), owner)
    return call_captured(c, function, args, owner, node)


def call_recognised(
    call: Call, callee: Any, what: Classification, result: Dyn | None = None
) -> Value:
    """A callable that is called as a whole; of its `result`, more may be known."""
    c, args = call.c, call.args
    if isinstance(callee, functools._lru_cache_wrapper) and what.effects != "pure":
        what = replace(what, effects="ordered")
    functions = [
        v for v in args.values() if isinstance(v, Closure | Method | Partial) or is_callable(v)
    ]
    if functions and (what.higher_order or what.effects == "pure"):
        if any(function_value(call, f) is None for f in functions):
            what = replace(what, effects="ordered", mutates_args=True, kind="unknown")
    if what.kind == "tensor":
        return call_operator(call, callee, what)
    reads = _sees_changes(c, what)
    if (
        what.effects == "pure"
        and not (what.blocking or what.mutates_args or reads)
        and args.is_plain
    ):
        return _call_native(call, callee, what, result)
    return call_operator(call, callee, what)


def is_callable(value: Value) -> bool:
    return (
        isinstance(value, Static)
        and callable(value.obj)
        and not isinstance(value.obj, type)
        and not isinstance(value.obj, types.ModuleType)
    )


def _call_native(call: Call, callee: Any, what: Classification, result: Dyn | None = None) -> Value:
    """A cheap pure function: part of the host's own computation."""
    import builtins

    c, args = call.c, call.args
    operands, inside = argument_list(args.positional, args.keywords)
    name = getattr(callee, "__name__", "")
    if getattr(builtins, name, None) is not callee:
        operands["function"] = Static(callee)
        name = "function"
    cls = _result_class(callee, what)
    values = list(args.values())
    home = None
    if result is not None:
        cls, home = result.cls or cls, result.home
    elif not (cls in SCALARS or what.returns in IMMUTABLE_CLASSES or returns_plain(callee)):
        if not makes_new(callee):
            fresh = callee in _FRESH
            home = derived_home(c, values, cls, may_be_operand=not fresh, no_others=fresh)
        if home is not None and isinstance(callee, types.FunctionType):
            c.order.collapse(home)  # it may have put anything anywhere
        elif home is not None and callee not in _FRESH:
            c.order.merge(home, c.order.part(home, ELEMENTS))
        if any(r != "clock" for r in what.reads):
            home = c.order.anything
        if home is None:
            home = c.order.fresh(name)
        if isinstance(callee, type) and callee not in _RESULT_CLASSES:
            for value in values:  # an instance of a library's class may keep what it is given
                store_in(c, home, value)
    plain = isinstance(callee, types.FunctionType) or all(
        arrays.is_data(v) or is_static_code(v) for v in values
    )
    hands_on = any(callee is known for known in _HANDING_ON)
    return c.host(
        f"{name}({inside})", operands, cls=cls, home=home, checked=not plain,
        structure=hands_on, makes_new=makes_new(callee),
    )  # fmt: skip


_HANDING_ON = (list, tuple, enumerate, zip, reversed)
_FRESH = (
    *(*TAKES_ALL, set, frozenset, dict, dict.fromkeys, Counter, OrderedDict, defaultdict),
    *(enumerate, zip, range, sum),
)


def is_static_code(value: Value) -> bool:
    """Whether it is a function or class."""
    return isinstance(value, Static) and is_code(value.obj)


def _result_class(callee: Any, what: Classification) -> type | None:
    if isinstance(callee, Hashable) and callee in _RESULT_CLASSES:
        return _RESULT_CLASSES[callee]
    if isinstance(callee, type) and makes_own_instances(callee):
        return callee
    if what.returns == "jax.Array":
        return array_class()
    return _PLAIN_BY_NAME.get(what.returns or "")


_PLAIN_BY_NAME: Mapping[str, type] = {t.__name__: t for t in (str, int, float, bool, bytes)}
_RESULT_CLASSES: Mapping[Any, type] = {
    sorted: list, list: list, dict: dict, set: set, str: str, int: int, float: float, bool: bool,
    repr: str, tuple: tuple, frozenset: frozenset, range: range, deque: deque, Counter: Counter,
    OrderedDict: OrderedDict, defaultdict: defaultdict, dict.fromkeys: dict,
}  # fmt: skip


def call_operator(
    call: Call, callee: Any, what: Classification, spec: Any = None, *, awaits: bool = False
) -> Value:
    """A callable as one op that the engine schedules by its effects, and awaits if it `awaits`."""
    c, args = call.c, call.args
    if not awaits and _gives_coroutine(callee, what):
        if not is_coroutine_function(callee):
            callee = awaiting(callee)
        run = lambda later: call_operator(later, callee, what, spec, awaits=True)
        return coroutine_of(call, ("operator", id(callee)), run, (callee, what))
    if (
        c.own_loop
        and spec is None
        and (what.kind == "unknown" or (awaits and what.effects == "ordered"))
    ):
        raise Unsupported("code that is not captured may depend on the event loop", call.node)
    if c.limits and (awaits or what.blocking):
        return _call_limited(call, callee, what, awaits=awaits)
    clock = spec is None and _reads_clock(what) and c.policy != "strict"
    if what.effects != "ordered" and (what.mutates_args or _sees_changes(c, what)):
        what = replace(what, effects="ordered")
    ordered = what.effects == "ordered"
    checked = ordered and spec is None and not awaits and _only_shows(call, what)
    changes = ordered and not clock and may_change_objects(what)
    changed = (
        changed_by(c, callee, what, args.positional, args.keywords)
        if changes and args.is_plain
        else None
    )
    changes = changes and changed is None
    for value in args.values():
        if changes or (ordered and isinstance(callee, type)):
            c.escape(value)
    if ordered:
        c.refuse_coroutines(*args.values())
    if ordered and not checked:
        values = [c.ssa(_as_function(c, value)) for value in args.values()]
    else:
        values = c.read_together(args.values())
    writes = ordered and not changes and ("files", "write") in what.touches
    reads = not ordered and ("files", "read") in what.touches
    settings = ordered and changes_settings(callee, what)
    homes = changed or ()
    token = ordered and (changes or clock or writes or settings or bool(homes))
    after, linked = c.chain(homes, write=True, alias=False)
    after += [*c.settings(), *(c.files() if reads else ())]
    op = orch.CallOp(
        c.operator(callee, what, spec, local=clock),
        values,
        [_operator_type(what), *([orch.TOKEN] if token else [])],
        after=() if what.kind == "tensor" else after,
        keywords=tuple(args.keywords),
        starred=tuple(args.starred),
        checked=checked,
    )
    c.add(op)
    c.place(homes, op, linked, write=True, alias=False)
    if clock:
        c.fence = op.results[-1]
    elif changes:
        c.change_world(op.results[-1])
    elif writes:
        c.change_files(op.results[-1])
    if settings:
        c.change_settings(op.results[-1])
    home = _result_home(c, callee, what, spec, changes)
    return Dyn(op.results[0], _result_class(callee, what) if spec is None else None, home)


def _call_limited(call: Call, callee: Any, what: Classification, *, awaits: bool) -> Value:
    """A call within ``async with semaphore``."""
    from xcs.frontend.capture.coroutines import limited

    c = call.c
    if not awaits:
        raise Unsupported("a call that is not awaited under a semaphore", call.node)
    limits, c.limits = c.limits, []
    c.limited.append(c.order.scope)
    under = replace(call, args=call.args.after(*limits))
    try:
        return call_operator(under, limited(callee, len(limits)), what, awaits=True)
    finally:
        c.limits = limits


def _reads_clock(what: Classification) -> bool:
    return bool(what.reads) and all(r == "clock" for r in what.reads) and not what.mutates_args


def _sees_changes(c: Capture, what: Classification) -> bool:
    """Whether a call reads objects that the program has changed and others may not know yet."""
    looks = any(r != "clock" for r in what.reads)
    if looks:
        c.order.take(c.order.some_shared)
    return looks and c.order.is_written(c.order.some_shared)


def _result_home(
    c: Capture, callee: Any, what: Classification, spec: Any, changes: bool
) -> Home | None:
    """Where the result lives: anywhere, if it may be an object that others hold."""
    if what.returns in IMMUTABLE_CLASSES or returns_plain(callee):
        return None
    if spec is None and (changes or any(r != "clock" for r in what.reads)):
        return c.order.anything
    home = c.order.fresh(getattr(callee, "__name__", "result"))
    home.foreign = not arrays.is_jitted(callee)
    _as_declared(c, home, declared_result(callee))
    if what.effects == "ordered":
        c.order.share(home)
    return home


_DECLARED_SEQUENCES = (list, set, frozenset, deque, Sequence, Iterable, Collection)
_DECLARED_MAPPINGS = (*MAPPINGS, Mapping)


def _as_declared(c: Capture, home: Home, declared: Any) -> None:
    """Note what the author of an operator declared that its result holds."""
    origin, args = typing.get_origin(declared), typing.get_args(declared)
    parts: dict[str, Any] = {}
    is_sequence = origin in _DECLARED_SEQUENCES or (origin is tuple and args[1:] == (...,))
    if is_sequence and args:
        parts[ELEMENTS] = args[0]
    elif origin in _DECLARED_MAPPINGS and len(args) == 2:
        parts[ELEMENTS] = args[1]
    elif typing.is_typeddict(declared):
        if all(map(is_declared_plain, typing.get_type_hints(declared).values())):
            parts[ELEMENTS] = str
    elif dataclasses.is_dataclass(declared):
        parts = typing.get_type_hints(declared)
    for name, kind in parts.items():
        part = home.field(name)
        if is_declared_plain(kind):
            part.plain, part.open = frozenset({Immutable}), False
        elif home.depth < 2:
            _as_declared(c, part, kind)


def _operator_type(what: Classification) -> Any:
    return orch.ObjectType(what.returns) if what.returns else object_type(None)


def _as_function(c: Capture, value: Value) -> Value:
    if isinstance(value, Closure):
        from xcs.frontend.capture.native import native_function

        return native_function(c, value)
    return value


def invoke(call: Call, callee: Dyn, *, unknown: bool = True) -> Value:
    """A callee that is known only at run time, when the engine finds out what it is.

    It is not `unknown` what it may do where calling it can only fail.
    """
    c, args = call.c, call.args
    if c.own_loop and unknown:
        raise Unsupported("code that is not captured may depend on the event loop", call.node)
    values = []
    for number, value in enumerate(args.values()):
        if unknown:
            c.escape(value)
        # It may be kept or changed, so it has to be the very object.
        exact = number not in args.starred
        values.append(c.read_whole(_as_function(c, value), exact=exact, keeps=True))
    op = orch.InvokeOp(
        callee.ssa, values, [orch.ANY, *([orch.TOKEN] if unknown else [])],
        after=[*c.order.take_shared(), *c.settings(), *c.files()] if unknown else (),
        keywords=tuple(args.keywords), starred=tuple(args.starred),
    )  # fmt: skip
    c.add(op)
    if not unknown:
        return Dyn(op.results[0])
    c.escape(callee)
    c.change_world(op.results[-1])
    return Dyn(op.results[0], None, c.order.anything)


def call_closure(call: Call, callee: Closure) -> Value:
    """A function that the captured code defines: captured in place of the call."""
    from xcs.frontend.capture.functions import inline_closure
    from xcs.frontend.capture.generators import is_generator, make_local_generator

    if is_generator(callee):
        native = lambda: invoke(_with_running(call), call.c.dyn(callee))
        return make_local_generator(call, callee, native)
    run = lambda call: inline_closure(call.c, callee, call.args, call.node)
    if isinstance(callee.node, ast.AsyncFunctionDef):
        return coroutine_of(call, callee, run)
    return run(call)
