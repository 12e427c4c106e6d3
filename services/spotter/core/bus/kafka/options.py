"""How a Kafka client of Spotter connects: servers, TLS, sign-in, time limits. Used by every client in the house.

Nothing here talks to a broker. What the client library logs is silenced: its debug lines hold whole messages (pictures)
and the bytes of the sign-in (the password), and its errors are told by `KafkaBus.status` and by `BusError` instead.
"""

from __future__ import annotations

import importlib.util
import logging
import ssl
from typing import Any

from spotter.core.errors import BusError
from spotter.core.settings import KafkaSettings

_INSTALL = "pip install 'spotter-safety[stream]'"
_RECONNECT_MIN_MS = 100
_METADATA_MAX_AGE_MS = 60_000
"""New partitions are noticed after a minute at most."""

_CODECS = {"lz4": "lz4", "snappy": "snappy", "zstd": "zstandard"}
"""Package that a codec needs, by its name."""


def client_options(settings: KafkaSettings, client_id: str = "spotter") -> dict[str, Any]:
    """Keyword arguments for `KafkaProducer`, `KafkaConsumer` and `KafkaAdminClient` alike.

    Raises:
        BusError: a package is missing, or a certificate file cannot be used; names the file, never a password.
    """
    require_packages(settings)
    silence_client_logs()
    from spotter.core.bus.kafka.sockets import DIRECT

    options: dict[str, Any] = {
        "bootstrap_servers": list(settings.servers),
        "client_id": client_id,
        "security_protocol": settings.security.upper(),
        "request_timeout_ms": round(settings.request_timeout_s * 1000),
        "reconnect_backoff_ms": _RECONNECT_MIN_MS,
        "reconnect_backoff_max_ms": max(_RECONNECT_MIN_MS, round(settings.reconnect_max_s * 1000)),
        "metadata_max_age_ms": _METADATA_MAX_AGE_MS,
        "proxy_url": DIRECT,
    }
    if settings.security.endswith("ssl"):
        options["ssl_context"] = tls_context(settings)
    if settings.security.startswith("sasl"):
        options["sasl_mechanism"] = settings.mechanism
        options["sasl_plain_username"] = settings.username
        options["sasl_plain_password"] = settings.password.get_secret_value()
    return options


def require_client() -> None:
    """Refuse to start without the client and what makes it work at a bearable cost.

    Raises:
        BusError: names the package and how to get it.
    """
    if importlib.util.find_spec("kafka") is None:
        raise BusError("package kafka-python is not installed", mend=_INSTALL)
    if importlib.util.find_spec("crc32c") is None:
        # Measured: checksums in pure Python cost 31 to 46 times the processor time at 60 to 100 KB a message.
        raise BusError("package crc32c is not installed; without it Kafka costs 40 times the CPU", mend=_INSTALL)


def require_packages(settings: KafkaSettings) -> None:
    """`require_client`, and the codecs that the topics ask for.

    Raises:
        BusError: names the package and how to get it.
    """
    require_client()
    for topic in (settings.frames, settings.skeletons, settings.health, settings.dead_letters):
        package = _CODECS.get(topic.compression)
        if package is not None and importlib.util.find_spec(package) is None:
            raise BusError(
                f"package {package} is not installed, but bus.kafka asks for {topic.compression} compression",
                mend=f"pip install {'python-snappy' if package == 'snappy' else package}, or set compression: gzip",
            )


def silence_client_logs() -> None:
    """Keep the client library quiet whatever the level of the program's own logs."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)


def tls_context(settings: KafkaSettings) -> ssl.SSLContext:
    """TLS 1.2 or newer, the brokers' certificates and names checked.

    Raises:
        BusError: a file cannot be read or does not fit.
    """
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.ca_file:
        try:
            context.load_verify_locations(settings.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise _file_error("ca_file", settings.ca_file, error) from None
    if settings.cert_file:
        try:
            # An empty password would make OpenSSL ask on the terminal when the key has one.
            password = settings.key_password.get_secret_value()
            context.load_cert_chain(settings.cert_file, settings.key_file, password=lambda: password)
        except (OSError, ssl.SSLError) as error:
            name = settings.cert_file if not isinstance(error, FileNotFoundError) else _missing(settings)
            raise _file_error("cert_file and key_file", name, error) from None
    return context


def _missing(settings: KafkaSettings) -> str:
    from pathlib import Path

    return settings.key_file if Path(settings.cert_file).exists() else settings.cert_file


def _file_error(setting: str, path: str, error: Exception) -> BusError:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "not a PEM file"
    return BusError(
        f"'{path}' (bus.kafka.{setting}) cannot be used: {str(reason).replace('_', ' ').lower()}",
        mend="Give PEM files, a key that fits its certificate, and key_password if the key has one",
    )
