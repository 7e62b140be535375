"""Ops that combine many elements into one by a function given as a region."""

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    ComplexType,
    IntegerType,
    TensorType,
    f32,
    i1,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    SameVariadicOperandSize,
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
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import Commutative, RecursiveMemoryEffect

from xcs.dialects.quant import UniformQuantizedType

from .base import (
    DIMS,
    INTEGERS,
    TENSOR,
    Element,
    check,
    check_dims,
    check_shape,
    check_type,
    dims,
    element_of,
    elements_compatible,
    kind_of,
    shape_of,
    shapes_compatible,
    sizes_compatible,
    spelled,
)
from .control import ReturnOp, returned
from .formats import parse_signature
from .window import or_ones, padding_pairs, window_counts


@irdl_op_definition
class ReduceOp(IRDLOperation):
    """Folds the inputs over some dimensions, each starting from its init value.

    Where the body is one commutative op it is written `applies stablehlo.add`; otherwise as a
    `reducer` with its arguments paired, accumulated value and element, for each input.
    """

    name = "stablehlo.reduce"
    inputs = var_operand_def(TENSOR)
    init_values = var_operand_def(TENSOR)
    dimensions = prop_def(DIMS)
    body = region_def("single_block")
    results_ = var_result_def(TENSOR)

    traits = traits_def(RecursiveMemoryEffect())
    irdl_options = (SameVariadicOperandSize(),)

    def verify_(self) -> None:
        count, dimensions = len(self.inputs), self.dimensions.get_values()
        check(count > 0, "nothing to reduce")
        check(count == len(self.results_), f"{count} inputs need as many results")
        source = shape_of(self.inputs[0])
        check_dims("dimensions", dimensions, len(source))
        for i, value in enumerate(self.inputs):
            check_shape(f"input {i}", value, source)
        kept = [size for i, size in enumerate(source) if i not in dimensions]
        inits = [value.type for value in self.init_values]
        check_results(self.results_, check_reducer(self.body, self.inputs, inits, kept), kept)

    @classmethod
    def parse(cls, parser: Parser) -> "ReduceOp":
        pairs = [_parse_input(parser)]
        while parser.parse_optional_punctuation(",") is not None:
            pairs.append(_parse_input(parser))
        combiner = None
        if parser.parse_optional_keyword("applies") is not None:
            combiner = _parse_combiner(parser)
        for keyword in ("across", "dimensions"):
            parser.parse_keyword(keyword)
        parser.parse_punctuation("=")
        dimensions = parser.parse_comma_separated_list(
            parser.Delimiter.SQUARE, parser.parse_integer
        )
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        position = parser.pos
        inputs, outputs = parse_signature(parser)
        operands = parser.resolve_operands(
            [name for name, _ in pairs] + [init for _, init in pairs],
            inputs,
            position,
        )
        if combiner is None:
            body = _parse_reducer(parser)
        else:
            body = _combining_region(combiner, TensorType(element_of(operands[0]), ()))
        return cls.create(
            operands=operands,
            result_types=outputs,
            properties={"dimensions": dims(dimensions)},
            attributes=attributes,
            regions=[body],
        )

    def print(self, printer: Printer) -> None:
        pairs = list(zip(self.inputs, self.init_values, strict=True))
        printer.print_list(pairs, lambda pair: _print_input(printer, *pair))
        combiner = combining_op(self.body, element_of(self.inputs[0]))
        if combiner is not None:
            printer.print_string(f" applies {combiner.name}")
        printer.print_string(" across dimensions = ")
        with printer.in_square_brackets():
            printer.print_list(self.dimensions.iter_values(), printer.print_int)
        printer.print_op_attributes(self.attributes)
        printer.print_string(" : ")
        printer.print_function_type(self.operand_types, self.result_types)
        if combiner is None:
            _print_reducer(printer, self.body, len(pairs))


def combining_op(body: Region, element: Attribute) -> Operation | None:
    """The op that a reduction's body consists of, if that is what the short form stands for."""
    ops = list(body.block.ops)
    args = body.block.args
    if len(ops) != 2:
        return None
    combiner, end = ops
    scalar = TensorType(element, ())
    is_plain = (
        combiner.dialect_name() == "stablehlo"
        and combiner.has_trait(Commutative)
        and tuple(combiner.operands) == args
        and all(type == scalar for type in (*combiner.operand_types, *combiner.result_types))
        and not combiner.attributes
        and not combiner.properties
        and tuple(end.operands) == tuple(combiner.results)
    )
    return combiner if is_plain else None


