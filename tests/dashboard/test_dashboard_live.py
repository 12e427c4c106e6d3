"""The live stream: news arrive, a slow browser slows nobody, and one that leaves leaves nothing behind."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import httpx
from dashboard_scene import Site, make_alert, person, put_scene, record

from spotter.core.clock import now
from spotter.core.contracts import UpdateKind
from spotter.core.state import CameraView, PostureSeconds


def events(response: httpx.Response) -> Iterator[tuple[str, dict[str, object]]]:
    name = ""
    for line in response.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def eventually(true: Callable[[], bool], within_s: float = 5.0) -> bool:
    deadline = time.monotonic() + within_s
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def listeners(site: Site) -> int:
    return site.server._app.state.feed.listeners


def test_views_and_alert_changes_arrive(site: Site, client: httpx.Client) -> None:
    put_scene(site, 1)
    alert = make_alert()
    with client.stream("GET", "/api/v1/live") as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        stream = events(response)
        assert next(stream)[0] == "alerts"
        name, data = next(stream)
        assert name == "views"
        assert [camera["id"] for camera in data["cameras"]] == ["aisle", "dock", "gate", "packing"]
        time.sleep(0.7)
        for change in ((), (UpdateKind.STILL_DOWN,), (UpdateKind.STILL_DOWN, UpdateKind.RECOVERED)):
            record(site.store, alert, *change)
            started = time.monotonic()
            assert next(name for name, _ in stream if name == "alerts")
            assert time.monotonic() - started < 2


def test_views_are_conflated_to_about_ten_a_second(site: Site, client: httpx.Client) -> None:
    stop = threading.Event()
    writer = threading.Thread(target=_write, args=(site, stop, 0.002))
    with client.stream("GET", "/api/v1/live") as response:
        writer.start()
        started = time.monotonic()
        sequences = []
        for name, data in events(response):
            if name == "views" and data["cameras"]:
                sequences.append(data["cameras"][0]["view"]["sequence"])
            if time.monotonic() - started > 1.5:
                break
    stop.set()
    writer.join()
    assert 5 <= len(sequences) <= 18
    assert sequences == sorted(sequences)
    assert sequences[-1] - sequences[0] > 3 * len(sequences)


def test_a_browser_that_does_not_read_blocks_nobody_and_gets_no_backlog(site: Site, client: httpx.Client) -> None:
    feed = site.server._app.state.feed
    feed._interval_s = 0.001  # many views in a short test
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", site.port))
        slow.sendall(b"GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert eventually(lambda: listeners(site) == 1)
        sent, started = 0, time.monotonic()
        longest = 0.0
        while time.monotonic() - started < 3:
            before = time.perf_counter()
            put_scene(site, sent)
            longest = max(longest, time.perf_counter() - before)
            sent += 1
            time.sleep(0.002)
        assert longest < 0.5
        assert client.get("/healthz").status_code == 200
        slow.settimeout(0.5)
        backlog = 0
        newest = b""
        site.state.put_view(site.state.views()["dock"])
        while chunk := _receive(slow):
            backlog += len(chunk)
            newest = (newest + chunk)[-16_000:]
        assert backlog < 1_000_000
        assert f'"sequence":{sent - 1},'.encode() in newest
    assert eventually(lambda: listeners(site) == 0)


def test_a_browser_that_leaves_frees_everything(site: Site, client: httpx.Client) -> None:
    put_scene(site, 0)
    client.get("/api/v1/status")
    feed = site.server._app.state.feed
    for _ in range(12):
        with client.stream("GET", "/api/v1/live") as response:
            assert next(events(response))[0] == "alerts"
    assert eventually(lambda: listeners(site) == 0)
    assert feed._pumps == []
    assert eventually(lambda: feed._threads.borrowed_tokens == 0)
    # Worker threads are pooled; a leak would show as one more for each stream.
    assert sum(thread.name.startswith("AnyIO") for thread in threading.enumerate()) <= 6


def test_a_view_that_cannot_be_written_does_not_end_the_stream(site: Site, client: httpx.Client) -> None:
    good = make_view(1)
    site.state.put_view(replace(good, people=(None,)))
    with client.stream("GET", "/api/v1/live") as response:
        stream = events(response)
        assert next(stream)[0] == "alerts"
        time.sleep(0.3)
        site.state.put_view(replace(good, sequence=7))
        name, data = next(stream)
        assert name == "views"
        assert data["cameras"][0]["view"]["sequence"] == 7


def make_view(sequence: int) -> CameraView:
    return CameraView("a", sequence, now(), 640, 480, (person("a-1", 100, 100, 80),), PostureSeconds(), 0.1)


def test_too_many_streams_are_refused(site: Site, client: httpx.Client) -> None:
    site.server._app.state.feed._max_listeners = 1
    with client.stream("GET", "/api/v1/live") as response:
        stream = events(response)  # held, because httpx closes the connection with its iterator
        assert next(stream)[0] == "alerts"
        refused = client.get("/api/v1/live")
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "10"


def test_stop_ends_streams_within_two_seconds(site: Site, client: httpx.Client) -> None:
    put_scene(site, 0)
    frozen = socket.create_connection(("127.0.0.1", site.port))
    with frozen, client.stream("GET", "/api/v1/live") as response:
        frozen.sendall(b"GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert eventually(lambda: listeners(site) == 2)
        started = time.monotonic()
        site.server.stop()
        assert time.monotonic() - started < 2
        assert [name for name, _ in events(response)][-1] == "end"
    assert not any(thread.name == "spotter-dashboard" for thread in threading.enumerate())


def _receive(connection: socket.socket) -> bytes:
    try:
        return connection.recv(65536)
    except TimeoutError:
        return b""


def _write(site: Site, stop: threading.Event, pause: float) -> None:
    step = 0
    while not stop.is_set():
        put_scene(site, step)
        step += 1
        time.sleep(pause)
