"""Dashboards: built from their sources, drawn from metrics that exist, whole."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import promql_names
import pytest
import yaml

GRAFANA = promql_names.REPOSITORY / "infra" / "grafana"
DASHBOARDS = sorted((GRAFANA / "dashboards").glob("*.json"))
DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}


def load(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def plain(expression: str) -> str:
    """The query with Grafana's variables filled in."""
    return re.sub(r"\$\w+", ".*", expression.replace("$__rate_interval", "5m"))


def test_there_is_one_for_each_question() -> None:
    assert [path.stem for path in DASHBOARDS] == ["alerts", "coverage", "gpu", "kafka", "pipeline", "site"]


def test_files_are_what_their_sources_build(tmp_path: Path) -> None:
    subprocess.run([sys.executable, GRAFANA / "source" / "build.py", tmp_path], check=True)
    built = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert built == {path.name: path.read_text() for path in DASHBOARDS}, "run python infra/grafana/source/build.py"


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_every_query_asks_for_what_is_exported(path: Path) -> None:
    found = [
        f"{panel['title']}: {problem}"
        for panel in load(path)["panels"]
        for target in panel["targets"]
        for problem in promql_names.problems(plain(target["expr"]))
    ]
    assert found == []


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_legends_name_labels_that_the_query_keeps(path: Path) -> None:
    for panel in load(path)["panels"]:
        for target in panel["targets"]:
            wanted = set(re.findall(r"{{(\w+)}}", target["legendFormat"]))
            kept = promql_names.grouping(plain(target["expr"]))
            assert wanted <= kept, f"{panel['title']}: {wanted - kept} is not in {target['expr']}"


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_panels_are_whole(path: Path) -> None:
    panels = load(path)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(cells)) == len(cells), "two panels lie on each other"
    assert max(x for x, _ in cells) < 24
    for panel in panels:
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["datasource"] == DATASOURCE
        assert [target["refId"] for target in panel["targets"]] == [chr(65 + n) for n in range(len(panel["targets"]))]
        assert all(target["datasource"] == DATASOURCE for target in panel["targets"])


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_variables_resolve(path: Path) -> None:
    dashboard = load(path)
    variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
    text = json.dumps(dashboard["panels"]) + json.dumps(dashboard["templating"])
    used = {name for name in re.findall(r"\$\{?(\w+)", text) if not name.startswith("__")}
    assert used == set(variables), "a variable is missing, or nobody uses it"
    for variable in variables.values():
        if variable["type"] == "query":
            (query,) = re.fullmatch(r"label_values\((.+), \w+\)", variable["query"]["query"]).groups()  # type: ignore[union-attr]
            assert promql_names.problems(plain(query)) == []
    assert variables["datasource"]["query"] == "prometheus"


def test_uids_are_unique() -> None:
    uids = [load(path)["uid"] for path in DASHBOARDS]
    assert len(set(uids)) == len(uids) == 6


def test_provisioning_points_at_the_dashboards_and_prometheus() -> None:
    (provider,) = yaml.safe_load((GRAFANA / "provisioning/dashboards/spotter.yml").read_text())["providers"]
    compose = yaml.safe_load((promql_names.REPOSITORY / "docker-compose.yml").read_text())
    mounts = [volume.split(":") for volume in compose["services"]["grafana"]["volumes"]]
    assert ["./infra/grafana/dashboards", provider["options"]["path"], "ro"] in mounts
    assert ["./infra/grafana/provisioning", "/etc/grafana/provisioning", "ro"] in mounts
    (source,) = yaml.safe_load((GRAFANA / "provisioning/datasources/prometheus.yml").read_text())["datasources"]
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
    assert "prometheus" in compose["services"]


def test_a_query_on_a_metric_that_nobody_exports_is_found() -> None:
    assert promql_names.problems("rate(spotter_unicorns_total[5m])") == ["nobody exports spotter_unicorns_total"]
    assert promql_names.problems('spotter_camera_up{cam="a"}') == ["spotter_camera_up has no label cam"]
    assert promql_names.problems('spotter_coverage_seconds_total{state="asleep"}') == [
        "spotter_coverage_seconds_total never has state asleep"
    ]
    assert promql_names.problems("sum by (reason) (spotter_camera_up)") == [
        "grouped by reason, which no series inside has"
    ]
