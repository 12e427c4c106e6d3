"""PoseNet's multi-person decoding as its authors describe it, cell by cell and person by person: slow and literal."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

TREE = ("0 1", "1 3", "0 2", "2 4", "0 5", "5 7", "7 9", "5 11", "11 13", "13 15", "0 6", "6 8", "8 10", "6 12")
TREE += ("12 14", "14 16")
Maps = Sequence[npt.NDArray[np.float32]]


def reference_people(maps: Maps, most: int) -> list[tuple[float, list[tuple[float, float]], list[float]]]:
    """Score, keypoints (x, y) and their scores of each person, in the order of their roots."""
    heat, offsets, forward, backward = (np.asarray(each, np.float64) for each in maps)
    scores = 1 / (1 + np.exp(-heat))
    _, rows, columns = scores.shape

    def cell(point: tuple[float, float]) -> tuple[int, int]:
        x, y = (math.floor(value / 16 + 0.5) for value in point)
        return min(max(y, 0), rows - 1), min(max(x, 0), columns - 1)

    def at(keypoint: int, row: int, column: int) -> tuple[float, float]:
        return column * 16 + offsets[keypoint + 17, row, column], row * 16 + offsets[keypoint, row, column]

    def follow(
        edge: int, source: tuple[float, float], target: int, moves: npt.NDArray[np.float64]
    ) -> tuple[float, float]:
        row, column = cell(source)
        point = source[0] + moves[edge + 16, row, column], source[1] + moves[edge, row, column]
        for _ in range(2):
            point = at(target, *cell(point))
        return point

    def leads(keypoint: int, row: int, column: int) -> bool:
        around = scores[keypoint, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
        return bool(scores[keypoint, row, column] >= max(0.5, around.max()))

    roots = [(k, r, c) for k in range(17) for r in range(rows) for c in range(columns) if leads(k, r, c)]
    roots.sort(key=lambda root: -scores[root])
    edges = [tuple(int(joint) for joint in edge.split()) for edge in TREE]
    people: list[tuple[float, list[tuple[float, float]], list[float]]] = []
    for root in roots:
        if len(people) == most:
            break
        place = at(*root)
        if any(math.dist(place, points[root[0]]) <= 20 for _, points, _ in people):
            continue
        found = {root[0]: place}
        for edge in reversed(range(16)):
            parent, child = edges[edge]
            if child in found and parent not in found:
                found[parent] = follow(edge, found[child], parent, backward)
        for edge, (parent, child) in enumerate(edges):
            if parent in found and child not in found:
                found[child] = follow(edge, found[parent], child, forward)
        points = [found[k] for k in range(17)]
        sure = [float(scores[root]) if k == root[0] else float(scores[(k, *cell(points[k]))]) for k in range(17)]
        own = [s for k, s in enumerate(sure) if not any(math.dist(points[k], p[k]) <= 20 for _, p, _ in people)]
        people.append((sum(own) / 17, points, sure))
    return people
