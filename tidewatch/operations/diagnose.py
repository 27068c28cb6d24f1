"""Why did a window depart? Everything that is known around it, put together for the diagnosis."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path

from tidewatch.domain.baseline import Baseline, reference
from tidewatch.domain.checks.intake import kinds_of
from tidewatch.domain.diagnosis.cause import Cause
from tidewatch.domain.diagnosis.ranking import focused, rank
from tidewatch.domain.diagnosis.situation import Elsewhere, Situation
from tidewatch.domain.finding import Finding
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.multivariate.row_choice import ChosenRows, choose
from tidewatch.domain.performance.outcomes import DayOutcome
from tidewatch.domain.profile.profile import Profile
from tidewatch.domain.runbook import Runbook
from tidewatch.domain.table import Table
from tidewatch.domain.window_time import window_time
from tidewatch.operations.examine import usual_before
from tidewatch.operations.journal import load
from tidewatch.operations.profiling import Counted, count
from tidewatch.operations.report import open_incidents
from tidewatch.operations.shelf import Shelf, UnknownModel
from tidewatch.ports import Ports
from tidewatch.ports.tables import Tables

MOST_ROWS = 20_000  # read of a window; so many show a cause as well as all of them
EARLIER = 21  # windows with labels that show what the metrics were
SEASONS = {timedelta(days=7): "a week before", timedelta(days=364): "a year before"}  # the same weekday


def diagnose(ports: Ports, incident: str) -> list[Cause]:
    """Causes of the incident's latest finding, the likeliest first; none when nothing has departed, or its window is
    gone. Reads, and writes nothing. Raises UnknownIncident and UnreadableTable."""
    finding = load(ports, incident).finding
    shelf = Shelf(ports, finding.model)
    try:
        found = _situation(shelf, shelf.spec(), finding)
    except UnknownModel:
        return []
    return focused(rank(found, ports.runbooks), finding, found.spec) if found else []


def diagnose_file(
    tables: Tables, batch: Path, counted: Counted, spec: ModelSpec, baseline: Baseline, runbooks: Sequence[Runbook] = ()
) -> list[Cause]:
    """Causes of what is strange in one file, with nothing known but the baseline. Raises UnreadableTable."""
    window = batch.name.partition(".")[0]
    rows = rows_of(tables, batch, batch.name, spec, counted.contents.rows)
    usual = reference(spec, [*baseline.windows.values()])
    seasons = {told: p for name, told in _seasons(window).items() if (p := baseline.windows.get(name))}
    return rank(Situation(spec, baseline, window, usual, counted.profile, rows, seasons=seasons), runbooks)


def rows_of(tables: Tables, source: bytes | Path, name: str, spec: ModelSpec, rows: int) -> Table:
    """At most MOST_ROWS of a file's rows, all watched columns. Raises UnreadableTable."""
    chosen = choose(rows, MOST_ROWS, name)
    sinks = {column: ChosenRows(chosen) for column in spec.watched}
    kinds = kinds_of(spec)
    if rows:
        tables.feed(source, name, {column: sink.add for column, sink in sinks.items()}, kinds)
    fed = {column: sink.values for column, sink in sinks.items() if rows and sink.start}
    return Table(fed, {column: kinds[column] for column in fed})


def _situation(shelf: Shelf, spec: ModelSpec, finding: Finding) -> Situation | None:
    window, data = finding.window, shelf.original(finding.window)
    if data is None:
        return None
    record, file = shelf.window(window), f"{window}.parquet"
    version = record.version if record else "1"
    baseline = shelf.baseline(version)
    counted = count(shelf.ports.tables, data, file, spec, baseline)
    outcomes = _outcomes(shelf, spec, window)
    longest = max((metric.windows for metric in spec.metrics), default=1)
    return Situation(
        spec,
        baseline,
        window,
        usual_before(shelf, spec, baseline, window),
        counted.profile,
        rows_of(shelf.ports.tables, data, file, spec, counted.contents.rows),
        windows=_accepted(shelf, spec, baseline, window),
        seasons={told: p for name, told in _seasons(window).items() if (p := shelf.profile(name, baseline))},
        elsewhere=list(_elsewhere(shelf.ports, spec, window)),
        outcomes=outcomes[-longest:],
        earlier=outcomes[:-longest],
        stale=_stale(shelf.ports, spec.model),
    )


def _accepted(shelf: Shelf, spec: ModelSpec, baseline: Baseline, window: str) -> Mapping[str, Profile]:
    names = [record.window for record in shelf.windows_before(window) if record.accepted]
    latest = [*islice(names, spec.drift.windows)]
    return {name: profile for name in reversed(latest) if (profile := shelf.profile(name, baseline))}


def _seasons(window: str) -> dict[str, str]:
    """Names of windows that may be more alike than the latest ones, and what to call them."""
    when = window_time(window)
    if when is None:
        return {}
    names = {when.name_at(when.start - span): told for span, told in SEASONS.items()}
    return {name: f"the window of {name}, {told}" for name, told in names.items() if name}


def _outcomes(shelf: Shelf, spec: ModelSpec, window: str) -> list[DayOutcome]:
    """The latest ones with labels up to the window, all of one version."""
    longest = max((metric.windows for metric in spec.metrics), default=1)
    found = shelf.outcomes(window, longest + EARLIER)
    return [outcome for outcome in found if outcome.version == found[-1].version]


def _elsewhere(ports: Ports, spec: ModelSpec, window: str) -> Iterator[Elsewhere]:
    """Findings of other models in the same window about columns of a source that this model has too."""
    sources = {column.source for column in spec.columns.values() if column.source}
    for incident in open_incidents(ports) if sources else ():
        finding = incident.finding
        if finding.model == spec.model or finding.window != window or finding.family != "input":
            continue
        try:
            column = Shelf(ports, finding.model).spec().columns.get(finding.subject)
        except UnknownModel:
            continue
        source = column.source if column else finding.subject
        if source in sources:
            yield Elsewhere(finding, source)


def _stale(ports: Ports, model: str) -> list[Finding]:
    return [i.finding for i in open_incidents(ports, model) if i.finding.family == "staleness"]
