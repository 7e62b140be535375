"""Elementwise algebra: neutral elements, what cancels, common factors, broadcasts put off."""

from __future__ import annotations

from typing import Any

from xdsl.dialects.builtin import TensorType

from xcs.dialects.xtensor.base import Kind as Elements
from xcs.dialects.xtensor.base import kind_of
from xcs.transforms.rules.kinds import Kind
from xcs.transforms.rules.rule import Rule, rule, when
from xcs.transforms.rules.terms import (
    Function,
    attributes,
    broadcast_in_dim,
    full,
    integer_pow,
    max_,
    min_,
    neg,
    select_n,
    tensors,
)

Ints = tuple[int, ...]

x, y, z, w = tensors("x y z w")
d, e, s, t, v = attributes("d e s t v")
f, g = Function("f", 1), Function("g", 2)


def _is_negative_zero(value: Any) -> bool:
    return value == 0 and str(value).startswith("-")


def _is_positive_zero(value: Any) -> bool:
    return value == 0 and not str(value).startswith("-")


def _is_integer(source: TensorType) -> bool:
    return bool(kind_of(source.element_type) & Elements.INTEGER)


def _is_real(source: TensorType) -> bool:
    return not kind_of(source.element_type) & Elements.COMPLEX


def _one_shape(left: TensorType, right: TensorType) -> bool:
    return left.get_shape() == right.get_shape()


_IEEE = "IEEE 754."
_IEEE_SUB = "IEEE 754: a - b is a + -b."

RULES: list[Rule] = [
    rule(
        "double negation",
        neg(neg(x)) >> x,
        kind=Kind.EXACT,
        source="Negation flips the sign bit.",
        cleanup=True,
    ),
    rule(
        "times one",
        x * full(1, s, e) >> x,
        where=when("x is real", _is_real, x),
        kind=Kind.EXACT,
        source=_IEEE,
        cleanup=True,
    ),
    rule(
        "divided by one",
        x / full(1, s, e) >> x,
        where=when("x is real", _is_real, x),
        kind=Kind.EXACT,
        source=_IEEE,
        cleanup=True,
    ),
    rule(
        "minus zero",
        x - full(v, s, e) >> x,
        where=(when("v is +0", _is_positive_zero, v), when("x is real", _is_real, x)),
        kind=Kind.EXACT,
        source="IEEE 754: -0 - +0 is -0.",
        cleanup=True,
    ),
    rule(
        "plus negative zero",
        x + full(v, s, e) >> x,
        where=(when("v is -0", _is_negative_zero, v), when("x is real", _is_real, x)),
        kind=Kind.EXACT,
        source="IEEE 754: +0 + -0 is +0.",
        cleanup=True,
    ),
    rule(
        "plus zero, of integers",
        x + full(0, s, e) >> x,
        where=when("x is of integers", _is_integer, x),
        kind=Kind.EXACT,
        source="Zero is neutral.",
        cleanup=True,
    ),
    rule(
        "first power", integer_pow(x, 1) >> x, kind=Kind.EXACT, source="Definition.", cleanup=True
    ),
    rule("greatest of one", max_(x, x) >> x, kind=Kind.EXACT, source="Idempotence.", cleanup=True),
    rule("least of one", min_(x, x) >> x, kind=Kind.EXACT, source="Idempotence.", cleanup=True),
    rule(
        "choice between equals",
        select_n(w, x, x) >> x,
        kind=Kind.EXACT,
        source="Either case is taken.",
        cleanup=True,
    ),
    rule("plus the negative", x + -y >> x - y, kind=Kind.EXACT, source=_IEEE_SUB, cleanup=True),
    rule("minus the negative", x - -y >> x + y, kind=Kind.EXACT, source=_IEEE_SUB, cleanup=True),
    rule(
        "product of negatives",
        (-x) * (-y) >> x * y,
        where=when("x is real", _is_real, x),
        kind=Kind.EXACT,
        source="IEEE 754: the sign of a product is the exclusive or of the signs.",
        cleanup=True,
    ),
    rule(
        "common factor",
        x * y + x * z >> x * (y + z),
        kind=Kind.REASSOCIATES,
        ring=True,
        source="Distributivity.",
    ),
    rule(
        "common factor of a difference",
        x * y - x * z >> x * (y - z),
        kind=Kind.REASSOCIATES,
        ring=True,
        source="Distributivity.",
    ),
    rule(
        "a function of a broadcast",
        f(broadcast_in_dim(x, s, d)) >> broadcast_in_dim(f(x), s, d),
        kind=Kind.EXACT,
        source="An elementwise op does the same to equal elements.",
        cleanup=True,
    ),
    rule(
        "a function of two broadcasts",
        g(broadcast_in_dim(x, s, d), broadcast_in_dim(y, s, d)) >> broadcast_in_dim(g(x, y), s, d),
        where=when("x and y have one shape", _one_shape, x, y),
        kind=Kind.EXACT,
        source="An elementwise op does the same to equal elements.",
        cleanup=True,
    ),
]
