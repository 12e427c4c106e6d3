"""The long fault suite: every scenario of tests/faults/scenarios with several seeds, as a table.

    python benchmarks/faults.py [NAME ...] [--seeds 3] [--logs FOLDER]

Each run starts real servers and real services, lets go wrong what the scenario says, and holds the alerts and the
deliveries against the undisturbed run. Exit code 1 when a run differs. Needs the test extras, the Debian packages of
`make packages`, and for disk-full the right to mount a tmpfs.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

EXIT_STOPPED = 143

TESTS = Path(__file__).resolve().parents[1] / "tests"
# Before this script's own folder, where `faults` is the script.
sys.path[:0] = [str(TESTS), str(TESTS / "servers")]

from faults.runner import Result, run  # noqa: E402
from faults.scenario import Scenario, load_all  # noqa: E402
from spotter.core.telemetry import configure_logs  # noqa: E402


def main(arguments: Sequence[str] | None = None) -> int:
    known = {scenario.name: scenario for scenario in load_all()}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*known, []], metavar="NAME", help="scenarios; all by default")
    parser.add_argument("--seeds", type=int, default=3, help="runs of each scenario, each with a seed of its own")
    parser.add_argument("--logs", type=Path, help="keep the logs of the services here")
    options = parser.parse_args(arguments)
    configure_logs("critical")
    # So that servers and services are ended whatever ends this script.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_STOPPED))
    chosen = [known[name] for name in options.names] or list(known.values())
    failed = 0
    print("| scenario | runs as undisturbed | alerts, updates | sent again | back to quiet, s (median, worst) |")
    print("|---|---|---|---|---|")
    for scenario in chosen:
        results = [_run(scenario, scenario.seed + 100 * number, options.logs) for number in range(options.seeds)]
        failed += sum(not result.ok for result in results)
        print(row(results), flush=True)
    return 1 if failed else 0


def row(results: Sequence[Result]) -> str:
    """One line of the table: all runs of a scenario."""
    good = [result.recovered_s for result in results if result.ok]
    times = f"{statistics.median(good):.1f}, {max(good):.1f}" if good else "never"
    cells = (
        results[0].scenario,
        f"{len(good)} of {len(results)}",
        f"{sum(result.alerts for result in results)}, {sum(result.updates for result in results)}",
        str(sum(result.repeats for result in results)),
        times,
    )
    return f"| {' | '.join(cells)} |"


def _run(scenario: Scenario, seed: int, logs: Path | None) -> Result:
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="spotter-faults-")) if logs is None else logs / f"{scenario.name}-{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    result = run(scenario, folder, seed)
    outcome = "ok" if result.ok else "DIFFERS"
    print(f"{scenario.name} seed {seed}: {outcome} in {time.monotonic() - begun:.0f} s; {folder}", file=sys.stderr)
    for line in () if result.ok else (*result.problems, *result.actions):
        print(f"    {line}", file=sys.stderr)
    return result


if __name__ == "__main__":
    sys.exit(main())
