"""How capture treats calls: inlined, run while capturing, host source, or an operator call."""

from __future__ import annotations

import ast
import builtins
import copy
import dataclasses
import functools
import sys
import types
from collections import Counter, deque
from collections.abc import Iterable, MappingView
from typing import Any

import jax
from jax.core import Tracer

from xcs.frontend.array_code import SEES_ITS_FRAME, Survey, array_code_guards, is_array_data
from xcs.frontend.binding import bind_parameters
from xcs.frontend.classification import IMMUTABLE_CLASSES
from xcs.frontend.classify import Classification, classify, classify_given_to_jax
from xcs.frontend.emit import contains, contains_dynamic, is_tracer
from xcs.frontend.expressions import (
    MUTATING_METHODS,
    Expressions,
    _is_container,
    is_reading_method,
)
from xcs.frontend.guards import MISSING, Guards
from xcs.frontend.names import loaded_names, local_names
from xcs.frontend.source import function_node
from xcs.frontend.values import Dyn, Frame, LocalFunction, Promote, Unsupported

MAX_INLINE_DEPTH = 48
MAX_INLINED = 2000
TO_PYTHON = frozenset({"tolist", "item", "__array__", "block_until_ready"})
"""Methods of arrays that need the array's values."""

# Names in code that stands for calls of builtins.
_FUNCTION, _ELEMENT, _VALUES = "_xcs_function", "_xcs_element", "_xcs_values"

_FRESH = (sorted, list, dict, set, frozenset, tuple)
_CONSUMERS = (sum, list, tuple, set, frozenset, dict, sorted, max, min, Counter, deque)
"""Callees that use up an iterator that they are given."""

_LAZY = (enumerate, zip)
"""Callees whose result takes from iterators as it is used."""


