"""`profile`: a timeline of everything that runs meanwhile, in a file."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from xcs.runtime import XCSError
from xcs.runtime.chrome_trace import trace_events
from xcs.runtime.report import Recorder

_lock = threading.Lock()


@contextmanager
def profile(path: str | os.PathLike[str]) -> Iterator[Recorder]:
    """Record what jitted functions do within the block, on any thread, and write a timeline.

    The file is in the Chrome trace event format: https://ui.perfetto.dev and chrome://tracing open
    it. Each thread that evaluates anything has a lane, and the calls that are awaited have some.
    Slices are calls of operators, kernels, and native code that takes more than 20 microseconds,
    with the line of the source; what calls wait for (a worker, a limit, a rate, a retry, their
    turn) is on lanes of its own; arrows lead along the values. Array functions are not shown: JAX's
    own profiler is for them. The file is also written if the block raises.

    Raises:
        XCSError: if something is being profiled already.
        OSError: if the file cannot be written, before anything has run.
    """
    file = Path(path)
    with file.open("w", encoding="utf-8"):
        pass
    with _lock:
        if Recorder.active is not None:
            raise XCSError("xcs.profile is active already; one timeline is recorded at a time")
        recorder = Recorder.active = Recorder()
    try:
        yield recorder
    finally:
        Recorder.active = None
        with file.open("w", encoding="utf-8") as out:
            json.dump(trace_events(recorder), out)
