"""What the program tells of itself: metrics (one file a group) and logs."""

from spotter.core.telemetry.logs import configure_logs, get_logger
from spotter.core.telemetry.metrics import Metrics

__all__ = ["Metrics", "configure_logs", "get_logger"]
