"""`draw`: a program as a picture, in SVG.

Each block is laid out in layers by fast-sugiyama; what holds blocks is a box around them, and a
node of the block that it is in.
"""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from xcs.api.function import Fallback, JitFunction
from xcs.api.graph import Edge, Graph, Node, program_graphs
from xcs.api.stages import ArrayCode, CaptureError, capture_for
from xcs.runtime import XCSError

CHARACTER = 6.6
"""How wide a character is, in pixels."""
LINE = 15
PADDING = 8
GAP = 22
"""Between nodes beside one another."""
STEP = 34
"""Between layers."""

_COLORS = {
    "call": "#ffd8c2",
    "ordered": "#ffb3b3",
    "kernel": "#cfe5ff",
    "function": "#e6dcff",
    "python": "#fff7cc",
    "loop": "#f4f8f2",
    "branch": "#f8f8f8",
    "try": "#fbf4f4",
}
_LEGEND = (
    ("call", "call"),
    ("ordered", "call that keeps its place"),
    ("kernel", "kernel"),
    ("function", "captured function"),
)


@dataclass
class Box:
    """A rectangle with what is drawn in it; positions are relative to its upper left corner."""

    width: float
    height: float
    items: list[str] = field(default_factory=list)


class Drawing:
    """An SVG image. Notebooks show it; `save` writes it to a file."""

    def __init__(self, svg: str) -> None:
        self.svg = svg

    def save(self, path: Any) -> None:
        """Write the image to a file."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.svg)

    def _repr_svg_(self) -> str:
        return self.svg

    def __str__(self) -> str:
        return self.svg


def draw_program(function: JitFunction, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Drawing:
    """The picture of a jitted function's program for such arguments. See `JitFunction.draw`."""
    captured = capture_for(function, args, kwargs)
    if isinstance(captured, ArrayCode):
        raise CaptureError(f"{function.name} is array code alone: there are no calls to draw")
    program = function.compile_captured(captured)
    if isinstance(program, Fallback):
        raise CaptureError(f"{function.name} runs as plain Python: {program.reason}")
    names = {**captured.names, "main": function.name}
    return draw(program_graphs(program.lowered.module, names))


def draw(graphs: Sequence[Graph]) -> Drawing:
    """One picture of several blocks, below one another. Needs the extra ``draw``.

    Raises:
        XCSError: if fast-sugiyama is not installed.
    """
    boxes = [_titled(graph, _block(graph)) for graph in graphs]
    width = max([box.width for box in boxes] + [_legend_width()]) + 2 * PADDING
    parts, y = [_legend()], 2.0 * LINE
    for box in boxes:
        parts.append(_moved(box, PADDING, y))
        y += box.height + STEP
    style = "text{font:11px ui-monospace,Menlo,Consolas,monospace;fill:#222}"
    return Drawing(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{y:.0f}" '
        f'viewBox="0 0 {width:.0f} {y:.0f}"><style>{style}</style>'
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0,0 L8,4 L0,8 z" fill="#555"/></marker></defs>'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(parts)}</svg>'
    )


def _titled(graph: Graph, inner: Box) -> Box:
    """A block under its title."""
    if not graph.title:
        return inner
    width = max(inner.width, len(graph.title) * CHARACTER + 2 * PADDING)
    items = [_text(graph.title, PADDING, LINE, bold=True), _moved(inner, 0, LINE + 4)]
    return Box(width, inner.height + LINE + 4, items)


def _leaf(node: Node) -> Box:
    lines = [_shortened(node.title), node.place] if node.place else [_shortened(node.title)]
    width = max(len(line) for line in lines) * CHARACTER + 2 * PADDING
    height = len(lines) * LINE + PADDING
    rectangle = _rectangle(width, height, _COLORS[node.kind])
    texts = [
        _text(line, width / 2, LINE * (i + 1), middle=True, faint=i > 0)
        for i, line in enumerate(lines)
    ]
    return Box(width, height, [rectangle, *texts])


