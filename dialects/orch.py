"""The orchestration dialect: calls of slow Python operators, native Python glue, and their order.

Values are Python objects, lists whose elements may still be pending, arrays (builtin tensors), and
tokens. An op's place in its block is its place in the program: the first failing op in block order
is the error that the program raises, and an ``ordered`` op waits for every op before it. Tokens
make the order between effects explicit, so that a rewrite which proves an op effect-free takes it
out of its chain, and no rewrite can swap two effects by accident.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from xdsl.dialects import func
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    FlatSymbolRefAttrConstr,
    IntegerAttr,
    NoneAttr,
    StringAttr,
    SymbolNameConstraint,
    SymbolRefAttr,
    TensorType,
    UnitAttr,
    i64,
)
from xdsl.ir import (
    Attribute,
    Data,
    Dialect,
    Operation,
    ParametrizedAttribute,
    Region,
    SSAValue,
    TypeAttribute,
)
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    ParsePropInAttrDict,
    irdl_attr_definition,
    irdl_op_definition,
    lazy_traits_def,
    operand_def,
    opt_operand_def,
    opt_prop_def,
    param_def,
    prop_def,
    region_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.parser import AttrParser
from xdsl.pattern_rewriter import RewritePattern
from xdsl.printer import Printer
from xdsl.traits import (
    ConstantLike,
    EffectInstance,
    HasCanonicalizationPatternsTrait,
    HasParent,
    IsTerminator,
    MemoryEffect,
    MemoryEffectKind,
    Pure,
    RecursiveMemoryEffect,
    Resource,
    SymbolOpInterface,
    SymbolTable,
    SymbolUserOpInterface,
)
from xdsl.utils.exceptions import VerifyException

# --- Attributes and types -------------------------------------------------------------------------


class _KeywordAttr(Data[str]):
    """An attribute that is one of a fixed set of words, printed as ``#orch.name<word>``."""

    words: ClassVar[tuple[str, ...]]

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> str:
        with parser.in_angle_brackets():
            position = parser.pos
            word = parser.parse_identifier()
            if word not in cls.words:
                parser.raise_error(
                    f"'{word}' is not one of {', '.join(cls.words)}", position, parser.pos
                )
        return word

    def print_parameter(self, printer: Printer) -> None:
        with printer.in_angle_brackets():
            printer.print_string(self.data)

    def verify(self) -> None:
        if self.data not in self.words:
            raise VerifyException(f"'{self.data}' is not one of {', '.join(self.words)}")


@irdl_attr_definition
class KindAttr(_KeywordAttr):
    """What an operator is: a model, a tool, array code, or any other Python function."""

    name = "orch.kind"
    words = ("model", "tool", "tensor", "function")


@irdl_attr_definition
class EffectsAttr(_KeywordAttr):
    """What the optimiser may assume of an operator; the classes are those of the contract.

    ``pure``: may be merged, dropped and reordered. ``unordered``: kept exactly once, may run out of
    order. ``ordered``: runs in program order, after everything before it has succeeded.
    """

    name = "orch.effects"
    words = ("pure", "unordered", "ordered")


PURE, UNORDERED, ORDERED = (EffectsAttr(word) for word in EffectsAttr.words)


@irdl_attr_definition
class PolicyAttr(Data[tuple[tuple[str, int | float | str], ...]]):
    """How an operator is run: ``#orch.policy<retries = 2, timeout = 30.0, max_concurrency = 8>``.

    ``timeout`` and ``backoff`` are seconds; ``rate_limit`` is calls per unit, as ``"500/min"``.
    """

    name = "orch.policy"
    fields: ClassVar[dict[str, type]] = {
        "retries": int,
        "backoff": float,
        "timeout": float,
        "max_concurrency": int,
        "rate_limit": str,
    }

    @classmethod
    def of(cls, settings: Mapping[str, int | float | str | None]) -> PolicyAttr | None:
        """The attribute for the settings that are not None; None if there are none."""
        chosen = tuple(
            (key, kind(settings[key]))
            for key, kind in cls.fields.items()
            if settings.get(key) is not None
        )
        return cls(chosen) if chosen else None

    @classmethod
    def parse_parameter(cls, parser: AttrParser) -> tuple[tuple[str, int | float | str], ...]:
        def parse_field() -> tuple[str, int | float | str]:
            position = parser.pos
            key = parser.parse_identifier()
            if key not in cls.fields:
                parser.raise_error(
                    f"unknown policy '{key}', expected one of {', '.join(cls.fields)}",
                    position,
                    parser.pos,
                )
            parser.parse_punctuation("=")
            if cls.fields[key] is str:
                return key, parser.parse_str_literal()
            return key, cls.fields[key](parser.parse_number())

        return tuple(parser.parse_comma_separated_list(parser.Delimiter.ANGLE, parse_field))

    def print_parameter(self, printer: Printer) -> None:
        def print_field(field: tuple[str, int | float | str]) -> None:
            key, value = field
            printer.print_string(f"{key} = ")
            if isinstance(value, str):
                printer.print_string_literal(value)
            else:
                printer.print_string(repr(value))

        with printer.in_angle_brackets():
            printer.print_list(self.data, print_field)


