"""The page: well-formed, self-contained, the store's numbers, nothing of one person, the same bytes each time."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from page_tools import Outline
from report_samples import BEGIN, MINUTE, PALLETS, bucket, lift, posture, record

from spotter.core.clock import SECOND
from spotter.core.coverage import Coverage
from spotter.core.store import CoverageRecord, LiftRecord, Store, TaskRecord
from spotter.ergonomics.events.lift_values import LiftFlag
from spotter.report.data import Record, Window
from spotter.report.entered import Entered, entered_of
from spotter.report.gather import gather
from spotter.report.page import page
from spotter.report.sections.notes import JUDGEMENT

NOTHING = entered_of(())
EVERYTHING = entered_of([PALLETS])
EVIL = "<script>alert('x')</script>&\"<b>"


def outline(which: Record | None = None, given: Entered = NOTHING) -> Outline:
    return Outline(page(which or record(60), given))


@pytest.mark.parametrize("given", [NOTHING, EVERYTHING], ids=["nothing entered", "a task"])
def test_a_page_is_whole_and_asks_for_nothing(given: Entered) -> None:
    found = outline(given=given)
    assert found.asked == []
    assert not {"script", "img", "image", "iframe", "link", "object", "embed", "canvas"} & found.names
    assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", page(record(60), given))
    assert found.unnamed == []
    assert len(found.ids) == len(set(found.ids))
    assert [level for level, _ in found.headings][:2] == ["h1", "h2"]
    assert found.headings[0] == ("h1", "Station bench 2")
    assert JUDGEMENT in found.text
    assert "posture-only REBA" in found.text


def test_every_section_is_there_in_order() -> None:
    assert [text for level, text in outline().headings if level == "h2"] == [
        "In short", "How to read this", "Postures over time", "Worst postures", "Lifts", "What the methods say",
        "What was entered of the work", "What was not observable", "Versions and settings",
    ]  # fmt: skip


def test_names_are_text_and_never_markup() -> None:
    whole = record(20)
    (scope_window,) = whole.scope.windows
    unseen = [None, 0, 90, EVIL, "not_observable", EVIL]
    evil = replace(
        whole,
        scope=replace(whole.scope, site=EVIL, station=EVIL, source=EVIL, windows=(replace(scope_window, shift=EVIL),)),
        buckets=[replace(one, camera_id=EVIL, unscored={EVIL: 4.0}) for one in whole.buckets],
        postures=[replace(one, camera_id=EVIL) for one in whole.postures],
        lifts=[
            replace(one, numbers={**one.numbers, "style": EVIL, "asymmetry": unseen})
            for one in whole.lifts
        ],
        about={EVIL: EVIL},
    )  # fmt: skip
    task = replace(PALLETS, name=EVIL, entered_by=EVIL, station=EVIL)
    text = page(evil, entered_of([task]))
    assert "<script" not in text
    found = Outline(text)
    assert "b" not in found.names
    assert found.text.count(EVIL) > 8
    assert found.headings[0][1] == f"Station {EVIL}"


def test_the_numbers_are_those_of_the_buckets() -> None:
    whole = record(240)
    rows = {row[0]: row[1:] for row in outline(whole).tables["Postures, share of person-time"]}
    seen = sum(one.numbers["seen"] for one in whole.buckets)
    low, high = (
        sum(one.numbers[f"trunk_over_20_{end}"] for one in whole.buckets) / seen for end in ("proven", "possible")
    )
    assert rows["Trunk 20° or more"][1] == f"{100 * low:.0f} to {100 * high:.0f} %"
    assert rows["Trunk 20° or more"][5] == "480"
    assert rows["Neck 20° or more"][1] == "not observable"
    assert rows["Sideways 10° or more"][3] == "100 %"
    held = {
        row[0]: row[1:]
        for row in outline(whole).tables["Held for longer than 4 s (static in EN 1005-4), share of person-time"]
    }
    proven, possible = (
        sum(one.numbers[f"trunk_over_20_static_{e}"] for one in whole.buckets) / seen for e in ("proven", "possible")
    )
    assert held["Trunk 20° or more"][1] == f"{100 * proven:.0f} to {100 * possible:.0f} %"


def test_the_worst_minutes_and_the_standard_on_machinery() -> None:
    found = outline(record(240))
    worst = found.tables["Worst minutes: the most time with the trunk proven at 20° or more"]
    assert worst[1:] == [[f"2025-11-24 {when}", "34 s"] for when in ("06:00", "06:15", "06:30", "06:45", "07:00")]
    verdicts = {row[0]: row[1:] for row in found.tables["Regions of the body"]}
    assert verdicts["Trunk forward, 20° or more"] == ["17 to 27 %", "2.4 a minute", "not acceptable"]
    assert verdicts["Trunk sideways, 10° or more"][2] == "acceptable to not acceptable"
    short = {row[0]: row[1:] for row in outline(record(10)).tables["Regions of the body"]}
    assert short["Trunk forward, 20° or more"][1] == "20 times, too short for a rate"


def test_lifts_are_counted_and_the_hardest_come_first() -> None:
    whole = record(60)
    lifts = [lift(30.0 * number, origin=60.0) for number in range(60)]
    lifts[17] = lift(30.0 * 17, origin=2.0)
    lifts[30] = lift(30.0 * 30, origin=1.0, flags=(LiftFlag.ONE_HAND,))
    found = outline(replace(whole, lifts=lifts), EVERYTHING)
    assert "60 lift-like movements: 60 upwards, 0 downwards." in found.text
    assert "Most in 15 minutes: 30 from 2025-11-24 06:00, 1.3 to 2.9 a minute" in found.text
    assert "Out of the lifting equation's scope: 1 (2 %), because of one hand 1." in found.text
    (table,) = [
        rows for caption, rows in found.tables.items() if "that the lifting equation allows the least for" in caption
    ]
    assert table[1][0] == "06:08:30"
    assert len(table) == 16
    assert "06:15:00" not in [row[0] for row in table]
    spread = {row[0]: row for row in found.tables["What was measured of the movements"]}
    assert spread["V, hands above the floor at the origin, cm"][1] == "60 of 60"
    assert "A, asymmetry at the origin, degrees" not in spread
    assert "Asymmetry A in 60 of 60 movements: no toes among the keypoints." in found.text


def test_lifts_of_another_spotter_do_no_harm() -> None:
    whole = record(60)
    new = [replace(one, numbers={**one.numbers, "flags": ["on_one_leg"]}) for one in whole.lifts[:10]]
    old = [replace(one, numbers={"direction": "up", "style": "stoop"}) for one in whole.lifts[10:20]]
    found = outline(replace(whole, lifts=[*new, *old]), EVERYTHING)
    assert "20 lift-like movements: 20 upwards" in found.text
    assert "because of on one leg 10." in found.text


def test_a_movement_is_only_lift_like_without_a_load() -> None:
    assert "So these are lift-like movements" in outline().text
    assert "LI (no load known)" in outline().text
    assert "LI (no load known)" not in outline(given=EVERYTHING).text


def test_what_is_entered_makes_intervals_narrower_and_the_page_says_so() -> None:
    alone, full = outline().text, outline(given=EVERYTHING).text
    assert "with what was entered" not in alone.replace("solid with what was entered", "")
    assert "A full REBA needs load (kg), coupling, static posture, repeated motion" in alone
    found = re.findall(r"takes the width of the interval from ([\d.]+) to ([\d.]+): ([a-z0-9 %]+)", full)
    assert len(found) >= 4
    assert all(float(after) <= float(before) for before, after, _ in found)
    assert sum(float(after) < float(before) for before, after, _ in found) >= 3
    assert re.search(r"LI [\d.]+ to [\d.]+ with the load that was entered", full)
    assert "Variable lifting index" in full
    assert "Variable lifting index" not in alone
    assert "Enter them with" in alone
    assert "safety engineer" in full


def test_nothing_of_a_track_a_pixel_or_a_secret_is_in_it() -> None:
    whole = record(20)
    lifts = [replace(one, numbers={**one.numbers, "track": "t-4711"}) for one in whole.lifts]
    text = page(replace(whole, lifts=lifts), EVERYTHING)
    assert "4711" not in text
    assert "track" not in Outline(text).text.lower()
    assert "base64" not in text
    assert str(whole.lifts[0].id) not in text


def test_the_same_record_gives_the_same_bytes_in_whatever_order_it_came() -> None:
    whole = record(60)
    text = page(whole, EVERYTHING)
    assert page(record(60), entered_of([PALLETS])) == text
    mixed = list(whole.postures)
    random.Random(7).shuffle(mixed)
    assert page(replace(whole, postures=mixed), EVERYTHING) == text


def test_an_empty_period_says_so() -> None:
    nothing = replace(record(60), buckets=[], postures=[], lifts=[])
    found = outline(nothing)
    assert "Nothing was recorded. That is no statement about the work." in found.text
    assert "watched 0 s of 1 h (0 %)" in found.text
    assert "Nobody was seen at this station in this time" in found.text
    assert "No lift-like movement was seen" in found.text
    assert "Nothing was seen that a method could judge." in found.text


def test_a_watched_place_without_people_is_not_the_same_as_an_unwatched_one() -> None:
    idle = [
        replace(bucket(n), upright=0, bent=0, deep=0, unproven=0, not_observable=0, numbers={}, unscored={})
        for n in range(60)
    ]
    found = outline(replace(record(60), buckets=idle, postures=[], lifts=[]))
    assert "The camera watched, and nobody was there." in found.text
    assert "watched 1 h of 1 h (100 %)" in found.text


def test_buckets_of_an_older_spotter_have_bands_and_nothing_more() -> None:
    old = [replace(bucket(minute), numbers={}, unscored={}) for minute in range(60)]
    found = outline(replace(record(60), buckets=old, postures=[], lifts=[]))
    assert "Shares of the person-time seen (56 min)" in found.text
    rows = {row[0]: row[1:] for row in found.tables["Postures, share of person-time"]}
    leaning, unproven = sum(one.bent + one.deep for one in old), sum(one.unproven for one in old)
    assert rows["Trunk 20° or more"][1] == f"{leaning / 33.6:.0f} to {(leaning + unproven) / 33.6:.0f} %"
    assert rows["Arm 60° or more"][1] == "not observable"
    assert found.tables["Person-time in which the trunk could not be judged"][1][0] == "trunk not visible"


def test_two_cameras_are_told_to_count_twice() -> None:
    whole = record(20)
    both = replace(
        whole,
        buckets=sorted(
            [*whole.buckets, *(replace(one, camera_id="gate") for one in whole.buckets)], key=lambda b: b.start
        ),
    )
    assert "2 cameras see this station" in outline(both).text
    assert "cameras see this station" not in outline(whole).text


def test_times_are_those_of_the_site() -> None:
    whole = record(60)
    tokyo = replace(whole, scope=replace(whole.scope, zone=ZoneInfo("Asia/Tokyo")))
    assert "2025-11-24 06:00 to 07:00, Europe/Berlin" in outline(whole).text
    assert "2025-11-24 14:00 to 15:00, Asia/Tokyo" in outline(tokyo).text


def test_a_month_of_minutes_stays_small() -> None:
    days = 31
    minutes = [bucket(day * 1440 + minute) for day in range(days) for minute in range(480)]
    lifts = [
        lift(day * 86_400 + 30.0 * number, origin=20.0 + number % 40) for day in range(days) for number in range(300)
    ]
    whole = record(10)
    windows = tuple(
        Window(BEGIN + day * 1440 * MINUTE, BEGIN + (day * 1440 + 480) * MINUTE, "early") for day in range(days)
    )
    month = replace(
        whole, scope=replace(whole.scope, windows=windows), buckets=minutes, lifts=lifts,
        postures=[posture(day * 1440 + minute, 4 + minute / 1e3) for day in range(days) for minute in range(0, 480, 5)],
    )  # fmt: skip
    text = page(month, EVERYTHING)
    assert len(text) < 1_000_000
    found = Outline(text)
    assert f"{days * 300} lift-like movements" in found.text
    assert "watched 248 h of 248 h" in found.text


def test_a_clip_counts_its_time_from_its_beginning() -> None:
    whole = record(2)
    shift, windows = BEGIN, (Window(0, 100 * SECOND),)
    clip = replace(
        whole,
        scope=replace(whole.scope, windows=windows, clock=False, site="", station="", source="lift.mp4"),
        buckets=[replace(one, start=one.start - shift, site="", zone="") for one in whole.buckets],
        postures=[replace(one, at=one.at - shift, start=one.start - shift) for one in whole.postures],
        lifts=[replace(one, started_at=one.started_at - shift) for one in whole.lifts],
    )  # fmt: skip
    found = outline(clip)
    assert found.headings[0][1] == "Everything in view"
    assert "1970" not in found.text
    assert "0:12.0" in found.text
    assert "too short to tell a frequency" in found.text


def test_a_limit_that_may_be_nought_leaves_the_index_without_an_upper_end() -> None:
    far = [lift(30.0 * number, reach=(50.0, 70.0)) for number in range(60)]
    found = outline(replace(record(60), lifts=far), EVERYTHING)
    (table,) = [rows for caption, rows in found.tables.items() if "the lifting equation allows the least" in caption]
    assert re.fullmatch(r"0 to [\d.]+", table[1][-2])
    assert re.fullmatch(r"[\d.]+ or more", table[1][-1])
    assert "There is no upper end: LI is at least" in found.text
    assert "nan" not in found.text
    assert "inf " not in found.text


def test_careful_placing_takes_the_destination_into_account() -> None:
    apart = list(record(60).lifts)
    broken = [replace(one, numbers={**one.numbers, "travel": [5.0, 4.0, 6.0, "cm", "ok", ""]}) for one in apart]
    given = entered_of([replace(PALLETS, significant_control=True)])

    def limit(lifts: list[LiftRecord], entered: Entered) -> str:
        tables = outline(replace(record(60), lifts=lifts), entered).tables
        (table,) = [rows for caption, rows in tables.items() if "the lifting equation allows the least" in caption]
        return table[1][-2]

    # The reach at the destination was not observable, so nothing is certain to be allowed there.
    assert limit(apart, given).startswith("0 to ")
    assert not limit(apart, EVERYTHING).startswith("0 to ")
    # A travel that the heights do not allow is borne.
    assert limit(broken, given)


def test_tasks_are_united_and_one_unknown_makes_a_value_unknown() -> None:
    crates = TaskRecord("plant", "crates", load=(2, 3), coupling=("poor",), hours=(8, 8), entered_by="planner")
    both = entered_of([PALLETS, crates])
    assert both.task.load == (2, 12)
    assert both.task.coupling == ("fair", "poor")
    assert both.task.activity == ()
    assert both.task.frequency is None
    assert entered_of([PALLETS, crates], TaskRecord("", "", load=(7, 7))).task.load == (7, 7)
    assert "each value may be that of any of these tasks" in outline(given=both).text


def test_a_wall_clock_is_never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = page(record(20), EVERYTHING)
    monkeypatch.setattr("spotter.core.clock.now", lambda: pytest.fail("the wall clock was asked"))
    assert page(record(20), EVERYTHING) == expected


def test_what_was_not_watched_is_told_with_the_reason() -> None:
    gaps = {"backing_off": 3_600_000, "<b>new</b>": 1_000, "not_assessed": 7}
    watched = Coverage(14_400_000, 14_400_000 - sum(gaps.values()), gaps)
    found = outline(record(coverage={"dock": watched}))
    assert ("h2", "Not watched, and why") in found.headings
    away, new = "the camera was away 1 h 25.0 %", "<b>new</b> 1.0 s under 0.1 %"
    for said in ("Camera dock: 4 h", "watched 3 h 74.9 %", away, new):
        assert said in found.text, said
    # Before Spotter kept an account nothing is said, which is not the same as nothing watched.
    unknown = {"dock": Coverage(1_000, 0, {"not_recorded": 1_000})}
    assert ("h2", "Not watched, and why") not in outline(record(coverage=unknown)).headings


def test_coverage_of_a_report_is_that_of_its_shifts(tmp_path: Path) -> None:
    begin, minute = BEGIN - BEGIN % MINUTE, MINUTE
    with Store.open(tmp_path / "spotter.db") as store:
        kept = [(begin + n * minute, "watched" if n % 2 else "dark") for n in range(10)]
        store.put_coverage([CoverageRecord("plant", "dock", at, 1, ((0, 60_000, what),)) for at, what in kept])
        windows = (Window(begin, begin + 2 * minute), Window(begin + 5 * minute, begin + 6 * minute + 7_000_000))
        scope = replace(record().scope, camera="dock", windows=windows)
        found = gather(store, scope, {}).coverage
    assert found == {"dock": Coverage(180_007, 120_000, {"dark": 60_007})}
