"""The shell around one service that runs as a process of its own: signals, health, waiting for its parts, leaving.

Promises:
- Wrong settings, a port in use or a damaged model end the process at once with one line.
- A server that is not there (Kafka, Postgres, Redis) ends nothing: the service starts, says on /readyz what it waits
  for and why, and tries again for ever. The order in which things are started does not matter.
- SIGTERM or SIGINT: what is in hand is finished, handed over and committed; exit 0, within `LEAVE_S`. A second signal
  leaves at once. What was not finished in time comes again, to this service or to another member of its group.
- A fault of the program ends the process with an error, for whoever started it to start it again.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

from spotter import __version__
from spotter.cli.console import line
from spotter.cli.logs import logs_of
from spotter.cli.service_health import Readiness, health_server
from spotter.core.cleaning import Cleaner
from spotter.core.errors import ConfigError, SpotterError
from spotter.core.settings import Settings
from spotter.core.settings.watch import SettingsFile
from spotter.core.telemetry import Metrics, get_logger
from spotter.core.telemetry.tracing import Tracer, open_tracer
from spotter.dashboard.api.routes.health import OK
from spotter.ingest.backoff import Backoff

T = TypeVar("T")

DRAIN_S = 7.0
"""Longest wait for the work in hand once a stop is asked for; then its connections are closed under it."""

CLOSE_S = 1.5
"""Longest wait for connections to close after that."""

LEAVE_S = 9.5
"""The process is gone this long after the first signal, whatever hangs."""

REPORT_S = 5.0
"""Readiness is looked at this often even when nobody asks, for its metric and its log line."""

_RETRY_MIN_S, _RETRY_MAX_S = 0.25, 5.0

Work = Callable[[], None]
"""The service itself; runs on a thread of its own until `Shell.stop` is set."""

Prepare = Callable[["Shell"], Work]
"""Makes a service from its settings without waiting for anything; raises `SpotterError` on wrong ones."""


class StoppedError(Exception):
    """A stop was asked for while the service waited for one of its parts."""


class Shell:
    """What a service is given.

    Attributes:
        stop: set once the service must end.
        readiness: parts are told here.
        tracer: takes spans; does nothing while tracing is off.
        cleaner: keeps secrets out of the logs.
        reload: how the settings are read again; None where there is no file that could change.
        may_be_left: True for work that another process takes up where it was left, so that leaving it is no error.
    """

    def __init__(self, role: str, settings: Settings, cleaner: Cleaner, reload: SettingsFile | None = None) -> None:
        self.role = role
        self.settings = settings
        self.cleaner = cleaner
        self.reload = reload
        self.metrics = Metrics()
        self.metrics.service.build.info({"role": role, "version": __version__})
        self.readiness = Readiness(self.metrics)
        self.stop = threading.Event()
        self.tracer: Tracer = open_tracer(
            settings.trace.endpoint, settings.trace.ratio, role, settings.site, self.metrics.service.trace_spans
        )
        self.may_be_left = False
        self.log = get_logger("spotter.service").bind(role=role)
        self._closers = contextlib.ExitStack()

    def closing(self, close: Callable[[], None]) -> None:
        """Call `close` when the service ends, last come first. It must also release whoever waits on the part."""
        self._closers.callback(self._close_quietly, close)

    def wait_for(self, part: str, open_part: Callable[[], T]) -> T:
        """Open a part, again and again until it works; meanwhile /readyz says why not.

        Raises:
            ConfigError: trying again is in vain.
            StoppedError: a stop was asked for.
        """
        backoff = Backoff(_RETRY_MIN_S, _RETRY_MAX_S)
        self.readiness.note(part, "not reached yet")
        while not self.stop.is_set():
            try:
                opened = open_part()
            except ConfigError:
                raise
            except SpotterError as error:
                self.readiness.note(part, str(error))
            else:
                self.readiness.note(part, OK)
                return opened
            self.stop.wait(backoff.next())
        raise StoppedError

    def close(self) -> None:
        """Close all parts; harmless when they are closed."""
        self._closers.close()
        self.tracer.close()

    def _close_quietly(self, close: Callable[[], None]) -> None:
        """One part that cannot be closed must not keep the others open."""
        try:
            close()
        except Exception as error:
            self.log.warning("part_not_closed", error=type(error).__name__)


def run_service(role: str, settings: Settings, prepare: Prepare, reload: SettingsFile | None = None) -> int:
    """Run a service until a signal comes; the exit code.

    Args:
        reload: the file that the settings came from, for services that watch it.

    Raises:
        SpotterError: the settings are wrong, the port is taken, or the service died of one.
    """
    with logs_of(settings) as cleaner:
        return _run(Shell(role, settings, cleaner, reload), prepare)


def _run(shell: Shell, prepare: Prepare) -> int:
    role, settings = shell.role, shell.settings
    signals = _Signals(shell)
    try:
        worker = _Worker(role, prepare(shell))
        server = health_server(shell.metrics, shell.readiness, settings.metrics)
        port = server.start()
        line(f"spotter {role}: health and metrics on port {port}")
        shell.log.info("service_started", port=port, version=__version__)
        worker.start()
        try:
            _follow(shell, worker)
        finally:
            clean = _end(shell, worker)
            server.stop()
    except BaseException:
        shell.close()
        raise
    finally:
        signals.restore()
    if worker.error is not None:
        raise worker.error
    shell.log.info("service_stopped")
    if not clean:
        # A thread may sit in a driver, or wait for a frozen server, for ever; the interpreter must not wait for it.
        os._exit(0 if shell.may_be_left or not worker.is_alive() else 1)
    return 0


def _follow(shell: Shell, worker: _Worker) -> None:
    """Until the work ends or a stop is asked for."""
    report_due = 0.0
    while worker.is_alive() and not shell.stop.is_set():
        if time.monotonic() >= report_due:
            shell.readiness.report()
            report_due = time.monotonic() + REPORT_S
        worker.join(0.2)


def _end(shell: Shell, worker: _Worker) -> bool:
    """Let the work end, then close its parts, which releases work that waits on one; False when something hangs."""
    begun = time.monotonic()
    shell.stop.set()
    worker.join(DRAIN_S)
    closing = threading.Thread(target=shell.close, name="spotter-close", daemon=True)
    closing.start()
    # What the work did not need is there for the parts: the last messages go out.
    closing.join(max(CLOSE_S, DRAIN_S + CLOSE_S - (time.monotonic() - begun)))
    worker.join(CLOSE_S if closing.is_alive() else 0.5)
    for what, thread in (("work", worker), ("connections", closing)):
        if thread.is_alive():
            shell.log.warning("left_behind", what=what, seconds=round(time.monotonic() - begun, 1))
    return not worker.is_alive() and not closing.is_alive()


class _Worker(threading.Thread):
    """The service on its thread; keeps what it died of."""

    def __init__(self, role: str, work: Work) -> None:
        super().__init__(name=f"spotter-{role}", daemon=True)
        self._work = work
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            self._work()
        except StoppedError:
            pass
        except Exception as error:
            self.error = error


class _Signals:
    """SIGTERM and SIGINT set `stop`; a second one leaves at once, and so does a stop that takes too long.

    They are read on a thread of its own from the interpreter's wake-up pipe, which C code writes: nothing that the main
    thread is in, not even a lock that it waits for, can hold them up.
    """

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._come, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._before = {number: signal.signal(number, _awake) for number in (signal.SIGTERM, signal.SIGINT)}
        self._before_fd = signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        self._thread = threading.Thread(target=self._watch, name="spotter-signals", daemon=True)
        self._thread.start()

    def restore(self) -> None:
        """Signals are the caller's again. Once one has come, the watch goes on to the end of the process."""
        signal.set_wakeup_fd(self._before_fd)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.write(self._write, _NO_SIGNAL)
        if not self._shell.stop.is_set():
            self._thread.join()
            os.close(self._come)
            os.close(self._write)

    def _watch(self) -> None:
        if os.read(self._come, 1) == _NO_SIGNAL:
            return
        self._shell.stop.set()
        deadline = time.monotonic() + LEAVE_S
        while select.select([self._come], [], [], max(0.0, deadline - time.monotonic()))[0]:
            number = os.read(self._come, 1)
            if number != _NO_SIGNAL:
                os._exit(128 + number[0])
        os._exit(1)


_NO_SIGNAL = b"\0"


def _awake(number: int, frame: FrameType | None) -> None:
    """A handler of Python must be there for the wake-up pipe to be written."""