@irdl_attr_definition
class RefAttr(ParametrizedAttribute):
    """A Python object of the running process, by its name in the program's object table."""

    name = "orch.ref"
    key: StringAttr = param_def()

    def __init__(self, key: str | StringAttr):
        super().__init__(StringAttr(key) if isinstance(key, str) else key)


@irdl_attr_definition
class ObjectType(ParametrizedAttribute, TypeAttribute):
    """Any Python value: ``!orch.object``, or ``!orch.object<"str">`` where the class is known."""

    name = "orch.object"
    class_name: StringAttr | NoneAttr = param_def()

    def __init__(self, class_name: str | StringAttr | NoneAttr | None = None):
        if class_name is None:
            class_name = NoneAttr()
        elif isinstance(class_name, str):
            class_name = StringAttr(class_name)
        super().__init__(class_name)

    @property
    def known_class(self) -> str | None:
        """The name of the value's class, None where it is not known."""
        return self.class_name.data if isinstance(self.class_name, StringAttr) else None

    @classmethod
    def parse_parameters(cls, parser: AttrParser) -> Sequence[Attribute]:
        if parser.parse_optional_punctuation("<") is None:
            return (NoneAttr(),)
        name = StringAttr(parser.parse_str_literal())
        parser.parse_punctuation(">")
        return (name,)

    def print_parameters(self, printer: Printer) -> None:
        if isinstance(self.class_name, StringAttr):
            with printer.in_angle_brackets():
                printer.print_attribute(self.class_name)


@irdl_attr_definition
class ListType(ParametrizedAttribute, TypeAttribute):
    """A Python list; an element may still be pending while others are used."""

    name = "orch.list"
    element_type: Attribute = param_def()

    def __init__(self, element_type: Attribute | None = None):
        super().__init__(element_type or ObjectType())


@irdl_attr_definition
class TokenType(ParametrizedAttribute, TypeAttribute):
    """The moment at which an effect on one resource is done. It carries no value."""

    name = "orch.token"


ANY = ObjectType()
TOKEN = TokenType()

# --- Effects, as xDSL's generic passes (cse, dce) understand them --------------------------------


@dataclass(frozen=True)
class RaiseResource(Resource):
    """Stands for "may raise": such an op may not be dropped, since its error is a result too."""

    def name(self) -> str:
        return "<Raise>"


_PLAIN_CLASSES = frozenset({"NoneType", "bool", "int", "float", "complex", "str", "bytes"})


def is_plain(type: Attribute) -> bool:
    """Whether values of the type are scalars or text: nothing that they do runs user code."""
    return isinstance(type, ObjectType) and type.known_class in _PLAIN_CLASSES


def is_immutable(type: Attribute) -> bool:
    """Whether values of the type are known never to change: plain ones, and arrays."""
    return isinstance(type, TensorType) or type == ObjectType("jax.Array") or is_plain(type)


def _fresh(values: Iterable[SSAValue]) -> frozenset[EffectInstance]:
    return frozenset(EffectInstance(MemoryEffectKind.ALLOC, value=value) for value in values)


_NO_EFFECTS: frozenset[EffectInstance] = frozenset()
_MAY_RAISE = frozenset({EffectInstance(MemoryEffectKind.WRITE, resource=RaiseResource())})
_WORLD = frozenset({EffectInstance(MemoryEffectKind.WRITE)})


class OperatorEffects(MemoryEffect):
    """A call has the effects that its operator declares; only a pure one may be dropped."""

    @classmethod
    def get_effects(cls, op: Operation) -> frozenset[EffectInstance]:
        assert isinstance(op, CallOp)
        operator = op.operator()
        if operator is None or not operator.is_pure:
            return _WORLD
        return _MAY_RAISE if operator.fresh is not None else _NO_EFFECTS


