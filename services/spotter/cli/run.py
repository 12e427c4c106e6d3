"""`spotter run`: watch cameras in one process, from the picture to the alert."""

from __future__ import annotations

import functools
import signal
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from spotter.cli.app import EXIT_INTERRUPTED
from spotter.cli.options import build_settings, database_url, settings_file
from spotter.core.settings.watch import SettingsFile

EPILOG = """\b
Examples:
  spotter run --camera dock=dock.mp4                     a video file, at its own speed
  spotter run clips/dock.mp4 clips/aisle.mp4             two files, named after themselves
  spotter run --camera gate=rtsp://user:pw@HOST/stream   a network camera
  spotter run --camera desk=0                            the first webcam
  spotter run --camera shots=pictures/ --speed max       a folder of images, as fast as possible
  spotter run --config spotter.yaml                      all settings from a file

Without --config and --camera, a spotter.yaml in the current folder is used. A password is better kept in
spotter.yaml than on the command line, where other users of the machine can see it.
"""


class Speed(StrEnum):
    """Pace of finite sources."""

    REALTIME = "realtime"
    MAX = "max"


class Background(StrEnum):
    """What the dashboard shows behind the skeletons."""

    NONE = "none"
    BLURRED = "blurred"


class Device(StrEnum):
    """Where the pose model runs."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    TENSORRT = "tensorrt"
    OPENVINO = "openvino"
    MPS = "mps"
    TORCH_CPU = "torch-cpu"


def run(
    sources: Annotated[
        list[str] | None, typer.Argument(metavar="[SOURCE]...", help="More cameras, as for --camera.")
    ] = None,
    camera: Annotated[
        list[str] | None,
        typer.Option(
            "--camera",
            "-c",
            metavar="[NAME=]SOURCE",
            help="Video file, folder of images, webcam index, or rtsp, rtsps, http, https URL. May be repeated.",
        ),
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Settings file; --camera adds to its cameras.")] = None,
    speed: Annotated[Speed | None, typer.Option(help="Pace of files and folders.")] = None,
    hold_last: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Repeat the last frame of a file or folder this long.")
    ] = None,
    database: Annotated[
        str | None, typer.Option(metavar="PATH|URL", help="SQLite file or SQLAlchemy URL for alerts.")
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address of the dashboard.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the dashboard; 0 takes a free one.")] = None,
    dashboard: Annotated[bool, typer.Option("--dashboard/--no-dashboard", help="Serve the dashboard at all.")] = True,
    background: Annotated[
        Background | None, typer.Option(help="What the dashboard shows behind the skeletons.")
    ] = None,
    record: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Record the skeletons too, for `spotter replay`.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Pose model, as in `spotter models list`.")] = None,
    device: Annotated[Device | None, typer.Option(help="Where the pose model runs.")] = None,
    input_size: Annotated[
        int | None, typer.Option(metavar="PX", help="Long side of the model's input, a multiple of 32.")
    ] = None,
) -> int:
    """Watch cameras, files or folders and raise alerts; ends by itself when all files have ended."""
    cameras = [*(camera or []), *(sources or [])]
    file = settings_file(config, bool(cameras))
    build = functools.partial(
        build_settings,
        config=file,
        cameras=cameras,
        hold_last_s=hold_last,
        sections={
            "ingest": {"speed": speed},
            "pose": {"model": model, "device": device, "input_size": input_size},
            "store": {"url": database_url(database)},
            "dashboard": {
                "enabled": None if dashboard else False,
                "host": host,
                "port": port,
                "background": background,
            },
        },
    )
    # Looked at before it is read, so that no change is missed in between.
    reload = SettingsFile(file, build) if file is not None else None
    settings = build()
    from spotter.cli.session import run_session

    stopped_by = run_session(settings, record=record, reload=reload)
    return EXIT_INTERRUPTED if stopped_by is signal.SIGINT else 0
