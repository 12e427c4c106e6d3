"""Settings: who wins, what is refused and how, and that secrets stay secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spotter.core.errors import ConfigError
from spotter.core.settings import Settings, load_settings

SECRET = "rtsp://admin:Hunter2-XYZ@10.0.0.5/stream"


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Writes text to a settings file and gives its path."""

    def write(text: str) -> Path:
        path = tmp_path / "spotter.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def refusal(path: Path | None, overrides: dict[str, Any] | None = None) -> str:
    """The message with which these settings are refused."""
    with pytest.raises(ConfigError) as caught:
        load_settings(path, overrides)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_defaults_need_nothing() -> None:
    settings = load_settings()
    assert settings.cameras == ()
    assert settings.dashboard.host == "127.0.0.1"
    assert settings.pose.input_size % 32 == 0


def test_environment_over_file_and_options_over_environment(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write("pose: {input_size: 256, max_batch: 2, threads: 3}\nsite: from-file\n")
    monkeypatch.setenv("SPOTTER_POSE__INPUT_SIZE", "512")
    monkeypatch.setenv("SPOTTER_POSE__MAX_BATCH", "8")
    settings = load_settings(path, {"pose": {"max_batch": 16}})
    assert settings.site == "from-file"
    assert (settings.pose.threads, settings.pose.input_size, settings.pose.max_batch) == (3, 512, 16)


@pytest.mark.parametrize(
    ("text", "key", "near"),
    [
        ("poes: {}", "poes", "pose"),
        ("pose: {inputsize: 384}", "pose.inputsize", "input_size"),
        ("cameras: [{id: a, source: x, max_fsp: 3}]", "cameras.0.max_fsp", "max_fps"),
        ("cameras: [{id: a, source: x, view: {pitch_lo_deg: 3}}]", "cameras.0.view.pitch_lo_deg", "pitch_low_deg"),
        ("ergonomics: {fall: {confirms: 3}}", "ergonomics.fall.confirms", "confirm_s"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest(write: Any, text: str, key: str, near: str) -> None:
    message = refusal(write(text))
    assert f"unknown setting '{key}'" in message
    assert f"Did you mean '{near}'?" in message


def test_an_unknown_key_like_no_other_lists_the_known_ones(write: Any) -> None:
    message = refusal(write("log: {zzz: 1}"))
    assert "Known here: format, level" in message


def test_an_unknown_key_in_the_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOTTER_POSE__INPUTSIZE", "384")
    assert "Did you mean 'input_size'?" in refusal(None)


def test_a_bad_value_in_the_environment_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOTTER_CAMERAS", "not JSON, and Hunter2-XYZ")
    message = refusal(None)
    assert "cameras" in message
    assert "Hunter2" not in message


def test_bad_yaml_names_the_line(write: Any) -> None:
    assert "at line 2, column" in refusal(write("site: a\ncameras: [\n"[:-2] + "}\n"))


@pytest.mark.parametrize(("text", "holds"), [("- a\n- b\n", "list"), ("just words", "str")])
def test_a_file_that_is_no_mapping(write: Any, text: str, holds: str) -> None:
    assert f"holds a {holds}, not a mapping" in refusal(write(text))


def test_an_empty_file_is_all_defaults(write: Any) -> None:
    assert load_settings(write("# nothing yet\n")) == load_settings()


def test_a_missing_file_a_folder_and_bytes(tmp_path: Path) -> None:
    assert "No such file" in refusal(tmp_path / "none.yaml")
    assert "Is a directory" in refusal(tmp_path)
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8 text" in refusal(tmp_path / "binary.yaml")


def test_two_cameras_of_one_name(write: Any) -> None:
    assert "two cameras are named 'a'" in refusal(write("cameras: [{id: a, source: x}, {id: a, source: y}]"))


@pytest.mark.parametrize(
    ("overrides", "key"),
    [
        ({"pose": {"input_size": 100}}, "pose.input_size"),
        ({"dashboard": {"port": 70000}}, "dashboard.port"),
        ({"cameras": [{"id": "../x", "source": "y"}]}, "cameras.0.id"),
        ({"cameras": [{"id": "x"}]}, "cameras.0.source"),
    ],
)
def test_a_value_out_of_range_names_its_key(overrides: dict[str, Any], key: str) -> None:
    assert f"setting '{key}'" in refusal(None, overrides)


def test_secrets_are_hidden_wherever_settings_are_shown() -> None:
    settings = load_settings(
        None,
        {
            "cameras": [{"id": "a", "source": SECRET}],
            "store": {"url": "postgresql://spotter:Hunter2-XYZ@db/spotter"},
        },
    )
    for shown in (repr(settings), str(settings), str(settings.printable()), settings.model_dump_json()):
        assert "Hunter2" not in shown
        assert "**********" in shown
    assert settings.cameras[0].address() == SECRET


@pytest.mark.parametrize(
    "camera",
    [
        {"id": "a b", "source": SECRET},
        {"id": "a", "source": {"url": SECRET}},
        {"id": "a", "source": [SECRET]},
        {"id": "a", "source": SECRET, "max_fps": SECRET},
        {"id": "a", "source": SECRET, "sauce": SECRET},
    ],
)
def test_errors_hold_no_secret(camera: dict[str, Any]) -> None:
    assert "Hunter2" not in refusal(None, {"cameras": [camera]})


def test_settings_cannot_be_changed() -> None:
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.site = "other"  # type: ignore[misc]


def test_every_setting_is_documented() -> None:
    undocumented = []

    def visit(model: Any, prefix: str) -> None:
        for name, field in model.model_fields.items():
            inner = getattr(field.annotation, "__args__", (field.annotation,))[0]
            if hasattr(inner, "model_fields"):
                visit(inner, f"{prefix}{name}.")
            elif not field.description:
                undocumented.append(f"{prefix}{name}")

    visit(Settings, "")
    assert undocumented == []
