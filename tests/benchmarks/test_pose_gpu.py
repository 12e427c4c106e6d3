"""The GPU benchmark where there is no GPU: one clear line, and its other parts on the CPU."""

from __future__ import annotations

import re
import sys

import pytest
import torch

import pose_gpu


@pytest.fixture(autouse=True)
def same_threads() -> object:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_without_a_gpu_it_ends_in_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["pose_gpu.py"])
    with pytest.raises(SystemExit) as caught:
        pose_gpu.main()
    assert str(caught.value).startswith("no GPU to measure: device 'cuda' cannot be used: no NVIDIA driver was found")
    assert "\n" not in str(caught.value)
    assert capsys.readouterr().out == ""


def test_it_measures_each_batch(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    orders = ["--device", "cpu", "--sizes", "64", "--batches", "1", "2", "--seconds", "0.05"]
    monkeypatch.setattr(sys, "argv", ["pose_gpu.py", *orders])
    pose_gpu.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("CPU (figures mean nothing)")
    rows = [line.split() for line in lines if re.match(r" *\d+ +\d+ +\d+ +\d+ ", line)]
    assert [row[0] for row in rows] == ["1", "2"]
    assert all(int(rate) > 0 for row in rows for rate in row[1:4])
