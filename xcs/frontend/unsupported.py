"""What capture raises where it cannot express something."""

from __future__ import annotations

import ast


class Unsupported(Exception):
    """Capture cannot express something; the caller falls back to plain Python for that part."""

    def __init__(self, reason: str, node: ast.AST | None = None):
        super().__init__(reason)
        self.reason = reason
        self.line: int | None = getattr(node, "lineno", None)


class SeesFrames(Unsupported):
    """The program looks at the frames of its functions, which there are only in plain Python."""


class Inseparable(Unsupported):
    """The same of something that cannot be taken out of its function either, to run by itself."""
