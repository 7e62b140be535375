"""Ops that combine many elements into one by a function given as a region."""

from collections.abc import Sequence

from xdsl.dialects.builtin import DenseIntElementsAttr, TensorType
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    SameVariadicOperandSize,
    irdl_op_definition,
    opt_prop_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import Commutative, RecursiveMemoryEffect

from .base import (
    DIMS,
    TENSOR,
    I64Array,
    check,
    check_dims,
    check_shape,
    dims,
    element_of,
    shape_of,
)
from .control import ReturnOp


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
        check(
            count == len(self.init_values) == len(self.results),
            f"{count} inputs need as many init values and results",
        )
        source = shape_of(self.inputs[0])
        check_dims("dimensions", dimensions, len(source))
        kept = [size for i, size in enumerate(source) if i not in dimensions]
        for i, value in enumerate(self.inputs):
            check_shape(f"input {i}", value, source)
            check_shape(f"init value {i}", self.init_values[i], ())
            check_shape(f"result {i}", self.results[i], kept)
        _check_combiner(self.body, [*self.inputs, *self.init_values])

    @classmethod
    def parse(cls, parser: Parser) -> "ReduceOp":
        pairs = [_parse_input(parser)]
        while parser.parse_optional_punctuation(",") is not None:
            pairs.append(_parse_input(parser))
        combiner = None
        if parser.parse_optional_keyword("applies") is not None:
            combiner = parser.parse_identifier()
        for keyword in ("across", "dimensions"):
            parser.parse_keyword(keyword)
        parser.parse_punctuation("=")
        dimensions = parser.parse_comma_separated_list(
            parser.Delimiter.SQUARE, parser.parse_integer
        )
        attributes = parser.parse_optional_attr_dict()
        parser.parse_punctuation(":")
        position = parser.pos
        function_type = parser.parse_function_type()
        operands = parser.resolve_operands(
            [name for name, _ in pairs] + [init for _, init in pairs],
            function_type.inputs.data,
            position,
        )
        if combiner is None:
            body = _parse_reducer(parser)
        else:
            body = _combining_region(
                parser.ctx.get_op(combiner), TensorType(element_of(operands[0]), ())
            )
        return cls.create(
            operands=operands,
            result_types=function_type.outputs.data,
            properties={"dimensions": dims(dimensions)},
            attributes=attributes,
            regions=[body],
        )

    def print(self, printer: Printer) -> None:
        pairs = list(zip(self.inputs, self.init_values, strict=True))
        printer.print_list(pairs, lambda pair: _print_input(printer, *pair))
        combiner = combining_op(self.body)
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


def combining_op(body: Region) -> Operation | None:
    """The op that a reduction's body consists of, if that is what the short form stands for."""
    ops = list(body.block.ops)
    args = body.block.args
    if len(ops) != 2 or len(args) != 2 or args[0].type != args[1].type:
        return None
    combiner, end = ops
    is_plain = (
        combiner.has_trait(Commutative)
        and tuple(combiner.operands) == args
        and not combiner.attributes
        and not combiner.properties
        and tuple(end.operands) == tuple(combiner.results)
    )
    return combiner if is_plain else None


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


def _check_combiner(body: Region, operands: Sequence[SSAValue]) -> None:
    """The region takes scalars and gives as many as there are accumulated values."""
    args = body.block.args
    check(len(args) == len(operands), f"the body needs {len(operands)} arguments")
    check(all(shape_of(arg) == () for arg in args), "the body's arguments must be scalars")
    end = body.block.last_op
    check(
        isinstance(end, ReturnOp)
        and list(end.operand_types) == [arg.type for arg in args[: len(args) // 2]],
        "the body must return a scalar for each input, of its accumulated value's type",
    )


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
    padding = opt_prop_def(DenseIntElementsAttr)
    body = region_def("single_block")
    results_ = var_result_def(TENSOR)

    traits = traits_def(RecursiveMemoryEffect())
    irdl_options = (SameVariadicOperandSize(),)

    def verify_(self) -> None:
        source = shape_of(self.inputs[0])
        window = self.window_dimensions.get_values()
        check(len(window) == len(source), "window_dimensions needs a size for each dimension")
        strides = _or_ones(self.window_strides, len(source))
        dilations = _or_ones(self.window_dilations, len(source))
        spread = _or_ones(self.base_dilations, len(source))
        padding = self.padding.get_values() if self.padding else (0,) * (2 * len(source))
        check(len(padding) == 2 * len(source), "padding needs two numbers for each dimension")
        check(min((*window, *strides, *dilations, *spread), default=1) > 0, "sizes are positive")
        expected = []
        for i, size in enumerate(source):
            room = max(size - 1, 0) * spread[i] + min(size, 1) + padding[2 * i] + padding[2 * i + 1]
            reach = (window[i] - 1) * dilations[i] + 1
            expected.append(0 if room < reach else (room - reach) // strides[i] + 1)
        for i, result in enumerate(self.results):
            check_shape(f"result {i}", result, expected)
        _check_combiner(self.body, [*self.inputs, *self.init_values])


def _or_ones(attr: I64Array | None, rank: int) -> tuple[int, ...]:
    return attr.get_values() if attr is not None else (1,) * rank


OPS: list[type[IRDLOperation]] = [ReduceOp, ReduceWindowOp]
