"""docs/metrics.md holds every metric that the services export, and every series that the rules record."""

from __future__ import annotations

import re
import runpy

import promql_names
import pytest
from prometheus_client import generate_latest

from spotter.core.telemetry import Metrics

PAGE = promql_names.REPOSITORY / "docs" / "metrics.md"
SCRIPT = promql_names.REPOSITORY / "scripts" / "generate_metrics_doc.py"


def test_the_table_is_what_the_registry_holds() -> None:
    script = runpy.run_path(str(SCRIPT))
    text = PAGE.read_text()
    inside = text.split(script["BEGIN"])[1].split(script["END"])[0].strip()
    assert inside == script["table"]().strip(), "run scripts/generate_metrics_doc.py"


def test_the_script_misses_no_metric_of_the_registry() -> None:
    script = runpy.run_path(str(SCRIPT))
    exposed = re.findall(r"^# TYPE (\w+) ", generate_latest(Metrics().registry).decode(), re.MULTILINE)
    ours = {name for name in exposed if name.startswith("spotter_") and not name.endswith("_created")}
    assert ours == {family.name for family in script["families"]()}
    assert all(name.startswith(("spotter_", "process_")) for name in exposed)


def test_no_metric_uses_a_label_of_the_scrape_configuration() -> None:
    script = runpy.run_path(str(SCRIPT))
    for family in script["families"]():
        assert not promql_names.TARGET_LABELS & set(family.labels), family.name
        assert family.help.endswith("."), family.name


def test_a_camera_costs_what_the_page_says() -> None:
    (told,) = re.findall(r"a camera has about (\d+) series", PAGE.read_text())
    metrics = Metrics()
    before = _series(metrics)
    for holder in (metrics, *vars(metrics).values()):
        for metric in vars(holder).values() if hasattr(holder, "__dict__") else ():
            if "camera" in getattr(metric, "_labelnames", ()):
                metric.labels(**dict.fromkeys(metric._labelnames, "dock"))
    assert _series(metrics) - before == pytest.approx(int(told), rel=0.15)


def test_recorded_series_are_told() -> None:
    told = re.findall(r"`(:?[a-z0-9_]+(?::[a-z0-9_]+)*)`", PAGE.read_text().split("## Exported metrics")[0])
    for name in promql_names.RECORDED:
        ending = ":" + name.rsplit(":", 1)[1]
        assert name in told or ending in told, name


def _series(metrics: Metrics) -> int:
    lines = generate_latest(metrics.registry).decode().splitlines()
    return sum(line.startswith("spotter_") and "_created" not in line for line in lines)
