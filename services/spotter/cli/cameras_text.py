"""What `spotter cameras` prints: settings on stdout, everything else on stderr."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import yaml

from spotter import __version__
from spotter.core.errors import ConfigError
from spotter.core.parameters import ViewParameters


def told(text: str) -> None:
    """One line for people."""
    sys.stderr.write(" ".join(text.split()) + "\n")
    sys.stderr.flush()


def refusal(what: str, reasons: Iterable[str]) -> ConfigError:
    """A calibration that is not good enough to be used."""
    return ConfigError(
        f"calibration of {what} refused: {'; '.join(reasons)}", mend="See docs/camera-geometry.md for what helps"
    )


def settings_text(view: ViewParameters, provenance: str) -> str:
    """A piece of spotter.yaml; what is not known is left out."""
    values = view.model_dump(mode="json", exclude_unset=True, exclude_none=True)
    body = yaml.safe_dump({"view": values}, sort_keys=False, allow_unicode=True, default_flow_style=None, width=110)
    return f"# spotter cameras calibrate {__version__}, {provenance}\n{body}"
