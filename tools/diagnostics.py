"""Messages about input: ``file:line:column: error: message``, the line, and a caret below."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

from xdsl.dialects.builtin import ArrayAttr, FileLineColLoc
from xdsl.ir import Attribute, Operation, ParametrizedAttribute
from xdsl.parser import Span
from xdsl.utils.exceptions import MultipleSpansParseError, ParseError, VerifyException

AnySpan: TypeAlias = Span[str] | Span[bytes]
"""A place in a text, which xDSL holds as it came: decoded or not."""


class InputError(Exception):
    """Something is wrong with what the user gave; its text is the whole message to print."""


def render(location: object, message: str, context: str = "") -> str:
    """Return ``location: error: message``, with ``context`` on the lines below."""
    return f"{location}: error: {message}" + (f"\n{context}" if context else "")


def render_span(span: AnySpan, message: str) -> str:
    """Return the message at a span of a text, with the line that the span starts on."""
    return render(span.get_location(), message, underline(span))


def underline(span: AnySpan) -> str:
    """Return the line on which the span starts, and a line that underlines the span with carets."""
    source = span.input
    start = source.get_start_of_line(span.start)
    end = source.get_end_of_line(span.start)
    line = _printable(source.content[start:end])
    # Columns count characters here: byte offsets would put the caret too far right after an umlaut.
    column = len(_printable(source.content[start : span.start]))
    width = max(len(_printable(source.content[span.start : min(span.end, end)])), 1)
    # Generated files may hold everything on one line: show what is around the place.
    first = max(0, column - _SHOWN // 2) if len(line) > _SHOWN else 0
    shown, indent = line[first : first + _SHOWN].rstrip(), column - first
    return f"{shown}\n{' ' * indent}{'^' * min(width, max(len(shown) - indent, 1))}"


_SHOWN = 120
"""How many characters of a source line a message shows."""


def _printable(text: str | bytes) -> str:
    """Decode for display: one column for each character, whatever the bytes are."""
    decoded = text if isinstance(text, str) else text.decode("utf-8", "replace")
    return "".join(c if c.isprintable() else "\ufffd" if c not in "\t\r" else " " for c in decoded)


@dataclass
class LocatedParseError(ParseError):
    """A parse error that prints as a diagnostic. xDSL's own prints in another form."""

    notes: tuple[tuple[AnySpan, str], ...] = ()

    @classmethod
    def of(cls, error: ParseError, line_offset: int) -> LocatedParseError:
        """The same error, of a text that starts after ``line_offset`` lines of its file."""
        if isinstance(error, LocatedParseError):
            return error
        refs = error.refs if isinstance(error, MultipleSpansParseError) else []
        return cls(
            replace(error.span, line_offset=line_offset),
            error.msg,
            tuple((replace(span, line_offset=line_offset), text or "") for span, text in refs),
        )

    def __str__(self) -> str:
        lines = [render_span(self.span, self.msg)]
        lines += [f"{span.get_location()}: note: {text}" for span, text in self.notes]
        return "\n".join(lines)


class LocatedVerifyException(VerifyException):
    """A verifier's complaint about one operation, as a diagnostic that points at it."""

    def __init__(self, location: object, message: str, context: str):
        super().__init__(render(location, message, context))


def file_location(location: Attribute) -> FileLineColLoc | None:
    """Return the first place in a file that a location names, itself or in its parts."""
    match location:
        case FileLineColLoc():
            return location
        case ArrayAttr():
            parts = location.data
        case ParametrizedAttribute():
            parts = location.parameters
        case _:
            return None
    return next(filter(None, map(file_location, parts)), None)


def summarize(op: Operation, limit: int = 160) -> str:
    """Return the first line of an operation's generic form, for one that no source line shows."""
    from io import StringIO

    from xdsl.printer import Printer

    text = StringIO()
    Printer(text, print_generic_format=True).print_op(op)
    line = text.getvalue().lstrip().split("\n", 1)[0]
    return line if len(line) <= limit else line[: limit - 3] + "..."
