"""Values of the chart: a wrong one is refused with a line that names it, and the schema knows every setting."""

from __future__ import annotations

import json
import re
import runpy
from typing import Any

import helm_python as helm
import pytest
import yaml
from helm_render import CHART, REPOSITORY, chart, environment, of_kind, pod, render, values_of

from spotter.core.settings import KafkaSettings

PASSED_THROUGH = {"global"}
"""Helm's own; the chart does not read it."""
PEERS = [{"ipBlock": {"cidr": "10.0.0.1/32"}}]


def nested(path: str, value: Any) -> dict[str, Any]:
    """{"a": {"b": value}} of "a.b"."""
    for key in reversed(path.split(".")):
        value = {key: value}
    assert isinstance(value, dict)
    return value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("sight", "typo"),
        ("site", "two words"),
        ("image.repo", "spotter"),
        ("ingest.replica", 2),
        ("ingest.replicas", 0),
        ("ingest.replicas", "many"),
        ("pose.autoscaling.kind", "magic"),
        ("pose.gpu.enabled", "yes"),
        ("pose.resources.limit", {}),
        ("pose.tolerations", [{"effekt": "NoSchedule"}]),
        ("dashboard.port", 80),
        ("cameras.secret.name", ""),
        ("cameras.egress.cidrs", ["10.0.0.0"]),
        ("kafka.existing.servers", ["kafka"]),
        ("kafka.existing.password", "hunter2"),
        ("postgres.password", "hunter2"),
        ("redis.existing.url", "redis://:hunter2@h"),
        ("networkPolicy.dns", [{}]),
        ("monitoring.interval", 15),
        ("settings.pose.input_sise", 512),
        ("settings.pose.input_size", 500),
        ("settings.store.url", "postgresql://u:hunter2@h/d"),
        ("settings.state.url", "redis://:hunter2@h"),
        ("settings.bus.kafka.password", "hunter2"),
        ("settings.cameras", []),
        ("settings.notify.channels", []),
        ("settings.metrics.port", 9),
    ],
)
def test_the_schema_refuses(path: str, value: Any) -> None:
    with pytest.raises(helm.HelmValuesError) as caught:
        chart().validate_schema(nested(path, value))
    assert any(part in str(caught.value) for part in path.split(".")[-2:])
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kafka": {"bundled": {"enabled": False}}}, "kafka.existing.servers is empty"),
        ({"postgres": {"bundled": {"enabled": False}}}, "postgres.existing.host is empty"),
        ({"redis": {"bundled": {"enabled": False}, "existing": {"peers": PEERS}}}, "redis.existing.host is empty"),
        (
            {"redis": {"bundled": {"enabled": False}, "existing": {"host": "valkey"}}},
            "redis.existing.peers is empty",
        ),
        (
            {"kafka": {"bundled": {"enabled": False}, "existing": {"servers": ["k:9092"]}}},
            "kafka.existing.secret.name is empty",
        ),
        ({"pose": {"gpu": {"enabled": True}, "autoscaling": {"kind": "hpa"}}}, "use keda"),
        ({"pose": {"autoscaling": {"kind": "keda", "min": 5}}}, "pose.autoscaling.min is 5, above max 4"),
        ({"pose": {"replicas": 13}}, "up to 13 replicas for 12 partitions of topic frames"),
        ({"dashboard": {"exposed": True}}, "dashboard.allowFrom is empty"),
    ],
)
def test_values_that_cannot_work_together_are_told(values: dict[str, Any], message: str) -> None:
    with pytest.raises(helm.HelmRenderError, match=re.escape(message)):
        render(values)


def test_the_chart_knows_the_default_number_of_partitions() -> None:
    kafka = KafkaSettings()
    assert (kafka.frames.partitions, kafka.skeletons.partitions) == (12, 12), "templates/scaling.yaml says 12"
    assert render({"pose": {"replicas": 13}, "settings": {"bus": {"kafka": {"frames": {"partitions": 24}}}}})


def test_bundled_engines_are_those_of_compose() -> None:
    compose = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())["services"]
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    for engine, service in (("kafka", "kafka"), ("postgres", "postgres"), ("redis", "valkey")):
        image = defaults[engine]["bundled"]["image"].removeprefix("docker.io/").removeprefix("library/")
        assert image == compose[service]["image"]
    (config,) = (m for m in render({}) if m["kind"] == "ConfigMap")
    properties = config["data"]["server.properties"].splitlines()
    shipped = (REPOSITORY / "infra/compose/kafka.properties").read_text().splitlines()
    told, kept = ({line for line in lines if line and line[0] != "#"} for lines in (properties, shipped))
    assert {line.split("=")[0] for line in told ^ kept} == {"advertised.listeners"}


def test_a_peer_list_is_not_asked_for_without_policies() -> None:
    values = {
        "networkPolicy": {"enabled": False},
        "redis": {"bundled": {"enabled": False}, "existing": {"host": "valkey"}},
    }
    assert not of_kind(tuple(render(values)), "NetworkPolicy")


