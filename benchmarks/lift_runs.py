"""Skeletons to lifts, as the ergonomics service does it for one camera: tracks, sizes, views, the lift rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from spotter.core.contracts import PoseFrame
from spotter.core.parameters import LiftParameters, TrackerParameters, ViewParameters
from spotter.ergonomics.angles.memory import AngleMemory, observe
from spotter.ergonomics.events.lift import LiftMachine
from spotter.ergonomics.events.lift_measure import lift_signals
from spotter.ergonomics.events.lift_values import Lift
from spotter.ergonomics.events.lift_view import lift_views
from spotter.ergonomics.gates import gates_of
from spotter.ergonomics.geometry.ground import Ground
from spotter.ergonomics.tracking import Tracker
from spotter.ergonomics.tracking.scale import PersonScale, guess_scale


@dataclass
class _Person:
    machine: LiftMachine
    scale: PersonScale = field(default_factory=PersonScale)
    memory: AngleMemory = field(default_factory=AngleMemory)


def lifts_of(poses: Iterable[PoseFrame], view: ViewParameters, parameters: LiftParameters | None = None) -> list[Lift]:
    """All lifts in the frames of one camera, in the order in which they are told."""
    parameters = parameters or LiftParameters()
    tracker, people, ground, found = Tracker(TrackerParameters(), 0), {}, None, []
    for pose in poses:
        tracked = tracker.update(pose)
        if tracked is None:
            continue
        ground = ground or Ground.of(view, pose.width, pose.height)
        for one in tracked:
            people.setdefault(one.track_id, _Person(LiftMachine(parameters)))
        seen = [people[one.track_id] for one in tracked]
        rows = [one.index for one in tracked]
        gates, at = gates_of(pose), pose.captured_at
        for known, row in zip(seen, rows, strict=True):
            known.scale.observe(at, pose.keypoints[row], pose.confidences[row], gates)
        scales = [known.scale.current() for known in seen]
        deviations = None if pose.deviations is None else pose.deviations[rows]
        stature = np.array([np.nan if one is None else one.stature for one in scales])
        signals, views = {}, []
        if seen:
            memories = [known.memory for known in seen]
            context = observe(memories, at, pose.keypoints[rows], pose.confidences[rows], deviations, stature, ground)
            views = lift_views(context, ground, mounted=view.mount is not None)
        for index, (one, settled) in enumerate(zip(tracked, scales, strict=True)):
            keypoints, confidences = pose.keypoints[one.index], pose.confidences[one.index]
            scale = settled or guess_scale(keypoints, confidences, gates)
            if scale is not None and one.confirmed:
                own = None if deviations is None else deviations[index]
                signals[one.track_id] = lift_signals(
                    keypoints, confidences, own, scale, parameters, views[index], settled=settled is not None,
                    gates=gates,
                )  # fmt: skip
        for track_id, known in people.items():
            lift = known.machine.update(at, signals.get(track_id))
            found += [lift] if lift is not None else []
    found += [lift for known in people.values() if (lift := known.machine.end()) is not None]
    return found
