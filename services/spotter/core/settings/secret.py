"""A secret in the settings: as text, or where to find it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self

from pydantic import Field, SecretStr, model_validator

from spotter.core.errors import ConfigError
from spotter.core.settings.base import Section


class Secret(Section):
    """Written as plain text, as `{file: PATH}` or as `{env: NAME}`.

    File and variable are read when the secret is needed, so that a service that shares the settings but not the secret
    still starts. Text is never printed.
    """

    value: SecretStr | None = Field(default=None, description="The secret itself.")
    file: str = Field(default="", description="File whose content is the secret; a line break at its end is cut off.")
    env: str = Field(default="", description="Environment variable that holds the secret.")

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, given: Any) -> Any:
        return {"value": given} if isinstance(given, str | SecretStr) else given

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum((self.value is not None, bool(self.file), bool(self.env))) != 1:
            raise ValueError("write it as text, as {file: PATH} or as {env: NAME}")
        return self

    def __str__(self) -> str:
        """Where it is, never what it is."""
        return f"file {self.file}" if self.file else f"env {self.env}" if self.env else str(self.value)

    def read(self, name: str) -> str:
        """The secret.

        Args:
            name: what it is, for an error message ("secret of channel 'ops'").

        Raises:
            ConfigError: the file cannot be read, the variable is not set, or it is empty or no UTF-8 text.
        """
        if self.value is not None:
            text, place = self.value.get_secret_value(), "in the settings"
        elif self.env:
            text, place = os.environ.get(self.env, ""), f"in environment variable {self.env}"
            if any("\udc80" <= letter <= "\udcff" for letter in text):
                # As Python keeps bytes that it could not decode; nothing could be sent with them.
                raise ConfigError(f"the {name} {place} is not UTF-8 text", mend="Set it in UTF-8, or use a file")
        else:
            place = f"in '{self.file}'"
            try:
                text = Path(self.file).read_text(encoding="utf-8").rstrip("\r\n")
            except (OSError, UnicodeDecodeError) as error:
                reason = getattr(error, "strerror", None) or "not UTF-8 text"
                raise ConfigError(
                    f"the {name} cannot be read from '{self.file}': {reason}", mend="Check the path and its rights"
                ) from None
        if not text:
            raise ConfigError(f"the {name} {place} is empty", mend="Put it there, or name another place")
        return text
