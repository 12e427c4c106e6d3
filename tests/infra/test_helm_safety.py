"""Rules of the chart: settings that exist, no secret in sight, restricted pods, nothing open that need not be."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from helm_render import (
    COMPONENT,
    SERVICES,
    VALUE_SETS,
    Manifest,
    environment,
    matches,
    of_kind,
    pod,
    pods,
    render,
    rendered,
    values_of,
)
from pydantic import BaseModel

from spotter.core.settings import Settings, load_settings

KAFKA, POSTGRES, REDIS, DNS, METRICS, WEB = 9092, 5432, 6379, 53, 9100, 8080


def containers(name: str) -> list[tuple[str, Manifest]]:
    return [
        (part, container) for part, template in pods(rendered(name)) for container in template["spec"]["containers"]
    ]


@pytest.mark.parametrize("name", VALUE_SETS)
def test_every_variable_is_a_setting_and_takes_its_value(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for component, container in containers(name):
        if container.get("command") != ["spotter"]:
            continue
        variables = environment(container)
        declared = [variable["name"] for variable in container["env"]]
        assert len(declared) == len(set(declared)), f"{component}: a variable is set twice"
        for variable in variables:
            if variable.startswith("SPOTTER_"):
                assert _setting_exists(variable), f"{component}: no setting for {variable}"
        with monkeypatch.context() as patch:
            for variable, value in variables.items():
                patch.setenv(variable, value)
            settings = load_settings()
        assert settings.site == values_of(name)["site"]
        assert settings.bus.kind == "kafka"
        assert settings.metrics.port == METRICS


@pytest.mark.parametrize("name", VALUE_SETS)
def test_variables_that_are_no_setting_are_used(name: str) -> None:
    libpq = {"PGPASSWORD", "PGSSLMODE", "PGSSLROOTCERT"}
    for component, container in containers(name):
        if container.get("command") != ["spotter"]:
            continue
        text = " ".join(variable.get("value", "") for variable in container["env"])
        for variable in container["env"]:
            if not variable["name"].startswith("SPOTTER_") and variable["name"] not in libpq:
                assert f"$({variable['name']})" in text, f"{component}: nobody reads {variable['name']}"


def test_ingest_shares_the_cameras_by_pod() -> None:
    variables = environment(pod(rendered("many-sites"), "ingest")["spec"]["containers"][0])
    assert variables["SPOTTER_INGEST__SHARD"] == "spotter-ingest-0/12"
    assert values_of("many-sites")["ingest"]["replicas"] == 12


@pytest.mark.parametrize("name", VALUE_SETS)
def test_secrets_come_by_reference_only(name: str) -> None:
    assert not of_kind(rendered(name), "Secret")
    for component, container in containers(name):
        for variable in container.get("env", ()):
            key, value = variable["name"], variable.get("value")
            if re.search(r"PASSWORD(?!_FILE)|TOKEN|USERNAME", key):
                assert value is None, f"{component}: {key} is written out"
                assert set(variable["valueFrom"]) == {"secretKeyRef"}
            if value and "://" in value:
                assert urlsplit(value).password in (None, "$(REDIS_PASSWORD)"), f"{component}: {key}"
    for config in of_kind(rendered(name), "ConfigMap").values():
        assert not re.search(r"password|secret|token", str(config["data"]), re.IGNORECASE)


@pytest.mark.parametrize("name", VALUE_SETS)
def test_only_those_who_need_them_get_passwords_and_cameras(name: str) -> None:
    def secrets(component: str) -> set[str]:
        spec = pod(rendered(name), component)["spec"]
        named = {volume["secret"]["secretName"] for volume in spec["volumes"] if "secret" in volume}
        for variable in spec["containers"][0]["env"]:
            if "secretKeyRef" in variable.get("valueFrom", {}):
                named.add(variable["valueFrom"]["secretKeyRef"]["name"])
        return named

    assert not {"spotter-postgres", "spotter-redis", "spotter-cameras"} & secrets("pose")
    assert "spotter-postgres" not in secrets("ingest")
    assert "spotter-cameras" in secrets("ingest")
    for component in ("notify", "dashboard", "maintenance", "migrate"):
        assert "spotter-cameras" not in secrets(component)
    assert ("spotter-cameras" in secrets("ergonomics")) == (name != "many-sites")


@pytest.mark.parametrize("name", VALUE_SETS)
def test_every_pod_is_restricted(name: str) -> None:
    for component, template in pods(rendered(name)):
        spec = template["spec"]
        assert spec["automountServiceAccountToken"] is False, component
        assert spec["enableServiceLinks"] is False, component
        assert spec["securityContext"]["runAsNonRoot"] is True, component
        assert spec["securityContext"]["runAsUser"] > 0, component
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, component
        assert not spec.keys() & {"hostNetwork", "hostPID", "hostIPC"}, component
        assert not any("hostPath" in volume for volume in spec.get("volumes", ())), component
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }, component
            assert container["resources"]["requests"].keys() >= {"cpu", "memory"}, component
            assert "memory" in container["resources"]["limits"], component
            assert not container["image"].endswith(":latest"), component
            assert re.search(r":[\w.-]+$|@sha256:", container["image"]), component


@pytest.mark.parametrize("name", VALUE_SETS)
def test_mounts_and_volumes_agree(name: str) -> None:
    claims = {
        claim["metadata"]["name"]
        for manifest in of_kind(rendered(name), "StatefulSet").values()
        for claim in manifest["spec"].get("volumeClaimTemplates", ())
    }
    for component, template in pods(rendered(name)):
        volumes = [volume["name"] for volume in template["spec"]["volumes"]]
        mounts = [mount["name"] for mount in template["spec"]["containers"][0]["volumeMounts"]]
        assert set(volumes) <= set(mounts), component
        assert set(mounts) <= {*volumes, *claims}, component


@pytest.mark.parametrize("name", VALUE_SETS)
def test_probes_and_services_name_ports_that_are_there(name: str) -> None:
    manifests = rendered(name)
    for component, container in containers(name):
        ports = {port["name"]: port["containerPort"] for port in container.get("ports", ())}
        if component in SERVICES:
            assert ports["metrics"] == METRICS
            paths = [container[p]["httpGet"] for p in ("startupProbe", "livenessProbe", "readinessProbe")]
            assert [p["path"] for p in paths] == ["/healthz", "/healthz", "/readyz"]
            assert {p["port"] for p in paths} == {"metrics"}
    for service in of_kind(manifests, "Service").values():
        targets = [t for _, t in pods(manifests) if matches({"matchLabels": service["spec"]["selector"]}, _labels(t))]
        assert targets, service["metadata"]["name"]
        for target in targets:
            names = {port["name"] for c in target["spec"]["containers"] for port in c["ports"]}
            assert {port["targetPort"] for port in service["spec"]["ports"]} <= names


@pytest.mark.parametrize("name", VALUE_SETS)
def test_every_selector_finds_its_pods(name: str) -> None:
    manifests = rendered(name)
    every = [_labels(template) for _, template in pods(manifests)]
    for manifest in manifests:
        spec = manifest.get("spec", {})
        if manifest["kind"] in ("Deployment", "StatefulSet"):
            assert matches(spec["selector"], _labels(spec["template"]))
            component = _labels(spec["template"])[COMPONENT]
            for constraint in spec["template"]["spec"].get("topologySpreadConstraints", ()):
                assert matches(constraint["labelSelector"], _labels(spec["template"]))
        elif manifest["kind"] == "PodDisruptionBudget":
            component = manifest["metadata"]["labels"][COMPONENT]
            assert {labels[COMPONENT] for labels in every if matches(spec["selector"], labels)} == {component}
        elif manifest["kind"] == "NetworkPolicy":
            found = {labels[COMPONENT] for labels in every if matches(spec["podSelector"], labels)}
            assert found, manifest["metadata"]["name"]
            if COMPONENT in manifest["metadata"]["labels"]:
                assert found == {manifest["metadata"]["labels"][COMPONENT]}


def test_budgets_are_for_more_than_one_replica() -> None:
    assert not of_kind(rendered("edge-box"), "PodDisruptionBudget"), "a budget of one pod would hold up a node drain"
    budgets = of_kind(rendered("many-sites"), "PodDisruptionBudget")
    assert set(budgets) == {f"spotter-{part}" for part in ("ingest", "pose", "ergonomics", "notify", "dashboard")}
    assert {budget["spec"]["maxUnavailable"] for budget in budgets.values()} == {1}


@pytest.mark.parametrize("name", VALUE_SETS)
def test_nothing_is_open_by_default(name: str) -> None:
    manifests = rendered(name)
    deny = of_kind(manifests, "NetworkPolicy")["spotter-deny"]["spec"]
    assert deny["policyTypes"] == ["Ingress", "Egress"]
    assert not deny.keys() & {"ingress", "egress"}
    assert all(matches(deny["podSelector"], _labels(template)) for _, template in pods(manifests))
    for policy in of_kind(manifests, "NetworkPolicy").values():
        for rule in (*policy["spec"].get("ingress", ()), *policy["spec"].get("egress", ())):
            assert rule.get("from") or rule.get("to"), policy["metadata"]["name"]
            assert rule["ports"], policy["metadata"]["name"]
            peers = rule.get("from", rule.get("to"))
            assert all(peer.get("ipBlock", {}).get("cidr") not in ("0.0.0.0/0", "::/0") for peer in peers)


def test_flows_between_the_pods_of_an_edge_box() -> None:
    manifests = rendered("edge-box")
    labels = {component: _labels(template) for component, template in pods(manifests)}
    policies = [policy["spec"] for policy in of_kind(manifests, "NetworkPolicy").values()]
    ports = (KAFKA, POSTGRES, REDIS, METRICS, WEB)
    flows = {
        (source, target, port)
        for source in labels
        for target in labels
        for port in ports
        if _allowed(policies, "egress", "to", labels[source], labels[target], port)
        and _allowed(policies, "ingress", "from", labels[target], labels[source], port)
    }
    kafka = {(source, "kafka", KAFKA) for source in ("ingest", "pose", "ergonomics")}
    postgres = {
        (source, "postgres", POSTGRES) for source in ("ergonomics", "notify", "dashboard", "maintenance", "migrate")
    }
    redis = {(source, "redis", REDIS) for source in ("ergonomics", "dashboard")}
    assert flows == kafka | postgres | redis


def test_ingest_reaches_redis_only_for_backgrounds() -> None:
    blurred = tuple(render({"settings": {"dashboard": {"background": "blurred"}}}))
    assert environment(pod(blurred, "ingest")["spec"]["containers"][0])["SPOTTER_STATE__KIND"] == "redis"
    leased = tuple(render({"settings": {"ingest": {"sharing": "lease"}}}))
    assert environment(pod(leased, "ingest")["spec"]["containers"][0])["SPOTTER_STATE__KIND"] == "redis"
    assert "SPOTTER_STATE__KIND" not in environment(pod(rendered("edge-box"), "ingest")["spec"]["containers"][0])


@pytest.mark.parametrize("name", VALUE_SETS)
def test_cameras_and_channels_are_reached_by_their_services_alone(name: str) -> None:
    values = values_of(name)
    reach: dict[str, list[Any]] = {"cameras": [], "notify": []}
    for policy in of_kind(rendered(name), "NetworkPolicy").values():
        for rule in policy["spec"].get("egress", ()):
            for peer in rule["to"]:
                for key, group in reach.items():
                    if peer.get("ipBlock", {}).get("cidr") in values[key]["egress"]["cidrs"]:
                        group.append((policy["metadata"]["name"], [port["port"] for port in rule["ports"]]))
    assert reach == {
        "cameras": [("spotter-ingest", values["cameras"]["egress"]["ports"])],
        "notify": [("spotter-notify", values["notify"]["egress"]["ports"])],
    }


@pytest.mark.parametrize("engine", ["kafka", "postgres", "redis"])
def test_an_engine_that_exists_leaves_nothing_bundled(engine: str) -> None:
    components = {component for component, _ in pods(rendered("one-site"))}
    assert engine not in components
    assert f"spotter-{engine}" not in {m["metadata"]["name"] for m in rendered("one-site")}
    assert engine in {component for component, _ in pods(rendered("edge-box"))}


def test_gpu_pods_ask_for_a_gpu_and_its_node() -> None:
    spec = pod(rendered("many-sites"), "pose")["spec"]
    container = spec["containers"][0]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert container["image"].endswith(values_of("many-sites")["pose"]["gpu"]["digest"])
    assert spec["nodeSelector"] == {"nvidia.com/gpu.present": "true", "nvidia.com/gpu.product": "NVIDIA-L4"}
    assert {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"} in spec["tolerations"]
    assert environment(container)["SPOTTER_POSE__DEVICE"] == "cuda"
    assert "nvidia.com/gpu" not in str(pod(rendered("edge-box"), "pose"))


def test_pose_on_a_cpu_takes_as_many_threads_as_cores_asked_for() -> None:
    def threads(values: dict[str, Any]) -> str | None:
        return environment(pod(tuple(render(values)), "pose")["spec"]["containers"][0]).get("SPOTTER_POSE__THREADS")

    assert threads({"pose": {"resources": {"requests": {"cpu": "3"}}}}) == "3"
    assert threads({"settings": {"pose": {"threads": 5}}}) == "5"
    assert threads({"pose": {"gpu": {"enabled": True}}}) is None


def test_the_dashboard_is_on_loopback_unless_exposed() -> None:
    closed = environment(pod(rendered("edge-box"), "dashboard")["spec"]["containers"][0])
    assert (closed["SPOTTER_DASHBOARD__HOST"], closed["SPOTTER_DASHBOARD__ALLOW_REMOTE"]) == ("127.0.0.1", "false")
    assert "spotter-web" not in of_kind(rendered("edge-box"), "Service")
    exposed = environment(pod(rendered("one-site"), "dashboard")["spec"]["containers"][0])
    assert (exposed["SPOTTER_DASHBOARD__HOST"], exposed["SPOTTER_DASHBOARD__ALLOW_REMOTE"]) == ("0.0.0.0", "true")
    assert "spotter-web" in of_kind(rendered("one-site"), "Service")
    names = json.loads(exposed["SPOTTER_DASHBOARD__HOSTS"])
    service = ["spotter-web", "spotter-web.safety", "spotter-web.safety.svc"]
    assert names == [*service, "spotter.plant-north.example.com"]
    assert "SPOTTER_DASHBOARD__HOSTS" not in closed


def test_migrations_run_before_the_services_or_beside_a_bundled_postgres() -> None:
    hook = of_kind(rendered("one-site"), "Job")["spotter-migrate"]
    assert hook["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
    assert "serviceAccountName" not in hook["spec"]["template"]["spec"], "a hook runs before the account is there"
    beside = of_kind(rendered("edge-box"), "Job")["spotter-migrate-1"]
    assert "annotations" not in beside["metadata"]
    assert beside["spec"]["backoffLimit"] >= 10
    assert not of_kind(tuple(render({"migrate": {"enabled": False}})), "Job")


def _labels(template: Manifest) -> dict[str, str]:
    labels: dict[str, str] = template["metadata"]["labels"]
    return labels


def _allowed(
    policies: list[Manifest], way: str, side: str, own: dict[str, str], other: dict[str, str], port: int
) -> bool:
    """Whether some policy of the pod with labels `own` lets traffic with `other` pass, in one namespace."""
    for policy in policies:
        if not matches(policy["podSelector"], own):
            continue
        for rule in policy.get(way, ()):
            peers = [p for p in rule[side] if "podSelector" in p and "namespaceSelector" not in p]
            if any(matches(p["podSelector"], other) for p in peers) and port in [p["port"] for p in rule["ports"]]:
                return True
    return False


def _setting_exists(variable: str) -> bool:
    model: Any = Settings
    for part in variable.removeprefix("SPOTTER_").lower().split("__"):
        if not (isinstance(model, type) and issubclass(model, BaseModel)) or part not in model.model_fields:
            return False
        model = model.model_fields[part].annotation
    return True
