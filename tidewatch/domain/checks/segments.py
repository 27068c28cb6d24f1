"""Is one part of the data wrong while the whole looks right? Every check again for each followed segment, and segments
that are new: "a new flavour of data".

A column that is strange in the whole batch is not reported again for its parts, unless the part is certain and the
whole is not; of several segments the worst speaks, and the others are named.
"""

from collections.abc import Collection
from dataclasses import replace

from tidewatch.domain.baseline import Baseline
from tidewatch.domain.checks import drift, quality
from tidewatch.domain.finding import SEVERITIES, Finding
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.profile.profile import Profile
from tidewatch.domain.profile.text import NAMED, TextProfile

WHOLE_ONLY = ("row_count", "duplicates")


def findings(
    spec: ModelSpec, baseline: Baseline, usual: Profile, now: Profile, window: str,
    loud: Collection[str] = (), strange: Collection[str] = (),
) -> tuple[list[Finding], list[Finding]]:  # fmt: skip
    """What is certain, and what is worth an alarm only if it stays. In the whole, something is certain about the
    columns `loud`, and a departure of the columns `strange` may pass."""
    certain, passing = list[Finding](), list[Finding]()
    for segment, part in now.segments.items():
        before = usual.segments.get(segment)
        if before is None or min(part.rows, before.rows) < spec.segments.min_rows:
            continue
        mine = baseline.of_segment(segment)
        own = segment.partition("=")[0]
        results = [r for r in drift.compare(spec, mine, before, part, {}) if r.column != own]
        for checked in (drift.findings(spec, window, results), quality.findings(spec, mine, before, part, window)):
            certain += [_told(spec, segment, finding) for finding in checked[0] if _counts(finding, own, loud)]
            known = {*loud, *strange}
            passing += [_told(spec, segment, finding) for finding in checked[1] if _counts(finding, own, known)]
    return _new(spec, baseline, now, window) + _worst(certain), _worst(passing)


def _counts(finding: Finding, own: str, loud: Collection[str]) -> bool:
    return finding.subject not in loud and finding.subject != own and finding.check not in WHOLE_ONLY


def _told(spec: ModelSpec, segment: str, finding: Finding) -> Finding:
    column, _, value = segment.partition("=")
    of = f"one {column}" if spec.columns[column].sensitive else f"{column} {value}"
    evidence = {**finding.evidence, "segment": "" if spec.columns[column].sensitive else segment}
    return replace(finding, sentence=f"in the rows of {of}: {finding.sentence}", evidence=evidence)


def _worst(found: list[Finding]) -> list[Finding]:
    """One finding a column and check; the others of the same kind are in its evidence."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in found:
        groups.setdefault((finding.check, finding.subject), []).append(finding)
    told = []
    for group in groups.values():
        worst = max(group, key=lambda finding: (SEVERITIES.index(finding.severity), finding.value))
        segments = [finding.evidence["segment"] for finding in group if finding.evidence["segment"]]
        also = f"; the same in {len(group) - 1} more segments" if len(group) > 1 else ""
        told.append(replace(worst, sentence=worst.sentence + also, evidence={**worst.evidence, "segments": segments}))
    return told


def _new(spec: ModelSpec, baseline: Baseline, now: Profile, window: str) -> list[Finding]:
    found = []
    for name in spec.segmented:
        profile = now.columns.get(name)
        if not isinstance(profile, TextProfile) or not 0 < len(baseline.words.get(name, ())) < NAMED:
            continue  # with so many values, not all of those that were there are known by name
        fresh = profile.unseen(baseline.words[name])
        large = {value: rows for value, rows in fresh.items() if value and rows >= spec.segments.min_rows}
        if not large:
            continue
        value, rows = next(iter(large.items()))
        what = f"a new {name}" if spec.columns[name].sensitive else f"a new {name}, {value},"
        sentence = f"{what} came with {rows:,} of {profile.rows:,} rows of {window}: the model has never seen any of it"
        evidence = {"statistics": {"rows": rows}, "limits": {"rows": spec.segments.min_rows}, "segments": []}
        found.append(
            Finding(spec.model, "new_segment", name, "rows", rows, spec.segments.min_rows, "medium", window, sentence,
                    evidence)
        )  # fmt: skip
    return found
