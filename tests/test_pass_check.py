"""The check of passes: wrong passes are caught, of each kind, and right ones are not."""

from __future__ import annotations

from pathlib import Path

import pytest
from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass
from xdsl.rewriter import Rewriter

import xcs
from xcs.api.pass_check import PassReport, check_pass
from xcs.api.pipeline import parse_pipeline
from xcs.dialects import orch
from xcs.tools.xcs_opt import main


@xcs.op(kind="tool", effects="unordered")
def double(x: int) -> int:
    return 2 * x


@xcs.op(kind="tool", effects="unordered")
def add_one(x: int) -> int:
    return x + 1


@xcs.op(kind="tool", effects="ordered")
def note(x: int) -> int:
    return x


def twice_mapped(xs: list[int]) -> list[int]:
    doubled = [double(x) for x in xs]
    return [add_one(y) for y in doubled]


def noted(x: int) -> int:
    note(x)
    return double(x) + note(x + 1)


class FuseMaps(ModulePass):
    """`f` over all, then `g` over all, becomes `g(f(x))` for each: wrong where both may fail."""

    name = "fuse-maps"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        maps = [inner for inner in op.walk() if isinstance(inner, orch.MapOp)]
        for second in maps:
            first = second.iterable.owner
            if not isinstance(first, orch.MapOp) or len(first.outs) != 1 or second.after:
                continue
            inner, outer = first.body.block, second.body.block
            end, rest = inner.last_op, list(outer.ops)
            assert end is not None
            outer.args[0].replace_all_uses_with(end.operands[0])
            end.detach()
            end.erase()
            for moved in rest:
                moved.detach()
                inner.add_op(moved)
            types = [out.type for out in second.outs]
            made = orch.MapOp(first.iterable, first.detach_region(first.body), types)
            Rewriter.replace_op(second, made, list(made.outs))
            if not first.outs[0].uses:
                Rewriter.erase_op(first)


def calls(module: ModuleOp, name: str) -> list[orch.CallOp]:
    return [
        op
        for op in module.walk()
        if isinstance(op, orch.CallOp) and op.callee.string_value() == name
    ]


class CallsTwice(ModulePass):
    name = "calls-twice"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for call in calls(op, "double"):
            block = call.parent
            assert block is not None
            block.insert_op_before(call.clone(), call)


class WrongValue(ModulePass):
    name = "wrong-value"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        for call in calls(op, "double"):
            call.results[0].replace_all_uses_with(call.operands[0])


class NoEffects(ModulePass):
    """Drops the first effect, whose result nobody uses."""

    name = "no-effects"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        (first, *_) = calls(op, "note")
        for use in list(first.results[-1].uses):
            kept = [value for value in use.operation.operands if value is not first.results[-1]]
            use.operation.operands = kept
        Rewriter.erase_op(first)


def checked(*passes: ModulePass) -> PassReport:
    return check_pass(passes, twice_mapped, [1, 2, 3])


def test_a_fusion_that_changes_which_error_comes_first_is_caught() -> None:
    report = checked(FuseMaps())
    assert report.changed
    (*_, last) = report.failures
    assert "fail: the error is Injected('add_one'" in last
    assert "in place of Injected('double'" in last


def test_other_calls_are_caught() -> None:
    assert "calls differ: more double(1)" in checked(CallsTwice()).failures[0]


def test_another_value_is_caught() -> None:
    assert any("differ" in f or "value is" in f for f in checked(WrongValue()).failures)


def test_a_lost_effect_is_caught() -> None:
    (first, *_) = check_pass((NoEffects(),), noted, 4).failures
    assert first == "effects are note(5) in place of note(4) and note(5)"


def test_the_passes_of_the_pipeline_are_right() -> None:
    for pipeline in ("canonicalize,cse,dce", "merge-deterministic-calls", "fuse-host", "inline"):
        for function, args in ((twice_mapped, ([3, 1, 2],)), (noted, (4,))):
            report = check_pass(parse_pipeline(pipeline), function, *args)
            assert report.passed, report.summary()
            assert report.runs > 3


def test_array_code_is_left_to_the_check_of_rules() -> None:
    import jax.numpy as jnp

    with pytest.raises(xcs.XCSError, match="calls no operators"):
        check_pass((), lambda x: jnp.sin(x), jnp.ones(3))


PROGRAM = """
import xcs

@xcs.op(kind="tool", effects="unordered")
def double(x):
    return 2 * x

def program(xs):
    return [double(x) for x in xs]
"""


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "checked_program.py"
    path.write_text(PROGRAM)
    assert main(["--check-pass", "canonicalize,cse", f"{path}:program", "--arg", "[1, 2]"]) == 0
    assert f"runs  {path}:program" in capsys.readouterr().out
    assert main(["--check-pass", "canonicalise", f"{path}:program"]) == 1
    assert "unknown pass 'canonicalise'; did you mean 'canonicalize'?" in capsys.readouterr().err
    assert main(["--check-pass", "cse", f"{path}:missing"]) == 1
    assert "has no function 'missing'" in capsys.readouterr().err
    assert main(["--check-pass", "cse"]) == 1
    assert "needs functions" in capsys.readouterr().err
