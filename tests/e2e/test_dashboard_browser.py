"""The dashboard in a real browser: it draws, alerts appear by themselves, nothing leaves the host."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "dashboard"))
from dashboard_scene import SITE, Site, make_alert, put_scene, record, running_site

from spotter.core.clock import SECOND, now
from spotter.core.contracts import AlertKind, Severity, UpdateKind
from spotter.core.store import CoverageRecord
from spotter.dashboard.api import DashboardServer, create_app

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# Share of the canvas' pixels that are far brighter than stage and grid, which is the skeletons' part.
BRIGHT = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let bright = 0;
  for (let i = 0; i < data.length; i += 4) if (Math.max(data[i], data[i + 1], data[i + 2]) > 120) bright += 1;
  return bright / (data.length / 4);
}"""


@dataclass
class Watch:
    """What a page did that it should not."""

    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert Path(CHROMIUM).exists(), "Debian package chromium is not installed: apt-get install chromium"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site whose people move all the time."""
    stop = threading.Event()

    def move() -> None:
        step = 0
        while not stop.wait(0.1):
            put_scene(running, step)
            step += 1

    with running_site(tmp_path) as running:
        record(running.store, make_alert("dock", ago_s=4000, track="1"), UpdateKind.STILL_DOWN, UpdateKind.RECOVERED)
        record(running.store, make_alert("packing", AlertKind.PERSON_DOWN, Severity.P2, ago_s=500, track="3"))
        mover = threading.Thread(target=move)
        mover.start()
        try:
            yield running
        finally:
            stop.set()
            mover.join()


def open_page(browser: Browser, site: Site, size: dict[str, int] = DESKTOP, scheme: str = "dark") -> tuple[Page, Watch]:
    context = browser.new_context(viewport=size, color_scheme=scheme, reduced_motion="reduce")
    page, watch = context.new_page(), Watch()
    page.on("console", lambda message: watch.complaints.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: watch.complaints.append(str(error)))
    page.on("request", lambda request: watch.hosts.add(request.url.split("/")[2]))
    page.goto(site.url)
    expect(page.locator("#connection")).to_have_text("Connected")
    return page, watch


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "dark"), (DESKTOP, "light"), (PHONE, "dark")])
def test_it_draws_and_stays_at_home(browser: Browser, site: Site, size: dict[str, int], scheme: str, tmp_path) -> None:
    page, watch = open_page(browser, site, size, scheme)
    expect(page.locator(".card")).to_have_count(4)
    for camera in ("aisle", "dock", "packing"):
        card = page.get_by_role("article", name=f"Camera {camera}")
        expect(card.locator(".people li")).to_have_count(2)
        assert card.locator("canvas").evaluate(BRIGHT) > 0.002
    gate = page.get_by_role("article", name="Camera gate")
    assert gate.locator("canvas").evaluate(BRIGHT) == 0
    expect(gate.locator(".chip")).to_have_text("Backing off")
    expect(gate.locator(".notice")).to_contain_text("no answer from rtsp://***@10.0.0.7")
    expect(page.get_by_role("article", name="Camera packing")).to_contain_text("not observable")
    expect(page.locator("#status")).to_contain_text("queue full")
    widths = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert widths[0] <= widths[1]
    page.screenshot(path=tmp_path / "dashboard.png", full_page=True)
    assert watch.complaints == []
    assert watch.hosts == {f"127.0.0.1:{site.port}"}
    page.context.close()


def test_the_picture_moves(browser: Browser, site: Site) -> None:
    page, _ = open_page(browser, site)
    canvas = page.get_by_role("article", name="Camera dock").locator("canvas")
    expect(page.get_by_role("article", name="Camera dock").locator(".people li")).to_have_count(2)
    first = canvas.evaluate("canvas => canvas.toDataURL()")
    page.wait_for_timeout(600)
    assert canvas.evaluate("canvas => canvas.toDataURL()") != first
    page.context.close()


def test_a_camera_tells_how_much_it_watched_and_why_not_the_rest(browser: Browser, site: Site) -> None:
    start = (now() - 90 * SECOND) // (60 * SECOND) * 60 * SECOND - 60 * SECOND
    spans = ((0, 45_000, "watched"), (45_000, 60_000, "backing_off"))
    site.store.put_coverage([CoverageRecord(SITE, "dock", start, 1, spans)])
    page, _ = open_page(browser, site)
    facts = page.locator('article[aria-label="Camera dock"] .facts')
    expect(facts).to_contain_text("watched 75 % of 1 min")
    expect(facts).to_have_attribute("title", "Not watched: backing off 15 s")
    other = page.locator('article[aria-label="Camera aisle"] .facts')
    expect(other).not_to_contain_text("watched")
    page.close()


def test_an_alert_appears_without_reload_and_is_told(browser: Browser, site: Site) -> None:
    page, watch = open_page(browser, site)
    items = page.locator("#alert-list > li")
    expect(items).to_have_count(2)
    expect(page.locator("#alert-count")).to_have_text("1 open")
    page.evaluate("window.sameDocument = true")
    alert = make_alert()
    record(site.store, alert)
    expect(items).to_have_count(3)
    newest = items.first
    expect(newest).to_contain_text("Possible fall")
    expect(newest.locator(".severity")).to_have_text("P1")
    expect(newest.locator(".standing")).to_have_text("Open")
    expect(page.locator("#announce")).to_contain_text("P1: Possible fall at aisle")
    assert page.title() == "(2) Spotter"
    # By keyboard: the evidence with its thresholds, and the steps.
    newest.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(newest.locator("table")).to_contain_text("Hip height")
    expect(newest.locator("table")).to_contain_text("≤ 0.25 × height")
    record(site.store, alert, UpdateKind.STILL_DOWN, UpdateKind.RECOVERED)
    expect(newest.locator(".standing")).to_have_text("Closed")
    expect(newest.locator(".timeline li")).to_have_count(3)
    expect(newest.locator("details")).to_have_attribute("open", "")
    page.get_by_text("Open", exact=True).first.click()
    expect(items).to_have_count(1)
    assert page.evaluate("window.sameDocument") is True
    assert watch.complaints == []
    page.context.close()


def test_a_stopped_server_is_told_and_found_again(browser: Browser, site: Site) -> None:
    page, _ = open_page(browser, site)
    site.server.stop()
    expect(page.locator("#connection")).to_have_text("Spotter has stopped; waiting for it")
    app = create_app(site.state, site.store, site.metrics, site="north-hall", ready=dict, version="0.1.1")
    again = DashboardServer(app, "127.0.0.1", site.port)
    again.start()
    try:
        expect(page.locator("#connection")).to_have_text("Connected", timeout=10_000)
        expect(page.locator("#status")).to_contain_text("0.1.1")
        expect(page.locator(".card")).to_have_count(4)
    finally:
        again.stop()
    page.context.close()


def test_a_lost_connection_is_told_and_mended(browser: Browser, site: Site) -> None:
    page = browser.new_page()
    page.route("**/api/v1/live", lambda route: route.abort())
    page.goto(site.url)
    expect(page.locator("#connection")).to_have_text("Connection lost, trying again")
    page.unroute("**/api/v1/live")
    expect(page.locator("#connection")).to_have_text("Connected", timeout=10_000)
    expect(page.locator(".card")).to_have_count(4)
    page.close()
