"""Event-level sensitivity and false alarms of the fall rule, on labelled clips, through the whole of `spotter analyze`.

    python benchmarks/falls.py FOLDER/labels.json --hold-last 6

The labels name video files beside them, with events of type "fall" whose `end_s` is the impact. Every alert that is not
matched to a fall counts as false, on every clip. Acted falls and short clips: not a figure for the field.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from event_metrics import EventScore, match, quantile, wilson
from spotter.cli.analysis import Analysis, analysis_settings
from spotter.core.clock import to_seconds

KINDS = {"possible_fall", "person_down"}


def alerts_of(video: Path, hold_last: float, max_fps: float | None) -> tuple[list[float], float]:
    """Event times of the alerts that `spotter analyze` raises, and the seconds analysed."""
    settings, camera = analysis_settings(
        str(video), None, camera={"hold_last_s": hold_last, "max_fps": max_fps}, pose={}
    )
    with Analysis(settings, camera) as analysis:
        for _ in analysis.frames():
            pass
    raised = [s for s in analysis.alerts if s.update.number == 0 and s.alert.kind.value in KINDS]
    return [to_seconds(step.alert.raised_at) for step in raised], analysis.seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--hold-last", type=float, default=6.0, help="seconds that the last frame is held")
    parser.add_argument("--max-fps", type=float, default=None, help="analyse at most this many frames a second")
    parser.add_argument("--only", default="", help="only files whose name contains this text")
    arguments = parser.parse_args()
    items = [
        item
        for item in json.loads(arguments.labels.read_text())["items"]
        if item.get("kind") == "video" and arguments.only in item["file"]
    ]
    scores: dict[str, EventScore] = {}
    seconds: dict[str, float] = {}
    problems = []
    for item in track(items, description="clips", console=Console(stderr=True), disable=not sys.stderr.isatty()):
        alerts, duration = alerts_of(arguments.labels.parent / item["file"], arguments.hold_last, arguments.max_fps)
        impacts = [event["end_s"] for event in item.get("events", []) if event["type"] == "fall"]
        score = match(impacts, alerts)
        folder = item["file"].split("/")[0]
        scores[folder] = scores.get(folder, EventScore(0, 0, 0, ())) + score
        seconds[folder] = seconds.get(folder, 0.0) + duration
        if score.false_negatives or score.false_positives:
            problems.append(f"{item['file']}: impacts {impacts}, alerts {[round(a, 2) for a in alerts]}")
    report(scores, seconds, problems)
    return 0


def report(scores: dict[str, EventScore], seconds: dict[str, float], problems: list[str]) -> None:
    table = Table(title="Possible falls and people down, event level")
    for column in (
        "clips",
        "falls found",
        "sensitivity (95 % Wilson)",
        "false alarms",
        "minutes",
        "latency p50 / p95 s",
    ):
        table.add_column(column, justify="right")
    total = sum(scores.values(), EventScore(0, 0, 0, ()))
    for name, score in [*sorted(scores.items()), ("all", total)]:
        falls = score.true_positives + score.false_negatives
        low, high = wilson(score.true_positives, falls)
        share = f"{score.sensitivity:.3f} ({low:.2f} to {high:.2f})" if score.sensitivity is not None else "no falls"
        minutes = sum(seconds.values()) if name == "all" else seconds[name]
        waits = f"{quantile(score.latencies, 0.5):.1f} / {quantile(score.latencies, 0.95):.1f}" if falls else ""
        table.add_row(
            name, f"{score.true_positives}/{falls}", share, str(score.false_positives), f"{minutes / 60:.1f}", waits
        )
    console = Console(width=120)
    console.print(table)
    for problem in problems:
        console.print(problem)


if __name__ == "__main__":
    sys.exit(main())
