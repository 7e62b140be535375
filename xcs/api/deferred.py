"""Array code whose shapes are known only when it is launched: specialised then, once per shape."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
from jax.core import ShapedArray
from jax.extend.core import ClosedJaxpr, jaxpr_as_fun
from xdsl.dialects import func
from xdsl.ir import Operation, SSAValue

from xcs.api.config import RuleSet
from xcs.dialects import orch
from xcs.frontend.abstract_values import is_constant
from xcs.frontend.arguments import (
    MAX_NUMBERS,
    NUMBERS,
    AbstractArray,
    array_spec,
    too_many_numbers,
)
from xcs.frontend.jaxpr_import import UnsupportedJaxpr, primitives_in
from xcs.kernels import Kernel
from xcs.runtime.host import compile_host
from xcs.runtime.stacks import Stack
from xcs.transforms.batching import BatchingError

_log = logging.getLogger("xcs")

MAX_SPECIALISATIONS = 64
MAX_BY_VALUE = 16
"""Specialisations of one kernel for the values of integers."""


@dataclass(frozen=True)
class _Traced:
    """A trace of the function, for values of given kinds."""

    jaxpr: ClosedJaxpr
    tree: Any
    """The structure of the list of results."""
    static: list[tuple[Any] | None]
    """The leaves of the results that are no arrays, each in a tuple."""

    def leaves(self, arrays: Sequence[Any]) -> list[Any]:
        """The leaves of the results, for the arrays that come out."""
        rest = iter(arrays)
        return [next(rest) if known is None else known[0] for known in self.static]

    def results(self, arrays: Sequence[Any]) -> list[Any]:
        """The results, made of the arrays that come out."""
        return list(jax.tree_util.tree_unflatten(self.tree, self.leaves(arrays)))

    def columns(self, arrays: Sequence[Any], size: int) -> list[Sequence[Any]]:
        """Each result for all elements of a batch, whose elements are the arrays' rows."""
        leaves = iter(zip(self.leaves(arrays), self.static, strict=True))
        return [
            _column(part, [next(leaves) for _ in range(part.num_leaves)], size)
            for part in self.tree.children()
        ]


def _column(tree: Any, leaves: list[tuple[Any, Any]], size: int) -> Sequence[Any]:
    parts = [Stack(leaf) if known is None else [leaf] * size for leaf, known in leaves]
    if jax.tree_util.treedef_is_leaf(tree) and parts:
        return parts[0]
    return [tree.unflatten([part[i] for part in parts]) for i in range(size)]


@dataclass(frozen=True)
class _Specialised:
    """The function, compiled for values of given kinds."""

    traced: _Traced
    run: Callable[..., Sequence[Any]]
    """Takes the traced leaves."""
    kernel: Kernel | None
    by_value: bool
    """Whether it is for these values of integers."""


class GivesObjects(Exception):
    """The function gives new objects, such as the functions that `jax.vmap` makes of others.

    What they hold would be the trace's; and to make them is no work for a kernel.
    """


