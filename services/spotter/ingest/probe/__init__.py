"""Why a camera gives no pictures, step by step; and which cameras there are on the network.

For people at a command line: nothing here runs while cameras are watched.
"""

from spotter.ingest.probe.steps import Outcome, Step

__all__ = ["Outcome", "Step"]
