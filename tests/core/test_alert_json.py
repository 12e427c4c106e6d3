"""Alerts as JSON: exact both ways, strict JSON, and one error for what cannot be read."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from alert_samples import make_alert, make_update
from alert_strategies import alerts, updates
from hypothesis import given
from hypothesis import strategies as st

from spotter.core.contracts import SCHEMA_VERSION, Alert, AlertUpdate, Evidence
from spotter.core.errors import WireError
from spotter.core.store import alert_from_json, alert_json, update_from_json, update_json

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def through_text(value: dict[str, Any]) -> Any:
    """The value as it comes out of strict JSON text."""
    return json.loads(json.dumps(value, allow_nan=False))


@given(alerts)
def test_alerts_round_trip(alert: Alert) -> None:
    assert alert_from_json(through_text(alert_json(alert))) == alert


@given(updates)
def test_updates_round_trip(update: AlertUpdate) -> None:
    assert update_from_json(through_text(update_json(update))) == update


def test_the_form_is_as_documented() -> None:
    value = alert_json(make_alert())
    assert value["schema_version"] == SCHEMA_VERSION
    assert value["raised_at"] == "2026-01-31T08:15:00.123456Z"
    assert value["ended_at"] is None
    assert value["open"] is True
    assert value["kind"] == "possible_fall"
    assert value["evidence"]["on_ground"] == {"value": 3.25, "threshold": 3.0, "unit": "s", "comparison": ">="}
    assert value["ledger"]["posed"] is None
    assert set(value) == {"schema_version", "open", *(Alert.__dataclass_fields__)}


def test_numpy_numbers_become_plain() -> None:
    alert = make_alert(evidence={"angle": Evidence(np.float32(1.5), np.float64(1.0), "deg")})  # type: ignore[arg-type]
    assert through_text(alert_json(alert))["evidence"]["angle"]["value"] == 1.5


@pytest.mark.parametrize(("number", "text"), [(float("inf"), "inf"), (float("-inf"), "-inf"), (float("nan"), "nan")])
def test_numbers_beyond_json(number: float, text: str) -> None:
    value = through_text(alert_json(make_alert(evidence={"x": Evidence(number, 1.0, "")})))
    assert value["evidence"]["x"]["value"] == text
    assert repr(alert_from_json(value).evidence["x"].value) == text


@pytest.mark.parametrize("version", [None, 0, SCHEMA_VERSION + 1, "1"])
def test_another_version_is_refused_with_both(version: object) -> None:
    value = alert_json(make_alert()) | {"schema_version": version}
    with pytest.raises(WireError, match=f"version {version!r}; this Spotter reads {SCHEMA_VERSION}"):
        alert_from_json(value)


@given(key=st.sampled_from(sorted(set(alert_json(make_alert())) - {"open", "schema_version"})), value=json_values)
def test_a_spoilt_alert_is_a_wire_error_or_an_alert(key: str, value: Any) -> None:
    with suppress(WireError):
        assert isinstance(alert_from_json(alert_json(make_alert()) | {key: value}), Alert)


@given(key=st.sampled_from(["alert_id", "number", "kind", "at", "evidence"]), value=json_values)
def test_a_spoilt_update_is_a_wire_error_or_an_update(key: str, value: Any) -> None:
    with suppress(WireError):
        assert isinstance(update_from_json(update_json(make_update(make_alert())) | {key: value}), AlertUpdate)


@given(json_values)
def test_anything_else_is_a_wire_error(value: Any) -> None:
    with pytest.raises(WireError):
        alert_from_json(value)


@pytest.mark.parametrize("key", sorted(set(alert_json(make_alert())) - {"open"}))
def test_a_missing_key_is_a_wire_error(key: str) -> None:
    value = alert_json(make_alert())
    del value[key]
    with pytest.raises(WireError):
        alert_from_json(value)
