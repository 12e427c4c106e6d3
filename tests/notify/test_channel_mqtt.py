"""The MQTT channel against a real mosquitto: delivery, retained messages, restart, wrong password, TLS."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
import trustme
from alert_samples import make_update
from mqtt import MqttBroker, MqttListener
from notify_tools import fall, notify_settings

from spotter.core.errors import ChannelError, ConfigError
from spotter.core.store.alert_json import message_json
from spotter.notify.channels import Channel, open_channel
from spotter.notify.message import Message, alert_message, trial_message

PASSWORD = "Hunter2-XYZ"


@pytest.fixture(scope="module")
def broker() -> Iterator[MqttBroker]:
    with MqttBroker("spotter", PASSWORD) as broker:
        yield broker


def channel(port: int, **more: Any) -> Channel:
    values = {"type": "mqtt", "name": "bus", "host": "127.0.0.1", "port": port, "timeout_s": 10.0, **more}
    settings = notify_settings(values)
    return open_channel(settings.notify.channels[0], settings)


def signed_in(port: int, **more: Any) -> Channel:
    return channel(port, username="spotter", password=PASSWORD, **more)


def alert(**changes: Any) -> Message:
    one = fall(**changes)
    update = make_update(one)
    return alert_message(message_json(one, update), one, update, UTC)


def test_messages_arrive_on_their_topic_over_one_connection(broker: MqttBroker) -> None:
    bus = signed_in(broker.port, topic="site/{site}/{kind}/{camera}")
    messages = [alert(), alert(camera_id="gate/+#4")]
    with MqttListener(broker.port, "site/#", "spotter", PASSWORD) as listener:
        for message in messages:
            bus.send(message)
        received = listener.wait_for(2)
    bus.close()
    assert [topic for topic, _, _ in received] == ["site/site/possible_fall/dock", "site/site/possible_fall/gate___4"]
    assert [json.loads(body) for _, body, _ in received] == [message.payload for message in messages]


@pytest.mark.parametrize("retain", [False, True])
def test_the_newest_is_kept_when_asked_for_but_never_a_test(broker: MqttBroker, retain: bool) -> None:
    bus = signed_in(broker.port, topic=f"kept-{retain}/{{camera}}", retain=retain)
    bus.send(alert())
    bus.send(trial_message("site", 1))
    bus.close()
    with MqttListener(broker.port, f"kept-{retain}/#", "spotter", PASSWORD) as listener:
        if retain:
            assert listener.wait_for(1) == [(f"kept-{retain}/dock", json.dumps(
                alert().payload, separators=(",", ":"), sort_keys=True).encode(), True)]  # fmt: skip
        time.sleep(0.1)
        assert len(listener.received) == retain


def test_it_goes_on_when_the_broker_comes_back() -> None:
    with MqttBroker() as broker, MqttListener(broker.port, "spotter/#") as listener:
        bus = channel(broker.port)
        bus.send(alert())
        listener.wait_for(1)
        broker.kill()
        with pytest.raises(ChannelError, match=r"MQTT broker 127\.0\.0\.1:\d+ "):
            bus.send(alert())
        broker.start()
        with MqttListener(broker.port, "spotter/#") as second:
            bus.send(alert(camera_id="gate"))
            assert [topic for topic, _, _ in second.wait_for(1)] == ["spotter/site/gate/alerts"]
            time.sleep(0.1)
            assert len(second.received) == 1, "what failed is not sent behind our back"
        bus.close()


@pytest.mark.parametrize("credentials", [{}, {"username": "spotter", "password": "wrong-Hunter2"}])
def test_a_wrong_password_is_named_and_not_told(broker: MqttBroker, credentials: dict[str, str]) -> None:
    with pytest.raises(ChannelError) as caught:
        channel(broker.port, **credentials).send(alert())
    text = str(caught.value)
    assert "refuses the connection (Not authorized). Check username and password" in text
    assert "Hunter2" not in text
    assert not caught.value.permanent


def test_a_broker_that_is_silent(receiver: Any) -> None:
    # An HTTP server that waits for a request never answers a CONNECT.
    with pytest.raises(ChannelError, match=r"did not answer within 0\.5 s"):
        channel(receiver.port, timeout_s=0.5).send(alert())


# The client library leaves the socket of a handshake that failed to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    certificate.private_key_pem.write_to_path(str(tmp_path / "server.key"))
    for number, blob in enumerate(certificate.cert_chain_pems):
        blob.write_to_path(str(tmp_path / "server.pem"), append=bool(number))
    with MqttBroker(tls=tmp_path) as broker:
        with pytest.raises(ChannelError, match="certificate that is not trusted"):
            channel(broker.port, tls=True).send(alert())
        gc.collect()
        bus = channel(broker.port, tls=True, ca_file=str(tmp_path / "ca.pem"))
        bus.send(alert())
        bus.close()


def test_files_that_are_no_certificates() -> None:
    with pytest.raises(ConfigError, match=r"TLS files of channel 'bus' .* cannot be used: No such file"):
        channel(1883, tls=True, ca_file="/nowhere/ca.pem")
