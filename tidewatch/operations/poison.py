"""Work that failed again and again becomes an incident of its own: nothing is lost in silence."""

import hashlib

from tidewatch.domain.finding import Finding
from tidewatch.operations.report import report
from tidewatch.ports import Ports

OURSELVES = "tidewatch/operations"  # the model id under which Tidewatch reports its own trouble


def take_poison(ports: Ports, queue: str, body: str) -> None:
    digest = hashlib.sha256(body.encode()).hexdigest()[:12]
    sentence = f"a message in {queue} failed every time it was tried and was set aside: {body[:200]}"
    finding = Finding(
        OURSELVES, "poison", queue, "messages", 1.0, 0.0, "medium", digest, sentence, {"body": body[:2000]}
    )
    report(ports, [finding], f"poison:{queue}:{digest}", "queue")
