"""A program as a picture needs it: calls, kernels and what holds them, and the values between."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Block, Operation, SSAValue

from xcs.api.dependence import Dependence, place_of
from xcs.dialects import orch

NodeKind = Literal["call", "ordered", "kernel", "function", "loop", "branch", "try", "python"]


@dataclass(eq=False)
class Node:
    """An op that takes time, or that holds such ops."""

    kind: NodeKind
    title: str
    place: str = ""
    """``file:line``."""
    parts: list[Graph] = field(default_factory=list)
    """The blocks of an op that holds others."""


@dataclass(frozen=True, eq=False)
class Edge:
    """A value goes from one node to another; a `loose` one is perhaps read from an object."""

    source: Node
    target: Node
    loose: bool = False


@dataclass
class Graph:
    """The nodes of one block, in program order."""

    title: str
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


def program_graphs(module: ModuleOp, names: dict[str, str]) -> list[Graph]:
    """``@main``, then each captured function from which operators are reached."""
    maker = _Maker(module, names)
    graphs = []
    for function in maker.dependence.functions.values():
        symbol = function.sym_name.data
        if symbol == "main" or maker.dependence.summaries[symbol].reaches:
            graph = maker.graph(function.body.block, names.get(symbol, symbol))
            graphs.append((symbol != "main", graph))
    return [graph for _, graph in sorted(graphs, key=lambda pair: pair[0])]


class _Maker:
    def __init__(self, module: ModuleOp, names: dict[str, str]) -> None:
        self.dependence = Dependence(module, names)

    def graph(self, block: Block, title: str) -> Graph:
        """The picture of one block."""
        graph = Graph(title)
        found: dict[Operation, Node] = {}
        for op in block.ops:
            node = self._node(op)
            if node is not None:
                found[op] = node
                graph.nodes.append(node)
        for op, node in found.items():
            sources = {o for o in self._givers(op, block, found) if o is not op}
            graph.edges += [Edge(found[o], node) for o in found if o in sources]
            loose = self._loose(op, found) - sources
            graph.edges += [Edge(found[o], node, loose=True) for o in found if o in loose]
        graph.edges = _without_shortcuts(graph)
        return graph

    def _node(self, op: Operation) -> Node | None:
        site = self.dependence.sites.get(op)
        place = _shown(op)
        if site is not None:
            kind = "function" if site.is_function else "ordered" if site.is_ordered else "call"
            return Node(kind, site.name, place)
        if isinstance(op, orch.LaunchOp):
            return Node("kernel", op.kernel.string_value(), place)
        kind, titles = _BLOCKS.get(type(op), (None, ()))
        if kind is None or not self._holds(op):
            return None
        blocks = [block for region in op.regions for block in region.blocks]
        parts = [self.graph(b, t) for b, t in zip(blocks, titles, strict=False)]
        return Node(kind, kind, place, [part for part in parts if part.nodes])

    def _holds(self, op: Operation) -> bool:
        return any(
            inner in self.dependence.sites or isinstance(inner, orch.LaunchOp)
            for inner in op.walk()
        )

    def _givers(
        self, op: Operation, block: Block, nodes: dict[Operation, Node]
    ) -> Iterator[Operation]:
        """The nodes of the block whose values an op is given, whatever is in between."""
        seen: set[SSAValue] = set()
        todo = list(_used(op))
        while todo:
            value = todo.pop()
            if value in seen:
                continue
            seen.add(value)
            owner = value.owner
            if not isinstance(owner, Operation) or owner.parent is not block:
                continue
            if owner in nodes:
                yield owner
            else:
                todo += _used(owner)

    def _loose(self, op: Operation, nodes: dict[Operation, Node]) -> set[Operation]:
        waits = {s for site in self.dependence.sites_in(op) for s in site.waits.all}
        return {
            other
            for other in nodes
            if other is not op and any(s.op in waits for s in self.dependence.sites_in(other))
        }


_BLOCKS: dict[type[Operation], tuple[NodeKind, tuple[str, ...]]] = {
    orch.MapOp: ("loop", ("",)),
    orch.ForOp: ("loop", ("",)),
    orch.WhileOp: ("loop", ("test", "")),
    orch.IfOp: ("branch", ("if so", "if not")),
    orch.TryOp: ("try", ("", "if that fails")),
}


def _used(op: Operation) -> Iterable[SSAValue]:
    """The values, but for tokens, that an op and what is in it are given."""
    for inner in op.walk():
        yield from (v for v in inner.operands if not isinstance(v.type, orch.TokenType))


def _without_shortcuts(graph: Graph) -> list[Edge]:
    """The edges, but for those that a longer way of others stands for."""
    before: dict[Node, set[Node]] = {node: set() for node in graph.nodes}
    for node in graph.nodes:
        for edge in graph.edges:
            if edge.target is node and edge.source in before:
                before[node] |= {edge.source, *before[edge.source]}
    kept = []
    for edge in graph.edges:
        others = [e.source for e in graph.edges if e.target is edge.target and e is not edge]
        if not any(edge.source in before[other] for other in others):
            kept.append(edge)
    return kept


def _shown(op: Operation) -> str:
    place = place_of(op)
    return f"{os.path.basename(place.file)}:{place.line}" if place.line else ""
