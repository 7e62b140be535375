"""How each op of the dialect is compiled: what it needs, what it fills, how it is evaluated."""

from __future__ import annotations

import dataclasses
import keyword
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from xdsl.dialects import func
from xdsl.ir import Block, Operation, SSAValue

from xcs.dialects import orch
from xcs.runtime import disjoint as disjoint_
from xcs.runtime import dispatch, early, native, objects, regions
from xcs.runtime.blocks import BlockCompiler, CompileOp
from xcs.runtime.errors import XCSError, function_of, location_of, source_lines
from xcs.runtime.frames import END
from xcs.runtime.host import compile_host, placed
from xcs.runtime.limits import WORLD
from xcs.runtime.methods import PAYLOADS
from xcs.runtime.plain import is_array
from xcs.runtime.plan import Access, Action, BlockPlan, Candidate, Native, Operator, OpPlan
from xcs.runtime.policies import Policy
from xcs.runtime.stacks import Stack, launch_over, row_of

# --- Calls ----------------------------------------------------------------------------------------


def call(block: BlockCompiler, op: orch.CallOp) -> OpPlan:
    operator = block.program.operator(op)
    ordered, is_local = operator.effects == "ordered", operator.is_local
    _check_one_value(op)
    slots = block.slots_of(op.arguments)
    checked = op.checked is not None and ordered and not (operator.blocking or is_local)
    if checked:
        action = Action.ISSUE
    elif operator.is_coroutine:
        action = Action.AWAIT
    elif operator.blocking:
        action = Action.CALL
    elif operator.effects == "unordered" or is_local:
        action = Action.HERE
    else:
        action = Action.INLINE
    plan = block.plan(
        op,
        action,
        [*op.arguments, *op.after],
        name=operator.name,
        ordered=ordered and not checked,
        is_local=is_local,
        starred=bool(op.starred_positions()),
        operator=operator,
        hidden=len(op.after),
        limiters=(WORLD,) * (ordered and not is_local) + operator.limiters,
        evaluate=_caller(
            op, slots, "f", action in (Action.CALL, Action.AWAIT), {"f": operator.function}
        ),
        argument_names=op.keyword_names(),
    )
    if checked:
        plan.issue, plan.access = dispatch.show, Access(arguments=slots)
        plan.on_worker = dataclasses.replace(plan, action=Action.HERE, tokens=(), limiters=())
    return plan


def invoke(block: BlockCompiler, op: orch.InvokeOp) -> OpPlan:
    _check_one_value(op)
    callee, slots = block.slot(op.callee), block.slots_of(op.arguments)
    is_known = block.program.classify is not None
    function, known = _prepared(block, f"v[{callee}]", {})
    # If nothing is known of the callee, it runs on the caller's thread, as it may depend on it.
    plan = block.plan(
        op,
        Action.ISSUE if is_known else Action.INLINE,
        [*op.arguments, *op.after, op.callee],
        ordered=not is_known,
        hidden=len(op.after) + 1,
        limiters=(WORLD,),
        evaluate=_caller(op, slots, function, False, known),
        argument_names=op.keyword_names(),
        issue=dispatch.invoke,
        access=Access(target=callee, arguments=slots),
    )
    plan.on_worker = _on_worker(plan, _caller(op, slots, function, True, known))
    return plan


