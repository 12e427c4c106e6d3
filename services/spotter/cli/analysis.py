"""One finite source through the model and the rules, frame by frame; deterministic, because `footage` is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from spotter import __version__
from spotter.cli.analysis_exposure import exposure_values, stations
from spotter.cli.footage import Footage
from spotter.cli.options import build_settings
from spotter.core.clock import to_seconds
from spotter.core.contracts import Image, PoseFrame
from spotter.core.settings import CameraSettings, Settings
from spotter.ergonomics.alerts import AlertStep
from spotter.ergonomics.assessment import Assessment, CameraAssessor
from spotter.ergonomics.exposure import ExposureMinutes
from spotter.ergonomics.exposure.station import StationExposure
from spotter.ergonomics.work import StationLift, WorkFrame
from spotter.pose.factory import model_of


@dataclass(frozen=True, slots=True, eq=False)
class AnalysedFrame:
    """One frame with everything that is known of it."""

    image: Image
    pose: PoseFrame
    assessment: Assessment


def analysis_settings(
    video: str, config: Path | None, *, camera: Mapping[str, Any], pose: Mapping[str, Any]
) -> tuple[Settings, CameraSettings]:
    """Settings with the video as their only camera.

    A camera of the settings file whose id is the video's stem lends its view, so that a recording of a known camera is
    judged as that camera would be.
    """
    stem = Path(video).stem
    settings = build_settings(config=config, cameras=[video], sections={"pose": pose})
    chosen = next(c for c in settings.cameras if c.written == video)
    known = next((c for c in settings.cameras if c.id == stem and c is not chosen), None)
    given = {key: value for key, value in camera.items() if value is not None}
    return settings, chosen.model_copy(update={**({"view": known.view} if known else {}), **given})


class Analysis:
    """A running analysis; use it as a context manager.

    Raises:
        SourceError: the video cannot be opened, or it never ends (a live camera).
        ModelError: the pose model is unknown or damaged.
    """

    def __init__(self, settings: Settings, camera: CameraSettings) -> None:
        self._settings = settings
        self._camera = camera
        self._model = model_of(settings.pose)
        self._footage = Footage(settings, camera, self._model)
        self.name = self._footage.name
        self._assessor = CameraAssessor(settings.site, camera.id, camera.view, settings.ergonomics.rules)
        self.frames_analysed = 0
        self.seconds = 0.0
        self.tracks = 0
        self.most_people = 0
        self.alerts: list[AlertStep] = []
        self.lifts: list[StationLift] = []
        self.suppressed: list[str] = []

    def __enter__(self) -> Self:
        self._footage.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._footage.__exit__(kind, error, trace)

    @property
    def fps(self) -> float:
        """Frame rate of what is analysed."""
        return self._footage.fps

    @property
    def expected_frames(self) -> int | None:
        """Frames that will come, where the source knows."""
        return self._footage.expected_frames

    @property
    def undecodable(self) -> int:
        """Frames that could not be decoded so far."""
        return self._footage.undecodable

    @property
    def exposure(self) -> dict[str, float]:
        """Person-seconds by trunk inclination band."""
        return {name: round(seconds, 3) for name, seconds in asdict(self._assessor.exposure).items()}

    def stations(self) -> list[StationExposure]:
        """Exposure of the whole view and of each station."""
        return stations(self._camera.id, self._assessor.minutes)

    @property
    def minutes(self) -> ExposureMinutes:
        """Exposure by minute and station."""
        return self._assessor.minutes

    @property
    def settings(self) -> Settings:
        """What it works with."""
        return self._settings

    @property
    def model(self) -> str:
        """Name and version of the pose model."""
        return self._model.name

    def about(self) -> dict[str, Any]:
        """What the results come from."""
        rules = self._settings.ergonomics.model_dump(mode="json")
        return {
            "spotter": __version__,
            "source": self.name,
            "width": self._footage.info.width,
            "height": self._footage.info.height,
            "fps": round(self.fps, 4),
            "model": self._model.name,
            "input_size": self._settings.pose.input_size,
            "settings": {**rules, "view": self._camera.view.model_dump(mode="json")},
        }

    def totals(self) -> dict[str, Any]:
        """What came out."""
        raised = [step.alert for step in self.alerts if step.update.number == 0]
        return {
            "frames": self.frames_analysed,
            "undecodable": self.undecodable,
            "seconds": round(self.seconds, 6),
            "tracks": self.tracks,
            "most_people": self.most_people,
            "posture_person_seconds": self.exposure,
            "exposure": exposure_values(self.stations()),
            "lifts": len(self.lifts),
            "alerts": {
                kind: sum(a.kind.value == kind for a in raised) for kind in sorted({a.kind.value for a in raised})
            },
            "suppressed": len(self.suppressed),
        }

    def frames(self) -> Iterator[AnalysedFrame]:
        """Every frame in order."""
        for image, pose in self._footage.frames():
            assessment = self._assessor.update(pose)
            if assessment is not None:
                self._count(pose, assessment)
                yield AnalysedFrame(image, pose, assessment)

    def end(self) -> WorkFrame:
        """Alerts that are still open when the video ends are closed as ended, and lifts that have arrived are told."""
        last = self._assessor.end()
        self.alerts.extend(last.alerts)
        self.lifts.extend(last.lifts)
        return last

    def _count(self, pose: PoseFrame, assessment: Assessment) -> None:
        self.frames_analysed += 1
        self.seconds = to_seconds(pose.captured_at)
        self.tracks += assessment.tracks_started
        self.most_people = max(self.most_people, len(assessment.people))
        self.alerts.extend(assessment.alerts)
        self.lifts.extend(assessment.work.lifts)
        self.suppressed.extend(event.reason for _, event in assessment.suppressed)
