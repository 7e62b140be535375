"""Runs a program in its order, and keeps for each value when it would be known."""

from __future__ import annotations

import ast
import builtins
import functools
import operator
import sys
import threading
import types
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.programs.reference.frames import Break, Continue, Frame, Function, Jump, Return
from tests.programs.reference.library import (
    FUNCTIONS,
    MAPPINGS,
    SEQUENCES,
    SET_WRITES,
    WRITES,
    Call,
    settling,
)
from tests.programs.reference.sources import Generator, Source
from tests.programs.reference.syntax import Mangle, assigned, jumps, own_nodes
from tests.programs.reference.times import CONSTANT, Clock, Heap, Operator, Timed

_BINARY = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.MatMult: operator.matmul,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitOr: operator.or_,
    ast.BitAnd: operator.and_,
    ast.BitXor: operator.xor,
}
_IN_PLACE = {
    ast.Add: operator.iadd,
    ast.Sub: operator.isub,
    ast.Mult: operator.imul,
    ast.BitOr: operator.ior,
    ast.BitAnd: operator.iand,
    ast.BitXor: operator.ixor,
}
_UNARY = {
    ast.Not: operator.not_,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
}
_COMPARE = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}


class Interpreter:
    """Runs a module and calls its functions.

    `operators` tells of a callable what kind of operator it is; ``None`` if it is not one. One of
    no duration spends its time on the clock itself.
    """

    def __init__(self, clock: Clock, operators: Callable[[Any], Operator | None]) -> None:
        self.clock = clock
        self.operators = operators
        self.heap = Heap()
        self.done = 0.0
        """When all calls so far have ended."""
        self.known = 0.0
        """The latest time of anything computed since it was reset: when errors are known."""
        self._errors: dict[int, tuple[BaseException, float]] = {}
        self.views: dict[int, tuple[Any, dict[Any, Any], str]] = {}
        self._code: types.CodeType | None = None

    # --- modules and functions ---

    def module(self, source: str, namespace: dict[str, Any], file: str = "<program>") -> Frame:
        """Run a module in a namespace."""
        tree = Mangle().visit(ast.parse(source, file))
        frame = Frame("module", None, namespace, 0.0)
        frame.local = assigned(tree.body)
        self.block(tree.body, frame)
        return frame

    def call(self, function: Any, *args: Any) -> Timed:
        """Call a function with arguments that are known from the beginning."""
        return self.apply(function, [(a, 0.0) for a in args], {}, 0.0)

    def make_function(self, node: ast.FunctionDef | ast.Lambda, frame: Frame) -> Any:
        name = node.name if isinstance(node, ast.FunctionDef) else "<lambda>"
        body = node.body if isinstance(node.body, list) else [node.body]
        arguments = node.args
        parameters = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        parameters += [a for a in (arguments.vararg, arguments.kwarg) if a]
        outer: dict[str, str] = {}
        for inner in own_nodes(body):
            if isinstance(inner, ast.Global | ast.Nonlocal):
                kind = "global" if isinstance(inner, ast.Global) else "nonlocal"
                outer |= dict.fromkeys(inner.names, kind)
        made = Function(
            node,
            frame,
            name,
            [self.eval(d, frame) for d in arguments.defaults],
            {
                a.arg: self.eval(d, frame)
                for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
                if d is not None
            },
            {a.arg for a in parameters} | assigned(body),
            outer,
            any(isinstance(n, ast.Yield | ast.YieldFrom) for n in own_nodes(body)),
        )

        def wrapper(*args: Any, **kwargs: Any) -> Any:
            at = self.clock.at
            known = [(a, at) for a in args]
            value, time = self.enter(made, known, {k: (v, at) for k, v in kwargs.items()}, at)
            self.clock.at = max(at, time)
            return value

        wrapper.__name__ = name
        wrapper.__qualname__ = self._qualname(name, frame)
        wrapper.__module__ = frame.module.names.get("__name__", "program")
        wrapper.__doc__ = None
        self._code = wrapper.__code__
        return wrapper

    def _qualname(self, name: str, frame: Frame) -> str:
        if frame.kind == "class":
            return f"{frame.names['__qualname__']}.{name}"
        if frame.kind == "module":
            return name
        function = frame.activation.function
        return f"{function.name if function else ''}.<locals>.{name}"

    def bind(self, made: Function, args: list[Timed], kwargs: dict[str, Timed]) -> dict[str, Timed]:
        """Give arguments to parameters; Python's own errors if they do not fit."""
        node = made.node.args
        names = [a.arg for a in (*node.posonlyargs, *node.args)]
        bound = dict(zip(names, args, strict=False))
        rest = args[len(names) :]
        if node.vararg:
            bound[node.vararg.arg] = self.sequence_of(tuple, rest, 0.0)
        elif rest:
            raise TypeError(
                f"{made.name}() takes {len(names)} positional arguments but {len(args)} were given"
            )
        more: dict[str, Timed] = {}
        for key, value in kwargs.items():
            if key in names or key in [a.arg for a in node.kwonlyargs]:
                if key in bound:
                    raise TypeError(f"{made.name}() got multiple values for argument '{key}'")
                bound[key] = value
            elif node.kwarg:
                more[key] = value
            else:
                raise TypeError(f"{made.name}() got an unexpected keyword argument '{key}'")
        if node.kwarg:
            table = {k: v for k, (v, _) in more.items()}
            self.heap.of(table).items = {k: t for k, (_, t) in more.items()}
            bound[node.kwarg.arg] = (table, 0.0)
        defaults = dict(zip(reversed(names), reversed(made.defaults), strict=False))
        for key, value in (*defaults.items(), *made.keyword_defaults.items()):
            bound.setdefault(key, value)
        missing = [k for k in [*names, *(a.arg for a in node.kwonlyargs)] if k not in bound]
        if missing:
            raise TypeError(f"{made.name}() missing required arguments: {missing}")
        return bound

    def enter(
        self, made: Function, args: list[Timed], kwargs: dict[str, Timed], gate: float
    ) -> Timed:
        """Call a function of the program."""
        frame = Frame("function", made.frame, {}, gate)
        frame.function = made
        frame.local, frame.declared = made.local, made.outer
        for name, (value, time) in self.bind(made, args, kwargs).items():
            frame.names[name], frame.times[name] = value, time
        if made.generates:
            return Generator(functools.partial(self._generate, frame), self.clock), gate
        return self._body(frame)

    def _body(self, frame: Frame) -> Timed:
        assert frame.function is not None
        node = frame.function.node
        if isinstance(node, ast.Lambda):
            value, time = self.eval(node.body, frame)
            return value, max(time, frame.control[0][1])
        try:
            self.block(node.body, frame)
        except Return as done:
            self.after(node.body, done.gate, frame)
            return done.value, done.time
        return None, frame.control[0][1]

    def _generate(self, frame: Frame, generator: Generator) -> float:
        frame.generator = generator
        self._body(frame)
        return frame.control[0][1]

    # --- calls ---

    def apply(
        self, function: Any, args: list[Timed], kwargs: dict[str, Timed], gate: float
    ) -> Timed:
        """Call anything."""
        if isinstance(function, functools.partial):
            inside = self.heap.seen(function)
            args = [(a, inside.item(i)) for i, a in enumerate(function.args)] + args
            kept = {k: (v, inside.item(k)) for k, v in function.keywords.items()}
            return self.apply(function.func, args, kept | kwargs, gate)
        kind = self.operators(function)
        if kind is not None:
            return self._operator(function, kind, args, kwargs, gate)
        if isinstance(function, types.MethodType):
            return self.apply(function.__func__, [(function.__self__, 0.0), *args], kwargs, gate)
        if made := self._made(function):
            return self.enter(made, args, kwargs, gate)
        if isinstance(function, type):
            return self._instance(function, args, kwargs, gate)
        special = FUNCTIONS.get(_hashable(function))
        if special is not None:
            result = special(self, Call(function, args, kwargs, gate))
            if result is not None:
                return result
        if isinstance(function, types.BuiltinMethodType) and function.__self__ is not None:
            result = self._method(function, args, kwargs, gate)
            if result is not None:
                return result
        return self.native(function, args, kwargs, gate)

    def _made(self, function: Any) -> Function | None:
        """The program's own function behind a wrapper that `make_function` has made."""
        if not isinstance(function, types.FunctionType) or function.__code__ is not self._code:
            return None
        cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        return cells["made"].cell_contents

    def native(
        self, function: Any, args: list[Timed], kwargs: dict[str, Timed], gate: float
    ) -> Timed:
        """Call what is not of the program: it waits for all of its arguments."""
        receiver = getattr(function, "__self__", None)
        times = [self.heap.deep(v, t) for v, t in (*args, *kwargs.values())]
        at = max([gate, self.heap.deep(receiver), *times])
        outer, self.clock.at = self.clock.at, at
        try:
            value = function(*(v for v, _ in args), **{k: v for k, (v, _) in kwargs.items()})
            time = self.clock.at
        except BaseException as error:
            self.fails(error, self.clock.at)
            self.know(self.clock.at)
            raise
        finally:
            self.clock.at = outer
        self.done = max(self.done, self.clock.latest)
        self.know(time)
        return value, time

    def _operator(
        self,
        function: Any,
        kind: Operator,
        args: list[Timed],
        kwargs: dict[str, Timed],
        gate: float,
    ) -> Timed:
        given = [*args, *kwargs.values()]
        at = max([gate, *(self.heap.deep(v, t) for v, t in given)])
        at = max(at, self.done) if kind.ordered else at
        end = at + kind.duration
        try:
            value, time = self.native(function, args, kwargs, at)
            end = max(end, time)
        except BaseException as error:
            end = max(end, self.failed(error))
            self._errors[id(error)] = (error, end)
            raise
        finally:
            self.done = max(self.done, end)
            self.clock.latest = max(self.clock.latest, end)
            self.know(end)
        if kind.ordered:  # it may have changed its arguments
            for argument, _ in given:
                if not isinstance(argument, CONSTANT):
                    self.heap.settle(argument, end)
        return value, end

    def _instance(
        self, cls: type, args: list[Timed], kwargs: dict[str, Timed], gate: float
    ) -> Timed:
        special = FUNCTIONS.get(cls)
        if special is not None:
            result = special(self, Call(cls, args, kwargs, gate))
            if result is not None:
                return result
        start = self._made(cls.__init__)
        if start is not None and cls.__new__ is object.__new__:
            instance = object.__new__(cls)
            self.enter(start, [(instance, 0.0), *args], kwargs, gate)
            return instance, 0.0
        fields = getattr(cls, "__dataclass_fields__", None)
        names: list[str] = list(fields) if fields else list(getattr(cls, "_fields", ()))
        if not names:
            return self.native(cls, args, kwargs, gate)
        # A dataclass or a named tuple: the arguments become its parts.
        outer, self.clock.at = self.clock.at, gate
        value = cls(*(v for v, _ in args), **{k: v for k, (v, _) in kwargs.items()})
        self.clock.at = outer
        inside = self.heap.of(value)
        times = dict(zip(names, (t for _, t in args), strict=False))
        times |= {k: t for k, (_, t) in kwargs.items()}
        inside.items = times if fields else {names.index(k): t for k, t in times.items()}
        if not fields:
            inside.items |= times
        return value, 0.0

    def _method(
        self, function: Any, args: list[Timed], kwargs: dict[str, Timed], gate: float
    ) -> Timed | None:
        """Call a method of a builtin container; None if it is not one that is known."""
        receiver = function.__self__
        if isinstance(receiver, list | deque):
            handler = SEQUENCES.get(function.__name__)
        elif isinstance(receiver, dict):
            handler = MAPPINGS.get(function.__name__)
        elif isinstance(receiver, set):
            handler = settling if function.__name__ in SET_WRITES else None
        else:
            return None
        if handler is None:
            return None
        result = handler(self, Call(function, args, kwargs, gate))
        self.know(result[1])
        return result

    def fails(self, error: BaseException, time: float) -> None:
        """An error is known at a time; the first place that says so knows best."""
        self._errors.setdefault(id(error), (error, time))

    def failed(self, error: BaseException) -> float:
        """When an error is known."""
        return self._errors.get(id(error), (error, self.known))[1]

    def know(self, time: float) -> None:
        self.known = max(self.known, time)

    # --- iteration ---

    def source(self, value: Any, time: float) -> Source:
        """Iterate over anything."""
        if isinstance(value, Source):
            return value
        return Source(self._pulls(value, time), self.clock)

    def _pulls(self, value: Any, time: float) -> Iterator[tuple[Any, float, float]]:
        heap = self.heap
        if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
            position = 0
            while position < len(value):
                inside = heap.seen(value)
                there = max(time, inside.structure)
                yield value[position], max(time, inside.item(position)), there
                position += 1
            return max(time, heap.seen(value).structure)
        if isinstance(value, deque):
            for element, inner in zip(value, heap.times(value), strict=True):
                yield element, max(time, inner), max(time, heap.seen(value).structure)
            return max(time, heap.seen(value).structure)
        view = self.views.get(id(value))
        if view is not None or isinstance(value, dict):
            table: Any = view[1] if view else value
            part = view[2] if view else "keys"
            inside = heap.seen(table)
            there = max(time, inside.structure)
            for key, element in table.items():
                inner = max(time, inside.item(key))
                if part == "keys":
                    yield key, there, there
                elif part == "values":
                    yield element, inner, there
                else:
                    pair = (key, element)
                    heap.sequence(pair, (there, inner), there)
                    yield pair, there, there
            return there
        every = heap.deep(value, time)
        outer, self.clock.at = self.clock.at, every
        try:
            iterator = iter(value)
        finally:
            self.clock.at = outer
        if isinstance(iterator, Source):
            while (found := iterator.pull()) is not None:
                yield found[0], max(time, found[1]), max(time, found[2])
            return max(time, iterator.end)
        while True:
            outer, self.clock.at = self.clock.at, every
            try:
                element = next(iterator)
            except StopIteration:
                return self.clock.at
            finally:
                every, self.clock.at = max(every, self.clock.at), outer
            yield element, every, every

    def drain(self, value: Any, time: float) -> tuple[list[Any], list[float], float]:
        """All elements, their times, and when it is known how many there are."""
        source = self.source(value, time)
        elements, times, shape = [], [], time
        while (found := source.pull()) is not None:
            elements.append(found[0])
            times.append(found[1])
            shape = max(shape, found[2])
        return elements, times, max(shape, source.end)

    def sequence_of(self, kind: Any, elements: list[Timed], shape: float) -> Timed:
        value = kind(v for v, _ in elements)
        if value != ():
            self.heap.sequence(value, (t for _, t in elements), shape)
        return value, 0.0

    # --- names ---

    def load(self, name: str, frame: Frame) -> Timed:
        home = frame.home(name)
        if home.kind == "class" and name not in home.names:
            home = home.module
        if name in home.names:
            return home.names[name], home.times.get(name, 0.0)
        if home.kind == "module":
            if name == "__class__":
                function = frame.activation.function
                return (function.owner if function else None), 0.0
            if hasattr(builtins, name):
                return getattr(builtins, name), 0.0
            raise NameError(f"name '{name}' is not defined")
        if home is frame.activation:
            raise UnboundLocalError(
                f"cannot access local variable '{name}' where it is not associated with a value"
            )
        raise NameError(
            f"cannot access free variable '{name}' where it is not associated with a value in"
            " enclosing scope"
        )

    def store(self, name: str, value: Any, time: float, frame: Frame) -> None:
        home = frame.home(name)
        home.names[name] = value
        home.times[name] = max(time, frame.gate)

    def after(self, nodes: Iterable[ast.AST], time: float, frame: Frame) -> None:
        """What statements may have assigned or changed is known at a time, not before."""
        nodes = list(nodes)
        for name in assigned(nodes):
            home = frame.home(name)
            if name in home.names:
                home.times[name] = max(time, home.times.get(name, 0.0))
        for node in own_nodes(nodes):
            target: ast.expr | None = None
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr in WRITES:
                    target = node.func.value
                    self._changed(target, None, time, frame)
            elif isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
                self._changed(node.value, node.attr, time, frame)
            elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
                self._changed(node.value, None, time, frame)

    def _changed(self, target: ast.expr, part: str | None, time: float, frame: Frame) -> None:
        value: Any
        try:
            if isinstance(target, ast.Name):
                value = self.load(target.id, frame)[0]
            elif isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                owner = self.load(target.value.id, frame)[0]
                value = vars(owner)[target.attr]
            else:
                return
        except (NameError, KeyError, TypeError):
            return
        if isinstance(value, CONSTANT):
            return
        inside = self.heap.of(value)
        if part is None:
            inside.shape = max(inside.shape, time)
        else:
            inside.items[part] = max(inside.item(part), time)

    # --- expressions ---

    def eval(self, node: ast.expr, frame: Frame) -> Timed:
        return getattr(self, f"eval_{type(node).__name__}")(node, frame)

    def truth(self, node: ast.expr, frame: Frame) -> tuple[bool, float]:
        value, time = self.eval(node, frame)
        if isinstance(value, list | dict | tuple | set | deque):
            return bool(value), max(time, self.heap.seen(value).structure)
        if isinstance(value, CONSTANT):
            return bool(value), time
        if not hasattr(type(value), "__bool__") and not hasattr(type(value), "__len__"):
            return bool(value), time
        return self.native(bool, [(value, time)], {}, frame.gate)

    def eval_Constant(self, node: ast.Constant, frame: Frame) -> Timed:
        return node.value, 0.0

    def eval_Name(self, node: ast.Name, frame: Frame) -> Timed:
        return self.load(node.id, frame)

    def eval_NamedExpr(self, node: ast.NamedExpr, frame: Frame) -> Timed:
        value, time = self.eval(node.value, frame)
        self.store(node.target.id, value, max(time, frame.gate), frame.activation)
        return value, time

    def eval_List(self, node: ast.List, frame: Frame) -> Timed:
        return self._display(list, node.elts, frame)

    def eval_Tuple(self, node: ast.Tuple, frame: Frame) -> Timed:
        return self._display(tuple, node.elts, frame)

    def eval_Set(self, node: ast.Set, frame: Frame) -> Timed:
        elements, shape = self._elements(node.elts, frame)
        value = {v for v, _ in elements}
        self.heap.settle(value, max([shape, *(self.heap.deep(v, t) for v, t in elements)]))
        return value, 0.0

    def _display(self, kind: Any, nodes: list[ast.expr], frame: Frame) -> Timed:
        elements, shape = self._elements(nodes, frame)
        return self.sequence_of(kind, elements, shape)

    def _elements(self, nodes: list[ast.expr], frame: Frame) -> tuple[list[Timed], float]:
        elements: list[Timed] = []
        shape = 0.0
        for node in nodes:
            if isinstance(node, ast.Starred):
                values, times, there = self.drain(*self.eval(node.value, frame))
                elements += zip(values, times, strict=True)
                shape = max(shape, there)
            else:
                elements.append(self.eval(node, frame))
        return elements, shape

    def eval_Dict(self, node: ast.Dict, frame: Frame) -> Timed:
        table: dict[Any, Any] = {}
        inside = self.heap.of(table)
        for key_node, value_node in zip(node.keys, node.values, strict=True):
            if key_node is None:
                other, time = self.eval(value_node, frame)
                self._merge(table, other, time)
                continue
            key, key_time = self.eval(key_node, frame)
            value, time = self.eval(value_node, frame)
            table[key] = value
            inside.shape = max(inside.shape, self.heap.deep(key, key_time))
            inside.items[key] = time
        return table, 0.0

    def _merge(self, table: dict[Any, Any], other: Any, time: float) -> None:
        inside, others = self.heap.of(table), self.heap.seen(other)
        table.update(other)
        inside.shape = max(inside.shape, time, others.structure)
        for key in other:
            inside.items[key] = max(time, others.item(key))

    def eval_JoinedStr(self, node: ast.JoinedStr, frame: Frame) -> Timed:
        parts = [self.eval(part, frame) for part in node.values]
        return "".join(v for v, _ in parts), max([t for _, t in parts], default=0.0)

    def eval_FormattedValue(self, node: ast.FormattedValue, frame: Frame) -> Timed:
        value, time = self.eval(node.value, frame)
        spec, spec_time = self.eval(node.format_spec, frame) if node.format_spec else ("", 0.0)
        convert = {-1: None, 115: str, 114: repr, 97: ascii}[node.conversion]
        if convert is not None:
            value, time = self.native(convert, [(value, time)], {}, frame.gate)
        text, time = self.native(format, [(value, time), (spec, spec_time)], {}, frame.gate)
        return text, time

    def eval_BinOp(self, node: ast.BinOp, frame: Frame) -> Timed:
        return self.binary(
            _BINARY[type(node.op)], self.eval(node.left, frame), self.eval(node.right, frame), frame
        )

    def binary(self, function: Any, left: Timed, right: Timed, frame: Frame) -> Timed:
        if function is operator.add and type(left[0]) is type(right[0]) is list:
            heap = self.heap
            times = [*heap.times(left[0]), *heap.times(right[0])]
            shape = max(
                left[1], right[1], heap.seen(left[0]).structure, heap.seen(right[0]).structure
            )
            return self.sequence_of(list, list(zip(left[0] + right[0], times, strict=True)), shape)
        return self.native(function, [left, right], {}, 0.0)

    def eval_UnaryOp(self, node: ast.UnaryOp, frame: Frame) -> Timed:
        if isinstance(node.op, ast.Not):
            value, time = self.truth(node.operand, frame)
            return not value, time
        return self.native(_UNARY[type(node.op)], [self.eval(node.operand, frame)], {}, 0.0)

    def eval_BoolOp(self, node: ast.BoolOp, frame: Frame) -> Timed:
        stop = isinstance(node.op, ast.Or)
        time = 0.0
        value: Any = None
        for position, operand in enumerate(node.values):
            with frame.under("branch", time):
                value, own = self.eval(operand, frame)
                time = max(time, own)
                if position < len(node.values) - 1:
                    if isinstance(value, list | dict | tuple | set | deque):
                        time = max(time, self.heap.seen(value).structure)
                    if bool(value) == stop:
                        break
        return value, time

    def eval_IfExp(self, node: ast.IfExp, frame: Frame) -> Timed:
        test, time = self.truth(node.test, frame)
        with frame.under("branch", time):
            value, own = self.eval(node.body if test else node.orelse, frame)
        return value, max(time, own)

    def eval_Compare(self, node: ast.Compare, frame: Frame) -> Timed:
        left, time = self.eval(node.left, frame)
        passed = 0.0
        result: Any = True
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            with frame.under("branch", passed):
                right, right_time = self.eval(right_node, frame)
            result, own = self._compare(op, (left, time), (right, right_time), frame)
            passed = max(passed, own)
            if not result:
                break
            left, time = right, right_time
        return result, passed

    def _compare(self, op: ast.cmpop, left: Timed, right: Timed, frame: Frame) -> Timed:
        if isinstance(op, ast.Is | ast.IsNot):
            return _COMPARE[type(op)](left[0], right[0]), max(left[1], right[1])
        if isinstance(op, ast.In | ast.NotIn) and isinstance(right[0], dict):
            found = _COMPARE[type(op)](left[0], right[0])
            time = self.heap.deep(left[0], max(left[1], right[1]))
            return found, max(time, self.heap.seen(right[0]).structure)
        return self.native(_COMPARE[type(op)], [left, right], {}, 0.0)

    def eval_Lambda(self, node: ast.Lambda, frame: Frame) -> Timed:
        return self.make_function(node, frame), 0.0

    def eval_Attribute(self, node: ast.Attribute, frame: Frame) -> Timed:
        value, time = self.eval(node.value, frame)
        return self.attribute(value, time, node.attr, frame.gate)

    def attribute(self, value: Any, time: float, name: str, gate: float) -> Timed:
        if isinstance(value, types.ModuleType | type):
            return getattr(value, name), max(time, self.heap.seen(value).item(name))
        found = getattr(type(value), name, None)
        getter = found.fget if isinstance(found, property) else None
        if self._made(getter):
            return self.apply(getter, [(value, time)], {}, gate)
        if isinstance(found, functools.cached_property) and name not in vars(value):
            result = self.apply(found.func, [(value, time)], {}, gate)
            vars(value)[name] = result[0]
            self.heap.of(value).items[name] = result[1]
            return result
        start = max(time, gate)
        outer, self.clock.at = self.clock.at, start
        try:
            result = getattr(value, name)
            if self.clock.at > start:  # it called something
                return result, self.clock.at
        except BaseException as error:
            self.fails(error, start)
            raise
        finally:
            self.clock.at = outer
        inside = self.heap.seen(value)
        fields: tuple[str, ...] = getattr(value, "_fields", ()) if isinstance(value, tuple) else ()
        if name in fields:
            return result, max(time, inside.item(fields.index(name)))
        if callable(result) and not isinstance(result, types.FunctionType):
            # A bound method: what it reads has its own times.
            return result, max(time, inside.items.get(name, 0.0))
        return result, max(time, inside.item(name))

    def eval_Subscript(self, node: ast.Subscript, frame: Frame) -> Timed:
        value, time = self.eval(node.value, frame)
        key, key_time = self.eval(node.slice, frame)
        result = self.item(value, time, key, self.heap.deep(key, key_time), frame.gate)
        self.know(result[1])
        return result

    def item(self, value: Any, time: float, key: Any, key_time: float, gate: float) -> Timed:
        heap = self.heap
        there = max(time, key_time, heap.seen(value).structure)
        try:
            if isinstance(value, list | tuple) and isinstance(key, slice):
                part = value[key]
                times = heap.times(value)[key]
                if part != ():
                    heap.sequence(part, times, there)
                return part, there
            if isinstance(value, list | tuple | deque) and isinstance(key, int):
                result = value[key]
                return result, max(there, heap.seen(value).item(range(len(value))[key]))
            if isinstance(value, dict):
                fresh = key not in value
                result = value[key]
                if fresh and key in value:
                    inside = heap.of(value)
                    inside.shape = max(inside.shape, key_time, gate)
                    inside.items[key] = gate
                return result, max(there, heap.seen(value).item(key))
        except Exception as error:
            self.fails(error, max(there, gate))
            self.know(there)
            raise
        return self.native(operator.getitem, [(value, time), (key, key_time)], {}, gate)

    def eval_Slice(self, node: ast.Slice, frame: Frame) -> Timed:
        parts = [
            self.eval(part, frame) if part else (None, 0.0)
            for part in (node.lower, node.upper, node.step)
        ]
        return slice(*(v for v, _ in parts)), max(t for _, t in parts)

    def eval_Starred(self, node: ast.Starred, frame: Frame) -> Timed:
        return self.eval(node.value, frame)

    def eval_Yield(self, node: ast.Yield, frame: Frame) -> Timed:
        value, time = self.eval(node.value, frame) if node.value else (None, 0.0)
        generator = frame.activation.generator
        assert generator is not None
        sent = generator.give(value, time, max(frame.gate, generator.gate))
        return sent, 0.0

    def eval_YieldFrom(self, node: ast.YieldFrom, frame: Frame) -> Timed:
        generator = frame.activation.generator
        assert generator is not None
        source = self.source(*self.eval(node.value, frame))
        while (found := source.pull()) is not None:
            generator.give(found[0], found[1], max(found[2], frame.gate))
        frame.delay("return", source.end)
        return None, 0.0

    def eval_Call(self, node: ast.Call, frame: Frame) -> Timed:
        if isinstance(node.func, ast.Name) and node.func.id == "super" and not node.args:
            activation = frame.activation
            function = activation.function
            assert function is not None
            first = function.node.args.args[0].arg
            return super(function.owner, activation.names[first]), 0.0  # type: ignore[arg-type]
        function, time = self.eval(node.func, frame)
        args, shape = self._elements(node.args, frame)
        kwargs: dict[str, Timed] = {}
        for keyword in node.keywords:
            if keyword.arg is not None:
                if keyword.arg in kwargs:
                    raise TypeError(f"got multiple values for keyword argument '{keyword.arg}'")
                kwargs[keyword.arg] = self.eval(keyword.value, frame)
                continue
            table, table_time = self.eval(keyword.value, frame)
            inside = self.heap.seen(table)
            shape = max(shape, table_time, inside.structure)
            for key in table:
                if key in kwargs:
                    raise TypeError(f"got multiple values for keyword argument '{key}'")
                kwargs[key] = (table[key], max(table_time, inside.item(key)))
        gate = max(frame.gate, time, shape)
        result = self.apply(function, args, kwargs, gate)
        # Which function was called, and whether, is part of what its result depends on.
        return result[0], max(result[1], time)

    # --- comprehensions ---

    def _clauses(
        self, clauses: list[ast.comprehension], source: Source, frame: Frame, at: float
    ) -> Iterator[tuple[Frame, float]]:
        """Bind the variables of a comprehension, one combination after another.

        Gives the frame, and the time at which the combination is known to be there.
        """
        clause, *rest = clauses
        while (found := source.pull()) is not None:
            value, time, there = found
            at = max(at, there)
            passed = at
            depth = len(frame.control)
            frame.control.append(("branch", at))
            self.assign(clause.target, value, max(time, 0.0), frame)
            for condition in clause.ifs:
                test, own = self.truth(condition, frame)
                passed = max(passed, own)
                frame.control.append(("branch", own))
                if not test:
                    break
            else:
                if rest:
                    inner = self.source(*self.eval(rest[0].iter, frame))
                    for result in self._clauses(rest, inner, frame, passed):
                        yield result
                        passed = max(passed, result[1])
                else:
                    yield frame, passed
            del frame.control[depth:]
            self._passed(frame, passed)
            if frame.lazy:
                at = max(at, passed)
        self._passed(frame, max(at, source.end))

    def _passed(self, frame: Frame, time: float) -> None:
        """How many elements there are is known at a time."""
        frame.times["<shape>"] = max(time, frame.times.get("<shape>", 0.0))

    def eval_ListComp(self, node: ast.ListComp, frame: Frame) -> Timed:
        elements: list[Timed] = []
        shape = self._full(node, frame, lambda f: elements.append(self.eval(node.elt, f)))
        return self.sequence_of(list, elements, shape)

    def eval_SetComp(self, node: ast.SetComp, frame: Frame) -> Timed:
        elements: list[Timed] = []
        shape = self._full(node, frame, lambda f: elements.append(self.eval(node.elt, f)))
        value = {v for v, _ in elements}
        self.heap.settle(value, max([shape, *(self.heap.deep(v, t) for v, t in elements)]))
        return value, 0.0

    def eval_DictComp(self, node: ast.DictComp, frame: Frame) -> Timed:
        table: dict[Any, Any] = {}
        inside = self.heap.of(table)

        def each(inner: Frame) -> None:
            key, key_time = self.eval(node.key, inner)
            value, time = self.eval(node.value, inner)
            table[key] = value
            inside.items[key] = time
            inside.shape = max(inside.shape, self.heap.deep(key, key_time))

        inside.shape = max(inside.shape, self._full(node, frame, each))
        return table, 0.0

    def _full(self, node: Any, frame: Frame, each: Callable[[Frame], None]) -> float:
        """Evaluate a comprehension; the time at which it is known how many elements it has."""
        inner = Frame("comprehension", frame, {}, frame.gate)
        inner.local = assigned(g.target for g in node.generators)
        source = self.source(*self.eval(node.generators[0].iter, frame))
        for found, _ in self._clauses(node.generators, source, inner, frame.gate):
            each(found)
        return inner.times.get("<shape>", frame.gate)

    def eval_GeneratorExp(self, node: ast.GeneratorExp, frame: Frame) -> Timed:
        inner = Frame("comprehension", frame, {}, frame.gate)
        inner.local = assigned(g.target for g in node.generators)
        first = self.source(*self.eval(node.generators[0].iter, frame))

        def pulls() -> Iterator[tuple[Any, float, float]]:
            for found, there in self._clauses(node.generators, first, inner, frame.gate):
                try:
                    value, time = self.eval(node.elt, found)
                except StopIteration as error:
                    raise RuntimeError("generator raised StopIteration") from error
                yield value, time, there
            return inner.times.get("<shape>", frame.gate)

        made = Source(pulls(), self.clock)
        made.frame = inner
        return made, 0.0

    # --- statements ---

    def block(self, nodes: list[ast.stmt], frame: Frame) -> None:
        for node in nodes:
            getattr(self, f"exec_{type(node).__name__}")(node, frame)

    def exec_Expr(self, node: ast.Expr, frame: Frame) -> None:
        self.eval(node.value, frame)

    def exec_Pass(self, node: ast.Pass, frame: Frame) -> None:
        pass

    def exec_Global(self, node: ast.Global, frame: Frame) -> None:
        pass

    exec_Nonlocal = exec_Global

    def exec_Import(self, node: ast.Import | ast.ImportFrom, frame: Frame) -> None:
        exec(compile(ast.Module([node], []), "<import>", "exec"), frame.names)

    exec_ImportFrom = exec_Import

    def exec_Assign(self, node: ast.Assign, frame: Frame) -> None:
        value, time = self.eval(node.value, frame)
        for target in node.targets:
            self.assign(target, value, time, frame)

    def exec_AnnAssign(self, node: ast.AnnAssign, frame: Frame) -> None:
        if node.value is not None:
            self.assign(node.target, *self.eval(node.value, frame), frame)
        if frame.kind == "class" and isinstance(node.target, ast.Name):
            notes = frame.names.setdefault("__annotations__", {})
            notes[node.target.id] = ast.unparse(node.annotation)

    def assign(self, target: ast.expr, value: Any, time: float, frame: Frame) -> None:
        if isinstance(target, ast.Name):
            self.store(target.id, value, time, frame)
        elif isinstance(target, ast.Attribute):
            self.set_attribute(*self.eval(target.value, frame), target.attr, value, time, frame)
        elif isinstance(target, ast.Subscript):
            owner = self.eval(target.value, frame)
            self.set_item(*owner, *self.eval(target.slice, frame), value, time, frame)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, value, time, frame)
        else:
            assert isinstance(target, ast.Tuple | ast.List)
            self._unpack(target, value, time, frame)

    def _unpack(self, target: ast.Tuple | ast.List, value: Any, time: float, frame: Frame) -> None:
        values, times, shape = self.drain(value, time)
        self.know(shape)
        count = len(target.elts)
        stars = [i for i, t in enumerate(target.elts) if isinstance(t, ast.Starred)]
        if not stars and len(values) != count:
            word = "too many" if len(values) > count else "not enough"
            error = ValueError(f"{word} values to unpack (expected {count})")
            self.fails(error, shape)
            raise error
        if stars and len(values) < count - 1:
            raise ValueError(f"not enough values to unpack (expected at least {count - 1})")
        given = [(v, max(t, time)) for v, t in zip(values, times, strict=True)]
        if stars:
            first, rest = stars[0], count - 1 - stars[0]
            end = len(given) - rest
            middle = self.sequence_of(list, given[first:end], shape)
            given = [*given[:first], middle, *given[end:]]
        for part, (element, own) in zip(target.elts, given, strict=True):
            self.assign(part, element, own, frame)

    def set_attribute(
        self, owner: Any, owner_time: float, name: str, value: Any, time: float, frame: Frame
    ) -> None:
        found = getattr(type(owner), name, None)
        if isinstance(found, property) and self._made(found.fset):
            self.apply(found.fset, [(owner, owner_time), (value, time)], {}, frame.gate)
            return
        setattr(owner, name, value)
        self.heap.of(owner).items[name] = max(owner_time, time, frame.gate)

    def set_item(
        self,
        owner: Any,
        owner_time: float,
        key: Any,
        key_time: float,
        value: Any,
        time: float,
        frame: Frame,
    ) -> None:
        gate = max(owner_time, frame.gate)
        inside = self.heap.of(owner)
        if isinstance(owner, list) and isinstance(key, slice):
            values, new, shape = self.drain(value, time)
            times = self.heap.times(owner)
            owner[key] = values
            times[key] = [max(t, gate) for t in new]
            self.heap.sequence(
                owner, times, max(inside.structure, shape, self.heap.deep(key, key_time), gate)
            )
        elif isinstance(owner, list):
            owner[key] = value
            inside.items[range(len(owner))[key]] = max(time, key_time, gate)
        elif isinstance(owner, dict):
            if key not in owner:
                inside.shape = max(inside.shape, self.heap.deep(key, key_time), gate)
            owner[key] = value
            inside.items[key] = max(time, gate, key_time)
        else:
            self.native(
                operator.setitem, [(owner, owner_time), (key, key_time), (value, time)], {}, gate
            )
            self.heap.settle(owner, max(time, key_time, gate))

    def exec_AugAssign(self, node: ast.AugAssign, frame: Frame) -> None:
        target = node.target
        if isinstance(target, ast.Name):
            old = self.load(target.id, frame)
            new = self._in_place(node.op, old, self.eval(node.value, frame), frame)
            self.store(target.id, *new, frame)
            return
        owner, owner_time = self.eval(target.value, frame)
        if isinstance(target, ast.Attribute):
            old = self.attribute(owner, owner_time, target.attr, frame.gate)
            new = self._in_place(node.op, old, self.eval(node.value, frame), frame)
            self.set_attribute(owner, owner_time, target.attr, *new, frame)
            return
        key, key_time = self.eval(target.slice, frame)
        old = self.item(owner, owner_time, key, self.heap.deep(key, key_time), frame.gate)
        new = self._in_place(node.op, old, self.eval(node.value, frame), frame)
        self.set_item(owner, owner_time, key, key_time, *new, frame)

    def _in_place(self, op: ast.operator, old: Timed, new: Timed, frame: Frame) -> Timed:
        function = _IN_PLACE.get(type(op), _BINARY[type(op)])
        if isinstance(old[0], list) and isinstance(op, ast.Add):
            self.extend(old[0], *new, max(frame.gate, old[1]))
            return old
        result = self.native(function, [old, new], {}, 0.0)
        if result[0] is old[0] and not isinstance(old[0], CONSTANT):
            self.heap.settle(old[0], max(result[1], frame.gate))
            return old
        return result

    def extend(self, items: list[Any], value: Any, time: float, gate: float) -> None:
        values, times, shape = self.drain(value, time)
        inside = self.heap.of(items)
        for element, own in zip(values, times, strict=True):
            items.append(element)
            inside.items[len(items) - 1] = max(own, gate)
        inside.shape = max(inside.shape, shape, gate)

    def exec_Delete(self, node: ast.Delete, frame: Frame) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.load(target.id, frame)
                del frame.home(target.id).names[target.id]
            elif isinstance(target, ast.Attribute):
                delattr(self.eval(target.value, frame)[0], target.attr)
            elif isinstance(target, ast.Subscript):
                owner, _ = self.eval(target.value, frame)
                key, key_time = self.eval(target.slice, frame)
                times = self.heap.times(owner) if isinstance(owner, list) else None
                del owner[key]
                structure = max(self.heap.seen(owner).structure, key_time, frame.gate)
                if times is not None:
                    del times[key]
                    self.heap.sequence(owner, times, structure)
                else:
                    self.heap.of(owner).shape = structure

    def exec_Return(self, node: ast.Return, frame: Frame) -> None:
        value, time = self.eval(node.value, frame) if node.value else (None, 0.0)
        raise Return(frame.gate, value, max(time, frame.gate))

    def exec_Break(self, node: ast.Break, frame: Frame) -> None:
        raise Break(frame.gate)

    def exec_Continue(self, node: ast.Continue, frame: Frame) -> None:
        raise Continue(frame.gate)

    def exec_If(self, node: ast.If, frame: Frame) -> None:
        test, time = self.truth(node.test, frame)
        with frame.under("branch", time):
            self.block(node.body if test else node.orelse, frame)
        self._joined([*node.body, *node.orelse], time, frame)

    def _joined(self, nodes: list[ast.stmt], time: float, frame: Frame) -> None:
        """After statements that may or may not have run, as was known at a time."""
        self.after(nodes, time, frame)
        for kind in jumps(nodes):
            frame.delay(kind, time)

    def exec_For(self, node: ast.For, frame: Frame) -> None:
        source = self.source(*self.eval(node.iter, frame))
        with frame.under("break", 0.0):
            end = self._iterate(node, source, frame)
        self._joined_loop(node, end, frame)

    def _iterate(self, node: ast.For, source: Source, frame: Frame) -> float:
        while (found := source.pull()) is not None:
            value, time, there = found
            with frame.under("continue", there):
                self.assign(node.target, value, time, frame)
                try:
                    self.block(node.body, frame)
                except Continue as jump:
                    self.after(node.body, jump.gate, frame)
                except Break as jump:
                    return max(frame.gate, jump.gate)
            source.gate = frame.gate
        end = max(source.end, frame.gate)
        self.block(node.orelse, frame)
        return end

    def _joined_loop(self, node: ast.For | ast.While, end: float, frame: Frame) -> None:
        self.after([*node.body, *node.orelse], end, frame)
        if isinstance(node, ast.For):
            for name in assigned([node.target]):
                home = frame.home(name)
                if name in home.names:
                    home.times[name] = max(end, home.times.get(name, 0.0))
        if "return" in jumps([node]):
            frame.delay("return", end)

    def exec_While(self, node: ast.While, frame: Frame) -> None:
        with frame.under("break", 0.0):
            end = self._repeat(node, frame)
        self._joined_loop(node, end, frame)

    def _repeat(self, node: ast.While, frame: Frame) -> float:
        while True:
            test, time = self.truth(node.test, frame)
            frame.delay("break", time)
            if not test:
                end = frame.gate
                self.block(node.orelse, frame)
                return end
            with frame.under("continue", 0.0):
                try:
                    self.block(node.body, frame)
                except Continue as jump:
                    self.after(node.body, jump.gate, frame)
                except Break as jump:
                    return max(frame.gate, jump.gate)

    def exec_Assert(self, node: ast.Assert, frame: Frame) -> None:
        test, time = self.truth(node.test, frame)
        self.know(time)
        if not test:
            with frame.under("branch", time):
                message = self.eval(node.msg, frame) if node.msg else None
            error = AssertionError(*([message[0]] if message else []))
            self.fails(error, time)
            raise error

    def exec_Raise(self, node: ast.Raise, frame: Frame) -> None:
        if node.exc is None:
            raise  # noqa: PLE0704 - runs inside of the handler that it is in
        error, time = self.eval(node.exc, frame)
        if isinstance(error, type):
            error = error()
        if node.cause is not None:
            error.__cause__ = self.eval(node.cause, frame)[0]
        self.fails(error, max(time, frame.gate))
        self.know(max(time, frame.gate))
        raise error

    def exec_Try(self, node: ast.Try, frame: Frame) -> None:
        depth = len(frame.control)
        outer, self.known = self.known, frame.gate
        try:
            self._handled(node, frame, depth)
        finally:
            del frame.control[depth:]
            known = self.known
            if node.handlers:
                self._joined_try(node, known, frame)
            self.block(node.finalbody, frame)
            self.known = max(outer, self.known)

    def _joined_try(self, node: ast.Try, known: float, frame: Frame) -> None:
        self.after([*node.body, *node.handlers, *node.orelse], known, frame)
        for kind in jumps([*node.body, *node.orelse, *(s for h in node.handlers for s in h.body)]):
            frame.delay(kind, known)

    def _handled(self, node: ast.Try, frame: Frame, depth: int) -> None:
        try:
            self.block(node.body, frame)
        except Jump:
            raise
        except BaseException as error:
            del frame.control[depth:]
            time = self.failed(error)
            for handler in node.handlers:
                kinds = self.eval(handler.type, frame)[0] if handler.type else BaseException
                if isinstance(error, kinds):
                    with frame.under("branch", time):
                        self._handle(handler, error, time, frame)
                    return
            raise
        with frame.under("branch", self.known if node.orelse else 0.0):
            self.block(node.orelse, frame)

    def _handle(
        self, handler: ast.ExceptHandler, error: BaseException, time: float, frame: Frame
    ) -> None:
        if handler.name:
            self.store(handler.name, error, time, frame)
        try:
            self.block(handler.body, frame)
        finally:
            if handler.name:
                frame.home(handler.name).names.pop(handler.name, None)

    def exec_With(self, node: ast.With, frame: Frame) -> None:
        self._with(node.items, node.body, frame)

    def _with(self, items: list[ast.withitem], body: list[ast.stmt], frame: Frame) -> None:
        if not items:
            self.block(body, frame)
            return
        manager, time = self.eval(items[0].context_expr, frame)
        enter, leave = self._manager(manager)
        value, value_time = self.apply(enter, [(manager, time)], {}, frame.gate)
        outer, self.known = self.known, 0.0
        nothing: list[Timed] = [(None, 0.0)] * 3
        try:
            if items[0].optional_vars is not None:
                self.assign(items[0].optional_vars, value, value_time, frame)
            self._with(items[1:], body, frame)
        except Jump:
            self.apply(leave, [(manager, time), *nothing], {}, frame.gate)
            raise
        except BaseException as error:
            at = self.failed(error)
            given: list[Timed] = [(type(error), at), (error, at), (error.__traceback__, at)]
            swallowed, _ = self.apply(leave, [(manager, time), *given], {}, max(frame.gate, at))
            if not swallowed:
                raise
            self.after(body, self.known, frame)
        else:
            self.apply(leave, [(manager, time), *nothing], {}, frame.gate)
        finally:
            self.known = max(outer, self.known)

    def _manager(self, manager: Any) -> tuple[Any, Any]:
        try:
            return type(manager).__enter__, type(manager).__exit__
        except AttributeError:
            name = type(manager).__name__
            text = f"'{name}' object does not support the context manager protocol"
            raise TypeError(text) from None

    def exec_Match(self, node: ast.Match, frame: Frame) -> None:
        subject, time = self.eval(node.subject, frame)
        time = self.heap.deep(subject, time)
        cases = [statement for case in node.cases for statement in case.body]
        for case in node.cases:
            names = _matched(case.pattern, subject, _Visible(self, frame))
            if names is None:
                continue
            for name, value in names.items():
                self.store(name, value, time, frame)
            if case.guard is not None:
                with frame.under("branch", time):
                    passed, own = self.truth(case.guard, frame)
                time = max(time, own)
                if not passed:
                    continue
            with frame.under("branch", time):
                self.block(case.body, frame)
            break
        self._joined(cases, time, frame)

    def exec_FunctionDef(self, node: ast.FunctionDef, frame: Frame) -> None:
        decorators = [self.eval(d, frame)[0] for d in node.decorator_list]
        function: Any = self.make_function(node, frame)
        time = 0.0
        for decorator in reversed(decorators):
            function, time = self.apply(decorator, [(function, time)], {}, frame.gate)
        self.store(node.name, function, time, frame)

    def exec_ClassDef(self, node: ast.ClassDef, frame: Frame) -> None:
        decorators = [self.eval(d, frame)[0] for d in node.decorator_list]
        bases = tuple(self.eval(b, frame)[0] for b in node.bases)
        keywords = {k.arg: self.eval(k.value, frame)[0] for k in node.keywords if k.arg}
        qualname = self._qualname(node.name, frame)
        inner = Frame("class", frame, {}, frame.gate)
        functions: list[Any] = []

        def body(space: dict[str, Any]) -> None:
            space["__module__"] = frame.module.names.get("__name__", "program")
            space["__qualname__"] = qualname
            inner.names = space
            inner.local = assigned(node.body)
            self.block(node.body, inner)
            functions.extend(space.values())

        made: Any = types.new_class(node.name, bases, keywords, body)
        for value in functions:
            for function in (value, getattr(value, "__func__", None), *_accessors(value)):
                self._own(function, made)
        for name, time in inner.times.items():
            self.heap.of(made).items[name] = time
        for decorator in reversed(decorators):
            made = decorator(made)
        self.store(node.name, made, 0.0, frame)

    def _own(self, function: Any, owner: type) -> None:
        """Tell a method its class, for `super()`; through decorators of the program, too."""
        while function is not None:
            if made := self._made(function):
                made.owner = made.owner or owner
            function = getattr(function, "__wrapped__", None)


