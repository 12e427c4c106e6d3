"""The webhook channel against a real HTTP server: signature, answers, deadlines, redirects, TLS, secrets."""

from __future__ import annotations

import json
import logging
import ssl
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme
from notify_tools import SECRET, notify_settings, webhook
from webhook import HANG_UP, KEEP, TRICKLE, WebhookReceiver

from spotter.core.errors import ChannelError, ConfigError
from spotter.core.telemetry import configure_logs
from spotter.notify.channels import Channel, open_channel
from spotter.notify.channels.http import RETRY_AFTER_MAX_S, retry_after_s
from spotter.notify.message import trial_message
from spotter.notify.signature import verify

MESSAGE = trial_message("site", 1_769_847_300_000_000_000)
TOKEN = "T0K3N-in-the-path"


def channel(url: str, **more: Any) -> Channel:
    settings = notify_settings(webhook(url, **more))
    return open_channel(settings.notify.channels[0], settings)


def refusal(url: str, **more: Any) -> ChannelError:
    """The error of one message, which names no secret."""
    with pytest.raises(ChannelError) as caught:
        channel(url, **more).send(MESSAGE)
    text = str(caught.value)
    assert "\n" not in text
    for secret in (TOKEN, "Hunter2", SECRET):
        assert secret not in text
        assert secret not in repr(caught.value.__context__ if not caught.value.__suppress_context__ else "")
    assert text.startswith("channel 'hook': ")
    return caught.value


def test_a_message_is_signed_and_named(receiver: WebhookReceiver) -> None:
    channel(receiver.url("/hook?room=4"), token="bearer-token").send(MESSAGE)
    (one,) = receiver.wait_for(1)
    assert one.path == "/hook?room=4"
    assert one.json == MESSAGE.payload
    assert one.key == MESSAGE.key
    assert one.headers["content-type"] == "application/json"
    assert one.headers["authorization"] == "Bearer bearer-token"
    assert one.headers["user-agent"].startswith("spotter/")
    assert verify(SECRET, one.body, one.headers["spotter-signature"], time.time())
    assert not verify(SECRET + "x", one.body, one.headers["spotter-signature"], time.time())


def test_user_and_password_in_the_url_sign_in(receiver: WebhookReceiver) -> None:
    channel(receiver.url(credentials="ops:Hunter2@")).send(MESSAGE)
    assert receiver.wait_for(1)[0].headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_two_hundreds_are_success(receiver: WebhookReceiver, status: int) -> None:
    receiver.default = (status, {"Content-Length": "0"}) if status == 204 else status
    channel(receiver.url()).send(MESSAGE)
    assert len(receiver.received) == 1


@pytest.mark.parametrize(
    ("status", "permanent"),
    [
        (400, True), (401, False), (403, False), (404, False), (408, False), (410, True), (413, True), (422, True),
        (429, False), (500, False), (501, True), (502, False), (503, False),
    ],
)  # fmt: skip
def test_what_other_answers_mean(receiver: WebhookReceiver, status: int, permanent: bool) -> None:
    receiver.default = status
    error = refusal(receiver.url(f"/{TOKEN}"))
    assert error.permanent is permanent
    assert error.retry_after_s is None
    assert f"127.0.0.1 answered {status}" in str(error)
    assert "body" not in str(error)


@pytest.mark.parametrize(("status", "honoured"), [(429, 7.0), (503, 7.0), (500, None)])
def test_retry_after_of_an_answer(receiver: WebhookReceiver, status: int, honoured: float | None) -> None:
    receiver.default = (status, {"Retry-After": "7"})
    assert refusal(receiver.url()).retry_after_s == honoured


