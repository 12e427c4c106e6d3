"""`spotter serve ergonomics`: skeletons to alerts. Any number of them share the cameras; a camera has one at a time.

It joins its group only once the database answers, so that no cameras come to a member that could not store an alert.
When it is stopped it closes no alert: it leaves its state in a snapshot for the member that gets its cameras. Where a
server hangs, what was not committed is replayed by that member, so leaving it is no error.
"""

from __future__ import annotations

from spotter.cli.parts import open_bus, open_snapshots, open_state, open_store, watch_store
from spotter.cli.service import Shell, Work
from spotter.core.clock import now
from spotter.core.contracts import Alert, AlertUpdate, UpdateKind
from spotter.ergonomics.worker import AtStop, ErgonomicsWorker


def prepare_ergonomics(shell: Shell) -> Work:
    """The service."""
    bus, store, state, snapshots = (
        open_bus(shell),
        open_store(shell),
        open_state(shell, views=False),
        open_snapshots(shell),
    )

    def trace(alert: Alert, update: AlertUpdate) -> None:
        if update.kind is UpdateKind.RAISED:
            shell.tracer.alert(alert, now())

    def work() -> None:
        watch_store(shell, store)
        worker = ErgonomicsWorker(
            shell.settings,
            bus,
            store,
            state,
            shell.metrics,
            trace,
            snapshots=snapshots,
            at_stop=AtStop.HAND_OVER,
            tracer=shell.tracer,
        )
        worker.run(shell.stop)

    shell.may_be_left = True
    return work