class HostEffects(MemoryEffect):
    """Native Python may raise unless it is known not to, and may make a fresh object each time."""

    @classmethod
    def get_effects(cls, op: Operation) -> frozenset[EffectInstance]:
        assert isinstance(op, HostOp)
        if op.effects != PURE:
            return _WORLD
        if op.total is None:
            return _MAY_RAISE
        return _fresh(result for result in op.results if not is_immutable(result.type))


class MayRaise(MemoryEffect):
    """The op has no effect but the error that it may raise."""

    @classmethod
    def get_effects(cls, op: Operation) -> frozenset[EffectInstance]:
        return _MAY_RAISE


class MakesObject(MemoryEffect):
    """The op makes fresh mutable objects: it may be dropped, but two are never merged."""

    @classmethod
    def get_effects(cls, op: Operation) -> frozenset[EffectInstance]:
        return _fresh(op.results)


class DictEffects(MakesObject):
    """Hashing a key may raise, unless the key is a literal."""

    @classmethod
    def get_effects(cls, op: Operation) -> frozenset[EffectInstance]:
        assert isinstance(op, DictOp)
        literal = all(
            isinstance(key.owner, ConstantOp) and not isinstance(key.owner.value, RefAttr)
            for key in op.keys
        )
        return super().get_effects(op) if literal else _MAY_RAISE


class MapEffects(MakesObject):
    """A map makes lists; starting to iterate may raise, unless it is over a list."""

    @classmethod
    def get_effects(cls, op: Operation) -> frozenset[EffectInstance]:
        assert isinstance(op, MapOp)
        fresh = super().get_effects(op)
        return fresh if isinstance(op.iterable.type, ListType) else fresh | _MAY_RAISE


class TruthMayRaise(MemoryEffect):
    """Taking the truth of the condition may raise, unless its class is a plain one."""

    @classmethod
    def get_effects(cls, op: Operation) -> frozenset[EffectInstance]:
        assert isinstance(op, IfOp)
        return _NO_EFFECTS if is_plain(op.condition.type) else _MAY_RAISE


class Canonicalizes(HasCanonicalizationPatternsTrait):
    """The op has canonicalization patterns; they live apart, in a table by op."""

    def get_patterns(self, op: type[Operation]) -> tuple[RewritePattern, ...]:
        from xcs.dialects.canonicalization_patterns.orch import PATTERNS

        return PATTERNS[op]

    @classmethod
    def get_canonicalization_patterns(cls) -> tuple[RewritePattern, ...]:
        from xcs.dialects.canonicalization_patterns.orch import PATTERNS

        return tuple(pattern for patterns in PATTERNS.values() for pattern in patterns)


# --- Declarations ---------------------------------------------------------------------------------


@irdl_op_definition
class OperatorOp(IRDLOperation):
    """Declares an operator once: where it is found, and what the optimiser may assume of it.

    ``path`` is ``"module:qualified.name"``; ``ref`` names the object of the running process that is
    called, where the module was captured from one. ``deterministic`` permits merging equal calls.
    ``fresh`` says of a pure operator that it may raise, or may make a mutable object each time: its
    calls are reordered, but neither merged nor dropped. A ``nonblocking`` operator does not wait.
    """

    name = "orch.operator"

    sym_name = prop_def(SymbolNameConstraint())
    path = prop_def(StringAttr)
    kind = prop_def(KindAttr)
    effects = prop_def(EffectsAttr)
    policy = opt_prop_def(PolicyAttr)
    deterministic = opt_prop_def(UnitAttr)
    fresh = opt_prop_def(UnitAttr)
    nonblocking = opt_prop_def(UnitAttr)
    ref = opt_prop_def(RefAttr)

    traits = traits_def(SymbolOpInterface())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = "$sym_name attr-dict"

    def __init__(
        self,
        sym_name: str,
        path: str,
        kind: str,
        effects: str,
        *,
        policy: PolicyAttr | None = None,
        deterministic: bool = False,
        fresh: bool = False,
        nonblocking: bool = False,
        ref: str | None = None,
    ):
        super().__init__(
            properties={
                "sym_name": StringAttr(sym_name),
                "path": StringAttr(path),
                "kind": KindAttr(kind),
                "effects": EffectsAttr(effects),
                "policy": policy,
                "deterministic": UnitAttr() if deterministic else None,
                "fresh": UnitAttr() if fresh else None,
                "nonblocking": UnitAttr() if nonblocking else None,
                "ref": RefAttr(ref) if ref is not None else None,
            }
        )

    @property
    def is_pure(self) -> bool:
        """Whether equal calls may be merged and unused ones dropped."""
        return self.effects == PURE

    def verify_(self) -> None:
        if not isinstance(self.parent_op(), Operation) or not self.parent_op().has_trait(  # type: ignore[union-attr]
            SymbolTable
        ):
            raise VerifyException("orch.operator belongs at the top level of a module")


