"""How well a camera's view is learned from people walking, and what knowing it is worth for trunk angles.

    python benchmarks/geometry.py [--cameras 40] [--shared FOLDER] [--recording vtest.avro]

1. Simulated walkers (tests/ergonomics/walkers.py) before cameras drawn as they hang in buildings: errors and coverage.
   Then the same through wide lenses with barrel distortion, unknown to the fit and known.
2. With the simulated workers of FOLDER/data/simulated: trunk inclination by the pitch range of an unknown camera, and
   by the camera itself (keypoints exact, noise of 5 % of the trunk allowed for in both).
3. With a recording of OpenCV's vtest.avi (`spotter record vtest.avi --out vtest.avro`): against the calibration that
   the PETS 2009 workshop published for its view 1, which is this street.
4. With FOLDER/data/multicam_pose2sim: the stature that its own calibration gives the people in it (posed here).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from pathlib import Path

import cv2
import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "ergonomics"))
from walkers import Crowd, walk

from spotter.cli.cameras_people import from_recordings
from spotter.core.parameters import LensParameters, MountParameters, ViewParameters
from spotter.core.settings import Settings
from spotter.ergonomics.angles.trunk import COVERAGE_Z, NOISE_FRACTION
from spotter.ergonomics.geometry.camera import Camera, hfov_of
from spotter.ergonomics.geometry.fit import observe
from spotter.ergonomics.geometry.ground import Ground
from spotter.ergonomics.geometry.learn import Learned, learn
from spotter.ergonomics.geometry.upright import Upright, WalkLog, upright_people
from spotter.ergonomics.geometry.view import least_inclination
from spotter.pose.factory import model_of

NAMES = ("pitch_deg", "roll_deg", "height_m", "hfov_deg")
PETS = {"pitch_deg": 16.47, "roll_deg": 3.10, "height_m": 7.06, "hfov_deg": 35.8}
"""From the Tsai calibration of PETS 2009 view 1 (focal 5.5549 mm, sx 1.0938, dpx 0.0051273 mm, rx 2.0405, ry -0.8934,
rz -0.4306, t = (829, -3175, 35469) mm)."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cameras", type=int, default=40, help="simulated cameras")
    parser.add_argument("--shared", type=Path, help="folder with data/simulated and data/multicam_pose2sim")
    parser.add_argument("--recording", type=Path, help="skeletons of vtest.avi")
    options = parser.parse_args()
    simulated(options.cameras)
    for bulge in (-0.1, -0.2, -0.3):
        barrel(bulge)
    if options.shared is not None:
        trunks(options.shared / "data" / "simulated")
    if options.recording is not None:
        street(options.recording)
    if options.shared is not None:
        calibrated(options.shared / "data" / "multicam_pose2sim" / "Demo_SinglePerson")


def simulated(count: int) -> None:
    random = np.random.default_rng(1)
    errors: list[list[float]] = []
    inside: list[list[bool]] = []
    widths: list[list[float]] = []
    refused, seconds, held_out = 0, [], []
    for seed in range(count):
        hfov, pitch, roll = random.uniform(50, 95), random.uniform(8, 40), random.normal(0, 4)
        camera = Camera.of(1280, 720, hfov=hfov, pitch=pitch, roll=roll, above=random.uniform(2.3, 5))
        seen = gather(camera, Crowd(statures=(random.normal(1.75, 0.05), 0.09)), seed)
        begin = time.process_time()
        learned = learn(seen)
        seconds.append(time.process_time() - begin)
        if learned.reasons:
            refused += 1
            print(f"  refused: pitch {pitch:.0f}, height {float(camera.above):.1f}: {'; '.join(learned.reasons)}")
            continue
        truth = {"pitch_deg": pitch, "roll_deg": roll, "height_m": float(camera.above), "hfov_deg": hfov}
        best = middle(learned)
        held_out.append(learned.held_out)
        errors.append([best[name] - truth[name] for name in NAMES])
        inside.append([learned.intervals[name][0] <= truth[name] <= learned.intervals[name][1] for name in NAMES])
        widths.append([(learned.intervals[name][1] - learned.intervals[name][0]) / 2 for name in NAMES])
        errors[-1][2] /= truth["height_m"]
        widths[-1][2] /= truth["height_m"]
    table = np.abs(np.array(errors))
    print(f"simulated: {count} cameras, {refused} refused; {np.median(seconds):.2f} s of processor time each")
    print(f"{'':10} {'rms error':>10} {'p90':>8} {'half width':>11} {'inside':>8}   (height as a share)")
    for index, name in enumerate(NAMES):
        rms, p90 = np.sqrt((table[:, index] ** 2).mean()), np.quantile(table[:, index], 0.9)
        share = np.mean([row[index] for row in inside])
        print(f"{name:10} {rms:10.3f} {p90:8.3f} {np.mean(widths, axis=0)[index]:11.3f} {share:8.0%}")
    print(f"held-out error of the standing height: median {np.median(held_out):.1%}")


