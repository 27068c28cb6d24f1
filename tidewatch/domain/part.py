"""What the files people write are made of: parts with strict keys, tiers, lengths of time, and their mistakes."""

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

Tier = Literal["L1", "L2", "L3"]
TIERS: tuple[Tier, ...] = ("L1", "L2", "L3")

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = r"(\d{1,6})\s*([smhdw])"


class SpecError(Exception):
    """Every mistake in a spec, one sentence each, with its line."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__("\n".join(mistakes))


def duration(text: object) -> object:
    """'15m', '36h', '7d' as a timedelta; anything else as it is."""
    if isinstance(text, str) and (match := re.fullmatch(_DURATION, text.strip())):
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    return text


def _strictly(value: object) -> object:
    """Only what `duration` reads, and what a spec was written out as: the validator alone takes 30 for seconds."""
    span = duration(value)
    if isinstance(span, timedelta) or (isinstance(span, str) and span.startswith("P")):
        return span
    raise PydanticCustomError("time_delta_form", "no length of time")


_WRITTEN = {
    "type": "string",
    "pattern": rf"^\s*{_DURATION}\s*$",
    "description": "A whole number and s, m, h, d or w",
    "examples": ["15m", "36h", "7d"],
}
Duration = Annotated[timedelta, BeforeValidator(_strictly), Field(gt=timedelta(0)), WithJsonSchema(_WRITTEN)]
PerTier = dict[Tier, Duration]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
