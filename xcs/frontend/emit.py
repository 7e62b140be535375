"""Emits orchestration ops at an insertion point, and keeps the objects that they refer to."""

from __future__ import annotations

import ast
import functools
import inspect
import types
from collections.abc import (
    Callable,
    ItemsView,
    Iterator,
    Mapping,
    MappingView,
    Sequence,
    ValuesView,
)
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import jax
from jax.core import Tracer
from xdsl.dialects.builtin import FileLineColLoc, IntAttr, StringAttr, UnrealizedConversionCastOp
from xdsl.ir import Attribute, Block, BlockArgument, Operation, Region, SSAValue

from xcs.dialects import orch
from xcs.frontend.classification import Classification
from xcs.frontend.declarations import Declarations
from xcs.frontend.jaxpr_import import aval_to_type
from xcs.frontend.jaxpr_import.weak_types import as_weak
from xcs.frontend.values import Dyn, LocalFunction, Unsupported

_LITERALS = (type(None), bool, int, float, str)


class NeedsToken(Exception):
    """An iteration has an ordered effect, so a token must run through the iterations."""


@dataclass
class Checkpoint:
    """Where emission stood, to undo what a failed attempt emitted."""

    block: Block
    last: Operation | None
    token: SSAValue | None
    mutation: SSAValue | None
    clock_read: SSAValue | None
    dirty: bool
    array_runs: int
    in_array_run: bool


def class_name_of(value: Any) -> str | None:
    """The class name that an object type carries; only builtin classes are named."""
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else None


def is_tracer(value: Any) -> bool:
    """Whether the value is an array that is being traced."""
    return isinstance(value, Tracer)


