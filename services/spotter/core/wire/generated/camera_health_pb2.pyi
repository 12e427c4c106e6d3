from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CameraState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CAMERA_STATE_UNSPECIFIED: _ClassVar[CameraState]
    CAMERA_STATE_CONNECTING: _ClassVar[CameraState]
    CAMERA_STATE_LIVE: _ClassVar[CameraState]
    CAMERA_STATE_BACKING_OFF: _ClassVar[CameraState]
    CAMERA_STATE_ENDED: _ClassVar[CameraState]
    CAMERA_STATE_FAILED: _ClassVar[CameraState]
    CAMERA_STATE_DEGRADED: _ClassVar[CameraState]
    CAMERA_STATE_STALLED: _ClassVar[CameraState]
    CAMERA_STATE_DISABLED: _ClassVar[CameraState]
CAMERA_STATE_UNSPECIFIED: CameraState
CAMERA_STATE_CONNECTING: CameraState
CAMERA_STATE_LIVE: CameraState
CAMERA_STATE_BACKING_OFF: CameraState
CAMERA_STATE_ENDED: CameraState
CAMERA_STATE_FAILED: CameraState
CAMERA_STATE_DEGRADED: CameraState
CAMERA_STATE_STALLED: CameraState
CAMERA_STATE_DISABLED: CameraState

class CameraHealth(_message.Message):
    __slots__ = ("schema_version", "camera_id", "state", "at", "frames_read", "frames_undecodable", "frames_per_second", "width", "height", "detail", "trusted", "problems")
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    CAMERA_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    FRAMES_READ_FIELD_NUMBER: _ClassVar[int]
    FRAMES_UNDECODABLE_FIELD_NUMBER: _ClassVar[int]
    FRAMES_PER_SECOND_FIELD_NUMBER: _ClassVar[int]
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    TRUSTED_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    schema_version: int
    camera_id: str
    state: CameraState
    at: int
    frames_read: int
    frames_undecodable: int
    frames_per_second: float
    width: int
    height: int
    detail: str
    trusted: bool
    problems: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, schema_version: _Optional[int] = ..., camera_id: _Optional[str] = ..., state: _Optional[_Union[CameraState, str]] = ..., at: _Optional[int] = ..., frames_read: _Optional[int] = ..., frames_undecodable: _Optional[int] = ..., frames_per_second: _Optional[float] = ..., width: _Optional[int] = ..., height: _Optional[int] = ..., detail: _Optional[str] = ..., trusted: _Optional[bool] = ..., problems: _Optional[_Iterable[str]] = ...) -> None: ...
