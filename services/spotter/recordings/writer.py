"""One file of a recording, written block by block.

Promises: an existing file is never overwritten; after `flush` everything appended before is on the disk, and readable
whatever becomes of this process; a block that could not be written whole (disk full) is taken back, so that the file
stays good, and its frames stay in hand for the next `flush`.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self

import fastavro

from spotter.core.contracts import PoseFrame
from spotter.core.errors import RecordingError
from spotter.recordings.header import RecordingHeader
from spotter.recordings.schema import AVRO_SCHEMA, CODEC, Row, to_row

BLOCK_FRAMES = 256
"""A block is written once it has so many frames, however soon: it must fit in memory many times."""

_WHOLE_BLOCK = 1 << 40
"""Avro's own limit of a block, out of the way: what is flushed together is one block."""


class RecordingWriter:
    """Appends frames to a new file; use it as a context manager.

    Args:
        path: the file, which must not exist; its folder must.

    Raises:
        RecordingError: the file exists or cannot be made.
    """

    def __init__(self, path: Path, header: RecordingHeader) -> None:
        self.path = path
        self.frames = 0
        self._rows: list[Row] = []
        try:
            _begin(path, header)
            self._file = path.open("a+b")
        except FileExistsError:
            raise RecordingError(
                f"recording '{path}' exists already", mend="Delete it, or choose another place with --out"
            ) from None
        except OSError as error:
            raise _cannot_write(path, error) from None
        self.bytes = path.stat().st_size

    def append(self, pose: PoseFrame) -> None:
        """Take one more frame in.

        Raises:
            RecordingError: it belonged to a full block, which could not be written.
        """
        self._rows.append(to_row(pose))
        if len(self._rows) >= BLOCK_FRAMES:
            self._write_block()

    def flush(self) -> None:
        """Everything appended so far goes to the disk.

        Raises:
            RecordingError: disk full, or another fault of it; the frames stay in hand.
        """
        self._write_block()
        try:
            _to_disk(self._file.fileno())
        except OSError as error:
            raise _cannot_write(self.path, error) from None

    def close(self) -> None:
        """Flush and close; safe to call twice.

        Raises:
            RecordingError: as in `flush`; the file is closed, without the frames in hand.
        """
        if self._file.closed:
            return
        try:
            self.flush()
        finally:
            with contextlib.suppress(OSError):
                self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, RecordingError):
            # Another try would say the same again.
            self._rows.clear()
        self.close()

    def _write_block(self) -> None:
        if not self._rows:
            return
        try:
            fastavro.writer(self._file, AVRO_SCHEMA, self._rows, codec=CODEC, sync_interval=_WHOLE_BLOCK)
            self._file.flush()
        except OSError as error:
            self._take_back()
            raise _cannot_write(self.path, error) from None
        self.frames += len(self._rows)
        self._rows = []
        self.bytes = os.fstat(self._file.fileno()).st_size

    def _take_back(self) -> None:
        """Drop the half block, from the file and from Python's buffer, which would be written at the next try."""
        with contextlib.suppress(OSError):
            self._file.close()
        with contextlib.suppress(OSError):
            os.truncate(self.path, self.bytes)
        self._file = self.path.open("a+b")


def _begin(path: Path, header: RecordingHeader) -> None:
    """Make the file with its header, or not at all: who is killed here leaves no half header under its name."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with draft.open("wb") as file:
            fastavro.writer(file, AVRO_SCHEMA, [], codec=CODEC, metadata=header.metadata())
            _to_disk(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            raise
        except OSError:  # A file system without links.
            if path.exists():
                raise FileExistsError(path) from None
            draft.rename(path)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def _to_disk(descriptor: int) -> None:
    os.fsync(descriptor)


def _cannot_write(path: Path, error: OSError) -> RecordingError:
    reason = error.strerror or type(error).__name__
    return RecordingError(
        f"cannot write recording '{path}': {reason}", mend="Check the folder, its rights and the disk"
    )
