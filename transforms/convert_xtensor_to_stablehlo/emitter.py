"""How the rules of the lowering make StableHLO ops."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Protocol, TypeAlias, cast

from xdsl.dialects import func
from xdsl.dialects.builtin import (
    AnyFloat,
    BytesAttr,
    ComplexType,
    DenseIntOrFPElementsAttr,
    FixedBitwidthType,
    FunctionType,
    IntegerAttr,
    IntegerType,
    LocationAttr,
    ModuleOp,
    PackableType,
    StringAttr,
    SymbolRefAttr,
    TensorType,
    UnknownLoc,
    i1,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from xcs.dialects.creation import create_op
from xcs.dialects.stablehlo import (
    elementwise,
    generation,
    reindexing,
)
from xcs.dialects.stablehlo.attributes import (
    ComparisonDirection,
    ComparisonDirectionAttr,
    ComparisonType,
    ComparisonTypeAttr,
)
from xcs.dialects.stablehlo.print import TEXT
from xcs.dialects.xtensor import Kind, dims_attr, kind_of, tensor_type

Values: TypeAlias = Sequence[SSAValue]
Rule: TypeAlias = Callable[..., Values]
"""Emits what an op is lowered to; gives what its results are replaced by.

It takes the emitter, the op, and the op's operands as they are lowered. The op is there for its
attributes and types: its own operands belong to the code that is replaced.
"""

UNKNOWN = UnknownLoc()


class FindsRule(Protocol):
    """Where the rule of an op is looked up."""

    def get(self, op: type[Operation], /) -> Rule | None:
        """Return the rule of an op; None for one that stays as it is."""
        ...


@dataclass
class Conversion:
    """What the lowering of one module knows: its rules, and what values so far are lowered to."""

    rules: FindsRule
    texts: TextFunctions
    lowered: dict[SSAValue, SSAValue] = field(default_factory=dict)


class Emitter:
    """Makes StableHLO ops, in order, at the location of the op that is being lowered."""

    def __init__(self, conversion: Conversion, location: LocationAttr = UNKNOWN) -> None:
        self.conversion = conversion
        self.ops: list[Operation] = []
        self.location = location

    def inner(self) -> Emitter:
        """An emitter for code inside the op that is being made."""
        return Emitter(self.conversion, self.location)

    def lower(self, op: Operation) -> None:
        """Emit what an op, which is in no block, is lowered to; an op without a rule stays."""
        lowered = self.conversion.lowered
        operands = [lowered.get(value, value) for value in op.operands]
        rule = self.conversion.rules.get(type(op))
        if rule is None:
            op.operands = operands
            self.ops.append(op)
            lower_regions(op, self.conversion)
            return
        self.location = op.location
        for old, new in zip(op.results, rule(self, op, *operands), strict=True):
            if old.name_hint is not None and new.name_hint is None:
                new.name_hint = old.name_hint
            lowered[old] = new
        op.drop_all_references()

    def lower_body(self, region: Region) -> Region:
        """The lowered form of a region of one block, for an op that the region's owner becomes."""
        old = region.block
        new = Block(arg_types=old.arg_types)
        self.conversion.lowered.update(zip(old.args, new.args, strict=True))
        inner = self.inner()
        for op in take_ops(old):
            inner.lower(op)
        return inner.into_region(new)

    def inline(self, region: Region, args: Values) -> Values:
        """Emit what a region is lowered to, for these arguments; give what it yields."""
        lowered = self.conversion.lowered
        lowered.update(zip(region.block.args, args, strict=True))
        *ops, end = take_ops(region.block)
        location = self.location
        for op in ops:
            self.lower(op)
        self.location = location
        results = [lowered.get(value, value) for value in end.operands]
        end.drop_all_references()
        return results

    def many(
        self,
        op_type: type[Operation],
        operands: Sequence[SSAValue],
        result_types: Sequence[Attribute],
        properties: Mapping[str, Attribute] = {},
        regions: Sequence[Region] = (),
    ) -> Values:
        """Make an op; give its results."""
        op = create_op(op_type, operands, result_types, properties, self.location, regions)
        self.ops.append(op)
        return op.results

    def one(
        self,
        op_type: type[Operation],
        operands: Sequence[SSAValue],
        result_type: Attribute,
        properties: Mapping[str, Attribute] = {},
        regions: Sequence[Region] = (),
    ) -> SSAValue:
        """Make an op of one result; give that."""
        return self.many(op_type, operands, (result_type,), properties, regions)[0]

    def same(self, op_type: type[Operation], *operands: SSAValue) -> SSAValue:
        """Make an op whose result has the type of its operands."""
        return self.one(op_type, operands, operands[0].type)

    def scalar(self, element: Attribute, value: complex) -> SSAValue:
        """Make a constant of rank 0."""
        constant = scalar_constant(element, value)
        return self.one(generation.ConstantOp, (), constant.type, {"value": constant})

    def zeros(self, tensor: TensorType) -> SSAValue:
        """Make a tensor whose bits are all zero; not every float format has a number zero."""
        element = tensor.element_type
        size = cast(FixedBitwidthType, element).compile_time_size
        constant = DenseIntOrFPElementsAttr(
            cast(Any, tensor_type((), element)), BytesAttr(bytes(size))
        )
        scalar = self.one(generation.ConstantOp, (), constant.type, {"value": constant})
        return self.broadcast(scalar, tensor, ())

    def full_like(self, value: complex, like: SSAValue) -> SSAValue:
        """Make a tensor of one value, in the type of another tensor.

        It is a broadcast scalar: a constant of the full shape would take memory at run time.
        """
        tensor = type_of(like)
        return self.broadcast(self.scalar(tensor.element_type, value), tensor, ())

    def broadcast(self, operand: SSAValue, result: TensorType, dims: tuple[int, ...]) -> SSAValue:
        """Broadcast, unless there is nothing to do."""
        if operand.type == result:
            return operand
        properties = {"broadcast_dimensions": dims_attr(dims)}
        return self.one(reindexing.BroadcastInDimOp, (operand,), result, properties)

    def reshape(self, operand: SSAValue, result: TensorType) -> SSAValue:
        """Reshape, unless there is nothing to do."""
        if operand.type == result:
            return operand
        return self.one(reindexing.ReshapeOp, (operand,), result)

    def slice(
        self, operand: SSAValue, starts: Iterable[int], limits: Iterable[int], result: TensorType
    ) -> SSAValue:
        """Take the elements between starts and limits, with stride 1."""
        properties = {
            "start_indices": dims_attr(tuple(starts)),
            "limit_indices": dims_attr(tuple(limits)),
            "strides": dims_attr((1,) * len(result.shape)),
        }
        return self.one(reindexing.SliceOp, (operand,), result, properties)

    def compare(
        self,
        direction: ComparisonDirection,
        lhs: SSAValue,
        rhs: SSAValue,
        order: ComparisonTypeAttr | None = None,
    ) -> SSAValue:
        """Compare, by default as JAX does for the elements' type: NaN is unequal to itself."""
        tensor = type_of(lhs)
        properties = {
            "comparison_direction": DIRECTIONS[direction],
            "compare_type": order or _order(tensor.element_type),
        }
        result = tensor_type(tensor.get_shape(), i1)
        return self.one(elementwise.CompareOp, (lhs, rhs), result, properties)

    def select(self, predicate: SSAValue, on_true: SSAValue, on_false: SSAValue) -> SSAValue:
        """Select elements."""
        operands = (predicate, on_true, on_false)
        return self.one(elementwise.SelectOp, operands, on_true.type)

    def into_region(self, block: Block) -> Region:
        """The ops made since this emitter was, as the body of a region."""
        block.add_ops(self.ops)
        return Region(block)


