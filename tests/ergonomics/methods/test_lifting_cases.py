"""The lifting cases of the shared collection of worked examples (../shared/ergonomics/cases.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spotter.ergonomics.methods import assess
from spotter.ergonomics.methods.niosh import (
    COUPLINGS,
    DURATIONS,
    METRIC,
    US,
    asymmetry_multiplier,
    coupling_multiplier,
    distance_multiplier,
    duration_class,
    frequency_multiplier,
    horizontal_multiplier,
    lifting_index,
    multipliers,
    special_frequency,
    vertical_multiplier,
)
from spotter.ergonomics.methods.niosh_multitask import GROUPINGS, composite_index, variable_index

pytestmark = pytest.mark.shared

SYSTEMS = {"metric": METRIC, "us": US}


@pytest.fixture(scope="module")
def cases(shared_dir: Path) -> list[dict[str, Any]]:
    path = shared_dir / "ergonomics" / "cases.json"
    return list(json.loads(path.read_text(encoding="utf-8"))["cases"])


def of_kind(cases: list[dict[str, Any]], *kinds: str) -> list[dict[str, Any]]:
    found = [case for case in cases if case["kind"] in kinds]
    assert {case["kind"] for case in found} == set(kinds)
    return found


def test_multipliers(cases: list[dict[str, Any]]) -> None:
    for case in of_kind(cases, "multiplier_row", "multiplier_edge"):
        value, system = case["inputs"]["value"], SYSTEMS[case["inputs"]["units"]]
        factor = {
            "HM": lambda value=value, system=system: horizontal_multiplier(value, system),
            "VM": lambda value=value, system=system: vertical_multiplier(value, system),
            "DM": lambda value=value, system=system: distance_multiplier(value, system),
            "AM": lambda value=value: asymmetry_multiplier(value),
        }[case["inputs"]["multiplier"]]()
        assert float(factor) == pytest.approx(case["expected"]["formula_value"], abs=1e-6), case["id"]
        if "printed_2dp" in case["expected"]:
            apart = abs(case["expected"]["printed_2dp"] - float(factor))
            assert (apart > 0.0051) is case["expected"]["printed_disagrees_with_formula"], case["id"]


def test_frequency_rows_and_interpolation(cases: list[dict[str, Any]]) -> None:
    for case in of_kind(cases, "fm_row"):
        for column, expected in case["expected"].items():
            duration, side = column.split("_")
            v = 74.0 if side == "lo" else 75.0
            assert frequency_multiplier(case["inputs"]["F"], duration, v) == expected, (case["id"], column)
    for case in of_kind(cases, "fm_interpolation"):
        given = case["inputs"]
        fm = frequency_multiplier(given["F"], given["duration"], given["V"])
        assert float(fm) == pytest.approx(case["expected"]["FM"], abs=1e-6), case["id"]


def test_couplings_durations_and_special_frequency(cases: list[dict[str, Any]]) -> None:
    for case in of_kind(cases, "cm_row"):
        found = coupling_multiplier(case["inputs"]["coupling"], [74.9, 75.0]).tolist()
        assert found == [case["expected"]["V_below_75"], case["expected"]["V_at_or_above_75"]]
    for case in of_kind(cases, "duration_class"):
        sessions = [(session["work"], session["recovery"]) for session in case["inputs"]["sessions"]]
        found_class = duration_class(sessions, case["inputs"]["edition"])
        assert found_class in DURATIONS
        assert found_class == case["expected"]["duration"], case["id"]
    for case in of_kind(cases, "special_frequency"):
        given = case["inputs"]
        found_rate = special_frequency(given["rate"], given["work_min"], given["window_min"])
        assert float(found_rate) == pytest.approx(case["expected"]["F"], abs=0.005)


def test_single_tasks(cases: list[dict[str, Any]]) -> None:
    for case in of_kind(cases, "worked_single", "synthetic_single"):
        given, expected = case["inputs"], case["expected"].get("full_precision", case["expected"])
        origin, destination = given["origin"], given["destination"]
        travel = abs(destination["V"] - origin["V"])
        assert travel == pytest.approx(expected["D"])
        ends = {
            name: multipliers(
                h=end["H"], v=end["V"], a=end["A"], d=travel, f=given["F"], duration=given["duration"],
                coupling=given["coupling"], v_origin=origin["V"], system=SYSTEMS[given["units"]],
            )
            for name, end in (("origin", origin), ("destination", destination))
        }  # fmt: skip
        for name, factors in ends.items():
            if name in expected:
                for factor, value in expected[name].items():
                    assert float(getattr(factors, factor.lower())) == pytest.approx(value, abs=1e-4), (
                        case["id"],
                        factor,
                    )
        limits = [float(ends["origin"].rwl)] + [float(ends["destination"].rwl)] * given["significant_control"]
        assert min(limits) == pytest.approx(expected["RWL"], abs=1e-4), case["id"]
        index = float(lifting_index(given["load"], min(limits)))
        assert (index == index) is expected.get("LI_computable", True), case["id"]
        if expected.get("LI") is not None:
            assert index == pytest.approx(expected["LI"], abs=1e-4), case["id"]


def test_reference_mass(cases: list[dict[str, Any]]) -> None:
    for case in of_kind(cases, "iso_reference_mass"):
        given = case["inputs"]
        factors = multipliers(
            h=given["H"], v=given["V"], d=given["D"], a=given["A"], f=given["F"], duration=given["duration"],
            coupling=given["coupling"], load_constant=given["reference_mass"],
        )  # fmt: skip
        assert float(lifting_index(given["load"], factors.rwl)) == pytest.approx(case["expected"]["LI"], abs=1e-6)


def test_composite_index(cases: list[dict[str, Any]]) -> None:
    for case in of_kind(cases, "worked_cli", "synthetic_cli"):
        given, expected = case["inputs"], case["expected"].get("full_precision", case["expected"])
        tasks = given["tasks"]
        column = {name: np.array([task[name] for task in tasks]) for name in ("H", "V", "D", "A", "F", "L")}
        grips = np.array([COUPLINGS.index(task["C"]) for task in tasks])
        system = SYSTEMS[given["units"]]
        firwl = multipliers(
            h=column["H"], v=column["V"], d=column["D"], a=column["A"], coupling=grips, system=system
        ).firwl
        result = composite_index(
            fili=np.array([task.get("L_max", task["L"]) for task in tasks]) / firwl, usual=column["L"] / firwl,
            f=column["F"], v=column["V"], duration=given["duration"], system=system,
        )  # fmt: skip
        assert float(result.index) == pytest.approx(expected["CLI"], abs=1e-4), case["id"]
        assert result.order.tolist() == expected["order_zero_based"], case["id"]
        assert result.increments == pytest.approx(expected["increments"], abs=1e-4), case["id"]


def test_variable_index(cases: list[dict[str, Any]]) -> None:
    for case in of_kind(cases, "vli"):
        given = case["inputs"]
        for grouping in GROUPINGS:
            found = variable_index(given["FILI"], given["F_total"], given["duration"], grouping, given["V_for_FM"])
            assert float(found) == pytest.approx(case["expected"][f"VLI_{grouping}"], abs=1e-4), case["id"]


def test_single_tasks_by_the_methods(cases: list[dict[str, Any]]) -> None:
    for case in of_kind(cases, "worked_single", "synthetic_single"):
        given, expected = case["inputs"], case["expected"].get("full_precision", case["expected"])
        length, mass = ("cm", "kg") if given["units"] == "metric" else ("in", "lb")
        job = {f"load_{mass}": given["load"], "f_per_min": given["F"]}
        job |= {name: given[name] for name in ("duration", "coupling", "significant_control")}
        for prefix, end in (("", given["origin"]), ("destination_", given["destination"])):
            job |= {f"{prefix}h_{length}": end["H"], f"{prefix}v_{length}": end["V"], f"{prefix}a_deg": end["A"]}
        result = assess("niosh" if mass == "kg" else "niosh_us", **job)
        assert result.details["RWL"] == pytest.approx((expected["RWL"],) * 2, abs=1e-4), case["id"]
        if expected.get("LI") is None:
            assert (result.name, result.low, result.high) == ("RWL", 0.0, 0.0), case["id"]
        else:
            assert (result.name, result.value) == ("LI", pytest.approx(expected["LI"], abs=1e-4)), case["id"]


def test_jobs_by_the_methods(cases: list[dict[str, Any]]) -> None:
    for case in of_kind(cases, "worked_cli", "synthetic_cli"):
        given, expected = case["inputs"], case["expected"].get("full_precision", case["expected"])
        length, mass = ("cm", "kg") if given["units"] == "metric" else ("in", "lb")
        tasks = [
            {
                f"load_{mass}": task["L"], f"load_max_{mass}": task.get("L_max"), f"h_{length}": task["H"],
                f"v_{length}": task["V"], f"d_{length}": task["D"], "a_deg": task["A"], "f_per_min": task["F"],
                "coupling": task["C"],
            }
            for task in given["tasks"]
        ]  # fmt: skip
        result = assess("cli" if mass == "kg" else "cli_us", tasks=tasks, duration=given["duration"])
        assert result.low == result.high == pytest.approx(expected["CLI"], abs=1e-4), case["id"]
        ranks = [result.details[f"row_{n}_rank"][0] - 1 for n in range(1, len(tasks) + 1)]
        assert [ranks.index(n) for n in range(len(tasks))] == expected["order_zero_based"], case["id"]
    for case in of_kind(cases, "vli"):
        given = case["inputs"]
        lifts = [{"fili": fili, "v_cm": given["V_for_FM"]} for fili in given["FILI"]]
        for grouping in GROUPINGS:
            result = assess(
                "vli", lifts=lifts, f_per_min=given["F_total"], duration=given["duration"], grouping=grouping
            )
            assert result.value == pytest.approx(case["expected"][f"VLI_{grouping}"], abs=1e-4), case["id"]
    for case in of_kind(cases, "iso_reference_mass"):
        given = case["inputs"]
        result = assess(
            "iso_11228_1", load_kg=given["load"], h_cm=given["H"], v_cm=given["V"], d_cm=given["D"], a_deg=given["A"],
            f_per_min=given["F"], duration=given["duration"], coupling=given["coupling"],
            reference_mass_kg=given["reference_mass"],
        )  # fmt: skip
        assert result.value == pytest.approx(case["expected"]["LI"], abs=1e-6), case["id"]
