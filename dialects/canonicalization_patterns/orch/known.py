"""What is known of values, and how ops are replaced."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from xdsl.dialects import func
from xdsl.dialects.builtin import DenseArrayBase, i32
from xdsl.ir import Attribute, Operation, SSAValue, Use
from xdsl.pattern_rewriter import PatternRewriter

from xcs.dialects import orch
from xcs.dialects.orch import ANY, literal_value

NOT_KNOWN = object()
"""Equal to no literal."""

TakesTokens = orch.CallOp | orch.InvokeOp | orch.HostOp | orch.ObjectOp
"""The ops that wait for any number of moments, their last operands."""

_Op = TypeVar("_Op", bound=Operation)
_TakesTokens = TypeVar("_TakesTokens", bound=TakesTokens)


def constant_value(value: SSAValue) -> object:
    """The Python literal that the value is; `NOT_KNOWN` if it is not known."""
    owner = value.owner
    if not isinstance(owner, orch.ConstantOp) or isinstance(owner.value, orch.RefAttr):
        return NOT_KNOWN
    try:
        return literal_value(owner.value)
    except ValueError:
        return NOT_KNOWN


def only_reads(use: Use) -> bool:
    """Whether the use neither changes the container nor makes it known elsewhere."""
    match use.operation:
        case orch.MapOp() | orch.ForOp():
            return use.index == 0
        case orch.GetItemOp() | orch.ContainsOp():
            return use.index == 0
        case orch.StackOp() | orch.LenOp():
            return True
        case _:
            return False


def is_never_changed(container: SSAValue) -> bool:
    """Whether the container is as it was made, each time that the program reads it.

    A returned container may change, but only once the function that reads it is done.
    """
    return all(
        only_reads(use) or isinstance(use.operation, func.ReturnOp) for use in container.uses
    )


_TAKES_ANY_TYPE = (
    orch.CallOp,
    orch.InvokeOp,
    orch.HostOp,
    orch.TupleOp,
    orch.ListOp,
    orch.DictOp,
    orch.ObjectOp,
)


def may_stand_for(new: SSAValue, old: SSAValue) -> bool:
    """Whether ``new``, the same object, can be used wherever ``old`` is, as far as types go."""
    if new.type == old.type:
        return True
    return old.type == ANY and all(isinstance(use.operation, _TAKES_ANY_TYPE) for use in old.uses)


def at(old: Operation, new: _Op) -> _Op:
    """The new op, with the source location of the one that it replaces."""
    new.location = old.location
    return new


def replace_read(
    op: orch.ObjectOp, value: SSAValue | orch.ConstantOp, rewriter: PatternRewriter
) -> None:
    """The value takes the place of the op's result; the op leaves its chain."""
    new: list[Operation] = []
    if isinstance(value, orch.ConstantOp):
        new.append(at(op, value))
        value = value.result
    if op.token is None:
        rewriter.replace(op, new, (value,))
        return
    moment = at(op, orch.JoinOp(op.after))
    rewriter.replace(op, [moment, *new], (value, moment.result))


def with_tokens(
    op: _TakesTokens, tokens: Sequence[SSAValue], result_types: Sequence[Attribute]
) -> _TakesTokens:
    """A copy of the op that waits for the given moments instead."""
    others = op.operands[: len(op.operands) - len(op.after)]
    properties = dict(op.properties)
    segments = properties.get("operandSegmentSizes")
    if isinstance(segments, DenseArrayBase):
        sizes = [*segments.get_values()[:-1], len(tokens)]
        properties["operandSegmentSizes"] = DenseArrayBase.from_list(i32, sizes)
    return type(op).create(
        operands=[*others, *tokens],
        result_types=result_types,
        properties=properties,
        attributes=op.attributes,
        location=op.location,
    )