def lower_regions(parent: Operation, conversion: Conversion) -> None:
    """Lower all code inside an op that itself stays."""
    for region in parent.regions:
        for block in region.blocks:
            emit = Emitter(conversion)
            for op in take_ops(block):
                emit.lower(op)
            block.add_ops(emit.ops)


def take_ops(block: Block) -> list[Operation]:
    """Empty a block; return its ops."""
    return [block.detach_op(op) for op in list(block.ops)]


class TextFunctions:
    """The functions of a module that stand for StableHLO text, one for each different text."""

    def __init__(self, module: ModuleOp) -> None:
        self.functions: list[func.FuncOp] = []
        symbols = (op.properties.get("sym_name") for op in module.ops)
        self._taken = {symbol.data for symbol in symbols if isinstance(symbol, StringAttr)}
        self._names: dict[tuple[str, FunctionType], str] = {}

    def declare(self, name: str, text: str, function_type: FunctionType) -> SymbolRefAttr:
        """The function with the text as its body, to be added to the module."""
        symbol = self._names.get((text, function_type))
        if symbol is None:
            symbol = self._fresh(name)
            self._names[text, function_type] = symbol
            function = func.FuncOp(symbol, function_type, Region(), "private")
            function.attributes[TEXT] = StringAttr(text)
            self.functions.append(function)
        return SymbolRefAttr(symbol)

    def _fresh(self, name: str) -> str:
        candidate, count = name, 0
        while candidate in self._taken:
            candidate, count = f"{name}_{count}", count + 1
        self._taken.add(candidate)
        return candidate


def type_of(value: SSAValue) -> TensorType:
    return cast(TensorType, value.type)


DIRECTIONS = {direction: ComparisonDirectionAttr(direction) for direction in ComparisonDirection}
TOTAL = ComparisonTypeAttr(ComparisonType.TOTALORDER)


@cache
def _order(element: Attribute) -> ComparisonTypeAttr:
    """How JAX compares elements of a type."""
    kind = kind_of(element)
    if kind & Kind.INEXACT:
        return ComparisonTypeAttr(ComparisonType.FLOAT)
    signed = kind & Kind.SIGNED
    return ComparisonTypeAttr(ComparisonType.SIGNED if signed else ComparisonType.UNSIGNED)


@cache
def int_attr(value: int) -> IntegerAttr:
    return IntegerAttr(value, 64)


@lru_cache(maxsize=4096)
def scalar_constant(element: Attribute, value: complex) -> DenseIntOrFPElementsAttr:
    """A tensor of rank 0, its value rounded to the element type.

    The cache takes 0.0 and -0.0 for one key; no rule needs the latter.
    """
    tensor = tensor_type((), element)
    if isinstance(element, ComplexType):
        data = cast(PackableType, element).pack([(value.real, value.imag)])
    elif isinstance(element, IntegerType):
        data = element.pack([element.get_normalized_value(int(value.real))])
    else:
        data = cast(AnyFloat, element).pack([value.real])
    return DenseIntOrFPElementsAttr(tensor, BytesAttr(data))  # type: ignore[arg-type]


def direct(target: type[Operation]) -> Rule:
    return lambda emit, op, *operands: emit.many(target, operands, op.result_types)


def renamed(target: type[Operation], names: Mapping[str, str]) -> Rule:
    """One op of the same operands, whose properties have other names."""

    def lower(emit: Emitter, op: Operation, *operands: SSAValue) -> Values:
        properties = {new: op.properties[old] for old, new in names.items()}
        return emit.many(target, operands, op.result_types, properties)

    return lower