def _parse_combiner(parser: Parser) -> type[Operation]:
    """Parse the name of a commutative op on two scalars."""
    start = parser.pos
    op = parser.ctx.get_optional_op(parser.parse_identifier())
    if op is None or op.dialect_name() != "stablehlo" or not op.has_trait(Commutative):
        parser.raise_error("expected a commutative op of StableHLO", start, parser.pos)
    return op


def _combining_region(combiner: type[Operation], element: Attribute) -> Region:
    block = Block(arg_types=(element, element))
    op = combiner.create(operands=block.args, result_types=[element])
    block.add_ops((op, ReturnOp.create(operands=op.results)))
    return Region(block)


def _parse_input(parser: Parser) -> tuple[UnresolvedOperand, UnresolvedOperand]:
    """Parse `(%input init: %init)`."""
    with parser.in_parens():
        value = parser.parse_unresolved_operand()
        parser.parse_keyword("init")
        parser.parse_punctuation(":")
        return value, parser.parse_unresolved_operand()


def _print_input(printer: Printer, value: SSAValue, init: SSAValue) -> None:
    with printer.in_parens():
        printer.print_ssa_value(value)
        printer.print_string(" init: ")
        printer.print_ssa_value(init)


def _parse_reducer(parser: Parser) -> Region:
    """Parse ` reducer(%a: t, %b: t) (...) { ... }`; accumulated values become the first args."""
    parser.parse_keyword("reducer")
    pairs = []
    while parser.parse_optional_punctuation("(") is not None:
        first = parser.parse_argument()
        parser.parse_punctuation(",")
        pairs.append((first, parser.parse_argument()))
        parser.parse_punctuation(")")
    return parser.parse_region([first for first, _ in pairs] + [second for _, second in pairs])


def _print_reducer(printer: Printer, body: Region, count: int) -> None:
    args = body.block.args
    printer.print_string("\n")
    printer.print_string(" reducer")
    for accumulated, element in zip(args[:count], args[count:], strict=True):
        with printer.in_parens():
            printer.print_block_argument(accumulated)
            printer.print_string(", ")
            printer.print_block_argument(element)
        printer.print_string(" ")
    printer.print_string(" ")
    printer.print_region(body, print_entry_block_args=False)


def check_reducer(
    body: Region,
    inputs: Sequence[SSAValue],
    inits: Sequence[Attribute],
    dimensions: Sequence[int],
) -> list[Attribute]:
    """The region combines accumulated values with elements; returns their element types.

    Elements are scalars, or blocks whose sizes are among `dimensions`, in order.
    """
    args, values = body.block.args, returned("the body", body)
    count = len(inputs)
    check(len(args) == 2 * count, f"the body needs {2 * count} arguments, not {len(args)}")
    check(len(values) == count, f"the body must return {count} values, not {len(values)}")
    for i, value in enumerate(values):
        accumulated, element = args[i], args[count + i]
        for what, type in (("returns", value.type), ("takes", element.type)):
            check(isinstance(type, TensorType), f"the body {what} {type}, which is not a tensor")
        check_type(f"the body's argument {i}", accumulated, value.type)
        check(
            shapes_compatible(element.type, value.type)
            and _same_but_for_precision(element_of(element), element_of(value)),
            f"the body's argument {count + i} is {element.type}, but it returns {value.type}",
        )
        check(
            shapes_compatible(inits[i], value.type)
            and _promotes(_element(inits[i]), element_of(value)),
            f"the body returns {value.type}, which {inits[i]} cannot become",
        )
        check(
            _promotes(element_of(inputs[i]), element_of(element)),
            f"the body's argument {count + i} is {element.type}, which elements of "
            f"{inputs[i].type} cannot become",
        )
        check(
            _is_subsequence(shape_of(element), dimensions),
            f"the body's argument {count + i} has shape {spelled(shape_of(element))}",
        )
    return [element_of(value) for value in values]


def check_results(
    results: Sequence[SSAValue], elements: Sequence[Attribute], shape: Sequence[int]
) -> None:
    """The results have this shape, and what the body accumulates as elements."""
    for i, (result, element) in enumerate(zip(results, elements, strict=True)):
        check_shape(f"result {i}", result, shape)
        check(
            elements_compatible(element_of(result), element),
            f"result {i} is {result.type}, but the body accumulates {element}",
        )


def _element(type: Attribute) -> Attribute:
    return type.element_type if isinstance(type, TensorType) else type


def _same_but_for_precision(a: Attribute, b: Attribute) -> bool:
    return a == b or bool(kind_of(a) & Element.FLOAT and kind_of(b) & Element.FLOAT)


