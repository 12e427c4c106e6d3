"""What goes wrong with a database is one line that names it, the reason and the mend, and holds no secret."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from alert_samples import make_alert, make_update
from sqlalchemy import event

from spotter.core.errors import StoreError
from spotter.core.store import AlertQuery, Store

NOBODY = 65534


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that another user can reach, as pytest's own is not."""
    path = Path(tempfile.mkdtemp(prefix="spotter-test-"))
    path.chmod(0o755)
    yield path
    for one in (path, *path.rglob("*")):
        one.chmod(0o755)
    shutil.rmtree(path)


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Runs the block as a user whom file rights bind; root is above them."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def hand_over(path: Path, mode: int) -> None:
    """Give a path to the ordinary user, with these rights."""
    if os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY)
    path.chmod(mode)


def line(error: pytest.ExceptionInfo[StoreError]) -> str:
    """The message, which is one line and ends with a mend."""
    text = str(error.value)
    assert "\n" not in text
    assert error.value.mend
    return text


def test_reading_never_makes_a_database(tmp_path: Path) -> None:
    path = tmp_path / "none" / "spotter.db"
    with pytest.raises(StoreError) as caught:
        Store.open(path, "read")
    assert line(caught) == f"no database at '{path}'. Run `spotter run` first or give --database"
    assert not path.parent.exists()


