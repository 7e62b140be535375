"""Parameters of a function that an option of `jit` names: static ones, donated ones."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Chosen:
    """Parameters by name, and positions among the arguments that ``*args`` collects.

    A name that is no parameter is a key that ``**kwargs`` collects. A negative position counts from
    behind the last positional argument of a call.
    """

    names: frozenset[str] = frozenset()
    positions: frozenset[int] = frozenset()

    def __le__(self, other: Chosen) -> bool:
        return self.names <= other.names and self.positions <= other.positions

    def without(self, names: Iterable[str]) -> Chosen:
        """The same, but for some names."""
        return Chosen(self.names - frozenset(names), self.positions)


def choose(
    signature: inspect.Signature,
    function: str,
    option: str,
    numbers: int | Iterable[int] | None,
    names: str | Iterable[str] | None,
) -> Chosen:
    """What ``{option}_argnums`` and ``{option}_argnames`` name.

    Negative numbers count from behind. Those of donated arguments have no effect, as in JAX, which
    would otherwise leave arrays that `xcs.jit` deletes.

    Raises:
        ValueError: for a parameter that does not exist.
    """
    numbers = (numbers,) if isinstance(numbers, int) else tuple(numbers or ())
    names = (names,) if isinstance(names, str) else tuple(names or ())
    parameters = signature.parameters.values()
    positional = [p.name for p in parameters if p.kind in _POSITIONAL]
    kinds = {p.kind for p in parameters}
    found, positions = set(names), set()
    is_starred = inspect.Parameter.VAR_POSITIONAL in kinds
    for number in numbers:
        if not is_starred and not -len(positional) <= number < len(positional):
            raise ValueError(
                f"{option}_argnums={number}: {function} has {len(positional)} parameters that are "
                f"passed by position"
            )
        if number < 0 and option == "donate":
            continue
        if is_starred and not 0 <= number < len(positional):
            positions.add(number)
        else:
            found.add(positional[number])
    unknown = sorted(found - set(signature.parameters))
    if unknown and inspect.Parameter.VAR_KEYWORD not in kinds:
        raise ValueError(
            f"{option}_argnames={unknown}: {function} has no such parameter; "
            f"it has {list(signature.parameters)}"
        )
    return Chosen(frozenset(found), frozenset(positions))


def jax_options(signature: inspect.Signature, option: str, chosen: Chosen) -> dict[str, Any]:
    """The choice in the form that `jax.jit` takes, by position and by name."""
    positional = [p.name for p in signature.parameters.values() if p.kind in _POSITIONAL]
    numbers = {i for i, name in enumerate(positional) if name in chosen.names}
    by_name = {
        name
        for name in chosen.names
        if name not in signature.parameters or signature.parameters[name].kind in _KEYWORD
    }
    return {
        f"{option}_argnums": tuple(sorted(numbers | chosen.positions)),
        f"{option}_argnames": tuple(sorted(by_name)),
    }


_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_KEYWORD = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
