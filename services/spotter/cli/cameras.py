"""`spotter cameras`: find out how a camera sees the floor, and check what the settings say of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from spotter.core.errors import ConfigError

app = typer.Typer(no_args_is_help=True, help="How cameras see the floor: calibrate and check their view.")

_CALIBRATE_EPILOG = """\b
Examples:
  spotter cameras calibrate --video yard.mp4 --out yard.yaml --picture yard.png
  spotter cameras calibrate --recording recordings/ --camera dock
  spotter cameras calibrate --camera dock --for 30m           a camera of spotter.yaml, live
  spotter cameras calibrate --video yard.mp4 --hfov 92        the lens' field of view from its data sheet
  spotter cameras calibrate --checkerboard 9x6 --square 25mm board/*.jpg

What comes out goes under the camera in spotter.yaml. It is refused, with what is missing, when too little was seen.
"""

Config = Annotated[Path | None, typer.Option(help="Settings file; by default spotter.yaml if it is here.")]
Picture = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Draw floor, upright poles and horizon over a picture.")
]
Recordings = Annotated[
    list[Path] | None, typer.Option("--recording", metavar="FILE|FOLDER", help="Of `spotter record`. May be repeated.")
]
Video = Annotated[str | None, typer.Option(metavar="FILE|FOLDER", help="Footage of the camera.")]


@app.command(epilog=_CALIBRATE_EPILOG)
def calibrate(
    images: Annotated[list[Path] | None, typer.Argument(metavar="[IMAGE]...", help="Pictures of a board.")] = None,
    checkerboard: Annotated[
        str | None, typer.Option(metavar="9x6", help="The pictures show a chessboard with so many inner corners.")
    ] = None,
    charuco: Annotated[
        str | None, typer.Option(metavar="7x5", help="They show a ChArUco board with so many squares.")
    ] = None,
    square: Annotated[str | None, typer.Option(metavar="25mm", help="Side of a square of the board.")] = None,
    marker: Annotated[str | None, typer.Option(metavar="18mm", help="Side of a ChArUco marker.")] = None,
    dictionary: Annotated[str, typer.Option(help="ChArUco markers, by OpenCV's name.")] = "DICT_4X4_50",
    recording: Recordings = None,
    video: Video = None,
    camera: Annotated[
        str | None, typer.Option(metavar="ID", help="A camera of the settings file, or of the recordings.")
    ] = None,
    duration: Annotated[str, typer.Option("--for", metavar="TIME", help="How long to watch a live camera.")] = "10m",
    hfov: Annotated[
        float | None, typer.Option(metavar="DEG", min=5, max=150, help="Horizontal field of view, where it is known.")
    ] = None,
    stature: Annotated[
        float, typer.Option(metavar="M", min=1.2, max=2.2, help="Mean standing height of the people, in shoes.")
    ] = 1.75,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where the settings go; by default stdout.")] = None,
    picture: Picture = None,
    config: Config = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only the settings, or the error.")] = False,
) -> None:
    """Learn a camera's view from people walking, or its lens from pictures of a board."""
    board = checkerboard or charuco
    ways = [
        name for name, given in (("a board", board or images), ("--recording", recording), ("--video", video)) if given
    ]
    if len(ways) > 1 or (not ways and camera is None):
        raise ConfigError(
            f"one thing to learn from is needed, not {' and '.join(ways) or 'none'}",
            mend="Name pictures with --checkerboard, or --recording, --video or --camera",
        )
    if board or images:
        from spotter.cli.cameras_board import board_of, lens_from_board

        view = lens_from_board(
            images or [], board_of(checkerboard, charuco, square, marker, dictionary), picture, _today(), quiet=quiet
        )
    else:
        from spotter.cli.cameras_learn import learn_view

        view = learn_view(
            recording, video, camera, duration, hfov=hfov, stature=stature, picture=picture, config=config,
            today=_today(), quiet=quiet,
        )  # fmt: skip
    _write(view, out, quiet=quiet)


@app.command()
def check(
    camera: Annotated[str | None, typer.Argument(metavar="[CAMERA]", help="A camera of the settings file.")] = None,
    recording: Recordings = None,
    video: Video = None,
    size: Annotated[str | None, typer.Option(metavar="1280x720", help="Of the picture, without footage.")] = None,
    picture: Picture = None,
    config: Config = None,
) -> None:
    """Say what a camera's view means, and whether the people in footage fit it (has the camera been moved?)."""
    from spotter.cli.cameras_learn import check_view

    check_view(camera, recording, video, size, picture=picture, config=config)


def _write(view: str, out: Path | None, *, quiet: bool) -> None:
    from spotter.cli.cameras_text import told
    from spotter.cli.console import line

    if out is None:
        line(view.rstrip("\n"))
        return
    try:
        out.write_text(view, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"cannot write '{out}': {error.strerror}", mend="Choose another file with --out") from None
    if not quiet:
        told(f"Wrote {out}: put it under the camera in spotter.yaml")


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
