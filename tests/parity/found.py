"""Calls of JAX's public functions, found by trying: which arguments a function takes, JAX knows.

Each function is offered all forms of calls; those that JAX can compile are the cases. Trying takes
minutes, so what was found is kept in `found.json`: `python -m tests.parity.found` writes it anew,
for functions that JAX has added.
"""

from __future__ import annotations

import inspect
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from tests.parity.case import Case
from tests.parity.forms import FORMS, GROUPS, Form, needs_x64

TABLE = Path(__file__).with_suffix(".json")

MODULES = {
    "jax.numpy": jnp,
    "jax.numpy.linalg": jnp.linalg,
    "jax.numpy.fft": jnp.fft,
    "jax.lax": jax.lax,
    "jax.lax.linalg": jax.lax.linalg,
    "jax.nn": jax.nn,
    "jax.scipy.special": jax.scipy.special,
    "jax.scipy.linalg": jax.scipy.linalg,
    "jax.random": jax.random,
}

NOT_ARRAY_CODE = frozenset(
    # They read or write files, change state, print, or describe dtypes and objects.
    {"load", "save", "savez", "fromfile", "from_dlpack", "frombuffer", "set_printoptions"}
    | {"get_printoptions", "printoptions", "array_repr", "array_str", "can_cast", "issubdtype"}
    | {"iterable", "ndim", "shape", "size", "DotDimensionNumbers"}
    # They call Python functions.
    | {"vectorize", "frompyfunc", "apply_along_axis", "apply_over_axes", "piecewise"}
    # They need several devices or an axis name.
    | {"all_gather", "all_to_all", "axis_index", "axis_size", "pmax", "pmean", "pmin", "ppermute"}
    | {"psum", "psum_scatter", "pshuffle", "pswapaxes", "pcast", "pvary", "pbroadcast"}
)

PER_GROUP = 3
"""How many forms of each group are kept for a function."""


def cases(module: str, *, per_function: int) -> Iterator[Case]:
    """The cases of a module: up to so many for each function, of all kinds."""
    known: dict[str, list[str]] = json.loads(TABLE.read_text())[module]
    for place, (name, forms) in enumerate(known.items()):
        for form in _rotated(forms, place)[:per_function]:
            function = _call(getattr(MODULES[module], name), FORMS[form])
            yield Case(f"{module}.{name}({form})", function, FORMS[form].arrays)


def _call(function: Callable[..., Any], form: Form) -> Callable[..., Any]:
    return lambda *arrays: function(*arrays, *form.args, **form.kwargs)


def _rotated(items: list[str], by: int) -> list[str]:
    by %= len(items)
    return items[by:] + items[:by]


def public_functions(module: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The functions that a module offers."""
    for name in sorted(dir(module)):
        function = getattr(module, name)
        if name.startswith("_") or name in NOT_ARRAY_CODE or inspect.ismodule(function):
            continue
        if callable(function) and not isinstance(function, type):
            yield name, function


def find(module: str) -> dict[str, list[str]]:
    """By function, forms of calls that it takes, some of each group."""
    found: dict[str, list[str]] = {}
    for place, (name, function) in enumerate(public_functions(MODULES[module])):
        forms: list[str] = []
        for group in GROUPS[-1:] if module == "jax.random" else GROUPS[:-1]:
            start = 0 if group is GROUPS[0] else 5 * place
            forms += _taken(function, _rotated(list(group), start))
        if forms:
            found[name] = forms
    return found


def _taken(function: Callable[..., Any], forms: list[str]) -> list[str]:
    """The first forms that a function takes, of which no two mean the same types."""
    taken: dict[Any, str] = {}
    for form in forms:
        signature = _signature(_call(function, FORMS[form]), FORMS[form].arrays)
        if signature is not None:
            taken.setdefault(signature, form)
        if len(taken) == PER_GROUP:
            break
    return list(taken.values())


def _signature(call: Callable[..., Any], arrays: tuple[Any, ...]) -> Any:
    """The types of the arguments and results, and their structure; None if it is no such call."""
    with warnings.catch_warnings(), jax.enable_x64(needs_x64(arrays)):
        warnings.simplefilter("ignore")
        try:
            traced = jax.jit(call).trace(*arrays)
            leaves, structure = jax.tree.flatten(traced.out_info)
            if not leaves or not all(hasattr(leaf, "dtype") for leaf in leaves):
                return None
            traced.lower().compile()  # not all that can be traced is supported
        except Exception:
            return None
    given = tuple(jax.typeof(leaf) for leaf in jax.tree.leaves(arrays))
    return structure, tuple((leaf.shape, leaf.dtype) for leaf in leaves), given


def _text(table: Mapping[str, Mapping[str, list[str]]]) -> str:
    """JSON of one line for each function."""
    modules = []
    for module, functions in table.items():
        lines = (f'  "{name}": {json.dumps(forms)}' for name, forms in functions.items())
        modules.append(f' "{module}": {{\n' + ",\n".join(lines) + "\n }")
    return "{\n" + ",\n".join(modules) + "\n}\n"


if __name__ == "__main__":
    TABLE.write_text(_text({name: find(name) for name in MODULES}))
