"""Settings of the database."""

from __future__ import annotations

from pydantic import Field, SecretStr

from spotter.core.settings.base import Section


class StoreSettings(Section):
    """Where alerts are kept."""

    url: SecretStr = Field(
        default=SecretStr("sqlite:///spotter-data/spotter.db"), description="SQLAlchemy URL; SQLite file by default."
    )
