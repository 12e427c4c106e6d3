"""Model files that are broken, hostile or something else: one line each, bounded memory, no other file read."""

from __future__ import annotations

import ast
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import pytest
from graphs import write_constant_graph
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

import spotter
from spotter.core.errors import ModelError
from spotter.core.settings import PoseSettings
from spotter.pose.factory import model_of
from spotter.pose.library import checked_file, fetch, model_file
from spotter.pose.models import create_model
from spotter.pose.models.graph_file import check_reads
from spotter.pose.models.rtmo import RtmoOnnx
from spotter.pose.models.weights import GRAPH_FILE, WEIGHTS_FILE, WEIGHTS_FOLDER
from spotter.pose.models.yolo import YoloOnnx
from spotter.pose.trial import try_out

RAW = np.zeros((1, 56, 84), np.float32)
SIZE = (1, 3, 64, 64)


def constant(name: str, value: object) -> onnx.NodeProto:
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(value)))


def write(
    path: Path,
    nodes: list[onnx.NodeProto],
    *,
    shape: tuple[int | str, ...] = SIZE,
    output: tuple[int | str, ...] = RAW.shape,
    kind: int = TensorProto.FLOAT,
    opset: int = 18,
    weights: list[onnx.TensorProto] | None = None,
) -> Path:
    """A graph from "images" to "output0"."""
    given = helper.make_tensor_value_info("images", kind, shape)
    result = helper.make_tensor_value_info("output0", TensorProto.FLOAT, output)
    graph = helper.make_graph(nodes, "graph", [given], [result], weights or [])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    path.write_bytes(model.SerializeToString())
    return path


def external(location: str) -> onnx.TensorProto:
    tensor = TensorProto(name="weights", data_type=TensorProto.FLOAT, dims=[1, 56, 84])
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", str(RAW.nbytes))):
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    return tensor


def numbers(name: str, value: npt.NDArray[np.generic]) -> Callable[[Path], Path]:
    return lambda folder: write_constant_graph(folder / f"{name}.onnx", {"output0": value})


def nan(value: float) -> npt.NDArray[np.float32]:
    return np.full(RAW.shape, value, np.float32)


def cut(folder: Path) -> Path:
    whole = write_constant_graph(folder / "cut.onnx", {"output0": RAW})
    whole.write_bytes(whole.read_bytes()[:-100])
    return whole


def nested(folder: Path) -> Path:
    """An If whose branch reads another file."""
    inner = helper.make_tensor_value_info("inner", TensorProto.FLOAT, RAW.shape)
    branch = helper.make_graph(
        [helper.make_node("Identity", ["weights"], ["inner"])], "b", [], [inner], [external("w")]
    )
    nodes = [
        constant("yes", True),
        helper.make_node("If", ["yes"], ["output0"], then_branch=branch, else_branch=branch),
    ]
    return write(folder / "nested.onnx", nodes)


def deep(folder: Path) -> Path:
    """Graphs in attributes of nodes in graphs; the protobuf library does not write as many."""
    content = b""
    for _ in range(200):
        for tag in (b"\x32", b"\x2a", b"\x0a"):  # an attribute's graph, a node's attribute, a graph's node
            content = tag + bytes([len(content) & 0x7F | 0x80, len(content) >> 7]) + content
    return _bytes(folder, b"\x08\x09\x3a" + bytes([len(content) & 0x7F | 0x80, len(content) >> 7]) + content)


def compiled(folder: Path) -> Path:
    node = helper.make_node(
        "EPContext", ["images"], ["output0"], domain="com.microsoft", embed_mode=0, ep_cache_context="../x"
    )
    return write(folder / "compiled.onnx", [node])


IDENTITY = [helper.make_node("Identity", ["weights"], ["output0"])]

