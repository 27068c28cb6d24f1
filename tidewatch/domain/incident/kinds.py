"""Every kind of event: what it says has happened, and what its data hold. `docs/events.md` is printed from here.

What a kind changes is in `fold.py`, what people read of it in `render/thread.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kind:
    meaning: str
    data: Mapping[str, str] = field(default_factory=dict)  # by name, what it is; texts are references, see docs


_FINDINGS = "list of findings, the worst first: model, check, subject, statistic, value, threshold, severity, window, "
_FINDINGS += "sentence, evidence"
_QUIET = {"quiet": "storm, silence or flapping: why nobody is called", "storm": "its incident", "silence": "its id"}
_REASON = {"reason": "text"}
_RUN = {"run": "id of the run", "runbook": "its name"}
_REQUEST = {"request": "id of the request"}
_PAGE = {"page": "id of the page", "pager": "by which way", "person": "user id"}
_CALL = {
    "tier": "that is waited for", "person": "user id", "why": "sentence", "by": "time by which somebody must come",
    "then": "user id of who is called after that",
}  # fmt: skip
_STORM = {
    "joined": "incident to model", "ended": "incidents", "returned": "incidents", "left": "incidents",
    "finding": "the storm's own finding, counted anew",
}  # fmt: skip

KINDS: Mapping[str, Kind] = {
    "opened": Kind("A signal became an incident.", {
        "signal": "model, family, group", "title": "what it is about", "severity": "low, medium or high",
        "findings": _FINDINGS, "response": "the policy of this moment", "owners": "user ids by tier", **_QUIET,
    }),
    "observed": Kind("It was seen again.", {"findings": _FINDINGS, "times": "how often since the last, if counted"}),
    "reopened": Kind("It came back within the reopen window.", {"findings": _FINDINGS, **_QUIET}),
    "reported": Kind("A person says what was seen.", {"text": "text"}),
    "window_passed": Kind("A window had no such finding.", {"window": "its name"}),
    "paged": Kind("Somebody was called.", {**_CALL, "role": "as whom", "entry": "of the rota that names this person"}),
    "reminded": Kind("Somebody was reminded.", dict(_CALL)),
    "nobody_on_call": Kind("A tier has nobody who could be called.", {"tier": "which", "why": "sentence"}),
    "lapsed": Kind("It stays open and nobody is called for it any more.", {"tier": "the last", "why": "sentence"}),
    "paged_out": Kind("A call left the chat and was accepted.", {**_PAGE, "why": "sentence"}),
    "page_failed": Kind("A call did not get out.", {**_PAGE, "why": "sentence", "again": "whether it is tried again"}),
    "page_quieted": Kind("A pager was told to be quiet.", {**_PAGE, "how": "acknowledged or resolved"}),
    "acknowledged": Kind("The actor has it.", {"tier": "that was waited for", "page": "id, when it was by pager"}),
    "unacknowledged": Kind("The actor gave it back."),
    "assigned": Kind("The actor handed it to somebody.", {"to": "user id"}),
    "escalated": Kind("The next tier has to take it.", {"from": "tier", "to": "tier", "why": "sentence", **_REASON}),
    "noted": Kind("A note.", {"text": "text", "sentence": "what Tidewatch noted itself"}),
    "findings_written": Kind("What L2 found.", {"examined": "text", "cause": "text", "tried": "text", "text": "text"}),
    "watched": Kind("The actor watches it for a while.", {"until": "time", **_REASON}),
    "watch_ended": Kind("The time to watch is over and it is still bad.", {"why": "sentence"}),
    "runbook_started": Kind("The actor asked for a run.", {
        **_RUN, "title": "what it does", "timeout": "seconds", "scripts": "hash of its scripts", "inputs": "text",
        "undoes": "id of the run it takes back",
    }),
    "runbook_begun": Kind("A worker took the run.", {
        "run": _RUN["run"], "worker": "which", "windows": "what it works on",
    }),
    "cancel_requested": Kind("The actor stops the run.", dict(_RUN)),
    "runbook_finished": Kind("The run has ended and was verified.", {
        **_RUN, "exit_status": "of the runbook, or null", "seconds": "it took",
        "verdict": "passed, failed, interrupted or cancelled", "sentence": "of the verification", "output": "text",
    }),
    "runbook_undone": Kind("A run was taken back.", {"run": "that was", "by": "id of the run that did it"}),
    "retraining_requested": Kind("The actor asks for a challenger.", dict(_REASON)),
    "retraining_started": Kind("A challenger is trained."),
    "retraining_failed": Kind("There is no challenger.", {"sentence": "why", "output": "text"}),
    "approval_requested": Kind("Somebody has to decide.", {
        **_REQUEST, "kind": "promotion or runbook", "question": "sentence", "why": "text", "requested_by": "user id",
        "approvers": "tiers that may vote", "needed": "so many yes", "expires": "time",
        "evidence": "what to decide on", "consequence": "sentence", "undo": "sentence",
    }),
    "approval_voted": Kind("The actor votes.", {**_REQUEST, "decision": "approved or rejected", **_REASON}),
    "approval_decided": Kind("A vote, when one decided (earlier logs).", {
        **_REQUEST, "decision": "approved or rejected", **_REASON,
    }),
    "approval_expired": Kind("Nobody decided in time.", dict(_REQUEST)),
    "approval_staled": Kind("What was to be decided is no longer so.", {**_REQUEST, "sentence": "how it changed"}),
    "promotion_refused": Kind("As approval_staled (earlier logs).", {**_REQUEST, "sentence": "why"}),
    "promoted": Kind("Another version is in service.", {"version": "new", "previous": "replaced", **_REQUEST}),
    "relapsed": Kind("It is bad under the promoted version too.", {"version": "that was promoted"}),
    "resolved": Kind("It is over: verified, or decided by the actor.", {"sentence": "how", **_REASON}),
    "accepted_as_usual": Kind("It is over: what changed is what is usual from now on.", {
        "columns": "which, or all", "windows": "to learn from", "sentence": "what was accepted", **_REASON,
    }),
    "baseline_relearnt": Kind("The baseline knows what was accepted.", {"sentence": "what was learnt"}),
    "recovered": Kind("It ended by itself.", {"sentence": "how", "windows": "the good ones, if counted"}),
    "confirmed": Kind("It stayed good after it was resolved.", {"sentence": "how long"}),
    "silenced": Kind("A silence covers it.", {"silence": "its id", "until": "time", "kind": "silence or maintenance"}),
    "silence_ended": Kind("The silence is over and it is still bad.", {"silence": "its id", **_QUIET}),
    "joined_storm": Kind("It is one of a storm.", {"storm": "its incident"}),
    "left_storm": Kind("It is no part of the storm.", {"storm": "its incident", **_REASON}),
    "storm_grew": Kind("More models joined the storm.", dict(_STORM)),
    "storm_eased": Kind("Models of the storm are good again, or left it.", dict(_STORM)),
    "texts_erased": Kind("Texts of a person were erased.", {"person": "user id", "texts": "their hashes"}),
    "overridden": Kind("Somebody stands in, in the stream of a team's rota.", {
        "role": "tier or duty_manager", "person": "user id", "starts": "time", "ends": "time", **_REASON,
    }),
}  # fmt: skip


def kinds_page() -> str:
    """The table as Markdown."""
    rows = []
    for name, kind in KINDS.items():
        fields = "; ".join(f"`{field}`: {what}" for field, what in kind.data.items())
        rows.append(f"| `{name}` | {kind.meaning} | {fields or 'nothing'} |")
    return "\n".join([_HEAD, "| kind | what has happened | data |", "|---|---|---|", *rows, ""])


_HEAD = """\
# Kinds of events

Printed by `tidewatch log kinds`; do not edit. Every event also has `incident`, `seq` (1, 2, 3 …), `at` (UTC), `actor`
(a user id, or `tidewatch`), `via` (by which way it came), `key` (the same key is never recorded twice in a stream),
`v` (of the shape of the data), `prev` and `hash`. Not every field is there every time. A field called *text* holds
`{"sha256", "author"}`; what it refers to lies beside the stream and can be erased.
"""
