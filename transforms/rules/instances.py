"""Random functions on which a rule can be tried: its left-hand side, with everything chosen.

Variables become arguments of random ranks and shapes (0 and 1 included) and element types, and
attributes are drawn so that the ops are valid. A choice that leads nowhere, as when two operands
cannot have one shape, is given up, and the next one is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod
from random import Random
from typing import Any, cast

from xdsl.dialects import func
from xdsl.dialects.builtin import (
    ComplexType,
    Float32Type,
    IntegerType,
    ModuleOp,
    TensorType,
    UnknownLoc,
    f32,
    i1,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.utils.exceptions import VerifyException

from xcs.dialects import xtensor
from xcs.dialects.xtensor.base import Kind, kind_of, tensor_type, type_of
from xcs.transforms.rules.labels import Dims, Ints
from xcs.transforms.rules.rule import Equation, Procedure, Rule
from xcs.transforms.rules.terms import Apply, Attr, Call, Function, Term, Variable
from xcs.transforms.rules.views import INDEX, Emitter, View, splat

SIZES = (0, 1, 1, 2, 2, 3, 3, 4)
ELEMENTS: tuple[Attribute, ...] = (f32, f32, f32, INDEX, ComplexType(f32), i1)
"""Element types of variables, the usual ones more often."""

TRIES = 60
"""Choices that may lead nowhere, before an instance is given up."""


class Stuck(Exception):
    """A choice led nowhere."""


class Sampler:
    """Makes one function: its arguments and ops are collected while terms are instantiated."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.block = Block()
        self.bound: dict[Any, Any] = {}
        self._root = xtensor.ConstantOp(splat(tensor_type((), f32), 0))
        self.element = random.choice(ELEMENTS)

    # --- What is made -------------------------------------------------------------------------

    def add(self, op: Operation) -> SSAValue:
        """Append an op; return its first result."""
        op.location = UnknownLoc()
        self.block.add_op(op)
        return op.results[0]

    def argument(self, of: TensorType) -> SSAValue:
        """Return a new argument."""
        return self.block.insert_arg(of, len(self.block.args))

    def function(self, *results: SSAValue) -> ModuleOp:
        """Return a module that holds the function, which gives these values."""
        self.block.add_op(func.ReturnOp(*results))
        types = [value.type for value in self.block.args], [value.type for value in results]
        return ModuleOp([func.FuncOp("f", types, Region(self.block))])

    # --- What is drawn ------------------------------------------------------------------------

    def size(self) -> int:
        """A size of a dimension."""
        return self.random.choice(SIZES)

    def shape(self, least: int = 0, most: int = 3) -> Ints:
        """A shape."""
        return tuple(self.size() for _ in range(self.random.randint(least, most)))

    def type(self, kinds: Kind = Kind.ANY) -> TensorType:
        """A tensor type whose elements are of one of the kinds."""
        element = self.element
        if not kind_of(element) & kinds:
            fitting = [e for e in ELEMENTS if kind_of(e) & kinds]
            if not fitting:
                raise Stuck
            element = self.random.choice(fitting)
        return tensor_type(self.shape(), element)

    def subset(self, values: Sequence[int]) -> Ints:
        """Some of the values, in their order."""
        return tuple(value for value in values if self.random.random() < 0.5)

    # --- Terms --------------------------------------------------------------------------------

    def term(self, term: Term, want: TensorType | None = None) -> SSAValue:
        """Make the ops of a term; `want` is the type that it has to have."""
        match term:
            case Variable():
                value = self._variable(term, want)
            case Call():
                value = self._call(term, want)
            case Apply():
                value = self._apply(term, want)
            case _:
                raise TypeError(f"{term} cannot be instantiated")
        if want is not None and value.type != want:
            raise Stuck
        return value

    def _variable(self, variable: Variable, want: TensorType | None) -> SSAValue:
        if variable in self.bound:
            return self.bound[variable]
        if want is not None and not kind_of(want.element_type) & variable.kinds:
            raise Stuck
        value = self.argument(want or self.type(variable.kinds))
        self.bound[variable] = value
        return value

    def _call(self, term: Call, want: TensorType | None) -> SSAValue:
        function = term.function
        op = self.bound.get(function) or self._function(function, want)
        self.bound[function] = op
        kinds = cast(Any, op).kinds()
        of = want
        if of is None or not kind_of(of.element_type) & kinds:
            of = self.type(kinds)
        operands = [self.term(term.operands[0], of)]
        for operand in term.operands[1:]:
            operands.append(self.term(operand, type_of(operands[0])))
        return self.add(cast(Any, op)(*operands))

    def _function(self, function: Function, want: TensorType | None) -> type[Operation]:
        """An op without properties, of a kind that the wanted type allows."""
        needs = kind_of(want.element_type) if want is not None else Kind.ANY
        fitting = [
            op
            for op in xtensor.OPERATIONS
            if function.accepts(op)
            and op not in _LEFT_OUT
            and not any(
                name not in ("accuracy",) for name in cast(Any, op).get_irdl_definition().properties
            )
            and cast(Any, op).kinds() & needs
            and (
                want is None or cast(Any, op).result_element(want.element_type) == want.element_type
            )
        ]
        return self.random.choice(fitting)

    def _apply(self, term: Apply, want: TensorType | None) -> SSAValue:
        special = _SPECIAL.get(term.view.name)
        if special is not None:
            return special(self, term, want)
        view = term.view
        first = want if _is_elementwise(view) else None
        operands: list[SSAValue] = []
        for operand in term.operands:
            given = type_of(operands[0]) if operands and _is_elementwise(view) else first
            operands.append(self.term(operand, given))
        drawn = _ATTRIBUTES.get(view.name, _no_attributes)(self, [type_of(o) for o in operands])
        return self.made(view, operands, self.attributes(term, drawn))

    def attributes(self, term: Apply, drawn: Sequence[Any]) -> list[Any]:
        """The attributes of a term: literal ones, those that are bound, and else those drawn."""
        drawn = [*drawn, *[None] * (len(term.attributes) - len(drawn))]
        found: list[Any] = []
        for attribute, value in zip(term.attributes, drawn, strict=True):
            if isinstance(attribute, Attr):
                value = self.bound.setdefault(attribute, value)
            else:
                value = attribute
            found.append(value)
        return found

    def made(self, view: View, operands: Sequence[SSAValue], attributes: Sequence[Any]) -> SSAValue:
        """Build a view; an invalid one is a choice that led nowhere."""
        if view.build is None:
            raise Stuck
        emit = Emitter(self._root)
        try:
            value = view.build(emit, operands, attributes)
        except (VerifyException, IndexError, ValueError) as error:
            emit.discard()
            raise Stuck from error
        for op in emit.ops:
            self.block.add_op(op)
        return value


