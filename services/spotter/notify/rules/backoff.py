"""How long to wait before a message is tried again: exponential growth with full jitter.

Full jitter (a pause drawn evenly from 0 to the bound) spreads the load best of the usual kinds; see M. Brooker,
"Exponential Backoff And Jitter", AWS Architecture Blog 2015.
"""

from __future__ import annotations

import random


def bound_s(attempts: int, min_s: float, max_s: float) -> float:
    """Longest pause after `attempts` failures (1 or more), seconds: min_s, doubled with each more, at most max_s."""
    # Beyond 2**64 the bound is max_s anyway, and a float would overflow.
    return min(max_s, min_s * 2.0 ** min(attempts - 1, 64))


def pause_s(attempts: int, min_s: float, max_s: float, rng: random.Random) -> float:
    """Seconds to wait after `attempts` failures: drawn evenly from 0 to `bound_s`."""
    return rng.uniform(0.0, bound_s(attempts, min_s, max_s))
