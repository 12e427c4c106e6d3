"""Which addresses may be opened when somebody names them through an interface: no road into the machine's own network.

A URL in a settings file is written by whoever runs the site, and may point anywhere. One that comes through the API may
not: else a browser could make this process read the cloud's metadata service or a neighbour's admin page (server-side
request forgery). Every address that a name stands for is looked at, and the one that was looked at must be the one that
is opened, so that a name cannot change its mind in between.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from spotter.core.errors import SourceError
from spotter.core.settings.redact import redact_url

CAMERA_SCHEMES = ("rtsp", "rtsps", "http", "https")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str], Iterable[str]]

METADATA = tuple(
    ipaddress.ip_network(text) for text in ("169.254.169.254/32", "fd00:ec2::254/128", "100.100.100.200/32")
)
"""Where clouds answer for the machine itself: never allowed."""


def addresses_of(host: str) -> list[str]:
    """Every address that the name has now.

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What may be opened. Cameras live in private ranges, so those are allowed unless `networks` says which.

    Attributes:
        schemes: URL schemes, lower case.
        networks: only addresses within these; empty: all private and public ones.
        loopback: whether this machine itself is allowed.
    """

    schemes: tuple[str, ...] = CAMERA_SCHEMES
    networks: tuple[Network, ...] = field(default=())
    loopback: bool = False

    def refusal(self, address: Address) -> str:
        """Why an address may not be opened; empty when it may."""
        address = getattr(address, "ipv4_mapped", None) or address
        if any(address in network for network in METADATA):
            return "answers for the machine itself"
        if address.is_loopback and not self.loopback:
            return "is this machine"
        for what, holds in (
            ("stands for any address", address.is_unspecified),
            ("is a group of machines (multicast)", address.is_multicast),
            ("is a link-local address", address.is_link_local),
            ("is reserved", address.is_reserved and not address.is_loopback),
        ):
            if holds:
                return what
        if self.networks and not any(address in network for network in self.networks):
            return "is outside the networks that are allowed"
        return ""

    def check(self, url: str, resolve: Resolve = addresses_of) -> str:
        """The address to open for the host of `url`; open that, not the name.

        Raises:
            SourceError: scheme, host or any of its addresses is not allowed, or the name is not known.
        """
        shown = redact_url(url)
        try:
            parts = urlsplit(url)
            host = parts.hostname or ""
        except ValueError:
            host = ""
        if not host:
            raise SourceError(f"'{shown}' is not a complete URL", mend="Write SCHEME://HOST:PORT/PATH")
        if parts.scheme.lower() not in self.schemes:
            raise SourceError(
                f"'{shown}' has a scheme that is not allowed here", mend=f"Allowed: {', '.join(self.schemes)}"
            )
        try:
            found = [ipaddress.ip_address(host.partition("%")[0])]
        except ValueError:
            try:
                found = [ipaddress.ip_address(text.partition("%")[0]) for text in resolve(host)]
            except (OSError, UnicodeError):
                found = []
        if not found:
            raise SourceError(f"'{shown}' has a host name that is not known", mend="Check the name")
        for address in found:
            reason = self.refusal(address)
            if reason:
                raise SourceError(
                    f"'{shown}' may not be opened: {address} {reason}",
                    mend="Put it into the settings file, where whoever runs the site answers for it",
                )
        return str(found[0])
