"""Lowers the tensor dialect to StableHLO, each op as JAX lowers the primitive of its name.

The results are to be bit-equal to `jax.jit`, so where JAX expands a primitive (`logistic`,
`integer_pow`, `argmax`, ...) the same ops are emitted in the same order. There is one rule for each
form of op, and tables that say which ops have that form. A module is lowered in one walk, in which
each block is built anew of ops that are already final, rather than by a worklist of patterns. A map
says what each value so far is lowered to, so that no uses have to be replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from math import inf, log
from typing import TypeAlias, cast

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import (
    AnyFloat,
    ArrayAttr,
    BoolAttr,
    BytesAttr,
    ComplexType,
    DenseIntOrFPElementsAttr,
    Float4E2M1FNType,
    Float8E4M3B11FNUZType,
    Float8E4M3FNType,
    Float8E4M3FNUZType,
    Float8E5M2FNUZType,
    FunctionType,
    IntAttr,
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
    i32,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.passes import ModulePass

from xcs.dialects import xtensor
from xcs.dialects.creation import create_op
from xcs.dialects.stablehlo import (
    chlo,
    contraction,
    control,
    elementwise,
    generation,
    reduction,
    reindexing,
)
from xcs.dialects.stablehlo.attributes import (
    ComparisonDirection,
    ComparisonDirectionAttr,
    ComparisonType,
    ComparisonTypeAttr,
    DotDimensionNumbersAttr,
    GatherDimensionNumbersAttr,
    Precision,
    PrecisionAttr,
)
from xcs.dialects.stablehlo.attributes import dims_attr as record_dims
from xcs.dialects.stablehlo.print import TEXT
from xcs.dialects.xtensor import Kind, dims_attr, kind_of, tensor_type

Values: TypeAlias = Sequence[SSAValue]
Rule: TypeAlias = Callable[..., Values]
"""Emits what an op is lowered to; gives what its results are replaced by.

