"""The errors of the default model, MoveNet MultiPose Lightning, at 384 px. `benchmarks/detector_errors.py` fits them.

Made 2026-11-25 with the shipped calibration on the rendered clips of nine motions, three cameras each (2,088 frames,
34,323 keypoints, people of 23 to 70 px of the network's input), and on COCO's unlabelled joints (`outside`). Limits:
one parametric body in six shapes; lying is two falls before three cameras, so its figures rest on six views.
"""

from __future__ import annotations

import numpy as np

from spotter.simulate.workers.error_tables import ErrorTables

INPUT_PX = 384
"""Long side of the network's input."""

SIZE_LIMIT_PX, SIZE_SLOPE = 18.0, 10.0
"""Person's size in px of the network's input at which half are found, and how fast the log odds rise with its
logarithm [D]. COCO, 24 images, 2026-11-25: none of 6 people of 15 to 20 px is found, 3 of 10 of 20 to 30 px, 7 of 13 of
30 to 50 px, 19 of 24 of 50 to 100 px, crowded and cut off as they are; of the workers in the clips, who are in the
open, every upright one, from 25 px on. The limit lies between both."""

LASTS_S = {"keypoint": 0.45, "presence": 0.7, "turned": 1.0, "flicker": 0.15}
"""Seconds after which a chance has forgotten itself to 1/e. Errors of a keypoint in the clips resemble themselves by
0.87, 0.68, 0.55 and 0.43 after 1, 4, 8 and 15 frames of 1/15 s; with `STAYS`, simulated ones by 0.90, 0.70, 0.56 and
0.46."""

STAYS = {"keypoint": 0.45, "presence": 0.3, "turned": 0.7, "flicker": 0.0}
"""Share of the variance that does not change during a take. Keypoints: errors have 0.44 to 0.55 deviations between
clips and 0.5 within. Left and right on people who lie stay exchanged for the whole of two of six views; on others they
are for one frame or two at a time."""

MOVENET = ErrorTables(
    model="movenet-multipose/1",
    sureness=np.array(
        [
            [[1.09, 0.71, 0.29], [1.2, 0.99, 0.79]],
            [[2.69, 2.29, 1.9], [3.27, 2.21, 2.0]],
            [[1.15, 0.96, 0.66], [1.67, 1.3, 0.57]],
            [[0.66, 0.28, 0.14], [1.56, 0.64, -0.28]],
            [[3.38, 2.65, 3.33], [3.43, 2.68, 2.57]],
            [[1.94, 1.67, 1.79], [2.61, 2.05, 1.86]],
            [[1.65, 1.51, 2.04], [2.72, 1.87, 1.04]],
        ]
    ),
    offset=np.array(
        [
            [[-0.1, -0.94, -1.07], [0.8, -0.01, -1.21]],
            [[0.93, 0.47, -0.25], [1.67, -0.3, -0.4]],
            [[-0.13, -0.02, -0.62], [1.06, 0.08, -1.0]],
            [[0.12, -0.49, -0.82], [-0.07, 0.12, -0.77]],
            [[0.99, 0.26, -0.66], [1.56, 0.88, 0.71]],
            [[1.16, 0.37, -0.96], [2.01, 0.42, -0.07]],
            [[0.41, -0.22, 0.69], [1.76, 1.12, 1.69]],
        ]
    ),
    core=np.array([[0.72, 0.58], [0.94, 0.73], [0.79, 0.63], [0.52, 0.58], [0.99, 0.69], [0.86, 0.64], [0.76, 0.52]]),
    swapped=np.array(
        [[0.18, 0.08], [0.51, 0.18], [0.26, 0.35], [0.33, 0.13], [0.55, 0.29], [0.32, 0.48], [0.39, 0.45]]
    ),
    far=np.array([0.07, 0.07, 0.09, 0.15, 0.04, 0.11, 0.13]),
    missed=np.array([0.0, 0.088, 0.112]),
    turned=np.array([0.007, 0.013, 0.424]),
    score=np.array([[0.44, 0.08], [0.37, 0.07], [0.33, 0.08]]),
    box=np.array([[0.13, 0.07], [0.18, 0.06], [0.19, 0.07]]),
    outside=np.array([-0.01, -2.06, -0.92, -1.43, -3.03, -2.79, -2.76]),
)