# --- Calls ----------------------------------------------------------------------------------------


class _CallLike(IRDLOperation):
    """What calls share: arguments, some of them named or unpacked, and a place in token chains.

    The last ``len(keywords)`` arguments are named; the keyword ``"**"`` unpacks a mapping. The
    arguments whose positions are in ``starred`` are unpacked as ``*args``.
    """

    arguments = var_operand_def()
    after = var_operand_def(TokenType)
    outs = var_result_def()
    keywords = opt_prop_def(ArrayAttr[StringAttr])
    starred = opt_prop_def(DenseArrayBase.constr(i64))

    def keyword_names(self) -> tuple[str, ...]:
        """Names of the keyword arguments, in operand order."""
        return tuple(name.data for name in self.keywords) if self.keywords is not None else ()

    def starred_positions(self) -> frozenset[int]:
        """Positions of the arguments that are unpacked with ``*``."""
        return frozenset(self.starred.get_values()) if self.starred is not None else frozenset()

    def verify_(self) -> None:
        positional = len(self.arguments) - len(self.keyword_names())
        if positional < 0:
            raise VerifyException("more keywords than arguments")
        if any(not 0 <= position < positional for position in self.starred_positions()):
            raise VerifyException(f"starred positions must be below {positional}")
        _verify_results(self)


def _verify_results(op: Operation) -> None:
    """At most one token, and last."""
    if any(isinstance(t, TokenType) for t in op.result_types[:-1]):
        raise VerifyException("a token must be the last result")


def _call_properties(
    keywords: Sequence[str], starred: Sequence[int]
) -> dict[str, Attribute | None]:
    return {
        "keywords": ArrayAttr(map(StringAttr, keywords)) if keywords else None,
        "starred": DenseArrayBase.from_list(i64, starred) if starred else None,
    }


class OperatorIsDeclared(SymbolUserOpInterface):
    """The symbol that a call names must be a declared operator."""

    def verify(self, op: Operation) -> None:
        assert isinstance(op, CallOp)
        if op.operator() is None:
            raise VerifyException(f"{op.callee} is not a declared orch.operator")


@irdl_op_definition
class CallOp(_CallLike):
    """Calls a declared operator. With an effect, it takes tokens and its last result is one."""

    name = "orch.call"
    callee = prop_def(FlatSymbolRefAttrConstr)

    traits = traits_def(OperatorEffects(), OperatorIsDeclared(), Canonicalizes())
    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())
    assembly_format = (
        "$callee `(` $arguments `)` (`after` `(` $after^ `)`)? attr-dict "
        "`:` functional-type($arguments, $outs)"
    )

    def __init__(
        self,
        callee: str,
        arguments: Sequence[SSAValue],
        result_types: Sequence[Attribute] = (ANY,),
        *,
        after: Sequence[SSAValue] = (),
        keywords: Sequence[str] = (),
        starred: Sequence[int] = (),
    ):
        super().__init__(
            operands=[arguments, after],
            result_types=[result_types],
            properties={"callee": SymbolRefAttr(callee), **_call_properties(keywords, starred)},
        )

    def operator(self) -> OperatorOp | None:
        """The declaration of the callee, None if there is none."""
        found = SymbolTable.lookup_symbol(self, self.callee)
        return found if isinstance(found, OperatorOp) else None


@irdl_op_definition
class InvokeOp(_CallLike):
    """Calls a value. Nothing is known of it, so it is ordered."""

    name = "orch.invoke"
    callee = operand_def()

    traits = traits_def(Canonicalizes())
    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())
    assembly_format = (
        "$callee `(` $arguments `)` (`after` `(` $after^ `)`)? attr-dict "
        "`:` type($callee) `,` functional-type($arguments, $outs)"
    )

    def __init__(
        self,
        callee: SSAValue,
        arguments: Sequence[SSAValue],
        result_types: Sequence[Attribute] = (ANY,),
        *,
        after: Sequence[SSAValue] = (),
        keywords: Sequence[str] = (),
        starred: Sequence[int] = (),
    ):
        super().__init__(
            operands=[callee, arguments, after],
            result_types=[result_types],
            properties=_call_properties(keywords, starred),
        )


