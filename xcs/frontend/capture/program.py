"""The whole of a capture: from a function and the arguments of a call to a module."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, Region

from xcs.dialects import orch
from xcs.frontend.analysis.resources import Policy
from xcs.frontend.arguments import Identity, class_of_argument, static_key
from xcs.frontend.capture.arrays import is_array_class
from xcs.frontend.capture.assumptions import Argument, Assumptions
from xcs.frontend.capture.functions import Target, _run_body, check_capturable
from xcs.frontend.capture.names import is_code, store_in
from xcs.frontend.capture.order import ELEMENTS
from xcs.frontend.capture.python_calls import declare_natives, quiet_functions
from xcs.frontend.capture.state import Capture, Remark, object_type
from xcs.frontend.capture.statements import outline_statements
from xcs.frontend.capture.values import Dyn, Pack, Path, Static, Value
from xcs.frontend.classification import Classification
from xcs.frontend.facts import is_immutable_value
from xcs.frontend.guards import Guards
from xcs.frontend.source import function_node


@dataclass
class Arguments:
    """The arguments of a call, taken apart: what the program is made for, and what it is run on."""

    key: tuple[Hashable, ...]
    values: list[Any]
    """What flows when the program runs."""
    shape: list[tuple[str, Any]]
    """Each parameter with its parts: an index into `values`, a constant, or several parts."""


@dataclass(frozen=True)
class _Part:
    index: int


@dataclass(frozen=True)
class _Constant:
    value: Any


@dataclass
class Captured:
    """A captured function: `module` holds ``@main``, `objects` what its references name."""

    module: ModuleOp
    objects: dict[str, Any]
    guards: Guards
    remarks: list[Remark]
    native_parts: list[Remark]
    assumptions: Assumptions
    """Of the objects that arguments, and what the guards know, lead to."""
    array_runs: int = 0
    coarse: bool = False
    verdicts: dict[str, Classification] = field(default_factory=dict)
    """By the operators' symbols: why each has its effects."""
    names: dict[str, str] = field(default_factory=dict)
    """By the symbols of operators and functions: what people call them."""

    def fits(self, values: list[Any]) -> bool:
        """Whether what was assumed of the objects that the program is given is true of these."""
        return self.assumptions.hold(values)


def describe_arguments(
    signature: inspect.Signature,
    args: Any,
    kwargs: Any,
    static: Callable[[str, int | None], bool] = lambda name, position: False,
) -> Arguments:
    """Take the arguments of a call apart. Raises TypeError where they do not fit.

    `static` says which belong to the program by value, by parameter and position in `args`.
    """
    bound = signature.bind(*args, **kwargs)
    bound.apply_defaults()
    values: list[Any] = []
    keys: list[Hashable] = []

    def part(value: Any, name: str, position: int | None) -> Any:
        if static(name, position):
            keys.append((type(value), static_key(value, name)))
            return _Constant(value)
        if is_code(value) or type(value) is type(NotImplemented):
            keys.append(Identity(value))
            return _Constant(value)
        keys.append(class_of_argument(value))
        values.append(value)
        return _Part(len(values) - 1)

    shape: list[tuple[str, Any]] = []
    for number, (name, value) in enumerate(bound.arguments.items()):
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL:
            keys.append(len(value))
            shape.append((name, tuple(part(v, name, number + i) for i, v in enumerate(value))))
        elif kind is inspect.Parameter.VAR_KEYWORD:
            keys.append(tuple(value))
            shape.append((name, {k: part(v, k, None) for k, v in value.items()}))
        else:
            by_name = kind is inspect.Parameter.KEYWORD_ONLY
            shape.append((name, part(value, name, None if by_name else number)))
    return Arguments(tuple(keys), values, shape)


