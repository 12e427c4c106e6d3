"""An MQTT broker of Debian's (mosquitto) on a free loopback port, in a temporary folder, stopped by its process id."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import paho.mqtt.client as mqtt

INSTALL = "apt-get install --yes mosquitto"


class MqttBroker:
    """Started on entry; `restart` comes back on the same port.

    Args:
        user, password: asked for when given.
        tls: folder with `server.pem`, `server.key`; speaks TLS with it.
    """

    def __init__(self, user: str = "", password: str = "", tls: Path | None = None) -> None:
        program = shutil.which("mosquitto", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
        assert program is not None, f"mosquitto is not installed; run: {INSTALL}"
        self._program = program
        self._folder = Path(tempfile.mkdtemp(prefix="spotter-mqtt-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        lines = [f"listener {self.port} 127.0.0.1", "persistence false", f"allow_anonymous {str(not user).lower()}"]
        if user:
            passwords = self._folder / "passwords"
            passwords.touch(0o644)
            subprocess.run(["mosquitto_passwd", "-b", str(passwords), user, password], check=True, timeout=10)
            lines.append(f"password_file {passwords}")
        if tls is not None:
            lines += [f"certfile {tls}/server.pem", f"keyfile {tls}/server.key"]
        # It gives root's rights up by itself; then it has to read its own folder.
        self._folder.chmod(0o755)
        self._config = self._folder / "mosquitto.conf"
        self._config.write_text("\n".join([*lines, "user root"]) + "\n", encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start, and wait until it listens."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen([self._program, "-c", str(self._config)], stdout=log, stderr=log)
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert time.monotonic() < deadline, (self._folder / "log").read_text()
                assert self._process.poll() is None, (self._folder / "log").read_text()
                time.sleep(0.01)

    def kill(self) -> None:
        """Gone at once."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class MqttListener:
    """A subscriber that keeps what it gets; use it as a context manager."""

    def __init__(self, port: int, topic: str, user: str = "", password: str = "") -> None:
        self.received: list[tuple[str, bytes, bool]] = []
        self._subscribed = threading.Event()
        self._changed = threading.Condition()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
        if user:
            self._client.username_pw_set(user, password)

        def on_connect(client: Any, *_: Any) -> None:
            client.subscribe(topic, qos=1)

        def on_message(_client: Any, _data: Any, message: Any) -> None:
            with self._changed:
                self.received.append((message.topic, message.payload, bool(message.retain)))
                self._changed.notify_all()

        self._client.on_connect = on_connect
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = on_message
        self._port = port

    def __enter__(self) -> Self:
        self._client.reconnect_delay_set(0.1, 0.2)
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        assert self._subscribed.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def wait_for(self, count: int, timeout: float = 15.0) -> list[tuple[str, bytes, bool]]:
        """(topic, payload, retained) of each message, once there are `count`."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.received) >= count, timeout), self.received
            return list(self.received)
