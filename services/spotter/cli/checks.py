"""What `spotter doctor` looks at: one function per check, each with its finding and its mend. Nothing is changed."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import as_file, files
from pathlib import Path

from spotter.core.contracts import Image
from spotter.core.errors import ConfigError, ModelError, SourceError, SpotterError
from spotter.core.settings import CameraSettings, Settings

GIB = 1024**3
_CONNECT_S = 2.0


class Verdict(StrEnum):
    """ok: nothing to do. warn: works, with a limit. fail: Spotter cannot run like this."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One line of the doctor: what was looked at, the verdict, what was found, and what to do when it is not ok."""

    name: str
    verdict: Verdict
    detail: str
    mend: str = ""


def examine(settings: Settings) -> Iterator[Finding]:
    """Every check in turn. A check that breaks is itself a finding, so one fault never hides the others."""
    checks: list[tuple[str, Callable[[], Finding]]] = [
        ("python", check_python),
        ("platform", check_platform),
        ("cpu", check_cpu),
        ("memory", check_memory),
        ("onnxruntime", check_onnxruntime),
        ("torch", lambda: check_torch(settings)),
        ("model files", check_model_files),
        ("inference", lambda: check_inference(settings)),
        ("calibration", lambda: check_calibration(settings)),
        ("video", check_video),
        ("dashboard port", lambda: check_port(settings)),
        ("database", lambda: check_database(settings)),
        ("disk", lambda: check_disk(settings)),
        *((f"camera {camera.id}", lambda camera=camera: check_camera(camera)) for camera in settings.cameras),
    ]
    for name, check in checks:
        try:
            yield check()
        except SpotterError as error:
            yield Finding(name, Verdict.FAIL, error.message, error.mend)
        except Exception as error:
            yield Finding(name, Verdict.FAIL, f"{type(error).__name__}: {error}", "Reinstall spotter-safety")


def check_python() -> Finding:
    found = f"{platform.python_version()} at {sys.executable}"
    if tuple(map(int, platform.python_version_tuple()[:2])) < (3, 11):
        return Finding("python", Verdict.FAIL, found, "Use Python 3.11 or newer")
    return Finding("python", Verdict.OK, found)


def check_platform() -> Finding:
    found = f"{platform.system()} {platform.machine()}"
    if platform.system() != "Linux":
        return Finding("platform", Verdict.WARN, found, "Spotter is tested on Linux only")
    return Finding("platform", Verdict.OK, found)


def check_cpu() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores < 2:
        return Finding("cpu", Verdict.WARN, "1 core", "Two cores or more are needed for a camera at full rate")
    return Finding("cpu", Verdict.OK, f"{cores} cores")


def check_memory() -> Finding:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB
    if total < 1.5:
        return Finding("memory", Verdict.WARN, f"{total:.1f} GiB", "2 GiB or more are advised")
    return Finding("memory", Verdict.OK, f"{total:.1f} GiB")


def check_onnxruntime() -> Finding:
    try:
        import onnxruntime
    except ImportError as error:
        return Finding("onnxruntime", Verdict.FAIL, f"cannot be imported: {error}", "pip install onnxruntime")
    providers = ", ".join(name.removesuffix("ExecutionProvider") for name in onnxruntime.get_available_providers())
    return Finding("onnxruntime", Verdict.OK, f"{onnxruntime.__version__}, providers: {providers}")


def check_torch(settings: Settings) -> Finding:
    device = settings.pose.device
    wanted = device in ("cuda", "mps", "torch-cpu")
    if importlib.util.find_spec("torch") is None:
        if wanted:
            return Finding(
                "torch",
                Verdict.FAIL,
                f"not installed, but pose.device is {device}",
                'pip install "spotter-safety[torch]", or set pose.device: cpu',
            )
        return Finding("torch", Verdict.OK, "not installed, not needed on a CPU")
    import torch

    if torch.cuda.is_available():
        return Finding("torch", Verdict.OK, f"{torch.__version__}, CUDA on {torch.cuda.get_device_name(0)}")
    if device == "cuda":
        return Finding(
            "torch", Verdict.FAIL, f"{torch.__version__} sees no CUDA device", "Check the driver with nvidia-smi"
        )
    return Finding("torch", Verdict.OK, f"{torch.__version__}, no CUDA device")


def check_model_files() -> Finding:
    from spotter.pose.models.weights import GRAPH_FILE, WEIGHTS_FILE, WEIGHTS_FOLDER, verify

    verify(WEIGHTS_FOLDER, WEIGHTS_FILE, GRAPH_FILE)
    return Finding("model files", Verdict.OK, f"{WEIGHTS_FILE}, {GRAPH_FILE}: SHA-256 as released")


def check_inference(settings: Settings) -> Finding:
    """A frame of a shipped clip with one person goes through the model that the settings name."""
    from spotter.pose.factory import model_of

    model = model_of(settings.pose)
    model.load()
    picture = _demo_frame()
    model.predict([picture])
    begun = time.perf_counter()
    people = len(model.predict([picture])[0])
    milliseconds = (time.perf_counter() - begun) * 1000
    detail = f"{model.name} on {model.device}: {milliseconds:.0f} ms a frame, {people} people in a demo frame"
    if people == 0:
        return Finding("inference", Verdict.FAIL, detail, "The one person was not found: reinstall spotter-safety")
    return Finding("inference", Verdict.OK, detail)


