"""A small disk of its own (tmpfs) that can be filled to the last byte and freed again. Needs the right to mount."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self


class SmallDisk:
    """Mounted on entry, unmounted on exit; `folder` is its root.

    Args:
        size_mb: what it holds.
    """

    def __init__(self, size_mb: int) -> None:
        self._size_mb = size_mb
        self.folder = Path(tempfile.mkdtemp(prefix="spotter-disk-"))

    def __enter__(self) -> Self:
        options = f"size={self._size_mb}m,mode=0755"
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.folder)], capture_output=True, check=False
        )
        if done.returncode != 0:
            self.folder.rmdir()
            raise AssertionError(f"no tmpfs can be mounted: {done.stderr.decode().strip()}; run it as root")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Lazily: a process that dies late may still hold a file.
        subprocess.run(["umount", "-l", str(self.folder)], check=True)
        self.folder.rmdir()

    def fill(self) -> None:
        """Not one byte is left."""
        with self._filler.open("wb", buffering=0) as filler:
            for size in (1024 * 1024, 4096):
                with contextlib.suppress(OSError):
                    while True:
                        filler.write(b"\0" * size)
        assert self.full()

    def free(self) -> None:
        """Everything that `fill` took is given back."""
        self._filler.unlink(missing_ok=True)

    def full(self) -> bool:
        """True when a page more cannot be written."""
        probe = self.folder / "probe"
        try:
            with probe.open("wb", buffering=0) as file:
                os.posix_fallocate(file.fileno(), 0, 4096)
        except OSError as error:
            return error.errno == errno.ENOSPC
        finally:
            probe.unlink(missing_ok=True)
        return False

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"
