"""Reverse mode while a program runs: arrays that remember how they were computed.

A `TapeArray` stands for an array of the running program. Python sees the array: it can be printed,
compared and converted. JAX sees a tracer, and `TapeTrace` records the pullback of each primitive
that is applied to one. So there is one record for each kernel and each call of a jitted function,
whatever the program does in between: loops, branches, objects, calls on other threads.

Each differentiation has a level. What is differentiated last has the highest, and its records are
of values that may be `TapeArray`s of lower levels; these record the derivative itself.
"""

from __future__ import annotations

import heapq
import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
from jax.core import Trace, Tracer
from jax.extend.core import Primitive, set_current_trace, take_current_trace

MAX_PULLBACKS = 2048
"""Compiled forward passes that are kept, by primitive, parameters and differentiated operands."""

_EAGER = frozenset({"device_put"})
"""Primitives that say where arrays are, which is lost inside of a compiled function."""

_numbers = itertools.count(1)


class Node:
    """One record: what was computed, from which nodes, and how cotangents go back to these.

    `inputs` are (node, which of its outputs). The node of a variable has neither these nor a
    `pullback`. Numbers grow with time, so a node's inputs have smaller ones.
    """

    __slots__ = ("inputs", "number", "outputs", "pullback")

    def __init__(
        self,
        pullback: Any,
        inputs: Sequence[tuple[Node, int]],
        outputs: Sequence[Any],
    ) -> None:
        self.number = next(_numbers)
        self.pullback = pullback
        self.inputs = inputs
        self.outputs = outputs
        """The types of what can be differentiated of its outputs."""

    def __lt__(self, other: Node) -> bool:
        return self.number > other.number  # for a heap that gives the latest first


class TapeTrace(Trace):
    """Records what is computed of `TapeArray`s. All else is computed as `parent` does."""

    def __init__(self, parent: Trace) -> None:
        super().__init__()
        self.parent = parent
        self.last_conversion: str | None = None
        """Where an array was last turned into what has no derivative, for messages."""
        self.met_operators = False
        """Whether any operator was called."""

    def stage_value(self, val: Any) -> Any:
        """A value as one of this trace."""
        return val if isinstance(val, TapeArray) else self.parent.stage_value(val)

    def process_primitive(self, primitive: Any, tracers: Any, params: Any, /) -> Any:
        """Apply a primitive, and record it."""
        return self._applied(primitive, tracers, params, is_cached=primitive.name not in _EAGER)

    # What is called with functions, which are different ones each time.

    def process_call(self, call_primitive: Any, f: Any, tracers: Any, params: Any, /) -> Any:
        """Apply a call of a function."""
        return self._applied(call_primitive, tracers, {**params, "subfuns": (f,)})

    def process_custom_jvp_call(
        self, primitive: Any, fun: Any, jvp: Any, tracers: Any, /, *, symbolic_zeros: bool
    ) -> Any:
        """Apply a function with a tangent rule of its own."""
        params = {"subfuns": (fun, jvp), "symbolic_zeros": symbolic_zeros}
        return self._applied(primitive, tracers, params)

    def process_custom_vjp_call(
        self,
        primitive: Any,
        fun: Any,
        fwd: Any,
        bwd: Any,
        tracers: Any,
        /,
        *,
        out_trees: Any,
        symbolic_zeros: bool,
    ) -> Any:
        """Apply a function with a pullback of its own."""
        params = {
            "subfuns": (fun, fwd, bwd),
            "out_trees": out_trees,
            "symbolic_zeros": symbolic_zeros,
        }
        return self._applied(primitive, tracers, params)

    def process_shard_map(self, primitive: Any, fun: Any, tracers: Any, /, **params: Any) -> Any:
        """Apply a function that is mapped over devices."""
        return self._applied(primitive, tracers, {**params, "subfuns": (fun,)})

    def _applied(
        self, primitive: Primitive, args: Sequence[Any], params: Any, is_cached: bool = False
    ) -> Any:
        level = max((arg.level for arg in args if isinstance(arg, TapeArray)), default=None)
        if not level:
            return self._applied_by_parent(primitive, args, params)
        recorded = tuple(isinstance(arg, TapeArray) and arg.level == level for arg in args)
        variables = [arg for arg, known in zip(args, recorded, strict=True) if known]
        primals = [variable.primal for variable in variables]
        others = [arg for arg, known in zip(args, recorded, strict=True) if not known]
        with set_current_trace(self):
            outputs, pullback = _forward(primitive, params, recorded, is_cached)(primals, others)
        inputs = [(variable.node, variable.output) for variable in variables]
        smooth = [jax.typeof(out) for out in outputs if is_inexact(out)]
        node = Node(pullback, inputs, smooth)
        numbers = itertools.count()
        results = [
            TapeArray(self, out, node, next(numbers), level) if is_inexact(out) else out
            for out in outputs
        ]
        return results if primitive.multiple_results else results[0]

    def _applied_by_parent(self, primitive: Primitive, args: Sequence[Any], params: Any) -> Any:
        args = [arg.primal if isinstance(arg, TapeArray) else arg for arg in args]
        results = _bind(self.parent, primitive, args, params)
        return list(map(self.view, results)) if primitive.multiple_results else self.view(results)

    def view(self, value: Any) -> Any:
        """A tracer of the transformation around as an array, if Python may know its value.

        It records nothing: its level is 0.
        """
        if not is_traced(value) or value.to_concrete_value() is None:
            return value
        return TapeArray(self, value, _NO_NODE, 0, 0)

    def variable(self, value: Any, level: int) -> TapeArray:
        """A value to differentiate by."""
        return TapeArray(self, value, Node(None, (), (jax.typeof(value),)), 0, level)

    def gradients(self, result: TapeArray, variables: Sequence[TapeArray]) -> list[Any]:
        """The derivatives of a single number by variables of its level."""
        with set_current_trace(self):
            sums = _pulled_back(result, jnp.ones_like(result.primal))
            return [
                jnp.zeros_like(v.primal) if (found := sums.get(v.node)) is None else found[0]
                for v in variables
            ]


