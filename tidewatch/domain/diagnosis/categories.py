"""Categories that have other names, were put together, taken apart, or are new."""

import math
from collections.abc import Callable
from difflib import SequenceMatcher
from functools import partial

from tidewatch.domain.diagnosis.cause import Cause
from tidewatch.domain.diagnosis.text_column import FEWEST, TextColumn, apart

SMALL = 0.01  # share of rows in new categories that is nobody's problem
LONGEST = 6  # letters that values may have been cut to
WAYS: dict[str, Callable[[str], str]] = {
    "in small letters": str.lower,
    "in capitals": str.upper,
    "without spaces around them": str.strip,
    "with a capital at the start": str.title,
    **{f"cut to {n} letter{'s' if n > 1 else ''}": partial(lambda n, text: text[:n], n) for n in range(1, LONGEST + 1)},
    **{f"without the first {n} letter{'s' if n > 1 else ''}": partial(lambda n, text: text[n:], n) for n in (1, 2)},
}


def categories(column: TextColumn) -> list[Cause]:
    """category_renamed (also recoded, merged, split) and new_segment, at most one of each."""
    if recoded := _recoded(column):
        return [recoded]
    renamed = _renamed(column) or _split(column) or _merged(column)
    explained = renamed.evidence.get("new", 0.0) if renamed else 0.0
    new = _new_segment(column, explained)
    return [cause for cause in (renamed, new) if cause]


def _recoded(column: TextColumn) -> Cause | None:
    """All categories written in another way."""
    rows = sum(column.new.values())
    if rows < 0.3:
        return None
    fits = {}
    for way, change in WAYS.items():
        usual: dict[str, float] = {}
        for category, share in column.usual_shares.items():
            usual[change(category)] = usual.get(change(category), 0.0) + share
        fits[way] = apart(usual, column.shares)
    way, before = min(fits, key=lambda key: fits[key]), apart(column.usual_shares, column.shares)
    if fits[way] > 0.3 * before:
        return None
    sentence = f"all values of {column.name} arrive {way}: {rows:.0%} of the rows have one never seen before"
    evidence = {"form": way, "new": rows, "before": before, "after": fits[way]}
    score = max(0.97 * (1 - fits[way] / before), 0.8)
    return Cause("category_renamed", column.name, score, sentence, evidence, columns=(column.name,))


def _renamed(column: TextColumn) -> Cause | None:
    """New categories with the mass of those that are gone, the most alike in mass and spelling together."""
    pairs: list[tuple[str, str, float]] = []  # before, now, likeness
    left = dict(column.gone)
    for new, share in column.new.items():
        likeness = {gone: _mass(share, usual) * (0.6 + 0.4 * _spelling(new, gone)) for gone, usual in left.items()}
        best = max(likeness, key=lambda gone: likeness[gone], default="")
        if best and share >= SMALL / 4 and _mass(share, left[best]) >= 0.4:
            pairs.append((best, new, likeness[best]))
            del left[best]
    rows = sum(column.new[new] for _, new, _ in pairs)
    if rows < SMALL:
        return None
    likeness_of_all = sum(column.new[new] * likeness for _, new, likeness in pairs) / rows
    told = "" if column.sensitive else ": " + ", ".join(f"{gone} → {new}" for gone, new, _ in pairs[:3])
    gone, new, _ = pairs[0]
    sentence = (
        f"{len(pairs)} {'categories' if len(pairs) > 1 else 'category'} of {column.name} came under another name{told}"
        "; "
        f"{column.new[new]:.1%} of the rows now have what {column.gone[gone]:.1%} usually have"
    )
    evidence = {
        "form": "renamed", "new": rows, "likeness": likeness_of_all,
        "pairs": [] if column.sensitive else [[gone, new] for gone, new, _ in pairs],
    }  # fmt: skip
    score = 0.6 + 0.37 * likeness_of_all
    return Cause("category_renamed", column.name, score, sentence, evidence, columns=(column.name,))


def _mass(first: float, second: float) -> float:
    return min(first, second) / max(first, second)


def _spelling(first: str, second: str) -> float:
    return SequenceMatcher(None, first.casefold(), second.casefold()).ratio()


def _split(column: TextColumn) -> Cause | None:
    """A new category, and an old one that has become rarer by as much."""
    for new, share in column.new.items():
        if share < SMALL:
            break
        best = max(column.usual_shares, key=lambda old: _parted(column, old, new, share), default="")
        likeness = _parted(column, best, new, share) if best else 0.0
        if likeness < 0.45:
            continue
        told = "" if column.sensitive else f": {best} has become {best} and {new}"
        sentence = (
            f"a part of a category of {column.name} came under a new name{told}; {share:.1%} of the rows have the new "
            f"one, the old one went from {column.usual_shares[best]:.1%} to {column.shares.get(best, 0.0):.1%}"
        )
        evidence = {"form": "split", "new": share, "likeness": likeness}
        return Cause("category_renamed", column.name, 0.5 + 0.4 * likeness, sentence, evidence, columns=(column.name,))
    return None


def _parted(column: TextColumn, old: str, new: str, share: float) -> float:
    """How much it looks as if `new` had been a part of `old`: the mass that is missing there, and the spelling."""
    drop = column.usual_shares[old] - column.shares.get(old, 0.0)
    away = -column.deviations(old)
    if drop < share / 3 or away < 1:
        return 0.0
    return math.sqrt(_mass(share, drop)) * (0.2 + 0.7 * _spelling(new, old) ** 2 + 0.1 * min(away / 5, 1.0))


def _merged(column: TextColumn) -> Cause | None:
    """A category that is gone, and another that has become commoner by as much."""
    for gone, share in sorted(column.gone.items(), key=lambda item: -item[1]):
        rises = {other: now - column.usual_shares.get(other, 0.0) for other, now in column.shares.items()}
        alike = {
            other: _mass(rise, share) for other, rise in rises.items() if rise > share / 2 and other not in column.new
        }
        other = max(alike, key=lambda name: alike[name], default="")
        if share < SMALL or not other or column.deviations(other) < 4 or alike[other] < 0.5:
            continue
        told = "" if column.sensitive else f": {gone} now counts as {other}"
        sentence = (
            f"two categories of {column.name} came under one name{told}; {column.shares[other]:.1%} of the rows where "
            f"{column.usual_shares[other]:.1%} and {share:.1%} are usual"
        )
        score = 0.55 + 0.4 * alike[other]
        return Cause("category_renamed", column.name, score, sentence, {"form": "merged"}, columns=(column.name,))
    return None


def _new_segment(column: TextColumn, explained: float) -> Cause | None:
    """Rows of a kind that never was, beside the usual ones."""
    share = sum(column.new.values()) - explained
    if share < max(SMALL, 1.5 * column.unseen_limit) or share * column.now.rows < 2 * FEWEST:
        return None
    first = column.told(next(iter(column.new)), "")
    more = column.situation.now.rows / max(column.situation.usual_rows, 1) - 1
    sentence = (
        f"{share:.1%} of the rows have a {column.name} never seen before{f', most of them {first}' if first else ''}; "
        f"the window has {abs(more):.0%} {'more' if more > 0 else 'fewer'} rows than usual"
    )
    evidence = {"share": share, "categories": len(column.new), "more_rows": more}
    score = 0.9 if not column.gone else 0.7
    return Cause("new_segment", column.name, score, sentence, evidence, columns=(column.name,))
