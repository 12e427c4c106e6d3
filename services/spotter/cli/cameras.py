"""`spotter cameras`: list, test, look through and find cameras; learn how they see the floor, and check it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from spotter.cli import cameras_epilogs as epilogs
from spotter.core.errors import ConfigError

app = typer.Typer(no_args_is_help=True, help="List, test and find cameras; calibrate and check how they see the floor.")

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
Given = Annotated[
    list[str] | None, typer.Argument(metavar="[CAMERA|ADDRESS]...", help="Of the settings file, or any; default: all.")
]
One = Annotated[str | None, typer.Argument(metavar="[CAMERA|ADDRESS]", help="Of the settings file, or any.")]
Username = Annotated[str, typer.Option(metavar="USER", help="User of an ADDRESS; the password is asked for.")]
PasswordEnv = Annotated[str, typer.Option(metavar="NAME", help="Environment variable with the password instead.")]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON for a script.")]
Video = Annotated[str | None, typer.Option(metavar="FILE|FOLDER", help="Footage of the camera.")]


@app.command("list", epilog=epilogs.LIST)
def list_all(
    database: Annotated[
        str | None, typer.Option(metavar="URL|PATH", help="SQLite file or database URL; default: of the settings.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """List cameras: state, when each was last heard of, where it is read from."""
    from spotter.cli.cameras_list import list_cameras

    list_cameras(database, config, as_json=as_json)


@app.command(epilog=epilogs.COVERAGE)
def coverage(
    cameras: Annotated[list[str] | None, typer.Argument(metavar="[CAMERA]...", help="Default: all.")] = None,
    since: Annotated[
        str | None, typer.Option("--from", help="Day or time on the site's clock; default: today.", metavar="TIME")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", help="Day (included) or time; default: now.", metavar="TIME")
    ] = None,
    database: Annotated[
        str | None, typer.Option(metavar="URL|PATH", help="SQLite file or database URL; default: of the settings.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Show how long each camera was truly watched, and the reasons for every gap."""
    from spotter.cli.cameras_coverage import show_coverage

    show_coverage(cameras or [], since, until, database, config, as_json)


@app.command("test", epilog=epilogs.TEST)
def examine(
    cameras: Given = None,
    config: Config = None,
    duration: Annotated[str, typer.Option("--for", metavar="TIME", help="How long to watch for the rate.")] = "5s",
    username: Username = "",
    password_env: PasswordEnv = "",
    as_json: AsJson = False,
) -> int:
    """Say step by step why a camera gives no pictures: name, port, password, codec, first frame, rate, resolution."""
    from spotter.cli.cameras_test import examine_cameras

    return examine_cameras(cameras or [], config, duration, username, password_env, as_json=as_json)


@app.command(epilog=epilogs.SNAPSHOT)
def snapshot(
    camera: One = None,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="A .jpg or .png; default: CAMERA.jpg here.")] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Not blurred: people may be known by it.")] = False,
    config: Config = None,
    username: Username = "",
    password_env: PasswordEnv = "",
) -> None:
    """Write one picture of a camera to a file, blurred unless --clear is given."""
    from spotter.cli.cameras_snapshot import take_snapshot

    take_snapshot(camera, config, out, username, password_env, clear=clear)


@app.command(epilog=epilogs.DISCOVER)
def discover(
    duration: Annotated[str, typer.Option("--for", metavar="TIME", help="How long to wait for answers.")] = "3s",
    to: Annotated[
        str | None, typer.Option(metavar="ADDRESS[:PORT]", help="Ask this one alone, also behind a router.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> None:
    """Look for ONVIF cameras on the local network. Sends no user and no password."""
    from spotter.cli.cameras_discover import discover_cameras

    discover_cameras(duration, to, config, as_json=as_json)


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
