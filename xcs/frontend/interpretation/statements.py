"""Interpreting statements and whole functions."""

from __future__ import annotations

import ast
import functools
import importlib
import sys
import types
from collections.abc import Iterable
from typing import Final

from xcs.frontend.abstract_values import (
    BOTTOM,
    UNKNOWN,
    Value,
    constant,
    fresh,
    is_immutable_class,
    join,
    known,
    shared,
)
from xcs.frontend.interpretation.expressions import Expressions
from xcs.frontend.interpretation.heap import KEYS
from xcs.frontend.interpretation.lookup import class_attribute, classes, python_method
from xcs.frontend.interpretation.remembered import remembering_stores
from xcs.frontend.interpretation.summary import ANYTHING, CHANGES, Arguments, Summary
from xcs.frontend.names import FunctionNode, stored_names

_MAX_PASSES: Final = 10
_SLOW_LOOPS: Final = 2
"""Loops nested this deeply may run long, so their function counts as blocking."""

_IMPORTABLE: Final = sys.stdlib_module_names - {
    "antigravity", "idlelib", "lib2to3", "test", "this", "tkinter", "turtle", "turtledemo",
}  # fmt: skip


class Activation(Expressions):
    """The interpretation of one function in one context, with the functions defined inside it."""

    def run(self) -> Summary:
        """Interpret until nothing changes, then once more with unbound names taken as unknown.

        Code that goes one way only, from top to bottom, is interpreted once, as it is run.
        """
        self._running: set[FunctionNode] = set()
        self._site: ast.stmt | None = None
        self._values_at: dict[tuple[ast.stmt, str], Value] = {}
        self._parameters = dict(self._env)
        self._remembered: list[tuple[Value, ast.AST, str]] = []
        """Attributes that only remember were stored to, which is no effect in pure code."""
        if not _goes_straight(self.root):
            self._run_until_settled()
        self.settled = True
        summary = self.summary
        self._remembered = []
        summary.returns = self.run_function(self.root)
        if not summary.is_pure:
            for base, node, name in self._remembered:
                self.mutate(base, node, f"gets its attribute {name!r} set")
        summary.heap = self.exported(summary.returns)
        summary.blocking |= summary.loops >= _SLOW_LOOPS
        return summary

    def _run_until_settled(self) -> None:
        for _ in range(_MAX_PASSES):
            self.changed = False
            self.run_function(self.root)
            if not self.changed:
                return
        self.record(ANYTHING, f"{self.fn.__qualname__} is too large to analyse", self.root)

    def run_function(self, function: FunctionNode) -> Value:
        """Interpret the function's body, or that of one inside it; give its result so far."""
        if function in self._running:
            return self.result_of(function)
        outer = self.scope, self.comprehensions
        self._running.add(function)
        self.scope, self.comprehensions = function, []
        try:
            if isinstance(function, ast.Lambda):
                self.assign(function, "return", self.eval(function.body))
            elif function is self.root:
                self._top_level(function.body)
            else:
                self.block(function.body)
        finally:
            self.scope, self.comprehensions = outer
            self._running.discard(function)
        return self.result_of(function)

    def _top_level(self, statements: Iterable[ast.stmt]) -> None:
        """The function's own statements, each of which all that follows it comes after."""
        straight = _bound_straight(self.root)
        for (binder, name), value in self._parameters.items():
            if binder is self.root and name in straight:
                self._env[binder, name] = value
        for statement in statements:
            simple = isinstance(statement, _ASSIGNMENTS)
            self._site = statement if simple else None
            self.statement(statement)
        self._site = None

    def _bind_straight(self, name: str, value: Value) -> bool:
        """Bind a name that is bound by statements of the function itself alone, one by one.

        What it was before does not matter to what follows.
        """
        outside = self._site is None or self.scope is not self.root or self.comprehensions
        if outside or name not in _bound_straight(self.root):
            return False
        site = self._site, name
        old = self._values_at.get(site)  # type: ignore[arg-type]
        new = value if old is None else old.join(value)
        if new != old:
            self._values_at[site] = new  # type: ignore[index]
            self.changed = True
        self._env[self.root, name] = new
        return True

    def block(self, statements: Iterable[ast.stmt]) -> None:
        """Interpret statements in turn."""
        for statement in statements:
            self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        """Interpret one statement."""
        self.analysis.step()
        match node:
            case ast.Expr(value=value):
                self.eval(value)
            case ast.Assign(targets=targets, value=value):
                result = self.eval(value)
                for target in targets:
                    self.bind(target, result)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.bind(target, self.eval(value))
            case ast.AugAssign():
                self._augmented(node)
            case ast.Return(value=value):
                result = BOTTOM if value is None else self.eval(value)
                self.assign(self.scope, "return", result)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define(node)
            case ast.ClassDef(name=name):
                self._bind_name(name, UNKNOWN, node)
            case ast.Delete(targets=targets):
                for target in targets:
                    self._delete(target)
            case ast.Raise(exc=first, cause=second) | ast.Assert(test=first, msg=second):
                for part in (first, second):
                    if part is not None:
                        self.eval(part)
            case ast.Import(names=aliases):
                for alias in aliases:
                    module, top = self._module(alias.name), alias.name.partition(".")[0]
                    value = module if alias.asname else self._module(top)
                    self._bind_name(alias.asname or top, value, node)
            case ast.ImportFrom():
                self._import_from(node)
            case ast.AnnAssign() | ast.Pass() | ast.Break() | ast.Continue():
                pass
            case ast.Global() | ast.Nonlocal():
                pass  # Resolved with the names, in function_source.
            case _:
                self._compound(node)

    def _compound(self, node: ast.stmt) -> None:
        match node:
            case ast.If(test=test, body=body, orelse=orelse):
                self.eval(test)
                self.block(body)
                self.block(orelse)
            case ast.For() | ast.AsyncFor():
                self.bind(node.target, self.iterate(self.eval(node.iter), node))
                with self.loop():
                    self.block(node.body)
                self.block(node.orelse)
            case ast.While(test=test, body=body, orelse=orelse):
                self.summary.blocking = True
                with self.loop():
                    self.eval(test)
                    self.block(body)
                self.block(orelse)
            case ast.With() | ast.AsyncWith():
                self._with(node)
            case ast.Try() | ast.TryStar():
                self._try(node)
            case ast.Match(subject=subject, cases=cases):
                value = self.eval(subject)
                for case in cases:
                    self._pattern(case.pattern, value)
                    if case.guard is not None:
                        self.eval(case.guard)
                    self.block(case.body)
            case _:
                what = f"a {type(node).__name__} statement is not understood"
                self.unknown_call(what, node, Arguments())

    def _with(self, node: ast.With | ast.AsyncWith) -> None:
        prefix = "__a" if isinstance(node, ast.AsyncWith) else "__"
        for item in node.items:
            manager = self.eval(item.context_expr)
            where = item.context_expr
            entered = self.method(manager, f"{prefix}enter__", Arguments(), where)
            self.method(manager, f"{prefix}exit__", Arguments((BOTTOM, BOTTOM, BOTTOM)), where)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, entered)
        self.block(node.body)

    def _try(self, node: ast.Try | ast.TryStar) -> None:
        self.block(node.body)
        for handler in node.handlers:
            if handler.type is not None:
                self.eval(handler.type)
            if handler.name is not None:
                self._bind_name(handler.name, fresh(handler), handler)
            self.block(handler.body)
        self.block(node.orelse)
        self.block(node.finalbody)

    def _define(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        value = Value(fresh(node).places, functions=frozenset({node}))
        self.bind_defaults(node)
        for decorator in reversed(node.decorator_list):
            value = self.call(self.eval(decorator), Arguments((value,)), decorator)
        self._bind_name(node.name, value, node)

    # Targets

    def bind(self, target: ast.expr, value: Value) -> None:
        """Assign to any target."""
        match target:
            case ast.Name(id=name):
                self._bind_name(name, value, target)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                self._unpack(elements, value)
            case ast.Starred(value=inner):
                self.bind(inner, self.allocate(inner, value, list))
            case ast.Attribute(value=base, attr=attribute):
                name = self.mangle(attribute)
                self._store_attribute(self.eval(base, use=False), name, value, target)
            case ast.Subscript(value=base, slice=index):
                holder = self.eval(base, use=False)
                self._store_item(holder, self.eval(index), value, target)

    def _unpack(self, elements: list[ast.expr], value: Value) -> None:
        starred = any(isinstance(element, ast.Starred) for element in elements)
        for position, element in enumerate(elements):
            precise = bool(value.places) and not value.refs and not starred
            item = self.read_field(value, f"[{position}]") if precise else self.items(value)
            self.bind(element, item)

    def _bind_name(self, name: str, value: Value, node: ast.AST) -> None:
        binder = self.binder(name)
        if binder is self.root and self._bind_straight(name, value):
            return
        if binder is not None:
            self.assign(binder, name, value)
            return
        label = self.outside(name).label
        self.summary.writes[label] = None
        self.record(CHANGES, f"{label} is stored to", node)

    def _store_attribute(self, base: Value, name: str, value: Value, node: ast.AST) -> None:
        for cls in classes(base):
            setter = class_attribute(cls, name)
            if isinstance(setter, property) and setter.fset is not None:
                self.call_object(setter.fset, Arguments((base, value)), node)
            elif (custom := python_method(cls, "__setattr__")) is not None:
                self.call_object(custom, Arguments((base, constant(name), value)), node)
        if node in remembering_stores(self.file):
            self._remembered.append((base, node, name))
        else:
            self.mutate(base, node, f"gets its attribute {name!r} set")
        self.hold(base, value, name)

    def _store_item(self, holder: Value, key: Value, value: Value, node: ast.AST) -> None:
        for cls in classes(holder):
            if (setter := python_method(cls, "__setitem__")) is not None:
                self.call_object(setter, Arguments((holder, key, value)), node)
        self.mutate(holder, node, "gets an item set")
        self.hold(holder, value)
        self.hold(holder, key, KEYS)

    def _augmented(self, node: ast.AugAssign) -> None:
        target = node.target
        operand = self.eval(node.value)
        current = self.eval(_as_load(target))
        result = self.operate(node.op, current, operand, node)
        # On a list or an array `+=` works in place; on numbers and strings it only rebinds.
        in_place = bool(current.places) and not is_immutable_class(current.cls)
        if isinstance(target, ast.Name) and target.id in _compared_with_numbers(self.root):
            in_place = False
        if in_place and operand.cls is not str:
            self.mutate(current, node, "is changed in place")
            self.hold(current, self.items(operand))
            result = result.join(current)
        self.bind(target, result)

    def _delete(self, target: ast.expr) -> None:
        match target:
            case ast.Attribute(value=base) | ast.Subscript(value=base):
                self.mutate(self.eval(base, use=False), target, "loses an item or attribute")
            case ast.Name(id=name) if self.binder(name) is None:
                self._bind_name(name, BOTTOM, target)
            case ast.Tuple(elts=elements) | ast.List(elts=elements):
                for element in elements:
                    self._delete(element)

    def _pattern(self, pattern: ast.pattern, value: Value) -> None:
        """Whatever a pattern binds is the subject or something in it."""
        inside = value if not value.places else self.everything(value)
        for node in ast.walk(pattern):
            match node:
                case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                    self._bind_name(name, inside, node)
                case ast.MatchMapping(rest=str(name)):
                    self._bind_name(name, inside, node)

    # Imports

    def _module(self, name: str) -> Value:
        """Modules of the standard library are imported; others only if they have been already."""
        module = sys.modules.get(name)
        if module is None and name.partition(".")[0] in _IMPORTABLE:
            try:
                module = importlib.import_module(name)
            except ImportError:
                return UNKNOWN
        return UNKNOWN if module is None else known(module, shared(f"module {name!r}"))

    def _import_from(self, node: ast.ImportFrom) -> None:
        package = str(self.fn.__globals__.get("__package__") or "").split(".")
        base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
        name = ".".join(part for part in (base, node.module) if part)
        module = self._module(name)
        for alias in node.names:
            found = [
                self.of_module(ref.obj, alias.name, node, use=False)
                for ref in module.refs
                if isinstance(ref.obj, types.ModuleType)
            ]
            value = join(found) if found else UNKNOWN
            self._bind_name(alias.asname or alias.name, value, node)


@functools.lru_cache(maxsize=4096)
def _compared_with_numbers(function: FunctionNode) -> frozenset[str]:
    """Names that a condition compares with a number: no list, and no array of several elements."""
    names: set[str] = set()
    for node in ast.walk(function):
        if not isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
            continue
        for test in ast.walk(node.test):
            if isinstance(test, ast.Compare) and all(isinstance(op, _SIZES) for op in test.ops):
                operands = [test.left, *test.comparators]
                if any(map(_is_number, operands)):
                    names |= {operand.id for operand in operands if isinstance(operand, ast.Name)}
    return frozenset(names)


_SIZES: Final = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


def _is_number(node: ast.expr) -> bool:
    match node:
        case ast.Constant(value=value):
            return isinstance(value, int | float)
        case ast.Call(func=ast.Name(id="len")):
            return True
        case ast.UnaryOp(operand=operand):
            return _is_number(operand)
    return False


_ASSIGNMENTS: Final = (ast.Assign, ast.AnnAssign, ast.AugAssign)
_LATER: Final = (*(ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.GeneratorExp),)


@functools.lru_cache(maxsize=4096)
def _bound_straight(function: FunctionNode) -> frozenset[str]:
    """Names that nothing binds but assignments that stand in the function's body itself.

    No function inside it sees them, which may run when they are bound to something else.
    """
    if isinstance(function, ast.Lambda):
        return frozenset()
    here: list[str] = []
    elsewhere: set[str] = set()
    for statement in function.body:
        stores = [n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and _is_store(n)]
        targets = _targets(statement)
        here += targets
        if sorted(stores) != sorted(targets):
            elsewhere |= set(stores)
        for node in ast.walk(statement):
            if isinstance(node, _LATER):
                elsewhere |= {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
            elif isinstance(node, ast.Global | ast.Nonlocal):
                elsewhere |= set(node.names)
    bound = stored_names(function.body)
    return frozenset(here) - elsewhere - (frozenset(bound) - frozenset(here))


def _is_store(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store | ast.Del)


def _targets(statement: ast.stmt) -> list[str]:
    """The names that an assignment binds; none for any other statement."""
    if not isinstance(statement, _ASSIGNMENTS):
        return []
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return [
        node.id
        for target in targets
        for node in ast.walk(target)
        if isinstance(node, ast.Name) and _is_store(node)
    ]


_REPEATED: Final = (
    *(ast.For, ast.AsyncFor, ast.While, ast.ListComp, ast.SetComp, ast.DictComp),
    *(ast.GeneratorExp, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef),
)


@functools.lru_cache(maxsize=4096)
def _goes_straight(function: FunctionNode) -> bool:
    """Whether no part of a function runs more than once, or later than where it stands."""
    parts = function.body if isinstance(function.body, list) else [function.body]
    return not any(isinstance(node, _REPEATED) for part in parts for node in ast.walk(part))


def _as_load(target: ast.expr) -> ast.expr:
    """The target of an augmented assignment, as it is read first."""
    match target:
        case ast.Name(id=name):
            load: ast.expr = ast.Name(name, ast.Load())
        case ast.Attribute(value=value, attr=attribute):
            load = ast.Attribute(value, attribute, ast.Load())
        case ast.Subscript(value=value, slice=index):
            load = ast.Subscript(value, index, ast.Load())
        case _:
            return target
    return ast.copy_location(load, target)
