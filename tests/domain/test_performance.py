"""When a model's results are out of order, and when it is too early to say."""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tests.domain.labelled import binary_day, number_day, spec_of
from tests.domain.story import SPEC, spec_with
from tidewatch.domain.baseline import Baseline
from tidewatch.domain.checks.performance import Strange, findings, judge, judge_metrics
from tidewatch.domain.finding import Finding, Signal
from tidewatch.domain.levels import Level
from tidewatch.domain.model_spec import Costs, Metric, ModelSpec
from tidewatch.domain.performance.outcomes import DayOutcome, level_key
from tidewatch.domain.performance.usual import metric_levels
from tidewatch.domain.performance.verdicts import limit

USUAL = Baseline(
    {}, {}, {}, metrics={"calibration_gap": Level(-0.02, 0.01, 30), "log_loss": Level(0.5, 0.02, 30)}
)  # so the gap may be .06 and the loss, at 4 deviations, .58
UNKNOWN = Baseline({}, {}, {})


def day(number: int, late: float = 0.2, loss: float = 0.5, rows: int = 100) -> DayOutcome:
    """The model said .2 for every row."""
    return DayOutcome(f"2026-03-{number:02d}", "2", rows, rows, late * rows, 0.2 * rows, loss * rows)


def days(*late: float) -> list[DayOutcome]:
    return [day(number, share) for number, share in enumerate(late, 1)]


def waiting(number: int) -> DayOutcome:
    return DayOutcome(f"2026-03-{number:02d}", "2", 100, 0, 0.0, 0.0, 0.0)


def test_results_in_the_usual_range_are_judged_and_say_nothing() -> None:
    assert judge(SPEC, USUAL, days(0.25, 0.2, 0.3)) == ([], True)


@pytest.mark.parametrize(("late", "share"), [(0.4, "40%"), (0.05, "5%")], ids=["too many", "too few"])
def test_a_gap_to_either_side_is_a_finding_with_its_numbers(late: float, share: str) -> None:
    findings, judged = judge(SPEC, USUAL, days(late, late, late))
    assert judged
    (found,) = findings
    assert (found.check, found.subject, found.window, found.severity) == (
        "calibration_gap", "calibration_gap", "2026-03-03", "high",
    )  # fmt: skip
    assert found.value == pytest.approx(abs(late - 0.2)) and found.threshold == pytest.approx(0.06)
    assert found.sentence.startswith(
        f"the model said 20% late parcels where {share} were, 2026-03-01 to 2026-03-03: {abs(late - 0.2) * 100:.0f} "
    )
    assert found.evidence["windows"] == ["2026-03-01", "2026-03-03"]
    assert (found.evidence["rows"], found.evidence["version"]) == (300, "2")


def test_one_bad_day_among_good_ones_is_no_finding() -> None:
    assert judge(SPEC, USUAL, days(0.2, 0.37, 0.2))[0] == []


def test_the_same_badness_over_all_windows_is() -> None:
    assert judge(SPEC, USUAL, days(0.28, 0.28, 0.28))[0] != []


def test_only_the_latest_windows_count() -> None:
    assert judge(SPEC, USUAL, days(0.9, 0.9, 0.2, 0.2, 0.2))[0] == []


@pytest.mark.parametrize("many", [0, 1, 2])
def test_nothing_is_judged_before_there_are_enough_windows(many: int) -> None:
    assert judge(SPEC, USUAL, days(*[0.9] * many)) == ([], False)


def test_without_a_limit_and_without_training_windows_nothing_is_judged() -> None:
    assert judge(SPEC, UNKNOWN, days(0.9, 0.9, 0.9)) == ([], False)


def test_the_builders_limit_wins_over_what_was_learnt() -> None:
    own = spec_with(metrics=[{"name": "calibration_gap", "windows": 3, "limit": 0.25}])
    assert judge(own, USUAL, days(0.4, 0.4, 0.4)) == ([], True)
    (found,) = judge(own, USUAL, days(0.5, 0.5, 0.5))[0]
    assert found.threshold == 0.25


