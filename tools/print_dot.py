"""The target `dot`: the dataflow graph of a module's functions, for Graphviz.

Python constants are left out, and tokens that are joined lead on to whom the join is given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from xdsl.context import Context
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, StringAttr, SymbolRefAttr
from xdsl.ir import Block, Operation, SSAValue
from xdsl.irdl import IRDLOperation
from xdsl.utils.target import Target

from xcs.dialects import orch
from xcs.tools.diagnostics import file_location

_LABEL_LENGTH = 48

_COLORS: dict[type[Operation], str] = {
    orch.CallOp: "lightsalmon",
    orch.InvokeOp: "lightsalmon",
    orch.LaunchOp: "lightblue",
    orch.HostOp: "lightyellow",
}
"""What takes the time is seen first: operators, then kernels, then native Python."""


@dataclass(frozen=True)
class DotTarget(Target):
    """Prints functions as clusters of operations; edges are values, and dashed ones tokens."""

    name = "dot"

    def emit(self, ctx: Context, module: ModuleOp, output: IO[str]) -> None:
        output.write('digraph {\n  node [shape=box, style="filled", fillcolor=white]\n')
        graph = _Graph(output)
        for op in module.walk():
            if isinstance(op, func.FuncOp) and not op.is_declaration:
                graph.add_function(op)
        graph.write_edges()
        output.write("}\n")


@dataclass
class _Graph:
    """Writes nodes at once and edges last: Graphviz puts a node where it is first named."""

    output: IO[str]
    names: dict[SSAValue, list[str]] = field(default_factory=dict[SSAValue, list[str]])
    """The nodes that a value is from: several where it joins tokens."""
    edges: list[tuple[SSAValue, str]] = field(default_factory=list[tuple[SSAValue, str]])
    count: int = 0

    def add_function(self, function: func.FuncOp) -> None:
        self._open_cluster(f"@{function.sym_name.data}", "  ")
        is_entry = function.sym_visibility is None
        for block in function.body.blocks:
            self._add_block(block, "    ", is_entry=is_entry)
        self.output.write("  }\n")

    def write_edges(self) -> None:
        drawn: set[tuple[str, str]] = set()
        given = {
            (definition, user)
            for value, user in self.edges
            if not isinstance(value.type, orch.TokenType)
            for definition in self.names.get(value, ())
        }
        for value, user in self.edges:
            is_token = isinstance(value.type, orch.TokenType)
            style = " [style=dashed]" if is_token else ""
            # A value without a node is a constant, or defined outside of every function.
            for definition in self.names.get(value, ()):
                # Where a value goes, the order needs no edge of its own.
                edge = (definition, user)
                if edge not in drawn and not (is_token and edge in given):
                    drawn.add((definition, user))
                    self.output.write(f"  {definition} -> {user}{style}\n")

    def _add_block(self, block: Block, indent: str, *, is_entry: bool = False) -> None:
        for argument in block.args:
            label = f"{argument.name_hint or f'arg{argument.index}'}: {argument.type}"
            if isinstance(argument.type, orch.TokenType) and not is_entry:
                self.names[argument] = []  # what was before says little in a picture
            else:
                self.names[argument] = [self._node(label, "shape=ellipse", indent)]
        for op in block.ops:
            self._add_op(op, indent)

    def _add_op(self, op: Operation, indent: str) -> None:
        if isinstance(op, orch.ConstantOp):
            return
        if isinstance(op, orch.JoinOp):
            joined = [name for token in op.tokens for name in self.names.get(token, ())]
            self.names[op.results[0]] = list(dict.fromkeys(joined))
            return
        nested = any(region.blocks for region in op.regions)
        if nested:
            self._open_cluster(op.name, indent)
        inner = indent + "  " if nested else indent
        name = self._node(_label(op), f"fillcolor={_COLORS.get(type(op), 'white')}", inner)
        self.names.update((result, [name]) for result in op.results)
        self.edges.extend((operand, name) for operand in op.operands)
        for region in op.regions:
            for block in region.blocks:
                self._add_block(block, inner)
        if nested:
            self.output.write(f"{indent}}}\n")

    def _open_cluster(self, label: str, indent: str) -> None:
        self.output.write(f"{indent}subgraph cluster_{self._next()} {{\n")
        self.output.write(f"{indent}  label={_quote(label)}\n")

    def _node(self, label: str, attributes: str, indent: str) -> str:
        name = f"n{self._next()}"
        self.output.write(f"{indent}{name} [label={_quote(label)}, {attributes}]\n")
        return name

    def _next(self) -> int:
        self.count += 1
        return self.count


def _label(op: Operation) -> str:
    """Return an operation's name, what it calls or holds, and the line that it came from."""
    lines = [op.name]
    if isinstance(op, IRDLOperation):
        lines += [_shorten(text) for a in op.properties.values() if (text := _content(a))][:1]
    if (location := file_location(op.location)) is not None:
        lines.append(f"{Path(location.filename.data).name}:{location.line.data}")
    return "\n".join(lines)


def _content(attribute: object) -> str | None:
    match attribute:
        case SymbolRefAttr():
            return f"@{attribute.string_value()}"
        case StringAttr():
            return attribute.data
        case _:
            return None


def _shorten(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LABEL_LENGTH else text[: _LABEL_LENGTH - 3] + "..."


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
