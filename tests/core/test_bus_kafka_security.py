"""Getting in: TLS, sign-in, unknown hosts, missing packages. Every refusal is one line, and no line holds a secret."""

from __future__ import annotations

import importlib.util
import logging
import ssl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
import trustme
from bus_conformance import message, numbers, take_until, topic, wait_until
from bus_tools import settings

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "servers"))

from brokers import NoidaBroker, TansuBroker
from kafka import errors
from tls_proxy import TlsProxy

from spotter.core.bus import Overflow
from spotter.core.bus.kafka import KafkaBus, client_options
from spotter.core.bus.kafka.faults import explain
from spotter.core.errors import BusError
from spotter.core.settings import KafkaSettings
from spotter.core.telemetry import Metrics, configure_logs

SECRET = "hunter2-is-the-password"
MakeBus = Callable[[KafkaSettings], KafkaBus]


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Log handlers of one test must not outlive its captured output."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def make_bus() -> Iterator[MakeBus]:
    made: list[KafkaBus] = []

    def make(chosen: KafkaSettings) -> KafkaBus:
        made.append(KafkaBus(chosen, Metrics()))
        return made[-1]

    yield make
    for bus in made:
        bus.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Path:
    """PEM files: the authority, another one, and a client's certificate with its key."""
    path = tmp_path_factory.mktemp("pem")
    authority.cert_pem.write_to_path(str(path / "ca.pem"))
    trustme.CA().cert_pem.write_to_path(str(path / "other.pem"))
    client = authority.issue_cert("client")
    client.cert_chain_pems[0].write_to_path(str(path / "client.pem"))
    client.private_key_pem.write_to_path(str(path / "client.key"))
    return path


