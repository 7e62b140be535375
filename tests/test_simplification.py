"""`canonicalize` on tensor ops: every bit stays, and a second run finds nothing."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.transforms.canonicalize import CanonicalizePass

from xcs.api.pipeline import make_context
from xcs.api.rule_check import _draw  # pyright: ignore[reportPrivateUsage]
from xcs.transforms.canonicalize_orch import CanonicalizeOrch
from xcs.transforms.evaluation import Interpreter
from xcs.transforms.rules.instances import instances
from xcs.transforms.rules.registry import all_rules
from xcs.transforms.rules.rule import Rule


def canonicalized(module: ModuleOp) -> ModuleOp:
    module = module.clone()
    CanonicalizePass().apply(make_context(), module)
    module.verify()
    return module


def value(module: ModuleOp, arguments: list[np.ndarray]) -> np.ndarray:
    function = module.body.block.first_op
    assert isinstance(function, func.FuncOp)
    return Interpreter().function(function, arguments)[0]


@pytest.mark.parametrize("rule", [r for r in all_rules() if r.cleanup], ids=lambda r: r.name)
def test_values_stay_and_nothing_is_left_to_do(rule: Rule) -> None:
    values = np.random.default_rng(0)
    for module in instances(rule, Random(rule.name), 6):
        simpler = canonicalized(module)
        assert simpler.is_structurally_equivalent(canonicalized(simpler))
        function = module.body.block.first_op
        assert isinstance(function, func.FuncOp)
        given = [_draw(values, arg.type, "special") for arg in function.body.block.args]
        before, after = value(module, given), value(simpler, given)
        nan = np.isnan(before) if before.dtype.kind in "fc" else np.zeros(before.shape, bool)
        assert np.where(nan, 0, before).tobytes() == np.where(nan, 0, after).tobytes()


def test_compiled_programs_leave_tensor_ops_to_xla() -> None:
    from xdsl.parser import Parser

    text = """
    func.func @f(%x: tensor<f32>) -> tensor<f32> {
      %0 = xtensor.neg %x : tensor<f32>
      %1 = xtensor.neg %0 : tensor<f32>
      func.return %1 : tensor<f32>
    }"""
    module = Parser(make_context(), text).parse_module()
    CanonicalizeOrch().apply(make_context(), module)
    assert [op.name for op in module.walk()].count("xtensor.neg") == 2
    assert [op.name for op in canonicalized(module).walk()].count("xtensor.neg") == 0
