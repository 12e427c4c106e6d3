"""What a notification costs, and how long it takes from the database to the receiver.

Webhooks to a receiver in a process of its own, from a SQLite file (or --database URL, which should be empty). Prints

- CPU ms of a delivery (fan-out, claim, send, writing it down) beside those of the bare POST of the same body, as a
  ratio, and deliveries a second from a backlog;
- time from the commit of the alert to its arrival, at random moments, default settings.

    python benchmarks/notify.py [--messages 400] [--seconds 30] [--database postgresql://...]
"""

from __future__ import annotations

import argparse
import http.server
import json
import multiprocessing
import random
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from spotter.core.clock import SECOND, now, to_seconds
from spotter.core.contracts import Alert, AlertKind, AlertUpdate, Evidence, Ledger, Severity, UpdateKind, alert_id
from spotter.core.settings import load_settings
from spotter.core.store import Store
from spotter.core.telemetry import Metrics, configure_logs
from spotter.notify.channels import open_channel
from spotter.notify.message import trial_message
from spotter.notify.worker import NotifyWorker

Arrivals = Any
"""A queue between processes."""


def receive(arrivals: Arrivals) -> None:
    """Accept everything; send (key, arrival) of each message through `arrivals`, the port first."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            at = now()
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()
            arrivals.put((self.headers["Idempotency-Key"], at))

        def log_message(self, *_: object) -> None:
            return None

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    arrivals.put(server.server_address[1])
    server.serve_forever()


def make_alert(number: int) -> Alert:
    """An alert as the fall rule raises it."""
    at = now()
    return Alert(
        id=alert_id("site", "dock", AlertKind.POSSIBLE_FALL, f"p{number}", at, at),
        site="site",
        camera_id="dock",
        kind=AlertKind.POSSIBLE_FALL,
        severity=Severity.P1,
        started_at=at - 4 * SECOND,
        raised_at=at,
        track_id=f"p{number}",
        evidence={name: Evidence(3.25, 3.0, "s") for name in ("on_ground", "descent", "head_drop", "stillness")},
        versions={"rule": "fall/1", "model": "movenet-multipose/1"},
        ledger=Ledger(at, at, at, at),
        frames_considered=60,
        frames_dropped=0,
    )


def record(store: Store, number: int) -> tuple[str, int]:
    """(idempotency key, time of the commit) of a new alert."""
    alert = make_alert(number)
    store.record(alert, AlertUpdate(alert.id, 0, UpdateKind.RAISED, alert.raised_at, alert.evidence))
    return f"{alert.id}:0", now()


def settings_for(port: int) -> Any:
    channel = {
        "type": "webhook", "name": "hook", "url": f"http://127.0.0.1:{port}/", "secret": "not-a-secret-at-all-1",
    }  # fmt: skip
    return load_settings(None, {"notify": {"channels": [channel]}})


def bare_post(settings: Any, arrivals: Arrivals, messages: int) -> float:
    """CPU ms of one POST without outbox and deliveries."""
    channel = open_channel(settings.notify.channels[0], settings)
    message = trial_message("site", now())
    begun = time.process_time()
    for _ in range(messages):
        channel.send(message)
    used = time.process_time() - begun
    for _ in range(messages):
        arrivals.get()
    return used / messages * 1000


def backlog(settings: Any, store: Store, arrivals: Arrivals, messages: int) -> tuple[float, float]:
    """CPU ms of one delivery, and deliveries a second."""
    for number in range(messages):
        record(store, number)
    cpu, begun = time.process_time(), time.perf_counter()
    stop = threading.Event()
    thread = threading.Thread(target=NotifyWorker(settings, store, Metrics()).run, args=(stop,))
    thread.start()
    for _ in range(messages):
        arrivals.get()
    cpu, elapsed = time.process_time() - cpu, time.perf_counter() - begun
    stop.set()
    thread.join()
    return cpu / messages * 1000, messages / elapsed


def arrival(settings: Any, store: Store, arrivals: Arrivals, seconds: float) -> list[float]:
    """Seconds from commit to arrival of each message, at random moments."""
    stop = threading.Event()
    thread = threading.Thread(target=NotifyWorker(settings, store, Metrics()).run, args=(stop,))
    thread.start()
    time.sleep(1)
    rng, delays = random.Random(0), []
    for number in range(round(seconds * 1.5)):
        key, committed = record(store, 1_000_000 + number)
        got, at = arrivals.get()
        assert got == key
        delays.append(to_seconds(at - committed))
        time.sleep(rng.uniform(0.2, 0.8))  # Not in step with the worker's own pauses.
    stop.set()
    thread.join()
    return delays


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=400)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--database", default="")
    arguments = parser.parse_args()
    configure_logs("warning")
    context = multiprocessing.get_context("spawn")
    arrivals = context.Queue()
    process = context.Process(target=receive, args=(arrivals,), daemon=True)
    process.start()
    settings = settings_for(arrivals.get())
    with (
        tempfile.TemporaryDirectory() as folder,
        Store.open(arguments.database or Path(folder) / "spotter.db") as store,
    ):
        bare = bare_post(settings, arrivals, arguments.messages)
        cost, rate = backlog(settings, store, arrivals, arguments.messages)
        delays = arrival(settings, store, arrivals, arguments.seconds)
        dialect = "Postgres" if store.on_server else "SQLite"
    process.kill()
    p50, p95 = statistics.median(delays), statistics.quantiles(delays, n=20)[-1]
    print(
        json.dumps(
            {
                "database": dialect,
                "cpu_ms_bare_post": round(bare, 2),
                "cpu_ms_delivery": round(cost, 2),
                "ratio": round(cost / bare, 2),
                "deliveries_per_s": round(rate, 1),
                "arrival_p50_s": round(p50, 3),
                "arrival_p95_s": round(p95, 3),
                "arrivals": len(delays),
            }
        )
    )


if __name__ == "__main__":
    main()
