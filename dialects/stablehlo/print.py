"""Kernels as StableHLO text: a module that stands alone, with the kernel as its `@main`."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from typing import IO

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, StringAttr
from xdsl.dialects.utils import print_func_op_like
from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.printer import Printer
from xdsl.traits import SymbolTable
from xdsl.utils.exceptions import DiagnosticException
from xdsl.utils.target import Target

TEXT = "stablehlo.text"
"""On a function without a body: the StableHLO module whose `@main` is that body.

It lets a lowering call code that only another compiler can write, without parsing it: the text is
put in place when the kernel is printed.
"""

KERNEL_DIALECTS = frozenset({"stablehlo", "chlo", "func"})
"""What a kernel is made of."""


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
    printer = _KernelPrinter()
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


class _PartsPrinter(Printer):
    """A printer to a list that keeps no track of the column, which only diagnostics need.

    It prints each attribute object once: a kernel has a few types, shared by very many values.
    """

    def __init__(self) -> None:
        self.parts: list[str] = []
        self._texts: dict[int, tuple[Attribute, str]] = {}
        # Text by identity, with the attribute, which keeps the identity from being used again.
        super().__init__()

    def print_string(self, text: str, *, indent: int | None = None) -> None:
        depth = self._indent if indent is None else indent
        self.parts.append(text.replace("\n", self._line_break(depth)) if "\n" in text else text)

    def _print_new_line(self, indent: int | None = None, print_message: bool = True) -> None:
        self.parts.append(self._line_break(self._indent if indent is None else indent))

    def _line_break(self, depth: int) -> str:
        return "\n" + " " * (depth * self.indent_num_spaces)

    def print_attribute(self, attribute: Attribute) -> None:
        known = self._texts.get(id(attribute))
        if known is None:
            start = len(self.parts)
            super().print_attribute(attribute)
            self._texts[id(attribute)] = attribute, "".join(self.parts[start:])
        else:
            self.parts.append(known[1])


class _KernelPrinter(_PartsPrinter):
    """A printer for the hot path, at a small part of the time per op of xDSL's.

    Up to the names of values, an op's text follows from its form: its class, attributes and types.
    A kernel has very many ops of few forms. So only one op of each is printed by its own format;
    the result is a template for the rest.
    """

    def __init__(self) -> None:
        self._templates: dict[Hashable, str | None] = {}
        self._template_printer = _TemplatePrinter()
        super().__init__()

    def print_op(self, op: Operation) -> None:
        values = (*op.results, *op.operands)
        known = self._ssa_values
        names = tuple([known.get(value) or self._new_name(value) for value in values])
        form = (*_form(op, values), *map(names.index, names))
        if form not in self._templates:
            self._templates[form] = self._template_printer.template(op)
        template = self._templates[form]
        if template is None:
            super().print_op(op)
        else:
            self.parts.append(template % names)

    def _new_name(self, value: SSAValue) -> str:
        """Give a value its name, as the printer does where it first prints the value."""
        name = self.print_ssa_value(value)
        self.parts.pop()
        return name


class _TemplatePrinter(_PartsPrinter):
    """Prints an op as a format string, with `%s` for the name of each value."""

    def __init__(self) -> None:
        self._values: list[SSAValue] = []
        super().__init__()

    def template(self, op: Operation) -> str | None:
        """The format of the names of results and operands; None if the text is not of that kind."""
        self._values.clear()
        self.parts.clear()
        self.print_op(op)
        text = "".join(self.parts)
        if self._values != [*op.results, *op.operands] or op.successors or "\n" in text:
            return None
        return text

    def print_string(self, text: str, *, indent: int | None = None) -> None:
        super().print_string(text.replace("%", "%%"), indent=indent)

    def print_ssa_value(self, value: SSAValue) -> str:
        self._values.append(value)
        self._ssa_values[value] = "%s"  # where an op's own format looks for a name
        self.parts.append("%%%s")
        return "%s"


def _form(op: Operation, values: tuple[SSAValue, ...]) -> tuple[Hashable, ...]:
    """What decides an op's text but for the names of `values`, its results and operands.

    Attributes count by identity, which is quick: equal ones that are not shared make two forms.
    """
    return (
        type(op),
        *op.properties,
        *map(id, op.properties.values()),
        *op.attributes,
        *map(id, op.attributes.values()),
        len(op.results),
        *[id(value.type) for value in values],
        *map(_region_form, op.regions),
    )


def _region_form(region: Region) -> Hashable:
    """The forms of the ops of a region, and the places of the values that they take."""
    places: dict[SSAValue, int] = {}
    forms: list[Hashable] = []
    for block in region.blocks:
        forms.append(tuple([id(value.type) for value in block.args]))
        _number(block.args, places)
        for op in block.ops:
            values = (*op.results, *op.operands)
            _number(op.results, places)
            # A value from outside the region counts by identity, like an attribute.
            forms.append((_form(op, values), *[places.get(value, id(value)) for value in values]))
    return tuple(forms)


def _number(values: Iterable[SSAValue], places: dict[SSAValue, int]) -> None:
    for value in values:
        places[value] = len(places)


_DEFINED = re.compile(r"^\s*func\.func (?:public |private )?@([\w$.-]+)", re.MULTILINE)
_REFERENCE = re.compile(r'"(?:[^"\\]|\\.)*"|custom_call @[\w$.-]+|@(?P<name>[\w$.-]+)')


def _link(text: str, name: str, taken: set[str]) -> str:
    """The functions of a module's text, its `@main` as a private `@name`, the rest as `@name.*`."""
    renamed = {"main": name}
    for defined in _DEFINED.findall(text):
        if defined not in renamed:
            renamed[defined] = _fresh(f"{name}.{defined}", taken)

    def rename(match: re.Match[str]) -> str:
        new = renamed.get(match["name"])
        return match[0] if new is None else f"@{new}"

    body = text[text.index("{\n", text.index("module")) + 2 : text.rindex("}")]
    return _REFERENCE.sub(rename, body).replace("func.func public @", "func.func private @")


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
    """Prints each kernel of the module as a StableHLO module of its own."""

    name = "stablehlo"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        kernels = list(_kernels(module))
        if not kernels:
            raise DiagnosticException(
                "no function is made of StableHLO ops alone; run the pass "
                "convert-xtensor-to-stablehlo first"
            )
        output.write("// -----\n".join(map(kernel_text, kernels)))


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
