"""What frames the figures: head, how to read, what was entered, what was not observable, versions, the last word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from spotter.core.store.task_records import TaskRecord
from spotter.report import html as h
from spotter.report.catalogue import QUANTITIES, interval_text
from spotter.report.data import Record, Scope
from spotter.report.entered import Entered
from spotter.report.tally import Tally
from spotter.report.words import duration, percent

JUDGEMENT = (
    "These figures describe jobs, not people. They are for a competent person to judge, together with what no camera "
    "sees; they are no verdict, and they must not be used to rank or discipline anybody."
)


def head(record: Record, whole: Tally) -> Markup:
    """Title and facts."""
    scope = record.scope
    name = f"Station {scope.station}" if scope.station else "Everything in view"
    facts: list[tuple[str, h.Content]] = [("Site", scope.site)] if scope.site else []
    facts += [
        ("Period", period(scope)),
        *([("Shifts", ", ".join(scope.shifts))] if scope.shifts else []),
        ("Cameras", ", ".join(record.cameras) or "none recorded anything"),
        ("Coverage", coverage(scope, whole, len(record.cameras))),
        ("Source", scope.source),
    ]
    return h.element(
        "header",
        h.element("p", "Lifting work and postures, as cameras saw them", class_="kind"),
        h.element("h1", name),
        h.pairs(facts),
        h.paragraph(JUDGEMENT),
    )


def period(scope: Scope) -> str:
    """ "2026-11-24 06:00 to 2026-11-25 14:00, Europe/Berlin"."""
    if not scope.clock:
        return duration(scope.seconds)
    first, last = scope.local(scope.start), scope.local(scope.end)
    end = last.strftime("%H:%M" if first.date() == last.date() else "%Y-%m-%d %H:%M")
    return f"{first:%Y-%m-%d %H:%M} to {end}, {scope.zone.key}"


def coverage(scope: Scope, whole: Tally, cameras: int) -> str:
    """One line: how much was watched, and of how much of that something can be said."""
    all_ = scope.seconds * max(cameras, 1)
    watched = min(whole.watched_s, all_) if scope.clock else all_
    share = watched / all_ if all_ else 0.0
    text = f"watched {duration(watched)} of {duration(all_)} ({percent(share, share)})"
    if cameras > 1:
        text += f", {cameras} cameras together"
    if whole.scored is not None:
        text += f"; the trunk could be judged in {percent(whole.scored, whole.scored)} of the person-time"
    return text


def several(cameras: Sequence[str]) -> Markup | None:
    """A warning where one person may be counted by two cameras."""
    if len(cameras) < 2:
        return None
    return h.paragraph(
        f"{len(cameras)} cameras see this station. Whoever and whatever two of them see counts twice in times and "
        "numbers of lifts; shares are means. Report one camera to count once.",
        class_="note",
    )


def how_to_read() -> Markup:
    """The section."""
    return h.section(
        "How to read this",
        h.points([
            "Every figure is an interval that holds the truth as far as the camera could see. The lower end is proven; "
            "the upper end is not ruled out. One camera cannot tell more, and says so.",
            "Not observable is a normal answer. It is no sign of good work, nor of bad.",
            "A bent back or a stoop is not wrong in itself: what is known to matter is load, reach, low places, "
            "asymmetry, frequency and duration.",
            "Methods such as REBA or the lifting equation sort work by priority; between two figures that differ "
            "little there may be no difference.",
        ]),
        id_="reading",
    )  # fmt: skip


def entered(scope: Scope, given: Entered) -> Markup:
    """The section on what people entered."""
    place = f"--station '{scope.station}' " if scope.station else ""
    if given.nothing:
        return h.section(
            "What was entered of the work",
            h.paragraph(
                "Nothing. Loads, grips and hours are unknown, so results that need them are wide or missing. Enter "
                "them with ", h.element("code", f"spotter tasks set NAME {place}--load 5..12 --coupling fair"),
                ", or for one report with ", h.element("code", "--load 5..12 --coupling fair"), ".",
            ),
            id_="entered",
        )  # fmt: skip
    rows = [(task.name, values_of(task), _valid(scope, task), task.entered_by or "-") for task in given.tasks]
    if given.options:
        rows.append(("for this report alone", _options(given), "-", "whoever made the report"))
    notes = []
    if len(given.tasks) > 1:
        notes.append(h.paragraph(
            "Lifts are not told apart by task: each value may be that of any of these tasks, and one task of which it "
            "is unknown makes it unknown.", class_="note",
        ))  # fmt: skip
    head_ = ("Task", "Entered", "Valid", "By")
    return h.section("What was entered of the work", h.table("Tasks", head_, rows), notes, id_="entered")


def values_of(task: TaskRecord) -> str:
    """What is known of a task, on one line."""
    units = {quantity.name: quantity.unit for quantity in QUANTITIES}
    parts = []
    for name, value in task.entered().items():
        words = name.replace("_", " ")
        if isinstance(value, bool):
            parts.append(f"{words} {'yes' if value else 'no'}")
        elif name in units:
            parts.append(f"{words} {interval_text((value[0], value[1]))} {units[name]}")
        else:
            parts.append(f"{words} {' or '.join(value) if isinstance(value, list) else value}")
    return ", ".join(parts) or "nothing yet"


def hidden(whole: Tally, reasons: Sequence[str]) -> Markup:
    """The section on what was not observable, and why.

    Args:
        reasons: of other quantities, as sentences.
    """
    rows = []
    for reason, seconds in sorted(whole.unscored.items(), key=lambda item: (-item[1], item[0])):
        if whole.seen > 0 and seconds > 0:
            share = min(seconds / whole.seen, 1.0)
            rows.append((reason or "no reason given", duration(seconds), percent(share, share)))
    content: list[Markup] = []
    if rows:
        caption = "Person-time in which the trunk could not be judged"
        content.append(h.table(caption, ("Why", "Time", "Share"), rows, numeric=(1, 2)))
    content.append(h.points([
        *reasons,
        "No camera sees the load, the grip, hand forces, vibration, fatigue or pain. Wrists and hands are not among "
        "the keypoints, and twist needs more than one camera.",
    ]))  # fmt: skip
    return h.section("What was not observable", *content, id_="hidden")


def versions(about: Mapping[str, str]) -> Markup:
    """The section on what produced the figures."""
    return h.section("Versions and settings", h.pairs(about.items(), class_="facts versions"), id_="versions")


def foot(record: Record) -> Markup:
    """The last word."""
    return h.element("footer", h.paragraph(JUDGEMENT), h.paragraph(f"From {record.summary}."))


def _options(given: Entered) -> str:
    only = TaskRecord("", "").with_entered(
        {name: value for name, value in given.task.entered().items() if name in given.options}
    )
    return values_of(only)


def _valid(scope: Scope, task: TaskRecord) -> str:
    begin = f"from {scope.when(task.valid_from, day=True)}" if task.valid_from else "always"
    return begin if task.valid_to is None else f"{begin} until {scope.when(task.valid_to, day=True)}"
