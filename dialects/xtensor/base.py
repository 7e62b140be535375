"""What the ops of the tensor dialect are made of: element kinds, op classes, base classes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Flag, auto
from functools import cache, lru_cache
from typing import Any, cast

from xdsl.dialects.builtin import (
    I64,
    AnyFloat,
    ComplexType,
    DenseArrayBase,
    IntegerAttr,
    IntegerType,
    Signedness,
    TensorType,
    i1,
    i64,
)
from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.irdl import (
    AttrConstraint,
    InferenceContext,
    IRDLOperation,
    ParsePropInAttrDict,
    VerificationContext,
    irdl_op_definition,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.irdl.declarative_assembly_format import (
    CustomDirective,
    ParsingState,
    PrintingState,
    RegionVariable,
    TypeDirective,
    VariadicOperandVariable,
    irdl_custom_directive,
)
from xdsl.parser import Parser, UnresolvedOperand
from xdsl.printer import Printer
from xdsl.traits import IsolatedFromAbove, IsTerminator, OpTrait, Pure
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.xtensor.simplification import Simplifies

# --- Element kinds and types ----------------------------------------------------------------------


class Kind(Flag):
    """What an element type is to an op: lax states the dtypes that an op takes in these terms."""

    BOOL = auto()
    SIGNED = auto()
    UNSIGNED = auto()
    FLOAT = auto()
    COMPLEX = auto()
    INTEGER = SIGNED | UNSIGNED
    BITS = BOOL | INTEGER
    REAL = INTEGER | FLOAT
    INEXACT = FLOAT | COMPLEX
    NUMBER = REAL | COMPLEX
    ORDERED = BOOL | REAL
    ANY = BOOL | NUMBER


@cache
def kind_of(element: Attribute) -> Kind:
    """Return the kind of an element type; an empty flag for what no tensor here can hold."""
    if isinstance(element, IntegerType):
        if element.width.data == 1:
            return Kind.BOOL
        unsigned = element.signedness.data is Signedness.UNSIGNED
        return Kind.UNSIGNED if unsigned else Kind.SIGNED
    if isinstance(element, AnyFloat):
        return Kind.FLOAT
    if isinstance(element, ComplexType):
        return Kind.COMPLEX
    return Kind(0)


_KIND_NAMES = (
    (Kind.BOOL, "boolean"),
    (Kind.INTEGER, "integer"),
    (Kind.SIGNED, "signed integer"),
    (Kind.UNSIGNED, "unsigned integer"),
    (Kind.FLOAT, "float"),
    (Kind.COMPLEX, "complex"),
)


def _describe(kinds: Kind) -> str:
    """Name the kinds as a person would: ``float or complex``."""
    names: list[str] = []
    for kind, name in _KIND_NAMES:
        if kind in kinds:
            names.append(name)
            kinds &= ~kind
    return " or ".join(names)


@lru_cache(maxsize=4096)
def tensor_type(shape: tuple[int, ...], element: Attribute) -> TensorType:
    """Return the (shared) tensor type of a shape and an element type."""
    return TensorType(element, shape)


@lru_cache(maxsize=4096)
def dims_attr(values: tuple[int, ...]) -> DenseArrayBase[I64]:
    """Return the (shared) attribute that holds dimensions, sizes or axes."""
    return DenseArrayBase.from_list(i64, values)


def as_dims(values: Iterable[int] | DenseArrayBase[I64]) -> DenseArrayBase[I64]:
    return values if isinstance(values, DenseArrayBase) else dims_attr(tuple(values))


def as_int(value: int | IntegerAttr) -> IntegerAttr:
    return value if isinstance(value, IntegerAttr) else IntegerAttr(value, i64)


def type_of(value: SSAValue | Operation) -> TensorType:
    return cast(TensorType, SSAValue.get(value).type)


@dataclass(frozen=True)
class TensorOf(AttrConstraint[TensorType]):
    """A statically shaped tensor whose elements are of one of the given kinds."""

    kinds: Kind = Kind.ANY

    def verify(self, attr: Attribute, constraint_context: VerificationContext) -> None:
        if not isinstance(attr, TensorType):
            raise VerifyException(f"expected a tensor, got {attr}")
        if any(size.data < 0 for size in attr.shape):
            raise VerifyException(f"expected a statically shaped tensor, got {attr}")
        if not kind_of(attr.element_type) & self.kinds:
            raise VerifyException(f"expected {_describe(self.kinds)} elements, got {attr}")

    def mapping_type_vars(self, type_var_mapping: Any) -> TensorOf:
        return self


@dataclass(frozen=True)
class MappedType(AttrConstraint[TensorType]):
    """The tensor type whose elements are computed from those of the operand type ``T``."""

    element: Callable[[Attribute], Attribute]

    def _expected(self, context: InferenceContext) -> TensorType:
        source = cast(TensorType, context.get_variable("T"))
        return tensor_type(source.get_shape(), self.element(source.element_type))

    def verify(self, attr: Attribute, constraint_context: VerificationContext) -> None:
        if constraint_context.get_variable("T") is None:
            return
        expected = self._expected(constraint_context)
        if attr != expected:
            raise VerifyException(f"expected {expected}, got {attr}")

    def can_infer(self, var_constraint_names: Any) -> bool:
        return "T" in var_constraint_names

    def infer(self, context: InferenceContext) -> TensorType:
        return self._expected(context)

    def mapping_type_vars(self, type_var_mapping: Any) -> MappedType:
        return self


def same(element: Attribute) -> Attribute:
    """The element type of an op that keeps its operands' type."""
    return element


