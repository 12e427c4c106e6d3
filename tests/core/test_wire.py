"""The wire: every contract comes back as it went, and no bytes raise anything but `WireError`."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

import cv2
import numpy as np
import pytest
from alert_samples import make_alert, make_update
from alert_strategies import alerts, counts, names, numbers, times, updates
from hypothesis import given
from hypothesis import strategies as st

from spotter.core import wire
from spotter.core.contracts import (
    SCHEMA_VERSION,
    Alert,
    AlertUpdate,
    CameraHealth,
    CameraState,
    Frame,
    PoseFrame,
)
from spotter.core.errors import WireError
from spotter.core.timing import TimeBasis, Timing
from spotter.core.wire.envelope import check_version, readable_versions
from spotter.core.wire.generated import alert_pb2, camera_health_pb2, frame_pb2, skeleton_pb2

big = st.integers(0, 2**63 - 1)
healths = st.builds(
    CameraHealth, names.filter(bool), st.sampled_from(CameraState), times, big, big, numbers, counts, counts, names,
    st.booleans(), st.lists(names).map(tuple),
)  # fmt: skip

DECODERS: dict[str, tuple[Callable[[bytes], Any], type]] = {
    "frame": (wire.decode_frame, frame_pb2.Frame),
    "pose_frame": (wire.decode_pose_frame, skeleton_pb2.PoseFrame),
    "alert": (wire.decode_alert, alert_pb2.Alert),
    "alert_update": (wire.decode_alert_update, alert_pb2.AlertUpdate),
    "camera_health": (wire.decode_camera_health, camera_health_pb2.CameraHealth),
}


def make_frame(width: int = 64, height: int = 48) -> Frame:
    """A smooth picture, so that JPEG keeps it well."""
    across, down = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    picture = np.stack([across, down, 255 - across], axis=2).astype(np.uint8)
    return Frame("dock", 1_000, 7, 2_000, 3_000, width, height, picture, clock_offset_ns=-4_000)


def make_pose(people: int) -> PoseFrame:
    """Skeletons with a number of its own in every place."""
    rng = np.random.default_rng(people)

    def array(*shape: int) -> Any:
        return rng.normal(size=shape).astype(np.float32)

    return PoseFrame(
        "dock", 1_000, 7, 2_000, 3_000, 4_000, 640, 480, "movenet-multipose/1",
        array(people, 4), array(people), array(people, 17, 2), array(people, 17), 5_000,
    )  # fmt: skip


def pixels(jpeg: Any) -> Any:
    return cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)


def encoded() -> dict[str, bytes]:
    """A good message of each contract."""
    return {
        "frame": wire.encode_frame(make_frame()),
        "pose_frame": wire.encode_pose_frame(make_pose(2)),
        "alert": wire.encode_alert(make_alert()),
        "alert_update": wire.encode_alert_update(make_update(make_alert())),
        "camera_health": wire.encode_camera_health(CameraHealth("dock", CameraState.LIVE, 1_000)),
    }


timings = st.none() | st.builds(Timing, st.sampled_from(TimeBasis), st.none() | st.integers(-(2**63), 2**63 - 1), big)


@given(timings)
def test_how_a_capture_time_was_found_travels_with_frame_and_skeletons(timing: Timing | None) -> None:
    assert wire.decode_frame(wire.encode_frame(replace(make_frame(), timing=timing))).timing == timing
    assert wire.decode_pose_frame(wire.encode_pose_frame(replace(make_pose(1), timing=timing))).timing == timing


def test_an_unknown_basis_is_a_wire_error() -> None:
    message = frame_pb2.Frame.FromString(wire.encode_frame(make_frame()))
    message.time_basis = "sundial"
    with pytest.raises(WireError):
        wire.decode_frame(message.SerializeToString())


@given(alerts)
def test_alerts_round_trip(alert: Alert) -> None:
    assert wire.decode_alert(wire.encode_alert(alert)) == alert


@given(updates)
def test_updates_round_trip(update: AlertUpdate) -> None:
    assert wire.decode_alert_update(wire.encode_alert_update(update)) == update


@given(healths)
def test_camera_health_round_trip(health: CameraHealth) -> None:
    assert wire.decode_camera_health(wire.encode_camera_health(health)) == health


@pytest.mark.parametrize("people", [0, 1, 50])
def test_skeletons_round_trip_bit_for_bit(people: int) -> None:
    sent = make_pose(people)
    got = wire.decode_pose_frame(wire.encode_pose_frame(sent))
    for name in PoseFrame.__dataclass_fields__:
        one, other = getattr(sent, name), getattr(got, name)
        if isinstance(one, np.ndarray):
            assert (other.dtype, other.shape) == (np.float32, one.shape)
            assert other.tobytes() == one.tobytes()
            assert other.base is not None  # a view of the message, not a copy
            assert not other.flags.writeable
        else:
            assert one == other


@pytest.mark.parametrize("people", [0, 1, 50])
def test_deviations_round_trip_bit_for_bit(people: int) -> None:
    sent = replace(make_pose(people), deviations=np.linspace(0.5, 90, people * 17, dtype=np.float32).reshape(-1, 17))
    got = wire.decode_pose_frame(wire.encode_pose_frame(sent))
    assert got.deviations is not None
    assert sent.deviations is not None
    assert (got.deviations.dtype, got.deviations.shape) == (np.float32, (people, 17))
    assert got.deviations.tobytes() == sent.deviations.tobytes()
    assert not got.deviations.flags.writeable


def test_a_message_from_before_deviations_has_none() -> None:
    message = skeleton_pb2.PoseFrame.FromString(wire.encode_pose_frame(replace(make_pose(2), deviations=None)))
    assert not message.HasField("deviations")
    assert wire.decode_pose_frame(message.SerializeToString()).deviations is None


def test_deviations_of_another_length_are_refused() -> None:
    message = skeleton_pb2.PoseFrame.FromString(wire.encode_pose_frame(make_pose(2)))
    message.deviations = bytes(4 * 17)
    with pytest.raises(WireError, match="array of 68 bytes"):
        wire.decode_pose_frame(message.SerializeToString())


def test_skeletons_in_any_memory_layout() -> None:
    sent = make_pose(3)
    strided = replace(
        sent,
        keypoints=np.asfortranarray(sent.keypoints),
        boxes=np.repeat(sent.boxes, 2, axis=0)[::2],
        scores=sent.scores.astype(np.float64),
    )
    assert wire.encode_pose_frame(strided) == wire.encode_pose_frame(sent)


def test_a_picture_becomes_a_jpeg_of_its_size() -> None:
    frame = make_frame()
    got = wire.decode_frame(wire.encode_frame(frame))
    kept = asdict(replace(got, picture=b""))
    assert kept == asdict(replace(frame, picture=b""))
    assert np.abs(pixels(got.picture).astype(int) - frame.picture).mean() < 3


@pytest.mark.parametrize(
    ("width", "height", "max_side", "expected"),
    [(640, 480, 384, (288, 384)), (480, 640, 384, (384, 288)), (320, 240, 384, (240, 320)), (900, 2, 90, (1, 90))],
)
def test_a_large_picture_is_made_smaller_and_keeps_its_size_on_record(
    width: int, height: int, max_side: int, expected: tuple[int, int]
) -> None:
    got = wire.decode_frame(wire.encode_frame(make_frame(width, height), max_side))
    assert pixels(got.picture).shape[:2] == expected
    assert (got.width, got.height) == (width, height)


def test_a_jpeg_is_never_encoded_again() -> None:
    jpeg = wire.decode_frame(wire.encode_frame(make_frame())).picture
    assert isinstance(jpeg, bytes)
    again = wire.decode_frame(wire.encode_frame(replace(make_frame(), picture=jpeg), max_side=8))
    assert again.picture == jpeg


@pytest.mark.parametrize(
    "picture", [b"", b"GIF89a", np.zeros((0, 0, 3), np.uint8), np.zeros(5, np.uint8), np.zeros((4, 4, 7), np.uint8)]
)
def test_a_picture_that_is_none(picture: Any) -> None:
    with pytest.raises(WireError, match="frame"):
        wire.encode_frame(replace(make_frame(), picture=picture), max_side=8)


@pytest.mark.parametrize(
    "change",
    [
        {"boxes": np.zeros((2, 5), np.float32)},
        {"keypoints": np.zeros((1, 17, 2), np.float32)},
        {"deviations": np.zeros((2, 16), np.float32)},
        {"sequence": -1},
        {"captured_at": 2**63},
        {"camera_id": None, "width": "wide"},
    ],
)
def test_values_outside_the_contract_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(WireError, match="cannot encode skeletons"):
        wire.encode_pose_frame(replace(make_pose(2), **change))


@pytest.mark.parametrize("name", list(DECODERS))
@pytest.mark.parametrize("version", [0, SCHEMA_VERSION + 1, 4_000_000_000])
def test_another_version_is_refused_with_both(name: str, version: int) -> None:
    decode, message_type = DECODERS[name]
    message = message_type.FromString(encoded()[name])  # type: ignore[attr-defined]
    message.schema_version = version
    with pytest.raises(WireError, match=f"schema version {version}; this Spotter reads {SCHEMA_VERSION}"):
        decode(message.SerializeToString())


def test_a_reader_accepts_its_version_and_the_one_before() -> None:
    assert readable_versions(1) == (1,)
    assert readable_versions(5) == (4, 5)
    check_version("frame", 4, current=5)
    for version in (3, 6):
        with pytest.raises(WireError, match="reads 4 and 5"):
            check_version("frame", version, current=5)


@pytest.mark.parametrize("name", list(DECODERS))
def test_fields_that_a_newer_writer_added_are_skipped(name: str) -> None:
    decode, _ = DECODERS[name]
    data = encoded()[name]
    unknown = bytes([0xFA, 0x3F, 3]) + b"new"  # field 1023, length-delimited
    assert type(decode(data + unknown)) is type(decode(data))


@pytest.mark.parametrize("name", list(DECODERS))
@given(data=st.data())
def test_damaged_messages_are_wire_errors(name: str, data: st.DataObject) -> None:
    decode, _ = DECODERS[name]
    good = GOOD[name]
    if data.draw(st.booleans(), label="garbage"):
        bad = data.draw(st.binary(max_size=80))
    else:
        begin = data.draw(st.integers(0, len(good)))
        end = data.draw(st.integers(begin, min(begin + 6, len(good))))
        bad = good[:begin] + data.draw(st.binary(max_size=6)) + good[end:]
    with suppress(WireError):
        decode(bad)  # a change of one value within the contract is a good message


@pytest.mark.parametrize("name", ["frame", "pose_frame"])
def test_frames_and_skeletons_cut_short_are_refused(name: str) -> None:
    decode, _ = DECODERS[name]
    for length in range(len(GOOD[name])):
        # Of a JPEG cut short, the length that stands before it tells; its own end is the decoder's business.
        with pytest.raises(WireError):
            decode(GOOD[name][:length])


@pytest.mark.parametrize("name", list(DECODERS))
def test_a_message_of_another_contract_is_refused(name: str) -> None:
    decode, _ = DECODERS[name]
    for other, data in GOOD.items():
        if other != name:
            with pytest.raises(WireError):
                decode(data)


GOOD = encoded()
