"""A live HLS stream on a free loopback port: segments by GStreamer, served by the standard library."""

from __future__ import annotations

import functools
import http.server
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Self

from servers import PACKAGES, SYSTEM_PYTHON

WRITER = Path(__file__).with_name("hls_writer.py")


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        return None

    def copyfile(self, source: Any, outputfile: Any) -> None:
        # A reader may close its connection at any moment.
        try:
            super().copyfile(source, outputfile)
        except OSError:
            self.close_connection = True


class HlsServer:
    """Use it as a context manager; `url` is there once the first segments are.

    Args:
        folder: an empty one, for the segments.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        handler = functools.partial(_Quiet, directory=str(folder))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/live.m3u8"

    def __enter__(self) -> Self:
        self._writer = subprocess.Popen(
            [str(SYSTEM_PYTHON), str(WRITER), str(self._folder)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._thread.start()
        deadline = time.monotonic() + 20
        while not (self._folder / "live.m3u8").is_file():
            if self._writer.poll() is not None or time.monotonic() > deadline:
                self.__exit__()
                raise AssertionError(f"no HLS stream; apt-get install {PACKAGES}")
            time.sleep(0.05)
        return self

    def kill(self) -> None:
        """No segment comes any more; the server goes on."""
        self._writer.kill()
        self._writer.wait()

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