class DeferredKernel:
    """A function of array calls on Python values.

    Called on values, it traces the function for their shapes and dtypes, compiles the trace like
    any other kernel, and keeps it for the next values of the same shapes. If that fails because an
    integer is a shape or an axis, the kernel is specialised for the values of integers from then
    on. Values that array code cannot be traced on run as plain JAX calls, as Python would run them.
    """

    def __init__(
        self,
        function: func.FuncOp,
        objects: Mapping[str, Any],
        operators: Mapping[str, Any],
        rules: RuleSet = "exact",
    ):
        self.name = function.sym_name.data
        self._rules: RuleSet = rules
        self._evaluate = _Evaluator(function, objects, operators)
        self.report: Callable[[str], None] = lambda _: None
        """Is told why the function runs as plain JAX calls, for some values."""
        self._refusal: str | None = f"@{self.name} takes values that have no hash"
        self._lock = threading.Lock()
        self._cache: OrderedDict[Hashable, _Specialised | None] = OrderedDict()
        self._by_value = False
        self._unsettled = False
        """Whether the values of integers are ever new ones, so that specialising does not pay."""

    def __call__(self, *args: Any) -> Sequence[Any]:
        """The kernel's results on these values."""
        args = (*args, *self._evaluate.arrays)
        leaves, tree = jax.tree_util.tree_flatten(args)
        found = self._lookup(leaves, tree)
        if found is None:
            results = self._evaluate(args)
            if self._refusal is not None:
                self.report(self._refusal)  # only now, as what fails has an error to say so
            return results
        return found.traced.results(found.run(*filter(_traced_by(found.by_value), leaves)))

    def batched(self, args: Sequence[Any], over: Sequence[int]) -> list[Sequence[Any]] | None:
        """Each result for all elements of a batch; None if they have to be computed one by one.

        The arguments at the positions `over` are sequences of the elements' arguments.
        """
        stacks = {position: args[position] for position in over}
        sizes = set(map(len, stacks.values()))
        if len(sizes) != 1 or not all(isinstance(s, Stack) for s in stacks.values()):
            return None
        (size,) = sizes
        try:
            of_one = [_row(stacks[i]) if i in stacks else arg for i, arg in enumerate(args)]
        except TypeError:  # a NumPy array of what JAX has no arrays of
            return None
        leaves, tree = jax.tree_util.tree_flatten((*of_one, *self._evaluate.arrays))
        found = self._lookup(leaves, tree, size)
        if found is None:
            return None
        rows = (stack.array for stack in stacks.values())
        arrays = (next(rows) if isinstance(v, AbstractArray) else v for v in leaves)
        try:
            return found.traced.columns(
                found.run(*filter(_traced_by(found.by_value), arrays)), size
            )
        except Exception as error:  # which element fails, and how, shows one by one
            _log.info("@%s runs for one element after another: %r", self.name, error)
            return None

    def types_of(self, *args: Any) -> list[Any] | None:
        """Specialise for these values, without running; gives the types of the results.

        In place of an array there may be an `AbstractArray`. None if the kernel cannot be traced.
        """
        leaves, tree = jax.tree_util.tree_flatten((*args, *self._evaluate.arrays))
        found = self._lookup(leaves, tree)
        if found is None or found.kernel is None:
            return None
        return found.traced.results(list(map(AbstractArray, found.kernel.out_avals)))

    def specialised(self) -> list[Kernel]:
        """The kernels made so far, one for each kind of values."""
        with self._lock:
            found = [entry for entry in self._cache.values() if entry is not None]
        return [entry.kernel for entry in found if entry.kernel is not None]

    def _lookup(self, leaves: list[Any], tree: Any, size: int | None = None) -> _Specialised | None:
        """What there is for such values; None where they are computed by plain JAX calls."""
        if too_many_numbers(leaves):
            self._refusal = f"@{self.name} takes more than {MAX_NUMBERS} numbers one by one"
            return None
        found = self._kept(leaves, tree, size, self._by_value)
        has_integers = any(type(leaf) is int for leaf in leaves)
        if found is None and has_integers and not (self._by_value or self._unsettled):
            # An integer may be a shape or an axis, of which only the value will do.
            found = self._kept(leaves, tree, size, True)
            self._by_value = found is not None and not self._unsettled
        return found

    def _kept(
        self, leaves: list[Any], tree: Any, size: int | None, by_value: bool
    ) -> _Specialised | None:
        batched = size is not None and [isinstance(leaf, AbstractArray) for leaf in leaves]
        kinds = (_leaf_key(leaf, by_value) for leaf in leaves)
        try:
            key = (tree, size, by_value, *(batched or ()), *kinds)
        except TypeError:  # a value without a hash has no place in the cache
            return None
        with self._lock:
            if key in self._cache:
                self._cache.move_to_end(key)
                return self._cache[key]
        found = self._specialise(leaves, tree, by_value, size)
        with self._lock:
            self._cache[key] = found
            if sum(map(_is_by_value, self._cache.values())) > MAX_BY_VALUE:
                self._by_value, self._unsettled = False, True
            if len(self._cache) > MAX_SPECIALISATIONS:
                self._cache.popitem(last=False)
        return found

    def _specialise(
        self, leaves: list[Any], tree: Any, by_value: bool, size: int | None = None
    ) -> _Specialised | None:
        """Trace and compile for these kinds of values; None where tracing is not possible.

        With a `size`, for a batch of so many elements: an abstract leaf stands for its rows.
        """
        from xcs.api.array_program import PLACING

        try:
            traced = self._trace(leaves, tree, by_value)
        except GivesObjects:
            self._refusal = None
            return None
        except Exception as error:
            # Plain evaluation gives the result, or raises the error when and where Python would.
            self._refusal = f"@{self.name} cannot be traced: {error!r}"[:300]
            return None
        if size is not None:
            return self._batch(traced, leaves, by_value, size)
        from xcs.api.pipeline import kernel_of_jaxpr

        try:
            if placed := PLACING & primitives_in(traced.jaxpr):
                raise UnsupportedJaxpr(f"{', '.join(sorted(placed))} names devices")
            kernel, constants = kernel_of_jaxpr(traced.jaxpr, self.name, self._rules)
        except UnsupportedJaxpr as error:
            _log.info("@%s runs as JAX traced it: %s", self.name, error)
            return _Specialised(traced, jax.jit(jaxpr_as_fun(traced.jaxpr)), None, by_value)
        return _Specialised(traced, partial(kernel.executable, *constants), kernel, by_value)

    def _batch(
        self, traced: _Traced, leaves: list[Any], by_value: bool, size: int
    ) -> _Specialised | None:
        """Compile for a batch: by our own pass, and by JAX where that has no rule."""
        from xcs.api.mapped_kernel import Mapping as Batching
        from xcs.api.mapped_kernel import mapped_kernel

        if traced.jaxpr.effects:
            return None
        axes = [
            0 if isinstance(leaf, AbstractArray) else None
            for leaf in filter(_traced_by(by_value), leaves)
        ]
        batching = Batching(size, axes, [0] * len(traced.jaxpr.out_avals))
        try:
            kernel, constants = mapped_kernel(traced.jaxpr, self.name, batching)
        except (UnsupportedJaxpr, BatchingError) as error:
            _log.info("@%s is mapped by jax.vmap: %s", self.name, error)
            return _Specialised(
                traced, jax.jit(partial(batching.by_jax, traced.jaxpr)), None, by_value
            )
        return _Specialised(traced, partial(kernel.executable, *constants), kernel, by_value)

    def _trace(self, leaves: list[Any], tree: Any, by_value: bool) -> _Traced:
        """Trace the function for these kinds of values. Raises what it raises on tracers."""
        found: list[Any] = []
        is_traced = _traced_by(by_value)

        def traced(*arrays: Any) -> list[Any]:
            rest = iter(arrays)
            values = [next(rest) if is_traced(leaf) else leaf for leaf in leaves]
            results, out_tree = jax.tree_util.tree_flatten(
                self._evaluate(jax.tree_util.tree_unflatten(tree, values))
            )
            given = {id(value) for value in values}
            if any(not (_is_array(r) or id(r) in given or is_constant(r)) for r in results):
                raise GivesObjects
            found[:] = out_tree, [None if _is_array(r) else (r,) for r in results]
            return [r for r in results if _is_array(r)]

        specs = [
            array_spec(leaf) if _is_array(leaf) else leaf for leaf in leaves if is_traced(leaf)
        ]
        jaxpr = jax.make_jaxpr(traced)(*specs)
        return _Traced(jaxpr, *found)


