"""The Apprise channel against a real HTTP server (json://) and a real mail server (mailto://)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC

import pytest
from alert_samples import make_update
from notify_tools import fall, notify_settings
from smtp import SmtpServer
from webhook import KEEP, TRICKLE, WebhookReceiver

from spotter.core.errors import ChannelError, ConfigError
from spotter.core.store.alert_json import message_json
from spotter.core.telemetry import configure_logs
from spotter.notify.channels import Channel, open_channel
from spotter.notify.message import Message, alert_message

TOKEN = "T0K3N-Hunter2"


def channel(url: str, timeout_s: float = 20.0) -> Channel:
    settings = notify_settings({"type": "apprise", "name": "chat", "url": url, "timeout_s": timeout_s})
    return open_channel(settings.notify.channels[0], settings)


@pytest.fixture
def message() -> Message:
    alert = fall()
    return alert_message(message_json(alert, make_update(alert)), alert, make_update(alert), UTC)


@pytest.fixture
def mail() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


def test_a_service_over_http(receiver: WebhookReceiver, message: Message) -> None:
    channel(f"json://127.0.0.1:{receiver.port}/{TOKEN}").send(message)
    (one,) = receiver.wait_for(1)
    assert one.path.rstrip("/") == f"/{TOKEN}"
    assert (one.json["title"], one.json["message"]) == (message.title, message.text)


def test_mail(mail: SmtpServer, message: Message) -> None:
    channel(f"mailto://127.0.0.1:{mail.port}?from=spotter@example.com&to=safety@example.com&mode=insecure").send(
        message
    )
    (one,) = mail.wait_for(1)
    assert one["Subject"] == message.title
    assert "safety@example.com" in one["To"]
    (plain, *_) = (part for part in one.walk() if part.get_content_type() == "text/plain")
    body = plain.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode().strip() == message.text


def test_a_service_that_refuses(mail: SmtpServer, receiver: WebhookReceiver, message: Message) -> None:
    mail.refuse = True
    receiver.default = 500
    for url, service in (
        (f"mailto://127.0.0.1:{mail.port}?from=a@example.com&to=b@example.com&mode=insecure", "E-Mail"),
        (f"json://ops:{TOKEN}@127.0.0.1:{receiver.port}/{TOKEN}", "JSON"),
    ):
        with pytest.raises(ChannelError) as caught:
            channel(url).send(message)
        assert str(caught.value).startswith(f"channel 'chat': the {service} service did not take the message")
        assert not caught.value.permanent
        assert TOKEN not in str(caught.value)


@pytest.mark.parametrize("answer", [KEEP, TRICKLE])
def test_a_service_that_does_not_come_to_an_end_is_left(
    receiver: WebhookReceiver, message: Message, answer: object
) -> None:
    receiver.default = answer
    with pytest.raises(ChannelError, match="did not take the message"):
        channel(f"json://127.0.0.1:{receiver.port}/", timeout_s=1.0).send(message)


def test_redirects_are_not_followed(receiver: WebhookReceiver, message: Message) -> None:
    with WebhookReceiver((307, {"Location": receiver.url()})) as first, pytest.raises(ChannelError):
        channel(f"json://127.0.0.1:{first.port}/").send(message)
    assert receiver.received == []


@pytest.mark.parametrize("url", [f"nosuchservice://{TOKEN}", TOKEN, f"slack://{TOKEN}", f"mailto://{TOKEN}:x:y@"])
def test_a_url_that_apprise_does_not_know(url: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError, match="the url of channel 'chat' is not one that Apprise knows") as caught:
        channel(url)
    assert TOKEN not in str(caught.value)
    assert TOKEN not in "".join(capfd.readouterr())


def test_no_log_line_holds_a_token(
    receiver: WebhookReceiver, message: Message, capfd: pytest.CaptureFixture[str]
) -> None:
    before = logging.getLogger().handlers, logging.getLogger().level
    configure_logs("debug", "json")
    try:
        one = channel(f"json://ops:{TOKEN}@127.0.0.1:{receiver.port}/{TOKEN}")
        one.send(message)
        receiver.default = 401
        with pytest.raises(ChannelError):
            one.send(message)
    finally:
        logging.getLogger().handlers, level = before
        logging.getLogger().setLevel(level)
    assert TOKEN not in "".join(capfd.readouterr())