def _accessors(value: Any) -> tuple[Any, ...]:
    if isinstance(value, property):
        return value.fget, value.fset, value.fdel
    if isinstance(value, functools.cached_property):
        return (value.func,)
    return ()


class _Visible(dict[str, Any]):
    """The names that can be seen in a frame, for code that Python itself runs."""

    def __init__(self, interpreter: Interpreter, frame: Frame) -> None:
        super().__init__()
        self._load = lambda name: interpreter.load(name, frame)[0]

    def __missing__(self, name: str) -> Any:
        return self._load(name)


def _matched(pattern: ast.pattern, subject: Any, names: _Visible) -> dict[str, Any] | None:
    """The names that a pattern binds, or None if it does not match: as Python itself says."""
    bound = sorted(assigned([pattern]))
    result = ast.parse(f"_result = {{{', '.join(f'{n!r}: {n}' for n in bound)}}}").body
    case = ast.match_case(pattern, None, result)
    statement = ast.Match(ast.Name("_subject", ast.Load()), [case])
    module = ast.fix_missing_locations(ast.Module([statement], []))
    space = _Visible.__new__(_Visible)
    space._load = names._load
    space["_subject"] = subject
    space["_result"] = None
    exec(compile(module, "<match>", "exec"), {}, space)
    return space["_result"]


def _hashable(value: Any) -> Any:
    try:
        hash(value)
    except TypeError:
        return None
    return value


def run(task: Callable[[], Any]) -> Any:
    """Run something in a thread with a stack for the interpreter's own depth."""
    results: list[Any] = []
    errors: list[BaseException] = []

    def body() -> None:
        try:
            results.append(task())
        except BaseException as error:
            errors.append(error)

    limit, size = sys.getrecursionlimit(), threading.stack_size(256 << 20)
    sys.setrecursionlimit(max(limit, 50_000))
    try:
        thread = threading.Thread(target=body)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
        sys.setrecursionlimit(limit)
    if errors:
        raise errors[0]
    return results[0]
