"""Kernels as StableHLO text: a module that stands alone, with the kernel as its `@main`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO
from typing import IO

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.dialects.utils import print_func_op_like
from xdsl.ir import Operation
from xdsl.traits import SymbolTable
from xdsl.utils.exceptions import DiagnosticException
from xdsl.utils.target import Target

from .printing import FormPrinter, module_text

__all__ = [
    "KERNEL_DIALECTS",
    "TEXT",
    "OpDiagnostic",
    "StableHLOTarget",
    "kernel_text",
    "module_text",
]

TEXT = "stablehlo.text"
"""On a function without a body: the StableHLO module whose `@main` is that body.

It lets a lowering call code that only another compiler can write, without parsing it: the text is
put in place when the kernel is printed.
"""

KERNEL_DIALECTS = frozenset({"stablehlo", "chlo", "func"})
"""What a kernel is made of."""


class OpDiagnostic(DiagnosticException):
    """Something is wrong with one op."""

    def __init__(self, op: Operation, message: str) -> None:
        super().__init__(message)
        self.op = op


def kernel_text(kernel: func.FuncOp) -> str:
    """Print the function as `@main` of a module of its own, with the functions that it calls."""
    output = StringIO()
    callees = _callees(kernel)
    taken = {"main", *(callee.sym_name.data for callee in callees)}
    output.write(f"module @{_identifier(kernel.sym_name.data)} {{\n")
    _print_function(kernel, "public", "main", output)
    for callee in callees:
        name = callee.sym_name.data
        text = callee.attributes.get(TEXT)
        if isinstance(text, StringAttr):
            if _MODULE.fullmatch(text.data) is None:
                raise OpDiagnostic(callee, f"the {TEXT} of @{name} is not a module")
            output.write(_link(text.data, name, taken))
        else:
            _print_function(callee, "private", name, output)
    output.write("}\n")
    return output.getvalue()


def _callees(kernel: func.FuncOp) -> list[func.FuncOp]:
    """The functions that the kernel calls, directly or not, each once."""
    if (block := kernel.parent) is None or block.first_op is block.last_op:
        return []  # alone in its module, as most kernels are: not worth a walk
    found: dict[str, func.FuncOp] = {}
    pending = [kernel]
    for function in pending:
        for op in function.walk():
            if type(op) is not func.CallOp or op.callee.string_value() in found:
                continue
            callee = SymbolTable.lookup_symbol(op, op.callee)
            assert isinstance(callee, func.FuncOp), "the module was verified"
            found[callee.sym_name.data] = callee
            pending.append(callee)
    return list(found.values())


def _identifier(name: str) -> str:
    return re.sub(r"[^\w$.]", "_", name)


def _print_function(function: func.FuncOp, visibility: str, name: str, output: IO[str]) -> None:
    # A printer for each function: values are numbered from 0 in all of them.
    printer = FormPrinter()
    with printer.indented():
        printer.print_string(f"  func.func {visibility}")
        print_func_op_like(
            printer,
            StringAttr(name),
            function.function_type,
            function.body,
            {},
            arg_attrs=function.arg_attrs,
            res_attrs=function.res_attrs,
            reserved_attr_names=(),
        )
    output.writelines((*printer.parts, "\n"))


_DEFINED = re.compile(r"^\s*func\.func (?:public |private )?@([\w$.-]+)", re.MULTILINE)
_REFERENCE = re.compile(r'"(?:[^"\\]|\\.)*"|custom_call @[\w$.-]+|@(?P<name>[\w$.-]+)')


_MODULE = re.compile(r".*?module.*?\{\n(?P<body>.*)\}\s*", re.DOTALL)


def _link(text: str, name: str, taken: set[str]) -> str:
    """The functions of a module's text, its `@main` as a private `@name`, the rest as `@name.*`."""
    renamed = {"main": name}
    for defined in _DEFINED.findall(text):
        if defined not in renamed:
            renamed[defined] = _fresh(f"{name}.{defined}", taken)

    def rename(match: re.Match[str]) -> str:
        new = renamed.get(match["name"])
        return match[0] if new is None else f"@{new}"

    module = _MODULE.fullmatch(text)
    assert module is not None, "the caller has checked"
    return _REFERENCE.sub(rename, module["body"]).replace(
        "func.func public @", "func.func private @"
    )


def _fresh(name: str, taken: set[str]) -> str:
    """A name that is not taken yet, which it is from now on."""
    candidate, count = name, 0
    while candidate in taken:
        count += 1
        candidate = f"{name}_{count}"
    taken.add(candidate)
    return candidate


@dataclass(frozen=True)
class StableHLOTarget(Target):
    """Prints the module as upstream prints it.

    Of a module that holds native code, too, it prints each kernel, as a module of its own.
    """

    name = "stablehlo"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        native = [op for op in module.ops if _is_native(op)]
        for op in module.ops:
            if op not in native and (foreign := _foreign_op(op)) is not None:
                raise OpDiagnostic(foreign, f"{foreign.name} {_NOT_UPSTREAM}")
        if not native and not any(TEXT in op.attributes for op in module.ops):
            output.write(module_text(module))
            return
        kernels = list(_kernels(module))
        if not kernels:
            first = native[0] if native else module
            raise OpDiagnostic(first, f"there is no kernel beside {first.name}")
        output.write("// -----\n".join(map(kernel_text, kernels)))


_UPSTREAM = frozenset({"builtin", "chlo", "func", "sdy", "stablehlo"})
_NOT_UPSTREAM = "is no op of StableHLO; run the pass convert-xtensor-to-stablehlo first"


def _is_native(op: Operation) -> bool:
    """Whether this is native code, or something that native code refers to."""
    return any(inner.dialect_name() == "orch" for inner in op.walk())


def _foreign_op(op: Operation) -> Operation | None:
    """The first op in here that upstream would not read."""
    return next((inner for inner in op.walk() if inner.dialect_name() not in _UPSTREAM), None)


def _kernels(module: ModuleOp) -> Iterator[func.FuncOp]:
    """The functions of kernel ops alone that no other such function calls."""
    made_of_kernel_ops = [
        op
        for op in module.ops
        if isinstance(op, func.FuncOp)
        and not op.is_declaration
        and all(inner.dialect_name() in KERNEL_DIALECTS for inner in op.walk())
    ]
    called = {
        inner.callee.string_value()
        for function in made_of_kernel_ops
        for inner in function.walk()
        if isinstance(inner, func.CallOp)
    }
    return (op for op in made_of_kernel_ops if op.sym_name.data not in called)
