"""Examples in the help of `spotter cameras`; here, so that the help answers without loading OpenCV."""

from __future__ import annotations

LIST = """\b
Examples:
  spotter cameras list                      of spotter.yaml, and what its database knows of them
  spotter cameras list --config site.yaml
  spotter cameras list --json               for a script

States are explained in docs/cameras.md. Sources are shown without user, password and query.
"""

COVERAGE = """\b
Examples:
  spotter cameras coverage                            today so far, every camera
  spotter cameras coverage dock --from 2026-11-23 --to 2026-11-27
  spotter cameras coverage --json                     whole milliseconds, for a script

Watched: live, trusted, and assessed in time. The parts add up to the time asked for. Reasons: docs/cameras.md.
"""

TEST = """\b
Examples:
  spotter cameras test                               every camera of spotter.yaml
  spotter cameras test dock gate --for 30s           two of them, watched for 30 s each
  spotter cameras test rtsp://10.0.0.5/stream        before it is in the settings
  spotter cameras test rtsp://10.0.0.5/stream --username viewer
                                                     the password is asked for, and not shown
  CAMERA=... spotter cameras test rtsp://10.0.0.5/stream --username viewer --password-env CAMERA
  spotter cameras test --json                        for a script; exit code 3 when a camera gives no pictures

It is one more viewer of the camera while it runs; some cameras allow few of them.
"""

SNAPSHOT = """\b
Examples:
  spotter cameras snapshot dock                      dock.jpg, too soft to know anyone by
  spotter cameras snapshot dock --clear --out dock.png
                                                     as sharp as the camera sends it: it may show people
  spotter cameras snapshot rtsp://10.0.0.5/stream --username viewer --out look.jpg

A clear picture of people is personal data: keep it no longer than you need it.
"""

DISCOVER = """\b
Examples:
  spotter cameras discover                   everybody on the networks of this machine
  spotter cameras discover --for 10s         slow cameras, or a lossy wireless network
  spotter cameras discover --to 10.0.7.5     one camera behind a router, which multicast does not pass
  spotter cameras discover --json            for a script

Cameras answer only while their ONVIF discovery is switched on. No user or password is sent. In a container the
network of the host is needed (docker run --network host).
"""
