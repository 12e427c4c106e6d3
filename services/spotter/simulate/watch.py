"""What the services did under a load, from their /metrics: processor time, memory, messages, losses, lag."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import httpx
from prometheus_client.parser import text_string_to_metric_families

from spotter.core.errors import ConfigError

EVERY_S = 1.0
_TIMEOUT_S = 5.0

_HANDLED = ("spotter_end_to_end_seconds_count", "spotter_frames_posed_total")
"""Messages that a service has dealt with: the ergonomics service counts assessed frames, pose counts posed ones."""
_LOST = ("spotter_frames_dropped_total", "spotter_messages_rejected_total")
_LAG = "spotter_bus_lag"


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a service.

    Attributes:
        at: monotonic seconds.
        cpu_s: processor seconds of the process since it began.
        rss: resident memory, bytes.
        handled: messages dealt with since it began.
        lost: messages let go since it began, by reason.
        lag: messages that its consumers are behind, over all partitions; None when it does not say.
    """

    at: float
    cpu_s: float
    rss: float
    handled: float
    lost: Mapping[str, float] = field(default_factory=dict)
    lag: float | None = None


def parse(text: str, at: float) -> Sample:
    """The sample in the text of a /metrics page.

    Raises:
        ValueError: not the page of a process that exports processor time and memory.
    """
    values: defaultdict[str, float] = defaultdict(float)
    lost: defaultdict[str, float] = defaultdict(float)
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            values[sample.name] += sample.value
            if sample.name in _LOST:
                lost[sample.labels["reason"]] += sample.value
    if "process_cpu_seconds_total" not in values:
        raise ValueError("no process_cpu_seconds_total in it")
    return Sample(
        at,
        values["process_cpu_seconds_total"],
        values["process_resident_memory_bytes"],
        max(values[name] for name in _HANDLED),
        dict(lost),
        values.get(_LAG),
    )


class Watch:
    """Looks at /metrics pages every second on a thread of its own; a page that does not answer is passed over.

    Attributes:
        samples: by URL, oldest first.
    """

    def __init__(self, urls: Sequence[str], clock: Callable[[], float] = time.monotonic) -> None:
        self.samples: dict[str, list[Sample]] = {url: [] for url in urls}
        self._clock = clock
        self._client = httpx.Client(timeout=_TIMEOUT_S)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spotter-watch", daemon=True)

    def start(self) -> None:
        """Take the first samples, then go on in the background.

        Raises:
            ConfigError: a page cannot be read.
        """
        for url in self.samples:
            try:
                self._look(url)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
                raise ConfigError(
                    f"metrics page '{url}' cannot be read: {error or type(error).__name__}",
                    mend="Give the address of a service's /metrics, for example http://127.0.0.1:9100/metrics",
                ) from None
        self._thread.start()

    def stop(self) -> None:
        """Take the last samples and end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._client.close()

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            self._look_at_all()
        self._look_at_all()

    def _look_at_all(self) -> None:
        for url in self.samples:
            try:
                self._look(url)
            except (httpx.HTTPError, ValueError):
                continue

    def _look(self, url: str) -> None:
        answer = self._client.get(url)
        answer.raise_for_status()
        self.samples[url].append(parse(answer.text, self._clock()))
