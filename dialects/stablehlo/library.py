"""Ops that stand for whole algorithms, and calls of functions outside StableHLO."""

from typing import cast

from xdsl.dialects.builtin import (
    ArrayAttr,
    BoolAttr,
    IntegerAttr,
    StringAttr,
    SymbolRefAttr,
    i32,
)
from xdsl.ir import Attribute
from xdsl.irdl import (
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
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
from xdsl.traits import MemoryWriteEffect, Pure, RecursiveMemoryEffect

from .attributes import FftTypeAttr, OutputOperandAliasAttr, TransposeAttr
from .base import (
    DIM,
    DIMS,
    INEXACT_TENSOR,
    TENSOR,
    VALUE,
    Dims,
    SameOperandsAndResultType,
    check,
    check_dims,
    check_same_type,
    check_shape,
    dim,
    shape_of,
)
from .control import ReturnOp

FALSE = BoolAttr.from_bool(False)


@irdl_op_definition
class SortOp(IRDLOperation):
    """The inputs, reordered alike along one dimension so that the comparator holds."""

    name = "stablehlo.sort"
    inputs = var_operand_def(TENSOR)
    dimension = opt_prop_def(DIM, default_value=dim(-1))
    is_stable = opt_prop_def(BoolAttr, default_value=FALSE)
    comparator = region_def("single_block")
    results_ = var_result_def(TENSOR)

    traits = traits_def(RecursiveMemoryEffect())

    def verify_(self) -> None:
        check(len(self.inputs) > 0, "nothing to sort")
        check(
            list(self.operand_types) == list(self.result_types),
            "results differ in type from the inputs",
        )
        shape = shape_of(self.inputs[0])
        for i, value in enumerate(self.inputs):
            check_shape(f"input {i}", value, shape)
        dimension = self.dimension.value.data if self.dimension else -1
        check(
            -len(shape) <= dimension < len(shape),
            f"dimension {dimension} is outside a tensor of rank {len(shape)}",
        )
        args = self.comparator.block.args
        check(len(args) == 2 * len(self.inputs), "the comparator takes two scalars for each input")
        check(
            isinstance(self.comparator.block.last_op, ReturnOp),
            "the comparator must end in stablehlo.return",
        )


@irdl_op_definition
class FftOp(IRDLOperation):
    """A Fourier transform over the last dimensions, as many as `fft_length` has numbers."""

    name = "stablehlo.fft"
    operand = operand_def(INEXACT_TENSOR)
    fft_type = prop_def(FftTypeAttr)
    fft_length = prop_def(DIMS)
    result = result_def(INEXACT_TENSOR)

    traits = traits_def(Pure())
    custom_directives = (Dims,)
    assembly_format = (
        "$operand `,` `type` `=` $fft_type `,` `length` `=` custom<Dims>($fft_length) attr-dict "
        "`:` functional-type(operands, results)"
    )

    def verify_(self) -> None:
        lengths = self.fft_length.get_values()
        check(
            1 <= len(lengths) <= min(3, len(shape_of(self.operand))),
            f"{len(lengths)} lengths do not transform {self.operand.type}",
        )


@irdl_op_definition
class CholeskyOp(IRDLOperation):
    """The triangular factor of each positive-definite matrix in a batch."""

    name = "stablehlo.cholesky"
    a = operand_def(INEXACT_TENSOR)
    lower = opt_prop_def(BoolAttr, default_value=FALSE)
    result = result_def(INEXACT_TENSOR)

    traits = traits_def(Pure())
    irdl_options = (ParsePropInAttrDict(),)
    custom_directives = (SameOperandsAndResultType,)
    assembly_format = (
        "$a (`,` `lower` `=` $lower^)? attr-dict "
        "`:` custom<SameOperandsAndResultType>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        check_same_type(self)
        check(
            len(shape_of(self.a)) >= 2 and shape_of(self.a)[-1] == shape_of(self.a)[-2],
            f"{self.a.type} does not hold square matrices",
        )


@irdl_op_definition
class TriangularSolveOp(IRDLOperation):
    """Solves `op(a) x = b` or `x op(a) = b` for triangular matrices `a` in a batch."""

    name = "stablehlo.triangular_solve"
    a = operand_def(INEXACT_TENSOR)
    b = operand_def(INEXACT_TENSOR)
    left_side = prop_def(BoolAttr)
    lower = prop_def(BoolAttr)
    unit_diagonal = prop_def(BoolAttr)
    transpose_a = prop_def(TransposeAttr)
    result = result_def(INEXACT_TENSOR)

    traits = traits_def(Pure())

    def verify_(self) -> None:
        check(self.b.type == self.result.type, "the result differs in type from b")
        a, b = shape_of(self.a), shape_of(self.b)
        check(len(a) == len(b) >= 2, "a and b must be matrices, or batches of them alike")
        side = b[-2] if self.left_side.value.data else b[-1]
        check(a[-1] == a[-2] == side, f"{self.a.type} does not solve for {self.b.type}")


@irdl_op_definition
class MapOp(IRDLOperation):
    """Applies a scalar function to the elements at the same place of each input."""

    name = "stablehlo.map"
    inputs = var_operand_def(TENSOR)
    dimensions = prop_def(DIMS)
    computation = region_def("single_block")
    result = result_def(TENSOR)

    traits = traits_def(RecursiveMemoryEffect())

    def verify_(self) -> None:
        check(len(self.inputs) > 0, "nothing to map over")
        shape = shape_of(self.inputs[0])
        check(
            self.dimensions.get_values() == tuple(range(len(shape))),
            "dimensions must name all dimensions in order",
        )
        for value in (*self.inputs, self.result):
            check_shape("operand or result", value, shape)
        check_dims("dimensions", self.dimensions.get_values(), len(shape))


@irdl_custom_directive
class CallTarget(CustomDirective):
    """`@name`, though the target is not a symbol of the module."""

    target: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        self.target.set(state, parser.parse_symbol_name())

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        printer.print_symbol_name(cast(StringAttr, self.target.get(op)).data)


@irdl_op_definition
class CustomCallOp(IRDLOperation):
    """A call of code that the backend knows by name."""

    name = "stablehlo.custom_call"
    inputs = var_operand_def(VALUE)
    call_target_name = prop_def(StringAttr)
    has_side_effect = opt_prop_def(BoolAttr, default_value=FALSE)
    backend_config = opt_prop_def(Attribute)
    api_version = opt_prop_def(IntegerAttr.constr(type=i32), default_value=IntegerAttr(1, i32))
    called_computations = opt_prop_def(ArrayAttr[SymbolRefAttr], default_value=ArrayAttr(()))
    operand_layouts = opt_prop_def(ArrayAttr)
    result_layouts = opt_prop_def(ArrayAttr)
    output_operand_aliases = opt_prop_def(
        ArrayAttr[OutputOperandAliasAttr], default_value=ArrayAttr(())
    )
    results_ = var_result_def(VALUE)

    traits = traits_def(MemoryWriteEffect())
    irdl_options = (ParsePropInAttrDict(),)
    custom_directives = (CallTarget,)
    assembly_format = (
        "custom<CallTarget>($call_target_name) `(` $inputs `)` attr-dict "
        "`:` functional-type(operands, results)"
    )

    def verify_(self) -> None:
        check(
            (self.operand_layouts is None) == (self.result_layouts is None),
            "layouts must be given for both operands and results, or for neither",
        )
        for layouts, values in (
            (self.operand_layouts, self.inputs),
            (self.result_layouts, self.results_),
        ):
            check(
                layouts is None or len(layouts) == len(values),
                f"{len(values)} values need as many layouts",
            )
        for alias in self.output_operand_aliases or ():
            index = alias.operand_index.data
            check(0 <= index < len(self.inputs), f"an alias names operand {index}")


OPS: list[type[IRDLOperation]] = [
    CholeskyOp,
    CustomCallOp,
    FftOp,
    MapOp,
    SortOp,
    TriangularSolveOp,
]
