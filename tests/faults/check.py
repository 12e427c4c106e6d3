"""Everything that must hold of a site after a scenario, looked at again and again until it does."""

from __future__ import annotations

import time

from faults.outcome import Alerts, compare_alerts, compare_deliveries
from faults.reference import stored
from faults.scenario import Hold
from faults.site import Site
from spotter.core.errors import StoreError


class Check:
    """Holds a site against what is expected of it.

    Args:
        expected: the alerts of the undisturbed run.
    """

    def __init__(self, site: Site, expected: Alerts, hold: Hold) -> None:
        self._site = site
        self._expected = expected
        self._hold = hold

    def wait(self, timeout: float) -> bool:
        """True once nothing is wrong, False after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if not self.problems():
                return True
            time.sleep(0.25)
        return False

    def problems(self) -> list[str]:
        """What is wrong now with alerts, deliveries and outbox."""
        try:
            with self._site.store() as store:
                found = stored(store, evidence=self._hold.evidence)
        except StoreError as error:
            return [f"the store cannot be read: {error}"]
        receiver = self._site.receiver
        return [
            *compare_alerts(self._expected, found),
            *compare_deliveries(self._expected, receiver.taken()),
            *(f"the receiver got something else: {text}" for text in receiver.strangers),
            *self._waiting(),
        ]

    def counters(self) -> list[str]:
        """Counters that did not move as far as the scenario says."""
        problems = []
        for service, wanted in self._hold.counters.items():
            samples = [process.metrics() for process in self._site.processes.of(service)]
            for name, least in wanted.items():
                got = sum(sample.get(name, 0.0) for sample in samples)
                if got < least:
                    problems.append(f"{service}: {name} is {got:g}, not at least {least:g}")
        return problems

    def _waiting(self) -> list[str]:
        sql = self._site.postgres.sql
        waiting = sql("SELECT count(*) FROM outbox WHERE delivered_at IS NULL")
        unfinished = sql("SELECT state, count(*) FROM deliveries WHERE state <> 'delivered' GROUP BY state")
        problems = [f"{waiting} rows wait in the outbox"] if waiting != "0" else []
        return problems + [f"deliveries not done: {line}" for line in unfinished.splitlines()]
