"""Literals, containers of what may still be pending, and arrays."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute, Operation, SSAValue
from xdsl.irdl import (
    AttrSizedOperandSegments,
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
)
from xdsl.traits import ConstantLike, EffectInstance, Pure
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.orch.attributes import ANY, ListType, ObjectType, RefAttr, TokenType
from xcs.dialects.orch.effects import MAY_RAISE, MakesObject, MayRaise


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


class DictEffects(MakesObject):
    """Hashing a key may raise, unless the key is a literal."""

    @classmethod
    def get_effects(cls, op: Operation) -> frozenset[EffectInstance]:
        assert isinstance(op, DictOp)
        literal = all(
            isinstance(key.owner, ConstantOp) and not isinstance(key.owner.value, RefAttr)
            for key in op.keys
        )
        return super().get_effects(op) if literal else MAY_RAISE


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
