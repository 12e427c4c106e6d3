"""What `spotter evaluate events` prints: figures by stratum with their intervals, then each miss and false alarm."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.table import Table

from spotter.cli.console import output
from spotter.cli.evaluate_session import Evaluation, Problem
from spotter.cli.replay_report import wide
from spotter.evaluation.event_metrics import per_day, quantile, wilson
from spotter.evaluation.outcome import Stratum, counts, strata, total, usable_share

_CAUTION = (
    "found: falls with an alert, and the 95 % Wilson interval of their share; false: alerts without a fall, and their "
    "exact 95 % Poisson interval for a camera-day (one-sided where there is none); latency: seconds from impact to "
    "alert, p50 and p95. Acted falls and short clips say nothing about a site."
)


def show(result: Evaluation, pictures: Path | None) -> None:
    """Figures, then problems, on stdout."""
    console = wide(output())
    table = Table(box=None, pad_edge=False)
    table.add_column("", overflow="fold")
    for column in ("found", "95 %", "false", "time", "a day, 95 %", "latency"):
        table.add_column(column, justify="right", no_wrap=True)
    for one in [*strata(result.judged), total(result.judged)]:
        table.add_row(*_row(one))
    console.print(table)
    usable = usable_share(result.judged)
    if usable is not None:
        console.print(f"Trunk observable in {100 * usable:.0f} % of person-time.")
    console.print(_CAUTION)
    for problem in result.problems:
        console.print(f"[bold]{problem.kind.replace('_', ' ')}[/bold] {_words(problem)}")
    for kind in ("miss", "false_alarm"):
        reasons = counts(
            f"{one.diagnosis.where}: {one.diagnosis.reason}" for one in result.problems if one.kind == kind
        )
        if reasons:
            words = ", ".join(f"{count} {reason}" for reason, count in reasons.items())
            console.print(f"{'Misses' if kind == 'miss' else 'False alarms'} by cause: {words}")
    if pictures is not None:
        console.print(f"Pictures: {sum(one.picture is not None for one in result.problems)} in {pictures}")


def figures_json(result: Evaluation) -> str:
    """Everything as one JSON object."""
    return json.dumps(
        {
            "all": _figures(total(result.judged)),
            "strata": [_figures(one) for one in strata(result.judged)],
            "usable_share": usable_share(result.judged),
            "problems": [
                {
                    "kind": one.kind,
                    "file": one.judged.item.file,
                    "camera": one.judged.camera.camera_id,
                    "at_s": round(one.at_s, 3),
                    "where": one.diagnosis.where,
                    "reason": one.diagnosis.reason,
                    "text": one.diagnosis.text,
                    "picture": str(one.picture) if one.picture is not None else None,
                }
                for one in result.problems
            ],
        },
        indent=2,
    )


def _row(one: Stratum) -> tuple[str, ...]:
    score = one.score
    found, share = "no falls", ""
    if score.events:
        low, high = wilson(score.true_positives, score.events)
        found, share = f"{score.true_positives}/{score.events}", f"{low:.2f} to {high:.2f}"
    waits = f"{quantile(score.latencies, 0.5):.1f} / {quantile(score.latencies, 0.95):.1f}" if score.latencies else ""
    if one.seconds is None:
        return one.name, found, share, "", "", "", waits
    rate = per_day(score.false_positives, one.seconds)
    daily = f"{_rate(rate[1])} to {_rate(rate[2])}" if rate is not None else ""
    false = f"{score.false_positives} ({score.duplicates} double)" if score.duplicates else str(score.false_positives)
    return one.name, found, share, false, _time(one.seconds), daily, waits


def _rate(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.2g}"


def _figures(one: Stratum) -> dict[str, Any]:
    score = one.score
    figures: dict[str, Any] = {
        "name": one.name,
        "cameras": one.cameras,
        "falls": score.events,
        "found": score.true_positives,
        "missed": score.false_negatives,
        "sensitivity": score.sensitivity,
        "sensitivity_interval": list(wilson(score.true_positives, score.events)) if score.events else None,
        "latency_p50_s": quantile(score.latencies, 0.5) if score.latencies else None,
        "latency_p95_s": quantile(score.latencies, 0.95) if score.latencies else None,
    }
    if one.seconds is None:
        return figures
    rate = per_day(score.false_positives, one.seconds)
    return {
        **figures,
        "false_alarms": score.false_positives,
        "duplicates": score.duplicates,
        "precision": score.precision,
        "f1": score.f1,
        "camera_seconds": round(one.seconds, 3),
        "false_alarms_per_camera_day": rate[0] if rate else None,
        "false_alarms_interval": list(rate[1:]) if rate else None,
    }


def _words(problem: Problem) -> str:
    item, diagnosis = problem.judged.item, problem.diagnosis
    return f"{item.file} at {problem.at_s:.2f} s, {diagnosis.where} ({diagnosis.reason}): {diagnosis.text}"


def _time(seconds: float) -> str:
    if seconds < 7200:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} d"
