"""Ops that stand for whole algorithms, and calls of functions outside StableHLO."""

import re
from collections.abc import Sequence
from typing import cast

from xdsl.dialects.builtin import (
    ArrayAttr,
    BoolAttr,
    ComplexType,
    DenseIntElementsAttr,
    DictionaryAttr,
    FlatSymbolRefAttrConstr,
    FunctionType,
    IntegerAttr,
    MemRefType,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    TupleType,
    UnrankedTensorType,
    f32,
    f64,
    i1,
    i32,
)
from xdsl.dialects.func import FuncOp
from xdsl.ir import Attribute, Operation, TypeAttribute
from xdsl.irdl import (
    BaseAttr,
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
    var_region_def,
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
from xdsl.traits import (
    EffectInstance,
    MemoryEffect,
    MemoryEffectKind,
    Pure,
    RecursiveMemoryEffect,
    SymbolTable,
    SymbolUserOpInterface,
)

from .attributes import (
    FftType,
    FftTypeAttr,
    OutputOperandAliasAttr,
    Transpose,
    TransposeAttr,
    ints,
)
from .base import (
    ANY_VALUE,
    DIM,
    DIMS,
    INEXACT_TENSOR,
    QUANTIZABLE_INEXACT_TENSOR,
    QUANTIZABLE_TENSOR,
    TENSOR,
    TOKEN,
    check,
    check_same_element,
    check_same_type,
    check_shape,
    check_types,
    dim,
    element_of,
    shape_fits,
    shape_of,
    sizes_compatible,
)
from .control import returned
from .formats import Dims, SameOperandsAndResultType
from .forms import hlo_op
from .gathering import FALSE


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
        check_types("results", self.results_, self.inputs.types)
        shape = shape_of(self.inputs[0])
        for i, value in enumerate(self.inputs):
            check_shape(f"input {i}", value, shape)
        dimension = self.dimension.value.data if self.dimension else -1
        check(
            -len(shape) <= dimension < len(shape),
            f"dimension {dimension} is outside a tensor of rank {len(shape)}",
        )
        scalars = [TensorType(element_of(value), ()) for value in self.inputs for _ in range(2)]
        check(
            list(self.comparator.block.arg_types) == scalars,
            "the comparator takes two scalars for each input",
        )
        values = returned("the comparator", self.comparator)
        check(
            [value.type for value in values] == [TensorType(i1, ())],
            "the comparator must return one boolean",
        )


@hlo_op
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
        "`:` custom<Signature>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        lengths, source = self.fft_length.get_values(), shape_of(self.operand)
        check(
            1 <= len(lengths) <= min(3, len(source)),
            f"{len(lengths)} lengths do not transform {self.operand.type}",
        )
        kind, element, last = self.fft_type.data, element_of(self.operand), lengths[-1]
        transformed, target, made = source[-len(lengths) :], list(source), element
        if kind is FftType.RFFT:
            check(element in (f32, f64), f"RFFT transforms real numbers, not {element}")
            check(shape_fits(transformed, lengths), f"{self.operand.type} is not of these lengths")
            target[-1] = last // 2 + 1 if last else target[-1]
            made = ComplexType(element)  # type: ignore[arg-type]
        else:
            check(
                isinstance(element, ComplexType),
                f"{kind} transforms complex numbers, not {element}",
            )
        if kind is FftType.IRFFT and isinstance(element, ComplexType):
            half = last // 2 + 1 if last else 0
            check(
                shape_fits(transformed, (*lengths[:-1], half)),
                f"{self.operand.type} is not what IRFFT makes these lengths from",
            )
            target[-1], made = last, element.element_type
        check_shape("result", self.result, target)
        check(element_of(self.result) == made, f"the result must have elements {made}")


@hlo_op
class CholeskyOp(IRDLOperation):
    """The triangular factor of each positive-definite matrix in a batch."""

    name = "stablehlo.cholesky"
    a = operand_def(QUANTIZABLE_INEXACT_TENSOR)
    lower = opt_prop_def(BoolAttr, default_value=FALSE)
    result = result_def(QUANTIZABLE_INEXACT_TENSOR)

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
            len(shape_of(self.a)) >= 2
            and sizes_compatible(shape_of(self.a)[-1], shape_of(self.a)[-2]),
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
        check_same_element(self.a, self.b, self.result)
        a, b = shape_of(self.a), shape_of(self.b)
        check(len(a) == len(b) >= 2, "a and b must be matrices, or batches of them alike")
        side = b[-2] if self.left_side.value.data else b[-1]
        check(
            shape_fits(a, (*b[:-2], side, side)) and sizes_compatible(a[-1], a[-2]),
            f"{self.a.type} does not solve for {self.b.type}",
        )
        check_shape("result", self.result, b)
        check(
            self.transpose_a.data is not Transpose.TRANSPOSE_INVALID,
            "the matrix can be transposed or not, but not invalidly",
        )


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
        check(
            list(self.computation.block.arg_types)
            == [TensorType(element_of(value), ()) for value in self.inputs],
            "the computation takes a scalar for each input",
        )
        values = returned("the computation", self.computation)
        check(
            [value.type for value in values] == [TensorType(element_of(self.result), ())],
            "the computation must return a scalar for the result",
        )


TYPED_FFI = 4
"""The calling convention in which backend_config is a dictionary."""

COMPOSITE_VALUE = QUANTIZABLE_TENSOR | TOKEN | BaseAttr(TupleType)

_NAMESPACED = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*([.][a-zA-Z0-9_$]+)+")


class CallEffect(MemoryEffect):
    """A call may do anything if it is said to have side effects, else nothing."""

    @classmethod
    def get_effects(cls, op: Operation) -> set[EffectInstance]:
        has_effect = op.properties.get("has_side_effect")
        if not isinstance(has_effect, IntegerAttr) or not has_effect.value.data:
            return set()
        return {EffectInstance(kind) for kind in MemoryEffectKind}


class NamesDecomposition(SymbolUserOpInterface):
    """The function that a composite stands for is there, and of the composite's type."""

    def verify(self, op: Operation) -> None:
        assert isinstance(op, CompositeOp)
        function = SymbolTable.lookup_symbol(op, op.decomposition)
        check(isinstance(function, FuncOp), f"{op.decomposition} is not a function")
        assert isinstance(function, FuncOp)
        type = FunctionType.from_lists(op.operand_types, op.result_types)
        check(
            function.function_type == type,
            f"the decomposition is of type {function.function_type}, not {type}",
        )


@irdl_custom_directive
class CallTarget(CustomDirective):
    """`@name`, though the target is not a symbol of the module."""

    target: AttributeVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        self.target.set(state, parser.parse_symbol_name())

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        printer.print_symbol_name(cast(StringAttr, self.target.get(op)).data)


@hlo_op
class CustomCallOp(IRDLOperation):
    """A call of code that the backend knows by name."""

    name = "stablehlo.custom_call"
    inputs = var_operand_def(ANY_VALUE)
    call_target_name = prop_def(StringAttr)
    has_side_effect = opt_prop_def(BoolAttr, default_value=FALSE)
    backend_config = opt_prop_def(StringAttr | DictionaryAttr)
    api_version = opt_prop_def(IntegerAttr.constr(type=i32), default_value=IntegerAttr(1, i32))
    called_computations = opt_prop_def(ArrayAttr[SymbolRefAttr], default_value=ArrayAttr(()))
    operand_layouts = opt_prop_def(ArrayAttr[DenseIntElementsAttr])
    result_layouts = opt_prop_def(ArrayAttr[DenseIntElementsAttr])
    output_operand_aliases = opt_prop_def(
        ArrayAttr[OutputOperandAliasAttr], default_value=ArrayAttr(())
    )
    result_tilings = opt_prop_def(ArrayAttr)
    results_ = var_result_def(ANY_VALUE)

    traits = traits_def(CallEffect())
    irdl_options = (ParsePropInAttrDict(),)
    custom_directives = (CallTarget,)
    assembly_format = (
        "custom<CallTarget>($call_target_name) `(` $inputs `)` attr-dict "
        "`:` custom<Signature>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        self._check_layouts()
        for alias in self.output_operand_aliases or ():
            self._check_alias(alias)
        version = self.api_version.value.data if self.api_version is not None else 1
        check(0 <= version <= TYPED_FFI, f"there is no api_version {version}")
        if self.backend_config is not None:
            check(
                isinstance(self.backend_config, DictionaryAttr) == (version == TYPED_FFI),
                f"backend_config is a dictionary for api_version {TYPED_FFI}, else a string",
            )

    def _check_layouts(self) -> None:
        operands, results = self.operand_layouts, self.result_layouts
        if operands is None or results is None:
            check(
                operands is results,
                "layouts must be given for both operands and results, or for neither",
            )
            return
        types = self.result_types
        if len(types) == 1 and isinstance(only := types[0], TupleType):
            types = only.types.data
        for layouts, laid_out in ((operands, self.operand_types), (results, types)):
            check(len(layouts) == len(laid_out), f"{len(laid_out)} values need as many layouts")
            for layout, type in zip(layouts, laid_out, strict=True):
                _check_layout(layout, type)

    def _check_alias(self, alias: OutputOperandAliasAttr) -> None:
        index = alias.operand_index.data
        check(0 <= index < len(self.inputs), f"an alias names operand {index}")
        operand = _part(self.inputs[index].type, ints(alias.operand_tuple_indices))
        types = self.result_types
        check(len(types) > 0, "an alias needs a result")
        whole = (
            types[0]
            if len(types) == 1
            else TupleType(ArrayAttr(cast(Sequence[TypeAttribute], types)))
        )
        result = _part(whole, ints(alias.output_tuple_indices))
        check(operand == result, f"a result {result} cannot be in the place of {operand}")


def _check_layout(layout: DenseIntElementsAttr, type: Attribute) -> None:
    """A layout names the dimensions of a tensor from the innermost to the outermost."""
    order = tuple(layout.get_values())
    check(not isinstance(type, TupleType), "the parts of a tuple have no layouts")
    if isinstance(type, UnrankedTensorType):
        return
    rank = type.get_num_dims() if isinstance(type, TensorType | MemRefType) else 0
    check(sorted(order) == list(range(rank)), f"{list(order)} is no layout of {type}")


def _part(type: Attribute, indices: Sequence[int]) -> Attribute:
    """The type inside of nested tuples."""
    for index in indices:
        check(
            isinstance(type, TupleType) and 0 <= index < len(type.types),
            f"an alias names part {index} of {type}",
        )
        assert isinstance(type, TupleType)
        type = type.types.data[index]
    return type


@irdl_op_definition
class CompositeOp(IRDLOperation):
    """A call of an op that is made of others, which a function of the module says."""

    name = "stablehlo.composite"
    inputs = var_operand_def(COMPOSITE_VALUE)
    composite_name = prop_def(StringAttr, prop_name="name")
    composite_attributes = opt_prop_def(DictionaryAttr, default_value=DictionaryAttr({}))
    decomposition = prop_def(FlatSymbolRefAttrConstr)
    version = opt_prop_def(IntegerAttr.constr(type=i32), default_value=IntegerAttr(0, i32))
    composite_regions = var_region_def()
    results_ = var_result_def(COMPOSITE_VALUE)

    traits = traits_def(NamesDecomposition())

    def verify_(self) -> None:
        check(
            _NAMESPACED.fullmatch(self.composite_name.data) is not None,
            f"{self.composite_name} is no name of an op, such as my_namespace.my_op",
        )

    @classmethod
    def parse(cls, parser: Parser) -> "CompositeOp":
        name = StringAttr(parser.parse_str_literal())
        position = parser.pos
        operands = []
        while (operand := parser.parse_optional_unresolved_operand()) is not None:
            operands.append(operand)
            if parser.parse_optional_punctuation(",") is None:
                break
        regions = parser.parse_optional_comma_separated_list(
            parser.Delimiter.PAREN, parser.parse_region
        )
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        type = parser.parse_function_type()
        properties: dict[str, Attribute] = {"name": name}
        for key in ("composite_attributes", "decomposition", "version"):
            if key in attributes:
                properties[key] = attributes.pop(key)
        return cls.create(
            operands=parser.resolve_operands(operands, type.inputs.data, position),
            result_types=type.outputs.data,
            properties=properties,
            attributes=attributes,
            regions=regions or (),
        )

    def print(self, printer: Printer) -> None:
        printer.print_string(" ")
        printer.print_attribute(self.composite_name)
        printer.print_string(" ")
        printer.print_list(self.inputs, printer.print_ssa_value)
        if self.composite_regions:
            printer.print_string(" ")
            with printer.in_parens():
                printer.print_list(self.composite_regions, printer.print_region)
        defaults = {"composite_attributes": DictionaryAttr({}), "version": IntegerAttr(0, i32)}
        properties = {
            key: value
            for key, value in self.properties.items()
            if key != "name" and value != defaults.get(key)
        }
        printer.print_op_attributes(dict(sorted((properties | self.attributes).items())))
        printer.print_string(" : ")
        printer.print_operation_type(self)


OPS: list[type[IRDLOperation]] = [
    CholeskyOp,
    CompositeOp,
    CustomCallOp,
    FftOp,
    MapOp,
    SortOp,
    TriangularSolveOp,
]