class KernelIsDefined(SymbolUserOpInterface):
    """A launch must agree with its kernel's signature, where the kernel's types are known."""

    def verify(self, op: Operation) -> None:
        assert isinstance(op, LaunchOp)
        kernel = SymbolTable.lookup_symbol(op, op.kernel)
        if not isinstance(kernel, func.FuncOp):
            raise VerifyException(f"{op.kernel} is not a function")
        if tuple(kernel.function_type.inputs) != tuple(v.type for v in op.arguments):
            raise VerifyException(f"argument types differ from those of {op.kernel}")
        if tuple(kernel.function_type.outputs) != tuple(op.result_types):
            raise VerifyException(f"result types differ from those of {op.kernel}")


@irdl_op_definition
class LaunchOp(IRDLOperation):
    """Runs a kernel: an outlined function of array code.

    A kernel over tensors is compiled ahead of time; one over objects is specialised at its first
    launch on the shapes that it is given.
    """

    name = "orch.launch"
    kernel = prop_def(FlatSymbolRefAttrConstr)
    arguments = var_operand_def()
    outs = var_result_def()

    traits = traits_def(MayRaise(), KernelIsDefined())
    assembly_format = "$kernel `(` $arguments `)` attr-dict `:` functional-type($arguments, $outs)"

    def __init__(
        self, kernel: str, arguments: Sequence[SSAValue], result_types: Sequence[Attribute]
    ):
        super().__init__(
            operands=[arguments],
            result_types=[result_types],
            properties={"kernel": SymbolRefAttr(kernel)},
        )


@irdl_op_definition
class HostOp(IRDLOperation):
    """Native Python: an expression, or with ``block`` a statement list, kept as source.

    ``names`` are the local names that the operands stand for. A block gives the values that its
    ``outs`` names have at its end. Other free names resolve in the namespace of the function that
    ``scope`` refers to. ``pure`` source has no effect but the error it may raise; ``total`` source
    cannot raise either.
    """

    name = "orch.host"
    source = prop_def(StringAttr)
    names = prop_def(ArrayAttr[StringAttr])
    out_names = opt_prop_def(ArrayAttr[StringAttr])
    effects = prop_def(EffectsAttr)
    scope = opt_prop_def(RefAttr)
    total = opt_prop_def(UnitAttr)
    arguments = var_operand_def()
    after = var_operand_def(TokenType)
    outs = var_result_def()

    traits = traits_def(HostEffects(), Canonicalizes())
    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())
    assembly_format = (
        "$source `(` $arguments `)` (`after` `(` $after^ `)`)? attr-dict "
        "`:` functional-type($arguments, $outs)"
    )

    def __init__(
        self,
        source: str,
        arguments: Mapping[str, SSAValue],
        result_types: Sequence[Attribute] = (ANY,),
        *,
        effects: str = "pure",
        out_names: Sequence[str] | None = None,
        scope: str | None = None,
        total: bool = False,
        after: Sequence[SSAValue] = (),
    ):
        super().__init__(
            operands=[list(arguments.values()), after],
            result_types=[result_types],
            properties={
                "source": StringAttr(source),
                "names": ArrayAttr(map(StringAttr, arguments)),
                "out_names": None if out_names is None else ArrayAttr(map(StringAttr, out_names)),
                "effects": EffectsAttr(effects),
                "scope": RefAttr(scope) if scope is not None else None,
                "total": UnitAttr() if total else None,
            },
        )

    @property
    def is_block(self) -> bool:
        """Whether the source is a list of statements rather than one expression."""
        return self.out_names is not None

    def argument_names(self) -> tuple[str, ...]:
        """The local names that the operands stand for, in operand order."""
        return tuple(name.data for name in self.names)

    def verify_(self) -> None:
        names = self.argument_names()
        if len(names) != len(self.arguments):
            raise VerifyException(f"{len(names)} names for {len(self.arguments)} operands")
        if len(set(names)) != len(names):
            raise VerifyException("operand names must differ from one another")
        if not all(name.isidentifier() for name in names):
            raise VerifyException("operand names must be Python identifiers")
        _verify_results(self)
        values = [t for t in self.result_types if not isinstance(t, TokenType)]
        expected = 1 if self.out_names is None else len(self.out_names)
        if len(values) != expected:
            raise VerifyException(f"expected {expected} results beside a token, got {len(values)}")
        if self.total is not None and self.effects != PURE:
            raise VerifyException("only pure source can be total")


