"""Options of a jitted function, checked where they are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from xcs.frontend.analysis.resources import Policy
from xcs.runtime import XCSError


class ConfigError(XCSError, ValueError):
    """An option has a value that makes no sense; the message says which and what was expected."""


RuleSet: TypeAlias = Literal["exact", "algebraic", "finite"]
"""Which rules array code may be rewritten by."""


@dataclass(frozen=True)
class Config:
    """How a jitted function is compiled and run.

    Attributes:
        max_workers: operators that may run at once, over the whole tree of nested runs. None takes
            the engine's default.
        effects: "default" lets calls that accumulate into a captured list, log or sleep run out of
            order; "strict" keeps them in program order.
        console: "held" shows what calls write to the console and to logs in program order, in
            whichever order they run; "direct" shows it at once, and keeps the order of calls that
            print and are not declared.
        optimize: by which rules array code is rewritten. "exact" changes no bit that XLA itself may
            not change: results are the same sums of the same terms, and the order within one
            product or one reduction is the compiler's choice. "algebraic" may also reassociate, so
            that intermediate results round differently; what is NaN or infinite because of an
            argument stays one of the two. "finite" may take arguments and what is computed from
            them to be finite as well, and leaves out what is multiplied by zero.
        require: "nothing", or "compiled": where array code would be left to plain Python, or to JAX
            call by call, calls raise `NotCompiledError` in place of a warning.
        profile: keep a record of every op of the last run, for `get_jit_stats`.

    Raises:
        ConfigError: for a value of the wrong type or out of range.
    """

    max_workers: int | None = None
    effects: Literal["default", "strict"] = "default"
    console: Literal["held", "direct"] = "held"
    optimize: RuleSet = "exact"
    require: Literal["nothing", "compiled"] = "nothing"
    profile: bool = False

    def __post_init__(self) -> None:
        workers = self.max_workers
        if workers is not None and (
            isinstance(workers, bool) or not isinstance(workers, int) or workers < 1
        ):
            raise ConfigError(
                f"Config(max_workers={workers!r}): expected a positive whole number, or None"
            )
        _check_choice("effects", self.effects, ("default", "strict"))
        _check_choice("console", self.console, ("held", "direct"))
        _check_choice("optimize", self.optimize, ("exact", "algebraic", "finite"))
        _check_choice("require", self.require, ("nothing", "compiled"))
        if not isinstance(self.profile, bool):
            raise ConfigError(f"Config(profile={self.profile!r}): expected True or False")

    @property
    def policy(self) -> Policy:
        """How callables are classified: by what becomes of their output, or all as strict."""
        return "strict" if self.effects == "strict" else self.console


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        expected = " or ".join(repr(choice) for choice in choices)
        raise ConfigError(f"Config({name}={value!r}): expected {expected}")
