"""One or two command lines for each method, shown in its help and run by a test."""

from __future__ import annotations

EXAMPLES: dict[str, tuple[str, ...]] = {
    "niosh": (
        "--load-kg 12 --h-cm 35..45 --v-cm 30 --d-cm 70 --a-deg 0 --f-per-min 2 --duration moderate --coupling fair",
        "--h-cm 40 --v-cm 75 --destination-v-cm 130 --f-per-min 0.2..1",
    ),
    "niosh_us": ("--load-lb 44 --h-in 23 --v-in 15 --d-in 48 --a-deg 0 --f-per-min 0.2 --duration short",),
    "iso_11228_1": ("--reference-mass-kg 20 --load-kg 7 --h-cm 30 --v-cm 60 --d-cm 50 --f-per-min 1",),
    "cli": ("--file tasks.csv --duration moderate",),
    "cli_us": ("--file tasks.csv --duration short",),
    "vli": ("--file lifts.csv --f-per-min 3 --duration long --grouping sextile",),
    "acgih_tlv": ("--load-kg 8..12 --vertical-zone knee --h-cm 40 --hours-per-day 4 --lifts-per-hour 20",),
    "lifft": (
        "--load-kg 13 --lever-cm 40 --lifts-per-day 300..400",
        "--file loads.csv",
    ),
    "l5s1": ("--load-kg 10..15 --body-mass-kg 75 --lever-cm 45 --upper-body-lever-cm 20 --sacral-angle-deg 55",),
    "reba": (
        "--trunk-flexion 45 --neck-flexion 10 --knee-flexion 20 --upper-arm 60 --elbow-flexion 80 --load-kg 5..10",
        "--trunk-flexion 45 --load-kg 12 --coupling good,fair --stance both_legs --json",
    ),
    "rula": (
        "--upper-arm 30 --elbow-flexion 90 --wrist-flexion 10 --neck-flexion 15..25 --trunk-flexion 10",
        "--upper-arm 30 --trunk-flexion 25 --load-kg 3 --force intermittent --table hedge",
    ),
    "owas": ("--back bent --arms both_below_shoulder --legs two_bent,one_bent --load-kg 12",),
    "en1005": ("--held-s 30 --trunk-flexion 25..40 --arm-elevation 15 --line-of-sight 20",),
    "iso11226": ("--held-min 2 --trunk-inclination 30..45 --trunk-supported no --arm-elevation 15",),
}
