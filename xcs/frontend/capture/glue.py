"""Glue: expressions that do nothing but compute on data, kept native as one op.

An expression is glue if all that it calls is known to be pure where the values are plain data:
builtins, functions that analysis finds pure, and methods that builtin data has and that change
nothing. Whether the values are plain data is checked when the program runs, if it is not known.
"""

from __future__ import annotations

import ast
import builtins
import functools
import types
from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from xcs.frontend.arguments import array_class
from xcs.frontend.capture.arrays import holds_arrays, is_data, is_of_array
from xcs.frontend.capture.names import _class_attribute, is_code, load_name, mangled
from xcs.frontend.capture.order import ELEMENTS, KEYS, Home, Immutable
from xcs.frontend.capture.results import NotKnown, elements_made
from xcs.frontend.capture.state import Capture
from xcs.frontend.capture.values import (
    UNBOUND,
    Dyn,
    Frame,
    Method,
    Pack,
    Static,
    Value,
)
from xcs.frontend.classify import classify
from xcs.frontend.facts import (
    CHANGEABLE_TEXT_METHODS,
    CONTAINERS,
    LISTING_TEXT_METHODS,
    READING_METHODS,
    SCALARS,
    SEES_ITS_FRAME,
    TAKES_ALL,
    TAKES_EACH,
    TEXT_METHODS,
    has_python_methods,
    is_among,
    is_user_class,
    makes_immutable,
    makes_new,
    makes_own_instances,
    reads_only,
)
from xcs.frontend.guards import MISSING
from xcs.frontend.interpretation.lookup import class_attribute
from xcs.frontend.names import parameter_names, stored_names
from xcs.frontend.source import source_file

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_RESULTS: Mapping[Any, type] = {
    str: str, repr: str, format: str, ascii: str, chr: str, len: int, ord: int, int: int,
    float: float, bool: bool, isinstance: bool, issubclass: bool, callable: bool, any: bool,
    all: bool, sorted: list, list: list, dict: dict, set: set, tuple: tuple, frozenset: frozenset,
    hash: int, id: int, hasattr: bool, range: range, deque: deque, Counter: Counter,
    OrderedDict: OrderedDict, dict.fromkeys: dict,
}  # fmt: skip
_TEXT_RESULTS = frozenset({"join", "strip", "lower", "upper", "format", "replace", "title"})
_PARTS: Mapping[str, type] = {
    "split": list, "rsplit": list, "splitlines": list, "partition": tuple, "rpartition": tuple,
}  # fmt: skip
"""Methods of text that take it apart, and what they give."""
_CONSUMERS = (
    *(*TAKES_ALL, *TAKES_EACH),
    *(any, all, next, enumerate, zip, map, filter, iter, reversed),
)
_CONTAINERS_OF = (list, tuple, sorted, set, frozenset, deque)
"""What makes a container of the very elements that it is given."""
_LAZY = (map, filter, zip, enumerate, reversed, iter)


class NotGlue(Exception):
    """The expression does more than compute on data."""


def evaluate_glue(
    c: Capture, frame: Frame, node: ast.expr, *, only_truth: bool = False
) -> Value | None:
    """The value of an expression that is glue, or whether it is true; None for any other."""
    if not isinstance(node, _WORTHWHILE):
        return None
    try:
        glue = _Glue(c, frame, {n.id for n in ast.walk(node) if isinstance(n, ast.Name)})
        tree = glue.visit(node, frozenset(), False, top=True)
    except NotGlue:
        return None
    if only_truth:
        if glue.has_objects():
            return None  # each of which is asked for what of it matters
        negate = lambda part: ast.UnaryOp(ast.Not(), part)
        node, tree, glue.chooses = negate(negate(node)), negate(negate(tree)), False
    elif glue.puts_objects_together(node, tree) or glue.hands_on_one_side(node):
        return None
    return glue.emit(node, tree)


_WORTHWHILE = (
    ast.Call, ast.JoinedStr, ast.ListComp, ast.SetComp, ast.DictComp, ast.Compare, ast.BinOp,
    ast.UnaryOp, ast.BoolOp, ast.IfExp, ast.Subscript,
)  # fmt: skip


_ARITHMETIC = (
    ast.BinOp, ast.UnaryOp, ast.Compare, ast.Subscript, ast.Slice, ast.Tuple, ast.Constant,
    ast.Name, ast.operator, ast.unaryop, ast.cmpop, ast.expr_context,
)  # fmt: skip
"""What an expression of arrays and numbers that gives an array consists of."""


