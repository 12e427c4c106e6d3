"""A recording in parts: a new file after so many seconds or bytes, the oldest deleted where a limit is set.

Parts are named SITE-TIME-RUN-NUMBER.avro, so that they sort by time and two runs never meet in one file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from spotter.core.clock import now, to_datetime, to_seconds
from spotter.core.contracts import PoseFrame
from spotter.core.errors import RecordingError
from spotter.recordings.header import RecordingHeader
from spotter.recordings.schema import SUFFIX
from spotter.recordings.writer import RecordingWriter


@dataclass(frozen=True, slots=True)
class Rotation:
    """When a part is full, and how much is kept.

    Attributes:
        seconds, bytes: a part that has reached one of them is closed at the next flush; None: no such limit.
        keep_bytes: the oldest parts of this run are deleted once all of them are larger; None: no such limit.
        keep_seconds: parts of this run that were closed so long ago are deleted; None: no such limit.
    """

    seconds: float | None = None
    bytes: int | None = None
    keep_bytes: int | None = None
    keep_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class _Closed:
    """A part that is complete; `at` is when it was closed, UTC ns."""

    path: Path
    size: int
    at: int


class RecordingParts:
    """Appends frames to the newest part in a folder, which is made where it is missing.

    Attributes:
        frames: frames that are on the disk, in all parts of this run.
        written: bytes of all parts that are still there.
        newest: the part that is written now; None before the first frame.

    Args:
        before: parts of the same run from an earlier process; they count for `Rotation.keep_bytes`.
        clock: wall clock, UTC ns.

    Raises:
        RecordingError: the folder cannot be made.
    """

    def __init__(
        self,
        folder: Path,
        header: RecordingHeader,
        rotation: Rotation | None = None,
        *,
        before: Iterable[Path] = (),
        clock: Callable[[], int] = now,
    ) -> None:
        self._folder = folder
        self._header = header
        self._rotation = rotation or Rotation()
        self._clock = clock
        self._writer: RecordingWriter | None = None
        self._begun = 0
        self._done = 0
        self._closed = deque(_Closed(path, path.stat().st_size, path.stat().st_mtime_ns) for path in before)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise RecordingError(
                f"cannot make folder '{folder}': {reason}", mend="Choose another place with --out"
            ) from None

    @property
    def newest(self) -> Path | None:
        return self._writer.path if self._writer is not None else None

    @property
    def frames(self) -> int:
        return self._done + (self._writer.frames if self._writer is not None else 0)

    @property
    def written(self) -> int:
        return sum(part.size for part in self._closed) + (self._writer.bytes if self._writer is not None else 0)

    def append(self, pose: PoseFrame) -> None:
        """Take one more frame in.

        Raises:
            RecordingError: see `RecordingWriter`.
        """
        if self._writer is None:
            self._writer = self._next()
        self._writer.append(pose)

    def flush(self) -> None:
        """Everything appended so far goes to the disk; a part that is full is closed.

        Raises:
            RecordingError: see `RecordingWriter`.
        """
        if self._writer is not None:
            self._writer.flush()
            if self._full(self._writer):
                self.close()
        self._delete_oldest()

    def close(self) -> None:
        """Close the newest part; another frame begins the next one.

        Raises:
            RecordingError: see `RecordingWriter`.
        """
        writer, self._writer = self._writer, None
        if writer is None:
            return
        try:
            writer.close()
        finally:
            self._done += writer.frames
            self._closed.append(_Closed(writer.path, writer.bytes, self._clock()))
            self._header = replace(self._header, part=self._header.part + 1)

    def _next(self) -> RecordingWriter:
        self._begun = self._clock()
        header = self._header
        time = to_datetime(self._begun).strftime("%Y%m%dT%H%M%SZ")
        name = f"{header.site}-{time}-{header.recording[:8]}-{header.part:04d}{SUFFIX}"
        return RecordingWriter(self._folder / name, header)

    def _full(self, writer: RecordingWriter) -> bool:
        limits = self._rotation
        old = limits.seconds is not None and to_seconds(self._clock() - self._begun) >= limits.seconds
        return old or (limits.bytes is not None and writer.bytes >= limits.bytes)

    def _delete_oldest(self) -> None:
        limits = self._rotation
        while self._closed:
            oldest = self._closed[0]
            old = limits.keep_seconds is not None and to_seconds(self._clock() - oldest.at) >= limits.keep_seconds
            if not old and (limits.keep_bytes is None or self.written <= limits.keep_bytes):
                return
            self._closed.popleft()
            oldest.path.unlink(missing_ok=True)
