"""How capture evaluates expressions: natively where it can, as host source where that is enough."""

from __future__ import annotations

import ast
import builtins
import dataclasses
import functools
import operator
import types
from collections.abc import Callable, Collection, ItemsView, Iterable, KeysView, ValuesView
from typing import Any

import jax
import numpy as np
from jax.core import Tracer
from xdsl.ir import Block

from xcs.dialects import orch
from xcs.frontend.analysis.resources import Policy
from xcs.frontend.classify import classify
from xcs.frontend.emit import Emitter, NeedsToken, contains, contains_dynamic, is_tracer
from xcs.frontend.guards import MISSING, Guards
from xcs.frontend.names import loaded_names
from xcs.frontend.source import caller_at
from xcs.frontend.values import (
    Dyn,
    DynamicUse,
    Frame,
    LocalFunction,
    MaybeUnbound,
    Promote,
    Unsupported,
    bound,
)


def is_reading_method(receiver: Any, name: str) -> bool:
    """Whether the method changes nothing: known of builtin types, else by its name."""
    class_name = receiver.class_name if isinstance(receiver, Dyn) else type(receiver).__name__
    known = getattr(builtins, class_name or "", None)
    if isinstance(known, type) and known in _BUILTIN_DATA:
        return name in READING_METHODS and hasattr(known, name)
    return name in TEXT_METHODS


def _public(*kinds: type) -> frozenset[str]:
    return frozenset(
        name
        for kind in kinds
        for name, value in vars(kind).items()
        if not name.startswith("_") and callable(value)
    )


_DICT_READS = {"get", "items", "keys", "values", "copy"}
_READS = _public(str, bytes, tuple, frozenset) | _DICT_READS
MUTATING_METHODS = _public(list, dict, set) - _READS
"""Methods of lists, dicts and sets that change their receiver."""

READING_METHODS = (
    _public(str, bytes, int, float, tuple, frozenset, list, dict, set) - MUTATING_METHODS
)
"""Methods of builtin types that change nothing, for receivers that are known to be of these."""

TEXT_METHODS = frozenset(
    [
        "capitalize",
        "casefold",
        "endswith",
        "expandtabs",
        "isalnum",
        "isalpha",
        "isascii",
        "isdecimal",
        "isdigit",
        "isidentifier",
        "islower",
        "isnumeric",
        "isprintable",
        "isspace",
        "istitle",
        "isupper",
        "ljust",
        "lower",
        "lstrip",
        "partition",
        "removeprefix",
        "removesuffix",
        "rjust",
        "rpartition",
        "rsplit",
        "rstrip",
        "split",
        "splitlines",
        "startswith",
        "strip",
        "swapcase",
        "upper",
        "zfill",
    ]
)
"""Methods that are text's by name: a receiver of unknown class that has one is taken to be text.

Names that other objects use too (``get``, ``index``, ``join``, ``format``, ...) are not among them.
"""

_BUILTIN_DATA = (str, bytes, int, float, bool, tuple, frozenset, list, dict, set)
_VALUE_TYPES = (type(None), bool, int, float, complex, str, bytes, range, type, type(Ellipsis))
_PLAIN_VALUES = (type(None), bool, int, float, complex, str, bytes, range, tuple)
_DATA = (*_VALUE_TYPES[:7], tuple, list, dict, set, np.ndarray, jax.Array)
_NUMPY_ONLY = frozenset(
    {"base", "ctypes", "data", "dump", "dumps", "fill", "flags", "flat", "getfield", "itemset"}
    | {"partition", "put", "resize", "setfield", "setflags", "sort", "strides", "tofile"}
)
"""Attributes of NumPy's arrays that JAX's do not have, or that change an array in place."""

_MAX_PARTS = 64
_STATIC_KINDS = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    types.ModuleType,
    type,
)
# Builtins that give back neither an argument nor a part of one, so that no alias is made.
_NO_ALIAS = frozenset(
    {len, str, repr, sorted, sum, print, set, list, tuple, dict, isinstance, bool, type}
)


