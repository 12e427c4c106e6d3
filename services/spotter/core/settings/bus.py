"""Settings of the bus: in memory within one process, or Kafka."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from spotter.core.settings.base import Section

_DAY_S = 86_400.0
_MIB = 1024 * 1024
_ID = r"^[A-Za-z0-9._-]{0,200}$"


class TopicSettings(Section):
    """One topic. They count when it is made; a topic that is there is compared with them and never changed."""

    partitions: int = Field(default=12, ge=1, le=10_000, description="Parts; no group can use more members than that.")
    retention_s: float = Field(default=3600.0, gt=0, description="Seconds that a message is kept.")
    retention_bytes: int = Field(default=-1, ge=-1, description="Bytes kept per partition at most; -1: no limit.")
    max_message_bytes: int = Field(default=_MIB, ge=1024, le=64 * _MIB, description="Largest message, bytes.")
    compression: Literal["none", "gzip", "lz4", "snappy", "zstd"] = Field(
        default="lz4", description="Codec of its messages; none for what is compressed already (JPEG)."
    )


class FramesTopic(TopicSettings):
    """Frames: the newest counts, so they are kept for seconds."""

    retention_s: float = Field(default=60.0, gt=0, description="Seconds that a frame is kept.")
    retention_bytes: int = Field(default=256 * _MIB, ge=-1, description="Bytes kept per partition at most.")
    max_message_bytes: int = Field(default=2 * _MIB, ge=1024, le=64 * _MIB, description="Largest frame, bytes.")
    compression: Literal["none", "gzip", "lz4", "snappy", "zstd"] = Field(
        default="none", description="Codec of its messages; JPEG is compressed already."
    )


class SkeletonsTopic(TopicSettings):
    """Skeletons: kept for days, so that rules can be replayed."""

    retention_s: float = Field(default=3 * _DAY_S, gt=0, description="Seconds that skeletons are kept.")


class HealthTopic(TopicSettings):
    """Camera health: the newest counts."""

    partitions: int = Field(default=3, ge=1, le=10_000, description="Parts.")


class DeadLettersTopic(TopicSettings):
    """Messages that could not be read: kept until somebody has looked."""

    partitions: int = Field(default=1, ge=1, le=10_000, description="Parts.")
    retention_s: float = Field(default=14 * _DAY_S, gt=0, description="Seconds that a dead letter is kept.")
    max_message_bytes: int = Field(default=4 * _MIB, ge=1024, le=64 * _MIB, description="Largest one, bytes.")


class KafkaSettings(Section):
    """How Kafka is reached, and what its topics keep."""

    servers: tuple[str, ...] = Field(
        default=("127.0.0.1:9092",), min_length=1, description="Bootstrap servers, host:port each."
    )
    prefix: str = Field(
        default="spotter.",
        pattern=r"^[A-Za-z0-9_.-]{0,64}$",
        description="Begins the name of every topic and group.",
    )
    security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = Field(
        default="plaintext", description="How the connection is protected."
    )
    ca_file: str = Field(
        default="", description="PEM file of the authority that signed the brokers' certificates; empty: the system's."
    )
    cert_file: str = Field(default="", description="PEM file of this client's certificate.")
    key_file: str = Field(default="", description="PEM file of this client's private key.")
    key_password: SecretStr = Field(default=SecretStr(""), description="Password of that key.")
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", description="SASL mechanism."
    )
    username: str = Field(default="", description="SASL user.")
    password: SecretStr = Field(default=SecretStr(""), description="SASL password.")
    request_timeout_s: float = Field(default=10.0, ge=1, le=300, description="Longest wait for an answer of a broker.")
    reconnect_max_s: float = Field(
        default=5.0, gt=0, le=300, description="Longest pause before a broker is tried again."
    )
    create_topics: bool = Field(default=True, description="Make topics that are missing; else say that they are.")
    replication: int = Field(default=1, ge=1, le=100, description="Copies of each partition of a new topic.")
    min_insync: int = Field(
        default=1, ge=1, le=100, description="Copies that must hold a skeleton before it counts as written."
    )
    frames: FramesTopic = Field(default_factory=FramesTopic)
    skeletons: SkeletonsTopic = Field(default_factory=SkeletonsTopic)
    health: HealthTopic = Field(default_factory=HealthTopic)
    dead_letters: DeadLettersTopic = Field(default_factory=DeadLettersTopic)
    picture_max_side: int = Field(
        default=640, ge=64, le=8192, description="Longest side of a picture on the wire, px; larger ones are scaled."
    )
    session_timeout_s: float = Field(
        default=10.0, ge=1, le=1800, description="A member that is silent for so long is dead; its parts go to others."
    )
    heartbeat_s: float = Field(default=3.0, gt=0, le=600, description="Pause between signs of life; a third of that.")
    max_processing_s: float = Field(
        default=300.0,
        ge=5,
        le=86_400,
        description="A consumer that takes nothing for so long is stuck: it gives its parts up, loudly.",
    )
    member: str = Field(
        default="",
        pattern=_ID,
        description="Name of this process for static membership (for example the pod's): after a restart within the "
        "session timeout it gets its parts back without a hand-over. Empty: off.",
    )
    commit_every_s: float = Field(
        default=1.0, ge=0, le=60, description="Pause between commits to Kafka; what is not committed may come again."
    )
    max_behind_s: float = Field(
        default=2.0, gt=0, le=3600, description="A consumer of frames that is further behind jumps to the newest."
    )

    @model_validator(mode="after")
    def _check(self) -> Self:
        for server in self.servers:
            host, colon, port = server.rpartition(":")
            if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
                raise ValueError(f"server '{server}' is not host:port")
        if self.security.startswith("sasl") and not self.username:
            raise ValueError(f"security {self.security} needs a username")
        if bool(self.cert_file) != bool(self.key_file):
            raise ValueError("cert_file and key_file go together")
        if self.heartbeat_s >= self.session_timeout_s:
            raise ValueError("heartbeat_s must be shorter than session_timeout_s")
        if self.min_insync > self.replication:
            raise ValueError("min_insync cannot be more than replication")
        return self


class BusSettings(Section):
    """What carries messages between services."""

    kind: Literal["memory", "kafka"] = Field(default="memory", description="memory: one process; kafka: many.")
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
