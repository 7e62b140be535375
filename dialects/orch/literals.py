"""Python literals as attributes."""

from __future__ import annotations

from xdsl.dialects.builtin import (
    BoolAttr,
    FloatAttr,
    IntegerAttr,
    IntegerType,
    StringAttr,
    UnitAttr,
    f64,
    i64,
)
from xdsl.ir import Attribute


def literal_attribute(value: object) -> Attribute | None:
    """The attribute of a Python literal, None for a value that has none."""
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
