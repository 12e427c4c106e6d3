"""The page: plain HTML, CSS and ES modules, served as they lie. Nothing is loaded from another host."""

from __future__ import annotations

from pathlib import Path

STATIC = Path(__file__).parent / "static"
"""Folder of the files that are served at `/`."""
