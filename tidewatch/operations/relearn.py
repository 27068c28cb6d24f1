"""What somebody accepted as usual is learnt: every baseline of the model is replaced, and the old ones are kept."""

from collections.abc import Sequence
from dataclasses import replace

from tidewatch.domain.acceptance import ROWS, accept
from tidewatch.domain.baseline import Baseline, profiled
from tidewatch.domain.events import Cause, Draft, Event
from tidewatch.domain.incident.state import Incident
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.people import Refused
from tidewatch.operations.journal import load, record_known
from tidewatch.operations.shelf import Shelf, WindowRecord
from tidewatch.ports import Ports

LONGEST = 400  # windows that a change is followed back


def changed(ports: Ports, incident: Incident) -> tuple[list[str], list[str]]:
    """The columns that the incident is about, and the windows since they changed: the run of strange ones that ends
    with its latest finding, and all after it. Raises Refused where the spec rules, whatever was learnt."""
    shelf, finding = Shelf(ports, incident.model), incident.finding
    if rule := _rule(shelf.spec(), incident):
        raise Refused(f"{finding.subject} breaks {rule} in the spec: change it there and hand the model over again.")
    subjects = {finding.subject, *finding.evidence.get("columns", ())}
    windows = list[str]()
    for number, record in enumerate(shelf.windows_before("~")):
        if record.window <= finding.window and (not subjects & set(record.strange) or number >= LONGEST):
            break
        windows.append(record.window)
    return [name for name in (*profiled(shelf.spec()), ROWS) if name in subjects], windows[::-1]


def relearn(ports: Ports, incident: str) -> None:
    """Carry out what was accepted in the incident. Delivered twice, it changes nothing."""
    for event in ports.log.read(incident):
        if event.kind == "accepted_as_usual":
            _learn(ports, event)


def _learn(ports: Ports, event: Event) -> None:
    state, cause = load(ports, event.incident), Cause("tidewatch", "queue", f"relearnt:{event.seq}")
    if cause.key in state.keys:
        return
    shelf, columns, windows = Shelf(ports, state.model), event.data["columns"], event.data["windows"]
    spec = shelf.spec()

    def learnt(baseline: Baseline) -> Baseline:
        profiles = {window: shelf.profile(window, baseline) for window in windows}
        since = {window: profile for window, profile in profiles.items() if profile}
        return accept(spec, baseline, columns, since, f"{event.incident}#{event.seq}") if since else baseline

    for version in shelf.baseline_versions():
        shelf.relearn_baseline(version, learnt)
    for window in windows:
        if record := shelf.window(window):
            shelf.keep_window(_as_usual(record, columns))
    what = ", ".join(columns) or "every column"
    sentence = f"{what} is compared with {windows[0]} and since from now on; the baseline before that is kept"
    record_known(ports, event.incident, cause, lambda _: [Draft("baseline_relearnt", {"sentence": sentence})])


def _as_usual(record: WindowRecord, columns: Sequence[str]) -> WindowRecord:
    """What is still strange about the window beside what was accepted."""
    strange = [name for name in record.strange if columns and name not in columns]
    return replace(record, strange=strange, accepted=not strange)


def _rule(spec: ModelSpec, incident: Incident) -> str:
    """What the builders have fixed about the finding's subject; no baseline can teach otherwise."""
    column = spec.columns.get(incident.finding.subject)
    match incident.finding.check:
        case "nulls" if column and column.max_nulls is not None:
            return "max_nulls"
        case "unseen_category" if column and column.categories:
            return "the categories"
        case "confidence" if spec.confidence and spec.confidence.max_share is not None:
            return "the confidence"
    return ""
