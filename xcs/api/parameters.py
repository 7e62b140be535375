"""Parameters of a function that an option of `jit` names: static ones, donated ones."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
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

    def holds(self, name: str, place: int | None, given: int) -> bool:
        """Whether an argument is among them.

        It is one of the parameter of that name, and the one at the place of so many that are given
        by position, unless it is given by name.
        """
        if name in self.names:
            return True
        return place is not None and place < given and bool({place, place - given} & self.positions)

    def by_place(self, signature: inspect.Signature) -> Callable[[int | str, int], bool] | None:
        """The same for arguments at a position or of a name, as a call has them; None if empty."""
        if not (self.names or self.positions):
            return None
        named = [p.name for p in signature.parameters.values() if p.kind in _POSITIONAL]

        def holds(place: int | str, given: int) -> bool:
            if isinstance(place, str):
                return place in self.names
            return self.holds(named[place] if place < len(named) else "", place, given)

        return holds


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
        TypeError: for what is no number, or no name.
        ValueError: for a parameter that does not exist, or a name of one without.
    """
    numbers = _all_of(int, f"{option}_argnums", numbers)
    names = _all_of(str, f"{option}_argnames", names)
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
    by_position = {p.name for p in parameters if p.kind is inspect.Parameter.POSITIONAL_ONLY}
    if wrong := sorted(by_position & set(names)):
        raise ValueError(f"{option}_argnames={wrong}: {function} takes these by position only")
    unknown = sorted(found - set(signature.parameters))
    if unknown and inspect.Parameter.VAR_KEYWORD not in kinds:
        raise ValueError(
            f"{option}_argnames={unknown}: {function} has no such parameter; "
            f"it has {list(signature.parameters)}"
        )
    return Chosen(frozenset(found), frozenset(positions))


def _all_of(kind: type, option: str, given: Any) -> tuple[Any, ...]:
    """One value or several, of one kind."""
    if given is None:
        return ()
    values = (given,) if isinstance(given, str | int) else tuple(given)
    for value in values:
        if not isinstance(value, kind) or isinstance(value, bool):
            raise TypeError(f"{option}={given!r}: expected {kind.__name__}s, not {value!r}")
    return values


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
