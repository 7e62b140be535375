"""Texts of ops as format strings for the names of their values."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from xdsl.dialects.builtin import (
    AnyFloat,
    ArrayAttr,
    DenseIntOrFPElementsAttr,
    FloatAttr,
    IntegerAttr,
    f64,
    i64,
)
from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.printer import Printer

from xcs.dialects.dense import float_text, print_dense


class PartsPrinter(Printer):
    """A printer to a list that keeps no track of the column, which only diagnostics need.

    It prints each attribute object once: a program has a few types, shared by very many values.
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
            match attribute:
                case DenseIntOrFPElementsAttr():
                    print_dense(self, attribute)
                case ArrayAttr():
                    with self.in_square_brackets():
                        self.print_list(attribute, self._print_element)
                case _:
                    super().print_attribute(attribute)
            self._texts[id(attribute)] = attribute, "".join(self.parts[start:])
        else:
            self.parts.append(known[1])

    def _print_element(self, element: Attribute) -> None:
        """Print an element of a list, where the types i64 and f64 are left out."""
        match element:
            case IntegerAttr() if element.type == i64:
                self.parts.append(str(element.value.data))
            case FloatAttr() if element.type == f64:
                self.parts.append(float_text(element.value.data))
            case _:
                self.print_attribute(element)

    def print_float(self, value: float, type: AnyFloat) -> None:
        self.parts.append(float_text(value, type))

    def print_attr_dict(self, attr_dict: Mapping[str, Attribute]) -> None:
        super().print_attr_dict(dict(sorted(attr_dict.items())))


class TemplatePrinter(PartsPrinter):
    """Prints an op as a format string, with `%s` for the name of each value."""

    def __init__(self) -> None:
        self._values: list[SSAValue] = []
        super().__init__()

    def template(self, op: Operation, values: Sequence[SSAValue]) -> str | None:
        """The format of the names of these values; None if the op's text is not of that kind."""
        self._values.clear()
        self.parts.clear()
        self.print_op(op)
        text = "".join(self.parts)
        if self._values != list(values) or op.successors or "\n" in text:
            return None
        return text

    def print_string(self, text: str, *, indent: int | None = None) -> None:
        super().print_string(text.replace("%", "%%"), indent=indent)

    def print_ssa_value(self, value: SSAValue) -> str:
        self._values.append(value)
        self._ssa_values[value] = "%s"  # where an op's own format looks for a name
        self.parts.append("%%%s")
        return "%s"


def form_of(op: Operation, values: tuple[SSAValue, ...]) -> tuple[Hashable, ...]:
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
            forms.append((form_of(op, values), *[places.get(value, id(value)) for value in values]))
    return tuple(forms)


def _number(values: Iterable[SSAValue], places: dict[SSAValue, int]) -> None:
    for value in values:
        places[value] = len(places)
