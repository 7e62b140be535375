"""Regions: independent iterations, loops with carried values, branches, and handled errors.

Tokens are carried and yielded like any other value.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xdsl.dialects.builtin import UnitAttr
from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.irdl import (
    AnyAttr,
    AttrSizedOperandSegments,
    EqAttrConstraint,
    IRDLOperation,
    ParsePropInAttrDict,
    RangeOf,
    irdl_op_definition,
    lazy_traits_def,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import (
    EffectInstance,
    HasParent,
    IsTerminator,
    MemoryEffect,
    Pure,
    RecursiveMemoryEffect,
)
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.orch.attributes import ANY, BOOL, TOKEN, VALUE, ListType, TokenType, is_plain
from xcs.dialects.orch.canonicalizes import Canonicalizes
from xcs.dialects.orch.effects import MAY_RAISE, NO_EFFECTS, MakesObject, MayRaise


@irdl_op_definition
class YieldOp(IRDLOperation):
    """Ends a region with the values that one iteration, branch, test or handler gives."""

    name = "orch.yield"
    arguments = var_operand_def()

    traits = lazy_traits_def(
        lambda: (IsTerminator(), HasParent(MapOp, ForOp, WhileOp, IfOp, TryOp), Pure())
    )
    assembly_format = "($arguments^ `:` type($arguments))? attr-dict"

    def __init__(self, arguments: Sequence[SSAValue] = ()):
        super().__init__(operands=[arguments])


def _terminator(region: Region) -> YieldOp:
    block = region.blocks.first
    if block is None or region.blocks.last is not block:
        raise VerifyException("expected a region of one block")
    if not isinstance(block.last_op, YieldOp):
        raise VerifyException("expected the region to end with orch.yield")
    return block.last_op


def _verify_types(what: str, actual: Iterable[Attribute], expected: Iterable[Attribute]) -> None:
    actual, expected = tuple(actual), tuple(expected)
    if actual != expected:
        raise VerifyException(
            f"{what}: expected ({', '.join(map(str, expected))}), "
            f"got ({', '.join(map(str, actual))})"
        )


def _verify_yield(region: Region, expected: Iterable[Attribute]) -> None:
    _verify_types("yielded values", (v.type for v in _terminator(region).arguments), expected)


def _element_type(iterable: SSAValue) -> Attribute:
    return iterable.type.element_type if isinstance(iterable.type, ListType) else ANY


_NO_ARGUMENTS = RangeOf(AnyAttr()).of_length(0)


GENERATOR = "generator"
"""The attribute of a loop that is all of a generator: a StopIteration that an iteration raises
leaves it as a RuntimeError."""


class MapEffects(MakesObject):
    """A map makes lists; starting to iterate may raise, unless it is over a list."""

    @classmethod
    def get_effects(cls, op: Operation) -> frozenset[EffectInstance]:
        assert isinstance(op, MapOp)
        fresh = super().get_effects(op)
        return fresh if isinstance(op.iterable.type, ListType) else fresh | MAY_RAISE


@irdl_op_definition
class MapOp(IRDLOperation):
    """Independent iterations over a list; one result list for each yielded value.

    Values from outside are used by name. Where an iteration has ordered effects, a token runs
    through the iterations: it enters as the last block argument and is yielded last.
    """

    name = "orch.map"
    iterable = operand_def()
    after = opt_operand_def(TokenType)
    outs = var_result_def()
    body = region_def("single_block")

    traits = traits_def(RecursiveMemoryEffect(), MapEffects(), Canonicalizes())
    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    assembly_format = (
        "$iterable (`after` `(` $after^ `)`)? attr-dict `:` functional-type($iterable, $outs) $body"
    )

    def __init__(
        self,
        iterable: SSAValue,
        body: Region,
        result_types: Sequence[Attribute],
        *,
        after: SSAValue | None = None,
    ):
        super().__init__(operands=[iterable, after], regions=[body], result_types=[result_types])

    def verify_(self) -> None:
        token = [TOKEN] if self.after is not None else []
        element = _element_type(self.iterable)
        _verify_types("block arguments", self.body.block.arg_types, [element, *token])
        lists = [t.element_type for t in self.result_types if isinstance(t, ListType)]
        if len(lists) + len(token) != len(self.result_types):
            raise VerifyException("results must be lists, and a token if one enters")
        _verify_yield(self.body, [*lists, *token])


def _flag(stops: UnitAttr | None) -> list[Attribute]:
    """The type of the flag that a loop which ``stops`` has before its carried values."""
    return [] if stops is None else [BOOL]


@irdl_op_definition
class ForOp(IRDLOperation):
    """A loop over an iterable with carried values; its results are the last iteration's.

    An iteration starts as soon as the carried values that it uses are there. With ``stops``, the
    first yielded value says whether the loop ends after this iteration, the next one is created
    only once that is known, and the first result says whether the loop was stopped.
    """

    name = "orch.for"
    iterable = operand_def()
    init = var_operand_def()
    stops = opt_prop_def(UnitAttr)
    outs = var_result_def()
    body = region_def("single_block")

    traits = traits_def(RecursiveMemoryEffect(), MayRaise(), Canonicalizes())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        "$iterable `carry` `(` ($init^ `:` type($init))? `)` attr-dict "
        "`:` functional-type($iterable, $outs) $body"
    )

    def __init__(
        self, iterable: SSAValue, init: Sequence[SSAValue], body: Region, *, stops: bool = False
    ):
        flag = UnitAttr() if stops else None
        super().__init__(
            operands=[iterable, init],
            properties={"stops": flag},
            regions=[body],
            result_types=[[*_flag(flag), *(v.type for v in init)]],
        )

    def verify_(self) -> None:
        carried = [v.type for v in self.init]
        given = [*_flag(self.stops), *carried]
        _verify_types("results", self.result_types, given)
        element = _element_type(self.iterable)
        _verify_types("block arguments", self.body.block.arg_types, [element, *carried])
        _verify_yield(self.body, given)


@irdl_op_definition
class WhileOp(IRDLOperation):
    """A loop with carried values that goes on while its test yields something true first.

    The test takes the carried values and yields them after the condition, changed or not: they go
    to the body, or are the results. With ``stops``, the first value that the body yields says
    whether the loop ends without another test, and the first result whether it was stopped.
    """

    name = "orch.while"
    init = var_operand_def()
    stops = opt_prop_def(UnitAttr)
    outs = var_result_def()
    test = region_def("single_block")
    body = region_def("single_block")

    traits = traits_def(RecursiveMemoryEffect(), MayRaise(), Canonicalizes())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        "`carry` `(` $init `)` attr-dict `:` functional-type($init, $outs) `test` $test `do` $body"
    )

    def __init__(
        self, init: Sequence[SSAValue], test: Region, body: Region, *, stops: bool = False
    ):
        flag = UnitAttr() if stops else None
        super().__init__(
            operands=[init],
            properties={"stops": flag},
            regions=[test, body],
            result_types=[[*_flag(flag), *(v.type for v in init)]],
        )

    def verify_(self) -> None:
        carried = [v.type for v in self.init]
        given = [*_flag(self.stops), *carried]
        _verify_types("results", self.result_types, given)
        for region in (self.test, self.body):
            _verify_types("block arguments", region.block.arg_types, carried)
        condition = [v.type for v in _terminator(self.test).arguments[:1]] or [ANY]
        _verify_yield(self.test, [*condition, *carried])
        _verify_yield(self.body, given)


class TruthMayRaise(MemoryEffect):
    """Taking the truth of the condition may raise, unless its class is a plain one."""

    @classmethod
    def get_effects(cls, op: Operation) -> frozenset[EffectInstance]:
        assert isinstance(op, IfOp)
        return NO_EFFECTS if is_plain(op.condition.type) else MAY_RAISE


@irdl_op_definition
class IfOp(IRDLOperation):
    """Runs one of two regions, by the truth of a Python value, which may raise."""

    name = "orch.if"
    condition = operand_def(VALUE)
    outs = var_result_def()
    then = region_def("single_block", entry_args=_NO_ARGUMENTS)
    orelse = region_def("single_block", entry_args=_NO_ARGUMENTS)

    traits = traits_def(RecursiveMemoryEffect(), TruthMayRaise(), Canonicalizes())
    assembly_format = (
        "$condition attr-dict `:` functional-type($condition, $outs) $then `else` $orelse"
    )

    def __init__(
        self, condition: SSAValue, then: Region, orelse: Region, result_types: Sequence[Attribute]
    ):
        super().__init__(operands=[condition], regions=[then, orelse], result_types=[result_types])

    def verify_(self) -> None:
        for region in (self.then, self.orelse):
            _verify_yield(region, self.result_types)


@irdl_op_definition
class TryOp(IRDLOperation):
    """Runs the body, and if it fails, the handler on the exception.

    What the ops before the failing one did stays, and what later ones did is undone. The results
    are those of the body, or of the handler. The exception is the one that the op raised.
    """

    name = "orch.try"
    outs = var_result_def()
    body = region_def("single_block", entry_args=_NO_ARGUMENTS)
    handler = region_def("single_block", entry_args=RangeOf(EqAttrConstraint(ANY)).of_length(1))

    traits = traits_def(RecursiveMemoryEffect(), Canonicalizes())
    assembly_format = "attr-dict (`:` type($outs)^)? `body` $body `handler` $handler"

    def __init__(self, body: Region, handler: Region, result_types: Sequence[Attribute] = ()):
        super().__init__(regions=[body, handler], result_types=[result_types])

    def verify_(self) -> None:
        for region in (self.body, self.handler):
            _verify_yield(region, self.result_types)
