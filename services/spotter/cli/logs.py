"""Logs of a command that runs for long: on stderr, and nothing there with a secret of the settings in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from spotter.core.cleaning import Cleaner
from spotter.core.settings import Settings, known_secrets
from spotter.core.telemetry import configure_logs
from spotter.core.telemetry.native_stderr import cleaned_native_stderr


@contextlib.contextmanager
def logs_of(settings: Settings) -> Iterator[None]:
    """Start the logs, and clean what native libraries write beside them, for the length of a block."""
    secrets = known_secrets(settings)
    with cleaned_native_stderr(Cleaner(secrets)):
        configure_logs(settings.log.level, settings.log.format, secrets)
        yield
