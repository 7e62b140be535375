"""Ops on objects: containers and instances that the program reads and writes.

An op on an object takes its place in that object's chain of tokens when it is issued, which needs
its *structure*: the object, and the key, index or name. What it stores, the *payload*, may still be
pending then. Readers are part of the chain as well, so that no later write overtakes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xdsl.dialects import func
from xdsl.dialects.builtin import (
    ArrayAttr,
    DenseArrayBase,
    FlatSymbolRefAttrConstr,
    StringAttr,
    SymbolRefAttr,
    UnitAttr,
    i64,
)
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    AnyOf,
    AttrSizedOperandSegments,
    BaseAttr,
    EqIntConstraint,
    IRDLOperation,
    ParsePropInAttrDict,
    RangeOf,
    irdl_op_definition,
    operand_def,
    opt_prop_def,
    opt_result_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import Pure, SymbolTable, SymbolUserOpInterface
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.orch.attributes import (
    ANY,
    BOOL,
    INT,
    TOKEN,
    VALUE,
    Place,
    PlacesAttr,
    RefAttr,
    TokenType,
)
from xcs.dialects.orch.calls import TakesArguments, argument_properties
from xcs.dialects.orch.canonicalizes import Canonicalizes
from xcs.dialects.orch.effects import MayRaise, WritesWorld


# xDSL orders operands by the method resolution order, so these come after an op's own.
class ObjectOp(IRDLOperation):
    """What ops on objects share: a place in token chains. The token is given at issue."""

    after = var_operand_def(TokenType)
    token = opt_result_def(TokenType)

    traits = traits_def(Canonicalizes())


def _token(given: bool) -> Attribute | None:
    return TOKEN if given else None


# --- Containers -----------------------------------------------------------------------------------


@irdl_op_definition
class GetItemOp(ObjectOp):
    """``container[index]``.

    With ``row``, an element of an array's rows stays in the array, and the result says which it is:
    for elements that the program only gives to its caller, who takes them as such.
    """

    name = "orch.getitem"
    container = operand_def(VALUE)
    index = operand_def(VALUE)
    row = opt_prop_def(UnitAttr)
    result = result_def(VALUE)

    traits = traits_def(MayRaise())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        "$container `[` $index `]` (`after` `(` $after^ `)`)? attr-dict "
        "`:` type($container) `,` type($index) `->` type($result) (`,` type($token)^)?"
    )

    def __init__(
        self,
        container: SSAValue,
        index: SSAValue,
        result_type: Attribute = ANY,
        *,
        after: Sequence[SSAValue] = (),
        token: bool = False,
    ):
        super().__init__(
            operands=[container, index, after], result_types=[result_type, _token(token)]
        )


@irdl_op_definition
class SetItemOp(ObjectOp):
    """``container[index] = value``. The value is payload."""

    name = "orch.setitem"
    container = operand_def(VALUE)
    index = operand_def(VALUE)
    value = operand_def(VALUE)

    traits = traits_def(WritesWorld())
    assembly_format = (
        "$container `[` $index `]` `=` $value (`after` `(` $after^ `)`)? attr-dict "
        "`:` type($container) `,` type($index) `,` type($value) (`->` type($token)^)?"
    )

    def __init__(
        self,
        container: SSAValue,
        index: SSAValue,
        value: SSAValue,
        *,
        after: Sequence[SSAValue] = (),
        token: bool = False,
    ):
        super().__init__(operands=[container, index, value, after], result_types=[_token(token)])


@irdl_op_definition
class DelItemOp(ObjectOp):
    """``del container[index]``."""

    name = "orch.delitem"
    container = operand_def(VALUE)
    index = operand_def(VALUE)

    traits = traits_def(WritesWorld())
    assembly_format = (
        "$container `[` $index `]` (`after` `(` $after^ `)`)? attr-dict "
        "`:` type($container) `,` type($index) (`->` type($token)^)?"
    )

    def __init__(
        self,
        container: SSAValue,
        index: SSAValue,
        *,
        after: Sequence[SSAValue] = (),
        token: bool = False,
    ):
        super().__init__(operands=[container, index, after], result_types=[_token(token)])


@irdl_op_definition
class ContainsOp(ObjectOp):
    """``item in container``."""

    name = "orch.contains"
    container = operand_def(VALUE)
    item = operand_def(VALUE)
    result = result_def(VALUE)

    traits = traits_def(MayRaise())
    assembly_format = (
        "$item `in` $container (`after` `(` $after^ `)`)? attr-dict "
        "`:` type($item) `,` type($container) `->` type($result) (`,` type($token)^)?"
    )

    def __init__(
        self,
        container: SSAValue,
        item: SSAValue,
        result_type: Attribute = BOOL,
        *,
        after: Sequence[SSAValue] = (),
        token: bool = False,
    ):
        super().__init__(
            operands=[container, item, after], result_types=[result_type, _token(token)]
        )


@irdl_op_definition
class LenOp(ObjectOp):
    """``len(container)``; it waits for no element."""

    name = "orch.len"
    container = operand_def(VALUE)
    result = result_def(VALUE)

    traits = traits_def(MayRaise())
    assembly_format = (
        "$container (`after` `(` $after^ `)`)? attr-dict "
        "`:` type($container) `->` type($result) (`,` type($token)^)?"
    )

    def __init__(
        self,
        container: SSAValue,
        result_type: Attribute = INT,
        *,
        after: Sequence[SSAValue] = (),
        token: bool = False,
    ):
        super().__init__(operands=[container, after], result_types=[result_type, _token(token)])


@irdl_op_definition
class AppendOp(ObjectOp):
    """``container.append(value)``. The value is payload."""

    name = "orch.append"
    container = operand_def(VALUE)
    value = operand_def(VALUE)

    traits = traits_def(WritesWorld())
    assembly_format = (
        "$container `,` $value (`after` `(` $after^ `)`)? attr-dict "
        "`:` type($container) `,` type($value) (`->` type($token)^)?"
    )

    def __init__(
        self,
        container: SSAValue,
        value: SSAValue,
        *,
        after: Sequence[SSAValue] = (),
        token: bool = False,
    ):
        super().__init__(operands=[container, value, after], result_types=[_token(token)])


# --- Attributes of instances ----------------------------------------------------------------------


@irdl_op_definition
class GetAttrOp(ObjectOp):
    """``value.attribute``."""

    name = "orch.getattr"
    value = operand_def(VALUE)
    attribute = prop_def(StringAttr)
    result = result_def(VALUE)

    traits = traits_def(MayRaise())
    assembly_format = (
        "$value $attribute (`after` `(` $after^ `)`)? attr-dict "
        "`:` type($value) `->` type($result) (`,` type($token)^)?"
    )

    def __init__(
        self,
        value: SSAValue,
        attribute: str,
        result_type: Attribute = ANY,
        *,
        after: Sequence[SSAValue] = (),
        token: bool = False,
    ):
        super().__init__(
            operands=[value, after],
            properties={"attribute": StringAttr(attribute)},
            result_types=[result_type, _token(token)],
        )


@irdl_op_definition
class SetAttrOp(ObjectOp):
    """``object.attribute = value``. The value is payload."""

    name = "orch.setattr"
    object = operand_def(VALUE)
    value = operand_def(VALUE)
    attribute = prop_def(StringAttr)

    traits = traits_def(WritesWorld())
    assembly_format = (
        "$object $attribute `=` $value (`after` `(` $after^ `)`)? attr-dict "
        "`:` type($object) `,` type($value) (`->` type($token)^)?"
    )

    def __init__(
        self,
        object: SSAValue,
        attribute: str,
        value: SSAValue,
        *,
        after: Sequence[SSAValue] = (),
        token: bool = False,
    ):
        super().__init__(
            operands=[object, value, after],
            properties={"attribute": StringAttr(attribute)},
            result_types=[_token(token)],
        )


@irdl_op_definition
class DelAttrOp(ObjectOp):
    """``del object.attribute``."""

    name = "orch.delattr"
    object = operand_def(VALUE)
    attribute = prop_def(StringAttr)

    traits = traits_def(WritesWorld())
    assembly_format = (
        "$object $attribute (`after` `(` $after^ `)`)? attr-dict "
        "`:` type($object) (`->` type($token)^)?"
    )

    def __init__(
        self,
        object: SSAValue,
        attribute: str,
        *,
        after: Sequence[SSAValue] = (),
        token: bool = False,
    ):
        super().__init__(
            operands=[object, after],
            properties={"attribute": StringAttr(attribute)},
            result_types=[_token(token)],
        )


# --- Methods, versions, instances -----------------------------------------------------------------


class CandidatesAreDefined(SymbolUserOpInterface):
    """A candidate is a class, a function with a token as last argument and result, its original."""

    def verify(self, op: Operation) -> None:
        assert isinstance(op, MethodOp)
        for _, function, _ in op.candidate_functions():
            found = SymbolTable.lookup_symbol(op, function)
            if not isinstance(found, func.FuncOp):
                raise VerifyException(f"candidate @{function} is not a function")
            inputs, outputs = found.function_type.inputs.data, found.function_type.outputs.data
            if not inputs or inputs[-1] != TOKEN or len(outputs) != 2 or outputs[-1] != TOKEN:
                raise VerifyException(
                    f"candidate @{function} must take (receiver, arguments, token) "
                    "and give (result, token)"
                )


_CANDIDATE = ArrayAttr.constr(
    RangeOf(AnyOf((BaseAttr(RefAttr), FlatSymbolRefAttrConstr))).of_length(EqIntConstraint(3))
)


@irdl_op_definition
class MethodOp(TakesArguments, ObjectOp):
    """``object.method(arguments)``, for what has no op of its own.

    What it does is decided at run time by the class of the object: a method of a builtin container
    is an op on that object, a method of an immutable builtin is pure, any other one is called as
    `orch.invoke` would call it; with ``shared``, code that is not understood may hold the object,
    so that even what is pure has its place in the program. Each of ``candidates`` is
    ``[#orch.ref<class>, @function, #orch.ref<method>]``: where the object is of exactly that class,
    and that method is what the class has under the name, the call is one of the function.
    """

    name = "orch.method"
    object = operand_def(VALUE)
    method = prop_def(StringAttr)
    candidates = opt_prop_def(ArrayAttr.constr(_CANDIDATE))
    shared = opt_prop_def(UnitAttr)
    result = result_def(VALUE)

    traits = traits_def(WritesWorld(), CandidatesAreDefined())
    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())
    assembly_format = (
        "$object $method `(` $arguments `)` (`after` `(` $after^ `)`)? attr-dict "
        "`:` type($object) `,` `(` type($arguments) `)` `->` type($result) (`,` type($token)^)?"
    )

    def __init__(
        self,
        object: SSAValue,
        method: str,
        arguments: Sequence[SSAValue] = (),
        result_type: Attribute = ANY,
        *,
        after: Sequence[SSAValue] = (),
        token: bool = False,
        keywords: Sequence[str] = (),
        starred: Sequence[int] = (),
        candidates: Iterable[tuple[str, str, str]] = (),
        shared: bool = False,
    ):
        listed = [
            ArrayAttr([RefAttr(cls), SymbolRefAttr(function), RefAttr(original)])
            for cls, function, original in candidates
        ]
        super().__init__(
            operands=[object, arguments, after],
            properties={
                "method": StringAttr(method),
                "candidates": ArrayAttr(listed) if listed else None,
                "shared": UnitAttr() if shared else None,
                **argument_properties(keywords, starred),
            },
            result_types=[result_type, _token(token)],
        )

    def candidate_functions(self) -> tuple[tuple[str, str, str], ...]:
        """Key of the class, symbol of the function, key of the method that it was made of."""
        return tuple(map(_candidate, self.candidates or ()))


def _candidate(entry: ArrayAttr) -> tuple[str, str, str]:
    match entry.data:
        case (RefAttr(key=cls), SymbolRefAttr() as function, RefAttr(key=original)):
            return cls.data, function.string_value(), original.data
        case _:
            raise VerifyException(
                f"a candidate is [class reference, function, method reference], got {entry}"
            )


@irdl_op_definition
class SnapshotOp(ObjectOp):
    """The version that an object has at this moment, for reading it as a whole.

    Later writes do not show in it. ``exact`` asks for the object itself rather than for a copy, and
    ``elements`` for the very elements that it holds, as the reader may hand these on; where such an
    object has writes that are not done, both have to wait until what came before is. ``structure``
    is for a reader that hands on the elements without looking into them, so that theirs do not
    matter.
    """

    name = "orch.snapshot"
    object = operand_def(VALUE)
    exact = opt_prop_def(UnitAttr)
    elements = opt_prop_def(UnitAttr)
    structure = opt_prop_def(UnitAttr)
    result = result_def(VALUE)

    traits = traits_def(MayRaise())
    irdl_options = (ParsePropInAttrDict(),)
    assembly_format = (
        "$object (`after` `(` $after^ `)`)? attr-dict "
        "`:` type($object) `->` type($result) (`,` type($token)^)?"
    )

    def __init__(
        self,
        object: SSAValue,
        result_type: Attribute = ANY,
        *,
        exact: bool = False,
        elements: bool = False,
        structure: bool = False,
        after: Sequence[SSAValue] = (),
        token: bool = False,
    ):
        super().__init__(
            operands=[object, after],
            properties={
                "exact": UnitAttr() if exact else None,
                "elements": UnitAttr() if elements else None,
                "structure": UnitAttr() if structure else None,
            },
            result_types=[result_type, _token(token)],
        )


@irdl_op_definition
class DisjointOp(IRDLOperation):
    """Whether no two elements of the containers lead to a common object that is written.

    ``places`` are the ways by which a loop over the containers comes from its elements to objects;
    those of each container begin at the place that ``roots`` has for it. If the elements are
    disjoint, iterations commute as far as these objects go, and none of them has to wait for
    another one. A value that is still pending on such a way is waited for.
    """

    name = "orch.disjoint"
    containers = var_operand_def(VALUE)
    after = var_operand_def(TokenType)
    roots = prop_def(DenseArrayBase.constr(i64))
    places = prop_def(PlacesAttr)
    result = result_def(BOOL)

    traits = traits_def(Pure())
    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())
    assembly_format = (
        "`(` $containers `)` $roots `in` $places (`after` `(` $after^ `)`)? attr-dict "
        "`:` type($containers)"
    )

    def __init__(
        self,
        containers: Sequence[SSAValue],
        roots: Sequence[int],
        places: Sequence[Place],
        *,
        after: Sequence[SSAValue] = (),
    ):
        super().__init__(
            operands=[containers, after],
            properties={
                "roots": DenseArrayBase.from_list(i64, roots),
                "places": PlacesAttr(tuple(places)),
            },
            result_types=[BOOL],
        )

    def verify_(self) -> None:
        roots = self.roots.get_values()
        if len(roots) != len(self.containers):
            raise VerifyException(f"{len(self.containers)} containers have {len(roots)} roots")
        if wrong := [root for root in roots if not 0 <= root < len(self.places.data)]:
            raise VerifyException(f"there is no place {wrong[0]} among {len(self.places.data)}")


@irdl_op_definition
class NewOp(TakesArguments, ObjectOp):
    """A fresh instance of a class, made without running code of the user's.

    A builtin container is made of the arguments; an instance of any other class takes none, and is
    empty: what ``object.__new__`` gives.
    """

    name = "orch.new"
    cls = operand_def(VALUE)
    result = result_def(VALUE)

    traits = traits_def(MayRaise())
    irdl_options = (AttrSizedOperandSegments(as_property=True), ParsePropInAttrDict())
    assembly_format = (
        "$cls `(` $arguments `)` (`after` `(` $after^ `)`)? attr-dict "
        "`:` type($cls) `,` `(` type($arguments) `)` `->` type($result) (`,` type($token)^)?"
    )

    def __init__(
        self,
        cls: SSAValue,
        arguments: Sequence[SSAValue] = (),
        result_type: Attribute = ANY,
        *,
        after: Sequence[SSAValue] = (),
        token: bool = False,
        keywords: Sequence[str] = (),
        starred: Sequence[int] = (),
    ):
        super().__init__(
            operands=[cls, arguments, after],
            properties=argument_properties(keywords, starred),
            result_types=[result_type, _token(token)],
        )