_NO_NODE = Node(None, (), ())


def new_level() -> int:
    """The level of a differentiation that begins now."""
    return next(_numbers)


def is_inexact(value: Any) -> bool:
    """Whether an array, or its type, may have a derivative."""
    return jnp.issubdtype(jax.typeof(value).dtype, jnp.inexact)


def _bind(trace: Trace, primitive: Any, args: Sequence[Any], params: Any) -> Any:
    avals = tuple(jax.typeof(arg) for arg in args)
    return primitive.bind_with_trace(trace, tuple(args), avals, params)


Forward = Callable[[Sequence[Any], Sequence[Any]], tuple[list[Any], Any]]


def _forward(
    primitive: Primitive, params: dict[str, Any], recorded: tuple[bool, ...], is_cached: bool
) -> Forward:
    """Of recorded operands and the others: the outputs, and the pullback."""
    if is_cached:
        try:
            return _compiled(primitive, tuple(params.items()), recorded)
        except TypeError:  # a parameter has no hash
            pass
    return _differentiated(primitive, params, recorded)


@lru_cache(maxsize=MAX_PULLBACKS)
def _compiled(primitive: Primitive, params: Any, recorded: tuple[bool, ...]) -> Forward:
    return jax.jit(_differentiated(primitive, dict(params), recorded))


def _differentiated(
    primitive: Primitive, params: dict[str, Any], recorded: tuple[bool, ...]
) -> Forward:
    def forward(variables: Sequence[Any], others: Sequence[Any]) -> tuple[list[Any], Any]:
        def apply(*variables: Any) -> tuple[list[Any], list[Any]]:
            one, other = iter(variables), iter(others)
            args = [next(one) if known else next(other) for known in recorded]
            with take_current_trace() as trace, set_current_trace(trace):
                outputs = _bind(trace, primitive, args, params)
            outputs = list(outputs) if primitive.multiple_results else [outputs]
            smooth = [out for out in outputs if is_inexact(out)]
            return smooth, [None if is_inexact(out) else out for out in outputs]

        smooth, pullback, rest = jax.vjp(apply, *variables, has_aux=True)
        found = iter(smooth)
        return [next(found) if out is None else out for out in rest], pullback

    return forward


def _pulled_back(result: TapeArray, cotangent: Any) -> dict[Node, list[Any]]:
    """The cotangents of all nodes that a result comes from, by output."""
    sums: dict[Node, list[Any]] = {result.node: [None] * len(result.node.outputs)}
    sums[result.node][result.output] = cotangent
    heap = [result.node]
    while heap:
        node = heapq.heappop(heap)
        if node.pullback is None:
            continue
        given = [
            jnp.zeros(aval.shape, aval.dtype) if sum_ is None else sum_
            for sum_, aval in zip(sums.pop(node), node.outputs, strict=True)
        ]
        for (source, output), more in zip(node.inputs, _pull(node.pullback, given), strict=True):
            if source not in sums:
                sums[source] = [None] * len(source.outputs)
                heapq.heappush(heap, source)
            known = sums[source][output]
            sums[source][output] = more if known is None else known + more
    return sums


