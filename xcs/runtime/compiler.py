"""Compiles modules for the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from xcs.runtime.blocks import ProgramCompiler
from xcs.runtime.operations import OPERATIONS
from xcs.runtime.plan import Plan, Program


def compile_plan(
    program: Program,
    kernels: Mapping[str, Callable[..., Sequence[Any]]],
    resolve: Callable[[str], Any] | None = None,
    classify: Callable[[Any], str] | None = None,
    prepare: Callable[[Any], Callable[..., Any]] | None = None,
) -> Plan:
    """Compile a program for `run`.

    ``kernels`` maps the names of kernel functions to callables that return one value per result.
    An operator without a reference into ``program.objects`` is looked up by ``resolve(path)``.
    ``classify`` says of a callable that is known only at run time whether it is "pure",
    "unordered" or "ordered"; without it, all of them are ordered. ``prepare`` gives what is called
    in place of such a callable.
    Raises XCSError, naming file and line, for what cannot be executed.
    """
    return ProgramCompiler(program, kernels, resolve, classify, prepare, OPERATIONS).compile()
