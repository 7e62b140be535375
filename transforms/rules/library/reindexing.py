"""Data that is moved: moves that cancel, are merged, or go past what they need not wait for."""

from __future__ import annotations

from xdsl.dialects.builtin import TensorType
from xdsl.ir import Attribute

from xcs.dialects.xtensor.base import Kind as Elements
from xcs.dialects.xtensor.base import kind_of, without
from xcs.transforms.rules.kinds import Kind
from xcs.transforms.rules.rule import Rule, rule, when
from xcs.transforms.rules.terms import (
    Function,
    attributes,
    broadcast_in_dim,
    computed,
    convert_element_type,
    pad,
    reshape,
    rev,
    slice_,
    squeeze,
    take,
    tensors,
    tile,
    transpose,
)

Ints = tuple[int, ...]

x, y, z, i = tensors("x y z i")
p, q, s, t, d, e, c, r, m, n = attributes("p q s t d e c r m n")
starts, limits, steps, starts2, limits2, steps2 = attributes("start limit step start' limit' step'")
f, g = Function("f", 1), Function("g", 2)


# --- Computed attributes --------------------------------------------------------------------------


@computed
def compose(first: Ints, second: Ints) -> Ints:
    return tuple(first[axis] for axis in second)


@computed
def symmetric_difference(first: Ints, second: Ints) -> Ints:
    return tuple(sorted(set(first) ^ set(second)))


@computed
def shape_of(source: TensorType) -> Ints:
    return source.get_shape()


@computed
def squeezed(source: TensorType, dims: Ints) -> Ints:
    return without(source.get_shape(), dims)


@computed
def start_of_slice(start: Ints, step: Ints, start2: Ints) -> Ints:
    return tuple(a + b * c for a, b, c in zip(start, step, start2, strict=True))


@computed
def limit_of_slice(limit: Ints, start: Ints, step: Ints, limit2: Ints) -> Ints:
    return tuple(min(a, s + b * c) for a, s, b, c in zip(limit, start, step, limit2, strict=True))


@computed
def step_of_slice(step: Ints, step2: Ints) -> Ints:
    return tuple(a * b for a, b in zip(step, step2, strict=True))


@computed
def permuted(values: Ints, permutation: Ints) -> Ints:
    return tuple(values[axis] for axis in permutation)


@computed
def unpermuted(values: Ints, permutation: Ints) -> Ints:
    return tuple(values[permutation.index(axis)] for axis in range(len(values)))


@computed
def part_of_source(bounds: Ints, source: TensorType, dims: Ints, whole: int | None) -> Ints:
    """Bounds of a slice of a broadcast, in the dimensions of what is broadcast."""
    return tuple(
        bounds[dim] if size != 1 or whole is None else min(whole, 1)
        for dim, size in zip(dims, source.get_shape(), strict=True)
    )


