"""Expressions: each kind has one small evaluator, which emits what is known only at run time."""

from __future__ import annotations

import ast
import collections
import operator
from collections.abc import Callable, Iterable
from typing import Any

from xcs.dialects import orch
from xcs.frontend.arguments import array_class
from xcs.frontend.capture import glue
from xcs.frontend.capture.arrays import is_data, is_of_array, item_class
from xcs.frontend.capture.elements import element, elements_home
from xcs.frontend.capture.names import holding, load_attribute, load_name, store_in
from xcs.frontend.capture.order import ELEMENTS, KEYS, Home
from xcs.frontend.capture.state import Capture, object_type
from xcs.frontend.capture.values import (
    Closure,
    Dyn,
    Frame,
    Generator,
    Method,
    Pack,
    Static,
    Value,
    View,
)
from xcs.frontend.facts import CONTAINERS, SCALARS
from xcs.frontend.unsupported import Unsupported

_NUMBERS = frozenset({int, float, bool})


def evaluate(c: Capture, frame: Frame, node: ast.expr) -> Value:
    """The value of an expression."""
    with c.at(frame, node):
        if isinstance(node, ast.Constant):
            return Static(node.value)
        if isinstance(node, ast.Name):
            value = load_name(c, frame, node.id)
            return c.dyn(value) if isinstance(value, Generator) else value
        value = _view(c, frame, node) or glue.evaluate_glue(c, frame, node)
        if value is not None:
            return value
        evaluator = _EVALUATORS.get(type(node))
        if evaluator is None:
            raise Unsupported(f"{type(node).__name__.lower()} is not captured", node)
        return evaluator(c, frame, node)


def evaluate_test(c: Capture, frame: Frame, node: ast.expr) -> Value:
    """A value that is as true as that of an expression, of which nothing is kept."""
    if not isinstance(node, ast.BoolOp):
        return evaluate(c, frame, node)
    with c.at(frame, node):
        value = glue.evaluate_glue(c, frame, node, only_truth=True)
        return _boolean(c, frame, node, only_truth=True) if value is None else value


def _view(c: Capture, frame: Frame, node: ast.expr) -> View | None:
    """The keys, values or items of a dict, if that is what the expression is."""
    match node:
        case ast.Call(
            func=ast.Attribute(value=ast.Name() as base, attr="keys" | "values" | "items" as name),
            args=[],
            keywords=[],
        ):
            return view_of(c, evaluate(c, frame, base), name)
    return None


def view_of(c: Capture, value: Value, name: str) -> View | None:
    """The keys, values or items of a dict."""
    if isinstance(value, Dyn) and value.home is not None and value.cls in CONTAINERS:
        return View(value, name)
    return None


# --- operators ------------------------------------------------------------------------------------


def _binary(c: Capture, frame: Frame, node: ast.BinOp) -> Value:
    left, right = evaluate(c, frame, node.left), evaluate(c, frame, node.right)
    return binary(c, node.op, left, right)


def binary(c: Capture, op: ast.operator, left: Value, right: Value) -> Value:
    """``left op right``."""
    if isinstance(left, Pack) and isinstance(right, Pack) and isinstance(op, ast.Add):
        return Pack((*left.items, *right.items))
    source = ast.unparse(ast.BinOp(ast.Name("a"), op, ast.Name("b")))
    cls = binary_class(op, class_of(left), class_of(right))
    return operation(c, source, {"a": left, "b": right}, cls)


def binary_class(op: ast.operator, left: type | None, right: type | None) -> type | None:
    if left is str and (isinstance(op, ast.Mod) or right is str):
        return str
    if left is int and right is int and not isinstance(op, ast.Div | ast.Pow):
        return int
    if left in _NUMBERS and right in _NUMBERS and float in (left, right):
        return float
    if left is list and right is list and isinstance(op, ast.Add):
        return list
    return None


def class_of(value: Value) -> type | None:
    """The value's exact class where it is certain."""
    match value:
        case Static():
            return type(value.obj)
        case Dyn():
            return value.cls
        case Pack():
            return tuple
        case _:
            return None


