"""What an ONNX file wants to read besides itself. A user's graph is untrusted: it may name any file as its weights.

The file is a protobuf message (onnx.proto3, field numbers below); only what can hold a tensor or a node is walked, and
no tensor is read. Spotter loads no library of operators for a graph, so what remains is reading files.
"""

from __future__ import annotations

import mmap
from collections.abc import Collection, Iterator
from pathlib import Path

from spotter.core.errors import ModelError

_CHILDREN: dict[str, dict[int, str]] = {
    "Model": {7: "Graph", 25: "Function"},
    "Graph": {1: "Node", 5: "Tensor", 15: "SparseTensor"},
    "Function": {7: "Node", 11: "Attribute"},
    "Node": {4: "operator", 5: "Attribute"},
    "Attribute": {5: "Tensor", 6: "Graph", 10: "Tensor", 11: "Graph", 22: "SparseTensor", 23: "SparseTensor"},
    "SparseTensor": {1: "Tensor", 2: "Tensor"},
    "Tensor": {13: "Entry"},
    "Entry": {1: "key", 2: "value"},
}
"""Message by field number, of the messages that lead to an operator's name or to a tensor's external data."""

_MOST_DEPTH = 64
_MOST_FIELDS = 5_000_000
_MOST_NAME = 4096
_COMPILED = b"EPContext"
"""Operator of ONNX Runtime whose content is a program, or the name of a file that holds one."""

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def check_reads(graph: Path, allowed: Collection[str] = ()) -> None:
    """Refuse a graph that reads other files than those named in `allowed`, which lie beside it.

    Raises:
        ModelError: it does, it holds a program for one kind of device, or it is no whole ONNX file.
    """
    try:
        with graph.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            found = list(_walk(data, "Model", 0, len(data), 0, [_MOST_FIELDS]))
    except OSError as error:
        raise ModelError(f"model file '{graph}' cannot be read: {error.strerror}", mend="Check the path") from None
    except ValueError:  # a file of no bytes, and everything that does not follow protobuf's rules
        raise ModelError(f"'{graph}' is not a whole ONNX file", mend="Copy or export it again") from None
    if ("operator", _COMPILED) in found:
        raise ModelError(
            f"model file '{graph}' holds a program compiled for one device", mend="Give the ONNX file it was made from"
        )
    for kind, value in found:
        name = value.decode(errors="replace")
        if kind == "file" and name not in allowed:
            raise ModelError(
                f"model file '{graph}' wants to read another file, {name[:80]!r}",
                mend="Save it with its weights inside: onnx.save(onnx.load(FILE), FILE)",
            )


def _walk(
    data: mmap.mmap, message: str, start: int, end: int, depth: int, left: list[int]
) -> Iterator[tuple[str, bytes]]:
    """("operator", name) of each node and ("file", name) of each tensor's external data."""
    if depth > _MOST_DEPTH:
        raise ValueError("nested too deeply")
    children = _CHILDREN[message]
    entry = {}
    for field, low, high in _fields(data, start, end, left):
        child = children.get(field)
        if child == "operator":
            yield "operator", data[low:high]
        elif child in ("key", "value"):
            entry[child] = data[low : min(high, low + _MOST_NAME)]
        elif child is not None:
            yield from _walk(data, child, low, high, depth + 1, left)
    if entry.get("key") == b"location":
        yield "file", entry.get("value", b"")


def _fields(data: mmap.mmap, start: int, end: int, left: list[int]) -> Iterator[tuple[int, int, int]]:
    """Number, begin and end of the content of each field that has a length; the others are passed over."""
    at = start
    while at < end:
        left[0] -= 1
        if left[0] < 0:
            raise ValueError("too many fields")
        tag, at = _varint(data, at, end)
        kind = tag & 7
        if kind == _BYTES:
            length, at = _varint(data, at, end)
            if length > end - at:
                raise ValueError("ends early")
            yield tag >> 3, at, at + length
            at += length
        elif kind == _VARINT:
            _, at = _varint(data, at, end)
        elif kind in (_FIXED64, _FIXED32):
            at += 8 if kind == _FIXED64 else 4
        else:
            raise ValueError("unknown wire type")
        if at > end:
            raise ValueError("ends early")


def _varint(data: mmap.mmap, at: int, end: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            raise ValueError("ends early")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("number too long")
