"""Service processes in tests: started, read, ended, and never left behind."""

from __future__ import annotations

import sys

import pytest
from processes import Process, Processes

SERVER = """
import http.server, os, signal, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'# TYPE n counter\\nn_total{a="1"} 2\\nn_total{a="2"} 3\\n' if self.path == "/metrics" else b"ok"
        self.send_response(200); self.send_header("Content-Length", str(len(body))); self.end_headers()
        self.wfile.write(body)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(int(os.environ["CODE"])))
print("up", flush=True)
http.server.HTTPServer(("127.0.0.1", int(os.environ["SPOTTER_METRICS__PORT"])), Handler).serve_forever()
"""


@pytest.fixture
def process(tmp_path):
    with Processes() as processes:
        yield processes.add(Process("one", ("-c", SERVER), {"CODE": "3"}, tmp_path, command=(sys.executable,)))


def test_a_process_is_started_read_stopped_and_started_again(process):
    process.start()
    process.wait_ready(20)
    assert process.metrics() == {"n_total": 5.0}
    assert process.stop() == 3
    assert process.readiness()[0] == 0
    process.start()
    process.wait_ready(20)
    process.kill()
    assert process.text().count("up") == 2
    assert process.starts == 2
    assert process.deaths == [], "who is ended from outside has not died"


def test_a_process_that_ends_by_itself_is_remembered(process, tmp_path):
    process.command = (sys.executable, "-c", "raise SystemExit(7)")
    process.start()
    with pytest.raises(AssertionError, match="ended with 7"):
        process.wait_ready(20)
    assert process.deaths == [7]


def test_what_still_runs_is_killed_on_leaving(tmp_path):
    with Processes() as processes:
        one = processes.add(Process("notify-0", ("-c", SERVER), {"CODE": "0"}, tmp_path, command=(sys.executable,)))
        processes.add(Process("pose-0", ("-c", SERVER), {"CODE": "0"}, tmp_path, command=(sys.executable,)))
        one.start()
        one.freeze()
        assert [each.name for each in processes.of("notify")] == ["notify-0"]
    assert not one.running
    assert processes.deaths() == {}
