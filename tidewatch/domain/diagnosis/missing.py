"""Rows without a value, and rows that came twice."""

from tidewatch.domain.diagnosis.cause import Cause
from tidewatch.domain.diagnosis.situation import Situation
from tidewatch.domain.profile.ids import IdProfile

LEAST = 0.03  # more nulls than usual, as a share of rows
REPEATED = 0.005  # share of rows that may repeat an id


def null_surge(situation: Situation) -> list[Cause]:
    causes = []
    for name in situation.inputs:
        now, usual = situation.now.columns.get(name), situation.usual.columns.get(name)
        if now is None or usual is None or not now.rows + now.nulls:
            continue
        share, before = now.nulls / (now.rows + now.nulls), usual.nulls / max(usual.rows + usual.nulls, 1)
        if share - before < LEAST or not situation.unlikely(name, "nulls", share, before + LEAST):
            continue
        sentence = f"{name} has no value in {share:.0%} of the rows, usually in {before:.1%}"
        score = min(0.97, 0.8 + (share - before))
        causes.append(Cause("null_surge", name, score, sentence, {"share": share, "usual": before}, columns=(name,)))
    return causes


def duplicated_rows(situation: Situation) -> list[Cause]:
    causes = []
    for name in situation.spec.of_role("id"):
        now = situation.now.columns.get(name)
        if not isinstance(now, IdProfile) or not now.rows:
            continue
        share = now.duplicates / now.rows
        if share > REPEATED and situation.unlikely(name, "duplicates", share, REPEATED):
            sentence = (
                f"at least {now.duplicates:,} of the {now.rows:,} rows repeat the {name} of another: they came twice"
            )
            evidence = {"share": share, "rows": situation.now.rows}
            causes.append(Cause("duplicated_rows", name, 0.96, sentence, evidence, columns=(name, *situation.inputs)))
    return causes
