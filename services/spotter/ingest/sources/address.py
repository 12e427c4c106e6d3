"""The address of a network camera: taken apart, shown without secrets, and asked why it gives no pictures."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from spotter.core.errors import SourceError
from spotter.core.settings import redact_url

SCHEMES = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
"""URL schemes that are read here, with the port that each one means when none is given."""

ESCAPES = "/ @ : # ? in a password as %2F %40 %3A %23 %3F"
"""What a URL cannot hold within a password, for a mend; username and password of their own need none of it."""

_DIAGNOSIS_TIMEOUT_S = 2.0


@dataclass(frozen=True, slots=True)
class StreamAddress:
    """A camera's URL.

    Attributes:
        url: with user and password where the camera wants them; for the reader alone.
        shown: fit for people.
        scheme: lower case, one of `SCHEMES`.
        host, port: where the camera listens.
    """

    url: str = field(repr=False)
    shown: str
    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, url: str) -> StreamAddress:
        """Take a URL apart.

        Raises:
            SourceError: it has no host, or no valid port.
        """
        shown = redact_url(url)
        try:
            parts: SplitResult = urlsplit(url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if not host:
            raise SourceError(
                f"'{shown}' is not a complete URL",
                mend=f"Write rtsp://USER:PASSWORD@HOST:PORT/PATH, with {ESCAPES}",
            )
        scheme = parts.scheme.lower()
        return cls(url, shown, scheme, host, port or SCHEMES[scheme])

    @property
    def is_rtsp(self) -> bool:
        return self.scheme in ("rtsp", "rtsps")

    @property
    def is_certain(self) -> bool:
        """False where what looks like host and port may be user and the begin of a password with "/" in it."""
        return not self.shown.endswith("://***")

    @property
    def where(self) -> str:
        """Host and port, fit for people."""
        return f"{self.host}:{self.port}" if self.is_certain else "what stands for its host"

    def diagnose(self) -> tuple[str, str]:
        """(what is wrong, the mend) of a camera that did not open, as far as a connection tells; takes 2 s at most."""
        where = self.where
        if not self.is_certain:
            return "cannot be told apart into user, password and host", f"Write {ESCAPES}"
        try:
            socket.create_connection((self.host, self.port), _DIAGNOSIS_TIMEOUT_S).close()
        except socket.gaierror:
            return f"has a host name that is not known: {self.host}", "Check the name, or use the camera's IP address"
        except TimeoutError:
            return f"does not answer at {where}", "Check that the camera is on and its network can be reached from here"
        except ConnectionRefusedError:
            return f"refuses connections at {where}", "Check the port, and that the camera's stream is switched on"
        except OSError as error:
            return f"cannot be reached at {where}: {error.strerror}", "Check the network between here and the camera"
        return (
            f"answers at {where} but sends no video",
            "Check user, password and path; try the URL in ffplay or VLC",
        )
