"""Zones whose clocks change at different times, in both hemispheres, and rotas in them."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from tidewatch.domain.oncall.rota import Rota

ZONES = (
    "America/New_York", "Europe/Berlin", "Australia/Sydney", "America/Santiago", "Pacific/Auckland", "Asia/Kolkata",
    "Australia/Lord_Howe", "Africa/Casablanca",
)  # fmt: skip
ANA, BEN, EVA = "U0ANA", "U0BEN", "U0EVA"
zones = st.sampled_from(ZONES)
clocks = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.sampled_from((0, 15, 30, 45)))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rota(zone: str, *layers: dict[str, Any], **parts: Any) -> Rota:
    """Layers by what differs from a week of Ana, then a week of Ben, from Monday 5 January 2026 on."""
    usual = {"name": "week", "people": [ANA, BEN], "first_day": "2026-01-05"}
    return Rota.model_validate({"zone": zone, "layers": [usual | layer for layer in layers or ({},)], **parts})
