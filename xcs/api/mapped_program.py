"""Mapped functions that call operators: the loop over the elements, as a program.

The program is that of ``[f(*args, **kwargs) for each element]``, with the arguments' structure
written out, so that it does what this loop does. The passes of `pipelines.MAPPED` make it fast.
"""

from __future__ import annotations

import functools
import itertools
import linecache
import types
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from xcs.api.batches import Batch, Listed, Shared, joined
from xcs.api.function import Fallback, Program
from xcs.api.program_function import ProgramFunction
from xcs.frontend.capture.rows import rows
from xcs.runtime import XCSError
from xcs.transforms.analysis.mapped_remarks import mapped_remarks
from xcs.transforms.pipelines import MAPPED


class MappedPrograms:
    """The programs of one mapped function."""

    def __init__(
        self, function: Callable[..., Any], out_axes: Any, return_exceptions: bool = False
    ) -> None:
        self.function = function
        self.name = getattr(function, "__name__", type(function).__name__)
        self.out_axes = out_axes
        self.return_exceptions = return_exceptions
        self._loops: dict[Hashable, Loop] = {}

    def __call__(self, batch: Batch) -> Any:
        """Run the function for all elements of a batch, and put the results together."""
        return joined(self.results(batch), self.out_axes)

    def results(self, batch: Batch) -> Sequence[Any]:
        """What the function gives for each element."""
        if not batch.size:
            return []
        try:
            return self.loop(batch).call(*_operands(batch))
        except NameError as error:
            if "unbound axis name" not in str(error):
                raise
            raise XCSError(
                f"{self.name} uses a collective, which is for array code, but it calls operators: "
                f"map its array parts by themselves ({error})"
            ) from error
        except Exception as error:
            if places := getattr(error, "iterations", ()):
                error.add_note(f"this is the error of element {places[0]}")
            raise

    def loop(self, batch: Batch) -> Loop:
        """The loop over the elements of such batches."""
        structure = batch.structure
        if structure not in self._loops:
            self._loops[structure] = Loop(
                _loop_function(self.function, batch, self.return_exceptions)
            )
        return self._loops[structure]

    def explain(self, batch: Batch) -> list[tuple[int, str]]:
        """What becomes of the function's lines: (line, text), where line 0 is the whole."""
        if not batch.size:
            return []
        loop = self.loop(batch)
        described = loop.described(*_operands(batch))
        program = loop.known_program(described) or loop.program(described, described.key)
        if isinstance(program, Fallback):
            return [(0, "runs as plain Python, for one element after another")]
        return [*mapped_remarks(program.lowered.module), *_native_parts(program)]


class Loop(ProgramFunction):
    """The loop over the elements of a batch, as a jitted function."""

    pipeline = MAPPED


def _native_parts(program: Program) -> Iterator[tuple[int, str]]:
    for part in program.captured.native_parts:
        yield part.line or 0, f"stays plain Python: {part.text}"


# --- a batch as arguments of its loop -------------------------------------------------------------


def _operands(batch: Batch) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of the loop over a batch."""
    pairs = zip(batch.leaves, batch.axes, strict=True)
    return (batch.size, *(_operand(leaf, axis) for leaf, axis in pairs)), {}


def _operand(leaf: Any, axis: int | None) -> Any:
    """What all elements share, the list of their values, or their array along the first axis."""
    if isinstance(leaf, Shared):
        return leaf.value
    if isinstance(leaf, Listed):
        return leaf.values
    library: Any = np if isinstance(leaf, np.ndarray) else jnp
    return library.moveaxis(leaf, axis, 0) if axis else leaf


# --- the loop as Python ---------------------------------------------------------------------------


def _loop_function(
    function: Callable[..., Any], batch: Batch, return_exceptions: bool
) -> types.FunctionType:
    """A Python function of a batch's size and leaves that calls a function for each element.

    With `return_exceptions`, errors are results.
    """
    names = [f"a{number}" for number in range(len(batch.leaves))]
    roles = zip(names, batch.leaves, strict=True)
    mapped = [name for name, leaf in roles if not isinstance(leaf, Shared)]
    elements = iter(f"{name}[i]" if name in mapped else name for name in names)
    namespace: dict[str, Any] = {"function": function, "rows": rows, "__name__": "xcs.vmap"}
    args, kwargs = batch.tree.children()
    positional = [_display(part, elements, namespace) for part in args.children()]
    keywords = zip(kwargs.node_data()[1], kwargs.children(), strict=True)
    named = [f"**{{{k!r}: {_display(part, elements, namespace)}}}" for k, part in keywords]
    call = f"function({', '.join([*positional, *named])})"
    collect = [f"    return [{call} for i in range(size)]"]
    if return_exceptions:
        collect = _KEEPING_ERRORS.format(call=call).splitlines()
    source = "\n".join(
        [
            f"def loop({', '.join(['size', *names])}):",
            *(f"    {name} = rows({name})" for name in mapped),
            *collect,
            "",
        ]
    )
    exec(_code(source), namespace)
    loop = namespace["loop"]
    loop.__qualname__ = f"{getattr(function, '__name__', type(function).__name__)}, mapped"
    return loop


_KEEPING_ERRORS = """\
    results = []
    for i in range(size):
        try:
            result = {call}
        except Exception as error:
            result = error
        results.append(result)
    return results
"""

_numbers = itertools.count()


@functools.lru_cache(maxsize=1024)
def _code(source: str) -> types.CodeType:
    """The code of a generated source, which is kept for whoever asks for its lines."""
    filename = f"<xcs.vmap {next(_numbers)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    return compile(source, filename, "exec")


def _display(tree: Any, leaves: Iterator[str], namespace: dict[str, Any]) -> str:
    """An expression that puts a part of the arguments together."""
    if jax.tree_util.treedef_is_leaf(tree):
        return next(leaves) if tree.num_leaves else "None"
    kind, keys = tree.node_data()
    if kind in (tuple, list, dict):
        parts = [_display(part, leaves, namespace) for part in tree.children()]
        if kind is dict:
            pairs = zip(map(functools.partial(_key, namespace), keys), parts, strict=True)
            return f"{{{', '.join(f'{key}: {part}' for key, part in pairs)}}}"
        listed = "".join(f"{part}, " for part in parts)
        return f"({listed})" if kind is tuple else f"[{listed}]"
    name = f"node{len(namespace)}"
    namespace[name] = functools.partial(jax.tree_util.tree_unflatten, tree)
    return f"{name}([{', '.join(itertools.islice(leaves, tree.num_leaves))}])"


def _key(namespace: dict[str, Any], key: Any) -> str:
    """An expression for the key of a dict."""
    if type(key) in (str, int, bool):
        return repr(key)
    name = f"key{len(namespace)}"
    namespace[name] = key
    return name
