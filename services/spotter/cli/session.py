"""One run on the command line, from the signal handlers to the summary; shared by `spotter run` and `spotter demo`.

Ctrl-C and SIGTERM stop the cameras, let frames in flight drain and end cleanly; a second Ctrl-C leaves at once.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Self

from spotter.cli.app import EXIT_INTERRUPTED
from spotter.cli.camera_reload import CameraReload
from spotter.cli.console import line, warning_line
from spotter.cli.display import Announcer, Display, open_display
from spotter.cli.embedded import EmbeddedPipeline
from spotter.cli.logs import logs_of
from spotter.cli.summary import summary_lines
from spotter.cli.watch import CameraWatch
from spotter.core.cleaning import Cleaner
from spotter.core.settings import Settings, known_secrets
from spotter.core.settings.watch import SettingsFile
from spotter.core.telemetry import configure_logs

_TICK_S = 0.2


class StopSignals:
    """Turns SIGINT and SIGTERM into a question that the main loop asks; a second SIGINT ends the process."""

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._event = threading.Event()
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT and self.received is signal.SIGINT:
            os._exit(EXIT_INTERRUPTED)
        self.received = signal.Signals(number)
        self._event.set()


def run_session(
    settings: Settings,
    *,
    rounds: int = 1,
    record: Path | None = None,
    progress_s: float = 30.0,
    on_dashboard: Callable[[str], None] | None = None,
    reload: SettingsFile | None = None,
) -> signal.Signals | None:
    """Run until all finite sources end or a signal comes; print what happens and a summary.

    Args:
        rounds: times that the cameras are played, 0: until stopped.
        record: folder for a recording of the skeletons, or None.
        progress_s: seconds between lines of figures where stdout is not a terminal.
        on_dashboard: given the dashboard's address once it answers.
        reload: the file that the settings came from, watched for other cameras; None: there is none.

    Returns:
        The signal that stopped the run, or None when it ended by itself.

    Raises:
        SpotterError: it could not start, a service died, or every camera failed.
    """
    with logs_of(settings) as cleaner:
        return _run(settings, cleaner, rounds, record, progress_s, on_dashboard, reload)


def _run(
    settings: Settings,
    cleaner: Cleaner,
    rounds: int,
    record: Path | None,
    progress_s: float,
    on_dashboard: Callable[[str], None] | None,
    reload: SettingsFile | None,
) -> signal.Signals | None:
    _start_logs(settings, cleaner)
    announcer = Announcer()
    pipeline = EmbeddedPipeline(settings, announcer, rounds=rounds, record=record)
    begun = time.monotonic()
    if reload is not None and settings.ingest.reload_s:
        pipeline.reload = CameraReload(
            reload,
            settings,
            pipeline.apply,
            pipeline.metrics.cameras,
            learn=lambda newer: cleaner.learn(known_secrets(newer)),
        )
    with StopSignals() as signals:
        try:
            pipeline.start()
            begun = time.monotonic()
            if pipeline.reload is not None:
                pipeline.reload.start()
            if pipeline.dashboard_url:
                line(f"Dashboard: {pipeline.dashboard_url}  (Ctrl-C stops)")
                if on_dashboard is not None:
                    on_dashboard(pipeline.dashboard_url)
            with open_display(pipeline.state, pipeline.metrics, progress_s=progress_s) as display:
                # Again, because a live table has put its own stderr in place, which writes above it.
                _start_logs(settings, cleaner)
                _follow(pipeline, signals, announcer, display)
        finally:
            if pipeline.reload is not None:
                pipeline.reload.close()
            pipeline.stop()
            _start_logs(settings, cleaner)
    for text in summary_lines(pipeline.metrics, time.monotonic() - begun):
        line(text)
    return signals.received


def _follow(pipeline: EmbeddedPipeline, signals: StopSignals, announcer: Announcer, display: Display) -> None:
    """Show the run until it ends or a signal comes, then what the draining frames still bring."""
    watch = CameraWatch()

    def show() -> None:
        display.refresh()
        for alert, update in announcer.take():
            display.announce(alert, update)
        for text in watch.warnings(pipeline.state.health(), pipeline.failures, len(pipeline.cameras)):
            warning_line(text)

    try:
        while signals.received is None and not pipeline.wait(_TICK_S):
            show()
            watch.check(pipeline.state.health())
        if signals.received is not None:
            display.note("Stopping: frames in flight are finished first")
    finally:
        pipeline.stop()
        show()


def _start_logs(settings: Settings, cleaner: Cleaner) -> None:
    """Logs on stderr as it is now. Under a live table, unless a level was asked for, only what the table does not say:
    warnings, and none of the cameras', which are shown as lines of their own."""
    tables = sys.stdout.isatty() and "level" not in settings.log.model_fields_set
    configure_logs("warning" if tables else settings.log.level, settings.log.format, cleaner)
    logging.getLogger("spotter.ingest").setLevel(logging.CRITICAL if tables else logging.NOTSET)
