"""What `spotter backtest` prints: a table of what differs and one line of counts, or the same as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from spotter.cli.console import output
from spotter.cli.replay_report import wide
from spotter.core.clock import isoformat, to_seconds
from spotter.evaluation.comparison import Change, Difference
from spotter.evaluation.replay import AlertRun

_COLOURS = {Change.SAME: "dim", Change.CHANGED: "yellow", Change.APPEARED: "cyan", Change.VANISHED: "red"}


def show(differences: Sequence[Difference], baseline: str, candidate: str, *, every: bool, recordings: int) -> None:
    """The table and the counts."""
    console = wide(output())
    shown = [one for one in differences if every or one.change is not Change.SAME]
    if shown:
        table = Table(box=None, pad_edge=False)
        for column in ("change", "recording", "camera", "baseline", "candidate", "differs in"):
            table.add_column(column, overflow="fold")
        for one in shown:
            table.add_row(
                f"[{_COLOURS[one.change]}]{one.change.value}[/]",
                one.recording,
                one.camera_id,
                _alert(one, one.before),
                _alert(one, one.after),
                "; ".join(one.details),
            )
        console.print(table)
    console.print(f"baseline: {baseline}; candidate: {candidate}")
    counts = Counter(one.change for one in differences)
    words = ", ".join(f"{counts[change]} {change.value}" for change in Change)
    console.print(f"{recordings} recordings: {words}")


def comparison_json(differences: Sequence[Difference], baseline: str, candidate: str) -> str:
    """Everything, as one JSON object; times as seconds from the beginning of the camera's recording."""
    counts = Counter(one.change for one in differences)
    return json.dumps(
        {
            "baseline": baseline,
            "candidate": candidate,
            "counts": {change.value: counts[change] for change in Change},
            "alerts": [
                {
                    "change": one.change.value,
                    "recording": one.recording,
                    "camera": one.camera_id,
                    "baseline": _values(one, one.before),
                    "candidate": _values(one, one.after),
                    "details": list(one.details),
                }
                for one in differences
            ],
        },
        indent=2,
    )


def _alert(one: Difference, run: AlertRun | None) -> str:
    if run is None:
        return "-"
    raised = run.alert.raised_at
    at = f"{to_seconds(raised - one.base):.2f} s" if one.footage else isoformat(raised)
    return f"{run.alert.severity.value} {run.alert.kind.value.replace('_', ' ')} at {at}"


def _values(one: Difference, run: AlertRun | None) -> dict[str, Any] | None:
    if run is None:
        return None
    alert = run.alert
    ended = None if alert.ended_at is None else round(to_seconds(alert.ended_at - one.base), 6)
    return {
        "id": str(alert.id),
        "kind": alert.kind.value,
        "severity": alert.severity.value,
        "started_s": round(to_seconds(alert.started_at - one.base), 6),
        "raised_s": round(to_seconds(alert.raised_at - one.base), 6),
        "raised_at": isoformat(alert.raised_at),
        "ended_s": ended,
        "closed_by": run.closed_by,
        "updates": len(run.updates),
    }
