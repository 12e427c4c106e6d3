"""Panels and dashboards as plain functions. Panels flow from left to right in 24 columns; ids follow their order.

Queries are written against the labels of the scrape configuration: site, component, instance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
GREEN, YELLOW, RED = "green", "yellow", "red"

Steps = Sequence[tuple[float | None, str]]


@dataclass(frozen=True)
class Panel:
    """One panel before it has a place.

    Attributes:
        queries: (PromQL, legend); a legend of "" lets Grafana name the series.
        unit: of Grafana's units.
        steps: (from value, colour); the first value is None.
    """

    kind: str
    title: str
    description: str
    queries: tuple[tuple[str, str], ...]
    unit: str
    width: int
    height: int
    steps: Steps = ((None, GREEN),)
    low: float | None = 0
    high: float | None = None
    options: dict[str, Any] = field(default_factory=dict)
    custom: dict[str, Any] = field(default_factory=dict)
    mappings: tuple[dict[str, Any], ...] = ()


def series(title: str, description: str, *queries: tuple[str, str], unit: str, **more: Any) -> Panel:
    """Lines over time."""
    size = {"width": more.pop("width", 12), "height": more.pop("height", 8)}
    custom = {"lineWidth": 1, "fillOpacity": 10, "showPoints": "never", **more.pop("custom", {})}
    options = {"legend": {"displayMode": "list", "placement": "bottom"}, "tooltip": {"mode": "multi", "sort": "desc"}}
    return Panel("timeseries", title, description, queries, unit, **size, custom=custom, options=options, **more)


def stacked(title: str, description: str, *queries: tuple[str, str], unit: str, **more: Any) -> Panel:
    """Areas over time that add up."""
    custom = {"stacking": {"mode": "normal", "group": "A"}, "fillOpacity": 60}
    return series(title, description, *queries, unit=unit, custom=custom, **more)


def stat(title: str, description: str, query: str, *, unit: str, legend: str = "", **more: Any) -> Panel:
    """One number, or one for each series."""
    size = {"width": more.pop("width", 4), "height": more.pop("height", 4)}
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "colorMode": "value",
        "graphMode": "area",
        "textMode": "auto",
    }
    return Panel("stat", title, description, ((query, legend),), unit, **size, options=options, **more)


def bars(title: str, description: str, query: str, *, unit: str, legend: str, **more: Any) -> Panel:
    """A bar for each series, newest value."""
    size = {"width": more.pop("width", 12), "height": more.pop("height", 8)}
    options = {
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "orientation": "horizontal",
        "displayMode": "basic",
        "showUnfilled": True,
    }
    return Panel("bargauge", title, description, ((query, legend),), unit, **size, options=options, **more)


def states(title: str, description: str, query: str, *, legend: str, names: Sequence[tuple[int, str, str]]) -> Panel:
    """A band of states over time; `names` holds (value, text, colour)."""
    mapping = {
        "type": "value",
        "options": {
            str(value): {"text": text, "color": colour, "index": n} for n, (value, text, colour) in enumerate(names)
        },
    }
    options = {
        "showValue": "never",
        "mergeValues": True,
        "rowHeight": 0.8,
        "legend": {"displayMode": "list", "placement": "bottom"},
    }
    return Panel(
        "state-timeline", title, description, ((query, legend),), "none", 24, 8, options=options, mappings=(mapping,)
    )


def dashboard(
    uid: str, title: str, description: str, panels: Sequence[Panel], *, cameras: bool = False
) -> dict[str, Any]:
    """A whole dashboard, ready for Grafana's provisioning."""
    return {
        "uid": uid,
        "title": title,
        "description": description,
        "tags": ["spotter"],
        "schemaVersion": 39,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": _variables(cameras)},
        "links": [
            {"type": "dashboards", "tags": ["spotter"], "title": "Spotter", "asDropdown": True, "keepTime": True,
             "includeVars": True}
        ],
        "panels": _place(panels),
    }  # fmt: skip


def _variables(cameras: bool) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"},
        _labels("site", "Site", "label_values(spotter_ready, site)"),
    ]
    if cameras:
        found.append(_labels("camera", "Camera", 'label_values(spotter_camera_up{site=~"$site"}, camera)'))
    return found


def _labels(name: str, label: str, query: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATASOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def _place(panels: Sequence[Panel]) -> list[dict[str, Any]]:
    placed = []
    x = y = tallest = 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > 24:
            x, y, tallest = 0, y + tallest, 0
        placed.append(_render(panel, number, {"x": x, "y": y, "w": panel.width, "h": panel.height}))
        x, tallest = x + panel.width, max(tallest, panel.height)
    return placed


def _render(panel: Panel, number: int, place: dict[str, int]) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "unit": panel.unit,
        "thresholds": {
            "mode": "absolute",
            "steps": [{"value": value, "color": colour} for value, colour in panel.steps],
        },
        "custom": panel.custom,
        "mappings": list(panel.mappings),
    }
    if panel.low is not None:
        defaults["min"] = panel.low
    if panel.high is not None:
        defaults["max"] = panel.high
    targets = [
        {"refId": chr(ord("A") + n), "datasource": DATASOURCE, "expr": expr, "legendFormat": legend or "__auto"}
        for n, (expr, legend) in enumerate(panel.queries)
    ]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "gridPos": place,
        "datasource": DATASOURCE,
        "targets": targets,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": panel.options,
    }
