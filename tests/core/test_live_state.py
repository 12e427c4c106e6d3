"""Live state in memory and in Redis and Valkey: one set of promises; then what only a server can do wrong."""

from __future__ import annotations

import gc
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgpack
import pytest
import redis
import trustme
from live_state_conformance import LiveStateConformance, person, view
from pydantic import SecretStr
from redis_server import RedisServer, ValkeyServer

from spotter.core.contracts import CameraHealth, CameraState
from spotter.core.errors import ConfigError
from spotter.core.settings import StateSettings
from spotter.core.state import LiveState, MemoryState
from spotter.core.state.redis import RedisState
from spotter.core.state.writer import HEALTH, LARGEST
from spotter.core.telemetry import Metrics

Open = Callable[..., RedisState]


@pytest.fixture(scope="module")
def redis_server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture(scope="module")
def valkey_server() -> Iterator[RedisServer]:
    with ValkeyServer() as server:
        yield server


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens live states and closes them at the end."""
    states: list[RedisState] = []

    def open_state(url: str, *, site: str = "site", metrics: Metrics | None = None, **settings: Any) -> RedisState:
        chosen = StateSettings(kind="redis", url=SecretStr(url), **settings)
        states.append(RedisState(chosen, site, metrics or Metrics()))
        return states[-1]

    yield open_state
    for state in states:
        state.close()


def until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def dropped(metrics: Metrics, kind: str, reason: str) -> float:
    labels = {"kind": kind, "reason": reason}
    return metrics.registry.get_sample_value("spotter_state_writes_dropped_total", labels) or 0.0


class TestMemory(LiveStateConformance):
    @pytest.fixture
    def state(self) -> LiveState:
        return MemoryState()


class OnServer(LiveStateConformance):
    @pytest.fixture
    def url(self) -> str:
        raise NotImplementedError

    @pytest.fixture
    def state(self, url: str, opened: Open) -> LiveState:
        redis.Redis.from_url(url).flushall()
        return opened(url)

    @pytest.fixture
    def other(self, state: LiveState, url: str, opened: Open) -> LiveState:
        """As another process would open it; it has heard of everything there was before the test begins."""
        other = opened(url)
        until(lambda: other.version() > 0)
        return other


class TestRedis(OnServer):
    @pytest.fixture
    def url(self, redis_server: RedisServer) -> str:
        return redis_server.url


class TestValkey(OnServer):
    @pytest.fixture
    def url(self, valkey_server: RedisServer) -> str:
        return valkey_server.url


def test_sites_do_not_see_each_other(redis_server: RedisServer, opened: Open) -> None:
    one, two = opened(redis_server.url, site="one"), opened(redis_server.url, site="two")
    one.put_view(view("a", 1))
    two.put_view(view("b", 2))
    until(lambda: set(one.views()) == {"a"} and set(two.views()) == {"b"})


def test_entries_end_with_their_time_and_memory_is_bounded(redis_server: RedisServer, opened: Open) -> None:
    client = redis.Redis.from_url(redis_server.url)
    client.flushall()
    state = opened(redis_server.url, ttl_s=1, health_ttl_s=10)
    for sequence in range(300):
        state.put_view(view("a", sequence, person()))
        state.put_background("a", b"x" * 1000)
    state.put_health(CameraHealth("a", CameraState.LIVE, 1))
    until(lambda: "a" in state.views() and "a" in state.health())
    assert len(client.keys("*")) <= 4  # view, picture, health, index: whatever the number of writes
    assert all(client.pttl(key) > 0 for key in client.keys("*"))
    until(lambda: not state.views())
    assert set(state.health()) == {"a"}
    assert not client.keys("*view*")


def test_what_cannot_be_read_is_skipped_and_counted(redis_server: RedisServer, opened: Open) -> None:
    client = redis.Redis.from_url(redis_server.url)
    client.flushall()
    metrics = Metrics()
    state = opened(redis_server.url, metrics=metrics)
    state.put_view(view("good", 1))
    until(lambda: "good" in state.views())
    junk = {"torn": b"\x93\x01", "empty": b"", "newer": msgpack.packb([99, "newer"]), "text": b"hello"}
    for name, data in junk.items():
        client.set(f"spotter:site:live:view:{name}", data)
        client.publish("spotter:site:live:changes", msgpack.packb([f"view:{name}"]))
    client.publish("spotter:site:live:changes", b"\xc1 not a list of names")
    client.publish("spotter:site:live:changes", msgpack.packb([1, None, "nothing", "other:kind"]))

    def count() -> float:
        return metrics.registry.get_sample_value("spotter_state_unreadable_total") or 0.0

    until(lambda: count() >= len(junk))
    state.put_view(view("good", 2))
    until(lambda: state.views()["good"].sequence == 2)
    assert set(state.views()) == {"good"}


def test_what_is_too_large_is_left_out_and_counted(redis_server: RedisServer, opened: Open) -> None:
    metrics = Metrics()
    state = opened(redis_server.url, site="large", metrics=metrics)
    state.put_background("a", b"x" * (LARGEST + 1))
    state.put_view(view("a", 1))
    until(lambda: "a" in state.views())
    assert state.views()["a"].background is None
    assert dropped(metrics, "background", "too_large") == 1


def test_a_server_that_dies_costs_old_views_only(opened: Open) -> None:
    """Nobody waits or fails while it is away; the newest view is there soon after it is back."""
    metrics = Metrics()
    with RedisServer() as server:
        state, reader = opened(server.url, metrics=metrics), opened(server.url)
        state.put_view(view("a", 0))
        until(lambda: "a" in reader.views() and state.status() == "ok")
        server.kill()
        begun = time.monotonic()
        for sequence in range(1000):
            state.put_view(view("a", sequence))
        assert time.monotonic() - begun < 5
        until(lambda: state.status().startswith("degraded: nothing answers for Redis at 127.0.0.1:"))
        assert "since" in state.status()
        assert metrics.registry.get_sample_value("spotter_state_up") == 0
        assert reader.views()["a"].sequence == 0  # what it knew, until its time is over
        server.start()
        until(lambda: state.status() == "ok" and reader.views()["a"].sequence == 999)
        assert dropped(metrics, "view", "overtaken") + dropped(metrics, "view", "unreachable") >= 900
        assert metrics.registry.get_sample_value("spotter_state_up") == 1


def test_a_server_that_is_frozen_holds_nobody_back(opened: Open) -> None:
    with RedisServer() as server:
        state = opened(server.url, timeout_s=0.3)
        until(lambda: state.status() == "ok")
        server.freeze()
        try:
            begun = time.monotonic()
            for sequence in range(200):
                state.put_view(view("a", sequence))
                state.put_background("a", b"x")
            state.views()
            assert time.monotonic() - begun < 10
            until(lambda: "does not answer" in state.status())
        finally:
            server.thaw()
        until(lambda: state.status() == "ok" and state.views()["a"].sequence == 199)


def test_a_server_that_comes_later_is_found(opened: Open) -> None:
    with RedisServer() as server:
        server.kill()
        state = opened(server.url)
        state.put_view(view("a", 1))
        assert state.views() == {}
        until(lambda: state.status().startswith("degraded"))
        server.start()
        until(lambda: "a" in state.views())


def test_closing_does_not_wait_for_a_dead_server(opened: Open) -> None:
    with RedisServer() as server:
        state = opened(server.url)
        until(lambda: state.status() == "ok")
        server.kill()
        waiter = threading.Thread(target=state.wait, args=(state.version(), 60), daemon=True)
        waiter.start()
        state.put_view(view("a", 1))
        begun = time.monotonic()
        state.close()
        assert time.monotonic() - begun < 8
        waiter.join(5)
        assert not waiter.is_alive()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("redis://:Hunter2@127.0.0.1:{port}/0", "refuses this user or password"),
        ("redis://127.0.0.1:{port}/0", "refuses this user or password"),
        ("redis://:Hunter2@no-such-host.invalid:{port}/0", "is not known"),
        ("rediss://:Hunter2@127.0.0.1:{port}/0", "cannot reach|not trusted|does not answer"),
    ],
)
def test_trouble_is_told_without_the_password(
    opened: Open, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, url: str, says: str
) -> None:
    with RedisServer(password="Right-one") as server:
        state = opened(url.format(port=server.port))
        state.put_view(view("a", 1))
        until(lambda: any(text in state.status() for text in says.split("|")))
        assert "Hunter2" not in state.status() + caplog.text + "".join(capsys.readouterr())


def test_the_password_may_stand_beside_the_url(opened: Open) -> None:
    with RedisServer(password="Right-one") as server:
        bare = f"redis://127.0.0.1:{server.port}/0"
        state = opened(bare, password=SecretStr("Right-one"))
        state.put_view(view("a", 1))
        until(lambda: "a" in state.views())


@pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")
def test_tls_with_the_right_and_the_wrong_authority(opened: Open, tmp_path: Path) -> None:
    authority, stranger = trustme.CA(), trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    paths = {name: tmp_path / f"{name}.pem" for name in ("key", "cert", "ca", "stranger")}
    certificate.private_key_pem.write_to_path(paths["key"])
    certificate.cert_chain_pems[0].write_to_path(paths["cert"])
    authority.cert_pem.write_to_path(paths["ca"])
    stranger.cert_pem.write_to_path(paths["stranger"])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        tls_port = probe.getsockname()[1]
    arguments = (
        "--tls-port", str(tls_port), "--tls-cert-file", str(paths["cert"]), "--tls-key-file", str(paths["key"]),
        "--tls-ca-cert-file", str(paths["ca"]), "--tls-auth-clients", "no",
    )  # fmt: skip
    with RedisServer(arguments=arguments):
        url = f"rediss://127.0.0.1:{tls_port}/0"
        good = opened(url, ca_file=str(paths["ca"]))
        good.put_view(view("a", 1))
        until(lambda: "a" in good.views() and good.status() == "ok")
        bad = opened(url, ca_file=str(paths["stranger"]))
        until(lambda: "certificate" in bad.status() and "not trusted" in bad.status())
        bad.close()
    # The client library leaves the socket of a failed handshake to the garbage collector; not to that of another test.
    gc.collect()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "redis//host", "", "redis://host:port/0"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigError, match=r"state\.url.*redis://"):
        RedisState(StateSettings(kind="redis", url=SecretStr(url)), "site", Metrics())


def test_an_authority_that_is_none_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for path in (tmp_path / "ca.pem", tmp_path / "none.pem"):
        settings = StateSettings(kind="redis", url=SecretStr("rediss://127.0.0.1:1/0"), ca_file=str(path))
        with pytest.raises(ConfigError, match=r"state\.ca_file"):
            RedisState(settings, "site", Metrics())


def test_a_process_that_reads_health_alone_fetches_no_views(opened: Open, redis_server: RedisServer) -> None:
    writer = opened(redis_server.url, site="lean")
    settings = StateSettings(kind="redis", url=SecretStr(redis_server.url))
    reader = RedisState(settings, "lean", Metrics(), reads=(HEALTH,))
    try:
        health = CameraHealth("a", CameraState.LIVE, 1_000, trusted=True)
        writer.put_view(view("a", 1))
        writer.put_health(health)
        until(lambda: reader.health() == {"a": health})
        writer.put_view(view("a", 2))
        writer.put_health(replace(health, at=2_000))
        until(lambda: reader.health()["a"].at == 2_000)
        assert reader.views() == {}
        until(lambda: writer.views()["a"].sequence == 2)
    finally:
        reader.close()
