"""Matchers, compiled from the left-hand sides of rules, and builders, from the right-hand sides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from xdsl.ir import Operation, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.xtensor.base import kind_of, tensor_type, type_of
from xcs.transforms.rules.terms import Apply, Attr, Call, Computed, Function, Term, Value, Variable
from xcs.transforms.rules.views import Emitter, View

Bindings: TypeAlias = "dict[Any, Any]"
"""What variables stand for: values, attributes, and the ops of function variables."""

Match: TypeAlias = "Callable[[Operation, Bindings], str | None]"
"""Binds the variables of a term to an op; returns why it does not match, or None where it does."""

MatchValue: TypeAlias = "Callable[[SSAValue, Bindings], str | None]"


def compile_match(term: Term) -> Match:
    """Return the matcher of a term that is no variable."""
    match term:
        case Apply():
            return _match_view(term)
        case Call():
            return _match_call(term)
        case _:
            raise TypeError(f"{term} matches anything: a left-hand side is an op")


def roots_of(term: Term) -> tuple[type[Operation], ...]:
    """Return the op classes that a term may match."""
    match term:
        case Apply():
            return term.view.roots
        case Call():
            return tuple(op for op in xtensor.OPERATIONS if term.function.accepts(op))
        case _:
            return ()


def _match_value(term: Term) -> MatchValue:
    if isinstance(term, Variable):
        return _match_variable(term)
    inner, roots = compile_match(term), frozenset(roots_of(term))
    if isinstance(term, Apply):
        missing = f"an operand is no {term.view.name}"
    else:
        missing = "an operand is not elementwise"

    def match(value: SSAValue, bound: Bindings) -> str | None:
        owner = value.owner
        if type(owner) not in roots:
            return missing
        return inner(owner, bound)  # pyright: ignore[reportArgumentType]

    return match


def _match_variable(variable: Variable) -> MatchValue:
    kinds, name = variable.kinds, variable.name
    other_value = f"{name} stands for two values"
    other_kind = f"{name} does not have elements of the kind that the rule is about"
    anything = kinds == xtensor.Kind.ANY

    def match(value: SSAValue, bound: Bindings) -> str | None:
        known = bound.get(variable)
        if known is not None:
            return None if known is value else other_value
        if not anything and not kind_of(type_of(value).element_type) & kinds:
            return other_kind
        bound[variable] = value
        return None

    return match


def _match_operands(operands: tuple[Term, ...], commutes: bool) -> Callable[..., str | None]:
    matchers = [_match_value(operand) for operand in operands]

    def match(values: Any, bound: Bindings) -> str | None:
        for matcher, value in zip(matchers, values, strict=True):
            if (reason := matcher(value, bound)) is not None:
                return reason
        return None

    if not commutes:
        return match
    first, second = matchers

    def match_either(values: Any, bound: Bindings) -> str | None:
        before = dict(bound)
        left, right = values
        if (reason := first(left, bound)) is None and (reason := second(right, bound)) is None:
            return None
        bound.clear()
        bound.update(before)
        if first(right, bound) is None and second(left, bound) is None:
            return None
        return reason

    return match_either


def _match_attribute(name: str, attribute: Any) -> Callable[[Any, Bindings], str | None] | None:
    if isinstance(attribute, Attr):
        different = f"{attribute.name} stands for two attributes"

        def bind(value: Any, bound: Bindings) -> str | None:
            known = bound.setdefault(attribute, value)
            return None if known is value or known == value else different

        return bind
    if isinstance(attribute, Computed):
        raise TypeError(f"{attribute} is computed: it cannot be matched")
    other = f"{name} is not {attribute}"
    return lambda value, bound: None if value == attribute else other


def _match_view(term: Apply) -> Match:
    view = term.view
    operands = _match_operands(term.operands, view.commutes)
    attributes = [
        _match_attribute(name, attribute)
        for name, attribute in zip(view.attributes, term.attributes, strict=True)
    ]
    see, missing = view.see, f"it cannot be seen as {view.name}"

    def match(op: Operation, bound: Bindings) -> str | None:
        seen = see(op)
        if seen is None:
            return missing
        values, found = seen
        if (reason := operands(values, bound)) is not None:
            return reason
        for matcher, value in zip(attributes, found, strict=True):
            if matcher is not None and (reason := matcher(value, bound)) is not None:
                return reason
        return None

    return match


def _match_call(term: Call) -> Match:
    function, operands = term.function, _match_operands(term.operands, False)

    def match(op: Operation, bound: Bindings) -> str | None:
        known = bound.setdefault(function, op)
        if known is not op and not _same_function(known, op):
            return f"{function.name} stands for two functions"
        return operands(op.operands, bound)

    return match


def _same_function(one: Operation, other: Operation) -> bool:
    return type(one) is type(other) and one.properties == other.properties


# --- Right-hand sides -----------------------------------------------------------------------------


def evaluate(argument: Any, bound: Bindings) -> Any:
    """Return the value of an attribute of a right-hand side; of a tensor variable its type."""
    match argument:
        case Variable():
            return type_of(bound[argument])
        case Attr() | Function():
            return bound[argument]
        case Value():
            return bound[argument.variable]
        case Computed():
            return argument.function(*(evaluate(part, bound) for part in argument.arguments))
        case tuple():
            return tuple(evaluate(part, bound) for part in argument)
        case _:
            return argument


def build(term: Term, bound: Bindings, emit: Emitter) -> SSAValue:
    """Make the ops of a right-hand side; raise VerifyException where it has no type."""
    match term:
        case Variable():
            return bound[term]
        case Call():
            return _build_call(term, bound, emit)
        case Apply():
            operands = [build(operand, bound, emit) for operand in term.operands]
            given = [evaluate(attribute, bound) for attribute in term.attributes]
            return _builder(term.view)(emit, operands, given)
        case _:
            raise TypeError(f"{term} cannot be made")


def _builder(view: View) -> Any:
    if view.build is None:
        raise TypeError(f"{view.name} can be recognised but not made")
    return view.build


def _build_call(term: Call, bound: Bindings, emit: Emitter) -> SSAValue:
    op = bound[term.function]
    operands = [build(operand, bound, emit) for operand in term.operands]
    source = type_of(operands[0])
    result = tensor_type(source.get_shape(), type_of(op.results[0]).element_type)
    return emit(
        type(op).create(operands=operands, result_types=[result], properties=dict(op.properties))
    )