FILES: dict[str, tuple[Callable[[Path], Path], str]] = {
    "no bytes": (lambda folder: _bytes(folder, b""), "is not an ONNX file"),
    "text": (lambda folder: _bytes(folder, b"model: yolo11n\n"), "is not an ONNX file"),
    "begins like one": (lambda folder: _bytes(folder, b"\x08 and then text"), "is not a whole ONNX file"),
    "truncated": (cut, "is not a whole ONNX file"),
    "a folder": (lambda folder: folder, "cannot be read"),
    "opset of the future": (
        lambda folder: write(folder / "m.onnx", [helper.make_node("Identity", ["images"], ["output0"])], opset=99),
        "cannot load",
    ),
    "unknown operator": (
        lambda folder: write(folder / "m.onnx", [helper.make_node("Evil", ["images"], ["output0"], domain="x.y")]),
        "cannot load",
    ),
    "classifier": (numbers("c", np.zeros((1, 1000), np.float32)), "its output has shape (1, 1000)"),
    "detector": (numbers("d", np.zeros((1, 84, 84), np.float32)), "numbers remain for keypoints"),
    "hands": (numbers("h", np.zeros((1, 68, 84), np.float32)), "21 keypoints, not the 17"),
    "whole numbers": (numbers("i", np.zeros(RAW.shape, np.int64)), "gives out int64"),
    "other batch": (numbers("b", np.zeros((3, 56, 84), np.float32)), "for 1 pictures"),
    "empty output": (numbers("e", np.zeros((1, 56, 0), np.float32)), "its output has shape (1, 56, 0)"),
    "not numbers": (numbers("n", nan(np.nan)), "not finite"),
    "endless numbers": (numbers("f", nan(np.inf)), "not finite"),
    "grey input": (
        lambda folder: write_constant_graph(folder / "g.onnx", {"output0": RAW}, shape=(1, 1, 64, 64)),
        "not images",
    ),
    "weights above its folder": (
        lambda folder: write(folder / "m.onnx", IDENTITY, weights=[external("../secret")]),
        "wants to read another file, '../secret'",
    ),
    "weights anywhere": (
        lambda folder: write(folder / "m.onnx", IDENTITY, weights=[external("/etc/passwd")]),
        "wants to read another file, '/etc/passwd'",
    ),
    "weights beside it": (
        lambda folder: write(folder / "m.onnx", IDENTITY, weights=[external("m.onnx.data")]),
        "onnx.save(onnx.load(FILE), FILE)",
    ),
    "weights in a branch": (nested, "wants to read another file, 'w'"),
    "nested without end": (deep, "is not a whole ONNX file"),
    "program for a device": (compiled, "compiled for one device"),
    "states a huge output": (
        lambda folder: write(
            folder / "m.onnx",
            [constant("s", np.array([1, 57, 10**10])), helper.make_node("ConstantOfShape", ["s"], ["output0"])],
            output=("a", "b", "c"),
        ),
        "which is too large",
    ),
}


def _bytes(folder: Path, content: bytes) -> Path:
    path = folder / "m.onnx"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("case", FILES)
def test_each_is_one_line_with_a_mend(tmp_path: Path, case: str) -> None:
    make, says = FILES[case]
    file = make(tmp_path)
    with pytest.raises(ModelError) as caught:
        YoloOnnx("yolo-test", file, threads=1).load()
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600
    assert caught.value.mend


def test_names_in_a_graph_do_not_steer_a_terminal(tmp_path: Path) -> None:
    evil = "\x1b[2J\nfine"
    unknown = write(tmp_path / "a.onnx", [helper.make_node(evil, ["images"], ["output0"])])
    reads = write(tmp_path / "b.onnx", IDENTITY, weights=[external(evil)])
    for file in (unknown, reads):
        with pytest.raises(ModelError) as caught:
            YoloOnnx("yolo-test", file, threads=1).load()
        assert str(caught.value).isprintable()


@pytest.mark.parametrize("case", ["text", "truncated", "classifier", "weights anywhere", "not numbers", "grey input"])
def test_rtmo_refuses_them_too(tmp_path: Path, case: str) -> None:
    file = FILES[case][0](tmp_path)
    with pytest.raises(ModelError) as caught:
        RtmoOnnx("rtmo-test", file, threads=1).load()
    assert "\n" not in str(caught.value)
    assert caught.value.mend


def test_the_shipped_graph_reads_its_weights_and_nothing_else() -> None:
    graph = WEIGHTS_FOLDER / GRAPH_FILE
    check_reads(graph, (WEIGHTS_FILE,))
    with pytest.raises(ModelError, match=WEIGHTS_FILE):
        check_reads(graph)