class Expressions:
    """The expression half of the interpreter."""

    emitter: Emitter
    guards: Guards
    owned: dict[int, Any]  # containers that capture made, by id: native code may change these
    escaped: dict[int, Dyn]  # owned containers that other code may hold: only ops may change these
    external: dict[int, Any]  # containers of arrays from outside, used as they are
    touched: dict[int, Any]  # static objects whose methods, or that other code, may change them
    frozen: list[set[int]]  # one entry for each dynamic region: the containers from outside
    policy: Policy

    # --- entry points ---

    def eval(self, node: ast.expr, frame: Frame) -> Any:
        """The value of an expression."""
        with self.emitter.at(frame.filename, node):
            if isinstance(node, ast.Constant):
                return node.value
            if isinstance(node, ast.Name):
                return self.name(node, frame)
            if not self.is_glue(node, frame):
                return self._structural(node, frame)
            if not self._shares_container(node, frame):
                return self.glue(node, frame)
            # As one host op it would take over a container that capture knows the inside of.
            mark = self.begin()
            try:
                return self._structural(node, frame)
            except Unsupported:
                self.undo(mark)
                return self.glue(node, frame)

    def _structural(self, node: ast.expr, frame: Frame) -> Any:
        """Evaluate the expression by its parts."""
        method = getattr(self, "eval_" + type(node).__name__, None)
        if method is None:
            raise Unsupported(f"{type(node).__name__} is not captured", node)
        return self.current(method(node, frame))

    def _shares_container(self, node: ast.expr, frame: Frame) -> bool:
        """Whether the expression's value may share a container that capture made."""
        if self._makes_no_alias(node, frame):
            return False
        return any(self.holds_owned(self.peek_name(name, frame)[1]) for name in loaded_names(node))

    def holds_owned(self, value: Any) -> bool:
        """Whether the value is, or holds, a container that capture made and knows the inside of."""
        if id(value) in self.owned:
            return id(value) not in self.escaped
        if isinstance(value, tuple):
            return any(self.holds_owned(part) for part in value)
        return False

    def inline(
        self,
        callee: Any,
        positional: list[Any],
        keywords: dict[str, Any],
        node: ast.AST,
        frame: Frame,
    ) -> Any:
        """Interpret the body of a Python function in place of the call."""
        raise NotImplementedError

    def begin(self) -> Any:
        """Start an attempt that `undo` can take back."""
        raise NotImplementedError

    def undo(self, mark: Any) -> None:
        """Take back everything since `begin`."""
        raise NotImplementedError

    def own(self, container: Any) -> Any:
        """Mark a container as made by capture."""
        self.owned[id(container)] = container
        return container

    def current(self, value: Any) -> Any:
        """The value, or the SSA value that stands for it since it escaped."""
        return self.escaped.get(id(value), value)

    def escape(self, value: Any) -> None:
        """Other code may keep or change the container: from here on it lives at run time only."""
        if is_tracer(value) and self.emitter.is_numpy_argument(value):
            raise Unsupported("a NumPy array that was traced may be changed in place")
        if isinstance(value, list | tuple | dict | set):
            for part in value.values() if isinstance(value, dict) else value:
                self.escape(part)
        if isinstance(value, list | dict | set) and id(value) in self.owned:
            ssa = self.emitter.materialize(value)
            self.escaped[id(value)] = Dyn(ssa, type(value).__name__)

    # --- names ---

    def name(self, node: ast.Name, frame: Frame) -> Any:
        """A local, a closure variable, a global or a builtin."""
        owner = frame.owner_of(node.id)
        if owner is not None:
            if node.id not in owner.env:
                raise Unsupported(f"'{node.id}' is not bound here", node)
            value = owner.env[node.id]
            if isinstance(value, MaybeUnbound):
                read = {"bound": self.emitter.constant(bound), "value": value.value}
                value = self.emitter.host(f"bound(value, {node.id!r})", read)
                owner.env[node.id] = value  # from here on it is bound
            return self.current(value)
        if (cell := frame.cell(node.id)) is not None:
            try:
                value = cell.cell_contents
            except ValueError:
                raise Unsupported(f"'{node.id}' is an empty closure variable", node) from None
            if self.emitter.dirty and _is_data(value):
                return self.emitter.host("cell.cell_contents", {"cell": cell}, effects="ordered")
            self.guards.cell(cell, value)
            return self.outside(value, node.id)
        namespace = frame.function.__globals__
        value = namespace.get(node.id, MISSING)
        if value is MISSING:
            self.guards.name(namespace, node.id, MISSING)
            value = getattr(builtins, node.id, MISSING)
            if value is MISSING:
                raise Unsupported(f"name '{node.id}' is not defined", node)
            return value
        if self.emitter.dirty and _is_data(value):
            return self.emitter.host(node.id, {}, effects="ordered", scope=frame.scope)
        self.guards.name(namespace, node.id, value)
        return self.outside(value, node.id)

    def outside(self, value: Any, hint: str) -> Any:
        """A value read from outside the function: mutable data is dynamic, the rest is static."""
        if isinstance(value, list | dict) and _holds_parts(value) and not self.emitter.dirty:
            self.guards.content(value)
            self.external[id(value)] = value
            self.emitter.external.add(id(value))
            return value
        if isinstance(value, list | dict | set | bytearray | np.ndarray) or (
            hasattr(value, "__setitem__") and not isinstance(value, type) and not _is_array(value)
        ):
            return self.emitter.constant(value, hint)
        return value

    # --- glue: expressions that stay native as a whole ---

    def is_glue(self, node: ast.expr, frame: Frame) -> bool:
        """Whether the expression reaches no operator and no array, so one host op does it all."""
        form = _glue_form(node)
        return (
            form is not None
            and all(self._is_plain(name, frame) for name in form.names)
            and all(
                self._is_cheap_call(part, frame, form.inner)
                if isinstance(part, ast.Call)
                else self._is_data_access(part, node, frame, form.inner)
                for part in form.parts
            )
        )

    def _is_data_access(
        self, child: ast.AST, node: ast.expr, frame: Frame, inner: frozenset[str]
    ) -> bool:
        """Whether a name or attribute inside glue is a value that needs no guard of its own."""
        if isinstance(child, ast.Attribute):
            known, base = self.peek(child.value, frame, inner)
            if not known or isinstance(base, Dyn | str | bytes):
                return True
            return _is_library(base) and isinstance(
                getattr(base, child.attr, None), (*_STATIC_KINDS, *_PLAIN_VALUES)
            )
        assert isinstance(child, ast.Name)
        if child.id in inner or _is_called(child, node):
            return True
        return not self.calls_impure(self.peek_name(child.id, frame)[1])

    def calls_impure(self, value: Any) -> bool:
        """Whether a callable among the values has effects, or is an operator or array code."""
        if isinstance(value, list | tuple | set):
            return any(self.calls_impure(part) for part in value)
        if isinstance(value, dict):
            return any(self.calls_impure(part) for part in value.values())
        if isinstance(value, LocalFunction):
            return True
        if isinstance(value, Dyn) or not callable(value) or is_tracer(value):
            return False
        what = classify(value)
        return what.effects != "pure" or what.kind not in ("pure", "numpy") or what.mutates_args

    def _is_plain(self, name: str, frame: Frame) -> bool:
        found, value = self.peek_name(name, frame)
        if not found:
            return False
        return not (
            contains(value, LocalFunction)
            or isinstance(value, MaybeUnbound)
            or contains(value, Tracer)
            or any(d.class_name in ("jax.Array", "numpy.ndarray") for d in _dyns(value))
            or _is_array(value)
        )

    def _is_cheap_call(self, node: ast.Call, frame: Frame, inner: frozenset[str]) -> bool:
        func = node.func
        if isinstance(func, ast.Attribute):
            known, base = self.peek(func.value, frame, inner)
            if not known:
                return func.attr in TEXT_METHODS
            if isinstance(base, Dyn | list | dict | set | tuple):
                return is_reading_method(base, func.attr)
            if not isinstance(base, (types.ModuleType, type, *_VALUE_TYPES)):
                return False  # its state is read under guards
            try:
                callee = getattr(base, func.attr)
            except Exception:
                return False
        else:
            known, callee = self.peek(func, frame, inner)
            if not known or isinstance(callee, Dyn):
                return False
        if callee in _UNSAFE_GLUE if callee.__hash__ else False:
            return False
        what = classify(callee)
        return what.kind in ("pure", "numpy") and what.effects == "pure" and not what.mutates_args

    def peek_name(self, name: str, frame: Frame) -> tuple[bool, Any]:
        """The value of a name without emitting or guarding; (False, _) if unknown."""
        owner = frame.owner_of(name)
        if owner is not None:
            return (True, self.current(owner.env[name])) if name in owner.env else (False, None)
        if (cell := frame.cell(name)) is not None:
            try:
                return True, cell.cell_contents
            except ValueError:
                return False, None
        value = frame.function.__globals__.get(name, getattr(builtins, name, MISSING))
        return value is not MISSING, value

    def peek(self, node: ast.expr, frame: Frame, inner: Iterable[str] = ()) -> tuple[bool, Any]:
        """The value of a dotted name without emitting or guarding; (False, _) if unknown."""
        if isinstance(node, ast.Name):
            return (False, None) if node.id in inner else self.peek_name(node.id, frame)
        if isinstance(node, ast.Attribute):
            known, base = self.peek(node.value, frame, inner)
            if not known or isinstance(base, Dyn | LocalFunction):
                return False, None
            kind_attribute = getattr(type(base), node.attr, None)
            if isinstance(kind_attribute, property):
                return False, None
            try:
                return True, getattr(base, node.attr)
            except Exception:
                return False, None
        if isinstance(node, ast.Constant):
            return True, node.value
        return False, None

    def glue(self, node: ast.expr, frame: Frame) -> Any:
        """Run the expression now if all is static, else keep it as one host op."""
        operands: dict[str, Any] = {}
        for name in loaded_names(node):
            local = frame.owner_of(name) is not None or frame.cell(name) is not None
            value = self.name(ast.copy_location(ast.Name(name, ast.Load()), node), frame)
            if local or isinstance(value, Dyn) or _is_data(value):
                operands[name] = value
        seen = [self.peek_name(name, frame)[1] for name in loaded_names(node)]
        if all(self.is_plain(v) and not contains_dynamic(v) for v in seen):
            folded = self.fold(node, operands, frame)
            if folded is not MISSING:
                return folded
        if not self._makes_no_alias(node, frame):
            for value in operands.values():
                self.escape(value)
        operands = {name: self.current(value) for name, value in operands.items()}
        own_namespace = any(
            name in frame.function.__globals__
            for name in loaded_names(node)
            if name not in operands
        )
        return self.emitter.host(
            ast.unparse(node),
            operands,
            scope=frame.scope if own_namespace else None,
            class_name=_result_class(node, lambda part: self.peek(part, frame)),
        )

    def fold(self, node: ast.expr, operands: dict[str, Any], frame: Frame) -> Any:
        """The expression's value if it is safe to compute it once; `MISSING` otherwise."""
        code = compile(ast.Expression(node), frame.filename, "eval")
        try:
            value = eval(code, {**frame.function.__globals__, **operands})
        except Exception:
            return MISSING  # it raises, so it must do so when and where Python would
        return self._adopt(value, fresh=self._makes_no_alias(node, frame))

    def _adopt(self, value: Any, *, fresh: bool = False) -> Any:
        """A computed static value, if it may stand for what Python would compute anew.

        A container may only if it is `fresh`: otherwise it may be one from outside.
        """
        if isinstance(value, list | set | dict) and not fresh:
            return MISSING
        if isinstance(value, (_VALUE_TYPES, _STATIC_KINDS)):
            return value
        if type(value) in (tuple, frozenset):
            adopted = all(self._adopt(v) is not MISSING for v in value)
            return value if adopted else MISSING
        if type(value) in (list, set):
            return self.own(value) if all(self._adopt(v) is not MISSING for v in value) else MISSING
        if type(value) is dict:
            parts = (*value, *value.values())
            return self.own(value) if all(self._adopt(v) is not MISSING for v in parts) else MISSING
        return MISSING

    def _makes_no_alias(self, node: ast.expr, frame: Frame) -> bool:
        """Whether the expression's value can share no mutable part with an operand."""
        match node:
            case ast.JoinedStr() | ast.Compare() | ast.UnaryOp():
                return True
            case ast.Call(func=ast.Attribute(attr=attr)):
                return attr in dir(str) and attr not in ("copy",)
            case ast.Call(func=func):
                known, callee = self.peek(func, frame)
                if not known or not callee.__hash__:
                    return False
                flat = all(_is_scalar_container(v) for v in self._call_operands(node, frame))
                return callee in _NO_ALIAS and (callee in (len, str, repr, isinstance) or flat)
        return False

    def _call_operands(self, node: ast.Call, frame: Frame) -> list[Any]:
        return [self.peek(argument, frame)[1] for argument in node.args]

    # --- native evaluation under the trace ---

    def native(
        self, node: ast.AST, frame: Frame, function: Callable[..., Any], *args: Any, **kw: Any
    ) -> Any:
        """Call the function now, at the user's line. An error is left for Python to raise."""
        trampoline = caller_at(frame.filename, getattr(node, "lineno", 1), frame.function.__name__)
        try:
            return trampoline(function, args, kw)
        except (Unsupported, Promote):
            raise
        except DynamicUse as error:
            raise Unsupported(str(error), node) from error
        except jax.errors.JAXTypeError as error:
            raise Unsupported(f"{type(error).__name__} while tracing", node) from error
        except Exception as error:
            raise Unsupported(f"{type(error).__name__} while capturing: {error}", node) from error

    def operation(
        self,
        node: ast.AST,
        frame: Frame,
        source: str,
        function: Callable[..., Any],
        operands: dict[str, Any],
    ) -> Any:
        """A Python operator on values: native, array code on values to come, or host source."""
        operands = {name: self.operand(value) for name, value in operands.items()}
        values = list(operands.values())
        if function in _JOINS and all(self._is_known_container(v) for v in values):
            return self.own_fresh(self.native(node, frame, function, *values))
        if not contains(values, Dyn):
            if contains(values, Tracer):
                self.emitter.array_action()
            result = self.native(node, frame, function, *values)
            if contains_dynamic(result) or _is_array(result):
                return result
            adopted = self._adopt(result)
            if adopted is not MISSING:
                return adopted
        elif _mixes_array(values):
            lifted = self.with_tracers(values)
            if lifted is not None:
                self.emitter.array_action()
                return self.native(node, frame, function, *lifted)
            return self.emitter.call(function, classify(_array_operation), values, {})
        whole = len(values) == 2 and all(map(_is_whole_number, values))
        keeps = function in (
            operator.add,
            operator.sub,
            operator.mul,
            operator.floordiv,
            operator.mod,
        )
        return self.emitter.host(source, operands, class_name="int" if whole and keeps else None)

    def operand(self, value: Any) -> Any:
        """The value; one whose operators may run user code belongs to the running program."""
        return value if self.is_plain(value) else self.emitter.constant(value)

    def is_plain(self, value: Any) -> bool:
        """Whether what Python does with the value runs no user code and sees no later change."""
        if isinstance(value, Dyn | LocalFunction | Tracer | jax.Array | np.dtype | np.generic):
            return True
        if id(value) in self.owned or type(value) is tuple:
            parts = value.values() if isinstance(value, dict) else value
            return all(self.is_plain(part) for part in parts)
        return isinstance(value, (*_VALUE_TYPES, *_STATIC_KINDS, slice)) or _from_jax(value)

    def _is_known_container(self, value: Any) -> bool:
        return type(value) in (tuple, int) or id(value) in self.owned

    def own_fresh(self, value: Any) -> Any:
        """The value, marked as made by capture if it is a list or dict."""
        return self.own(value) if isinstance(value, list | dict) else value

    def with_tracers(self, values: Any) -> Any | None:
        """The values with number arguments as arrays; None if other dynamic values are left."""
        if isinstance(values, Dyn):
            return values.tracer
        if isinstance(values, list | tuple) and type(values) in (list, tuple):
            parts = [self.with_tracers(v) for v in values]
            missing = any(p is None and v is not None for p, v in zip(parts, values, strict=True))
            return None if missing else type(values)(parts)
        if isinstance(values, dict):
            parts_by_key = {k: self.with_tracers(v) for k, v in values.items()}
            missing = any(parts_by_key[k] is None and v is not None for k, v in values.items())
            return None if missing else parts_by_key
        return values

    # --- operators ---

    def eval_BinOp(self, node: ast.BinOp, frame: Frame) -> Any:
        left, right = self.eval(node.left, frame), self.eval(node.right, frame)
        return self.binary(node, node.op, left, right, frame)

    def binary(self, node: ast.AST, op: ast.operator, left: Any, right: Any, frame: Frame) -> Any:
        """``left op right``."""
        source = ast.unparse(ast.BinOp(_name("a"), op, _name("b")))
        return self.operation(node, frame, source, OPERATORS[type(op)], {"a": left, "b": right})

    def eval_UnaryOp(self, node: ast.UnaryOp, frame: Frame) -> Any:
        value = self.eval(node.operand, frame)
        if isinstance(node.op, ast.Not) and is_tracer(value):
            return self.emitter.host("not a", {"a": value}, class_name="bool")
        source = ast.unparse(ast.UnaryOp(node.op, _name("a")))
        return self.operation(node, frame, source, OPERATORS[type(node.op)], {"a": value})

    def eval_Compare(self, node: ast.Compare, frame: Frame) -> Any:
        if any(isinstance(c, ast.Call) for later in node.comparators[1:] for c in ast.walk(later)):
            # Python stops at the first comparison that is false, so these may not be called.
            raise Unsupported("calls in a chained comparison", node)
        values = [self.eval(e, frame) for e in (node.left, *node.comparators)]
        if len(values) == 2:
            return self._compare(node, node.ops[0], values[0], values[1], frame)
        if contains_dynamic(values):
            names = [f"v{i}" for i in range(len(values))]
            tree = ast.Compare(_name(names[0]), node.ops, [_name(n) for n in names[1:]])
            return self.emitter.host(ast.unparse(tree), dict(zip(names, values, strict=True)))
        result: Any = True
        for op, left, right in zip(node.ops, values, values[1:], strict=False):
            result = self._compare(node, op, left, right, frame)
            if not result:
                break
        return result

    def _compare(self, node: ast.AST, op: ast.cmpop, left: Any, right: Any, frame: Frame) -> Any:
        known = not any(isinstance(v, Dyn) and v.class_name is None for v in (left, right))
        if isinstance(op, ast.Is | ast.IsNot) and known:
            return _same_object(left, right) is isinstance(op, ast.Is)
        source = ast.unparse(ast.Compare(_name("a"), [op], [_name("b")]))
        return self.operation(node, frame, source, OPERATORS[type(op)], {"a": left, "b": right})

    def eval_BoolOp(self, node: ast.BoolOp, frame: Frame) -> Any:
        return self._bool_chain(node.op, node.values, frame)

    def _bool_chain(self, op: ast.boolop, values: list[ast.expr], frame: Frame) -> Any:
        first = (
            self.operand(self.eval(values[0], frame)) if values[1:] else self.eval(values[0], frame)
        )
        if len(values) == 1:
            return first
        if contains_dynamic(first):
            _refuse_bindings(values[1:])
        if not (isinstance(first, Dyn) or is_tracer(first)):
            decided = bool(first) is isinstance(op, ast.Or)
            return first if decided else self._bool_chain(op, values[1:], frame)
        rest = lambda: [self._bool_chain(op, values[1:], frame)]
        keep = lambda: [first]
        branches = (rest, keep) if isinstance(op, ast.And) else (keep, rest)
        return self.branch(first, *branches, node=values[1])[0]

    def eval_IfExp(self, node: ast.IfExp, frame: Frame) -> Any:
        test = self.condition(node.test, frame)
        if not (isinstance(test, Dyn) or is_tracer(test)):
            return self.eval(node.body if test else node.orelse, frame)
        _refuse_bindings([node.body, node.orelse])
        return self.branch(
            test,
            lambda: [self.eval(node.body, frame)],
            lambda: [self.eval(node.orelse, frame)],
            node=node,
        )[0]

    def condition(self, node: ast.expr, frame: Frame) -> Any:
        """The value that a branch tests. A flag among the arguments is made static."""
        test = self.operand(self.eval(node, frame))
        if isinstance(test, Dyn) and test.argument is not None and test.class_name == "bool":
            raise Promote(test.argument, "a branch tests it")
        return test

    def branch(
        self,
        condition: Any,
        then: Callable[[], list[Any]],
        orelse: Callable[[], list[Any]],
        *,
        node: ast.AST,
    ) -> list[Dyn]:
        """Emit `orch.if`; each branch gives its values, the results stand for whichever runs."""
        emitter = self.emitter
        test = emitter.settled(emitter.materialize(condition))
        before, runs = emitter.token, emitter.array_runs
        tokens, blocks = [], []
        mutation, mutated = emitter.mutation, False
        for thunk in (then, orelse):
            block = Block()
            emitter.token, emitter.mutation = before, mutation
            with emitter.inside(block), self.unchanged_containers(node):
                values = thunk()
                if any(self.holds_owned(v) and id(v) in self.frozen[-1] for v in values):
                    raise Unsupported("a list or dict that is one of two at run time", node)
                ssa = [emitter.materialize(v) for v in values]
            blocks.append((block, ssa))
            tokens.append(emitter.token)
            mutated = mutated or emitter.mutation is not mutation
        if emitter.array_runs != runs:
            raise Unsupported("array code under a condition known only at run time", node)
        count = len(blocks[0][1])
        types: list[Any] = [
            a.type if a.type == b.type else orch.ANY
            for a, b in zip(blocks[0][1], blocks[1][1], strict=True)
        ]
        ordered = any(token is not before for token in tokens)
        for (block, ssa), token in zip(blocks, tokens, strict=True):
            with emitter.inside(block):
                ssa = [self._as_type(v, t) for v, t in zip(ssa, types, strict=True)]
                if ordered:
                    ssa.append(token or emitter.add(orch.JoinOp()).results[0])
                emitter.add(orch.YieldOp(ssa))
        op = orch.IfOp(
            test,
            emitter.region(blocks[0][0]),
            emitter.region(blocks[1][0]),
            [*types, *([orch.TOKEN] if ordered else [])],
        )
        emitter.add(op)
        emitter.token = op.results[-1] if ordered else before
        emitter.mutation = emitter.token if mutated else mutation
        classes = [t.known_class if isinstance(t, orch.ObjectType) else None for t in types]
        return [Dyn(r, c) for r, c in zip(op.results[:count], classes, strict=True)]

    def _as_type(self, value: Any, type_: Any) -> Any:
        """The value with a less precise type, so that both branches yield the same types."""
        if value.type == type_:
            return value
        return self.emitter.add(
            orch.HostOp("value", {"value": value}, [type_], total=True)
        ).results[0]

    def unchanged_containers(self, node: ast.AST) -> Any:
        """A context in which changing a container that exists already is unsupported."""
        raise NotImplementedError

    # --- access ---

    def eval_Attribute(self, node: ast.Attribute, frame: Frame) -> Any:
        base = self.eval(node.value, frame)
        if id(base) in self.owned:  # a method of it that is kept may change it later
            self.escape(base)
        return self.attribute(self.current(base), node.attr, node, frame)

    def attribute(self, base: Any, name: str, node: ast.AST, frame: Frame) -> Any:
        """``base.name``."""
        if isinstance(base, Dyn):
            if base.argument is not None and base.class_name is None:
                found = getattr(base.example, name, None)
                if not isinstance(found, _DATA) and not _is_container(base.example):
                    raise Promote(base.argument, f"its attribute '{name}' is more than data")
            return self.emitter.getattr(base, name)
        if isinstance(base, LocalFunction):
            raise Unsupported("an attribute of a local function", node)
        if is_tracer(base) and name in _NUMPY_ONLY:
            self.keep_numpy([base], node)
        if is_tracer(base) or id(base) in self.owned or isinstance(base, _PLAIN_VALUES):
            return self.native(node, frame, getattr, base, name)
        if isinstance(getattr(type(base), name, None), property):
            if type(base).__module__.partition(".")[0] == "jax":  # a sparse array, say
                return self.native(node, frame, getattr, base, name)
            # The getter is user code: it runs when the program does.
            return self.emitter.host(
                f"value.{name}",
                {"value": base},
                effects="ordered" if self.emitter.dirty else "pure",
            )
        value = self.native(node, frame, getattr, base, name)
        if isinstance(value, types.MethodType | types.BuiltinMethodType):
            return value
        if (self.emitter.dirty or id(base) in self.touched) and _is_data(value):
            return self.emitter.host(f"value.{name}", {"value": base}, effects="ordered")
        if not _is_library(base):
            self.guards.attribute(base, name, value)
        return self.outside(value, name)

    def check_changed(self, values: Iterable[Any], node: ast.AST) -> None:
        """Code may change these: an array that was computed from NumPy's has to be NumPy's."""
        self.keep_numpy([v for v in values if not self.emitter.is_numpy_argument(v)], node)

    def keep_numpy(self, values: Iterable[Any], node: ast.AST) -> None:
        """These must be NumPy arrays, if that is what the function was given.

        Raises:
            Promote: if there are arrays among them. Capture starts again, with NumPy arrays as
                objects, so that what is computed from them is NumPy's too.
        """
        if self.emitter.has_numpy_arguments and any(map(is_tracer, values)):
            reason = "a NumPy array may be changed in place"
            raise Promote(self.emitter.numpy_arguments()[0], reason, whole=True)

    def eval_Subscript(self, node: ast.Subscript, frame: Frame) -> Any:
        base = self.eval(node.value, frame)
        index = self.eval(node.slice, frame)
        return self.item(base, index, node, frame)

    def item(self, base: Any, index: Any, node: ast.AST, frame: Frame) -> Any:
        """``base[index]``."""
        if contains_dynamic(index) and _is_python_container(base):
            # A list at a position that is an array: not array code, whatever the index is.
            self.escape(base)
            return self.emitter.getitem(self.current(base), index)
        if not self.is_plain(index):
            index = self.operand(index)
        if not contains(index, Dyn) and not isinstance(base, Dyn):
            if is_tracer(base) or contains(index, Tracer):
                self.emitter.array_action()
            value = self.native(node, frame, lambda b, i: b[i], base, index)
            if is_tracer(base) or type(base) in (list, tuple, dict, str, bytes, range):
                if type(value) is list and id(base) in self.owned:
                    self.own(value)
                return value
            return self.outside(value, "item") if not contains_dynamic(value) else value
        if _mixes_array([base, index]):
            lifted = self.with_tracers([base, index])
            if lifted is not None:
                self.emitter.array_action()
                return self.native(node, frame, lambda b, i: b[i], *lifted)
            what = classify(_array_operation)
            return self.emitter.call(operator.getitem, what, [base, index], {})
        self.escape(base)
        return self.emitter.getitem(self.current(base), index)

    def eval_Slice(self, node: ast.Slice, frame: Frame) -> Any:
        parts = [
            None if p is None else self.eval(p, frame) for p in (node.lower, node.upper, node.step)
        ]
        return slice(*parts)

    # --- displays ---

    def eval_List(self, node: ast.List, frame: Frame) -> Any:
        return self._display(node, frame, list)

    def eval_Tuple(self, node: ast.Tuple, frame: Frame) -> Any:
        return self._display(node, frame, tuple)

    def _display(self, node: ast.List | ast.Tuple, frame: Frame, kind: type) -> Any:
        values: list[Any] = []
        for element in node.elts:
            if isinstance(element, ast.Starred):
                values.extend(self.sequence(self.eval(element.value, frame), element))
            else:
                values.append(self.eval(element, frame))
        return self.own(values) if kind is list else tuple(values)

    def eval_Set(self, node: ast.Set, frame: Frame) -> Any:
        values = self._display(
            ast.copy_location(ast.List(node.elts, ast.Load()), node), frame, list
        )
        if contains_dynamic(values):
            return self.emitter.host("set(values)", {"values": values}, class_name="set")
        return self.own(self.native(node, frame, set, values))

    def eval_Dict(self, node: ast.Dict, frame: Frame) -> Any:
        result: dict[Any, Any] = {}
        for key_node, value_node in zip(node.keys, node.values, strict=True):
            if key_node is None:
                part = self.eval(value_node, frame)
                if not isinstance(part, dict):
                    raise Unsupported("unpacking a mapping that is known only at run time", node)
                result.update(part)
                continue
            key = self.eval(key_node, frame)
            value = self.eval(value_node, frame)
            if contains_dynamic(key):
                raise Unsupported("a dict display with a key that is known only at run time", node)
            self.native(node, frame, result.__setitem__, key, value)
        return self.own(result)

    def eval_JoinedStr(self, node: ast.JoinedStr, frame: Frame) -> Any:
        operands: dict[str, Any] = {}
        parts: list[ast.expr] = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                if part.format_spec is not None and not _is_constant_spec(part.format_spec):
                    raise Unsupported("a format specification that is computed", node)
                operands[f"v{len(operands)}"] = self.eval(part.value, frame)
                name = _name(f"v{len(operands) - 1}")
                part = ast.FormattedValue(name, part.conversion, part.format_spec)
            parts.append(part)
        source = ast.unparse(ast.fix_missing_locations(ast.JoinedStr(parts)))
        return self.emitter.host(source, operands, class_name="str")

    def eval_NamedExpr(self, node: ast.NamedExpr, frame: Frame) -> Any:
        value = self.eval(node.value, frame)
        owner = frame.owner_of(node.target.id)
        if owner is not frame:
            raise Unsupported("an assignment expression to a name of an enclosing function", node)
        frame.env[node.target.id] = value
        return value

    def eval_Lambda(self, node: ast.Lambda, frame: Frame) -> Any:
        return LocalFunction(node, frame, *self.defaults(node.args, frame))

    def defaults(self, arguments: ast.arguments, frame: Frame) -> tuple[list[Any], dict[str, Any]]:
        """Values of default arguments, which Python computes where the function is defined."""
        keyword = {
            a.arg: self.eval(d, frame)
            for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
            if d is not None
        }
        return [self.eval(d, frame) for d in arguments.defaults], keyword

    def sequence(self, value: Any, node: ast.AST) -> list[Any]:
        """The elements of a static iterable."""
        if isinstance(value, Dyn):
            raise Unsupported("the length of this iterable is known only at run time", node)
        if isinstance(value, KeysView | ValuesView | ItemsView):
            return list(value)
        if not isinstance(value, list | tuple | dict | set | frozenset | range | str | bytes):
            if not is_tracer(value):
                raise Unsupported(f"iterating over a {type(value).__name__} while capturing", node)
            self.emitter.array_action()
        return list(value)

    # --- comprehensions ---

    def eval_ListComp(self, node: ast.ListComp, frame: Frame) -> Any:
        return self.comprehension(node, [node.elt], frame)[0]

    def eval_GeneratorExp(self, node: ast.GeneratorExp, frame: Frame) -> Any:
        raise Unsupported("a generator is used as a value", node)

    def eval_SetComp(self, node: ast.SetComp, frame: Frame) -> Any:
        values = self.comprehension(node, [node.elt], frame)[0]
        return self.emitter.host("set(values)", {"values": values}, class_name="set")

    def eval_DictComp(self, node: ast.DictComp, frame: Frame) -> Any:
        keys, values = self.comprehension(node, [node.key, node.value], frame)
        if isinstance(keys, list) and not contains_dynamic(keys):
            return self.own(dict(zip(keys, values, strict=True)))
        return self.emitter.host(
            "dict(zip(keys, values))", {"keys": keys, "values": values}, class_name="dict"
        )

    def comprehension(
        self,
        node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp,
        parts: list[ast.expr],
        frame: Frame,
    ) -> list[Any]:
        """Lists of the parts' values: unrolled over a static iterable, else `orch.map`."""
        if any(g.is_async for g in node.generators):
            raise Unsupported("an asynchronous comprehension", node)
        targets = {
            child.id
            for g in node.generators
            for child in ast.walk(g.target)
            if isinstance(child, ast.Name)
        }
        inner = Frame(
            frame.function,
            frame.scope,
            frame.filename,
            frozenset(targets),
            parent=frame,
            depth=frame.depth,
        )
        return self._generate(node.generators, parts, inner, frame, node)

    def _generate(
        self,
        generators: list[ast.comprehension],
        parts: list[ast.expr],
        inner: Frame,
        outer: Frame,
        node: ast.expr,
    ) -> list[Any]:
        generator, rest = generators[0], generators[1:]
        iterable = self.iterable(generator.iter, outer)
        if isinstance(iterable, Dyn):
            return self._map(iterable, generator, rest, parts, inner, node)
        lists: list[list[Any]] = [self.own([]) for _ in parts]
        pieces: list[list[Any]] = []
        for element in self.sequence(iterable, generator.iter):
            self.bind(generator.target, element, inner)
            keep = True
            for condition in generator.ifs:
                test = self.eval(condition, inner)
                if isinstance(test, Dyn) or is_tracer(test):
                    raise Unsupported(
                        "a condition known only at run time over an unrolled comprehension",
                        condition,
                    )
                if not test:
                    keep = False
                    break
            if not keep:
                continue
            if rest:
                pieces.append(self._generate(rest, parts, inner, inner, node))
                continue
            for values, part in zip(lists, parts, strict=True):
                values.append(self.eval(part, inner))
        if not rest:
            return list(lists)
        if all(isinstance(p, list) for piece in pieces for p in piece):
            return [self.own([v for piece in pieces for v in piece[i]]) for i in range(len(parts))]
        return [self._flatten([piece[i] for piece in pieces]) for i in range(len(parts))]

    def _flatten(self, lists: Any) -> Dyn:
        return self.emitter.host(
            "[value for values in lists for value in values]", {"lists": lists}, class_name="list"
        )

    def _map(
        self,
        iterable: Dyn,
        generator: ast.comprehension,
        rest: list[ast.comprehension],
        parts: list[ast.expr],
        inner: Frame,
        node: ast.expr,
    ) -> list[Any]:
        """`orch.map`; with a condition, the body yields whether to keep the element as well."""

        def body(element: Dyn) -> list[Any]:
            self.bind(generator.target, element, inner)
            return conditions(generator.ifs)

        def conditions(tests: list[ast.expr]) -> list[Any]:
            if not tests:
                if rest:
                    return self._generate(rest, parts, inner, inner, node)
                return [self.eval(part, inner) for part in parts]
            test = self.eval(tests[0], inner)
            return self.branch(
                test,
                lambda: guarded(tests[1:]),
                lambda: [False, *(None for _ in parts)],
                node=tests[0],
            )

        def guarded(tests: list[ast.expr]) -> list[Any]:
            values = conditions(tests)
            return values if tests else [True, *values]

        lists = self.map(iterable, body, node)
        if generator.ifs:
            keep, *lists = lists
            source = "[value for kept, value in zip(keep, values) if kept]"
            lists = [
                self.emitter.host(source, {"keep": keep, "values": v}, class_name="list")
                for v in lists
            ]
        return [self._flatten(v) for v in lists] if rest else lists

    def map(self, iterable: Dyn, body: Callable[[Dyn], list[Any]], node: ast.AST) -> list[Dyn]:
        """Emit `orch.map` over the iterable; one list for each value that the body gives."""
        emitter = self.emitter
        element_type = (
            iterable.ssa.type.element_type
            if isinstance(iterable.ssa.type, orch.ListType)
            else orch.ANY
        )
        iterable = Dyn(emitter.settled(iterable.ssa), iterable.class_name)
        mark = self.begin()
        before, allowed, mutation = emitter.token, emitter.tokens_allowed, emitter.mutation
        for ordered in (False, True):
            block = Block(arg_types=[element_type, *([orch.TOKEN] if ordered else [])])
            emitter.tokens_allowed = ordered
            emitter.token = block.args[1] if ordered else before
            emitter.mutation = block.args[1] if ordered else mutation
            # A later iteration starts after an earlier one's effects.
            emitter.dirty = emitter.dirty or ordered
            try:
                with emitter.inside(block), self.unchanged_containers(node):
                    element = Dyn(block.args[0], emitter.class_of(block.args[0]))
                    values = [emitter.materialize(v) for v in body(element)]
                break
            except NeedsToken:
                self.undo(mark)
            finally:
                emitter.tokens_allowed = allowed
        else:
            raise AssertionError("an iteration with a token cannot need one")
        if ordered and not allowed:
            emitter.token = before
            raise NeedsToken
        with emitter.inside(block):
            emitter.add(orch.YieldOp([*values, *([emitter.token] if ordered else [])]))  # type: ignore[list-item]
        after = None
        if ordered:
            after = before or emitter.add(orch.JoinOp()).results[0]
        op = orch.MapOp(
            iterable.ssa,
            emitter.region(block),
            [*(orch.ListType(v.type) for v in values), *([orch.TOKEN] if ordered else [])],
            after=after,
        )
        emitter.add(op)
        emitter.token = op.results[-1] if ordered else before
        emitter.mutation = emitter.token if ordered else mutation
        return [Dyn(result, "list") for result in op.results[: len(values)]]

    def iterable(self, node: ast.expr, frame: Frame) -> Any:
        """The value that a loop runs over; ``enumerate``, ``zip`` and ``reversed`` stay static."""
        if isinstance(node, ast.Call):
            known, callee = self.peek(node.func, frame)
            if known and callee is zip and node.keywords:
                raise Unsupported("zip with options ends where its arguments do", node)
        if isinstance(node, ast.Call) and not node.keywords:
            if (
                known
                and callee in (enumerate, zip, reversed)
                and not any(isinstance(a, ast.Starred) for a in node.args)
            ):
                values = [self.eval(a, frame) for a in node.args]
                if any(isinstance(v, Dyn) for v in values):
                    names = [f"v{i}" for i in range(len(values))]
                    source = f"list({callee.__name__}({', '.join(names)}))"
                    return self.emitter.host(
                        source, dict(zip(names, values, strict=True)), class_name="list"
                    )
                sequences = [
                    self.sequence(v, node) if i == 0 or callee is zip else v
                    for i, v in enumerate(values)
                ]
                return list(callee(*sequences))  # type: ignore[call-overload]
        return self.eval(node, frame)

    def bind(self, target: ast.expr, value: Any, frame: Frame) -> None:
        """Assign to a target."""
        raise NotImplementedError