class Calls(Expressions):
    """The half of the interpreter that deals with calls."""

    bound_methods: dict[tuple[int, int], Any]
    frames: list[Frame]  # of the functions that are being interpreted
    frozen: list[set[int]]  # one entry for each dynamic region that capture is in
    consumed: set[int]  # calls, by the ids of their nodes, of whose result all is used
    inlined: int  # calls interpreted so far

    def eval_Call(self, node: ast.Call, frame: Frame) -> Any:
        func = node.func
        if isinstance(func, ast.Attribute):
            base = self.eval(func.value, frame)
            if is_tracer(base) and func.attr in TO_PYTHON and not node.keywords:
                return self._to_python(base, func.attr, self.arguments(node, frame)[0])
            if isinstance(base, Dyn):
                return self._method_of_dynamic(base, func.attr, node, frame)
            if func.attr in MUTATING_METHODS:
                self.keep_whole(base)
            known = id(base) in self.owned or self.emitter.given_argument(base) is not None
            if known or isinstance(base, str):
                return self._method_of_container(base, func.attr, node, frame)
            callee = self.attribute(base, func.attr, func, frame)
        else:
            callee = self.eval(func, frame)
        positional, keywords, starred = self.arguments(node, frame, callee)
        if isinstance(callee, Dyn):
            if starred:
                raise Unsupported("unpacked arguments of a callee known only at run time", node)
            for value in (*positional, *keywords.values()):
                self.escape(value)
            return self._invoke(callee, positional, keywords)
        return self.apply(callee, positional, keywords, node, frame, starred)

    def _invoke(self, callee: Dyn, positional: list[Any], keywords: dict[str, Any]) -> Dyn:
        positional = [self.current(v) for v in positional]
        keywords = {k: self.current(v) for k, v in keywords.items()}
        return self.emitter.invoke(callee.ssa, positional, keywords)

    # --- arguments ---

    def arguments(
        self, node: ast.Call, frame: Frame, callee: Any = None
    ) -> tuple[list[Any], dict[str, Any], list[int]]:
        """Positional and keyword values, and the positions of values unpacked at run time."""
        positional: list[Any] = []
        starred: list[int] = []
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                value = self.eval(argument.value, frame)
                if isinstance(value, Dyn):
                    starred.append(len(positional))
                    positional.append(value)
                else:
                    positional.extend(self.sequence(value, argument))
            else:
                positional.append(self._argument(argument, frame, callee, node))
        keywords: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self._argument(keyword.value, frame, callee, node)
            if keyword.arg is not None:
                keywords[keyword.arg] = value
            elif isinstance(value, dict):
                keywords.update(value)
            else:
                if "**" in keywords:
                    raise Unsupported("several mappings unpacked at run time", node)
                keywords["**"] = value
        if "**" in keywords:  # the operand order that orch.call asks for: names, then the mapping
            keywords["**"] = keywords.pop("**")
        return positional, keywords, starred

    def _argument(self, node: ast.expr, frame: Frame, callee: Any, call: ast.Call) -> Any:
        if self._consumes(callee, call):
            # The callee uses up all of it, so a list of the same elements does as well.
            if isinstance(node, ast.GeneratorExp):
                return self.comprehension(node, [node.elt], frame)[0]
            if isinstance(node, ast.Call):
                self.consumed.add(id(node))
                if len(node.args) == 2 and self._calls(map, node, frame):
                    function = self.eval(node.args[0], frame)
                    return self.mapped(function, node.args[1], node, frame)
        return self.eval(node, frame)

    def _consumes(self, callee: Any, call: ast.Call) -> bool:
        """Whether a call uses up the iterators among its arguments."""
        if isinstance(callee, types.BuiltinMethodType) and callee.__name__ == "join":
            return True
        if any(callee is c for c in _LAZY):
            return id(call) in self.consumed and (callee is not zip or _is_of_one_length(call))
        return any(callee is c for c in _CONSUMERS)

    def _calls(self, callee: Any, node: ast.Call, frame: Frame) -> bool:
        """Whether it is a plain call of a builtin."""
        known, found = self.peek(node.func, frame)
        starred = any(isinstance(argument, ast.Starred) for argument in node.args)
        return known and found is callee and not node.keywords and not starred

    def mapped(self, function: Any, values: ast.expr, node: ast.AST, frame: Frame) -> Any:
        """The list of what a function gives for each of some values."""
        inner = Frame(
            frame.function,
            frame.scope,
            frame.filename,
            frozenset({_FUNCTION}),
            {_FUNCTION: function},
            parent=frame,
            depth=frame.depth,
        )
        tree: Any = ast.parse(f"[{_FUNCTION}({_ELEMENT}) for {_ELEMENT} in ()]", mode="eval").body
        for part in ast.walk(tree):
            ast.copy_location(part, node)
        tree.generators[0].iter = values
        return self.comprehension(tree, [tree.elt], inner)[0]

    # --- methods ---

    def _method_of_dynamic(self, base: Dyn, name: str, node: ast.Call, frame: Frame) -> Any:
        if base.argument is not None and base.class_name is None:
            method = getattr(type(base.example), name, None)
            if _is_container(base.example):
                pass
            elif callable(method) or callable(getattr(base.example, name, None)):
                raise Promote(base.argument, f"a method '{name}' of the argument is called")
        if base.class_name == "jax.Array" and name not in TO_PYTHON:
            positional, keywords, _ = self.arguments(node, frame)
            what = classify(jax.numpy.add)
            return self.emitter.call(_array_method(name), what, [base, *positional], keywords)
        mutates = base.class_name in ("list", "dict", "set") and name in MUTATING_METHODS
        if not (is_reading_method(base, name) or mutates or name in TO_PYTHON):
            return self._method_value_of_dynamic(base, name, node, frame)
        positional, keywords, starred = self.arguments(node, frame)
        values = (*positional, *keywords.values())
        plain = not starred and "**" not in keywords and not contains(values, LocalFunction)
        if plain and name in TO_PYTHON and base.class_name == "jax.Array":
            return self._to_python(base, name, positional)
        if plain:
            if mutates:
                for value in values:
                    self.escape(value)
            operands = {"receiver": base}
            operands |= {f"v{i}": self.current(v) for i, v in enumerate(positional)}
            operands |= {f"k_{k}": self.current(v) for k, v in keywords.items()}
            inside = [f"v{i}" for i in range(len(positional))]
            inside += [f"{k}=k_{k}" for k in keywords]
            return self.emitter.host(
                f"receiver.{name}({', '.join(inside)})",
                operands,
                effects="ordered" if mutates else "pure",
                mutates=mutates,
            )
        raise Unsupported("unpacked arguments of a method known only at run time", node)

    def _method_value_of_dynamic(self, base: Dyn, name: str, node: ast.Call, frame: Frame) -> Any:
        """A method of which nothing is known: looked up first, then called in its place."""
        method = self.emitter.getattr(base, name)
        positional, keywords, starred = self.arguments(node, frame)
        if starred:
            raise Unsupported("unpacked arguments of a method known only at run time", node)
        for value in (*positional, *keywords.values()):
            self.escape(value)
        line = getattr(node, "lineno", None)
        self.remark(line, f".{name}() of a value of unknown class keeps its place in the program")
        return self._invoke(method, positional, keywords)

    def _to_python(self, array: Any, name: str, positional: list[Any]) -> Dyn:
        """A method that makes Python values of an array: native, once the array is computed."""
        names = [f"v{i}" for i in range(len(positional))]
        operands = {"array": array, **dict(zip(names, positional, strict=True))}
        source = f"array.{name}({', '.join(names)})"
        return self.emitter.host(source, operands)

    def _method_of_container(self, base: Any, name: str, node: ast.Call, frame: Frame) -> Any:
        """A method of a list, dict or set that capture made, or of a static string."""
        method = self.native(node, frame, getattr, base, name)
        positional, keywords, starred = self.arguments(node, frame, method)
        if id(base) in self.escaped:  # an argument's evaluation may have let it escape
            return self._method_of_dynamic(self.escaped[id(base)], name, node, frame)
        if starred:
            raise Unsupported("unpacked arguments of a container's method", node)
        if isinstance(base, str):
            positional = [self.operand(v) for v in positional]
            keywords = {k: self.operand(v) for k, v in keywords.items()}
            if contains_dynamic([positional, keywords]):
                names = [f"v{i}" for i in range(len(positional))]
                inside = [*names, *(f"{k}={k}" for k in keywords)]
                operands = dict(zip(names, positional, strict=True)) | keywords
                source = f"{base!r}.{name}({', '.join(inside)})"
                class_name = "str" if name in ("join", "format") else None
                return self.emitter.host(source, operands, class_name=class_name)
            return self.native(node, frame, method, *positional, **keywords)
        if name == "sort" and contains_dynamic(base):
            raise Unsupported("sorting a list whose elements are known only at run time", node)
        self.touch(base)
        result = self.native(node, frame, method, *positional, **keywords)
        if isinstance(result, MappingView):  # it shows later changes too
            self.emitter.views[id(result)] = (result, base, name)
            return result
        return (
            self.own(result)
            if isinstance(result, list | dict | set) and id(result) not in self.owned
            else result
        )

    def keep_whole(self, container: Any) -> None:
        """The container changes: if it is the caller's, it must not be taken apart."""
        if (argument := self.emitter.given_argument(container)) is not None:
            raise Promote(argument, "it holds arrays and is changed in place", whole=True)

    def touch(self, container: Any) -> None:
        """Called before a container that capture made is changed."""
        raise NotImplementedError

    # --- callees ---

    def apply(
        self,
        callee: Any,
        positional: list[Any],
        keywords: dict[str, Any],
        node: ast.AST,
        frame: Frame,
        starred: list[int] | None = None,
    ) -> Any:
        """Call a static callee on values."""
        dynamic_unpacking = bool(starred) or "**" in keywords
        if isinstance(callee, LocalFunction):
            if dynamic_unpacking:
                raise Unsupported("unpacked arguments of a local function", node)
            return self.inline_local(callee, positional, keywords, node, frame)
        if any(callee is f for f in SEES_ITS_FRAME):
            raise Unsupported(f"{callee.__name__}() sees the function's own frame", node)
        if (spec := getattr(callee, "__xcs_operator__", None)) is not None:
            if spec.effects == "ordered":  # it may keep or change what it is given
                positional, keywords = self.hand_over(positional, keywords)
            return self.emitter.call(
                spec.function,
                spec.classification,
                positional,
                keywords,
                starred=starred or (),
                spec=spec,
            )
        if isinstance(callee, functools.partial) and not dynamic_unpacking:
            return self.apply(
                callee.func,
                [*callee.args, *positional],
                {**callee.keywords, **keywords},
                node,
                frame,
            )
        if getattr(callee, "__xcs_jit__", None) is not None and not dynamic_unpacking:
            return self._call_jitted(callee, positional, keywords, node, frame)
        what = classify(callee)
        if isinstance(callee, types.FunctionType) and not _is_standard(callee):
            what = what.in_program(self.policy)
        else:
            # What the function does itself keeps its order: logging and waiting are only relaxed
            # inside of the operators that it calls.
            what = what.strict()
        if isinstance(callee, functools._lru_cache_wrapper) and what.effects != "pure":
            why = "it remembers results, so that a call depends on the calls before it"
            what = dataclasses.replace(what, effects="ordered", inline=False, reason=why)
        if what.kind == "tensor" or (what.effects == "pure" and _is_of_jax(callee)):
            return self._array_call(callee, what, positional, keywords, node, frame)
        values = (*positional, *keywords.values())
        if "out" in keywords:
            self.keep_numpy([keywords["out"]], node)
        if not dynamic_unpacking and self._looks_inside(callee, what, values):
            mark = self.begin()
            if (guards := self._array_guards(callee, values)) is not None:
                try:
                    return self._trace_array_code(callee, guards, positional, keywords, node, frame)
                except Unsupported:
                    self.undo(mark)
            try:
                return self.inline(callee, positional, keywords, node, frame)
            except Unsupported as error:
                self.undo(mark)
                self.remark(error.line, f"{_name_of(callee)} is called as a whole: {error.reason}")
        if what.kind in ("pure", "numpy") and what.effects == "pure" and not dynamic_unpacking:
            return self._pure_call(callee, what, positional, keywords, node, frame)
        return self._opaque_call(callee, what, positional, keywords, node, starred)

    def _call_jitted(
        self,
        callee: Any,
        positional: list[Any],
        keywords: dict[str, Any],
        node: ast.AST,
        frame: Frame,
    ) -> Any:
        """A jitted function is part of the program, or a run of its own where it cannot be."""
        wrapped = callee.__wrapped__
        if isinstance(callee, types.MethodType):
            wrapped = types.MethodType(callee.__func__.__wrapped__, callee.__self__)
        mark = self.begin()
        try:
            return self.inline(wrapped, positional, keywords, node, frame)
        except Unsupported as error:
            self.undo(mark)
            self.remark(error.line, f"{_name_of(callee)} is a run of its own: {error.reason}")
        what = dataclasses.replace(classify(wrapped), kind="function", inline=False)
        return self._opaque_call(callee, what, positional, keywords, node, None)

    def _looks_inside(self, callee: Any, what: Classification, values: Iterable[Any]) -> bool:
        """Whether to interpret the callee's body in place of the call."""
        if what.inline:
            return True
        if not isinstance(callee, types.FunctionType | types.MethodType):
            return False
        if _is_installed(callee):
            return False
        if what.effects == "pure" and any(contains(v, Tracer) for v in values):
            return True  # Python glue on arrays is array code
        return what.higher_order and any(
            callable(v) or isinstance(v, LocalFunction) for v in values
        )

    def _array_guards(self, callee: Any, values: Iterable[Any]) -> Guards | None:
        """What array code on traced arrays assumes; None if the callee is to be interpreted."""
        if not isinstance(callee, types.FunctionType) or not is_array_data(values):
            return None
        return array_code_guards(callee)

    def _trace_array_code(
        self,
        callee: Any,
        guards: Guards,
        positional: list[Any],
        keywords: dict[str, Any],
        node: ast.AST,
        frame: Frame,
    ) -> Any:
        """Trace the function as it stands."""
        self.emitter.array_action()
        result = self.native(node, frame, callee, *positional, **keywords)
        if not is_array_data(result):
            raise Unsupported(f"{_name_of(callee)} gives more than arrays", node)
        self.guards.update(guards)
        return self._own_all(result)

    def _own_all(self, value: Any) -> Any:
        """The value, with the containers that it is made of marked as made by capture."""
        if isinstance(value, list | tuple | dict):
            for part in value.values() if isinstance(value, dict) else value:
                self._own_all(part)
        return self.own_fresh(value)

    def _opaque_call(
        self,
        callee: Any,
        what: Classification,
        positional: list[Any],
        keywords: dict[str, Any],
        node: ast.AST,
        starred: list[int] | None,
    ) -> Any:
        if isinstance(callee, types.MethodType):
            key = (id(callee.__func__), id(callee.__self__))
            callee = self.bound_methods.setdefault(key, callee)
        values = [self.native_argument(v, node) for v in positional]
        named = {k: self.native_argument(v, node) for k, v in keywords.items()}
        if what.mutates_args:
            self.check_changed((*values, *named.values()), node)
            what = dataclasses.replace(what, effects="ordered")
        if what.kind not in ("model", "tool") and what.returns not in IMMUTABLE_CLASSES:
            # It may keep or change what it is given, or give a part of it back.
            values, named = self.hand_over(values, named)
        for receiver in (getattr(callee, "__self__", None), *values, *named.values()):
            if receiver is not None and not contains_dynamic(receiver):
                self.touched[id(receiver)] = receiver
        if what.effects == "ordered":
            self.remark(
                getattr(node, "lineno", None), f"{_name_of(callee)} keeps its place: {what.reason}"
            )
        return self.emitter.call(callee, what, values, named, starred=starred or ())

    def hand_over(
        self, positional: list[Any], keywords: dict[str, Any]
    ) -> tuple[list[Any], dict[str, Any]]:
        """The arguments, with the containers among them escaped."""
        for value in (*positional, *keywords.values()):
            self.escape(value)
        return (
            [self.current(v) for v in positional],
            {k: self.current(v) for k, v in keywords.items()},
        )

    def _by_key(
        self,
        callee: Any,
        values: Any,
        keywords: dict[str, Any],
        node: ast.AST,
        frame: Frame,
    ) -> Dyn:
        """A choice by keys that operators give: these are a map, and what they decide is not."""
        inner = Frame(
            frame.function,
            frame.scope,
            frame.filename,
            frozenset({_VALUES}),
            {_VALUES: self._snapshot(values)},
            parent=frame,
            depth=frame.depth,
        )
        name = ast.copy_location(ast.Name(_VALUES, ast.Load()), node)
        keys = self.mapped(keywords["key"], name, node, inner)
        operands = {"keys": keys, "values": inner.env[_VALUES]}
        pairs, first = "zip(keys, values)", "key=lambda pair: pair[0]"
        if callee is not sorted:
            return self.emitter.host(f"{callee.__name__}({pairs}, {first})[1]", operands)
        if "reverse" in keywords:
            operands["reverse"] = keywords["reverse"]
            first += ", reverse=reverse"
        source = f"[pair[1] for pair in sorted({pairs}, {first})]"
        return self.emitter.host(source, operands, class_name="list")

    def _snapshot(self, values: Any) -> Any:
        """The elements, which can be gone over twice."""
        if not isinstance(values, Dyn):
            return values
        return self.emitter.host("list(values)", {"values": values}, class_name="list")

    def _pure_call(
        self,
        callee: Any,
        what: Classification,
        positional: list[Any],
        keywords: dict[str, Any],
        node: ast.AST,
        frame: Frame,
    ) -> Any:
        values = (*positional, *keywords.values())
        if any(self.calls_impure(v) for v in values):
            made = [self.native_argument(v, node) for v in values]
            if any(self.calls_impure(v) for v in made):
                if any(callee is f for f in (sorted, max, min)) and not positional[1:]:
                    if set(keywords) <= {"key", "reverse"} and not self.calls_impure(positional):
                        return self._by_key(callee, positional[0], keywords, node, frame)
                # What it calls has effects, so the call has them too.
                what = dataclasses.replace(what, kind="function", effects="ordered", blocking=True)
                return self._opaque_call(callee, what, positional, keywords, node, None)
        if not all(map(self.is_plain, values)):
            positional = [self.operand(v) for v in positional]
            keywords = {k: self.operand(v) for k, v in keywords.items()}
        elif not contains(values, Dyn) or callee in (len, list, tuple, dict):
            handled = self._native_pure(callee, positional, keywords, node, frame)
            if handled is not MISSING:
                return handled
        positional = [self.native_argument(v, node) for v in positional]
        keywords = {k: self.native_argument(v, node) for k, v in keywords.items()}
        if what.returns not in IMMUTABLE_CLASSES and not any(callee is f for f in _FRESH):
            positional, keywords = self.hand_over(positional, keywords)
        names = [f"v{i}" for i in range(len(positional))]
        inside = ", ".join([*names, *(f"{k}=k_{k}" for k in keywords)])
        operands = dict(zip(names, positional, strict=True))
        operands |= {f"k_{k}": v for k, v in keywords.items()}
        name = getattr(callee, "__name__", "")
        if getattr(builtins, name, None) is not callee:
            operands["function"] = self.emitter.constant(callee, _name_of(callee))
            name = "function"
        return self.emitter.host(f"{name}({inside})", operands, class_name=what.returns)

    def _native_pure(
        self,
        callee: Any,
        positional: list[Any],
        keywords: dict[str, Any],
        node: ast.AST,
        frame: Frame,
    ) -> Any:
        """The call's result if it may be computed while capturing, `MISSING` otherwise."""
        values = (*positional, *keywords.values())
        if callee in (len, list, tuple, dict) if callee.__hash__ else False:
            if any(isinstance(v, Dyn) for v in values):
                return MISSING
            result = self.native(node, frame, callee, *positional, **keywords)
            return self.own(result) if isinstance(result, list | dict) else result
        if contains_dynamic(values):
            if callee in (isinstance, type, getattr, hasattr) and not contains(values, Dyn):
                return self.native(node, frame, callee, *positional, **keywords)
            return MISSING
        if contains(values, LocalFunction) or not _is_builtin(callee):
            return MISSING  # user code runs when the program does
        try:
            fresh = any(callee is f for f in _FRESH)
            return self._adopt(callee(*positional, **keywords), fresh=fresh)
        except Exception:
            return MISSING  # it raises, so it must do so when and where Python would

    def _array_call(
        self,
        callee: Any,
        what: Classification,
        positional: list[Any],
        keywords: dict[str, Any],
        node: ast.AST,
        frame: Frame,
    ) -> Any:
        """JAX code: traced now where its arrays are known, an operator of kind tensor otherwise."""
        self._check_given(getattr(callee, "__wrapped__", None), node)
        positional = [self.native_argument(v, node) for v in positional]
        keywords = {k: self.native_argument(v, node) for k, v in keywords.items()}
        for value in (*positional, *keywords.values()):
            self._check_given(value, node)
        lifted = (
            self.with_tracers([positional, keywords])
            if contains([positional, keywords], Dyn)
            else [positional, keywords]
        )
        if lifted is None:
            for value in (*positional, *keywords.values()):
                for number in self.emitter.numbers_behind(value):
                    raise Promote(number, "array code takes a number made of it")
            array = getattr(callee, "__self__", None)
            if not is_tracer(array) and not isinstance(array, types.ModuleType | None):
                raise Unsupported("a method of what JAX made of an array, on values to come", node)
            if is_tracer(array):
                callee, positional = _array_method(callee.__name__), [array, *positional]
            return self.emitter.call(callee, what, positional, keywords)
        receiver = getattr(callee, "__self__", None)
        if is_tracer(receiver) or contains_dynamic([positional, keywords]):
            self.emitter.array_action()
        try:
            return self.native(node, frame, callee, *lifted[0], **lifted[1])
        except Unsupported:
            for value in (*positional, *keywords.values()):
                for number in _number_arguments(value):
                    raise Promote(number, "array code needs its value") from None
            raise

    def _check_given(self, value: Any, node: ast.AST) -> None:
        """A function that JAX is given may have no effects; guards what it reads."""
        if not callable(value) or is_tracer(value):
            return
        if isinstance(value, types.FunctionType):
            what = classify_given_to_jax(value)
            if what.effects == "ordered":
                raise Unsupported(f"JAX is given a function with effects: {value.__name__}", node)
            survey = Survey()
            survey.takes(value)
            self.guards.update(survey.guards)
        if "operator" in classify(value).reaches:
            raise Unsupported("JAX is given a function that calls operators", node)

    # --- functions as values ---

    def native_argument(self, value: Any, node: ast.AST) -> Any:
        """The value, with functions that the captured code defined made into real ones."""
        if isinstance(value, LocalFunction):
            return self.native_function(value)
        if type(value) in (list, tuple) and contains(value, LocalFunction):
            return type(value)(self.native_argument(v, node) for v in value)
        return value

    def native_function(self, function: LocalFunction) -> types.FunctionType:
        """A real function, whose closure holds static values or traced arrays only."""
        frame, node = function.frame, function.node
        names = [n for n in loaded_names(node) if frame.owner_of(n) or frame.cell(n)]
        inner = local_names(node) if not isinstance(node, ast.Lambda) else frozenset()
        survey = Survey()
        survey.takes_inner(node, frame.function.__globals__, lambda name: name in names)
        self.guards.update(survey.guards)
        cells: dict[str, Any] = {}
        for name in names:
            if name in inner:
                continue
            if isinstance(node, ast.FunctionDef) and name == node.name:
                continue
            value = self.name(ast.copy_location(ast.Name(name, ast.Load()), node), frame)
            if isinstance(value, LocalFunction):
                value = self.native_function(value)
            if contains(value, Dyn) or id(value) in self.owned:
                raise Unsupported(f"'{function.name}' uses '{name}', known only at run time", node)
            cells[name] = value
        definition = ast.parse("def _make(): pass")
        maker = definition.body[0]
        assert isinstance(maker, ast.FunctionDef)
        maker.args = ast.arguments(
            posonlyargs=[],
            args=[ast.arg(n) for n in cells],
            kwonlyargs=[],
            kw_defaults=[],
            defaults=[],
        )
        if isinstance(node, ast.Lambda):
            maker.body = [ast.Return(node)]
        else:
            plain = copy.copy(node)
            plain.decorator_list = []
            maker.body = [plain, ast.Return(ast.Name(node.name, ast.Load()))]
        ast.copy_location(maker, node)
        ast.fix_missing_locations(definition)
        namespace: dict[str, Any] = {}
        code = compile(definition, frame.filename, "exec")
        exec(code, frame.function.__globals__, namespace)
        return namespace["_make"](**cells)

    # --- inlining ---

    def inline(
        self,
        callee: Any,
        positional: list[Any],
        keywords: dict[str, Any],
        node: ast.AST,
        frame: Frame,
    ) -> Any:
        """Interpret the body of a Python function in place of the call."""
        if isinstance(callee, types.MethodType):
            return self.inline(
                callee.__func__, [callee.__self__, *positional], keywords, node, frame
            )
        if not isinstance(callee, types.FunctionType):
            method = type(callee).__dict__.get("__call__")
            if isinstance(method, types.FunctionType):
                return self.inline(method, [callee, *positional], keywords, node, frame)
            raise Unsupported(f"{_name_of(callee)} is no Python function", node)
        if frame.depth >= MAX_INLINE_DEPTH:
            raise Unsupported(f"calls nested deeper than {MAX_INLINE_DEPTH}", node)
        if self.frozen and any(active.function is callee for active in self.frames):
            raise Unsupported("a recursion whose end is known only at run time", node)
        self.inlined += 1
        if self.inlined > MAX_INLINED:
            raise Unsupported(f"more than {MAX_INLINED} calls in one program", node)
        tree = function_node(callee)
        self.check_capturable(callee, tree)
        scope = self.emitter.key_of(callee.__globals__, f"globals_{callee.__module__}")
        inner = Frame(
            callee, scope, callee.__code__.co_filename, local_names(tree), depth=frame.depth + 1
        )
        for part in ("__code__", "__defaults__", "__kwdefaults__"):
            self.guards.attribute(callee, part, getattr(callee, part))
        defaults = list(callee.__defaults__ or ())
        kw_defaults = dict(callee.__kwdefaults__ or {})
        if any(isinstance(v, list | dict | set) for v in (*defaults, *kw_defaults.values())):
            raise Unsupported(f"{_name_of(callee)} has a mutable default argument", node)
        self.bind_parameters(tree.args, positional, keywords, defaults, kw_defaults, inner, node)
        return self.run_body(tree, inner)

    def inline_local(
        self,
        callee: LocalFunction,
        positional: list[Any],
        keywords: dict[str, Any],
        node: ast.AST,
        frame: Frame,
    ) -> Any:
        """Interpret the body of a function that the captured code defined."""
        if frame.depth >= MAX_INLINE_DEPTH:
            raise Unsupported(f"calls nested deeper than {MAX_INLINE_DEPTH}", node)
        outer = callee.frame
        inner = Frame(
            outer.function,
            outer.scope,
            outer.filename,
            local_names(callee.node),
            parent=outer,
            depth=frame.depth + 1,
        )
        self.bind_parameters(
            callee.node.args, positional, keywords, callee.defaults, callee.kw_defaults, inner, node
        )
        return self.run_body(callee.node, inner)

    def bind_parameters(
        self,
        parameters: ast.arguments,
        positional: list[Any],
        keywords: dict[str, Any],
        defaults: list[Any],
        kw_defaults: dict[str, Any],
        frame: Frame,
        node: ast.AST,
    ) -> None:
        """Bind arguments as a call does; a mismatch is left for Python to raise at run time."""
        frame.env.update(
            bind_parameters(
                parameters,
                positional,
                keywords,
                defaults,
                kw_defaults,
                as_tuple=tuple,
                as_dict=self.own,
                node=node,
            )
        )

    def run_body(self, tree: Any, frame: Frame) -> Any:
        """Interpret a function body and give its return value."""
        raise NotImplementedError

    def check_capturable(self, function: types.FunctionType, tree: Any) -> None:
        """Raise `Unsupported` for kinds of functions that capture does not take."""
        raise NotImplementedError

    def remark(self, line: int | None, text: str) -> None:
        """Note something for `explain`."""
        raise NotImplementedError


