"""Where the server binds, whom it answers, and with which headers."""

from __future__ import annotations

import os
import socket

import httpx
import pytest
from dashboard_scene import Site

from spotter.core.errors import PortError
from spotter.core.state import MemoryState
from spotter.core.store import Store
from spotter.core.telemetry import Metrics
from spotter.dashboard.api import DashboardServer, create_app


def server(host: str, port: int, *, allow_remote: bool = False) -> DashboardServer:
    app = create_app(MemoryState(), Store.open("sqlite://"), Metrics(), site="s", ready=dict, version="0", host=host)
    return DashboardServer(app, host, port, allow_remote=allow_remote)


def test_a_name_of_the_settings_is_answered_and_no_other() -> None:
    app = create_app(
        MemoryState(),
        Store.open("sqlite://"),
        Metrics(),
        site="s",
        ready=dict,
        version="0",
        hosts=("Spotter.example.com",),
    )
    behind = DashboardServer(app, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{behind.start()}/healthz"
    try:
        answers = {
            host: httpx.get(url, headers={"Host": host}, trust_env=False).status_code
            for host in ("spotter.example.com", "SPOTTER.example.com:8443", "127.0.0.1", "evil.example", "example.com")
        }
    finally:
        behind.stop()
    assert answers == {
        "spotter.example.com": 200,
        "SPOTTER.example.com:8443": 200,
        "127.0.0.1": 200,
        "evil.example": 421,
        "example.com": 421,
    }


def test_port_in_use(site: Site) -> None:
    with pytest.raises(PortError, match=rf"127\.0\.0\.1:{site.port} is in use.*--port 0"):
        server("127.0.0.1", site.port).start()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_remote_address_needs_a_word(host: str) -> None:
    with pytest.raises(PortError, match=r"no sign-in.*allow_remote"):
        server(host, 0).start()


def test_address_of_another_machine() -> None:
    with pytest.raises(PortError, match=r"192\.0\.2\.1:0 is not of this machine"):
        server("192.0.2.1", 0, allow_remote=True).start()


def test_unknown_name() -> None:
    with pytest.raises(PortError, match=r"'no\.such\.host\.invalid' is not known"):
        server("no.such.host.invalid", 0).start()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may bind every port")
def test_privileged_port() -> None:
    with pytest.raises(PortError, match=r"127\.0\.0\.1:1 is not allowed.*1024"):
        server("127.0.0.1", 1).start()


def is_free(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0


def test_stop_frees_the_port_and_may_come_first(capfd: pytest.CaptureFixture[str]) -> None:
    # Below the ports that the system gives to outgoing connections, one of which could come in between.
    port = next(port for port in range(20_000, 32_768) if is_free(port))
    first = server("127.0.0.1", port)
    first.stop()
    assert first.start() == port
    assert httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200
    first.stop()
    first.stop()
    again = server("127.0.0.1", port)
    assert again.start() == port
    again.stop()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_own_names_are_answered(site: Site, client: httpx.Client, host: str) -> None:
    for name in (host, f"{host}:{site.port}"):
        assert client.get("/healthz", headers={"Host": name}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", "10.0.0.1", ""]
)
@pytest.mark.parametrize("path", ["/", "/api/v1/live", "/api/v1/alerts", "/metrics"])
def test_other_names_are_refused(client: httpx.Client, host: str, path: str) -> None:
    response = client.get(path, headers={"Host": host})
    assert response.status_code == 421
    assert response.headers["content-type"] == "application/problem+json"


def test_two_host_headers_are_refused(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=5) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n")
        assert connection.recv(4096).split()[1] in (b"400", b"421")


def test_a_wildcard_server_answers_addresses_but_not_names() -> None:
    wide = server("0.0.0.0", 0, allow_remote=True)
    url = f"http://127.0.0.1:{wide.start()}/healthz"
    try:
        assert httpx.get(url, headers={"Host": "10.1.2.3:8080"}, trust_env=False).status_code == 200
        assert httpx.get(url, headers={"Host": socket.gethostname()}, trust_env=False).status_code == 200
        assert httpx.get(url, headers={"Host": "evil.example"}, trust_env=False).status_code == 421
    finally:
        wide.stop()


@pytest.mark.parametrize("path", ["/", "/main.js", "/api/v1/cameras", "/api/v1/alerts/x", "/nothing", "/metrics"])
def test_every_response_carries_the_security_headers(client: httpx.Client, path: str) -> None:
    headers = client.get(path, headers={"Origin": "http://evil.example"}).headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == "'self'"
    assert "unsafe" not in headers["content-security-policy"]
    assert policy["frame-ancestors"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert not [name for name in headers if name.startswith("access-control-")]
    assert "server" not in headers


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_reading(client: httpx.Client, method: str) -> None:
    response = client.request(method, "/api/v1/alerts")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD"


def test_page_has_nothing_inline_and_nothing_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "no-cache"
    for unwanted in ("<style", "style=", "http://", "https://", "onclick"):
        assert unwanted not in page.text
    assert "javascript" in client.get("/main.js").headers["content-type"]


def test_files_outside_the_page_are_not_served(client: httpx.Client) -> None:
    for path in ("/../__init__.py", "/%2e%2e/__init__.py", "/..%2f..%2fapi/app.py"):
        assert client.get(path).status_code == 404
