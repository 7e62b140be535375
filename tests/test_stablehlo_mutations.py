"""Programs that are changed in one place: rejected here if and only if upstream rejects them."""

import random
from collections import defaultdict
from collections.abc import Callable

import pytest
from jax.extend.mlir import ir
from stablehlo_corpus import CASES
from stablehlo_mutations import OpText, changed, changed_text, ops_of
from stablehlo_verdicts import verdicts
from test_stablehlo import MODULES, lowered, parse, upstream_context
from xdsl.utils.exceptions import ParseError, VerifyException

from xcs.tools.verifier import verify

STRICTER = {
    "chlo.broadcast_select": "the result's elements are those of the operands",
    "chlo.scan": "what the body returns has the types of the results",
    "stablehlo.bitcast_convert": "elements of one width leave the shape as it is",
    "stablehlo.dynamic_conv": "the result has the shape of a convolution",
    "stablehlo.reduce": "there is an initial value for each input",
    "stablehlo.reduce_window": "there is an initial value for each input",
    "stablehlo.scatter": "there is an update for each input",
}
"""What the specification, or common sense, says of ops and upstream does not check."""

PER_OP = 6
PER_MODULE = 12


def accepts(text: str) -> bool:
    """Whether our parser and verifier take a text."""
    try:
        verify(parse(text), {})
    except (ParseError, VerifyException):
        return False
    return True


def valid_ops() -> dict[str, list[OpText]]:
    """Ops of valid programs, by name."""
    texts = [*MODULES.values(), *map(lowered, sorted(CASES)[::5])]
    found: dict[str, list[OpText]] = defaultdict(list)
    for text in texts:
        for op in ops_of(ir.Module.parse(text, upstream_context())):
            if op not in found[op.name] and len(op.module()) < 4000:
                found[op.name].append(op)
    return found


def changed_ops() -> dict[str, str]:
    """Modules of one changed op, with the op's name."""
    modules: dict[str, str] = {}
    for name, ops in valid_ops().items():
        random_ = random.Random(name)
        for _ in range(PER_OP):
            op = changed(ops[random_.randrange(len(ops))], random_)
            if op is not None:
                modules[op.module()] = name
    return modules


def changed_modules() -> dict[str, str]:
    """Modules of many ops that are changed in one place, with the module's name."""
    modules: dict[str, str] = {}
    for name in ("control", "sdy"):
        random_ = random.Random(name)
        for _ in range(PER_MODULE):
            modules[changed_text(MODULES[name], random_)] = name
    return modules


@pytest.mark.parametrize("make", [changed_ops, changed_modules])
def test_changed_programs_are_rejected_as_upstream_does(
    make: Callable[[], dict[str, str]],
) -> None:
    modules = make()
    theirs = verdicts(list(modules))
    assert any(theirs), "some changes leave a valid program"
    assert not all(theirs), "some changes do not"
    for (text, name), accepted in zip(modules.items(), theirs, strict=True):
        if accepted is None or (accepted and name in STRICTER):
            continue
        assert accepts(text) == accepted, text
