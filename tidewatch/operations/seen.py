"""Somebody saw something: a manual report enters the same log as a check's finding."""

import difflib

from tidewatch.domain.events import Cause, Draft
from tidewatch.domain.finding import Finding
from tidewatch.domain.people import Refused
from tidewatch.operations.journal import keep_text, record_known
from tidewatch.operations.report import report
from tidewatch.operations.shelf import MODELS, Shelf, UnknownModel
from tidewatch.ports import Ports


def report_seen(ports: Ports, model: str, text: str, cause: Cause) -> str:
    """Opens an incident, or adds to the one that is open; gives its id. Raises Refused.

    What was seen is free text: it lies beside the stream, and the finding only says that somebody saw something.
    """
    ports.people.allow(cause.actor, "report", model)
    try:
        Shelf(ports, model).spec()
    except UnknownModel:
        raise Refused(f"There is no model {model}. {_known(ports, model)}") from None
    finding = Finding(
        model, "reported", "report", "reports", 1.0, 0.0, "medium", f"{ports.clock.now():%Y-%m-%d}",
        "somebody reported what they saw; it stands in the thread",
    )  # fmt: skip
    (incident,) = report(ports, [finding], f"reported:{cause.key}", cause.via)
    kept = keep_text(ports, incident, text, cause.actor)
    record_known(ports, incident, cause, lambda _: [Draft("reported", {"text": kept})])
    return incident


def _known(ports: Ports, model: str) -> str:
    names = [b.name.removesuffix("/spec.yaml") for b in ports.blobs.list(MODELS) if b.name.endswith("/spec.yaml")]
    close = difflib.get_close_matches(model, names, n=1) or [name for name in names if name.endswith(f"/{model}")][:1]
    return f"Did you mean {close[0]}?" if close else f"There are: {', '.join(names[:10]) or 'none'}."
