"""A member of the group in a process of its own, to be killed: prints "ready", then each message that it took."""

from __future__ import annotations

import sys

from bus_tools import Recorder

from spotter.core.bus import HEALTH, Overflow, Topic
from spotter.core.bus.kafka import KafkaBus
from spotter.core.settings import KafkaSettings
from spotter.core.telemetry import Metrics, configure_logs


def main(server: str, name: str) -> None:
    configure_logs("warning", "json")
    settings = KafkaSettings(servers=(server,), session_timeout_s=2, heartbeat_s=0.5, skeletons={"partitions": 4})
    stream = Topic(name, HEALTH.key, Overflow.BLOCK, 64, HEALTH.codec)
    recorder = Recorder()
    subscription = KafkaBus(settings, Metrics()).subscribe(stream, "group", recorder)
    while not recorder.held:
        subscription.take(1, 0.1)
    print("ready", flush=True)
    while True:
        for health in subscription.take(2, 0.1):
            print(health.camera_id, health.at // 1000, flush=True)
        subscription.commit()


if __name__ == "__main__":
    main(*sys.argv[1:])