def _promotes(narrow: Attribute, wide: Attribute) -> bool:
    """Whether elements of one type can be accumulated in the other."""
    if isinstance(narrow, UniformQuantizedType) and isinstance(wide, UniformQuantizedType):
        return (
            narrow.expressed_type == wide.expressed_type
            and narrow.storage_type.width.data <= wide.storage_type.width.data
        )
    if isinstance(narrow, IntegerType) and isinstance(wide, IntegerType):
        return narrow.width.data <= wide.width.data
    if isinstance(narrow, ComplexType) and isinstance(wide, ComplexType):
        return narrow == wide or narrow.element_type == f32
    return _same_but_for_precision(narrow, wide)


def _is_subsequence(shape: Sequence[int], dimensions: Sequence[int]) -> bool:
    """Whether the sizes are among the dimensions in their order."""
    rest = iter(dimensions)
    return all(any(sizes_compatible(size, other) for other in rest) for size in shape)


@irdl_op_definition
class ReduceWindowOp(IRDLOperation):
    """Folds each window of the inputs, windows being spaced `window_strides` apart."""

    name = "stablehlo.reduce_window"
    inputs = var_operand_def(TENSOR)
    init_values = var_operand_def(TENSOR)
    window_dimensions = prop_def(DIMS)
    window_strides = opt_prop_def(DIMS)
    base_dilations = opt_prop_def(DIMS)
    window_dilations = opt_prop_def(DIMS)
    padding = opt_prop_def(INTEGERS)
    body = region_def("single_block")
    results_ = var_result_def(TENSOR)

    traits = traits_def(RecursiveMemoryEffect())
    irdl_options = (SameVariadicOperandSize(),)

    def verify_(self) -> None:
        check(len(self.inputs) > 0, "nothing to reduce")
        source = shape_of(self.inputs[0])
        rank, window = len(source), self.window_dimensions.get_values()
        for i, value in enumerate(self.inputs):
            check_shape(f"input {i}", value, source)
        expected = window_counts(
            source,
            window,
            or_ones(self.window_strides, rank),
            padding_pairs(self.padding, rank),
            or_ones(self.base_dilations, rank),
            or_ones(self.window_dilations, rank),
        )
        check(len(self.results_) == len(self.inputs), "each input has a result")
        inits = [value.type for value in self.init_values]
        elements = check_reducer(self.body, self.inputs, inits, window)
        check_results(self.results_, elements, expected)


@irdl_op_definition
class SelectAndScatterOp(IRDLOperation):
    """Adds each element of the source to the element that `select` picks in its window.

    What gradients of pooling are made of: a tensor of the operand's shape full of the init value,
    into which the source's elements are combined by `scatter`.
    """

    name = "stablehlo.select_and_scatter"
    operand = operand_def(TENSOR)
    source = operand_def(TENSOR)
    init_value = operand_def(TENSOR)
    window_dimensions = opt_prop_def(DIMS)
    window_strides = opt_prop_def(DIMS)
    padding = opt_prop_def(INTEGERS)
    select = region_def("single_block")
    scatter = region_def("single_block")
    result = result_def(TENSOR)

    traits = traits_def(RecursiveMemoryEffect())

    def verify_(self) -> None:
        source = shape_of(self.operand)
        rank = len(source)
        counts = window_counts(
            source,
            self.window_dimensions.get_values() if self.window_dimensions is not None else (),
            or_ones(self.window_strides, rank),
            padding_pairs(self.padding, rank),
            (1,) * rank,
            (1,) * rank,
        )
        check_shape("source", self.source, counts)
        check(
            _same_but_for_precision(element_of(self.source), element_of(self.operand)),
            f"the source is {self.source.type}, and the operand {self.operand.type}",
        )
        self._check_select()
        elements = check_reducer(self.scatter, [self.source], [self.init_value.type], ())
        check_results([self.result], elements, source)

    def _check_select(self) -> None:
        args, element = self.select.block.args, element_of(self.operand)
        values = returned("select", self.select)
        check(
            len(args) == 2
            and all(
                isinstance(arg.type, TensorType)
                and shape_of(arg) == ()
                and _same_but_for_precision(element_of(arg), element)
                for arg in args
            )
            and [value.type for value in values] == [TensorType(i1, ())],
            f"select must take two scalars of type {element} and return a boolean",
        )


OPS: list[type[IRDLOperation]] = [ReduceOp, ReduceWindowOp, SelectAndScatterOp]
