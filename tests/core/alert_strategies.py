"""Hypothesis strategies of alerts and updates, with everything that a contract allows."""

from __future__ import annotations

from hypothesis import strategies as st

from spotter.core.contracts import Alert, AlertKind, AlertUpdate, Evidence, Ledger, Severity, UpdateKind

times = st.integers(-2_208_988_800_000_000, 7_258_118_400_000_000).map(lambda microseconds: microseconds * 1000)
# Surrogates cannot be written as UTF-8, so no contract can hold them.
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
numbers = st.floats(allow_nan=False)
counts = st.integers(0, 2**32 - 1)
evidence = st.dictionaries(names, st.builds(Evidence, numbers, numbers, names, names), max_size=4)

alerts = st.builds(
    Alert,
    id=st.uuids(),
    site=names,
    camera_id=names.filter(bool),
    kind=st.sampled_from(AlertKind),
    severity=st.sampled_from(Severity),
    started_at=times,
    raised_at=times,
    track_id=names,
    evidence=evidence,
    versions=st.dictionaries(names, names, max_size=4),
    ledger=st.builds(Ledger, times, *[st.none() | times] * 5),
    frames_considered=counts,
    frames_dropped=counts,
    zone=st.none() | names,
    ended_at=st.none() | times,
)

updates = st.builds(AlertUpdate, st.uuids(), counts, st.sampled_from(UpdateKind), times, evidence)