def test_the_builders_limit_needs_no_training_windows() -> None:
    own = spec_with(metrics=[{"name": "log_loss", "windows": 2, "limit": 0.6}])
    (found,) = judge(own, UNKNOWN, [day(1, loss=0.7), day(2, loss=0.7)])[0]
    assert found.check == "log_loss"
    assert found.sentence.startswith("log loss 0.700, 2026-03-01 to 2026-03-02, where up to 0.600 is allowed")


def test_a_usual_bias_widens_the_gap_that_is_allowed_and_a_small_loss_is_never_wrong() -> None:
    assert limit(Metric(name="calibration_gap"), USUAL) == pytest.approx(0.06)
    assert limit(Metric(name="log_loss"), USUAL) == pytest.approx(0.58)
    assert limit(Metric(name="log_loss"), UNKNOWN) is None
    losses = spec_with(metrics=[{"name": "log_loss", "windows": 1}])
    assert judge(losses, USUAL, [day(1, loss=0.01)]) == ([], True)


def test_each_metric_is_judged_over_windows_of_its_own() -> None:
    both = spec_with(metrics=[{"name": "calibration_gap", "windows": 2}, {"name": "log_loss", "windows": 9}])
    findings, judged = judge(both, USUAL, [day(1, 0.5, loss=5), day(2, 0.5, loss=5)])
    assert judged and [found.check for found in findings] == ["calibration_gap"]


def test_windows_without_a_single_label_are_not_judged() -> None:
    assert judge(SPEC, USUAL, [waiting(1), waiting(2), waiting(3)]) == ([], False)


# --- every metric, and how sure it must be ---------------------------------------------------------------------


def own(metric: str, **given: Any) -> ModelSpec:
    return spec_of("binary", metrics=[{"name": metric, "windows": 3} | given])


def learnt(**levels: Level) -> Baseline:
    return Baseline({}, {}, {}, metrics=levels)


def scored(number: int, right: float, rows: int = 100, spec: ModelSpec | None = None, **columns: Any) -> DayOutcome:
    """Half of the rows are positive; a share `right` of each kind is decided rightly."""
    labels = np.arange(rows) % 2
    hit = np.arange(rows) < round(right * rows)
    scores = np.where(hit == (labels == 1), 0.8, 0.3)
    return binary_day(scores, labels, f"2026-03-{number:02d}", spec=spec, **columns)


@pytest.mark.parametrize(
    ("metric", "limit"),
    [("accuracy", 0.8), ("precision", 0.8), ("recall", 0.8), ("f1", 0.8), ("roc_auc", 0.8), ("log_loss", 0.5),
     ("brier", 0.2), ("business_cost", 1.0)],
)  # fmt: skip
def test_every_metric_is_found_on_its_worse_side_only(metric: str, limit: float) -> None:
    spec = own(metric, limit=limit)
    spec = spec.model_copy(update={"costs": Costs(false_positive=2, false_negative=6)})
    bad, good = ([scored(number, right) for number in (1, 2, 3)] for right in (0.6, 0.95))
    (found,) = judge(spec, UNKNOWN, bad)[0]
    assert (found.check, found.subject, found.threshold, found.family) == (metric, metric, limit, "performance")
    assert judge(spec, UNKNOWN, good) == ([], True)


def test_the_sentence_says_how_sure_it_is_and_the_evidence_says_why() -> None:
    (found,) = judge(own("accuracy", limit=0.8), UNKNOWN, [scored(number, 0.6) for number in (1, 2, 3)])[0]
    assert found.sentence == (
        "accuracy 60%, 2026-03-01 to 2026-03-03, where at least 80% is required (90% interval 55% to 64%, 300 labels)"
    )
    assert found.evidence["interval"] == pytest.approx([0.553, 0.646], abs=0.002)
    assert (found.evidence["interval_from"], found.evidence["limit_from"]) == ("rows", "spec")
    assert found.evidence["values"]["recall"] == 0.6 and found.evidence["rows"] == 300


