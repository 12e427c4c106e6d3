"""Renders the chart without a cluster, and finds one's way through what comes out."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import helm_python as helm
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
CHART = REPOSITORY / "helm" / "spotter"
VALUE_SETS = ("edge-box", "one-site", "many-sites")
SERVICES = ("ingest", "pose", "ergonomics", "notify", "dashboard", "maintenance")
COMPONENT = "app.kubernetes.io/component"

Manifest = dict[str, Any]


def values_of(name: str) -> dict[str, Any]:
    """The values of a set in helm/spotter/ci."""
    values: dict[str, Any] = yaml.safe_load((CHART / "ci" / f"{name}.yaml").read_text())
    return values


@functools.cache
def chart() -> helm.Chart:
    return helm.Chart.load(CHART)


@functools.cache
def rendered(name: str) -> tuple[Manifest, ...]:
    """The objects of a value set. Do not change them: they are shared."""
    return tuple(render(values_of(name)))


def render(values: Mapping[str, Any], release: str = "spotter") -> list[Manifest]:
    """The objects that an install makes, notes left out."""
    texts = chart().render(dict(values), name=release, namespace="safety")
    documents = (yaml.safe_load_all(text) for path, text in texts.items() if not path.endswith(".txt"))
    return [manifest for group in documents for manifest in group if manifest]


def pods(manifests: tuple[Manifest, ...]) -> Iterator[tuple[str, Manifest]]:
    """(component, pod template) of every workload."""
    for manifest in manifests:
        if manifest["kind"] in ("Deployment", "StatefulSet", "Job"):
            template = manifest["spec"]["template"]
            yield template["metadata"]["labels"][COMPONENT], template


def pod(manifests: tuple[Manifest, ...], component: str) -> Manifest:
    """The pod template of one component."""
    found = [template for name, template in pods(manifests) if name == component]
    assert len(found) == 1, f"{len(found)} workloads of {component}"
    return found[0]


def of_kind(manifests: tuple[Manifest, ...], kind: str) -> dict[str, Manifest]:
    """Objects of a kind by name."""
    return {m["metadata"]["name"]: m for m in manifests if m["kind"] == kind}


def environment(container: Manifest) -> dict[str, str]:
    """Variables of a container, Secrets and pod fields filled in as Kubernetes would; $(NAME) expanded in order."""
    values: dict[str, str] = {}
    for variable in container.get("env", ()):
        name, source = variable["name"], variable.get("valueFrom", {})
        if "secretKeyRef" in source:
            values[name] = _from_secret(name)
        elif "resourceFieldRef" in source:
            section, resource = source["resourceFieldRef"]["resource"].split(".", 1)
            values[name] = str(container["resources"][section][resource])
        elif "fieldRef" in source:
            values[name] = {"metadata.name": "spotter-ingest-0"}[source["fieldRef"]["fieldPath"]]
        else:
            value = variable["value"]
            for known, text in values.items():
                value = value.replace(f"$({known})", text)
            values[name] = value
    return values


def matches(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    """Whether a label selector takes an object; an empty one takes all."""
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for expression in selector.get("matchExpressions", ()):
        assert expression["operator"] == "In", expression
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return True


def _from_secret(name: str) -> str:
    urls = {"SPOTTER_STORE__URL": "postgresql+psycopg2://u:p@h/d", "SPOTTER_STATE__URL": "rediss://:p@h:6379/0"}
    return urls.get(name, "fromsecret")