def operation(c: Capture, source: str, operands: dict[str, Value], cls: type | None) -> Value:
    """A Python operator on values: pure where all are plain data, which may show at run time."""
    if cls is None and is_of_array(operands):
        cls = array_class()
    plain = all(map(is_data, operands.values()))
    values = list(operands.values())
    home = None if cls in SCALARS else derived_home(c, values, cls, no_others=cls is list)
    return c.host(source, operands, cls=cls, home=home, checked=not plain)


def derived_home(
    c: Capture,
    values: list[Value],
    cls: type | None = None,
    *,
    may_be_operand: bool = False,
    no_others: bool = False,
) -> Home | None:
    """Where something of a class lives that was made of values.

    It may hold their elements, or be one; it may hold others as well, unless there are `no_others`.
    """
    homes = [home for value in values for home in c.homes_of(value)]
    if not homes:
        return None
    home = c.order.fresh("derived", cls)
    home.made = no_others
    for value in values:
        c.order.merge(home.field(ELEMENTS), elements_home(c, value))
    for part in homes if may_be_operand else ():
        c.order.merge(home, part)
    return home.find()


def _unary(c: Capture, frame: Frame, node: ast.UnaryOp) -> Value:
    value = evaluate(c, frame, node.operand)
    if isinstance(node.op, ast.Not):
        return negate(c, value)
    if isinstance(node.op, ast.USub) and isinstance(value, Static) and type(value.obj) in _NUMBERS:
        return Static(-value.obj)
    source = ast.unparse(ast.UnaryOp(node.op, ast.Name("a")))
    cls = class_of(value) if class_of(value) in (int, float) else None
    return operation(c, source, {"a": value}, cls)


def _truth(c: Capture, value: Value) -> Value:
    """``bool(value)``."""
    if class_of(value) is bool:
        return value
    negated = negate(c, value)
    if isinstance(negated, Static):
        return Static(not negated.obj)
    return c.host("not v", {"v": negated}, cls=bool, total=True)


def negate(c: Capture, value: Value) -> Value:
    """``not value``. Of a container only the length matters, which waits for no element."""
    if isinstance(value, Dyn) and value.home is not None and value.cls in CONTAINERS:
        return c.host("not n", {"n": length(c, value)}, cls=bool)
    if isinstance(value, Static) and not isinstance(value.obj, type) and value.obj is not Static:
        if class_of(value) in SCALARS:
            return Static(not value.obj)
    return operation(c, "not a", {"a": value}, bool)


def length(c: Capture, value: Dyn) -> Dyn:
    """``len(value)``."""
    from xcs.frontend.capture.calls import call_special, length_of

    if (found := call_special(c, value, "__len__", [])) is not None:
        operands = {"length_of": Static(length_of), "n": found}
        return c.host("length_of(n)", operands, cls=int)
    homes = c.reached(value)
    after, linked = c.chain(homes, write=False)
    op = orch.LenOp(value.ssa, after=after, token=linked)
    c.add(op)
    c.place(homes, op, linked)
    return Dyn(op.results[0], int)


def _compare(c: Capture, frame: Frame, node: ast.Compare) -> Value:
    left = evaluate(c, frame, node.left)
    right = evaluate(c, frame, node.comparators[0])
    first = compare(c, node.ops[0], left, right)
    if len(node.ops) == 1:
        return first
    rest = ast.copy_location(
        ast.Compare(ast.Name("_", ast.Load()), node.ops[1:], node.comparators[1:]), node
    )
    from xcs.frontend.capture.regions import select

    def later() -> Value:
        name = f".compared{id(node)}"
        inner = Frame(
            frame.function, frozenset({name}), frame.filename, frame.node, {name: right}, frame
        )
        rest.left = ast.copy_location(ast.Name(name, ast.Load()), node)
        return _compare(c, inner, rest)

    return select(c, first, later, lambda: first)


