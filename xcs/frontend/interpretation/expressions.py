"""Interpreting expressions."""

from __future__ import annotations

import ast
import pathlib
from typing import Final

from xcs.frontend.abstract_values import (
    BOTTOM,
    IMMUTABLE,
    UNKNOWN,
    Value,
    constant,
    fresh,
    is_jax_array_class,
    join,
)
from xcs.frontend.interpretation.calls import Calls
from xcs.frontend.interpretation.heap import KEYS
from xcs.frontend.interpretation.lookup import (
    class_attribute,
    classes,
    python_method,
)
from xcs.frontend.interpretation.summary import MISSING, Arguments
from xcs.frontend.names import FunctionNode

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp

# Calls that are recognised by shape on a client that came in as an argument.
_MODEL_CALLS: Final = (
    ("chat", "completions", "create"),
    ("chat", "completions", "parse"),
    ("completions", "create"),
    ("embeddings", "create"),
    ("generate_content",),
    ("messages", "create"),
    ("responses", "create"),
)

_DISPLAYS: Final[dict[type, type]] = {
    ast.List: list,
    ast.ListComp: list,
    ast.Set: set,
    ast.SetComp: set,
    ast.Tuple: tuple,
    ast.DictComp: dict,
}

_OPERATORS: Final[dict[type, tuple[str, ...]]] = {
    ast.Add: ("__add__", "__radd__", "__iadd__"),
    ast.Sub: ("__sub__", "__rsub__", "__isub__"),
    ast.Mult: ("__mul__", "__rmul__", "__imul__"),
    ast.MatMult: ("__matmul__", "__rmatmul__", "__imatmul__"),
    ast.Div: ("__truediv__", "__rtruediv__", "__itruediv__"),
    ast.FloorDiv: ("__floordiv__", "__rfloordiv__"),
    ast.Mod: ("__mod__", "__rmod__"),
    ast.Pow: ("__pow__", "__rpow__"),
    ast.BitOr: ("__or__", "__ror__", "__ior__"),
    ast.BitAnd: ("__and__", "__rand__", "__iand__"),
    ast.BitXor: ("__xor__", "__rxor__"),
    ast.LShift: ("__lshift__", "__rlshift__"),
    ast.RShift: ("__rshift__", "__rrshift__"),
    ast.USub: ("__neg__",),
    ast.UAdd: ("__pos__",),
    ast.Invert: ("__invert__",),
    ast.Eq: ("__eq__",),
    ast.NotEq: ("__ne__", "__eq__"),
    ast.Lt: ("__lt__", "__gt__"),
    ast.LtE: ("__le__", "__ge__"),
    ast.Gt: ("__gt__", "__lt__"),
    ast.GtE: ("__ge__", "__le__"),
    ast.In: ("__contains__",),
    ast.NotIn: ("__contains__",),
}

_NUMBERS: Final = (int, float, bool, complex)