def _node(node: Node) -> Box:
    if not node.parts:
        return _leaf(node)
    parts = [_titled(part, _block(part)) for part in node.parts]
    title = f"{node.title} {node.place}"
    inside = sum(part.width + GAP for part in parts) - GAP
    width = max(inside, len(title) * CHARACTER) + 2 * PADDING
    height = max(part.height for part in parts) + LINE + 2 * PADDING
    items = [_rectangle(width, height, _COLORS[node.kind], dashed=True)]
    items.append(_text(title, PADDING, LINE, faint=True))
    x = (width - inside) / 2
    for part in parts:
        items.append(_moved(part, x, LINE + PADDING))
        x += part.width + GAP
    return Box(width, height, items)


def _block(graph: Graph) -> Box:
    """The nodes of a block in layers, with the edges between them."""
    boxes = [_node(node) for node in graph.nodes]
    numbers = {node: number for number, node in enumerate(graph.nodes)}
    edges = [(numbers[e.source], numbers[e.target]) for e in graph.edges]
    layers, ways = _layers(len(boxes), edges)
    sizes = lambda number: boxes[number].width if number < len(boxes) else 1.0
    middles: dict[int, tuple[float, float]] = {}
    spans: dict[int, Span] = {}
    rows = [_row(layer, sizes) for layer in layers]
    width = max((row[1] for row in rows), default=0.0) + 2 * PADDING
    y = float(PADDING)
    for layer, (lefts, row_width) in zip(layers, rows, strict=True):
        height = max((boxes[n].height for n in layer if n < len(boxes)), default=0.0)
        shift = (width - row_width) / 2
        for number, left in zip(layer, lefts, strict=True):
            own = boxes[number].height if number < len(boxes) else height
            middles[number] = (left + shift + sizes(number) / 2, y + (height - own) / 2)
            top = middles[number][1]
            spans[number] = Span(y, top, top + own, y + height)
        y += height + STEP
    lines = [
        _line([middles[n][0] for n in way], [spans[n] for n in way], edge)
        for edge, way in zip(graph.edges, ways, strict=True)
    ]
    placed = [
        _moved(box, middles[n][0] - box.width / 2, middles[n][1]) for n, box in enumerate(boxes)
    ]
    return Box(width, max(y - STEP + PADDING, 2 * PADDING), [*lines, *placed])


def _row(layer: Sequence[int], size: Any) -> tuple[list[float], float]:
    """Where the nodes of a layer begin, and how wide it is."""
    lefts, x = [], 0.0
    for number in layer:
        lefts.append(x)
        x += size(number) + GAP
    return lefts, x - GAP


