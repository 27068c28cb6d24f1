"""Does the model answer as it used to? Its confidence, and what its answers rest on.

Scores and predictions are compared like input columns (see drift). Here: the share of rows it is unsure about, and,
where attributions are delivered, whether the same features matter.
"""

import numpy as np

from tidewatch.domain.alarms import window_level
from tidewatch.domain.baseline import Baseline, attributed, unsure_share
from tidewatch.domain.finding import Finding
from tidewatch.domain.fleet import chance_of
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.profile import Profile

PART = 0.1  # of the alarm budget
FEWEST = 20  # rows; in fewer, a share says little
SMALL = 0.05  # a smaller share of unsure rows is never worth an alarm, unless the spec says so
LEAST_RANKING = 0.9  # of the ranking of features: below it, others matter than before


def findings(spec: ModelSpec, baseline: Baseline, usual: Profile, now: Profile, window: str) -> list[Finding]:
    return [*_confidence(spec, baseline, now, window), *_attributions(spec, usual, now, window)]


def _confidence(spec: ModelSpec, baseline: Baseline, now: Profile, window: str) -> list[Finding]:
    """Share of rows whose most likely answer has less than the spec's threshold of probability."""
    found = []
    for name in spec.of_role("score"):
        profile = now.columns.get(name)
        if spec.confidence is None or not isinstance(profile, NumberProfile) or not profile.rows:
            continue
        share, limit, doubt = unsure_share(spec, profile), spec.confidence.max_share, dict[str, float]()
        level = baseline.levels.get(name, {}).get("unsure")
        if limit is None and level is not None and profile.rows >= FEWEST:
            chance = window_level(spec, baseline) * PART
            by_chance = level.p_value("unsure", share)
            limit = 1.0 if by_chance >= chance else max(level.limit("unsure", chance), SMALL)
            doubt = chance_of(by_chance, chance)
        if limit is None or share <= limit:
            continue
        allowed = "allowed" if spec.confidence.max_share is not None else "usual"
        sentence = (
            f"the model is less than {spec.confidence.threshold:.0%} sure of its answer in {share:.0%} of "
            f"{profile.rows:,} rows of {window}, where up to {limit:.0%} is {allowed}"
        )
        evidence = {"statistics": {"unsure": round(share, 4)}, "limits": {"unsure": round(limit, 4)}} | doubt
        found.append(
            Finding(spec.model, "confidence", name, "share of unsure rows", round(share, 4), round(limit, 4), "medium",
                    window, sentence, evidence)
        )  # fmt: skip
    return found


def _attributions(spec: ModelSpec, usual: Profile, now: Profile, window: str) -> list[Finding]:
    """NDCG of the reference's ranking of features by mean |attribution|, with today's means as gains (Järvelin and
    Kekäläinen 2002): 1 when today's attributions rank the features as the reference does."""
    names = attributed(spec)
    means = [{n: _mean_size(profile.columns.get(n)) for n in names} for profile in (usual, now)]
    if len(names) < 2 or not all(any(mean.values()) for mean in means):
        return []
    before, today = means
    by_reference = sorted(names, key=lambda n: -before[n])
    value = _gain([today[n] for n in by_reference]) / _gain(sorted(today.values(), reverse=True))
    if value >= LEAST_RANKING:
        return []
    moved = max(names, key=lambda n: today[n] / sum(today.values()) - before[n] / sum(before.values()))
    shares = [mean[moved] / sum(mean.values()) for mean in (before, today)]
    sentence = (
        f"other features decide than before: the ranking of {window} agrees {value:.2f} with the usual one, where "
        f"{LEAST_RANKING:.2f} is the least; {names[moved]} now has {shares[1]:.0%} of the weight, "
        f"usually {shares[0]:.0%}"
    )
    evidence = {"statistics": {"ndcg": round(value, 4)}, "limits": {"ndcg": LEAST_RANKING}}
    return [
        Finding(spec.model, "attribution_drift", "attributions", "ndcg", round(value, 4), LEAST_RANKING, "medium",
                window, sentence, evidence)
    ]  # fmt: skip


def _mean_size(profile: object) -> float:
    if not isinstance(profile, NumberProfile) or not profile.rows:
        return 0.0
    return float((np.abs(profile.values) * profile.counts).sum() / profile.rows)


def _gain(sizes: list[float]) -> float:
    return float(sum(size / np.log2(place + 2) for place, size in enumerate(sizes)))