class Expressions(Calls):
    """Expression evaluation."""

    def eval(self, node: ast.expr, *, use: bool = True) -> Value:
        """The abstract value of an expression.

        ``use`` is False for the base of ``base.name``, where it depends on the name whether the
        base's contents are looked at.
        """
        self.analysis.step()
        match node:
            case ast.Constant(value=value):
                return constant(value)
            case ast.Name(id=name):
                return self.load(name, node, use=use)
            case ast.Attribute(value=base, attr=attribute):
                return self.attribute(self._eval_base(base), self.mangle(attribute), node, use=use)
            case ast.Call():
                return self._eval_call(node)
            case ast.BinOp(left=left, right=right, op=op):
                return self.operate(op, self.eval(left), self.eval(right), node)
            case ast.BoolOp(values=values):
                return join([self.eval(value) for value in values])
            case ast.UnaryOp(operand=operand, op=op):
                value = self.operate(op, self.eval(operand), BOTTOM, node)
                return Value(cls=bool) if isinstance(op, ast.Not) else value
            case ast.Compare(left=left, comparators=others, ops=ops):
                return self._compare(ops, [left, *others], node)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                self.eval(test)
                return self.eval(body).join(self.eval(orelse))
            case ast.Subscript(value=base, slice=index):
                return self.subscript(self.eval(base), index, node)
            case ast.NamedExpr(target=target, value=value):
                result = self.eval(value)
                self.bind(target, result)
                return result
            case ast.Starred(value=value) | ast.Await(value=value):
                return self.eval(value)
            case ast.Lambda():
                self.bind_defaults(node)
                return Value(fresh(node).places, functions=frozenset({node}))
            case ast.Yield(value=value):
                return self._yield(BOTTOM if value is None else self.eval(value))
            case ast.YieldFrom(value=value):
                return self._yield(self.iterate(self.eval(value), node))
        return self._eval_collection(node)

    def _eval_collection(self, node: ast.expr) -> Value:
        match node:
            case ast.JoinedStr(values=parts):
                for part in parts:
                    self.eval(part)
                return Value(cls=str)
            case ast.FormattedValue(value=value, format_spec=spec):
                self._format(self.eval(value), node)
                if spec is not None:
                    self.eval(spec)
                return Value(cls=str)
            case ast.List() | ast.Set() | ast.Tuple():
                return self._display(node)
            case ast.Dict(keys=keys, values=values):
                told = join([self.eval(key) for key in keys if key is not None])
                held = [
                    self.eval(value) if key is not None else self.items(self.eval(value))
                    for key, value in zip(keys, values, strict=True)
                ]
                made = self.allocate(node, join(held), dict)
                self.hold(made, told, KEYS)
                return made
            case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
                return self._comprehension(node)
            case ast.Slice(lower=lower, upper=upper, step=step):
                for part in (lower, upper, step):
                    if part is not None:
                        self.eval(part)
                return Value(cls=slice)
        what = f"a {type(node).__name__} is not understood"
        return self.unknown_call(what, node, Arguments())

    def bind(self, target: ast.expr, value: Value) -> None:
        """Assign to any target (in ``statements``)."""
        raise NotImplementedError

    def bind_defaults(self, node: FunctionNode) -> None:
        """Evaluate the parameter defaults of a function that is being defined."""
        positional = [*node.args.posonlyargs, *node.args.args]
        defaults = node.args.defaults
        named = zip(positional[len(positional) - len(defaults) :], defaults, strict=True)
        keyword_only = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        for arg, default in (*named, *keyword_only):
            if default is not None:
                self.assign(node, arg.arg, self.eval(default))

    # Calls

    def _eval_base(self, node: ast.expr) -> Value:
        """The base of an attribute; ``super()`` is told apart here."""
        match node:
            case ast.Call(func=ast.Name(id="super"), args=[]) if "__class__" in self.cells:
                return self.super_value()
            case ast.Call(func=ast.Name(id="super"), args=[of, receiver]):
                if self.is_own_class(self.eval(of, use=False)):
                    return self.super_value(self.eval(receiver, use=False))
        return self.eval(node, use=False)

    def _eval_call(self, node: ast.Call) -> Value:
        callee = self.eval(node.func, use=False)
        positional: list[Value] = []
        rest: list[Value] = []
        for argument in node.args:
            value = self.eval(argument)
            if isinstance(argument, ast.Starred):
                rest.append(self.iterate(value, argument))
            else:
                (rest if rest else positional).append(value)
        keywords: dict[str, Value] = {}
        for keyword in node.keywords:
            value = self.eval(keyword.value)
            if keyword.arg is None:
                rest.append(self.items(value))
            else:
                keywords[keyword.arg] = value
        arguments = Arguments(tuple(positional), keywords, join(rest) if rest else None)
        if _is_model_call(node, callee):
            return self.operator_call("a model is called", node, arguments)
        return self.call(callee, arguments, node)

    def _yield(self, value: Value) -> Value:
        """The result of a generator function holds whatever is yielded."""
        self.summary.lazy = self.summary.lazy or self.scope is self.root
        self.assign(self.scope, "return", self.allocate(self.scope, value))
        return UNKNOWN

    # Operators

    def operate(self, op: ast.AST, left: Value, right: Value, node: ast.AST) -> Value:
        """The result of an operator: new, holding what the operands hold."""
        self._operator_methods(op, left, node)
        self._operator_methods(op, right, node)
        if left.cls is str or (right.cls is str and isinstance(op, ast.Add)):
            return Value(cls=str)
        if not left.places and not right.places:
            if left.cls is not None and issubclass(left.cls, pathlib.PurePath):
                return Value(cls=left.cls)
            numbers = left.cls in _NUMBERS and right.cls in _NUMBERS
            return Value(cls=float) if numbers and float in (left.cls, right.cls) else IMMUTABLE
        same = left.cls if left.cls is right.cls and left.cls in (list, tuple, set, dict) else None
        return self.allocate(node, self.items(left).join(self.items(right)), same)

    def _operator_methods(self, op: ast.AST, operand: Value, node: ast.AST) -> None:
        """Operators of user classes run user code, which is followed where the class is known."""
        for cls in classes(operand):
            if is_jax_array_class(cls):
                self.summary.reaches.add("tensor")
            for name in _OPERATORS.get(type(op), ()):
                if (method := python_method(cls, name)) is not None:
                    self.call_object(method, Arguments((operand, UNKNOWN)), node)

    def _compare(self, ops: list[ast.cmpop], parts: list[ast.expr], node: ast.AST) -> Value:
        operands = [self.eval(part) for part in parts]
        for op in ops:
            for operand in operands:
                self._operator_methods(op, operand, node)
        # Arrays compare to new arrays, everything else to a bool: nothing that others see.
        return IMMUTABLE

    def _format(self, value: Value, node: ast.AST) -> None:
        for cls in classes(value):
            method = python_method(cls, "__format__") or python_method(cls, "__str__")
            if method is not None:
                self.call_object(method, Arguments((value,)), node)

    # Collections

    def subscript(self, base: Value, index: ast.expr, node: ast.AST) -> Value:
        """The value of ``base[index]``."""
        key = self.eval(index)
        for cls in classes(base):
            if is_jax_array_class(cls):
                self.summary.reaches.add("tensor")
            if python_method(cls, "__getitem__") is not None:
                return self.method(base, "__getitem__", Arguments((key,)), node)
            if cls.__name__ == "defaultdict":
                self.mutate(base, node, "may get a new key", accumulates=True)
        if any(cls.__module__ == "numpy" and cls.__name__ == "ndarray" for cls in classes(base)):
            return base.without_refs()  # A view, or an element.
        if base.cls is not None and issubclass(base.cls, type):
            return base  # A generic class, as in list[int].
        if key.cls is slice:
            return Value(cls=str) if base.cls is str else self._slice(base, node)
        if isinstance(index, ast.Constant) and isinstance(index.value, int) and not base.refs:
            return self.read_field(base, f"[{index.value}]") if base.places else self.items(base)
        return self.items(base, keys=False)

    def _slice(self, base: Value, node: ast.AST) -> Value:
        if base.cls in (list, tuple):
            return self.allocate(node, self.items(base), base.cls)
        return base.without_refs() if base.places else IMMUTABLE  # Slices of arrays are views.

    def _display(self, node: ast.List | ast.Set | ast.Tuple) -> Value:
        value = fresh(node, _DISPLAYS[type(node)])
        held = BOTTOM
        for position, element in enumerate(node.elts):
            item = self.eval(element)
            held = held.join(item)
            if isinstance(element, ast.Starred):
                self.hold(value, self.iterate(item, element))
            elif isinstance(node, ast.Set) or self._after_star(node, position):
                self.hold(value, item)
            else:
                self.hold(value, item, f"[{position}]")
        immutable = isinstance(node, ast.Tuple) and not (held.places or held.functions)
        return Value(cls=tuple) if immutable and len(node.elts) > _WIDE else value

    @staticmethod
    def _after_star(node: ast.List | ast.Tuple, position: int) -> bool:
        before = node.elts[:position]
        return position >= _WIDE or any(isinstance(element, ast.Starred) for element in before)

    def _comprehension(self, node: Comprehension) -> Value:
        names = frozenset(
            target.id
            for generator in node.generators
            for target in ast.walk(generator.target)
            if isinstance(target, ast.Name)
        )
        outer = self.comprehensions
        for generator in node.generators:
            items = self.iterate(self.eval(generator.iter), generator.iter)
            self.comprehensions = [*outer, (node, names)]
            self.bind(generator.target, items)
            for condition in generator.ifs:
                self.eval(condition)
        with self.loop():
            if isinstance(node, ast.DictComp):
                held = self.eval(node.key).join(self.eval(node.value))
            else:
                held = self.eval(node.elt)
        self.comprehensions = outer
        return self.allocate(node, held, _DISPLAYS.get(type(node)))

    def iterate(self, value: Value, node: ast.AST) -> Value:
        """The items of an iterable; iterating over an iterator uses it up."""
        given = BOTTOM
        for cls in classes(value):
            if class_attribute(cls, "__next__") is not MISSING:
                self.mutate(value, node, "is used up by iteration")
            for name in ("__iter__", "__aiter__", "__next__", "__anext__"):
                if (method := python_method(cls, name)) is not None:
                    given = given.join(self.call_object(method, Arguments((value,)), node))
        return given.join(self.items(given)).join(self.items(value))


_WIDE: Final = 8
"""Positions of wider displays are not told apart."""


def _is_model_call(node: ast.Call, callee: Value) -> bool:
    """``client.chat.completions.create(...)`` on a client that nothing else is known of."""
    if callee.refs or callee.bound is None or callee.bound.receiver.refs:
        return False
    path: list[str] = []
    current: ast.expr = node.func
    while isinstance(current, ast.Attribute):
        path.insert(0, current.attr)
        current = current.value
    return any(tuple(path[-len(call) :]) == call for call in _MODEL_CALLS)
