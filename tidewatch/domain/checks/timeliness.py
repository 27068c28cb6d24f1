"""Are batches, labels and the model's version as new as the spec asks? All times are UTC, all values hours or counts.

late_batch     the newest batch came longer ago than `batches_every` + `batches_grace`. By when it came, not by its name
missing_batch  a later batch came, and of a window between there is no file; only where windows are named by times.
               Told once its own grace is over
early_batch    a batch of a time that has not come, see `arrivals.is_early`
stale_data     the data of the newest batch are older than `staleness.data`. They are as new as the end of its window,
               or as its coming where its name says no time
stale_labels   so for the newest window with labels, if a later batch waits for labels longer than `label_delay`
stale_model    the version in service came into service longer ago than `staleness.model`

What lasts is told again when it is 2, 4, 8 … times as old: a long outage neither falls silent nor fills the log.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tidewatch.domain.arrivals import FAR, Arrivals, Trouble, data_time, plus
from tidewatch.domain.finding import Finding, Severity, Signal
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.time_words import spoken_length, spoken_time

HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Deadline:
    """Broken at since + step + slack; after so many more steps that they are 2, 4, 8 … it is told again."""

    check: str
    since: datetime
    step: timedelta
    slack: timedelta = timedelta(0)
    episode: str = ""  # tells one lateness from another that began at the same time

    def level(self, now: datetime) -> int:
        """How many steps late, as a power of two; 0 in time."""
        steps = (now - self.since - self.slack) // self.step
        return 1 << (steps.bit_length() - 1) if steps >= 1 else 0

    def at(self, level: int) -> datetime:
        """When the level is reached."""
        try:
            return plus(plus(self.since, self.step * level), self.slack)
        except OverflowError:
            return FAR

    def next_after(self, now: datetime) -> datetime:
        return self.at(max(1, 2 * self.level(now)))

    def key(self, level: int) -> str:
        """The same for the same lateness, whoever finds it and when."""
        span = (self.step + self.slack).total_seconds()
        return f"{self.check}:{self.since.isoformat()}:{span:.0f}:{level}{self.episode}"


@dataclass(frozen=True)
class Overdue:
    """One thing to tell, with the key that makes telling it twice harmless."""

    key: str
    finding: Finding


def deadlines(spec: ModelSpec, arrivals: Arrivals) -> list[Deadline]:
    stale, plan, found = spec.staleness, spec.schedules, list[Deadline]()
    came = arrivals.came or arrivals.since
    if plan.batches_every:
        found.append(Deadline("late_batch", came, plan.batches_every, plan.batches_grace))
    if stale.data:
        found.append(Deadline("stale_data", data_time(spec, arrivals.window, came), stale.data))
    if stale.labels and arrivals.unlabelled:
        known = data_time(spec, arrivals.labelled, arrivals.labelled_came or arrivals.since)
        expected = plus(arrivals.unlabelled, spec.label_delay)
        slack = max(timedelta(0), expected - plus(known, stale.labels))
        found.append(Deadline("stale_labels", known, stale.labels, slack))
    if stale.model:
        served = arrivals.versions.get(arrivals.version, arrivals.since)
        episode = f":{arrivals.in_service.isoformat()}" if arrivals.in_service else ""
        found.append(Deadline("stale_model", served, stale.model, episode=episode))
    return found


def overdue(spec: ModelSpec, arrivals: Arrivals, now: datetime, refused: Sequence[str] = ()) -> list[Overdue]:
    """What was not told yet; `refused` are windows whose files came after the newest batch and were refused."""
    found = []
    for deadline in deadlines(spec, arrivals):
        if (level := deadline.level(now)) and arrivals.told.get(deadline.check) != (key := deadline.key(level)):
            finding = _FINDINGS[deadline.check](spec, arrivals, deadline, now)
            if deadline.check == "late_batch" and refused:
                finding = replace(finding, sentence=f"{finding.sentence}; {_refused(refused)}")
            found.append(Overdue(key, finding))
    for trouble in arrivals.troubles:
        if not trouble.told and trouble.tell_at <= now:
            found.append(Overdue(_key(trouble), _troubled(spec, trouble)))
    return found


def after_telling(arrivals: Arrivals, told: Sequence[Overdue]) -> Arrivals:
    keys = {each.key for each in told}
    troubles = tuple(replace(trouble, told=trouble.told or _key(trouble) in keys) for trouble in arrivals.troubles)
    lasting = {each.finding.check: each.key for each in told if each.finding.check in _FINDINGS}
    return replace(arrivals, troubles=troubles, told={**arrivals.told, **lasting})


def next_look(spec: ModelSpec, arrivals: Arrivals, now: datetime) -> datetime | None:
    """When there will be something to tell, unless something comes; None for never, the past for at once."""
    moments = [trouble.tell_at for trouble in arrivals.troubles if not trouble.told]
    for deadline in deadlines(spec, arrivals):
        level = deadline.level(now)
        untold = level and arrivals.told.get(deadline.check) != deadline.key(level)
        moments.append(deadline.at(level) if untold else deadline.next_after(now))
    return min((moment for moment in moments if moment < FAR), default=None)


def in_order(spec: ModelSpec, arrivals: Arrivals, now: datetime, checks: Sequence[str]) -> list[Signal]:
    """The signals of these checks about which there is nothing to say, told or not."""
    broken = {deadline.check for deadline in deadlines(spec, arrivals) if deadline.level(now)}
    broken |= {trouble.check for trouble in arrivals.troubles if trouble.tell_at <= now}
    signals = {check: signal_of(spec.model, check) for check in checks}
    loud = {signal for check, signal in signals.items() if check in broken}
    return [signal for signal in dict.fromkeys(signals.values()) if signal not in loud]


def signal_of(model: str, check: str) -> Signal:
    """As `Finding.signal` gives it."""
    return Finding(model, check, model, "", 0.0, 0.0, "low", "", "").signal


# --- what is told ----------------------------------------------------------------------------------------------


def _late(spec: ModelSpec, arrivals: Arrivals, deadline: Deadline, now: datetime) -> Finding:
    due = deadline.since + deadline.step
    count = max(1, (now - deadline.since) // deadline.step)
    if arrivals.came:
        last = f"the last one, {arrivals.window}, came at {spoken_time(arrivals.came)}"
    else:
        last = f"none has come since it was handed over at {spoken_time(arrivals.since)}"
    late = spoken_length(now - due)
    sentence = f"the batch due about {spoken_time(due)} is {late} late; {last}"
    if count > 1:
        sentence = f"{count:,} batches are due, the first about {spoken_time(due)}, {late} ago; {last}"
    severity: Severity = "high" if count > 1 else "medium"
    evidence = {
        "due": due.isoformat(), "due_batches": count, "last_window": arrivals.window,
        "last_came": arrivals.came.isoformat() if arrivals.came else None,
    }  # fmt: skip
    return Finding(
        spec.model, "late_batch", "batches", "hours late", _hours(now - due), _hours(deadline.slack), severity,
        f"{due:%Y-%m-%dT%H:%MZ}", sentence, evidence,
    )  # fmt: skip


def _stale_data(spec: ModelSpec, arrivals: Arrivals, deadline: Deadline, now: datetime) -> Finding:
    what = f"the newest batch is {arrivals.window}, its data are as of" if arrivals.window else _NONE.format("batch")
    return _stale(spec, deadline, now, "data", arrivals.window, what)


def _stale_labels(spec: ModelSpec, arrivals: Arrivals, deadline: Deadline, now: datetime) -> Finding:
    newest = f"the newest window with labels is {arrivals.labelled}, as of"
    what = newest if arrivals.labelled else _NONE.format("label")
    later = f"; labels are known {spoken_length(spec.label_delay)} after their window, and later batches have none"
    return _stale(spec, deadline, now, "labels", arrivals.labelled, what, later)


def _stale_model(spec: ModelSpec, arrivals: Arrivals, deadline: Deadline, now: datetime) -> Finding:
    version = f"version {arrivals.version}" if arrivals.version else "the version"
    return _stale(spec, deadline, now, "model", arrivals.window, f"{version} has been in service since")


_NONE = "no {} has come since the model was handed over at"


def _stale(
    spec: ModelSpec, deadline: Deadline, now: datetime, subject: str, window: str, what: str, more: str = ""
) -> Finding:
    age, limit = now - deadline.since, deadline.step
    sentence = (
        f"{what} {spoken_time(deadline.since)}, {spoken_length(age)} ago, where {spoken_length(limit)} is the limit"
        f"{more}"
    )
    severity: Severity = "high" if subject == "data" and age >= 2 * limit else "medium"
    evidence = {"since": deadline.since.isoformat(), "window": window}
    return Finding(
        spec.model, f"stale_{subject}", subject, "age in hours", _hours(age), _hours(limit), severity,
        window or f"{deadline.since:%Y-%m-%dT%H:%MZ}", sentence, evidence,
    )  # fmt: skip


def _troubled(spec: ModelSpec, trouble: Trouble) -> Finding:
    first, seen = trouble.windows[0], spoken_time(trouble.seen)
    if trouble.check == "early_batch":
        sentence = f"the batch {first} came at {seen}, before its time: the feed's dates or its clock are wrong"
        severity: Severity = "low"
    else:
        which = f"the batch {first} is missing"
        if trouble.count > 1:
            which = f"{trouble.count:,} batches are missing, the first {first}"
        sentence = f"{which}: no file of it came, and the batch after it, {trouble.by}, came at {seen}"
        severity = "medium"
    evidence = {"windows": list(trouble.windows), "by": trouble.by, "seen": trouble.seen.isoformat()}
    return Finding(
        spec.model, trouble.check, "batches", "batches", float(trouble.count), 0.0, severity, first, sentence, evidence
    )


def _refused(windows: Sequence[str]) -> str:
    files = f"a file for {windows[-1]}" if len(windows) == 1 else f"{len(windows)} files, the last for {windows[-1]},"
    return f"{files} came and was refused" if len(windows) == 1 else f"{files} came and were refused"


def _key(trouble: Trouble) -> str:
    return f"{trouble.check}:{trouble.by}"


def _hours(span: timedelta) -> float:
    return round(span / HOUR, 2)


_FINDINGS: Mapping[str, Callable[[ModelSpec, Arrivals, Deadline, datetime], Finding]] = {
    "late_batch": _late,
    "stale_data": _stale_data,
    "stale_labels": _stale_labels,
    "stale_model": _stale_model,
}