_LEFT_OUT = (xtensor.NextafterOp, xtensor.IntegerPowOp)
"""Ops on which nothing is found that is not found on others, and that take long."""


def _is_elementwise(view: View) -> bool:
    return all(
        issubclass(root, xtensor.ElementwiseOp) for root in view.roots
    ) and view.name not in (
        "convert_element_type",
        "select_n",
        "one_hot",
    )


# --- Attributes of views --------------------------------------------------------------------------

Draw = Callable[[Sampler, "list[TensorType]"], Sequence[Any]]


def _no_attributes(sampler: Sampler, operands: list[TensorType]) -> Sequence[Any]:
    return ()


def _permutation(sampler: Sampler, operands: list[TensorType]) -> Sequence[Any]:
    order = list(range(operands[0].get_num_dims()))
    sampler.random.shuffle(order)
    return (tuple(order),)


def _axes(sampler: Sampler, operands: list[TensorType]) -> Sequence[Any]:
    return (sampler.subset(range(operands[0].get_num_dims())),)


def _units(sampler: Sampler, operands: list[TensorType]) -> Sequence[Any]:
    shape = operands[0].get_shape()
    return (sampler.subset([dim for dim, size in enumerate(shape) if size == 1]),)


def _other_shape(sampler: Sampler, operands: list[TensorType]) -> Sequence[Any]:
    shape = operands[0].get_shape()
    if sampler.random.random() < 0.3:
        return (shape,)
    count, sizes = prod(shape), [1] * sampler.random.randrange(2)
    if count > 1 and count % 2 == 0 and sampler.random.random() < 0.5:
        sizes += [2, count // 2]
    else:
        sizes.append(count)
    sampler.random.shuffle(sizes)
    return (tuple(sizes),)


def _broadcast(sampler: Sampler, operands: list[TensorType]) -> Sequence[Any]:
    source, dims, shape = operands[0].get_shape(), [], []
    for size in source:
        while sampler.random.random() < 0.3:
            shape.append(sampler.size())
        dims.append(len(shape))
        shape.append(sampler.size() if size == 1 and sampler.random.random() < 0.5 else size)
    if sampler.random.random() < 0.3:
        shape.append(sampler.size())
    return tuple(shape), tuple(dims)


def _bounds(sampler: Sampler, operands: list[TensorType]) -> Sequence[Any]:
    starts, limits, steps = [], [], []
    everything = sampler.random.random() < 0.25
    for size in operands[0].get_shape():
        ends = sorted((sampler.random.randint(0, size), sampler.random.randint(0, size)))
        starts.append(0 if everything else ends[0])
        limits.append(size if everything else ends[1])
        steps.append(1 if everything else sampler.random.choice((1, 1, 2, 3)))
    return tuple(starts), tuple(limits), tuple(steps)


def _element(sampler: Sampler, operands: list[TensorType]) -> Sequence[Any]:
    own = operands[0].element_type
    others = [IntegerType(8), INDEX, Float32Type(), i1, IntegerType(16)]
    return (own if sampler.random.random() < 0.3 else sampler.random.choice(others),)


def _repetitions(sampler: Sampler, operands: list[TensorType]) -> Sequence[Any]:
    return (tuple(sampler.random.choice((1, 1, 0, 2)) for _ in operands[0].get_shape()),)


def _padding(sampler: Sampler, operands: list[TensorType]) -> Sequence[Any]:
    rank, nothing = operands[0].get_num_dims(), sampler.random.random() < 0.4
    choices = ((0,) if nothing else (0, 1, 2, -1)), ((0,) if nothing else (0, 1))
    low, high, between = (
        tuple(sampler.random.choice(choices[place == 2]) for _ in range(rank)) for place in range(3)
    )
    return low, high, between


_ATTRIBUTES: Mapping[str, Draw] = {
    "transpose": _permutation,
    "reshape": _other_shape,
    "squeeze": _units,
    "rev": _axes,
    "broadcast_in_dim": _broadcast,
    "slice": _bounds,
    "tile": _repetitions,
    "convert_element_type": _element,
    **dict.fromkeys(
        ("reduce_sum", "reduce_max", "reduce_min", "reduce_prod", "reduce_and", "reduce_or"), _axes
    ),
}


# --- Views whose operands depend on one another ---------------------------------------------------


def _full(sampler: Sampler, term: Apply, want: TensorType | None) -> SSAValue:
    of = want or sampler.type()
    numbers: tuple[Any, ...] = (0, 1, 2)
    if kind_of(of.element_type) & Kind.FLOAT:
        numbers = (0.0, -0.0, 1.0, 2.0, float("nan"))
    drawn = sampler.random.choice(numbers), of.get_shape(), of.element_type
    return sampler.made(term.view, (), sampler.attributes(term, drawn))


def _select(sampler: Sampler, term: Apply, want: TensorType | None) -> SSAValue:
    of = want or sampler.type()
    which = sampler.term(term.operands[0], tensor_type(of.get_shape(), i1))
    cases = [sampler.term(case, of) for case in term.operands[1:]]
    return sampler.add(xtensor.SelectNOp(which, *cases))


def _contract(sampler: Sampler, term: Apply, want: TensorType | None) -> SSAValue:
    (attribute,) = term.attributes
    dims = sampler.bound.get(attribute)
    if dims is None:
        return _new_product(sampler, term)
    known = [operand in sampler.bound for operand in term.operands]
    if want is None or not any(known):
        raise Stuck
    left, right = term.operands
    if known[0]:
        lhs = sampler.term(left)
        rhs = sampler.term(right, _operand_of(dims, type_of(lhs), want, is_rhs=True))
    else:
        rhs = sampler.term(right)
        lhs = sampler.term(left, _operand_of(dims, type_of(rhs), want, is_rhs=False))
    return sampler.made(term.view, (lhs, rhs), (dims,))


def _new_product(sampler: Sampler, term: Apply) -> SSAValue:
    of = sampler.type(Kind.NUMBER)
    lhs = sampler.term(term.operands[0], of)
    rank, shape = of.get_num_dims(), of.get_shape()
    order = list(range(rank))
    sampler.random.shuffle(order)
    cut = sampler.random.randint(0, rank)
    batch, over = order[: min(1, cut)], order[min(1, cut) : cut]
    if sampler.random.random() < 0.5:
        batch, over = [], [*batch, *over]
    named: list[tuple[str, int]] = [*(("batch", d) for d in batch), *(("over", d) for d in over)]
    named += [("free", sampler.size()) for _ in range(sampler.random.randint(0, 2))]
    sampler.random.shuffle(named)
    sizes = tuple(value if what == "free" else shape[value] for what, value in named)
    rhs = sampler.term(term.operands[1], tensor_type(sizes, of.element_type))
    place = {entry: dim for dim, entry in enumerate(named) if entry[0] != "free"}
    dims = Dims(
        tuple(batch),
        tuple(place["batch", dim] for dim in batch),
        tuple(over),
        tuple(place["over", dim] for dim in over),
        of.element_type,
    )
    return sampler.made(term.view, (lhs, rhs), sampler.attributes(term, (dims,)))


def _operand_of(dims: Dims, other: TensorType, result: TensorType, *, is_rhs: bool) -> TensorType:
    """The type of one operand, given the other one's and the product's."""
    own, theirs = (
        ((dims.rhs_batch, dims.rhs_contracting), (dims.lhs_batch, dims.lhs_contracting))
        if is_rhs
        else ((dims.lhs_batch, dims.lhs_contracting), (dims.rhs_batch, dims.rhs_contracting))
    )
    paired = dict(
        zip(
            (*own[0], *own[1]), (other.get_shape()[d] for part in theirs for d in part), strict=True
        )
    )
    free = other.get_num_dims() - len(theirs[0]) - len(theirs[1])
    sizes = list(result.get_shape()[len(dims.lhs_batch) :])
    sizes = sizes[free:] if is_rhs else sizes[: len(sizes) - free]
    rest, rank = iter(sizes), len(paired) + len(sizes)
    shape = tuple(paired[d] if d in paired else next(rest) for d in range(rank))
    return tensor_type(shape, other.element_type)


def _take(sampler: Sampler, term: Apply, want: TensorType | None) -> SSAValue:
    operand = sampler.term(term.operands[0])
    shape = type_of(operand).get_shape()
    if not shape or 0 in shape:
        raise Stuck
    indices = sampler.term(term.operands[1], tensor_type((sampler.size(), 1), INDEX))
    drawn = (
        sampler.random.randrange(len(shape)),
        xtensor.IndexModeAttr(xtensor.IndexMode.CLIP),
        None,
    )
    return sampler.made(term.view, (operand, indices), sampler.attributes(term, drawn))


def _square(sampler: Sampler, term: Apply) -> SSAValue:
    size = sampler.size()
    of = sampler.type(Kind.NUMBER)
    return sampler.term(term.operands[0], tensor_type((size, size), of.element_type))


def _diagonal(sampler: Sampler, term: Apply, want: TensorType | None) -> SSAValue:
    return sampler.made(term.view, (_square(sampler, term),), ())


def _on_diagonal(sampler: Sampler, term: Apply, want: TensorType | None) -> SSAValue:
    value = _square(sampler, term)
    of = type_of(value)
    sampler.attributes(term, ((0, 1),))
    mask = sampler.add(eye(sampler, of.get_shape()))
    zeros = sampler.add(xtensor.ConstantOp(splat(of, 0)))
    return sampler.add(xtensor.SelectNOp(mask, zeros, value))


def eye(sampler: Sampler, shape: Ints) -> xtensor.EqOp:
    """The comparison that is true on the diagonal of a matrix."""
    counts = [
        sampler.add(xtensor.IotaOp(tensor_type(shape, INDEX), dimension)) for dimension in (0, 1)
    ]
    return xtensor.EqOp(*counts)


def _integer_pow(sampler: Sampler, term: Apply, want: TensorType | None) -> SSAValue:
    operand = sampler.term(term.operands[0], want or sampler.type(Kind.NUMBER))
    (y,) = sampler.attributes(term, (sampler.random.choice((1, 2, 3)),))
    op = xtensor.IntegerPowOp(operand, y=xtensor.as_int(y))
    return sampler.add(op)


def _pad(sampler: Sampler, term: Apply, want: TensorType | None) -> SSAValue:
    operand = sampler.term(term.operands[0], want)
    of = type_of(operand)
    value = sampler.term(term.operands[1], tensor_type((), of.element_type))
    drawn = _padding(sampler, [of])
    return sampler.made(term.view, (operand, value), sampler.attributes(term, drawn))


_SPECIAL: Mapping[str, Callable[[Sampler, Apply, TensorType | None], SSAValue]] = {
    "contract": _contract,
    "diagonal": _diagonal,
    "full": _full,
    "integer_pow": _integer_pow,
    "on_diagonal": _on_diagonal,
    "pad": _pad,
    "select_n": _select,
    "take": _take,
}


# --- Instances ------------------------------------------------------------------------------------


def instances(rule: Rule, random: Random, count: int) -> Iterator[ModuleOp]:
    """Yield up to so many functions on which to try a rule, in its one function ``f``.

    Those of an equation return the value of its left-hand side; those of a procedure are what its
    examples make.
    """
    for _ in range(count):
        for _ in range(TRIES):
            sampler = Sampler(random)
            try:
                module = sampler.function(_one(rule, sampler))
                module.verify()
            except (Stuck, VerifyException):
                continue
            yield module
            break


def _one(rule: Rule, sampler: Sampler) -> SSAValue:
    match rule:
        case Equation():
            return sampler.term(rule.rewrite.left)
        case Procedure() if rule.examples is not None:
            return _examples(rule.examples)(sampler)
        case _:
            raise Stuck


def _examples(examples: str | Callable[..., SSAValue]) -> Callable[..., SSAValue]:
    if not isinstance(examples, str):
        return examples
    from xcs.transforms.rules import examples as ours

    return getattr(ours, examples)