@dataclass
class _Glue:
    c: Capture
    frame: Frame
    names: set[str]
    """All names in the expression, which those of operands must not clash with."""
    leaves: dict[str, ast.expr] = field(default_factory=dict)
    """Names and attributes that become operands, by the operand's name."""
    chooses: bool = False
    """Whether the result may be one of the operands."""

    # --- what is glue ---

    def visit(
        self, node: ast.expr, bound: frozenset[str], conditional: bool, *, top: bool = False
    ) -> ast.expr:
        match node:
            case ast.Constant():
                return node
            case ast.Name():
                return node if node.id in bound else self._name(node)
            case ast.Attribute():
                return self._attribute(node, bound, conditional)
            case ast.Call(func=ast.Attribute(attr="get")) if top:
                raise NotGlue  # what it finds may be a function, or something to come
            case ast.Call(func=func):
                if top and self._makes_instance(self._known(func)):
                    raise NotGlue  # of which the class is known
                return self._call(node, bound, conditional)
            case ast.Lambda():
                inner = bound | frozenset(parameter_names(node.args))
                if node.args.defaults or any(node.args.kw_defaults):
                    raise NotGlue
                return ast.Lambda(node.args, self.visit(node.body, inner, True))
            case ast.GeneratorExp() if not conditional and top:
                raise NotGlue
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                return self._comprehension(node, bound, conditional)
            case ast.BinOp(left=left, op=op, right=right):
                if top and any(isinstance(side, ast.List | ast.ListComp) for side in (left, right)):
                    raise NotGlue  # of a list that is made on its own, it is known what it holds
                left = self.visit(left, bound, conditional)
                return ast.BinOp(left, op, self.visit(right, bound, conditional))
            case ast.UnaryOp(op=op, operand=operand):
                if top and isinstance(op, ast.Not):
                    raise NotGlue
                return ast.UnaryOp(op, self.visit(operand, bound, conditional))
            case ast.Compare(left=left, ops=ops, comparators=others):
                if (
                    any(isinstance(o, ast.In | ast.NotIn | ast.Is | ast.IsNot) for o in ops)
                    and not bound
                ):
                    raise NotGlue  # containers answer without their elements
                left = self.visit(left, bound, conditional)
                first = self.visit(others[0], bound, conditional)
                rest = [self.visit(o, bound, True) for o in others[1:]]
                return ast.Compare(left, ops, [first, *rest])
            case ast.BoolOp(op=op, values=values):
                self.chooses = True
                first = self.visit(values[0], bound, conditional)
                return ast.BoolOp(op, [first, *(self.visit(v, bound, True) for v in values[1:])])
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.chooses = True
                return ast.IfExp(
                    self.visit(test, bound, conditional),
                    self.visit(body, bound, True),
                    self.visit(orelse, bound, True),
                )
            case ast.Subscript(value=value, slice=index):
                if top or (isinstance(value, ast.Name) and self._holds_arrays(value.id, bound)):
                    raise NotGlue
                if bound and self._is_changed(value):
                    raise NotGlue  # the other elements may be still to come
                return ast.Subscript(
                    self.visit(value, bound, conditional),
                    self.visit(index, bound, conditional),
                    ast.Load(),
                )
            case ast.Slice():
                parts = [
                    None if p is None else self.visit(p, bound, conditional)
                    for p in (node.lower, node.upper, node.step)
                ]
                return ast.Slice(*parts)
            case ast.Tuple(elts=items) if not top:
                return ast.Tuple([self.visit(e, bound, conditional) for e in items], ast.Load())
            case ast.List(elts=items) if not top:
                return ast.List([self.visit(e, bound, conditional) for e in items], ast.Load())
            case ast.Dict(keys=keys, values=values) if not top and bound:
                return ast.Dict(
                    [None if k is None else self.visit(k, bound, conditional) for k in keys],
                    [self.visit(v, bound, conditional) for v in values],
                )
            case ast.Starred(value=value):
                return ast.Starred(self.visit(value, bound, conditional), ast.Load())
            case ast.JoinedStr(values=values):
                return ast.JoinedStr([self.visit(v, bound, conditional) for v in values])
            case ast.FormattedValue(value=value, conversion=conversion, format_spec=spec):
                return ast.FormattedValue(
                    self.visit(value, bound, conditional),
                    conversion,
                    None if spec is None else self.visit(spec, bound, conditional),
                )
        raise NotGlue

    def _holds_arrays(self, name: str, bound: frozenset[str]) -> bool:
        return name not in bound and holds_arrays(peek(self.c, self.frame, name))

    def _comprehension(self, node: Any, bound: frozenset[str], conditional: bool) -> ast.expr:
        inner = bound
        generators = []
        for number, generator in enumerate(node.generators):
            if generator.is_async or not isinstance(generator.target, ast.Name | ast.Tuple):
                raise NotGlue
            self._check_iterated(generator.iter, inner)
            self._check_attributes(node, generator)
            source = self.visit(generator.iter, inner, conditional or number > 0)
            inner = inner | frozenset(stored_names(generator.target))
            tests = [self.visit(t, inner, True) for t in generator.ifs]
            generators.append(ast.comprehension(generator.target, source, tests, 0))
        if isinstance(node, ast.DictComp):
            key, value = self.visit(node.key, inner, True), self.visit(node.value, inner, True)
            return ast.DictComp(key, value, generators)
        return type(node)(self.visit(node.elt, inner, True), generators)

    def _check_iterated(self, node: ast.expr, bound: frozenset[str]) -> None:
        """Going over an instance of a user's class runs code of that class."""
        if isinstance(node, ast.Name) and node.id not in bound:
            value = peek(self.c, self.frame, node.id)
            if isinstance(value, Dyn) and value.cls is not None and is_user_class(value.cls):
                raise NotGlue

    def _check_attributes(self, node: Any, generator: ast.comprehension) -> None:
        """Of objects that are being changed, only what is asked for has to be there."""
        names = stored_names(generator.target)
        reads = (n for n in ast.walk(node) if isinstance(n, ast.Attribute))
        if any(isinstance(n.value, ast.Name) and n.value.id in names for n in reads):
            if self._is_changed(generator.iter):
                raise NotGlue

    def _is_changed(self, node: ast.expr) -> bool:
        """Whether the program changes what a variable leads to."""
        home = self._home(node)
        return home is not None and any(map(self.c.order.is_written, self.c.parts_of(home)))

    def _home(self, node: ast.expr) -> Home | None:
        """Where a variable's value lives, or an attribute of that, as far as that is known."""
        match node:
            case ast.Name(id=name):
                value = peek(self.c, self.frame, name)
                return value.home if isinstance(value, Dyn) else None
            case ast.Attribute(value=base, attr=name):
                home = self._home(base)
                return None if home is None else home.field(mangled(self.frame, name))
            case ast.Call(args=[inner, *_]):  # enumerate, reversed, sorted
                return self._home(inner)
        return None

    def _name(self, node: ast.Name) -> ast.expr:
        value = peek(self.c, self.frame, node.id)
        if value is None or not isinstance(value, Static | Dyn | Pack):
            raise NotGlue
        if isinstance(value, Dyn) and value.maybe_unbound:
            raise NotGlue
        if isinstance(value, Static) and callable(value.obj) and not isinstance(value.obj, type):
            raise NotGlue
        if isinstance(value, Static) and value.obj is UNBOUND:
            raise NotGlue
        return self._leaf(node)

    def _leaf(self, node: ast.expr) -> ast.expr:
        text = ast.unparse(node)
        for name, known in self.leaves.items():
            if ast.unparse(known) == text:
                return ast.Name(name, ast.Load())
        if isinstance(node, ast.Name) and node.id.isidentifier() and not node.id.startswith("__"):
            name = node.id
        else:
            number = len(self.leaves)
            name = f"v{number}"
            while name in self.names or name in self.leaves:
                name = f"v{number}_{name}"
        self.leaves[name] = node
        return ast.Name(name, ast.Load())

    def _attribute(self, node: ast.Attribute, bound: frozenset[str], conditional: bool) -> ast.expr:
        root = node.value
        while isinstance(root, ast.Attribute):
            root = root.value
        if not isinstance(root, ast.Name) or root.id in bound:
            if node.attr.startswith("__"):
                raise NotGlue
            return ast.Attribute(self.visit(node.value, bound, conditional), node.attr, ast.Load())
        value = peek(self.c, self.frame, root.id)
        if isinstance(value, Static):
            found = _static_path(value.obj, node)
            if found is MISSING or (callable(found) and not isinstance(found, type)):
                raise NotGlue
            return self._leaf(node)
        if not isinstance(value, Dyn) or value.maybe_unbound:
            raise NotGlue
        if value.cls is None and value.home is None:
            raise NotGlue
        certain = value.cls is not None and has_python_methods(value.cls)
        if conditional and not certain:
            raise NotGlue
        if value.cls in CONTAINERS and not reads_only(value.cls, node.attr):
            raise NotGlue
        if certain and isinstance(node.value, ast.Name):
            found = _class_attribute(value, mangled(self.frame, node.attr))
            if found is not MISSING and hasattr(type(found), "__get__"):
                raise NotGlue
        elif conditional or not isinstance(node.value, ast.Name):
            raise NotGlue
        return self._leaf(node)

    # --- calls ---

    def _call(self, node: ast.Call, bound: frozenset[str], conditional: bool) -> ast.expr:
        func, callee = self._callee(node.func, bound, conditional)
        args = []
        for argument in node.args:
            if is_among(callee, _CONSUMERS):
                self._check_iterated(argument, bound)
            if isinstance(argument, ast.GeneratorExp):
                if not self._consumes(node.func, callee):
                    raise NotGlue
                args.append(self._comprehension(argument, bound, conditional))
            else:
                args.append(self.visit(argument, bound, conditional))
        keywords = [
            ast.keyword(k.arg, self.visit(k.value, bound, conditional)) for k in node.keywords
        ]
        return ast.Call(func, args, keywords)

    def _consumes(self, func: ast.expr, callee: Any) -> bool:
        if isinstance(func, ast.Attribute) and func.attr in ("join", "fromkeys"):
            return True
        return is_among(callee, _CONSUMERS)

    def _callee(
        self, func: ast.expr, bound: frozenset[str], conditional: bool
    ) -> tuple[ast.expr, Any]:
        if isinstance(func, ast.Name):
            if func.id in bound:
                raise NotGlue
            value = peek(self.c, self.frame, func.id)
            if not isinstance(value, Static) or not is_pure(value.obj):
                raise NotGlue
            if value.obj is len and not bound:
                raise NotGlue  # it waits for no element
            return self._static(func, value), value.obj
        if not isinstance(func, ast.Attribute):
            raise NotGlue
        root: ast.expr = func.value
        while isinstance(root, ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name) and root.id not in bound:
            value = peek(self.c, self.frame, root.id)
            if isinstance(value, Static) and not isinstance(value.obj, tuple(SCALARS)):
                found = _static_path(value.obj, func)
                if found is MISSING or not is_pure(found):
                    raise NotGlue
                return self._static(func, None), found
            if isinstance(value, Dyn) and not self._has_method(value, func):
                raise NotGlue
        if func.attr not in READING_METHODS or func.attr in user_methods(self.frame):
            raise NotGlue
        base = self.visit(func.value, bound, conditional)
        return ast.Attribute(base, func.attr, ast.Load()), None

    def _has_method(self, value: Dyn, func: ast.Attribute) -> bool:
        """Whether the method may be one of builtin data."""
        if not isinstance(func.value, ast.Name):
            return True
        if value.cls is None:
            return True
        return value.cls in (*CONTAINERS, *SCALARS, tuple, frozenset, range)

    def _static(self, node: ast.expr, value: Static | None) -> ast.expr:
        if isinstance(node, ast.Name) and value is not None:
            if getattr(builtins, node.id, MISSING) is value.obj:
                load_name(self.c, self.frame, node.id)  # guards that it is not shadowed
                return node
        return self._leaf(node)

    # --- what becomes of it ---

    def puts_objects_together(self, node: ast.expr, tree: ast.expr) -> bool:
        """Whether the value holds objects in more than one container within another.

        Only where nothing is nested is it told apart what lives where.
        """
        inner = (n for n in ast.walk(tree) if n is not tree)
        if not self._holds_parts(node) or not any(map(_nests, inner)):
            return False
        return any(map(self._holds_objects, self.leaves.values()))

    def hands_on_one_side(self, node: ast.expr) -> bool:
        """Whether an operator may hand on what one operand holds, and only reads the other.

        While what they are made of is being changed, the very elements of the one have to be there,
        but only a version of the other.
        """
        if not isinstance(node, ast.BinOp):
            return False
        if self._holds_parts(node.left) == self._holds_parts(node.right):
            return False
        return any(map(self._is_changed, self.leaves.values()))

    def has_objects(self) -> bool:
        """Whether it is computed from values that may change."""
        return any(self._home(leaf) is not None for leaf in self.leaves.values())

    def _holds_objects(self, leaf: ast.expr) -> bool:
        home = self._home(leaf)
        if home is None:
            return False
        parts = {name: part for name, part in home.find().fields() if name in (ELEMENTS, KEYS)}
        elements = parts.get(ELEMENTS, home.find())
        return any(self.c.order.holds(part) is None for part in (elements, *parts.values()))

    def emit(self, node: ast.expr, tree: ast.expr) -> Value:
        from xcs.frontend.capture.evaluate import derived_home, evaluate

        operands = {name: evaluate(self.c, self.frame, leaf) for name, leaf in self.leaves.items()}
        if not all(isinstance(v, Static | Dyn | Pack | Method) for v in operands.values()):
            raise AssertionError("glue uses a function as a value")
        source = ast.unparse(ast.fix_missing_locations(ast.copy_location(tree, node)))
        values = list(operands.values())
        cls = self._class(node)
        if cls is None and is_of_array(operands) and isinstance(tree, _ARITHMETIC):
            computes = all(isinstance(n, _ARITHMETIC) for n in ast.walk(tree))
            cls = array_class() if computes else None
        home, holds_parts = None, self._holds_parts(node)
        if holds_parts and isinstance(node, ast.ListComp | ast.SetComp):
            home, holds_parts = self._collected(node, cls, operands)
        if home is None and cls not in SCALARS and holds_parts:
            only = self._hands_on(node, tree)
            home = derived_home(self.c, values, cls, may_be_operand=self.chooses, no_others=only)
            if home is not None and cls is None:
                self.c.order.merge(home, home.field(ELEMENTS))
        changes = cls in CONTAINERS or (cls is None and not self._is_immutable(node, operands))
        if home is None and changes:
            home = self._fresh(node, cls, operands)
        plain = all(is_data(v) or _is_code(v) for v in values)
        return self.c.host(
            source, operands, cls=cls, home=home, checked=not plain, chooses=self.chooses,
            makes_new=not holds_parts,
        )  # fmt: skip

    def _hands_on(self, node: ast.expr, tree: ast.expr) -> bool:
        """Whether it makes a container of the elements of an operand, and of no others."""
        match node, tree:
            case ast.Call(func=func), ast.Call(args=[ast.Name(id=name)]) if name in self.leaves:
                return is_among(self._known(func), _CONTAINERS_OF)
        return False

    def _collected(
        self, node: ast.ListComp | ast.SetComp, cls: type | None, operands: Mapping[str, Value]
    ) -> tuple[Home | None, bool]:
        """Where what a comprehension makes lives, if known, and whether it holds objects."""
        c, given = self.c, {ast.unparse(self.leaves[name]): v for name, v in operands.items()}
        try:
            elements = elements_made(
                c, self.frame, node, given, lambda part: self._is_immutable(part, operands)
            )
        except NotKnown:
            return None, True
        home = c.order.fresh("glue", cls)
        plain = None if elements is None else c.order.holds(elements)
        if elements is not None and plain is None:
            c.order.merge(home.field(ELEMENTS), elements)
            return home.find(), True
        kinds = plain or frozenset({Immutable})
        c.order.add_classes(home.field(ELEMENTS), frozenset(), kinds, is_open=False)
        return home, False

    def _fresh(self, node: ast.expr, cls: type | None, operands: Mapping[str, Value]) -> Home:
        """Where something new lives."""
        match node:
            case ast.ListComp(elt=elt) | ast.SetComp(elt=elt):
                elements = [elt]
            case ast.Call(func=func, args=[ast.GeneratorExp(elt=elt)]) if is_among(
                self._known(func), _CONTAINERS_OF
            ):
                elements = [elt]
            case ast.Call(func=ast.Attribute(attr=attr)) if attr in _PARTS:
                elements = []
            case _:
                return self.c.order.fresh("glue")
        if not all(self._is_immutable(element, operands) for element in elements):
            return self.c.order.fresh("glue")
        home = self.c.order.fresh("glue", cls)
        kinds = {self._class(element) or Immutable for element in elements} or {Immutable}
        self.c.order.add_classes(home.field(ELEMENTS), frozenset(), frozenset(kinds), is_open=False)
        return home

    def _holds_parts(self, node: ast.AST) -> bool:
        """Whether the value may be, or hold, something that is not new."""
        match node:
            case ast.Constant() | ast.JoinedStr() | ast.Compare():
                return False
            case ast.BinOp(op=ast.Div() | ast.FloorDiv() | ast.Mod() | ast.Pow()):
                return False
            case ast.BinOp(left=left, right=right):
                parts = [left, right]
            case ast.UnaryOp(op=ast.Not() | ast.Invert()):
                return False
            case ast.IfExp(body=one, orelse=other):
                parts = [one, other]
            case ast.BoolOp(values=values) | ast.Tuple(elts=values) | ast.List(elts=values):
                parts = values
            case ast.ListComp(elt=elt) | ast.SetComp(elt=elt) | ast.GeneratorExp(elt=elt):
                parts = [elt]
            case ast.DictComp(key=key, value=value):
                parts = [key, value]
            case ast.Call(func=ast.Attribute(attr=attr)) if attr in TEXT_METHODS:
                return False
            case ast.Call(args=args):
                callee = self._known(node.func)
                if makes_new(callee) or (callee is sum and len(args) == 1 and not node.keywords):
                    return False
                if not is_among(callee, _CONSUMERS) or node.keywords:
                    return True
                parts = args
            case _:
                return True
        return any(map(self._holds_parts, parts))

    def _is_immutable(self, node: ast.AST, operands: Mapping[str, Value]) -> bool:
        """Whether nothing can change the value, if all that it is made of is plain data."""
        match node:
            case ast.Constant() | ast.JoinedStr():
                return True
            case ast.Name() | ast.Attribute():
                text = ast.unparse(node)
                names = (n for n, leaf in self.leaves.items() if ast.unparse(leaf) == text)
                name = next(names, None)
                return name is not None and self.c.home_of(operands[name]) is None
            case ast.BinOp(left=left, right=right):
                parts = [left, right]
            case ast.Compare(left=left, comparators=others):
                parts = [left, *others]
            case ast.UnaryOp(operand=operand):
                parts = [operand]
            case ast.BoolOp(values=values) | ast.Tuple(elts=values):
                parts = values
            case ast.IfExp(body=one, orelse=other):
                parts = [one, other]
            case ast.Call(func=ast.Attribute(value=base, attr=attr)) if attr in TEXT_METHODS:
                is_str = self._class(base) is str or attr not in CHANGEABLE_TEXT_METHODS
                return is_str and attr not in LISTING_TEXT_METHODS
            case ast.Call(func=func):
                return makes_immutable(self._known(func))
            case _:
                return False
        return all(self._is_immutable(part, operands) for part in parts)

    def _known(self, func: ast.expr) -> Any:
        """The function that an expression stands for, if that is known."""
        root = func
        while isinstance(root, ast.Attribute):
            root = root.value
        value = peek(self.c, self.frame, root.id) if isinstance(root, ast.Name) else None
        if not isinstance(value, Static):
            return None
        return _static_path(value.obj, func) if isinstance(func, ast.Attribute) else value.obj

    def _makes_instance(self, cls: Any) -> bool:
        return isinstance(cls, type) and cls not in _RESULTS and makes_own_instances(cls)

    def _class(self, node: ast.expr) -> type | None:
        match node:
            case ast.JoinedStr():
                return str
            case ast.Constant(value=value):
                return type(value)
            case ast.BoolOp(values=parts):
                return self._class_of_all(parts)
            case ast.IfExp(body=one, orelse=other):
                return self._class_of_all([one, other])
            case ast.UnaryOp(op=ast.Not()):
                return bool
            case ast.BinOp(left=left, op=op, right=right):
                from xcs.frontend.capture.evaluate import binary_class

                return binary_class(op, self._class(left), self._class(right))
            case ast.Name(id=name):
                value = peek(self.c, self.frame, name)
                return value.cls if isinstance(value, Dyn) else None
            case ast.ListComp():
                return list
            case ast.SetComp():
                return set
            case ast.DictComp():
                return dict
            case ast.Call(func=ast.Name(id=name)):
                value = peek(self.c, self.frame, name)
                if isinstance(value, Static) and _hashable(value.obj):
                    return _RESULTS.get(value.obj)
            case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr=attr)):
                return str if attr in _TEXT_RESULTS else None
            case ast.Call(func=ast.Attribute(attr=attr)) if attr in _PARTS:
                return _PARTS[attr]
        return None

    def _class_of_all(self, nodes: list[ast.expr]) -> type | None:
        first, *others = (self._class(node) for node in nodes)
        return first if all(cls is first for cls in others) else None


