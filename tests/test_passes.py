"""Passes on random programs: they mean the same afterwards, and a second time nothing changes."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from passes_support import OBJECTS, Interpreter, Operators, Program, parse
from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Operation
from xdsl.transforms import get_all_passes as get_xdsl_passes

from xcs.dialects import orch, xtensor
from xcs.runtime import Program as EngineProgram
from xcs.runtime import compile_plan, run
from xcs.tools.verifier import verify
from xcs.transforms import get_all_passes

OWN_PASSES = ("merge-deterministic-calls", "fuse-host", "hybrid-split", "outline-deferred")
PASSES = ("canonicalize", "cse", "dce", *OWN_PASSES)
ARGUMENTS = (4, 5, np.arange(4, dtype=np.float32))

programs = st.builds(
    lambda seed, size: Program(seed, size).text, st.integers(0, 10**9), st.integers(1, 40)
)


def apply(module: ModuleOp, *names: str) -> None:
    passes = {**get_xdsl_passes(), **get_all_passes()}
    for name in names:
        passes[name]()().apply(Context(), module)
        verify(module, {})


def calls_waited_for(module: ModuleOp) -> dict[str, set[str]]:
    """For each blocking call of main, by its number, those that it waits for."""
    (main,) = (
        f for f in module.body.block.ops if isinstance(f, func.FuncOp) and f.sym_name.data == "main"
    )
    block = main.body.block
    waits: dict[Operation, set[str]] = {}
    found: dict[str, set[str]] = {}
    for op in block.ops:
        nested = set(op.walk())
        owners = {
            block.find_ancestor_op_in_block(operand.owner)
            for inner in nested
            for operand in inner.operands
            if isinstance(operand.owner, Operation) and operand.owner not in nested
        }
        waits[op] = set().union(*(waits[owner] for owner in owners if owner is not None))
        if isinstance(op, orch.CallOp) and op.callee.string_value() in ("ask", "array"):
            name = f"call {len(found)}"
            found[name] = set(waits[op])
            waits[op].add(name)
    return found


def assert_no_call_waits_for_more(module: ModuleOp, before: dict[str, set[str]]) -> None:
    after = calls_waited_for(module)
    assert after.keys() == before.keys()
    assert all(after[call] <= before[call] for call in after)


@pytest.mark.parametrize("name", PASSES)
@settings(deadline=None, max_examples=40)
@given(text=programs)
def test_pass_preserves_meaning(name: str, text: str) -> None:
    module = parse(text)
    expected = Interpreter(module).outcome(ARGUMENTS)
    apply(module, name)
    assert Interpreter(module).outcome(ARGUMENTS) == expected


@settings(deadline=None, max_examples=40)
@given(text=programs)
def test_pipeline_preserves_meaning(text: str) -> None:
    module = parse(text)
    expected = Interpreter(module).outcome(ARGUMENTS)
    apply(module, *PASSES, "canonicalize", "cse", "dce")
    assert Interpreter(module).outcome(ARGUMENTS) == expected


@settings(deadline=None, max_examples=40)
@given(text=programs)
def test_engine_agrees_after_pipeline(text: str) -> None:
    module = parse(text)
    kind, *expected, _ = Interpreter(module).outcome(ARGUMENTS)
    apply(module, *PASSES)
    operators = Operators()
    interpreter = Interpreter(module)
    kernels = {
        name: functools.partial(lambda name, *args: interpreter.function(name, args), name)
        for name in interpreter.functions
    }
    plan = compile_plan(
        EngineProgram(module, "main", OBJECTS),
        kernels,
        lambda path: getattr(operators, path.partition(":")[2]),
    )
    if kind == "returns":
        results, _ = run(plan, ARGUMENTS)
        assert repr(results) == expected[0]
    else:
        with pytest.raises(expected[0]) as caught:
            run(plan, ARGUMENTS)
        assert caught.value.args == expected[1]


# xDSL's cse and dce leave what only dead code used to the next run.
@pytest.mark.parametrize("name", ["canonicalize", *OWN_PASSES])
@settings(deadline=None, max_examples=25)
@given(text=programs)
def test_pass_is_idempotent(name: str, text: str) -> None:
    module = parse(text)
    apply(module, name)
    once = str(module)
    apply(module, name)
    assert str(module) == once


@settings(deadline=None, max_examples=40)
@given(text=programs)
def test_hybrid_split_separates_array_code_and_delays_no_call(text: str) -> None:
    module = parse(text)
    waited_for = calls_waited_for(module)
    apply(module, "hybrid-split")
    for function in module.body.block.ops:
        if not isinstance(function, func.FuncOp):
            continue
        array_ops = [op for op in function.walk() if op.get_traits_of_type(xtensor.OpClass)]
        others = [op for op in function.walk() if op not in array_ops and op is not function]
        if function.sym_name.data == "main":
            assert not array_ops
        else:
            assert all(isinstance(op, func.ReturnOp) for op in others)
    assert_no_call_waits_for_more(module, waited_for)


@settings(deadline=None, max_examples=40)
@given(text=programs)
def test_outline_deferred_delays_no_call(text: str) -> None:
    module = parse(text)
    waited_for = calls_waited_for(module)
    apply(module, "outline-deferred")
    assert_no_call_waits_for_more(module, waited_for)
