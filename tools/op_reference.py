"""The op reference, made of the dialects' own definitions: `python -m xcs.tools.op_reference`.

One Markdown page for each dialect goes to docs/ops: for each op what it does, its assembly format,
and its operands, properties, regions, results and traits.
"""

from __future__ import annotations

import argparse
import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from xdsl.ir import Dialect
from xdsl.irdl import (
    IRDLOperation,
    OptionalDef,
    OptPropertyDef,
    VariadicDef,
)

from xcs.dialects import get_all_dialects

DOCS = Path(__file__).resolve().parents[1] / "docs" / "ops"


def page(dialect: Dialect) -> str:
    """The reference of a dialect, in Markdown."""
    ops = sorted(
        (op for op in dialect.operations if issubclass(op, IRDLOperation)), key=lambda op: op.name
    )
    lines = [
        f"# The `{dialect.name}` dialect",
        "",
        f"{len(ops)} ops. This page is generated: `python -m xcs.tools.op_reference`.",
        *(line for op in ops for line in _op(op)),
    ]
    return "\n".join(lines) + "\n"


def _op(op: type[IRDLOperation]) -> Iterator[str]:
    definition = op.get_irdl_definition()
    yield from ("", f"## `{op.name}`", "", _description(op))
    if definition.assembly_format is not None:
        yield from ("", "```", f"{op.name} {definition.assembly_format}", "```")
    properties = [
        f"`{name}`" + (" (optional)" if isinstance(part, OptPropertyDef) else "")
        for name, part in definition.properties.items()
    ]
    traits = sorted(type(trait).__name__ for trait in definition.traits.traits)
    parts: list[tuple[str, Sequence[str]]] = [
        ("Operands", _parts(definition.operands)),
        ("Properties", properties),
        ("Regions", _parts(definition.regions)),
        ("Results", _parts(definition.results)),
        ("Traits", [f"`{trait}`" for trait in traits]),
    ]
    listed = [f"- {title}: {', '.join(items)}" for title, items in parts if items]
    if listed:
        yield from ("", *listed)


def _description(op: type[IRDLOperation]) -> str:
    """The op's docstring; for an op of one line, what it stands for and its base's docstring."""
    general = inspect.getdoc(op) or ""
    if op.__doc__ is not None or op.dialect_name() != "xtensor":
        return general
    return f"`jax.lax.{op.name.removeprefix('xtensor.')}`. {general}"


def _parts(definitions: Iterable[tuple[str, Any]]) -> list[str]:
    return [f"`{name}`{_multiplicity(part)}" for name, part in definitions]


def _multiplicity(part: Any) -> str:
    if isinstance(part, OptionalDef):
        return " (optional)"
    return " (any number)" if isinstance(part, VariadicDef) else ""


def pages() -> dict[str, Callable[[], str]]:
    """What makes the page of each dialect that has ops, by file name."""
    dialects = {name: load() for name, load in get_all_dialects().items()}
    return {
        f"{name}.md": (lambda dialect=dialect: page(dialect))
        for name, dialect in dialects.items()
        if any(True for _ in dialect.operations)
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the pages."""
    parser = argparse.ArgumentParser(prog="python -m xcs.tools.op_reference", description=__doc__)
    parser.add_argument("--docs", type=Path, default=DOCS, metavar="FOLDER")
    options = parser.parse_args(arguments)
    options.docs.mkdir(parents=True, exist_ok=True)
    for name, make in pages().items():
        (options.docs / name).write_text(make())


if __name__ == "__main__":
    main()
