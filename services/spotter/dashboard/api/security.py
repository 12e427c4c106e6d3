"""What every response and request goes through: the host check, reading only but for cameras, and the security headers.

The dashboard has no sign-in, so it must not answer a page of another site: a name that an attacker points at this
machine (DNS rebinding) arrives in the Host header and is refused; without CORS headers no other site may read a
response; and a strict content policy keeps the page to its own files.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from http import HTTPStatus

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from spotter.dashboard.api.problems import ProblemResponse

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), usb=()",
}
_METHODS = ("GET", "HEAD")
_WRITES = ("PUT", "DELETE")
_WRITTEN = "/api/v1/cameras/"
"""The only part that can be written; its routes ask for a token, which a browser never sends by itself."""
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def allowed_hosts(bound: str, more: Iterable[str] = ()) -> frozenset[str]:
    """Names under which a server bound to `bound` may be asked: loopback, that address, for a wildcard address this
    machine's name (any IP literal is allowed then too, see `Guard`), and those that the settings name."""
    names = {bound.strip("[]").lower()}
    if _is_wildcard(bound):
        names = {socket.gethostname().lower()}
    return _LOOPBACK | names | {name.lower() for name in more}


class Guard:
    """ASGI middleware around the whole application.

    Args:
        bound: the address that the server binds. With a wildcard address every IP literal is accepted, because
            rebinding needs a name.
        hosts: more names, of the settings.
    """

    def __init__(self, app: ASGIApp, bound: str, hosts: Iterable[str] = ()) -> None:
        self._app = app
        self._hosts = allowed_hosts(bound, hosts)
        self._any_address = _is_wildcard(bound)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, send_guarded)

    def _refusal(self, scope: Scope) -> ProblemResponse | None:
        hosts = Headers(scope=scope).getlist("host")
        if len(hosts) != 1 or not self._is_ours(_hostname(hosts[0])):
            return ProblemResponse(
                HTTPStatus.MISDIRECTED_REQUEST,
                "this dashboard does not answer under that host name; open it by the address that Spotter printed",
            )
        written = scope["method"] in _WRITES and scope["path"].startswith(_WRITTEN)
        if scope["method"] not in _METHODS and not written:
            return ProblemResponse(
                HTTPStatus.METHOD_NOT_ALLOWED,
                "the dashboard only reads: use GET",
                headers={"Allow": ", ".join(_METHODS)},
            )
        return None

    def _is_ours(self, name: str) -> bool:
        return name in self._hosts or (self._any_address and _is_address(name))


def _hostname(host: str) -> str:
    """The name part of a Host header, lower case, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_wildcard(bound: str) -> bool:
    return _is_address(bound) and ipaddress.ip_address(bound).is_unspecified