def compare(c: Capture, op: ast.cmpop, left: Value, right: Value) -> Value:
    """One comparison."""
    if isinstance(op, ast.In | ast.NotIn) and isinstance(right, Dyn):
        home = c.home_of(right)
        if home is not None:
            found = contains(c, right, left)
            return found if isinstance(op, ast.In) else c.host("not f", {"f": found}, cls=bool)
    if isinstance(op, ast.Is | ast.IsNot):
        if isinstance(left, Static) and isinstance(right, Static):
            return Static((left.obj is right.obj) is isinstance(op, ast.Is))
        word = "is" if isinstance(op, ast.Is) else "is not"
        operands = {"a": _bare(c, left), "b": _bare(c, right)}
        return c.host(f"a {word} b", operands, cls=bool)
    source = ast.unparse(ast.Compare(ast.Name("a"), [op], [ast.Name("b")]))
    plain = all(class_of(v) in SCALARS for v in (left, right))
    return operation(c, source, {"a": left, "b": right}, bool if plain else None)


def _bare(c: Capture, value: Value) -> Value:
    """The value where it only matters which object it is."""
    return Dyn(c.ssa(value))


_HASHED = (
    *(dict, set, frozenset, collections.defaultdict, collections.Counter),
    *(collections.OrderedDict, range, str),
)
"""Classes of containers that find an element by its hash, or have no objects as elements."""


def contains(c: Capture, container: Dyn, item: Value) -> Dyn:
    """``item in container``: waits for keys only."""
    from xcs.frontend.capture.calls import call_special

    if (found := call_special(c, container, "__contains__", [item])) is not None:
        return c.host("bool(v)", {"v": found}, cls=bool, checked=True)
    homes = c.reached(container)
    if container.cls not in _HASHED and homes and c.order.holds(homes[0].field(ELEMENTS)) is None:
        homes = c.parts_of(*homes)  # elements are asked whether they are equal
    after, linked = c.chain(homes, write=False)
    op = orch.ContainsOp(container.ssa, c.read_whole(item), after=after, token=linked)
    c.add(op)
    c.place(homes, op, linked)
    return Dyn(op.results[0], bool)


def _boolean(c: Capture, frame: Frame, node: ast.BoolOp, *, only_truth: bool = False) -> Value:
    from xcs.frontend.capture.regions import select

    def part(value: ast.expr) -> Value:
        if only_truth:
            return _truth(c, evaluate_test(c, frame, value))
        return evaluate(c, frame, value)

    def chain(values: list[ast.expr]) -> Value:
        first = part(values[0])
        if len(values) == 1:
            return first
        later = lambda: chain(values[1:])
        keep = lambda: first
        if isinstance(node.op, ast.And):
            return select(c, first, later, keep)
        return select(c, first, keep, later)

    return chain(node.values)


def _conditional(c: Capture, frame: Frame, node: ast.IfExp) -> Value:
    from xcs.frontend.capture.regions import select

    test = evaluate_test(c, frame, node.test)
    return select(
        c, test, lambda: evaluate(c, frame, node.body), lambda: evaluate(c, frame, node.orelse)
    )


def _walrus(c: Capture, frame: Frame, node: ast.NamedExpr) -> Value:
    from xcs.frontend.capture.targets import assign

    value = evaluate(c, frame, node.value)
    target_frame = frame
    while target_frame.parent is not None and node.target.id not in target_frame.local_names:
        target_frame = target_frame.parent
    assign(c, target_frame, node.target, value)
    return value


# --- parts ----------------------------------------------------------------------------------------


def _attribute(c: Capture, frame: Frame, node: ast.Attribute) -> Value:
    from xcs.frontend.capture.calls import load_from_super

    if (found := load_from_super(c, frame, node)) is not None:
        return found
    base = evaluate(c, frame, node.value)
    return load_attribute(c, frame, base, node.attr)


