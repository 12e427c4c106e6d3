"""A real RTSP server (GStreamer) with a moving test picture, or an MP4 file, for tests.

    /usr/bin/python3 rtsp_server.py PORT [USER PASSWORD] [--clip FILE]

Run by the system's Python, because python3-gi is a package of the system.

Serves rtsp://127.0.0.1:PORT/camera: 320x240, 15 frames a second, H.264; prints "ready" once it listens. A clip ends the
stream when it is over; whoever asks again gets it from the start.
"""

from __future__ import annotations

import argparse
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

PIPELINE = (
    "( videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=15/1 "
    "! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! rtph264pay name=pay0 pt=96 config-interval=1 )"
)
CLIP = "( filesrc location={clip} ! qtdemux ! h264parse ! rtph264pay name=pay0 pt=96 config-interval=1 )"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port")
    parser.add_argument("credentials", nargs="*")
    parser.add_argument("--clip")
    given = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(given.port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(CLIP.format(clip=given.clip) if given.clip else PIPELINE)
    factory.set_shared(True)
    if given.credentials:
        protect(server, factory, *given.credentials)
    server.get_mount_points().add_factory("/camera", factory)
    if not server.attach(None):
        sys.exit(f"cannot listen on 127.0.0.1:{given.port}")
    print("ready", flush=True)
    GLib.MainLoop().run()


def protect(
    server: GstRtspServer.RTSPServer, factory: GstRtspServer.RTSPMediaFactory, user: str, password: str
) -> None:
    """Let only this user in, by basic authentication."""
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    auth = GstRtspServer.RTSPAuth()
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_role("user")
    permissions.add_permission_for_role("user", "media.factory.access", True)
    permissions.add_permission_for_role("user", "media.factory.construct", True)
    factory.set_permissions(permissions)


if __name__ == "__main__":
    main()