def test_reading_a_file_without_tables(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    with pytest.raises(StoreError) as caught:
        Store.open(path, "read")
    assert "holds no Spotter tables" in line(caught)
    assert path.read_bytes() == b""


@pytest.mark.parametrize("mode", ["read", "write"])
def test_a_file_that_is_no_database(tmp_path: Path, mode: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("these are my notes, and they are long enough to look like a page\n" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        Store.open(path, mode)  # type: ignore[arg-type]
    assert "notes.txt' is not a SQLite database" in line(caught)
    assert path.read_bytes() == before


@pytest.mark.parametrize("mode", ["read", "write"])
def test_a_folder_is_no_database(tmp_path: Path, mode: str) -> None:
    with pytest.raises(StoreError) as caught:
        Store.open(tmp_path, mode)  # type: ignore[arg-type]
    assert f"'{tmp_path}' is a folder" in line(caught)


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError) as caught:
        Store.open(tmp_path / "file" / "spotter.db")
    assert "cannot make folder" in line(caught)


def test_a_folder_without_rights(folder: Path) -> None:
    hand_over(folder, 0o555)
    with ordinary_user():
        with pytest.raises(StoreError) as caught:
            Store.open(folder / "spotter.db")
        assert "cannot be opened" in line(caught)
        with pytest.raises(StoreError) as caught:
            Store.open(folder / "new" / "spotter.db")
        assert "cannot make folder" in line(caught)
        assert "Permission denied" in line(caught)


def test_a_read_only_file(folder: Path) -> None:
    path = folder / "spotter.db"
    hand_over(folder, 0o755)
    with ordinary_user():
        Store.open(path).close()
        path.chmod(0o444)
        with pytest.raises(StoreError) as caught:
            Store.open(path)
        assert "is read-only" in line(caught)


def test_reading_works_on_a_read_only_disk(folder: Path) -> None:
    path = folder / "spotter.db"
    alert = make_alert()
    hand_over(folder, 0o755)
    with ordinary_user():
        with Store.open(path) as store:
            store.record(alert, make_update(alert))
        path.chmod(0o444)
        folder.chmod(0o555)
        with Store.open(path, "read") as store:
            assert [found.id for found in store.alerts()] == [alert.id]


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    path = tmp_path / "spotter.db"
    Store.open(path).close()
    alert = make_alert()
    with Store.open(path, "read") as store, pytest.raises(StoreError) as caught:
        store.record(alert, make_update(alert))
    assert "is read-only" in line(caught)


def test_a_lock_is_waited_for_a_bounded_time(tmp_path: Path) -> None:
    path = tmp_path / "spotter.db"
    alert = make_alert()
    with Store.open(path, busy_timeout_s=0.1) as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        begun = time.monotonic()
        with pytest.raises(StoreError) as caught:
            store.record(alert, make_update(alert))
        assert 0.3 <= time.monotonic() - begun < 10
        assert "is locked by another process" in line(caught)
        assert store.counts().alerts == 0  # readers are not held up
        other.execute("COMMIT")
        other.close()
        assert store.record(alert, make_update(alert))


def test_a_lock_that_passes_is_not_seen(tmp_path: Path) -> None:
    path = tmp_path / "spotter.db"
    alert = make_alert()
    with Store.open(path, busy_timeout_s=0.1) as store:
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.25, other.close).start()
        assert store.record(alert, make_update(alert))


def test_a_full_disk_loses_nothing_that_was_there(tmp_path: Path) -> None:
    with Store.open(tmp_path / "spotter.db") as store:
        event.listen(store._reader, "begin", lambda connection: connection.exec_driver_sql("PRAGMA max_page_count=40"))
        written = []

        def fill() -> None:
            for number in range(2000):
                alert = make_alert(number)
                store.record(alert, make_update(alert))
                written.append(alert.id)

        with pytest.raises(StoreError) as caught:
            fill()
        assert "the disk is full" in line(caught)
        assert written
        assert {alert.id for alert in store.alerts(AlertQuery(limit=10_000))} == set(written)
        assert store.counts().outbox_pending == len(written)


def test_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "spotter.db"
    with Store.open(path) as store:
        for number in range(100):
            alert = make_alert(number)
            store.record(alert, make_update(alert))
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xa5" * (len(data) - 8192)
    path.write_bytes(data)
    with pytest.raises(StoreError) as caught, Store.open(path, "read") as store:
        store.alerts()
    assert "is damaged" in line(caught)


@pytest.mark.parametrize(
    "url",
    [
        "mysql://user:Hunter2@host/name",
        "not a url Hunter2",
        "postgresql://user:Hunter2@host:port/name",
        "postgresql+nodriver://user:Hunter2@host/name",
        "postgresql://user:Hunter2@127.0.0.1:1/name?password=Hunter2",
    ],
)
@pytest.mark.parametrize("mode", ["read", "write"])
def test_urls_that_lead_nowhere_and_no_secret(url: str, mode: str) -> None:
    with pytest.raises(StoreError) as caught:
        Store.open(url, mode)  # type: ignore[arg-type]
    assert "Hunter2" not in line(caught)


@pytest.mark.parametrize("name", ["with space.db", "100%.db", "what?.db", "a#b.db", "é.db", "a&mode=ro.db"])
def test_any_file_name_will_do(tmp_path: Path, name: str) -> None:
    alert = make_alert()
    with Store.open(tmp_path / name) as store:
        store.record(alert, make_update(alert))
    assert (tmp_path / name).is_file()
    with Store.open(tmp_path / name, "read") as store:
        assert store.counts().alerts == 1


def test_reading_while_another_process_writes(tmp_path: Path) -> None:
    path = tmp_path / "spotter.db"
    code = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from alert_samples import make_alert, make_update
from spotter.core.store import Store
store = Store.open(Path(sys.argv[1]))
for number in range(300):
    alert = make_alert(number)
    store.record(alert, make_update(alert))
    if number == 0:
        print("ready", flush=True)
store.close()
"""
    writer = subprocess.Popen(
        [sys.executable, "-c", code, str(path), str(Path(__file__).parent)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    seen = []
    with Store.open(path, "read") as store:
        while writer.poll() is None:
            counts = store.counts()
            assert counts.outbox_pending == counts.alerts  # never half of a transaction
            seen.append(counts.alerts)
        seen.append(store.counts().alerts)
    writer.stdout.close()
    assert writer.returncode == 0
    assert seen == sorted(seen)
    assert len(set(seen)) > 2
    assert seen[-1] == 300


def test_a_killed_writer_loses_nothing_that_it_reported(tmp_path: Path) -> None:
    path = tmp_path / "spotter.db"
    code = """
import sys
sys.path.insert(0, sys.argv[2])
from pathlib import Path
from alert_samples import make_alert, make_update
from spotter.core.store import Store
store = Store.open(Path(sys.argv[1]))
for number in range(100_000):
    alert = make_alert(number)
    if store.record(alert, make_update(alert)):
        print(alert.id, flush=True)
"""
    writer = subprocess.Popen(
        [sys.executable, "-c", code, str(path), str(Path(__file__).parent)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    reported = [writer.stdout.readline().strip() for _ in range(25)]
    writer.kill()
    rest, _ = writer.communicate(timeout=30)
    reported += [text for text in rest.split("\n")[:-1] if text]
    with Store.open(path) as store:
        kept = {str(alert.id) for alert in store.alerts(AlertQuery(limit=100_000))}
        counts = store.counts()
    assert set(reported) <= kept
    assert counts.alerts == counts.outbox_pending


def test_a_time_that_no_database_keeps(tmp_path: Path) -> None:
    alert = make_alert(raised_at=2**62 * 100)
    with Store.open(tmp_path / "spotter.db") as store:
        with pytest.raises(StoreError) as caught:
            store.record(alert, make_update(make_alert()))
        assert "out of range" in line(caught)
        assert store.counts().alerts == 0