def _array_operation(*values: Any) -> Any:
    """Stands for a Python operator on arrays, for classification."""


_array_operation.__module__ = "jax.numpy"

_UNSAFE_GLUE = frozenset({locals, globals, vars, eval, exec, super, dir, input, open, next, iter})


@dataclasses.dataclass(frozen=True)
class _GlueForm:
    """What the syntax of an expression says of it as glue.

    `names` come from outside of it, `inner` are bound inside, `parts` are what has to be looked at.
    """

    names: tuple[str, ...]
    inner: frozenset[str]
    parts: tuple[ast.AST, ...]


@functools.lru_cache(maxsize=1 << 16)
def _glue_form(node: ast.expr) -> _GlueForm | None:
    """The form of an expression that could be glue, None if its syntax rules that out."""
    if isinstance(node, ast.Starred | ast.Slice | ast.Lambda | ast.GeneratorExp):
        return None  # made where they are used; on their own they are not values
    if isinstance(node, ast.List | ast.Tuple | ast.Dict | ast.Set):
        return None  # containers that capture makes keep their structure known
    inner: set[str] = set()
    parts: list[ast.AST] = []
    for child in ast.walk(node):
        match child:
            case ast.NamedExpr() | ast.Await() | ast.Yield() | ast.YieldFrom():
                return None
            case ast.comprehension(is_async=1):
                return None
            case ast.Compare(ops=ops, comparators=others) if any(
                isinstance(op, ast.Is | ast.IsNot) and not isinstance(other, ast.Constant)
                for op, other in zip(ops, others, strict=True)
            ):
                return None  # identity is known better than as operands of a host op
            case ast.Name(id=name, ctx=ast.Store()):
                inner.add(name)
            case ast.arg(arg=name):
                inner.add(name)
        if isinstance(child, ast.Call | ast.Attribute | ast.Name):
            parts.append(child)
    names = loaded_names(node)
    if any(name in inner for name in names):
        return None  # one name for two variables: leave it to the structural rules
    return _GlueForm(tuple(names), frozenset(inner), tuple(parts))


