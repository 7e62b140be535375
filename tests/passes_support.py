"""Random orchestration programs, and what they mean: for the tests of passes."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.parser import Parser

from xcs.dialects import orch, xtensor
from xcs.runtime.host import compile_host

OBJECT, LIST, TENSOR, TOKEN = (
    "!orch.object",
    "!orch.list<!orch.object>",
    "tensor<4xf32>",
    "!orch.token",
)

OPERATORS = "".join(
    f'orch.operator @{name} {{path = "t:{name}", kind = #orch.kind<{kind}>, '
    f"effects = #orch.effects<{effects}>{more}}}\n"
    for name, kind, effects, more in (
        ("ask", "model", "unordered", ""),
        ("score", "model", "unordered", ", deterministic"),
        ("pure", "function", "pure", ", nonblocking"),
        ("push", "function", "ordered", ""),
        ("array", "tool", "unordered", ""),
        ("jnp", "tensor", "pure", ", fresh"),
    )
)


def parse(text: str) -> ModuleOp:
    context = Context()
    for dialect in (Builtin, func.Func, orch.Orch, xtensor.XTensor):
        context.load_dialect(dialect)
    module = Parser(context, text, "test.mlir").parse_module()
    module.verify()
    return module


# --- What programs mean ---------------------------------------------------------------------------


def fail(number: int, value: int) -> int:
    """Raises for every eleventh value, with a message that tells which op it was."""
    if value % 11 == 3:
        raise ValueError(number)
    return value


OBJECTS = {"main": {"fail": fail, "helper": lambda value: value + 1}}


@dataclass
class Operators:
    """The operators, and a record of the calls that must be made exactly once."""

    log: list[Any] = field(default_factory=list)

    def ask(self, number: int, value: Any) -> Any:
        self.log.append((number, repr(value)))
        return fail(number, value)

    def score(self, number: int, value: Any) -> Any:
        return fail(number, value * 7 + 1)

    def pure(self, value: Any) -> Any:
        return value * 5 + 2

    def push(self, items: list[Any], value: Any) -> None:
        self.log.append(("push", repr(items), repr(value)))
        items.append(value)

    def array(self, value: int) -> Any:
        self.log.append(("array", value))
        return np.full(4, value, np.float32)

    def jnp(self, number: int, *values: Any) -> Any:
        return fail(number, sum(values) * 2 + 1)


_ARRAY_FUNCTIONS = {
    "xtensor.add": np.add,
    "xtensor.sub": np.subtract,
    "xtensor.max": np.maximum,
    "xtensor.neg": np.negative,
}


class Interpreter:
    """Runs a module's ops one after the other, in program order."""

    def __init__(self, module: ModuleOp):
        self.functions = {
            op.sym_name.data: op for op in module.body.block.ops if isinstance(op, func.FuncOp)
        }
        self.operators = Operators()

    def function(self, name: str, args: Sequence[Any]) -> list[Any]:
        return self._block(self.functions[name].body.block, args, {})

    def outcome(self, args: Sequence[Any]) -> tuple[Any, ...]:
        """What somebody who runs the program can tell: its results or its error, and its calls."""
        try:
            result = ("returns", repr(self.function("main", args)))
        except Exception as error:
            result = ("raises", type(error), error.args)
        return *result, self.operators.log

    def _block(self, block: Block, args: Sequence[Any], outer: Mapping[SSAValue, Any]) -> list[Any]:
        env = {**outer, **dict(zip(block.args, args, strict=True))}
        for op in block.ops:
            if op is block.last_op:
                break
            env.update(zip(op.results, self._op(op, env), strict=True))
        assert block.last_op is not None
        return [env[value] for value in block.last_op.operands]

    def _op(self, op: Operation, env: Mapping[SSAValue, Any]) -> Sequence[Any]:
        args = [env[value] for value in op.operands]
        match op:
            case orch.CallOp():
                value = getattr(self.operators, op.callee.string_value())(
                    *args[: len(op.arguments)]
                )
                return [None if t == orch.TOKEN else value for t in op.result_types]
            case orch.HostOp():
                outs = None if op.out_names is None else [name.data for name in op.out_names]
                scope = None if op.scope is None else OBJECTS[op.scope.key.data]
                host = compile_host(op.source.data, op.argument_names(), outs, scope, "host", [1])
                value = host(*args[: len(op.arguments)])
                return [value] if outs is None else value
            case orch.LaunchOp():
                return self.function(op.kernel.string_value(), args)
            case orch.ConstantOp():
                return [orch.literal_value(op.value)]
            case orch.ListOp():
                return [list(args)]
            case orch.TupleOp():
                return [tuple(args)]
            case orch.DictOp():
                count = len(op.keys)
                return [dict(zip(args[:count], args[count:], strict=True))]
            case orch.GetItemOp():
                return [args[0][args[1]]]
            case orch.JoinOp():
                return [None]
            case orch.MapOp():
                rows = [self._block(op.body.block, [item], env) for item in args[0]]
                return [[row[i] for row in rows] for i in range(len(op.outs))]
            case orch.IfOp():
                return self._block((op.then if args[0] else op.orelse).block, [], env)
            case xtensor.ConstantOp():
                return [np.full(4, op.value.get_values()[0], np.float32)]
            case _:
                return [_ARRAY_FUNCTIONS[op.name](*args)]