def _subscript(c: Capture, frame: Frame, node: ast.Subscript) -> Value:
    base = evaluate(c, frame, node.value)
    index = evaluate(c, frame, node.slice)
    return get_item(c, base, index)


def get_item(c: Capture, base: Value, index: Value) -> Value:
    """``base[index]``."""
    if isinstance(base, Pack) and isinstance(index, Static) and isinstance(index.obj, int):
        if -len(base.items) <= index.obj < len(base.items):
            return base.items[index.obj]
    if isinstance(base, Static):
        return operation(c, "a[b]", {"a": base, "b": index}, None)
    from xcs.frontend.capture.calls import call_special

    container = c.dyn(base)
    if (found := call_special(c, container, "__getitem__", [index])) is not None:
        return found
    home = c.home_of(container)
    if home is None:
        cls = str if container.cls is str else item_class(container.cls)
        return operation(c, "a[b]", {"a": container, "b": index}, cls)
    # A defaultdict makes what it lacks. One that an operator gave is taken not to be another's.
    may_make = container.cls in (None, collections.defaultdict) and not _is_slice(index)
    homes = c.reached(container)
    after, linked = c.chain(homes, write=may_make, alias=False)
    kind = object_type(holding(c, home.field(ELEMENTS))[0])
    op = orch.GetItemOp(container.ssa, c.read_whole(index), kind, after=after, token=linked)
    c.add(op)
    c.place(homes, op, linked, write=may_make, alias=False)
    if _is_slice(index) and container.cls not in (list, tuple):
        return Dyn(op.results[0], None, home)  # of an array, say, it shows the same elements
    if _is_slice(index):
        copy = c.order.fresh("slice", container.cls)
        c.order.merge(copy.field(ELEMENTS), c.order.part(home, ELEMENTS))
        return Dyn(op.results[0], container.cls, copy)
    return element(c, container, op.results[0])


def _is_slice(index: Value) -> bool:
    return class_of(index) is slice


def _slice(c: Capture, frame: Frame, node: ast.Slice) -> Value:
    parts = {
        name: Static(None) if part is None else evaluate(c, frame, part)
        for name, part in (("start", node.lower), ("stop", node.upper), ("step", node.step))
    }
    if all(isinstance(p, Static) for p in parts.values()):
        return Static(slice(*(p.obj for p in parts.values())))  # type: ignore[union-attr]
    return c.host("slice(start, stop, step)", parts, cls=slice)


# --- displays -------------------------------------------------------------------------------------


def _tuple(c: Capture, frame: Frame, node: ast.Tuple) -> Value:
    if any(isinstance(e, ast.Starred) for e in node.elts):
        return _starred_display(c, frame, node, tuple)
    items = tuple(evaluate(c, frame, e) for e in node.elts)
    if all(isinstance(v, Static) and class_of(v) in SCALARS for v in items):
        return Static(tuple(v.obj for v in items))  # type: ignore[union-attr]
    return Pack(items)


def _list(c: Capture, frame: Frame, node: ast.List) -> Value:
    if any(isinstance(e, ast.Starred) for e in node.elts):
        return _starred_display(c, frame, node, list)
    return new_list(c, [evaluate(c, frame, e) for e in node.elts])


def new_list(c: Capture, values: list[Value]) -> Dyn:
    """A fresh list."""
    home = c.order.fresh("list", list)
    for value in values:
        store_in(c, home.field(ELEMENTS), value)
    op = orch.ListOp([c.ssa(v) for v in values])
    return Dyn(c.add(op).results[0], list, home)


