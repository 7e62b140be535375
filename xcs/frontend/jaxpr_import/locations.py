"""Source locations: from the traceback of an equation to the user's line."""

from __future__ import annotations

import os
import sysconfig
from functools import cache, lru_cache
from pathlib import Path
from types import CodeType
from typing import Any, cast

import jax
import jaxlib
from xdsl.dialects.builtin import (
    FileLineColLoc,
    IntAttr,
    LocationAttr,
    StringAttr,
    UnknownLoc,
)

_STDLIB = os.path.join(sysconfig.get_path("stdlib"), "")
_PACKAGES = tuple(
    os.path.join(folder, "")
    for folder in (
        os.path.dirname(cast(str, jax.__file__)),
        os.path.dirname(cast(str, jaxlib.__file__)),
        str(Path(__file__).parents[2]),
    )
)


@cache
def _is_user_file(filename: str) -> bool:
    if filename.startswith(_PACKAGES) or filename.startswith("<frozen "):
        return False
    return not filename.startswith(_STDLIB) or "site-packages" in filename


@lru_cache(maxsize=4096)
def _frame_location(traceback_type: Any, code: CodeType, offset: int) -> FileLineColLoc:
    line, column, _, _ = traceback_type.code_addr2location(code, offset)
    # Python counts columns from zero, compilers and editors from one.
    return FileLineColLoc(StringAttr(code.co_filename), IntAttr(line), IntAttr(column + 1))


UNKNOWN = UnknownLoc()


def location_of(traceback: Any) -> LocationAttr:
    """Return the innermost line of the user's own code in the traceback of an equation."""
    if traceback is None:
        return UNKNOWN
    codes, offsets = traceback.raw_frames()
    for code, offset in zip(codes, offsets, strict=True):
        if _is_user_file(code.co_filename):
            return _frame_location(type(traceback), code, offset)
    return UNKNOWN
