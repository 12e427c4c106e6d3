"""What a failure of the database means: whether it may pass by itself, and the one line that people read.

Postgres names its errors by SQLSTATE (its manual, appendix A); the driver has none for a connection that was never
made, so those are told apart by the text of libpq and the server.
"""

from __future__ import annotations

import re
from enum import StrEnum

from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from spotter.core.errors import StoreError


class Passing(StrEnum):
    """Why a failure may pass by itself."""

    CONTENTION = "contention"
    """Another transaction was in the way: a lock, a deadlock, a serialization failure."""
    OUTAGE = "outage"
    """The server is away, starts, stops or fails over."""


_CONTENTION = ("SQLITE_BUSY", "SQLITE_LOCKED", "40001", "40P01", "55P03")
_OUTAGE = ("08", "57P01", "57P02", "57P03", "53300", "25006", "NO_ANSWER")

_CONNECT_CODES = (
    # (text of libpq or the server, SQLSTATE that it stands for or a name of our own)
    (r"password authentication failed|no password supplied|authentication failed|pg_hba\.conf", "28P01"),
    (r"role \".*\" (does not exist|is not permitted to log in)", "28000"),
    (r"database \".*\" does not exist", "3D000"),
    (r"permission denied for database", "42501"),
    (r"database system is (starting up|shutting down|in recovery mode|not yet accepting)", "57P03"),
    (r"too many (clients|connections)|connection slots are reserved", "53300"),
    (r"session is read-only|server is in hot standby mode", "25006"),
    (r"no answer within|timeout expired", "NO_ANSWER"),
    (r"could not translate host name", "HOST"),
    (r"Connection refused|No route to host|[Nn]etwork is unreachable|No such file or directory", "08001"),
    (r"closed the connection|closed unexpectedly|reset by peer|Broken pipe|already closed|EOF detected", "08006"),
    (r"certificate|SSL|TLS", "TLS"),
)

_REASONS = (
    # (beginning of the code, reason, mend)
    ("SQLITE_READONLY", "is read-only", "Give this user the right to write the file and its folder"),
    ("SQLITE_CANTOPEN", "cannot be opened", "Check that it is a file and that this user may read and write its folder"),
    ("SQLITE_PERM", "may not be opened", "Check the rights of the file"),
    ("SQLITE_AUTH", "may not be opened", "Check the rights of the file"),
    ("SQLITE_NOTADB", "is not a SQLite database", "Give another file, or move this one away"),
    ("SQLITE_CORRUPT", "is damaged", "Restore a copy, or move it away and start anew"),
    ("SQLITE_FULL", "cannot grow: the disk is full", "Free some space"),
    ("SQLITE_IOERR", "cannot be read or written: disk error", "Check the disk and its free space"),
    ("SQLITE_BUSY", "is locked by another process", "Stop the other program that holds it, then try again"),
    ("SQLITE_LOCKED", "is locked by another process", "Stop the other program that holds it, then try again"),
    ("28", "refuses this user or password", "Check user and password in store.url"),
    ("3D000", "does not exist", "Create it, or correct its name in store.url"),
    ("42501", "does not let this user do that", "Grant the user rights on its tables"),
    (
        "25006",
        "is read-only",
        "Use the primary server (several hosts: target_session_attrs=read-write), or grant the right to write",
    ),
    ("53100", "cannot grow: the disk is full", "Free some space on the server"),
    ("53300", "has no connection free", "Raise max_connections of the server, or lower store.pool_size"),
    ("53", "is short of resources", "Check memory and disk of the server"),
    ("40", "gave up after conflicts with other transactions", "Try again; it passes by itself"),
    ("55P03", "is locked by another session", "Try again; look for a session that waits within a transaction"),
    ("57014", "took longer than store.statement_timeout_s", "Raise it, or look for what slows the server down"),
    ("57P03", "is starting or stopping", "Wait for it; services try again by themselves"),
    ("57P", "is stopping", "Wait for it; services try again by themselves"),
    ("58", "cannot be read or written: disk error on the server", "Check the server's disk"),
    ("XX", "is damaged, or its server has a fault", "Look into the server's log"),
    ("TLS", "does not agree on TLS", "Check sslmode and sslrootcert in store.url"),
    ("NO_ANSWER", "does not answer", "Check that the server is alive and not overloaded"),
    ("HOST", "is on a host that cannot be found", "Check the host name in store.url"),
    ("08001", "cannot be reached", "Check that the server runs, and host and port in store.url"),
    ("08", "broke the connection", "Check that the server runs; services try again by themselves"),
)


def passing(error: Exception) -> Passing | None:
    """Why a failure may pass by itself within moments, or None when it will not."""
    if not isinstance(error, DBAPIError):
        return None
    code = failure_code(error)
    if code.startswith(_CONTENTION):
        return Passing.CONTENTION
    if error.connection_invalidated or code.startswith(_OUTAGE):
        return Passing.OUTAGE
    return None


def store_error(error: Exception, database: str) -> StoreError:
    """One line for a failure of the database: its name, the reason, the mend. Holds no secret."""
    if isinstance(error, PoolTimeoutError):
        return StoreError(
            f"database {database}: every connection of this process is in use", mend="Raise store.pool_size"
        )
    code = failure_code(error)
    for beginning, reason, mend in _REASONS:
        if code.startswith(beginning):
            return StoreError(f"database {database} {reason}", mend=mend)
    original = _original(error)
    text = str(original).strip() or type(original).__name__
    return StoreError(
        f"database {database} failed: {text.splitlines()[0]}", mend="Check that it is reachable and whole"
    )


def failure_code(error: Exception) -> str:
    """SQLite's error name, Postgres' SQLSTATE or the name that stands in for it; empty when there is none."""
    original = _original(error)
    code = getattr(original, "sqlite_errorname", None) or getattr(original, "pgcode", None)
    if code:
        return str(code)
    if isinstance(error, DBAPIError):
        for pattern, name in _CONNECT_CODES:
            if re.search(pattern, str(original)):
                return name
    return ""


def _original(error: Exception) -> BaseException:
    return (error.orig or error) if isinstance(error, StatementError) else error
