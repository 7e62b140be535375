"""Explicit marks, which always win: declared operators and jitted functions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, get_args

from xcs.frontend.classification import (
    ORDERED,
    PURE,
    UNORDERED,
    Classification,
    EffectClass,
    Kind,
    higher_order,
    tensor,
)

PRIORITY = 1_000_000

_KINDS: Final = frozenset(get_args(Kind))
_EFFECTS: Final[dict[str, EffectClass]] = {known: known for known in get_args(EffectClass)}


def detect(fn: Any) -> Classification | None:
    """Read the marks of operators, of functions of ours, and of what makes such functions."""
    spec = own_mark(fn, "__xcs_operator__")
    if spec is not None:
        return _declared(spec, fn)
    if own_mark(fn, "__xcs_jit__"):
        return Classification(
            "function",
            UNORDERED,
            f"{_name(fn)} is jitted: capture looks inside",
            inline=True,
            reaches=frozenset({"operator"}),
        )
    if mapped := own_mark(fn, "__xcs_vmap__"):
        if getattr(fn if mapped is True else mapped, "calls_operators", False):
            return Classification(
                "function",
                ORDERED,
                f"{_name(fn)} is a mapped program, and runs as one call",
                reaches=frozenset({"operator"}),
            )
        return _array_code(f"{_name(fn)} is mapped array code")
    if differentiated := own_mark(fn, "__xcs_grad__"):
        what = differentiated.classification
        if differentiated.calls_operators or what.effects != PURE:
            reason = f"{_name(fn)} is a derivative, and runs as one call"
            return replace(what, kind="function", reason=reason, inline=False, blocking=True)
        return _array_code(f"{_name(fn)} is the derivative of array code")
    if (known := own_mark(fn, "__xcs_classification__")) is not None:
        return known
    if own_mark(fn, "__xcs_control__"):
        return higher_order(f"{_name(fn)} only calls the functions that it is given")
    if made := own_mark(fn, "__xcs_transformation__"):
        reason = f"{_name(fn)} is a transformation: it returns a function"
        found = _array_code(reason, returns="function")
        # What is jitted may well hold no array code; what is mapped does.
        return replace(found, reaches=frozenset()) if made == "jit" else found
    return None


def _array_code(reason: str, *, returns: str | None = None) -> Classification:
    return replace(tensor(reason, returns=returns), evidence="declared")


def own_mark(fn: Any, attribute: str) -> Any:
    """The mark of this very object; ``functools.wraps`` copies marks onto wrappers of it."""
    mark = getattr(fn, attribute, None)
    inner = getattr(fn, "__wrapped__", None)
    if mark is not None and inner is not None and getattr(inner, attribute, None) is mark:
        return None
    return mark


def _declared(spec: Any, fn: Any) -> Classification | None:
    kind, effects = getattr(spec, "kind", None), getattr(spec, "effects", None)
    if kind is None:
        kind = "function"
    if kind not in _KINDS:
        return None
    effects = _EFFECTS.get(str(effects), UNORDERED)
    return Classification(
        kind,
        effects,
        f"{_name(fn)} is declared {effects} by its operator",
        returns=_annotated_class(fn),
        blocking=kind not in ("pure", "tensor"),
        reaches=frozenset({"operator"}),
        fresh_result=not (effects == PURE and getattr(spec, "deterministic", False)),
    )


def _annotated_class(fn: Any) -> str | None:
    """The annotated result class, as a hint: declared operators are trusted to keep their word."""
    annotations = getattr(fn, "__annotations__", None)
    result = annotations.get("return") if isinstance(annotations, dict) else None
    if isinstance(result, str):
        result = {"str": str, "int": int, "float": float, "bool": bool, "bytes": bytes}.get(result)
    return result.__name__ if result in (str, int, float, bool, bytes, list, dict) else None


def _name(fn: Any) -> str:
    return getattr(fn, "__qualname__", None) or type(fn).__qualname__