# --- Values ---------------------------------------------------------------------------------------


class _ValueIsConstant(ConstantLike):
    @classmethod
    def get_constant_value(cls, op: Operation) -> Attribute | None:
        assert isinstance(op, ConstantOp)
        return op.value


@irdl_op_definition
class ConstantOp(IRDLOperation):
    """A Python object known while capturing: a literal attribute, or a reference to an object.

    Literals: ``"text"``, ``42 : i64``, ``1.5 : f64``, ``true``, ``unit`` for None.
    """

    name = "orch.constant"
    value = prop_def(Attribute)
    result = result_def()

    traits = traits_def(Pure(), _ValueIsConstant())
    assembly_format = "$value attr-dict `:` type($result)"

    def __init__(self, value: Attribute, result_type: Attribute = ANY):
        super().__init__(properties={"value": value}, result_types=[result_type])

    def verify_(self) -> None:
        if isinstance(self.result.type, TokenType):
            raise VerifyException("a token is not a constant; use orch.join")


class _ContainerOp(IRDLOperation):
    """Makes a Python container of its operands, which may still be pending."""

    elements = var_operand_def()
    result = result_def()

    assembly_format = "`(` $elements `)` attr-dict `:` functional-type($elements, $result)"

    def __init__(self, elements: Sequence[SSAValue], result_type: Attribute | None = None):
        super().__init__(
            operands=[elements], result_types=[result_type or self.default_type(elements)]
        )

    @classmethod
    def default_type(cls, elements: Sequence[SSAValue]) -> Attribute:
        """The result type where the builder gives none."""
        raise NotImplementedError


@irdl_op_definition
class ListOp(_ContainerOp):
    """A fresh list."""

    name = "orch.list"
    traits = traits_def(MakesObject())

    @classmethod
    def default_type(cls, elements: Sequence[SSAValue]) -> Attribute:
        types = {e.type for e in elements}
        return ListType(types.pop() if len(types) == 1 else ANY)


@irdl_op_definition
class TupleOp(_ContainerOp):
    """A tuple."""

    name = "orch.tuple"
    traits = traits_def(Pure())

    @classmethod
    def default_type(cls, elements: Sequence[SSAValue]) -> Attribute:
        return ObjectType("tuple")


@irdl_op_definition
class DictOp(IRDLOperation):
    """A fresh dict of the pairs of ``keys`` and ``values``, in order. Hashing a key may raise."""

    name = "orch.dict"
    keys = var_operand_def()
    elements = var_operand_def()
    result = result_def()

    traits = traits_def(DictEffects())
    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    assembly_format = (
        "`(` $keys `)` `to` `(` $elements `)` attr-dict "
        "`:` `(` type($keys) `)` `to` `(` type($elements) `)` `->` type($result)"
    )

    def __init__(self, keys: Sequence[SSAValue], elements: Sequence[SSAValue]):
        super().__init__(operands=[keys, elements], result_types=[ObjectType("dict")])

    def verify_(self) -> None:
        if len(self.keys) != len(self.elements):
            raise VerifyException(f"{len(self.keys)} keys for {len(self.elements)} values")


@irdl_op_definition
class GetItemOp(IRDLOperation):
    """``container[index]``."""

    name = "orch.getitem"
    container = operand_def()
    index = operand_def()
    result = result_def()

    traits = traits_def(MayRaise(), Canonicalizes())
    assembly_format = (
        "$container `[` $index `]` attr-dict "
        "`:` type($container) `,` type($index) `->` type($result)"
    )

    def __init__(self, container: SSAValue, index: SSAValue, result_type: Attribute = ANY):
        super().__init__(operands=[container, index], result_types=[result_type])


@irdl_op_definition
class GetAttrOp(IRDLOperation):
    """``value.attribute``."""

    name = "orch.getattr"
    value = operand_def()
    attribute = prop_def(StringAttr)
    result = result_def()

    traits = traits_def(MayRaise())
    assembly_format = "$value $attribute attr-dict `:` type($value) `->` type($result)"

    def __init__(self, value: SSAValue, attribute: str, result_type: Attribute = ANY):
        super().__init__(
            operands=[value],
            properties={"attribute": StringAttr(attribute)},
            result_types=[result_type],
        )


