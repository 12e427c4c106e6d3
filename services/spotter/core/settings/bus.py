"""Settings of the bus: in memory within one process, or Kafka."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from spotter.core.settings.base import Section


class KafkaSettings(Section):
    """How Kafka is reached, and what its topics keep."""

    servers: tuple[str, ...] = Field(default=("127.0.0.1:9092",), description="Bootstrap servers, host:port each.")
    prefix: str = Field(
        default="spotter.",
        pattern=r"^[A-Za-z0-9_.-]{0,64}$",
        description="Begins the name of every topic and group.",
    )
    security: Literal["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"] = Field(
        default="plaintext", description="How the connection is protected."
    )
    ca_file: str = Field(default="", description="PEM file of the authority that signed the brokers' certificates.")
    cert_file: str = Field(default="", description="PEM file of this client's certificate.")
    key_file: str = Field(default="", description="PEM file of this client's private key.")
    key_password: SecretStr = Field(default=SecretStr(""), description="Password of that key.")
    mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", description="SASL mechanism."
    )
    username: str = Field(default="", description="SASL user.")
    password: SecretStr = Field(default=SecretStr(""), description="SASL password.")


class BusSettings(Section):
    """What carries messages between services."""

    kind: Literal["memory", "kafka"] = Field(default="memory", description="memory: one process; kafka: many.")
    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
