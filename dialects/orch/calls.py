"""Calls: of operators, of values, and of kernels."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects import func
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    FlatSymbolRefAttrConstr,
    StringAttr,
    SymbolRefAttr,
    UnitAttr,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import EffectInstance, MemoryEffect, SymbolTable, SymbolUserOpInterface
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.orch.attributes import ANY, ORDERED, ListType, TokenType
from xcs.dialects.orch.canonicalizes import Canonicalizes
from xcs.dialects.orch.effects import MAY_RAISE, NO_EFFECTS, WORLD
from xcs.dialects.orch.operators import OperatorOp
from xcs.dialects.orch.tokens import verify_token_is_last


class TakesArguments(IRDLOperation):
    """What ops with arguments share: some may be named, some unpacked.

    The last ``len(keywords)`` arguments are named; the keyword ``"**"`` unpacks a mapping. The
    arguments whose positions are in ``starred`` are unpacked as ``*args``.
    """

    arguments = var_operand_def()
    keywords = opt_prop_def(ArrayAttr[StringAttr])
    starred = opt_prop_def(DenseArrayBase.constr(i64))

    def keyword_names(self) -> tuple[str, ...]:
        """Names of the keyword arguments, in operand order."""
        return tuple(name.data for name in self.keywords) if self.keywords is not None else ()

    def starred_positions(self) -> frozenset[int]:
        """Positions of the arguments that are unpacked with ``*``."""
        return frozenset(self.starred.get_values()) if self.starred is not None else frozenset()

    def verify_(self) -> None:
        positional = len(self.arguments) - len(self.keyword_names())
        if positional < 0:
            raise VerifyException("more keywords than arguments")
        if any(not 0 <= position < positional for position in self.starred_positions()):
            raise VerifyException(f"starred positions must be below {positional}")


def argument_properties(
    keywords: Sequence[str], starred: Sequence[int]
) -> dict[str, Attribute | None]:
    """The properties of an op that `TakesArguments`."""
    return {
        "keywords": ArrayAttr(map(StringAttr, keywords)) if keywords else None,
        "starred": DenseArrayBase.from_list(i64, starred) if starred else None,
    }


class _InChain(IRDLOperation):
    """What calls share: a place in token chains. The token, if there is one, is the last result."""

    after = var_operand_def(TokenType)
    outs = var_result_def()


# xDSL orders operands by the method resolution order: an op's own, the arguments, the tokens.
class _CallLike(TakesArguments, _InChain):
    """A call: arguments, and a place in token chains."""

    def verify_(self) -> None:
        super().verify_()
        verify_token_is_last(self)


class OperatorEffects(MemoryEffect):
    """A call has the effects that its operator declares; only a pure one may be dropped."""

    @classmethod
    def get_effects(cls, op: Operation) -> frozenset[EffectInstance]:
        assert isinstance(op, CallOp)
        operator = op.operator()
        if operator is None or not operator.is_pure:
            return WORLD
        return MAY_RAISE if operator.fresh is not None else NO_EFFECTS


class OperatorIsDeclared(SymbolUserOpInterface):
    """The symbol that a call names must be a declared operator."""

    def verify(self, op: Operation) -> None:
        assert isinstance(op, CallOp)
        operator = op.operator()
        if operator is None:
            raise VerifyException(f"{op.callee} is not a declared orch.operator")
        if op.checked is not None and operator.effects != ORDERED:
            raise VerifyException("only a call of an ordered operator can be checked")


TEMPORARY = "temporary"
"""The attribute of an op whose first result no variable holds: nobody has it after its one use."""


@irdl_op_definition
class CallOp(_CallLike):
    """Calls a declared operator. With an effect, it takes tokens and its last result is one.

    An ordered call is ``checked`` if all that it does with plain data is to write to the console or
    to logs. What it writes then appears in its turn, but nothing waits for that.
    """

    name = "orch.call"
    callee = prop_def(FlatSymbolRefAttrConstr)
    checked = opt_prop_def(UnitAttr)

    traits = traits_def(OperatorEffects(), OperatorIsDeclared(), Canonicalizes())
    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())
    assembly_format = (
        "$callee `(` $arguments `)` (`after` `(` $after^ `)`)? attr-dict "
        "`:` functional-type($arguments, $outs)"
    )

    def __init__(
        self,
        callee: str,
        arguments: Sequence[SSAValue],
        result_types: Sequence[Attribute] = (ANY,),
        *,
        after: Sequence[SSAValue] = (),
        keywords: Sequence[str] = (),
        starred: Sequence[int] = (),
        checked: bool = False,
    ):
        super().__init__(
            operands=[arguments, after],
            result_types=[result_types],
            properties={
                "callee": SymbolRefAttr(callee),
                "checked": UnitAttr() if checked else None,
                **argument_properties(keywords, starred),
            },
        )

    def operator(self) -> OperatorOp | None:
        """The declaration of the callee, None if there is none."""
        found = SymbolTable.lookup_symbol(self, self.callee)
        return found if isinstance(found, OperatorOp) else None


@irdl_op_definition
class InvokeOp(_CallLike):
    """Calls a value. Nothing is known of it before the run, so it is ordered until then."""

    name = "orch.invoke"
    callee = operand_def()

    traits = traits_def(Canonicalizes())
    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())
    assembly_format = (
        "$callee `(` $arguments `)` (`after` `(` $after^ `)`)? attr-dict "
        "`:` type($callee) `,` functional-type($arguments, $outs)"
    )

    def __init__(
        self,
        callee: SSAValue,
        arguments: Sequence[SSAValue],
        result_types: Sequence[Attribute] = (ANY,),
        *,
        after: Sequence[SSAValue] = (),
        keywords: Sequence[str] = (),
        starred: Sequence[int] = (),
    ):
        super().__init__(
            operands=[callee, arguments, after],
            result_types=[result_types],
            properties=argument_properties(keywords, starred),
        )


class KernelIsDefined(SymbolUserOpInterface):
    """A launch must agree with its kernel's signature, where the kernel's types are known."""

    def verify(self, op: Operation) -> None:
        assert isinstance(op, LaunchOp)
        kernel = SymbolTable.lookup_symbol(op, op.kernel)
        if not isinstance(kernel, func.FuncOp):
            raise VerifyException(f"{op.kernel} is not a function")
        over = op.over_positions()
        if any(not 0 <= position < len(op.arguments) for position in over):
            raise VerifyException(f"positions of sequences must be below {len(op.arguments)}")
        inputs = [_element(v.type) if i in over else v.type for i, v in enumerate(op.arguments)]
        if tuple(kernel.function_type.inputs) != tuple(inputs):
            raise VerifyException(f"argument types differ from those of {op.kernel}")
        outputs = op.result_types if op.over is None else map(_element, op.result_types)
        if tuple(kernel.function_type.outputs) != tuple(outputs):
            raise VerifyException(f"result types differ from those of {op.kernel}")


def _element(sequence: Attribute) -> Attribute:
    if not isinstance(sequence, ListType):
        raise VerifyException("what a kernel is launched over, and what it gives then, are lists")
    return sequence.element_type


class LaunchEffects(MemoryEffect):
    """A kernel may raise; over sequences it does so only when its results are looked at."""

    @classmethod
    def get_effects(cls, op: Operation) -> frozenset[EffectInstance]:
        assert isinstance(op, LaunchOp)
        return MAY_RAISE if op.over is None else NO_EFFECTS


@irdl_op_definition
class LaunchOp(IRDLOperation):
    """Runs a kernel: an outlined function of array code.

    A kernel over tensors is compiled ahead of time; one over objects is specialised at its first
    launch on the shapes that it is given.

    The arguments at the positions ``over`` are lists, and the kernel is given their elements one by
    one; each result is the list of what it gives. All elements are computed at once where the
    kernel can be batched. Where it cannot, each is computed when it is taken from the list. So the
    launch itself does not fail: taking an element raises what the kernel raises for it. Over no
    list at all, the kernel runs once, and each element is what it gives.
    """

    name = "orch.launch"
    kernel = prop_def(FlatSymbolRefAttrConstr)
    over = opt_prop_def(DenseArrayBase.constr(i64))
    arguments = var_operand_def()
    outs = var_result_def()

    traits = traits_def(LaunchEffects(), KernelIsDefined())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$kernel `(` $arguments `)` attr-dict `:` functional-type($arguments, $outs)"

    def __init__(
        self,
        kernel: str,
        arguments: Sequence[SSAValue],
        result_types: Sequence[Attribute],
        *,
        over: Sequence[int] | None = None,
    ):
        super().__init__(
            operands=[arguments],
            result_types=[result_types],
            properties={
                "kernel": SymbolRefAttr(kernel),
                "over": None if over is None else DenseArrayBase.from_list(i64, over),
            },
        )

    def over_positions(self) -> tuple[int, ...]:
        """Positions of the arguments whose elements the kernel is given one by one."""
        return tuple(self.over.get_values()) if self.over is not None else ()
