"""`spotter report` from both databases: the page, the PDF, shifts, entered loads, and what cannot be."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from page_tools import Outline, Run
from postgres import PostgresServer
from pypdf import PdfReader
from report_samples import BEGIN, MINUTE, bucket, lift, posture

from spotter.core.store import Store

SETTINGS = """site: plant
timezone: Europe/Berlin
shifts:
- {name: early, start: '06:00', end: '08:00'}
- {name: late, start: '08:00', end: '16:00'}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "settings.yaml"
    file.write_text(SETTINGS)
    return file


def fill(url: str) -> None:
    """Three hours at bench 2, one minute at bench 3, another site."""
    with Store.open(url) as store:
        buckets = [bucket(minute) for minute in range(180)]
        store.put_exposure([*buckets, bucket(0, zone="bench 3"), bucket(0, zone=""), bucket(0, site="other")])
        store.put_postures([posture(minute, 4 + minute / 1000) for minute in range(0, 180, 5)])
        lifts = [lift(60.0 * number, origin=20.0 + number % 9) for number in range(180)]
        elsewhere = replace(lift(30.0), id=lift(7777.0).id, station="bench 3")
        store.put_lifts([*lifts, elsewhere])


@pytest.fixture
def filled(tmp_path: Path) -> str:
    """A database with that."""
    url = f"sqlite:///{tmp_path}/filled.db"
    fill(url)
    return url


Report = Callable[..., Outline]


@pytest.fixture
def report(spotter: Run, filled: str, config: Path, tmp_path: Path) -> Report:
    """Makes a report of that Monday and reads it back."""

    def make(*options: object, station: str = "bench 2") -> Outline:
        out = tmp_path / "page.html"
        done = spotter(
            "report", "--station", station, "--from", "2025-11-24", "--to", "2025-11-24", "--database", filled,
            "--config", config, "--out", out, *options,
        )  # fmt: skip
        assert done.code == 0, done.err
        return Outline(out.read_text())

    return make


def test_a_day_of_a_station(report: Report) -> None:
    found = report()
    assert found.headings[0][1] == "Station bench 2"
    assert "2025-11-24 00:00 to 2025-11-25 00:00, Europe/Berlin" in found.text
    assert "watched 3 h of 24 h (12 %)" in found.text
    assert "180 lift-like movements: 180 upwards" in found.text


def test_a_shift_counts_its_own_minutes(report: Report) -> None:
    early, late = report("--shift", "early"), report("--shift", "late")
    both = report("--shift", "early", "--shift", "late")
    assert "watched 2 h of 2 h (100 %)" in early.text
    assert "120 lift-like movements" in early.text
    assert "60 lift-like movements" in late.text
    assert "180 lift-like movements" in both.text
    assert "early, late" in both.text


def test_the_task_catalogue_and_options_narrow_the_results(
    report: Report, spotter: Run, filled: str, config: Path
) -> None:
    alone = report()
    assert "nobody has entered" in alone.text
    spotter(
        "tasks", "set", "pallets", "--station", "bench 2", "--load", "5..12", "--by", "planner", "--database", filled,
        "--config", config,
    )  # fmt: skip
    entered = report()
    assert "load 5..12 kg" in entered.text
    assert "takes the width of the interval from" in entered.text
    option = report("--load", "7", "--coupling", "good", "--hours", "8", "--body-mass", "60..90")
    assert "for this report alone" in option.text
    assert "Cumulative damage" in option.text or "cumulative damage" in option.text
    assert "Compression at L5/S1" in option.text
    assert "Compression at L5/S1" not in entered.text
    ghost = spotter("report", "--station", "bench 2", "--task", "ghost", "--database", filled, "--config", config)
    assert (ghost.code, "no task 'ghost' held at this station" in ghost.err) == (2, True)


def test_the_same_bytes_from_both_databases(spotter: Run, config: Path, filled: str, postgres: PostgresServer) -> None:
    server = postgres.create_database()
    fill(server)
    for number, url in enumerate((filled, server, filled)):
        done = spotter(
            "report", "--station", "bench 2", "--from", "2025-11-24", "--to", "2025-11-24", "--database", url,
            "--config", config, "--out", f"{number}.html",
        )  # fmt: skip
        assert done.code == 0, done.err
    first, *others = (Path(f"{number}.html").read_bytes() for number in range(3))
    assert others == [first, first]


