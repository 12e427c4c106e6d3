"""Recordings give back what was put in, to the last bit, in one file or in parts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import fastavro
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recorded_poses import all_same, clip_poses, same, write

from spotter.core.clock import SECOND
from spotter.core.contracts import KEYPOINTS, PoseFrame
from spotter.core.errors import RecordingError
from spotter.core.parameters import ViewParameters
from spotter.recordings import CameraRecord, RecordingHeader, RecordingWriter, find_recordings, open_recording
from spotter.recordings.files import newest_of_group
from spotter.recordings.parts import RecordingParts, Rotation
from spotter.recordings.schema import from_row, to_row

NOW = 1_764_000_000 * SECOND


def read(path: Path) -> list[PoseFrame]:
    with open_recording(path) as reader:
        return list(reader)


def nobody(at: int) -> PoseFrame:
    shapes = ((0, 4), (0,), (0, KEYPOINTS, 2), (0, KEYPOINTS))
    boxes, scores, keypoints, confidences = (np.zeros(shape, np.float32) for shape in shapes)
    return PoseFrame("hall", 3, 1, at, at, at, 640, 480, "m/1", boxes, scores, keypoints, confidences)


@pytest.mark.parametrize("deviations", [True, False])
def test_frames_come_back_to_the_last_bit(tmp_path: Path, deviations: bool) -> None:
    poses = clip_poses("aisle", epoch=NOW, deviations=deviations)
    assert all_same(read(write(tmp_path / "a.avro", poses)), poses)


def test_frames_without_people_and_crowds_come_back(tmp_path: Path) -> None:
    one = clip_poses("dock")[3]
    crowd = replace(
        one,
        boxes=np.repeat(one.boxes, 40, axis=0) + np.arange(40, dtype=np.float32)[:, None],
        scores=np.linspace(0, 1, 40, dtype=np.float32),
        keypoints=np.repeat(one.keypoints, 40, axis=0),
        confidences=np.repeat(one.confidences, 40, axis=0),
        deviations=np.full((40, KEYPOINTS), np.inf, np.float32),
    )
    poses = [nobody(5), crowd, nobody(6)]
    assert all_same(read(write(tmp_path / "a.avro", poses)), poses)


@settings(max_examples=60, deadline=None)
@given(
    numbers=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=6, max_size=6),
    size=st.tuples(st.integers(1, 65535), st.integers(1, 65535)),
    values=st.lists(st.floats(width=32), min_size=4, max_size=4),
    camera=st.text(min_size=1).filter(lambda text: text.encode("utf-8", "ignore").decode() == text),
)
def test_every_value_that_a_frame_can_hold_survives(numbers, size, values, camera) -> None:
    box = np.array([values], np.float32)
    points = np.resize(box, (1, KEYPOINTS, 2))
    pose = PoseFrame(
        camera, *numbers[:5], *size, "model/1", box, box[0, :1].copy(), points, points[:, :, 0].copy(), numbers[5]
    )
    assert same(from_row(to_row(pose)), pose)


def test_arrays_of_the_wrong_shape_are_refused() -> None:
    pose = clip_poses("dock")[0]
    with pytest.raises(ValueError, match="dock"):
        to_row(replace(pose, keypoints=pose.keypoints[:, :5]))


def test_the_header_says_where_it_is_from(tmp_path: Path) -> None:
    view = ViewParameters(pitch_low_deg=20, pitch_high_deg=25)
    header = RecordingHeader("plant", {"dock": CameraRecord(view, "dock.mp4", 6.0), "gate": CameraRecord()}, part=3)
    with RecordingWriter(tmp_path / "a.avro", header) as writer:
        writer.append(clip_poses("dock")[0])
    with open_recording(tmp_path / "a.avro") as reader:
        assert reader.header == header


def test_other_programs_can_read_it(tmp_path: Path) -> None:
    poses = clip_poses("packing", epoch=NOW)
    path = write(tmp_path / "a.avro", poses)
    with path.open("rb") as file:
        rows = list(fastavro.reader(file))
    assert [row["captured_at"] for row in rows] == [pose.captured_at for pose in poses]
    assert rows[7]["people"][0]["keypoints"] == poses[7].keypoints.ravel().tolist()
    assert not {"image", "picture", "jpeg", "track", "name"} & set(rows[0]) | {"identity"} & set(rows[0]["people"][0])


def test_it_is_compact(tmp_path: Path) -> None:
    poses = clip_poses("aisle", deviations=False)
    path = write(tmp_path / "a.avro", poses)
    plain = sum(array.nbytes for pose in poses for array in (pose.boxes, pose.keypoints, pose.confidences))
    assert path.stat().st_size < 0.9 * plain


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    path = write(tmp_path / "a.avro", clip_poses("dock"))
    before = path.read_bytes()
    with pytest.raises(RecordingError, match="exists already"):
        RecordingWriter(path, RecordingHeader("plant"))
    assert path.read_bytes() == before


def test_what_was_flushed_is_there_before_the_file_is_closed(tmp_path: Path) -> None:
    poses = clip_poses("dock")
    writer = RecordingWriter(tmp_path / "a.avro", RecordingHeader("plant"))
    for pose in poses[:50]:
        writer.append(pose)
    writer.flush()
    for pose in poses[50:]:
        writer.append(pose)
    assert all_same(read(tmp_path / "a.avro"), poses[:50])
    writer.close()
    writer.close()
    assert all_same(read(tmp_path / "a.avro"), poses)


def record_in_parts(folder: Path, poses: list[PoseFrame], rotation: Rotation, every: int = 10) -> RecordingParts:
    """Flush after so many frames, a second apart by the clock of the recorder."""
    clock = [NOW]
    parts = RecordingParts(folder, RecordingHeader("plant"), rotation, clock=lambda: clock[0])
    for index, pose in enumerate(poses, 1):
        parts.append(pose)
        if index % every == 0:
            clock[0] += SECOND
            parts.flush()
    parts.close()
    return parts


@pytest.mark.parametrize("rotation", [Rotation(seconds=3), Rotation(bytes=6_000)])
def test_parts_are_one_recording(tmp_path: Path, rotation: Rotation) -> None:
    poses = clip_poses("aisle")
    parts = record_in_parts(tmp_path, poses, rotation)
    files = sorted(tmp_path.iterdir())
    assert len(files) > 4
    assert parts.frames == len(poses)
    assert parts.written == sum(path.stat().st_size for path in files)
    (recording,) = find_recordings([tmp_path])
    assert list(recording.files) == files
    assert all_same(list(recording.poses()), poses)


def test_the_oldest_parts_make_room(tmp_path: Path) -> None:
    poses = clip_poses("aisle")
    parts = record_in_parts(tmp_path, poses, Rotation(bytes=4_000, keep_bytes=20_000))
    assert parts.written == sum(path.stat().st_size for path in tmp_path.iterdir())
    assert 10_000 < parts.written < 26_000
    (recording,) = find_recordings([tmp_path])
    assert recording.headers[0].part > 1
    kept = list(recording.poses())
    assert all_same(kept, poses[-len(kept) :])


def test_parts_are_deleted_once_they_are_old(tmp_path: Path) -> None:
    poses = clip_poses("aisle")
    record_in_parts(tmp_path, poses, Rotation(seconds=2, keep_seconds=8))
    (recording,) = find_recordings([tmp_path])
    kept = list(recording.poses())
    assert 80 <= len(kept) <= 120  # Ten frames a second of the recorder's clock.
    assert all_same(kept, poses[-len(kept) :])


def test_a_recorder_on_kafka_goes_on_with_the_recording_of_its_group(tmp_path: Path) -> None:
    poses = clip_poses("aisle")
    header = RecordingHeader("plant", group="recorder")
    write(tmp_path / "0-other.avro", poses[:3])
    (tmp_path / "1-broken.avro").write_bytes(b"Obj")
    first = RecordingParts(tmp_path, header, Rotation(bytes=8_000), clock=lambda: NOW)
    for pose in poses[:150]:
        first.append(pose)
        first.flush()
    first.close()
    notes: list[str] = []
    assert newest_of_group(tmp_path, "plant", "another", notes.append) is None
    assert newest_of_group(tmp_path, "yard", "recorder", notes.append) is None
    before = newest_of_group(tmp_path, "plant", "recorder", notes.append)
    assert before is not None
    assert all("1-broken.avro" in note for note in notes)
    assert len(before.files) > 2
    last = before.headers[-1]
    later = replace(header, recording=last.recording, part=last.part + 1)
    second = RecordingParts(
        tmp_path, later, Rotation(keep_bytes=first.written - 1), before=before.files, clock=lambda: NOW + SECOND
    )
    for pose in poses[140:]:  # What was not committed comes again.
        second.append(pose)
    second.flush()
    second.close()
    assert not before.files[0].exists()
    found = newest_of_group(tmp_path, "plant", "recorder", notes.append)
    assert found is not None
    parts = [header.part for header in found.headers]
    assert parts == list(range(parts[0], last.part + 2))
    kept = list(found.poses(notes.append))
    assert {pose.sequence for pose in kept} == set(range(kept[0].sequence, 255))


def test_a_missing_part_is_told(tmp_path: Path) -> None:
    record_in_parts(tmp_path, clip_poses("aisle"), Rotation(seconds=3))
    files = sorted(tmp_path.iterdir())
    files[2].unlink()
    (recording,) = find_recordings(sorted(tmp_path.iterdir(), reverse=True))
    notes: list[str] = []
    frames = list(recording.poses(notes.append))
    assert [frame.sequence for frame in frames] == sorted(frame.sequence for frame in frames)
    assert notes == [f"parts 3 to 3 of recording '{recording.name}' are not here"]


def test_two_recordings_stay_two_and_a_file_named_twice_is_one(tmp_path: Path) -> None:
    a, b = write(tmp_path / "a.avro", clip_poses("dock")), write(tmp_path / "b.avro", clip_poses("packing"))
    assert [one.name for one in find_recordings([b, tmp_path, a])] == ["b", "a"]


def test_a_copy_beside_its_original_is_refused(tmp_path: Path) -> None:
    a = write(tmp_path / "a.avro", clip_poses("dock"))
    (tmp_path / "b.avro").write_bytes(a.read_bytes())
    with pytest.raises(RecordingError, match="same part"):
        find_recordings([tmp_path])


def test_a_folder_without_recordings_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="holds no recording"):
        find_recordings([tmp_path])
