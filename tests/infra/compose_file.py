"""docker-compose.yml as Compose reads it: merge keys, `${...}` and profiles resolved, without an engine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
COMPOSE = REPOSITORY / "docker-compose.yml"

_VARIABLE = re.compile(r"\$(?:(\$)|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:-|:\?)([^}]*))?\})")


def variables(text: str) -> dict[str, str]:
    """Variables that the file asks for, with how: ":?" must be given, ":-" has a default, "" neither."""
    return {match[2]: match[3] or "" for match in _VARIABLE.finditer(text) if match[2]}


def load(environment: Mapping[str, str]) -> dict[str, Any]:
    """The file with this environment filled in.

    Raises:
        KeyError: a variable that must be given is not, as Compose itself would refuse it.
    """

    def fill(match: re.Match[str]) -> str:
        if match[1]:
            return "$"
        given = environment.get(match[2], "")
        if given or match[3] is None:
            return given
        if match[3] == ":?":
            raise KeyError(match[2])
        return match[4]

    def walk(value: Any) -> Any:
        if isinstance(value, str):
            return _VARIABLE.sub(fill, value)
        if isinstance(value, dict):
            return {key: walk(inner) for key, inner in value.items()}
        return [walk(inner) for inner in value] if isinstance(value, list) else value

    filled: dict[str, Any] = walk(yaml.safe_load(COMPOSE.read_text(encoding="utf-8")))
    return filled
