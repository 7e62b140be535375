"""Printers for programs of very many ops, and the text that upstream prints for a module."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cache
from typing import NamedTuple

from xdsl.dialects import func
from xdsl.dialects.builtin import (
    ArrayAttr,
    DictionaryAttr,
    FunctionType,
    IntegerType,
    ModuleOp,
    UnregisteredOp,
)
from xdsl.ir import Attribute, Block, Operation, Region, SSAValue
from xdsl.irdl import IRDLOperation, OptPropertyDef, VariadicDef

from xcs.dialects.sparse_tensor import EncodingAttr

from . import chlo
from .base import element_of
from .control import ReturnOp, WhileOp
from .generation import ConstantOp
from .templates import PartsPrinter, TemplatePrinter, form_of
from .tuples import TupleOp


class FormPrinter(PartsPrinter):
    """A printer for the hot path, at a small part of the time per op of xDSL's.

    Up to the names of values, an op's text follows from its form: its class, attributes and types.
    A program has very many ops of few forms. So only one op of each is printed by its own format;
    the result is a template for the rest.
    """

    def __init__(self) -> None:
        self._templates: dict[Hashable, str | None] = {}
        self._template_printer = TemplatePrinter()
        super().__init__()

    def print_op(self, op: Operation) -> None:
        if op.regions and any(map(_is_long, op.regions)):
            # Its text has many lines, which no template has: not worth a look at all that is in it.
            super().print_op(op)
            return
        values = (*op.results, *op.operands)
        known = self._ssa_values
        names = tuple([known.get(value) or self._new_name(value) for value in values])
        form = form_of(op, values)
        if form not in self._templates:
            self._templates[form] = self._template_printer.template(op, values)
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


def _is_long(region: Region) -> bool:
    """Whether a region is of more than two ops, one that computes and the terminator."""
    block = region.first_block
    first = None if block is None else block.first_op
    return block is not None and first is not None and first.next_op not in (None, block.last_op)


def module_text(module: ModuleOp) -> str:
    """The text of a module as upstream prints it, with its names of values."""
    printer = UpstreamPrinter()
    printer.print_op(module)
    printer.parts.append("\n")
    return "".join((*printer.alias_definitions(), *printer.parts))


class _Names(NamedTuple):
    """What upstream counts while it gives names, which goes on in regions inside of a region."""

    value: int = 0
    argument: int = 0
    conflict: int = 0
    used: frozenset[str] = frozenset()


class _Namer:
    """Gives the values of a region and of those inside of it the names that upstream gives."""

    def __init__(self, names: dict[SSAValue, str], start: _Names) -> None:
        self._names = names
        self._value, self._argument, self._conflict, used = start
        self._used = set(used)

    def name_region(self, region: Region) -> None:
        """Name what the region defines, and then what the regions of its ops define."""
        for i, name in enumerate(_argument_names(region)):
            self._names[region.block.args[i]] = self._unique(name)
        for place, block in enumerate(region.blocks):
            self._name_block(block, is_entry=place == 0)
        inner = None
        for block in region.blocks:
            for op in block.ops:
                if not op.regions:
                    continue
                inner = inner or _Names(
                    self._value, self._argument, self._conflict, frozenset(self._used)
                )
                for nested in op.regions:
                    _Namer(self._names, inner).name_region(nested)

    def _name_block(self, block: Block, *, is_entry: bool) -> None:
        for argument in block.args:
            if argument in self._names:
                continue
            if is_entry:
                self._names[argument] = self._unique(f"arg{self._argument}")
                self._argument += 1
            else:
                self._names[argument] = self._number()
        for op in block.ops:
            results = op.results
            if not results:
                continue
            given = _result_names(op)
            if given:
                for result, name in zip(results, given, strict=True):
                    self._names[result] = self._unique(name)
                continue
            number = self._number()
            if len(results) == 1:
                self._names[results[0]] = number
            else:
                for i, result in enumerate(results):
                    self._names[result] = f"{number}#{i}"

    def _number(self) -> str:
        self._value += 1
        return str(self._value - 1)

    def _unique(self, name: str) -> str:
        unique = name
        while unique in self._used:
            unique = f"{name}_{self._conflict}"
            self._conflict += 1
        self._used.add(unique)
        return unique


def _argument_names(region: Region) -> Sequence[str]:
    """The names that an op has for the arguments of its regions, if it has any."""
    op = region.parent
    if isinstance(op, WhileOp):
        return ["iterArg"] * len(region.block.args)
    if isinstance(op, chlo.ScanOp):
        return ["input"] * len(op.inputs) + ["carry"] * len(op.inits)
    return ()


def _result_names(op: Operation) -> Sequence[str]:
    """The names that an op has for its results, each by itself, if it has any."""
    if isinstance(op, ConstantOp):
        is_integer = isinstance(element_of(op.output), IntegerType)
        return ["c" if is_integer else "cst"]
    if len(op.results) < 2 or not isinstance(op, IRDLOperation):
        return ()
    results = op.get_irdl_definition().results
    if any(isinstance(result, VariadicDef) for _, result in results):
        return ()
    return [name for name, _ in results]


class _UpstreamText(PartsPrinter):
    """Prints ops as upstream does where xDSL's printer differs."""

    default_dialect: str = ""
    """The dialect whose name is left out of the names of ops."""

    aliases: dict[EncodingAttr, str]
    """The names of the attributes that are written once, before the module."""

    _defaults: dict[str, Attribute] = {}
    """What the properties of the op that is printed are where they are not given."""

    def print_attribute(self, attribute: Attribute) -> None:
        if isinstance(attribute, EncodingAttr):
            name = f"#sparse{len(self.aliases) or ''}"
            self.parts.append(self.aliases.setdefault(attribute, name))
        else:
            super().print_attribute(attribute)

    def alias_definitions(self) -> list[str]:
        """The lines that say what the aliases stand for."""
        return [f"{name} = {attribute}\n" for attribute, name in self.aliases.items()]

    def _print_results(self, op: Operation) -> None:
        groups = _groups(op)
        if not groups:
            return
        for i, (value, size) in enumerate(groups):
            if i:
                self.print_string(", ")
            self._print_group(value)
            if size > 1:
                self.print_string(f":{size}")
        self.print_string(" = ")

    def _print_group(self, value: SSAValue) -> None:
        name, _, _ = self._ssa_values[value].partition("#")
        self.print_string(f"%{name}")

    def print_op(self, op: Operation) -> None:
        self._print_results(op)
        if isinstance(op, UnregisteredOp):
            self.print_string(f'"{op.op_name.data}"')
            default, self.default_dialect = self.default_dialect, ""
            attributes = dict(op.attributes)
            del op.attributes["op_name__"]
            self.print_op_with_default_format(op)
            op.attributes = attributes
        elif type(op).print is Operation.print:
            self.print_string(f'"{op.name}"')
            self._defaults = _required_defaults(type(op))
            default, self.default_dialect = self.default_dialect, ""
            self.print_op_with_default_format(op)
        else:
            self.print_string(op.name.removeprefix(f"{self.default_dialect}."))
            if isinstance(op, OPERANDS_FIRST) and not op.operands:
                self.print_string(" ")
            default, self.default_dialect = self.default_dialect, ""
            op.print(self)
        self.default_dialect = default

    def _print_op_properties(self, properties: dict[str, Attribute]) -> None:
        super()._print_op_properties(self._defaults | properties)