def test_the_schema_knows_the_settings_of_this_version() -> None:
    script = runpy.run_path(str(REPOSITORY / "scripts" / "generate_helm_schema.py"))
    schema = json.loads((CHART / "values.schema.json").read_text())
    assert schema["definitions"]["settings"] == script["settings_schema"](), "run scripts/generate_helm_schema.py"


def test_the_schema_takes_no_secret_setting() -> None:
    assert not re.search(r'"password"|writeOnly', (CHART / "values.schema.json").read_text())
    with pytest.raises(helm.HelmValuesError):
        chart().validate_schema({"settings": {"notify": {"channels": [{"name": "hook", "type": "webhook"}]}}})


def test_every_object_of_the_schema_is_closed() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    schema["definitions"].pop("settings")
    free = {
        path
        for path, node in _nodes(schema, "")
        if node.get("type") == "object" and "additionalProperties" not in node and "/definitions/selector" not in path
    }
    assert {path.rsplit("/", 1)[-1] for path in free} <= {"affinity", "global"}


def test_the_schema_and_the_defaults_have_the_same_names() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    defaults = yaml.safe_load((CHART / "values.yaml").read_text())
    known = {"/".join(path) for path in _names(schema, schema)}
    given = {"/".join(path) for path in _keys(defaults)}
    assert given - known == set()
    free = ("nodeSelector", "labels", "affinity", "resources")
    assert {key for key in known - given if not any(name in key for name in free)} == PASSED_THROUGH


def test_settings_become_variables_of_every_service() -> None:
    values = {
        "settings": {
            "pose": {"input_size": 512, "min_score": 0.25},
            "ergonomics": {"fall": {"enabled": False}},
            "bus": {"kafka": {"prefix": "north."}},
        }
    }
    manifests = tuple(render(values))
    for component in ("ingest", "pose", "ergonomics", "notify", "dashboard", "maintenance"):
        variables = environment(pod(manifests, component)["spec"]["containers"][0])
        assert variables["SPOTTER_POSE__INPUT_SIZE"] == "512"
        assert variables["SPOTTER_POSE__MIN_SCORE"] == "0.25"
        assert variables["SPOTTER_ERGONOMICS__FALL__ENABLED"] == "false"
        assert variables["SPOTTER_BUS__KAFKA__PREFIX"] == "north."


def test_a_digest_wins_over_the_tag_and_the_gpu_image_has_its_own() -> None:
    cpu, gpu = "sha256:" + "a" * 64, "sha256:" + "b" * 64

    def images(**image: str) -> tuple[str, str]:
        values = {"image": {"repository": "r/s", **image}, "pose": {"gpu": {"enabled": True, "digest": ""}}}
        if "digest" in image:
            values["pose"]["gpu"]["digest"] = gpu  # type: ignore[index]
        manifests = tuple(render(values))
        return tuple(pod(manifests, c)["spec"]["containers"][0]["image"] for c in ("ingest", "pose"))  # type: ignore[return-value]

    assert images() == ("r/s:0.1.0", "r/s:0.1.0-cuda")
    assert images(tag="1.2") == ("r/s:1.2", "r/s:1.2-cuda")
    assert images(tag="1.2", digest=cpu) == (f"r/s@{cpu}", f"r/s@{gpu}")


def test_the_chart_has_the_version_of_the_package() -> None:
    from spotter import __version__

    assert chart().metadata["appVersion"] == __version__


@pytest.mark.parametrize("name", ["edge-box", "many-sites"])
def test_notes_name_the_secrets(name: str) -> None:
    texts = chart().render(values_of(name), name="spotter", namespace="safety")
    notes = texts["spotter/templates/NOTES.txt"]
    key = "url" if name == "many-sites" else "password"
    assert f"spotter-postgres: key {key}" in notes
    assert "spotter-cameras: key spotter.yaml" in notes
    assert "No notification channel" not in notes


def _nodes(node: Any, path: str) -> list[tuple[str, dict[str, Any]]]:
    if isinstance(node, list):
        return [found for item in node for found in _nodes(item, path)]
    if not isinstance(node, dict):
        return []
    return [(path, node), *(found for key, value in node.items() for found in _nodes(value, f"{path}/{key}"))]


def _names(node: dict[str, Any], root: dict[str, Any]) -> list[tuple[str, ...]]:
    if "$ref" in node:
        node = root["definitions"][node["$ref"].rsplit("/", 1)[-1]]
    found: list[tuple[str, ...]] = []
    for name, child in node.get("properties", {}).items():
        if name != "settings":
            found += [(name,), *((name, *rest) for rest in _names(child, root))]
    return found


def _keys(values: Any) -> list[tuple[str, ...]]:
    if not isinstance(values, dict):
        return []
    skipped = ("settings", "nodeSelector", "labels", "requests", "limits", "affinity")
    return [
        path
        for name, child in values.items()
        if name not in skipped
        for path in ((name,), *((name, *rest) for rest in _keys(child)))
    ]
