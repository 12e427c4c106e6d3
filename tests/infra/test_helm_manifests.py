"""The chart renders, lints, and gives manifests that Kubernetes' own schemas take, for all three value sets."""

from __future__ import annotations

import json
from collections import Counter
from types import SimpleNamespace

import helm_python as helm
import kubernetes_validate
import pytest
import yaml
from helm_render import CHART, COMPONENT, REPOSITORY, SERVICES, VALUE_SETS, of_kind, pods, render, rendered, values_of

from spotter.core.bus.api import FRAMES, SKELETONS
from spotter.core.bus.kafka.fetcher import Fetcher
from spotter.core.bus.kafka.topics import kafka_name
from spotter.core.settings import KafkaSettings
from spotter.ergonomics.worker import GROUP

CUSTOM = {"ScaledObject", "TriggerAuthentication", "ServiceMonitor", "PrometheusRule"}
"""Kinds of KEDA and of the Prometheus operator, which Kubernetes' schemas do not know."""


@pytest.mark.parametrize("name", VALUE_SETS)
def test_lint_finds_nothing(name: str) -> None:
    report = helm.lint(CHART, values_of(name), strict=True)
    assert report["errors"] == []
    assert [m for m in report["messages"] if m["severity"] > 1] == []


@pytest.mark.parametrize("version", ["1.28", kubernetes_validate.latest_version()])
@pytest.mark.parametrize("name", VALUE_SETS)
def test_every_manifest_fits_the_schema_of_kubernetes(name: str, version: str) -> None:
    checked = Counter[str]()
    for manifest in rendered(name):
        if manifest["kind"] not in CUSTOM:
            kubernetes_validate.validate(manifest, version, strict=True)
            checked[manifest["kind"]] += 1
    assert checked["Deployment"] >= 5
    assert checked["NetworkPolicy"] >= 9


@pytest.mark.parametrize("name", VALUE_SETS)
def test_names_are_unique_and_fit_dns(name: str) -> None:
    names = [(m["kind"], m["metadata"]["name"]) for m in rendered(name)]
    assert [key for key, count in Counter(names).items() if count > 1] == []
    assert all(len(text) <= 63 for _, text in names)


def test_a_long_release_name_is_cut() -> None:
    release = "the-longest-name-that-helm-lets-a-release-have-is-53-"[:52] + "x"
    names = [m["metadata"]["name"] for m in render({}, release)]
    assert names
    assert max(map(len, names)) <= 52


@pytest.mark.parametrize("name", VALUE_SETS)
def test_every_service_runs_its_command(name: str) -> None:
    found = {}
    for component, template in pods(rendered(name)):
        container = template["spec"]["containers"][0]
        if container.get("command") == ["spotter"]:
            found[component] = container["args"][:2]
    assert found == {**{service: ["serve", service] for service in SERVICES}, "migrate": ["db", "upgrade"]}


@pytest.mark.parametrize("name", ["one-site", "many-sites"])
def test_the_service_monitor_finds_every_service(name: str) -> None:
    (monitor,) = of_kind(rendered(name), "ServiceMonitor").values()
    (endpoint,) = monitor["spec"]["endpoints"]
    wanted = monitor["spec"]["selector"]["matchLabels"].items()
    services = [m for m in of_kind(rendered(name), "Service").values() if wanted <= m["metadata"]["labels"].items()]
    assert {m["metadata"]["labels"][COMPONENT] for m in services} == set(SERVICES)
    for service in services:
        assert [port["name"] for port in service["spec"]["ports"]] == [endpoint["port"]]
    replaced = {r["targetLabel"]: r.get("replacement") for r in endpoint["relabelings"]}
    assert replaced == {"job": "spotter", "site": values_of(name)["site"], "component": None}


def test_prometheus_rules_are_the_files_of_infra() -> None:
    rules = of_kind(rendered("one-site"), "PrometheusRule")
    files = {f"spotter-rules-{path.stem}": path for path in (REPOSITORY / "infra/prometheus/rules").glob("*.yml")}
    assert files
    assert {key: rule["spec"] for key, rule in rules.items()} == {
        key: yaml.safe_load(path.read_text()) for key, path in files.items()
    }


def test_rules_come_with_one_release_of_many() -> None:
    assert of_kind(rendered("many-sites"), "ServiceMonitor")
    assert not of_kind(rendered("many-sites"), "PrometheusRule")


def test_dashboards_of_grafana_are_the_files_of_infra() -> None:
    configs = of_kind(rendered("one-site"), "ConfigMap")
    files = sorted((REPOSITORY / "infra/grafana/dashboards").glob("*.json"))
    assert set(configs) == {f"spotter-grafana-{path.stem}" for path in files}
    for path in files:
        config = configs[f"spotter-grafana-{path.stem}"]
        assert json.loads(config["data"][path.name]) == json.loads(path.read_text())
        assert config["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert not of_kind(rendered("many-sites"), "ConfigMap")


def test_scaled_objects_follow_the_lag_of_their_group() -> None:
    manifests = rendered("many-sites")
    deployments = of_kind(manifests, "Deployment")
    seen = {}
    for name, scaled in of_kind(manifests, "ScaledObject").items():
        spec = scaled["spec"]
        target = deployments[spec["scaleTargetRef"]["name"]]
        assert "replicas" not in target["spec"], "two would set the number of replicas"
        assert 1 <= spec["minReplicaCount"] <= spec["maxReplicaCount"]
        (trigger,) = spec["triggers"]
        assert trigger["type"] == "kafka"
        assert all(isinstance(value, str) for value in trigger["metadata"].values()), "KEDA takes strings only"
        assert trigger["authenticationRef"]["name"] in of_kind(manifests, "TriggerAuthentication")
        assert (trigger["metadata"]["sasl"], trigger["metadata"]["tls"]) == ("scram_sha512", "enable")
        seen[name] = (trigger["metadata"]["consumerGroup"], trigger["metadata"]["topic"])
    assert seen == {
        "spotter-pose": ("site-0421.pose.frames", "site-0421.frames"),
        "spotter-ergonomics": ("site-0421.ergonomics.skeletons", "site-0421.skeletons"),
    }


def test_groups_and_topics_are_those_of_the_services() -> None:
    settings = KafkaSettings(prefix="site-0421.")
    groups = []
    for topic, group in ((FRAMES, "pose"), (SKELETONS, GROUP)):
        # The name that a fetcher would join by, without starting one.
        fetcher = SimpleNamespace(_settings=settings, topic=topic, group=group)
        groups.append(Fetcher.group_id.fget(fetcher))  # type: ignore[attr-defined]
    triggers = {
        name: scaled["spec"]["triggers"][0]["metadata"]
        for name, scaled in of_kind(rendered("many-sites"), "ScaledObject").items()
    }
    told = [triggers[f"spotter-{component}"] for component in ("pose", "ergonomics")]
    assert [trigger["consumerGroup"] for trigger in told] == groups
    assert [trigger["topic"] for trigger in told] == [kafka_name(settings, topic.name) for topic in (FRAMES, SKELETONS)]


def test_hpa_targets_deployments_without_a_fixed_size() -> None:
    deployments = of_kind(rendered("one-site"), "Deployment")
    hpas = of_kind(rendered("one-site"), "HorizontalPodAutoscaler")
    assert set(hpas) == {"spotter-pose", "spotter-ergonomics"}
    for hpa in hpas.values():
        assert "replicas" not in deployments[hpa["spec"]["scaleTargetRef"]["name"]]["spec"]
