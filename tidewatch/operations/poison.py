"""Work that failed again and again becomes an incident of its own: nothing is lost in silence."""

import hashlib
import json
from contextlib import suppress

from tidewatch.domain.finding import Finding
from tidewatch.operations.journal import UnknownIncident
from tidewatch.operations.report import report
from tidewatch.operations.retrain import abandon_retraining
from tidewatch.ports import Ports

OURSELVES = "tidewatch/operations"  # the model id under which Tidewatch reports its own trouble


def take_poison(ports: Ports, queue: str, body: str) -> None:
    digest = hashlib.sha256(body.encode()).hexdigest()[:12]
    sentence = f"a message in {queue} failed every time it was tried and was set aside: {body[:200]}"
    finding = Finding(
        OURSELVES, "poison", queue, "messages", 1.0, 0.0, "medium", digest, sentence, {"body": body[:2000]}
    )
    report(ports, [finding], f"poison:{queue}:{digest}", "queue")
    _give_up(ports, body)


def _give_up(ports: Ports, body: str) -> None:
    """A retraining that will never end must not bar the next one. Whatever else became poison waits for nobody."""
    try:
        job = json.loads(body)
        incident, key = (job["incident"], job["key"]) if job["do"] == "retrain" else ("", "")
    except (ValueError, KeyError, TypeError):
        return
    with suppress(UnknownIncident):
        if incident:
            abandon_retraining(ports, incident, key, "the worker that trained it died again and again")
