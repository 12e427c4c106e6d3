"""A SQLite file that cannot grow: alerts wait, /readyz says why, and nothing is lost once there is room again.

The limit is on the size of the process' files (RLIMIT_FSIZE), which needs no right to mount. What Postgres does on
a full disk is the scenario disk-full of `make faults`.
"""

from __future__ import annotations

import json
import resource
from pathlib import Path

from brokers import TansuBroker
from processes import Process, Processes

from faults.cameras import skeletons
from faults.messages import Publisher, wait_until
from faults.outcome import compare_alerts
from faults.reference import SITE, stored, undisturbed
from faults.scenario import Load
from faults.site import settings_of
from spotter.core.bus import SKELETONS
from spotter.core.clock import now
from spotter.core.store import Store

NO_LIMIT = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
NOTICED_S = 60.0


def test_alerts_wait_for_room_and_none_is_lost(tmp_path: Path) -> None:
    frames = skeletons(Load(cameras=3, seconds=40, speed=8), 5, now())
    expected = undisturbed(frames)
    database = tmp_path / "spotter.db"
    with TansuBroker() as broker, Processes() as processes:
        environment = {
            "SPOTTER_SITE": SITE,
            "SPOTTER_BUS__KIND": "kafka",
            "SPOTTER_BUS__KAFKA__SERVERS": json.dumps(broker.servers),
            "SPOTTER_STORE__URL": f"sqlite:///{database}",
        }
        process = processes.add(Process("ergonomics", ("serve", "ergonomics"), environment, tmp_path))
        process.start()
        process.wait_ready()
        full = max(path.stat().st_size for path in tmp_path.glob("spotter.db*"))
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (full, resource.RLIM_INFINITY))
        with Publisher(frames, settings_of(environment).bus.kafka, lambda _: SKELETONS) as publisher:
            assert wait_until(lambda: process.metrics().get("spotter_store_failures_total", 0) > 0, NOTICED_S)
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, NO_LIMIT)
            assert publisher.wait(NOTICED_S)
        with Store.open(database, "read") as store:
            wait_until(lambda: not compare_alerts(expected, stored(store)), NOTICED_S)
            assert compare_alerts(expected, stored(store)) == []
        process.wait_ready()
        assert process.stop() == 0
        assert processes.deaths() == {}
        assert "disk" in process.text()
