"""How capture runs statements; one that it cannot express stays native Python, as one host op."""

from __future__ import annotations
import __future__

import ast
import functools
import operator
import types
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from xcs.dialects import orch
from xcs.frontend.array_code import SEES_ITS_FRAME
from xcs.frontend.calls import Calls
from xcs.frontend.classify import classify
from xcs.frontend.deferred_annotations import with_annotations_as_text
from xcs.frontend.emit import Checkpoint, contains_dynamic, is_tracer
from xcs.frontend.expressions import OPERATORS, TEXT_METHODS, is_reading_method
from xcs.frontend.guards import MISSING
from xcs.frontend.names import body_of, loaded_names, stored_names
from xcs.frontend.source import function_node
from xcs.frontend.values import (
    UNBOUND,
    Dyn,
    Frame,
    LocalFunction,
    MaybeUnbound,
    Promote,
    Unsupported,
)

MAX_UNROLLED = 4096
_RESULT = "xcs_result"
_UNBOUND = "xcs_unbound"
_MARK_UNBOUND = f"try:\n    {{0}}\nexcept NameError:\n    {{0}} = {_UNBOUND}"


class _Return(Exception):
    def __init__(self, value: Any):
        self.value = value


class _Raised(_Return):
    """The code raises here, so that nothing after it is reached."""


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


@dataclass
class Mark:
    """What an attempt may have changed, to be taken back if it fails."""

    checkpoint: Checkpoint
    environments: list[tuple[Frame, dict[str, Any]]]
    contents: list[tuple[Any, Any]]
    escaped: dict[int, Dyn]
    remarks: int


