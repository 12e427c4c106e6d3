"""The task catalogue as people write it: fields as texts, rows of CSV, entries of YAML. Pure.

Every error names the row, the field, the value and the mend.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from spotter.core.clock import from_datetime, to_datetime
from spotter.core.errors import ConfigError
from spotter.core.settings.base import CAMERA_ID
from spotter.core.store.task_records import ALWAYS, Interval, TaskRecord

COUPLINGS = ("good", "fair", "poor")
HANDS = ("one", "two")
ACTIVITIES = ("static", "repeated", "rapid", "none")

_NUMBER = r"[0-9]+(?:[.,][0-9]+)?"
_ROLE = r"[A-Za-z][A-Za-z0-9 _-]{0,62}"
_YES = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A field that is a number or an interval: its unit and the range that it may have."""

    name: str
    unit: str
    low: float
    high: float
    help: str


QUANTITIES = (
    Quantity("load", "kg", 0, 500, "what is lifted"),
    Quantity("container_width", "cm", 1, 300, "of the container, in the direction of the reach"),
    Quantity("hours", "h", 0.01, 24, "of this work in a day"),
    Quantity("frequency", "1/min", 0, 120, "lifts a minute, where it is known better than counted"),
    Quantity("body_mass", "kg", 30, 250, "of the population that the job is judged for, never of one person"),
)
COLUMNS = (
    "site", "camera", "station", "name", "load", "coupling", "container_width", "hands", "hours", "frequency",
    "significant_control", "body_mass", "activity", "valid_from", "valid_to",
)  # fmt: skip
"""Of a CSV file, and the keys of a YAML entry; a file may leave out any but `name`."""


def read_tasks(
    text: str, form: str, *, site: str, zone: ZoneInfo, entered_by: str, at: int, source: str = "the file"
) -> list[TaskRecord]:
    """The tasks of a file.

    Args:
        form: "csv" (a head line with names of `COLUMNS`), or "yaml" (a list, or a mapping with the list under "tasks").
        site: of rows that name none.
        zone: in which times without an offset are meant.
        at: wall clock, UTC ns.
        source: name of the file, for messages.

    Raises:
        ConfigError: names the file, the row and the field.
    """
    rows = _csv_rows(text, source) if form == "csv" else _yaml_rows(text, source)
    tasks: dict[tuple[str, str, str, str, int], str] = {}
    found = []
    for label, row in rows:
        where = f"{source}, {label}"
        task = task_of(row, where=where, site=site, zone=zone, entered_by=entered_by, at=at)
        if task.key in tasks:
            raise ConfigError(
                f"{where}: task '{task.name}' is there twice, also in {tasks[task.key]}",
                mend="Give each a name, a station or a valid_from of its own",
            )
        tasks[task.key] = label
        found.append(task)
    if not found:
        raise ConfigError(f"{source} holds no task", mend=f"Give a row with some of: {', '.join(COLUMNS)}")
    return found


def task_of(row: Mapping[str, Any], *, where: str, site: str, zone: ZoneInfo, entered_by: str, at: int) -> TaskRecord:
    """One task from its fields as people write them; "" and None are unknown.

    Raises:
        ConfigError: begins with `where`, then names the field and its value.
    """
    values = {name: value for name, value in row.items() if value is not None and value != "" and value != []}
    unknown = [name for name in values if name not in COLUMNS]
    if unknown:
        raise ConfigError(f"{where}: '{unknown[0]}' is no field of a task", mend=f"Known: {', '.join(COLUMNS)}")
    try:
        begin = time_of("valid_from", values["valid_from"], zone) if "valid_from" in values else ALWAYS
        end = time_of("valid_to", values["valid_to"], zone) if "valid_to" in values else None
        if end is not None and end <= begin:
            raise ConfigError(f"valid_to '{values['valid_to']}' is not after valid_from", mend="Write a later time")
        return TaskRecord(
            site=_name("site", values.get("site", site), CAMERA_ID),
            name=_name("name", values.get("name", ""), r"^[^\x00-\x1f\x7f]{1,80}$"),
            camera_id=_name("camera", values.get("camera", ""), f"^$|{CAMERA_ID}"),
            station=_name("station", values.get("station", ""), r"^[^\x00-\x1f\x7f]{0,80}$"),
            **{one.name: interval_of(one, values[one.name]) for one in QUANTITIES if one.name in values},
            coupling=choices_of("coupling", values.get("coupling", ()), COUPLINGS),
            hands=next(iter(choices_of("hands", values.get("hands", ()), HANDS, most=1)), ""),
            significant_control=_flag("significant_control", values.get("significant_control")),
            activity=choices_of("activity", values.get("activity", ()), ACTIVITIES),
            valid_from=begin,
            valid_to=end,
            entered_by=role_of(entered_by),
            entered_at=at,
        )
    except ConfigError as error:
        raise ConfigError(f"{where}: {error.message}", mend=error.mend) from None


def interval_of(quantity: Quantity, value: Any) -> Interval:
    """Lowest and highest of "8", "5..12", 8 or [5, 12].

    Raises:
        ConfigError: not written so, the wrong way round, or out of range.
    """
    name, unit = quantity.name.replace("_", " "), quantity.unit
    parts = value if isinstance(value, list | tuple) else re.split(r"\.\.\.?|…", str(value).strip())
    texts = [re.sub(rf"\s*{re.escape(unit)}$", "", str(part).strip()) for part in parts]
    if len(texts) not in (1, 2) or not all(re.fullmatch(_NUMBER, text) for text in texts):
        raise ConfigError(
            f"{name} '{value}' is no number and no interval", mend=f"Write it in {unit}, as 8 or as 5..12"
        )
    low, high = float(texts[0].replace(",", ".")), float(texts[-1].replace(",", "."))
    if low > high:
        raise ConfigError(f"{name} '{value}' ends below its beginning", mend=f"Write {high:g}..{low:g}")
    if low < quantity.low or high > quantity.high:
        raise ConfigError(
            f"{name} '{value}' is out of range", mend=f"It may be {quantity.low:g} to {quantity.high:g} {unit}"
        )
    return low, high


