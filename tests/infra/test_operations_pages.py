"""Pages for operators: commands that exist with the options named, files and headings that links point at."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import promql_names
import pytest
from typer.main import get_command

from spotter.cli.app import build
from spotter.core.settings import Settings

ROOT = promql_names.REPOSITORY
PAGES = [ROOT / name for name in ("docs/alerts.md", "docs/kubernetes.md", "docs/metrics.md", "helm/spotter/README.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_exist(page: Path) -> None:
    wrong = []
    for line in re.findall(r"`(spotter [a-z][^`]*)`", page.read_text()):
        words = line.split()[1:]
        node: Any = get_command(build(words))
        while words and words[0] in getattr(node, "commands", {}):
            node = node.commands[words.pop(0)]
        known = {option for parameter in node.params for option in (*parameter.opts, *parameter.secondary_opts)}
        unknown = [word for word in words if word.startswith("--") and word not in known]
        if unknown or (words and getattr(node, "commands", None)):
            wrong.append(f"{line}: {unknown or words}")
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_settings_that_alerts_speak_of_exist() -> None:
    named = set(re.findall(r"`((?:bus|store|cameras|dashboard)\.[a-z_.]+)`", PAGES[0].read_text()))
    named.remove("cameras.egress")  # a value of the chart
    assert {path for path in named if not _exists(path)} == set()


def _exists(path: str) -> bool:
    model: Any = Settings
    for part in path.split("."):
        if part not in getattr(model, "model_fields", {}):
            return False
        model = model.model_fields[part].annotation
        # The cameras are a tuple of sections.
        model = next((inner for inner in getattr(model, "__args__", ()) if inner is not ...), model)
    return True