OPERANDS_FIRST = (ReturnOp, TupleOp)
"""The ops after whose name a space is written even if no operand follows."""


@cache
def _required_defaults(op: type[Operation]) -> dict[str, Attribute]:
    """The defaults of properties that an op always has."""
    if not issubclass(op, IRDLOperation):
        return {}
    return {
        name: definition.default_value
        for name, definition in op.get_irdl_definition().properties.items()
        if definition.default_value is not None and not isinstance(definition, OptPropertyDef)
    }


def _groups(op: Operation) -> Sequence[tuple[SSAValue, int]]:
    """The results that have names of their own, each with how many others share it."""
    results = op.results
    if len(results) < 2:
        return [(result, 1) for result in results]
    if _result_names(op):
        return [(result, 1) for result in results]
    return [(results[0], len(results))]


class _UpstreamTemplatePrinter(TemplatePrinter, _UpstreamText):
    """Prints an op as upstream does, as a format string for the names of values."""

    def __init__(self, aliases: dict[EncodingAttr, str]) -> None:
        self.aliases = aliases
        super().__init__()

    def _print_group(self, value: SSAValue) -> None:
        self.print_ssa_value(value)


class UpstreamPrinter(_UpstreamText):
    """Prints modules as upstream does, with templates for ops of one form."""

    def __init__(self) -> None:
        self._templates: dict[Hashable, str | None] = {}
        self.aliases = {}
        self._template_printer = _UpstreamTemplatePrinter(self.aliases)
        super().__init__()

    def print_op(self, op: Operation) -> None:
        match op:
            case ModuleOp():
                self._print_module(op)
            case func.FuncOp():
                self._print_function(op)
            case _:
                self._print_by_form(op)

    def _print_by_form(self, op: Operation) -> None:
        known, groups = self._ssa_values, _groups(op)
        operands = op.operands
        names = (
            *[known[value].partition("#")[0] for value, _ in groups],
            *[known[operand] for operand in operands],
        )
        form = (self.default_dialect, *form_of(op, (*op.results, *operands)))
        if form not in self._templates:
            self._template_printer.default_dialect = self.default_dialect
            values = (*[value for value, _ in groups], *operands)
            self._templates[form] = self._template_printer.template(op, values)
        template = self._templates[form]
        if template is None:
            super().print_op(op)
        else:
            self.parts.append(template % names)

    def _print_module(self, module: ModuleOp) -> None:
        _Namer(self._ssa_values, _Names()).name_region(module.body)
        self.parts.append("module")
        if module.sym_name is not None:
            self.parts.append(" ")
            self.print_symbol_name(module.sym_name.data)
        self.print_op_attributes(module.attributes, print_keyword=True)
        self.parts.append(" ")
        self.print_region(module.body, print_empty_block=False)

    def _print_function(self, function: func.FuncOp) -> None:
        self.parts.append("func.func ")
        if function.sym_visibility is not None:
            self.parts.append(f"{function.sym_visibility.data} ")
        self.print_symbol_name(function.sym_name.data)
        type = function.function_type
        arguments = function.body.block.args if function.body.blocks else ()
        with self.in_parens():
            for i, argument_type in enumerate(type.inputs):
                self.parts.append(", " if i else "")
                if arguments:
                    self.print_ssa_value(arguments[i])
                    self.parts.append(": ")
                self.print_attribute(argument_type)
                self._print_attributes_of(function.arg_attrs, i)
        self._print_outputs(type, function.res_attrs)
        self.print_op_attributes(function.attributes, print_keyword=True)
        if function.body.blocks:
            self.parts.append(" ")
            default, self.default_dialect = self.default_dialect, "func"
            self.print_region(function.body, print_entry_block_args=False, print_empty_block=False)
            self.default_dialect = default

    def _print_outputs(
        self, type: FunctionType, attributes: ArrayAttr[DictionaryAttr] | None
    ) -> None:
        if not type.outputs:
            return
        self.parts.append(" -> ")
        has_attributes = attributes is not None and any(entry.data for entry in attributes)
        if len(type.outputs) == 1 and not has_attributes:
            only = type.outputs.data[0]
            self.parts.append("(" if isinstance(only, FunctionType) else "")
            self.print_attribute(only)
            self.parts.append(")" if isinstance(only, FunctionType) else "")
            return
        with self.in_parens():
            for i, output in enumerate(type.outputs):
                self.parts.append(", " if i else "")
                self.print_attribute(output)
                self._print_attributes_of(attributes, i)

    def _print_attributes_of(self, attributes: ArrayAttr[DictionaryAttr] | None, i: int) -> None:
        if attributes is not None:
            self.print_op_attributes(attributes.data[i].data)
