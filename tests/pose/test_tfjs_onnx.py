"""From a TF.js graph to the ONNX file of its head maps."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from tfjs_graphs import compute, write_graph

from spotter.core.errors import ModelError
from spotter.pose.models.session import open_session
from spotter.pose.models.tfjs_heads import import_graph, open_heads


@pytest.mark.parametrize(("count", "rows", "columns"), [(1, 32, 32), (2, 64, 48), (1, 96, 32)])
def test_the_file_computes_what_the_graph_does_at_any_size(tmp_path: Path, count: int, rows: int, columns: int) -> None:
    source, heads, weights = write_graph(tmp_path)
    import_graph(heads, source, tmp_path / "tiny.onnx")
    session = open_heads(heads, tmp_path / "tiny.onnx", 1, "cpu")
    images = np.random.default_rng(1).integers(0, 256, (count, rows, columns, 3)).astype(np.uint8)
    raw, sure = session.run(None, {"images": images})
    expected = compute(weights, images)
    assert raw.shape == (count, 2, rows // 2, columns // 2)
    np.testing.assert_allclose(raw, expected.numpy(), atol=1e-4)
    np.testing.assert_allclose(sure, expected.sigmoid().numpy(), atol=1e-5)


def test_the_same_files_give_the_same_bytes_with_half_precision_weights(tmp_path: Path) -> None:
    source, heads, _ = write_graph(tmp_path)
    for name in ("one", "two"):
        import_graph(heads, source, tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    model = onnx.load(str(tmp_path / "one"))
    onnx.checker.check_model(model)
    halves = [tensor for tensor in model.graph.initializer if tensor.data_type == onnx.TensorProto.FLOAT16]
    assert sum(int(np.prod(tensor.dims)) for tensor in halves) == heads.parameters


def test_other_weights_are_refused(tmp_path: Path) -> None:
    _, heads, _ = write_graph(tmp_path)
    source, _, _ = write_graph(tmp_path, seed=1)
    with pytest.raises(ModelError, match=r"is not Tiny as released: its weights have SHA-256 [0-9a-f]{64}") as caught:
        import_graph(heads, source, tmp_path / "tiny.onnx")
    assert "spotter models fetch tiny --from model.json" in caught.value.mend
    assert not (tmp_path / "tiny.onnx").exists()


@pytest.mark.parametrize(
    ("node", "change", "says"),
    [
        ("sum", {"op": "Mul"}, "Mul"),
        ("sum", {"input": ["up", "wide"]}, "joins maps of different shapes"),
        ("up", {"attr": {}}, "half-pixel"),
        ("head", {"name": "other"}, "no 'head'"),
        ("head", {"input": ["sum", "head/kernel", "absent"]}, "absent"),
        ("stem", {"input": ["head", "stem/kernel", "stem/bias"]}, "circle"),
    ],
)
def test_a_changed_graph_is_refused(tmp_path: Path, node: str, change: dict[str, object], says: str) -> None:
    source, heads, _ = write_graph(tmp_path)
    graph = json.loads(source.read_text())
    next(one for one in graph["modelTopology"]["node"] if one["name"] == node).update(change)
    source.write_text(json.dumps(graph))
    with pytest.raises(ModelError, match=says) as caught:
        import_graph(heads, source, tmp_path / "tiny.onnx")
    assert "\n" not in str(caught.value)


def test_a_graph_with_another_number_of_parameters_is_refused(tmp_path: Path) -> None:
    source, heads, _ = write_graph(tmp_path)
    with pytest.raises(ModelError, match="parameters, expected 7"):
        import_graph(dataclasses.replace(heads, parameters=7), source, tmp_path / "tiny.onnx")


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b'{"weightsManifest": [], "modelTopology": 3}'])
def test_what_is_no_graph_is_refused(tmp_path: Path, content: bytes) -> None:
    _, heads, _ = write_graph(tmp_path)
    (tmp_path / "bad.json").write_bytes(content)
    with pytest.raises(ModelError, match=r"bad\.json' is not a whole TF\.js graph model"):
        import_graph(heads, tmp_path / "bad.json", tmp_path / "tiny.onnx")


def test_the_file_of_another_model_is_refused(tmp_path: Path) -> None:
    source, heads, _ = write_graph(tmp_path)
    import_graph(heads, source, tmp_path / "tiny.onnx")
    assert open_session(tmp_path / "tiny.onnx", 1) is not None
    other = dataclasses.replace(heads, title="Other", channels={"raw": 2, "sure": 17})
    with pytest.raises(ModelError, match=r"tiny\.onnx' is not Other: .* gives out raw \['batch', 2"):
        open_heads(other, tmp_path / "tiny.onnx", 1, "cpu")