def test_numbers_that_would_read_alike_get_another_digit() -> None:
    run = [scored(number, 0.9724, 50_000) for number in (1, 2, 3)]
    (found,) = judge(own("accuracy", limit=0.975), UNKNOWN, run)[0]
    assert found.sentence.startswith("accuracy 97.2%, 2026-03-01 to 2026-03-03, where at least 97.5% is required")


def test_twelve_labels_page_nobody_and_are_no_good_news_either() -> None:
    few = [scored(number, 0.25, 4) for number in (1, 2, 3)]
    spec = own("accuracy", limit=0.9)
    assert judge(spec, UNKNOWN, few) == ([], False)
    (judged,) = judge_metrics(spec, UNKNOWN, few)
    assert judged.whole.state == "few labels"
    assert judged.whole.as_dict()["labelled"] == 12 and judged.whole.as_dict()["value"] == pytest.approx(0.25)


def test_a_value_just_beyond_the_limit_is_neither_a_finding_nor_good_news() -> None:
    spec, run = own("accuracy", limit=0.8), [scored(number, 0.78) for number in (1, 2, 3)]
    assert judge(spec, UNKNOWN, run) == ([], False)
    assert judge_metrics(spec, UNKNOWN, run)[0].whole.state == "unclear"


def test_a_limit_learnt_from_windows_is_crossed_by_the_value_itself() -> None:
    usual = learnt(accuracy=Level(0.85, 0.01, 30))  # so .81 is allowed
    run = [scored(number, 0.8) for number in (1, 2, 3)]
    (found,) = judge(own("accuracy"), usual, run)[0]
    assert found.threshold == pytest.approx(0.81) and "where at least 81% is usual" in found.sentence
    assert judge(own("accuracy"), usual, [scored(number, 0.82) for number in (1, 2, 3)]) == ([], True)


def test_a_learnt_limit_is_not_crossed_when_so_few_labels_alone_could_have_done_it() -> None:
    usual = learnt(accuracy=Level(0.85, 0.01, 30))
    assert judge(own("accuracy"), usual, [scored(number, 0.8, 14) for number in (1, 2, 3)]) == ([], False)


def test_a_metric_that_is_not_defined_is_not_judged() -> None:
    nobody = [binary_day([0.1] * 50, [0.0] * 50, f"2026-03-0{number}") for number in (1, 2, 3)]
    for metric in ("precision", "recall", "roc_auc", "mae"):
        assert judge(own(metric, limit=0.9), UNKNOWN, nobody) == ([], False)


def test_a_regression_is_told_in_the_unit_of_its_label() -> None:
    spec = spec_of("regression", metrics=[
        {"name": "mae", "windows": 1, "limit": 3.0}, {"name": "calibration_gap", "windows": 1, "limit": 2.0},
    ])  # fmt: skip
    truth = np.linspace(10, 50, 60)
    gap, mae = judge(spec, UNKNOWN, [number_day(truth - 5 + np.arange(60) % 2, truth)])[0][::-1]
    assert mae.sentence.startswith("mean absolute error 4.5 minutes, 2026-03-01, where up to 3 minutes is allowed")
    assert gap.sentence == (
        "the model said 25.5 minutes on average where it was 30 minutes, 2026-03-01: 4.5 minutes apart, "
        "up to 2 minutes is allowed"
    )


def test_costs_are_told_with_their_currency() -> None:
    spec = own("business_cost", limit=1.0).model_copy(update={"costs": Costs(false_negative=10, currency="EUR")})
    (found,) = judge(spec, UNKNOWN, [scored(number, 0.6) for number in (1, 2, 3)])[0]
    assert found.sentence.startswith("cost 2.00 EUR a row, 2026-03-01 to 2026-03-03, where up to 1.00 EUR a row is")


