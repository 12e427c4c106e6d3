"""Files that are cut, changed, foreign or newer: one clear line, and never a wrong number."""

from __future__ import annotations

import json
import random
import resource
import subprocess
import sys
from pathlib import Path

import fastavro
import pytest
from recorded_poses import all_same, clip_poses, same, write

from spotter.core.errors import RecordingError
from spotter.recordings import RecordingHeader, RecordingWriter, find_recordings, open_recording
from spotter.recordings.header import _checksum
from spotter.recordings.schema import AVRO_SCHEMA


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A recording of the fall, in blocks of 20 frames."""
    path = tmp_path_factory.mktemp("good") / "a.avro"
    with RecordingWriter(path, RecordingHeader("plant")) as writer:
        for number, pose in enumerate(POSES, 1):
            writer.append(pose)
            if number % 20 == 0:
                writer.flush()
    return path.read_bytes()


POSES = clip_poses("aisle")


def open_error(path: Path) -> str:
    with pytest.raises(RecordingError) as caught:
        open_recording(path)
    text = str(caught.value)
    assert "\n" not in text
    assert str(path) in text
    return text


def test_a_cut_file_gives_what_stands_before_the_cut(tmp_path: Path, good: bytes) -> None:
    header = good.find(good[-16:]) + 16
    chance = random.Random(5)
    for size in [header, *(chance.randrange(header, len(good)) for _ in range(30)), len(good)]:
        path = tmp_path / "cut.avro"
        path.write_bytes(good[:size])
        with open_recording(path) as reader:
            frames = list(reader)
        assert all_same(frames, POSES[: len(frames)])
        assert reader.cut or len(frames) % 20 == 0 or size == len(good)
    assert len(frames) == len(POSES)


def test_a_cut_is_told_in_one_line(tmp_path: Path, good: bytes) -> None:
    path = tmp_path / "cut.avro"
    path.write_bytes(good[:-300])
    (recording,) = find_recordings([path])
    notes: list[str] = []
    assert len(list(recording.poses(notes.append))) == 240
    assert notes == [f"recording '{path}' is cut off: its 240 whole frames are used"]


def test_a_changed_byte_is_never_given_out(tmp_path: Path, good: bytes) -> None:
    """Whatever byte is changed: an error, or the same frames (a comment of the schema was hit)."""
    chance = random.Random(7)
    errors: list[str] = []
    for position in [*(chance.randrange(len(good)) for _ in range(100)), *range(0, 3000, 53)]:
        changed = bytearray(good)
        changed[position] ^= chance.randrange(1, 256)
        path = tmp_path / "changed.avro"
        path.write_bytes(bytes(changed))
        given = 0
        try:
            with open_recording(path) as reader:
                assert reader.header.site == "plant"
                for frame, before in zip(reader, POSES, strict=False):
                    assert same(frame, before)
                    given += 1
                assert given == len(POSES), f"frames are missing without an error, byte {position}"
        except RecordingError as error:
            errors.append(str(error))
    assert len(errors) > 120
    assert all("damaged" in text or "no skeleton recording" in text for text in errors)


def test_damage_names_the_frame(tmp_path: Path, good: bytes) -> None:
    changed = bytearray(good)
    changed[len(good) * 2 // 3] ^= 0x55
    path = tmp_path / "a.avro"
    path.write_bytes(bytes(changed))
    with open_recording(path) as reader, pytest.raises(RecordingError, match=r"damaged after frame 1\d\d "):
        list(reader)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "an empty file"),
        (b"\x00\x00\x00\x18ftypmp42 and so on", "another kind of file"),
        (b'{"items": []}', "another kind of file"),
        (b"Obj\x01\x00", "damaged in its header"),
    ],
)
def test_foreign_files_are_named(tmp_path: Path, content: bytes, what: str) -> None:
    path = tmp_path / "a.avro"
    path.write_bytes(content)
    assert what in open_error(path)


def test_another_avro_file_is_foreign(tmp_path: Path) -> None:
    path = tmp_path / "a.avro"
    with path.open("wb") as file:
        fastavro.writer(file, {"type": "record", "name": "Other", "fields": []}, [])
    assert "another Avro file" in open_error(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    assert "No such file" in open_error(tmp_path / "a.avro")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"spotter.schema": "2"}, "is of version 2, and this Spotter reads up to 1"),
        (
            {"spotter.cameras": json.dumps({"a": {"view": {"altitude": 3}, "footage": "", "held_s": 0}})},
            "in terms that this Spotter does not know",
        ),
    ],
)
def test_a_file_of_a_later_version_asks_for_an_update(tmp_path: Path, changes: dict[str, str], words: str) -> None:
    values = {**RecordingHeader("plant").metadata(), **changes}
    path = tmp_path / "a.avro"
    with path.open("wb") as file:
        fastavro.writer(file, AVRO_SCHEMA, [], metadata={**values, "spotter.crc32": _checksum(values)})
    text = open_error(path)
    assert words in text
    assert "Update Spotter" in text


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from recorded_poses import clip_poses
from spotter.core.errors import RecordingError
from spotter.recordings import RecordingHeader, RecordingWriter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
writer = RecordingWriter(Path(sys.argv[1]), RecordingHeader("plant"))
resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
poses = clip_poses("aisle")
for number, pose in enumerate(poses, 1):
    try:
        writer.append(pose)
        if number % 50 == 0:
            writer.flush()
    except RecordingError as error:
        print(writer.frames, error)
        break
else:
    sys.exit("it never got full")
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
for pose in poses[number:]:
    writer.append(pose)
writer.close()
"""


def test_a_full_disk_loses_nothing_once_there_is_room(tmp_path: Path) -> None:
    """A limit on the size of the process' files breaks a block off in its middle, as a full disk does."""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    path = tmp_path / "a.avro"
    command = [sys.executable, "-c", FULL_DISK, str(path), str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert f"cannot write recording '{path}': File too large" in done.stdout
    with open_recording(path) as reader:
        frames = list(reader)
    assert not reader.cut
    assert all_same(frames, POSES)


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="No such file or directory"):
        write(tmp_path / "gone" / "a.avro", POSES[:1])