# --- Random programs ------------------------------------------------------------------------------

_EXPRESSIONS = (
    "a + b",
    "a - 2 * b",
    "a and b",
    "b if a else a",
    "[a for x in (1, 2)][0] + b",
    "(lambda: a + b)()",
    "max(b, a)",
    "int(f'{abs(a)}{abs(b)}') % 11",
    "(a, b)[0]",
    "fail({number}, a) + b",
    "b + fail({number}, a)",
    "a and fail({number}, b)",
    "helper(a) + fail({number}, b)",
)


class Program:
    """The text of a random program; ``main`` takes two integers and an array."""

    def __init__(self, seed: int, size: int):
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.count = 0
        self.token: str | None = None
        self.lists: list[str] = []
        integers, tensors = self._block(["%i0", "%i1"], ["%x"], size, depth=0)
        kept = self._fresh()
        self._add(
            f"{kept} = orch.list({', '.join(integers[-4:])}) : ({_types(integers[-4:])}) -> {LIST}"
        )
        returned = [(kept, LIST), *((value, LIST) for value in self.lists), (tensors[-1], TENSOR)]
        names, types = ", ".join(n for n, _ in returned), ", ".join(t for _, t in returned)
        self._add(f"func.return {names} : {types}")
        body = "\n".join(f"  {line}" for line in self.lines)
        head = f"func.func @main(%i0: {OBJECT}, %i1: {OBJECT}, %x: {TENSOR}) -> ({types}) {{"
        self.text = f"{OPERATORS}{head}\n{body}\n}}\n"

    def _add(self, line: str) -> None:
        self.lines.append(line)

    def _fresh(self) -> str:
        self.count += 1
        return f"%v{self.count}"

    def _block(
        self, integers: list[str], tensors: list[str], size: int, depth: int
    ) -> tuple[list[str], list[str]]:
        """Adds ops; gives the integers and arrays that can be used after them."""
        integers, tensors = list(integers), list(tensors)
        makers = [self._host] * 5 + [self._call] * 3 + [self._glue] * 2 + [self._deferred] * 2
        for _ in range(size):
            choice = self.random.random()
            if choice < 0.3:
                tensors.append(self._array(integers, tensors))
            elif choice < 0.36 and depth < 2:
                integers.append(self._region(integers, tensors, depth))
            elif choice < 0.42 and depth == 0:
                self._list(integers)
            else:
                integers.append(self.random.choice(makers)(integers, tensors))
        return integers, tensors

    def _pick(self, values: Sequence[str]) -> str:
        """A value; more often a late one."""
        return self.random.choice([*values, *values[-3:], *values[-2:]])

    def _host(self, integers: list[str], tensors: list[str]) -> str:
        out, number = self._fresh(), self.count
        a, b = self._pick(integers), self._pick(integers)
        pure = "effects = #orch.effects<pure>"
        if self.random.random() < 0.15:
            source = f"x = a + 1\\0Afor i in (1, 2):\\0A    x = x + b * i\\0Ay = fail({number}, x)"
            more = f'names = ["a", "b"], out_names = ["x", "y"], {pure}, scope = #orch.ref<"main">'
            self._add(
                f'{out}, {out}y = orch.host "{source}" ({a}, {b}) {{{more}}} : '
                f"({OBJECT}, {OBJECT}) -> ({OBJECT}, {OBJECT})"
            )
            return out
        if self.random.random() < 0.15:
            source, operands, names, types = (
                "int(t.sum()) % 9",
                [self._pick(tensors)],
                ["t"],
                TENSOR,
            )
        else:
            source = self.random.choice(_EXPRESSIONS).replace("{number}", str(number))
            operands, names, types = [a, b], ["a", "b"], f"{OBJECT}, {OBJECT}"
        scope = (
            ', scope = #orch.ref<"main">' if "fail" in source or self.random.random() < 0.3 else ""
        )
        line = self.random.randrange(3)
        self._add(
            f'{out} = orch.host "{source}" ({", ".join(operands)}) '
            f"{{names = [{', '.join(map(_quoted, names))}], {pure}{scope}}} : "
            f'({types}) -> {OBJECT} loc("app.py":{line + 1}:0)'
        )
        return out

    def _call(self, integers: list[str], tensors: list[str]) -> str:
        out, number = self._fresh(), self.count
        value = self._pick(integers)
        operator = self.random.choice(("ask", "score", "score", "pure"))
        if operator == "pure":
            self._add(f"{out} = orch.call @pure({value}) : ({OBJECT}) -> {OBJECT}")
            return out
        # Few numbers, so that equal calls occur.
        given = self._constant(number if operator == "ask" else number % 2)
        self._add(
            f"{out} = orch.call @{operator}({given}, {value}) : ({OBJECT}, {OBJECT}) -> {OBJECT}"
        )
        return out

    def _deferred(self, integers: list[str], tensors: list[str]) -> str:
        number = self._constant(self.count + 1)
        values = [self._pick(integers) for _ in range(self.random.randrange(1, 3))]
        out = self._fresh()
        types = ", ".join([OBJECT] * (len(values) + 1))
        self._add(f"{out} = orch.call @jnp({', '.join([number, *values])}) : ({types}) -> {OBJECT}")
        return out

    def _constant(self, value: int) -> str:
        out = self._fresh()
        self._add(f"{out} = orch.constant {value} : i64 : {OBJECT}")
        return out

    def _glue(self, integers: list[str], tensors: list[str]) -> str:
        kind = self.random.choice(("tuple", "list"))
        values = [self._pick(integers) for _ in range(self.random.randrange(1, 4))]
        # Now and then there is no such item.
        index = self._constant(
            self.random.randrange(-len(values), len(values) + (self.random.random() < 0.1))
        )
        container, out = self._fresh(), self._fresh()
        type_ = OBJECT if kind == "tuple" else LIST
        self._add(f"{container} = orch.{kind}({', '.join(values)}) : ({_types(values)}) -> {type_}")
        self._add(f"{out} = orch.getitem {container}[{index}] : {type_}, {OBJECT} -> {OBJECT}")
        return out

    def _list(self, integers: list[str]) -> None:
        """A list that is returned, and changed on the way."""
        if not self.lists or self.random.random() < 0.3:
            values = [self._pick(integers) for _ in range(2)]
            self.lists.append(self._fresh())
            self._add(
                f"{self.lists[-1]} = orch.list({', '.join(values)}) : ({_types(values)}) -> {LIST}"
            )
        token, after = self._fresh(), f" after({self.token})" if self.token else ""
        self._add(
            f"{token} = orch.call @push({self.random.choice(self.lists)}, {self._pick(integers)})"
            f"{after} : ({LIST}, {OBJECT}) -> {TOKEN}"
        )
        self.token = token

    def _array(self, integers: list[str], tensors: list[str]) -> str:
        out = self._fresh()
        kind = self.random.random()
        if kind < 0.15:
            self._add(f"{out} = orch.call @array({self._pick(integers)}) : ({OBJECT}) -> {TENSOR}")
        elif kind < 0.25:
            self._add(f"{out} = xtensor.constant dense<{self.random.randrange(4)}.0> : {TENSOR}")
        elif kind < 0.35:
            self._add(f"{out} = xtensor.neg {self._pick(tensors)} : {TENSOR}")
        else:
            op = self.random.choice(("add", "sub", "max"))
            self._add(
                f"{out} = xtensor.{op} {self._pick(tensors)}, {self._pick(tensors)} : {TENSOR}"
            )
        return out

    def _region(self, integers: list[str], tensors: list[str], depth: int) -> str:
        """A map, whose list's first item is the value; or a branch."""
        out, values = self._fresh(), [self._pick(integers) for _ in range(2)]
        size = self.random.randrange(4)
        if self.random.random() < 0.5:
            self._add(f"{out} = orch.if {values[0]} : ({OBJECT}) -> {OBJECT} {{")
            for closing in ("} else {", "}"):
                inner, _ = self._block(integers, tensors, size, depth + 1)
                self._add(f"orch.yield {inner[-1]} : {OBJECT}")
                self._add(closing)
            return out
        items, zero, element = self._fresh(), self._constant(0), self._fresh()
        self._add(f"{items} = orch.list({', '.join(values)}) : ({_types(values)}) -> {LIST}")
        self._add(f"{out}l, {out}m = orch.map {items} : ({LIST}) -> ({LIST}, {LIST}) {{")
        self._add(f"^bb0({element}: {OBJECT}):")
        inner, _ = self._block([*integers, element], tensors, size, depth + 1)
        self._add(f"orch.yield {inner[-1]}, {element} : {OBJECT}, {OBJECT}")
        self._add("}")
        self._add(f"{out} = orch.getitem {out}l[{zero}] : {LIST}, {OBJECT} -> {OBJECT}")
        return out


def _types(values: Sequence[str]) -> str:
    return ", ".join([OBJECT] * len(values))


def _quoted(text: str) -> str:
    return f'"{text}"'
