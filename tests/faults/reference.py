"""The undisturbed run: the same skeletons through the same service in one process, on the memory bus and SQLite."""

from __future__ import annotations

import tempfile
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path

from faults.outcome import AlertFacts, facts
from spotter.core.bus import HEALTH, SKELETONS, MemoryBus
from spotter.core.contracts import PoseFrame
from spotter.core.settings import load_settings
from spotter.core.state import MemoryState
from spotter.core.store import AlertQuery, Store
from spotter.core.telemetry import Metrics
from spotter.ergonomics.worker import ErgonomicsWorker

SITE = "plant"
PAGE = 500


def undisturbed(frames: Sequence[PoseFrame], *, evidence: bool = True) -> dict[uuid.UUID, AlertFacts]:
    """The alerts that these skeletons give."""
    with (
        tempfile.TemporaryDirectory(prefix="spotter-reference-") as folder,
        Store.open(Path(folder) / "spotter.db") as store,
    ):
        bus = MemoryBus()
        worker = ErgonomicsWorker(load_settings(overrides={"site": SITE}), bus, store, MemoryState(), Metrics())
        thread = threading.Thread(target=worker.run, args=(threading.Event(),))
        thread.start()
        for frame in frames:
            bus.publish(SKELETONS, frame)
        bus.end(SKELETONS)
        bus.end(HEALTH)
        thread.join(120)
        assert not thread.is_alive(), "the undisturbed run does not end"
        bus.close()
        return stored(store, evidence=evidence)


def stored(store: Store, *, evidence: bool = True) -> dict[uuid.UUID, AlertFacts]:
    """All alerts of a store."""
    records = store.records(AlertQuery(limit=PAGE))
    assert len(records) < PAGE, f"more than {PAGE} alerts: make the load smaller"
    return facts(records, evidence=evidence)