def _nests(node: ast.AST) -> bool:
    """Whether an expression makes a container, or what it calls gives tuples."""
    match node:
        case ast.Tuple(ctx=ast.Load()) | ast.List(ctx=ast.Load()) | ast.Dict():
            return True
        case ast.ListComp() | ast.SetComp() | ast.DictComp():
            return True
        case ast.Call(func=ast.Attribute(attr="items" | "most_common" | "popitem")):
            return True
        case ast.Call(func=ast.Name(id="enumerate" | "zip" | "dict")):
            return True
    return False


def _is_code(value: Value) -> bool:
    return isinstance(value, Static) and is_code(value.obj)


def _hashable(value: Any) -> bool:
    return type(value).__hash__ is not None


def _static_path(obj: Any, node: ast.Attribute) -> Any:
    names = []
    current: ast.expr = node
    while isinstance(current, ast.Attribute):
        names.append(current.attr)
        current = current.value
    for name in reversed(names):
        if not isinstance(obj, types.ModuleType | type):
            return MISSING
        obj = getattr(obj, name, MISSING)
        if obj is MISSING:
            return MISSING
    return obj


def peek(c: Capture, frame: Frame, name: str) -> Value | None:
    """What a name stands for, without emitting or guarding anything; None if that is not known."""
    owner = frame.owner_of(name)
    if owner is not None:
        return owner.env.get(name)
    name = mangled(frame, name)
    if (cell := frame.cell(name)) is not None:
        try:
            value = cell.cell_contents
        except ValueError:
            return None
    else:
        namespace = frame.outermost.function.__globals__
        value = namespace.get(name, getattr(builtins, name, MISSING))
        if value is MISSING:
            return None
    if is_code(value):
        return Static(value)
    return Dyn(None, type(value), c.order.world)  # type: ignore[arg-type]


