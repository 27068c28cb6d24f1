"""Times and lengths of time, as sentences for people say them."""

from datetime import datetime, timedelta

_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60))


def spoken_time(at: datetime) -> str:
    """06:00 UTC on 15 May 2013."""
    return f"{at:%H:%M} UTC on {at.day} {at:%B %Y}"


def spoken_length(span: timedelta) -> str:
    """Cut to its two largest units: 2 days and 3 hours, 7 hours and 30 minutes. From a week on, days alone."""
    left = int(abs(span).total_seconds())
    parts = []
    for name, seconds in _UNITS:
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{count:,} {name}{'' if count == 1 else 's'}")
        if parts and (len(parts) == 2 or not count or (name == "day" and count >= 7)):
            break
    return " and ".join(parts) or "less than a minute"
