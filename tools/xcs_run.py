"""`xcs-run`: runs a function of a module and prints its result as JSON.

What a module names is imported only where the command line allows it: operators that the Python
modules given with ``--allow`` define. Native Python in the module's text, and whatever else can
reach all that Python's builtins reach, needs ``--allow builtins``; `capabilities` has the rules.
"""

from __future__ import annotations

import argparse
import importlib
import json
import math
import os
import sys
from collections.abc import Callable, Collection, Mapping, Sequence
from types import ModuleType
from typing import Any

from xdsl.context import Context
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.dialects.func import FuncOp
from xdsl.ir import Operation
from xdsl.utils.exceptions import ParseError, VerifyException

import xcs
from xcs.dialects import orch
from xcs.tools.capabilities import OBJECTS, needs, resolver
from xcs.tools.diagnostics import AnySpan, InputError, render, render_span
from xcs.tools.source_parser import SourceParser
from xcs.tools.verifier import verify


def main(args: Sequence[str] | None = None) -> int:
    """Run `xcs-run`; return 0, or 1 where the module, its arguments or its run failed.

    Args:
        args: The command line, without the program's name; the process's own where None.
    """
    options = _argument_parser().parse_args(args)
    try:
        module, spans = _parse(options.input_file)
        verify(module, spans)
        print(_as_json(_run(module, spans, options)))
    except (InputError, ParseError, VerifyException) as error:
        message = str(error)
    except OSError as error:
        message = render(error.filename or "xcs-run", error.strerror or str(error))
    except KeyboardInterrupt:
        return 130
    else:
        return 0
    print(message, file=sys.stderr)
    return 1


def _argument_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="xcs-run", description="Runs a function of a module.")
    parser.add_argument(
        "input_file", metavar="FILE", help="the module, as MLIR text; - is standard input"
    )
    parser.add_argument(
        "--entry", default="main", metavar="NAME", help="the function to run (default: main)"
    )
    parser.add_argument(
        "--allow",
        action="append",
        default=[],
        metavar="MODULE",
        help="a Python module from which operators may be imported; may be repeated",
    )
    parser.add_argument(
        "--args", default="[]", metavar="JSON", help="the arguments, as a JSON array (default: [])"
    )
    parser.add_argument("--version", action="version", version=f"xcs-run {xcs.__version__}")
    return parser


def _parse(path: str) -> tuple[ModuleOp, dict[Operation, AnySpan]]:
    from xdsl.universe import Universe

    context = Context()
    for name, factory in Universe.get_multiverse().all_dialects.items():
        context.register_dialect(name, factory)
    if path == "-":
        return SourceParser.parse(context, sys.stdin.read().encode(), "<stdin>")
    with open(path, "rb") as file:
        return SourceParser.parse(context, file.read(), path)


def _run(
    module: ModuleOp, spans: Mapping[Operation, AnySpan], options: argparse.Namespace
) -> object:
    entry = _find_entry(module, options.entry, options.input_file)
    arguments = _arguments(entry, spans, options.args)
    allowed = frozenset(options.allow)
    _check_split(entry, spans)
    _check_allowed(module, spans, allowed)
    for op in module.ops:
        if isinstance(op, orch.OperatorOp):
            # The process in which the module was captured is gone; the path is what is left.
            op.properties.pop("ref", None)
    from xcs.dialects.stablehlo.print import OpDiagnostic
    from xcs.runtime import XCSError, run_module
    from xcs.runtime.errors import describe_error

    resolve = _resolver(allowed)
    try:
        kernels = _kernels(module, resolve)
        return run_module(module, options.entry, arguments, resolve, kernels)
    except XCSError as error:
        raise InputError(f"xcs-run: error: {describe_error(error)}") from error
    except OpDiagnostic as error:
        span = spans.get(error.op)
        message = str(error) if span is None else render_span(span, str(error))
        raise InputError(message) from error
    except ValueError as error:  # of a kernel's text
        raise InputError(f"xcs-run: error: {error}") from error


def _find_entry(module: ModuleOp, name: str, path: str) -> FuncOp:
    functions = [op for op in module.ops if isinstance(op, FuncOp) and not op.is_declaration]
    for function in functions:
        if function.sym_name.data == name:
            return function
    names = ", ".join(f"@{function.sym_name.data}" for function in functions) or "none"
    raise InputError(render(path, f"there is no function @{name}; the module defines {names}"))


