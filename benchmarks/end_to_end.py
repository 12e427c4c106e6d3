"""One 640x480 camera through the whole embedded pipeline on two cores: rate, latency, drops, and whether it stays so.

    pip install "spotter-safety[bench]"
    python benchmarks/end_to_end.py [--minutes 10] [--fps 15 60] [--cores 2]

Each rate is a case of `--minutes`, played at real-time speed from a file made of the demo clips, padded to 640x480; at
60 frames a second the source is faster than a small machine. The pipeline runs in a process of its own with its default
settings, the dashboard on, /metrics scraped every 15 s as Prometheus would. Latency is from the capture time of a frame
to the publishing of its skeletons, one exact sample a frame. Warm-up is the first three minutes, or the first third of
a shorter case: the longest window that the product keeps, of 150 s, must be full before its memory can be flat.

Before, between and after the cases the bare model runs alone on the same cores: ONNX Runtime on the same graph and
input size ("network"), and the product's `predict`, which adds scaling and decoding. Ratios are to these.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from bare_model import BareModel, BareRates
from footage import demo_frames, write_clip
from observed_run import Observed, observe
from trend import Trend, trend

MIB = 1024.0**2
WARM_UP_S = 180.0
LEAST_MINUTES = 0.25
WINDOWS = 30


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="length of each case")
    parser.add_argument("--fps", type=float, nargs="+", default=[15.0, 60.0], help="one case each")
    parser.add_argument("--cores", type=int, default=2, help="cores that everything here is pinned to")
    parser.add_argument("--json", type=Path, help="also write all samples to this file")
    options = parser.parse_args()
    if options.minutes < LEAST_MINUTES:
        parser.error(f"--minutes {options.minutes:g} is too short to see a slope in; at least {LEAST_MINUTES:g}")
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cores])

    seconds = 60 * options.minutes
    bare = BareModel(list(demo_frames(every=8)))
    kept = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print(f"cores {options.cores}, load {os.getloadavg()[0]:.1f}, {time.strftime('%Y-%m-%d %H:%M', time.gmtime())}")
        bare.measure()
        for fps in options.fps:
            video = folder / f"{fps:g}.mp4"
            write_clip(video, fps, seconds)
            case = observe(video)
            video.unlink()
            bare.measure()
            report(fps, case, bare.rates)
            kept.append({"fps": fps, **case.as_json()})
    print(f"\nbare model, {len(bare.rounds)} rounds: {bare.rates}")
    if options.json:
        options.json.write_text(json.dumps(kept))
    return 0


def report(fps: float, case: Observed, bare: BareRates) -> None:
    """Print one case; everything but the counts is of the time after the warm-up."""
    at, latency = np.array(case.posed_at), 1000 * np.array(case.latency_s)
    start, end = at[0], at[-1]
    warm = start + min(WARM_UP_S, (end - start) / 3)
    steady = at >= warm
    at, latency = at[steady], latency[steady]
    rate = len(at) / (end - warm)
    p50, p95 = np.percentile(latency, [50, 95])
    print(f"\nsource {fps:g} frames/s for {end - start:.0f} s, measured over the last {end - warm:.0f} s")
    print(f"  posed               {rate:6.2f} frames/s = {rate / fps:.3f} of the source")
    print(
        f"    ratio to bare     {rate / bare.network:6.3f} of the network alone, {rate / bare.predict:.3f} of predict"
    )
    print(f"  capture to skeleton {p50:6.1f} ms p50, {p95:.1f} ms p95, {latency.max():.1f} ms greatest")
    frame_ms = 1000 / bare.network
    print(f"    ratio to bare     {p50 / frame_ms:6.2f} p50, {p95 / frame_ms:.2f} p95 (the network alone is 1)")

    thirds = [float(np.percentile(part, 95)) for part in np.array_split(latency, 3)]
    windows = [part for part in np.array_split(np.arange(len(at)), WINDOWS) if len(part)]
    p95s = [float(np.percentile(latency[part], 95)) for part in windows]
    drift = trend([at[part].mean() / 60 for part in windows], p95s)
    print(f"  p95 by thirds       {thirds[0]:.1f}, {thirds[1]:.1f}, {thirds[2]:.1f} ms; {line(drift, 'ms')}")

    rss_at, rss = np.array(case.rss_at), np.array(case.rss) / MIB
    settled = (rss_at >= warm) & (rss_at <= end)
    growth = trend(rss_at[settled] / 60, rss[settled])
    late = rss_at[settled] >= (warm + end) / 2
    lately = trend(rss_at[settled][late] / 60, rss[settled][late])
    print(f"  RSS                 {rss[settled][0]:.1f} MiB after warm-up, {rss[settled][-1]:.1f} MiB at the end")
    print(f"    slope             {line(growth, 'MiB')}")
    print(f"    of the last half  {line(lately, 'MiB')}; at most {1440 * lately.at_most:.0f} MiB a day")
    print(f"  processor           {case.cpu_s / (end - start):.2f} cores; others on the machine {case.others:.2f}")
    dropped = ", ".join(f"{reason} {count}" for reason, count in sorted(case.dropped.items()) if count) or "none"
    print(f"  whole run           {case.read} read, {case.posed} posed; dropped: {dropped}; alerts {case.alerts}")


def line(fit: Trend, unit: str) -> str:
    """A slope, its standard error and what follows."""
    verdict = "within noise" if fit.within_noise else "GROWS" if fit.grows else "falls"
    return f"{fit.slope:+.3f} {unit}/min, standard error {fit.error:.3f}: {verdict}"


if __name__ == "__main__":
    sys.exit(main())
