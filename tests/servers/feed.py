"""A camera with a test pattern: frame numbers and times are burned into what a real RTSP server sends."""

from __future__ import annotations

import threading

from servers import RtspServer
from spotter.ingest.sources.pattern import Pattern


class PatternFeed:
    """Shows a live test pattern on a fed server, from a thread of its own.

    Attributes:
        shown: numbers of the frames that were given to the server.
    """

    def __init__(self, server: RtspServer, pattern: Pattern) -> None:
        self._server, self._pattern = server, pattern
        self.shown: list[int] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> PatternFeed:
        self._pattern.open()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            item = self._pattern.read()
            self._server.show(item.image.tobytes())
            self.shown.append(int(item.name.removeprefix("frame ")))
