"""Operators: declared once, as symbols."""

from __future__ import annotations

from xdsl.dialects.builtin import StringAttr, SymbolNameConstraint, UnitAttr
from xdsl.ir import Operation
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    traits_def,
)
from xdsl.traits import SymbolOpInterface, SymbolTable
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.orch.attributes import PURE, EffectsAttr, KindAttr, PolicyAttr, RefAttr


@irdl_op_definition
class OperatorOp(IRDLOperation):
    """Declares an operator once: where it is found, and what the optimiser may assume of it.

    ``path`` is ``"module:qualified.name"``; ``ref`` names the object of the running process that is
    called, where the module was captured from one, and ``retry_on`` the object that says which
    errors are worth another try (exception classes, or a function of the error). ``deterministic``
    permits merging equal calls. ``fresh`` says of a pure operator that it may raise, or may make a
    mutable object each time: its calls are reordered, but neither merged nor dropped. A
    ``nonblocking`` operator does not wait. A ``local`` ordered one, such as one that reads the
    clock, is ordered among the ops of its own activation only. The results of an ``immutable`` one
    cannot change, as its author declared. ``batch`` names what makes several calls of it as one;
    where it is not known, calls are single.
    """

    name = "orch.operator"

    sym_name = prop_def(SymbolNameConstraint())
    path = prop_def(StringAttr)
    kind = prop_def(KindAttr)
    effects = prop_def(EffectsAttr)
    policy = opt_prop_def(PolicyAttr)
    deterministic = opt_prop_def(UnitAttr)
    fresh = opt_prop_def(UnitAttr)
    nonblocking = opt_prop_def(UnitAttr)
    local = opt_prop_def(UnitAttr)
    immutable = opt_prop_def(UnitAttr)
    ref = opt_prop_def(RefAttr)
    retry_on = opt_prop_def(RefAttr)
    batch = opt_prop_def(RefAttr)

    traits = traits_def(SymbolOpInterface())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$sym_name attr-dict"

    def __init__(
        self,
        sym_name: str,
        path: str,
        kind: str,
        effects: str,
        *,
        policy: PolicyAttr | None = None,
        deterministic: bool = False,
        fresh: bool = False,
        nonblocking: bool = False,
        local: bool = False,
        immutable: bool = False,
        ref: str | None = None,
        retry_on: str | None = None,
        batch: str | None = None,
    ):
        super().__init__(
            properties={
                "sym_name": StringAttr(sym_name),
                "path": StringAttr(path),
                "kind": KindAttr(kind),
                "effects": EffectsAttr(effects),
                "policy": policy,
                "deterministic": UnitAttr() if deterministic else None,
                "fresh": UnitAttr() if fresh else None,
                "nonblocking": UnitAttr() if nonblocking else None,
                "local": UnitAttr() if local else None,
                "immutable": UnitAttr() if immutable else None,
                "ref": RefAttr(ref) if ref is not None else None,
                "retry_on": RefAttr(retry_on) if retry_on is not None else None,
                "batch": RefAttr(batch) if batch is not None else None,
            }
        )

    @property
    def is_pure(self) -> bool:
        """Whether equal calls may be merged and unused ones dropped."""
        return self.effects == PURE

    def verify_(self) -> None:
        if not isinstance(self.parent_op(), Operation) or not self.parent_op().has_trait(  # type: ignore[union-attr]
            SymbolTable
        ):
            raise VerifyException("orch.operator belongs at the top level of a module")
