"""What xDSL's tools find through the entry point."""

from xdsl.ir import Dialect
from xdsl.passes import ModulePass
from xdsl.universe import Universe


def _acme() -> Dialect:
    import acme_xcs.definitions  # noqa: F401  registers the lowering and the value
    from acme_xcs.dialect import ACME

    return ACME


def _acme_mark() -> type[ModulePass]:
    from acme_xcs.passes import AcmeMark

    return AcmeMark


UNIVERSE = Universe(all_dialects={"acme": _acme}, all_passes={"acme-mark": _acme_mark})
