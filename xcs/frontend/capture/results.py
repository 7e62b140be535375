"""Where the elements live of what a comprehension over data makes, from its syntax."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from xcs.frontend.capture.elements import MAPPINGS, elements_home, keys_home
from xcs.frontend.capture.names import mangled
from xcs.frontend.capture.order import ELEMENTS, Home
from xcs.frontend.capture.state import Capture
from xcs.frontend.capture.values import Dyn, Frame, Value


class NotKnown(Exception):
    """The syntax is none of those that are told apart."""


def elements_made(
    c: Capture,
    frame: Frame,
    node: ast.ListComp | ast.SetComp,
    operands: Mapping[str, Value],
    is_immutable: Callable[[ast.expr], bool],
) -> Home | None:
    """Where the elements live; None if they are immutable. Operands are given by their text.

    Raises NotKnown.
    """
    return _Elements(c, frame, operands, is_immutable).made(node)


@dataclass
class _Elements:
    c: Capture
    frame: Frame
    operands: Mapping[str, Value]
    is_immutable: Callable[[ast.expr], bool]
    bound: dict[str, Home | None] = field(default_factory=dict)

    def made(self, node: Any) -> Home | None:
        for generator in node.generators:
            if not isinstance(generator.target, ast.Name):
                raise NotKnown
            self.bound[generator.target.id] = self._iterated(generator.iter)
        return self._value(node.elt)

    def _value(self, node: ast.expr) -> Home | None:
        if (operand := self.operands.get(ast.unparse(node))) is not None:
            return self.c.home_of(operand)
        match node:
            case ast.Name(id=name) if name in self.bound:
                return self.bound[name]
            case ast.Attribute(value=base, attr=attr):
                return self._part(self._value(base), mangled(self.frame, attr))
            case ast.Subscript(value=base, slice=index) if not isinstance(index, ast.Slice):
                return self._part(self._value(base), ELEMENTS)
            case _ if self.is_immutable(node):
                return None
        raise NotKnown

    def _iterated(self, node: ast.expr) -> Home | None:
        operand = self.operands.get(ast.unparse(node))
        if isinstance(operand, Dyn) and operand.cls in MAPPINGS and operand.home is not None:
            return keys_home(self.c, operand.home)
        if operand is not None:
            return elements_home(self.c, operand)
        match node:
            case ast.Call(func=ast.Name(id="range")):
                return None
            case ast.Call(func=ast.Name(id="list" | "tuple" | "sorted" | "reversed"), args=[inner]):
                return self._iterated(inner)
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self._part(self._value(node), ELEMENTS)
        raise NotKnown

    def _part(self, home: Home | None, name: str) -> Home | None:
        """A part of an object; of what is immutable, parts are so too."""
        if home is None or self.c.order.holds(home) is not None:
            return None
        return self.c.order.part(home, name)
