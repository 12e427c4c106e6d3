"""Starts camera servers for tests on free loopback ports, and stops them by their process id."""

from __future__ import annotations

import contextlib
import http.server
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Self

SYSTEM_PYTHON = Path("/usr/bin/python3")
RTSP_SERVER = Path(__file__).with_name("rtsp_server.py")
PACKAGES = (
    "python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good "
    "gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly"
)


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RtspServer:
    """A real RTSP server process; use it as a context manager.

    Args:
        port: a free one when None; give the same one to come back at the same address.
        user, password: asked for when given.
        clip: an MP4 file (H.264) to serve instead of the moving test picture.
        size, fps: of the moving test picture.
        feed: serve what `show` is given instead: (H, W, 3) uint8 BGR of this size.
        tls: files of a certificate and its key, for rtsps://.
        codec: h264, h265 or jpeg.
        digest: user and password are asked for by digest, not by basic authentication.
    """

    def __init__(
        self,
        port: int | None = None,
        user: str = "",
        password: str = "",
        clip: Path | None = None,
        size: tuple[int, int] = (320, 240),
        fps: int = 15,
        feed: bool = False,
        tls: tuple[Path, Path] | None = None,
        digest: bool = False,
        codec: str = "h264",
    ) -> None:
        self.port = port or free_port()
        self._feed = feed
        self._scheme = "rtsps" if tls else "rtsp"
        credentials = [user, password] if user else []
        options = ["--clip", str(clip)] if clip else []
        options += ["--size", f"{size[0]}x{size[1]}", "--fps", str(fps), *(["--feed"] if feed else [])]
        options += ["--tls", *map(str, tls)] if tls else []
        options += ["--digest"] if digest else []
        options += ["--codec", codec]
        self._command = [str(SYSTEM_PYTHON), str(RTSP_SERVER), str(self.port), *credentials, *options]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start, and wait until it listens."""
        stdin = subprocess.PIPE if self._feed else subprocess.DEVNULL
        self._process = subprocess.Popen(
            self._command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
        )
        assert self._process.stdout is not None
        if self._process.stdout.readline().strip() != b"ready":
            self._process.kill()
            error = self._process.communicate()[1].decode(errors="replace")
            raise AssertionError(f"the RTSP server did not start; apt-get install {PACKAGES}\n{error}")

    @property
    def ended(self) -> bool:
        """True when it has ended by itself: it crashed."""
        return self._process is not None and self._process.poll() is not None

    def kill(self) -> None:
        """Gone at once, as with a cut cable."""
        if self._process is not None:
            self._process.kill()
            # What the last picture left in the pipe is not to be flushed: nobody reads it.
            with contextlib.suppress(OSError):
                self._process.communicate()
            self._process = None

    def freeze(self) -> None:
        """Still there, but silent."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def show(self, picture: bytes) -> None:
        """Send one picture of a fed server; waits while the server takes none."""
        assert self._process is not None
        assert self._process.stdin is not None
        view = memoryview(picture)
        while view:
            view = view[self._process.stdin.write(view) :]

    def url(self, credentials: str = "", path: str = "camera") -> str:
        return f"{self._scheme}://{credentials}127.0.0.1:{self.port}/{path}"


class HttpServer:
    """Serves JPEGs as an endless MJPEG stream at /live.mjpg, and a file at /clip.mp4; use it as a context manager.

    Args:
        pictures: encoded JPEGs, sent in turn.
        clip: an MP4 file.
        interval_s: pause between pictures.

    Attributes:
        silent: set, no picture goes out and the connection stays.
    """

    def __init__(self, pictures: list[bytes], clip: Path, interval_s: float = 0.05) -> None:
        stopped = self._stopped = threading.Event()
        silent = self.silent = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/clip.mp4":
                    self._send_clip()
                elif self.path == "/live.mjpg":
                    self._send_pictures()
                else:
                    self.send_error(404)

            def _send_clip(self) -> None:
                data = clip.read_bytes()
                start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")[0])
                self.send_response(206 if "Range" in self.headers else 200)
                self.send_header("Content-Type", "video/mp4")
                self.send_header("Accept-Ranges", "bytes")
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
                self.send_header("Content-Length", str(len(data) - start))
                self.end_headers()
                self._write(data[start:])

            def _send_pictures(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                number = 0
                while not stopped.is_set():
                    picture = pictures[number % len(pictures)]
                    head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                    if not self._write(head.encode() + picture + b"\r\n"):
                        return
                    number += 1
                    time.sleep(interval_s)
                    while silent.is_set() and not stopped.is_set():
                        time.sleep(0.02)

            def _write(self, data: bytes) -> bool:
                try:
                    self.wfile.write(data)
                except OSError:
                    return False
                return True

            def log_message(self, *_: object) -> None:
                return None

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def url(self, path: str, credentials: str = "") -> str:
        return f"http://{credentials}127.0.0.1:{self.port}/{path}"