def _row(stack: Stack) -> AbstractArray:
    """What is known of a stack's elements."""
    spec = array_spec(stack.array)
    return AbstractArray(ShapedArray(spec.shape[1:], spec.dtype, weak_type=spec.weak_type))


def _traced_by(by_value: bool) -> Callable[[Any], bool]:
    """Which leaves are traced."""
    return _is_data if by_value else _is_traced


def _is_array(value: Any) -> bool:
    return isinstance(value, jax.Array | np.ndarray | np.generic | AbstractArray)


def _is_traced(value: Any) -> bool:
    return _is_array(value) or type(value) in NUMBERS


def _is_data(value: Any) -> bool:
    """Whether the value is traced where integers are not."""
    return _is_traced(value) and type(value) is not int


def _is_by_value(found: _Specialised | None) -> bool:
    return found is not None and found.by_value


def _leaf_key(leaf: Any, by_value: bool) -> Hashable:
    if _is_array(leaf):
        spec = array_spec(leaf)
        return (spec.shape, spec.dtype, spec.weak_type)
    if type(leaf) in NUMBERS and not (by_value and type(leaf) is int):
        return type(leaf)
    hash(leaf)
    return (type(leaf), leaf)


class _Evaluator:
    """Runs the ops of an outlined function one after another, on arrays or on tracers."""

    def __init__(
        self, function: func.FuncOp, objects: Mapping[str, Any], operators: Mapping[str, Any]
    ):
        block = function.body.block
        self._slots: dict[SSAValue, int] = {}
        for argument in block.args:
            self._slots[argument] = len(self._slots)
        # Arrays that the code refers to are arguments too: a NumPy array may change in place, and
        # a large one belongs into no kernel's text.
        self.arrays: list[Any] = []
        for op in block.ops:
            if isinstance(op, orch.ConstantOp) and _is_array(value := _constant(op, objects)):
                self.arrays.append(value)
                self._slots[op.result] = len(self._slots)
        self._steps: list[tuple[Callable[..., Any], tuple[int, ...], int]] = []
        for op in block.ops:
            if isinstance(op, func.ReturnOp):
                self._results = tuple(self._slots[v] for v in op.arguments)
                continue
            if op.results[0] in self._slots:
                continue
            operands = tuple(self._slots[v] for v in op.operands)
            step = _step(op, objects, operators)
            self._slots[op.results[0]] = len(self._slots)
            self._steps.append((step, operands, self._slots[op.results[0]]))

    def __call__(self, args: Sequence[Any]) -> list[Any]:
        values = [*args, *(None for _ in range(len(self._slots) - len(args)))]
        for function, operands, result in self._steps:
            values[result] = function(*(values[slot] for slot in operands))
        return [values[slot] for slot in self._results]


