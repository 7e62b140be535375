"""Windowed reductions: windows of a tensor are folded, or an element of each is selected."""

from __future__ import annotations

from abc import ABC
from typing import Any

from xdsl.dialects.builtin import TensorType, i1
from xdsl.dialects.utils.enum_attribute import EnumAttribute
from xdsl.ir import SpacedOpaqueSyntaxAttribute
from xdsl.irdl import (
    SameVariadicOperandSize,
    VarConstraint,
    irdl_attr_definition,
    operand_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import IsolatedFromAbove, Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from xcs.dialects.xtensor.base import (
    TENSOR,
    InferredOp,
    Kind,
    Reduction,
    TensorOf,
    check_region,
    check_result_types,
    tensor_type,
    type_of,
)
from xcs.dialects.xtensor.reduction import check_combined
from xcs.dialects.xtensor.window import DILATED_WINDOW, WINDOW, DilatedWindowedOp, WindowedOp

_T = VarConstraint("T", TENSOR)
_FLOATS = VarConstraint("T", TensorOf(Kind.FLOAT))


class WindowReductionOp(InferredOp, DilatedWindowedOp, ABC):
    """Folds the elements of each window, in no particular order."""

    operand = operand_def(TENSOR)

    traits = traits_def(Pure(), Reduction())

    assembly_format = f"$operand {DILATED_WINDOW} attr-dict `:` type($operand) `->` type($result)"

    def __init_subclass__(cls, *, kinds: Kind = Kind.ANY, **kwargs: Any) -> None:
        cls.operand = operand_def(TensorOf(kinds))
        super().__init_subclass__(**kwargs)

    def infer_type(self) -> TensorType:
        source = type_of(self.operand)
        return tensor_type(self.counts(source.get_shape()), source.element_type)


# fmt: off
class ReduceWindowMaxOp(WindowReductionOp, lax="reduce_window_max"): ...
class ReduceWindowMinOp(WindowReductionOp, lax="reduce_window_min"): ...
class ReduceWindowSumOp(WindowReductionOp, lax="reduce_window_sum", kinds=Kind.NUMBER): ...
# fmt: on


class ReduceWindowOp(DilatedWindowedOp, lax="reduce_window"):
    """Folds the windows of tensors of one shape together, by a function of their elements.

    The body takes what has been folded so far, then one element of each tensor.
    """

    inputs = var_operand_def(TENSOR)
    init_values = var_operand_def(TENSOR)
    body = region_def("single_block")
    outputs = var_result_def(TENSOR)

    irdl_options = (SameVariadicOperandSize(),)

    traits = traits_def(Pure(), Reduction(), IsolatedFromAbove())

    assembly_format = (
        f"`(` $inputs `)` `from` `(` $init_values `)` {DILATED_WINDOW} "
        "attr-dict `:` functional-type(operands, results) $body"
    )

    def verify_(self) -> None:
        shape = check_combined(self.inputs, self.init_values, self.body)
        counts = self.counts(shape)
        expected = [tensor_type(counts, type_of(value).element_type) for value in self.inputs]
        check_result_types(self.outputs, expected)


class Selection(StrEnum):
    """Which element of a window is selected: the greatest or the least; the first of equal ones."""

    GE = "ge"
    LE = "le"


@irdl_attr_definition
class SelectionAttr(EnumAttribute[Selection], SpacedOpaqueSyntaxAttribute):
    name = "xtensor.selection"


class SelectAndGatherAddOp(InferredOp, DilatedWindowedOp, lax="select_and_gather_add"):
    """Takes the element of ``tangents`` where one of ``operand`` is selected, for each window.

    It is the derivative of a maximum or minimum over windows.
    """

    tangents = operand_def(_FLOATS)
    operand = operand_def(_FLOATS)
    select = prop_def(SelectionAttr)

    traits = traits_def(Pure(), Reduction())

    assembly_format = (
        f"$tangents `where` $select $operand {DILATED_WINDOW} "
        "attr-dict `:` type($operand) `->` type($result)"
    )

    def infer_type(self) -> TensorType:
        source = type_of(self.operand)
        return tensor_type(self.counts(source.get_shape()), source.element_type)


class SelectAndScatterAddOp(WindowedOp, lax="select_and_scatter_add"):
    """Adds each element of ``source`` to the place that is selected in its window of ``operand``.

    It is the transpose of ``select_and_gather_add``: the gradient of pooling.
    """

    source = operand_def(TENSOR)
    operand = operand_def(_T)
    select = prop_def(SelectionAttr)
    result = result_def(_T)

    traits = traits_def(Pure(), Reduction())

    assembly_format = (
        f"$source `where` $select $operand {WINDOW} "
        "attr-dict `:` `(` type($source) `,` type($operand) `)` `->` type($result)"
    )

    def verify_(self) -> None:
        _check_source(self, type_of(self.source), type_of(self.operand))


class SelectAndScatterOp(WindowedOp, lax="select_and_scatter"):
    """Combines each element of ``source`` into the place that is selected in its window.

    ``select`` takes two elements of a window, and says whether to keep the first. ``scatter``
    combines an element of the source with what is there already, which is ``init_value`` at first.
    """

    operand = operand_def(_T)
    source = operand_def(TENSOR)
    init_value = operand_def(TENSOR)
    select = region_def("single_block")
    scatter = region_def("single_block")
    result = result_def(_T)

    traits = traits_def(Pure(), Reduction(), IsolatedFromAbove())

    assembly_format = (
        f"$operand `,` $source `from` $init_value {WINDOW} "
        "attr-dict `:` functional-type(operands, results) `select` $select `scatter` $scatter"
    )

    def verify_(self) -> None:
        operand, source = type_of(self.operand), type_of(self.source)
        _check_source(self, source, operand)
        scalar = tensor_type((), operand.element_type)
        if self.init_value.type != scalar:
            raise VerifyException(f"expected an init value {scalar}, got {self.init_value.type}")
        check_region("select", self.select, (scalar, scalar), (tensor_type((), i1),))
        check_region("scatter", self.scatter, (scalar, scalar), (scalar,))


def _check_source(op: WindowedOp, source: TensorType, operand: TensorType) -> None:
    """Require a source that has one element for each window of the operand."""
    expected = tensor_type(op.counts(operand.get_shape()), operand.element_type)
    if source != expected:
        raise VerifyException(f"expected a source of type {expected}, got {source}")
