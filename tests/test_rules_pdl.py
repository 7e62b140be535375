"""Rules as PDL: xDSL's own passes do with it what the driver does with the rule."""

from __future__ import annotations

import io
from contextlib import redirect_stdout
from pathlib import Path
from random import Random

import pytest
from xdsl.dialects.builtin import ModuleOp
from xdsl.transforms.dead_code_elimination import dce

from xcs.api.pipeline import make_context
from xcs.tools.xcs_opt import main
from xcs.transforms.rules.instances import instances
from xcs.transforms.rules.pdl import apply_by_pdl, pdl_module
from xcs.transforms.rules.registry import all_rules
from xcs.transforms.rules.rule import Rule
from xcs.transforms.rules.views import Emitter

PATTERNS, LEFT_OUT = pdl_module(all_rules())
EXPRESSIBLE = [rule for rule in all_rules() if rule.name not in LEFT_OUT]


def applied_once(rule: Rule, module: ModuleOp) -> ModuleOp | None:
    """The module with the rule applied to what it returns; None where it does not apply."""
    module = module.clone()
    function = module.body.block.first_op
    assert function is not None
    end = function.regions[0].block.last_op
    assert end is not None
    (result,) = end.operands
    root = result.owner
    if not isinstance(root, tuple(rule.roots)):
        return None
    emit = Emitter(root)
    found = rule.attempt(root, emit)
    if isinstance(found, str):
        return None
    function.regions[0].block.insert_ops_before(emit.ops, root)
    result.replace_all_uses_with(found)
    dce(module)
    return module


def test_most_equations_have_a_form() -> None:
    PATTERNS.verify()
    assert len(EXPRESSIBLE) >= 25
    assert LEFT_OUT["order of products"] == "it is a procedure"


@pytest.mark.parametrize("rule", EXPRESSIBLE, ids=lambda rule: rule.name)
def test_pdl_does_what_the_rule_does(rule: Rule) -> None:  # R36
    compared = 0
    for module in instances(rule, Random(7), 60):
        expected = applied_once(rule, module)
        if expected is None:
            continue
        if applied_once(rule, expected) is not None:
            continue  # it applies again: the passes go on, and once is compared here
        apply_by_pdl([rule], module, make_context())
        dce(module)
        assert module.is_structurally_equivalent(expected), f"{module}\n{expected}"
        compared += 1
    assert compared > 0


MODULE = """
func.func @f(%x: tensor<4xf32>, %y: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>) {
  %0 = xtensor.neg %x : tensor<4xf32>
  %1 = xtensor.neg %0 : tensor<4xf32>
  %2 = xtensor.max %y, %y : tensor<4xf32>
  func.return %1, %2 : tensor<4xf32>, tensor<4xf32>
}
"""


def test_what_is_emitted_is_what_apply_pdl_runs(tmp_path: Path) -> None:  # R36
    patterns, module = tmp_path / "rules.mlir", tmp_path / "module.mlir"
    module.write_text(MODULE)
    with redirect_stdout(io.StringIO()) as out:
        assert main(["--emit-pdl", "double negation", "greatest of one"]) == 0
    patterns.write_text(out.getvalue())
    results = []
    for pipeline in (f'apply-pdl{{pdl-file="{patterns}"}},dce', "apply-rules,dce"):
        with redirect_stdout(io.StringIO()) as out:
            assert main([str(module), "-p", pipeline]) == 0
        results.append(out.getvalue())
    assert results[0] == results[1]
    assert "func.return %x, %y" in results[0]


def test_what_has_no_form_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--emit-pdl", "order of products"]) == 0
    assert "not in PDL: 'order of products': it is a procedure" in capsys.readouterr().err
    assert main(["--emit-pdl", "no such rule"]) == 1
    assert "no rule's name contains 'no such rule'" in capsys.readouterr().err