def _check_split(entry: FuncOp, spans: Mapping[Operation, AnySpan]) -> None:
    for op in entry.walk():
        if op.dialect_name() in {"xtensor", "stablehlo", "chlo"}:
            message = "array code runs in kernels; split it off first: xcs-opt -p hybrid-split"
            raise InputError(render_span(spans[op], message))


def _kernels(
    module: ModuleOp, resolve: Callable[[str], Any]
) -> dict[str, Callable[..., Sequence[Any]]]:
    """Compile the functions that the module launches. Without any, JAX is not imported."""
    launches = {op.kernel.string_value() for op in module.walk() if isinstance(op, orch.LaunchOp)}
    if not launches:
        return {}
    from xcs.api.tools import compile_kernels

    operators = {
        op.sym_name.data: resolve(op.path.data)
        for op in module.ops
        if isinstance(op, orch.OperatorOp)
    }
    return compile_kernels(module, launches, operators)


# --- Arguments ------------------------------------------------------------------------------------


def _arguments(entry: FuncOp, spans: Mapping[Operation, AnySpan], text: str) -> list[Any]:
    """Return the arguments of a call; those of tensor type as NumPy arrays of that type."""
    try:
        values = json.loads(text)
    except ValueError as error:
        raise InputError(render("--args", f"not JSON: {error}", text)) from None
    except RecursionError:
        raise InputError(render("--args", "not JSON: it is nested too deeply")) from None
    if not isinstance(values, list):
        raise InputError(render("--args", "expected a JSON array, one element per argument", text))
    types = entry.function_type.inputs.data
    if len(values) != len(types):
        message = f"@{entry.sym_name.data} takes {len(types)} arguments, --args gives {len(values)}"
        raise InputError(render_span(spans[entry], message))
    return [
        _array(value, type_, index) if isinstance(type_, TensorType) else value
        for index, (value, type_) in enumerate(zip(values, types, strict=True))
    ]


def _array(value: Any, type_: TensorType, index: int) -> Any:
    import numpy as np

    from xcs.frontend.jaxpr_import import UnsupportedType, type_to_aval

    try:
        aval = type_to_aval(type_)
        array = np.asarray(value, aval.dtype)
    except (TypeError, ValueError, UnsupportedType) as error:
        raise InputError(render("--args", f"argument {index} is no {type_}: {error}")) from None
    if array.shape != aval.shape:
        message = f"argument {index} has shape {array.shape}, expected {aval.shape} for {type_}"
        raise InputError(render("--args", message))
    return array


# --- What may be reached --------------------------------------------------------------------------


def _check_allowed(
    module: ModuleOp, spans: Mapping[Operation, AnySpan], allowed: Collection[str]
) -> None:
    """Refuse a module that needs more than is allowed, before anything of it runs."""
    for op in module.walk():
        for needed, what in needs(op):
            if needed not in allowed and not (needed == OBJECTS and allowed):
                message = f"{what}; to permit it, add --allow {needed}"
                raise InputError(render_span(spans[op], message))


def _resolver(allowed: Collection[str]) -> Callable[[str], Any]:
    """What finds the objects of allowed modules; `InputError` says what it cannot find."""
    find = resolver(allowed, _load)

    def resolve(path: str) -> Any:
        try:
            return find(path)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise InputError(f"xcs-run: error: operator {path!r}: {reason}") from error

    return resolve


def _load(name: str) -> ModuleType:
    """Import an allowed module, which is looked for in the current directory first.

    Modules that it imports later on are found there as well, but after those that are installed.
    """
    here = os.getcwd()
    sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(here)
        sys.path.append(here)


# --- Result ---------------------------------------------------------------------------------------


def _as_json(value: object) -> str:
    """Return the value as JSON, arrays as nested lists; as its ``repr`` where it has no JSON.

    Numbers that JSON has not are the texts "NaN", "Infinity" and "-Infinity".
    """
    try:
        return json.dumps(_plain(value), allow_nan=False, ensure_ascii=False)
    except (
        TypeError,
        ValueError,
        RecursionError,
    ):  # keys of other kinds; a value that holds itself
        return repr(value)


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case float():
            names = {math.inf: "Infinity", -math.inf: "-Infinity"}
            return value if math.isfinite(value) else names.get(value, "NaN")
        case str() | int() | None:
            return value
        case _:
            return _plain(value.tolist()) if hasattr(value, "tolist") else repr(value)


if __name__ == "__main__":
    sys.exit(main())
