"""The root command: help that teaches, one line for an error, exit codes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from spotter.cli import app
from spotter.core import errors


def test_help_names_every_command_and_is_quick(spotter):
    outcome = spotter("--help")
    assert outcome.code == 0
    for entry in app.ENTRIES:
        assert f"  {entry.name} " in outcome.out
    assert outcome.err == ""


def test_root_help_imports_no_heavy_library():
    heavy = ("cv2", "onnxruntime", "torch", "sqlalchemy", "fastapi", "numpy", "rich")
    code = (
        "import sys\nfrom spotter.cli.app import execute\nassert execute(['--help']) == 0\n"
        f"print([name for name in {heavy} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_no_arguments_teach_like_help(spotter):
    assert spotter().out == spotter("--help").out


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version(spotter, option):
    import spotter as package

    outcome = spotter(option)
    assert (outcome.code, outcome.out) == (0, f"spotter {package.__version__}\n")


@pytest.mark.parametrize("command", ["run", "demo", "doctor", "config", "analyze"])
def test_every_command_has_help_with_examples(spotter, command):
    outcome = spotter(command, "--help")
    assert outcome.code == 0
    assert f"spotter {command}" in outcome.out.split("Examples:")[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nothing"], ["nothing"]),
        (["run", "--spede", "max"], ["--spede", "spotter run --help"]),
        (["run", "--speed", "fast"], ["fast", "realtime"]),
        (["run", "--port", "many"], ["--port", "integer"]),
        (["demo", "--rounds", "-1"], ["--rounds", "0"]),
    ],
)
def test_wrong_usage_is_one_line_and_exit_2(spotter, arguments, words):
    outcome = spotter(*arguments)
    assert outcome.code == 2
    line = outcome.one_line()
    assert all(word in line for word in words), line


@pytest.mark.parametrize(
    "error", [errors.ConfigError, errors.SourceError, errors.ModelError, errors.StoreError, errors.PortError]
)
def test_an_error_of_the_tree_is_its_line_and_its_code(monkeypatch, capsys, error):
    def fail() -> None:
        raise error("thing 'x' is wrong", mend="Mend it")

    monkeypatch.setattr(app, "build", lambda _: lambda **_: fail())
    assert app.execute(["run"]) == error.exit_code
    assert capsys.readouterr().err == "spotter: thing 'x' is wrong. Mend it\n"


def test_a_fault_is_one_line_and_exit_70(monkeypatch, capsys):
    monkeypatch.delenv(app.DEBUG_VARIABLE, raising=False)
    monkeypatch.setattr(app, "build", lambda _: lambda **_: 1 / 0)
    assert app.execute(["run"]) == 70
    text = capsys.readouterr().err
    assert text.count("\n") == 1
    assert "ZeroDivisionError" in text
    assert "SPOTTER_DEBUG=1" in text


def test_a_fault_shows_its_traceback_when_asked(monkeypatch, capsys):
    monkeypatch.setenv(app.DEBUG_VARIABLE, "1")
    monkeypatch.setattr(app, "build", lambda _: lambda **_: 1 / 0)
    assert app.execute(["run"]) == 70
    assert "Traceback" in capsys.readouterr().err


def test_ctrl_c_is_quiet(monkeypatch, capsys):
    def interrupt(**_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "build", lambda _: interrupt)
    assert app.execute(["run"]) == 130
    assert capsys.readouterr().err == ""


def test_a_reader_that_leaves_is_quiet():
    command = Path(sys.executable).with_name("spotter")
    done = subprocess.run(
        ["bash", "-c", f"'{command}' config | true; echo ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout.strip() in ("0", "1")  # 0: everything was written before the reader left.
