"""Does the endpoint do now what it did not do when a finding was made? Asked before an incident is resolved."""

from tidewatch.domain.checks.telemetry import REQUESTS, USE, good
from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.operations.probe import ask_now
from tidewatch.operations.take_telemetry import latest_measures
from tidewatch.ports import Ports


def endpoint_again(ports: Ports, spec: ModelSpec, finding: Finding) -> str:
    """A sentence when it does: the probe asked at this moment, the newest window of telemetry. Else empty."""
    if finding.subject not in (REQUESTS, USE):
        return (
            f"the probe {finding.subject} is answered well again" if ask_now(ports, spec, finding.subject) == [] else ""
        )
    for newest in latest_measures(ports, spec.model, 1):
        if newest.window > finding.window and finding.subject in good(spec, newest):
            return f"the endpoint keeps its limits again in the window {newest.window}"
    return ""
