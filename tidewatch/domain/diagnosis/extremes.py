"""Values where none should be, and values cut off where some should be."""

import numpy as np

from tidewatch.domain.diagnosis.cause import Cause
from tidewatch.domain.diagnosis.number_column import NumberColumn
from tidewatch.domain.diagnosis.situation import RARE
from tidewatch.domain.levels import Level
from tidewatch.domain.profile.number import NumberProfile

# What programs write where they know no value.
PLACEHOLDERS = frozenset(
    sign * size
    for size in (0.0, 1.0, 9.0, 99.0, 999.0, 9999.0, 99999.0, 999999.0, 32767.0, 32768.0, 65535.0, 2147483647.0)
    for sign in (1.0, -1.0)
)
FEWEST = 3  # rows
FAR = 2.0  # times the range of all values seen, beyond its ends
ROOT = "square root"  # of a share: roughly normal, and 0 is no infinity
CUT = 0.02  # share of the usual rows that must lie beyond a limit for it to cut something off


def sentinel_values(column: NumberColumn) -> Cause | None:
    return (_placeholders(column) or _outliers(column)) if len(column.values) else None


def _placeholders(column: NumberColumn) -> Cause | None:
    values = column.values
    distinct, counts = np.unique(values, return_counts=True)
    beyond = np.maximum(column.seen.low - distinct, distinct - column.seen.high)
    far = beyond > FAR * column.span
    written = np.array([value in PLACEHOLDERS for value in distinct.tolist()])
    common = counts >= max(FEWEST, 0.01 * len(values))
    chosen = ~column.knows(distinct) & ((written & (beyond > 0) & (counts >= FEWEST)) | (far & common))
    if not 1 <= chosen.sum() <= 2:
        return None
    placed = np.isin(values, distinct[chosen])
    rest, rows = values[~placed], float(placed.mean())
    small = bool((np.abs(distinct[chosen]) <= 1).all())  # such a value may be a converted one
    usual_rest = not len(rest) or column.chance(rest) >= 1e-3
    usual_rest &= not (small and len(rest) and float(column.strange[~placed].mean()) > 0.2)
    trust = 0.97 if written[chosen].any() else 0.75
    listed = "" if column.sensitive else " " + " or ".join(f"{value:g}" for value in distinct[chosen])
    sentence = f"{column.name} holds a placeholder{listed} in {rows:.1%} of the rows, which no row had before"
    sentence += "; the other values are as usual" if usual_rest and len(rest) else ""
    evidence = {"rows": rows, "values": [] if column.sensitive else distinct[chosen].tolist()}
    score = trust * (1.0 if usual_rest else 0.6)
    return Cause("sentinel_values", column.name, score, sentence, evidence, columns=(column.name,))


def _outliers(column: NumberColumn) -> Cause | None:
    values, room = column.values, FAR * column.span
    far = (values > column.seen.high + room) | (values < column.seen.low - room)
    if not FEWEST <= far.sum() <= 0.3 * len(values):
        return None
    usual_rest = column.chance(values[~far]) >= 1e-3
    extreme = float(values[far][np.argmax(np.abs(values[far]))])
    told = "" if column.sensitive else f", up to{column.told(extreme)}"
    sentence = (
        f"{column.name} lies impossibly far outside of all that was seen before in {far.mean():.1%} of the rows{told}"
    )
    sentence += "; the other values are as usual" if usual_rest else ""
    score = 0.9 if usual_rest else 0.65
    return Cause("sentinel_values", column.name, score, sentence, {"rows": float(far.mean())}, columns=(column.name,))


def clipping(column: NumberColumn) -> Cause | None:
    """Many rows with exactly the highest (or lowest) value, and none of the usual ones beyond."""
    found = [cause for side in ("above", "below") if (cause := _clipped(column, side))]
    return max(found, key=lambda cause: cause.score, default=None)


def _clipped(column: NumberColumn, side: str) -> Cause | None:
    values = column.values
    if not len(values) or values.min() == values.max():
        return None
    value = float(values.max() if side == "above" else values.min())
    share = float((values == value).mean())
    usual = column.usual
    beyond = float(
        usual.shares[usual.values > value].sum() if side == "above" else usual.shares[usual.values < value].sum()
    )
    before = [_end(window, side) for window in column.windows]
    level = Level.of(ROOT, [end**0.5 for end in before])
    chance = level.p_value(ROOT, share**0.5) if level else 1.0  # nobody knows how windows end
    if chance >= RARE or beyond < CUT or share * len(values) < 20:
        return None
    end = "highest" if side == "above" else "lowest"
    at = column.told(value) or " one value"
    sentence = (
        f"{column.name} is cut off at{at}: {share:.0%} of the rows have exactly this {end} value and none lies {side} "
        f"it, where usually {beyond:.0%} do"
    )
    score = min(0.9, 0.15 + 0.1 * float(-np.log10(max(chance, 1e-9))))
    score *= 1.0 if share > 1.5 * max(before, default=0.0) else 0.5
    evidence = {"share": share, "beyond": beyond, "chance": chance}
    return Cause("clipping", column.name, score, sentence, evidence, columns=(column.name,))


def _end(profile: NumberProfile, side: str) -> float:
    """The share of the outermost filled bin."""
    return float(profile.shares[np.flatnonzero(profile.counts)[-1 if side == "above" else 0]])
