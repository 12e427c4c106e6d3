from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AlertKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ALERT_KIND_UNSPECIFIED: _ClassVar[AlertKind]
    ALERT_KIND_POSSIBLE_FALL: _ClassVar[AlertKind]
    ALERT_KIND_PERSON_DOWN: _ClassVar[AlertKind]
    ALERT_KIND_SUSTAINED_POSTURE: _ClassVar[AlertKind]

class Severity(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SEVERITY_UNSPECIFIED: _ClassVar[Severity]
    SEVERITY_P1: _ClassVar[Severity]
    SEVERITY_P2: _ClassVar[Severity]
    SEVERITY_P3: _ClassVar[Severity]

class UpdateKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UPDATE_KIND_UNSPECIFIED: _ClassVar[UpdateKind]
    UPDATE_KIND_RAISED: _ClassVar[UpdateKind]
    UPDATE_KIND_STILL_DOWN: _ClassVar[UpdateKind]
    UPDATE_KIND_RECOVERED: _ClassVar[UpdateKind]
    UPDATE_KIND_LOST: _ClassVar[UpdateKind]
    UPDATE_KIND_ENDED: _ClassVar[UpdateKind]
    UPDATE_KIND_GROUPED: _ClassVar[UpdateKind]
    UPDATE_KIND_EASED: _ClassVar[UpdateKind]
ALERT_KIND_UNSPECIFIED: AlertKind
ALERT_KIND_POSSIBLE_FALL: AlertKind
ALERT_KIND_PERSON_DOWN: AlertKind
ALERT_KIND_SUSTAINED_POSTURE: AlertKind
SEVERITY_UNSPECIFIED: Severity
SEVERITY_P1: Severity
SEVERITY_P2: Severity
SEVERITY_P3: Severity
UPDATE_KIND_UNSPECIFIED: UpdateKind
UPDATE_KIND_RAISED: UpdateKind
UPDATE_KIND_STILL_DOWN: UpdateKind
UPDATE_KIND_RECOVERED: UpdateKind
UPDATE_KIND_LOST: UpdateKind
UPDATE_KIND_ENDED: UpdateKind
UPDATE_KIND_GROUPED: UpdateKind
UPDATE_KIND_EASED: UpdateKind

class Evidence(_message.Message):
    __slots__ = ("value", "threshold", "unit", "comparison")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    COMPARISON_FIELD_NUMBER: _ClassVar[int]
    value: float
    threshold: float
    unit: str
    comparison: str
    def __init__(self, value: _Optional[float] = ..., threshold: _Optional[float] = ..., unit: _Optional[str] = ..., comparison: _Optional[str] = ...) -> None: ...

class Ledger(_message.Message):
    __slots__ = ("captured", "published", "posed", "ruled", "stored", "notified")
    CAPTURED_FIELD_NUMBER: _ClassVar[int]
    PUBLISHED_FIELD_NUMBER: _ClassVar[int]
    POSED_FIELD_NUMBER: _ClassVar[int]
    RULED_FIELD_NUMBER: _ClassVar[int]
    STORED_FIELD_NUMBER: _ClassVar[int]
    NOTIFIED_FIELD_NUMBER: _ClassVar[int]
    captured: int
    published: int
    posed: int
    ruled: int
    stored: int
    notified: int
    def __init__(self, captured: _Optional[int] = ..., published: _Optional[int] = ..., posed: _Optional[int] = ..., ruled: _Optional[int] = ..., stored: _Optional[int] = ..., notified: _Optional[int] = ...) -> None: ...

class Alert(_message.Message):
    __slots__ = ("schema_version", "id", "site", "camera_id", "kind", "severity", "zone", "track_id", "started_at", "raised_at", "ended_at", "evidence", "versions", "ledger", "frames_considered", "frames_dropped")
    class EvidenceEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Evidence
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Evidence, _Mapping]] = ...) -> None: ...
    class VersionsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    SITE_FIELD_NUMBER: _ClassVar[int]
    CAMERA_ID_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    ZONE_FIELD_NUMBER: _ClassVar[int]
    TRACK_ID_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    RAISED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    LEDGER_FIELD_NUMBER: _ClassVar[int]
    FRAMES_CONSIDERED_FIELD_NUMBER: _ClassVar[int]
    FRAMES_DROPPED_FIELD_NUMBER: _ClassVar[int]
    schema_version: int
    id: bytes
    site: str
    camera_id: str
    kind: AlertKind
    severity: Severity
    zone: str
    track_id: str
    started_at: int
    raised_at: int
    ended_at: int
    evidence: _containers.MessageMap[str, Evidence]
    versions: _containers.ScalarMap[str, str]
    ledger: Ledger
    frames_considered: int
    frames_dropped: int
    def __init__(self, schema_version: _Optional[int] = ..., id: _Optional[bytes] = ..., site: _Optional[str] = ..., camera_id: _Optional[str] = ..., kind: _Optional[_Union[AlertKind, str]] = ..., severity: _Optional[_Union[Severity, str]] = ..., zone: _Optional[str] = ..., track_id: _Optional[str] = ..., started_at: _Optional[int] = ..., raised_at: _Optional[int] = ..., ended_at: _Optional[int] = ..., evidence: _Optional[_Mapping[str, Evidence]] = ..., versions: _Optional[_Mapping[str, str]] = ..., ledger: _Optional[_Union[Ledger, _Mapping]] = ..., frames_considered: _Optional[int] = ..., frames_dropped: _Optional[int] = ...) -> None: ...

class AlertUpdate(_message.Message):
    __slots__ = ("schema_version", "alert_id", "number", "kind", "at", "evidence")
    class EvidenceEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: Evidence
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[Evidence, _Mapping]] = ...) -> None: ...
    SCHEMA_VERSION_FIELD_NUMBER: _ClassVar[int]
    ALERT_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBER_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    schema_version: int
    alert_id: bytes
    number: int
    kind: UpdateKind
    at: int
    evidence: _containers.MessageMap[str, Evidence]
    def __init__(self, schema_version: _Optional[int] = ..., alert_id: _Optional[bytes] = ..., number: _Optional[int] = ..., kind: _Optional[_Union[UpdateKind, str]] = ..., at: _Optional[int] = ..., evidence: _Optional[_Mapping[str, Evidence]] = ...) -> None: ...