class Statements(Calls):
    """The statement half of the interpreter."""

    frames: list[Frame]
    frozen: list[set[int]]  # ids of the containers that the code now captured may not change
    remarks: list[tuple[int | None, str]]
    native_parts: list[tuple[int | None, str]]  # statements that stayed native, and why

    # --- attempts ---

    def begin(self) -> Mark:
        return Mark(
            self.emitter.checkpoint(),
            [(frame, dict(frame.env)) for frame in self._live_frames()],
            [(c, c.copy()) for c in self.owned.values() if isinstance(c, list | dict | set)],
            dict(self.escaped),
            len(self.remarks),
        )

    def undo(self, mark: Mark) -> None:
        self.emitter.rollback(mark.checkpoint)
        for frame, env in mark.environments:
            frame.env = env
        for container, content in mark.contents:
            container.clear()
            container.extend(content) if isinstance(container, list) else container.update(content)
        self.escaped = mark.escaped
        del self.remarks[mark.remarks :]

    def _live_frames(self) -> Iterator[Frame]:
        for frame in self.frames:
            current: Frame | None = frame
            while current is not None:
                yield current
                current = current.parent

    @contextmanager
    def unchanged_containers(self, node: ast.AST) -> Iterator[None]:
        existing, escaped = set(self.owned), set(self.escaped)
        self.frozen.append(existing)
        try:
            yield
        finally:
            self.frozen.pop()
        if any(key in existing and key not in escaped for key in self.escaped):
            raise Unsupported("a list or dict may change inside a dynamic region", node)

    def touch(self, container: Any) -> None:
        if any(id(container) in ids for ids in self.frozen):
            raise Unsupported("a list or dict changes inside a region known only at run time")

    def remark(self, line: int | None, text: str) -> None:
        self.remarks.append((line, text))

    # --- bodies ---

    def run_body(self, tree: Any, frame: Frame) -> Any:
        self.frames.append(frame)
        try:
            self.statements(body_of(tree), frame, [])
            return None
        except _Return as done:
            return self.current(done.value)
        finally:
            self.frames.pop()

    def statements(self, body: list[ast.stmt], frame: Frame, rest: list[ast.stmt] | None) -> None:
        """Run statements. `rest` is what follows them in the function, None inside a loop."""
        for position, statement in enumerate(body):
            following = None if rest is None else [*body[position + 1 :], *rest]
            if self.statement(statement, frame, following):
                return

    def statement(self, node: ast.stmt, frame: Frame, rest: list[ast.stmt] | None) -> bool:
        """Run one statement; True if it took the rest of the function along."""
        mark = self.begin()
        with self.emitter.at(frame.filename, node):
            try:
                method = getattr(self, "run_" + type(node).__name__, None)
                if method is None:
                    raise Unsupported(f"'{_keyword(node)}' is not captured", node)
                return bool(method(node, frame, rest))
            except Unsupported as error:
                self.undo(mark)
                line = error.line or node.lineno
                if _leaves(node):
                    if rest is None:
                        raise
                    value = self.native_statements([node, *rest], frame, error, returns=True)
                    self.native_parts.append((line, error.reason))
                    raise _Return(value) from None
                self.native_statements([node], frame, error, returns=False)
                self.native_parts.append((line, error.reason))
                return False

    def native_statements(
        self, body: list[ast.stmt], frame: Frame, cause: Unsupported, *, returns: bool
    ) -> Any:
        """Keep statements as native Python: one host op that takes and gives local names."""
        for child in (c for s in body for c in ast.walk(s)):
            if isinstance(child, ast.Global | ast.Nonlocal | ast.Await | ast.Yield | ast.YieldFrom):
                raise cause
            if isinstance(child, ast.Call):
                known, callee = self.peek(child.func, frame)
                if known and any(callee is function for function in SEES_ITS_FRAME):
                    raise cause
        if frame.function.__code__.co_flags & __future__.annotations.compiler_flag:
            body = [with_annotations_as_text(statement) for statement in body]
        stored = stored_names(body)
        if any(frame.owner_of(name) is not frame for name in stored):
            raise cause
        operands, prefix = self._block_operands(body, stored, frame)
        ordered = not all(self._is_harmless(statement, frame) for statement in body)
        if returns:
            source = _returning_source([*prefix, *body], [n for n in operands if n in stored])
            return self.emitter.host_block(
                source, operands, [_RESULT], ordered=ordered, scope=frame.scope
            )[0]
        unbinds = {name for statement in body for name in _unbound_names(statement)}
        unsure = [name for name in stored if not self._is_bound_after(name, body, unbinds, frame)]
        if unsure:
            operands[_UNBOUND] = self.emitter.constant(UNBOUND, "unbound").ssa
        suffix = [s for name in unsure for s in ast.parse(_MARK_UNBOUND.format(name)).body]
        source = "\n".join(ast.unparse(statement) for statement in (*prefix, *body, *suffix))
        results = self.emitter.host_block(
            source, operands, stored, ordered=ordered, scope=frame.scope
        )
        for name, result in zip(stored, results, strict=True):
            frame.env[name] = MaybeUnbound(result) if name in unsure else result
        return None

    def _block_operands(
        self, body: list[ast.stmt], stored: list[str], frame: Frame
    ) -> tuple[dict[str, Any], list[ast.stmt]]:
        """The operands of a native block, by name, and what it does first to be as in Python.

        A variable that is unbound must be a local of the block that is unbound as well, so that
        reading it raises what Python would.
        """
        operands: dict[str, Any] = {}
        prefix: list[ast.stmt] = []
        loaded = loaded_names(body)
        for name in dict.fromkeys([*loaded, *stored]):
            owner = frame.owner_of(name)
            if owner is not None and name in owner.env:
                value = owner.env[name]
                if isinstance(value, MaybeUnbound):
                    value = value.value
                    operands[_UNBOUND] = self.emitter.constant(UNBOUND, "unbound").ssa
                    prefix += ast.parse(f"if {name} is {_UNBOUND}:\n    del {name}").body
                value = self.current(value)
                if isinstance(value, LocalFunction):
                    value = self.native_function(value)
                self.escape(value)
                operands[name] = self.emitter.materialize(self.current(value))
            elif owner is not None and name not in stored:
                prefix += ast.parse(f"if False:\n    {name} = None").body
            elif owner is None and frame.cell(name) is not None:
                value = self.name(_name_at(name, body[0]), frame)
                operands[name] = self.emitter.materialize(value)
        return operands, prefix

    def _is_bound_after(
        self, name: str, body: list[ast.stmt], unbinds: set[str], frame: Frame
    ) -> bool:
        if name in unbinds:
            return False
        before = frame.env.get(name)
        if before is not None and not isinstance(before, MaybeUnbound):
            return True
        return any(_surely_binds(statement, name) for statement in body)

    def _is_harmless(self, statement: ast.stmt, frame: Frame) -> bool:
        """Whether a native statement has no effect but the error it may raise."""
        for node in ast.walk(statement):
            match node:
                case ast.Attribute(ctx=ast.Store() | ast.Del()):
                    return False
                case ast.Subscript(ctx=ast.Store() | ast.Del()):
                    return False
                case ast.With() | ast.Import() | ast.ImportFrom() | ast.ClassDef() | ast.Delete():
                    return False
                case ast.For() | ast.While() | ast.Try() | ast.TryStar() if any(
                    isinstance(c, ast.Call) for c in ast.walk(node)
                ):
                    return False
                case ast.FunctionDef() | ast.AsyncFunctionDef():
                    if not all(self._is_harmless_callee(d, frame) for d in node.decorator_list):
                        return False
                case ast.AugAssign(target=ast.Name(id=name)):
                    known, value = self.peek_name(name, frame)
                    if not known or not isinstance(value, str | int | float):
                        return False
                case ast.Call(func=ast.Attribute(attr=attr, value=value)):
                    known, callee = self.peek(node.func, frame)
                    _, receiver = self.peek(value, frame)
                    reads = is_reading_method(receiver, attr) if receiver is not None else False
                    if not known and not reads and attr not in TEXT_METHODS:
                        return False
                    if known and classify(callee).effects != "pure":
                        return False
                case ast.Call():
                    if not self._is_harmless_callee(node.func, frame):
                        return False
        return True

    def _is_harmless_callee(self, func: ast.expr, frame: Frame) -> bool:
        known, callee = self.peek(func, frame)
        if not known or isinstance(callee, Dyn | LocalFunction):
            return False
        return classify(callee).effects == "pure" and not hasattr(callee, "__xcs_operator__")

    # --- simple statements ---

    def run_Expr(self, node: ast.Expr, frame: Frame, rest: Any) -> None:
        if not isinstance(node.value, ast.Constant):
            self.eval(node.value, frame)

    def run_Pass(self, node: ast.Pass, frame: Frame, rest: Any) -> None:
        pass

    def run_Return(self, node: ast.Return, frame: Frame, rest: Any) -> None:
        raise _Return(None if node.value is None else self.eval(node.value, frame))

    def run_Assign(self, node: ast.Assign, frame: Frame, rest: Any) -> None:
        value = self.eval(node.value, frame)
        for target in node.targets:
            self.bind(target, value, frame)

    def run_AnnAssign(self, node: ast.AnnAssign, frame: Frame, rest: Any) -> None:
        if node.value is not None:
            self.bind(node.target, self.eval(node.value, frame), frame)

    def run_AugAssign(self, node: ast.AugAssign, frame: Frame, rest: Any) -> None:
        target = node.target
        if not isinstance(target, ast.Name):
            raise Unsupported("an in-place change of an item or attribute", node)
        old = self.operand(self.name(_name_at(target.id, target), frame))
        value = self.eval(node.value, frame)
        self.check_changed([old], node)
        if isinstance(old, np.ndarray) or (is_tracer(old) and self.emitter.has_numpy_arguments):
            raise Unsupported("a NumPy array may be changed in place", node)
        if id(old) in self.owned and isinstance(node.op, ast.Add) and isinstance(old, list):
            self.touch(old)
            old.extend(self.sequence(value, node))
            return
        if isinstance(old, list | dict | set) or (
            isinstance(old, Dyn) and not _surely_immutable(old)
        ):
            # `x += y` may change x in place, also for those who hold it under another name.
            result = self._in_place(node, old, value)
        else:
            result = self.binary(node, node.op, old, value, frame)
        self.bind(target, result, frame)

    def _in_place(self, node: ast.AugAssign, old: Any, value: Any) -> Dyn:
        self.escape(value)
        name = OPERATORS[type(node.op)].__name__.strip("_")
        function = self.emitter.constant(getattr(operator, f"i{name}"))
        operands = {"function": function, "a": old, "b": self.current(value)}
        argument = isinstance(old, Dyn) and old.argument is not None
        effects = "ordered" if argument or self.emitter.mutation is not None else "pure"
        return self.emitter.host("function(a, b)", operands, effects=effects, mutates=True)

    def run_Import(self, node: ast.Import, frame: Frame, rest: Any) -> None:
        self._import(node, frame)

    def run_ImportFrom(self, node: ast.ImportFrom, frame: Frame, rest: Any) -> None:
        self._import(node, frame)

    def _import(self, node: ast.stmt, frame: Frame) -> None:
        """Importing twice is importing once, so it is done while capturing."""
        namespace: dict[str, Any] = {}
        code = compile(ast.Module([node], []), frame.filename, "exec")
        package = {k: frame.function.__globals__.get(k) for k in ("__name__", "__package__")}
        self.native(node, frame, exec, code, {**package}, namespace)
        frame.env.update(namespace)

    def run_FunctionDef(self, node: ast.FunctionDef, frame: Frame, rest: Any) -> None:
        if node.decorator_list:
            raise Unsupported("a decorated inner function", node)
        if any(isinstance(c, ast.Yield | ast.YieldFrom) for c in ast.walk(node)):
            raise Unsupported("an inner generator", node)
        frame.env[node.name] = LocalFunction(node, frame, *self.defaults(node.args, frame))

    def run_Assert(self, node: ast.Assert, frame: Frame, rest: Any) -> None:
        test = self.eval(node.test, frame)
        if isinstance(test, Dyn) or is_tracer(test) or not test:
            raise Unsupported("an assertion on a value known only at run time", node)

    def run_Delete(self, node: ast.Delete, frame: Frame, rest: Any) -> None:
        for target in node.targets:
            match target:
                case ast.Name(id=name) if name in frame.env and frame.owner_of(name) is frame:
                    self.name(_name_at(name, target), frame)  # raises if it may be unbound
                    del frame.env[name]
                case ast.Subscript(value=base_node, slice=index_node):
                    base, index = self.eval(base_node, frame), self.eval(index_node, frame)
                    if id(base) in self.owned and not contains_dynamic(index):
                        self.touch(base)
                        self.native(target, frame, operator.delitem, base, index)
                    else:
                        self._store("del base[index]", {"base": base, "index": index}, frame)
                case _:
                    raise Unsupported("'del' of such a target", node)

    def run_Break(self, node: ast.Break, frame: Frame, rest: Any) -> None:
        raise _Break

    def run_Continue(self, node: ast.Continue, frame: Frame, rest: Any) -> None:
        raise _Continue

    def run_Raise(self, node: ast.Raise, frame: Frame, rest: Any) -> None:
        self.native_statements([node], frame, Unsupported("raise", node), returns=False)
        raise _Raised(None)

    # --- compound statements ---

    def run_If(self, node: ast.If, frame: Frame, rest: list[ast.stmt] | None) -> bool:
        test = self.condition(node.test, frame)
        if not (isinstance(test, Dyn) or is_tracer(test)):
            self.statements(node.body if test else node.orelse, frame, rest)
            return False
        if isinstance(test, Dyn) and self._is_effect(test):
            raise Unsupported("this branch depends on an effect that is not understood", node)
        if _leaves(node):
            return self._return_branch(test, node, frame, rest)
        names = list(dict.fromkeys(stored_names([*node.body, *node.orelse])))
        saved = dict(frame.env)
        unsure: set[str] = set()

        def run(body: list[ast.stmt]) -> list[Any]:
            frame.env = dict(saved)
            native = len(self.native_parts)
            with suppress(_Raised):
                self.statements(body, frame, None)
            if len(self.native_parts) > native:
                del self.native_parts[native:]
                raise Unsupported("a branch that is not captured", node)
            values = []
            for name in names:
                value = frame.env.get(name, MISSING)
                if value is MISSING or isinstance(value, MaybeUnbound):
                    unsure.add(name)
                    value = value.value if isinstance(value, MaybeUnbound) else UNBOUND
                values.append(value)
            frame.env = saved
            return values

        results = self.branch(test, lambda: run(node.body), lambda: run(node.orelse), node=node)
        bindings = {
            name: MaybeUnbound(result) if name in unsure else result
            for name, result in zip(names, results, strict=True)
        }
        frame.env = {**saved, **bindings}
        return False

    def _return_branch(
        self, test: Any, node: ast.If, frame: Frame, rest: list[ast.stmt] | None
    ) -> bool:
        """A branch that returns: the statements after it run in the other branch alone."""
        if rest is None or not (_ends(node.body) or (node.orelse and _ends(node.orelse))):
            raise Unsupported("a branch that may return", node)
        saved = dict(frame.env)

        def run(body: list[ast.stmt]) -> list[Any]:
            frame.env = dict(saved)
            try:
                self.statements(body if _ends(body) else [*body, *rest], frame, [])
            except _Return as done:
                return [self.current(done.value)]
            finally:
                frame.env = saved
            return [None]

        value = self.branch(test, lambda: run(node.body), lambda: run(node.orelse), node=node)[0]
        raise _Return(value)

    def _is_effect(self, value: Dyn) -> bool:
        """Whether the value comes, through pure glue, from an ordered op such as a random draw."""
        pending, seen = [value.ssa], set()
        while pending:
            owner = pending.pop().owner
            if id(owner) in seen:
                continue
            seen.add(id(owner))
            if isinstance(owner, orch.HostOp | orch.GetAttrOp | orch.GetItemOp):
                if isinstance(owner, orch.HostOp) and owner.effects == orch.ORDERED:
                    return True
                pending.extend(owner.operands)
            elif isinstance(owner, orch.CallOp):
                declared = self.emitter.operators[owner.callee.root_reference.data]
                if declared.effects == orch.ORDERED and declared.kind.data == "function":
                    return True
        return False

    def run_For(self, node: ast.For, frame: Frame, rest: Any) -> None:
        iterable = self.iterable(node.iter, frame)
        if isinstance(iterable, Dyn):
            try:
                self._collecting_loop(iterable, node, frame)
            except Unsupported as error:
                if (argument := self._range_argument(node.iter, frame)) is not None:
                    raise Promote(argument, "a loop runs over its range") from error
                raise
            return
        elements = self.sequence(iterable, node.iter)
        if len(elements) > MAX_UNROLLED:
            raise Unsupported(f"a loop of {len(elements)} iterations over static values", node)
        for element in elements:
            self.bind(node.target, element, frame)
            try:
                self.statements(node.body, frame, None)
            except _Break:
                return
            except _Continue:
                continue
        self.statements(node.orelse, frame, None)

    def _range_argument(self, node: ast.expr, frame: Frame) -> int | None:
        """The argument of the function that bounds ``range(...)``, if one does."""
        if isinstance(node, ast.Call) and self.peek(node.func, frame)[1] is range:
            for part in node.args:
                value = self.peek(part, frame)[1]
                if isinstance(value, Dyn) and value.argument is not None:
                    return value.argument
        return None

    def _collecting_loop(self, iterable: Dyn, node: ast.For, frame: Frame) -> None:
        """``for x in xs: ...; out.append(v)`` is a map whose results go to the end of the list."""
        last = node.body[-1]
        if node.orelse or not (
            isinstance(last, ast.Expr)
            and isinstance(call := last.value, ast.Call)
            and isinstance(func := call.func, ast.Attribute)
            and func.attr == "append"
            and isinstance(func.value, ast.Name)
            and len(call.args) == 1
            and not call.keywords
            and not isinstance(call.args[0], ast.Starred)
        ):
            raise Unsupported("a loop over values known only at run time", node)
        known, out = self.peek_name(func.value.id, frame)
        if not known or id(out) not in self.owned or not isinstance(out, list):
            raise Unsupported("a loop that appends to a list from outside", node)
        body = node.body[:-1]
        carried = set(stored_names([*body, last])) | set(stored_names(node.target))
        live = {n for n in loaded_names([*body, last]) if n in carried and n in frame.env}
        if live or any(
            isinstance(c, ast.Break | ast.Continue | ast.Return) for s in body for c in ast.walk(s)
        ):
            raise Unsupported("a loop that carries values from one iteration to the next", node)
        others = [*body, *call.args]
        if any(self._reaches(n, out, frame) for s in others for n in loaded_names(s)):
            raise Unsupported("a loop that reads the list that it appends to", node)
        self.touch(out)
        saved = dict(frame.env)
        kept = [n for n in sorted(carried) if self._is_read_elsewhere(n, node, frame)]

        def iteration(element: Dyn) -> list[Any]:
            frame.env = dict(saved)
            native = len(self.native_parts)
            self.bind(node.target, element, frame)
            try:
                self.statements(body, frame, None)
            except _Raised:
                return [None, *(None for _ in kept)]
            if len(self.native_parts) > native:
                del self.native_parts[native:]
                raise Unsupported("a loop body that is not captured", node)
            result = self.eval(call.args[0], frame)
            return [result, *(self.name(_name_at(n, node), frame) for n in kept)]

        try:
            values, *lasts = self.map(iterable, iteration, node)
        finally:
            frame.env = saved
        for name, last in zip(kept, lasts, strict=True):
            before = saved.get(name, UNBOUND)
            unsure = before is UNBOUND or isinstance(before, MaybeUnbound)
            operands = {
                "values": last,
                "before": before.value if isinstance(before, MaybeUnbound) else before,
            }
            value = self.emitter.host("values[-1] if values else before", operands)
            frame.env[name] = MaybeUnbound(value) if unsure else value
        if out:
            values = self.emitter.host("[*a, *b]", {"a": out, "b": values}, class_name="list")
        self.escaped[id(out)] = values  # from here on it is a value of the running program

    def _reaches(self, name: str, container: list[Any], frame: Frame) -> bool:
        """Whether the container can be reached through the name."""
        known, value = self.peek_name(name, frame)
        return known and (isinstance(value, LocalFunction) or _holds(value, container))

    def _is_read_elsewhere(self, name: str, node: ast.For, frame: Frame) -> bool:
        """Whether code outside of the loop may read what the loop leaves in the variable."""
        tree = function_node(frame.function) if frame.parent is None else None
        if tree is None:
            return True
        inside = set(map(id, ast.walk(node)))
        return any(
            isinstance(n, ast.Name) and n.id == name and id(n) not in inside
            for n in ast.walk(tree)
            if not (isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
        )

    def run_With(self, node: ast.With, frame: Frame, rest: list[ast.stmt] | None) -> None:
        """JAX's own contexts (``jax.named_scope``, ...) hold during capture; others stay native."""
        only_names = True
        array_calls = self.emitter.array_calls
        with ExitStack() as stack:
            for item in node.items:
                call = item.context_expr
                known, what = self.peek(call.func if isinstance(call, ast.Call) else call, frame)
                owner = what if isinstance(call, ast.Call) else type(what)
                if not known or not str(getattr(owner, "__module__", "")).startswith("jax"):
                    raise Unsupported("'with' is not captured", node)
                manager = self.eval(call, frame)
                only_names = only_names and what is jax.named_scope
                entered = self.native(node, frame, stack.enter_context, manager)
                if item.optional_vars is not None:
                    self.bind(item.optional_vars, entered, frame)
            self.statements(node.body, frame, None)
        if not only_names and self.emitter.array_calls > array_calls:
            raise Unsupported("a context for array code on values to come", node)

    def run_While(self, node: ast.While, frame: Frame, rest: Any) -> None:
        for _ in range(MAX_UNROLLED):
            test = self.eval(node.test, frame)
            if isinstance(test, Dyn) or is_tracer(test):
                raise Unsupported("a loop whose end is known only at run time", node)
            if not test:
                self.statements(node.orelse, frame, None)
                return
            try:
                self.statements(node.body, frame, None)
            except _Break:
                return
            except _Continue:
                continue
        raise Unsupported(f"a loop of more than {MAX_UNROLLED} iterations", node)

    # --- targets ---

    def bind(self, target: ast.expr, value: Any, frame: Frame) -> None:
        match target:
            case ast.Name(id=name):
                if name not in frame.local_names:
                    raise Unsupported(f"'{name}' is global or nonlocal", target)
                frame.env[name] = value
            case ast.Tuple(elts=targets) | ast.List(elts=targets):
                self._unpack(target, targets, value, frame)
            case ast.Subscript(value=base_node, slice=index_node):
                base = self.eval(base_node, frame)
                self.check_changed([base], target)
                self.keep_whole(base)
                index = self.eval(index_node, frame)
                if id(base) in self.owned and not isinstance(index, Dyn):
                    self.touch(base)
                    self.native(target, frame, base.__setitem__, index, value)
                else:
                    self._store(
                        "base[index] = value", {"base": base, "index": index, "value": value}, frame
                    )
            case ast.Attribute(value=base_node, attr=attribute):
                base = self.eval(base_node, frame)
                self._store(f"base.{attribute} = value", {"base": base, "value": value}, frame)
            case _:
                raise Unsupported(f"assignment to {type(target).__name__}", target)

    def _store(self, source: str, operands: dict[str, Any], frame: Frame) -> None:
        for value in operands.values():
            self.escape(value)
        values = {name: self.emitter.materialize(self.current(v)) for name, v in operands.items()}
        self.emitter.host_block(source, values, [], ordered=True, scope=frame.scope)

    def _unpack(self, target: ast.expr, targets: list[ast.expr], value: Any, frame: Frame) -> None:
        if isinstance(value, Dyn):
            names = [f"v{i}" for i in range(len(targets))]
            stars = ["*" if isinstance(t, ast.Starred) else "" for t in targets]
            pattern = ", ".join(star + name for star, name in zip(stars, names, strict=True))
            parts = self.emitter.host_block(
                f"[{pattern}] = value",
                {"value": value.ssa},
                names,
                ordered=False,
                scope=frame.scope,
            )
            for part, inner in zip(parts, targets, strict=True):
                self.bind(inner.value if isinstance(inner, ast.Starred) else inner, part, frame)
            return
        values = self.sequence(value, target)
        star = next((i for i, t in enumerate(targets) if isinstance(t, ast.Starred)), None)
        if star is None:
            if len(values) != len(targets):
                raise Unsupported("the number of values to unpack differs", target)
            parts_and_targets = zip(targets, values, strict=True)
        else:
            after = len(targets) - star - 1
            if len(values) < star + after:
                raise Unsupported("too few values to unpack", target)
            middle = self.own(values[star : len(values) - after])
            starred = targets[star]
            assert isinstance(starred, ast.Starred)
            self.bind(starred.value, middle, frame)
            rest = [*targets[:star], *targets[star + 1 :]]
            parts_and_targets = zip(
                rest, [*values[:star], *values[len(values) - after :]], strict=True
            )
        for inner, part in parts_and_targets:
            self.bind(inner, part, frame)

    # --- what is captured at all ---

    def check_capturable(self, function: types.FunctionType, tree: Any) -> None:
        if isinstance(tree, ast.AsyncFunctionDef):
            raise Unsupported("async functions are not captured yet", tree)
        if (found := _uncapturable(tree)) is not None:
            raise Unsupported(*found)


@functools.lru_cache(maxsize=4096)
def _uncapturable(tree: ast.AST) -> tuple[str, ast.AST] | None:
    """Why a function as a whole cannot be captured, and where; None if it can be."""
    for child in ast.walk(tree):
        if isinstance(child, ast.Yield | ast.YieldFrom):
            return "a generator cannot be captured", child
        if isinstance(child, ast.Nonlocal):
            return "a function that rebinds names of an enclosing one", child
        if isinstance(child, ast.Global):
            return "a function that rebinds globals", child
    return None


def _returning_source(body: list[ast.stmt], assigned: list[str]) -> str:
    """Source of a block whose statements return: they become the body of a function of its own.

    The names that they assign are that function's own, so those that have a value are passed.
    """
    function = ast.FunctionDef(_RESULT + "_of", _no_parameters(), [*body], [])
    function.args.args = [ast.arg(name) for name in assigned]
    call = ast.Call(
        ast.Name(function.name, ast.Load()), [ast.Name(n, ast.Load()) for n in assigned], []
    )
    assign = ast.Assign([ast.Name(_RESULT, ast.Store())], call)
    return "\n".join(
        ast.unparse(ast.fix_missing_locations(ast.copy_location(s, body[-1])))
        for s in (function, assign)
    )


def _unbound_names(statement: ast.stmt) -> Iterator[str]:
    """Names that the statement may leave unbound: of exception handlers, and deleted ones."""
    for node in ast.walk(statement):
        match node:
            case ast.ExceptHandler(name=str(name)):
                yield name
            case ast.Name(id=name, ctx=ast.Del()):
                yield name


def _holds(value: Any, container: Any) -> bool:
    if value is container:
        return True
    if isinstance(value, dict):
        return any(_holds(part, container) for part in value.values())
    if isinstance(value, list | tuple):
        return any(_holds(part, container) for part in value)
    return False


def _name_at(name: str, node: ast.AST) -> ast.Name:
    return ast.copy_location(ast.Name(name, ast.Load()), node)


def _surely_immutable(value: Dyn) -> bool:
    return value.class_name in ("str", "int", "float", "bool", "bytes", "tuple", "jax.Array")


def _no_parameters() -> ast.arguments:
    return ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])


