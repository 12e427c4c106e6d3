"""A real Prometheus with the shipped configuration: finds the services, loads every rule, answers every query."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import promql_names
import pytest
import yaml
from prometheus_client import start_http_server

from spotter.core.telemetry import Metrics

INFRA = promql_names.REPOSITORY / "infra"
ANSWER_S = 30.0


@dataclass(frozen=True)
class Prometheus:
    """A server that has scraped every target at least twice."""

    client: httpx.Client

    def get(self, path: str, **parameters: str) -> Any:
        answer = self.client.get(f"/api/v1/{path}", params=parameters).json()
        assert answer["status"] == "success", f"{parameters}: {answer.get('error')}"
        return answer["data"]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("prometheus")
    metrics = Metrics()
    metrics.camera_up.labels(camera="dock").set(0)
    metrics.service.ready.labels(part="bus").set(1)
    exporter, thread = start_http_server(0, "127.0.0.1", metrics.registry)
    port = _free_port()
    (folder / "prometheus.yml").write_text(yaml.safe_dump(_configuration(exporter.server_port)))
    (folder / "rules").symlink_to(INFRA / "prometheus" / "rules")
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address=127.0.0.1:{port}",
            ],
            stdout=log,
            stderr=log,
        )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            found = Prometheus(client)
            _until(lambda: _scraped(found), lambda: (folder / "log").read_text())
            yield found
    finally:
        process.terminate()
        process.wait(20)
        exporter.shutdown()
        exporter.server_close()
        thread.join(5)


def test_services_are_found_under_their_labels(prometheus: Prometheus) -> None:
    result = prometheus.get("query", query='count by (job, component, site) (up{job="spotter"} == 1)')["result"]
    seen = {series["metric"]["component"]: (series["metric"]["site"], series["value"][1]) for series in result}
    one = ("site", "1")
    assert seen == {
        "ingest": one,
        "pose": ("site", "2"),  # pose and pose-cuda
        "ergonomics": one,
        "notify": one,
        "dashboard": one,
        "maintenance": one,
    }


def test_every_rule_is_evaluated(prometheus: Prometheus) -> None:
    def unwell() -> list[str]:
        return [rule["name"] for rule in _rules(prometheus) if rule["health"] != "ok"]

    _until(lambda: not unwell(), lambda: str(unwell()))
    loaded = {rule["name"] for rule in _rules(prometheus)}
    assert loaded == {rule.get("alert") or rule["record"] for _, rule in promql_names.rules()}


def test_a_camera_that_is_down_shows(prometheus: Prometheus) -> None:
    def pending() -> list[dict[str, str]]:
        result = prometheus.get("query", query='ALERTS{alertname="SpotterCameraDown"}')["result"]
        return [series["metric"] for series in result]

    _until(lambda: bool(pending()), lambda: "no alert")
    (alert,) = pending()
    assert (alert["camera"], alert["site"], alert["alertstate"]) == ("dock", "site", "pending")


@pytest.mark.parametrize("path", sorted((INFRA / "grafana/dashboards").glob("*.json")), ids=lambda path: path.stem)
def test_every_query_of_a_dashboard_is_answered(prometheus: Prometheus, path: Path) -> None:
    answered = 0
    for panel in json.loads(path.read_text())["panels"]:
        for target in panel["targets"]:
            query = re.sub(r"\$\w+", ".*", target["expr"].replace("$__rate_interval", "5m"))
            assert prometheus.get("query", query=query)["resultType"] == "vector"
            answered += 1
    assert answered >= 10


def _configuration(port: int) -> dict[str, Any]:
    """The shipped one, with names found by a name server replaced by what that would say, and quick."""
    config: dict[str, Any] = yaml.safe_load((INFRA / "prometheus" / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    del config["alerting"]
    (job,) = (job for job in config["scrape_configs"] if job["job_name"] == "spotter")
    (discovery,) = job.pop("dns_sd_configs")
    job["static_configs"] = [
        {"targets": [f"127.0.0.1:{port}"], "labels": {"__meta_dns_name": name, "instance": f"{name}:9100"}}
        for name in discovery["names"]
    ]
    config["scrape_configs"] = [job]
    return config


def _scraped(prometheus: Prometheus) -> bool:
    try:
        targets = prometheus.get("targets")["activeTargets"]
    except (httpx.TransportError, json.JSONDecodeError):
        return False
    return len(targets) == 7 and all(target["health"] == "up" for target in targets)


def _rules(prometheus: Prometheus) -> list[dict[str, Any]]:
    return [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]


def _until(true: Any, explain: Any) -> None:
    deadline = time.monotonic() + ANSWER_S
    while not true():
        assert time.monotonic() < deadline, explain()
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
