"""`spotter cameras discover`: who answers, what is known of them, and what comes next."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import yaml

from conftest import Run

sys.path.insert(0, str(Path(__file__).parents[1] / "servers"))
from onvif_camera import GROUP, OnvifCamera

from servers import free_port


def test_a_camera_is_found_by_its_group_and_by_its_address(spotter: Run, tmp_path: Path) -> None:
    port = free_port()
    with OnvifCamera(port, name="Dock", hardware="IPC-7%1B%5B2J") as camera:
        everybody = spotter("cameras", "discover", "--for", "1.5s", "--to", f"{GROUP}:{port}", "--json")
        config = tmp_path / "site.yaml"
        config.write_text(yaml.safe_dump({"cameras": [{"id": "gate", "source": "rtsp://u:Sesame@127.0.0.1/s"}]}))
        one = spotter("cameras", "discover", "--for", "1s", "--to", f"127.0.0.1:{port}", "--config", config)
    assert everybody.code == 0, everybody.err
    found = json.loads(everybody.out)
    assert {entry["id"] for entry in found} == {str(camera.id)}
    assert found[0]["services"] == ["http://***@10.0.0.5/onvif/device_service"]
    assert one.code == 0, one.err
    row = one.out.splitlines()[1]
    assert row.split()[:4] == ["127.0.0.1", "Dock", "IPC-7[2J", "gate"]
    assert "Next: `spotter cameras test rtsp://127.0.0.1/PATH --username USER`" in one.out
    assert "Sesame" not in one.out
    assert "Hunter2" not in everybody.out + one.out


def test_nobody_there(spotter: Run) -> None:
    done = spotter("cameras", "discover", "--for", "1s", "--to", f"127.0.0.1:{free_port()}")
    assert done.code == 0
    assert "No camera answered within 1s. Switch ONVIF discovery on" in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--to", "camera.site"], "no IPv4 address"),
        (["--to", "10.0.0.5:99999"], "no IPv4 address"),
        (["--for", "1h"], "longer than 2 minutes"),
    ],
)
def test_what_cannot_be_asked_is_one_line(refused, arguments: list[str], words: str) -> None:
    code, error = refused("cameras", "discover", *arguments)
    assert code == 2
    assert words in error
