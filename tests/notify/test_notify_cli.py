"""`spotter notify` as people use it: the real command on a real database, with a real receiver."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from notify_tools import SECRET, fall, found, notify_settings, person_down, record, states, wait_until, webhook, working
from webhook import WebhookReceiver

from spotter.cli.app import execute
from spotter.core.store import Store

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Exit code, stdout and stderr of `spotter notify ...`, in this process and an empty folder."""
    monkeypatch.setenv("COLUMNS", "240")
    folder = tmp_path / "cwd"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def run(*arguments: object) -> tuple[int, str, str]:
        capsys.readouterr()  # What was logged before.
        code = execute(["notify", *map(str, arguments)])
        written = capsys.readouterr()
        assert "Traceback" not in written.err
        assert SECRET not in written.out + written.err
        return code, written.out, written.err

    return run


@pytest.fixture
def config(tmp_path: Path, sqlite_url: str, receiver: WebhookReceiver) -> Path:
    """A settings file with two channels, and the database that it names."""
    path = tmp_path / "site.yaml"
    channels: list[dict[str, Any]] = [
        webhook(receiver.url()),
        webhook("http://127.0.0.1:1/", "gone", kinds=["possible_fall"], cameras=["dock", "gate"]),
    ]
    path.write_text(yaml.safe_dump({"site": "north", "store": {"url": sqlite_url}, "notify": {"channels": channels}}))
    return path


@pytest.fixture
def worked(sqlite_store: Store, receiver: WebhookReceiver) -> Store:
    """A store with a delivered and a dead delivery of a fall, and of a person down that nobody takes."""
    receiver.answers.append(200)
    settings = notify_settings(
        webhook(receiver.url(), kinds=["possible_fall"]),
        webhook("http://127.0.0.1:1/", "gone", kinds=["possible_fall"]),
        max_attempts=2,
    )
    record(sqlite_store, fall())
    record(sqlite_store, person_down(1))
    with working(settings, sqlite_store):
        wait_until(lambda: sorted(states(sqlite_store)) == ["dead", "delivered", "no_channel"])
    return sqlite_store


def test_channels(run: Run, config: Path, worked: Store) -> None:
    code, out, err = run("channels", "--config", config)
    assert (code, err) == (0, "")
    header, hook, gone = out.splitlines()
    assert header.split() == ["Channel", "Type", "Carries", "Pending", "Dead", "Withheld"]
    assert hook.split() == ["hook", "webhook", "everything", "0", "0", "0"]
    assert gone.split() == ["gone", "webhook", "cameras", "dock,", "gate;", "kinds", "possible_fall", "0", "1", "0"]
    code, out, _ = run("channels", "--config", config, "--format", "json")
    assert [(one["name"], one["dead"]) for one in json.loads(out)] == [("hook", 0), ("gone", 1)]


def test_no_channels(run: Run, sqlite_url: str) -> None:
    code, out, _ = run("channels", "--database", sqlite_url)
    assert code == 0
    assert out.startswith("No channel is configured")


def test_a_test_message(run: Run, config: Path, receiver: WebhookReceiver) -> None:
    code, out, err = run("test", "hook", "--config", config)
    assert (code, out, err) == (0, "Channel 'hook' has taken the test message.\n", "")
    (one,) = receiver.received
    assert one.json["type"] == "test"
    assert "this is not an alert" in one.json["title"]
    assert "site north" in one.json["text"]


def test_a_test_message_that_does_not_arrive(run: Run, config: Path) -> None:
    code, out, err = run("test", "gone", "--config", config)
    assert (code, out) == (10, "")
    assert err == "spotter: channel 'gone': 127.0.0.1 cannot be reached (Connection refused)\n"
    code, _, err = run("test", "nobody", "--config", config)
    assert (code, err) == (2, "spotter: no channel is named 'nobody'. Channels: hook, gone\n")


def test_deliveries(run: Run, config: Path, worked: Store) -> None:
    code, out, err = run("deliveries", "--config", config)
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == 4
    code, out, _ = run("deliveries", "--config", config, "--state", "dead")
    header, dead = out.splitlines()
    assert header.split()[:5] == ["Id", "Made", "(UTC)", "Channel", "What"]
    assert f"possible fall raised at dock ({str(fall().id)[:8]})" in dead
    assert "channel 'gone': 127.0.0.1 cannot be reached" in dead
    code, out, _ = run("deliveries", "--config", config, "--format", "json")
    delivered = {one["state"]: one for one in json.loads(out)}
    assert delivered.keys() == {"dead", "delivered", "no_channel"}
    assert delivered["delivered"]["alert_id"] == str(fall().id)
    assert (delivered["no_channel"]["channel"], delivered["no_channel"]["kind"]) == ("-", "person_down")
    code, out, _ = run("deliveries", "--config", config, "--channel", "none")
    assert out.startswith("No deliveries match in database ")


def test_replay(run: Run, config: Path, worked: Store) -> None:
    dead = next(one.id for one in found(worked) if one.state == "dead")
    assert run("replay", dead, "--config", config) == (0, "1 delivery is pending again.\n", "")
    code, _, err = run("replay", dead, 4711, "--config", config)
    assert code == 2
    assert "0 sent again; not there, or on their way or delivered: " in err
    assert f"{dead}, 4711" in err
    assert run("replay", "--all", "--config", config)[1] == "0 deliveries are pending again.\n"
    assert run("replay", "--all", "--state", "no_channel", "--config", config)[1] == "1 delivery is pending again.\n"
    assert [(entry.actor, entry.action, dict(entry.details)) for entry in worked.audit()][-1] == (
        "spotter notify",
        "replay",
        {"count": 1, "deliveries": [3]},
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "say what to send again. Give ids, or --channel NAME, or --all"),
        (["--all", "--channel", "hook"], "say what to send again"),
        (["--all", "--state", "pending"], "deliveries in state 'pending' cannot be sent again"),
        (["--all", "--state", "nosuch"], "nosuch"),
        (["first"], "Invalid value for 'ids'"),
    ],
)
def test_a_replay_that_makes_no_sense(run: Run, config: Path, arguments: list[str], says: str) -> None:
    code, _, err = run("replay", *arguments, "--config", config)
    assert code == 2
    assert says in err


def test_a_database_that_is_not_there(run: Run, tmp_path: Path) -> None:
    code, _, err = run("deliveries", "--database", tmp_path / "none.db")
    assert code == 5
    assert "no database at" in err