@given(st.integers(0, 2**32), st.integers(1, 20), st.integers(0, 400))
def test_damage_anywhere_is_told_or_harmless(
    tmp_path_factory: pytest.TempPathFactory, seed: int, bytes_changed: int, cut_off: int
) -> None:
    folder = tmp_path_factory.getbasetemp()
    whole = bytearray(nested(folder).read_bytes())
    random = np.random.default_rng(seed)
    for place in random.integers(0, len(whole), bytes_changed):
        whole[place] = random.integers(0, 256)
    file = _bytes(folder, bytes(whole[: len(whole) - cut_off]))
    try:
        check_reads(file)
    except ModelError as error:
        assert "\n" not in str(error)  # noqa: PT017


def bomb(folder: Path) -> Path:
    """64 GB between an input and an output of usual sizes."""
    nodes = [
        helper.make_node("ReduceMax", ["images"], ["top"], keepdims=0),
        helper.make_node("Cast", ["top"], ["zero"], to=TensorProto.INT64),
        constant("side", np.array([4, 2**32], np.int64)),
        helper.make_node("Add", ["side", "zero"], ["sides"]),
        helper.make_node("ConstantOfShape", ["sides"], ["huge"]),
        helper.make_node("ReduceSum", ["huge"], ["sum"], keepdims=0),
        constant("raw", RAW),
        helper.make_node("Add", ["raw", "sum"], ["output0"]),
    ]
    return write(folder / "bomb.onnx", nodes)


def endless(folder: Path) -> Path:
    kinds = [("i", TensorProto.INT64, ()), ("c", TensorProto.BOOL, ()), ("x", TensorProto.FLOAT, SIZE)]
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["d"]), helper.make_node("Add", ["x", "x"], ["y"])],
        "body",
        [helper.make_tensor_value_info(*kind) for kind in kinds],
        [helper.make_tensor_value_info("d", TensorProto.BOOL, ()), helper.make_tensor_value_info("y", 1, SIZE)],
    )
    start = [constant("n", np.array(2**62)), constant("yes", np.array(True))]
    return write(
        folder / "endless.onnx", [*start, helper.make_node("Loop", ["n", "yes", "images"], ["output0"], body=body)]
    )


def test_a_graph_that_takes_all_memory_costs_only_its_trial(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelError) as caught:
        try_out("yolo-test", bomb(tmp_path), most_memory=4 * 1024**3)
    assert "\n" not in str(caught.value)
    assert "Failed to allocate memory for requested buffer of size 68719476736" in str(caught.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # kB
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 4 * 1024**2


def test_a_graph_that_never_comes_back_is_given_up(tmp_path: Path) -> None:
    begun = time.monotonic()
    with pytest.raises(ModelError, match="is not ready after 4 s"):
        try_out("yolo-test", endless(tmp_path), most_seconds=4)
    assert time.monotonic() - begun < 60


def test_a_file_given_by_its_path_is_tried_out_first(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not finite"):
        model_of(PoseSettings(model="yolo-test", file=numbers("n", nan(np.nan))(tmp_path)))
    good = write_constant_graph(tmp_path / "good.onnx", {"output0": RAW})
    assert model_of(PoseSettings(model="yolo-test", file=good)).name.startswith("yolo-test/")


PICTURES = [(1, 1), (1, 10_000), (10_000, 1), (3, 4000), (2000, 2000)]


@pytest.mark.parametrize("shape", PICTURES)
def test_pictures_of_any_shape_are_posed(tmp_path: Path, shape: tuple[int, int]) -> None:
    """The end-to-end head takes the 300 best of its anchors, so a thin input must have as many."""
    nodes = [
        helper.make_node("MaxPool", ["images"], ["small"], kernel_shape=[7, 7], strides=[7, 7]),
        constant("flat", np.array([1, 3, -1])),
        helper.make_node("Reshape", ["small", "flat"], ["cells"]),
        constant("k", np.array([300])),
        helper.make_node("TopK", ["cells", "k"], ["best", "places"], axis=2),
        helper.make_node("Transpose", ["best"], ["turned"], perm=[0, 2, 1]),
        constant("repeats", np.array([1, 1, 19])),
        helper.make_node("Tile", ["turned", "repeats"], ["output0"]),
    ]
    free = ("batch axis", 3, "?rows", "axis-3")
    file = write(tmp_path / "m.onnx", nodes, shape=free, output=("batch axis", "o1", "o2"))
    model = create_model("yolo-test", file=file, threads=1, input_size=128)
    model.load()
    (found,) = model.predict([np.zeros((*shape, 3), np.uint8)])
    assert np.isfinite(found.keypoints).all()
    assert (found.boxes >= 0).all()
    assert (found.boxes <= [shape[1], shape[0]] * 2).all()


@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 1), (20, 30, 4), (0, 30, 3), (20, 0, 3)])
@pytest.mark.parametrize("name", ["yolo-test", "rtmo-test", "movenet-multipose"])
def test_arrays_that_are_no_pictures_are_refused(tmp_path: Path, name: str, shape: tuple[int, ...]) -> None:
    people = {"dets": np.zeros((1, 2, 5), np.float32), "keypoints": np.zeros((1, 2, 17, 3), np.float32)}
    outputs = people if name.startswith("rtmo") else {"output0": RAW}
    file = None if name.startswith("movenet") else write_constant_graph(tmp_path / "m.onnx", outputs)
    model = create_model(name, device="cpu", file=file, threads=1, input_size=128)
    model.load()
    with pytest.raises(ValueError, match="expected \\(H, W, 3\\) uint8"):
        model.predict([np.zeros(shape, np.uint8)])


