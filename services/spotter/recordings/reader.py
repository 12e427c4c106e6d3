"""Read one file of a recording: header first, then frame after frame in the order in which they were recorded.

A file may end within a block, because its recorder was killed or its disk was full: what stands before it is given out,
and `cut` says so. Anything else that does not fit is an error that names the frame; nothing wrong is ever given out.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import fastavro

from spotter.core.contracts import PoseFrame
from spotter.core.errors import RecordingError
from spotter.recordings.header import NewerSchemaError, RecordingHeader
from spotter.recordings.schema import NAME, from_row

_BAD_BYTES = (ValueError, EOFError, IndexError, KeyError, TypeError, OverflowError, MemoryError, zlib.error)
"""What Avro's decoder and the row's checks raise on bytes that do not fit."""

_SYNC_SIZE = 16

MAKE_ONE = "Make one with `spotter record`"
_COPY = "Copy it again from where it was made"


class RecordingReader:
    """An open file; iterate it once, and use it as a context manager.

    Attributes:
        header: what the file says of itself.
        frames: frames read so far.
        cut: True once the end was reached and the file ended within a block.
    """

    def __init__(self, path: Path, file: BinaryIO, blocks: Any, header: RecordingHeader) -> None:
        self.path = path
        self.header = header
        self.frames = 0
        self.cut = False
        self._file = file
        self._blocks = blocks

    def __iter__(self) -> Iterator[PoseFrame]:
        """The frames.

        Raises:
            RecordingError: the file is damaged.
        """
        return self.of(None)

    def of(self, wanted: Callable[[str], bool] | None) -> Iterator[PoseFrame]:
        """The frames of those cameras that are `wanted`; None: of all.

        Raises:
            RecordingError: the file is damaged, in a frame that is wanted or between two.
        """
        while True:
            begin = self._file.tell()
            try:
                block = next(self._blocks, None)
                rows = iter(block) if block is not None else None
            except _BAD_BYTES as error:
                if self._is_whole(begin):
                    raise self._damaged(error) from None
                self.cut = True
                return
            except OSError as error:
                raise _unreadable(self.path, error) from None
            if rows is None:
                return
            yield from self._frames(rows, wanted)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _frames(self, rows: Iterator[Any], wanted: Callable[[str], bool] | None) -> Iterator[PoseFrame]:
        while True:
            pose = None
            try:
                row = next(rows, None)
                if row is None:
                    return
                if wanted is None or wanted(row["camera"]):
                    pose = from_row(row)
            except _BAD_BYTES as error:
                raise self._damaged(error) from None
            self.frames += 1
            if pose is not None:
                yield pose

    def _is_whole(self, begin: int) -> bool:
        """True when the block at `begin` was not cut off, so that its bytes must have been changed: it ends within the
        file by its own length, or the mark that ends each block comes after its begin."""
        self._file.seek(begin - _SYNC_SIZE)
        mark, rest = self._file.read(_SYNC_SIZE), self._file.read()
        if mark in rest:
            return True
        _, after = _number(rest, 0)
        length, after = _number(rest, after)
        return 0 <= after + length + _SYNC_SIZE <= len(rest)

    def _damaged(self, error: BaseException) -> RecordingError:
        reason = str(error) if isinstance(error, ValueError) and "checksum" in str(error) else type(error).__name__
        return RecordingError(
            f"recording '{self.path}' is damaged after frame {self.frames} ({reason})",
            mend=_COPY,
        )


def _number(data: bytes, at: int) -> tuple[int, int]:
    """(a whole number of Avro: seven bits a byte, lowest first, zigzag; where it ends)."""
    value, shift = 0, 0
    for byte in data[at : at + 10]:
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            break
    return (value >> 1) ^ -(value & 1), at


def open_recording(path: Path) -> RecordingReader:
    """Open a file of a recording.

    Raises:
        RecordingError: it cannot be read, is no recording, is damaged at its beginning, or is of a later version.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise _unreadable(path, error) from None
    try:
        blocks = fastavro.block_reader(file)
        schema = blocks.writer_schema
        name = schema.get("name") if isinstance(schema, dict) else None
        if name != NAME:
            raise _foreign(path, "another Avro file")
        return RecordingReader(path, file, blocks, RecordingHeader.from_metadata(blocks.metadata))
    except NewerSchemaError as error:
        file.close()
        raise RecordingError(f"recording '{path}' {error}", mend="Update Spotter on this machine") from None
    except OSError as error:
        file.close()
        raise _unreadable(path, error) from None
    except (*_BAD_BYTES, fastavro.schema.SchemaParseException) as error:
        file.close()
        raise _not_opened(path, error) from None
    except RecordingError:
        file.close()
        raise


def _not_opened(path: Path, error: BaseException) -> RecordingError:
    with path.open("rb") as file:
        begins_as_avro = file.read(4) == b"Obj\x01"
    if not begins_as_avro:
        return _foreign(path, "an empty file" if path.stat().st_size == 0 else "another kind of file")
    return RecordingError(f"recording '{path}' is damaged in its header ({type(error).__name__})", mend=_COPY)


def _foreign(path: Path, what: str) -> RecordingError:
    return RecordingError(f"'{path}' is no skeleton recording: it is {what}", mend=MAKE_ONE)


def _unreadable(path: Path, error: OSError) -> RecordingError:
    reason = error.strerror or type(error).__name__
    return RecordingError(f"cannot read recording '{path}': {reason}", mend="Check the path and its rights")
