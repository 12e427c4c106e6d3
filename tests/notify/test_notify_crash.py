"""kill -9 of a real `spotter serve notify` in the middle of its work: nothing is lost, nothing comes out of order, and
what comes twice has the same idempotency key."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
import yaml
from notify_tools import SECRET, fall, found, record, states, wait_until
from webhook import KEEP, WebhookReceiver

from spotter.core.store import Store

COMMAND = Path(sys.executable).with_name("spotter")
READY_S = 60.0


class Service:
    """`spotter serve notify` in a process of its own."""

    def __init__(self, folder: Path, url: str, receiver: WebhookReceiver) -> None:
        self._folder = folder
        channel = {
            "type": "webhook", "name": "hook", "url": receiver.url(), "secret": SECRET, "timeout_s": 3.0,
            "in_flight": 2, "retry": {"min_s": 0.05, "max_s": 0.2},
        }  # fmt: skip
        self._config = folder / "notify.yaml"
        self._config.write_text(
            yaml.safe_dump(
                {
                    "store": {"url": url},
                    "metrics": {"port": 0},
                    "notify": {"channels": [channel], "poll_s": 0.05, "lease_s": 0.5, "drain_s": 1.0},
                }
            ),
            encoding="utf-8",
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SPOTTER_")}
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [COMMAND, "serve", "notify", "--config", str(self._config)],
                stdout=log, stderr=log, cwd=self._folder, env=inherited,
            )  # fmt: skip

    def kill(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def terminate(self) -> int:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(60)
        self._process = None
        return code

    def log(self) -> str:
        return (self._folder / "log").read_text(encoding="utf-8")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


def test_a_message_in_the_hands_of_a_killed_process_comes_again(
    tmp_path: Path, sqlite_store: Store, sqlite_url: str, receiver: WebhookReceiver
) -> None:
    store = sqlite_store
    receiver.default = KEEP
    record(store, fall(), updates=2)
    with Service(tmp_path, sqlite_url, receiver) as service:
        receiver.wait_for(1, READY_S)
        service.kill()
        assert found(store)[0].attempts == 1
        receiver.default = 200
        service.start()
        received = receiver.wait_for(3, READY_S)
        wait_until(lambda: states(store) == ["delivered"] * 2, what="both are written down as delivered")
        assert service.terminate() == 0, service.log()
    assert [one.key[-2:] for one in received] == [":0", ":0", ":1"]
    assert received[0].body == received[1].body
    assert store.alerts()[0].ledger.notified is not None
    assert SECRET not in service.log()


@pytest.fixture
def postgres_store(postgres_url: str) -> Iterator[Store]:
    with Store.open(postgres_url) as store:
        yield store


def test_kills_at_random_moments_lose_nothing(
    tmp_path: Path, postgres_store: Store, postgres_url: str, receiver: WebhookReceiver
) -> None:
    store = postgres_store
    rng = random.Random(20261125)
    alerts = [fall(number, camera_id=f"camera-{number}") for number in range(10)]
    expected = {f"{alert.id}:{number}" for alert in alerts for number in range(4)}
    receiver.delay_s = 0.02
    kills = 2
    for alert in alerts:
        record(store, alert, updates=4)
    with Service(tmp_path, postgres_url, receiver) as service:
        for _ in range(kills):
            seen = len(receiver.received)
            receiver.wait_for(seen + 1, READY_S)
            time.sleep(rng.uniform(0.0, 0.12))
            service.kill()
            service.start()
        wait_until(lambda: states(store) == ["delivered"] * 40, READY_S, "all are delivered")
        assert service.terminate() == 0, service.log()
    came = Counter(one.key for one in receiver.received)
    assert came.keys() == expected
    assert came.total() - len(expected) <= kills * 2, "only what was in flight comes twice"
    for alert in alerts:
        firsts = list(dict.fromkeys(one.key for one in receiver.received if one.key.startswith(str(alert.id))))
        assert firsts == [f"{alert.id}:{number}" for number in range(4)]
