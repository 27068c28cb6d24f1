"""Every kind of event: what it says, and what its data holds. The page `docs/events.md` and the schema of exports are
made from this table."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kind:
    says: str  # that …
    data: Mapping[str, str] = field(default_factory=dict)  # a field's name -> what it holds, in today's shape


_REASON = {"reason": "why, a text"}
_SENTENCE = {"sentence": "what came of it"}
_FINDINGS = {"findings": "what was measured, the worst first", "quiet": "why nobody is called, if so"}
_CALL = {
    "person": "who is called", "tier": "for which tier", "why": "why now", "by": "until when it is waited",
    "then": "who is called after that",
}  # fmt: skip
_PAGER = {"page": "which call", "pager": "the way it went"}
_REQUEST = {"request": "which request"}
_COUNTED = {
    "finding": "how far it reaches now", "joined": "incidents that came, with their models", "ended": "those resolved",
    "returned": "those bad again", "left": "those taken out",
}  # fmt: skip
_VOTE = _REQUEST | {"decision": "approved or rejected"} | _REASON

KINDS: Mapping[str, Kind] = {
    "opened": Kind("a problem became an incident", {
        "signal": "what makes it the same problem: model, family, group", "title": "its headline",
        "severity": "low, medium or high", **_FINDINGS, "response": "the policy as it was then",
        "owners": "who is called, by tier", "silence": "the silence that covers it", "storm": "the storm it is part of",
    }),
    "observed": Kind("it was measured again", {**_FINDINGS, "times": "how often since the last event, if counted"}),
    "window_passed": Kind("a window was good", {"window": "which"}),
    "reopened": Kind("it came back after it was resolved", {**_FINDINGS, "silence": "the silence that covers it",
                                                            "storm": "the storm it is part of"}),
    "reported": Kind("a person saw something wrong", {"text": "what, a text"}),
    "paged": Kind("somebody was called", _CALL | {"role": "as what, if not for the tier", "entry": "of the rota"}),
    "reminded": Kind("whoever was called was reminded", _CALL),
    "nobody_on_call": Kind("nobody could be called", {"tier": "of which tier", "why": "why not"}),
    "lapsed": Kind("nobody is paged for it any more", {"tier": "of which tier", "why": "why not"}),
    "paged_out": Kind("a call left the chat", _PAGER | {"why": "why"}),
    "page_failed": Kind("a call did not leave", _PAGER | {"why": "why not", "again": "if it is tried again"}),
    "page_quieted": Kind("a pager was told that it is over", _PAGER | {"how": "acknowledged or resolved"}),
    "acknowledged": Kind("somebody has it", {"tier": "of which tier", "page": "the page that was answered, if one"}),
    "unacknowledged": Kind("whoever had it gave it back"),
    "assigned": Kind("somebody handed it to somebody", {"to": "to whom"}),
    "escalated": Kind("it went to the next tier", {"from": "from which", "to": "to which", "why": "why", **_REASON}),
    "noted": Kind("somebody wrote a note", {"text": "the note, a text", "sentence": "the note of a machine"}),
    "findings_written": Kind("L2 wrote down what it found", {
        "examined": "what was examined, a text", "cause": "the suspect, a text", "tried": "what was tried, a text",
        "text": "all of it in one, in earlier logs",
    }),
    "watched": Kind("somebody watches it for a while", {"until": "until when", **_REASON}),
    "watch_ended": Kind("the time to watch is over and it is still bad", {"why": "why"}),
    "runbook_started": Kind("somebody runs a runbook", {
        "run": "its id", "runbook": "which", "title": "what it does", "timeout": "seconds it may take",
        "scripts": "hash of its scripts", "inputs": "what was entered, a text", "undoes": "the run it takes back",
    }),
    "runbook_begun": Kind("a worker took the run", {"run": "which", "worker": "who", "windows": "what it works on"}),
    "cancel_requested": Kind("somebody stops a run", {"run": "which", "runbook": "of which runbook"}),
    "runbook_finished": Kind("a run ended", {
        "run": "which", "runbook": "of which runbook", "exit_status": "of its script",
        "verdict": "passed, failed, interrupted or cancelled", **_SENTENCE, "output": "what it printed, a text",
    }),
    "runbook_undone": Kind("a run was taken back", {"run": "which", "by": "by which run"}),
    "retraining_requested": Kind("somebody asked for a retraining", _REASON),
    "retraining_started": Kind("the training of a challenger began"),
    "retraining_failed": Kind("the training failed", {**_SENTENCE, "output": "what it printed, a text"}),
    "approval_requested": Kind("others are asked to decide", {
        **_REQUEST, "kind": "of what", "question": "the question", "why": "why it is asked, a text",
        "requested_by": "who asks", "approvers": "tiers that may decide", "needed": "how many must say yes",
        "expires": "until when", "evidence": "what to decide on", "consequence": "what a yes sets off",
        "undo": "how to go back",
    }),
    "approval_voted": Kind("somebody voted", _VOTE),
    "approval_decided": Kind("somebody decided; the name of a vote in earlier logs", _VOTE),
    "approval_expired": Kind("a request was not decided in time", _REQUEST),
    "approval_staled": Kind("a request is out of date", _REQUEST | _SENTENCE),
    "promotion_refused": Kind("a promotion is out of date; in earlier logs", _REQUEST | _SENTENCE),
    "promoted": Kind("another version is in service", {"version": "which", "previous": "instead of which", **_REQUEST}),
    "relapsed": Kind("it is still bad under the promoted version", {"version": "which"}),
    "resolved": Kind("it is over, verified or by decision", _SENTENCE | _REASON),
    "accepted_as_usual": Kind("the change stays and is right", _SENTENCE | _REASON | {
        "columns": "what is usual now", "windows": "since when it is",
    }),
    "baseline_relearnt": Kind("what is usual was learnt anew", _SENTENCE),
    "recovered": Kind("it ended by itself", _SENTENCE | {"windows": "the good windows, if they were counted"}),
    "confirmed": Kind("it stayed good", _SENTENCE),
    "joined_storm": Kind("it is one of many with one cause", {"storm": "the incident of all of them"}),
    "left_storm": Kind("it is another matter than the storm", {"storm": "the storm", **_REASON}),
    "storm_grew": Kind("a storm has more incidents", _COUNTED),
    "storm_eased": Kind("a storm has fewer incidents", _COUNTED),
    "silenced": Kind("a silence covers it", {"silence": "which", "until": "until when", "kind": "or maintenance"}),
    "silence_ended": Kind("its silence is over and it is still bad", {
        "silence": "which", "quiet": "why nobody is called even so",
    }),
    "overridden": Kind("somebody else is on call for a while; in the stream of a team", {
        "role": "as what", "person": "who", "starts": "from when", "ends": "until when", **_REASON,
    }),
    "texts_erased": Kind("a person's texts were erased", {"person": "whose", "texts": "hashes of the texts"}),
}  # fmt: skip
