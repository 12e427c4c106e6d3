"""`spotter config`: every setting with its meaning, default and effective value; secrets stay hidden."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, get_args

import typer
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from spotter.cli.console import line
from spotter.cli.options import DEFAULT_CONFIG
from spotter.core.settings import CameraSettings, Settings, load_settings, redact_url
from spotter.core.settings.channels import CHANNEL_KINDS, BaseChannel
from spotter.core.settings.secret import Secret

EPILOG = """\b
Examples:
  spotter config                            every setting, with the values that hold here
  spotter config --example > spotter.yaml   a file to start from
  spotter config --config site.yaml         check a file: an unknown key or bad value is named
  spotter config --json                     the effective settings for a script

Order of rising weight: default, spotter.yaml, environment (SPOTTER_POSE__INPUT_SIZE=512), command-line option.
"""


REQUIRED = "(required)"


@dataclass(frozen=True)
class Row:
    """One setting: its dotted name, what it means, its default and the value that holds."""

    name: str
    meaning: str
    default: str
    value: str


def config(
    file: Annotated[
        Path | None, typer.Option("--config", help="Settings file; by default spotter.yaml if it is here.")
    ] = None,
    example: Annotated[bool, typer.Option("--example", help="Print an annotated spotter.yaml.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the effective settings as JSON.")] = False,
) -> None:
    """Print every setting with its default, its meaning and its effective value; secrets are hidden."""
    if example:
        line(example_text().rstrip("\n"))
        return
    if file is None and DEFAULT_CONFIG.is_file():
        file = DEFAULT_CONFIG
    settings = load_settings(file)
    if as_json:
        line(json.dumps(settings.printable(), indent=2))
        return
    line(f"# {file or 'no settings file'}; values that differ from the default are marked with *")
    for row in rows(settings):
        differs = row.value != row.default and row.default != REQUIRED
        line(f"{'*' if differs else ' '} {row.name} = {row.value}{f'  (default {row.default})' if differs else ''}")
        if row.meaning:
            line(f"      {row.meaning}")


def example_text() -> str:
    """The annotated example file that is shipped with the package."""
    return (files("spotter.cli") / "example.yaml").read_text(encoding="utf-8")


def rows(settings: Settings) -> Iterator[Row]:
    """Every setting; cameras and channels one by one, or their fields once when there are none."""
    for name, field in Settings.model_fields.items():
        if name != "cameras":
            yield from _rows_of(name, field, getattr(settings, name))
            continue
        for index, camera in enumerate(settings.cameras):
            yield from _rows_of_model(f"cameras[{index}]", camera)
        if not settings.cameras:
            for key, inner in CameraSettings.model_fields.items():
                yield Row(f"cameras[].{key}", inner.description or "", _default(inner), _default(inner))
    if not settings.notify.channels:
        yield from _rows_of_channel_kinds()


def _rows_of_channel_kinds() -> Iterator[Row]:
    """What all kinds of channels share, then what each adds: `notify.channels[].url (webhook)`."""
    kinds: dict[str, type[BaseChannel]] = {"": BaseChannel, **CHANNEL_KINDS}
    for name, kind in kinds.items():
        for key, field in kind.model_fields.items():
            if name and (key in BaseChannel.model_fields or key == "type"):
                continue
            of = f" ({name})" if name else ""
            yield Row(f"notify.channels[].{key}{of}", field.description or "", _default(field), _default(field))


def _rows_of(name: str, field: FieldInfo, value: Any) -> Iterator[Row]:
    if isinstance(value, BaseModel) and not isinstance(value, Secret):
        yield from _rows_of_model(name, value)
    elif isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
        for index, item in enumerate(value):
            yield from _rows_of_model(f"{name}[{index}]", item)
    else:
        yield Row(name, _meaning(field), _default(field), _text(value))


def _rows_of_model(prefix: str, model: BaseModel) -> Iterator[Row]:
    for key, field in type(model).model_fields.items():
        if isinstance(model, CameraSettings) and key == "source":
            # The one secret of which people may see a part: channels have theirs in the path of an address.
            yield Row(f"{prefix}.{key}", _meaning(field), _default(field), model.shown)
        else:
            yield from _rows_of(f"{prefix}.{key}", field, getattr(model, key))


def _meaning(field: FieldInfo) -> str:
    choices = [str(choice) for choice in get_args(field.annotation) if isinstance(choice, str)]
    return " ".join(filter(None, (field.description, f"One of: {', '.join(choices)}." if choices else "")))


def _default(field: FieldInfo) -> str:
    return REQUIRED if field.is_required() else _text(field.get_default(call_default_factory=True))


def _text(value: Any) -> str:
    """As people write it. A secret that is a URL shows without its password, any other secret as stars."""
    if isinstance(value, SecretStr):
        plain = redact_url(value.get_secret_value())
        return plain if "://" in plain else str(value)
    if isinstance(value, Secret):
        return str(value)
    if isinstance(value, BaseModel):
        return _text(value.model_dump(mode="json"))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_text(key)}: {_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(_text(item) for item in value) + "]"
    return str(value)
