"""Settings of what a frame meets on its way: cameras, ingest, pose, ergonomics."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self
from urllib.parse import quote

from pydantic import Field, field_validator, model_validator

from spotter.core.errors import ConfigError
from spotter.core.parameters import (
    FallParameters,
    LiftParameters,
    RuleParameters,
    SustainedParameters,
    TrackerParameters,
    ViewParameters,
    WorkParameters,
)
from spotter.core.settings.base import CAMERA_ID, Section
from spotter.core.settings.picture import PictureSettings
from spotter.core.settings.redact import redact_url
from spotter.core.settings.secret import Secret
from spotter.core.trust_parameters import TrustParameters


class CameraSettings(Section):
    """One camera. Its source may hold a password, so it is a secret everywhere but in the reader itself.

    `address` is what the reader opens, `shown` what people see.
    """

    id: str = Field(pattern=CAMERA_ID, description="Name within the site: letters, digits, dot, dash, underscore.")
    enabled: bool = Field(default=True, description="false: the camera is known and shown, and not opened.")
    source: Secret = Field(
        description="Video file, folder of images, webcam index, rtsp://, rtsps://, http://, https:// URL, or a test "
        "pattern (test:640x480@15)."
    )
    substream: Secret | None = Field(
        default=None, description="A second, smaller stream of the same camera: same user and password, same view."
    )
    stream: Literal["main", "sub"] = Field(default="main", description="Which of the two is read.")
    transport: Literal["auto", "tcp", "udp"] = Field(
        default="auto",
        description="How RTSP brings the pictures. auto: TCP. udp: less delay on a network that loses nothing; each "
        "lost packet smears pictures until the next key frame.",
    )
    hardware: Literal["none", "auto", "cuda", "vaapi", "qsv", "d3d11va", "videotoolbox"] = Field(
        default="none",
        description="Decoder of network streams. auto: what there is, else the processor; a name: that or an error.",
    )
    picture: PictureSettings = Field(
        default_factory=PictureSettings, description="What is made of the picture before anything else sees it."
    )
    username: str = Field(default="", max_length=200, description="User of a URL that holds none.")
    password: Secret | None = Field(default=None, description="Their password, as it is: nothing needs escaping.")
    view: ViewParameters = Field(default_factory=ViewParameters, description="How the camera looks at the floor.")
    image_fps: float = Field(default=10.0, gt=0, le=240, description="Frames per second of a folder of images.")
    max_fps: float = Field(default=30.0, gt=0, le=240, description="Frames beyond this rate are skipped at the reader.")
    expected_fps: float | None = Field(
        default=None,
        gt=0,
        le=240,
        description="Frames a second that a live camera should deliver; below half of it it counts as degraded. By "
        "default what it usually delivers.",
    )
    hold_last_s: float = Field(
        default=0.0, ge=0, le=3600, description="Repeat the last frame of a finite source this long."
    )

    @model_validator(mode="after")
    def _has_user(self) -> Self:
        if self.password is not None and not self.username:
            raise ValueError("a password needs a username")
        if self.stream == "sub" and self.substream is None:
            raise ValueError("stream: sub needs a substream")
        return self

    @property
    def written(self) -> str:
        """The source as the settings have it; empty where it is read from elsewhere. Not for people."""
        return "" if self.source.value is None else self.source.value.get_secret_value()

    @property
    def shown(self) -> str:
        """The source fit for people: an address without user, password and query, or where it is found."""
        return redact_url(self.written) if self.source.value is not None else str(self.source)

    def address(self) -> str:
        """What the reader opens, main or sub stream, with user and password in it. Never for people, logs or messages.

        Raises:
            ConfigError: file or variable of the source or the password cannot be read; or `username` is given for
                something that is no URL, or has a user already.
        """
        if self.stream == "sub" and self.substream is not None:
            source = self.substream.read(f"substream of camera '{self.id}'")
        else:
            # An empty source is the reader's to tell, with what may be written there.
            source = self.written
            if self.source.value is None:
                source = self.source.read(f"source of camera '{self.id}'")
        if not self.username:
            return source
        scheme, mark, rest = source.partition("://")
        if not mark or "@" in rest:
            why = "has a user already" if mark else "is no URL"
            raise ConfigError(f"camera '{self.id}' has a username, and its source {why}", mend="Leave one of them out")
        user = quote(self.username, safe="")
        if self.password is not None:
            user += ":" + quote(self.password.read(f"password of camera '{self.id}'"), safe="")
        return f"{scheme}://{user}@{rest}"


class IngestSettings(Section):
    """Reading cameras."""

    speed: Literal["realtime", "max"] = Field(
        default="realtime", description="Pace of finite sources (files, folders)."
    )
    decoder: Literal["auto", "opencv", "pyav"] = Field(
        default="auto",
        description="What reads network cameras. auto: PyAV where it is installed (extra av), which knows when the "
        "camera took a picture; else OpenCV.",
    )
    open_timeout_s: float = Field(default=10.0, gt=0, le=120, description="Longest wait for a camera to open.")
    read_timeout_s: float = Field(
        default=5.0, gt=0, le=120, description="A live camera silent for this long is reopened."
    )
    stall_s: float = Field(
        default=2.0, gt=0, le=120, description="A live camera silent for this long is shown as stalled."
    )
    backoff_min_s: float = Field(
        default=0.5, gt=0, le=60, description="First pause before a live camera is tried again."
    )
    backoff_max_s: float = Field(default=3.0, gt=0, le=600, description="Longest such pause.")
    trust: TrustParameters = Field(
        default_factory=TrustParameters, description="When a camera's pictures are believed to show what they should."
    )
    views: Path | None = Field(
        default=Path("spotter-data/views"),
        description="Folder where the usual view of each live camera is kept over restarts, as slopes of edges and not "
        "as a picture; null: it is learned anew each time.",
    )
    reload_s: float = Field(
        default=2.0,
        ge=0,
        le=3600,
        description="The settings file is looked at this often for cameras that were added, changed or taken out; 0: "
        "never.",
    )
    sharing: Literal["fixed", "lease"] = Field(
        default="fixed",
        description="How `spotter serve ingest` processes share the cameras. fixed: by ingest.shard. lease: among all "
        "that run, by leases in Redis; the cameras of one that dies go to the others.",
    )
    lease_s: float = Field(
        default=10.0, ge=1, le=300, description="A process that is silent for this long loses its cameras to others."
    )
    redis_away: Literal["read", "stop"] = Field(
        default="read",
        description="With leases, what happens to the cameras of a process that cannot reach Redis. read: it goes on, "
        "and its frames are dropped where another process has taken over. stop: it stops at the end of its lease.",
    )
    shard: str = Field(
        default="",
        pattern=r"^$|^([A-Za-z0-9][A-Za-z0-9.-]*-)?[0-9]{1,4}/[1-9][0-9]{0,3}$",
        description="Which share of the cameras this process reads: 0/3, 1/3, 2/3, or NAME-0/3 with the name of a "
        "stateful pod; empty: all.",
    )

    @field_validator("shard")
    @classmethod
    def _is_share(cls, text: str) -> str:
        if text:
            index, count = share_of(text)
            if index >= count:
                raise ValueError(f"share {index} of {count} does not exist; they are numbered from 0")
        return text


def share_of(text: str) -> tuple[int, int]:
    """(index, count) of a share that is written "NAME-INDEX/COUNT" or "INDEX/COUNT"."""
    name, _, count = text.partition("/")
    return int(name.rpartition("-")[2]), int(count)


class PoseSettings(Section):
    """The pose model and its batches."""

    model: str = Field(default="movenet-multipose", description="Name of the model, as in `spotter models list`.")
    file: Path | None = Field(
        default=None,
        description="ONNX file of a model that is not shipped, or weights of the default one from "
        "`spotter models train`.",
    )
    folder: Path = Field(
        default=Path("spotter-data/models"), description="Where `spotter models fetch` keeps such files."
    )
    device: Literal["auto", "cpu", "cuda", "tensorrt", "openvino", "mps", "torch-cpu"] = Field(
        default="auto",
        description="auto: CUDA where the model can use it, else CPU. mps (Apple; never tried by the authors) and "
        "torch-cpu run the shipped model in torch.",
    )
    input_size: int = Field(
        default=384, ge=128, le=1280, multiple_of=32, description="Long side of the model's input, px."
    )
    threads: int = Field(default=0, ge=0, le=256, description="CPU threads of the model; 0: one per core.")
    max_batch: int = Field(default=4, ge=1, le=256, description="Frames per inference at most.")
    max_wait_s: float = Field(default=0.01, ge=0, le=1, description="Longest wait to fill a batch.")
    decode_threads: int = Field(
        default=0, ge=0, le=64, description="Pictures decoded at a time; 0: one on a CPU, for a GPU half the cores."
    )
    min_fps: float = Field(
        default=1.0, gt=0, le=60, description="A camera of which fewer frames a second are posed is shown as behind."
    )
    deadline_s: float = Field(default=1.0, gt=0, le=60, description="A frame older than this is skipped and counted.")
    min_score: float | None = Field(
        default=None, ge=0, le=1, description="People below this score are not published; by default the model's own."
    )
    max_people: int = Field(default=50, ge=1, le=500, description="Most people per frame.")
    refine: Literal["none", "movenet-thunder"] = Field(
        default="none",
        description="Second look at each person's crop: pays for movenet-multipose, not for YOLO, and costs about as "
        "much a person as a frame. Bring it in with `spotter models fetch movenet-thunder`.",
    )
    refine_people: int = Field(
        default=10, ge=1, le=500, description="Most people per frame who get that second look, best score first."
    )


class ErgonomicsSettings(Section):
    """Following people and judging what they do."""

    tracker: TrackerParameters = Field(default_factory=TrackerParameters)
    fall: FallParameters = Field(default_factory=FallParameters)
    lift: LiftParameters = Field(default_factory=LiftParameters)
    work: WorkParameters = Field(default_factory=WorkParameters)
    sustained: SustainedParameters = Field(default_factory=SustainedParameters)
    snapshot_s: float = Field(
        default=3.0,
        gt=0,
        le=60,
        description="Seconds between snapshots; so much is replayed after a crash. Longer where so many cameras are "
        "saved that it takes a tenth of the time.",
    )
    rebuild_s: float = Field(
        default=180.0, ge=10, le=3600, description="Without snapshots, skeletons this far back are replayed."
    )
    rebuild_max_s: float = Field(
        default=1800.0, ge=10, le=86400, description="Further back for alerts that are open, but at most this far."
    )

    @property
    def rules(self) -> RuleParameters:
        """What the rules judge by."""
        return RuleParameters(
            tracker=self.tracker, fall=self.fall, lift=self.lift, work=self.work, sustained=self.sustained
        )