@irdl_op_definition
class AsTensorOp(IRDLOperation):
    """The array that JAX takes a Python number for; at run time the number itself is passed on."""

    name = "orch.as_tensor"
    value = operand_def(ObjectType)
    result = result_def(TensorType)

    traits = traits_def(Pure())
    assembly_format = "$value attr-dict `:` type($value) `->` type($result)"

    def __init__(self, value: SSAValue, result_type: TensorType):
        super().__init__(operands=[value], result_types=[result_type])


@irdl_op_definition
class StackOp(IRDLOperation):
    """Stacks a list of equally shaped arrays along a new leading axis."""

    name = "orch.stack"
    values = operand_def()
    result = result_def()

    traits = traits_def(MayRaise())
    assembly_format = "$values attr-dict `:` type($values) `->` type($result)"

    def __init__(self, values: SSAValue, result_type: Attribute = ANY):
        super().__init__(operands=[values], result_types=[result_type])


@irdl_op_definition
class UnstackOp(IRDLOperation):
    """The list of the arrays along an array's leading axis."""

    name = "orch.unstack"
    value = operand_def()
    result = result_def(ListType)

    traits = traits_def(MayRaise())
    assembly_format = "$value attr-dict `:` type($value) `->` type($result)"

    def __init__(self, value: SSAValue, element_type: Attribute = ANY):
        super().__init__(operands=[value], result_types=[ListType(element_type)])


# --- Regions --------------------------------------------------------------------------------------


@irdl_op_definition
class YieldOp(IRDLOperation):
    """Ends a region with the values that one iteration, or one branch, gives."""

    name = "orch.yield"
    arguments = var_operand_def()

    traits = lazy_traits_def(lambda: (IsTerminator(), HasParent(MapOp, ForOp, IfOp), Pure()))
    assembly_format = "($arguments^ `:` type($arguments))? attr-dict"

    def __init__(self, arguments: Sequence[SSAValue] = ()):
        super().__init__(operands=[arguments])


def _terminator(region: Region) -> YieldOp:
    block = region.blocks.first
    if block is None or region.blocks.last is not block:
        raise VerifyException("expected a region of one block")
    if not isinstance(block.last_op, YieldOp):
        raise VerifyException("expected the region to end with orch.yield")
    return block.last_op


def _verify_types(what: str, actual: Iterable[Attribute], expected: Iterable[Attribute]) -> None:
    actual, expected = tuple(actual), tuple(expected)
    if actual != expected:
        raise VerifyException(
            f"{what}: expected ({', '.join(map(str, expected))}), "
            f"got ({', '.join(map(str, actual))})"
        )


@irdl_op_definition
class MapOp(IRDLOperation):
    """Independent iterations over a list; one result list for each yielded value.

    Values from outside are used by name. Where an iteration has ordered effects, a token runs
    through the iterations: it enters as the last block argument and is yielded last.
    """

    name = "orch.map"
    iterable = operand_def()
    after = opt_operand_def(TokenType)
    outs = var_result_def()
    body = region_def("single_block")

    traits = traits_def(RecursiveMemoryEffect(), MapEffects(), Canonicalizes())
    irdl_options = (AttrSizedOperandSegments(as_property=True),)
    assembly_format = (
        "$iterable (`after` `(` $after^ `)`)? attr-dict `:` functional-type($iterable, $outs) $body"
    )

    def __init__(
        self,
        iterable: SSAValue,
        body: Region,
        result_types: Sequence[Attribute],
        *,
        after: SSAValue | None = None,
    ):
        super().__init__(operands=[iterable, after], regions=[body], result_types=[result_types])

    def verify_(self) -> None:
        element = (
            self.iterable.type.element_type if isinstance(self.iterable.type, ListType) else ANY
        )
        token = [TOKEN] if self.after is not None else []
        _verify_types("block arguments", self.body.block.arg_types, [element, *token])
        lists = [t.element_type for t in self.result_types if isinstance(t, ListType)]
        if len(lists) + len(token) != len(self.result_types):
            raise VerifyException("results must be lists, and a token if one enters")
        _verify_types(
            "yielded values", (v.type for v in _terminator(self.body).arguments), [*lists, *token]
        )


