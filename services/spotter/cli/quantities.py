"""Times and sizes as people write them: 90s, 30m, 24h, 3d; 500MB, 20GB."""

from __future__ import annotations

import re

from spotter.core.errors import ConfigError
from spotter.recordings.parts import Rotation

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_BYTES = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def seconds_of(option: str, text: str) -> float:
    """Seconds of "90s", "30m", "24h" or "3d".

    Raises:
        ConfigError: it is written in another way, or is nothing.
    """
    value = _quantity(text, _SECONDS)
    if value is None:
        raise ConfigError(f"{option} is '{text}', which is no time", mend="Write 90s, 30m, 24h or 3d")
    return value


def bytes_of(option: str, text: str) -> int:
    """Bytes of "500MB" or "20GB".

    Raises:
        ConfigError: it is written in another way, or is nothing.
    """
    value = _quantity(text, _BYTES)
    if value is None:
        raise ConfigError(f"{option} is '{text}', which is no size", mend="Write 500MB or 20GB")
    return round(value)


def rotation_of(rotate: str | None, max_size: str | None, max_age: str | None = None) -> Rotation:
    """When a recording begins a new part, and how much of it is kept.

    Without `rotate` a limited recording has parts of a tenth of its limits, so that deleting the oldest costs little.

    Raises:
        ConfigError: a quantity cannot be read, or a part is as large as all that may be kept.
    """
    age = seconds_of("--max-age", max_age) if max_age else None
    keep = bytes_of("--max-size", max_size) if max_size else None
    seconds = _quantity(rotate, _SECONDS) if rotate else None
    size = bytes_of("--rotate", rotate) if rotate and seconds is None else None
    if age is not None:
        if seconds is not None and seconds >= age:
            raise ConfigError(f"--rotate {rotate} is not less than --max-age {max_age}", mend="Write a shorter part")
        seconds = seconds or age / 10
    if keep is not None:
        if size is not None and size >= keep:
            raise ConfigError(f"--rotate {rotate} is not less than --max-size {max_size}", mend="Write a smaller part")
        size = size or keep // 10
    return Rotation(seconds, size, keep, age)


def _quantity(text: str, units: dict[str, int]) -> float | None:
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]+)", text.strip())
    unit = None if match is None else units.get(match[2], units.get(match[2].upper()))
    if match is None or unit is None or float(match[1]) == 0:
        return None
    return float(match[1]) * unit
