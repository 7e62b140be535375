"""Functions of this package that are programs: they are never tried as array code alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from xcs.api.array_program import jit_is_disabled
from xcs.api.function import Fallback, JitFunction, Options
from xcs.api.taped import are_known_tracers, run_on_views


class ProgramFunction(JitFunction):
    """A jitted function that is captured as a program, whatever its arguments are."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function, Options())

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the program."""
        if jit_is_disabled():
            return self.python_function(*args, **kwargs)
        described = self.described(args, kwargs)
        if are_known_tracers(described.values):
            return run_on_views(self.call, args, kwargs)
        known = self.known_program(described)
        program = known or self.program(described, described.key)
        if isinstance(program, Fallback):
            return self._run_plain(program, args, kwargs)
        return self.run_program(program, described.values, hit=known is not None)
