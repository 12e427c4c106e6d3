"""What native libraries write to stderr, cleaned of secrets: FFmpeg names the address of a camera with its password.

Python's own stderr goes on to the terminal as before (a progress bar still finds one); only file descriptor 2, on which
C code writes, passes through a pipe and a thread that cleans it line by line.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import threading
from collections.abc import Iterator

from spotter.core.cleaning import Cleaner

_LONGEST = 8192
"""A line without an end is passed on at this length, bytes."""


@contextlib.contextmanager
def cleaned_native_stderr(cleaner: Cleaner) -> Iterator[None]:
    """Clean what C code writes to stderr, for the length of a block. Does nothing where there is no stderr."""
    try:
        original = os.dup(2)
    except OSError:
        yield
        return
    sys.stderr.flush()
    before = sys.stderr
    # Never closed, since a log handler may hold it when the block is over.
    raw = io.FileIO(os.dup(original), "w", closefd=False)
    # A line goes out whole, or what C code writes at the same moment would stand within it.
    own = io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8", errors="replace", line_buffering=True)
    # Only where Python writes to that descriptor: a test or a program may have put something else there.
    takes_over = _descriptor(before) == 2
    reading, writing = os.pipe()
    os.dup2(writing, 2)
    os.close(writing)
    if takes_over:
        sys.stderr = own
    thread = threading.Thread(target=_pump, args=(reading, original, cleaner), name="stderr-cleaner", daemon=True)
    thread.start()
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            own.flush()
        if takes_over:
            sys.stderr = before
        os.dup2(original, 2)  # Closes the last writing end, unless a child still holds one.
        thread.join(1.0)
        if not thread.is_alive():
            os.close(original)


def _descriptor(stream: object) -> int:
    try:
        return stream.fileno()  # type: ignore[attr-defined, no-any-return]
    except (AttributeError, OSError, ValueError):
        return -1


def _pump(reading: int, original: int, cleaner: Cleaner) -> None:
    rest = b""
    with os.fdopen(reading, "rb", 0) as pipe:
        while chunk := pipe.read(65536):
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                _write(original, cleaner.clean(line.decode("utf-8", "replace")) + "\n")
            if len(rest) > _LONGEST:
                # Between two words, so that no secret is cut in two, which would hide it from the cleaner.
                end = rest.rfind(b" ") + 1 or len(rest)
                _write(original, cleaner.clean(rest[:end].decode("utf-8", "replace")))
                rest = rest[end:]
    if rest:
        _write(original, cleaner.clean(rest.decode("utf-8", "replace")))


def _write(descriptor: int, text: str) -> None:
    with contextlib.suppress(OSError):
        os.write(descriptor, text.encode("utf-8", "replace"))
