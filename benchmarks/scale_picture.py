"""The picture of `docs/scale.md`: cores by service over the number of cameras, from the same figures as its tables.

pip install "spotter-safety[bench]"
python benchmarks/scale_picture.py [--out docs/images/scale.svg]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")

import matplotlib.pyplot as plt

from scale_table import SIZES, UNITS, Assumptions, site

OUT = Path(__file__).resolve().parent.parent / "docs" / "images" / "scale.svg"
LINES = (
    ("pose_cores", "pose on CPUs, cores", "#c2410c", "-"),
    ("ingest_cores", "ingest, cores", "#0369a1", "-"),
    ("ergonomics_cores", "ergonomics, cores", "#15803d", "-"),
    ("gpus", "pose on GPUs, GPUs (published figure, not measured)", "#c2410c", "--"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    assumed = Assumptions()
    sites = [site(cameras, json.loads(UNITS.read_text()), assumed) for cameras in SIZES]
    # The same figures give the same bytes.
    plt.rcParams.update({"svg.hashsalt": "spotter", "svg.fonttype": "none", "font.size": 10})
    figure, axes = plt.subplots(figsize=(7.2, 4.2))
    for name, label, colour, style in LINES:
        axes.loglog(SIZES, [getattr(each, name) for each in sites], style, color=colour, marker="o", label=label)
    axes.set_xlabel(f"cameras, {assumed.fps:g} frames/s each")
    axes.set_ylabel(f"cores or GPUs, {assumed.load:.0%} used")
    axes.set_xticks(SIZES, [f"{cameras:,}" for cameras in SIZES])
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(frameon=False)
    figure.tight_layout()
    figure.savefig(options.out, metadata={"Date": None})


if __name__ == "__main__":
    main()
