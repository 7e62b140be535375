"""Programs for the engine's tests: IR text to modules, and a sequential interpreter of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import Builtin, ModuleOp
from xdsl.ir import Block, Operation, SSAValue
from xdsl.parser import Parser

from xcs.dialects import orch
from xcs.runtime import Plan, Program, compile_plan, run

ANY = "!orch.object"
LIST = "!orch.list<!orch.object>"
TOKEN = "!orch.token"


def parse(text: str) -> ModuleOp:
    context = Context()
    for dialect in (Builtin, func.Func, orch.Orch):
        context.load_dialect(dialect)
    module = Parser(context, text, "test.mlir").parse_module()
    module.verify()
    return module


def declare(name: str, effects: str = "unordered", more: str = "") -> str:
    return (
        f'orch.operator @{name} {{path = "test:{name}", kind = #orch.kind<tool>, '
        f"effects = #orch.effects<{effects}>{more}}}\n"
    )


def plan_of(
    text: str,
    operators: Mapping[str, Callable[..., Any]] | None = None,
    objects: Mapping[str, Any] | None = None,
    kernels: Mapping[str, Callable[..., Sequence[Any]]] | None = None,
) -> Plan:
    """Compile a module whose operators are given by name."""
    operators = operators or {}
    program = Program(parse(text), "main", objects or {})
    return compile_plan(program, kernels or {}, lambda path: operators[path.partition(":")[2]])


def run_text(
    text: str, args: Sequence[Any] = (), /, max_workers: int | None = None, **operators: Any
) -> Any:
    """Run ``@main`` of a module and return its one result, or the list of its results."""
    results, _ = run(plan_of(text, operators), args, max_workers=max_workers)
    return results[0] if len(results) == 1 else results


class Reference:
    """What a program means: its ops one after the other, on Python objects that are all there."""

    def __init__(self, module: ModuleOp, operators: Mapping[str, Callable[..., Any]]):
        self.module = module
        self.operators = operators

    def run(self, args: Sequence[Any]) -> list[Any]:
        return self.function("main", args)

    def function(self, name: str, args: Sequence[Any]) -> list[Any]:
        functions = (op for op in self.module.ops if isinstance(op, func.FuncOp))
        (entry,) = (op for op in functions if op.sym_name.data == name)
        return self.block(entry.body.block, args, {})

    def block(self, block: Block, args: Sequence[Any], outer: Mapping[SSAValue, Any]) -> list[Any]:
        env = {**outer, **dict(zip(block.args, args, strict=True))}
        *ops, terminator = block.ops
        for op in ops:
            results = self.op(op, env)
            env.update(zip(op.results, results, strict=True))
        return [env[value] for value in terminator.operands]

    def op(self, op: Operation, env: Mapping[SSAValue, Any]) -> Sequence[Any]:
        match op:
            case orch.CallOp():
                value = self.operators[op.callee.root_reference.data](
                    *(env[a] for a in op.arguments)
                )
                return [None if isinstance(t, orch.TokenType) else value for t in op.result_types]
            case orch.HostOp():
                names = dict(zip(op.argument_names(), (env[a] for a in op.arguments), strict=True))
                return [eval(op.source.data, {}, names)]
            case orch.ConstantOp():
                return [orch.literal_value(op.value)]
            case orch.ListOp():
                return [[env[e] for e in op.elements]]
            case orch.TupleOp():
                return [tuple(env[e] for e in op.elements)]
            case orch.JoinOp():
                return [None]
            case orch.IfOp():
                region = op.then if env[op.condition] else op.orelse
                return self.block(region.block, [], env)
            case orch.ForOp():
                carried = [env[v] for v in op.init]
                if op.stops is not None:
                    return self.stopping(op, carried, env)
                for item in env[op.iterable]:
                    carried = self.block(op.body.block, [item, *carried], env)
                return carried
            case orch.WhileOp():
                return self.repeated(op, [env[v] for v in op.init], env)
            case orch.TryOp():
                try:
                    return self.block(op.body.block, [], env)
                except Exception as error:
                    return self.block(op.handler.block, [error], env)
            case func.CallOp():
                name = op.callee.root_reference.data
                return self.function(name, [env[a] for a in op.arguments])
            case orch.ObjectOp():
                result = self.object_op(op, env)
                token = [] if op.token is None else [None]
                return [result, *token][-len(op.results) :] if op.results else []
            case orch.MapOp():
                token = [] if op.after is None else [None]
                rows = [self.block(op.body.block, [x, *token], env) for x in env[op.iterable]]
                lists = len(op.outs) - len(token)
                return [*([row[k] for row in rows] for k in range(lists)), *token]
        raise NotImplementedError(op.name)

    def stopping(
        self, op: orch.ForOp, carried: list[Any], env: Mapping[SSAValue, Any]
    ) -> list[Any]:
        for item in env[op.iterable]:
            stop, *carried = self.block(op.body.block, [item, *carried], env)
            if stop:
                return [True, *carried]
        return [False, *carried]

    def repeated(
        self, op: orch.WhileOp, carried: list[Any], env: Mapping[SSAValue, Any]
    ) -> list[Any]:
        flag = [] if op.stops is None else [False]
        while True:
            condition, *carried = self.block(op.test.block, carried, env)
            if not condition:
                return [*flag, *carried]
            carried = self.block(op.body.block, carried, env)
            if flag and carried.pop(0):
                return [True, *carried]

    def object_op(self, op: orch.ObjectOp, env: Mapping[SSAValue, Any]) -> Any:
        """The value of an op on an object; tokens are the last of its operands."""
        target, *operands = (env[v] for v in op.operands if not isinstance(v.type, orch.TokenType))
        match op:
            case orch.GetItemOp():
                return target[operands[0]]
            case orch.SetItemOp():
                target[operands[0]] = operands[1]
            case orch.DelItemOp():
                del target[operands[0]]
            case orch.ContainsOp():
                return operands[0] in target
            case orch.LenOp():
                return len(target)
            case orch.AppendOp():
                target.append(operands[0])
            case orch.GetAttrOp():
                return getattr(target, op.attribute.data)
            case orch.SetAttrOp():
                setattr(target, op.attribute.data, operands[0])
            case orch.DelAttrOp():
                delattr(target, op.attribute.data)
            case orch.MethodOp():
                return getattr(target, op.method.data)(*operands)
            case orch.SnapshotOp():
                return target
            case orch.NewOp():
                return target(*operands)
            case _:
                raise NotImplementedError(op.name)
        return None
