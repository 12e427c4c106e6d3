"""`spotter analyze`: one file, offline, every frame, the same result every time."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from spotter.cli.options import DEFAULT_CONFIG
from spotter.cli.run import Device

EPILOG = """\b
Examples:
  spotter analyze lift.mp4                            a summary on the screen
  spotter analyze lift.mp4 --annotate out.mp4         and a video with skeletons, angles and events
  spotter analyze lift.mp4 --report lift.html         and a page with postures, lifts and what methods say of them
  spotter analyze lift.mp4 --json out.jsonl           and every skeleton, angle and event, one JSON object a line
  spotter analyze lift.mp4 --json - | jq 'select(.type=="alert")'
  spotter analyze fall.mp4 --hold-last 6              a clip that stops too early for the rules: hold its last frame
  spotter analyze pictures/ --image-fps 5             a folder of images

Exit code 0 also when events were found: they are results, not errors.
"""


def analyze(
    video: Annotated[str, typer.Argument(metavar="VIDEO", help="Video file or folder of images.")],
    annotate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write an annotated video (.mp4, .mkv or .avi).")
    ] = None,
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write JSON Lines to a file, or to stdout with -.")
    ] = None,
    report_to: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write a report page (.html, or .pdf).")
    ] = None,
    load: Annotated[
        str | None, typer.Option(metavar="NUMBER|LOW..HIGH", help="For the report: what is lifted, kg.")
    ] = None,
    coupling: Annotated[
        str | None, typer.Option(metavar="GRIP", help="For the report: grip, good, fair or poor.")
    ] = None,
    hold_last: Annotated[
        float, typer.Option(metavar="SECONDS", min=0, max=3600, help="Repeat the last frame for this long.")
    ] = 0.0,
    image_fps: Annotated[
        float | None, typer.Option(metavar="FPS", help="Frames per second of a folder of images.")
    ] = None,
    max_fps: Annotated[
        float | None, typer.Option(metavar="FPS", help="Analyse at most this many frames per second of video.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Settings file: rules, model, view of the camera.")] = None,
    model: Annotated[str | None, typer.Option(help="Pose model, as in `spotter models list`.")] = None,
    device: Annotated[Device | None, typer.Option(help="Where the pose model runs.")] = None,
    input_size: Annotated[
        int | None, typer.Option(metavar="PX", help="Long side of the model's input, a multiple of 32.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar and no summary.")] = False,
) -> int:
    """Analyse one video file offline: people, trunk inclination, possible falls."""
    from spotter.cli.analysis import Analysis, analysis_settings
    from spotter.cli.analysis_report import progress, report
    from spotter.cli.annotate import AnnotatedVideo
    from spotter.cli.console import warning_line
    from spotter.cli.report_clip import ClipReport
    from spotter.cli.results import ResultWriter, open_results

    if config is None and DEFAULT_CONFIG.is_file():
        config = DEFAULT_CONFIG
    settings, camera = analysis_settings(
        video,
        config,
        camera={"image_fps": image_fps, "max_fps": max_fps, "hold_last_s": hold_last},
        pose={"model": model, "device": device, "input_size": input_size},
    )
    page = None if report_to is None else ClipReport(report_to, settings, camera.id, load=load, coupling=coupling)
    with ExitStack() as stack:
        analysis = stack.enter_context(Analysis(settings, camera))
        results = ResultWriter(stack.enter_context(open_results(json))) if json is not None else None
        drawing = stack.enter_context(AnnotatedVideo(annotate, analysis.fps)) if annotate is not None else None
        if results is not None:
            results.run(**analysis.about())
        shown = stack.enter_context(progress(analysis.expected_frames, hidden=quiet))
        for step in analysis.frames():
            shown.advance(step)
            if results is not None:
                results.frame(step.pose, step.assessment)
            if drawing is not None:
                drawing.write(step.image, step.pose, step.assessment)
            if page is not None:
                page.add(step.pose.captured_at, analysis.minutes)
        last = analysis.end()
        if results is not None:
            for alert in last.alerts:
                results.alert(alert)
            for lift in last.lifts:
                results.lift(lift)
            results.summary(**analysis.totals())
    if analysis.undecodable:
        warning_line(f"{analysis.undecodable} frames of '{analysis.name}' could not be decoded and were skipped")
    if page is not None:
        page.write(analysis.name, analysis.model, analysis.lifts, analysis.minutes)
    if not quiet:
        report(analysis, to_stderr=json == "-", annotated=annotate, page=report_to)
    return 0
