"""Every check of profiles, on one window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tidewatch.domain import alarms
from tidewatch.domain.baseline import Baseline
from tidewatch.domain.checks import drift, output, quality, segments
from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.profile.grid import Numbers
from tidewatch.domain.profile.profile import Profile


@dataclass(frozen=True)
class Judgement:
    results: list[drift.ColumnResult]
    findings: list[Finding]
    strange: list[str]  # columns with any departure, those included that are no alarm yet


def judge(
    spec: ModelSpec,
    baseline: Baseline,
    window: str,
    usual: Profile,
    now: Profile,
    samples: Mapping[str, Numbers],
    earlier: Sequence[Sequence[str]],
) -> Judgement:
    """`samples` are rows behind `now` (see drift.compare); `earlier` holds the strange columns of the windows before,
    the latest last."""
    results = drift.compare(spec, baseline, usual, now, samples)
    checked: tuple[tuple[list[Finding], list[Finding]], ...] = (
        drift.findings(spec, window, results),
        quality.findings(spec, baseline, usual, now, window),
        (output.findings(spec, baseline, usual, now, window), []),
    )
    certain, passing = ([finding for found in checked for finding in found[kind]] for kind in (0, 1))
    loud, doubtful = ({finding.subject for finding in some} for some in (certain, passing))
    more = segments.findings(spec, baseline, usual, now, window, loud, doubtful)
    certain, passing = certain + more[0], passing + more[1]
    strange = list(dict.fromkeys(finding.subject for finding in certain + passing))
    found = quality.by_source(spec, alarms.counted(certain + alarms.lasting(spec, passing, earlier), earlier))
    return Judgement(results, found, strange)
