"""The `spotter` command, one file per command group."""

from __future__ import annotations


def main() -> None:
    """Entry point of the `spotter` command."""
    from spotter.cli.app import run

    run()
