"""Make the pictures of the README from the running demo: the dashboard in a real browser, and an annotated frame.

    python scripts/make_pictures.py [--out docs/images]

Needs the extra [dev] and Debian's chromium, as `make test` installs them. The footage is synthetic and ours.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2
from playwright.sync_api import sync_playwright

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
CLIPS = Path(__file__).resolve().parent.parent / "services" / "spotter" / "demo"


def dashboard(out: Path, work: Path) -> None:
    """The dashboard some seconds after the demo's fall."""
    command = ["spotter", "demo", "--once", "--port", "0", "--database", str(work / "demo.db")]
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert demo.stdout is not None
        address = next(found[0] for line in demo.stdout if (found := re.search(r"http://\S+", line)))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(viewport={"width": 1360, "height": 900}, color_scheme="dark")
            page.goto(address)
            page.get_by_text("possible fall", exact=False).first.wait_for(timeout=60_000)
            page.wait_for_timeout(1500)
            page.screenshot(path=str(out / "dashboard.png"))
            browser.close()
    finally:
        demo.terminate()
        demo.wait(timeout=20)


def annotated(out: Path, work: Path) -> None:
    """A stoop lift and a fall as `spotter analyze --annotate` draws them, side by side."""
    frames = []
    for clip, number in (("dock", 52), ("aisle", 112)):
        video = work / f"{clip}.mp4"
        subprocess.run(["spotter", "analyze", str(CLIPS / f"{clip}.mp4"), "--annotate", str(video), "-q"], check=True)
        capture = cv2.VideoCapture(str(video))
        for _ in range(number):
            capture.grab()
        ok, image = capture.read()
        if not ok:
            raise SystemExit(f"'{video}' has no frame {number}")
        frames.append(image)
    cv2.imwrite(str(out / "annotated.jpg"), cv2.hconcat(frames), [cv2.IMWRITE_JPEG_QUALITY, 88])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    out: Path = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        annotated(out, Path(folder))
        dashboard(out, Path(folder))
    print(f"wrote {', '.join(str(path) for path in sorted(out.iterdir()))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
