"""The lifting work in the assessment of a camera: stations, lifts, worst postures; the same again from any snapshot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from skeletons import figure, pose_frame, times

from spotter.core.contracts import FloatArray, PoseFrame
from spotter.core.parameters import RuleParameters, ViewParameters, WorkParameters, ZoneParameters
from spotter.ergonomics.exposure.tally import ON_THE_GROUND
from spotter.ergonomics.snapshot import StreamFactory
from spotter.ergonomics.stream import StationMinute
from spotter.ergonomics.work import StationLift
from spotter.simulate.workers import Viewpoint, project, simulate_motion

LEFT = ZoneParameters(name="bench A", use="station", points=((0, 0), (0.5, 0), (0.5, 1), (0, 1)))
RIGHT = ZoneParameters(name="bench B", use="station", points=((0.5, 0), (1, 0), (1, 1), (0.5, 1)))
EVERYWHERE = ZoneParameters(name="floor", use="station", points=((0, 0), (1, 0), (1, 1), (0, 1)))
POSTER = ZoneParameters(name="poster", use="ignore", points=((0, 0), (0.5, 0), (0.5, 1), (0, 1)))

Played = tuple[dict[str, StationMinute], list[StationLift]]


def play(
    poses: Sequence[PoseFrame],
    *zones: ZoneParameters,
    view: ViewParameters | None = None,
    rules: RuleParameters | None = None,
    snapshots: bool = False,
) -> Played:
    """The minutes by station, and the lifts; all frames lie within one minute."""
    view = (view or ViewParameters()).model_copy(update={"zones": zones})
    factory = StreamFactory("site", "cam", view, rules or RuleParameters())
    stream, lifts = factory.new(), []
    for pose in poses:
        lifts += stream.take(pose).lifts
        if snapshots:
            stream = factory.decode(factory.encode(stream))
    lifts += stream.end().lifts
    return {one.station: one for one in stream.minutes(every=True)}, lifts


def scene(*people: FloatArray, seconds: float = 6.0, begin: float = 2.0) -> list[PoseFrame]:
    """People who hold still, on a picture of 1000 x 600."""
    return [
        replace(pose_frame(begin + at, people, sequence=index), width=1000, height=600)
        for index, at in enumerate(times(0, seconds, 10))
    ]


@pytest.fixture(scope="module")
def lifting() -> tuple[list[PoseFrame], ViewParameters]:
    """A simulated worker who lifts twice, seen from the side by a known camera."""
    take = simulate_motion("stand+lift_and_place+stand+lift_and_place+stand", 3, fps=15)
    view = Viewpoint.around((0.0, 0.0, 0.9), azimuth=90, distance=5, above=1.5, hfov=70)
    return project(take, view, 1), view.parameters()


def test_a_person_counts_at_each_station_they_stand_in_and_for_the_whole_view() -> None:
    bent, upright = figure(250, trunk_deg=80), figure(750)
    minutes, _ = play(scene(bent, upright), LEFT, RIGHT, EVERYWHERE)
    assert set(minutes) == {"", "bench A", "bench B", "floor"}
    seen = {station: one.minute.numbers.get("seen", 0.0) for station, one in minutes.items()}
    assert seen == {"": 2 * seen["bench A"], "floor": 2 * seen["bench A"], "bench A": pytest.approx(5.8, abs=0.2),
                    "bench B": seen["bench A"]}  # fmt: skip
    leaning = {station: one.minute.numbers.get("trunk_over_20_proven", 0.0) for station, one in minutes.items()}
    assert leaning["bench A"] == leaning[""] > 4
    assert leaning["bench B"] == 0
    assert {one.minute.frames for one in minutes.values()} == {60}


def test_nobody_is_counted_where_nobody_is() -> None:
    minutes, _ = play(scene(figure(250, trunk_deg=80)), POSTER, EVERYWHERE)
    assert [one.minute.numbers for one in minutes.values()] == [{"watched": pytest.approx(5.9)}] * 2
    assert [one.minute.frames for one in minutes.values()] == [60, 60]


def test_someone_on_the_ground_is_in_no_posture_of_work() -> None:
    lying = figure(500, hip=0.08, trunk_deg=90, stiff=True)
    (one,) = play(scene(lying, seconds=20))[0].values()
    assert one.minute.unscored_s[ON_THE_GROUND] > 15
    assert one.minute.bands.deep < 3
    assert one.minute.numbers["seen"] == pytest.approx(sum(one.minute.unscored_s.values()), abs=3)


def test_the_worst_posture_is_a_skeleton_and_says_nothing_of_the_person() -> None:
    mild, bad = figure(250, trunk_deg=30), figure(750, trunk_deg=85)
    minutes, _ = play(scene(mild, bad), EVERYWHERE, LEFT)
    worst = minutes["floor"].minute.worst
    assert worst is not None
    assert worst == minutes[""].minute.worst
    assert [x for x, _, _ in worst.keypoints] == pytest.approx(bad[:, 0].tolist(), abs=0.06)
    assert worst.angles["trunk_inclination"][1] > 50
    assert set(worst.scores) == {"reba", "owas"}
    assert (worst.width, worst.height) == (1000, 600)
    other = minutes["bench A"].minute.worst
    assert other is not None
    assert other.rank < worst.rank
    assert '"p' not in json.dumps([one.minute.state() for one in minutes.values()])


def test_lifts_belong_to_the_station_where_they_are_made(lifting: tuple[list[PoseFrame], ViewParameters]) -> None:
    poses, view = lifting
    minutes, lifts = play(poses, EVERYWHERE, view=view)
    assert len(lifts) == 2
    assert {one.station for one in lifts} == {"floor"}
    assert len({one.id for one in lifts}) == len(lifts)
    for one in minutes.values():
        assert one.minute.numbers["lifts"] == len(lifts)
        assert one.minute.numbers["lift_time"] == pytest.approx(sum(lift.lift.duration_s for lift in lifts), abs=1e-5)
    off = RuleParameters.model_validate({"lift": {"enabled": False}})
    assert play(poses, EVERYWHERE, view=view, rules=off)[1] == []


def test_any_snapshot_gives_the_same_minutes_and_lifts(lifting: tuple[list[PoseFrame], ViewParameters]) -> None:
    poses, view = lifting
    assert repr(play(poses, EVERYWHERE, view=view, snapshots=True)) == repr(play(poses, EVERYWHERE, view=view))


def test_the_frame_rate_changes_little() -> None:
    """Times are seconds: at 5 and at 25 frames a second the same posture counts as much."""
    bent = figure(500, trunk_deg=80)
    counted = []
    for fps in (5, 25):
        poses = [pose_frame(2 + at, [bent], sequence=index) for index, at in enumerate(times(0, 20, fps))]
        (one,) = play(poses)[0].values()
        counted.append([one.minute.numbers[name] for name in ("seen", "trunk_over_20_proven")])
    assert counted[0] == pytest.approx(counted[1], abs=0.5)


def test_without_angles_trunks_alone_are_judged() -> None:
    rules = RuleParameters(work=WorkParameters(angles=False))
    (one,) = play(scene(figure(500, trunk_deg=80)), rules=rules)[0].values()
    numbers = one.minute.numbers
    assert numbers["trunk_over_20_proven"] > 4
    assert numbers["arms_unobservable"] == numbers["neck_unobservable"] == numbers["seen"]
    assert not any(name.startswith(("reba", "owas")) for name in numbers)
    assert one.minute.worst is None


def test_a_longer_pause_between_looks_counts_the_same_time() -> None:
    poses = scene(figure(500, trunk_deg=80), seconds=20)
    often, seldom = (
        play(poses, rules=RuleParameters(work=WorkParameters(every_s=pause)))[0][""].minute.numbers
        for pause in (0.2, 0.8)
    )
    assert seldom["seen"] == pytest.approx(often["seen"], abs=1)
    assert seldom["trunk_over_20_static_proven"] == pytest.approx(often["trunk_over_20_static_proven"], abs=1)
