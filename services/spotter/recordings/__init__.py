"""Skeleton recordings: `PoseFrame`s of one or more cameras in files that outlive the process, exact to the last bit.

No pixels and no identities go in. The files are Avro containers (see `schema`), so that other programs can read them,
and so that a recorder that is killed leaves everything up to its last flush readable.
"""

from spotter.recordings.files import RecordingSet, find_recordings
from spotter.recordings.header import CameraRecord, RecordingHeader
from spotter.recordings.reader import RecordingReader, open_recording
from spotter.recordings.schema import SCHEMA, SUFFIX
from spotter.recordings.writer import RecordingWriter

__all__ = [
    "SCHEMA",
    "SUFFIX",
    "CameraRecord",
    "RecordingHeader",
    "RecordingReader",
    "RecordingSet",
    "RecordingWriter",
    "find_recordings",
    "open_recording",
]
