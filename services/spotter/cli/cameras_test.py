"""`spotter cameras test`: why a camera gives no pictures, or not the right ones, step by step.

Exit code 0: every camera gives pictures (warnings may have been told). 3: one does not.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from spotter.cli.cameras_given import cameras_given, settings_of, without_secrets
from spotter.cli.console import line
from spotter.cli.quantities import seconds_of
from spotter.core.cleaning import Cleaner
from spotter.core.errors import ConfigError, SourceError
from spotter.core.settings import CameraSettings, IngestSettings
from spotter.ingest.probe import Outcome, Step
from spotter.ingest.probe.examine import examine

_COLOURS = {Outcome.OK: "\x1b[32m", Outcome.WARN: "\x1b[33m", Outcome.FAIL: "\x1b[31m"}
_LONGEST_S = 600.0


def examine_cameras(
    given: Sequence[str], config: Path | None, duration: str, username: str, password_env: str, *, as_json: bool
) -> int:
    """Examine cameras one after the other, and print what is found as it is found; the exit code."""
    seconds = seconds_of("--for", duration)
    if seconds > _LONGEST_S:
        raise ConfigError(f"--for is '{duration}', longer than 10 minutes", mend="Watch with `spotter run` instead")
    settings = settings_of(config)
    cameras = cameras_given(settings, given, username, password_env)
    with without_secrets(settings, cameras) as cleaner:
        found = {one.id: _examine(one, settings.ingest, seconds, cleaner, shown=not as_json) for one in cameras}
    if as_json:
        line(json.dumps([{"camera": name, "steps": [asdict(step) for step in steps]} for name, steps in found.items()]))
    failed = [name for name, steps in found.items() if any(step.outcome is Outcome.FAIL for step in steps)]
    if not as_json:
        names = f"; not {', '.join(failed)}" if failed else ""
        line(f"\n{len(found) - len(failed)} of {len(found)} cameras give pictures{names}")
    return SourceError.exit_code if failed else 0


def _examine(
    camera: CameraSettings, ingest: IngestSettings, seconds: float, cleaner: Cleaner, *, shown: bool
) -> list[Step]:
    steps = []
    if shown:
        line(f"\ncamera {camera.id}")
    for step in examine(camera, ingest, seconds):
        # No step holds a secret; this is for what a camera itself may have said.
        step = Step(step.name, step.outcome, cleaner.clean(step.detail), cleaner.clean(step.mend))
        steps.append(step)
        if shown:
            _show(step)
    return steps


def _show(step: Step) -> None:
    word = f"{step.outcome.value:<5}"
    if sys.stdout.isatty():
        word = f"{_COLOURS[step.outcome]}{word}\x1b[0m"
    line(f"  {word} {step.name:<15} {step.detail}")
    if step.mend:
        line(f"  {'':<5} {'':<15} → {step.mend}")