NOW = datetime(2026, 1, 31, 8, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        (" 120 ", 120.0),
        ("999999999999", RETRY_AFTER_MAX_S),
        (format_datetime(datetime(2026, 1, 31, 8, 16, tzinfo=UTC), usegmt=True), 60.0),
        (format_datetime(datetime(2026, 1, 31, 8, 14, tzinfo=UTC), usegmt=True), 0.0),
        ("Sat, 31 Jan 2026 08:16:00", 60.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    assert retry_after_s(value, NOW) == seconds


@pytest.mark.parametrize("answer", [KEEP, TRICKLE])
def test_a_receiver_that_does_not_come_to_an_end_is_left(receiver: WebhookReceiver, answer: object) -> None:
    receiver.default = answer
    assert "did not answer within 0.5 s" in str(refusal(receiver.url(f"/{TOKEN}"), timeout_s=0.5))


def test_a_receiver_that_hangs_up(receiver: WebhookReceiver) -> None:
    receiver.default = HANG_UP
    assert "broke the exchange off" in str(refusal(receiver.url(f"/{TOKEN}")))


def test_nobody_there() -> None:
    with WebhookReceiver() as gone:
        url = gone.url(f"/{TOKEN}", "ops:Hunter2@")
    assert "127.0.0.1 cannot be reached (Connection refused)" in str(refusal(url))


def test_a_host_that_is_not_known() -> None:
    assert "channel 'hook': nowhere.invalid " in str(
        refusal(f"http://ops:Hunter2@nowhere.invalid/{TOKEN}", timeout_s=5)
    )


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_not_followed(receiver: WebhookReceiver, status: int) -> None:
    with WebhookReceiver((status, {"Location": receiver.url()})) as first:
        error = refusal(first.url(f"/{TOKEN}"))
    assert f"redirects (answer {status}), which is not followed. Give the final URL" in str(error)
    assert receiver.received == []


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def test_tls_with_an_authority_of_its_own(authority: trustme.CA, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    with WebhookReceiver(tls=context) as receiver:
        assert "has a certificate that is not trusted" in str(refusal(receiver.url(f"/{TOKEN}"), timeout_s=5))
        assert receiver.received == []
        channel(receiver.url(), ca_file=str(tmp_path / "ca.pem"), timeout_s=5).send(MESSAGE)
        assert receiver.wait_for(1)[0].json == MESSAGE.payload


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"url": f"ftp://host/{TOKEN}"}, "not http:// or https:// with a host"),
        ({"url": TOKEN}, "not http:// or https:// with a host"),
        ({"url": f"http:///{TOKEN}"}, "not http:// or https:// with a host"),
        ({"url": f"http://[::1/{TOKEN}"}, "the URL of channel 'hook' cannot be read"),
        ({"url": f"http://host:99999999/{TOKEN}"}, "the URL of channel 'hook' cannot be read"),
        ({"url": ""}, "the url of channel 'hook' in the settings is empty"),
        ({"secret": "Hunter2"}, "shorter than 16 characters"),
        ({"secret": {"env": "SPOTTER_TEST_NO_SUCH"}}, "in environment variable SPOTTER_TEST_NO_SUCH is empty"),
        ({"secret": {"file": "/nowhere/key"}}, "'/nowhere/key': No such file or directory"),
        ({"token": "two\nlines"}, "characters that no HTTP header can hold"),
        ({"url": "https://host/", "ca_file": "/nowhere/ca.pem"}, "'/nowhere/ca.pem' of channel 'hook' cannot be used"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_once(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        channel(**{"url": "http://host/", **changes})
    text = str(caught.value)
    assert says in text
    assert "\n" not in text
    assert TOKEN not in text
    assert "Hunter2" not in text


def test_secrets_by_reference(receiver: WebhookReceiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_text(f"{SECRET}\n", encoding="utf-8")
    monkeypatch.setenv("HOOK_URL", receiver.url("/by-reference"))
    settings = notify_settings(
        {"type": "webhook", "name": "hook", "url": {"env": "HOOK_URL"}, "secret": {"file": str(tmp_path / "key")}}
    )
    open_channel(settings.notify.channels[0], settings).send(MESSAGE)
    (one,) = receiver.wait_for(1)
    assert one.path == "/by-reference"
    assert verify(SECRET, one.body, one.headers["spotter-signature"], time.time())


def test_no_log_line_holds_the_url(receiver: WebhookReceiver, capfd: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers, logging.getLogger().level
    configure_logs("debug", "json")
    try:
        channel(receiver.url(f"/{TOKEN}", "ops:Hunter2@")).send(MESSAGE)
        receiver.default = 500
        refusal(receiver.url(f"/{TOKEN}"))
    finally:
        logging.getLogger().handlers, level = before
        logging.getLogger().setLevel(level)
    written = capfd.readouterr()
    for secret in (TOKEN, "Hunter2", SECRET):
        assert secret not in written.err + written.out


def test_the_body_is_the_same_on_every_try(receiver: WebhookReceiver) -> None:
    one = channel(receiver.url())
    for _ in range(2):
        one.send(MESSAGE)
    first, second = receiver.wait_for(2)
    assert first.body == second.body
    assert json.loads(first.body) == MESSAGE.payload
