"""Recordings on a disk: which files belong together, and their frames as one stream."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from spotter.core.contracts import PoseFrame
from spotter.core.errors import RecordingError
from spotter.recordings.header import CameraRecord, RecordingHeader
from spotter.recordings.reader import MAKE_ONE, open_recording
from spotter.recordings.schema import SUFFIX

OnNote = Callable[[str], None]
"""Told in one line of something that a reader should know and that stops nothing."""


@dataclass(frozen=True, slots=True)
class RecordingSet:
    """The parts of one run of the recorder, in order."""

    files: tuple[Path, ...]
    headers: tuple[RecordingHeader, ...]

    @property
    def name(self) -> str:
        """What people call it: the name of its first file, without the ending."""
        return self.files[0].name.removesuffix(SUFFIX)

    @property
    def site(self) -> str:
        return self.headers[0].site

    @property
    def cameras(self) -> dict[str, CameraRecord]:
        """What is known of each camera; the newest part counts."""
        return {name: one for header in self.headers for name, one in header.cameras.items()}

    def poses(self, note: OnNote | None = None, wanted: Callable[[str], bool] | None = None) -> Iterator[PoseFrame]:
        """All frames, or those of the cameras that are `wanted`, part after part.

        Raises:
            RecordingError: a part is damaged or cannot be read.
        """
        told = note or (lambda text: None)
        for before, header, path in zip((None, *self.headers), self.headers, self.files, strict=False):
            if before is not None and header.part != before.part + 1:
                told(f"parts {before.part + 1} to {header.part - 1} of recording '{self.name}' are not here")
            with open_recording(path) as reader:
                yield from reader.of(wanted)
                if reader.cut:
                    told(f"recording '{path}' is cut off: its {reader.frames} whole frames are used")


def find_recordings(paths: Iterable[Path]) -> list[RecordingSet]:
    """The recordings in files and folders (searched to the bottom), in the order of their first file.

    Raises:
        RecordingError: a file cannot be read or is no recording, a folder holds none, or a part is there twice.
    """
    sets: dict[str, list[tuple[RecordingHeader, Path]]] = {}
    for path in _files(paths):
        with open_recording(path) as reader:
            sets.setdefault(reader.header.recording, []).append((reader.header, path))
    return [_in_order(parts) for parts in sets.values()]


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for path in paths:
        found: Sequence[Path] = sorted(path.rglob(f"*{SUFFIX}")) if path.is_dir() else (path,)
        if not found:
            raise RecordingError(f"folder '{path}' holds no recording (*{SUFFIX})", mend=MAKE_ONE)
        for file in found:
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield file


def _in_order(parts: list[tuple[RecordingHeader, Path]]) -> RecordingSet:
    parts.sort(key=lambda one: one[0].part)
    for (header, path), (following, other) in itertools.pairwise(parts):
        if header.part == following.part:
            raise RecordingError(f"'{path}' and '{other}' are the same part of one recording", mend="Name only one")
    return RecordingSet(tuple(path for _, path in parts), tuple(header for header, _ in parts))


def newest_of_group(folder: Path, site: str, group: str, note: OnNote) -> RecordingSet | None:
    """The recording of a Kafka group in a folder that was begun last, for a recorder to go on with; None without any.

    Files that cannot be opened are told and left alone: an archive must not keep its recorder from starting.
    """
    parts: dict[str, list[tuple[RecordingHeader, Path]]] = {}
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            with open_recording(path) as reader:
                header = reader.header
        except RecordingError as error:
            note(str(error))
            continue
        if (header.site, header.group) == (site, group):
            parts.setdefault(header.recording, []).append((header, path))
    return _in_order(list(parts.values())[-1]) if parts else None