@irdl_op_definition
class ForOp(IRDLOperation):
    """A loop over an iterable with carried values; its results are the last iteration's.

    An iteration starts as soon as the carried values that it uses are there.
    """

    name = "orch.for"
    iterable = operand_def()
    init = var_operand_def()
    outs = var_result_def()
    body = region_def("single_block")

    traits = traits_def(RecursiveMemoryEffect(), MayRaise())
    assembly_format = (
        "$iterable `carry` `(` $init `:` type($init) `)` attr-dict "
        "`:` functional-type($iterable, $outs) $body"
    )

    def __init__(self, iterable: SSAValue, init: Sequence[SSAValue], body: Region):
        super().__init__(
            operands=[iterable, init],
            regions=[body],
            result_types=[[v.type for v in init]],
        )

    def verify_(self) -> None:
        element = (
            self.iterable.type.element_type if isinstance(self.iterable.type, ListType) else ANY
        )
        carried = [v.type for v in self.init]
        _verify_types("results", self.result_types, carried)
        _verify_types("block arguments", self.body.block.arg_types, [element, *carried])
        _verify_types("yielded values", (v.type for v in _terminator(self.body).arguments), carried)


@irdl_op_definition
class IfOp(IRDLOperation):
    """Runs one of two regions, by the truth of a Python value, which may raise."""

    name = "orch.if"
    condition = operand_def()
    outs = var_result_def()
    then = region_def("single_block")
    orelse = region_def("single_block")

    traits = traits_def(RecursiveMemoryEffect(), TruthMayRaise(), Canonicalizes())
    assembly_format = (
        "$condition attr-dict `:` functional-type($condition, $outs) $then `else` $orelse"
    )

    def __init__(
        self, condition: SSAValue, then: Region, orelse: Region, result_types: Sequence[Attribute]
    ):
        super().__init__(operands=[condition], regions=[then, orelse], result_types=[result_types])

    def verify_(self) -> None:
        for region in (self.then, self.orelse):
            if region.block.args:
                raise VerifyException("a branch takes no arguments")
            _verify_types(
                "yielded values",
                (v.type for v in _terminator(region).arguments),
                self.result_types,
            )


@irdl_op_definition
class JoinOp(IRDLOperation):
    """The moment at which all given moments have passed; without any, the start of the run."""

    name = "orch.join"
    tokens = var_operand_def(TokenType)
    result = result_def(TokenType)

    traits = traits_def(Pure(), Canonicalizes())
    assembly_format = "`(` $tokens `)` attr-dict"

    def __init__(self, tokens: Sequence[SSAValue] = ()):
        super().__init__(operands=[tokens], result_types=[TOKEN])


# --- Python literals as attributes ----------------------------------------------------------------


def literal_attribute(value: object) -> Attribute | None:
    """The attribute of a Python literal, None for a value that has none."""
    from xdsl.dialects.builtin import BoolAttr, FloatAttr, f64

    match value:
        case None:
            return UnitAttr()
        case bool():
            return BoolAttr.from_bool(value)
        case int() if type(value) is int and -(2**63) <= value < 2**63:
            return IntegerAttr(value, i64)
        case float() if type(value) is float:
            return FloatAttr(value, f64)
        case str() if type(value) is str and value.isprintable() and value.isascii():
            return StringAttr(value)
        case _:
            return None


def literal_value(attribute: Attribute) -> object:
    """The Python value of an attribute made by `literal_attribute`."""
    from xdsl.dialects.builtin import FloatAttr, IntegerType

    match attribute:
        case UnitAttr():
            return None
        case IntegerAttr():
            kind = attribute.type
            is_bool = isinstance(kind, IntegerType) and kind.width.data == 1
            return bool(attribute.value.data) if is_bool else attribute.value.data
        case FloatAttr():
            return attribute.value.data
        case StringAttr():
            return attribute.data
        case _:
            raise ValueError(f"{attribute} is not the attribute of a Python literal")


Orch = Dialect(
    "orch",
    [
        OperatorOp,
        CallOp,
        InvokeOp,
        LaunchOp,
        HostOp,
        ConstantOp,
        ListOp,
        TupleOp,
        DictOp,
        GetItemOp,
        GetAttrOp,
        AsTensorOp,
        StackOp,
        UnstackOp,
        YieldOp,
        MapOp,
        ForOp,
        IfOp,
        JoinOp,
    ],
    [KindAttr, EffectsAttr, PolicyAttr, RefAttr, ObjectType, ListType, TokenType],
)
