"""What a program under construction declares: its operators, and the objects that it refers to."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from xdsl.ir import Attribute

from xcs.dialects import orch
from xcs.frontend.classification import Classification
from xcs.frontend.facts import returns_plain


@dataclass
class Declarations:
    """The operators and the object table of one program; each is entered on first use."""

    objects: dict[str, Any] = field(default_factory=dict)
    operators: dict[str, orch.OperatorOp] = field(default_factory=dict)
    verdicts: dict[str, Classification] = field(default_factory=dict)
    """Why each operator has its effects."""
    names: dict[str, str] = field(default_factory=dict)
    """What people call what symbols stand for."""
    _keys: dict[int, str] = field(default_factory=dict)
    _symbols: dict[tuple[int, str, str, bool], str] = field(default_factory=dict)

    def key_of(self, value: Any, hint: str = "object") -> str:
        """The object table's key for the value."""
        key = self._keys.get(id(value))
        if key is None:
            key = _numbered(re.sub(r"\W", "_", hint) or "object", self.objects.__contains__)
            self.objects[key] = value
            self._keys[id(value)] = key
        return key

    def literal(self, value: Any, hint: str | None = None) -> Attribute:
        """The attribute of a constant: a literal, or a reference to the object table."""
        attribute = orch.literal_attribute(value)
        if attribute is None:
            name = hint or getattr(value, "__qualname__", None) or type(value).__name__
            attribute = orch.RefAttr(self.key_of(value, str(name).rpartition(".")[2]))
        return attribute

    def operator(
        self, function: Any, what: Classification, spec: Any = None, *, local: bool = False
    ) -> str:
        """The symbol of the operator that stands for a function."""
        key = (id(function), what.kind, what.effects, local)
        symbol = self._symbols.get(key)
        if symbol is None:
            name = str(getattr(function, "__name__", None) or type(function).__name__)
            symbol = self._symbols[key] = self.new_symbol(name)
            self.verdicts[symbol] = what
            module = getattr(function, "__module__", None) or type(function).__module__
            qualname = getattr(function, "__qualname__", None) or type(function).__qualname__
            settings = dict(spec.policy_settings()) if spec is not None else {}
            retry_on = settings.pop("retry_on", None)
            kind = what.kind if what.kind in orch.KindAttr.words else "function"
            self.operators[symbol] = orch.OperatorOp(
                symbol,
                f"{module}:{qualname}",
                kind,
                what.effects,
                policy=orch.PolicyAttr.of(settings),
                deterministic=spec is not None and spec.deterministic,
                fresh=what.effects == "pure" and spec is None,
                # What is not understood runs on the caller's own thread: it may depend on it.
                nonblocking=not what.blocking or (what.effects == "ordered" and spec is None),
                ref=self.key_of(function, _stem(name)),
                retry_on=self.key_of(retry_on, "retry_on") if retry_on is not None else None,
                batch=self._batch_of(spec),
                local=local,
                immutable=returns_plain(function),
            )
        return symbol

    def _batch_of(self, spec: Any) -> str | None:
        form = getattr(spec, "batch", None)
        if form is None or spec.function is not spec.declared:
            return None  # it makes batches of its own accord
        return self.key_of(form, f"{_stem(getattr(form.function, '__name__', 'many'))}_batch")

    def new_symbol(self, name: str) -> str:
        """A symbol of its own that reads like the name."""
        symbol = _numbered(_stem(name), self.is_symbol)
        self.names[symbol] = name
        return symbol

    def is_symbol(self, name: str) -> bool:
        """Whether the program has a symbol of that name."""
        return name in self.operators


def _stem(name: str) -> str:
    return re.sub(r"\W", "_", name).strip("_") or "operator"


def _numbered(stem: str, is_taken: Callable[[str], bool]) -> str:
    """The stem, with a number where it is taken."""
    name, count = stem, 1
    while is_taken(name):
        name, count = f"{stem}_{count}", count + 1
    return name


__all__ = ["Declarations"]
