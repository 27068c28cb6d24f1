"""Work from the queue: parsed, authorised commands with ids of their own, never a raw request."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tidewatch.domain.events import Cause
from tidewatch.operations.approvals import carry_out_approved
from tidewatch.operations.deliver import deliver
from tidewatch.operations.page import page
from tidewatch.operations.post_mortem import attach_timeline
from tidewatch.operations.probe import run_probe
from tidewatch.operations.relearn import relearn
from tidewatch.operations.respond import carry_out_resolution
from tidewatch.operations.retell import retell
from tidewatch.operations.retrain import carry_out_retraining
from tidewatch.operations.runbooks import carry_out_run
from tidewatch.operations.timeliness import tell_overdue
from tidewatch.ports import Ports

JOBS: Mapping[str, Callable[[Ports, Mapping[str, Any]], None]] = {
    "deliver": lambda ports, job: deliver(ports, job["incident"]),
    "page": lambda ports, job: page(ports, job["incident"]),
    "attach_timeline": lambda ports, job: attach_timeline(ports, job["incident"]),
    "retell": lambda ports, job: retell(ports, job["incident"], set(job["texts"])),
    "run_runbook": lambda ports, job: carry_out_run(ports, job["incident"], job["run"]),
    "retrain": lambda ports, job: carry_out_retraining(ports, job["incident"], job["requested_by"], job["key"]),
    "relearn": lambda ports, job: relearn(ports, job["incident"]),
    "approved": lambda ports, job: carry_out_approved(ports, job["incident"], job["request"]),
    "timeliness": lambda ports, job: tell_overdue(ports, job["model"], job["entry"], job["etag"]),
    "probe": lambda ports, job: run_probe(ports, job["model"], job["probe"], job["run"]),
    "resolve": lambda ports, job: carry_out_resolution(
        ports, job["incident"], job["reason"], Cause(**json.loads(job["cause"]))
    ),
}


class UnknownJob(ValueError):
    """The message is not a job of this Tidewatch; the queue keeps it as poison."""


def carry_out(ports: Ports, body: str) -> None:
    """Raises UnknownJob for what is no job; whatever a job raises lets the queue deliver it again."""
    try:
        job = json.loads(body)
        work = JOBS[job["do"]]
    except (ValueError, KeyError, TypeError) as error:
        raise UnknownJob(f"not a job: {body[:200]}") from error
    work(ports, job)
