"""What PromQL asks for, held against what the services export."""

from __future__ import annotations

import functools
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import yaml

from spotter.core.bus.api import FRAMES, HEALTH, SKELETONS

REPOSITORY = Path(__file__).resolve().parents[2]
RULES = REPOSITORY / "infra" / "prometheus" / "rules"

TARGET_LABELS = {"job", "instance", "component", "site"}
"""Labels that the scrape configuration puts on every series of a service."""

TOPICS = {topic.name for topic in (FRAMES, SKELETONS, HEALTH)}
COMPONENTS = {"ingest", "pose", "ergonomics", "notify", "dashboard", "maintenance"}

EXTERNAL = {
    # Prometheus itself.
    "up": TARGET_LABELS,
    # The process collector of prometheus_client.
    "process_cpu_seconds_total": TARGET_LABELS,
    "process_resident_memory_bytes": TARGET_LABELS,
    "process_start_time_seconds": TARGET_LABELS,
    # The kubelet: volumes of bundled engines.
    "kubelet_volume_stats_available_bytes": {"namespace", "persistentvolumeclaim"},
    "kubelet_volume_stats_capacity_bytes": {"namespace", "persistentvolumeclaim"},
    # NVIDIA's dcgm-exporter, default counters.
    "DCGM_FI_DEV_GPU_UTIL": {"Hostname", "gpu"},
    "DCGM_FI_DEV_FB_USED": {"Hostname", "gpu"},
    "DCGM_FI_DEV_GPU_TEMP": {"Hostname", "gpu"},
    "DCGM_FI_DEV_POWER_USAGE": {"Hostname", "gpu"},
    "DCGM_FI_DEV_XID_ERRORS": {"Hostname", "gpu"},
}
"""Metrics of others, with the labels that may be used."""

RECORDED: dict[str, set[str]] = {}
"""Labels by name, of every recorded series; filled below, in the order of the rules."""


@functools.cache
def exported() -> dict[str, set[str]]:
    """Labels by name, of every series that Spotter's services export."""
    script = runpy.run_path(str(REPOSITORY / "scripts" / "generate_metrics_doc.py"))
    found: dict[str, set[str]] = {}
    for family in script["families"]():
        for name in family.names:
            extra = {"le"} if name.endswith("_bucket") else {"role", "version"} if name.endswith("_info") else set()
            found[name] = {*family.labels, *extra, *TARGET_LABELS}
    return found


@functools.cache
def helps() -> dict[str, str]:
    """Meaning by name, of every series that Spotter's services export."""
    script = runpy.run_path(str(REPOSITORY / "scripts" / "generate_metrics_doc.py"))
    return {name: family.help for family in script["families"]() for name in family.names}


def rules() -> Iterator[tuple[Path, dict[str, Any]]]:
    """(file, rule) of every rule."""
    for path in sorted(RULES.glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                yield path, rule


def problems(expression: str) -> list[str]:
    """What is wrong with a query: unknown metrics, labels that they do not have. Raises on a syntax error."""
    found: list[str] = []
    _check(promql_parser.parse(expression), found)
    return found


def _check(node: Any, found: list[str]) -> None:
    if isinstance(node, promql_parser.VectorSelector):
        labels = _labels_of(node.name)
        if labels is None:
            found.append(f"nobody exports {node.name}")
        else:
            used = {matcher.name for matcher in node.matchers.matchers}
            found += [f"{node.name} has no label {name}" for name in sorted(used - labels)]
            found += _unknown_values(node)
        return
    if isinstance(node, promql_parser.AggregateExpr) and node.modifier is not None:
        _known(node.modifier.labels, node.expr, found)
    if isinstance(node, promql_parser.BinaryExpr) and node.modifier is not None and node.modifier.matching is not None:
        for side in (node.lhs, node.rhs):
            _known(node.modifier.matching.labels, side, found)
    for child in children(node):
        _check(child, found)


def _unknown_values(node: Any) -> Iterator[str]:
    """Values of `reason` and `state` are listed in the help of their metric, topics in the bus, components below."""
    for matcher in node.matchers.matchers:
        told = {"topic": TOPICS, "component": COMPONENTS}.get(matcher.name)
        if matcher.name in ("reason", "state") and node.name in helps():
            told = set(re.findall(r"[a-z_]+", helps()[node.name]))
        for value in matcher.value.split("|") if told is not None else ():
            if value != ".*" and value not in told:
                yield f"{node.name} never has {matcher.name} {value}"


def _known(labels: list[str], inside: Any, found: list[str]) -> None:
    there = {label for name in selectors(inside) for label in _labels_of(name) or ()}
    if selectors(inside):
        found += [f"grouped by {label}, which no series inside has" for label in labels if label not in there]


def _labels_of(name: str) -> set[str] | None:
    return exported().get(name) or EXTERNAL.get(name) or RECORDED.get(name)


def selectors(node: Any) -> set[str]:
    """Names of the metrics below a node."""
    if isinstance(node, promql_parser.VectorSelector):
        return {node.name}
    return {name for child in children(node) for name in selectors(child)}


def children(node: Any) -> list[Any]:
    parts = [getattr(node, name, None) for name in ("expr", "lhs", "rhs", "vector_selector", "param")]
    return [part for part in (*parts, *getattr(node, "args", ())) if part is not None and not isinstance(part, str)]


def grouping(expression: str) -> set[str]:
    """Labels that the series of a query have."""
    return grouping_of(promql_parser.parse(expression))


def grouping_of(node: Any) -> set[str]:
    if isinstance(node, promql_parser.AggregateExpr) and not node.prettify().startswith(("topk", "bottomk")):
        return set(node.modifier.labels) if node.modifier else set()
    if isinstance(node, promql_parser.VectorSelector):
        return set(_labels_of(node.name) or ())
    labels: set[str] = set()
    for child in children(node):
        labels |= grouping_of(child)
    if isinstance(node, promql_parser.Call) and node.func.name == "histogram_quantile":
        labels.discard("le")
    return labels


for _, _rule in rules():
    if "record" in _rule:
        RECORDED[_rule["record"]] = grouping(_rule["expr"])
