"""Native Python, kept as source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xdsl.dialects.builtin import ArrayAttr, StringAttr, UnitAttr
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import EffectInstance, MemoryEffect
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.orch.attributes import (
    ANY,
    ORDERED,
    PURE,
    EffectsAttr,
    RefAttr,
    TokenType,
    is_immutable,
)
from xcs.dialects.orch.canonicalizes import Canonicalizes
from xcs.dialects.orch.effects import MAY_RAISE, WORLD, fresh
from xcs.dialects.orch.tokens import verify_token_is_last


class HostEffects(MemoryEffect):
    """Native Python may raise unless it is known not to, and may make a fresh object each time."""

    @classmethod
    def get_effects(cls, op: Operation) -> frozenset[EffectInstance]:
        assert isinstance(op, HostOp)
        if op.effects != PURE:
            return WORLD
        if op.total is None:
            return MAY_RAISE
        return fresh(result for result in op.results if not is_immutable(result.type))


@irdl_op_definition
class HostOp(IRDLOperation):
    """Native Python: an expression, or with ``block`` a statement list, kept as source.

    ``names`` are the local names that the operands stand for. A block gives the values that its
    ``outs`` names have at its end. Other free names resolve in the namespace of the function that
    ``scope`` refers to. ``pure`` source has no effect but the error it may raise; ``total`` source
    cannot raise either. ``checked`` source is ordered, unless all operands turn out at run time to
    be plain data: then it is pure.
    """

    name = "orch.host"
    source = prop_def(StringAttr)
    names = prop_def(ArrayAttr[StringAttr])
    out_names = opt_prop_def(ArrayAttr[StringAttr])
    effects = prop_def(EffectsAttr)
    scope = opt_prop_def(RefAttr)
    total = opt_prop_def(UnitAttr)
    checked = opt_prop_def(UnitAttr)
    arguments = var_operand_def()
    after = var_operand_def(TokenType)
    outs = var_result_def()

    traits = traits_def(HostEffects(), Canonicalizes())
    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())
    assembly_format = (
        "$source `(` $arguments `)` (`after` `(` $after^ `)`)? attr-dict "
        "`:` functional-type($arguments, $outs)"
    )

    def __init__(
        self,
        source: str,
        arguments: Mapping[str, SSAValue],
        result_types: Sequence[Attribute] = (ANY,),
        *,
        effects: str = "pure",
        out_names: Sequence[str] | None = None,
        scope: str | None = None,
        total: bool = False,
        checked: bool = False,
        after: Sequence[SSAValue] = (),
    ):
        super().__init__(
            operands=[list(arguments.values()), after],
            result_types=[result_types],
            properties={
                "source": StringAttr(source),
                "names": ArrayAttr(map(StringAttr, arguments)),
                "out_names": None if out_names is None else ArrayAttr(map(StringAttr, out_names)),
                "effects": EffectsAttr(effects),
                "scope": RefAttr(scope) if scope is not None else None,
                "total": UnitAttr() if total else None,
                "checked": UnitAttr() if checked else None,
            },
        )

    @property
    def is_block(self) -> bool:
        """Whether the source is a list of statements rather than one expression."""
        return self.out_names is not None

    def argument_names(self) -> tuple[str, ...]:
        """The local names that the operands stand for, in operand order."""
        return tuple(name.data for name in self.names)

    def verify_(self) -> None:
        names = self.argument_names()
        if len(names) != len(self.arguments):
            raise VerifyException(f"{len(names)} names for {len(self.arguments)} operands")
        if len(set(names)) != len(names):
            raise VerifyException("operand names must differ from one another")
        if not all(name.isidentifier() for name in names):
            raise VerifyException("operand names must be Python identifiers")
        verify_token_is_last(self)
        values = [t for t in self.result_types if not isinstance(t, TokenType)]
        expected = 1 if self.out_names is None else len(self.out_names)
        if len(values) != expected:
            raise VerifyException(f"expected {expected} results beside a token, got {len(values)}")
        if self.total is not None and self.effects != PURE:
            raise VerifyException("only pure source can be total")
        if self.checked is not None and self.effects != ORDERED:
            raise VerifyException("only ordered source can be checked")
