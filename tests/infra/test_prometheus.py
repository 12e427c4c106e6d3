"""Rules and configuration of Prometheus and Alertmanager, checked by their own tools; every alert proven both ways."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import promql_names
import promql_parser
import pytest
import yaml

PROMETHEUS = promql_names.REPOSITORY / "infra" / "prometheus"
ALERTMANAGER = promql_names.REPOSITORY / "infra" / "alertmanager" / "alertmanager.yml"
RUNBOOK = promql_names.REPOSITORY / "docs" / "alerts.md"
RULE_TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))

ALERTS = {rule["alert"]: rule for _, rule in promql_names.rules() if "alert" in rule}


def tool(*command: str | Path) -> str:
    """Output of one of their command-line tools, which must end well."""
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROMETHEUS, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_takes_the_configuration_and_every_rule() -> None:
    output = tool("promtool", "check", "config", "prometheus.yml")
    assert "FAILED" not in output
    assert output.count("rules found") == len(list(promql_names.RULES.glob("*.yml")))


@pytest.mark.parametrize("path", RULE_TESTS, ids=lambda path: path.stem)
def test_promtool_rule_tests(path: Path) -> None:
    assert "SUCCESS" in tool("promtool", "test", "rules", path)


def test_amtool_takes_the_configuration() -> None:
    assert "SUCCESS" in tool("amtool", "check-config", ALERTMANAGER)


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_says_what_and_what_to_do(name: str) -> None:
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"] == f"docs/alerts.md#{name.lower()}"
    text = rule["annotations"]["summary"] + rule["annotations"]["description"]
    used = set(re.findall(r"\$labels\.(\w+)", text))
    kept = promql_names.grouping(rule["expr"])
    assert used <= kept, f"{used - kept} is not in the result of the expression"


def test_the_runbook_has_a_section_for_each_alert_and_no_other() -> None:
    assert re.findall(r"^### (Spotter\w+)$", RUNBOOK.read_text(), re.MULTILINE) == list(ALERTS)


def test_rules_ask_for_what_is_exported() -> None:
    found = [
        f"{rule.get('alert', rule.get('record'))}: {problem}"
        for _, rule in promql_names.rules()
        for problem in promql_names.problems(rule["expr"])
    ]
    assert found == []


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_is_shown_to_fire_and_to_stay_silent_for_a_neighbour(name: str) -> None:
    fires = silent = False
    for test in (test for path in RULE_TESTS for test in yaml.safe_load(path.read_text())["tests"]):
        for check in test.get("promql_expr_test", ()):
            if f'alertname="{name}"' not in check["expr"]:
                continue
            samples = [_labels(sample["labels"]) for sample in check["exp_samples"]]
            inputs = [_labels(series["series"]) for series in test["input_series"]]
            fires |= bool(samples)
            silent |= not samples or any(not _belongs(series, sample) for series in inputs for sample in samples)
    assert fires, "no unit test in infra/prometheus/tests shows it firing"
    assert silent, "no unit test in infra/prometheus/tests shows it silent"


def test_every_service_of_compose_is_scraped_on_the_metrics_port() -> None:
    config = yaml.safe_load((PROMETHEUS / "prometheus.yml").read_text())
    compose = yaml.safe_load((promql_names.REPOSITORY / "docker-compose.yml").read_text())
    serving = {name for name, service in compose["services"].items() if service.get("command", [""])[0] == "serve"}
    (job,) = (job for job in config["scrape_configs"] if job["job_name"] == "spotter")
    (discovery,) = job["dns_sd_configs"]
    assert set(discovery["names"]) == serving
    ports = {compose["services"][name]["environment"]["SPOTTER_METRICS__PORT"] for name in serving}
    assert ports == {str(discovery["port"])}
    (manager,) = config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]
    assert manager.split(":")[0] in compose["services"]


def test_receivers_hold_no_secret() -> None:
    text = ALERTMANAGER.read_text()
    assert not re.search(r"(password|token|api_url|url|key):\s*\S", text)


def test_inhibitions_name_alerts_that_exist() -> None:
    config = yaml.safe_load(ALERTMANAGER.read_text())
    for rule in config["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            pattern = re.fullmatch(r'(alertname|part)=~?"(.+)"', matcher)
            assert pattern is not None, matcher
            if pattern[1] == "part":
                continue
            assert any(re.fullmatch(pattern[2], name) for name in ALERTS), matcher


def _labels(series: str) -> dict[str, str]:
    selector: Any = promql_parser.parse(series)
    return {matcher.name: matcher.value for matcher in selector.matchers.matchers}


def _belongs(series: dict[str, str], sample: dict[str, str]) -> bool:
    return all(series[name] == value for name, value in sample.items() if name in series)