def _layers(
    count: int, edges: Sequence[tuple[int, int]]
) -> tuple[list[list[int]], list[list[int]]]:
    """The nodes by layer, from left to right, and for each edge the nodes on its way.

    Numbers from `count` on are places where an edge passes a layer.
    """
    joined = {number for edge in edges for number in edge}
    alone = [number for number in range(count) if number not in joined]
    layers: dict[int, list[tuple[float, int]]] = defaultdict(list)
    follow: dict[int, list[int]] = defaultdict(list)
    offset, fresh = 0.0, count
    for positions, width, _, inner in _sugiyama(edges):
        known = {number: number for number, _ in positions if number in joined}
        for number, _ in positions:
            if number not in known:
                known[number] = fresh
                fresh += 1
        heights = sorted({round(y, 3) for _, (_, y) in positions}, reverse=True)
        for number, (x, y) in positions:
            layers[heights.index(round(y, 3))].append((offset + x, known[number]))
        for source, target in inner or ():
            follow[known[source]].append(known[target])
        offset += width + 100
    for place, number in enumerate(alone):
        layers[place // _PER_ROW].append((offset + place, number))
    ordered = [[n for _, n in sorted(layers[i])] for i in sorted(layers)]
    return ordered, [_way(edge, follow, count) for edge in edges]


_PER_ROW = 6


def _way(edge: tuple[int, int], follow: dict[int, list[int]], count: int) -> list[int]:
    """From one node to another by way of places that belong to this edge alone."""
    source, target = edge
    for first in follow[source]:
        way = [source, first]
        while way[-1] >= count and follow[way[-1]]:
            way.append(follow[way[-1]][0])
        if way[-1] == target:
            return way
    return [source, target]


def _sugiyama(edges: Sequence[tuple[int, int]]) -> Iterable[Any]:
    if not edges:
        return ()
    try:
        from fast_sugiyama import from_edges
    except ImportError:
        raise XCSError(
            "drawing needs the package fast-sugiyama: pip install 'xcs-mlir[draw]'; without it, "
            "xcs-opt -t dot gives text for Graphviz"
        ) from None
    return from_edges(edges)


# --- SVG ------------------------------------------------------------------------------------------


def _shortened(text: str, limit: int = 40) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _moved(box: Box, x: float, y: float) -> str:
    return f'<g transform="translate({x:.1f},{y:.1f})">{"".join(box.items)}</g>'


def _rectangle(width: float, height: float, color: str, *, dashed: bool = False) -> str:
    stroke = "#999" if dashed else "#666"
    dash = ' stroke-dasharray="4 3"' if dashed else ""
    return (
        f'<rect width="{width:.1f}" height="{height:.1f}" rx="5" fill="{color}" '
        f'stroke="{stroke}"{dash}/>'
    )


def _text(
    text: str, x: float, y: float, *, bold: bool = False, middle: bool = False, faint: bool = False
) -> str:
    attributes = ' text-anchor="middle"' if middle else ""
    style = "font-weight:bold;" * bold + "fill:#777" * faint
    return f'<text x="{x:.1f}" y="{y:.1f}"{attributes} style="{style}">{html.escape(text)}</text>'


class Span(NamedTuple):
    """From where to where something reaches downwards: its layer, and within that itself."""

    layer_top: float
    top: float
    bottom: float
    layer_bottom: float


def _line(xs: Sequence[float], spans: Sequence[Span], edge: Edge) -> str:
    """Straight through layers, and bending between them, from one node to the top of another."""
    x, y = xs[0], spans[0].layer_bottom
    path = [f"M{x:.1f},{spans[0].bottom:.1f} L{x:.1f},{y:.1f}"]
    for number, (next_x, span) in enumerate(zip(xs[1:], spans[1:], strict=True), start=1):
        middle = (y + span.layer_top) / 2
        bend = f"{x:.1f},{middle:.1f} {next_x:.1f},{middle:.1f} {next_x:.1f},{span.layer_top:.1f}"
        end = span.top if number == len(xs) - 1 else span.layer_bottom
        path.append(f"C{bend} L{next_x:.1f},{end:.1f}")
        x, y = next_x, span.layer_bottom
    dash = ' stroke-dasharray="2 4"' if edge.loose else ""
    line = " ".join(path)
    return f'<path d="{line}" fill="none" stroke="#555"{dash} marker-end="url(#arrow)"/>'


def _legend_width() -> float:
    return sum(len(text) * CHARACTER + 34 for _, text in _LEGEND) + 200


def _legend() -> str:
    parts, x = [], float(PADDING)
    for kind, text in _LEGEND:
        parts.append(
            f'<rect x="{x:.1f}" y="6" width="14" height="11" rx="3" fill="{_COLORS[kind]}" '
            'stroke="#666"/>'
        )
        parts.append(_text(text, x + 19, 15))
        x += len(text) * CHARACTER + 34
    parts.append(f'<path d="M{x:.1f},12 h24" stroke="#555" stroke-dasharray="2 4"/>')
    parts.append(_text("if it reads what was stored", x + 29, 15))
    return "".join(parts)