@dataclass
class Emitter(Declarations):
    """The function under construction: its block, its declarations, and its object table."""

    views: dict[int, tuple[Any, Any, str]] = field(default_factory=dict)  # views of own dicts
    external: set[int] = field(default_factory=set)  # containers that are passed on as they are
    entry: Block = field(default_factory=Block)
    token: SSAValue | None = None
    tokens_allowed: bool = True
    clock_read: SSAValue | None = None  # what is timed does not start before the clock is read
    mutation: SSAValue | None = None  # the last op that may have changed a value of the program
    dirty: bool = False  # an ordered op may have changed shared state
    array_runs: int = 0
    array_calls: int = 0  # array code that runs when the program does, in the context of that time
    in_array_run: bool = False
    loc: FileLineColLoc | None = None
    placeholders: list[tuple[Any, SSAValue]] = field(default_factory=list)
    _arguments: dict[int, SSAValue] = field(default_factory=dict)  # id(tracer) -> argument
    _containers: dict[int, tuple[Any, SSAValue, Block, Any]] = field(default_factory=dict)
    _given: dict[int, tuple[Any, Callable[[], SSAValue], int]] = field(default_factory=dict)
    _numpy: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.block = self.entry

    # --- insertion ---

    def add(self, op: Operation) -> Operation:
        """Append the op, with the location of the source that is being captured."""
        if self.loc is not None:
            op.location = self.loc
        self.block.add_op(op)
        return op

    @contextmanager
    def at(self, filename: str, node: ast.AST) -> Iterator[None]:
        """Give the ops emitted inside the node's source location."""
        line = getattr(node, "lineno", None)
        if line is None:
            yield
            return
        saved = self.loc
        self.loc = _location(filename, line, getattr(node, "col_offset", 0) + 1)
        try:
            yield
        finally:
            self.loc = saved

    def checkpoint(self) -> Checkpoint:
        """The state that `rollback` returns to."""
        return Checkpoint(
            self.block,
            self.block.last_op,
            self.token,
            self.mutation,
            self.clock_read,
            self.dirty,
            self.array_runs,
            self.in_array_run,
        )

    def rollback(self, mark: Checkpoint) -> None:
        """Erase what was emitted since the checkpoint."""
        self._containers.clear()
        self.block = mark.block
        while (last := self.block.last_op) is not mark.last and last is not None:
            self.block.erase_op(last, safe_erase=False)
        self.token, self.mutation, self.dirty = mark.token, mark.mutation, mark.dirty
        self.clock_read = mark.clock_read
        self.array_runs, self.in_array_run = mark.array_runs, mark.in_array_run

    @contextmanager
    def inside(self, block: Block) -> Iterator[None]:
        """Emit into another block."""
        saved, self.block = self.block, block
        try:
            yield
        finally:
            self.block = saved

    # --- effects and statistics ---

    def array_action(self) -> None:
        """Count a run of array code: array actions with no operator call between them."""
        if not self.in_array_run:
            self.array_runs += 1
        self.in_array_run = True

    def _ordered(self) -> list[SSAValue]:
        if not self.tokens_allowed:
            raise NeedsToken
        self.dirty = True
        return [self.token] if self.token is not None else []

    def reads_after(
        self, values: Sequence[SSAValue], *, sees_globals: bool = False
    ) -> list[SSAValue]:
        """The token to wait for before reading the values: of what last may have changed them."""
        if self.mutation is None:
            return []
        if not sees_globals and all(_is_immutable(value) for value in values):
            return []
        return [self.mutation]

    def _reads(self, operands: Mapping[str, SSAValue], scope: str | None) -> list[SSAValue]:
        return self.reads_after(list(operands.values()), sees_globals=scope is not None)

    def _after(self, arguments: Sequence[SSAValue], what: Classification) -> list[SSAValue]:
        """What an unordered call waits for: changes of its arguments, and of what else it reads."""
        after = self.reads_after(arguments)
        for moment in (self.token if what.reads else None, self.clock_read):
            if moment is not None and moment not in after:
                after.append(moment)
        return after

    def settled(self, value: SSAValue) -> SSAValue:
        """The value, once what may have changed it is done."""
        if _is_iterator(value):
            return self.host("list(value)", {"value": Dyn(value)}, class_name="list").ssa
        after = self.reads_after([value])
        if not after:
            return value
        op = orch.HostOp("value", {"value": value}, [value.type], after=after)
        return self.add(op).results[0]

    # --- values ---

    def constant(self, value: Any, hint: str | None = None, type_: Attribute | None = None) -> Dyn:
        """A static object as an SSA value."""
        class_name = class_name_of(value)
        op = self.add(
            orch.ConstantOp(self.literal(value, hint), type_ or orch.ObjectType(class_name))
        )
        return Dyn(op.results[0], class_name)

    def bind_argument(self, tracer: Any, argument: BlockArgument, *, numpy: bool) -> None:
        """Make uses of the tracer uses of the function's argument, a NumPy array or a JAX one."""
        self._arguments[id(tracer)] = argument
        if numpy:
            self._numpy[id(tracer)] = argument.index

    def bind_container(self, container: Any, ssa: Callable[[], SSAValue], argument: int) -> None:
        """Make uses of the container as a whole uses of the caller's own one."""
        self._given[id(container)] = (container, ssa, argument)
        for key, part in container.items() if isinstance(container, dict) else enumerate(container):
            if type(part) in (list, dict):
                self.bind_container(
                    part, lambda key=key: self.getitem(Dyn(ssa()), key).ssa, argument
                )

    def given_argument(self, container: Any) -> int | None:
        """The index of the argument that the container is a part of, None if it is none."""
        given = self._given.get(id(container))
        return None if given is None else given[2]

    @property
    def has_numpy_arguments(self) -> bool:
        """Whether the caller passed NumPy arrays, which code may change in place."""
        return bool(self._numpy)

    def numpy_arguments(self) -> list[int]:
        """The indices of the arguments that are NumPy arrays."""
        return list(self._numpy.values())

    def is_numpy_argument(self, tracer: Any) -> bool:
        """Whether the tracer stands for a NumPy array that the caller passed."""
        return id(tracer) in self._numpy

    def array(self, tracer: Any) -> SSAValue:
        """The SSA value of a traced array: an argument, or a placeholder until the trace ends."""
        if (argument := self._arguments.get(id(tracer))) is not None:
            return argument
        op = self.add(UnrealizedConversionCastOp.get([], [aval_to_type(tracer.aval)]))
        self.placeholders.append((tracer, op.results[0]))
        if not tracer.aval.weak_type:
            return op.results[0]
        operands = {"as_weak": self.constant(as_weak), "array": Dyn(op.results[0])}
        return self.host("as_weak(array)", operands, class_name="jax.Array", total=True).ssa

    def materialize(self, value: Any) -> SSAValue:
        """The SSA value of anything that the interpreter computes with."""
        if isinstance(value, Dyn):
            return value.ssa
        if is_tracer(value):
            return self.array(value)
        if isinstance(value, LocalFunction):
            raise Unsupported("a function made by the captured code is used as a value", value.node)
        if id(value) in self.external:
            return self.constant(value).ssa
        kind = type(value)
        if kind in (list, tuple, dict):
            return self._container(value)
        if kind is set:
            return self.host("set(values)", {"values": list(value)}, class_name="set").ssa
        if kind is slice:
            parts = {"start": value.start, "stop": value.stop, "step": value.step}
            return self.host("slice(start, stop, step)", parts, class_name="slice").ssa
        if kind in _LITERALS:
            return self.constant(value).ssa
        if isinstance(value, MappingView):
            container, name = self.views[id(value)][1:]
            return self.host(f"container.{name}()", {"container": container}).ssa
        if _holds_tracer(value):
            raise Unsupported(f"a {kind.__name__} of an array is used as a value")
        leaves, tree = jax.tree_util.tree_flatten(value)
        if not jax.tree_util.all_leaves([value]) and contains_dynamic(leaves):
            return self.host(
                "tree.unflatten(leaves)", {"tree": tree, "leaves": leaves}, hint=kind.__name__
            ).ssa
        return self.constant(value).ssa

    def _container(self, value: Any) -> SSAValue:
        """A container of values; one that has not changed is the same object at each use."""
        if (given := self._given.get(id(value))) is not None:
            return given[1]()
        key, contents = id(value), _contents(value)
        made = self._containers.get(key)
        if made is not None and made[0] == contents and made[2] in (self.block, self.entry):
            return made[1]
        if isinstance(value, dict):
            keys = [self.materialize(k) for k in value]
            op = orch.DictOp(keys, [self.materialize(v) for v in value.values()])
        else:
            kind = orch.ListOp if isinstance(value, list) else orch.TupleOp
            op = kind([self.materialize(v) for v in value])
        result = self.add(op).results[0]
        self._containers[key] = (contents, result, self.block, value)
        return result

    # --- ops ---

    def host(
        self,
        source: str,
        arguments: Mapping[str, Any],
        *,
        effects: str = "pure",
        scope: str | None = None,
        class_name: str | None = None,
        total: bool = False,
        mutates: bool = False,
        hint: str | None = None,
    ) -> Dyn:
        """A native Python expression over values. One that `mutates` changes one of them."""
        operands = {
            name: self.constant(value, hint).ssa
            if isinstance(value, jax.tree_util.PyTreeDef)
            else self.materialize(value)
            for name, value in arguments.items()
        }
        if any(map(_is_iterator, operands.values())):  # the expression uses it up
            effects, mutates, total = "ordered", True, False
        ordered = effects == "ordered"
        op = orch.HostOp(
            source,
            operands,
            [orch.ObjectType(class_name), *([orch.TOKEN] if ordered else [])],
            effects=effects,
            scope=scope,
            total=total,
            after=self._ordered() if ordered else self._reads(operands, scope),
        )
        self.add(op)
        if ordered:
            self.token = op.results[-1]
            if mutates:
                self.mutation = self.token
        return Dyn(op.results[0], class_name)

    def host_block(
        self,
        source: str,
        arguments: Mapping[str, SSAValue],
        out_names: Sequence[str],
        *,
        ordered: bool,
        scope: str,
    ) -> list[Dyn]:
        """Native Python statements; gives the values of `out_names` at their end."""
        op = orch.HostOp(
            source,
            arguments,
            [orch.ANY] * len(out_names) + ([orch.TOKEN] if ordered else []),
            effects="ordered" if ordered else "pure",
            out_names=out_names,
            scope=scope,
            after=self._ordered() if ordered else self._reads(arguments, scope),
        )
        self.add(op)
        if ordered:
            self.token = self.mutation = op.results[-1]
        return [Dyn(result) for result in op.results[: len(out_names)]]

    def call(
        self,
        function: Any,
        what: Classification,
        positional: Sequence[Any],
        keywords: Mapping[str, Any],
        *,
        starred: Sequence[int] = (),
        spec: Any = None,
    ) -> Dyn:
        """A call of a declared operator."""
        if inspect.iscoroutinefunction(function):
            raise Unsupported("a coroutine function")
        arguments = [self.materialize(v) for v in (*positional, *keywords.values())]
        if any(map(_is_iterator, arguments)):  # the call uses it up
            what = replace(what, effects="ordered", mutates_args=True)
        ordered = what.effects == "ordered"
        class_name = what.returns if what.returns and "." not in what.returns else None
        op = orch.CallOp(
            self.operator(function, what, spec),
            arguments,
            [orch.ObjectType(what.returns), *([orch.TOKEN] if ordered else [])],
            after=self._ordered() if ordered else self._after(arguments, what),
            keywords=tuple(keywords),
            starred=starred,
        )
        self.add(op)
        if ordered:
            self.token = op.results[-1]
            if what.mutates_args:
                self.mutation = self.token
            if "clock" in what.reads:
                self.clock_read = self.token
        if what.kind == "tensor":
            self.array_action()
            self.array_calls += 1
            return Dyn(op.results[0], "jax.Array")
        self.in_array_run = False
        return Dyn(op.results[0], class_name or what.returns)

    def invoke(
        self, callee: SSAValue, positional: Sequence[Any], keywords: Mapping[str, Any]
    ) -> Dyn:
        """A call of a value of which nothing is known."""
        op = orch.InvokeOp(
            callee,
            [self.materialize(v) for v in (*positional, *keywords.values())],
            [orch.ANY, orch.TOKEN],
            after=self._ordered(),
            keywords=tuple(keywords),
        )
        self.add(op)
        self.token = self.mutation = op.results[-1]
        self.in_array_run = False
        return Dyn(op.results[0])

    def numbers_behind(self, value: Any) -> list[int]:
        """The function's own whole numbers, if the value is computed from nothing else."""
        if isinstance(value, list | tuple):
            return [n for part in value for n in self.numbers_behind(part)]
        if not isinstance(value, Dyn) or value.class_name != "int":
            return []
        found: list[int] = []
        pending = [value.ssa]
        while pending:
            ssa = pending.pop()
            if isinstance(ssa, BlockArgument):
                if ssa.block is not self.entry or ssa.type != orch.ObjectType("int"):
                    return []
                found.append(ssa.index)
            elif isinstance(owner := ssa.owner, orch.HostOp | orch.ConstantOp):
                pending.extend(owner.operands)
            else:
                return []
        return found

    def getattr(self, value: Any, name: str) -> Dyn:
        """An attribute of a value."""
        ssa = self.materialize(value)
        if self.reads_after([ssa]):
            return self.host(f"value.{name}", {"value": Dyn(ssa)})
        return Dyn(self.add(orch.GetAttrOp(ssa, name)).results[0])

    def class_of(self, ssa: SSAValue) -> str | None:
        """The class that the value's type names."""
        return ssa.type.known_class if isinstance(ssa.type, orch.ObjectType) else None

    def getitem(self, container: Any, index: Any) -> Dyn:
        """An item of a value."""
        ssa, position = self.materialize(container), self.materialize(index)
        if self.reads_after([ssa, position]):
            operands = {"container": Dyn(ssa), "index": Dyn(position)}
            return self.host("container[index]", operands)
        op = orch.GetItemOp(ssa, position)
        return Dyn(self.add(op).results[0])

    def region(self, block: Block) -> Region:
        """A region of the one block."""
        return Region(block)


