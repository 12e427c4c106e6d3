"""A real RTSP server (GStreamer) with a moving test picture, or an MP4 file, for tests.

    /usr/bin/python3 rtsp_server.py PORT [USER PASSWORD] [--clip FILE] [--size 640x480] [--fps 15] [--feed]
                                    [--tls CERTIFICATE KEY] [--digest] [--codec h264]

Run by the system's Python, because python3-gi is a package of the system.

Serves rtsp://127.0.0.1:PORT/camera: 320x240, 15 frames a second, H.264; prints "ready" once it listens. A clip ends the
stream when it is over; whoever asks again gets it from the start. With --feed the pictures are what comes on stdin: raw
BGR, one whole picture after the other, as they are to be sent. With --tls it is rtsps://.
With --digest user and password are asked for by digest (MD5), else by basic authentication.
"""

from __future__ import annotations

import argparse
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

ENCODERS = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max={fps} bitrate=4000 "
    "! rtph264pay name=pay0 pt=96 config-interval=1 )",
    "h265": "x265enc tune=zerolatency speed-preset=ultrafast key-int-max={fps} "
    "! rtph265pay name=pay0 pt=96 config-interval=1 )",
    "jpeg": "jpegenc ! rtpjpegpay name=pay0 pt=26 )",
}
SIZE = "width={width},height={height},framerate={fps}/1"
PIPELINE = f"( videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,{SIZE} ! "
FEED = (
    f"( appsrc name=feed is-live=true do-timestamp=true format=time caps=video/x-raw,format=BGR,{SIZE} "
    f"! videoconvert ! video/x-raw,format=I420 ! "
)
CLIP = "( filesrc location={clip} ! qtdemux ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=1 )"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port")
    parser.add_argument("credentials", nargs="*")
    parser.add_argument("--clip")
    parser.add_argument("--size", default="320x240")
    parser.add_argument("--fps", default="15")
    parser.add_argument("--feed", action="store_true")
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--digest", action="store_true")
    parser.add_argument("--codec", default="h264", choices=ENCODERS)
    given = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(given.port)
    factory = GstRtspServer.RTSPMediaFactory()
    width, height = given.size.split("x")
    launch = (FEED if given.feed else PIPELINE) + ENCODERS[given.codec]
    launch = CLIP.format(clip=given.clip) if given.clip else launch.format(width=width, height=height, fps=given.fps)
    factory.set_launch(launch)
    factory.set_shared(True)
    if given.feed:
        feed(factory, int(width) * int(height) * 3)
    auth = GstRtspServer.RTSPAuth()
    if given.tls:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_files(*given.tls))
    if given.credentials or given.tls:
        protect(auth, factory, *given.credentials, digest=given.digest)
        server.set_auth(auth)
    server.get_mount_points().add_factory("/camera", factory)
    if not server.attach(None):
        sys.exit(f"cannot listen on 127.0.0.1:{given.port}")
    print("ready", flush=True)
    GLib.MainLoop().run()


def feed(factory: GstRtspServer.RTSPMediaFactory, size: int) -> None:
    """Send each picture of so many bytes that comes on stdin to whoever watches."""
    watched = []

    def configure(_: GstRtspServer.RTSPMediaFactory, media: GstRtspServer.RTSPMedia) -> None:
        watched[:] = [media.get_element().get_by_name("feed")]

    def pump() -> None:
        while len(picture := sys.stdin.buffer.read(size)) == size:
            for source in watched:
                source.emit("push-buffer", Gst.Buffer.new_wrapped(picture))

    factory.connect("media-configure", configure)
    threading.Thread(target=pump, daemon=True).start()


def protect(
    auth: GstRtspServer.RTSPAuth,
    factory: GstRtspServer.RTSPMediaFactory,
    user: str = "",
    password: str = "",
    digest: bool = False,
) -> None:
    """Let only this user in, by basic or digest authentication; everybody where none is named."""
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    if digest:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(user, password, token)
    elif user:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    else:
        auth.set_default_token(token)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_role("user")
    permissions.add_permission_for_role("user", "media.factory.access", True)
    permissions.add_permission_for_role("user", "media.factory.construct", True)
    factory.set_permissions(permissions)


if __name__ == "__main__":
    main()
