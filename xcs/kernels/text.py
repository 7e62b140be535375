"""Reading StableHLO text with the parser and verifier that come with jaxlib."""

import re

# jax.extend and jax.interpreters rather than jax._src: what JAX keeps for packages like this one.
from jax.extend.mlir import ir
from jax.interpreters import mlir

_POSITION = re.compile(r'"-":(\d+):(\d+): ')


def parse_module(text: str, context: ir.Context) -> ir.Module:
    """Parse and verify StableHLO text in `context`; `ValueError` shows the offending line."""
    try:
        return ir.Module.parse(text, context)
    except ir.MLIRError as error:
        raise ValueError(_explain(str(error), text)) from error


def verify_stablehlo(text: str) -> None:
    """Accept what StableHLO's own parser and verifier accept.

    Raises:
        ValueError: with `line:column`, the diagnostic and the line itself.
    """
    parse_module(text, mlir.make_ir_context())


def _explain(diagnostic: str, text: str) -> str:
    """The diagnostic, its positions as `line L, column C`, followed by the line it points at."""
    position = _POSITION.search(diagnostic)
    message = _POSITION.sub(r"line \1, column \2: ", diagnostic)
    if position is None:
        return f"invalid StableHLO: {message}"
    line, column = int(position[1]), int(position[2])
    lines = text.splitlines()
    shown = lines[line - 1] if line <= len(lines) else ""
    return f"invalid StableHLO: {message.rstrip()}\n{shown}\n{' ' * (column - 1)}^"
