from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class PoseFrame(_message.Message):
    __slots__ = ("schema_version", "camera_id", "epoch", "sequence", "captured_at", "published_at", "posed_at", "clock_offset_ns", "width", "height", "model", "people", "boxes", "scores", "keypoints", "confidences", "deviations", "time_basis", "camera_offset_ns", "jitter_ns")
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    CAMERA_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CAPTURED_AT_FIELD_NUMBER: _ClassVar[int]
    PUBLISHED_AT_FIELD_NUMBER: _ClassVar[int]
    POSED_AT_FIELD_NUMBER: _ClassVar[int]
    CLOCK_OFFSET_NS_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    PEOPLE_FIELD_NUMBER: _ClassVar[int]
    BOXES_FIELD_NUMBER: _ClassVar[int]
    SCORES_FIELD_NUMBER: _ClassVar[int]
    KEYPOINTS_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCES_FIELD_NUMBER: _ClassVar[int]
    DEVIATIONS_FIELD_NUMBER: _ClassVar[int]
    TIME_BASIS_FIELD_NUMBER: _ClassVar[int]
    CAMERA_OFFSET_NS_FIELD_NUMBER: _ClassVar[int]
    JITTER_NS_FIELD_NUMBER: _ClassVar[int]
    schema_version: int
    camera_id: str
    epoch: int
    sequence: int
    captured_at: int
    published_at: int
    posed_at: int
    clock_offset_ns: int
    width: int
    height: int
    model: str
    people: int
    boxes: bytes
    scores: bytes
    keypoints: bytes
    confidences: bytes
    deviations: bytes
    time_basis: str
    camera_offset_ns: int
    jitter_ns: int
    def __init__(self, schema_version: _Optional[int] = ..., camera_id: _Optional[str] = ..., epoch: _Optional[int] = ..., sequence: _Optional[int] = ..., captured_at: _Optional[int] = ..., published_at: _Optional[int] = ..., posed_at: _Optional[int] = ..., clock_offset_ns: _Optional[int] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., model: _Optional[str] = ..., people: _Optional[int] = ..., boxes: _Optional[bytes] = ..., scores: _Optional[bytes] = ..., keypoints: _Optional[bytes] = ..., confidences: _Optional[bytes] = ..., deviations: _Optional[bytes] = ..., time_basis: _Optional[str] = ..., camera_offset_ns: _Optional[int] = ..., jitter_ns: _Optional[int] = ...) -> None: ...
