"""The API over HTTP, against a running server."""

from __future__ import annotations

import uuid

import httpx
import numpy as np
import pytest
from dashboard_scene import SITE, Site, make_alert, person, put_scene, record

from spotter.core.clock import SECOND, isoformat, now
from spotter.core.contracts import AlertKind, Severity, UpdateKind
from spotter.core.state import CameraView, PersonView, PostureSeconds
from spotter.core.store import CoverageRecord


def problem(response: httpx.Response, status: int) -> dict[str, object]:
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["title"]
    return body


def test_cameras_with_views_and_health(site: Site, client: httpx.Client) -> None:
    put_scene(site, 3)
    cameras = {camera["id"]: camera for camera in client.get("/api/v1/cameras").json()["cameras"]}
    assert list(cameras) == ["aisle", "dock", "gate", "packing"]
    assert cameras["gate"]["view"] is None
    assert cameras["gate"]["health"]["state"] == "backing_off"
    first, second = cameras["packing"]["view"]["people"]
    assert first["trunk"]["status"] == "bounded"
    assert first["trunk"]["low"] < first["trunk"]["value"] < first["trunk"]["high"]
    assert len(first["keypoints"]) == 51
    assert first["keypoints"][2] == 95
    assert second["trunk"] == {
        "value": None,
        "low": 0,
        "high": 180,
        "status": "not_observable",
        "reason": "hips not seen",
    }


def test_keypoints_that_are_not_numbers_are_sent_without_confidence(site: Site, client: httpx.Client) -> None:
    seen = person("a-1", 100, 100, 80)
    keypoints = seen.keypoints.copy()
    keypoints[4] = np.nan
    broken = PersonView("a-1", keypoints, seen.confidences, seen.box, seen.trunk_inclination, "up")
    site.state.put_view(CameraView("a", 1, now(), 640, 480, (broken,), PostureSeconds(), float("nan")))
    view = client.get("/api/v1/cameras").json()["cameras"][0]["view"]
    assert view["people"][0]["keypoints"][12:15] == [0, 0, 0]
    assert view["latency_s"] is None


def account(site: Site, camera: str, minutes: int, gap: str = "dark") -> None:
    """The last `minutes` settled minutes of a camera: 45 s watched, then 15 s not."""
    last = (now() - 90 * SECOND) // (60 * SECOND) * 60 * SECOND
    spans = ((0, 45_000, "watched"), (45_000, 60_000, gap))
    starts = [last - (back + 1) * 60 * SECOND for back in range(minutes)]
    site.store.put_coverage([CoverageRecord(SITE, camera, start, 1, spans) for start in starts])


def test_coverage_adds_up_and_begins_with_the_first_account(site: Site, client: httpx.Client) -> None:
    account(site, "dock", 70)
    account(site, "gate", 4, "backing_off")
    cameras = client.get("/api/v1/coverage").json()["cameras"]
    assert cameras["dock"]["total_ms"] == 3_600_000
    assert (cameras["dock"]["watched_ms"], cameras["dock"]["gaps"]) == (2_700_000, {"dark": 900_000})
    assert cameras["gate"]["total_ms"] == 240_000
    assert cameras["gate"]["gaps"] == {"backing_off": 60_000}
    assert client.get("/api/v1/coverage?minutes=10").json()["cameras"]["dock"]["total_ms"] == 600_000
    problem(client.get("/api/v1/coverage?minutes=0"), 400)


def test_coverage_of_a_site_without_accounts(client: httpx.Client) -> None:
    assert client.get("/api/v1/coverage").json()["cameras"] == {}


def test_background_only_where_there_is_one(site: Site, client: httpx.Client) -> None:
    put_scene(site, 0, backgrounds=True)
    picture = client.get("/api/v1/cameras/dock/background")
    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.content.startswith(b"\xff\xd8")
    assert picture.headers["cache-control"] == "no-store"
    assert "gate" in str(problem(client.get("/api/v1/cameras/gate/background"), 404)["detail"])


