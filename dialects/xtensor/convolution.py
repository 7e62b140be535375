"""Convolutions: sums of products of a kernel with each window of a tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from xdsl.dialects.builtin import I64, DenseArrayBase, IntegerAttr
from xdsl.irdl import (
    IRDLOperation,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.irdl.declarative_assembly_format import (
    AttributeVariable,
    CustomDirective,
    ParsingState,
    PrintingState,
    irdl_custom_directive,
)
from xdsl.parser import Parser
from xdsl.printer import Printer
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.xtensor.base import (
    DIMS,
    INT,
    TENSOR,
    Contraction,
    LaxOp,
    check_axes,
    dims_attr,
    type_of,
)
from xcs.dialects.xtensor.contraction import PrecisionAttr, check_contracted_element
from xcs.dialects.xtensor.window import window_counts


@irdl_custom_directive
class DimensionNames(CustomDirective):
    """`[b, f, 0, 1] x [o, i, 0, 1] -> [b, f, 0, 1]`: what each dimension is, in order.

    ``b`` is the batch, ``f`` the features, ``o`` and ``i`` the features that a kernel makes and
    reads, and numbers are the dimensions along which windows slide. An attribute holds the places
    of the letters, then those of the numbers.
    """

    lhs: AttributeVariable
    rhs: AttributeVariable
    out: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        self.lhs.set(state, _parse_names(parser, "bf"))
        parser.parse_keyword("x")
        self.rhs.set(state, _parse_names(parser, "oi"))
        parser.parse_punctuation("->")
        self.out.set(state, _parse_names(parser, "bf"))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        lhs, rhs, out = (
            _names(cast(DenseArrayBase[I64], variable.get(op)), letters)
            for variable, letters in ((self.lhs, "bf"), (self.rhs, "oi"), (self.out, "bf"))
        )
        printer.print_string(f"{lhs} x {rhs} -> {out}")


def _parse_names(parser: Parser, letters: str) -> DenseArrayBase[I64]:
    start = parser.pos

    def parse_name() -> str:
        number = parser.parse_optional_integer(allow_boolean=False, allow_negative=False)
        return parser.parse_identifier() if number is None else str(number)

    names = parser.parse_comma_separated_list(parser.Delimiter.SQUARE, parse_name)
    expected = [*letters, *map(str, range(len(names) - len(letters)))]
    if sorted(names) != sorted(expected):
        parser.raise_error(f"expected each of {', '.join(expected)} once", start, parser.pos)
    return dims_attr(tuple(names.index(name) for name in expected))


def _names(places: DenseArrayBase[I64], letters: str) -> str:
    order = places.get_values()
    if sorted(order) != list(range(len(order))):
        # No text says that; the verifier refuses it, and the generic form shows it.
        raise ValueError(f"{list(order)} is not a permutation")
    named = [*letters, *map(str, range(len(order) - len(letters)))]
    return f"[{', '.join(named[order.index(place)] for place in range(len(order)))}]"


class ConvGeneralDilatedOp(LaxOp, lax="conv_general_dilated"):
    """Sums products of the kernel ``rhs`` with each window of ``lhs``.

    Features are in ``feature_group_count`` groups, which have kernels of their own; or the batch is
    in ``batch_group_count`` groups, which do. Windows are spaced by ``strides``, their elements by
    ``rhs_dilation``, those of ``lhs`` by ``lhs_dilation``; ``low`` and ``high`` are the padding.
    """

    lhs = operand_def(TENSOR)
    rhs = operand_def(TENSOR)
    lhs_dimensions = prop_def(DIMS)
    rhs_dimensions = prop_def(DIMS)
    out_dimensions = prop_def(DIMS)
    strides = opt_prop_def(DIMS)
    low = opt_prop_def(DIMS)
    high = opt_prop_def(DIMS)
    lhs_dilation = opt_prop_def(DIMS)
    rhs_dilation = opt_prop_def(DIMS)
    feature_group_count = opt_prop_def(INT)
    batch_group_count = opt_prop_def(INT)
    lhs_precision = opt_prop_def(PrecisionAttr)
    rhs_precision = opt_prop_def(PrecisionAttr)
    result = result_def(TENSOR)

    traits = traits_def(Pure(), Contraction())
    custom_directives = (DimensionNames,)

    assembly_format = (
        "$lhs `,` $rhs `dims` custom<DimensionNames>($lhs_dimensions, $rhs_dimensions, "
        "$out_dimensions) (`strides` $strides^)? (`low` $low^)? (`high` $high^)? "
        "(`lhs_dilation` $lhs_dilation^)? (`rhs_dilation` $rhs_dilation^)? "
        "(`feature_groups` $feature_group_count^)? (`batch_groups` $batch_group_count^)? "
        "(`precision` $lhs_precision^ `x` $rhs_precision)? "
        "attr-dict `:` `(` type($lhs) `,` type($rhs) `)` `->` type($result)"
    )

    @property
    def feature_groups(self) -> int:
        """The number of feature groups, 1 by default."""
        return _count(self.feature_group_count)

    @property
    def batch_groups(self) -> int:
        """The number of batch groups, 1 by default."""
        return _count(self.batch_group_count)

    def infer_shape(self) -> tuple[int, ...]:
        """Return the result's shape; raise VerifyException where the dimensions do not match."""
        lhs = _arranged("lhs", type_of(self.lhs).get_shape(), self.lhs_dimensions)
        rhs = _arranged("rhs", type_of(self.rhs).get_shape(), self.rhs_dimensions)
        if len(lhs) != len(rhs):
            raise VerifyException("operands must have the same number of dimensions")
        self._check_groups(lhs[0], lhs[1], rhs[0], rhs[1])
        counts = window_counts(
            lhs[2:],
            rhs[2:],
            strides=self.strides,
            low=self.low,
            high=self.high,
            base_dilation=self.lhs_dilation,
            window_dilation=self.rhs_dilation,
        )
        sizes = (lhs[0] // self.batch_groups, rhs[0], *counts)
        places = self.out_dimensions.get_values()
        _arranged("result", sizes, self.out_dimensions)
        return tuple(sizes[places.index(place)] for place in range(len(sizes)))

    def _check_groups(self, batch: int, features: int, made: int, read: int) -> None:
        groups, batches = self.feature_groups, self.batch_groups
        if groups < 1 or batches < 1 or (groups > 1 and batches > 1):
            raise VerifyException(
                f"expected groups of features or of batches, got {groups} and {batches}"
            )
        if features != read * groups:
            raise VerifyException(
                f"{features} features in {groups} groups do not match a kernel that reads {read}"
            )
        if made % groups or made % batches or batch % batches:
            raise VerifyException(
                f"a batch of {batch} and {made} new features cannot be in {groups} groups of "
                f"features and {batches} of batches"
            )

    def verify_(self) -> None:
        left, right, result = type_of(self.lhs), type_of(self.rhs), type_of(self.result)
        if left.element_type != right.element_type:
            raise VerifyException(f"operands must have one element type, got {left} and {right}")
        if (self.lhs_precision is None) != (self.rhs_precision is None):
            raise VerifyException("precision must be given for both operands or for none")
        check_contracted_element((left.element_type,), result.element_type)
        expected = self.infer_shape()
        if result.get_shape() != expected:
            raise VerifyException(f"expected a result of shape {list(expected)}, got {result}")


def _count(groups: IntegerAttr | None) -> int:
    return 1 if groups is None else groups.value.data


def _arranged(what: str, shape: Sequence[int], places: DenseArrayBase[I64]) -> tuple[int, ...]:
    """Return the sizes in the order batch, features, windows."""
    order = places.get_values()
    if len(order) != len(shape) or len(order) < 2:
        raise VerifyException(f"expected {len(shape)} dimensions of the {what}, got {list(order)}")
    check_axes(f"dimensions of the {what}", order, len(shape))
    return tuple(shape[place] for place in order)
