"""One or two command lines for each method, shown in its help and run by a test."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[str, ...]] = {
    "reba": (
        "--trunk-flexion 45 --neck-flexion 10 --knee-flexion 20 --upper-arm 60 --elbow-flexion 80 --load-kg 5..10",
        "--trunk-flexion 45 --load-kg 12 --coupling good,fair --stance both_legs --json",
    ),
    "rula": (
        "--upper-arm 30 --elbow-flexion 90 --wrist-flexion 10 --neck-flexion 15..25 --trunk-flexion 10",
        "--upper-arm 30 --trunk-flexion 25 --load-kg 3 --force intermittent --table hedge",
    ),
    "owas": ("--back bent --arms both_below_shoulder --legs two_bent,one_bent --load-kg 12",),
    "en1005-4": ("--held-s 30 --trunk-flexion 25..40 --arm-elevation 15 --line-of-sight 20",),
    "iso11226": ("--held-min 2 --trunk-inclination 30..45 --trunk-supported no --arm-elevation 15",),
}
