"""The settings file of a running process: says when it has changed, and reads it again.

The file is looked at, not subscribed to: that works on every file system, on network shares and with the links that
Kubernetes swaps when a secret or a config map changes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from spotter.core.settings.root import Settings

_Look = tuple[int, int, int, int]
"""Device, inode, size and time of the last write (ns)."""


class SettingsFile:
    """A file that settings came from.

    Args:
        path: the file.
        load: reads the settings again, with everything that wins over the file; raises `ConfigError`.

    Attributes:
        beside: another file that the settings are read from (`cameras_file`), watched as well.
    """

    def __init__(self, path: Path, load: Callable[[], Settings]) -> None:
        self.path = path
        self.beside: Path | None = None
        self._load = load
        self._read = self._look()
        self._seen = self._read

    def poll(self) -> Settings | None:
        """The settings, when the file has changed since they were last read; else None.

        A change is taken up when the file looks the same twice in a row: an editor may still be writing it.

        Raises:
            ConfigError: the changed file cannot be used. It is not read again before it changes again.
        """
        before, self._seen = self._seen, self._look()
        if self._seen == self._read or self._seen != before:
            return None
        self._read = self._seen
        settings = self._load()
        self.watch(settings)
        return settings

    def watch(self, settings: Settings) -> None:
        """Watch the file beside that these settings name, from how it is now on."""
        if settings.cameras_file != self.beside:
            self.beside = settings.cameras_file
            self._read = self._seen = (self._read[0], _look(self.beside))

    def _look(self) -> tuple[_Look | None, _Look | None]:
        return _look(self.path), _look(self.beside)


def _look(path: Path | None) -> _Look | None:
    """None while there is no file: some editors put a new one in place of the old."""
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return None if found is None else (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
