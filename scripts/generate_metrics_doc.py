"""Write the table of docs/metrics.md from the registry of the services. Run it after a metric has changed.

Text outside the markers of the file is written by hand and kept. A test compares the table with the registry.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from prometheus_client.metrics import MetricWrapperBase

from spotter.core.telemetry import Metrics

PAGE = Path(__file__).resolve().parent.parent / "docs" / "metrics.md"
BEGIN, END = "<!-- metrics: begin, written by scripts/generate_metrics_doc.py -->", "<!-- metrics: end -->"

SUFFIXES = {
    "counter": ("_total",),
    "gauge": ("",),
    "histogram": ("_bucket", "_count", "_sum"),
    "info": ("_info",),
}


@dataclass(frozen=True)
class Family:
    """One metric as the services export it.

    Attributes:
        name: as in PromQL; for a histogram without `_bucket`, `_sum`, `_count`.
        names: every name that Prometheus stores for it.
    """

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str
    group: str

    @property
    def names(self) -> tuple[str, ...]:
        base = self.name.removesuffix("_total").removesuffix("_info") if self.kind in ("counter", "info") else self.name
        return tuple(base + suffix for suffix in SUFFIXES[self.kind])


def families() -> list[Family]:
    """Every metric of Spotter, in the order of the code; not those of the process collector."""
    metrics = Metrics()
    found = []
    for group, holder in (("pipeline", metrics), *((k, v) for k, v in vars(metrics).items() if _is_group(v))):
        for metric in vars(holder).values():
            if isinstance(metric, MetricWrapperBase):
                kind = metric._type
                suffix = SUFFIXES[kind][0] if kind in ("counter", "info") else ""
                found.append(
                    Family(metric._name + suffix, kind, tuple(metric._labelnames), metric._documentation, group)
                )
    return found


def table() -> str:
    """The part between the markers."""
    lines = []
    group = ""
    for family in families():
        if family.group != group:
            group = family.group
            lines += ["", f"### {group}", "", "| metric | kind | labels | meaning |", "|---|---|---|---|"]
        labels = ", ".join(family.labels) or "-"
        lines.append(f"| `{family.name}` | {family.kind} | {labels} | {family.help.replace('|', '/')} |")
    return "\n".join(lines[1:])


def _is_group(value: object) -> bool:
    return (
        any(isinstance(metric, MetricWrapperBase) for metric in vars(value).values())
        if hasattr(value, "__dict__") and not isinstance(value, MetricWrapperBase)
        else False
    )


def main() -> None:
    text = PAGE.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    PAGE.write_text(f"{head}{BEGIN}\n{table()}\n{END}{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
