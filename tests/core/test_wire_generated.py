"""The generated code is what the .proto files give, and covers every field of the contracts."""

from __future__ import annotations

import importlib
import importlib.util
import re
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

from spotter.core import contracts
from spotter.core.wire.generated import alert_pb2, camera_health_pb2, frame_pb2, skeleton_pb2

REPOSITORY = Path(__file__).resolve().parents[2]
NAMES = ("alert_pb2", "camera_health_pb2", "frame_pb2", "skeleton_pb2")


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """scripts/generate_protos.py, which is no package."""
    pytest.importorskip("grpc_tools", reason="grpcio-tools comes with the [dev] extra")
    spec = importlib.util.spec_from_file_location("generate_protos", REPOSITORY / "scripts" / "generate_protos.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def without_version(code: str) -> str:
    """The code without the version of protoc, which differs between releases that generate the same."""
    code = re.sub(r"^# Protobuf Python Version: .*$", "", code, flags=re.MULTILINE)
    return re.sub(r"(Domain\.PUBLIC,\s+)\d+,\s+\d+,\s+\d+,", r"\1", code)


def test_generated_code_does_not_drift(generator: ModuleType, tmp_path: Path) -> None:
    made = {path.name: without_version(path.read_text(encoding="utf-8")) for path in generator.generate(tmp_path)}
    shipped = {
        path.name: without_version(path.read_text(encoding="utf-8"))
        for path in generator.GENERATED.glob("*.py*")
        if path.is_file()
    }
    assert made.keys() == shipped.keys()
    stale = sorted(name for name in made if made[name] != shipped[name])
    assert stale == [], "run scripts/generate_protos.py"


def test_drift_is_seen(generator: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    protos = tmp_path / "protos"
    (protos / "spotter" / "v1").mkdir(parents=True)
    for source in (REPOSITORY / "protos" / "spotter" / "v1").glob("*.proto"):
        text = source.read_text(encoding="utf-8").replace("string camera_id = 2;", "string camera_name = 2;")
        (protos / "spotter" / "v1" / source.name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(generator, "PROTOS", protos)
    made = {
        path.name: without_version(path.read_text(encoding="utf-8")) for path in generator.generate(tmp_path / "out")
    }
    assert made["frame_pb2.py"] != without_version((generator.GENERATED / "frame_pb2.py").read_text(encoding="utf-8"))


def test_every_proto_file_has_its_module() -> None:
    stems = {f"{path.stem}_pb2" for path in (REPOSITORY / "protos" / "spotter" / "v1").glob("*.proto")}
    assert stems == set(NAMES)
    for name in NAMES:
        module = importlib.import_module(f"spotter.core.wire.generated.{name}")
        assert module.DESCRIPTOR.package == "spotter.v1"


@pytest.mark.parametrize(
    ("contract", "message", "renamed"),
    [
        (contracts.Frame, frame_pb2.Frame, {"picture": "jpeg"}),
        (contracts.PoseFrame, skeleton_pb2.PoseFrame, {}),
        (contracts.Alert, alert_pb2.Alert, {}),
        (contracts.AlertUpdate, alert_pb2.AlertUpdate, {}),
        (contracts.Evidence, alert_pb2.Evidence, {}),
        (contracts.Ledger, alert_pb2.Ledger, {}),
        (contracts.CameraHealth, camera_health_pb2.CameraHealth, {}),
    ],
)
def test_every_field_of_a_contract_travels(contract: type, message: type, renamed: dict[str, str]) -> None:
    fields = {renamed.get(name, name) for name in contract.__dataclass_fields__}  # type: ignore[attr-defined]
    if "timing" in fields:  # flat on the wire
        fields = fields - {"timing"} | {"time_basis", "camera_offset_ns", "jitter_ns"}
    on_the_wire = {field.name for field in message.DESCRIPTOR.fields}  # type: ignore[attr-defined]
    assert on_the_wire - {"schema_version", "people"} == fields - {"trace"}  # travels in a header


@pytest.mark.parametrize(
    ("contract", "enum", "prefix"),
    [
        (contracts.AlertKind, alert_pb2.AlertKind, "ALERT_KIND_"),
        (contracts.Severity, alert_pb2.Severity, "SEVERITY_"),
        (contracts.UpdateKind, alert_pb2.UpdateKind, "UPDATE_KIND_"),
        (contracts.CameraState, camera_health_pb2.CameraState, "CAMERA_STATE_"),
    ],
)
def test_every_name_of_an_enum_travels(contract: type, enum: object, prefix: str) -> None:
    on_the_wire = [name.removeprefix(prefix) for name in enum.keys()]  # type: ignore[attr-defined]  # noqa: SIM118
    assert on_the_wire == ["UNSPECIFIED", *(one.name for one in contract)]  # type: ignore[attr-defined]


def test_the_runtime_is_new_enough_and_pyproject_says_so() -> None:
    code = (REPOSITORY / "services/spotter/core/wire/generated/frame_pb2.py").read_text(encoding="utf-8")
    match = re.search(r"Protobuf Python Version: (\S+)", code)
    assert match is not None
    assert f'"protobuf>={match[1]}' in (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    assert tuple(map(int, version("protobuf").split("."))) >= tuple(map(int, match[1].split(".")))