def _number_arguments(value: Any) -> list[int]:
    if isinstance(value, Dyn):
        return [value.argument] if value.argument is not None and value.tracer is not None else []
    if isinstance(value, list | tuple):
        return [n for v in value for n in _number_arguments(v)]
    if isinstance(value, dict):
        return _number_arguments(list(value.values()))
    return []


def _is_of_jax(callee: Any) -> bool:
    return str(getattr(callee, "__module__", "")).partition(".")[0] == "jax"


def _is_of_one_length(call: ast.Call) -> bool:
    """Whether all arguments have as many elements, so that the shortest ends none early."""
    sources: set[str] = set()
    for argument in call.args:
        if isinstance(argument, ast.GeneratorExp):
            generator, *others = argument.generators
            if others or generator.ifs:
                return False
            argument = generator.iter
        elif isinstance(argument, ast.Call) and ast.unparse(argument.func) == "map":
            *_, argument = argument.args
        sources.add(ast.dump(argument))
    return len(sources) == 1


def _is_installed(callee: Any) -> bool:
    return "site-packages" in callee.__code__.co_filename


def _is_standard(callee: Any) -> bool:
    return str(callee.__module__).partition(".")[0] in sys.stdlib_module_names


def _is_builtin(callee: Any) -> bool:
    return isinstance(callee, types.BuiltinFunctionType) or (
        getattr(callee, "__module__", None) == "builtins"
    )


def _name_of(callee: Any) -> str:
    return str(getattr(callee, "__qualname__", None) or type(callee).__qualname__)


@functools.cache
def _array_method(name: str) -> Any:
    """A function that calls the method of that name on its first argument, an array."""

    def method(array: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(array, name)(*args, **kwargs)

    method.__name__ = method.__qualname__ = name
    method.__module__ = "jax.Array"
    return method
