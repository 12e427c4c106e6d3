"""A scenario: a small data file that says what runs, what goes wrong when, and what must hold afterwards.

Every random choice (moments within their windows, how long, which replica) comes from the seed, so a scenario that
failed can be run again as it was. Moments are shares of the time that the load takes: 0 its first message, 1 its last,
1.5 half as long again after everything is out and acknowledged.
"""

from __future__ import annotations

import difflib
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

FOLDER = Path(__file__).with_name("scenarios")

SERVICES = ("ingest", "pose", "ergonomics", "notify", "dashboard")
SERVERS = ("kafka", "postgres", "redis")
ON_PROCESSES = ("kill", "stop", "freeze", "upgrade", "clock")
ON_SERVERS = ("kill", "stop", "freeze", "fill")
ON_LINKS = ("delay", "silence", "swallow", "cut", "reset")
ON_TOPICS = ("poison", "repeat", "shuffle", "replay")


class ScenarioError(Exception):
    """A scenario file that does not say what it must; one line with the file, the place and the mend."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Load(_Section):
    """What the cameras see.

    Attributes:
        kind: "skeletons" go to ergonomics directly; "frames" go through pose; "cameras" are read by ingest.
        seconds: event time that passes; it takes seconds / speed on the clock.
        swaps: share of frames that change places with their successor, in the undisturbed run as well.
        recorded: cameras that play the recorded skeletons that the product ships; the others play stick figures.
        falls_from_s: frames only: the falls begin 1 to 7 s after this.
        newer: cameras whose skeletons come in the next schema version.
        steps: jumps of the cameras' clocks as (share of the time, seconds), in the undisturbed run as well.
    """

    kind: Literal["skeletons", "frames", "cameras"] = "skeletons"
    cameras: int = Field(default=6, ge=1, le=64)
    seconds: float = Field(default=60.0, ge=5, le=600)
    fps: float = Field(default=8.0, ge=2, le=30)
    speed: float = Field(default=6.0, ge=0.5, le=20)
    swaps: float = Field(default=0.0, ge=0, le=0.2)
    recorded: int = Field(default=2, ge=0)
    falls_from_s: float = Field(default=0.0, ge=0, le=50)
    newer: int = Field(default=0, ge=0)
    steps: tuple[tuple[float, float], ...] = ()


class Fault(_Section):
    """One thing that goes wrong, `times` times, each at a random moment of the window.

    Attributes:
        target: a service ("notify": one replica; "notify/all"), a server ("kafka"), a link ("link/kafka") or a topic
            ("topic/skeletons").
        window: earliest and latest moment.
        lasts_s: shortest and longest time until it is mended (restarted, healed, thawed), seconds on the clock.
        size: of a delay in seconds, of a clock step in seconds, of a block of messages.
    """

    do: str
    target: str
    window: tuple[float, float] = (0.15, 0.85)
    lasts_s: tuple[float, float] = (0.5, 2.0)
    times: int = Field(default=1, ge=1, le=20)
    size: float = 0.0

    @model_validator(mode="after")
    def _fits(self) -> Self:
        what, _, which = self.target.partition("/")
        known = {"link": ON_LINKS, "topic": ON_TOPICS}.get(what)
        if known is not None:
            places: tuple[str, ...] = SERVERS if what == "link" else ("frames", "skeletons", "camera-health")
            if which not in places:
                raise ValueError(f"'{self.target}' is none of {', '.join(f'{what}/{place}' for place in places)}")
        elif what in SERVERS and not which:
            known = ON_SERVERS
        elif what in SERVICES and which in ("", "all"):
            known = ON_PROCESSES
        else:
            raise ValueError(f"'{self.target}' is no service, server, link or topic")
        if self.do not in known:
            near = difflib.get_close_matches(self.do, known, n=1)
            raise ValueError(
                f"'{self.do}' cannot be done to {self.target}; {near[0] if near else ', '.join(known)} can"
            )
        for name, (low, high) in (("window", self.window), ("lasts_s", self.lasts_s)):
            if not 0 <= low <= high:
                raise ValueError(f"{name} {low} to {high} is empty")
        return self


class Hold(_Section):
    """What must hold beyond the promises that are always checked (see `outcome`).

    Attributes:
        counters: least sum of a metric over the replicas of a service, as {service: {metric: least}}.
        dead_letters: least number of messages in the dead-letter topic.
        evidence: the numbers in the alerts are equal too; false where history was cut by a rebuild.
    """

    counters: dict[str, dict[str, float]] = {}
    dead_letters: int = 0
    evidence: bool = True


class Scenario(_Section):
    """See the module."""

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    about: str = Field(min_length=10)
    seed: int = 1
    suite: Literal["short", "long"] = "long"
    broker: Literal["tansu", "noida"] = "tansu"
    services: dict[str, int] = {"ergonomics": 2, "notify": 2}
    load: Load = Load()
    settings: dict[str, str] = {}
    faults: tuple[Fault, ...] = ()
    hold: Hold = Hold()
    quiet_s: float = Field(default=60.0, ge=5, le=300)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for service in self.services:
            if service not in SERVICES:
                raise ValueError(f"'{service}' is no service; {', '.join(SERVICES)} are")
        for fault in self.faults:
            what = fault.target.partition("/")[0]
            if what in SERVICES and what not in self.services:
                raise ValueError(f"a fault is on '{fault.target}', which does not run")
            if fault.target == "link/kafka" and self.broker != "tansu":
                raise ValueError("the link to kafka needs broker: tansu; noida-db advertises its own address")
            if what == "kafka" and fault.do in ("kill", "stop") and self.broker != "noida":
                raise ValueError("a restart of kafka needs broker: noida; tansu forgets everything")
        return self


@dataclass(frozen=True, slots=True, order=True)
class Action:
    """One fault at its moment, drawn from the seed.

    Attributes:
        at: share of the load's time.
        lasts_s: seconds on the clock until it is mended.
        pick: a number in 0..1 that chooses the replica, the block of messages, and the like.
    """

    at: float
    do: str
    target: str
    lasts_s: float
    size: float
    pick: float

    def __str__(self) -> str:
        return f"{self.at:.2f} {self.do} {self.target} for {self.lasts_s:.1f} s"


def draw(scenario: Scenario, seed: int | None = None) -> list[Action]:
    """The actions of a scenario in order of time; the same for the same seed."""
    generator = random.Random(f"{scenario.name}/{scenario.seed if seed is None else seed}")
    actions = [
        Action(
            at=generator.uniform(*fault.window),
            do=fault.do,
            target=fault.target,
            lasts_s=generator.uniform(*fault.lasts_s),
            size=fault.size,
            pick=generator.random(),
        )
        for fault in scenario.faults
        for _ in range(fault.times)
    ]
    return sorted(actions)


def load(path: Path) -> Scenario:
    """Read a scenario file.

    Raises:
        ScenarioError: unreadable, or not a scenario; names the place.
    """
    try:
        values: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ScenarioError(f"{path.name} cannot be read: {error}") from None
    if not isinstance(values, dict):
        raise ScenarioError(f"{path.name} is not a mapping; begin with 'name:'")
    try:
        scenario = Scenario(**values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the scenario"
        raise ScenarioError(f"{path.name}: {place}: {first['msg'].removeprefix('Value error, ')}") from None
    if scenario.name != path.stem:
        raise ScenarioError(f"{path.name}: name is '{scenario.name}'; call it as its file")
    return scenario


def load_all(folder: Path = FOLDER) -> list[Scenario]:
    """All scenarios of a folder, by name."""
    return [load(path) for path in sorted(folder.glob("*.yaml"))]