def _is_called(name: ast.Name, node: ast.expr) -> bool:
    return any(isinstance(call, ast.Call) and call.func is name for call in ast.walk(node))


def _name(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _contains(item: Any, container: Any) -> bool:
    return item in container


def _not_contains(item: Any, container: Any) -> bool:
    return item not in container


_JOINS = (operator.add, operator.mul, operator.or_)
"""Operators that put containers together without looking at their elements."""

OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.MatMult: operator.matmul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.UAdd: operator.pos,
    ast.USub: operator.neg,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: _contains,
    ast.NotIn: _not_contains,
}
"""Python's operators as functions."""


def _is_data(value: Any) -> bool:
    """Whether an effect may well replace the value: functions, classes and modules stay."""
    return not isinstance(value, _STATIC_KINDS) and not callable(value)


def _from_jax(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] in ("jax", "jaxlib")


def _is_whole_number(value: Any) -> bool:
    return type(value) is int or (isinstance(value, Dyn) and value.class_name == "int")


def _is_array(value: Any) -> bool:
    return isinstance(value, jax.Array)


def _holds_parts(value: Any) -> bool:
    """Whether a list or dict is a part of the program rather than data.

    It is where it holds JAX arrays (parameters), or nothing but a few callables and objects with
    methods (an ensemble of clients); dataclasses and containers count as data.
    """
    leaves = jax.tree_util.tree_leaves(value)
    if any(isinstance(leaf, jax.Array) for leaf in leaves):
        return True
    return 0 < len(leaves) <= _MAX_PARTS and not any(
        isinstance(leaf, (*_DATA, Collection)) or dataclasses.is_dataclass(leaf) for leaf in leaves
    )


