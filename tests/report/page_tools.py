"""Running commands, and reading a page back."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Protocol

VOID = {"meta", "br", "hr", "col", "link", "img", "input"}


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


class Run(Protocol):
    """Runs `spotter` with arguments."""

    def __call__(self, *arguments: object) -> Outcome: ...


class Outline(HTMLParser):
    """Checks that tags are balanced, and keeps texts, headings, tables, ids and what a page asks for."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.headings: list[tuple[str, str]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self.ids: list[str] = []
        self.asked: list[str] = []
        self.names: set[str] = set()
        self.unnamed: list[str] = []
        self._caption = ""
        self._rows: list[list[str]] = []
        self._texts: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == [], f"left open: {self.open}"
        self.text = re.sub(r"\s+", " ", " ".join(self._texts))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.names.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        if "id" in found:
            self.ids.append(found["id"] or "")
        self.asked += [
            value or "" for key, value in attributes if key in ("src", "href", "xlink:href", "data", "srcset")
        ]
        if tag == "svg" and not found.get("aria-label"):
            self.unnamed.append(self.get_starttag_text() or "")
        if tag == "table":
            self._caption, self._rows = "", []
        elif tag == "tr":
            self._rows.append([])
        elif tag in ("td", "th"):
            self._rows[-1].append("")
        elif re.fullmatch(r"h[1-6]", tag):
            self.headings.append((tag, ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()
        if tag == "table":
            self.tables[self._caption] = self._rows

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            return
        self._texts.append(data)
        if self.open and self.open[-1] == "caption":
            self._caption += data
        if "td" in self.open or "th" in self.open:
            self._rows[-1][-1] += data
        if self.open and re.fullmatch(r"h[1-6]", self.open[-1]):
            level, text = self.headings[-1]
            self.headings[-1] = (level, text + data)