@jax.jit
def _pull(pullback: Any, cotangents: list[Any]) -> Any:
    return pullback(cotangents)


class TapeArray(Tracer):
    """An array that remembers how it was computed.

    For Python it is the array `primal`: what it is converted to has no derivative.
    """

    __slots__ = ("level", "node", "output", "primal")

    def __init__(self, trace: TapeTrace, primal: Any, node: Node, output: int, level: int) -> None:
        super().__init__(trace, jax.typeof(primal))
        self.primal = primal
        self.node, self.output, self.level = node, output, level

    def to_concrete_value(self) -> Any:
        """The array itself; None where an outer transformation has none."""
        primal = self.primal
        return primal.to_concrete_value() if isinstance(primal, Tracer) else primal

    def full_lower(self) -> Any:
        """The tracer itself; none of them is a constant."""
        return self

    def converted(self, what: str) -> Any:
        """The array, and take note that it becomes what has no derivative."""
        value = self.to_concrete_value()
        if value is None:
            return super().__array__()  # raises JAX's own error
        self._trace.last_conversion = f"{what} at {_users_line()}"
        return value

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        return self.converted("became a NumPy array").__array__(*args, **kwargs)

    def __float__(self) -> float:
        return float(self.converted("became a number by float()"))

    def __complex__(self) -> complex:
        return complex(self.converted("became a number by complex()"))

    def __int__(self) -> int:
        return int(self.converted("became a number by int()"))

    def __round__(self, digits: int | None = None) -> Any:
        return jnp.round(self, digits or 0)

    def item(self, *args: Any) -> Any:
        """The number, as a Python number."""
        return self.converted("became a number by item()").item(*args)

    def tolist(self) -> Any:
        """The numbers, as Python lists."""
        return self.converted("became a list by tolist()").tolist()

    def tobytes(self, order: str = "C") -> bytes:
        """The numbers in memory."""
        return self.converted("became bytes").tobytes(order)

    def __repr__(self) -> str:
        return repr(self.converted("became text"))

    def __str__(self) -> str:
        return str(self.converted("became text"))

    def __format__(self, spec: str) -> str:
        return format(self.converted("became text"), spec)

    def __reduce__(self) -> Any:
        return self.converted("was pickled").__reduce__()

    def __copy__(self) -> TapeArray:
        return self

    def __deepcopy__(self, memo: Any) -> TapeArray:
        return self

    def block_until_ready(self) -> TapeArray:
        """Wait for the array."""
        jax.block_until_ready(self.to_concrete_value())
        return self

    def copy_to_host_async(self) -> None:
        """Begin to copy the array."""
        self.converted("was copied").copy_to_host_async()

    @property
    def sharding(self) -> Any:
        """Where the array is."""
        return self.converted("was asked for its sharding").sharding

    @property
    def device(self) -> Any:
        """Where the array is."""
        return self.converted("was asked for its device").device


@contextmanager
def taping() -> Iterator[TapeTrace]:
    """Record what this thread computes of `TapeArray`s in the block."""
    with take_current_trace() as outer:
        trace = outer if isinstance(outer, TapeTrace) else TapeTrace(outer)
        with set_current_trace(trace):
            yield trace


def constants(value: Any) -> Any:
    """A value with the arrays in place of what records them, or traces them with a known value.

    Containers that hold any are made anew. Those that JAX does not look into stay as they are.
    """
    try:
        leaves, tree = jax.tree_util.tree_flatten(value, is_leaf=lambda v: isinstance(v, Iterator))
    except (ValueError, TypeError, RecursionError, SystemError):  # keys of several kinds, a cycle
        return value
    if not any(isinstance(leaf, Tracer) for leaf in leaves):
        return value
    return tree.unflatten(map(_constant, leaves))


def _constant(leaf: Any) -> Any:
    if not isinstance(leaf, Tracer):
        return leaf
    value = leaf.to_concrete_value()
    return leaf if value is None else value


def is_traced(value: Any) -> bool:
    """Whether a value is a tracer whose array is not known to Python."""
    return isinstance(value, Tracer) and not isinstance(value, TapeArray)


def is_taping() -> bool:
    """Whether this thread records what is computed of `TapeArray`s."""
    with take_current_trace() as trace:
        return isinstance(trace, TapeTrace)


def _users_line() -> str:
    """``file:line`` of the code that this was called for."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] in (
        "xcs",
        "jax",
        "numpy",
    ):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"
