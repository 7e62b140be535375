"""How stages and statistics look in notebooks."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any


class JitStats(dict[str, Any]):
    """A plain dict, which notebooks show as a table."""

    def _repr_html_(self) -> str:
        return table(self)


def table(rows: Mapping[str, Any], title: str = "") -> str:
    """Names and values."""
    cells = "".join(
        f"<tr><td style='text-align:left'><code>{html.escape(name)}</code></td>"
        f"<td style='text-align:left'>{html.escape(_shown(value))}</td></tr>"
        for name, value in rows.items()
    )
    head = f"<p><b>{html.escape(title)}</b></p>" if title else ""
    return f"<div>{head}<table>{cells}</table></div>"


def text(title: str, content: str) -> str:
    """Text of a program, folded away."""
    return (
        f"<details><summary><b>{html.escape(title)}</b></summary>"
        f"<pre>{html.escape(content)}</pre></details>"
    )


def _shown(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
