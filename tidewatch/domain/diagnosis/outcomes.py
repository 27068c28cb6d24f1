"""When the metrics are bad: are the labels wrong, has the world changed, or has something grown old?"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tidewatch.domain.diagnosis.cause import Cause
from tidewatch.domain.diagnosis.situation import Situation
from tidewatch.domain.performance.outcomes import DayOutcome, metric_values
from tidewatch.domain.performance.verdicts import Verdict, verdict

FEWEST = 50  # labels of a window whose ROC AUC says something
FEW_WINDOWS = 5  # earlier ones that show what is usual
MISSING = 0.04  # more of the labels than usual, as a share of the rows
LOST = 0.35  # of the usual ROC AUC above one half; what is left where labels tell nothing of the scores
TURNED = -0.3


def label_fault(situation: Situation) -> list[Cause]:
    """Labels that are missing, belong to other rows, or are turned round."""
    found = (_unmatched(situation.outcomes), _missing(situation), _order(situation))
    return [cause for cause in found if cause]


def _unmatched(run: Sequence[DayOutcome]) -> Cause | None:
    labelled, unmatched = sum(day.labelled for day in run), sum(day.unmatched for day in run)
    if unmatched <= 0.05 * max(labelled, 1):
        return None
    sentence = (
        f"{unmatched:,} labels belong to no prediction and {labelled:,} do: the ids of the label feed do not match"
    )
    return Cause("label_fault", "labels", 0.9, sentence, {"unmatched": unmatched, "labelled": labelled})


def _missing(situation: Situation) -> Cause | None:
    """Fewer labels than usual: surely a fault where the rate is lower by just what is missing, for then the missing
    ones are of one kind."""
    run, before = _shares(situation.outcomes), _shares(situation.earlier)
    if not len(run) or len(before) < FEW_WINDOWS:
        return None
    share, usual = float(np.median(run)), float(np.median(before))
    now, then = metric_values(situation.outcomes), metric_values(situation.earlier)
    rate, usual_rate = now.get("observed", 0.0), then.get("observed", 0.0)
    gone = usual - share
    one_sided = situation.spec.task == "binary" and rate < 0.75 * usual_rate
    if gone < MISSING or not (one_sided or gone > 0.2):
        return None
    sentence = f"only {share:.0%} of the predictions of a window have a label so far, usually {usual:.0%}"
    if one_sided:
        sentence += (
            f", and the labels that came say {rate:.0%} where {usual_rate:.0%} are usual: those of one kind are late"
        )
    score = min(0.95, 0.7 + gone) if one_sided else min(0.9, 0.5 + gone)
    return Cause("label_fault", "labels", score, sentence, {"labelled": share, "usual": usual, "observed": rate})


def _shares(days: Sequence[DayOutcome]) -> NDArray[np.float64]:
    return np.array([day.labelled / day.rows for day in days if day.rows])


def _order(situation: Situation) -> Cause | None:
    """Scores that no longer sort the rows of a window at all, or sort them the wrong way round."""
    now, before = _within(situation.outcomes), _within(situation.earlier)
    if not len(now) or len(before) < FEW_WINDOWS or np.mean(before) < 0.55:
        return None
    auc, usual = float(np.mean(now)), float(np.mean(before))
    left = (auc - 0.5) / (usual - 0.5)
    error = float(np.std(before, ddof=1)) / np.sqrt(len(now))
    if left > LOST or auc > usual - 3 * error:
        return None
    rates = [metric_values(days).get("observed", 0.0) for days in (situation.outcomes, situation.earlier)]
    evidence = {"roc_auc": auc, "usual": usual, "observed": rates[0], "usually_observed": rates[1]}
    what = f"within a window ROC AUC is {auc:.2f} where {usual:.2f} is usual"
    if left < TURNED:
        sentence = f"the labels look turned round: {what}; {rates[0]:.0%} happened where {rates[1]:.0%} are usual"
        return Cause("label_fault", "labels", 0.96, sentence, evidence)
    sentence = f"the labels do not seem to belong to these rows: {what}, as if they had been dealt at random"
    return Cause("label_fault", "labels", 0.85, sentence, evidence)


def _within(days: Sequence[DayOutcome]) -> NDArray[np.float64]:
    """ROC AUC of each window by itself, of those with labels enough."""
    values = [metric_values([day]).get("roc_auc", np.nan) for day in days if day.labelled >= FEWEST]
    return np.array([value for value in values if np.isfinite(value)])


def concept_drift(situation: Situation) -> list[Cause]:
    """Inputs steady, performance worse than its limit."""
    verdicts = [_verdict(situation, metric.name) for metric in situation.spec.metrics] if situation.outcomes else []
    bad = [one for one in verdicts if one.state == "beyond" and one.limit is not None]
    if not bad:
        return []
    worst = max(bad, key=lambda one: one.departure)
    departed = [name for name in situation.inputs if situation.has_departed(name)]
    steady = "while the inputs are as usual" if not departed else f"and {', '.join(departed)} differ too"
    sentence = (
        f"what is to be predicted has changed: {worst.metric} is {worst.value:.3f} from {worst.windows[0]} to "
        f"{worst.windows[1]}, beyond its limit {worst.limit:.3f}, {steady}"
    )
    evidence = {"metric": worst.metric, "value": worst.value, "limit": worst.limit, "departed": departed}
    return [Cause("concept_drift", worst.metric, 0.75 if not departed else 0.55, sentence, evidence)]


def _verdict(situation: Situation, name: str) -> Verdict:
    metric = next(metric for metric in situation.spec.metrics if metric.name == name)
    return verdict(situation.spec, situation.baseline, metric, situation.outcomes)


def staleness(situation: Situation) -> list[Cause]:
    """What is too old may be why the metrics are bad."""
    return [
        Cause("staleness", found.check.removeprefix("stale_"), 0.65, found.sentence, {"check": found.check})
        for found in situation.stale
    ]
