"""Terms: the two sides of a rule, written like mathematics.

A term is a variable, or an op (more exactly a *view*, see `views`) applied to terms and
attributes. ``left >> right`` is a rewrite. Arguments that are no terms are attributes: variables,
computed values, or literals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeAlias

from xdsl.ir import Operation
from xdsl.irdl import IRDLOperation

from xcs.dialects import xtensor
from xcs.dialects.xtensor.base import Kind

if TYPE_CHECKING:
    from xcs.transforms.rules.views import View


class Term:
    """One side of a rule, or a part of one."""

    def __add__(self, other: Term) -> Term:
        return _apply("add", self, other)

    def __sub__(self, other: Term) -> Term:
        return _apply("sub", self, other)

    def __mul__(self, other: Term) -> Term:
        return _apply("mul", self, other)

    def __truediv__(self, other: Term) -> Term:
        return _apply("div", self, other)

    def __neg__(self) -> Term:
        return _apply("neg", self)

    def __rshift__(self, right: Term) -> Rewrite:
        return Rewrite(self, right)

    def subterms(self) -> Iterator[Term]:
        """Yield the term and all its parts, outermost first."""
        yield self


@dataclass(frozen=True, eq=False)
class Variable(Term):
    """Any tensor whose elements are of one of the kinds."""

    name: str
    kinds: Kind = Kind.ANY

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, eq=False)
class Apply(Term):
    """A view applied to operands and attributes."""

    view: View
    operands: tuple[Term, ...]
    attributes: tuple[Any, ...]

    def subterms(self) -> Iterator[Term]:
        yield self
        for operand in self.operands:
            yield from operand.subterms()

    def __str__(self) -> str:
        given = [_text(attribute) for attribute in self.attributes if attribute is not None]
        return self.view.show([*map(str, self.operands), *given])


@dataclass(frozen=True, eq=False)
class Function:
    """Any elementwise op of some operands of one type, with whatever properties it has."""

    name: str
    arity: int

    def __call__(self, *operands: Term) -> Call:
        if len(operands) != self.arity:
            raise TypeError(f"{self.name} takes {self.arity} operands, got {len(operands)}")
        return Call(self, operands)

    def accepts(self, op: type[Operation]) -> bool:
        """Whether an op of this class is such a function."""
        base = xtensor.UnaryOp if self.arity == 1 else xtensor.BinaryOp
        return issubclass(op, base) and self.arity <= 2


@dataclass(frozen=True, eq=False)
class Call(Term):
    """A function variable applied to operands."""

    function: Function
    operands: tuple[Term, ...]

    def subterms(self) -> Iterator[Term]:
        yield self
        for operand in self.operands:
            yield from operand.subterms()

    def __str__(self) -> str:
        return f"{self.function.name}({', '.join(map(str, self.operands))})"


@dataclass(frozen=True)
class Rewrite:
    """``left >> right``."""

    left: Term
    right: Term

    def __str__(self) -> str:
        return f"{_outer(self.left)}  ->  {_outer(self.right)}"


def _outer(term: Term) -> str:
    """A term without the parentheses that nothing is outside of."""
    text = str(term)
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for place, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if depth == 0 and place < len(text) - 1:
            return text
    return text[1:-1]


# --- Attributes -----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Attr:
    """A variable that stands for an attribute: a permutation, axes, a shape."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, eq=False)
class Computed:
    """An attribute computed from others; of a tensor variable the function is given the type."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...]

    def __str__(self) -> str:
        name = getattr(self.function, "__name__", "f").strip("_")
        return f"{name}({', '.join(map(_text, self.arguments))})"


@dataclass(frozen=True)
class Value:
    """As an argument of a condition: what a tensor variable stands for, in place of its type."""

    variable: Variable


Argument: TypeAlias = "Variable | Attr | Computed | Any"


def computed(function: Callable[..., Any]) -> Callable[..., Computed]:
    """Make of a function of attribute values and tensor types one that is used in terms."""

    @wraps(function)
    def apply(*arguments: Argument) -> Computed:
        return Computed(function, arguments)

    return apply


def tensors(names: str, kinds: Kind = Kind.ANY) -> tuple[Variable, ...]:
    """Return tensor variables, given names that are separated by spaces."""
    return tuple(Variable(name, kinds) for name in names.split())


def attributes(names: str) -> tuple[Attr, ...]:
    """Return attribute variables, given names that are separated by spaces."""
    return tuple(Attr(name) for name in names.split())


def _text(attribute: Any) -> str:
    if isinstance(attribute, tuple | list):
        return f"[{', '.join(map(str, attribute))}]"
    return str(attribute)


# --- Constructors ---------------------------------------------------------------------------------


def _apply(name: str, *arguments: Any) -> Term:
    from xcs.transforms.rules.views import view

    return apply_view(view(name), arguments)


def apply_view(view: View, arguments: Sequence[Any]) -> Apply:
    """Apply a view; raise TypeError for the wrong number of operands or attributes.

    Optional properties at the end may be left out: the op then has to be without them.
    """
    operands, attributes = arguments[: view.operands], tuple(arguments[view.operands :])
    missing = len(view.attributes) - len(attributes)
    if 0 < missing <= view.optional:
        attributes += (None,) * missing
    if (
        len(operands) != view.operands
        or not all(isinstance(operand, Term) for operand in operands)
        or any(isinstance(attribute, Term) for attribute in attributes)
        or len(attributes) != len(view.attributes)
    ):
        takes = ", ".join((*("tensor",) * view.operands, *view.attributes))
        raise TypeError(f"{view.name} takes ({takes})")
    return Apply(view, tuple(operands), attributes)


def term_of(op: type[IRDLOperation]) -> Callable[..., Apply]:
    """Return the constructor of terms of an op of another package: of softplus, say.

    Raises:
        TypeError: if the op has regions, several results, or operands that no term has.
    """
    from xcs.transforms.rules.views import view_of

    seen = view_of(op)
    return lambda *arguments: apply_view(seen, arguments)


def __getattr__(name: str) -> Callable[..., Term]:
    """The constructor of a view: ``from ...terms import transpose, contract``."""
    from xcs.transforms.rules.views import VIEWS, view

    if name.startswith("__") or name.rstrip("_") not in VIEWS:
        raise AttributeError(f"there is no view or xtensor op of the name {name!r}")
    return lambda *arguments: apply_view(view(name.rstrip("_")), arguments)
