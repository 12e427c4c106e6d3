"""Settings of the whole program, one file a section; `root` puts them together and reads them."""

from spotter.core.settings.base import CAMERA_ID, Section
from spotter.core.settings.bus import BusSettings, KafkaSettings, TopicSettings
from spotter.core.settings.known_secrets import known_secrets
from spotter.core.settings.notify import NotifySettings
from spotter.core.settings.pipeline import CameraSettings, ErgonomicsSettings, IngestSettings, PoseSettings
from spotter.core.settings.redact import redact_url
from spotter.core.settings.root import Settings, load_settings
from spotter.core.settings.secret import Secret
from spotter.core.settings.serving import DashboardSettings, LogSettings, MetricsSettings, TraceSettings
from spotter.core.settings.state import StateSettings
from spotter.core.settings.store import RetentionSettings, StoreSettings

__all__ = [
    "CAMERA_ID",
    "BusSettings",
    "CameraSettings",
    "DashboardSettings",
    "ErgonomicsSettings",
    "IngestSettings",
    "KafkaSettings",
    "LogSettings",
    "MetricsSettings",
    "NotifySettings",
    "PoseSettings",
    "RetentionSettings",
    "Secret",
    "Section",
    "Settings",
    "StateSettings",
    "StoreSettings",
    "TopicSettings",
    "TraceSettings",
    "known_secrets",
    "load_settings",
    "redact_url",
]