def _is_library(value: Any) -> bool:
    """Whether the module is installed code, whose functions nobody replaces while it runs."""
    if not isinstance(value, types.ModuleType):
        return False
    origin = getattr(value, "__file__", None)
    return origin is None or "site-packages" in origin or "/lib/python" in origin


def _is_scalar_container(value: Any) -> bool:
    if isinstance(value, list | tuple | set):
        return all(isinstance(v, Dyn | str | int | float | bool | None) for v in value)
    return True


def _is_container(value: Any) -> bool:
    """Whether the object is a collection, which is data although it has methods."""
    return isinstance(value, Collection) and not isinstance(value, str | bytes)


def _is_python_container(value: Any) -> bool:
    if isinstance(value, Dyn):
        return value.class_name in ("list", "tuple", "dict", "str", "bytes")
    return isinstance(value, list | tuple | dict | str | bytes)


def _refuse_bindings(nodes: Iterable[ast.expr]) -> None:
    """A name that is bound in code which may not run would be bound or not only at run time."""
    for node in nodes:
        if any(isinstance(child, ast.NamedExpr) for child in ast.walk(node)):
            raise Unsupported("an assignment expression in code that may not run", node)


def _dyns(value: Any) -> Iterable[Dyn]:
    if isinstance(value, Dyn):
        yield value
    elif isinstance(value, list | tuple | set):
        for part in value:
            yield from _dyns(part)
    elif isinstance(value, dict):
        for part in value.values():
            yield from _dyns(part)


