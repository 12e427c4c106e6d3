"""Write the settings into helm/spotter/values.schema.json, so that Helm refuses an unknown or wrong one.

Left out: secrets, which come from Kubernetes Secrets, and what the chart sets by itself. Run it after a change of
`spotter.core.settings`; a test compares. The rest of the schema is written by hand.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from spotter.core.settings import Settings

SCHEMA = Path(__file__).resolve().parent.parent / "helm" / "spotter" / "values.schema.json"

CHART_OWNED = frozenset(
    {
        "site",
        "cameras",
        "metrics",
        "ingest.shard",
        "pose.device",
        "notify.channels",
        "bus.kind",
        "bus.kafka.servers",
        "bus.kafka.security",
        "bus.kafka.ca_file",
        "bus.kafka.cert_file",
        "bus.kafka.key_file",
        "bus.kafka.mechanism",
        "bus.kafka.username",
        "bus.kafka.member",
        "state.kind",
        "store.migrate",
        "dashboard.enabled",
        "dashboard.host",
        "dashboard.port",
        "dashboard.hosts",
        "dashboard.allow_remote",
        "log.format",
    }
)
"""Settings that templates set, that belong into a Secret as a whole, or that no two pods may share (member)."""


def settings_schema() -> dict[str, Any]:
    """JSON schema (draft 7, no references) of what `settings` may hold in the chart's values."""
    schema = Settings.model_json_schema()
    return _section(schema, schema["$defs"], "")


def _section(schema: dict[str, Any], definitions: dict[str, Any], path: str) -> dict[str, Any]:
    properties = {}
    for name, field in schema["properties"].items():
        key = f"{path}.{name}" if path else name
        if key not in CHART_OWNED and not _is_secret(field):
            kept = _field(field, definitions, key)
            if kept.get("properties", True):
                properties[name] = kept
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _field(field: dict[str, Any], definitions: dict[str, Any], path: str) -> dict[str, Any]:
    if "$ref" in field:
        target = definitions[field["$ref"].rsplit("/", 1)[-1]]
        return _section(target, definitions, path) if "properties" in target else _plain(target, definitions)
    return _plain(field, definitions)


def _plain(field: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(field, list):
        return [_plain(item, definitions) for item in field]
    if not isinstance(field, dict):
        return field
    if "$ref" in field:
        return _plain(definitions[field["$ref"].rsplit("/", 1)[-1]], definitions)
    names = {"prefixItems": "items"}
    return {
        names.get(key, key): _plain(value, definitions)
        for key, value in field.items()
        if key not in ("title", "default", "discriminator")
    }


def _is_secret(field: dict[str, Any]) -> bool:
    told = field.get("format") == "password" or str(field.get("$ref", "")).endswith("/Secret")
    return told or any(_is_secret(option) for option in field.get("anyOf", ()))


def main() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    schema["definitions"]["settings"] = settings_schema()
    SCHEMA.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
