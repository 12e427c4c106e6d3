from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional

DESCRIPTOR: _descriptor.FileDescriptor

class Frame(_message.Message):
    __slots__ = ("schema_version", "camera_id", "epoch", "sequence", "captured_at", "published_at", "clock_offset_ns", "width", "height", "jpeg", "time_basis", "camera_offset_ns", "jitter_ns")
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    CAMERA_ID_FIELD_NUMBER: _ClassVar[int]
    EPOCH_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    CAPTURED_AT_FIELD_NUMBER: _ClassVar[int]
    PUBLISHED_AT_FIELD_NUMBER: _ClassVar[int]
    CLOCK_OFFSET_NS_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    JPEG_FIELD_NUMBER: _ClassVar[int]
    TIME_BASIS_FIELD_NUMBER: _ClassVar[int]
    CAMERA_OFFSET_NS_FIELD_NUMBER: _ClassVar[int]
    JITTER_NS_FIELD_NUMBER: _ClassVar[int]
    schema_version: int
    camera_id: str
    epoch: int
    sequence: int
    captured_at: int
    published_at: int
    clock_offset_ns: int
    width: int
    height: int
    jpeg: bytes
    time_basis: str
    camera_offset_ns: int
    jitter_ns: int
    def __init__(self, schema_version: _Optional[int] = ..., camera_id: _Optional[str] = ..., epoch: _Optional[int] = ..., sequence: _Optional[int] = ..., captured_at: _Optional[int] = ..., published_at: _Optional[int] = ..., clock_offset_ns: _Optional[int] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., jpeg: _Optional[bytes] = ..., time_basis: _Optional[str] = ..., camera_offset_ns: _Optional[int] = ..., jitter_ns: _Optional[int] = ...) -> None: ...
