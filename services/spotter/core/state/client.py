"""How Redis (or Valkey) is reached, and its troubles as one `StateError` line without a secret.

Every call waits a bounded time and is tried once: who calls decides what a failure means.
"""

from __future__ import annotations

import ssl
from typing import Any

from spotter.core.errors import ConfigError, StateError
from spotter.core.settings import StateSettings

Client = Any
"""A `redis.Redis`. Its own types offer every form of every answer, which no caller can use."""

_HEALTH_CHECK_S = 5
"""A connection that was idle for this long is tried with a PING before it is used."""


def open_client(settings: StateSettings, *, name: str) -> Client:
    """A client, not yet connected. It is safe between threads.

    Args:
        name: shown by CLIENT LIST on the server.

    Raises:
        ConfigError: the URL or a certificate file is wrong, or the driver is not installed.
    """
    try:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ModuleNotFoundError:
        raise ConfigError(
            "the Redis client is not installed", mend='Install it: pip install "spotter-safety[stream]"'
        ) from None
    options: dict[str, Any] = {}
    url = settings.url.get_secret_value()
    if settings.password.get_secret_value():
        options["password"] = settings.password.get_secret_value()
    if url.startswith("rediss://") and settings.ca_file:
        options["ssl_ca_certs"] = settings.ca_file
        _check_authority(settings.ca_file)
    try:
        client = redis.Redis.from_url(
            url,
            socket_timeout=settings.timeout_s,
            socket_connect_timeout=settings.timeout_s,
            health_check_interval=_HEALTH_CHECK_S,
            retry=Retry(NoBackoff(), 0),
            client_name=name,
            **options,
        )
        if url.startswith("redis") and not client.connection_pool.connection_kwargs.get("host", "localhost"):
            raise ValueError("no host")
    except (ValueError, TypeError):
        raise ConfigError(
            "setting 'state.url' is not a Redis URL", mend="Write it as redis://host:6379/0, or rediss:// for TLS"
        ) from None
    return client


def place_of(client: Client) -> str:
    """Where a client connects to, for people."""
    options = client.connection_pool.connection_kwargs
    return str(options.get("path") or f"{options.get('host', 'localhost')}:{options.get('port', 6379)}")


def state_error(error: Exception, place: str) -> StateError:
    """One line for a failure of Redis at `place`. Nothing of the error's own text goes in: it may hold a secret."""
    import redis

    redis_at = f"Redis at {place}"
    if isinstance(error, redis.AuthenticationError):
        return StateError(f"{redis_at} refuses this user or password", mend="Check state.url and state.password")
    if isinstance(error, redis.exceptions.NoPermissionError):
        return StateError(
            f"{redis_at} does not let this user do that", mend="Grant the user the keys and channels of state.prefix"
        )
    if isinstance(error, redis.BusyLoadingError):
        return StateError(f"{redis_at} is loading its data", mend="It answers once that is done")
    if isinstance(error, redis.ReadOnlyError):
        return StateError(f"{redis_at} is a read-only replica", mend="Give the primary in state.url")
    if isinstance(error, redis.OutOfMemoryError):
        return StateError(f"{redis_at} is full", mend="Raise its maxmemory, or set maxmemory-policy to volatile-ttl")
    if isinstance(error, redis.TimeoutError):
        return StateError(f"{redis_at} does not answer", mend="Check that it runs and is not overloaded")
    if isinstance(error, redis.ConnectionError):
        return _connection_error(error, redis_at)
    return StateError(f"{redis_at} failed: {type(error).__name__}", mend="Look into its log")


def _connection_error(error: Exception, redis_at: str) -> StateError:
    text = str(error)
    if isinstance(error.__cause__ or error.__context__, ssl.SSLError) or "SSL" in text or "certificate" in text.lower():
        return StateError(f"the certificate of {redis_at} is not trusted", mend="Check state.ca_file and the host name")
    if "Name or service" in text or "No address" in text or "name resolution" in text:
        return StateError(f"the host of {redis_at} is not known", mend="Check state.url")
    if "refused" in text:
        return StateError(f"nothing answers for {redis_at}: connection refused", mend="Check that it runs")
    return StateError(f"cannot reach {redis_at}", mend="Check that it runs and can be reached from here")


def _check_authority(path: str) -> None:
    try:
        ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError):
        raise ConfigError(
            f"state.ca_file '{path}' cannot be read as PEM certificates", mend="Check the path and the file"
        ) from None
