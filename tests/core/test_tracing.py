"""Traces: ids and parents by table, then real OTLP to a real receiver, and a collector that is not there."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from alert_samples import make_alert
from otlp_receiver import OtlpReceiver
from prometheus_client import CollectorRegistry

from spotter.core.contracts import Ledger
from spotter.core.errors import ConfigError
from spotter.core.telemetry.service_metrics import ServiceMetrics
from spotter.core.telemetry.spans import (
    CAPTURE,
    ERGONOMICS,
    NOTIFY,
    POSE,
    STORE,
    TRACEPARENT,
    alert_chain,
    make_span,
    new_traceparent,
    parse_traceparent,
)
from spotter.core.telemetry.tracing import NO_TRACER, QUEUE, Tracer, open_tracer

AT = 1_769_847_300_000_000_000
MS = 1_000_000


class Counted:
    """A tracer on a registry of its own."""

    def __init__(self, endpoint: str, ratio: float = 0.0) -> None:
        self.registry = CollectorRegistry()
        self.tracer: Tracer = open_tracer(endpoint, ratio, "pose", "site", ServiceMetrics(self.registry).trace_spans)

    def count(self, outcome: str) -> float:
        return self.registry.get_sample_value("spotter_trace_spans_total", {"outcome": outcome}) or 0.0


def traced_alert(traceparent: str, **ledger: int | None):
    times = {"captured": AT, "published": AT + 5 * MS, "posed": AT + 40 * MS, "ruled": AT + 45 * MS} | ledger
    alert = make_alert()
    return replace(alert, ledger=Ledger(**times), versions={**alert.versions, TRACEPARENT: traceparent})


@pytest.mark.parametrize("sampled", [True, False])
def test_a_new_traceparent_can_be_read_and_is_never_the_same(sampled):
    seen = {new_traceparent(sampled=sampled) for _ in range(100)}
    assert len(seen) == 100
    for text in seen:
        parsed = parse_traceparent(text)
        assert parsed is not None
        assert parsed.sampled is sampled
        assert text == f"00-{parsed.trace:032x}-{parsed.first_span:016x}-{int(sampled):02x}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "00-1-2-01",
        f"00-{'0' * 32}-{'1' * 16}-01",
        f"00-{'1' * 32}-{'0' * 16}-01",
        f"ff-{'1' * 32}-{'1' * 16}-01",
        f"00-{'A' * 32}-{'1' * 16}-01",
        f"00-{'1' * 32}-{'1' * 16}-01-more",
    ],
)
def test_what_is_no_traceparent_is_ignored(text):
    assert parse_traceparent(text) is None


def test_the_chain_of_an_alert_follows_its_ledger():
    text = new_traceparent(sampled=False)
    trace = parse_traceparent(text)
    chain = alert_chain(traced_alert(text), stored=AT + 50 * MS)
    assert [(span.name, (span.start - AT) // MS, (span.end - AT) // MS) for span in chain] == [
        (CAPTURE, 0, 5), (POSE, 5, 40), (ERGONOMICS, 40, 45), (STORE, 45, 50),
    ]  # fmt: skip
    assert {span.trace for span in chain} == {trace.trace}
    assert chain[0].id == trace.first_span
    assert chain[0].parent is None
    assert [span.parent for span in chain[1:]] == [span.id for span in chain[:-1]]
    # The service that did the step sends the same span: a collector holds it once.
    assert make_span(POSE, trace, AT, AT).id == chain[1].id
    notified = [make_span(NOTIFY, trace, AT, AT, part=f"{channel}/0") for channel in ("chat", "mail")]
    assert {span.parent for span in notified} == {chain[-1].id}
    assert len({span.id for span in notified}) == 2


def test_a_time_that_is_missing_leaves_its_steps_out():
    chain = alert_chain(traced_alert(new_traceparent(sampled=True), published=None), stored=AT + 50 * MS)
    assert [span.name for span in chain] == [ERGONOMICS, STORE]
    assert alert_chain(make_alert(), stored=AT) == []


def test_spans_reach_a_collector_frames_by_ratio_and_alerts_always():
    with OtlpReceiver() as receiver:
        all_of_them, none_of_them = Counted(receiver.endpoint, ratio=1.0), Counted(receiver.endpoint + "/", ratio=0.0)
        frame, unsampled = all_of_them.tracer.begin(), none_of_them.tracer.begin()
        all_of_them.tracer.span(POSE, frame, AT, AT + MS, {"spotter.people": 2})
        none_of_them.tracer.span(POSE, unsampled, AT, AT + MS)
        none_of_them.tracer.alert(traced_alert(unsampled), AT + 50 * MS)
        none_of_them.tracer.span(NOTIFY, unsampled, AT, AT + MS, part="chat/0", always=True)
        spans = receiver.wait_for(lambda spans: len(spans) >= 6)
        for counted in (all_of_them, none_of_them):
            counted.tracer.close()
    assert receiver.paths == {"/v1/traces"}
    assert len(spans) == 6
    by_trace = {trace: [span for span in spans if span.trace == trace] for trace in {span.trace for span in spans}}
    (posed,) = by_trace[frame.split("-")[1]]
    assert (posed.service, posed.name, posed.parent) == ("spotter-pose", POSE, frame.split("-")[2])
    assert posed.attributes == {"spotter.people": 2}
    chain = by_trace[unsampled.split("-")[1]]
    assert {span.name for span in chain} == {CAPTURE, POSE, ERGONOMICS, STORE, NOTIFY}
    ids = {span.id for span in chain}
    assert [span.name for span in chain if span.parent not in ids] == [CAPTURE]
    assert all_of_them.count("exported") == 1
    assert none_of_them.count("exported") == 5


def test_a_collector_that_never_answers_holds_nobody_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        counted = Counted(f"http://127.0.0.1:{silent.getsockname()[1]}", ratio=1.0)
        frame = counted.tracer.begin()
        for _ in range(3 * QUEUE):
            counted.tracer.span(POSE, frame, AT, AT + MS)
        assert counted.count("dropped") >= QUEUE
        counted.tracer.close()
        # No try has come to an end, so neither the spans nor the end of the service can have waited for one.
        assert counted.count("failed") == counted.count("exported") == 0


def test_a_collector_that_refuses_is_counted_and_taken_up_again():
    with OtlpReceiver() as receiver:
        receiver.status = 400
        counted = Counted(receiver.endpoint, ratio=1.0)
        frame = counted.tracer.begin()
        counted.tracer.span(POSE, frame, AT, AT + MS)
        deadline = time.monotonic() + 15
        while not counted.count("failed"):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        receiver.status = 200
        counted.tracer.span(CAPTURE, frame, AT, AT + MS)
        assert [span.name for span in receiver.wait_for(lambda spans: bool(spans))] == [CAPTURE]
        counted.tracer.close()
    assert (counted.count("failed"), counted.count("exported")) == (1, 1)


def test_off_means_no_trace_and_no_import():
    assert open_tracer("", 1.0, "pose", "site", ServiceMetrics(CollectorRegistry()).trace_spans) is NO_TRACER
    assert NO_TRACER.begin() == ""
    code = (
        "import sys, spotter.core.telemetry.tracing, spotter.ingest.worker; "
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("endpoint", ["user:Hunter2@collector:4318", "ftp://user:Hunter2@collector", "http://"])
def test_a_wrong_endpoint_is_one_line_without_a_secret(endpoint):
    with pytest.raises(ConfigError, match=r"trace\.endpoint.*http") as caught:
        open_tracer(endpoint, 1.0, "pose", "site", ServiceMetrics(CollectorRegistry()).trace_spans)
    assert "Hunter2" not in str(caught.value)
