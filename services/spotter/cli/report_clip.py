"""`spotter analyze --report`: the report of one clip, from an analysis in memory."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from spotter.cli.report_write import entered_options, write_file
from spotter.core.errors import ConfigError
from spotter.core.settings import Settings
from spotter.ergonomics.exposure import ExposureMinutes
from spotter.ergonomics.work import StationLift
from spotter.report.entered import entered_of
from spotter.report.live import LiveRecord
from spotter.report.page import page
from spotter.report.pdf import pdf
from spotter.report.versions import about

_ENDINGS = (".html", ".htm", ".pdf")


class ClipReport:
    """Follows an analysis, and writes its report at the end.

    Args:
        path: of the page; its ending says which kind.
        load, coupling: as people write them; None: not known.

    Raises:
        ConfigError: another ending, or a load or grip that cannot be.
    """

    def __init__(self, path: Path, settings: Settings, camera_id: str, **entered: str | None) -> None:
        if path.suffix.lower() not in _ENDINGS:
            raise ConfigError(
                f"--report '{path}' is neither a page nor a PDF", mend=f"End its name with {' or '.join(_ENDINGS)}"
            )
        self._path = path
        self._settings = settings
        self._options = entered_options(settings, **entered)
        self._live = LiveRecord(camera_id)

    def add(self, at: int, minutes: ExposureMinutes) -> None:
        """Take in the frame of event time `at`, which `minutes` has counted already."""
        self._live.add(at, minutes)

    def write(self, name: str, model: str, lifts: Iterable[StationLift], minutes: ExposureMinutes) -> None:
        """Write the report of an analysis that has ended.

        Args:
            name: of the clip. model: name and version of the pose model. lifts: of the whole clip.

        Raises:
            ConfigError: the file cannot be written, or what a PDF needs is missing.
        """
        record = self._live.record(Path(name).name, about(self._settings, model=model), lifts, minutes)
        text = page(record, entered_of((), self._options))
        write_file(self._path, pdf(text) if self._path.suffix.lower() == ".pdf" else text.encode())
