"""What the command-line tools need of the library; they import it when a command asks for it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from xdsl.dialects.builtin import ModuleOp
from xdsl.passes import ModulePass

from xcs.api.function import jit
from xcs.api.pass_check import PassReport
from xcs.api.pass_check import check_pass as _check_pass
from xcs.api.pipeline import compile_kernels as _compile_kernels
from xcs.api.rule_check import Report, check_rule
from xcs.kernels import Kernel
from xcs.runtime import XCSError
from xcs.transforms.rules.rule import Rule


def function_of(path: str, name: str) -> Callable[..., Any]:
    """Return a function of a Python file, which is imported as a module of its own.

    Raises:
        XCSError: if there is no such function.
    """
    found: Any = _import_file(path)
    for part in name.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        raise XCSError(f"{path} has no function '{name}'")
    return found


def check_pass(
    passes: Sequence[ModulePass], path: str, name: str, arguments: Sequence[Any]
) -> PassReport:
    """Check that passes keep what a function of a Python file does.

    Raises:
        XCSError: if there is no such function, or it is array code alone.
    """
    report = _check_pass(passes, function_of(path, name), *arguments)
    report.name = f"{path}:{name}"
    return report


def capture_to_module(path: str, name: str, arguments: Sequence[Any]) -> ModuleOp:
    """Capture a function of a Python file.

    Args:
        path: the file, which is imported as a module of its own.
        name: the function's qualified name in it.
        arguments: values of the kinds that it is captured for.

    Raises:
        XCSError: if there is no such function, or it cannot be captured.
    """
    module = jit(function_of(path, name)).trace(*arguments).captured.module
    if module is None:
        raise XCSError(f"{path}: {name} runs as JAX traced it, which has no text in these dialects")
    return module


def _import_file(path: str) -> Any:
    stem = Path(path).stem
    spec = importlib.util.spec_from_file_location(stem, path)
    if spec is None or spec.loader is None:
        raise XCSError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(stem, module)
    sys.path.insert(0, str(Path(path).resolve().parent))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    return module


def compile_kernels(
    module: ModuleOp, names: set[str], operators: Mapping[str, Any]
) -> dict[str, Callable[..., Sequence[Any]]]:
    """The named kernels of a split module, ready to be called."""
    kernels = _compile_kernels(module, operators, {})
    return {
        name: kernel.executable if isinstance(kernel, Kernel) else kernel
        for name, kernel in kernels.items()
        if name in names
    }


def check_rules(rules: Sequence[Rule]) -> Iterator[Report]:
    """Check rules; report each as it is done."""
    for rule in rules:
        yield check_rule(rule, others=rules)