@pytest.fixture(scope="module")
def tls_server(authority: trustme.CA) -> Iterator[TlsProxy]:
    """A broker behind TLS that asks for the client's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with TlsProxy(context) as proxy, TansuBroker(advertised=proxy.port) as broker:
        proxy.target = broker.port
        yield proxy


def tls_settings(proxy: TlsProxy, **files: object) -> KafkaSettings:
    return KafkaSettings(
        servers=(f"127.0.0.1:{proxy.port}",), request_timeout_s=3, session_timeout_s=2, heartbeat_s=0.5, **files
    )


def test_messages_go_through_tls_with_a_client_certificate(
    make_bus: MakeBus, tls_server: TlsProxy, folder: Path
) -> None:
    bus = make_bus(
        tls_settings(
            tls_server, security="ssl", ca_file=str(folder / "ca.pem"), cert_file=str(folder / "client.pem"),
            key_file=str(folder / "client.key"),
        )
    )  # fmt: skip
    stream = topic(Overflow.BLOCK, 64)
    subscription = bus.subscribe(stream, "group")
    bus.publish(stream, message("a", 1))
    assert numbers(take_until(subscription, 1), "a") == [1]
    assert bus.status() == "ok"


@pytest.mark.parametrize(
    ("files", "line"),
    [
        ({"security": "ssl", "ca_file": "other.pem"}, "the certificate of Kafka at {at} is not trusted: "),
        ({"security": "ssl", "ca_file": "ca.pem"}, "Kafka at {at} closes the connection; it may want a certificate"),
        ({"security": "plaintext"}, "Kafka at {at} closes the connection; a port for TLS does so"),
    ],
    ids=["unknown authority", "no client certificate", "no TLS"],
)
def test_wrong_tls_is_told(
    make_bus: MakeBus, tls_server: TlsProxy, folder: Path, files: dict[str, str], line: str
) -> None:
    named = {key: str(folder / value) if key == "ca_file" else value for key, value in files.items()}
    bus = make_bus(tls_settings(tls_server, **named))
    at = f"127.0.0.1:{tls_server.port}"
    expected = [line.format(at=at)]
    if "may want a certificate" in line:
        # TLS 1.3 says it in an alert after the handshake, which the end of the connection may overtake.
        expected.append(f"TLS with Kafka at {at} fails: the broker says certificate required")
    wait_until(lambda: bus.status().startswith(tuple(expected)))
    assert bus.error is not None
    assert "bus.kafka." in bus.error.mend


def test_tls_to_a_plain_port_is_told(make_bus: MakeBus, folder: Path) -> None:
    with NoidaBroker() as broker:
        bus = make_bus(settings(broker, security="ssl", ca_file=str(folder / "ca.pem"), request_timeout_s=2))
        wait_until(lambda: bus.status().startswith((f"TLS with Kafka at {broker.servers[0]} fails", "Kafka at")))
        assert bus.error is not None


@pytest.mark.parametrize("mechanism", ["SCRAM-SHA-256", "SCRAM-SHA-512"])
def test_wrong_credentials_are_told_and_no_secret_is(
    make_bus: MakeBus, mechanism: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    configure_logs("debug", "json")
    caplog.set_level(logging.DEBUG)
    with TansuBroker(arguments=("--authentication",)) as broker:
        chosen = settings(
            broker, security="sasl_plaintext", username="spotter", password=SECRET, mechanism=mechanism
        )  # fmt: skip
        bus = make_bus(chosen)
        bus.publish(topic(Overflow.DROP_OLDEST, 1), message("a", 0))
        wait_until(lambda: bus.status().startswith(f"Kafka refuses user 'spotter' ({mechanism})"))
        assert bus.error is not None
        told = f"{bus.status()} {bus.error} {bus.error!r} {chosen!r} {chosen.model_dump_json()}"
        bus.close()
    output = capfd.readouterr()
    for text in (told, output.out, output.err, caplog.text):
        assert SECRET not in text
    assert "kafka_unreachable" in output.err + caplog.text


def test_a_sign_in_that_works(make_bus: MakeBus, capfd: pytest.CaptureFixture[str]) -> None:
    """This broker takes any name and password by PLAIN, which shows that the sign-in is made at all."""
    configure_logs("debug", "json")
    with NoidaBroker() as broker:
        bus = make_bus(
            settings(broker, security="sasl_plaintext", username="spotter", password=SECRET, mechanism="PLAIN")
        )
        stream = topic(Overflow.BLOCK, 64)
        subscription = bus.subscribe(stream, "group")
        bus.publish(stream, message("a", 1))
        assert numbers(take_until(subscription, 1), "a") == [1]
        bus.close()
        broker.stop()
        assert SECRET not in (broker.folder / "log").read_text()
    output = capfd.readouterr()
    assert SECRET not in output.out + output.err


def test_a_mechanism_that_is_not_offered_is_told(make_bus: MakeBus) -> None:
    with TansuBroker() as broker:
        bus = make_bus(settings(broker, security="sasl_plaintext", username="u", password=SECRET, mechanism="PLAIN"))
        wait_until(lambda: bus.status().startswith(f"Kafka at {broker.servers[0]} does not offer sign-in by PLAIN"))


def test_an_unknown_host_is_told(make_bus: MakeBus) -> None:
    bus = make_bus(KafkaSettings(servers=("kafka.invalid:9092",)))
    wait_until(lambda: bus.status().startswith("host of 'kafka.invalid:9092' is not known, since "))
    bus.publish(topic(Overflow.DROP_OLDEST, 1), message("a", 0))
    assert bus.subscribe(topic(Overflow.BLOCK, 1), "group").take(1, 0.1) == []


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (errors.TopicAuthorizationFailedError({"t"}), "user 'u' has no right to use topic 'frames'"),
        (errors.UnknownTopicOrPartitionError(), "topic 'frames' is not there"),
        (errors.InvalidReplicationFactorError(), "Kafka at b:1 has fewer brokers than bus.kafka.replication = 1"),
        (errors.NotEnoughReplicasError(), "topic 'frames' has fewer copies in sync than it must"),
        (errors.RequestTimedOutError(), "Kafka at b:1 does not answer"),
        (errors.UnknownError(), "Kafka at b:1 answers with UnknownError"),
        (RuntimeError(SECRET), "the Kafka client failed: RuntimeError"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_what_a_broker_refuses_is_told(error: Exception, line: str) -> None:
    chosen = KafkaSettings(servers=("b:1",), security="sasl_plaintext", username="u", password=SECRET)
    told = explain(error, chosen, topic="frames")
    assert told.message == line
    assert told.mend
    assert SECRET not in str(told)


def test_a_group_without_rights_is_named() -> None:
    told = explain(errors.GroupAuthorizationFailedError("spotter.pose.frames"), KafkaSettings())
    assert told.message == "this client has no right to use group or topic 'spotter.pose.frames'"


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"ca_file": "nowhere.pem"}, "nowhere.pem' (bus.kafka.ca_file) cannot be used: no such file"),
        ({"cert_file": "client.pem", "key_file": "nowhere.key"}, "nowhere.key' (bus.kafka.cert_file and key_file)"),
        ({"cert_file": "client.pem", "key_file": "ca.pem"}, "client.pem' (bus.kafka.cert_file and key_file)"),
    ],
)
def test_files_that_cannot_be_used_are_told_at_once(folder: Path, files: dict[str, str], words: str) -> None:
    chosen = KafkaSettings(security="ssl", **{key: str(folder / name) for key, name in files.items()})  # type: ignore[arg-type]
    with pytest.raises(BusError) as caught:
        KafkaBus(chosen, Metrics())
    assert words in str(caught.value)


@pytest.mark.parametrize("package", ["crc32c", "lz4"])
def test_a_missing_package_is_told_at_once(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == package else found(name, *rest)
    )
    with pytest.raises(BusError, match=f"package {package} is not installed.*pip install"):
        client_options(KafkaSettings())


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"servers": ("kafka",)}, "is not host:port"),
        ({"servers": ()}, "at least 1"),
        ({"security": "sasl_ssl"}, "needs a username"),
        ({"cert_file": "x"}, "go together"),
        ({"heartbeat_s": 20}, "shorter than session_timeout_s"),
        ({"min_insync": 2}, "more than replication"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(values: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        KafkaSettings(**values)  # type: ignore[arg-type]
