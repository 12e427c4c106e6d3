"""Traces from the frame to the alert, sent over OTLP/HTTP by OpenTelemetry (extra `trace`); off by default.

Promises: while it is off, nothing of OpenTelemetry is imported and no frame carries a trace. A collector that is slow
or gone blocks nobody: spans wait in a bounded queue and are let go when it is full; each is counted by outcome. Frames
are sampled by ratio; an alert is traced whatever the ratio is. Spans hold names and times, no pictures and no people.
Headers and certificates for the collector are given by OpenTelemetry's own variables (`OTEL_EXPORTER_OTLP_HEADERS`...).
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, cast
from urllib.parse import urlsplit

from prometheus_client import Counter

from spotter import __version__
from spotter.core.contracts import Alert
from spotter.core.errors import ConfigError
from spotter.core.telemetry.logs import get_logger
from spotter.core.telemetry.spans import Span, alert_chain, make_span, new_traceparent, parse_traceparent

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

QUEUE = 2048
"""Spans that wait for the collector at most."""

TIMEOUT_S = 5.0
"""Longest wait for the collector to take one batch."""

CLOSE_S = 1.5
"""Longest wait for the last spans to go out when the process ends."""

Attributes = Mapping[str, str | int | float | bool]


class Tracer(Protocol):
    """Where services tell what they did. No method blocks or raises."""

    def begin(self) -> str:
        """`traceparent` of one more frame; empty while tracing is off."""

    def span(
        self,
        name: str,
        traceparent: str,
        start: int,
        end: int,
        attributes: Attributes | None = None,
        *,
        part: str = "",
        always: bool = False,
    ) -> None:
        """One step of a frame, UTC ns; nothing for a frame that is not sampled, unless `always` (steps of an alert).

        Args:
            name: as in `telemetry.spans`.
            part: tells apart several spans of one name in one trace.
        """

    def alert(self, alert: Alert, stored: int) -> None:
        """The whole way of the frame that raised `alert`, sampled or not; `stored`: when it was written, UTC ns."""

    def close(self) -> None:
        """Send what waits, for at most `CLOSE_S`."""


class NoTracer:
    """Tracing is off."""

    def begin(self) -> str:
        return ""

    def span(
        self,
        name: str,
        traceparent: str,
        start: int,
        end: int,
        attributes: Attributes | None = None,
        *,
        part: str = "",
        always: bool = False,
    ) -> None:
        return None

    def alert(self, alert: Alert, stored: int) -> None:
        return None

    def close(self) -> None:
        return None


NO_TRACER: Tracer = NoTracer()


def open_tracer(endpoint: str, ratio: float, role: str, site: str, spans: Counter) -> Tracer:
    """A tracer for one process.

    Args:
        endpoint: OTLP/HTTP base URL of the collector; empty: off.
        ratio: share of frames that are traced.
        role: name of the service in the traces ("pose" becomes "spotter-pose").
        spans: counts spans by `outcome`.

    Raises:
        ConfigError: the endpoint is not an address, or OpenTelemetry is not installed.
    """
    if not endpoint:
        return NO_TRACER
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(
            "setting 'trace.endpoint' is not an http:// or https:// address", mend="Write http://collector:4318"
        )
    try:
        return OtlpTracer(endpoint, ratio, role, site, spans)
    except ModuleNotFoundError:
        raise ConfigError(
            "setting 'trace.endpoint' is given but OpenTelemetry is not installed",
            mend="Install the extra: pip install 'spotter-safety[trace]'",
        ) from None


class OtlpTracer:
    """Sends spans over OTLP/HTTP; arguments as for `open_tracer`."""

    def __init__(self, endpoint: str, ratio: float, role: str, site: str, spans: Counter) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        # They speak of each failed try; the counter and one line for each change say the same.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        self._ratio = ratio
        self._random = random.Random()  # noqa: S311 - chooses frames, guards nothing
        self._resource = Resource(
            {"service.name": f"spotter-{role}", "service.version": __version__, "spotter.site": site}
        )
        self._exporter = _CountingExporter(
            OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", timeout=TIMEOUT_S),
            urlsplit(endpoint).hostname or "",
            spans,
        )
        self._processor = BatchSpanProcessor(
            cast("SpanExporter", self._exporter), max_queue_size=QUEUE, schedule_delay_millis=1000
        )

    def begin(self) -> str:
        return new_traceparent(sampled=self._random.random() < self._ratio)

    def span(
        self,
        name: str,
        traceparent: str,
        start: int,
        end: int,
        attributes: Attributes | None = None,
        *,
        part: str = "",
        always: bool = False,
    ) -> None:
        trace = parse_traceparent(traceparent)
        if trace is not None and (trace.sampled or always):
            self._emit([make_span(name, trace, start, end, attributes, part=part)])

    def alert(self, alert: Alert, stored: int) -> None:
        self._emit(alert_chain(alert, stored))

    def close(self) -> None:
        # The library waits up to 30 s for a collector that is gone; nobody else should.
        closing = threading.Thread(target=self._processor.shutdown, name="spotter-trace-close", daemon=True)
        closing.start()
        closing.join(CLOSE_S)

    def _emit(self, spans: Sequence[Span]) -> None:
        for span in spans[: self._exporter.admit(len(spans))]:
            self._processor.on_end(self._readable(span))

    def _readable(self, span: Span) -> ReadableSpan:
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.trace import SpanContext, TraceFlags

        sampled = TraceFlags(TraceFlags.SAMPLED)
        parent = None if span.parent is None else SpanContext(span.trace, span.parent, True, sampled)
        return ReadableSpan(
            name=span.name,
            context=SpanContext(span.trace, span.id, False, sampled),
            parent=parent,
            resource=self._resource,
            attributes=dict(span.attributes),
            start_time=span.start,
            end_time=span.end,
        )


class _CountingExporter:
    """The exporter that the library's processor calls on its own thread: bounds and counts what goes through.

    Args:
        inner: sends a batch and says whether it arrived.
        host: of the collector, for people; the rest of its address may hold a token.
    """

    def __init__(self, inner: SpanExporter, host: str, spans: Counter) -> None:
        self._inner = inner
        self._host = host
        self._spans = spans
        self._waiting = 0
        self._failing = False
        self._lock = threading.Lock()
        self._log = get_logger(__name__)

    def admit(self, spans: int) -> int:
        """How many of so many more spans there is room for; the others are counted as dropped."""
        with self._lock:
            admitted = min(spans, QUEUE - self._waiting)
            self._waiting += admitted
        if admitted < spans:
            self._spans.labels(outcome="dropped").inc(spans - admitted)
        return admitted

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Hand a batch to the collector and count what became of it."""
        from opentelemetry.sdk.trace.export import SpanExportResult

        arrived = False
        try:
            arrived = self._inner.export(spans) is SpanExportResult.SUCCESS
        finally:
            with self._lock:
                self._waiting -= len(spans)
            self._spans.labels(outcome="exported" if arrived else "failed").inc(len(spans))
        if arrived == self._failing:
            self._failing = not arrived
            if arrived:
                self._log.info("traces_arrive", host=self._host)
            else:
                self._log.warning("traces_do_not_arrive", host=self._host)
        return SpanExportResult.SUCCESS if arrived else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """Stop trying."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Nothing is kept here."""
        return True
