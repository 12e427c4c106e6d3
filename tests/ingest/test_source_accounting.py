"""Every frame accounted for, from the picture itself: what was read is what was published and what was dropped."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from spotter.core.clock import SECOND
from spotter.core.timing import TimeBasis
from spotter.ingest.sources.pattern import Pattern, PatternSpec
from spotter.ingest.stamp import StampLedger, read_stamp

sys.path.insert(0, str(Path(__file__).parents[1] / "servers"))
from feed import PatternFeed

from servers import RtspServer

REASONS = ("undecodable", "over_rate", "late", "not_held", "shutdown")


def account(done) -> StampLedger:
    """The ledger of what was published; asserts that the counters add up and that order and stamps agree."""
    published = done.count("frames_published_total")
    dropped = sum(done.count("frames_dropped_total", reason=reason) for reason in REASONS)
    assert done.count("frames_read_total") == published + dropped
    assert len(done.frames) == published
    ledger = StampLedger()
    for frame in done.frames:
        ledger.add(frame.picture, frame.published_at)
    assert (ledger.repeated, ledger.unreadable, ledger.back) == (0, 0, 0)
    assert ledger.seen == published
    assert min(ledger.ages, default=0) >= 0
    return ledger


def test_as_fast_as_possible_nothing_is_lost(ingest):
    done = ingest({"camera": "test:160x120@15,frames=60"}, speed="max").run()
    numbers = [read_stamp(frame.picture).number for frame in done.frames]
    assert numbers == list(range(60))
    assert {frame.timing for frame in done.frames} == {None}
    assert done.count("frames_read_total") == done.count("frames_published_total") == 60


def test_over_the_rate_limit_each_missing_number_is_a_counted_drop(ingest):
    done = ingest({"camera": "test:160x120@30,frames=90"}, {"max_fps": 10}).run()
    ledger = account(done)
    numbers = [read_stamp(frame.picture).number for frame in done.frames]
    before, after = numbers[0], 89 - numbers[-1]
    assert before + ledger.lost + after == 90 - len(numbers)
    assert done.count("frames_read_total") == 90
    assert done.count("frames_dropped_total", reason="over_rate") >= 55


def test_a_live_pattern_loses_nothing_that_was_read(ingest):
    with ingest({"camera": "test:160x120@20"}) as running:
        running.wait(lambda: len(running.frames) >= 30)
    ledger = account(running)
    # A live pattern that is read late skips numbers before they are read, as a camera would.
    assert ledger.lost >= 0
    for frame in running.frames:
        stamp = read_stamp(frame.picture)
        assert stamp.at <= frame.captured_at <= frame.published_at


@pytest.mark.parametrize("decoder", ["opencv", "pyav"])
def test_through_h264_and_rtsp_every_number_that_is_sent_comes_once(ingest, decoder):
    pattern = Pattern(PatternSpec.parse("test:320x240@15"))
    with (
        RtspServer(feed=True) as server,
        PatternFeed(server, pattern) as feed,
        ingest({"camera": server.url()}, decoder=decoder) as running,
    ):
        running.wait(lambda: len(running.frames) >= 45)
    ledger = account(running)
    # The pattern skips numbers where this machine is too slow to draw them; what the server was given all comes, but
    # for the first ones: the server lets go what it is given between a client's DESCRIBE and PLAY.
    assert ledger.seen == len(running.frames)
    numbers = [read_stamp(frame.picture).number for frame in running.frames][10:]
    first = feed.shown.index(numbers[0])
    assert numbers == feed.shown[first : first + len(numbers)]
    # Nothing is timed before it was drawn or after it was published: the two clocks of this test are one.
    for frame in running.frames:
        stamp = read_stamp(frame.picture)
        assert stamp.at - SECOND // 1000 <= frame.captured_at <= frame.published_at
    assert all(b.captured_at > a.captured_at for a, b in itertools.pairwise(running.frames))
    bases = {basis: running.count("frames_timed_total", basis=basis) for basis in ("sender", "shifted", "arrival")}
    # The one more came when the stop was asked for already.
    assert 0 <= sum(bases.values()) - running.count("frames_read_total") <= 1
    assert bases["sender"] == 0 or decoder == "pyav"
    by_sender = sum(frame.timing.basis is TimeBasis.SENDER for frame in running.frames)
    assert bases["sender"] - 1 <= by_sender <= bases["sender"]


def test_what_is_masked_never_leaves_the_reader(ingest, monkeypatch):
    """Neither the published picture nor the blurred background has anything of what is under the mask."""
    mask = [[[0, 0], [1, 0], [1, 0.5], [0, 0.5]]]
    camera = {"picture": {"mask": mask, "rotate": 180, "max_side": 128}}
    kept: list[bytes] = []
    done = ingest({"camera": "test:320x240@15,frames=8"}, camera, background=True, speed="max")
    monkeypatch.setattr(done.state, "put_background", lambda _, picture: kept.append(picture))
    done.run()
    assert len(done.frames) == 8
    for frame in done.frames:
        assert (frame.width, frame.height) == (320, 240)
        assert frame.picture.shape == (96, 128, 3)
        # Turned by 180 degrees the stamp is at the bottom, and the mask at the top.
        assert not frame.picture[:48].any()
        assert np.ptp(frame.picture[72:]) > 100
    blurred = cv2.imdecode(np.frombuffer(kept[0], np.uint8), cv2.IMREAD_COLOR)
    assert blurred.shape == (72, 96, 3)
    # The blur reaches 3 standard deviations of 4 px into the upper half.
    assert blurred[:20].max() < 16
    assert blurred[40:].mean() > 40
