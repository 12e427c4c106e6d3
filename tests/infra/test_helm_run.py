"""Commands of the chart's containers, really run: the bundled Valkey's script, and a migration with a password."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest
from helm_render import REPOSITORY, Manifest, environment, pod, rendered

sys.path.insert(0, str(REPOSITORY / "tests" / "servers"))

import redis
from postgres import GUARDED_PASSWORD, GUARDED_USER, PostgresServer
from redis_server import ValkeyServer

COMMAND = Path(sys.executable).with_name("spotter")


def container(component: str) -> Manifest:
    found: Manifest = pod(rendered("edge-box"), component)["spec"]["containers"][0]
    return found


def test_the_bundled_valkey_asks_for_its_password_and_keeps_to_its_memory(tmp_path: Path) -> None:
    server = ValkeyServer()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "valkey-server").symlink_to(server.program())
    found = container("redis")
    (script,) = found["args"]
    script = script.replace("/run/valkey", str(tmp_path)).replace("--port 6379", f"--port {server.port}")
    script = script.replace("--dir /tmp", f"--bind 127.0.0.1 --dir {shlex.quote(str(tmp_path))}")
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    process = subprocess.Popen([*found["command"], script], env={"PATH": path, "REDIS_PASSWORD": "fromsecret"})
    try:
        client = redis.Redis(port=server.port, password="fromsecret")
        _wait_for(client)
        assert client.config_get("maxmemory") == {"maxmemory": str(256 * 1024 * 1024)}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "volatile-ttl"}
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=server.port).ping()
        assert "fromsecret" not in Path(f"/proc/{process.pid}/cmdline").read_text()
        assert (tmp_path / "valkey.conf").stat().st_mode & 0o077 == 0
        client.close()
    finally:
        process.terminate()
        assert process.wait(10) == 0


def test_the_migration_finds_its_password_in_the_environment(tmp_path: Path) -> None:
    found = container("migrate")
    variables = environment(found)
    with PostgresServer() as server:
        server.sql(f"CREATE DATABASE spotter_chart OWNER {GUARDED_USER}")
        target = server.url_of("spotter_chart", user=GUARDED_USER).split("@")[1]
        url = variables["SPOTTER_STORE__URL"].replace("//spotter@", f"//{GUARDED_USER}@")
        url = url.replace("@spotter-postgres:5432/spotter", f"@{target}")
        assert "spotter-postgres" not in url
        outcomes = {}
        for password in ("wrong", GUARDED_PASSWORD):
            env = {**os.environ, **variables, "SPOTTER_STORE__URL": url, "PGPASSWORD": password}
            done = subprocess.run(
                [COMMAND, "db", "upgrade"], env=env, cwd=tmp_path, capture_output=True, text=True, check=False
            )
            assert password not in done.stdout + done.stderr
            outcomes[password] = done.returncode
        assert outcomes["wrong"] == 5, "a store that refuses exits with 5"
        assert outcomes[GUARDED_PASSWORD] == 0
        assert "alerts" in server.sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'", "spotter_chart")


def _wait_for(client: redis.Redis) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            client.ping()
        except redis.ConnectionError:
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.05)
        else:
            return
