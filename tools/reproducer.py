"""Writes what is needed to see a crash of a pass again: the module, the command, the traceback."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Sequence
from pathlib import Path

from xcs.tools.diagnostics import InputError, render


def write_reproducer(
    path: str | None, source: bytes, what: str, flags: Sequence[str], trace: str
) -> str:
    """Write a module that `xcs-opt` can be run on, and return the command that does it.

    Args:
        path: Where to write; a new file in the temporary directory if None.
        source: The module as it was before the first pass.
        what: What failed, in a few words.
        flags: The command line, without program and input.
        trace: The traceback, which goes into the file only.
    """
    if path is None:
        # Nobody else can have put a link there: the name is new, and the file is made with it.
        made, path = tempfile.mkstemp(prefix="xcs-reproducer-", suffix=".mlir")
        os.close(made)
    header = [what, f"configuration: {shlex.join(flags)}", *trace.rstrip().splitlines()]
    comment = "".join(f"// {line}".rstrip() + "\n" for line in header)
    Path(path).write_bytes(comment.encode() + source)
    return shlex.join(["xcs-opt", path, *flags])


def reproducer_flags(path: str | None) -> list[str]:
    """Return the command line that a reproducer was written for, without program and input.

    Raises:
        InputError: if the file is no reproducer.
        OSError: if it cannot be read.
    """
    if path is None or path == "-":
        raise InputError("xcs-opt: error: --run-reproducer needs a file")
    for line in Path(path).read_bytes().splitlines():
        if line.startswith(_CONFIGURATION):
            return shlex.split(line.removeprefix(_CONFIGURATION).decode())
        if not line.startswith(b"//"):
            break
    raise InputError(render(path, "it has no line '// configuration: ...', as reproducers have"))


_CONFIGURATION = b"// configuration: "