def _starred_display(c: Capture, frame: Frame, node: Any, cls: type) -> Value:
    operands: dict[str, Value] = {}
    parts: list[str] = []
    for number, item in enumerate(node.elts):
        name = f"v{number}"
        starred = isinstance(item, ast.Starred)
        if starred:
            value = _unpacked(c, frame, item.value)
            operands[name] = taken_now(c, item.value, value, node.elts[number + 1 :])
        else:
            operands[name] = evaluate(c, frame, item)
        parts.append(f"*{name}" if starred else name)
    home = c.order.fresh(cls.__name__, cls)
    for part, value in zip(parts, operands.values(), strict=True):
        inner = elements_home(c, value) if part[0] == "*" else c.home_of(value)
        c.order.merge(home.field(ELEMENTS), inner)
        if inner is None:
            c.order.add_classes(home.field(ELEMENTS), frozenset(), is_open=True)
    listed = ", ".join(parts) + ","
    source = {list: f"[{listed}]", tuple: f"({listed})", set: f"{{{listed}}}"}[cls]
    return c.host(source, operands, cls=cls, home=home, checked=True, structure=cls is not set)


def _unpacked(c: Capture, frame: Frame, node: ast.expr) -> Value:
    """What a star takes apart; all of a generator is used."""
    from xcs.frontend.capture.generators import elements, whole

    if isinstance(node, ast.GeneratorExp):
        return _comprehension(c, frame, node)
    return whole(c, node, elements(c, frame, node, hints=True))


_FRESH = (
    ast.List, ast.Tuple, ast.Set, ast.Dict, ast.ListComp, ast.SetComp, ast.DictComp,
    ast.GeneratorExp,
)  # fmt: skip
"""Expressions that give an object which nobody else has."""


def taken_now(
    c: Capture, node: ast.expr, value: Value, later: Iterable[ast.expr], cls: type = list
) -> Value:
    """What is taken apart at its place: a copy if what comes ``later`` may change the object."""
    known = isinstance(value, Static) and isinstance(value.obj, tuple | str | range)
    if known or isinstance(value, Pack) or isinstance(node, _FRESH):
        return value
    if not any(map(may_act, later)):
        return value
    home = derived_home(c, [value], cls) or c.order.fresh(cls.__name__)
    source = {list: "[*v]", dict: "{**v}"}[cls]
    return c.host(source, {"v": value}, cls=cls, home=home, checked=True, structure=cls is list)


def _set(c: Capture, frame: Frame, node: ast.Set) -> Value:
    return _starred_display(c, frame, node, set)


def _dict(c: Capture, frame: Frame, node: ast.Dict) -> Value:
    if any(key is None for key in node.keys):
        return _unpacking_dict(c, frame, node)
    home = c.order.fresh("dict", dict)
    keys, values = [], []
    for key, value in zip(node.keys, node.values, strict=True):
        assert key is not None
        keys.append(evaluate(c, frame, key))
        values.append(evaluate(c, frame, value))
    for key, value in zip(keys, values, strict=True):
        store_in(c, home.field(KEYS), key)
        store_in(c, home.field(ELEMENTS), value)
    op = orch.DictOp([c.ssa(k) for k in keys], [c.ssa(v) for v in values])
    return Dyn(c.add(op).results[0], dict, home)


def _unpacking_dict(c: Capture, frame: Frame, node: ast.Dict) -> Value:
    operands: dict[str, Value] = {}
    parts: list[str] = []
    for number, (key, value) in enumerate(zip(node.keys, node.values, strict=True)):
        if key is not None:
            operands[f"k{number}"] = evaluate(c, frame, key)
        found = operands[f"v{number}"] = evaluate(c, frame, value)
        if key is None:
            others = [*node.keys[number + 1 :], *node.values[number + 1 :]]
            later = [part for part in others if part is not None]
            operands[f"v{number}"] = taken_now(c, value, found, later, dict)
        parts.append(f"**v{number}" if key is None else f"k{number}: v{number}")
    home = derived_home(c, list(operands.values()), dict) or c.order.fresh("dict")
    for name, value in operands.items():
        if name[0] == "v" and f"k{name[1:]}" in operands:
            store_in(c, home.field(ELEMENTS), value)
    return c.host("{" + ", ".join(parts) + "}", operands, cls=dict, home=home, checked=True)