def is_pure(callee: Any) -> bool:
    """Whether calling it only computes its result, at little cost."""
    if "__xcs_operator__" in getattr(callee, "__dict__", ()) or hasattr(callee, "__xcs_jit__"):
        return False
    name = getattr(callee, "__name__", "")
    if name in SEES_ITS_FRAME and callee is getattr(builtins, name, MISSING):
        return False
    if isinstance(callee, type) and (is_user_class(callee) or hasattr(callee, "_fields")):
        return False
    if is_of_asyncio(callee):
        return False
    if is_among(callee, (*_RESULTS, *_CONSUMERS)):
        return callee not in (next, iter, id, hasattr)
    what = classify(callee)
    return (
        what.effects == "pure"
        and what.kind in ("pure", "numpy")
        and not (what.mutates_args or what.blocking or what.reads or what.reaches)
        and not isinstance(callee, types.FunctionType)
    )


def is_of_asyncio(value: Any) -> bool:
    """Whether it is a function, class or module of asyncio."""
    is_module = isinstance(value, types.ModuleType)
    name = value.__name__ if is_module else getattr(value, "__module__", None)
    return isinstance(name, str) and name.partition(".")[0] == "asyncio"


def user_methods(frame: Frame) -> frozenset[str]:
    """Names of methods of the classes that a function's module defines or knows."""
    namespace = frame.outermost.function.__globals__
    return _methods_known(id(namespace), len(namespace), _Namespace(namespace))


@dataclass(frozen=True)
class _Namespace:
    names: Mapping[str, Any]

    def __hash__(self) -> int:
        return id(self.names)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Namespace) and other.names is self.names


@functools.lru_cache(maxsize=256)
def _methods_known(_: int, __: int, namespace: _Namespace) -> frozenset[str]:
    found: set[str] = set()
    path = namespace.names.get("__file__")
    file = source_file(path) if isinstance(path, str) else None
    if file is not None:
        found.update(_methods_defined(file.tree))
    for value in list(namespace.names.values()):
        if isinstance(value, type) and is_user_class(value):
            found.update(n for n, m in vars(value).items() if isinstance(m, types.FunctionType))
    return frozenset(n for n in found if not n.startswith("__"))


def _methods_defined(tree: ast.AST) -> Iterable[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for child in node.body:
                if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield child.name


__all__ = [
    "Pack",
    "class_attribute",
    "evaluate_glue",
    "is_of_asyncio",
    "is_pure",
    "peek",
    "user_methods",
]
