"""Labels of events in footage or recordings; docs/evaluate.md describes the form.

    {"items": [{"file": "hall/fall-01.mp4", "events": [{"type": "fall", "start_s": 2.7, "end_s": 3.7}]}]}

Times are seconds from the first frame; the `end_s` of a fall is its impact. Other entries of an item are left alone,
and so are items whose `kind` is not "video".
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from spotter.core.errors import ConfigError

FALL = "fall"
_MEND = "See docs/evaluate.md for the form"


@dataclass(frozen=True, slots=True)
class Impact:
    """One fall: when the body hit the ground, and the strata that it belongs to besides those of its item."""

    at_s: float
    strata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LabelledItem:
    """One video or one camera of a recording.

    Attributes:
        file: path of the video below the folder of the labels, with forward slashes.
        camera: its camera in a recording of several; empty: the only one.
        strata: what results are also given by: always `folder`, and whatever the labels say.
    """

    file: str
    camera: str
    impacts: tuple[Impact, ...]
    strata: Mapping[str, str]

    @property
    def stem(self) -> str:
        """Name of the file without folder and ending."""
        return PurePosixPath(self.file).stem


def read_labels(path: Path) -> list[LabelledItem]:
    """The labelled videos, in the order of the file.

    Raises:
        ConfigError: the file cannot be read, or something in it is not as it should be; names the item.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"cannot read labels '{path}': {error.strerror}", mend="Check the path and its rights"
        ) from None
    except ValueError as error:
        raise ConfigError(f"labels '{path}' are no JSON ({error})", mend=_MEND) from None
    items = data.get("items") if isinstance(data, dict) else None
    if not isinstance(items, list):
        raise ConfigError(f"labels '{path}' have no list 'items'", mend=_MEND)
    found = []
    for number, values in enumerate(items):
        if isinstance(values, dict) and values.get("kind", "video") != "video":
            continue
        try:
            found.append(_item(values))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            name = values.get("file", f"number {number}") if isinstance(values, dict) else f"number {number}"
            what = f"'{error.args[0]}' is missing" if isinstance(error, KeyError) else str(error)
            raise ConfigError(f"item '{name}' of labels '{path}' cannot be read: {what}", mend=_MEND) from None
    if not found:
        raise ConfigError(f"labels '{path}' name no video", mend=_MEND)
    return found


def _item(values: Mapping[str, Any]) -> LabelledItem:
    file = str(values["file"]).replace("\\", "/")
    events = values.get("events", [])
    folder = str(PurePosixPath(file).parent)
    strata = {"folder": PurePosixPath(file).parts[0] if folder != "." else "."}
    impacts = sorted((_impact(event) for event in events if event["type"] == FALL), key=lambda one: one.at_s)
    return LabelledItem(file, str(values.get("camera", "")), tuple(impacts), strata | _strata(values))


def _impact(event: Mapping[str, Any]) -> Impact:
    at = float(event["end_s"])
    if not math.isfinite(at) or at < 0:
        raise ValueError(f"the end_s of a fall is {event['end_s']!r}")
    return Impact(at, _strata(event))


def _strata(values: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in values.get("strata", {}).items()}
