"""The posture cases of the shared collection of worked examples (../shared/ergonomics/cases.json)."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotter.ergonomics.methods import iso11226, owas, reba, rula

pytestmark = pytest.mark.shared

Case = dict[str, Any]

REBA_SEGMENTS = {
    "trunk": lambda i: reba.trunk_score(i["flexion"], i["side_bent"], i["twisted"]),
    "neck": lambda i: reba.neck_score(i["flexion"], i["side_bent"], i["twisted"]),
    "legs": lambda i: reba.legs_score(i["bilateral"], i["knee_flexion"], i["sitting"]),
    "upper_arm": lambda i: reba.upper_arm_score(
        i["flexion"], i["abducted"], i["rotated"], i["shoulder_raised"], i["supported_or_gravity_assisted"]
    ),
    "lower_arm": lambda i: reba.lower_arm_score(i["flexion"]),
    "wrist": lambda i: reba.wrist_score(i["flexion"], i["deviated_or_twisted"]),
}
RULA_SEGMENTS = {
    "trunk": lambda i: rula.trunk_score(i["flexion"], i["side_bent"], i["twisted"], i["supported_sitting"]),
    "neck": lambda i: rula.neck_score(i["flexion"], i["side_bent"], i["twisted"]),
    "upper_arm": lambda i: rula.upper_arm_score(
        i["flexion"], i["abducted"], i["shoulder_raised"], i["supported_or_leaning"]
    ),
}


@pytest.fixture(scope="module")
def cases(shared_dir: Path) -> list[Case]:
    path = shared_dir / "ergonomics" / "cases.json"
    return list(json.loads(path.read_text(encoding="utf-8"))["cases"])


def chosen(cases: list[Case], method: str, *kinds: str) -> list[Case]:
    found = [case for case in cases if case["method"] == method and case["kind"] in kinds]
    assert {case["kind"] for case in found} == set(kinds)
    return found


def test_printed_tables(cases: list[Case]) -> None:
    tables = {
        "REBA": {"A": reba.TABLE_A, "B": reba.TABLE_B, "C": reba.TABLE_C},
        "RULA": {
            "ergoplus": rula.TABLE_A["ergoplus"],
            "hedge": rula.TABLE_A["hedge"],
            "B": rula.TABLE_B,
            "C": rula.TABLE_C,
        },
    }
    for method, by_name in tables.items():
        seen = set()
        for case in chosen(cases, method, "enumeration"):
            name = case["inputs"].get("variant", case["inputs"]["table"])
            assert by_name[name].tolist() == case["expected"]["values"], case["id"]
            seen.add(name)
        assert seen == set(by_name)
    (case,) = chosen(cases, "OWAS", "enumeration")
    assert owas.CATEGORIES.tolist() == case["expected"]["values"]


def test_every_posture(cases: list[Case]) -> None:
    ranges = {"REBA": (5, 3, 4, 6, 2, 3), "RULA": (6, 3, 4, 2, 6, 6, 2)}
    score = {
        "REBA": lambda parts: reba.score(*parts).reba,
        "RULA": lambda parts: rula.score(*parts).grand,
    }
    for method, tops in ranges.items():
        (case,) = chosen(cases, method, "enumeration_digest")
        parts = np.array(list(product(*(range(1, top + 1) for top in tops)))).T
        found = score[method](parts).tolist()
        expected = case["expected"]
        assert (len(found), sum(found)) == (expected["count"], expected["sum"])
        assert Counter(map(str, found)) == expected["histogram"]
        digest = hashlib.sha256(",".join(map(str, found)).encode()).hexdigest()
        assert digest == expected["sha256_of_comma_joined"]


def test_angles_to_scores(cases: list[Case]) -> None:
    for method, segments in (("REBA", REBA_SEGMENTS), ("RULA", RULA_SEGMENTS)):
        for case in chosen(cases, method, "angle_to_score"):
            inputs = case["inputs"]
            assert int(segments[inputs["segment"]](inputs)) == case["expected"]["score"], case["id"]


def test_scores(cases: list[Case]) -> None:
    for case in chosen(cases, "REBA", "score", "worked"):
        parts = case["inputs"]
        scores = reba.score(**parts)
        for name, expected in case["expected"].items():
            assert int(getattr(scores, name)) == expected, (case["id"], name)
    for case in chosen(cases, "RULA", "score"):
        for version, expected in case["expected"].items():
            rula_scores = rula.score(**case["inputs"], version=version)
            assert rula_scores.table_version == version
            for name, value in expected.items():
                assert int(getattr(rula_scores, name)) == value, (case["id"], version, name)
    for case in chosen(cases, "OWAS", "score"):
        assert int(owas.category(**case["inputs"])) == case["expected"]["category"], case["id"]


def test_loads_levels_and_shares(cases: list[Case]) -> None:
    for case in chosen(cases, "REBA", "load_to_score"):
        assert int(reba.load_score(case["inputs"]["load_kg"])) == case["expected"]["score"], case["id"]
    for case in chosen(cases, "OWAS", "load_to_code"):
        assert int(owas.load_code(case["inputs"]["load_kg"])) == case["expected"]["code"], case["id"]
    for case in chosen(cases, "REBA", "action_level"):
        assert int(reba.action_level(case["inputs"]["reba"])) == case["expected"]["action_level"], case["id"]
    for case in chosen(cases, "RULA", "action_level"):
        assert int(rula.action_level(case["inputs"]["grand"])) == case["expected"]["action_level"], case["id"]
    for case in chosen(cases, "OWAS", "relative_frequency"):
        inputs = case["inputs"]
        found = owas.frequency_category(inputs["body_part"], inputs["code"], inputs["percent_time"])
        assert found == case["expected"]["category"], case["id"]


def test_reba_intervals(cases: list[Case]) -> None:
    for case in chosen(cases, "REBA", "interval"):
        known, unknown = case["inputs"]["known"], dict(case["inputs"]["unknown"])
        unknown["load"] = unknown.pop("load_plus_shock")
        chances = reba.score_chances(**known, **{name: tuple(ends) for name, ends in unknown.items()})
        low, high = int(chances.lowest()[0]), int(chances.highest()[0])
        expected = case["expected"]
        assert (low, high) == (expected["low"], expected["high"]), case["id"]
        assert reba.action_level([low, high]).tolist() == expected["action_levels"], case["id"]


def test_holding_times(cases: list[Case]) -> None:
    for case in chosen(cases, "ISO11226", "holding_time"):
        verdict = iso11226.trunk(case["inputs"]["trunk_inclination_deg"], supported=case["inputs"]["supported"])
        assert verdict.zone == case["expected"]["zone"], case["id"]
        assert verdict.max_holding_min == pytest.approx(case["expected"]["max_holding_min"]), case["id"]
