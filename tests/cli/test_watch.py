"""Warnings of cameras that fail or fall silent, and a run given up in which none ever answered."""

from __future__ import annotations

import pytest

from spotter.cli import watch
from spotter.core.contracts import CameraHealth, CameraState
from spotter.core.errors import SourceError


def healths(**states: CameraState) -> dict[str, CameraHealth]:
    return {name: CameraHealth(name, state, at=0, detail=f"{name} is gone") for name, state in states.items()}


def test_each_camera_is_warned_of_once_until_it_was_live_again():
    looking = watch.CameraWatch()
    silent = healths(a=CameraState.BACKING_OFF, b=CameraState.LIVE)
    assert list(looking.warnings(silent, {}, 2)) == ["camera 'a': a is gone. It is tried again until it answers"]
    assert list(looking.warnings(silent, {}, 2)) == []
    assert list(looking.warnings(healths(a=CameraState.CONNECTING), {}, 2)) == []
    assert list(looking.warnings(silent, {}, 2)) == []
    assert list(looking.warnings(healths(a=CameraState.LIVE), {}, 2)) == []
    assert len(list(looking.warnings(silent, {}, 2))) == 1


def test_a_failure_is_told_once_and_not_when_it_is_the_runs_own_error():
    looking = watch.CameraWatch()
    one = {"a": "camera 'a': cannot open 'x'. Check the path"}
    told = "camera 'a': cannot open 'x'. Check the path. The other cameras go on"
    assert list(looking.warnings({}, one, 2)) == [told]
    assert list(looking.warnings({}, one, 2)) == []
    assert list(looking.warnings({}, {**one, "b": "gone"}, 2)) == []


def test_a_run_is_given_up_only_when_no_camera_ever_delivered(monkeypatch):
    silent = healths(a=CameraState.BACKING_OFF, b=CameraState.FAILED)
    patient = watch.CameraWatch()
    patient.check(silent)
    monkeypatch.setattr(watch, "FIRST_PICTURE_S", -1.0)
    with pytest.raises(SourceError, match=r"Camera 'a': a is gone\. Check address"):
        patient.check(silent)
    lucky = watch.CameraWatch()
    lucky.check(healths(a=CameraState.BACKING_OFF, b=CameraState.LIVE))
    lucky.check(healths(a=CameraState.BACKING_OFF, b=CameraState.BACKING_OFF))