# --- segments --------------------------------------------------------------------------------------------------


def by_carrier(sensitive: bool = False, **parts: Any) -> ModelSpec:
    carrier = {"type": "text", "role": "segment", "sensitive": sensitive}
    return spec_of("binary", {"carrier": carrier}, **{"metrics": [{"name": "accuracy", "windows": 3}]} | parts)


def two_carriers(spec: ModelSpec, large: float, small: float, rows: int = 100) -> list[DayOutcome]:
    """AA has nine times as many rows as UA."""
    made = []
    for number in (1, 2, 3):
        labels = np.arange(10 * rows) % 2
        whose = np.array(["AA"] * 9 * rows + ["UA"] * rows, dtype=object)
        place = np.concatenate([np.arange(9 * rows) / (9 * rows), np.arange(rows) / rows])
        hit = place < np.where(whose == "AA", large, small)
        scores = np.where(hit == (labels == 1), 0.8, 0.3)
        made.append(binary_day(scores, labels, f"2026-03-{number:02d}", spec=spec, carrier=whose))
    return made


SEGMENTS = learnt(
    accuracy=Level(0.85, 0.02, 30),
    **{level_key("accuracy", "carrier", name): Level(0.85, 0.02, 30) for name in ("AA", "UA")},
)


def test_a_segment_that_became_bad_is_found_behind_a_good_whole() -> None:
    spec = by_carrier()
    (found,) = judge(spec, SEGMENTS, two_carriers(spec, 0.86, 0.6))[0]
    assert found.sentence.startswith("where carrier is UA, accuracy 60%, 2026-03-01 to 2026-03-03, where at least 77%")
    assert (found.check, found.subject, found.severity) == ("accuracy", "accuracy", "medium")
    assert found.evidence["segment"] == {"column": "carrier", "value": "UA", "metric_value": 0.6, "rows": 300}


def test_when_the_whole_is_bad_the_worst_segment_is_named() -> None:
    spec = by_carrier()
    (found,) = judge(spec, SEGMENTS, two_carriers(spec, 0.76, 0.3))[0]
    assert found.severity == "high" and found.sentence.startswith("accuracy 71%")
    assert found.sentence.endswith("; most of all where carrier is UA")
    assert found.evidence["segment"]["value"] == "UA"


def test_the_value_of_a_sensitive_segment_is_in_no_sentence_and_no_evidence() -> None:
    spec = by_carrier(sensitive=True)
    (found,) = judge(spec, SEGMENTS, two_carriers(spec, 0.86, 0.6))[0]
    assert found.sentence.startswith("in one group by carrier, accuracy 60%")
    assert "UA" not in json.dumps(found.as_dict())


def test_a_small_segment_is_not_judged_by_itself() -> None:
    spec = by_carrier(segments={"min_rows": 50})
    assert judge(spec, SEGMENTS, two_carriers(spec, 0.86, 0.2, rows=10)) == ([], True)


def test_a_segment_that_was_always_worse_is_compared_with_itself() -> None:
    always = learnt(
        accuracy=Level(0.85, 0.02, 30),
        **{level_key("accuracy", "carrier", "UA"): Level(0.6, 0.02, 30)},
    )
    spec = by_carrier()
    assert judge(spec, always, two_carriers(spec, 0.88, 0.6)) == ([], True)


def test_the_more_segments_are_looked_at_the_further_one_must_be_off() -> None:
    spec = by_carrier(segments={"min_rows": 10, "most": 20})
    names = [f"C{number:02d}" for number in range(20)]
    levels = {level_key("accuracy", "carrier", name): Level(0.85, 0.02, 30) for name in names}

    def of_carriers(many: int) -> list[DayOutcome]:
        whose, labels = np.repeat(np.array(names[:many], dtype=object), 500), np.arange(500 * many) % 2
        place = np.tile(np.arange(500) / 500, many)
        hit = place < np.where(whose == "C00", 0.765, 0.86)  # 4.25 of its standard deviations below
        scores = np.where(hit == (labels == 1), 0.8, 0.3)
        return [binary_day(scores, labels, f"2026-03-0{n}", spec=spec, carrier=whose) for n in (1, 2, 3)]

    assert len(judge(spec, learnt(**levels), of_carriers(1))[0]) == 1
    assert judge(spec, learnt(**levels), of_carriers(20))[0] == []


