"""What a user sets up wrongly: each service starts, says on /readyz what is wrong, and works once it is mended.

No restart, no crash, no secret in what is said. Rights on topics, users of Kafka and its message limits are in
tests/core (test_bus_*), where the broker can be told to refuse.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme
from brokers import Broker, TansuBroker
from postgres import GUARDED_PASSWORD, GUARDED_USER, PostgresServer
from processes import Process, Processes, free_port
from redis_server import RedisServer
from tls_proxy import TlsProxy

from faults.messages import wait_until
from spotter.core.store import Store

SECRET = "not-the-secret-of-anybody"
NOTICED_S = 40.0


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with TansuBroker() as server:
        yield server


@pytest.fixture
def database(postgres: PostgresServer) -> str:
    """URL of a database with the newest schema."""
    url = postgres.create_database()
    Store.open(url).close()
    return url


@pytest.fixture
def serve(tmp_path: Path, broker: Broker, database: str) -> Iterator[Callable[..., Process]]:
    """Starts a service; all its settings are right but those that are given."""
    with Processes() as processes:

        def start(service: str, **changes: str) -> Process:
            values = {
                "BUS__KIND": "kafka",
                "BUS__KAFKA__SERVERS": json.dumps(broker.servers),
                "STORE__URL": database,
                "STATE__KIND": "memory",
                **changes,
            }
            environment = {f"SPOTTER_{name}": value for name, value in values.items()}
            process = processes.add(Process(service, ("serve", service), environment, tmp_path))
            process.start()
            return process

        yield start


def says(process: Process, *words: str, ready: bool = False) -> None:
    """Wait until /readyz says these words; no secret is among its own."""
    wait_until(lambda: all(word in process.readiness()[1] for word in words), NOTICED_S)
    status, text = process.readiness()
    assert all(word in text for word in words), text
    assert status == (200 if ready else 503), text


def mended(process: Process) -> None:
    """It is ready without a restart, and has told no secret on the way."""
    process.wait_ready(NOTICED_S)
    assert process.starts == 1
    assert "degraded:" not in process.readiness()[1].replace("degraded: state.kind is memory", "")
    log = process.text()
    assert SECRET not in log
    assert GUARDED_PASSWORD not in log
    assert "Traceback" not in log
    assert process.stop() == 0


def name_of(url: str) -> str:
    return url.rpartition("/")[2]


def test_a_wrong_password_of_postgres_then_missing_rights(serve, postgres, database):
    name = name_of(database)
    process = serve("notify", STORE__URL=postgres.url_of(name, GUARDED_USER, SECRET))
    says(process, "refuses this user or password")
    try:
        postgres.sql(f"ALTER ROLE {GUARDED_USER} PASSWORD '{SECRET}'")
        says(process, "does not let this user do that")
    finally:
        postgres.sql(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {GUARDED_USER}", name)
        postgres.sql(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {GUARDED_USER}", name)
    mended(process)
    postgres.sql(f"ALTER ROLE {GUARDED_USER} PASSWORD '{GUARDED_PASSWORD}'")


def test_a_database_that_is_not_there_and_then_empty(serve, postgres):
    process = serve("notify", STORE__URL=postgres.url_of("later"))
    says(process, "does not exist")
    postgres.sql("CREATE DATABASE later")
    says(process, "holds no Spotter tables", "spotter db upgrade")
    Store.open(postgres.url_of("later")).close()
    mended(process)


def test_a_database_one_migration_behind(serve, postgres, database):
    name = name_of(database)
    newest = postgres.sql("SELECT version_num FROM alembic_version", name)
    postgres.sql(f"UPDATE alembic_version SET version_num = '{int(newest) - 1:04d}'", name)
    process = serve("ergonomics")
    says(process, "is 1 migration behind", "spotter db upgrade")
    postgres.sql(f"UPDATE alembic_version SET version_num = '{newest}'", name)
    mended(process)


def test_a_database_of_a_newer_release(serve, postgres, database):
    name = name_of(database)
    newest = postgres.sql("SELECT version_num FROM alembic_version", name)
    postgres.sql("UPDATE alembic_version SET version_num = '9999'", name)
    process = serve("ergonomics")
    says(process, "which this Spotter does not know")
    postgres.sql(f"UPDATE alembic_version SET version_num = '{newest}'", name)
    mended(process)


def test_a_broker_that_is_not_there_yet(serve):
    port = free_port()
    process = serve("ergonomics", BUS__KAFKA__SERVERS=json.dumps([f"127.0.0.1:{port}"]))
    says(process, "cannot reach Kafka", str(port))
    with TansuBroker(port):
        mended(process)


def test_a_certificate_that_nobody_trusts(serve, tmp_path):
    ours, theirs = trustme.CA(), trustme.CA()
    ours.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.issue_cert("127.0.0.1").configure_cert(context)
    with TlsProxy(context) as front, TansuBroker(advertised=front.port) as broker:
        front.target = broker.port
        process = serve(
            "ergonomics",
            BUS__KAFKA__SERVERS=json.dumps([f"127.0.0.1:{front.port}"]),
            BUS__KAFKA__SECURITY="ssl",
            BUS__KAFKA__CA_FILE=str(tmp_path / "ca.pem"),
        )
        says(process, "certificate", "not trusted")
        ours.issue_cert("127.0.0.1").configure_cert(context)
        mended(process)


def test_a_wrong_password_of_redis_degrades_and_no_more(serve):
    with RedisServer(password=SECRET[::-1]) as redis:
        process = serve("ergonomics", STATE__KIND="redis", STATE__URL=f"redis://:{SECRET}@127.0.0.1:{redis.port}/0")
        says(process, "degraded", "password", ready=True)
        redis_cli(redis, SECRET[::-1], f"CONFIG SET requirepass {SECRET}")
        wait_until(lambda: "degraded" not in process.readiness()[1], NOTICED_S)
        mended(process)


def redis_cli(server: RedisServer, password: str, command: str) -> None:
    import redis

    client = redis.Redis(port=server.port, password=password)
    client.execute_command(*command.split())
    client.close()
