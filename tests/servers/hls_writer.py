"""Writes a live HLS stream (H.264 in MPEG-TS, segments of 1 s) into a folder, until it is killed.

    /usr/bin/python3 hls_writer.py FOLDER

Run by the system's Python, because python3-gi is a package of the system.
"""

from __future__ import annotations

import sys

import gi

gi.require_version("Gst", "1.0")
from gi.repository import GLib, Gst  # noqa: E402

PIPELINE = (
    "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=15/1 "
    "! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=15 ! h264parse "
    "! hlssink2 target-duration=1 max-files=6 playlist-length=4 "
    "location={folder}/%05d.ts playlist-location={folder}/live.m3u8"
)

Gst.init(None)
Gst.parse_launch(PIPELINE.format(folder=sys.argv[1])).set_state(Gst.State.PLAYING)
GLib.MainLoop().run()
