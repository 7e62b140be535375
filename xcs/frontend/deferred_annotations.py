"""Annotations as ``from __future__ import annotations`` has them, for code compiled without it."""

from __future__ import annotations

import ast
import copy
from typing import Any


def with_annotations_as_text(statement: ast.stmt) -> ast.stmt:
    """The statement, in which no annotation is evaluated."""
    return _AnnotationsAsText().visit(copy.deepcopy(statement))


class _AnnotationsAsText(ast.NodeTransformer):
    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = _as_text(node.annotation)
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        self.generic_visit(node)
        node.annotation = _as_text(node.annotation)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.returns = _as_text(node.returns)
        return node

    visit_AsyncFunctionDef = visit_FunctionDef  # type: ignore[assignment]


def _as_text(annotation: Any) -> Any:
    if annotation is None:
        return None
    return ast.copy_location(ast.Constant(ast.unparse(annotation)), annotation)
