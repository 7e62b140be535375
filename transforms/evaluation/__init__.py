"""What tensor ops compute, in NumPy: an interpreter of xtensor that needs no JAX and no XLA.

It is plain and slow. Constants are folded by it, rules and lowerings are checked against it.
"""

from xcs.transforms.evaluation.arrays import Array, array_of, attribute_of, dtype_of
from xcs.transforms.evaluation.interpreter import CannotEvaluate, Interpreter
from xcs.transforms.evaluation.rules import EVALUATORS

__all__ = [
    "EVALUATORS",
    "Array",
    "CannotEvaluate",
    "Interpreter",
    "array_of",
    "attribute_of",
    "dtype_of",
]
