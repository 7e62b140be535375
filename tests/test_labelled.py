"""How often the classifier is right about callables of real packages. Row R11.

``pytest -s tests/test_labelled.py`` prints the figures and what the errors are.
"""

import functools
import warnings
import zlib
from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple, get_args

import pytest

from tests.labelled_callables import LABELS, Labelled, labelled
from xcs.frontend.classification import EffectClass
from xcs.frontend.classify import classify

CLASSES: Final[tuple[EffectClass, ...]] = get_args(EffectClass)
REQUIRED: Final = 0.95


class Verdict(NamedTuple):
    """A label, and what the classifier says."""

    callable: Labelled
    effects: EffectClass
    reason: str

    @property
    def right(self) -> bool:
        return self.effects == self.callable.effects

    @property
    def promises_too_much(self) -> bool:
        """An error towards pure: what the program means may be lost."""
        return CLASSES.index(self.effects) < CLASSES.index(self.callable.effects)

    @property
    def held_out(self) -> bool:
        """Of the half whose errors nobody has looked at while the rules were written."""
        return zlib.crc32(self.callable.path.encode()) % 2 == 1


@functools.cache
def verdicts() -> list[Verdict]:
    """Every labelled callable that the installed packages have, asked one by one."""
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for each in labelled():
            try:
                fn = each.load()
            except (ImportError, AttributeError):  # Another version of a package, or none.
                continue
            answer = classify(fn).held()
            found.append(Verdict(each, answer.effects, answer.reason))
    return found


def accuracy(of: Iterable[Verdict]) -> float:
    """The share that is right, where an error towards pure counts as two."""
    found = list(of)
    errors = sum(1 + each.promises_too_much for each in found if not each.right)
    return 1 - errors / len(found)


def report() -> str:
    """The figures as a table, and the errors."""
    matrix = Counter((each.callable.effects, each.effects) for each in verdicts())
    lines = [
        f"{len(verdicts())} callables of {len(LABELS)} packages: {accuracy(verdicts()):.1%}"
        f", held out {accuracy(each for each in verdicts() if each.held_out):.1%}"
    ]
    lines += ["label \\ verdict" + "".join(f"{name:>11}" for name in CLASSES)]
    lines += [
        f"{name:15}" + "".join(f"{matrix[name, verdict]:11}" for verdict in CLASSES)
        for name in CLASSES
    ]
    for package in LABELS:
        own = [each for each in verdicts() if each.callable.package == package]
        if own:
            lines.append(f"{package:24}{sum(each.right for each in own):4} of {len(own)}")
    return "\n".join(lines)


def errors() -> str:
    """What is wrong of the half that may be looked at."""
    return "\n".join(
        f"{each.callable.path} is {each.callable.effects}, said to be {each.effects}: {each.reason}"
        for each in verdicts()
        if not each.right and not each.held_out
    )


def test_the_set_is_large_enough():
    assert len({each.callable.package for each in verdicts()}) >= 15
    assert len(verdicts()) >= 600
    assert len({each.path for each in labelled()}) == len(list(labelled()))


def test_nineteen_of_twenty_are_right():
    print(f"\n{report()}\n{errors()}")
    assert accuracy(verdicts()) >= REQUIRED, report()


def test_no_error_is_towards_pure():
    """More than is asked for, and what makes the others harmless."""
    wrong = [each.callable.path for each in verdicts() if each.promises_too_much]
    assert wrong == []


@pytest.mark.parametrize("effects", CLASSES)
def test_no_class_is_won_at_the_cost_of_another(effects: EffectClass):
    assert accuracy(each for each in verdicts() if each.callable.effects == effects) >= 0.9
