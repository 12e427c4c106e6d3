"""Write the dashboards: `python infra/grafana/source/build.py [FOLDER]`, by default infra/grafana/dashboards."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import alerts
import coverage
import gpu
import kafka
import pipeline
import site_overview

MODULES = (site_overview, pipeline, gpu, kafka, alerts, coverage)


def main(folder: Path) -> None:
    for module in MODULES:
        path = folder / f"{module.DASHBOARD['uid'].removeprefix('spotter-')}.json"
        path.write_text(json.dumps(module.DASHBOARD, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "dashboards")
