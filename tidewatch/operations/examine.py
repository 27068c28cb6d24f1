"""Look at one window: profile it once, check it many times."""

from dataclasses import dataclass
from itertools import islice

from tidewatch.domain.baseline import Baseline, profile_table, reference
from tidewatch.domain.checks import drift
from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.profile import Profile
from tidewatch.domain.table import Table
from tidewatch.operations.shelf import Shelf, WindowRecord


@dataclass(frozen=True)
class Examined:
    profile: Profile
    usual: Profile
    results: list[drift.ColumnResult]
    findings: list[Finding]

    @property
    def strange(self) -> list[str]:
        return [result.column for result in self.results if result.strange or result.scale]


def usual_before(shelf: Shelf, spec: ModelSpec, baseline: Baseline, window: str) -> Profile:
    """The reference of a window: the accepted windows before it, or the training data, as the spec says."""
    training = [profile for name, profile in baseline.windows.items() if name < window or name == "all"]
    if spec.drift.compare_with == "training":
        return reference(spec, training)
    accepted = (record.window for record in shelf.windows_before(window) if record.accepted)
    latest = [shelf.profile(name) for name in islice(accepted, spec.drift.windows)]
    return reference(spec, training + [profile for profile in reversed(latest) if profile])


def examine(shelf: Shelf, spec: ModelSpec, baseline: Baseline, window: str, table: Table) -> Examined:
    """Nothing is written."""
    profile = profile_table(table, spec, baseline.scales)
    usual = usual_before(shelf, spec, baseline, window)
    results = drift.compare(spec, baseline, usual, profile, table)
    before = list(islice(shelf.windows_before(window), spec.drift.out_of - 1))
    earlier = [set(record.strange) for record in reversed(before)]
    return Examined(profile, usual, results, drift.findings(spec, window, results, earlier))


def keep(shelf: Shelf, window: str, version: str, examined: Examined) -> None:
    """Remember the profile and the result. A window with findings is no example of what is usual."""
    shelf.keep_profile(window, examined.profile)
    findings = [finding.as_dict() for finding in examined.findings]
    shelf.keep_window(
        WindowRecord(window, version, examined.profile.rows, not findings, examined.strange, findings)
    )  # fmt: skip
