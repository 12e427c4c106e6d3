"""`spotter serve notify`: alerts from the outbox to people and machines. Several of them share the work.

A stop lets messages in hand go out. A receiver that keeps its answer longer than the shell waits is left: the message's
lease runs out and it is sent again, by another process or the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spotter.cli.parts import open_store, watch_store
from spotter.cli.service import Shell, Work
from spotter.core.telemetry.spans import NOTIFY, TRACEPARENT
from spotter.dashboard.api.routes.health import DEGRADED, OK, is_ready
from spotter.notify.worker import NotifyWorker


def prepare_notify(shell: Shell) -> Work:
    """The service.

    Raises:
        ConfigError: a channel's settings or secret file cannot be used.
    """
    store = open_store(shell)

    def trace(payload: Mapping[str, Any], channel: str, started: int, finished: int) -> None:
        alert, update = payload.get("alert", {}), payload.get("update", {})
        traceparent = alert.get("versions", {}).get(TRACEPARENT, "")
        attributes = {"spotter.alert": str(alert.get("id")), "spotter.channel": channel}
        shell.tracer.span(
            NOTIFY, traceparent, started, finished, attributes, part=f"{channel}/{update.get('number')}", always=True
        )

    worker = NotifyWorker(shell.settings, store, shell.metrics, on_delivered=trace)
    shell.readiness.watch("notify", lambda: channels_text(worker.status()))

    def work() -> None:
        watch_store(shell, store)
        worker.run(shell.stop)

    shell.may_be_left = True
    return work


def channels_text(states: Mapping[str, str]) -> str:
    """The channels in one line; one that is down degrades the service, because the others go on."""
    told = "; ".join(
        f"{channel}: {text.removeprefix(f'{DEGRADED}: ')}" for channel, text in states.items() if text != OK
    )
    if not told:
        return OK
    return f"{DEGRADED}: {told}" if all(map(is_ready, states.values())) else told
