"""The real `spotter` command in a process of its own, in an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import pytest

from spotter.cli.app import execute

COMMAND = Path(sys.executable).with_name("spotter")


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str

    def lines(self) -> list[str]:
        """Lines on stderr that are for people, without the JSON logs."""
        return [line for line in self.err.splitlines() if not line.startswith("{")]

    def one_line(self) -> str:
        """The one line that an error is; fails when there is a traceback or more than one line."""
        assert "Traceback" not in self.err, self.err
        assert len(self.lines()) == 1, self.err
        line = self.lines()[0]
        assert line.startswith("spotter: "), line
        return line


class Run(Protocol):
    """Runs `spotter` with arguments."""

    def __call__(
        self, *arguments: object, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> Outcome: ...


@pytest.fixture
def spotter(tmp_path: Path) -> Run:
    """`spotter("run", "--camera", ...)` in an empty current folder, without this machine's SPOTTER_ variables."""
    folder = tmp_path / "cwd"
    folder.mkdir()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SPOTTER_")}

    def run(*arguments: object, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Outcome:
        done = subprocess.run(
            [COMMAND, *map(str, arguments)],
            cwd=cwd or folder,
            env={**inherited, **(env or {})},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """`refused("run", ...)` within this process, which is quick: exit code, and the one line of the error."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.startswith("SPOTTER_"):
            monkeypatch.delenv(name)

    def run(*arguments: object) -> tuple[int, str]:
        code = execute([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert out == ""
        return code, Outcome(code, out, err).one_line()

    return run


@pytest.fixture(scope="session")
def demo_clips() -> Path:
    """Folder of the clips that are shipped with the package."""
    import spotter

    return Path(spotter.__file__).with_name("demo")


@pytest.fixture
def pictures(tmp_path: Path, demo_clips: Path) -> Path:
    """A folder of eight good images, from a shipped clip."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    capture = cv2.VideoCapture(str(demo_clips / "dock.mp4"))
    for number in range(8):
        read, picture = capture.read()
        assert read
        cv2.imwrite(str(folder / f"{number:03}.jpg"), picture)
    capture.release()
    return folder