def boolean(element: Attribute) -> Attribute:
    """The element type of a predicate's result."""
    return i1


def real_part(element: Attribute) -> Attribute:
    """The element type of a magnitude, or of a part of a complex number."""
    return element.element_type if isinstance(element, ComplexType) else element


def complex_of(element: Attribute) -> Attribute:
    """The complex type over a real element type."""
    return element if isinstance(element, ComplexType) else ComplexType(cast(AnyFloat, element))


TENSOR = TensorOf()
DIMS = DenseArrayBase.constr(i64)
INT = IntegerAttr.constr(type=i64)

# --- Op classes -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class OpClass(OpTrait):
    """The class of a tensor op; each op carries exactly one of the subclasses as a trait."""


@dataclass(frozen=True)
class Elementwise(OpClass):
    """Each element of the result depends on the elements at the same position of the operands."""


@dataclass(frozen=True)
class Contraction(OpClass):
    """Sums of products over shared dimensions."""


@dataclass(frozen=True)
class Reduction(OpClass):
    """Folds the elements along some dimensions, which the result does not have."""


@dataclass(frozen=True)
class Reindexing(OpClass):
    """Data moves: each element of the result is one of an operand's.

    Where a scatter puts several into one place, they are combined.
    """


@dataclass(frozen=True)
class Generation(OpClass):
    """Makes a tensor from attributes alone, or a random one."""


@dataclass(frozen=True)
class Control(OpClass):
    """Constrains or directs the evaluation of other ops."""


@dataclass(frozen=True)
class Library(OpClass):
    """An algorithm that is taken as a whole from a library."""


OPERATIONS: list[type[Operation]] = []
"""Every op of the dialect, in order of definition."""


