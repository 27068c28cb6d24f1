"""What contradicts itself in a spec is told with its line and what to do; all of it at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.story import SPEC_TEXT
from tidewatch.domain.model_spec import TIERS, SpecError
from tidewatch.domain.performance.metrics import KINDS
from tidewatch.domain.spec.rules import ESTIMATED_OF_TASK, METRICS_OF_TASK
from tidewatch.domain.spec.text import Note, lint_spec, parse_spec

PROBE = "probes:\n  - {name: one, url: 'https://scoring/x', questions: [{send: {weight: 1}, expect: 0}]}\n"
REGRESSION = (
    SPEC_TEXT.replace("title: Parcels", "title: Parcels\ntask: regression")
    .replace("role: score", "role: prediction")
    .replace("calibration_gap", "mae")
)
MULTICLASS = (
    SPEC_TEXT.replace("title: Parcels", "title: Parcels\ntask: multiclass")
    .replace("colour: {type: text}", "colour: {type: text, role: prediction}")
    .replace("late: {type: number, role: label", "late: {type: text, role: label")
)


def notes(old: str, new: str, text: str = SPEC_TEXT) -> list[Note]:
    """What lint says once `old` reads `new`."""
    assert old in text
    return lint_spec(text.replace(old, new), "spec.yaml")


def mistakes(text: str) -> list[tuple[int, str]]:
    return [(note.line, note.sentence) for note in lint_spec(text, "spec.yaml") if note.mistake]


def test_a_sound_spec_of_every_task_has_nothing_said_about_it() -> None:
    assert lint_spec(SPEC_TEXT, "spec.yaml") == []
    assert lint_spec(REGRESSION, "spec.yaml") == []
    assert lint_spec(MULTICLASS, "spec.yaml") == []


@pytest.mark.parametrize(
    ("old", "new", "line", "phrase"),
    [
        # columns
        ("unit: pounds", "range: [9, 1]", 6, "its lowest value is above its highest; write [1, 9]"),
        ("unit: pounds", "range: [.nan, null]", 6, "a range goes from number to number; write null"),
        ("unit: pounds", "categories: [a]", 6, "categories are for text, not for a number"),
        ("colour: {type: text", "colour: {type: text, range: [0, 1]", 7, "list the allowed values as categories"),
        ("colour: {type: text", "colour: {type: boolean, range: [0, 1]", 7, "not for boolean; leave it out"),
        ("score: {type: number", "score: {type: text", 8, "a column of role score is of type number, not text"),
        ("late: {type: number", "late: {type: text", 9, "deliver 1 for positive and 0 for negative"),
        ("day: {type: text", "day: {type: time", 5, "from CSV a date is read as text when the spec says text"),
        ("colour: {type: text", "colour: {type: number, role: segment", 7, "deliver groups, such as '18-25'"),
        ("colour: {type: text", "colour: {type: text, attribution_of: weight", 7, "make the role attribution"),
        ("colour: {type: text", "colour: {type: number, role: attribution", 7, "add attribution_of: FEATURE"),
        (
            "colour: {type: text",
            "colour: {type: number, role: attribution, attribution_of: weigh",
            7,
            "'colour' explains weigh, which is no column, did you mean 'weight'?",
        ),
        (
            "colour: {type: text",
            "colour: {type: number, role: attribution, attribution_of: late",
            7,
            "explains late, which has the role label",
        ),
        (
            "colour: {type: text}",
            "a: {type: number, role: attribution, attribution_of: weight}\n"
            "  b: {type: number, role: attribution, attribution_of: weight}",
            8,
            "'b' explains weight, and so does a",
        ),
        # segments
        ("drift:", "segments: {columns: [color]}\ndrift:", 10, "is no column, did you mean 'colour'?"),
        ("drift:", "segments: {columns: [weight]}\ndrift:", 10, "is a number; deliver groups of it as a text column"),
        ("drift:", "segments: {columns: [day]}\ndrift:", 10, "has the role window; name a feature"),
        ("unit: pounds", "restored_by: [weight]", 6, "'weight' cannot be restored by itself"),
        ("unit: pounds", "restored_by: [color]", 6, "by 'color', which is no feature, did you mean 'colour'"),
        # metrics, costs, estimation
        ("name: calibration_gap", "name: mae", 12, "mae is no metric of a binary model; known here: accuracy, "),
        ("{name: calibration_gap, windows: 3, deviations: 4}", "{name: f1, limit: 80}", 12, "80 % is written 0.8"),
        ("{name: calibration_gap, windows: 3, deviations: 4}", "{name: log_loss, limit: -1}", 12, "is never below 0"),
        ("owners:", "  - {name: calibration_gap}\nowners:", 13, "calibration_gap is listed a second time"),
        ("owners:", "  - {name: business_cost}\nowners:", 13, "all costs are 0; say under costs what"),
        ("owners:", "estimation: {metrics: [r2]}\nowners:", 13, "r2 cannot be estimated without the labels"),
        ("owners:", "estimation: {metrics: [business_cost]}\nowners:", 13, "all costs are 0"),
        ("owners:", "confidence: {threshold: 0.4}\nowners:", 13, "choose a threshold between .5 and 1"),
        ("owners:", "multivariate: {methods: [pca]}\nowners:", 13, "pca looks at columns together and needs"),
        ("alarm_after: 2", "alarm_after: 4", 10, "can never be reached; make out_of 4 or more"),
        # people
        ("U0ANA", "ana@acme.com", 13, "is no user id; owners are the chat's ids such as U0ANA"),
        ("approvers: [L2, L3]", "approvers: [L1, L2]", 19, "L1 may not approve a retrained model; approvers"),
        ("approvers: [L2, L3]", "approvers: []", 19, "nobody may approve a retrained model; name L2 or L3"),
        # lengths of time
        ("owners:", "schedules: {batches_every: 2d}\nstaleness: {data: 1d}\nowners:", 14, "always alarm; allow 54h"),
        ("owners:", "schedules: {retraining_every: 9d}\nstaleness: {model: 8d}\nowners:", 14, "retrained every 9d"),
        ("owners:", "label_delay: 2d\nstaleness: {labels: 1d}\nowners:", 14, "known 2d after their window"),
        ("resolve_within: {L1: 4h", "resolve_within: {L1: 15m", 15, "give more time to resolve"),
        # rollout
        ("scoring:", "rollout: {canary: [0.25, 0.05]}\nscoring:", 18, "0.05 follows 0.25; write [0.05, 0.25]"),
        ("scoring:", "rollout: {canary: [5]}\nscoring:", 18, "5 % is written 0.05"),
        ("scoring:", "rollout: {canary: [0.5, 1]}\nscoring:", 18, "not 1; all traffic follows by itself"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_a_mistake_with_its_line(old: str, new: str, line: int, phrase: str) -> None:
    (note,) = notes(old, new)
    assert (note.line, note.mistake) == (line, True)
    assert phrase in note.sentence
    with pytest.raises(SpecError) as caught:
        parse_spec(SPEC_TEXT.replace(old, new), "spec.yaml")
    assert caught.value.mistakes == [f"spec.yaml line {line}: {note.sentence}"]


@pytest.mark.parametrize(
    ("old", "new", "line", "phrase"),
    [
        ("unit: pounds", "range: [null, null]", 6, "allows everything; leave it out"),
        ("colour: {type: text", "colour: {type: text, categories: [a, b, a]", 7, "a is listed more than once"),
        ("colour: {type: text", "'colour ': {type: text", 7, "begins or ends with a space"),
        ("colour: {type: text", "colour: {type: text, role: segment, sensitive: true", 7, "not be named in the chat"),
        ("deviations: 4}", "deviations: 4, limit: 0.1}", 12, "leave one of them out"),
        ("owners:", "costs: {false_negative: 5}\nowners:", 13, "add {name: business_cost} to metrics"),
        ("L1: [U0ANA], ", "", 13, "nobody of L1 is named, so the team's people of that tier are called"),
        ("[U0BEN, U0EVA], L3: [U0CARA]", "[U0BEN], L3: [U0BEN]", 19, "only U0BEN could approve, where 1 must"),
        ("approvers: [L2, L3]", "approvers: [L2, L3], quorum: 3", 19, "where 3 must and nobody approves"),
        ("owners:", "schedules: {batches_grace: 2h}\nowners:", 13, "without batches_every no batch is ever late"),
        ("owners:", "schedules: {batches_every: 1h, batches_grace: 2h}\nowners:", 13, "a shorter grace tells earlier"),
        (
            "owners:",
            "schedules: {batches_every: 1d, retraining_every: 7d}\nowners:",
            20,
            "14 windows kept back are 14d, more than the 7d between retrainings",
        ),
        ("resolve_within: {L1: 4h, ", "resolve_within: {", 16, "resolve_within says nothing for L1"),
        ("scoring: {", "scoring: { # FILL IN: which\n  ", 18, "still to be filled in: which"),
    ],
)  # fmt: skip
def test_what_is_only_doubtful_is_a_warning_and_accepted(old: str, new: str, line: int, phrase: str) -> None:
    (note,) = notes(old, new)
    assert (note.line, note.mistake) == (line, False)
    assert phrase in note.sentence
    assert note.told("spec.yaml").startswith(f"spec.yaml line {line}: warning: ")
    parse_spec(SPEC_TEXT.replace(old, new), "spec.yaml")


@pytest.mark.parametrize(
    ("old", "new", "phrase", "mistake"),
    [
        ("https://scoring/x", "ftp://scoring/x", "is no address; write https://HOST/PATH", True),
        ("https://scoring/x", "scoring", "is no address", True),
        ("https://scoring/x", "https://[1/x", "cannot be read", True),
        ("https://scoring/x", "https://me:word@scoring/x", "carries a password", True),
        ("name: one,", "name: one, secret: 'ey.J0.eXAi',", "this was the token itself, replace the token", True),
        ("name: one,", "name: one, timeout: 15m,", "until the next is due; shorten timeout", True),
        ("{weight: 1}", "{day: 2026-03-01}", "YAML reads as a date and JSON cannot send; put it in quotes", True),
        ("{weight: 1}", "{weight: .inf}", "the number inf, which JSON cannot send", True),
        ("expect: 0", "expect: .nan", "the number nan", True),
        (
            "name: one,",
            "name: one, max_latency_ms: 5000,",
            "gives up after 5,000 ms, so 5,000 ms are never passed",
            False,
        ),
        (
            "https://scoring/x",
            "http://scoring/x', secret: 'TOKEN",
            "has a token and asks over http, where it is never sent",
            True,
        ),
        (", expect: 0", "", "is content with any answer; add expect or min_confidence", False),
        ("expect: 0", "expect: late, tolerance: 1", "has a tolerance but expects no number", False),
    ],
)
def test_a_probe_that_cannot_be_asked_is_told(old: str, new: str, phrase: str, mistake: bool) -> None:
    assert lint_spec(SPEC_TEXT + PROBE, "spec.yaml") == []
    (note,) = notes(old, new, SPEC_TEXT + PROBE)
    assert phrase in note.sentence
    assert (note.line, note.mistake) == (21, mistake)
    assert "eXAi" not in note.sentence and "word@" not in note.sentence


def test_two_probes_have_two_names() -> None:
    twice = PROBE + PROBE.splitlines()[1].replace("url", "every: 1h, url")
    assert mistakes(SPEC_TEXT + twice) == [(22, "a probe named one exists already; give each its own name")]


@pytest.mark.parametrize(
    ("text", "old", "new", "phrase"),
    [
        (REGRESSION, "role: prediction", "role: feature", "exactly one column must have the role prediction, not 0"),
        (REGRESSION, "colour: {type: text", "colour: {type: number, role: score", "a regression has no score"),
        (REGRESSION, "score: {type: number", "score: {type: text", "of a regression model is of type number, not text"),
        (REGRESSION, "name: mae", "name: accuracy", "accuracy is no metric of a regression model"),
        (REGRESSION, "owners:", "confidence: {threshold: 0.8}\nowners:", "a regression has no probabilities"),
        (REGRESSION, "owners:", "estimation: {metrics: [r2]}\nowners:", "r2 cannot be estimated without the labels"),
        (MULTICLASS, "role: prediction", "role: feature", "exactly one column must have the role prediction, not 0"),
        (MULTICLASS, "role: score", "role: feature", "needs a column of role score: one a class"),
        (MULTICLASS, "calibration_gap", "log_loss", "needs one score column a class; add them, or leave it out"),
        (
            MULTICLASS.replace("score: {type: number, role: score}", "p_a: {type: number, role: score}\n"
            "  p_b: {type: number, role: score}"),
            "role: label", "role: label, categories: [a, b, c]",
            "the class c has no score column; each class has one whose name ends with '_c'",
        ),
    ],
)  # fmt: skip
def test_each_task_has_needs_of_its_own(text: str, old: str, new: str, phrase: str) -> None:
    said = notes(old, new, text)
    assert any(note.mistake and phrase in note.sentence for note in said), said


def test_all_mistakes_are_told_at_once_though_plain_ones_hide_the_others() -> None:
    text = (
        SPEC_TEXT.replace("title: Parcels", "titel: Parcels")
        .replace("weight: {type: number", "weight: {type: float, range: [9, 1]")
        .replace("windows: 10", "windows: 1")
        .replace("alarm_after: 2", "alarm_after: 5")
        .replace("U0CARA", "cara@acme.com")
        .replace("approvers: [L2, L3]", "approvers: [L1], timeout: 15 min")
    )
    assert [line for line, _ in mistakes(text)] == [1, 2, 6, 6, 10, 10, 13, 19, 19]


def test_what_rests_on_a_guess_is_not_told() -> None:
    """A column of no known role may be the one that is missing."""
    (said,) = mistakes(SPEC_TEXT.replace("role: score", "role: zzz"))
    assert "'columns.score.role'" in said[1]


@given(st.data())
def test_whatever_is_left_out_or_broken_is_answered_with_sentences(data: st.DataObject) -> None:
    lines = SPEC_TEXT.splitlines()
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(lines) - 1))
        line = lines[place]
        cut = data.draw(st.integers(0, len(line)))
        change = st.sampled_from(["", line[:cut], line[cut:], line.replace(":", ": {}", 1), line + line, "  x: null"])
        lines[place] = data.draw(change)
    try:
        for note in lint_spec("\n".join(lines), "spec.yaml"):
            assert 1 <= note.line <= len(lines) and note.sentence and "\n" not in note.sentence
    except SpecError as error:
        assert error.mistakes


def test_every_metric_is_of_some_task_and_estimates_are_metrics() -> None:
    assert {name for names in METRICS_OF_TASK.values() for name in names} == set(KINDS)
    for task, names in ESTIMATED_OF_TASK.items():
        assert set(names) <= set(METRICS_OF_TASK[task])


def test_a_tier_with_an_empty_list_is_warned_of_like_one_left_out() -> None:
    said = notes("owners: {L1: [U0ANA], L2: [U0BEN, U0EVA], L3: [U0CARA]}", "owners: {L1: [], L2: []}")
    assert [note.sentence[: len("nobody of L1")] for note in said] == [f"nobody of {tier}" for tier in TIERS]
    assert not any(note.mistake for note in said)


def test_a_script_that_is_not_there_is_a_warning() -> None:
    said = lint_spec(SPEC_TEXT, "spec.yaml", exists=lambda name: name == "train.py")
    assert [(note.line, note.mistake) for note in said] == [(18, False)]
    assert said[0].sentence == "there is no score.py in the folder of the spec, where it will be run"
