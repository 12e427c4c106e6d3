"""The wire: contracts <-> bytes (protobuf, `protos/spotter/v1/`). Bytes that cannot be read are a `WireError`."""

from spotter.core.wire.alerts import decode_alert, decode_alert_update, encode_alert, encode_alert_update
from spotter.core.wire.codec import (
    decode_camera_health,
    decode_frame,
    decode_pose_frame,
    encode_camera_health,
    encode_frame,
    encode_pose_frame,
)

__all__ = [
    "decode_alert",
    "decode_alert_update",
    "decode_camera_health",
    "decode_frame",
    "decode_pose_frame",
    "encode_alert",
    "encode_alert_update",
    "encode_camera_health",
    "encode_frame",
    "encode_pose_frame",
]
