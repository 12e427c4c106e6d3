"""What is wrong with a Kafka connection, in one line for people. Pure wording here, and one probe that asks a broker.

The client library retries in silence, and what it raises at last is a timeout; the probe opens one connection by itself
to learn the reason: name, port, certificate or sign-in. No secret is ever part of a line.
"""

from __future__ import annotations

import re
import socket
import ssl
from typing import Any

from kafka import errors
from kafka.net.compat import KafkaNetClient

from spotter.core.bus.kafka.options import client_options, tls_context
from spotter.core.errors import BusError
from spotter.core.settings import KafkaSettings

_SERVERS_MEND = "Check bus.kafka.servers and that the broker runs"
_TLS_MEND = "Check bus.kafka.security and bus.kafka.ca_file"


def explain(error: BaseException, settings: KafkaSettings, *, server: str = "", topic: str = "") -> BusError:
    """The `BusError` for what the client library or a socket raised.

    Args:
        server: host:port that was talked to; default: all of the settings.
        topic: name in Kafka of the topic that it was about.
    """
    if isinstance(error, BusError):
        return error
    at = f"Kafka at {server or ', '.join(settings.servers)}"
    text = f"{type(error).__name__} {error}"
    if isinstance(error, errors.SaslAuthenticationFailedError):
        return BusError(
            f"Kafka refuses user '{settings.username}' ({settings.mechanism})",
            mend="Check bus.kafka.username, password and mechanism",
        )
    if isinstance(error, errors.UnsupportedSaslMechanismError | errors.IllegalSaslStateError):
        return BusError(
            f"{at} does not offer sign-in by {settings.mechanism}", mend="Check bus.kafka.mechanism and security"
        )
    if isinstance(error, errors.AuthorizationError):
        thing = f"topic '{topic}'" if topic else f"group or topic {_names(error)}".rstrip()
        who = f"user '{settings.username}'" if settings.username else "this client"
        return BusError(f"{who} has no right to use {thing}", mend="Grant it on the broker (docs/kafka.md lists them)")
    if isinstance(error, errors.UnknownTopicOrPartitionError):
        return BusError(f"topic '{topic}' is not there", mend="Make it with `spotter bus topics --create`")
    if isinstance(error, errors.InvalidReplicationFactorError):
        return BusError(
            f"{at} has fewer brokers than bus.kafka.replication = {settings.replication}",
            mend="Lower it, or add brokers",
        )
    if isinstance(error, errors.NotEnoughReplicasError | errors.NotEnoughReplicasAfterAppendError):
        return BusError(
            f"topic '{topic}' has fewer copies in sync than it must", mend="Start the brokers that are missing"
        )
    if isinstance(error, socket.gaierror):
        return BusError(f"host of {server!r} is not known", mend="Check bus.kafka.servers and the name service")
    return _connection_error(error, text, at, settings)


def _connection_error(error: BaseException, text: str, at: str, settings: KafkaSettings) -> BusError:
    verify = re.search(r"certificate verify failed: ([^(]*)", text)
    if verify or isinstance(error, ssl.SSLCertVerificationError):
        why = verify[1].strip() if verify else "not trusted"
        return BusError(f"the certificate of {at} is not trusted: {why}", mend=_TLS_MEND)
    if "WRONG_VERSION_NUMBER" in text or "RECORD_LAYER_FAILURE" in text:
        return BusError(f"{at} does not speak TLS on this port", mend=_TLS_MEND)
    if re.search(r"SSL|TLS|HANDSHAKE|[Hh]andshake", text):
        return BusError(f"TLS with {at} fails{_alert(text)}", mend=f"{_TLS_MEND}, cert_file and key_file")
    if re.search(r"[Rr]efused|\[Errno 111\]", text):
        return BusError(f"cannot reach {at}: connection refused", mend=_SERVERS_MEND)
    if isinstance(error, TimeoutError | errors.KafkaTimeoutError | errors.RequestTimedOutError):
        return BusError(f"{at} does not answer", mend=_SERVERS_MEND)
    if isinstance(error, errors.KafkaConnectionError | errors.InvalidReceiveError | ConnectionError):
        if settings.security.endswith("ssl"):
            hint = "" if settings.cert_file else "; it may want a certificate of this client"
            return BusError(f"{at} closes the connection{hint}", mend="Check bus.kafka.cert_file and key_file")
        return BusError(f"{at} closes the connection; a port for TLS does so", mend="Check bus.kafka.security")
    if isinstance(error, OSError):
        return BusError(f"cannot reach {at}: {error.strerror or type(error).__name__}", mend=_SERVERS_MEND)
    if isinstance(error, errors.KafkaError):
        return BusError(f"{at} answers with {type(error).__name__}", mend="See the broker's log")
    return BusError(f"the Kafka client failed: {type(error).__name__}", mend="Please report it")


def _names(error: BaseException) -> str:
    names = error.args[0] if error.args else ""
    if isinstance(names, set | frozenset | list | tuple):
        return ", ".join(f"'{name}'" for name in sorted(map(str, names)))
    return f"'{names}'" if names and isinstance(names, str) else ""


def _alert(text: str) -> str:
    alert = re.search(r"alert ([a-z ]+)", text)
    return f": the broker says {alert[1].strip()}" if alert else ""


def look_up(server: str) -> None:
    """Raises `socket.gaierror` when the host of "host:port" has no address."""
    host, _, port = server.rpartition(":")
    socket.getaddrinfo(host.strip("[]"), int(port), type=socket.SOCK_STREAM)


def knock(server: str, timeout_s: float) -> None:
    """Raises `OSError` when nobody listens there."""
    host, _, port = server.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), timeout_s).close()


def shake_hands(settings: KafkaSettings, server: str, timeout_s: float) -> None:
    """Raises `OSError` (with it `ssl.SSLError`) when TLS with one server fails; does nothing without TLS."""
    if not settings.security.endswith("ssl"):
        return
    host, _, port = server.rpartition(":")
    host = host.strip("[]")
    with (
        socket.create_connection((host, int(port)), timeout_s) as plain,
        tls_context(settings).wrap_socket(plain, server_hostname=host),
    ):
        return


def sign_in(settings: KafkaSettings, server: str, timeout_s: float) -> None:
    """Connect to one server as the settings say, TLS and SASL included, and let go.

    Raises:
        BusError: why not.
    """
    options: dict[str, Any] = {**client_options(settings), "bootstrap_servers": [server]}
    client = KafkaNetClient(**options)
    manager = client._manager

    async def connect() -> None:
        broker = manager.cluster.bootstrap_brokers()[0]
        connection = manager.get_connection(
            broker.node_id, timeout_ms=timeout_s * 1000, pop_on_close=False, refresh_metadata_on_err=False
        )
        await manager.wait_for(connection.init_future, timeout_s * 1000)

    try:
        manager.run(connect)
    except (KeyError, ValueError):
        # SCRAM: the client library trips over the broker's "e=unknown-user" where it looks for a proof.
        raise explain(errors.SaslAuthenticationFailedError(), settings, server=server) from None
    except Exception as error:
        raise explain(error, settings, server=server) from None
    finally:
        client.close()


def diagnose(settings: KafkaSettings, timeout_s: float) -> BusError | None:
    """Why no server lets this client in; None when one of them does. The first server speaks for all."""
    first: BusError | None = None
    for server in settings.servers:
        try:
            look_up(server)
            knock(server, timeout_s)
            shake_hands(settings, server, timeout_s)
            sign_in(settings, server, timeout_s)
        except (OSError, BusError) as error:
            first = first or explain(error, settings, server=server)
        else:
            return None
    return first
