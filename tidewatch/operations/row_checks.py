"""Checks that read rows: slower than those on profiles, so they wait in a queue of their own."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tidewatch.domain.checks.estimated import CHECK
from tidewatch.domain.finding import Finding, Signal
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.operations import estimation, multivariate
from tidewatch.operations.report import note_good_window, report
from tidewatch.operations.shelf import RowResult, Shelf
from tidewatch.ports import Ports

QUEUE = "row-checks"


@dataclass(frozen=True)
class RowCheck:
    """`look` may be called again for the same window, and must then come to the same."""

    asked: Callable[[ModelSpec], bool]  # whether the spec wants it
    learn: Callable[[Shelf, ModelSpec, bytes], object]  # from the training data, when the model is handed over
    look: Callable[[Shelf, ModelSpec, str, bytes], RowResult]  # at a window's batch


ROW_CHECKS: Mapping[str, RowCheck] = {
    multivariate.CHECK: RowCheck(
        lambda spec: bool(spec.multivariate.methods), multivariate.learn_usual, multivariate.look
    ),
    CHECK: RowCheck(lambda spec: bool(spec.estimation.metrics), estimation.learn_usual, estimation.look),
}  # fmt: skip


class NoRowCheck(ValueError):
    """The message asks for nothing that is known here; the queue keeps it as poison."""


def ask(ports: Ports, spec: ModelSpec, window: str) -> None:
    """A message for each row check that the spec wants of a window."""
    for name, check in ROW_CHECKS.items():
        if check.asked(spec):
            ports.queue.send(QUEUE, json.dumps({"do": name, "model": spec.model, "window": window}))


def learn(shelf: Shelf, spec: ModelSpec, training: bytes) -> None:
    """What the row checks that the spec wants have to know beforehand."""
    for check in ROW_CHECKS.values():
        if check.asked(spec):
            check.learn(shelf, spec, training)


def carry_out(ports: Ports, body: str) -> None:
    """Look, report, remember. Delivered twice, it changes nothing. Raises NoRowCheck."""
    try:
        job = json.loads(body)
        name, model, window = job["do"], str(job["model"]), str(job["window"])
        ROW_CHECKS[name]
    except (ValueError, KeyError, TypeError) as error:
        raise NoRowCheck(f"not a row check: {body[:200]}") from error
    shelf = Shelf(ports, model)
    result = _looked(shelf, shelf.spec(), name, window)
    if result is None:
        return
    report(ports, [Finding.from_dict(record) for record in result.findings], f"rows:{window}", "queue")
    good = [Signal(model, family, group) for family, group in result.good]
    if good:
        note_good_window(ports, model, window, good, "queue")


def passes_again(shelf: Shelf, finding: Finding) -> bool:
    """Whether the row check behind the finding has nothing against the window as it lies in the store now."""
    result = _looked(shelf, shelf.spec(), finding.check, finding.window)
    return result is not None and bool(result.good)


def _looked(shelf: Shelf, spec: ModelSpec, name: str, window: str) -> RowResult | None:
    """The result for the window's batch, kept from before if exactly this batch was looked at; None without one."""
    data, check = shelf.batch(window), ROW_CHECKS[name]
    if data is None or not check.asked(spec):
        return None
    content = hashlib.sha256(data).hexdigest()
    kept = shelf.row_result(name, window)
    if kept is not None and kept.content == content:
        return kept
    result = check.look(shelf, spec, window, data).of(content)
    shelf.keep_row_result(name, result)
    return result
