"""The interpreter of tensor ops: values without JAX. The tests of single ops use it as a second
opinion (`xtensor_support.assert_same_bits`)."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp
from xdsl.parser import Parser

from xcs.api.pipeline import make_context
from xcs.dialects import xtensor
from xcs.transforms.evaluation import EVALUATORS, CannotEvaluate, Interpreter
from xcs.transforms.op_rules import OpRules


def parsed(text: str) -> ModuleOp:
    return Parser(make_context(), text).parse_module()


def value(text: str, *arguments: object) -> list[np.ndarray]:
    """What the first function of a module gives."""
    module = parsed(text)
    function = module.body.block.first_op
    assert isinstance(function, func.FuncOp)
    return Interpreter(steps=1000).function(function, [np.asarray(a) for a in arguments])


LOOP = """
func.func @main(%n: tensor<i32>) -> tensor<i32> {
  %0 = func.call @factorial(%n) : (tensor<i32>) -> tensor<i32>
  func.return %0 : tensor<i32>
}
func.func @factorial(%n: tensor<i32>) -> tensor<i32> {
  %one = xtensor.constant dense<1> : tensor<i32>
  %0, %1 = xtensor.while (%i = %n : tensor<i32>, %p = %one : tensor<i32>) while {
    %2 = xtensor.gt %i, %one : tensor<i32>
    xtensor.yield %2 : tensor<i1>
  } do {
    %3 = xtensor.mul %p, %i : tensor<i32>
    %4 = xtensor.sub %i, %one : tensor<i32>
    xtensor.yield %4, %3 : tensor<i32>, tensor<i32>
  }
  func.return %1 : tensor<i32>
}
"""


def test_functions_call_functions_and_loop() -> None:
    assert value(LOOP, 6)[0] == 720
    assert value(LOOP, 13)[0] == np.int64(6227020800).astype(np.int32)


def test_a_loop_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(CannotEvaluate, match="too many steps"):
        value(LOOP, 1000)


def test_what_the_platform_decides_has_no_value() -> None:
    text = """
    func.func @f(%a: tensor<f32>) -> tensor<3xf32> {
      %0 = xtensor.rng_uniform %a, %a : tensor<f32> -> tensor<3xf32>
      func.return %0 : tensor<3xf32>
    }"""
    with pytest.raises(CannotEvaluate, match="platform's generator"):
        value(text, 0.0)


def test_every_op_of_the_classes_that_compute_has_an_evaluator() -> None:
    classes = (
        xtensor.Elementwise,
        xtensor.Contraction,
        xtensor.Reduction,
        xtensor.Reindexing,
        xtensor.Generation,
        xtensor.Control,
    )
    missing = [
        op.name
        for op in xtensor.OPERATIONS
        if op not in EVALUATORS and op is not xtensor.YieldOp
        if any(isinstance(t, classes) for t in op.traits.traits)
    ]
    assert missing == []


def test_it_needs_no_jax() -> None:
    code = (
        "import sys; from xcs.transforms.evaluation import Interpreter; Interpreter(); "
        "assert not {'jax', 'jaxlib', 'scipy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


class TestRulesByOp:
    """Tables of rules, which other packages add to."""

    def test_the_nearest_key_counts(self) -> None:
        rules: OpRules[str] = OpRules(
            "a name", {xtensor.Elementwise: "class", xtensor.UnaryOp: "base"}
        )
        assert rules.of(xtensor.NegOp) == "base"
        assert rules.of(xtensor.AddOp) == "class"
        assert rules.of(xtensor.DotGeneralOp) is None
        rules.register(xtensor.NegOp, "own")
        assert rules.of(xtensor.NegOp) == "own"
        assert rules.of(xtensor.ExpOp) == "base"

    def test_a_key_has_one_rule(self) -> None:
        rules: OpRules[str] = OpRules("a name", {xtensor.AddOp: "own"})
        with pytest.raises(ValueError, match="AddOp has a name already"):
            rules.register(xtensor.AddOp, "other")