def _text(c: Capture, frame: Frame, node: ast.JoinedStr) -> Value:
    """An f-string. What effects of later parts could change, or forestall, is formatted before."""
    operands: dict[str, Value] = {}
    parts: list[ast.expr] = []
    for number, part in enumerate(node.values):
        if isinstance(part, ast.FormattedValue):
            own: dict[str, Value] = {}
            part = _formatted(c, frame, part, own, len(operands))
            if not _never_fails(part, own) and any(map(may_act, node.values[number + 1 :])):
                name = f"v{len(operands)}"
                own = {name: _format(c, [part], own)}
                part = ast.FormattedValue(ast.Name(name, ast.Load()), -1, None)
            operands |= own
        parts.append(part)
    return _format(c, parts, operands)


def _format(c: Capture, parts: list[ast.expr], operands: dict[str, Value]) -> Value:
    source = ast.unparse(ast.fix_missing_locations(ast.JoinedStr(parts)))
    plain = all(class_of(v) in SCALARS for v in operands.values())
    return c.host(source, operands, cls=str, checked=not plain)


def _formatted(
    c: Capture, frame: Frame, part: ast.FormattedValue, operands: dict[str, Value], first: int
) -> ast.FormattedValue:
    """The part with names for its value, and for the values in its format, from ``v{first}`` on."""
    name = f"v{first + len(operands)}"
    operands[name] = evaluate(c, frame, part.value)
    spec = part.format_spec
    if isinstance(spec, ast.JoinedStr):
        spec = ast.JoinedStr(
            [
                _formatted(c, frame, p, operands, first) if isinstance(p, ast.FormattedValue) else p
                for p in spec.values
            ]
        )
    return ast.FormattedValue(ast.Name(name, ast.Load()), part.conversion, spec)


def _never_fails(part: ast.FormattedValue, operands: dict[str, Value]) -> bool:
    """Whether it does not matter when a part is formatted."""
    return part.format_spec is None and all(class_of(v) in SCALARS for v in operands.values())


def may_act(node: ast.expr) -> bool:
    """Whether evaluating an expression may do more than look at something."""
    return any(isinstance(n, ast.Call | ast.NamedExpr | ast.Await) for n in ast.walk(node))


def _lambda(c: Capture, frame: Frame, node: ast.Lambda) -> Value:
    return make_closure(c, frame, node)


def make_closure(c: Capture, frame: Frame, node: Any) -> Closure:
    """A function that the captured code defines; its defaults are evaluated now."""
    defaults = [evaluate(c, frame, d) for d in node.args.defaults]
    kw_defaults = {
        argument.arg: evaluate(c, frame, default)
        for argument, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        if default is not None
    }
    return Closure(node, frame, defaults, kw_defaults)


def _call(c: Capture, frame: Frame, node: ast.Call) -> Value:
    from xcs.frontend.capture.calls import evaluate_call

    return evaluate_call(c, frame, node)


def _comprehension(c: Capture, frame: Frame, node: Any) -> Value:
    from xcs.frontend.capture.comprehensions import comprehension

    return comprehension(c, frame, node)


def _generator(c: Capture, frame: Frame, node: ast.GeneratorExp) -> Value:
    raise Unsupported("a generator expression that is used as a value", node)


def _await(c: Capture, frame: Frame, node: ast.Await) -> Value:
    from xcs.frontend.capture.coroutines import evaluate_await

    return evaluate_await(c, frame, node)


def _starred(c: Capture, frame: Frame, node: ast.Starred) -> Value:
    raise Unsupported("a starred expression here", node)


_EVALUATORS: dict[type[ast.expr], Callable[[Capture, Frame, Any], Value]] = {
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.BoolOp: _boolean,
    ast.IfExp: _conditional,
    ast.NamedExpr: _walrus,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.Tuple: _tuple,
    ast.List: _list,
    ast.Set: _set,
    ast.Dict: _dict,
    ast.JoinedStr: _text,
    ast.Lambda: _lambda,
    ast.Call: _call,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _generator,
    ast.Starred: _starred,
    ast.Await: _await,
}

__all__ = ["Method", "evaluate", "operator"]
