"""`spotter assess` as people run it: list, options, files, JSON, questions on a terminal, errors of one line."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from spotter.cli.app import execute
from spotter.cli.assess_examples import EXAMPLES
from spotter.ergonomics.methods import assess, methods

COMMAND = Path(sys.executable).with_name("spotter")

TASKS = """load_kg,h_cm,v_cm,d_cm,a_deg,f_per_min,coupling
12,30,60,40,0,1,good
8,35..45,75,30,0,2,fair
"""
US_TASKS = """load_lb,h_in,v_in,d_in,a_deg,f_per_min,coupling
12,18,4,16,0,2.4,fair
12,16,20,0,0,2.4,fair
"""
LIFTS = "fili\n" + "\n".join(f"{0.6 + 0.05 * n:.2f}" for n in range(30))


def run(capsys: pytest.CaptureFixture[str], line: str) -> tuple[int, str, str]:
    code = execute(["assess", *shlex.split(line)])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_the_command_lists_the_methods(spotter):
    done = spotter("assess")
    assert done.code == 0
    listed = [line.split()[0] for line in done.out.splitlines() if line and not line.startswith("spotter")]
    assert listed == list(methods())


def test_help_shows_options_ranges_and_examples(spotter):
    done = spotter("assess", "reba", "--help")
    assert done.code == 0
    assert "--load-kg KG" in done.out
    assert "--upper-arm DEG" in done.out
    assert "--coupling good|fair|poor|unacceptable" in done.out
    assert "Hignett & McAtamney 2000" in " ".join(done.out.split())
    assert "spotter assess reba --trunk-flexion 45" in done.out


def test_a_page_for_people(capsys):
    code, out, err = run(capsys, "reba --trunk-flexion 45 --load-kg 5..10 --coupling fair,good --upper-arm -10")
    assert (code, err) == (0, "")
    result = assess("reba", trunk_flexion=45, load_kg=(5, 10), coupling=("fair", "good"), upper_arm=-10)
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert f"REBA {result.low:.0f} to {result.high:.0f}, most probably {result.value:.0f}" in lines
    assert "load_kg 5 to 10 kg entered" in lines
    assert "coupling fair or good entered" in lines
    assert "upper_arm (both) -10 deg entered" in lines
    assert "stance 2" in lines, "what to find out first"
    bars = [line for line in lines if "·" in line or "█" in line]
    assert len(bars) == 5
    assert all(line.endswith("%") for line in bars)
    assert "a competent person, who decides" in out
    assert "jobs, not people" in " ".join(lines)
    assert max(map(len, out.splitlines())) <= 100


def test_json_is_the_result_of_the_library(capsys):
    code, out, _ = run(capsys, "rula --upper-arm 30 --trunk-flexion 10..30 --table hedge --json")
    assert code == 0
    shown = json.loads(out)
    result = assess("rula", upper_arm=30, trunk_flexion=(10, 30), table="hedge")
    assert (shown["low"], shown["high"], shown["value"]) == (result.low, result.high, result.value)
    assert shown["table_version"] == "hedge"
    assert shown["levels"] == dict(result.levels)
    assert shown["inputs"]["trunk_flexion"]["provenance"] == "entered"
    assert shown["inputs"]["left_wrist_flexion"]["provenance"] == "unknown"


@pytest.mark.parametrize("name", list(methods()))
def test_the_examples_of_the_help_run(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("tasks.csv").write_text(US_TASKS if name.endswith("_us") else TASKS, encoding="utf-8")
    Path("lifts.csv").write_text(LIFTS, encoding="utf-8")
    Path("loads.csv").write_text("load_kg,lever_cm,lifts_per_day\n13,40,400\n5,30..50,900\n", encoding="utf-8")
    assert EXAMPLES[name]
    for example in EXAMPLES[name]:
        code, out, err = run(capsys, f"{name} {example}")
        assert (code, err) == (0, ""), example
        assert "exact" in out or "bounded" in out or example.endswith("--json")


def test_files(tmp_path, capsys):
    table = tmp_path / "tasks.csv"
    table.write_text(TASKS, encoding="utf-8")
    _, from_csv, _ = run(capsys, f"cli --file {table} --duration short --json")
    listed = tmp_path / "tasks.yaml"
    listed.write_text(
        "- {load_kg: 12, h_cm: 30, v_cm: 60, d_cm: 40, a_deg: 0, f_per_min: 1, coupling: good}\n"
        "- {load_kg: 8, h_cm: 35..45, v_cm: 75, d_cm: 30, a_deg: 0, f_per_min: 2, coupling: fair}\n",
        encoding="utf-8",
    )
    _, from_list, _ = run(capsys, f"cli --file {listed} --duration short --json")
    named = tmp_path / "job.yml"
    named.write_text("duration: long\ntasks:\n" + listed.read_text(encoding="utf-8"), encoding="utf-8")
    _, from_names, _ = run(capsys, f"cli --file {named} --duration short --json")
    assert json.loads(from_csv) == json.loads(from_list) == json.loads(from_names), (
        "an option counts more than the file"
    )
    posture = tmp_path / "posture.yaml"
    posture.write_text("trunk-flexion: 45\nload_kg: [5, 10]\ntrunk_twisted: true\n", encoding="utf-8")
    _, out, _ = run(capsys, f"reba --file {posture} --json")
    expected = assess("reba", trunk_flexion=45, load_kg=(5, 10), trunk_twisted=True)
    assert json.loads(out)["low"] == expected.low


@pytest.mark.parametrize(
    ("line", "words", "code"),
    [
        ("reba --load-kg -3", "reba: load_kg is -3 kg. Give 0 to 200 kg, or leave it out", 12),
        ("reba --load-kg heavy", "reba: load_kg is 'heavy', which is not a number", 12),
        ("reba --coupling firm", "reba: coupling is 'firm'. Choose from good, fair, poor, unacceptable", 12),
        ("reba --json", "reba: nothing is given. Give inputs as options", 12),
        ("reba --trunk 4", "No such option: --trunk", 2),
        ("rebar --load-kg 4", "No such command 'rebar'", 2),
        ("reba --file nowhere.yaml", "cannot read nowhere.yaml: No such file or directory", 2),
        ("reba --file rows.csv", "rows.csv holds rows, but reba judges one posture or task", 2),
        ("cli --file empty.csv", "empty.csv has no rows", 2),
        ("cli --file ragged.csv", "ragged.csv line 2 has another number of cells than the header", 2),
        ("cli --file broken.yaml", "broken.yaml is not YAML at line 1", 2),
        ("cli --file nothing.yaml", "nothing.yaml holds no inputs", 2),
        ("cli --file binary.yaml", "cannot read binary.yaml: it is not text", 2),
        ("reba --file unknown.yaml", "reba does not ask for back", 12),
        ("cli --file rows.csv", "cli: tasks does not ask for load", 12),
    ],
)
def test_errors_are_one_line_with_the_mend(line, words, code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("rows.csv").write_text("load\n5\n", encoding="utf-8")
    Path("empty.csv").write_text("load_kg\n", encoding="utf-8")
    Path("ragged.csv").write_text("load_kg,h_cm\n5\n", encoding="utf-8")
    Path("broken.yaml").write_text("{load_kg: [", encoding="utf-8")
    Path("nothing.yaml").write_text("", encoding="utf-8")
    Path("binary.yaml").write_bytes(b"\xff\xfe\x00\x80")
    Path("unknown.yaml").write_text("back: bent\n", encoding="utf-8")
    found, out, err = run(capsys, line)
    assert found == code
    assert out == ""
    assert len(err.splitlines()) == 1
    assert words in err


def test_the_pages_in_the_docs_are_what_the_command_prints(tmp_path, monkeypatch, capsys):
    text = (Path(__file__).parents[2] / "docs" / "assess.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(yaml)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    monkeypatch.chdir(tmp_path)
    Path("posture.yaml").write_text(next(block for kind, block in blocks if kind), encoding="utf-8")
    shown = [block.split("\n", 1) for _, block in blocks if block.startswith("$ spotter assess ")]
    assert len(shown) == 2
    for command, printed in shown:
        code, out, _ = run(capsys, command.removeprefix("$ spotter assess "))
        assert code == 0
        assert printed.strip() in out, command


def answers(*arguments: str, typed: str) -> str:
    """What a terminal shows while the answers are typed."""
    control, terminal = pty.openpty()
    with subprocess.Popen(
        [COMMAND, "assess", *arguments], stdin=terminal, stdout=terminal, stderr=terminal, close_fds=True
    ) as process:
        os.close(terminal)
        os.write(control, typed.encode())
        shown = b""
        while True:
            try:
                part = os.read(control, 4096)
            except OSError:  # Linux says so when the other side has been closed.
                break
            if not part:
                break
            shown += part
        assert process.wait(30) == 0, shown.decode()
    os.close(control)
    return shown.decode()


def test_questions_on_a_terminal():
    shown = answers("owas", typed="bent\nsideways\nboth_below_shoulder\n\n12\n")
    assert "[1/4] Back." in shown
    assert "so far: OWAS category 2 to 4" in shown
    assert "arms is 'sideways'. Choose from both_below_shoulder" in shown
    assert shown.count("[2/4]") == 1, "a wrong answer is asked again, not the next question"
    result = assess("owas", back="bent", arms="both_below_shoulder", load_kg=12)
    assert f"OWAS category {result.low:.0f} to {result.high:.0f}" in shown
    assert "unknown: legs" in shown


def test_both_sides_are_one_question():
    shown = answers("iso11226", typed="\n" * 5 + "15\nno\n\n")
    assert "[6/8]" in shown
    assert "(both left and right)" in shown
    assert "arm_elevation (both)  15 deg" in shown
