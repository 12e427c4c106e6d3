"""The task catalogue as people write it: what is read, what is written, and what is said of a wrong row."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from spotter.core.errors import ConfigError
from spotter.core.store import TaskRecord
from spotter.core.store.task_records import ALWAYS
from spotter.report.catalogue import COLUMNS, read_tasks, task_of, write_tasks

BERLIN = ZoneInfo("Europe/Berlin")
HEAD = "name,station,load,coupling,container_width,hands,hours,frequency,significant_control,body_mass,activity"
CSV = f"""{HEAD},valid_from
pallets,bench 2,5..12,"fair,poor",40,two,6..8,2.5,yes,60..90,"static, repeated",2026-03-29T06:00
sweeping,,,,,,,,,,,
"""


def read(text: str, form: str = "csv") -> list[TaskRecord]:
    return read_tasks(text, form, site="plant", zone=BERLIN, entered_by="planner", at=7000, source="'tasks.csv'")


def one(**fields: Any) -> TaskRecord:
    return task_of({"name": "pallets", **fields}, where="row 2", site="plant", zone=BERLIN, entered_by="planner", at=0)


def test_a_csv_is_read() -> None:
    pallets, sweeping = read(CSV)
    assert pallets == TaskRecord(
        "plant", "pallets", station="bench 2", load=(5, 12), coupling=("fair", "poor"), container_width=(40, 40),
        hands="two", hours=(6, 8), frequency=(2.5, 2.5), significant_control=True, body_mass=(60, 90),
        activity=("static", "repeated"), valid_from=1_774_756_800_000_000_000, entered_by="planner", entered_at=7000,
    )  # fmt: skip
    assert sweeping == TaskRecord("plant", "sweeping", entered_by="planner", entered_at=7000)
    assert sweeping.valid_from == ALWAYS
    assert sweeping.entered() == {}


def test_yaml_is_read_with_numbers_lists_and_flags() -> None:
    text = "tasks:\n- {name: pallets, load: [5, 12], coupling: [poor], hours: 8, significant_control: false}\n"
    assert read(text, "yaml") == [
        TaskRecord(
            "plant", "pallets", load=(5, 12), coupling=("poor",), hours=(8, 8), significant_control=False,
            entered_by="planner", entered_at=7000,
        )
    ]  # fmt: skip
    assert read(text.removeprefix("tasks:\n"), "yaml") == read(text, "yaml")


@pytest.mark.parametrize("form", ["csv", "yaml"])
def test_what_is_written_is_read_again(form: str) -> None:
    tasks = read(CSV)
    assert read(write_tasks(tasks, form, BERLIN), form) == tasks


def test_a_spreadsheet_may_write_its_mark_blank_lines_and_commas() -> None:
    assert read('\ufeffname, load\n\n pallets, "7,5"\n\n')[0].load == (7.5, 7.5)


@pytest.mark.parametrize(
    ("text", "form", "said"),
    [
        ("name,load\npallets,5..12\ncrates,heavy\n", "csv", "'tasks.csv', row 3: load 'heavy' is no number"),
        ("name,weight\npallets,5\n", "csv", "column 'weight' is not known"),
        ("load\n5\n", "csv", "no column 'name'"),
        ("name,load\npallets,5,12\n", "csv", "row 2: more cells than columns"),
        ("name,load\na,5\na,6\n", "csv", "row 3: task 'a' is there twice, also in row 2"),
        ("name,load\n,5\n", "csv", "row 2: name is missing"),
        ("name\n", "csv", "holds no task"),
        ("tasks: 5", "yaml", "holds no list of tasks"),
        ("- name: [", "yaml", "line 1 is not valid YAML"),
        ("- {name: pallets, weight: 5}", "yaml", "task 1: 'weight' is no field of a task"),
    ],
)  # fmt: skip
def test_an_error_names_the_row_the_value_and_the_mend(text: str, form: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        read(text, form)
    assert said in str(error.value)
    assert str(error.value).startswith("'tasks.csv'")
    assert error.value.mend
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"load": "12..5"}, "load '12..5' ends below its beginning. Write 5..12"),
        ({"load": "600"}, "load '600' is out of range. It may be 0 to 500 kg"),
        ({"load": "-3"}, "load '-3' is no number"),
        ({"load": "nan"}, "load 'nan' is no number"),
        ({"hours": 25}, "hours '25' is out of range"),
        ({"body_mass": "5"}, "body mass '5' is out of range"),
        ({"coupling": "fair,bad"}, "coupling 'bad' is not known. Write one or more of good, fair, poor"),
        ({"hands": "three"}, "hands 'three' is not known"),
        ({"hands": "one,two"}, "hands 'one,two' is not known. Write one of"),
        ({"significant_control": "perhaps"}, "significant control 'perhaps' is neither yes nor no"),
        ({"valid_from": "tomorrow"}, "valid_from 'tomorrow' is no day and no time"),
        ({"valid_from": "2026-02-01", "valid_to": "2026-01-01"}, "valid_to '2026-01-01' is not after valid_from"),
        ({"camera": "a/b"}, "camera 'a/b' is no name"),
        ({"station": "x" * 81}, "is no name"),
        ({"name": "a\x00b"}, "is no name"),
    ],
)
def test_a_field_that_cannot_be_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        one(**fields)
    assert said in str(error.value)
    assert str(error.value).startswith("row 2: ")


@pytest.mark.parametrize("role", ["", "jane.doe@example.org", "a\nb", "7", "x" * 64])
def test_only_a_role_may_enter_something(role: str) -> None:
    with pytest.raises(ConfigError, match="is no role"):
        task_of({"name": "pallets"}, where="row 2", site="plant", zone=BERLIN, entered_by=role, at=0)


def test_every_field_of_a_task_has_a_column() -> None:
    fields = set(TaskRecord.__dataclass_fields__) - {"entered_by", "entered_at"}
    assert {name.replace("camera_id", "camera") for name in fields} == set(COLUMNS)
