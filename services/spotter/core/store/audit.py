"""The audit trail: append-only, each entry holding the hash of the one before.

Promises: entries are numbered without gaps, also when several processes append at once; an entry that was changed or
taken out is found by `check_audit`, unless the newest ones are cut off: write their number and hash down elsewhere
(each retention report prints them). Retention may drop the oldest ones; the chain then begins later.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from spotter.core.clock import now
from spotter.core.store.alert_json import time_json
from spotter.core.store.database import Database
from spotter.core.store.history_tables import AuditRow
from spotter.core.store.records import AuditEntry

FIRST_PREVIOUS = "0" * 64
"""`previous` of the first entry."""

DROPPED_TO = "audit_dropped_to"
"""Key in the details of a retention entry: number and hash of the newest entry that it dropped."""

_ADVISORY_LOCK = 7_367_078
_PAGE = 1000


@dataclass(frozen=True)
class AuditCheck:
    """What a look over the whole chain found: how many entries, the newest, and what is wrong first, or ""."""

    entries: int
    newest: AuditEntry | None
    fault: str


class AuditRepository(Database):
    """Table `audit`."""

    def append_audit(self, actor: str, action: str, details: Mapping[str, Any]) -> AuditEntry:
        """Write one entry at the end of the chain.

        Args:
            actor: who did it: a service, a command or an account; at most 63 characters.
            action: what was done; at most 63 characters.
            details: JSON-ready, without secrets.
        """
        entry_id = uuid.uuid4()
        return self._transact(
            lambda session: append(session, actor, action, details, entry_id=entry_id), name="append_audit"
        )

    def audit(self, *, after: int = 0, limit: int = 100) -> list[AuditEntry]:
        """Entries with a number above `after`, in order, at most `limit`."""
        statement = select(AuditRow).where(AuditRow.number > after).order_by(AuditRow.number).limit(limit)
        return self._transact(
            lambda session: [_entry(row) for row in session.scalars(statement)], write=False, name="audit"
        )

    def check_audit(self) -> AuditCheck:
        """Follow the chain from its first entry to its newest."""
        count, fault = 0, ""
        before: AuditEntry | None = None
        beginning: dict[str, Any] | None = None
        for entry in self._all():
            count += 1
            fault = fault or _fault(before, entry)
            if before is None and entry.number > 1:
                beginning = {"number": entry.number - 1, "hash": entry.previous}
            if beginning is not None and entry.details.get(DROPPED_TO) == beginning:
                beginning = None
            before = entry
        if beginning is not None and not fault:
            fault = f"entries 1 to {beginning['number']} are missing, and no retention says that it dropped them"
        return AuditCheck(count, before, fault)

    def _all(self) -> Iterator[AuditEntry]:
        after = 0
        while page := self.audit(after=after, limit=_PAGE):
            yield from page
            after = page[-1].number


def audit_json(entry: AuditEntry) -> dict[str, Any]:
    """An entry as a JSON-ready dict."""
    return asdict(entry) | {"at": time_json(entry.at), "details": dict(entry.details)}


def append(
    session: Session, actor: str, action: str, details: Mapping[str, Any], *, entry_id: uuid.UUID | None = None
) -> AuditEntry:
    """Write one entry within a transaction; nobody else appends until it ends.

    Args:
        entry_id: the same on every try of the same entry, which is then written once.
    """
    if session.connection().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    entry_id = entry_id or uuid.uuid4()
    known = session.scalar(select(AuditRow).where(AuditRow.id == entry_id))
    if known is not None:
        return _entry(known)
    newest = session.scalar(select(AuditRow).order_by(AuditRow.number.desc()).limit(1))
    number, previous = (newest.number + 1, newest.hash) if newest is not None else (1, FIRST_PREVIOUS)
    at, written = now(), _canonical(details)
    row = AuditRow(
        number=number,
        id=entry_id,
        at=at,
        actor=actor,
        action=action,
        details=written,
        previous=previous,
        hash=_hash(number, at, actor, action, written, previous),
    )
    session.add(row)
    session.flush()
    return _entry(row)


def _fault(before: AuditEntry | None, entry: AuditEntry) -> str:
    expected = _hash(entry.number, entry.at, entry.actor, entry.action, _canonical(entry.details), entry.previous)
    if entry.hash != expected:
        return f"entry {entry.number} was changed: its hash does not fit"
    if before is None:
        wrong_start = entry.number == 1 and entry.previous != FIRST_PREVIOUS
        return "entry 1 does not begin the chain: it names a previous hash" if wrong_start else ""
    if entry.number != before.number + 1:
        return f"entries {before.number + 1} to {entry.number - 1} are missing"
    if entry.previous != before.hash:
        return f"entry {entry.number} does not follow entry {before.number}: its previous hash is another"
    return ""


def _hash(number: int, at: int, actor: str, action: str, details: str, previous: str) -> str:
    written = _canonical({"number": number, "at": time_json(at), "actor": actor, "action": action, "details": details})
    return hashlib.sha256(f"{previous}\n{written}".encode()).hexdigest()


def _canonical(value: Mapping[str, Any]) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(
        number=row.number,
        at=row.at,
        actor=row.actor,
        action=row.action,
        details=json.loads(row.details),
        previous=row.previous,
        hash=row.hash,
    )