def _keyword(node: ast.stmt) -> str:
    name = type(node).__name__
    return {"TryStar": "try", "ClassDef": "class", "TypeAlias": "type"}.get(name, name.lower())


def _leaves(node: ast.stmt) -> bool:
    """Whether the statement may leave the function, or a loop around it."""

    def visit(child: ast.AST, in_loop: bool) -> bool:
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            return False
        if isinstance(child, ast.Return):
            return True
        if isinstance(child, ast.Break | ast.Continue):
            return not in_loop
        inner = in_loop or isinstance(child, ast.For | ast.While)
        return any(visit(c, inner) for c in ast.iter_child_nodes(child))

    return visit(node, False)


def _ends(body: list[ast.stmt]) -> bool:
    """Whether control never reaches the end of the statements."""
    if not body:
        return False
    match body[-1]:
        case ast.Return() | ast.Raise():
            return True
        case ast.If(body=then, orelse=orelse):
            return _ends(then) and _ends(orelse)
    return False


def _surely_binds(node: ast.stmt, name: str) -> bool:
    """Whether the name is bound whenever control passes the statement."""
    match node:
        case ast.If(body=then, orelse=orelse):
            return all(any(_surely_binds(s, name) for s in b) for b in (then, orelse))
        case (
            ast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final)
            | ast.TryStar(body=body, handlers=handlers, orelse=orelse, finalbody=final)
        ):
            through = any(_surely_binds(s, name) for s in (*body, *orelse))
            caught = all(
                _ends(h.body) or any(_surely_binds(s, name) for s in h.body) for h in handlers
            )
            return (through and caught) or any(_surely_binds(s, name) for s in final)
        case ast.With(items=items):  # it may swallow an error of its body
            return any(i.optional_vars and name in stored_names(i.optional_vars) for i in items)
        case ast.Assign(targets=targets):
            return any(name in stored_names(target) for target in targets)
        case ast.AnnAssign(target=target, value=value):
            return value is not None and name in stored_names(target)
        case ast.AugAssign(target=target):
            return name in stored_names(target)
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.ClassDef():
            return name in stored_names(node)
    return False
