"""Options of a jitted function, checked where they are given."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

from xcs.frontend.analysis.resources import Policy
from xcs.runtime import XCSError


class ConfigError(XCSError, ValueError):
    """An option has a value that makes no sense; the message says which and what was expected."""


RuleSet: TypeAlias = Literal["exact", "algebraic", "finite"]
"""Which rules array code may be rewritten by."""


def _option(name: str, default: Any) -> Callable[[], Any]:
    """Gives an option's default, which an environment variable may say."""
    return lambda: _from_environment(f"XCS_{name}", default)


def _from_environment(variable: str, default: Any) -> Any:
    text = os.environ.get(variable)
    if not text:
        return default
    if isinstance(default, bool):
        if text not in ("0", "1"):
            raise ConfigError(f"the environment variable {variable} is {text!r}: expected 0 or 1")
        return text == "1"
    if default is None:
        if not text.isdecimal():
            raise ConfigError(
                f"the environment variable {variable} is {text!r}: expected a whole number"
            )
        return int(text)
    return text


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
        progress: show a bar for each long loop, with its rate, the calls that failed and the time
            that is left; needs the package tqdm. Where standard error is no terminal and no
            notebook, nothing is shown.

    There are four presets: `DEBUG`, `SERIAL`, `LIGHTWEIGHT` and `SECURE`. Options that are not
    given are taken from environment variables, where these are set: XCS_MAX_WORKERS, XCS_EFFECTS,
    XCS_CONSOLE, XCS_OPTIMIZE, XCS_REQUIRE, XCS_PROFILE and XCS_PROGRESS (1 or 0).

    Raises:
        ConfigError: for a value of the wrong type or out of range.
    """

    max_workers: int | None = field(default_factory=_option("MAX_WORKERS", None))
    effects: Literal["default", "strict"] = field(default_factory=_option("EFFECTS", "default"))
    console: Literal["held", "direct"] = field(default_factory=_option("CONSOLE", "held"))
    optimize: RuleSet = field(default_factory=_option("OPTIMIZE", "exact"))
    require: Literal["nothing", "compiled"] = field(default_factory=_option("REQUIRE", "nothing"))
    profile: bool = field(default_factory=_option("PROFILE", False))
    progress: bool = field(default_factory=_option("PROGRESS", False))

    DEBUG: ClassVar[Config]
    """Easy to follow: one call at a time, in the order of the program, and output at once."""
    SERIAL: ClassVar[Config]
    """One call at a time; what need not keep its order may still change places with other calls."""
    LIGHTWEIGHT: ClassVar[Config]
    """As few threads as help: eight calls at a time, and nothing recorded."""
    SECURE: ClassVar[Config]
    """Nothing silent: every effect keeps its place, and array code that is not compiled is an
    error."""

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
        for name in ("profile", "progress"):
            if not isinstance(value := getattr(self, name), bool):
                raise ConfigError(f"Config({name}={value!r}): expected True or False")

    @property
    def policy(self) -> Policy:
        """How callables are classified: by what becomes of their output, or all as strict."""
        return "strict" if self.effects == "strict" else self.console


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        expected = " or ".join(repr(choice) for choice in choices)
        raise ConfigError(f"Config({name}={value!r}): expected {expected}")


Config.DEBUG = Config(1, "strict", "direct", "exact", "nothing", profile=True, progress=False)
Config.SERIAL = Config(1, "default", "held", "exact", "nothing", profile=False, progress=False)
Config.LIGHTWEIGHT = Config(8, "default", "held", "exact", "nothing", profile=False, progress=False)
Config.SECURE = Config(None, "strict", "held", "exact", "compiled", profile=False, progress=False)
