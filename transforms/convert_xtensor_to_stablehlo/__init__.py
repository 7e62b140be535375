"""Lowers the tensor dialect to StableHLO, each op as JAX lowers the primitive of its name.

The results are to be bit-equal to `jax.jit`, so where JAX expands a primitive (`logistic`,
`integer_pow`, `argmax`, ...) the same ops are emitted in the same order. There is one rule for each
form of op, and tables that say which ops have that form. A module is lowered in one walk, in which
each block is built anew of ops that are already final, rather than by a worklist of patterns. A map
says what each value so far is lowered to, so that no uses have to be replaced.
"""

from xcs.transforms.convert_xtensor_to_stablehlo.conversion import RULES, ConvertXTensorToStableHLO

__all__ = ["RULES", "ConvertXTensorToStableHLO"]
