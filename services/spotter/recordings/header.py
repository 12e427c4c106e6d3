"""What a recording says of itself in front of its rows: site, cameras with what is known of their view, run, part."""

from __future__ import annotations

import json
import uuid
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from spotter.core.parameters import ViewParameters
from spotter.recordings.schema import SCHEMA

_PREFIX = "spotter."
_VERSION_KEY = _PREFIX + "schema"
_CHECK_KEY = _PREFIX + "crc32"


class NewerSchemaError(ValueError):
    """The file was written by a later Spotter than this one can read."""


@dataclass(frozen=True, slots=True)
class CameraRecord:
    """What was known of a camera when it was recorded.

    Attributes:
        view: how it looks at the floor; None: nothing was entered (the defaults of whoever replays hold).
        footage: name of the video file or folder, without its path; empty for a live camera.
        held_s: seconds for which the last picture was repeated; no time that anybody lived through.
    """

    view: ViewParameters | None = None
    footage: str = ""
    held_s: float = 0.0


@dataclass(frozen=True, slots=True)
class RecordingHeader:
    """The header of one file.

    Attributes:
        site: name of the site, part of every alert id.
        cameras: what is known, by camera; others may be in the rows.
        recording: the same in all parts of one run of the recorder.
        part: 1, 2, ... of that run.
        written_by: version of Spotter.
        group: consumer group of a recorder on Kafka; empty: recorded from cameras or footage.
    """

    site: str
    cameras: Mapping[str, CameraRecord] = field(default_factory=dict)
    recording: str = field(default_factory=lambda: uuid.uuid4().hex)
    part: int = 1
    written_by: str = ""
    group: str = ""

    def metadata(self) -> dict[str, str]:
        """As Avro metadata: text by key."""
        cameras = {
            name: {
                "view": one.view.model_dump(mode="json", exclude_none=True) if one.view is not None else None,
                "footage": one.footage,
                "held_s": one.held_s,
            }
            for name, one in self.cameras.items()
        }
        values = {
            _VERSION_KEY: str(SCHEMA),
            _PREFIX + "site": self.site,
            _PREFIX + "recording": self.recording,
            _PREFIX + "part": str(self.part),
            _PREFIX + "written_by": self.written_by,
            _PREFIX + "group": self.group,
            _PREFIX + "cameras": json.dumps(cameras, sort_keys=True),
        }
        return {**values, _CHECK_KEY: _checksum(values)}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> RecordingHeader:
        """The header that `metadata` was given by.

        Raises:
            NewerSchemaError: of a later version.
            ValueError: something is missing or is not what it should be.
        """
        version = int(metadata.get(_VERSION_KEY, "0"))
        if version > SCHEMA:
            raise NewerSchemaError(f"is of version {version}, and this Spotter reads up to {SCHEMA}")
        if metadata.get(_CHECK_KEY) != _checksum(metadata):
            raise ValueError("the checksum of its header is wrong")
        try:
            cameras = json.loads(metadata[_PREFIX + "cameras"])
            return cls(
                site=metadata[_PREFIX + "site"],
                cameras={name: _camera(values) for name, values in cameras.items()},
                recording=metadata[_PREFIX + "recording"],
                part=int(metadata[_PREFIX + "part"]),
                written_by=metadata[_PREFIX + "written_by"],
                group=metadata.get(_PREFIX + "group", ""),
            )
        except ValidationError:
            # The checksum is right, so this is no damage.
            raise NewerSchemaError("describes the view of a camera in terms that this Spotter does not know") from None
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"its header is damaged ({type(error).__name__})") from None


def _checksum(metadata: Mapping[str, str]) -> str:
    """CRC-32 of all of Spotter's own entries but itself, as JSON with sorted keys."""
    own = {key: text for key, text in metadata.items() if key.startswith(_PREFIX) and key != _CHECK_KEY}
    return str(zlib.crc32(json.dumps(own, sort_keys=True).encode()))


def _camera(values: Mapping[str, Any]) -> CameraRecord:
    view = None if values["view"] is None else ViewParameters.model_validate(values["view"])
    return CameraRecord(view, str(values["footage"]), float(values["held_s"]))
