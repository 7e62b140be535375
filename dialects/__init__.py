"""The dialects of xcs, by name.

A function per entry, as in xDSL: a dialect's module is imported when the dialect is first used, so
that the registry costs nothing at start-up.
"""

from collections.abc import Callable

from xdsl.ir import Dialect


def get_all_dialects() -> dict[str, Callable[[], Dialect]]:
    """Return a function that loads the dialect, for each dialect of xcs."""

    def get_chlo() -> Dialect:
        from xcs.dialects.stablehlo import CHLO

        return CHLO

    def get_orch() -> Dialect:
        from xcs.dialects.orch import Orch

        return Orch

    def get_quant() -> Dialect:
        from xcs.dialects.quant import Quant

        return Quant

    def get_sdy() -> Dialect:
        from xcs.dialects.sdy import Sdy

        return Sdy

    def get_sparse_tensor() -> Dialect:
        from xcs.dialects.sparse_tensor import SparseTensor

        return SparseTensor

    def get_stablehlo() -> Dialect:
        from xcs.dialects.stablehlo import StableHLO

        return StableHLO

    def get_xtensor() -> Dialect:
        from xcs.dialects.xtensor import XTensor

        return XTensor

    return {
        "chlo": get_chlo,
        "orch": get_orch,
        "quant": get_quant,
        "sdy": get_sdy,
        "sparse_tensor": get_sparse_tensor,
        "stablehlo": get_stablehlo,
        "xtensor": get_xtensor,
    }
