"""The report in a real browser: light, dark, on a phone, on paper; readable, labelled, and asking for nothing."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from pypdf import PdfReader

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "report"))
from report_samples import PALLETS, record

from spotter.report.entered import entered_of
from spotter.report.page import page as make_page

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]

CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parse = colour => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return canvas.getImageData(0, 0, 1, 1).data;
  };
  const linear = v => v / 255 <= .03928 ? v / 255 / 12.92 : ((v / 255 + .055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => .2126 * linear(r) + .7152 * linear(g) + .0722 * linear(b);
  const under = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] > 250) return colour;
    }
    return [255, 255, 255, 255];
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.tagName === "title") continue;
    const style = getComputedStyle(element);
    const ink = parse(element instanceof SVGElement ? style.fill : style.color);
    const [a, b] = [light(ink), light(under(element))].sort((x, y) => y - x);
    const ratio = (a + .05) / (b + .05);
    if (ratio < 4.5) poor.push(`${element.tagName} "${element.textContent.trim().slice(0, 30)}" ${ratio.toFixed(2)}`);
  }
  return poor;
}"""
"""Texts whose contrast is below 4.5 (WCAG 2.2, 1.4.3)."""

BASICS = """() => {
  const levels = [...document.querySelectorAll("h1, h2, h3, h4")].map(one => Number(one.tagName[1]));
  return {
    language: document.documentElement.lang,
    ones: levels.filter(level => level === 1).length,
    skips: levels.filter((level, i) => i && level > levels[i - 1] + 1).length,
    unnamed: [...document.querySelectorAll("svg")].filter(one => !one.getAttribute("aria-label")).length,
    heads: [...document.querySelectorAll("th")].filter(one => !one.getAttribute("scope")).length,
    captions: [...document.querySelectorAll("table")].filter(one => !one.caption).length,
    regions: [...document.querySelectorAll("[role=region]")].filter(one => one.tabIndex !== 0 || !one.ariaLabel).length,
  };
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    assert Path(CHROMIUM).exists(), "Debian package chromium is not installed: apt-get install chromium"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The file of a report with everything in it."""
    file = tmp_path_factory.mktemp("report") / "page.html"
    task = replace(PALLETS, body_mass=(60.0, 90.0))
    file.write_text(make_page(record(60), entered_of([task])), encoding="utf-8")
    return file.as_uri()


def opened(browser: Browser, address: str, width: int, scheme: str) -> tuple[Page, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: asked.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: asked.append(f"error: {error}"))
    page.goto(address)
    return page, asked


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")])
def test_a_page_is_readable_and_asks_for_nothing(browser: Browser, address: str, width: int, scheme: str) -> None:
    page, asked = opened(browser, address, width, scheme)
    assert asked == [address]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) == []
    faint = '<p id="faint" style="color: #999; background: #aaa">faint</p>'
    page.evaluate("text => document.body.insertAdjacentHTML('beforeend', text)", faint)
    assert [line.split()[1] for line in page.evaluate(CONTRAST)] == ['"faint"']
    assert page.evaluate(BASICS) == {
        "language": "en", "ones": 1, "skips": 0, "unnamed": 0, "heads": 0, "captions": 0, "regions": 0,
    }  # fmt: skip
    page.close()


def test_it_prints_on_a4(browser: Browser, address: str) -> None:
    page, _ = opened(browser, address, 1280, "dark")
    pages = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages
    assert (round(float(pages[0].mediabox.width)), round(float(pages[0].mediabox.height))) == (595, 842)
    assert 3 <= len(pages) <= 14
    assert "jobs, not people" in pages[0].extract_text().replace("\n", " ")
    # On paper the light theme counts, also where the screen is dark.
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate(CONTRAST) == []
    page.close()
