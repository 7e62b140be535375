"""Effects of orch ops, as xDSL's generic passes (cse, dce) understand them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from xdsl.ir import Operation, SSAValue
from xdsl.traits import EffectInstance, MemoryEffect, MemoryEffectKind, Resource


@dataclass(frozen=True)
class RaiseResource(Resource):
    """Stands for "may raise": such an op may not be dropped, since its error is a result too."""

    def name(self) -> str:
        return "<Raise>"


def fresh(values: Iterable[SSAValue]) -> frozenset[EffectInstance]:
    return frozenset(EffectInstance(MemoryEffectKind.ALLOC, value=value) for value in values)


NO_EFFECTS: frozenset[EffectInstance] = frozenset()


MAY_RAISE = frozenset({EffectInstance(MemoryEffectKind.WRITE, resource=RaiseResource())})


WORLD = frozenset({EffectInstance(MemoryEffectKind.WRITE)})


class MayRaise(MemoryEffect):
    """The op has no effect but the error that it may raise."""

    @classmethod
    def get_effects(cls, op: Operation) -> frozenset[EffectInstance]:
        return MAY_RAISE


class MakesObject(MemoryEffect):
    """The op makes fresh mutable objects: it may be dropped, but two are never merged."""

    @classmethod
    def get_effects(cls, op: Operation) -> frozenset[EffectInstance]:
        return fresh(op.results)


class WritesWorld(MemoryEffect):
    """The op may change anything: it is neither merged nor dropped, and no read passes it."""

    @classmethod
    def get_effects(cls, op: Operation) -> frozenset[EffectInstance]:
        return WORLD
