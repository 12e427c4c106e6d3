"""`spotter config` and `spotter doctor` on good and bad settings."""

from __future__ import annotations

import json
import socket

import pytest
import yaml

from spotter.cli.config import example_text, rows
from spotter.core.settings import Settings


def test_the_example_is_valid_and_speaks_of_every_section():
    values = yaml.safe_load(example_text())
    Settings(**values)
    assert set(values) == set(Settings.model_fields)


def test_the_example_shows_the_defaults():
    shown, defaults = Settings(**yaml.safe_load(example_text())).printable(), Settings().printable()
    for section in set(shown) - {"cameras", "store"}:
        assert shown[section] == defaults[section]
    assert yaml.safe_load(example_text())["store"]["url"] == Settings().store.url.get_secret_value()


def test_every_setting_has_a_row_with_a_meaning():
    table = {row.name: row for row in rows(Settings())}
    assert "ergonomics.fall.confirm_s" in table
    assert "cameras[].source" in table
    assert [row.name for row in table.values() if not row.meaning] == []


def test_config_marks_what_differs_and_hides_secrets(spotter, tmp_path):
    file = tmp_path / "site.yaml"
    file.write_text(
        "cameras: [{id: gate, source: 'rtsp://user:Hunter2@h/s?key=Hunter2'}]\npose: {input_size: 256}\n"
        "store: {url: 'postgresql://me:Hunter2@db/spotter'}\n"
    )
    outcome = spotter("config", "--config", file)
    assert outcome.code == 0
    assert "* pose.input_size = 256  (default 384)" in outcome.out
    assert "postgresql://***@db/spotter" in outcome.out
    assert "Hunter2" not in outcome.out + spotter("config", "--config", file, "--json").out


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pose: {modl: x}", ["pose.modl", "model"]),
        ("poze: {}", ["poze", "pose"]),
        ("pose: {input_size: 100}", ["pose.input_size", "multiple of 32"]),
        ("cameras: [{id: 'a b', source: x}]", ["cameras.0.id"]),
        ("cameras: [", ["line"]),
        ("- 1", ["mapping"]),
    ],
)
def test_a_bad_file_is_one_line_that_names_the_key(spotter, tmp_path, text, words):
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    for command in ("config", "run"):
        outcome = spotter(command, "--config", file)
        assert outcome.code == 2
        assert all(word in outcome.one_line() for word in [*words, "bad.yaml"]), outcome.err


def test_doctor_is_content_with_this_machine(spotter):
    outcome = spotter("doctor", "--json", env={"SPOTTER_DASHBOARD__PORT": "0"})
    findings = {finding["name"]: finding for finding in json.loads(outcome.out)}
    assert [finding for finding in findings.values() if finding["verdict"] == "fail"] == []
    assert outcome.code == 0
    assert "1 people in a demo frame" in findings["inference"]["detail"]


def test_doctor_names_each_fault_and_its_mend(spotter, tmp_path):
    (tmp_path / "plain").write_text("")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        file = tmp_path / "site.yaml"
        file.write_text(
            f"cameras: [{{id: gone, source: gone.mp4}}, {{id: far, source: 'rtsp://u:secret@127.0.0.1:1/'}}]\n"
            f"store: {{url: 'sqlite:///{tmp_path}/plain/x.db'}}\ndashboard: {{port: {port}}}\npose: {{model: nope}}\n"
        )
        outcome = spotter("doctor", "--json", "--config", file)
        table = spotter("doctor", "--config", file)
    failed = {finding["name"]: finding for finding in json.loads(outcome.out) if finding["verdict"] == "fail"}
    assert set(failed) == {"camera gone", "camera far", "database", "dashboard port", "inference"}
    assert all(finding["mend"] for finding in failed.values())
    assert outcome.code == table.code == 1
    assert "5 failed" in table.out
    assert "secret" not in outcome.out + table.out


def test_doctor_goes_on_when_the_settings_are_wrong(spotter, tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text("poze: {}\n")
    outcome = spotter("doctor", "--json", "--config", file)
    findings = json.loads(outcome.out)
    assert findings[0]["verdict"] == "fail"
    assert "poze" in findings[0]["detail"]
    assert len(findings) > 10
    assert outcome.code == 1
