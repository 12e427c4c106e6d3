"""What the figures of a report stand on: versions, and the settings that are not as shipped. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from spotter import __version__
from spotter.core.parameters import RuleParameters
from spotter.core.settings import Settings
from spotter.ergonomics.events.lift_values import LIFT_VERSION
from spotter.ergonomics.exposure.numbers import EDGES, HYSTERESIS_DEG, STATIC_S


def about(settings: Settings, *, model: str = "") -> dict[str, str]:
    """Name and value of everything that is told at the end of the page; never a source, a path or a secret.

    Args:
        model: name and version of the pose model, where it is known to be this one; else that of the settings.
    """
    shifts = ", ".join(f"{one.name} {one.start} to {one.end}" for one in settings.shifts)
    return {
        "Spotter": __version__,
        "Pose model": model or f"{settings.pose.model}, as set now",
        "Lifts": LIFT_VERSION,
        "Postures": f"edges {', '.join(_edges())}; static over {STATIC_S:g} s, hysteresis {HYSTERESIS_DEG:g}°",
        "Clock": f"{settings.timezone}; shifts: {shifts or 'none'}",
        "Rules that are not as shipped": _changed(settings.ergonomics.rules),
    }


def _edges() -> Iterator[str]:
    for edge in EDGES:
        yield f"{edge.name.split('_over')[0].replace('_', ' ')} {edge.degrees:g}°"


def _changed(rules: RuleParameters) -> str:
    found = list(_differences(rules.model_dump(mode="json"), RuleParameters().model_dump(mode="json"), ""))
    return ", ".join(found) or "none"


def _differences(now: Mapping[str, Any], shipped: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for name, value in now.items():
        if isinstance(value, dict):
            yield from _differences(value, shipped.get(name, {}), f"{prefix}{name}.")
        elif shipped.get(name) != value:
            yield f"{prefix}{name} {value}"
