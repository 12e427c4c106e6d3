"""Scene files: a site with cameras and workers and what they do, in YAML; docs/simulate.md describes the form."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from spotter.core.errors import ConfigError
from spotter.simulate.workers.anthropometry import LEAST_STATURE, MOST_STATURE, Sex

_MEND = "See docs/simulate.md for the form"
_MOST_BYTES = 1024 * 1024

Number = Annotated[float, Field(allow_inf_nan=False, ge=-1000, le=1000)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CameraPart(_Part):
    """One camera: where the lens is and what it looks at, m and degrees."""

    id: Name
    at: tuple[Number, Number]
    height: Annotated[float, Field(gt=0.2, le=100)]
    looks_at: tuple[Number, Number, Number]
    hfov: Annotated[float, Field(gt=5, lt=140)] = 70.0
    picture: tuple[Annotated[int, Field(ge=32, le=8192)], Annotated[int, Field(ge=32, le=8192)]] = (640, 360)
    roll: Annotated[float, Field(ge=-45, le=45)] = 0.0
    distortion: tuple[Number, Number, Number, Number, Number] = (0.0, 0.0, 0.0, 0.0, 0.0)
    calibrated: bool = True

    @model_validator(mode="after")
    def _looks_somewhere(self) -> Self:
        if (self.at[0], self.at[1]) == self.looks_at[:2]:
            raise ValueError("looks straight down, at its own place; move looks_at aside")
        return self


class WorkerPart(_Part):
    """One worker: who they are, where they begin, and what they do, step by step."""

    name: Name
    does: Annotated[list[str | dict[str, Any]], Field(min_length=1, max_length=500)]
    at: tuple[Number, Number] = (0.0, 0.0)
    heading: Number = 0.0
    sex: Sex | None = None
    stature: Annotated[float | None, Field(ge=LEAST_STATURE, le=MOST_STATURE)] = None
    seed: Annotated[int | None, Field(ge=0)] = None


class DetectorPart(_Part):
    """Factors on the default model's errors; see `SimulatedModel`."""

    noise: Annotated[float, Field(ge=0, le=100)] = 1.0
    misses: Annotated[float, Field(ge=0, le=100)] = 1.0
    swaps: Annotated[float, Field(ge=0, le=100)] = 1.0
    wrong: Annotated[float, Field(ge=0, le=100)] = 1.0
    jitter_s: Annotated[float, Field(ge=0, le=1)] = 0.003
    dropped: Annotated[float, Field(ge=0, lt=1)] = 0.0


class Scene(_Part):
    """A whole scene file."""

    site: Name = "simulated"
    seed: Annotated[int, Field(ge=0)] = 0
    fps: Annotated[float, Field(gt=0, le=240)] = 15.0
    cameras: Annotated[list[CameraPart], Field(min_length=1, max_length=100)]
    workers: Annotated[list[WorkerPart], Field(min_length=1, max_length=100)]
    detector: DetectorPart | Literal["exact"] = DetectorPart()

    @model_validator(mode="after")
    def _names_apart(self) -> Self:
        for what, names in (("cameras", [one.id for one in self.cameras]), ("workers", [w.name for w in self.workers])):
            twice = next((name for name in names if names.count(name) > 1), None)
            if twice is not None:
                raise ValueError(f"two {what} are named '{twice}'; give each a name of its own")
        return self


def read_scene(path: Path) -> Scene:
    """The scene in a file.

    Raises:
        ConfigError: it cannot be read, is no YAML, or something in it is not as it should be; names the place.
    """
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ConfigError(f"scene '{path}' has more than 1 MiB", mend=_MEND)
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"cannot read scene '{path}': {error.strerror}", mend="Check the path and its rights"
        ) from None
    except (yaml.YAMLError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"scene '{path}' is no YAML ({reason})", mend=_MEND) from None
    if not isinstance(values, dict):
        raise ConfigError(f"scene '{path}' has no cameras and workers", mend=_MEND)
    try:
        return Scene.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        raise ConfigError(f"scene '{path}': {f'{place}: {reason}' if place else reason}", mend=_MEND) from None