def test_the_whole_view_holds_the_lifts_of_all_stations(report: Report) -> None:
    assert "181 lift-like movements" in report(station="").text


def test_a_pdf_has_pages_and_the_text(spotter: Run, filled: str, config: Path, tmp_path: Path) -> None:
    out, pdf = tmp_path / "page.html", tmp_path / "page.pdf"
    arguments = ("report", "--station", "bench 2", "--from", "2025-11-24", "--to", "2025-11-24T10:00", "--out", out)
    done = spotter(*arguments, "--pdf", pdf, "--database", filled, "--config", config)
    assert (done.code, done.err) == (0, "")
    assert f"wrote {out} and {pdf}: 3 h recorded by 1 camera, 180 lift-like movements" in done.out
    pages = PdfReader(io.BytesIO(pdf.read_bytes())).pages
    text = " ".join(page.extract_text() for page in pages)
    assert 3 <= len(pages) <= 12
    for words in ("Station bench 2", "Worst postures", "What the methods say", "jobs, not people", "43–67°"):
        assert words in text.replace("\n", " ")
    width, height = float(pages[0].mediabox.width), float(pages[0].mediabox.height)
    assert (round(width), round(height)) == (595, 842)


def test_nothing_recorded_is_told_and_still_a_page(spotter: Run, filled: str, config: Path, tmp_path: Path) -> None:
    out = tmp_path / "page.html"
    asked = ("report", "--station", "bench 9", "--out", out, "--database", filled, "--config", config)
    done = spotter(*asked, "--from", "2025-11-24", "--to", "2025-11-24")
    assert done.code == 0
    assert (
        "nothing was recorded of station 'bench 9'; recorded in this time: the whole view, 'bench 2', 'bench 3'"
        in done.err
    )
    assert "Nothing was recorded." in Outline(out.read_text()).text
    empty = spotter(*asked, "--from", "2025-11-20", "--to", "2025-11-20")
    assert "nothing was recorded at site 'plant' in this time" in empty.err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--from", "2025-11-25", "--to", "2025-11-24"), "--to 2025-11-24 is not after --from 2025-11-25"),
        (("--from", "soon"), "--from 'soon' is no day and no time"),
        (("--shift", "dawn"), "--shift 'dawn' is no shift of the site. Known are early, late"),
        (("--load", "12..5"), "options of the report: load '12..5' ends below its beginning"),
        (("--coupling", "sticky"), "coupling 'sticky' is not known"),
        (("--out", "no/such/page.html"), "cannot write 'no/such/page.html'"),
        (("--database", "nowhere.db"), "nowhere.db"),
    ],
)
def test_an_error_is_one_line(spotter: Run, config: Path, tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    Store.open(tmp_path / "spotter.db").close()
    there = () if "--database" in options else ("--database", tmp_path / "spotter.db")
    done = spotter("report", "--config", config, *there, *options)
    assert done.code in (2, 5)
    assert said in done.err
    assert len([line for line in done.err.splitlines() if "warning" not in line]) == 1


def test_a_pdf_without_its_library_says_what_to_install(
    spotter: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store.open(tmp_path / "spotter.db").close()
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    done = spotter("report", "--database", tmp_path / "spotter.db", "--pdf", "page.pdf")
    assert done.code == 2
    assert "a PDF needs the library WeasyPrint" in done.err
    assert "pip install 'spotter-safety[report]'" in done.err
    assert (tmp_path / "report.html").exists()


def test_lifts_of_more_than_one_answer_are_all_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from report_samples import record

    from spotter.report import gather

    monkeypatch.setattr(gather, "_LIFTS", 7)
    scope = record(60).scope
    lifts = [lift(float(number // 3)) for number in range(0, 90, 3)]
    twins = [replace(one, id=lift(1e6 + n).id) for n, one in enumerate(lifts[:20])]
    with Store.open(tmp_path / "spotter.db") as store:
        store.put_lifts([*lifts, *twins])
        found = gather.gather(store, scope, {}).lifts
    assert sorted(one.id for one in found) == sorted(one.id for one in [*lifts, *twins])
    assert BEGIN + MINUTE > found[-1].started_at >= BEGIN
