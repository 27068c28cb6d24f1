"""Numbers as people read them: nice ticks, their labels, and values that are told apart."""

import math
from collections.abc import Sequence
from datetime import date, timedelta

SUFFIXES = ((1e12, "T"), (1e9, "B"), (1e6, "M"))
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def ticks(low: float, high: float, target: int = 8) -> list[float]:
    """Round numbers in [low, high], about `target` of them, a 1, 2 or 5 times a power of ten apart."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low]
    power = 10.0 ** math.floor(math.log10(span / target))
    step = min((power * nice for nice in (1, 2, 5, 10)), key=lambda step: abs(math.log(span / step / target)))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def log_ticks(low: float, high: float, target: int = 7) -> list[float]:
    """Powers of ten (as exponents) in the range of exponents; with their 2 and 5 where there are few."""
    first, last = math.ceil(low), math.floor(high)
    every = max(1, math.ceil((last - first + 1) / target))
    powers = [float(exponent) for exponent in range(first, last + 1, every)]
    if len(powers) > 2:
        return powers
    between = [exponent + math.log10(m) for exponent in range(first - 1, last + 1) for m in (1, 2, 5)]
    return [exponent for exponent in between if low <= exponent <= high]


def day_ticks(first: date, last: date, target: int = 8) -> list[tuple[date, str]]:
    """Days in [first, last] and their names: every day or two, Mondays, or the first of months."""
    span = (last - first).days
    for step in (1, 2, 7, 14, 28):
        if span / step <= target:
            start = first + timedelta(days=-first.weekday() % 7 if step >= 7 else 0)
            days = [start + timedelta(days=n) for n in range(0, (last - start).days + 1, step)]
            return [(day, f"{day.day} {MONTHS[day.month - 1]}") for day in days]
    every = next((step for step in (2, 3, 6, 12) if span / 30.4 / step <= target), math.ceil(span / 365 / target) * 12)
    numbered = range(first.year * 12 + first.month - (first.day == 1), last.year * 12 + last.month)
    months = [divmod(number, 12) for number in numbered if number % every == 0]
    with_january = any(month == 0 for _, month in months)
    return [
        (
            date(year, month + 1, 1),
            f"{MONTHS[month]} {year}" if month == 0 or not (place or with_january) else MONTHS[month],
        )
        for place, (year, month) in enumerate(months)
    ]


def figures(values: Sequence[float], decimals: int | None = None) -> list[str]:
    """The same precision for all: as many decimals as the nearest neighbours need, or those given."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if largest >= 1e15 or 0 < largest < 1e-4:
        return [_minus(f"{value:.3g}") for value in values]
    scale, suffix = next(((scale, suffix) for scale, suffix in SUFFIXES if largest >= scale), (1.0, ""))
    if decimals is None:
        gaps = [abs(b - a) / scale for a, b in zip(values, values[1:], strict=False) if b != a]
        decimals = _decimals(min(gaps, default=largest / scale or 1.0))
    else:
        decimals = max(0, decimals + round(math.log10(scale)))
    texts = [f"{value / scale:,.{decimals}f}" for value in values]
    while all("." in text and text[-1] in "0." for text in texts):
        texts = [text[:-1] for text in texts]
    return [_minus("0" if not value else text + suffix) for value, text in zip(values, texts, strict=True)]


def told_apart(first: float, second: float) -> tuple[str, str, str]:
    """Both values with three digits, or as many as it takes to see that they differ; and the signed difference.

    The difference is empty when there is none, or nothing to compare.
    """
    if not (math.isfinite(first) and math.isfinite(second)) or first == second:
        return number(first), number(second), ""
    small, large = sorted((abs(first), abs(second)))
    gap = abs(second - first)
    sign = "+" if second > first else "−"
    size = math.floor(math.log10(large))
    digits = max(2 - size, -math.floor(math.log10(gap)))
    if digits + size > 7 or (first * second > 0 and large > 30 * small):
        return number(first), number(second), sign + number(gap)
    one, two = figures([first, second], digits)
    return one, two, sign + figures([gap], digits)[0]


def number(value: float) -> str:
    """One value with three digits; "none" for no value."""
    if not math.isfinite(value):
        return "none"
    if not value:
        return "0"
    return figures([value], 2 - math.floor(math.log10(abs(value))))[0]


def with_unit(figure: str, unit: str) -> str:
    if not unit or figure == "none":
        return figure
    return figure + unit if unit == "°" else f"{figure} {unit}"


def _decimals(step: float) -> int:
    for decimals in range(13):
        if abs(round(step, decimals) - step) < step * 1e-6:
            return decimals
    return 12


def _minus(text: str) -> str:
    return text.replace("-", "−")
