"""Which file is which labelled video: by name without its ending, then by as many folders above it as agree. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from spotter.core.errors import ConfigError


def assign(labels: Sequence[str], files: Sequence[Path]) -> list[int | None]:
    """For each label the number of its file, or None; a file goes to the labels that agree with it furthest.

    Args:
        labels: paths as the labels name them; the same path may come more than once (cameras of one recording).

    Raises:
        ConfigError: a label could be two files, or a file two labels.
    """
    chosen = [_best(label, files) for label in labels]
    claims: dict[int, list[tuple[int, str]]] = {}
    for label, choice in zip(labels, chosen, strict=True):
        if choice is not None:
            claims.setdefault(choice[0], []).append((choice[1], label))
    owners = {number: _owner(files[number], claimed) for number, claimed in claims.items()}
    return [
        choice[0] if choice is not None and owners[choice[0]] == label else None
        for label, choice in zip(labels, chosen, strict=True)
    ]


def _best(label: str, files: Sequence[Path]) -> tuple[int, int] | None:
    """(number of the file, parts that agree) of the file that agrees furthest; None when not even a name does."""
    ranked = [(_agreement(label, file), number) for number, file in enumerate(files)]
    most = max((agreement for agreement, _ in ranked), default=0)
    if not most:
        return None
    first, *others = (number for agreement, number in ranked if agreement == most)
    if others:
        raise ConfigError(
            f"labelled '{label}' may be '{files[first]}' or '{files[others[0]]}'", mend="Name only one of them"
        )
    return first, most


def _owner(file: Path, claimed: Sequence[tuple[int, str]]) -> str:
    most = max(agreement for agreement, _ in claimed)
    first, *others = sorted({label for agreement, label in claimed if agreement == most})
    if others:
        raise ConfigError(
            f"'{file}' may be labelled '{first}' or '{others[0]}'", mend="Keep it in a folder named as in the labels"
        )
    return first


def _agreement(label: str, file: Path) -> int:
    count = 0
    wanted = PurePosixPath(label).with_suffix("").parts
    for a, b in zip(reversed(wanted), reversed(file.with_suffix("").parts), strict=False):
        if a != b:
            break
        count += 1
    return count