def check_calibration(settings: Settings) -> Finding:
    """Whether the confidences of the model that the settings name are probabilities."""
    from spotter.pose.factory import calibration_of, model_of

    try:
        model = model_of(settings.pose, calibrated=False)
    except ModelError:
        return Finding("calibration", Verdict.WARN, "not looked at: there is no model", "See inference")
    found = calibration_of(settings.pose, model.name)
    if found is None:
        return Finding(
            "calibration",
            Verdict.WARN,
            f"{model.name} is not calibrated: its confidences are its own, angles take a usual pixel noise",
            "Calibrate it on labelled images: spotter models calibrate",
        )
    figures = found.held_out
    errors = f"calibration error {figures.ece_raw:.2f} without, {figures.ece:.2f} with it"
    detail = f"{model.name}: of {found.made}, {errors}"
    if found.input_size != model.input_size:
        detail += f"; made at {found.input_size} px, used at {model.input_size}"
        return Finding("calibration", Verdict.WARN, detail, "Calibrate it at this size: spotter models calibrate")
    return Finding("calibration", Verdict.OK, detail)


def check_video() -> Finding:
    import cv2

    build = cv2.getBuildInformation()
    codec = re.search(r"avcodec:\s+YES \(([\d.]+)\)", build)
    if not re.search(r"FFMPEG:\s+YES", build):
        return Finding(
            "video", Verdict.FAIL, f"OpenCV {cv2.__version__} without FFmpeg", "pip install opencv-python-headless"
        )
    _demo_frame()
    return Finding(
        "video", Verdict.OK, f"OpenCV {cv2.__version__}, FFmpeg avcodec {codec[1] if codec else 'of unknown version'}"
    )


def check_port(settings: Settings) -> Finding:
    host, port = settings.dashboard.host, settings.dashboard.port
    if not settings.dashboard.enabled or port == 0:
        return Finding("dashboard port", Verdict.OK, "not used" if port else "a free one is taken at start")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return Finding(
                "dashboard port",
                Verdict.FAIL,
                f"{host}:{port}: {error.strerror}",
                "Stop the program that holds it, or choose another with dashboard.port or --port",
            )
    return Finding("dashboard port", Verdict.OK, f"{host}:{port} is free")


def check_database(settings: Settings) -> Finding:
    from spotter.core.store import Store

    url = settings.store.url.get_secret_value()
    path = _database_file(url)
    if path is not None:
        folder = next(parent for parent in path.absolute().parents if parent.exists())
        place = path if path.exists() else folder
        if not os.access(place, os.W_OK) or not folder.is_dir():
            return Finding(
                "database",
                Verdict.FAIL,
                f"'{place}' cannot be written",
                "Change its rights, or choose another place with store.url or --database",
            )
        if not path.exists():
            return Finding("database", Verdict.OK, f"'{path}' will be made at the first run")
    with Store.open(url, "read") as store:
        counts = store.counts()
        about = "about " if "alerts" in counts.estimated else ""
        detail = f"{store.database}: newest schema, {about}{counts.alerts} alerts, {counts.alerts_open} open"
    return Finding("database", Verdict.OK, detail)


def check_disk(settings: Settings) -> Finding:
    path = _database_file(settings.store.url.get_secret_value()) or Path("x")
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    free = shutil.disk_usage(folder).free / GIB
    detail = f"{free:.1f} GiB free at '{folder}'"
    if free < 0.1:
        return Finding("disk", Verdict.FAIL, detail, "Free some space")
    if free < 1:
        return Finding("disk", Verdict.WARN, detail, "Free some space soon")
    return Finding("disk", Verdict.OK, detail)


def check_camera(camera: CameraSettings) -> Finding:
    """Whether a source is there at all; it is not opened, because some cameras allow one reader only."""
    name = f"camera {camera.id}"
    try:
        source = camera.address()
    except ConfigError as error:
        return Finding(name, Verdict.FAIL, error.message, error.mend)
    from spotter.ingest.sources import kind_of
    from spotter.ingest.sources.address import StreamAddress

    try:
        kind = kind_of(source).name
        address = StreamAddress.parse(source) if kind == "stream" else None
    except SourceError as error:
        return Finding(name, Verdict.FAIL, error.message, error.mend)
    if address is not None:
        if not address.is_certain:
            reason, mend = address.diagnose()
            return Finding(name, Verdict.FAIL, f"{camera.shown} {reason}", mend)
        try:
            socket.create_connection((address.host, address.port), _CONNECT_S).close()
        except OSError as error:
            reason = error.strerror or str(error)
            return Finding(name, Verdict.FAIL, f"{camera.shown}: {reason}", f"spotter cameras test {camera.id}")
        return Finding(name, Verdict.OK, f"{camera.shown} answers")
    if kind == "webcam" and not Path(f"/dev/video{source}").exists():
        return Finding(name, Verdict.FAIL, f"'/dev/video{source}' is not there", "Plug the camera in")
    return Finding(name, Verdict.OK, f"'{camera.shown}' is there")


def _database_file(url: str) -> Path | None:
    from spotter.core.store.engine import is_file, parse_url

    parsed = parse_url(url)
    return Path(parsed.database or "") if is_file(parsed) else None


def _demo_frame() -> Image:
    import cv2
    import numpy as np

    with as_file(files("spotter") / "demo" / "dock.mp4") as path:
        capture = cv2.VideoCapture(str(path))
        read, picture = capture.read()
        capture.release()
    if not read:
        raise SpotterError(f"demo clip '{path}' cannot be decoded", mend="pip install --force-reinstall spotter-safety")
    return np.asarray(picture, np.uint8)