It takes the emitter, the op, and the op's operands as they are lowered. The op is there for its
attributes and types: its own operands belong to the code that is replaced.
"""

UNKNOWN = UnknownLoc()


class ConvertXTensorToStableHLO(ModulePass):
    """Replaces every op of the tensor dialect by StableHLO."""

    name = "convert-xtensor-to-stablehlo"

    def apply(self, ctx: Context, op: ModuleOp) -> None:
        lower_regions(op, TextFunctions(op), {})


def lower_regions(
    parent: Operation, texts: TextFunctions, lowered: dict[SSAValue, SSAValue]
) -> None:
    """Lower all code inside an op, given what the values before it are lowered to."""
    for region in parent.regions:
        for block in region.blocks:
            for op in lower_block(block, texts, lowered):
                lower_regions(op, texts, lowered)


def lower_block(
    block: Block, texts: TextFunctions, lowered: dict[SSAValue, SSAValue]
) -> list[Operation]:
    """Replace the ops of a block that have a rule, in order; return the others."""
    emit, others = Emitter(texts), []
    for op in _take_ops(block):
        operands = [lowered.get(value, value) for value in op.operands]
        rule = RULES.get(type(op))
        if rule is None:
            op.operands = operands
            emit.ops.append(op)
            others.append(op)
            continue
        emit.location = op.location
        for old, new in zip(op.results, rule(emit, op, *operands), strict=True):
            if old.name_hint is not None and new.name_hint is None:
                new.name_hint = old.name_hint
            lowered[old] = new
        op.drop_all_references()
    block.add_ops(emit.ops)
    return others


def _take_ops(block: Block) -> list[Operation]:
    """Empty a block; return its ops."""
    return [block.detach_op(op) for op in list(block.ops)]


class Emitter:
    """Makes StableHLO ops, in order, at the location of the op that is being lowered."""

    def __init__(self, texts: TextFunctions) -> None:
        self.texts = texts
        self.ops: list[Operation] = []
        self.location: LocationAttr = UNKNOWN

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

    def scalar(self, element: Attribute, value: float) -> SSAValue:
        """Make a constant of rank 0."""
        constant = scalar_constant(element, value)
        return self.one(generation.ConstantOp, (), constant.type, {"value": constant})

    def full_like(self, value: float, like: SSAValue) -> SSAValue:
        """Make a tensor of one value, in the type of another tensor.

        It is a broadcast scalar: a constant of the full shape would take memory at run time.
        """
        tensor = _type(like)
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

    def compare(self, direction: ComparisonDirection, lhs: SSAValue, rhs: SSAValue) -> SSAValue:
        """Compare in the order that JAX uses for the elements' type: NaN is unequal to itself."""
        tensor = _type(lhs)
        properties = {
            "comparison_direction": DIRECTIONS[direction],
            "compare_type": _order(tensor.element_type),
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


class TextFunctions:
    """The functions of a module that stand for StableHLO text, one for each different text."""

    def __init__(self, module: ModuleOp) -> None:
        self._module = module
        self._taken: set[str] | None = None
        self._names: dict[tuple[str, FunctionType], str] = {}

    def declare(self, name: str, text: str, function_type: FunctionType) -> SymbolRefAttr:
        """The function with the text as its body, which is added to the module at its first use."""
        symbol = self._names.get((text, function_type))
        if symbol is None:
            symbol = self._fresh(name)
            self._names[text, function_type] = symbol
            function = func.FuncOp(symbol, function_type, Region(), "private")
            function.attributes[TEXT] = StringAttr(text)
            self._module.body.block.add_op(function)
        return SymbolRefAttr(symbol)

    def _fresh(self, name: str) -> str:
        if self._taken is None:
            symbols = (op.properties.get("sym_name") for op in self._module.ops)
            self._taken = {symbol.data for symbol in symbols if isinstance(symbol, StringAttr)}
        candidate, count = name, 0
        while candidate in self._taken:
            candidate, count = f"{name}_{count}", count + 1
        self._taken.add(candidate)
        return candidate


def _type(value: SSAValue) -> TensorType:
    return cast(TensorType, value.type)


DIRECTIONS = {direction: ComparisonDirectionAttr(direction) for direction in ComparisonDirection}


@cache
def _order(element: Attribute) -> ComparisonTypeAttr:
    """How JAX compares elements of a type."""
    kind = kind_of(element)
    if kind & Kind.INEXACT:
        return ComparisonTypeAttr(ComparisonType.FLOAT)
    signed = kind & Kind.SIGNED
    return ComparisonTypeAttr(ComparisonType.SIGNED if signed else ComparisonType.UNSIGNED)


@cache
def _int_attr(value: int) -> IntegerAttr:
    return IntegerAttr(value, 64)


@lru_cache(maxsize=4096)
def scalar_constant(element: Attribute, value: float) -> DenseIntOrFPElementsAttr:
    """A tensor of rank 0, its value rounded to the element type.

    The cache takes 0.0 and -0.0 for one key; no rule needs the latter.
    """
    tensor = tensor_type((), element)
    if isinstance(element, ComplexType):
        data = cast(PackableType, element).pack([(value, 0.0)])
    elif isinstance(element, IntegerType):
        data = element.pack([element.get_normalized_value(int(value))])
    else:
        data = cast(AnyFloat, element).pack([value])
    return DenseIntOrFPElementsAttr(tensor, BytesAttr(data))  # type: ignore[arg-type]


# --- Elementwise ----------------------------------------------------------------------------------

DIRECT: dict[type[Operation], type[Operation]] = {
    xtensor.AbsOp: elementwise.AbsOp,
    xtensor.AcosOp: chlo.AcosOp,
    xtensor.AcoshOp: chlo.AcoshOp,
    xtensor.AddOp: elementwise.AddOp,
    xtensor.AndOp: elementwise.AndOp,
    xtensor.AsinOp: chlo.AsinOp,
    xtensor.AsinhOp: chlo.AsinhOp,
    xtensor.Atan2Op: elementwise.Atan2Op,
    xtensor.AtanOp: chlo.AtanOp,
    xtensor.AtanhOp: chlo.AtanhOp,
    xtensor.BesselI1eOp: chlo.BesselI1eOp,
    xtensor.BitcastConvertTypeOp: elementwise.BitcastConvertOp,
    xtensor.CbrtOp: elementwise.CbrtOp,
    xtensor.CeilOp: elementwise.CeilOp,
    xtensor.ClampOp: elementwise.ClampOp,
    xtensor.ClzOp: elementwise.CountLeadingZerosOp,
    xtensor.ComplexOp: elementwise.ComplexOp,
    xtensor.CoshOp: chlo.CoshOp,
    xtensor.DigammaOp: chlo.DigammaOp,
    xtensor.DivOp: elementwise.DivideOp,
    xtensor.DynamicUpdateSliceOp: reindexing.DynamicUpdateSliceOp,
    xtensor.ErfInvOp: chlo.ErfInvOp,
    xtensor.ErfOp: chlo.ErfOp,
    xtensor.ErfcOp: chlo.ErfcOp,
    xtensor.ExpOp: elementwise.ExponentialOp,
    xtensor.Expm1Op: elementwise.ExponentialMinusOneOp,
    xtensor.FloorOp: elementwise.FloorOp,
    xtensor.ImagOp: elementwise.ImagOp,
    xtensor.IsFiniteOp: elementwise.IsFiniteOp,
    xtensor.LgammaOp: chlo.LgammaOp,
    xtensor.Log1pOp: elementwise.LogPlusOneOp,
    xtensor.LogOp: elementwise.LogOp,
    xtensor.MaxOp: elementwise.MaximumOp,
    xtensor.MinOp: elementwise.MinimumOp,
    xtensor.MulOp: elementwise.MultiplyOp,
    xtensor.NegOp: elementwise.NegateOp,
    xtensor.NextafterOp: chlo.NextAfterOp,
    xtensor.NotOp: elementwise.NotOp,
    xtensor.OptimizationBarrierOp: control.OptimizationBarrierOp,
    xtensor.OrOp: elementwise.OrOp,
    xtensor.PopulationCountOp: elementwise.PopcntOp,
    xtensor.PowOp: elementwise.PowerOp,
    xtensor.RealOp: elementwise.RealOp,
    xtensor.RemOp: elementwise.RemainderOp,
    xtensor.ReshapeOp: reindexing.ReshapeOp,
    xtensor.RsqrtOp: elementwise.RsqrtOp,
    xtensor.ShiftLeftOp: elementwise.ShiftLeftOp,
    xtensor.ShiftRightArithmeticOp: elementwise.ShiftRightArithmeticOp,
    xtensor.ShiftRightLogicalOp: elementwise.ShiftRightLogicalOp,
    xtensor.SinhOp: chlo.SinhOp,
    xtensor.SqrtOp: elementwise.SqrtOp,
    xtensor.SqueezeOp: reindexing.ReshapeOp,
    xtensor.SubOp: elementwise.SubtractOp,
    xtensor.TanOp: elementwise.TanOp,
    xtensor.TanhOp: elementwise.TanhOp,
    xtensor.XorOp: elementwise.XorOp,
}
"""Ops that are one StableHLO op of the same operands and results, without properties."""

COMPARISONS: dict[type[Operation], ComparisonDirection] = {
    xtensor.EqOp: ComparisonDirection.EQ,
    xtensor.GeOp: ComparisonDirection.GE,
    xtensor.GtOp: ComparisonDirection.GT,
    xtensor.LeOp: ComparisonDirection.LE,
    xtensor.LtOp: ComparisonDirection.LT,
    xtensor.NeOp: ComparisonDirection.NE,
}


def _direct(target: type[Operation]) -> Rule:
    return lambda emit, op, *operands: emit.many(target, operands, op.result_types)


def _comparison(direction: ComparisonDirection) -> Rule:
    return lambda emit, op, lhs, rhs: (emit.compare(direction, lhs, rhs),)


def lower_logistic(emit: Emitter, op: xtensor.LogisticOp, x: SSAValue) -> Values:
    """1 / (1 + exp(-x)), which JAX prefers to StableHLO's own op for its precision."""
    one = emit.full_like(1, x)
    exp = emit.same(elementwise.ExponentialOp, emit.same(elementwise.NegateOp, x))
    return (emit.same(elementwise.DivideOp, one, emit.same(elementwise.AddOp, one, exp)),)


def lower_exp2(emit: Emitter, op: xtensor.Exp2Op, x: SSAValue) -> Values:
    """exp(log(2) * x)."""
    scaled = emit.same(elementwise.MultiplyOp, emit.full_like(log(2), x), x)
    return (emit.same(elementwise.ExponentialOp, scaled),)


def lower_square(emit: Emitter, op: xtensor.SquareOp, x: SSAValue) -> Values:
    """A product, with care for overflow where x is complex."""
    if kind_of(_type(x).element_type) & Kind.INTEGER:
        return (emit.same(elementwise.MultiplyOp, x, x),)
    return (emit.same(chlo.SquareOp, x),)


def lower_sign(emit: Emitter, op: xtensor.SignOp, x: SSAValue) -> Values:
    """The sign; StableHLO has none for unsigned integers."""
    if not kind_of(_type(x).element_type) & Kind.UNSIGNED:
        return (emit.same(elementwise.SignOp, x),)
    is_zero = emit.compare(ComparisonDirection.EQ, x, emit.full_like(0, x))
    return (emit.select(is_zero, emit.full_like(0, x), emit.full_like(1, x)),)


def lower_conj(emit: Emitter, op: xtensor.ConjOp, x: SSAValue) -> Values:
    """The conjugate; of a real number, that number as a complex one."""
    if isinstance(_type(x).element_type, ComplexType):
        part = _part(x)
        imag = emit.same(elementwise.NegateOp, emit.one(elementwise.ImagOp, (x,), part))
        real = emit.one(elementwise.RealOp, (x,), part)
    else:
        real, imag = x, emit.full_like(0, x)
    return (emit.one(elementwise.ComplexOp, (real, imag), op.result.type),)


def _part(value: SSAValue) -> TensorType:
    """The type of the real and of the imaginary part."""
    tensor = _type(value)
    return tensor_type(tensor.get_shape(), cast(ComplexType, tensor.element_type).element_type)


def _trigonometric(target: type[Operation], of_complex: Rule) -> Rule:
    def lower(emit: Emitter, op: xtensor.UnaryOp, x: SSAValue) -> Values:
        if isinstance(_type(x).element_type, ComplexType):
            return of_complex(emit, op, x)
        return (emit.same(target, x),)

    return lower


def _complex_parts(emit: Emitter, x: SSAValue) -> tuple[SSAValue, ...]:
    """For x = a + bi: a, whether a is 0, sin a, cos a, sinh b, cosh b.

    The hyperbolic functions come from expm1, which does not cancel where b is small.
    """
    part = _part(x)
    a, b = emit.one(elementwise.RealOp, (x,), part), emit.one(elementwise.ImagOp, (x,), part)
    a_is_zero = emit.compare(ComparisonDirection.EQ, a, emit.full_like(0, a))
    two = emit.full_like(2, a)
    sine, cosine = emit.same(elementwise.SineOp, a), emit.same(elementwise.CosineOp, a)
    grow = emit.same(elementwise.ExponentialMinusOneOp, b)
    shrink = emit.same(elementwise.ExponentialMinusOneOp, emit.same(elementwise.NegateOp, b))
    difference = emit.same(elementwise.SubtractOp, grow, shrink)
    total = emit.same(elementwise.AddOp, emit.same(elementwise.AddOp, grow, shrink), two)
    sinh = emit.same(elementwise.DivideOp, difference, two)
    cosh = emit.same(elementwise.DivideOp, total, two)
    return a, a_is_zero, sine, cosine, sinh, cosh


def lower_complex_sin(emit: Emitter, op: xtensor.SinOp, x: SSAValue) -> Values:
    """sin(a + bi) = sin a cosh b + i cos a sinh b; the real part is 0, not NaN, where a is 0."""
    a, a_is_zero, sine, cosine, sinh, cosh = _complex_parts(emit, x)
    real = emit.same(elementwise.MultiplyOp, sine, cosh)
    imag = emit.same(elementwise.MultiplyOp, cosine, sinh)
    result = op.result.type
    pure = emit.one(elementwise.ComplexOp, (emit.full_like(0, a), imag), result)
    full = emit.one(elementwise.ComplexOp, (real, imag), result)
    return (emit.select(a_is_zero, pure, full),)


def lower_complex_cos(emit: Emitter, op: xtensor.CosOp, x: SSAValue) -> Values:
    """cos(a + bi) = cos a cosh b - i sin a sinh b; the imaginary part is 0 where a is 0."""
    a, a_is_zero, sine, cosine, sinh, cosh = _complex_parts(emit, x)
    real = emit.same(elementwise.MultiplyOp, cosine, cosh)
    imag = emit.same(elementwise.MultiplyOp, emit.same(elementwise.NegateOp, sine), sinh)
    result = op.result.type
    pure = emit.one(elementwise.ComplexOp, (real, emit.full_like(0, a)), result)
    full = emit.one(elementwise.ComplexOp, (real, imag), result)
    return (emit.select(a_is_zero, pure, full),)


def lower_round(emit: Emitter, op: xtensor.RoundOp, x: SSAValue) -> Values:
    """Rounding, with halves away from zero or to the even integer."""
    away = op.rounding_method.data is xtensor.RoundingMethod.AWAY_FROM_ZERO
    target = elementwise.RoundNearestAfzOp if away else elementwise.RoundNearestEvenOp
    return (emit.same(target, x),)


def lower_integer_pow(emit: Emitter, op: xtensor.IntegerPowOp, x: SSAValue) -> Values:
    """Repeated squaring, in JAX's order of multiplications; negative powers by one division."""
    exponent = op.y.value.data
    if exponent == 0:
        return (emit.full_like(1, x),)
    if exponent == 3:
        square = emit.same(elementwise.MultiplyOp, x, x)
        return (emit.same(elementwise.MultiplyOp, square, x),)
    power, rest = None, abs(exponent)
    while rest > 0:
        if rest & 1:
            power = x if power is None else emit.same(elementwise.MultiplyOp, power, x)
        rest >>= 1
        if rest > 0:
            x = emit.same(elementwise.MultiplyOp, x, x)
    assert power is not None
    if exponent < 0:
        power = emit.same(elementwise.DivideOp, emit.full_like(1, power), power)
    return (power,)


def lower_reduce_precision(emit: Emitter, op: xtensor.ReducePrecisionOp, x: SSAValue) -> Values:
    """Rounding to a narrower format."""
    properties = {
        "exponent_bits": IntegerAttr(op.exponent_bits.value.data, i32),
        "mantissa_bits": IntegerAttr(op.mantissa_bits.value.data, i32),
    }
    target = elementwise.ReducePrecisionOp
    return (emit.one(target, (x,), op.result.type, properties),)


def lower_convert(emit: Emitter, op: xtensor.ConvertElementTypeOp, x: SSAValue) -> Values:
    """Conversion; complex numbers lose their imaginary part, and a boolean is `x != 0`."""
    result = _type(op.result)
    if isinstance(_type(x).element_type, ComplexType) and not isinstance(
        result.element_type, ComplexType
    ):
        x = emit.one(elementwise.RealOp, (x,), _part(x))
    if x.type == result:
        return (x,)
    if result.element_type == i1:
        return (emit.compare(ComparisonDirection.NE, x, emit.full_like(0, x)),)
    return (emit.one(elementwise.ConvertOp, (x,), result),)


def lower_select_n(
    emit: Emitter, op: xtensor.SelectNOp, which: SSAValue, *cases: SSAValue
) -> Values:
    """A select; a binary tree of them where an integer chooses between cases."""
    if len(cases) == 1:
        return (cases[0],)
    if _type(which).element_type == i1:
        return (emit.select(which, cases[1], cases[0]),)

    def choose(offset: int, among: Sequence[SSAValue]) -> SSAValue:
        if len(among) == 1:
            return among[0]
        middle = len(among) // 2
        pivot = emit.full_like(offset + middle, which)
        is_before = emit.compare(ComparisonDirection.LT, which, pivot)
        before = choose(offset, among[:middle])
        return emit.select(is_before, before, choose(offset + middle, among[middle:]))

    return (choose(0, cases),)


# --- Contraction ----------------------------------------------------------------------------------

PRECISIONS = {
    xtensor.Precision.DEFAULT: PrecisionAttr(Precision.DEFAULT),
    xtensor.Precision.HIGH: PrecisionAttr(Precision.HIGH),
    xtensor.Precision.HIGHEST: PrecisionAttr(Precision.HIGHEST),
}


@lru_cache(maxsize=4096)
def _dot_dimensions(*dims: tuple[int, ...]) -> DotDimensionNumbersAttr:
    return DotDimensionNumbersAttr(*map(record_dims, dims))


@cache
def _precisions(*precisions: xtensor.Precision) -> ArrayAttr[PrecisionAttr]:
    return ArrayAttr(PRECISIONS[precision] for precision in precisions)


def _precision(attribute: xtensor.PrecisionAttr | None) -> xtensor.Precision:
    return xtensor.Precision.DEFAULT if attribute is None else attribute.data


def lower_dot_general(
    emit: Emitter, op: xtensor.DotGeneralOp, lhs: SSAValue, rhs: SSAValue
) -> Values:
    """A dot_general; the default precision is written out, as JAX does."""
    properties = {
        "dot_dimension_numbers": _dot_dimensions(
            op.lhs_batch.get_values(),
            op.rhs_batch.get_values(),
            op.lhs_contracting.get_values(),
            op.rhs_contracting.get_values(),
        ),
        "precision_config": _precisions(_precision(op.lhs_precision), _precision(op.rhs_precision)),
    }
    return (emit.one(contraction.DotGeneralOp, (lhs, rhs), op.result.type, properties),)


# --- Reduction ------------------------------------------------------------------------------------

LARGEST: dict[type[Attribute], float] = {
    Float4E2M1FNType: 6.0,
    Float8E4M3B11FNUZType: 30.0,
    Float8E4M3FNType: 448.0,
    Float8E4M3FNUZType: 240.0,
    Float8E5M2FNUZType: 57344.0,
}
"""The largest number of the formats that have no infinity."""


def _least(element: Attribute) -> float:
    """The identity of the maximum."""
    match kind_of(element):
        case Kind.SIGNED:
            return -(1 << (_width(element) - 1))
        case Kind.FLOAT:
            return -LARGEST.get(type(element), inf)
        case _:
            return 0


def _greatest(element: Attribute) -> float:
    """The identity of the minimum."""
    match kind_of(element):
        case Kind.SIGNED:
            return (1 << (_width(element) - 1)) - 1
        case Kind.FLOAT:
            return LARGEST.get(type(element), inf)
        case _:
            return _all_ones(element)


def _all_ones(element: Attribute) -> float:
    """The identity of the bitwise and."""
    return -1 if kind_of(element) & Kind.SIGNED else (1 << _width(element)) - 1


def _width(element: Attribute) -> int:
    return cast(IntegerType, element).width.data


def _zero(element: Attribute) -> float:
    return 0


def _one(element: Attribute) -> float:
    return 1


REDUCTIONS: dict[type[Operation], tuple[type[Operation], Callable[[Attribute], float]]] = {
    xtensor.ReduceAndOp: (elementwise.AndOp, _all_ones),
    xtensor.ReduceMaxOp: (elementwise.MaximumOp, _least),
    xtensor.ReduceMinOp: (elementwise.MinimumOp, _greatest),
    xtensor.ReduceOrOp: (elementwise.OrOp, _zero),
    xtensor.ReduceProdOp: (elementwise.MultiplyOp, _one),
    xtensor.ReduceSumOp: (elementwise.AddOp, _zero),
    xtensor.ReduceXorOp: (elementwise.XorOp, _zero),
}
"""What a reduction folds with, and the value it starts from."""

INDEX_REDUCTIONS: dict[
    type[Operation], tuple[ComparisonDirection, Callable[[Attribute], float]]
] = {
    xtensor.ArgmaxOp: (ComparisonDirection.GT, _least),
    xtensor.ArgminOp: (ComparisonDirection.LT, _greatest),
}
"""The order in which an element is taken before another, and the value that comes last in it."""


def _reduction(combiner: type[Operation], identity: Callable[[Attribute], float]) -> Rule:
    def lower(emit: Emitter, op: xtensor.ReductionOp, x: SSAValue) -> Values:
        element = _type(x).element_type
        init = emit.scalar(element, identity(element))
        block = Block(arg_types=(init.type, init.type))
        body = Emitter(emit.texts)
        body.many(control.ReturnOp, (body.same(combiner, *block.args),), ())
        return emit.many(
            reduction.ReduceOp,
            (x, init),
            op.result_types,
            {"dimensions": op.axes},
            (body.into_region(block),),
        )

    return lower


def _index_reduction(
    direction: ComparisonDirection, identity: Callable[[Attribute], float]
) -> Rule:
    def lower(emit: Emitter, op: xtensor.IndexReductionOp, x: SSAValue) -> Values:
        source, result = _type(x), _type(op.result)
        element, index = source.element_type, result.element_type
        (axis,) = op.axes.get_values()
        indices = emit.one(
            generation.IotaOp,
            (),
            tensor_type(source.get_shape(), index),
            {"iota_dimension": _int_attr(axis)},
        )
        inits = (emit.scalar(element, identity(element)), emit.scalar(index, 0))
        body = _first_extreme(emit.texts, direction, element, index)
        results = emit.many(
            reduction.ReduceOp,
            (x, indices, *inits),
            (tensor_type(result.get_shape(), element), result),
            {"dimensions": op.axes},
            (body,),
        )
        return results[1:]

    return lower


def _first_extreme(
    texts: TextFunctions, direction: ComparisonDirection, element: Attribute, index: Attribute
) -> Region:
    """Of two (value, index) pairs, the one that comes first; NaN comes first of all values."""
    value_type, index_type = tensor_type((), element), tensor_type((), index)
    block = Block(arg_types=(value_type, index_type, value_type, index_type))
    value, place, other_value, other_place = block.args
    emit = Emitter(texts)
    is_beyond = emit.compare(direction, value, other_value)
    is_nan = emit.compare(ComparisonDirection.NE, value, value)
    take_value = emit.same(elementwise.OrOp, is_beyond, is_nan)
    is_equal = emit.compare(ComparisonDirection.EQ, value, other_value)
    is_earlier = emit.compare(ComparisonDirection.LT, place, other_place)
    is_first = emit.same(elementwise.AndOp, is_equal, is_earlier)
    take_place = emit.same(elementwise.OrOp, take_value, is_first)
    values = (
        emit.select(take_value, value, other_value),
        emit.select(take_place, place, other_place),
    )
    emit.many(control.ReturnOp, values, ())
    return emit.into_region(block)


# --- Reindexing -----------------------------------------------------------------------------------


def _with_properties(target: type[Operation], names: Mapping[str, str]) -> Rule:
    """One op of the same operands, whose properties have other names."""

    def lower(emit: Emitter, op: Operation, *operands: SSAValue) -> Values:
        properties = {new: op.properties[old] for old, new in names.items()}
        return emit.many(target, operands, op.result_types, properties)

    return lower


RENAMED: dict[type[Operation], tuple[type[Operation], Mapping[str, str]]] = {
    xtensor.BroadcastInDimOp: (
        reindexing.BroadcastInDimOp,
        {"broadcast_dimensions": "broadcast_dimensions"},
    ),
    xtensor.ConstantOp: (generation.ConstantOp, {"value": "value"}),
    xtensor.DynamicSliceOp: (reindexing.DynamicSliceOp, {"slice_sizes": "slice_sizes"}),
    xtensor.IotaOp: (generation.IotaOp, {"dimension": "iota_dimension"}),
    xtensor.PadOp: (
        reindexing.PadOp,
        {"low": "edge_padding_low", "high": "edge_padding_high", "interior": "interior_padding"},
    ),
    xtensor.RevOp: (reindexing.ReverseOp, {"dimensions": "dimensions"}),
    xtensor.SliceOp: (
        reindexing.SliceOp,
        {
            "start_indices": "start_indices",
            "limit_indices": "limit_indices",
            "strides": "strides",
        },
    ),
    xtensor.TransposeOp: (reindexing.TransposeOp, {"permutation": "permutation"}),
}
"""Ops that are one StableHLO op of the same operands, with their properties by its names."""

CONCATENATED_AT_ONCE = 16
"""JAX concatenates more operands than this in a tree, since XLA is slow on wide ones."""


def _concatenate(emit: Emitter, values: Sequence[SSAValue], dim: int) -> SSAValue:
    while len(values) > 1:
        values = [
            _concatenate_few(emit, values[i : i + CONCATENATED_AT_ONCE], dim)
            for i in range(0, len(values), CONCATENATED_AT_ONCE)
        ]
    return values[0]


def _concatenate_few(emit: Emitter, values: Sequence[SSAValue], dim: int) -> SSAValue:
    first = _type(values[0])
    shape = list(first.get_shape())
    shape[dim] = sum(_type(value).get_shape()[dim] for value in values)
    result = tensor_type(tuple(shape), first.element_type)
    return emit.one(reindexing.ConcatenateOp, values, result, {"dimension": _int_attr(dim)})


def lower_concatenate(emit: Emitter, op: xtensor.ConcatenateOp, *inputs: SSAValue) -> Values:
    """A concatenate, or a tree of them."""
    return (_concatenate(emit, inputs, op.dimension.value.data),)


def lower_stack(emit: Emitter, op: xtensor.StackOp, *inputs: SSAValue) -> Values:
    """Each operand gets the new dimension, then they are concatenated."""
    axis, source = op.axis.value.data, _type(inputs[0])
    shape = source.get_shape()
    part = tensor_type((*shape[:axis], 1, *shape[axis:]), source.element_type)
    places = tuple(i for i in range(len(shape) + 1) if i != axis)
    parts = [emit.broadcast(value, part, places) for value in inputs]
    return (_concatenate(emit, parts, axis),)


def lower_split(emit: Emitter, op: xtensor.SplitOp, x: SSAValue) -> Values:
    """A slice for each part."""
    return _cut(emit, x, op.axis.value.data, op.sizes.get_values())


def lower_unstack(emit: Emitter, op: xtensor.UnstackOp, x: SSAValue) -> Values:
    """A slice for each part, without the dimension."""
    axis = op.axis.value.data
    sizes = (1,) * _type(x).get_shape()[axis]
    slices = _cut(emit, x, axis, sizes)
    return [emit.reshape(value, _type(part)) for value, part in zip(slices, op.parts, strict=True)]


def _cut(emit: Emitter, operand: SSAValue, axis: int, sizes: Iterable[int]) -> Values:
    source = _type(operand)
    starts, limits = [0] * len(source.shape), list(source.get_shape())
    parts = []
    for size in sizes:
        limits[axis] = starts[axis] + size
        shape = (*limits[:axis], size, *limits[axis + 1 :])
        part = tensor_type(shape, source.element_type)
        parts.append(emit.slice(operand, starts, limits, part))
        starts[axis] = limits[axis]
    return parts


def lower_tile(emit: Emitter, op: xtensor.TileOp, x: SSAValue) -> Values:
    """A dimension of the number of copies in front of each dimension, then both become one."""
    source, element = _type(x).get_shape(), _type(x).element_type
    single = tuple(size for pair in ((1, size) for size in source) for size in pair)
    repeated = tuple(
        size for pair in zip(op.reps.iter_values(), source, strict=True) for size in pair
    )
    apart = emit.reshape(x, tensor_type(single, element))
    copies = emit.broadcast(apart, tensor_type(repeated, element), tuple(range(len(single))))
    return (emit.reshape(copies, _type(op.result)),)


def lower_gather(
    emit: Emitter, op: xtensor.GatherOp, operand: SSAValue, indices: SSAValue
) -> Values:
    """A gather; nothing is read where the result is empty."""
    result = _type(op.result)
    if 0 in result.get_shape():
        return (emit.full_like(0, op.result),)
    properties = {
        "dimension_numbers": GatherDimensionNumbersAttr(
            record_dims(op.offset_dims.iter_values()),
            record_dims(op.collapsed_slice_dims.iter_values()),
            record_dims(op.operand_batching_dims.iter_values()),
            record_dims(op.start_indices_batching_dims.iter_values()),
            record_dims(op.start_index_map.iter_values()),
            IntAttr(len(_type(indices).shape) - 1),
        ),
        "slice_sizes": op.slice_sizes,
        "indices_are_sorted": BoolAttr.from_bool(op.indices_are_sorted is not None),
    }
    return (emit.one(reindexing.GatherOp, (operand, indices), result, properties),)


# --- Library --------------------------------------------------------------------------------------


def lower_primitive(emit: Emitter, op: xtensor.PrimitiveOp, *operands: SSAValue) -> Values:
    """A call of a function that stands for the op's text."""
    function_type = FunctionType.from_lists(op.operand_types, op.result_types)
    # A few of JAX's names, such as scatter-add, are not symbols in MLIR's syntax.
    name = f"primitive.{op.primitive.data.replace('-', '_')}"
    callee = emit.texts.declare(name, op.stablehlo.data, function_type)
    return emit.many(func.CallOp, operands, op.result_types, {"callee": callee})


RULES: dict[type[Operation], Rule] = {
    **{op: _direct(target) for op, target in DIRECT.items()},
    **{op: _comparison(direction) for op, direction in COMPARISONS.items()},
    **{op: _with_properties(*target) for op, target in RENAMED.items()},
    **{op: _reduction(*how) for op, how in REDUCTIONS.items()},
    **{op: _index_reduction(*how) for op, how in INDEX_REDUCTIONS.items()},
    xtensor.ConcatenateOp: lower_concatenate,
    xtensor.ConjOp: lower_conj,
    xtensor.ConvertElementTypeOp: lower_convert,
    xtensor.CosOp: _trigonometric(elementwise.CosineOp, lower_complex_cos),
    xtensor.DotGeneralOp: lower_dot_general,
    xtensor.Exp2Op: lower_exp2,
    xtensor.GatherOp: lower_gather,
    xtensor.IntegerPowOp: lower_integer_pow,
    xtensor.LogisticOp: lower_logistic,
    xtensor.PrimitiveOp: lower_primitive,
    xtensor.ReducePrecisionOp: lower_reduce_precision,
    xtensor.RoundOp: lower_round,
    xtensor.SelectNOp: lower_select_n,
    xtensor.SignOp: lower_sign,
    xtensor.SinOp: _trigonometric(elementwise.SineOp, lower_complex_sin),
    xtensor.SplitOp: lower_split,
    xtensor.SquareOp: lower_square,
    xtensor.StackOp: lower_stack,
    xtensor.TileOp: lower_tile,
    xtensor.UnstackOp: lower_unstack,
}
"""The rule of each op of the dialect; a test checks that none is missing."""
