"""Performance before labels are in: learn from reference rows of each version, estimate each window, judge the run."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from typing import Any

from tidewatch.domain.checks.estimated import CHECK, judge_estimates
from tidewatch.domain.checks.intake import kinds_of
from tidewatch.domain.estimation.cbpe import Estimator, NothingToLearn, Usual, WindowEstimates
from tidewatch.domain.estimation.direct_loss import Fit, Losses, LossEstimator
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.multivariate.row_choice import ChosenRows, choose, sampled
from tidewatch.domain.table import Table
from tidewatch.operations.shelf import RowResult, Shelf
from tidewatch.ports.learning import Floats, Predict
from tidewatch.ports.tables import Tables

FIRST = "1"  # the version that was handed over, whose left-out scores are in the training data
MOST_ROWS = 1_000_000  # of scores, read of a file at random
MOST_FITTED = 50_000  # rows that models of a regression's errors are fitted to
SEED = 1


def learn_usual(shelf: Shelf, spec: ModelSpec, training: bytes) -> None:
    """From the training data, for the version that was handed over; seconds, for a regression up to a minute."""
    table = _rows(shelf.ports.tables, spec, training, "training.parquet", _columns(spec, labelled=True), _most(spec))
    learn_version(shelf, spec, FIRST, table)


def learn_version(shelf: Shelf, spec: ModelSpec, version: str, left_out: Table) -> None:
    """From rows that this version did not learn from, with scores and labels. Keeps what it learnt.

    Without them nothing is learnt, that is remembered, and the version is not estimated.
    """
    table, place = sampled(left_out, _most(spec), version), _place(version)
    learnt: dict[str, Any] = {}
    if all(name in left_out.columns for name in (*_answers(spec), spec.only("label"))):
        with suppress(NothingToLearn):
            learnt = _learn(shelf, spec, table)
    if learnt and spec.task == "regression":  # its models are made again from the same rows
        shelf.keep_sample(place, table)
    shelf.keep_learnt(place, {"for": _identity(spec), "learnt": learnt})


def look(shelf: Shelf, spec: ModelSpec, window: str, data: bytes) -> RowResult:
    """Estimate the window's performance by what its version taught, and judge the latest run of that version."""
    record = shelf.window(window)
    version = record.version if record else FIRST
    rows = _rows(shelf.ports.tables, spec, data, f"{window}.parquet", _columns(spec, labelled=False), MOST_ROWS)
    made = _estimated(shelf, spec, version, window, rows)
    if made is None:
        return RowResult(window, {}, [], [], [])
    usual, estimates = made
    found, judged = judge_estimates(spec, usual, [*_earlier(shelf, spec, window, version), estimates])
    found = [replace(finding, evidence={**finding.evidence, "version": version}) for finding in found]
    outcome = shelf.outcome(window)
    if outcome and outcome.labelled:  # what happened counts, not what was expected
        found = []
    # Only where labels are never judged may estimates say that performance is good again.
    good = [["performance", "performance"]] if judged and not found and not spec.metrics else []
    strange = [finding.subject for finding in found]
    return RowResult(window, estimates.as_dict(), strange, [finding.as_dict() for finding in found], good)


def _learn(shelf: Shelf, spec: ModelSpec, table: Table) -> dict[str, Any]:
    if spec.task == "regression":
        return LossEstimator.learn(spec, table, _fit(shelf)).losses.as_dict()
    return Estimator.learn(spec, table).as_dict()


def _estimated(
    shelf: Shelf, spec: ModelSpec, version: str, window: str, rows: Table
) -> tuple[Mapping[str, Usual], WindowEstimates] | None:
    learnt = _learnt(shelf, spec, version)
    if not learnt:
        return None
    if spec.task != "regression":
        estimator = Estimator.from_dict(learnt)
        return estimator.usual, estimator.estimate(spec, window, rows)
    losses, known = Losses.from_dict(learnt), shelf.sample(_place(version))
    if known is None:
        return None
    return losses.usual, LossEstimator.again(spec, known, _fit(shelf), losses).estimate(spec, window, rows)


def _learnt(shelf: Shelf, spec: ModelSpec, version: str) -> dict[str, Any]:
    """Empty for a version of which no left-out scores were ever seen, and for one learnt for another spec."""
    kept = shelf.learnt(_place(version))
    if (kept is None or kept["for"] != _identity(spec)) and version == FIRST:
        learn_usual(shelf, spec, shelf.training())
        kept = shelf.learnt(_place(version))
    return dict(kept["learnt"]) if kept and kept["for"] == _identity(spec) else {}


def _earlier(shelf: Shelf, spec: ModelSpec, window: str, version: str) -> list[WindowEstimates]:
    """Of the windows before it, as many as are judged together; only those that the same version scored."""
    before = islice((w for w in shelf.windows_before(window) if w.version == version), spec.estimation.windows - 1)
    results = [shelf.row_result(CHECK, record.window) for record in before]
    return [WindowEstimates.from_dict(result.values) for result in reversed(results) if result and result.values]


def _answers(spec: ModelSpec) -> list[str]:
    return [spec.only("prediction")] if spec.task == "regression" else spec.of_role("score")


def _columns(spec: ModelSpec, *, labelled: bool) -> list[str]:
    roles = {"score", "prediction"} | ({"label", "window"} if labelled else set())
    roles |= {"feature", "segment"} if spec.task == "regression" else set()
    return [name for name, column in spec.columns.items() if column.role in roles]


def _most(spec: ModelSpec) -> int:
    return MOST_FITTED if spec.task == "regression" else MOST_ROWS


def _rows(tables: Tables, spec: ModelSpec, data: bytes, file: str, columns: Iterable[str], most: int) -> Table:
    """So many rows of a file at random, the same ones each time; only columns that are there."""
    kinds = kinds_of(spec)
    there = tables.feed(data, file, {}, kinds)
    chosen = choose(there.rows, most, file)
    sinks = {name: ChosenRows(chosen) for name in columns if name in there.kinds}
    tables.feed(data, file, {name: sink.add for name, sink in sinks.items()}, kinds)
    return Table({name: sink.values for name, sink in sinks.items()}, {name: kinds[name] for name in sinks})


def _fit(shelf: Shelf) -> Fit:
    fit: Callable[[Floats, Floats, int, Sequence[int]], Predict] = shelf.ports.learning.regressor
    return lambda features, target, texts: fit(features, target, SEED, texts)


def _place(version: str) -> str:
    return f"{CHECK}/{version}"


def _identity(spec: ModelSpec) -> str:
    """Changes with everything in the spec that learning depends on."""
    roles = {name: (column.role, column.type, column.categories) for name, column in spec.columns.items()}
    asked = spec.model_dump_json(include={"task", "threshold", "costs", "estimation"})
    return hashlib.sha256(f"{roles}{asked}".encode()).hexdigest()[:16]