def _prepared(
    block: BlockCompiler, function: str, names: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """An expression for what is called in place of a callable, and the names in it."""
    if block.program.prepare is None:
        return function, names
    return f"prepare({function})", {**names, "prepare": block.program.prepare}


def _on_worker(plan: OpPlan, evaluate: Callable[..., Any]) -> OpPlan:
    """The same op as a call that blocks, and is not ordered."""
    pseudo = Operator(plan.name, print, "unordered", Policy(), True, (), None, False)
    return dataclasses.replace(
        plan,
        action=Action.CALL,
        tokens=(),
        ordered=False,
        limiters=(),
        evaluate=evaluate,
        operator=pseudo,
    )


def method(block: BlockCompiler, op: orch.MethodOp) -> OpPlan:
    target, slots = block.slot(op.object), block.slots_of(op.arguments)
    name = op.method.data
    if not name.isidentifier() or keyword.iskeyword(name):
        raise XCSError(f"{location_of(op)}: '{name}' is not the name of a method")
    # What has no such method of its own does as Python does without it.
    operation = objects.IN_PLACE.get(name)
    function = f"v[{target}].{name}" if operation is None else f"operation(v[{target}])"
    known = {} if operation is None else {"operation": operation}
    if operation is None:
        function, known = _prepared(block, function, known)
    payload = _payload_of(op, slots)
    awaited = [target, *(s for i, s in enumerate(slots) if i != payload)]
    plan = block.plan(
        op,
        Action.ISSUE,
        [op.object, *op.arguments, *op.after],
        name=f"method '{name}'",
        hidden=len(op.after),
        limiters=(WORLD,),
        evaluate=_caller(op, slots, function, False, known),
        issue=dispatch.method,
        lax=(target,) if target not in awaited[1:] else (),
        is_pure=op.token is None,
        access=Access(
            target=target,
            name=name,
            payload=-1 if payload is None else slots[payload],
            arguments=slots,
            collect=_caller(op, slots, "collect", False, {"collect": _collected}),
            candidates=_candidates(block, op),
            is_shared=op.shared is not None,
        ),
    )
    plan.awaited = (*awaited, *block.slots_of(op.after))
    plan.on_worker = _on_worker(plan, _caller(op, slots, function, True, known))
    return _perhaps_early(plan, early.calls_method)


def _perhaps_early(plan: OpPlan, is_early: early.Check) -> OpPlan:
    """Have the op give its value before its tokens are there, where the values allow it."""
    assert plan.access is not None
    tokens = plan.operands[len(plan.operands) - plan.hidden :]
    if tokens and plan.access.payload < 0:
        plan.early = dataclasses.replace(
            plan, issue=early.give, action=Action.ISSUE, ordered=False, tokens=(), on_worker=None
        )
        plan.is_early = is_early
        plan.structure = tuple({*plan.awaited} - {*tokens})
    return plan


def _payload_of(op: orch.MethodOp, slots: Sequence[int]) -> int | None:
    """The position of the argument that a container would only store."""
    position = PAYLOADS.get(op.method.data)
    if position is None or position >= len(slots) - len(op.keyword_names()):
        return None
    return None if any(starred <= position for starred in op.starred_positions()) else position


def _candidates(block: BlockCompiler, op: orch.MethodOp) -> tuple[Candidate, ...]:
    program = block.program
    return tuple(
        Candidate(
            program.object(orch.RefAttr(cls), op),
            program.function(function, op),
            program.object(orch.RefAttr(original), op),
        )
        for cls, function, original in op.candidate_functions()
    )


def _collected(*args: Any, **keywords: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return args, keywords


def function_call(block: BlockCompiler, op: func.CallOp) -> OpPlan:
    name = op.callee.root_reference.data
    plan = block.region_plan(
        op,
        Action.ISSUE,
        operands=op.arguments,
        name=name,
        awaited=(),
        blocks=(block.program.function(name, op),),
        issue=regions.start_function,
    )
    callee = block.program.native(name, op)
    if callee is not None:
        _know_as_python(plan, op, callee)
    return plan


def _know_as_python(plan: OpPlan, op: func.CallOp, callee: Native) -> None:
    """Have the engine call the Python function where it can."""
    tokens = [result.type == orch.TOKEN for result in op.results]
    hidden = sum(argument.type == orch.TOKEN for argument in op.arguments)
    passed = plan.operands[: len(plan.operands) - hidden]
    names = callee.function.__code__.co_varnames[: len(passed)]
    hidden += sum(name.startswith(orch.UNUSED) for name in names)
    plan.native, plan.issue = callee, native.issue
    gives_one = tokens == [False] and not isinstance(op.results[0].type, orch.ListType)
    if callee.repeats and not callee.writes and gives_one:
        # On values that come late, each op would cost more than the whole does then.
        plan.awaited = plan.lax = plan.operands
    plan.whole = dataclasses.replace(
        plan,
        action=Action.INLINE,
        name=callee.function.__qualname__,
        results=tuple(s for s, is_token in zip(plan.results, tokens, strict=True) if not is_token),
        tokens=tuple(s for s, is_token in zip(plan.results, tokens, strict=True) if is_token),
        hidden=hidden,
        limiters=(WORLD,),
        evaluate=_applied(callee.function, passed),
        argument_names=names,
        blocks=(),
    )


def launch(block: BlockCompiler, op: orch.LaunchOp) -> OpPlan:
    name = op.kernel.root_reference.data
    kernel = block.program.kernels.get(name)
    if kernel is None:
        raise XCSError(f"{location_of(op)}: there is no kernel '{name}'")
    if op.over is not None:
        over, count = op.over_positions(), len(op.results)
        function = lambda *args: launch_over(kernel, args, over, count)
    else:
        function = kernel
    evaluate = _applied(function, block.slots_of(op.arguments))
    if len(op.results) == 1:
        launch = evaluate
        evaluate = lambda values: launch(values)[0]
    return block.plan(op, Action.INLINE, op.arguments, name=name, evaluate=evaluate)


def host(block: BlockCompiler, op: orch.HostOp) -> OpPlan:
    names = op.argument_names()
    out_names = None if op.out_names is None else [name.data for name in op.out_names]
    namespace = None if op.scope is None else block.program.object(op.scope, op)
    location = location_of(op)
    filename = location.rpartition(":")[0]
    try:
        function = compile_host(
            op.source.data, names, out_names, namespace, filename or "<host>", source_lines(op),
            function_of(op).rpartition(":")[2],
        )  # fmt: skip
    except SyntaxError as error:
        raise XCSError(f"{location}: host source is not Python: {error}") from error
    except (MemoryError, RecursionError) as error:  # what Python's parser says
        raise XCSError(f"{location}: host source is nested too deeply") from error
    slots = block.slots_of(op.arguments)
    evaluate = _applied(function, slots)
    if out_names is not None and len(out_names) == 1:
        source = evaluate
        evaluate = lambda values: source(values)[0]
    ordered, is_checked = op.effects == orch.ORDERED, op.checked is not None
    plan = block.plan(
        op,
        Action.ISSUE if is_checked else Action.INLINE,
        [*op.arguments, *op.after],
        name=_shortened(op.source.data),
        ordered=ordered and not is_checked,
        hidden=len(op.after),
        limiters=(WORLD,) if ordered else (),
        evaluate=evaluate,
        argument_names=names,
        issue=dispatch.checked,
        access=Access(arguments=slots) if is_checked else None,
    )
    return _perhaps_early(plan, early.runs) if is_checked else plan


# --- Values ---------------------------------------------------------------------------------------


def container(block: BlockCompiler, op: orch.ListOp | orch.TupleOp) -> OpPlan:
    make = None if isinstance(op, orch.ListOp) else tuple
    if _is_read_by_element(op.result) or (make is None and block.program.has_writes):
        return block.plan(op, Action.CONTAINER, op.elements, awaited=(), make=make)
    build = list if make is None else make
    slots = block.slots_of(op.elements)
    return block.plan(
        op,
        Action.INLINE,
        op.elements,
        evaluate=lambda values: build([values[slot] for slot in slots]),
    )


def _is_read_by_element(value: SSAValue) -> bool:
    return any(isinstance(use.operation, orch.MapOp | orch.ForOp) for use in value.uses)


def dict_(block: BlockCompiler, op: orch.DictOp) -> OpPlan:
    keys, elements = block.slots_of(op.keys), block.slots_of(op.elements)

    def evaluate(values: list[Any]) -> dict[Any, Any]:
        return {values[k]: values[e] for k, e in zip(keys, elements, strict=True)}

    return block.plan(op, Action.INLINE, [*op.keys, *op.elements], evaluate=evaluate)


def as_tensor(block: BlockCompiler, op: orch.AsTensorOp) -> OpPlan:
    value = block.slot(op.value)
    return block.plan(op, Action.INLINE, [op.value], evaluate=lambda values: values[value])


def stack(block: BlockCompiler, op: orch.StackOp) -> OpPlan:
    evaluate = _applied(_stack, (block.slot(op.values),))
    return block.plan(op, Action.INLINE, [op.values], evaluate=evaluate)


def unstack(block: BlockCompiler, op: orch.UnstackOp) -> OpPlan:
    evaluate = _applied(_unstack if _is_stack(op.result) else list, (block.slot(op.value),))
    return block.plan(op, Action.INLINE, [op.value], evaluate=evaluate)


def _is_stack(value: SSAValue) -> bool:
    """Whether it is a list that nothing is done with but to take elements, or launch kernels."""
    return isinstance(value.owner, orch.LaunchOp | orch.UnstackOp) and all(
        isinstance(use.operation, orch.LaunchOp)
        or (isinstance(use.operation, orch.GetItemOp) and use.index == 0)
        for use in value.uses
    )


def _unstack(value: Any) -> Sequence[Any]:
    return Stack(value) if is_array(value) and value.ndim else list(value)


def join(block: BlockCompiler, op: orch.JoinOp) -> OpPlan:
    return block.plan(op, Action.INLINE, op.tokens, evaluate=lambda values: None)


# --- Objects --------------------------------------------------------------------------------------


def getitem(block: BlockCompiler, op: orch.GetItemOp) -> OpPlan:
    container, index = block.slot(op.container), block.slot(op.index)
    if op.row is not None:
        evaluate = _applied(row_of, (container, index))
        return block.plan(op, Action.INLINE, [op.container, op.index], evaluate=evaluate)
    plan = _object_op(
        block,
        op,
        {"container": op.container, "index": op.index},
        evaluate=lambda values: values[container][values[index]],
        issue=objects.getitem,
    )
    if plan.is_pure and (_is_stack(op.container) or not block.program.has_writes):
        plan.action = Action.GETITEM
    return _perhaps_early(plan, early.reads)


def setitem(block: BlockCompiler, op: orch.SetItemOp) -> OpPlan:
    slots = block.slots_of([op.container, op.index, op.value])
    return _object_op(
        block,
        op,
        {"container": op.container, "index": op.index, "value": op.value},
        evaluate=_applied(operator.setitem, slots),
        issue=objects.setitem,
    )


def delitem(block: BlockCompiler, op: orch.DelItemOp) -> OpPlan:
    slots = block.slots_of([op.container, op.index])
    return _object_op(
        block,
        op,
        {"container": op.container, "index": op.index},
        evaluate=_applied(operator.delitem, slots),
        issue=objects.delitem,
    )


def contains(block: BlockCompiler, op: orch.ContainsOp) -> OpPlan:
    slots = block.slots_of([op.container, op.item])
    plan = _object_op(
        block,
        op,
        {"container": op.container, "item": op.item},
        evaluate=_applied(operator.contains, slots),
        issue=objects.contains,
    )
    return _perhaps_early(plan, early.reads)


def length(block: BlockCompiler, op: orch.LenOp) -> OpPlan:
    plan = _object_op(
        block,
        op,
        {"container": op.container},
        evaluate=_applied(len, (block.slot(op.container),)),
        issue=objects.length,
    )
    return _perhaps_early(plan, early.reads)


def append(block: BlockCompiler, op: orch.AppendOp) -> OpPlan:
    container, value = block.slot(op.container), block.slot(op.value)
    return _object_op(
        block,
        op,
        {"container": op.container, "value": op.value},
        evaluate=lambda values: values[container].append(values[value]),
        issue=objects.append,
    )


def getattr_(block: BlockCompiler, op: orch.GetAttrOp) -> OpPlan:
    value, name = block.slot(op.value), op.attribute.data
    plan = _object_op(
        block,
        op,
        {"object": op.value},
        name=name,
        evaluate=lambda values: getattr(values[value], name),
        issue=objects.getattr_,
    )
    if plan.is_pure and not block.program.has_writes:
        plan.action, plan.lax, plan.argument_names = Action.INLINE, (), ()
        plan.limiters = ()
    return _perhaps_early(plan, early.reads_attribute)


def setattr_(block: BlockCompiler, op: orch.SetAttrOp) -> OpPlan:
    target, value, name = block.slot(op.object), block.slot(op.value), op.attribute.data
    return _object_op(
        block,
        op,
        {"object": op.object, "value": op.value},
        name=name,
        evaluate=lambda values: setattr(values[target], name, values[value]),
        issue=objects.setattr_,
    )


def delattr_(block: BlockCompiler, op: orch.DelAttrOp) -> OpPlan:
    target, name = block.slot(op.object), op.attribute.data
    return _object_op(
        block,
        op,
        {"object": op.object},
        name=name,
        evaluate=lambda values: delattr(values[target], name),
        issue=objects.delattr_,
    )


def _object_op(
    block: BlockCompiler, op: orch.ObjectOp, operands: dict[str, SSAValue], *,
    evaluate: Callable[[list[Any]], Any], issue: objects.Issue, name: str = "",
) -> OpPlan:  # fmt: skip
    """The plan of an op on its first operand. The one named "value" is payload."""
    target, *others = operands.values()
    payload = operands.get("value")
    slots = {part: block.slot(value) for part, value in operands.items()}
    awaited = [slot for part, slot in slots.items() if part != "value"]
    tokens = block.slots_of(op.after)
    return block.plan(
        op,
        Action.ISSUE,
        [target, *others, *op.after],
        name=f"attribute '{name}'" if name else op.name,
        hidden=len(tokens),
        limiters=(WORLD,),
        evaluate=evaluate,
        issue=issue,
        argument_names=tuple(operands),
        awaited=(*awaited, *tokens),
        lax=tuple(awaited[:1]) if awaited[0] not in awaited[1:] else (),
        is_pure=not op.after and op.token is None,
        access=Access(
            target=awaited[0],
            key=next((slots[part] for part in ("index", "item") if part in slots), -1),
            payload=-1 if payload is None else slots["value"],
            name=name,
        ),
    )


def snapshot(block: BlockCompiler, op: orch.SnapshotOp) -> OpPlan:
    if op.exact is not None:
        issue = objects.exact
    elif op.elements is not None:
        issue = objects.elements
    elif op.structure is not None:
        issue = objects.structure
    else:
        issue = objects.snapshot
    target = block.slot(op.object)
    plan = _object_op(
        block, op, {"object": op.object}, evaluate=lambda values: values[target], issue=issue
    )
    plan.is_pure = False
    is_early = early.takes_version if op.structure is None else early.reads
    return _perhaps_early(plan, is_early)


def disjoint(block: BlockCompiler, op: orch.DisjointOp) -> OpPlan:
    slots = block.slots_of(op.containers)
    return block.plan(
        op,
        Action.ISSUE,
        [*op.containers, *op.after],
        hidden=len(op.after),
        lax=slots,
        issue=disjoint_.disjoint,
        access=Access(arguments=slots, places=op.places.data, roots=tuple(op.roots.get_values())),
    )


def new(block: BlockCompiler, op: orch.NewOp) -> OpPlan:
    cls, slots = block.slot(op.cls), block.slots_of(op.arguments)
    return block.plan(
        op,
        Action.ISSUE,
        [op.cls, *op.arguments, *op.after],
        hidden=len(op.after),
        limiters=(WORLD,),
        evaluate=_caller(op, slots, f"make(v[{cls}])", False, {"make": objects.maker}),
        issue=objects.new,
        access=Access(
            target=cls,
            arguments=slots,
            collect=_caller(op, slots, "collect", False, {"collect": _collected}),
        ),
    )


# --- Regions --------------------------------------------------------------------------------------


def map_(block: BlockCompiler, op: orch.MapOp) -> OpPlan:
    carried = [] if op.after is None else [op.after]
    collected = len(op.outs) - len(carried)
    return _loop(block, op, [op.iterable, *carried], op.body.block, collected=collected)


def for_(block: BlockCompiler, op: orch.ForOp) -> OpPlan:
    stops = op.stops is not None
    block.program.tracks_order |= stops
    return _loop(block, op, [op.iterable, *op.init], op.body.block, stops=stops)


def _loop(
    block: BlockCompiler, op: Operation, operands: Sequence[SSAValue], body: Block, *,
    collected: int = 0, stops: bool = False,
) -> OpPlan:  # fmt: skip
    if not isinstance(operands[0].type, orch.ListType):
        block.program.iterates = True
    region = block.region(body)
    iterable = block.slot(operands[0])
    is_one_list = collected == len(region.yields) == 1 and not stops
    return block.region_plan(
        op,
        Action.LOOP,
        operands=operands,
        awaited=(iterable,),
        lax=(iterable,),
        blocks=(region,),
        collected=collected,
        carried=region.yields[collected + stops :],
        stops=stops,
        is_generator=orch.GENERATOR in op.attributes,
        step=_step(op, lambda values: next(values[0], END)),
        direct=_only_op(region) if is_one_list else None,
    )


def while_(block: BlockCompiler, op: orch.WhileOp) -> OpPlan:
    return block.region_plan(
        op,
        Action.ISSUE,
        operands=op.init,
        awaited=(),
        blocks=(block.region(op.test.block), block.region(op.body.block)),
        stops=op.stops is not None,
        is_generator=orch.GENERATOR in op.attributes,
        step=_step(op, lambda values: bool(values[0])),
        issue=regions.start_while,
    )


def _step(op: Operation, evaluate: Callable[[list[Any]], Any]) -> OpPlan:
    """An op that comes before the others of an iteration: it takes the turn of the loop."""
    return OpPlan(
        index=-1,
        action=Action.INLINE,
        kind=op.name,
        name=op.name,
        location=location_of(op),
        limiters=(WORLD,),
        evaluate=evaluate,
    )


def if_(block: BlockCompiler, op: orch.IfOp) -> OpPlan:
    condition = block.slot(op.condition)
    return block.region_plan(
        op,
        Action.BRANCH,
        operands=[op.condition],
        lax=(condition,),
        blocks=(block.region(op.then.block), block.region(op.orelse.block)),
    )


def try_(block: BlockCompiler, op: orch.TryOp) -> OpPlan:
    return block.region_plan(
        op,
        Action.ISSUE,
        blocks=(block.region(op.body.block), block.region(op.handler.block)),
        issue=regions.start_try,
    )


OPERATIONS: dict[type[Operation], CompileOp] = {
    orch.CallOp: call,
    orch.InvokeOp: invoke,
    orch.MethodOp: method,
    func.CallOp: function_call,
    orch.LaunchOp: launch,
    orch.HostOp: host,
    orch.ListOp: container,
    orch.TupleOp: container,
    orch.DictOp: dict_,
    orch.AsTensorOp: as_tensor,
    orch.StackOp: stack,
    orch.UnstackOp: unstack,
    orch.JoinOp: join,
    orch.GetItemOp: getitem,
    orch.SetItemOp: setitem,
    orch.DelItemOp: delitem,
    orch.ContainsOp: contains,
    orch.LenOp: length,
    orch.AppendOp: append,
    orch.GetAttrOp: getattr_,
    orch.SetAttrOp: setattr_,
    orch.DelAttrOp: delattr_,
    orch.SnapshotOp: snapshot,
    orch.DisjointOp: disjoint,
    orch.NewOp: new,
    orch.MapOp: map_,
    orch.ForOp: for_,
    orch.WhileOp: while_,
    orch.IfOp: if_,
    orch.TryOp: try_,
}


# --- Helpers --------------------------------------------------------------------------------------


def _only_op(block: BlockPlan) -> OpPlan | None:
    """The op that is all of a block: it yields the result of it, whenever that is there."""
    if len(block.ops) != 1:
        return None
    (op,) = block.ops
    is_call = op.action in (Action.CALL, Action.HERE, Action.INLINE) and not op.ordered
    return op if is_call and op.results == block.yields and not op.tokens else None


def _check_one_value(op: orch.CallOp | orch.InvokeOp) -> None:
    values = sum(not isinstance(result.type, orch.TokenType) for result in op.results)
    if values > 1:
        raise XCSError(f"{location_of(op)}: {op.name} has {values} results, but a call gives one")


def _applied(function: Callable[..., Any], slots: Sequence[int]) -> Callable[[list[Any]], Any]:
    """``function`` of the values in the given slots."""
    arguments = ", ".join(f"v[{slot}]" for slot in slots)
    return eval(f"lambda v: f({arguments})", {"f": function})


def _caller(
    op: Any,
    slots: Sequence[int],
    function: str,
    blocking: bool,
    names: dict[str, Any] | None = None,
) -> Callable[..., Any]:
    """The call as Python writes it, so that unpacking and its errors are Python's own.

    ``function`` is an expression of the frame's slots ``v`` and of ``names``. The result takes the
    slots; a blocking one takes before that how to apply a function to arguments.
    """
    keywords, starred = op.keyword_names(), op.starred_positions()
    positional = len(slots) - len(keywords)
    arguments = [
        f"*v[{s}]" if i in starred else f"v[{s}]" for i, s in enumerate(slots[:positional])
    ]
    for name, slot in zip(keywords, slots[positional:], strict=True):
        if name == "**":
            arguments.append(f"**v[{slot}]")
        elif name.isidentifier() and not keyword.iskeyword(name) and name != "__debug__":
            arguments.append(f"{name}=v[{slot}]")
        else:
            raise XCSError(f"{location_of(op)}: '{name}' is not the name of a keyword argument")
    listed = ", ".join(arguments)
    known = dict(names or {})
    if not blocking:
        source = f"lambda v: {function}({listed})"
    elif starred or "**" in keywords:
        known |= {"pass_on": _pass_on, "Given": _Given}
        source = f"lambda call, v: pass_on(call, *Given({function})({listed}))"
    else:
        source = f"lambda call, v: call({', '.join([function, *arguments])})"
    if place := function_of(op):
        return placed(source, known, location_of(op), place)
    return eval(source, known)


class _Given:
    """Stands for a callable where its arguments are unpacked: complaints of them name it."""

    def __init__(self, function: Any):
        self.function = function
        for name in ("__module__", "__qualname__"):
            if (value := getattr(function, name, None)) is not None:
                setattr(self, name, value)

    def __str__(self) -> str:
        return str(self.function)

    def __call__(self, *args: Any, **keywords: Any) -> tuple[Any, Any, Any]:
        return self.function, args, keywords


def _pass_on(call: Callable[..., Any], function: Any, args: Any, keywords: Any) -> Any:
    return call(function, *args, **keywords)


def _stack(arrays: Sequence[Any]) -> Any:
    """Stack arrays of any library that speaks the array API standard."""
    for array in arrays:
        if hasattr(array, "__array_namespace__"):
            return array.__array_namespace__().stack(arrays)
    if arrays:  # numbers, which are arrays of rank 0
        return np.stack(arrays)
    raise TypeError("orch.stack needs a non-empty list of arrays")


def _shortened(source: str, limit: int = 60) -> str:
    line = " ".join(source.split())
    return line if len(line) <= limit else line[: limit - 3] + "..."