def barrel(bulge: float, count: int = 12) -> None:
    """Wide cameras whose lens bends by k1 = `bulge`."""
    random = np.random.default_rng(5)
    inside: dict[str, list[bool]] = {"unknown": [], "known": []}
    errors: dict[str, list[float]] = {"unknown": [], "known": []}
    for seed in range(count):
        hfov, pitch, roll = random.uniform(75, 100), random.uniform(12, 35), random.normal(0, 3)
        above, bent = random.uniform(2.5, 4.5), (bulge, 0.0, 0.0, 0.0, 0.0)
        camera = Camera.of(1280, 720, hfov=hfov, pitch=pitch, roll=roll, above=above, distortion=bent)
        seen = gather(camera, Crowd(), seed)
        lens = LensParameters(width=1280, height=720, hfov_deg=hfov, distortion=bent, focal_sd=0.01)
        for name, given in (("unknown", None), ("known", lens)):
            learned = learn(seen, lens=given)
            if not learned.reasons:
                low, high = learned.intervals["pitch_deg"]
                inside[name].append(low <= pitch <= high)
                errors[name].append(middle(learned)["pitch_deg"] - pitch)
    for name, kept in inside.items():
        print(
            f"lens with k1 {bulge}, {name} to the fit: pitch off by {np.mean(errors[name]):+.2f} degrees on average, "
            f"inside in {sum(kept)} of {len(kept)} accepted"
        )


def trunks(folder: Path) -> None:
    """What each way proves of trunks that are bent by 60 degrees and more, and how often it is wrong."""
    proven: dict[str, list[np.ndarray]] = {}
    truths: list[np.ndarray] = []
    for path in sorted(folder.glob("*.json")):
        truth = json.loads(path.read_text())
        joints = np.array([frame["kp3d"] for frame in truth["frames"]])
        trunk = joints[:, [5, 6]].mean(axis=1) - joints[:, [11, 12]].mean(axis=1)
        inclination = np.degrees(np.arccos(trunk[:, 2] / np.linalg.norm(trunk, axis=1)))
        for one in truth["cameras"]:
            k, r, t = (np.array(one[name], float) for name in ("K", "R", "t"))
            inside = (joints @ r.T + t.reshape(3)) @ k.T
            pixels = inside[..., :2] / inside[..., 2:]
            hip, shoulder = pixels[:, [11, 12]].mean(axis=1), pixels[:, [5, 6]].mean(axis=1)
            up, height = r[:, 2], float((-r.T @ t.reshape(3))[2])
            pitch, roll = float(np.degrees(np.arcsin(-up[2]))), float(np.degrees(np.arctan2(-up[0], -up[1])))
            truths.append(inclination)
            proven.setdefault("pitch 0 to 35, picture's vertical (no calibration)", []).append(
                flat(hip, shoulder, 0, 35)
            )
            noise = COVERAGE_Z * NOISE_FRACTION * np.linalg.norm(shoulder - hip, axis=1) / np.sqrt(2)
            for name, sd, share in (
                ("entered (sd 3 degrees, 5 %)", 3.0, 0.05),
                ("known (sd 1 degree, 2 %)", 1.0, 0.02),
            ):
                mount = MountParameters(
                    height_m=height, pitch_deg=pitch, roll_deg=roll, pitch_sd_deg=sd, roll_sd_deg=sd * 2 / 3
                )
                lens = LensParameters(width=640, height=360, focal_px=(k[0, 0], k[1, 1]), focal_sd=share)
                ground = Ground.of(ViewParameters(lens=lens, mount=mount), 640, 360)
                low, _ = ground.inclination(hip, shoulder, noise=noise)
                proven.setdefault(f"camera {name}, place by place", []).append(low)
    true = np.concatenate(truths)
    bent = true >= 60
    print(f"trunks: {len(true)} frames, {bent.sum()} bent by 60 degrees or more")
    for name, rows in proven.items():
        low = np.concatenate(rows)
        print(
            f"  {name:50} proven of the bent {np.mean(low[bent]):5.1f} deg, "
            f"at least 60 in {np.mean(low[bent] >= 60):4.0%}; "
            f"above the truth in {np.mean(low > true + 0.05):.1%} of all"
        )


