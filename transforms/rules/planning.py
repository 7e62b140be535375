"""The cheapest order in which to contract a network, and the ops that do it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from xdsl.dialects.builtin import FixedBitwidthType
from xdsl.ir import SSAValue

from xcs.dialects import xtensor
from xcs.dialects.xtensor.base import real_part, type_of
from xcs.transforms.rules.cost import FUSED, GATHERED, OP, REDUCED, SPREAD, product_cost
from xcs.transforms.rules.labels import Dims, Ints
from xcs.transforms.rules.network import Factor, Network, distinct, elements
from xcs.transforms.rules.views import Emitter, splat, view

MAX_SUBSETS = 600
"""Connected parts of a network to look at, before the search is given up."""


@dataclass(frozen=True)
class Plan:
    """How to compute a part of the network: a factor, or the product of two parts."""

    labels: Ints
    cost: float
    factor: int | None = None
    parts: tuple[Plan, Plan] | None = None


class Planner:
    """Finds the cheapest order by dynamic programming over connected sets of factors.

    The recurrence is that of the matrix chain problem (Godbole 1973), over sets in place of
    intervals. In a chain only intervals are connected, so it costs no more than that.
    """

    def __init__(self, network: Network):
        self._sizes, self._result = network.sizes, network.result
        self._factors = network.factors
        width = real_part(network.element)
        self._width = width.bitwidth / 8 if isinstance(width, FixedBitwidthType) else 4
        tensors = [(i, f) for i, f in enumerate(network.factors) if self._real(f.labels)]
        self.scalars = [i for i, f in enumerate(network.factors) if not self._real(f.labels)]
        self._numbers = [i for i, _ in tensors]
        self._labels = [frozenset(self._real(f.labels)) for _, f in tensors]
        self._order = [self._real(f.labels) for _, f in tensors]
        self._repeats = [len(distinct(f.labels)) < len(f.labels) for _, f in tensors]

    def _real(self, labels: Iterable[int]) -> Ints:
        """Labels of more than one element, each once."""
        return tuple(label for label in dict.fromkeys(labels) if self._sizes[label] != 1)

    def _is_odd(self, factor: Factor) -> bool:
        """Whether a factor is needed on a diagonal that is not the one of a matrix."""
        real = [label for label in factor.labels if self._sizes[label] != 1]
        return len(set(real)) < len(real) and len(real) != 2

    def _needed(self, part: int) -> frozenset[int]:
        """The labels that something outside of a set of factors has."""
        others = (labels for i, labels in enumerate(self._labels) if not part >> i & 1)
        return frozenset(self._result).union(*others)

    def plan(self) -> Plan | None:
        """Return the cheapest plan for all factors that are no scalars; None if there is none."""
        count = len(self._labels)
        if count == 0 or any(self._is_odd(factor) for factor in self._factors):
            return None
        connected = self._connected_sets(count)
        if connected is None:
            return None
        best: dict[int, Plan] = {}
        for part in sorted(connected, key=int.bit_count):
            plan = self._leaf(part) if part.bit_count() == 1 else self._best_split(part, best)
            if plan is not None:
                best[part] = plan
        return self._joined(self._components(count), best)

    def _leaf(self, part: int) -> Plan:
        index = part.bit_length() - 1
        own, needed = self._order[index], self._needed(part)
        kept = tuple(label for label in own if label in needed)
        price = 0.0 if len(kept) == len(own) else OP + elements(self._sizes, own) * REDUCED
        if self._repeats[index]:
            price += 2 * OP + elements(self._sizes, own) * GATHERED
        return Plan(kept, price, factor=self._numbers[index])

    def _best_split(self, part: int, best: Mapping[int, Plan]) -> Plan | None:
        needed = self._needed(part)
        found: Plan | None = None
        left = (part - 1) & part
        lowest = part & -part
        while left:
            # Each split once: the left part is the one with the first factor.
            if left & lowest and left in best and (right := part ^ left) in best:
                plan = self._product(best[left], best[right], needed)
                if found is None or plan.cost < found.cost:
                    found = plan
            left = (left - 1) & part
        return found

    def _product(self, left: Plan, right: Plan, needed: frozenset[int]) -> Plan:
        shared = set(left.labels) & set(right.labels)
        batch = tuple(label for label in left.labels if label in shared and label in needed)
        over = [label for label in left.labels if label in shared and label not in needed]
        lhs = [label for label in left.labels if label not in shared]
        rhs = [label for label in right.labels if label not in shared]
        labels = (*batch, *lhs, *rhs)
        if over and (lhs or rhs):
            batches, rows, columns, length = (
                elements(self._sizes, part) for part in (batch, lhs, rhs, over)
            )
            price = product_cost(batches, rows, columns, length, self._width)
        else:
            whole = elements(self._sizes, (*labels, *over))
            spread = (bool(lhs) + bool(rhs)) * (OP + whole * SPREAD)
            price = whole * (FUSED + (REDUCED if over else 0)) + spread
        return Plan(labels, left.cost + right.cost + price + OP, parts=(left, right))

    # --- Connected sets -----------------------------------------------------------------------

    def _connected_sets(self, count: int) -> set[int] | None:
        """All sets of factors that hang together by shared labels; None if there are too many."""
        adjacent = [
            sum(1 << j for j in range(count) if j != i and self._labels[i] & self._labels[j])
            for i in range(count)
        ]
        found = {1 << i for i in range(count)}
        frontier = list(found)
        while frontier:
            part = frontier.pop()
            around = 0
            for i in range(count):
                if part >> i & 1:
                    around |= adjacent[i]
            around &= ~part
            while around:
                bit = around & -around
                around ^= bit
                if part | bit not in found:
                    found.add(part | bit)
                    frontier.append(part | bit)
                    if len(found) > MAX_SUBSETS:
                        return None
        return found

    def _components(self, count: int) -> list[int]:
        """The largest connected sets: what is between two of them is an outer product."""
        components: list[int] = []
        for i in range(count):
            part = 1 << i
            for other in list(components):
                if any(self._labels[i] & self._labels[j] for j in range(count) if other >> j & 1):
                    components.remove(other)
                    part |= other
            components.append(part)
        return components

    def _joined(self, components: Sequence[int], best: Mapping[int, Plan]) -> Plan | None:
        if any(part not in best for part in components):
            return None
        plan, done = best[components[0]], components[0]
        for part in sorted(components[1:], key=lambda p: elements(self._sizes, best[p].labels)):
            done |= part
            plan = self._product(plan, best[part], self._needed(done))
        return plan


# --- Ops ------------------------------------------------------------------------------------------


class Contractor:
    """Makes the ops of a plan."""

    def __init__(self, network: Network, emit: Emitter):
        self._network, self._emit = network, emit
        self._sizes = network.sizes

    def result(self, planner: Planner, plan: Plan) -> SSAValue:
        """Return the network's value, with the result's labels in their order."""
        scale = self._scale(planner)
        smallest = self._smallest(plan) if scale is not None else None
        made = self._made(plan, smallest, scale, self._network.result)
        if scale is not None and smallest is plan:
            made = self._scaled(made, scale)
        return self._as_result(made)

    def _scale(self, planner: Planner) -> SSAValue | None:
        """The product of the scalars, and of the sizes that nothing but broadcasts is summed of."""
        network = self._network
        scale: SSAValue | None = None
        for index in planner.scalars:
            value = self._reshaped(network.factors[index].value, ())
            scale = value if scale is None else self._emit(xtensor.MulOp(scale, value))
        present = {label for factor in network.factors for label in factor.labels}
        repeated = elements(self._sizes, network.summed() - present)
        if repeated != 1:
            scalar = xtensor.tensor_type((), network.element)
            times = self._emit(xtensor.ConstantOp(splat(scalar, repeated)))
            scale = times if scale is None else self._emit(xtensor.MulOp(scale, times))
        return scale

    def _smallest(self, plan: Plan) -> Plan:
        """The part of a plan with the fewest elements: that is where to scale."""
        parts = [plan]
        for part in parts:
            parts.extend(part.parts or ())
        return min(parts, key=lambda part: elements(self._sizes, part.labels))

    def _made(
        self,
        plan: Plan,
        scaled: Plan | None,
        scale: SSAValue | None,
        wanted: Ints,
        *,
        inner: bool = False,
    ) -> Factor:
        """Make a part of the plan; `wanted` is the order of labels that its user reads best."""
        if plan.parts is None:
            assert plan.factor is not None
            made = self._leaf(self._network.factors[plan.factor], plan.labels)
        else:
            left, right = (
                self._made(part, scaled, scale, order, inner=True)
                for part, order in zip(plan.parts, self._orders(plan, wanted), strict=True)
            )
            made = self._product(left, right, plan.labels, wanted)
        if inner and plan is scaled and scale is not None:
            return self._scaled(made, scale)
        return made

    def _orders(self, plan: Plan, wanted: Ints) -> tuple[Ints, Ints]:
        """The orders of both parts' labels with which their product is read fastest."""
        assert plan.parts is not None
        left, right = plan.parts
        candidates = [
            (one, other)
            for one in self._possible_orders(left, right, plan.labels)
            for other in self._possible_orders(right, left, plan.labels)
        ]

        def price(pair: tuple[Ints, Ints]) -> float:
            one, other = pair
            return min(
                self._reading(one, other, plan.labels, wanted),
                self._reading(other, one, plan.labels, wanted),
            )

        return min(candidates, key=price)

    def _possible_orders(self, part: Plan, other: Plan, labels: Ints) -> list[Ints]:
        if part.factor is not None:
            return [tuple(label for label in self._own(part.factor) if label in part.labels)]
        batch = [n for n in part.labels if n in other.labels and n in labels]
        over = [n for n in part.labels if n in other.labels and n not in labels]
        free = [n for n in part.labels if n not in other.labels]
        return [(*batch, *free, *over), (*batch, *over, *free)]

    def _own(self, factor: int) -> Ints:
        return distinct(self._network.factors[factor].labels)

    def _scaled(self, factor: Factor, scale: SSAValue) -> Factor:
        shape = type_of(factor.value).get_shape()
        spread = self._emit(xtensor.BroadcastInDimOp(scale, shape)) if shape else scale
        return replace(factor, value=self._emit(xtensor.MulOp(spread, factor.value)))

    def _leaf(self, factor: Factor, kept: Ints) -> Factor:
        """A factor without dimensions of one element, repeated labels, and labels of its own."""
        labels = tuple(label for label in factor.labels if self._sizes[label] != 1)
        value = self._reshaped(factor.value, [self._sizes[label] for label in labels])
        if len(distinct(labels)) < len(labels):
            build = view("diagonal").build
            assert build is not None
            value = build(self._emit, [value], ())
            labels = distinct(labels)
        axes = [dim for dim, label in enumerate(labels) if label not in kept]
        if axes:
            value = self._emit(xtensor.ReduceSumOp(value, axes))
        return Factor(value, tuple(label for label in labels if label in kept))

    def _product(self, left: Factor, right: Factor, labels: Ints, wanted: Ints) -> Factor:
        shared = set(left.labels) & set(right.labels)
        over = [label for label in left.labels if label in shared and label not in labels]
        if over and set(left.labels) != set(right.labels):
            return self._contracted(left, right, labels, wanted)
        whole = self._whole(left, right, wanted)
        value = self._emit(xtensor.MulOp(self._spread(left, whole), self._spread(right, whole)))
        axes = [dim for dim, label in enumerate(whole) if label in over]
        if axes:
            value = self._emit(xtensor.ReduceSumOp(value, axes))
        return Factor(value, tuple(label for label in whole if label not in over))

    def _whole(self, left: Factor, right: Factor, wanted: Ints) -> Ints:
        every = distinct((*left.labels, *right.labels))
        first = [label for label in wanted if label in every]
        return (*first, *(label for label in every if label not in first))

    def _contracted(self, left: Factor, right: Factor, labels: Ints, wanted: Ints) -> Factor:
        """A product, with the operands in the order that is read fastest."""
        if set(left.labels) <= set(right.labels):
            # Vectors come second, so that equal products are seen to be equal.
            left, right = right, left
        orders = [(left, right), (right, left)]
        if set(right.labels) <= set(left.labels):
            orders = orders[:1]
        first, second = min(
            orders, key=lambda pair: self._reading(pair[0].labels, pair[1].labels, labels, wanted)
        )
        dims, made = self._dims(first.labels, second.labels, labels)
        return Factor(self._emit(dims.op(first.value, second.value)), made)

    def _reading(self, lhs: Ints, rhs: Ints, labels: Ints, wanted: Ints) -> float:
        """Nanoseconds that a product takes longer, because of how its operands are laid out.

        Measured on XLA's CPU backend: a left operand is slow to read where its last dimension is
        not summed over, and a right one then, too, where its first is not. A transpose of the
        result does not help: XLA makes it a product of the operands in the other order.
        """
        dims, made = self._dims(lhs, rhs, labels)
        if not dims.lhs_contracting:
            return 0.0
        left = dims.lhs_contracting[-1] != len(lhs) - 1
        right = dims.rhs_contracting[0] != len(dims.rhs_batch)
        price = 1.1 * left * elements(self._sizes, lhs)
        price += right * (1.1 if left else 0.1) * elements(self._sizes, rhs)
        if made != tuple(label for label in wanted if label in labels):
            price += 1.1 * (elements(self._sizes, lhs) + elements(self._sizes, rhs))
        return price

    def _dims(self, lhs: Ints, rhs: Ints, labels: Ints) -> tuple[Dims, Ints]:
        """The attribute of a product of operands with these labels, and the result's labels."""
        shared = [label for label in lhs if label in rhs]
        batch = [label for label in shared if label in labels]
        over = [label for label in shared if label not in labels]
        known = self._network.arithmetic
        dims = Dims(
            tuple(map(lhs.index, batch)),
            tuple(map(rhs.index, batch)),
            tuple(map(lhs.index, over)),
            tuple(map(rhs.index, over)),
            self._network.element,
            known.precision if known is not None else None,
        )
        free = [label for side in (lhs, rhs) for label in side if label not in shared]
        return dims, (*batch, *free)

    # --- Shapes -------------------------------------------------------------------------------

    def _reshaped(self, value: SSAValue, shape: Sequence[int]) -> SSAValue:
        if type_of(value).get_shape() == tuple(shape):
            return value
        return self._emit(xtensor.ReshapeOp(value, shape))

    def _spread(self, factor: Factor, labels: Ints) -> SSAValue:
        """A factor's value with these labels in their order, repeated along those it lacks."""
        order = [label for label in labels if label in factor.labels]
        value = factor.value
        if tuple(order) != factor.labels:
            value = self._emit(xtensor.TransposeOp(value, map(factor.labels.index, order)))
        if len(order) == len(labels):
            return value
        shape = [self._sizes[label] for label in labels]
        return self._emit(xtensor.BroadcastInDimOp(value, shape, map(labels.index, order)))

    def _as_result(self, factor: Factor) -> SSAValue:
        labels = self._network.result
        real = tuple(label for label in labels if self._sizes[label] != 1)
        value = self._spread(factor, real)
        return self._reshaped(value, [self._sizes[label] for label in labels])
