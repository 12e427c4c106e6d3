"""Indexes of the alert lists, and how a statement names the one that it shall use.

A planner expects that matches are spread evenly over time. Given `camera_id = 'x' ... ORDER BY raised_at DESC LIMIT 50`
it may walk an index that only gives the order, and read millions of rows when camera x has been silent for long. So
each index has a condition of its own, true for every alert; an index can only serve a statement that holds its
condition, and each statement holds one. This works alike on Postgres and SQLite, which have no hints in common.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Index, TextClause, text

LISTS: tuple[tuple[str, ...], ...] = (
    ("site", "camera_id"),
    ("camera_id", "severity"),
    ("camera_id", "kind"),
    ("kind", "severity"),
    ("camera_id",),
    ("site",),
    ("severity",),
    ("kind",),
    (),
)
"""Leading columns of the indexes, each followed by raised_at and id. Of those that fit a list's filters, the first is
used; filters that are not among its columns are applied to what it gives."""


def best_list(filters: Collection[str]) -> tuple[str, ...]:
    """Leading columns of the index for a list with these filters."""
    return next(leading for leading in LISTS if set(leading) <= set(filters))


def by_list(leading: tuple[str, ...]) -> TextClause:
    """The condition of that index. Written out in full: a bound parameter would not be recognised."""
    return text(f"length(site) <> -{LISTS.index(leading) + 1}")


def list_indexes() -> list[Index]:
    """All of them, for the table's definition. Both databases read an index backwards, so none is descending."""
    return [
        Index(
            f"ix_alerts_by_{'_'.join(leading) or 'time'}",
            *leading,
            "raised_at",
            "id",
            sqlite_where=by_list(leading),
            postgresql_where=by_list(leading),
        )
        for leading in LISTS
    ]
