"""Bars that show how far long loops are: their rate, the calls that failed, and the time left.

There is one for each loop that is in no other one, once it has run for a moment. tqdm draws it, in
terminals and notebooks, and nothing where standard error is neither.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from xcs.runtime.errors import XCSError
from xcs.runtime.frames import UNKNOWN_LENGTH, Activation, Loop, While

DELAY_SECONDS = 0.5
"""How long a loop runs before its bar appears."""


class Progress:
    """The bars of one run."""

    def __init__(self) -> None:
        try:
            from tqdm.auto import tqdm
        except ImportError:
            raise XCSError(
                "Config(progress=True) needs the package tqdm: pip install 'xcs-mlir[progress]'"
            ) from None
        self._tqdm: Any = tqdm
        self._bars: dict[Loop, Any] = {}
        self._failures: dict[Loop, int] = {}

    def ended(self, loop: Loop, index: int) -> None:
        """An iteration has ended."""
        if _outermost(loop.frame) is not None or (isinstance(loop, While) and index % 2 == 0):
            return
        bar = self._bar(loop)
        if loop.length != UNKNOWN_LENGTH and not isinstance(loop, While):
            bar.total = loop.length
        bar.update()

    def failed(self, frame: Activation) -> None:
        """A call has failed, whether or not it is tried again."""
        loop = _outermost(frame)
        if loop is not None:
            self._failures[loop] = self._failures.get(loop, 0) + 1
            self._bar(loop).set_postfix(failures=self._failures[loop], refresh=False)

    def close(self) -> None:
        """The run has ended."""
        for bar in self._bars.values():
            bar.close()
        self._bars.clear()
        self._failures.clear()

    def _bar(self, loop: Loop) -> Any:
        if loop not in self._bars:
            file, _, line = loop.op.location.rpartition(":")
            name = f"{os.path.basename(file)}:{line}"
            # None: only where it is a terminal; notebooks have their own way.
            self._bars[loop] = self._tqdm(
                desc=name, delay=DELAY_SECONDS, disable=None, file=sys.stderr
            )
        return self._bars[loop]


def _outermost(frame: Activation) -> Loop | None:
    """The loop that the activation is in and that is in no other one."""
    return next((o for o, _ in reversed([*frame.owners()]) if isinstance(o, Loop)), None)