def flat(hip: np.ndarray, shoulder: np.ndarray, pitch_low: float, pitch_high: float) -> np.ndarray:
    line = shoulder - hip
    apparent = np.degrees(np.arctan2(np.abs(line[:, 0]), -line[:, 1]))
    sigma = np.degrees(np.sqrt(2.0) * NOISE_FRACTION)
    least = np.clip(apparent - COVERAGE_Z * sigma, 0, 180)
    return np.min([least_inclination(least, pitch) for pitch in (pitch_low, pitch_high)], axis=0)


def street(path: Path) -> None:
    seen = from_recordings([path], None, Settings()).people
    print(f"street (PETS 2009 view 1): {len(seen)} observations, truth {PETS}")
    entered = LensParameters(width=768, height=576, hfov_deg=PETS["hfov_deg"], focal_sd=0.02)
    for name, lens in (("lens unknown", None), ("field of view entered", entered)):
        learned = learn(seen, lens=lens)
        print(f"  {name}: held out {learned.held_out:.1%}, inliers {learned.inliers:.0%} {'; '.join(learned.reasons)}")
        for key, (low, high) in learned.intervals.items():
            print(f"    {key:10} {middle(learned)[key]:6.2f}, {low:5.1f} to {high:5.1f}; published {PETS[key]}")
    optics = Camera.of(768, 576, hfov=PETS["hfov_deg"], pitch=0, above=1)
    focal = float(np.asarray(optics.focal[0]))
    figures = np.array([[np.log(focal), np.radians(PETS["pitch_deg"]), np.radians(PETS["roll_deg"]), 0.0]])
    heights, leans = observe(optics, seen, figures)
    print(
        f"  with the published camera: people of {PETS['height_m'] * np.exp(np.median(heights)):.2f} m (median), "
        f"leaning by {np.degrees(np.median(leans)):+.1f} degrees"
    )


def calibrated(folder: Path) -> None:
    """Stature and lean of upright people in each view, by the published calibration."""
    text = (folder / "Calib.qca.txt").read_text()
    model = model_of(Settings().pose)
    model.load()
    for match in re.finditer(r'serial="(cam\d+)".*?<transform (.*?)/>.*?<intrinsic (.*?)/>', text, re.DOTALL):
        frame, optics = (dict(re.findall(r'(\w+)="([-\d.e]+)"', match[part])) for part in (2, 3))
        up = np.array([float(frame[name]) for name in ("r13", "r23", "r33")])
        focal = (float(optics["focalLengthU"]) / 64, float(optics["focalLengthV"]) / 64)
        capture = cv2.VideoCapture(str(folder / f"{match[1]}.mp4"))
        rows = []
        while True:
            read, image = capture.read()
            if not read:
                break
            rows.append((image.shape[1], image.shape[0], model.predict([image])[0]))
        capture.release()
        width, height, _ = rows[0]
        camera = Camera(
            width, height, focal, (float(optics["centerPointU"]) / 64, float(optics["centerPointV"]) / 64),
            np.degrees(np.arcsin(up[2])), np.degrees(np.arctan2(-up[0], up[1])), float(frame["z"]) / 1000, np.zeros(5),
        )  # fmt: skip
        statures, leans = [], []
        for _, _, people in rows:
            which, feet, heads = upright_people(people.keypoints, people.confidences, width, height, 0.2)
            statures += list(camera.height_over(feet[which], heads[which]) / 0.93)
            line, upward = heads[which] - feet[which], camera.up(feet[which])
            cross = upward[:, 0] * line[:, 1] - upward[:, 1] * line[:, 0]
            leans += list(np.degrees(np.arctan2(cross, (upward * line).sum(axis=1))))
        shown = np.quantile(statures, [0.1, 0.5, 0.9]).round(2) if statures else "nobody upright"
        print(
            f"{match[1]}: pitch {float(camera.pitch):.1f}, roll {float(camera.roll):.1f}, "
            f"height {float(camera.above):.2f}: {len(statures)} upright, stature {shown}, "
            f"lean {np.median(leans) if leans else float('nan'):+.1f}"
        )


def gather(camera: Camera, crowd: Crowd, seed: int) -> Upright:
    log = WalkLog()
    for pose, tracks in walk(camera, crowd, seed):
        log.add(pose, tracks)
    return log.observed()


def middle(learned: Learned) -> dict[str, float]:
    mount, lens = learned.view.mount, learned.view.lens
    if mount is None or lens is None:
        raise SystemExit(f"refused: {learned.reasons}")
    hfov = lens.hfov_deg or float(hfov_of(lens.width, (lens.focal_px or (1.0, 1.0))[0]))
    return {
        "pitch_deg": mount.pitch_deg, "roll_deg": mount.roll_deg, "height_m": mount.height_m, "hfov_deg": hfov,
    }  # fmt: skip


if __name__ == "__main__":
    main()
