"""What the text of a module may reach when `xcs-run` runs it: docs/xcs-run.md is about this.

Each rule says which ops it is about and what they need, as the name that ``--allow`` takes.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterator
from types import ModuleType
from typing import Any, Final

from xdsl.dialects.builtin import StringAttr
from xdsl.ir import Operation

from xcs.dialects import orch

ANYTHING: Final = "builtins"
"""The module that has to be allowed for code which the declared operators do not bound."""

OBJECTS: Final = "MODULE"
"""Stands for any module: one of those that are allowed has the objects in question."""

_REACH_OUT: Final = re.compile(
    r"(gi|cr|ag|tb|f)_\w+|func_\w+|mro|traceback|with_traceback|format|format_map"
    r"|tofile|dumps?|setflags|ctypes|unsafe_buffer_pointer|(addressable|global)_\w+"
    r"|devices?|device_\w+|to_device|client|sharding"
)
"""Attributes that lead to frames, their variables, classes, files, memory, and JAX's machinery.

``"{0.__class__}".format(x)`` reads any attribute; ``array.tofile(path)`` writes a file.
"""

_OF_ARRAYS: Final = """
    T all any argmax argmin argsort astype choose clip compress conj conjugate copy cumprod cumsum
    diagonal dot dtype fill flat flatten imag item itemsize mT max mean min name nbytes ndim nonzero
    prod ravel real repeat reshape round searchsorted shape size sort squeeze std strides sum
    swapaxes take tobytes tolist trace transpose var weak_type
"""
_KINDS = str, bytes, bytearray, int, float, complex, list, tuple, dict, set, frozenset, range
_OF_DATA: Final = frozenset((*_OF_ARRAYS.split(), *(n for k in _KINDS for n in dir(k)), "args"))
"""Attributes and methods of builtin data, of arrays and of errors: they compute, and no more."""

_SAFE_TARGETS: Final = re.compile(
    r"lapack_\w+|Sharding|SPMD\w+|shape_assertion|TopK|mhlo\.\w+|chlo\.\w+|annotate_device_placement"
    r"|LayoutConstraint|MoveTo(Host|Device)|cu(blas|solver|dnn|fft|sparse)\w*|hip\w+|__cu\w+|__hip\w+"
    r"|Eigh|Qr|Cholesky|LuDecomposition|ProductOfElementaryHouseholderReflectors|X64\w+"
)
"""Targets of custom calls that compute, and do not call back into Python or anything else."""

_CALL: Final = re.compile(r"custom_call(\s*@(?:\"(?P<quoted>[^\"]*)\"|(?P<plain>[\w.$]+)))?")
_ESCAPED_NAME: Final = re.compile(r'"[^"]*\\[^"]*"\s*\(')
"""An op's name in quotes that is spelled with an escape: what it is called is not what it says."""

_UNKNOWN: Final = "?"


def needs(op: Operation) -> Iterator[tuple[str, str]]:
    """What an op needs to be allowed, and what it does, in words."""
    match op:
        case orch.OperatorOp():
            module = op.path.data.partition(":")[0]
            yield module, f"operator @{op.sym_name.data} is in the Python module {module!r}"
        case orch.HostOp():
            yield ANYTHING, "this runs native Python"
        case orch.InvokeOp() | orch.NewOp():
            yield ANYTHING, "this calls whatever its operand is"
        case orch.GetAttrOp() | orch.SetAttrOp() | orch.DelAttrOp():
            yield from _needs_of(op.attribute.data, "attribute")
        case orch.MethodOp():
            yield from _needs_of(op.method.data, "method")
    for target in custom_calls(op):
        if _SAFE_TARGETS.fullmatch(target) is None:
            yield ANYTHING, f"the custom call {target!r} may do anything"


def _needs_of(name: str, what: str) -> Iterator[tuple[str, str]]:
    if name.startswith("_") or _REACH_OUT.fullmatch(name):
        yield ANYTHING, f"the {what} {name!r} leads to what is no data of the object"
    elif name not in _OF_DATA:
        yield OBJECTS, f"the {what} {name!r} is not one of builtin data and arrays"


def custom_calls(op: Operation) -> Iterator[str]:
    """The targets of custom calls in an op, or in the text that it holds."""
    if op.name == "stablehlo.custom_call":
        target = op.properties.get("call_target_name")
        yield target.data if isinstance(target, StringAttr) else _UNKNOWN
    for value in (*op.properties.values(), *op.attributes.values()):
        if isinstance(value, StringAttr):
            yield from _targets_in(value.data)


def _targets_in(text: str) -> Iterator[str]:
    """The targets of custom calls in StableHLO text, unknown where they are not in plain sight."""
    for call in _CALL.finditer(text):
        yield call["quoted"] or call["plain"] or _UNKNOWN
    if _ESCAPED_NAME.search(text):
        yield _UNKNOWN


def resolver(allowed: Collection[str], load: Callable[[str], ModuleType]) -> Callable[[str], Any]:
    """What finds the object at ``"module:qualified.name"``, in the allowed modules only.

    It has to be the module's own, or a declared operator: not what the module has imported.
    """

    def resolve(path: str) -> Any:
        module_name, _, qualified_name = path.partition(":")
        if module_name not in allowed:
            raise PermissionError(f"{module_name!r} is not allowed")
        found: Any = load(module_name)
        for name in qualified_name.split("."):
            found = getattr(found, name)
            if name.startswith("_") or isinstance(found, ModuleType):
                raise AttributeError(f"{name!r} is not a public name of {module_name!r}")
        if not _is_of(found, module_name):
            home = getattr(found, "__module__", None)
            raise PermissionError(
                f"{module_name!r} does not define it: it is of {home!r}, which needs --allow itself"
            )
        return found

    return resolve


def _is_of(found: Any, module_name: str) -> bool:
    package = module_name.partition(".")[0]
    if package in sys.stdlib_module_names or getattr(found, "__xcs_operator__", None) is not None:
        return True
    home = getattr(found, "__module__", None) or getattr(type(found), "__module__", "")
    return str(home).partition(".")[0] == package
