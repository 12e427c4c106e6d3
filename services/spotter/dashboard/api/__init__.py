"""The dashboard's server side."""

from spotter.dashboard.api.app import create_app
from spotter.dashboard.api.server import DashboardServer

__all__ = ["DashboardServer", "create_app"]
