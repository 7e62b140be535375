"""What xcs adds to xDSL's tools: found through the entry point group `xdsl.universe`."""

from xdsl.universe import Universe
from xdsl.utils.target import Target

from xcs.dialects import get_all_dialects
from xcs.transforms import get_all_passes


def _get_dot() -> type[Target]:
    from xcs.tools.print_dot import DotTarget

    return DotTarget


def _get_stablehlo() -> type[Target]:
    from xcs.dialects.stablehlo.print import StableHLOTarget

    return StableHLOTarget


XCS_UNIVERSE = Universe(
    all_dialects=get_all_dialects(),
    all_passes=get_all_passes(),
    all_targets={"dot": _get_dot, "stablehlo": _get_stablehlo},
)
