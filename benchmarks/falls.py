"""Event-level sensitivity and false alarms of the fall rule, on labelled clips, through the whole of the product.

    python benchmarks/falls.py FOLDER/labels.json --hold-last 6

This is `spotter evaluate events` on the folder of the labels, with the clips posed anew; its tests are in
tests/evaluation. Acted falls and short clips: not a figure for the field.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from spotter.cli.app import execute


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("--hold-last", type=float, default=6.0, help="seconds that the last frame is held")
    parser.add_argument("--max-fps", type=float, default=None, help="analyse at most this many frames a second")
    parser.add_argument("--pictures", type=Path, default=None, help="folder for pictures of misses and false alarms")
    parser.add_argument("--recordings", type=Path, default=None, help="recordings of the clips, not to pose them again")
    options = parser.parse_args()
    material = options.recordings or options.labels.parent
    given = {"--hold-last": options.hold_last, "--max-fps": options.max_fps, "--pictures": options.pictures}
    arguments = [text for name, value in given.items() if value is not None for text in (name, str(value))]
    return execute(["evaluate", "events", "--labels", str(options.labels), *arguments, str(material)])


if __name__ == "__main__":
    sys.exit(main())
