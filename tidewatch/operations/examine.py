"""Look at one window: profile it once, check it many times."""

from dataclasses import dataclass
from itertools import islice

from tidewatch.domain.acceptance import usual_windows
from tidewatch.domain.baseline import Baseline, reference
from tidewatch.domain.fleet import OUT_OF
from tidewatch.domain.judgement import Judgement, judge
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.profile.profile import Profile
from tidewatch.operations.profiling import Counted, count
from tidewatch.operations.shelf import Shelf, WindowRecord


@dataclass(frozen=True)
class Examined(Judgement):
    profile: Profile


def usual_before(shelf: Shelf, spec: ModelSpec, baseline: Baseline, window: str) -> Profile:
    """The reference of a window: the accepted windows before it, or the training data, as the spec says."""
    if spec.drift.compare_with == "training":
        return reference(spec, usual_windows(baseline, []))
    accepted = (record.window for record in shelf.windows_before(window) if record.accepted)
    latest = [(name, shelf.profile(name, baseline)) for name in islice(accepted, spec.drift.windows)]
    known = [(name, profile) for name, profile in reversed(latest) if profile]
    return reference(spec, usual_windows(baseline, known, before=window))


def examine(shelf: Shelf, spec: ModelSpec, baseline: Baseline, window: str, counted: Counted) -> Examined:
    """Nothing is written."""
    usual = usual_before(shelf, spec, baseline, window)
    before = list(islice(shelf.windows_before(window), max(spec.drift.out_of, OUT_OF) - 1))
    earlier = [record.strange for record in reversed(before)]
    judged = judge(spec, baseline, window, usual, counted.profile, counted.samples, earlier)
    return Examined(judged.results, judged.findings, judged.strange, counted.profile)


def look_again(shelf: Shelf, window: str) -> tuple[str, Examined] | None:
    """The version that scored the window, and what its data as it lies in the store now looks like."""
    data = shelf.batch(window)
    if data is None:
        return None
    spec, record = shelf.spec(), shelf.window(window)
    version = record.version if record else "1"
    baseline = shelf.baseline(version)
    counted = count(shelf.ports.tables, data, f"{window}.parquet", spec, baseline)
    return version, examine(shelf, spec, baseline, window, counted)


def keep(shelf: Shelf, window: str, version: str, examined: Examined) -> None:
    """Remember the profile and the result. A window with findings is no example of what is usual."""
    shelf.keep_profile(window, examined.profile)
    findings = [finding.as_dict() for finding in examined.findings]
    shelf.keep_window(
        WindowRecord(window, version, examined.profile.rows, not findings, examined.strange, findings)
    )  # fmt: skip
