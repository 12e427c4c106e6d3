"""Which file is which labelled video."""

from __future__ import annotations

from pathlib import Path

import pytest

from spotter.core.errors import ConfigError
from spotter.evaluation.assignment import assign


@pytest.mark.parametrize(
    ("labels", "files", "expected"),
    [
        (["hall/a.mp4"], ["/rec/hall/a.avro"], [0]),
        (["hall/a.mp4"], ["/rec/a.avro"], [0]),  # the name is enough
        (["hall/a.mp4", "yard/a.mp4"], ["/rec/yard/a.avro", "/rec/hall/a.avro"], [1, 0]),
        (["hall/a.mp4", "yard/a.mp4"], ["/rec/yard/a.avro"], [None, 0]),  # it is not used for both
        (["a.mp4"], ["/rec/b.avro"], [None]),
        (["a.mp4"], ["/rec/a/b.avro"], [None]),
        (["a.mp4", "a.mp4"], ["/rec/a.avro"], [0, 0]),  # two cameras of one recording
        (["x/hall/a.mp4"], ["/1/hall/a.avro", "/2/yard/a.avro"], [0]),
        (["a.b.mp4"], ["/rec/a.b.avro", "/rec/a.avro"], [0]),
        ([], ["/rec/a.avro"], []),
        (["a.mp4"], [], [None]),
    ],
)
def test_who_gets_what(labels: list[str], files: list[str], expected: list[int | None]) -> None:
    assert assign(labels, [Path(file) for file in files]) == expected


def test_two_recordings_of_one_video_are_not_chosen_from() -> None:
    with pytest.raises(ConfigError, match=r"labelled 'hall/a\.mp4' may be '/1/a\.avro' or '/2/a\.avro'"):
        assign(["hall/a.mp4"], [Path("/1/a.avro"), Path("/2/a.avro")])


def test_a_recording_that_may_be_of_two_videos_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"'/rec/a\.avro' may be labelled 'hall/a\.mp4' or 'yard/a\.mp4'"):
        assign(["hall/a.mp4", "yard/a.mp4"], [Path("/rec/a.avro")])