_IMMUTABLE = frozenset({"str", "int", "float", "bool", "complex", "bytes", "NoneType", "jax.Array"})


def _is_immutable(value: SSAValue) -> bool:
    """Whether no op can change the value, by its type. Constants of other types can be changed."""
    return isinstance(value.type, orch.ObjectType) and value.type.known_class in _IMMUTABLE


def _holds_tracer(value: Any) -> bool:
    """Whether a traced array is inside of an object of JAX's own, as ``x.at`` is, or a function."""
    pending, seen = [value], {id(value)}
    for current in pending:
        if is_tracer(current):
            return True
        parts = [part for part in _held(current) if id(part) not in seen]
        seen.update(map(id, parts))
        pending.extend(parts)
    return False


def _held(value: Any) -> list[Any]:
    """What a function, or an object of JAX's own, holds."""
    if isinstance(value, types.FunctionType):
        cells = [cell.cell_contents for cell in value.__closure__ or () if cell != _EMPTY_CELL]
        return [*cells, *(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values()]
    if isinstance(value, types.MethodType):
        return [value.__func__, value.__self__]
    if isinstance(value, functools.partial):
        return [value.func, *value.args, *value.keywords.values()]
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, dict):
        return list(value.values())
    if not type(value).__module__.startswith("jax"):
        return []
    slots = [name for name in getattr(type(value), "__slots__", ()) if not name.startswith("__")]
    names = [*getattr(value, "__dict__", ()), *slots]
    return [getattr(value, name, None) for name in names]


