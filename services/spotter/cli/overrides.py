"""`--set ergonomics.fall.confirm_s=2`: settings of the rules from the command line, for commands that replay."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from spotter.core.errors import ConfigError
from spotter.core.settings import Settings, load_settings

_ROOT = "ergonomics"


def rule_settings(config: Path | None, sets: Iterable[str] = ()) -> Settings:
    """Settings of a file, or the defaults, with `sets` over them.

    Raises:
        ConfigError: see `load_settings`; or an override is not of the rules, or is not KEY=VALUE.
    """
    return load_settings(config, parse_sets(sets))


def parse_sets(sets: Iterable[str]) -> dict[str, Any]:
    """Nested values of "ergonomics.fall.confirm_s=2"; the value is YAML, so a list is [30, 120].

    Raises:
        ConfigError: not KEY=VALUE, not a setting of the rules, or no YAML.
    """
    values: dict[str, Any] = {}
    for text in sets:
        key, equals, given = text.partition("=")
        *path, last = key.strip().split(".")
        if not equals or not path or not last:
            raise ConfigError(f"--set '{text}' is not KEY=VALUE", mend="Write --set ergonomics.fall.confirm_s=2")
        if path[0] != _ROOT:
            raise ConfigError(
                f"--set {key} changes nothing on a recording", mend=f"Set what is below '{_ROOT}.', the rules"
            )
        inner = values
        for name in path:
            inner = inner.setdefault(name, {})
            if not isinstance(inner, dict):
                raise ConfigError(f"--set {key} is below another --set", mend="Leave one of them")
        try:
            inner[last] = yaml.safe_load(given)
        except yaml.YAMLError:
            raise ConfigError(f"--set {key} has a value that is no YAML", mend="Quote it, or write a number") from None
    return values
