"""Topics in Kafka: what each is called and keeps, making those that are missing, and telling what differs.

A topic that is there is never changed: more partitions would move cameras to other parts and break their order, and
less retention would delete. What differs is told, with the mend left to a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient, errors
from kafka.admin import ConfigResource, ConfigResourceType

from spotter.core.bus.api import FRAMES, HEALTH, SKELETONS, Overflow, Topic
from spotter.core.errors import BusError
from spotter.core.settings import KafkaSettings, TopicSettings

DEAD_LETTERS = "dead-letters"
"""The topic of messages that could not be read; its messages are theirs, with headers that say why."""

_SEGMENT_MIN_MS = 10_000
_SEGMENT_MAX_MS = 86_400_000


@dataclass(frozen=True)
class TopicPlan:
    """One topic as it should be. `name` is the one in Kafka, prefix included; `configs` are Kafka's own names."""

    name: str
    partitions: int
    replication: int
    configs: dict[str, str]
    max_message_bytes: int
    compression: str | None


@dataclass(frozen=True)
class TopicState:
    """What was found of one topic: missing, or `differences` in words (empty: as planned)."""

    plan: TopicPlan
    missing: bool
    partitions: int
    differences: tuple[str, ...]


def kafka_name(settings: KafkaSettings, name: str) -> str:
    """The name in Kafka of a topic or group of ours."""
    return f"{settings.prefix}{name}"


def plan_for(settings: KafkaSettings, topic: Topic[Any]) -> TopicPlan:
    """The plan of a topic; one without settings of its own is kept like skeletons if it blocks, else like health."""
    sections: dict[str, TopicSettings] = {
        FRAMES.name: settings.frames,
        SKELETONS.name: settings.skeletons,
        HEALTH.name: settings.health,
    }
    default = settings.skeletons if topic.overflow is Overflow.BLOCK else settings.health
    return _plan(settings, topic.name, sections.get(topic.name, default))


def dead_letter_plan(settings: KafkaSettings) -> TopicPlan:
    """The plan of the dead letters."""
    return _plan(settings, DEAD_LETTERS, settings.dead_letters)


def house_plans(settings: KafkaSettings) -> list[TopicPlan]:
    """The plans of all topics that Spotter's services use."""
    return [*(plan_for(settings, topic) for topic in (FRAMES, SKELETONS, HEALTH)), dead_letter_plan(settings)]


def inspect(admin: KafkaAdminClient, plans: Sequence[TopicPlan]) -> list[TopicState]:
    """Compare topics with their plans.

    Raises:
        KafkaError: the broker does not answer, or does not allow to look.
    """
    # All names, not these: asking for a topic by its name makes it on a broker that makes topics by itself.
    present = set(admin.list_topics())
    wanted = [plan for plan in plans if plan.name in present]
    found = {topic["name"]: topic for topic in admin.describe_topics([plan.name for plan in wanted])} if wanted else {}
    configs = _configs(admin, [plan.name for plan in wanted])
    states = []
    for plan in plans:
        topic = found.get(plan.name)
        if topic is None:
            states.append(TopicState(plan, True, 0, ()))
            continue
        if topic["error_code"]:
            raise errors.for_code(topic["error_code"])(topic["name"])
        partitions = len(topic["partitions"])
        copies = min((len(part["replica_nodes"]) for part in topic["partitions"]), default=0)
        states.append(TopicState(plan, False, partitions, _differences(plan, partitions, copies, configs[plan.name])))
    return states


def create(admin: KafkaAdminClient, plan: TopicPlan) -> bool:
    """Make a topic and wait until it can be used. False when another client was faster.

    Raises:
        BusError: the broker refuses; says why.
        KafkaError: the broker does not answer.
    """
    new = {
        plan.name: {
            "num_partitions": plan.partitions,
            "replication_factor": plan.replication,
            "configs": plan.configs,
        }
    }
    try:
        answer = admin.create_topics(new, raise_errors=False)
    except errors.TopicAlreadyExistsError:
        return False
    result = answer["topics"][0]
    error = errors.for_code(result["error_code"])
    if error is errors.TopicAlreadyExistsError:
        return False
    if error is not errors.NoError:
        if issubclass(error, errors.RetriableError | errors.AuthorizationError | errors.InvalidReplicationFactorError):
            raise error(plan.name)
        detail = f": {result['error_message']}" if result.get("error_message") else ""
        raise BusError(
            f"topic '{plan.name}' cannot be made: {error.__name__}{detail}",
            mend="Make it by hand (docs/kafka.md lists its settings)",
        )
    admin.wait_for_topics([plan.name])
    return True


def _plan(settings: KafkaSettings, name: str, topic: TopicSettings) -> TopicPlan:
    retention_ms = round(topic.retention_s * 1000)
    configs = {
        "retention.ms": str(retention_ms),
        "retention.bytes": str(topic.retention_bytes),
        # Kafka deletes whole segments, never the one that is written: without this, seconds of retention keep a week.
        "segment.ms": str(min(max(retention_ms // 2, _SEGMENT_MIN_MS), _SEGMENT_MAX_MS)),
        "max.message.bytes": str(topic.max_message_bytes),
        "min.insync.replicas": str(settings.min_insync),
        "cleanup.policy": "delete",
    }
    codec = None if topic.compression == "none" else topic.compression
    return TopicPlan(
        kafka_name(settings, name), topic.partitions, settings.replication, configs, topic.max_message_bytes, codec
    )


def _configs(admin: KafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Settings of topics as the broker has them; empty where it does not tell (some need a right of their own)."""
    values: dict[str, dict[str, str]] = {name: {} for name in names}
    if not names:
        return values
    try:
        answer = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name) for name in names])
    except (errors.BrokerResponseError, errors.IncompatibleBrokerVersion):
        return values
    for name, configs in answer.get("topic", {}).items():
        values[name] = {key: str(config["value"]) for key, config in configs.items()}
    return values


def _differences(plan: TopicPlan, partitions: int, copies: int, configs: dict[str, str]) -> tuple[str, ...]:
    found = []
    if partitions != plan.partitions:
        found.append(f"{partitions} partitions, planned {plan.partitions}")
    if copies < plan.replication:
        found.append(f"{copies} copies, planned {plan.replication}")
    for key, planned in plan.configs.items():
        if key in configs and configs[key] != planned:
            found.append(f"{key} = {configs[key]}, planned {planned}")
    return tuple(found)