class LaxOp(IRDLOperation, ABC):
    """Base of all ops. A subclass that names its lax primitive is defined and registered by it."""

    traits = traits_def(Simplifies())

    def __init_subclass__(cls, *, lax: str | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if lax is not None:
            cls.name = f"xtensor.{lax}"
            irdl_op_definition(cls)
            OPERATIONS.append(cls)


class InferredOp(LaxOp, ABC):
    """Base of the ops whose single result's type follows from operands and properties."""

    result = result_def(TENSOR)

    @abstractmethod
    def infer_type(self) -> TensorType:
        """Return the result's type; raise VerifyException where operands and properties clash."""

    def verify_(self) -> None:
        expected = self.infer_type()
        if self.result.type != expected:
            raise VerifyException(f"expected result type {expected}, got {self.result.type}")

    def _build(
        self,
        operands: Sequence[SSAValue | Operation | Sequence[SSAValue | Operation]],
        properties: dict[str, Attribute | None],
        placeholder: TensorType,
    ) -> None:
        """Initialise the op, then give the result the type that the op itself infers."""
        super().__init__(operands=operands, properties=properties, result_types=[placeholder])
        self.result._type = self.infer_type()  # pyright: ignore[reportPrivateUsage]


def check_axes(what: str, axes: Sequence[int], rank: int) -> None:
    """Require distinct axes of a tensor of the given rank."""
    if any(not 0 <= axis < rank for axis in axes):
        raise VerifyException(f"{what} {list(axes)} out of range for rank {rank}")
    if len(set(axes)) != len(axes):
        raise VerifyException(f"{what} {list(axes)} are not distinct")


def without(shape: Sequence[int], axes: Iterable[int]) -> tuple[int, ...]:
    dropped = frozenset(axes)
    return tuple(size for axis, size in enumerate(shape) if axis not in dropped)


def check_result_types(results: Sequence[SSAValue], expected: Sequence[TensorType]) -> None:
    actual = [result.type for result in results]
    if actual != list(expected):
        raise VerifyException(
            f"expected result types ({', '.join(map(str, expected))}), "
            f"got ({', '.join(map(str, actual))})"
        )


# --- Regions --------------------------------------------------------------------------------------


class YieldOp(LaxOp, lax="yield"):
    """Ends a region of a tensor op with the region's results."""

    values = var_operand_def(TENSOR)

    traits = traits_def(IsTerminator(), Pure(), Control())

    assembly_format = "($values^ `:` type($values))? attr-dict"

    def __init__(self, *values: SSAValue | Operation) -> None:
        super().__init__(operands=[values])


def yielded_types(what: str, region: Region) -> tuple[Attribute, ...]:
    """Return the types of a region's results; require that it has some."""
    end = region.block.last_op
    if not isinstance(end, YieldOp):
        raise VerifyException(f"{what} must end in xtensor.yield")
    return tuple(end.operand_types)


def check_region(
    what: str, region: Region, takes: Sequence[Attribute], gives: Sequence[Attribute]
) -> None:
    """Require that a region is a function of these types."""
    for kind, actual, expected in (
        ("take", region.block.arg_types, takes),
        ("yield", yielded_types(what, region), gives),
    ):
        if tuple(actual) != tuple(expected):
            raise VerifyException(
                f"{what} must {kind} ({', '.join(map(str, expected))}), "
                f"got ({', '.join(map(str, actual))})"
            )


@dataclass
class Bindings:
    """What the text `(%a = %x : type, ...)` says: arguments of a region, and their values."""

    arguments: list[Parser.UnresolvedArgument] = field(default_factory=list)
    operands: list[UnresolvedOperand] = field(default_factory=list)
    types: list[Attribute] = field(default_factory=list)

    @classmethod
    def parse(cls, parser: Parser) -> Bindings:
        bindings = cls()

        def parse_binding() -> None:
            bindings.arguments.append(parser.parse_argument(expect_type=False))
            parser.parse_punctuation("=")
            bindings.operands.append(parser.parse_unresolved_operand())
            parser.parse_punctuation(":")
            bindings.types.append(parser.parse_type())

        parser.parse_comma_separated_list(parser.Delimiter.PAREN, parse_binding)
        return bindings

    def resolve(self, types: Sequence[Attribute] | None = None) -> list[Parser.Argument]:
        """Return the arguments, of these types where they are not the operands' own."""
        pairs = zip(self.arguments, types or self.types, strict=True)
        return [argument.resolve(type) for argument, type in pairs]


def print_bindings(
    printer: Printer, arguments: Sequence[SSAValue], operands: Sequence[SSAValue]
) -> None:
    """Print `(%a = %x : type, ...)`."""

    def print_binding(binding: tuple[SSAValue, SSAValue]) -> None:
        argument, operand = binding
        printer.print_ssa_value(argument)
        printer.print_string(" = ")
        printer.print_ssa_value(operand)
        printer.print_string(" : ")
        printer.print_attribute(operand.type)

    with printer.in_parens():
        printer.print_list(zip(arguments, operands, strict=True), print_binding)


@irdl_custom_directive
class Definition(CustomDirective):
    """`(%a = %x : type, ...) -> types { ... }`: what the results are, of these arguments."""

    operands: VariadicOperandVariable
    operand_types: TypeDirective
    result_types: TypeDirective
    region: RegionVariable

    def parse(self, parser: Parser, state: ParsingState) -> None:
        bindings = Bindings.parse(parser)
        self.operands.set(state, bindings.operands)
        self.operand_types.set(state, bindings.types)
        parser.parse_punctuation("->")
        self.result_types.parse(parser, state)
        self.region.set(state, parser.parse_region(bindings.resolve()))

    def print(self, printer: Printer, state: PrintingState, op: IRDLOperation) -> None:
        state.print_whitespace(printer)
        region = self.region.get(op)
        print_bindings(printer, region.block.args, self.operands.get(op))
        printer.print_string(" -> ")
        printer.print_list(self.result_types.get(op), printer.print_attribute)
        printer.print_string(" ")
        printer.print_region(region, print_entry_block_args=False)


class CompositeOp(LaxOp, ABC):
    """An op that says what it computes: its region is its definition in ops of this dialect.

    JAX itself lowers such a primitive by tracing Python code; the region is what that gives for the
    operands' types. The properties, if any, describe the op, and have no meaning of their own.
    """

    inputs = var_operand_def(TENSOR)
    outputs = var_result_def(TENSOR)
    definition = region_def("single_block")

    traits = traits_def(Pure(), IsolatedFromAbove())
    irdl_options = (ParsePropInAttrDict(),)
    custom_directives = (Definition,)
    assembly_format = (
        "attr-dict custom<Definition>($inputs, type($inputs), type($outputs), $definition)"
    )

    def __init_subclass__(cls, *, op_class: type[OpClass] | None = None, **kwargs: Any) -> None:
        if op_class is not None:
            cls.traits = traits_def(op_class())
        super().__init_subclass__(**kwargs)

    def __init__(
        self,
        inputs: Sequence[SSAValue | Operation],
        outputs: Sequence[TensorType],
        definition: Region,
        properties: dict[str, Attribute | None] | None = None,
    ) -> None:
        super().__init__(
            operands=[inputs],
            result_types=[outputs],
            regions=[definition],
            properties=properties or {},
        )

    def verify_(self) -> None:
        check_region("the definition", self.definition, self.operand_types, self.result_types)
