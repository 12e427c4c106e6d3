"""Settings of notifications: channels, and what they carry when."""

from __future__ import annotations

from spotter.core.settings.base import Section


class NotifySettings(Section):
    """Who is told of alerts."""