_EMPTY_CELL = types.CellType()


@functools.lru_cache(maxsize=1 << 14)
def _location(filename: str, line: int, column: int) -> FileLineColLoc:
    return FileLineColLoc(StringAttr(filename), IntAttr(line), IntAttr(column))


def _is_iterator(value: SSAValue) -> bool:
    return isinstance(value.type, orch.ObjectType) and value.type.known_class == "iterator"


def _contents(value: Any) -> tuple[Any, ...]:
    """The objects in nested builtin containers, by identity."""
    if isinstance(value, dict):
        parts = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple):
        parts = list(value)
    else:
        return (id(value),)
    return (id(value), len(parts), *(item for part in parts for item in _contents(part)))


def contains_dynamic(value: Any) -> bool:
    """Whether the value is, or a builtin container of it holds, a `Dyn` or a tracer."""
    if isinstance(value, Dyn) or is_tracer(value):
        return True
    if isinstance(value, list | tuple | set | frozenset):
        return any(contains_dynamic(v) for v in value)
    if isinstance(value, dict):
        return any(contains_dynamic(v) for v in value.values())
    if isinstance(value, ValuesView | ItemsView):
        return contains_dynamic(list(value))
    if isinstance(value, slice):
        return contains_dynamic((value.start, value.stop, value.step))
    return False


def contains(value: Any, kind: type) -> bool:
    """Whether the value is, or a builtin container of it holds, an instance of the class."""
    if isinstance(value, kind):
        return True
    if isinstance(value, list | tuple | set | frozenset):
        return any(contains(v, kind) for v in value)
    if isinstance(value, dict):
        return any(contains(v, kind) for v in value.values())
    if isinstance(value, ValuesView | ItemsView):
        return contains(list(value), kind)
    if isinstance(value, slice):
        return contains((value.start, value.stop, value.step), kind)
    return False
