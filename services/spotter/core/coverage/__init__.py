"""What of a camera's time was truly watched, and the reason for every gap. Pure.

Watched means: the camera delivered and was trusted, and its frames went through the pose model within the deadline and
through the rules, no two of them more than 2 s apart. All is whole milliseconds of the wall clock, so that the parts
add up to it exactly.
"""

from spotter.core.coverage.account import LAG, WATCHED, Account, Minute
from spotter.core.coverage.summary import NOT_RECORDED, Coverage, of_zone, summary, together

__all__ = ["LAG", "NOT_RECORDED", "WATCHED", "Account", "Coverage", "Minute", "of_zone", "summary", "together"]
