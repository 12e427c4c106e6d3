"""Settings of channels: what is refused and how, secrets by reference, every field documented."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
from notify_tools import SECRET, notify_settings, webhook

from spotter.cli.config import rows
from spotter.core.contracts import Severity
from spotter.core.errors import ConfigError
from spotter.core.settings import load_settings
from spotter.core.settings.channels import CHANNEL_KINDS, BaseChannel
from spotter.core.settings.secret import Secret
from spotter.notify.channels import KINDS, open_channel

KINDS_OF_SETTINGS = tuple(CHANNEL_KINDS.values())

EXAMPLES: dict[str, dict[str, Any]] = {
    "webhook": {"url": "https://host/path", "secret": SECRET},
    "apprise": {"url": "json://host/"},
    "mqtt": {"host": "broker"},
    "kafka": {},
    "alertmanager": {"url": "http://host:9093"},
}


def refusal(channel: dict[str, Any] | None = None, **notify: Any) -> str:
    """The one line with which settings are refused; it holds no secret."""
    with pytest.raises(ConfigError) as caught:
        notify_settings(*([channel] if channel else []), **notify)
    text = str(caught.value)
    assert "\n" not in text
    assert "Hunter2" not in text
    return text


def hook(**more: Any) -> dict[str, Any]:
    return {"type": "webhook", "name": "hook", "url": "https://ops:Hunter2@host/", "secret": "Hunter2-" * 3, **more}


@pytest.mark.parametrize("kind", KINDS_OF_SETTINGS, ids=lambda kind: str(kind.__name__))
def test_every_setting_of_a_channel_is_documented(kind: type[BaseChannel]) -> None:
    assert [name for name, field in kind.model_fields.items() if not field.description and name != "type"] == []


def test_every_kind_of_settings_is_a_channel_that_opens() -> None:
    assert (
        EXAMPLES.keys()
        == KINDS.keys()
        == {get_args(kind.model_fields["type"].annotation)[0] for kind in KINDS_OF_SETTINGS}
    )
    for kind, values in EXAMPLES.items():
        settings = notify_settings({"type": kind, "name": "one", **values})
        open_channel(settings.notify.channels[0], settings).close()


@pytest.mark.parametrize(
    ("channel", "says"),
    [
        ({"name": "a"}, "setting 'notify.channels.0': Unable to extract tag using discriminator 'type'"),
        ({"name": "a", "type": "webhok"}, "'webhok' found using 'type' does not match any of the expected tags"),
        (hook(name="two words"), "setting 'notify.channels.0.webhook.name' is 'two words'"),
        (hook(urll="Hunter2"), "unknown setting 'notify.channels.0.webhook.urll'. Did you mean 'url'?"),
        (hook(retry={"mins": 1}), "unknown setting 'notify.channels.0.webhook.retry.mins'. Did you mean 'min_s'?"),
        (hook(secret={"fil": "/x"}), "unknown setting 'notify.channels.0.webhook.secret.fil'. Did you mean 'file'?"),
        (hook(secret={"file": "/x", "env": "Y"}), "write it as text, as {file: PATH} or as {env: NAME}"),
        (hook(secret={}), "write it as text, as {file: PATH} or as {env: NAME}"),
        (hook(secret=["Hunter2"]), "setting 'notify.channels.0.webhook.secret'"),
        (hook(rate={"P2": {"messages": 0, "per_s": 1}}), "setting 'notify.channels.0.webhook.rate.P2.messages' is 0"),
        (hook(rate={"P2": {"mesages": 1, "messages": 1, "per_s": 1}}), "Did you mean 'messages'?"),
        (
            hook(quiet_hours=[{"between": "22-6"}]),
            "webhook.quiet_hours.0.between' is '22-6'",
        ),
        (hook(quiet_hours=[{"between": "22:00-06:00", "days": ["fry"]}]), "is 'fry'"),
        (hook(time_zone="Mars/Olympus"), "not a time zone; write for example Europe/Berlin or UTC"),
        (hook(kinds=["fall"]), "setting 'notify.channels.0.webhook.kinds.0' is 'fall'"),
        ({"type": "mqtt", "name": "m", "host": "h", "topic": "a/#"}, "a topic has no '+' or '#'"),
        ({"type": "mqtt", "name": "m", "host": "h", "topic": "a/{zone}"}, "only {site}, {camera} and {kind}"),
        ({"type": "mqtt", "name": "m", "host": "h", "topic": "a/{site"}, "only {site}, {camera} and {kind}"),
        ({"type": "kafka", "name": "k", "topic": "a b"}, "setting 'notify.channels.0.kafka.topic' is 'a b'"),
        ({"type": "apprise", "name": "c", "url": "json://h", "in_flight": 5}, "in_flight' is 5"),
    ],
)
def test_a_channel_that_is_wrong_is_refused(channel: dict[str, Any], says: str) -> None:
    assert says in refusal(channel)


@pytest.mark.parametrize(
    ("notify", "says"),
    [
        ({"time_zone": "Mars/Olympus"}, "setting 'notify.time_zone' is 'Mars/Olympus': Value error, not a time zone"),
        ({"rate": {"P9": {"messages": 1, "per_s": 1}}}, "setting 'notify.rate.P9"),
        ({"max_age": 5}, "unknown setting 'notify.max_age'. Did you mean 'max_age_s'?"),
        ({"poll_s": 0}, "setting 'notify.poll_s' is 0"),
    ],
)
def test_what_is_wrong_for_all_is_refused(notify: dict[str, Any], says: str) -> None:
    assert says in refusal(**notify)


def test_two_channels_of_one_name() -> None:
    with pytest.raises(ConfigError, match=r"setting 'notify\.channels': .* two channels are named 'hook'"):
        notify_settings(hook(), hook())


def test_a_channel_takes_limits_of_all_or_its_own() -> None:
    rate, night = {"P2": {"messages": 5, "per_s": 60}}, [{"between": "22:00-06:00"}]
    settings = notify_settings(
        webhook("http://host/", "follows"),
        webhook("http://host/", "alone", rate={}, quiet_hours=[], time_zone="Asia/Tokyo"),
        rate=rate,
        quiet_hours=night,
        time_zone="Europe/Berlin",
    ).notify
    follows, alone = settings.channels
    assert settings.rates(follows)[Severity.P2].messages == 5
    assert [hours.between for hours in settings.quiet(follows)] == ["22:00-06:00"]
    assert settings.zone(follows).key == "Europe/Berlin"
    assert (settings.rates(alone), settings.quiet(alone), settings.zone(alone).key) == ({}, (), "Asia/Tokyo")


def test_channels_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOTTER_NOTIFY__CHANNELS", '[{"type": "kafka", "name": "stream"}]')
    assert [channel.name for channel in load_settings().notify.channels] == ["stream"]


def test_secrets_are_hidden_wherever_settings_are_shown() -> None:
    settings = notify_settings(hook(token="Hunter2"))
    for shown in (repr(settings), str(settings), str(settings.printable()), settings.model_dump_json()):
        assert "Hunter2" not in shown


def test_where_a_secret_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    path.write_text("from a file\r\n", encoding="utf-8")
    monkeypatch.setenv("THE_SECRET", "from the environment")
    assert Secret.model_validate("plain").read("secret") == "plain"
    assert Secret(file=str(path)).read("secret") == "from a file"
    assert Secret(env="THE_SECRET").read("secret") == "from the environment"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"file": "/nowhere/at/all"}, "the secret cannot be read from '/nowhere/at/all': No such file or directory"),
        ({"file": "/"}, "the secret cannot be read from '/': Is a directory"),
        ({"env": "NOT_SET_AT_ALL"}, "the secret in environment variable NOT_SET_AT_ALL is empty"),
        ("", "the secret in the settings is empty"),
    ],
)
def test_a_secret_that_is_not_there(given: Any, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Secret.model_validate(given).read("secret")
    assert says in str(caught.value)


def test_a_secret_file_of_bytes(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="not UTF-8 text"):
        Secret(file=str(tmp_path / "key")).read("secret")


def test_spotter_config_shows_every_field_of_a_channel_and_no_secret() -> None:
    shown = {row.name: row.value for row in rows(notify_settings(hook(token={"env": "TOKEN"})))}
    assert shown["notify.channels[0].name"] == "hook"
    assert shown["notify.channels[0].url"] == "**********"
    assert shown["notify.channels[0].token"] == "env TOKEN"
    assert "Hunter2" not in str(shown)
    listed = {row.name for row in rows(notify_settings())}
    assert {"notify.channels[].name", "notify.channels[].url (webhook)", "notify.channels[].retain (mqtt)"} <= listed
