"""Logs of a command that runs for long: on stderr, and nothing there with a secret of the settings in it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from spotter.core.cleaning import Cleaner
from spotter.core.settings import Settings, known_secrets
from spotter.core.telemetry import configure_logs
from spotter.core.telemetry.native_stderr import cleaned_native_stderr


@contextlib.contextmanager
def logs_of(settings: Settings) -> Iterator[Cleaner]:
    """Start the logs, and clean what native libraries write beside them, for the length of a block.

    The cleaner can be taught the secrets of settings that are read later.
    """
    cleaner = Cleaner(known_secrets(settings))
    with cleaned_native_stderr(cleaner):
        configure_logs(settings.log.level, settings.log.format, cleaner)
        yield cleaner
