"""The account of an incident as Markdown. Whatever people, data or programs wrote stays text: no link, no markup."""

import re
from collections.abc import Sequence
from datetime import timedelta

from tidewatch.domain.time_words import spoken_length
from tidewatch.render.postmortem import Account, Decision, Entry, Tried

_MARKUP = re.compile(r"([\\`*_\[\]<>|~#$])")


def markdown(told: Account) -> str:
    """With a final newline."""
    sections = {
        "Impact": _table(("", ""), told.impact),
        "Times": _table(
            ("", "UTC", "after it was opened"), [(s.what, clock(s.at), length(s.after)) for s in told.steps]
        ),
        "People": _table(("who", "did"), told.people),
        "Findings": "\n\n".join(
            f"**{inline(who)}**, {clock(at)}\n\n"
            + "\n\n".join(f"*{inline(ask)}:*\n\n{_quote(got)}" for ask, got in given)
            for who, at, given in told.findings
        ),
        "What was tried": "\n\n".join(map(_tried, told.tried)),
        "Approvals": "\n\n".join(map(_decision, told.approvals)),
        "Open questions": "\n".join(f"- {inline(question)}" for question in told.open_questions),
        "Timeline": "\n".join(map(_entry, told.timeline)),
        "The log": f"{told.events:,} events, the last one's hash is `{told.head}`. {inline(told.witness)}".strip(),
    }
    parts = [f"# {told.incident}: {inline(told.title)}", inline(told.summary)]
    parts += [f"## {name}\n\n{text or 'None.'}" for name, text in sections.items()]
    return "\n\n".join([*parts, f"Written at {clock(told.written)} UTC."]) + "\n"


def inline(text: str) -> str:
    """On one line, with nothing that Markdown or HTML would read as markup, and no address that becomes a link."""
    one = _MARKUP.sub(r"\\\1", " ".join(text.split()).replace("&", "&amp;"))
    one = re.sub(r"^(\d+(?=[.)])|(?=[-+=]))", r"\1\\", one)
    return one.replace("://", ":\\/\\/").replace("www.", "www\\.")


def clock(at: str) -> str:
    """2026-03-02 03:11:04, of an ISO 8601 time in UTC."""
    return at[:19].replace("T", " ")


def length(seconds: float) -> str:
    return f"{seconds:.0f} s" if abs(seconds) < 60 else spoken_length(timedelta(seconds=seconds))


def _quote(text: str) -> str:
    return "\n>\n".join(f"> {inline(line)}" for line in text.splitlines() if line.strip())


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *([inline(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _tried(run: Tried) -> str:
    took = "" if run.seconds is None else f", {length(run.seconds)}"
    on = f" on {inline(', '.join(run.windows))}" if run.windows else ""
    back = " It was taken back." if run.undone else ""
    said = f"**{inline(run.runbook)}**{on} by {inline(run.who)}, {clock(run.started)}{took}: **{run.verdict}**"
    return f"{said}. {inline(run.sentence)}{back}".rstrip() + (f"\n\n{_fenced(run.output)}" if run.output else "")


def _fenced(text: str) -> str:
    """Between fences longer than any inside."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}text\n{text}\n{fence}"


def _decision(asked: Decision) -> str:
    lines = [f"**{inline(asked.question)}** {asked.request}, asked by {inline(asked.who)}: **{asked.decision}**."]
    lines += [f"- why: {inline(asked.why)}"] if asked.why else []
    lines += [
        f"- {inline(who)} said {say} at {clock(at)}{f': {inline(why)}' if why else ''}"
        for who, at, say, why in asked.votes
    ]
    lines += [f"- {inline(asked.sentence)}"] if asked.sentence else []
    return lines[0] + ("\n\n" + "\n".join(lines[1:]) if lines[1:] else "")


def _entry(entry: Entry) -> str:
    quotes = "".join(f"\n  > {inline(line)}\n" for line in entry.quotes)
    return f"- {clock(entry.at)} (+{length(entry.after)}) {inline(entry.told)}{quotes}"
