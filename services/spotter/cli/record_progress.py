"""Lines of progress on stderr while something is recorded."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

from spotter.cli.footage import Footage
from spotter.recordings.parts import RecordingParts

_LINE_S = 10.0
"""Pause between lines."""


class Progress:
    """A line now and then: frames, cameras, bytes."""

    def __init__(self, parts: RecordingParts, quiet: bool, status: Callable[[], str] | None = None) -> None:
        self._parts = parts
        self._quiet = quiet
        self._status = status
        self._due = time.monotonic() + _LINE_S

    def __call__(self, frames: int, cameras: int) -> None:
        if self._quiet or time.monotonic() < self._due:
            return
        self._due = time.monotonic() + _LINE_S
        status = self._status() if self._status is not None else "ok"
        note = "" if status == "ok" else f"; Kafka: {status}"
        sys.stderr.write(f"{frames} frames of {cameras} cameras, {size_text(self._parts.written)}{note}\n")
        sys.stderr.flush()


class FootageProgress:
    """A line now and then: frames so far, of how many."""

    def __init__(self, footage: Footage, quiet: bool) -> None:
        self._footage = footage
        self._quiet = quiet
        self._due = time.monotonic() + _LINE_S

    def __call__(self) -> None:
        if self._quiet or time.monotonic() < self._due:
            return
        self._due = time.monotonic() + _LINE_S
        expected = self._footage.expected_frames
        of = f" of {expected}" if expected is not None else ""
        sys.stderr.write(f"{self._footage.name}: {self._footage.read}{of} frames\n")
        sys.stderr.flush()


def size_text(count: int) -> str:
    """Bytes for people."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} KB"