def test_levels_of_segments_are_learnt_beside_those_of_the_whole() -> None:
    spec = by_carrier()
    days_of_training = [
        outcome for start in range(1, 28, 3) for outcome in two_carriers(spec, 0.86 + start / 1000, 0.7 - start / 1000)
    ]
    levels = metric_levels(spec, days_of_training)
    assert set(levels) == {"accuracy", "accuracy where carrier is AA", "accuracy where carrier is UA"}
    assert levels["accuracy where carrier is UA"].mean < 0.7 < levels["accuracy where carrier is AA"].mean


# --- concept drift ---------------------------------------------------------------------------------------------


def test_a_bad_metric_says_what_the_inputs_were_like() -> None:
    spec, run = own("accuracy", limit=0.8), [scored(number, 0.6) for number in (1, 2, 3)]
    (steady,) = judge(spec, UNKNOWN, run, lambda _: [])[0]
    (strange,) = judge(spec, UNKNOWN, run, lambda _: ["weight", "colour"])[0]
    assert steady.evidence["inputs"] == "steady"
    assert steady.sentence.endswith("; the inputs were as usual, so the labels, or what the inputs mean, have changed")
    assert strange.evidence["strange_inputs"] == {"weight": 3, "colour": 3}
    assert strange.sentence.endswith("; weight and 1 more columns came distributed differently in 3 of the 3 windows")


def test_a_column_that_was_strange_once_leaves_the_inputs_steady() -> None:
    spec, run = own("accuracy", limit=0.8), [scored(number, 0.6) for number in (1, 2, 3)]
    once = {"2026-03-02": ["weight"]}
    (found,) = judge(spec, UNKNOWN, run, lambda window: once.get(window, []))[0]
    assert found.evidence["inputs"] == "steady"


EARLIER = [0.9, 0.91, 0.89, 0.9, 0.92, 0.9, 0.88, 0.9, 0.91, 0.9]


def drifted(right: float, strange: Strange = lambda _: [], earlier: Sequence[float] = EARLIER) -> list[Finding]:
    spec, run = own("accuracy", limit=0.6), [scored(number, right) for number in (1, 2, 3)]
    return findings(spec, run, judge_metrics(spec, UNKNOWN, run), strange, lambda _: earlier)


def test_within_its_limit_a_metric_far_below_its_own_history_is_concept_drift() -> None:
    (found,) = drifted(0.7)
    assert (found.check, found.subject, found.severity) == ("concept_drift", "accuracy", "medium")
    assert found.signal == Signal("acme/parcels", "performance", "performance")
    assert found.sentence.startswith(
        "accuracy 70%, 2026-03-01 to 2026-03-03, where the same version had 90% on average over 10 runs"
    )
    assert 0.7 < found.threshold < 0.88


def test_a_metric_like_its_own_history_or_better_is_not() -> None:
    assert drifted(0.87) == drifted(0.99) == []


def test_strange_or_unknown_inputs_and_a_short_history_prove_no_concept_drift() -> None:
    assert drifted(0.7, lambda _: ["weight"]) == drifted(0.7, lambda _: None) == drifted(0.7, earlier=EARLIER[:7]) == []


def test_a_history_that_never_varied_is_no_reason_to_alarm_at_noise() -> None:
    assert drifted(0.87, earlier=[0.9] * 10) == []
    assert len(drifted(0.7, earlier=[0.9] * 10)) == 1
