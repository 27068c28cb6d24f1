"""Times as somebody reads them at night: a clock, in UTC and where they are; never "in 8 minutes"."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def told(at: datetime, zone: str = "", since: datetime | None = None) -> str:
    """03:11 UTC (04:11 in Berlin); with the day unless it is that of `since`."""
    at = at.astimezone(UTC)
    day = "" if since and since.astimezone(UTC).date() == at.date() else f"{at:%a} {at.day} {at:%b} "
    said = f"{day}{at:%H:%M} UTC"
    if not zone or zone == "UTC":
        return said
    local = at.astimezone(ZoneInfo(zone))
    other = "" if local.date() == at.date() else f"{local:%a} "
    return f"{said} ({other}{local:%H:%M} in {zone.rpartition('/')[2].replace('_', ' ')})"
