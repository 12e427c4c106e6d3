"""Looking at Kafka from outside: does it let us in, are the topics there, how far behind is each group."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from spotter.core.bus.kafka.faults import diagnose, explain, knock, look_up, shake_hands, sign_in
from spotter.core.bus.kafka.options import client_options
from spotter.core.bus.kafka.topics import TopicPlan, TopicState, create, house_plans, inspect
from spotter.core.errors import BusError
from spotter.core.settings import KafkaSettings

_PROBE_S = 3.0
_RIGHTS = {"READ", "WRITE", "DESCRIBE"}
"""Operations on its topics that a client of Spotter needs."""


@dataclass(frozen=True)
class Step:
    """One thing that was tried: its name, whether it works, what was found, and the mend when it does not."""

    name: str
    works: bool
    detail: str
    mend: str = ""


@dataclass(frozen=True)
class PartLag:
    """How far a group is behind in one part; `committed` is None where it never committed."""

    group: str
    topic: str
    part: int
    committed: int | None
    end: int

    @property
    def lag(self) -> int:
        return self.end - (self.committed or 0)


def check(settings: KafkaSettings) -> Iterator[Step]:
    """Step by step from the name of each server to the topics; stops where nothing further can work."""
    reached = False
    for server in settings.servers:
        steps: list[tuple[str, Callable[[], None]]] = [
            ("name", lambda server=server: look_up(server)),  # type: ignore[misc]
            ("port", lambda server=server: knock(server, _PROBE_S)),  # type: ignore[misc]
        ]
        if settings.security.endswith("ssl"):
            steps.append(("TLS", lambda server=server: shake_hands(settings, server, _PROBE_S)))  # type: ignore[misc]
        steps.append(("sign-in", lambda server=server: sign_in(settings, server, _PROBE_S)))  # type: ignore[misc]
        for name, attempt in steps:
            try:
                attempt()
            except (OSError, BusError) as error:
                reason = explain(error, settings, server=server)
                yield Step(f"{name} {server}", False, reason.message, reason.mend)
                break
            yield Step(f"{name} {server}", True, "ok")
        else:
            reached = True
    if not reached:
        return
    try:
        with open_admin(settings) as admin:
            yield from _check_topics(admin, settings)
    except BusError as error:
        yield Step("topics", False, error.message, error.mend)


def topic_states(settings: KafkaSettings) -> list[TopicState]:
    """The house's topics, compared with the settings.

    Raises:
        BusError: Kafka cannot be reached, or refuses.
    """
    with open_admin(settings) as admin:
        return inspect(admin, house_plans(settings))


def create_missing(settings: KafkaSettings) -> list[TopicPlan]:
    """Make the house's topics that are missing; those that were made.

    Raises:
        BusError: Kafka cannot be reached, or refuses.
    """
    with open_admin(settings) as admin:
        missing = [state.plan for state in inspect(admin, house_plans(settings)) if state.missing]
        return [plan for plan in missing if create(admin, plan)]


def lags(settings: KafkaSettings) -> list[PartLag]:
    """Every part of every group whose name begins with the prefix.

    Raises:
        BusError: Kafka cannot be reached, or refuses.
    """
    with open_admin(settings) as admin:
        groups = [
            group["group_id"] for group in admin.list_groups() if str(group["group_id"]).startswith(settings.prefix)
        ]
        committed = admin.list_group_offsets(dict.fromkeys(groups)) if groups else {}
    found = {(group, partition): offset for group, parts in committed.items() for partition, offset in parts.items()}
    ends = _ends(settings, [partition for _, partition in found])
    return sorted(
        (
            PartLag(group, partition.topic, partition.partition, _offset(offset), ends[partition])
            for (group, partition), offset in found.items()
        ),
        key=lambda one: (one.group, one.topic, one.part),
    )


@contextmanager
def open_admin(settings: KafkaSettings) -> Iterator[KafkaAdminClient]:
    """An admin client; what it raises within comes out as `BusError`."""
    if (reason := diagnose(settings, _PROBE_S)) is not None:
        raise reason
    options = client_options(settings, "spotter-cli")
    admin = KafkaAdminClient(**options, bootstrap_timeout_ms=options["request_timeout_ms"])
    try:
        yield admin
    except BusError:
        raise
    except Exception as error:
        raise explain(error, settings) from None
    finally:
        admin.close()


def _check_topics(admin: KafkaAdminClient, settings: KafkaSettings) -> Iterator[Step]:
    states = inspect(admin, house_plans(settings))
    rights = _rights(admin, [state.plan.name for state in states if not state.missing])
    for state in states:
        name = f"topic {state.plan.name}"
        missing_rights = _RIGHTS - (rights.get(state.plan.name) or _RIGHTS)
        if state.missing:
            hint = "the services make it" if settings.create_topics else "nobody makes it (bus.kafka.create_topics)"
            yield Step(name, settings.create_topics, f"not there; {hint}", "`spotter bus topics --create` makes it")
        elif missing_rights:
            detail = f"no right to {', '.join(sorted(missing_rights)).lower()}"
            yield Step(name, False, detail, "Grant it on the broker (docs/kafka.md lists them)")
        else:
            differences = "; ".join(state.differences)
            yield Step(name, True, f"{state.partitions} partitions{f'; differs: {differences}' if differences else ''}")


def _rights(admin: KafkaAdminClient, names: Sequence[str]) -> dict[str, set[str] | None]:
    """Operations that this client may do on topics; None where the broker does not tell."""
    found: dict[str, set[str] | None] = {}
    for topic in admin.describe_topics(list(names)) if names else ():
        operations = topic.get("authorized_operations")
        found[topic["name"]] = {str(getattr(one, "name", one)).upper() for one in operations} if operations else None
    return found


def _ends(settings: KafkaSettings, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    if not partitions:
        return {}
    consumer = KafkaConsumer(**client_options(settings, "spotter-cli"), allow_auto_create_topics=False)
    try:
        return {partition: int(end) for partition, end in consumer.end_offsets(list(set(partitions))).items()}
    finally:
        consumer.close(autocommit=False, timeout_ms=1000)


def _offset(found: Any) -> int | None:
    offset = getattr(found, "offset", found)
    return int(offset) if offset is not None and offset >= 0 else None
