"""Simulated workers: exact joints, angles and events of people who walk, lift, work near the floor and fall.

    take = simulate_motion("stoop_lift", seed=3, fps=15, stature=1.75)
    view = Viewpoint.around((0, 0, 0.9), azimuth=60, distance=5, above=3)
    seen = project(take, view, seed=3, detector=SimulatedModel())

Units are metres, seconds and degrees; z is up and the floor is at 0.
"""

from spotter.simulate.workers.anthropometry import Body, Sex
from spotter.simulate.workers.crowd import crossing
from spotter.simulate.workers.detector import SimulatedModel
from spotter.simulate.workers.motions import MOTIONS, motion_names
from spotter.simulate.workers.perform import simulate, simulate_motion
from spotter.simulate.workers.project import project, without_errors
from spotter.simulate.workers.sight import Sight, Visibility, see
from spotter.simulate.workers.take import Load, Take
from spotter.simulate.workers.timeline import Box, Event
from spotter.simulate.workers.viewpoint import Viewpoint

__all__ = [
    "MOTIONS",
    "Body",
    "Box",
    "Event",
    "Load",
    "Sex",
    "Sight",
    "SimulatedModel",
    "Take",
    "Viewpoint",
    "Visibility",
    "crossing",
    "motion_names",
    "project",
    "see",
    "simulate",
    "simulate_motion",
    "without_errors",
]
