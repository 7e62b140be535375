"""Elementwise algebra: neutral elements, what cancels, common factors, broadcasts put off."""

from __future__ import annotations

from typing import Any

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute

from xcs.dialects.xtensor.base import Kind as Elements
from xcs.dialects.xtensor.base import kind_of
from xcs.transforms.rules.kinds import Kind
from xcs.transforms.rules.rule import Rule, rule, when
from xcs.transforms.rules.terms import (
    Function,
    abs_,
    and_,
    attributes,
    broadcast_in_dim,
    ceil,
    complex_,
    computed,
    floor,
    full,
    imag,
    integer_pow,
    max_,
    min_,
    neg,
    not_,
    or_,
    real,
    select_n,
    tensors,
    xor,
)

Ints = tuple[int, ...]

x, y, z, w = tensors("x y z w")
d, e, s, t, v = attributes("d e s t v")
f, g = Function("f", 1), Function("g", 2)


@computed
def shape_of(source: TensorType) -> Ints:
    return source.get_shape()


@computed
def element_of(source: TensorType) -> Attribute:
    return source.element_type


def _is_negative_zero(value: Any) -> bool:
    return value == 0 and str(value).startswith("-")


def _is_positive_zero(value: Any) -> bool:
    return value == 0 and not str(value).startswith("-")


def _is_integer(source: TensorType) -> bool:
    return bool(kind_of(source.element_type) & Elements.INTEGER)


def _is_bits(source: TensorType) -> bool:
    return bool(kind_of(source.element_type) & Elements.BITS)


def _is_all_ones(value: Any) -> bool:
    return value is True or (type(value) is int and value == -1)


def _is_no_bits(value: Any) -> bool:
    return value == 0 and type(value) is not float


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
    rule("not of not", not_(not_(x)) >> x, kind=Kind.EXACT, source="Involution.", cleanup=True),
    rule("and with itself", and_(x, x) >> x, kind=Kind.EXACT, source="Idempotence.", cleanup=True),
    rule("or with itself", or_(x, x) >> x, kind=Kind.EXACT, source="Idempotence.", cleanup=True),
    *(
        rule(
            f"{name} with {what}",
            function(x, full(v, s, e)) >> x,
            where=when(f"v is {what}", test, v),
            kind=Kind.EXACT,
            source="Boolean algebra.",
            cleanup=True,
        )
        for name, function, what, test in (
            ("and", and_, "all ones", _is_all_ones),
            ("or", or_, "no bits", _is_no_bits),
            ("exclusive or", xor, "no bits", _is_no_bits),
        )
    ),
    rule(
        "minus itself, of integers",
        x - x >> full(0, shape_of(x), element_of(x)),
        where=when("x is of integers", _is_integer, x),
        kind=Kind.EXACT,
        source="Integers wrap around.",
        cleanup=True,
    ),
    rule(
        "times zero, of integers",
        x * full(0, s, e) >> full(0, s, e),
        where=when("x is of integers", _is_integer, x),
        kind=Kind.EXACT,
        source="Zero is absorbing.",
        cleanup=True,
    ),
    rule(
        "magnitude of magnitude",
        abs_(abs_(x)) >> abs_(x),
        kind=Kind.EXACT,
        source="Idempotence.",
        cleanup=True,
    ),
    rule(
        "floor of floor",
        floor(floor(x)) >> floor(x),
        kind=Kind.EXACT,
        source="Idempotence.",
        cleanup=True,
    ),
    rule(
        "ceiling of ceiling",
        ceil(ceil(x)) >> ceil(x),
        kind=Kind.EXACT,
        source="Idempotence.",
        cleanup=True,
    ),
    rule(
        "real part of a pair",
        real(complex_(x, y)) >> x,
        kind=Kind.EXACT,
        source="Definition.",
        cleanup=True,
    ),
    rule(
        "imaginary part of a pair",
        imag(complex_(x, y)) >> y,
        kind=Kind.EXACT,
        source="Definition.",
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