def _constant(op: orch.ConstantOp, objects: Mapping[str, Any]) -> Any:
    if isinstance(op.value, orch.RefAttr):
        return objects[op.value.key.data]
    return orch.literal_value(op.value)


def _step(
    op: Operation, objects: Mapping[str, Any], operators: Mapping[str, Any]
) -> Callable[..., Any]:
    """One op as a function of its operands' values."""
    match op:
        case orch.CallOp():
            return _call_step(op, operators[op.callee.root_reference.data])
        case orch.HostOp():
            scope = objects[op.scope.key.data] if op.scope is not None else None
            outs = None if op.out_names is None else [name.data for name in op.out_names]
            host = compile_host(
                op.source.data, op.argument_names(), outs, scope, f"<{op.source.data}>", ()
            )
            return host if outs is None else lambda *values: host(*values)[0]
        case orch.ConstantOp():
            value = _constant(op, objects)
            return lambda: value
        case orch.GetItemOp():
            return lambda container, index: container[index]
        case orch.GetAttrOp():
            name = op.attribute.data
            return lambda value: getattr(value, name)
        case orch.TupleOp():
            return lambda *elements: tuple(elements)
        case orch.ListOp():
            return lambda *elements: list(elements)
        case orch.AsTensorOp():
            return lambda value: value
        case orch.StackOp():
            return lambda values: jax.numpy.stack(values)
        case orch.UnstackOp():
            return lambda value: list(value)
    raise NotImplementedError(f"{op.name} in a kernel that is specialised at launch")


def _call_step(op: orch.CallOp, function: Callable[..., Any]) -> Callable[..., Any]:
    keywords = op.keyword_names()
    starred = op.starred_positions()
    count = len(op.arguments) - len(keywords)
    if not keywords and not starred:
        return function

    def call(*values: Any) -> Any:
        positional: list[Any] = []
        for position, value in enumerate(values[:count]):
            positional.extend(value) if position in starred else positional.append(value)
        named: dict[str, Any] = {}
        for name, value in zip(keywords, values[count:], strict=True):
            named.update(value) if name == "**" else named.update({name: value})
        return function(*positional, **named)

    return call
