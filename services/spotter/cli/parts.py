"""The parts that services are put together from, made from settings: bus, store, live state, snapshots.

Making a part reaches no server: each connects by itself, again and again, and says how it is in `status` or `ping`.
Wrong settings are an error here, before anything starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from spotter.cli.service import Shell
from spotter.core.errors import ConfigError
from spotter.core.state import LiveState, MemoryState, Snapshots
from spotter.core.store import Store

if TYPE_CHECKING:
    from spotter.core.bus.kafka.bus import KafkaBus


def open_bus(shell: Shell) -> KafkaBus:
    """The bus between processes, watched by the shell's readiness.

    Raises:
        ConfigError: the settings name the memory bus, which ends at the process.
        BusError: a file or library that Kafka's settings ask for is missing.
    """
    if shell.settings.bus.kind != "kafka":
        raise ConfigError(
            "serve needs bus.kind: kafka",
            mend="Set SPOTTER_BUS__KIND=kafka and SPOTTER_BUS__KAFKA__SERVERS, or use `spotter run` for one process",
        )
    from spotter.core.bus.kafka.bus import KafkaBus

    bus = KafkaBus(
        shell.settings.bus.kafka,
        shell.metrics,
        on_drop=shell.metrics.count_drop,
        client_id=f"spotter-{shell.role}",
    )
    shell.readiness.watch("bus", bus.status)
    shell.closing(bus.close)
    return bus


def open_store(shell: Shell) -> Store:
    """The database, watched by the shell's readiness; use it once `Shell.wait_for("store", store.ping)` returns.

    Raises:
        StoreError: the URL cannot be used or the driver is missing.
    """
    store = Store.connect(shell.settings.store, distributed=True, metrics=shell.metrics.store)
    shell.closing(store.close)
    return store


def watch_store(shell: Shell, store: Store) -> None:
    """Wait for the database and its schema; from then on /readyz asks it each time.

    Raises:
        StoppedError: a stop was asked for meanwhile.
    """
    shell.wait_for("store", store.ping)
    shell.readiness.watch("store", lambda: _answers(store))


def open_state(shell: Shell, *, views: bool = True) -> LiveState:
    """Live state, watched by the shell's readiness: without it alerts go on, so it is never more than degraded.

    Args:
        views: whether views can be read from it; without them only health is, which costs much less.

    Raises:
        StateError: the URL cannot be used.
    """
    if shell.settings.state.kind == "memory":
        shell.readiness.note("state", "degraded: state.kind is memory, so no other process sees the live view")
        return MemoryState()
    from spotter.core.state.redis import RedisState
    from spotter.core.state.writer import BACKGROUND, HEALTH, VIEW

    reads = (VIEW, BACKGROUND, HEALTH) if views else (HEALTH,)
    state = RedisState(shell.settings.state, shell.settings.site, shell.metrics, reads)
    shell.readiness.watch("state", lambda: _degraded(state.status()))
    shell.closing(state.close)
    return state


def open_snapshots(shell: Shell) -> Snapshots:
    """Where the ergonomics service leaves its state for the member that comes after it.

    Raises:
        StateError: the URL cannot be used.
    """
    if shell.settings.state.kind == "memory":
        from spotter.core.state.memory_snapshots import MemorySnapshots

        return MemorySnapshots()
    from spotter.core.state.redis_snapshots import RedisSnapshots

    return RedisSnapshots(shell.settings.state, shell.settings.site)


def _answers(store: Store) -> str:
    store.ping()
    return "ok"


def _degraded(status: str) -> str:
    return status if status == "ok" or status.startswith("degraded") else f"degraded: {status}"
