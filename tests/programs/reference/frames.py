"""Activations of functions, and what control they stand under."""

from __future__ import annotations

import ast
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.programs.reference.sources import Generator
from tests.programs.reference.times import Timed


class Jump(Exception):
    """Control leaves a loop's body or a function; that it does is known at a time."""

    def __init__(self, gate: float) -> None:
        self.gate = gate


class Break(Jump):
    pass


class Continue(Jump):
    pass


class Return(Jump):
    def __init__(self, gate: float, value: Any, time: float) -> None:
        super().__init__(gate)
        self.value = value
        self.time = time


@dataclass
class Function:
    """A function of the program: what its wrapper calls."""

    node: ast.FunctionDef | ast.Lambda
    frame: Frame
    name: str
    defaults: list[Timed]
    keyword_defaults: dict[str, Timed]
    local: set[str]
    outer: dict[str, str]
    generates: bool
    owner: type | None = None


class Frame:
    """An activation of a function, the body of a class or of the module, or a comprehension."""

    def __init__(self, kind: str, parent: Frame | None, names: dict[str, Any], gate: float) -> None:
        self.kind = kind
        self.parent = parent
        self.names = names
        self.times: dict[str, float] = {}
        self.local: set[str] = set()
        self.declared: dict[str, str] = {}
        self.function: Function | None = None
        self.generator: Generator | None = None
        self.lazy = False
        """Of a generator expression: whoever draws from it may stop after any element."""
        # Control dependence: of the whole frame, then of loops, iterations and branches in it.
        self.control: list[tuple[str, float]] = [("return", gate)]

    @property
    def gate(self) -> float:
        return max(time for _, time in self.control)

    def delay(self, kind: str, time: float) -> None:
        """What is left of the innermost scope of a kind waits for a time."""
        for position in reversed(range(len(self.control))):
            if self.control[position][0] == kind:
                self.control[position] = (kind, max(time, self.control[position][1]))
                return
        self.control[0] = ("return", max(time, self.control[0][1]))

    @contextlib.contextmanager
    def under(self, kind: str, time: float) -> Iterator[None]:
        self.control.append((kind, time))
        depth = len(self.control)
        try:
            yield
        finally:
            del self.control[depth - 1 :]

    def home(self, name: str) -> Frame:
        """The frame that a name belongs to."""
        if self.declared.get(name) == "global":
            return self.module
        if name in self.local and name not in self.declared:
            return self
        frame = self.parent
        while frame is not None:
            if frame.kind == "module":
                return frame
            if frame.kind != "class" and name in frame.local and name not in frame.declared:
                return frame
            if frame.declared.get(name) == "global":
                return self.module
            frame = frame.parent
        return self

    @property
    def module(self) -> Frame:
        frame = self
        while frame.parent is not None:
            frame = frame.parent
        return frame

    @property
    def activation(self) -> Frame:
        """The function, class or module that a comprehension stands in."""
        frame = self
        while frame.kind == "comprehension" and frame.parent is not None:
            frame = frame.parent
        return frame
