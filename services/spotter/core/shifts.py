"""When people work: the shifts of a site, on its own clock. Pure."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from spotter.core.parameters import Parameters

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _clock(text: str) -> str:
    hours, _, minutes = text.partition(":")
    known = len(hours) == 2 and len(minutes) == 2 and (hours + minutes).isascii() and (hours + minutes).isdecimal()
    if not known or int(minutes) > 59 or not (int(hours) < 24 or text == "24:00"):
        raise ValueError("write a time of day as HH:MM, 00:00 to 24:00")
    return text


ClockTime = Annotated[str, AfterValidator(_clock)]


class ShiftParameters(Parameters):
    """One shift. It ends on the next day when its end is not after its start."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$",
        description="What people call it. Letters, digits, blank, dot, dash, underscore.",
    )
    start: ClockTime = Field(default="00:00", description="Time of day on the site's clock at which it begins, HH:MM.")
    end: ClockTime = Field(default="24:00", description="When it ends; the next day if that is not after the start.")
    days: tuple[Day, ...] = Field(default=DAYS, min_length=1, description="Days of the week on which it begins.")

    @model_validator(mode="after")
    def _begins(self) -> Self:
        if self.start == "24:00":
            raise ValueError(f"shift '{self.name}' starts at 24:00; write 00:00 and the next day")
        return self

    @property
    def begins(self) -> time:
        """Time of day."""
        return time.fromisoformat(self.start)

    @property
    def ends(self) -> time:
        """Time of day; midnight is 00:00 of the next day."""
        return time() if self.end == "24:00" else time.fromisoformat(self.end)


WHOLE_DAY = ShiftParameters(name="day")
"""The only shift of a site that names none."""