def _mixes_array(values: list[Any]) -> bool:
    """Whether an array, known or to come, is among the operands, and no text or container."""
    return not any(isinstance(v, Dyn) and v.class_name in _NOT_NUMERIC for v in values) and any(
        is_tracer(v) or _is_array(v) or (isinstance(v, Dyn) and v.class_name == "jax.Array")
        for v in values
    )


_NOT_NUMERIC = ("str", "bytes", "list", "dict", "set", "NoneType")


def _same_object(first: Any, second: Any) -> bool:
    """``first is second``, where a dynamic value has a known class that is not NoneType."""
    if isinstance(first, Dyn) or isinstance(second, Dyn):
        if first is None or second is None:
            return False
        raise Unsupported("identity of a value known only at run time")
    return first is second


def _is_constant_spec(spec: ast.expr) -> bool:
    return isinstance(spec, ast.JoinedStr) and all(isinstance(v, ast.Constant) for v in spec.values)


def _result_class(node: ast.expr, peek: Callable[[ast.expr], tuple[bool, Any]]) -> str | None:
    """The class of an expression's value where its syntax says it."""
    match node:
        case ast.JoinedStr():
            return "str"
        case ast.ListComp():
            return "list"
        case ast.DictComp():
            return "dict"
        case ast.SetComp():
            return "set"
        case ast.UnaryOp(op=ast.Not()):
            return "bool"
        case ast.Call(func=ast.Name(id=name)) if peek(node.func)[1] is getattr(
            builtins, name, None
        ):
            return _BUILTIN_RESULTS.get(name)
        case ast.Call(func=ast.Attribute(value=ast.Constant(value=str()), attr="join" | "format")):
            return "str"
    return None


_BUILTIN_RESULTS = {"len": "int", "str": "str", "repr": "str", "sorted": "list"} | {
    name: name for name in ("list", "dict", "tuple", "set", "int", "float", "bool")
}