def test_alerts_by_filter_and_page(site: Site, client: httpx.Client) -> None:
    falls = [make_alert("aisle", ago_s=100 * n, track=str(n)) for n in range(1, 6)]
    for alert in falls[:3]:
        record(site.store, alert, UpdateKind.STILL_DOWN)
    for alert in falls[3:]:
        record(site.store, alert, UpdateKind.RECOVERED)
    down = make_alert("dock", AlertKind.PERSON_DOWN, Severity.P2, ago_s=50)
    record(site.store, down)

    def ids(**wanted: object) -> list[str]:
        response = client.get("/api/v1/alerts", params=wanted)
        assert response.status_code == 200
        return [alert["id"] for alert in response.json()["alerts"]]

    newest_first = [str(alert.id) for alert in (down, *falls)]
    assert ids() == newest_first
    assert ids(camera="dock") == [str(down.id)]
    assert ids(kind="person_down") == [str(down.id)]
    assert ids(severity="P1", open="true") == newest_first[1:4]
    assert ids(open="false") == newest_first[4:]
    assert ids(since=isoformat(now() - 150 * 10**9), until=isoformat(now() - 60 * 10**9)) == [str(falls[0].id)]
    pages, cursor = [], None
    while True:
        page = client.get("/api/v1/alerts", params={"limit": 4} | ({"cursor": cursor} if cursor else {})).json()
        pages.append([alert["id"] for alert in page["alerts"]])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert pages == [newest_first[:4], newest_first[4:]]


def test_one_alert_with_its_updates(site: Site, client: httpx.Client) -> None:
    alert = make_alert()
    record(site.store, alert, UpdateKind.STILL_DOWN, UpdateKind.RECOVERED)
    body = client.get(f"/api/v1/alerts/{alert.id}").json()
    assert body["alert"]["kind"] == "possible_fall"
    assert body["alert"]["open"] is False
    assert body["alert"]["evidence"]["hip_height"] == {
        "value": 0.11, "threshold": 0.25, "unit": "statures", "comparison": "<="
    }  # fmt: skip
    assert [update["kind"] for update in body["updates"]] == ["raised", "still_down", "recovered"]


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/api/v1/alerts/not-an-id", 400, "alert_id"),
        (f"/api/v1/alerts/{uuid.UUID(int=7)}", 404, str(uuid.UUID(int=7))),
        ("/api/v1/alerts?kind=dance", 400, "possible_fall"),
        ("/api/v1/alerts?severity=P9", 400, "severity"),
        ("/api/v1/alerts?limit=0", 400, "limit"),
        ("/api/v1/alerts?limit=501", 400, "limit"),
        ("/api/v1/alerts?since=2026-01-01T00:00:00", 400, "since"),
        ("/api/v1/alerts?since=yesterday", 400, "since"),
        ("/api/v1/alerts?cursor=x", 400, "next_cursor"),
        ("/api/v1/alerts?cursor=99999999999999999999.00000000-0000-0000-0000-000000000000", 400, "next_cursor"),
        ("/api/v1/alerts?knd=possible_fall", 400, "knd"),
        ("/api/v1/nothing", 404, "/api/v1/nothing"),
        ("/docs", 404, "/docs"),
    ],
)
def test_bad_requests_are_problems(client: httpx.Client, path: str, status: int, says: str) -> None:
    assert says in str(problem(client.get(path), status)["detail"])


def test_store_that_fails_is_told(site: Site, client: httpx.Client, tmp_path) -> None:
    site.store.close()
    (tmp_path / "spotter.db").write_bytes(b"this is no database" * 100)
    for rest in ("spotter.db-wal", "spotter.db-shm"):
        (tmp_path / rest).unlink(missing_ok=True)
    assert "database" in str(problem(client.get("/api/v1/alerts"), 503)["detail"])
    status = client.get("/api/v1/status").json()
    assert status["store"]["ok"] is False
    assert "database" in status["store"]["reason"]


def test_status(site: Site, client: httpx.Client) -> None:
    for step in range(40):
        put_scene(site, step)
    record(site.store, make_alert())
    status = client.get("/api/v1/status").json()
    assert status["site"] == SITE
    assert status["versions"]["spotter"] == "0.1.0"
    assert status["versions"]["model"] == "movenet/1"
    assert 0 <= status["uptime_s"] < 60
    held = {"cameras": 0, "alerts": 1, "alerts_open": 1, "outbox_pending": 1, "estimated": []}
    assert status["store"] == {"ok": True, **held}


def test_ready_follows_its_components(site: Site, client: httpx.Client) -> None:
    assert client.get("/readyz").json() == {"status": "ready", "components": site.components}
    site.components["model"] = "still loading"
    body = problem(client.get("/readyz"), 503)
    assert body["components"] == {"model": "still loading", "store": "ok", "cameras": "ok"}
    assert body["detail"] == "not ready: model: still loading"
    assert client.get("/healthz").json() == {"status": "ok"}
    site.components["model"] = "ok"
    assert client.get("/readyz").status_code == 200


def test_metrics_for_prometheus(site: Site, client: httpx.Client) -> None:
    site.metrics.frames_read.labels(camera="dock").inc(5)
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    assert 'spotter_frames_read_total{camera="dock"} 5.0' in response.text
