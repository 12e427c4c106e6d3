"""`spotter record`: skeletons of footage, cameras or a running site into files, to replay and to measure rules on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spotter.cli.app import EXIT_INTERRUPTED
from spotter.cli.options import DEFAULT_CONFIG
from spotter.cli.run import Device
from spotter.core.errors import ConfigError

EPILOG = """\b
Examples:
  spotter record clips/*.mp4 --out recordings/           each file offline, every frame, one recording each
  spotter record fall.mp4 --hold-last 6 --out rec/       a clip that stops too early: hold its last frame
  spotter record --camera gate=rtsp://HOST/PATH --for 8h --rotate 1h
  spotter record --config spotter.yaml --max-size 20GB   the cameras of a settings file, the oldest parts deleted
  spotter record --bus --config spotter.yaml             what a running site publishes on Kafka, from now on
  spotter record --bus --since 24h --config spotter.yaml and what Kafka still has of the last day

A recording holds skeletons, never pixels, and no identities. `spotter replay` runs the rules on it again.
"""


def record(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE]...", help="Video files, folders of images, or cameras.")
    ] = None,
    camera: Annotated[
        list[str] | None,
        typer.Option("--camera", "-c", metavar="[NAME=]SOURCE", help="As for `spotter run`. May be repeated."),
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="FOLDER|FILE", help="Where to; FILE.avro for a single file of footage.")
    ] = Path("recordings"),
    config: Annotated[Path | None, typer.Option(help="Settings file: site, cameras and their views, model.")] = None,
    bus: Annotated[bool, typer.Option("--bus", help="Record what the site's services publish on Kafka.")] = False,
    group: Annotated[str, typer.Option(help="Kafka consumer group of this recorder.")] = "recorder",
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="With --bus: begin this far back, as 90s, 30m, 24h or 3d.")
    ] = None,
    duration: Annotated[str | None, typer.Option("--for", metavar="TIME", help="Stop after this long.")] = None,
    live: Annotated[
        bool, typer.Option("--live", help="Play files at their own speed, as cameras, into one recording.")
    ] = False,
    rotate: Annotated[
        str | None, typer.Option(metavar="TIME|SIZE", help="Begin a new part after this, as 1h or 500MB.")
    ] = None,
    max_size: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Delete the oldest parts beyond this, as 20GB.")
    ] = None,
    max_age: Annotated[
        str | None, typer.Option(metavar="TIME", help="Delete parts that are older than this, as 7d.")
    ] = None,
    hold_last: Annotated[
        float | None, typer.Option(metavar="SECONDS", min=0, max=3600, help="Repeat the last frame of footage.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Pose model, as in `spotter models list`.")] = None,
    device: Annotated[Device | None, typer.Option(help="Where the pose model runs.")] = None,
    input_size: Annotated[
        int | None, typer.Option(metavar="PX", help="Long side of the model's input, a multiple of 32.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, only errors.")] = False,
) -> int:
    """Record skeletons: footage offline, cameras live, or what a running site publishes."""
    from spotter.cli.quantities import rotation_of, seconds_of
    from spotter.cli.record_header import is_footage
    from spotter.cli.record_session import Session, record_bus, record_footage, record_live
    from spotter.core.settings import load_settings

    names = [*(camera or []), *(sources or [])]
    session = Session(
        out=out,
        rotation=rotation_of(rotate, max_size, max_age),
        seconds=seconds_of("--for", duration) if duration else None,
        quiet=quiet,
    )
    if config is None and DEFAULT_CONFIG.is_file():
        config = DEFAULT_CONFIG
    if bus:
        if names:
            raise ConfigError("--bus records every camera of the site, and a camera is named", mend="Leave one of them")
        back = seconds_of("--since", since) if since else 0.0
        return _code(record_bus(load_settings(config), session, group, back))
    if since:
        raise ConfigError("--since is for --bus: a camera has no past", mend="Leave it, or add --bus")
    from spotter.cli.options import build_settings

    settings = build_settings(
        config=config,
        cameras=names,
        hold_last_s=hold_last,
        sections={"pose": {"model": model, "device": device, "input_size": input_size}},
    )
    if names:  # Named sources are recorded, and the cameras of the settings file lend their views.
        given = {text for name in names for text in (name, name.partition("=")[2])}
        chosen = tuple(one for one in settings.cameras if one.written in given)
        settings = settings.model_copy(update={"cameras": chosen})
    if not live and all(is_footage(one.address()) for one in settings.cameras):
        return _code(record_footage(settings, session))
    return _code(record_live(settings, session))


def _code(interrupted: bool) -> int:
    return EXIT_INTERRUPTED if interrupted else 0