def choices_of(name: str, value: Any, known: Sequence[str], *, most: int | None = None) -> tuple[str, ...]:
    """Some of `known`, in their order, from "fair,poor" or a list.

    Raises:
        ConfigError: another word, or more than `most`.
    """
    words = [str(word).strip().lower() for word in (value.split(",") if isinstance(value, str) else _list(value))]
    words = [word for word in words if word]
    wrong = next((word for word in words if word not in known), None)
    if wrong is not None or (most is not None and len(words) > most):
        raise ConfigError(
            f"{name.replace('_', ' ')} '{value if most is not None else wrong}' is not known",
            mend=f"Write {'one' if most == 1 else 'one or more'} of {', '.join(known)}",
        )
    return tuple(word for word in known if word in words)


def time_of(name: str, value: Any, zone: ZoneInfo) -> int:
    """UTC ns of an ISO 8601 day or time; in `zone` when it names no offset.

    Raises:
        ConfigError: it is not written so.
    """
    try:
        moment = datetime.fromisoformat(str(value).strip())
        return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except (ValueError, OverflowError):
        raise ConfigError(
            f"{name} '{value}' is no day and no time", mend="Write 2026-01-31 or 2026-01-31T06:00"
        ) from None


def role_of(text: str) -> str:
    """The role that enters something.

    Raises:
        ConfigError: it is empty, or looks like an account or an address.
    """
    if not re.fullmatch(_ROLE, text.strip()):
        raise ConfigError(
            f"'{text}' is no role", mend="Name a role, not a person, in letters, digits and blanks: safety engineer"
        )
    return text.strip()


def task_row(task: TaskRecord, zone: ZoneInfo) -> dict[str, Any]:
    """A task by the names of `COLUMNS`, as `task_of` reads it; what is unknown is left out."""
    row: dict[str, Any] = {"site": task.site, "camera": task.camera_id, "station": task.station, "name": task.name}
    for name, value in task.entered().items():
        if isinstance(value, bool):
            row[name] = "yes" if value else "no"
        elif isinstance(value, list):
            number = isinstance(value[0], float | int)
            row[name] = interval_text((value[0], value[1])) if number else ",".join(value)
        else:
            row[name] = value
    if task.valid_from != ALWAYS:
        row["valid_from"] = _local(task.valid_from, zone)
    if task.valid_to is not None:
        row["valid_to"] = _local(task.valid_to, zone)
    return {name: row[name] for name in COLUMNS if row.get(name)}


def write_tasks(tasks: Sequence[TaskRecord], form: str, zone: ZoneInfo) -> str:
    """A file that `read_tasks` reads, in the form "csv" or "yaml"."""
    rows = [task_row(task, zone) for task in tasks]
    if form == "yaml":
        return yaml.safe_dump({"tasks": rows}, sort_keys=False, allow_unicode=True)
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def interval_text(interval: Interval) -> str:
    """ "8", or "5..12"."""
    low, high = interval
    return f"{low:g}" if low == high else f"{low:g}..{high:g}"


def _csv_rows(text: str, source: str) -> list[tuple[str, Mapping[str, Any]]]:
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), skipinitialspace=True)
    names = [name.strip() for name in reader.fieldnames or ()]
    reader.fieldnames = names
    wrong = next((name for name in names if name not in COLUMNS), None)
    if wrong is not None or "name" not in names:
        problem = f"column '{wrong}' is not known" if wrong is not None else "there is no column 'name'"
        raise ConfigError(f"{source}: {problem}", mend=f"Begin with a line that has some of: {', '.join(COLUMNS)}")
    rows: list[tuple[str, Mapping[str, Any]]] = []
    try:
        for row in reader:
            label = f"row {reader.line_num}"
            if None in row:
                raise ConfigError(
                    f"{source}, {label}: more cells than columns", mend='Put cells with a comma in "quotes"'
                )
            if any(value and value.strip() for value in row.values()):
                rows.append((label, {name: (value or "").strip() for name, value in row.items()}))
    except csv.Error as error:
        raise ConfigError(f"{source}, row {reader.line_num}: {error}", mend="Mend that line") from None
    return rows


def _yaml_rows(text: str, source: str) -> list[tuple[str, Mapping[str, Any]]]:
    try:
        values = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{source}{line} is not valid YAML", mend="Mend that line") from None
    entries = values.get("tasks") if isinstance(values, dict) else values
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigError(f"{source} holds no list of tasks", mend="Write `tasks:` and under it `- name: ...`")
    return [(f"task {number}", entry) for number, entry in enumerate(entries, 1)]


def _name(field: str, value: Any, pattern: str) -> str:
    text = str(value).strip()
    if not re.search(pattern, text):
        raise ConfigError(
            f"{field} '{text}' is no name" if text else f"{field} is missing",
            mend="Write letters, digits, dot, dash, underscore"
            if field in ("site", "camera")
            else "Write a short text",
        )
    return text


def _flag(field: str, value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    known = _YES.get(str(value).strip().lower())
    if known is None:
        raise ConfigError(f"{field.replace('_', ' ')} '{value}' is neither yes nor no", mend="Write yes or no")
    return known


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _local(at: int, zone: ZoneInfo) -> str:
    return to_datetime(at).astimezone(zone).isoformat(timespec="minutes")
