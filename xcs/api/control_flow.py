"""Control flow as functions: `scan`, `cond`, `while_loop`, `fori_loop` and `map`, with operators.

Of array code they are JAX's, and a loop is one kernel. If a function that they are given calls
operators, they are Python's loops and branches. These are programs: capture looks into them, and
calls of different steps overlap as far as the carried state allows.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jax

from xcs.api.array_program import has_tracer
from xcs.api.program_function import ProgramFunction
from xcs.api.steps import collected, elements_of
from xcs.frontend.arguments import is_array_tree, leaf_key
from xcs.frontend.classify import classify
from xcs.frontend.source import looked_into

looked_into.add(__file__)


@dataclass(frozen=True)
class Control:
    """What a function of this module is, for capture: of array code, and of all else.

    The first `functions` parameters after the first `before` are functions.
    """

    by_jax: Callable[..., Any]
    program: Callable[..., Any]
    functions: int = 1
    before: int = 0

    def given(self, args: Sequence[Any]) -> Sequence[Any]:
        """The functions among positional arguments."""
        return args[self.before : self.before + self.functions]


def _is_array_code(functions: Sequence[Any], values: Any) -> bool:
    """Whether JAX is to run them: nothing calls operators, and all data are arrays."""
    if has_tracer(values):
        return True
    return is_array_tree(values) and not any(calls_operators(function) for function in functions)


def calls_operators(function: Any) -> bool:
    """Whether a function may call operators, by its source."""
    return "operator" in classify(function).reaches


MAX_FUNCTIONS = 256
_functions: OrderedDict[Any, Any] = OrderedDict()


def _known(function: Any) -> Any:
    """A function that does the same and was here before, as a lambda in a loop was."""
    key = leaf_key(function)
    known = _functions.get(key)
    if known is not None and leaf_key(known) == key:
        return known
    _functions[key] = function
    if len(_functions) > MAX_FUNCTIONS:
        _functions.popitem(last=False)
    return function


# --- what users call ------------------------------------------------------------------------------


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[Any, Any]:
    """Carry a state through the steps of a sequence, as `jax.lax.scan` does.

    If `f` is array code, this is `jax.lax.scan`. If it calls operators, or the state or the
    sequence hold anything but arrays, each step is a call of Python's: the state may be of any
    kind, also a different one after each step.

    Args:
        f: takes the state and an element of `xs`, and gives the next state and a result.
        init: the first state.
        xs: arrays, or containers of them, whose first axis is gone along; a list or tuple that
            holds anything else is a list of the elements.
        length: how many steps there are; needed where there is no `xs`.
        reverse: whether to begin at the end. Results stand where their elements do.
        unroll: how many steps of array code are one iteration of the compiled loop.

    Returns:
        The last state, and the results together: arrays stacked, all else in lists.

    Raises:
        ValueError: if there is no length, or there are several.
        TypeError: if something in `xs` has no elements; what `jax.lax.scan` raises.
    """
    if _is_array_code((f,), (init, xs)):
        return jax.lax.scan(f, init, xs, length, reverse, unroll)
    return _RUN[_scan](_known(f), init, xs, length, reverse, unroll)


def map(f: Callable[[Any], Any], xs: Any, *, batch_size: int | None = None) -> Any:
    """The results of a function for each element, as `jax.lax.map` gives them.

    `xs` and the result are as those of `scan`. Calls of operators for different elements overlap.
    `batch_size` is for array code: how many elements are computed at once.
    """
    if _is_array_code((f,), xs):
        return jax.lax.map(f, xs, batch_size=batch_size)
    return _RUN[_map](_known(f), xs, batch_size=batch_size)


def fori_loop(
    lower: Any,
    upper: Any,
    body_fun: Callable[[Any, Any], Any],
    init_val: Any,
    *,
    unroll: int | bool | None = None,
) -> Any:
    """Apply ``body_fun(i, value)`` for each `i` from `lower` up to, not including, `upper`.

    If `body_fun` is array code and `init_val` holds arrays, this is `jax.lax.fori_loop`.
    """
    if _is_array_code((body_fun,), (lower, upper, init_val)):
        return jax.lax.fori_loop(lower, upper, body_fun, init_val, unroll=unroll)
    return _RUN[_fori_loop](lower, upper, _known(body_fun), init_val, unroll=unroll)


def while_loop(
    cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], Any], init_val: Any
) -> Any:
    """Apply `body_fun` to a value as long as `cond_fun` says so of it.

    If both are array code and `init_val` holds arrays, this is `jax.lax.while_loop`.
    """
    if _is_array_code((cond_fun, body_fun), init_val):
        return jax.lax.while_loop(cond_fun, body_fun, init_val)
    return _RUN[_while_loop](_known(cond_fun), _known(body_fun), init_val)


def cond(
    pred: Any, true_fun: Callable[..., Any], false_fun: Callable[..., Any], *operands: Any
) -> Any:
    """``true_fun(*operands)`` if `pred` is true, else ``false_fun(*operands)``.

    If both are array code and the operands hold arrays, this is `jax.lax.cond`. Else only the
    chosen function is called, and the results may be of different kinds.
    """
    if _is_array_code((true_fun, false_fun), (pred, operands)):
        return jax.lax.cond(pred, true_fun, false_fun, *operands)
    return _RUN[_cond](pred, _known(true_fun), _known(false_fun), *operands)


# --- as Python ------------------------------------------------------------------------------------


def _scan(
    f: Any, init: Any, xs: Any = None, length: Any = None, reverse: Any = False, unroll: Any = 1
) -> Any:
    carry = init
    results = []
    for element in elements_of(xs, length, reverse):
        carry, result = f(carry, element)
        results.append(result)
    return carry, collected(results, reverse)


def _map(f: Any, xs: Any, *, batch_size: Any = None) -> Any:
    return collected([f(element) for element in elements_of(xs, None, False)], False)


def _fori_loop(lower: Any, upper: Any, body_fun: Any, init_val: Any, *, unroll: Any = None) -> Any:
    value = init_val
    for i in range(int(lower), int(upper)):
        value = body_fun(i, value)
    return value


def _while_loop(cond_fun: Any, body_fun: Any, init_val: Any) -> Any:
    value = init_val
    while cond_fun(value):
        value = body_fun(value)
    return value


def _cond(pred: Any, true_fun: Any, false_fun: Any, *operands: Any) -> Any:
    if pred:
        return true_fun(*operands)
    return false_fun(*operands)


scan.__xcs_control__ = Control(jax.lax.scan, _scan)  # type: ignore[attr-defined]
map.__xcs_control__ = Control(jax.lax.map, _map)  # type: ignore[attr-defined]
cond.__xcs_control__ = Control(jax.lax.cond, _cond, 2, 1)  # type: ignore[attr-defined]
fori_loop.__xcs_control__ = Control(jax.lax.fori_loop, _fori_loop, 1, 2)  # type: ignore[attr-defined]
while_loop.__xcs_control__ = Control(jax.lax.while_loop, _while_loop, 2)  # type: ignore[attr-defined]

_RUN = {
    program: ProgramFunction(program).front.function
    for program in (_scan, _map, _fori_loop, _while_loop, _cond)
}
"""What runs each as a program."""