def capture_program(
    function: types.FunctionType,
    arguments: Arguments,
    *,
    policy: Policy = "held",
    coarse: bool = False,
    owner: type | None = None,
) -> Captured:
    """Capture a function for arguments of the given kinds.

    `policy` is how callables are classified. With `coarse` all objects of the outside world are
    taken to be one, as they are not apart.
    Raises `Unsupported` where the function as a whole must stay Python.
    """
    tree = function_node(function)
    check_capturable(tree)
    c = Capture(policy=policy, coarse=coarse)
    c.guards.attribute(function, "__code__", function.__code__)
    block = c.block
    given: list[Value] = []
    for index, value in enumerate(arguments.values):
        cls = class_of_argument(value)
        argument = block.insert_arg(object_type(cls), index)
        path = Path(f"argument {index}")
        c.roots[path.root] = Argument(index)
        given.append(
            Dyn(argument, cls)
            if is_immutable_value(value) or is_array_class(cls)
            else c.given(argument, value, path)
        )
    for name, part in arguments.shape:
        for one in part if isinstance(part, tuple) else (part,):
            if isinstance(one, _Part):
                block.args[one.index].name_hint = name
    env = {name: _value(c, part, given) for name, part in arguments.shape}
    target = Target(tree, function, owner or _owner(function, env), None)
    frame = target.frame(c, env)
    c.frames.append(frame)
    with c.at(frame, tree):
        result = _run_body(c, frame)
        c.refuse_coroutines(result)
        returned = func.ReturnOp(c.ssa(result))
        c.add(returned)
    main = func.FuncOp(
        "main",
        ([a.type for a in block.args], [v.type for v in returned.arguments]),
        Region(block),
    )
    functions = _used_functions(main, c.functions)
    if not (c.kept or c.keeps_tasks):  # which are other objects in the IR than in Python
        quiet = quiet_functions(c, functions)
        outlined = outline_statements(c, [main, *functions], quiet)
        declare_natives(c, [*outlined, *(f for f in functions if f.sym_name.data in quiet)])
        functions += outlined
    used = {
        op.callee.root_reference.data
        for f in (main, *functions)
        for op in f.walk()
        if isinstance(op, orch.CallOp)
    }
    declared = [op for name, op in c.operators.items() if name in used]
    module = ModuleOp([*declared, *functions, main])
    kept = {block for op in module.walk() for region in op.regions for block in region.blocks}
    for given_up in c.blocks:
        if given_up not in kept:
            given_up.drop_all_references()  # its uses of values must not show to rewrites
    return Captured(
        module, c.objects, c.guards, [*dict.fromkeys(c.remarks)],
        [*dict.fromkeys(c.native_parts)],
        _assumptions(c), _array_runs(module), coarse, c.verdicts, c.names,
    )  # fmt: skip


def _owner(function: types.FunctionType, env: Mapping[str, Value]) -> type | None:
    """The class that a method was defined in, if the first argument is an instance of it."""
    first = next(iter(env.values()), None)
    cls = first.cls if isinstance(first, Dyn) else None
    if isinstance(first, Static) and isinstance(first.obj, type):
        cls = first.obj
    for base in cls.__mro__ if cls is not None else ():
        for found in vars(base).values():
            inner = getattr(found, "__func__", found)
            inner = getattr(inner, "__wrapped__", inner)
            if inner is function or getattr(inner, "__code__", None) is function.__code__:
                return base
    return None


def _value(c: Capture, part: Any, given: list[Value]) -> Value:
    match part:
        case _Part(index=index):
            return given[index]
        case _Constant(value=value):
            return Static(value)
        case tuple():
            return Pack(tuple(_value(c, p, given) for p in part))
        case _:
            home = c.order.fresh("keywords")
            values = [_value(c, p, given) for p in part.values()]
            for value in values:
                store_in(c, home.field(ELEMENTS), value)
            keys = [c.constant(k) for k in part]
            op = orch.DictOp(keys, [c.ssa(v) for v in values])
            return Dyn(c.add(op).results[0], dict, home)


def _used_functions(main: func.FuncOp, known: Mapping[str, func.FuncOp]) -> list[func.FuncOp]:
    found: dict[str, func.FuncOp] = {}
    pending: list[Operation] = [main]
    while pending:
        for op in pending.pop().walk():
            if isinstance(op, func.CallOp):
                name = op.callee.root_reference.data
                if name not in found:
                    found[name] = known[name]
                    pending.append(known[name])
    return list(found.values())


def _assumptions(c: Capture) -> Assumptions:
    """What was assumed of objects, but for classes of elements that made no difference."""
    homes = {"elements": c.elements, "keys": c.keys}
    paths = {
        (path, respect): expected
        for (path, respect), expected in c.paths.items()
        if respect not in homes or homes[respect][path].find().asked
    }
    return Assumptions(c.roots, paths, {} if c.coarse else c.outside)


def _array_runs(module: ModuleOp) -> int:
    tensor = {
        op.sym_name.data
        for op in module.ops
        if isinstance(op, orch.OperatorOp) and op.kind.data == "tensor"
    }
    return sum(
        isinstance(op, orch.CallOp) and op.callee.root_reference.data in tensor
        for op in module.walk()
    )


__all__ = ["Arguments", "Block", "Captured", "capture_program", "describe_arguments"]