@computed
def sliced_shape(start: Ints, limit: Ints, step: Ints) -> Ints:
    return tuple(-(-(b - a) // c) for a, b, c in zip(start, limit, step, strict=True))


# --- Conditions -----------------------------------------------------------------------------------


def _is_nothing(dims: Ints) -> bool:
    return not any(dims)


def _is_one(reps: Ints) -> bool:
    return all(rep == 1 for rep in reps)


def _of_single(source: TensorType, dims: Ints) -> bool:
    return all(source.get_shape()[dim] == 1 for dim in dims)


def _is_identity(permutation: Ints) -> bool:
    return permutation == tuple(range(len(permutation)))


def _is_whole(start: Ints, limit: Ints, step: Ints, source: TensorType) -> bool:
    return not any(start) and limit == source.get_shape() and all(one == 1 for one in step)


def _same_shape(source: TensorType, shape: Ints) -> bool:
    return source.get_shape() == shape


def _same_element(source: TensorType, element: Attribute) -> bool:
    return source.element_type == element


def _keeps_sizes(source: TensorType, shape: Ints, dims: Ints, start: Ints, limit: Ints) -> bool:
    """Whether a slice of a broadcast never takes from a dimension of one what it repeats."""
    return all(
        size == shape[dim] or start[dim] < limit[dim]
        for dim, size in zip(dims, source.get_shape(), strict=True)
    )


def _widens(source: TensorType, middle: Attribute, last: Attribute) -> bool:
    """Whether no number changes on its way through the type in the middle."""
    integers = (Elements.SIGNED, Elements.UNSIGNED)
    kinds = [kind_of(element) for element in (source.element_type, middle, last)]
    if kinds[0] & Elements.BOOL:
        return bool(kinds[1] & Elements.NUMBER and kinds[2] & Elements.NUMBER)
    same = any(all(kind & one for kind in kinds) for one in (*integers, Elements.FLOAT))
    if not same:
        return False
    widths = [getattr(element, "bitwidth", 0) for element in (source.element_type, middle)]
    return widths[0] < widths[1] and (not kinds[0] & Elements.FLOAT or widths[1] >= 32)


_MOVED = "Each element of the result is one of the operand's."
_POINTWISE = "An elementwise op does the same to an element wherever it stands."

RULES: list[Rule] = [
    rule(
        "transpose of transpose",
        transpose(transpose(x, p), q) >> transpose(x, compose(p, q)),
        kind=Kind.EXACT,
        source="Permutations form a group.",
        cleanup=True,
    ),
    rule(
        "transpose by nothing",
        transpose(x, p) >> x,
        where=when("p is the identity", _is_identity, p),
        kind=Kind.EXACT,
        source="Permutations form a group.",
        cleanup=True,
    ),
    rule(
        "reshape of reshape",
        reshape(reshape(x, s), t) >> reshape(x, t),
        kind=Kind.EXACT,
        source="Reshaping keeps the row-major order.",
        cleanup=True,
    ),
    rule(
        "reshape to the same shape",
        reshape(x, s) >> x,
        where=when("x has the shape s", _same_shape, x, s),
        kind=Kind.EXACT,
        source="Reshaping keeps the row-major order.",
        cleanup=True,
    ),
    rule(
        "reshape of squeeze",
        reshape(squeeze(x, d), s) >> reshape(x, s),
        kind=Kind.EXACT,
        source="Squeezing is a reshape.",
        cleanup=True,
    ),
    rule(
        "squeeze of reshape",
        squeeze(reshape(x, s), d) >> reshape(x, computed(without)(s, d)),
        kind=Kind.EXACT,
        source="Squeezing is a reshape.",
        cleanup=True,
    ),
    rule(
        "reversal of reversal",
        rev(rev(x, d), e) >> rev(x, symmetric_difference(d, e)),
        kind=Kind.EXACT,
        source="Reversing twice is nothing.",
        cleanup=True,
    ),
    rule(
        "reversal of single elements",
        rev(x, d) >> x,
        where=when("what is reversed has size 1", _of_single, x, d),
        kind=Kind.EXACT,
        source="There is one order of one element.",
        cleanup=True,
    ),
    rule(
        "squeeze of nothing",
        squeeze(x, d) >> x,
        where=when("d is empty", lambda dims: not dims, d),
        kind=Kind.EXACT,
        source="Definition.",
        cleanup=True,
    ),
    rule(
        "padding by nothing",
        pad(x, y, s, t, r) >> x,
        where=(
            when("low padding is zero", _is_nothing, s),
            when("high padding is zero", _is_nothing, t),
            when("padding between is zero", _is_nothing, r),
        ),
        kind=Kind.EXACT,
        source="Definition.",
        cleanup=True,
    ),
    rule(
        "once repeated",
        tile(x, r) >> x,
        where=when("each dimension is repeated once", _is_one, r),
        kind=Kind.EXACT,
        source="Definition.",
        cleanup=True,
    ),
    rule(
        "slice of slice",
        slice_(slice_(x, starts, limits, steps), starts2, limits2, steps2)
        >> slice_(
            x,
            start_of_slice(starts, steps, starts2),
            limit_of_slice(limits, starts, steps, limits2),
            step_of_slice(steps, steps2),
        ),
        kind=Kind.EXACT,
        source="Indices of slices compose as affine functions.",
        cleanup=True,
    ),
    rule(
        "slice of everything",
        slice_(x, starts, limits, steps) >> x,
        where=when("the slice is all of x", _is_whole, starts, limits, steps, x),
        kind=Kind.EXACT,
        source=_MOVED,
        cleanup=True,
    ),
    rule(
        "slice of transpose",
        slice_(transpose(x, p), starts, limits, steps)
        >> transpose(
            slice_(x, unpermuted(starts, p), unpermuted(limits, p), unpermuted(steps, p)), p
        ),
        kind=Kind.EXACT,
        source=_MOVED,
        cleanup=True,
    ),
    rule(
        "slice of a function",
        slice_(f(x), starts, limits, steps) >> f(slice_(x, starts, limits, steps)),
        kind=Kind.EXACT,
        source=_POINTWISE,
    ),
    rule(
        "slice of a function of two",
        slice_(g(x, y), starts, limits, steps)
        >> g(slice_(x, starts, limits, steps), slice_(y, starts, limits, steps)),
        kind=Kind.EXACT,
        source=_POINTWISE,
    ),
    rule(
        "slice of broadcast",
        slice_(broadcast_in_dim(x, s, d), starts, limits, steps)
        >> broadcast_in_dim(
            slice_(
                x,
                part_of_source(starts, x, d, 0),
                part_of_source(limits, x, d, 1),
                part_of_source(steps, x, d, 1),
            ),
            sliced_shape(starts, limits, steps),
            d,
        ),
        where=when(
            "nothing is taken of a dimension that is repeated, or something",
            _keeps_sizes,
            x,
            s,
            d,
            starts,
            limits,
        ),
        kind=Kind.EXACT,
        source=_MOVED,
        cleanup=True,
    ),
    rule(
        "broadcast of broadcast",
        broadcast_in_dim(broadcast_in_dim(x, s, d), t, e) >> broadcast_in_dim(x, t, compose(e, d)),
        kind=Kind.EXACT,
        source="Broadcasts compose.",
        cleanup=True,
    ),
    rule(
        "broadcast to the same shape",
        broadcast_in_dim(x, s, d) >> x,
        where=(
            when("x has the shape s", _same_shape, x, s),
            when("d is in order", _is_identity, d),
        ),
        kind=Kind.EXACT,
        source="Broadcasts compose.",
        cleanup=True,
    ),
    rule(
        "conversion to the same type",
        convert_element_type(x, e) >> x,
        where=when("x has elements e", _same_element, x, e),
        kind=Kind.EXACT,
        source="A conversion to its own type keeps every number.",
        cleanup=True,
    ),
    rule(
        "conversion through a wider type",
        convert_element_type(convert_element_type(x, e), d) >> convert_element_type(x, d),
        where=when("e holds every number that x may have", _widens, x, e, d),
        kind=Kind.EXACT,
        source="A conversion to a wider type of the same kind keeps every number.",
        cleanup=True,
    ),
    rule(
        "a function of transposes",
        g(transpose(x, p), transpose(y, p)) >> transpose(g(x, y), p),
        kind=Kind.EXACT,
        source=_POINTWISE,
        cleanup=True,
    ),
    rule(
        "elements taken of a function",
        take(f(x), i, r, m, n) >> f(take(x, i, r, m, n)),
        kind=Kind.EXACT,
        source=_POINTWISE,
    ),
    rule(
        "elements taken of a function of two",
        take(g(x, y), i, r, m, n) >> g(take(x, i, r, m, n), take(y, i, r, m, n)),
        kind=Kind.EXACT,
        source=_POINTWISE,
    ),
]