def test_a_pickle_needs_a_hash_or_a_word_of_consent(tmp_path: Path) -> None:
    folder, file = tmp_path / "models", tmp_path / "best.pt"
    file.write_bytes(b"a pickle")
    with pytest.raises(ModelError, match="whoever made it runs any code") as caught:
        fetch(folder, "yolo-site", str(file))
    assert "ONNX" in caught.value.mend
    assert not list(folder.glob("*")) if folder.is_dir() else True
    with pytest.raises(ModelError, match="not the 0000"):
        fetch(folder, "yolo-site", str(file), sha256="0" * 64)
    with pytest.raises(ModelError, match="no YOLO model"):
        fetch(folder, "rtmo-site", str(file), trusted=True)
    with pytest.raises(ModelError, match="which is not installed") as caught:
        fetch(folder, "yolo-site", str(file), trusted=True, check=lambda path: try_out("yolo-site", path))
    assert 'pip install "spotter-safety[ultralytics]"' in caught.value.mend
    assert not (folder / "yolo-site.pt").exists()
    fetch(folder, "yolo-site", str(file), trusted=True)
    assert checked_file(folder, "yolo-site") == folder / "yolo-site.pt"
    file.write_bytes(b"another pickle")
    (folder / "yolo-site.pt").write_bytes(file.read_bytes())
    with pytest.raises(ModelError, match="damaged"):
        model_of(PoseSettings(model="yolo-site", folder=folder))
    with pytest.raises(ModelError, match="runs as code") as caught:
        model_of(PoseSettings(model="yolo-site", file=file))
    assert "--sha256" in caught.value.mend


def test_a_pickle_runs_on_torch_alone(tmp_path: Path) -> None:
    file = tmp_path / "best.pt"
    file.write_bytes(b"a pickle")
    with pytest.raises(ModelError, match="runs on torch") as caught:
        create_model("yolo-site", device="openvino", file=file).load()
    assert "torch-cpu" in caught.value.mend


def test_a_name_has_one_file(tmp_path: Path) -> None:
    folder, pickled = tmp_path / "models", tmp_path / "best.pt"
    pickled.write_bytes(b"a pickle")
    graph = write_constant_graph(tmp_path / "given.onnx", {"output0": RAW})
    fetch(folder, "yolo-site", str(pickled), trusted=True)
    fetch(folder, "yolo-site", str(graph))
    assert model_file(folder, "yolo-site") == checked_file(folder, "yolo-site") == folder / "yolo-site.onnx"
    assert not (folder / "yolo-site.pt").exists()
    fetch(folder, "yolo-site", str(pickled), trusted=True)
    assert [path.name for path in folder.glob("yolo*")] == ["yolo-site.pt"]


def test_one_file_alone_knows_ultralytics() -> None:
    """Its licence (AGPL-3.0) must not reach whoever does not ask for it."""
    package = Path(spotter.__file__).parent
    knows = []
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            if any(name.split(".")[0] == "ultralytics" for name in names):
                knows.append(path.relative_to(package).as_posix())
    assert knows == ["pose/models/ultralytics.py"]
    code = "import sys, spotter.cli, spotter.pose.worker, spotter.pose.factory; print('ultralytics' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "False", done.stderr
