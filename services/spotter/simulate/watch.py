"""What the services did under a load, from their /metrics: processor time, memory, messages, losses, lag."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx
from prometheus_client.parser import text_string_to_metric_families

from spotter.core.errors import ConfigError

EVERY_S = 5.0
"""A page of 500 cameras takes a service some tenths of a second; Prometheus asks every 15 s."""
_TIMEOUT_S = 5.0

_HANDLED = ("spotter_end_to_end_seconds_count", "spotter_frames_posed_total")
"""Messages that a service has dealt with: the ergonomics service counts assessed frames, pose counts posed ones."""
_LATENCIES = ("spotter_end_to_end_seconds_bucket", "spotter_capture_to_skeleton_seconds_bucket")
"""Capture to assessed, or to skeletons, whichever of the two the service has."""
_LOST = ("spotter_frames_dropped_total", "spotter_messages_rejected_total", "spotter_bus_skipped_total")
_LAG = "spotter_bus_lag"
_CPU, _RSS = "process_cpu_seconds_total", "process_resident_memory_bytes"
_READ = (*_HANDLED, *_LATENCIES, *_LOST, _LAG, _CPU, _RSS)
"""Begins the rows that are read; the others are most of a page."""


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
        latency: messages dealt with since it began within so many seconds of their capture, by that bound.
    """

    at: float
    cpu_s: float
    rss: float
    handled: float
    lost: Mapping[str, float] = field(default_factory=dict)
    lag: float | None = None
    latency: Mapping[float, float] = field(default_factory=dict)


def parse(text: str, at: float) -> Sample:
    """The sample in the text of a /metrics page.

    Raises:
        ValueError: not the page of a process that exports processor time and memory.
    """
    values: defaultdict[str, float] = defaultdict(float)
    lost: defaultdict[str, float] = defaultdict(float)
    latencies = {name: defaultdict[float, float](float) for name in _LATENCIES}
    wanted = "\n".join(row for row in text.splitlines() if row.startswith(_READ))
    for family in text_string_to_metric_families(wanted):
        for sample in family.samples:
            values[sample.name] += sample.value
            if sample.name in _LOST:
                lost[sample.labels["reason"]] += sample.value
            elif sample.name in _LATENCIES:
                latencies[sample.name][float(sample.labels["le"])] += sample.value
    if _CPU not in values:
        raise ValueError(f"no {_CPU} in it")
    return Sample(
        at,
        values[_CPU],
        values[_RSS],
        max(values[name] for name in _HANDLED),
        dict(lost),
        values.get(_LAG),
        next((dict(sorted(found.items())) for found in latencies.values() if found), {}),
    )


Look = Callable[[float], Sample]
"""Takes one sample of a service at a monotonic time; raises `httpx.HTTPError` or `ValueError` when it cannot."""


class MetricsPage:
    """A `Look` at the /metrics page of a service."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = httpx.Client(timeout=_TIMEOUT_S)

    def __call__(self, at: float) -> Sample:
        answer = self._client.get(self._url)
        answer.raise_for_status()
        return parse(answer.text, at)

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()


class Watch:
    """Looks at services every few seconds on a thread of its own; one that does not answer is passed over.

    Attributes:
        samples: by name of the service, oldest first.
        cpu_s: processor seconds that looking took.
    """

    def __init__(self, looks: Mapping[str, Look], clock: Callable[[], float] = time.monotonic) -> None:
        self.samples: dict[str, list[Sample]] = {name: [] for name in looks}
        self.cpu_s = 0.0
        self._looks = dict(looks)
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="spotter-watch", daemon=True)

    def start(self) -> None:
        """Take the first samples, then go on in the background.

        Raises:
            ConfigError: a service does not answer.
        """
        for name in self._looks:
            try:
                self._look(name)
            except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
                raise ConfigError(
                    f"metrics page '{name}' cannot be read: {str(error) or type(error).__name__}",
                    mend="Give the address of a service's /metrics, for example http://127.0.0.1:9100/metrics",
                ) from None
        self._thread.start()

    def stop(self) -> None:
        """Take the last samples and end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            self._look_at_all()
        self._look_at_all()

    def _look_at_all(self) -> None:
        before = time.thread_time()
        for name in self._looks:
            with contextlib.suppress(httpx.HTTPError, ValueError):
                self._look(name)
        self.cpu_s += time.thread_time() - before

    def _look(self, name: str) -> None:
        self.samples[name].append(self._looks[name](self._clock()))
