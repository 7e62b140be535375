"""What the pass `vmap` does to each line of a function, for people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from xdsl.dialects import func
from xdsl.dialects.builtin import FileLineColLoc, NameLoc
from xdsl.ir import Operation

from xcs.dialects import xtensor
from xcs.transforms.batching.dependence import Dependence


def array_remarks(function: func.FuncOp, batched: Sequence[bool]) -> Iterator[tuple[int, str]]:
    """What becomes of array code, by line: (line, text), where line 0 is unknown.

    Args:
        function: the function of one element.
        batched: whether each argument has the batch.
    """
    dependence = Dependence(())
    dependence.region(function.body, batched)
    for differs, how in ((True, "batched"), (False, "the same for all elements, computed once")):
        names: dict[int, dict[str, None]] = defaultdict(dict)
        for op in function.body.block.ops:
            depends = any(dependence.of(op.results))
            if _is_array_code(op) and depends == differs:
                names[_line(op)][_name(op)] = None
        for line, found in names.items():
            yield line, f"{how}: {', '.join(found)}"


def _is_array_code(op: Operation) -> bool:
    if isinstance(op, xtensor.ConstantOp):
        return False
    return isinstance(op, func.CallOp) or bool(op.get_traits_of_type(xtensor.OpClass))


def _name(op: Operation) -> str:
    return op.callee.string_value() if isinstance(op, func.CallOp) else op.name.partition(".")[2]


def _line(op: Operation) -> int:
    where = op.location.location if isinstance(op.location, NameLoc) else op.location
    return where.line.data if isinstance(where, FileLineColLoc) else 0
