"""Getting a call to its person outside the chat, and quieting it again. The log decides; this only follows."""

from dataclasses import dataclass, replace
from typing import Literal

from tidewatch.domain.events import Cause, Draft
from tidewatch.domain.incident import paging
from tidewatch.domain.incident.call import Call, Quiet
from tidewatch.domain.incident.fold import fold
from tidewatch.domain.incident.happening import event_of
from tidewatch.domain.incident.state import Incident
from tidewatch.operations import page_tries
from tidewatch.operations.deliver import delivered_so_far
from tidewatch.operations.duty import team_duty
from tidewatch.operations.journal import load, record_known, send_page_job
from tidewatch.operations.page_tries import Tries
from tidewatch.operations.suggestion import suggestion
from tidewatch.ports import Ports
from tidewatch.ports.pager import Page, Pager, PagerRefused, PagerUnavailable
from tidewatch.render.calling import asked
from tidewatch.render.page import page_for, page_text


@dataclass(frozen=True)
class _Work:
    """One thing for one pager. A page that a crash cut off and nobody wants any more is settled: it may ring."""

    do: Literal["send", "settle", "quiet"]
    call: Call
    pager: str
    why: str = ""
    how: Quiet = "resolved"

    @property
    def name(self) -> str:
        return " ".join([self.call.page, self.pager, *([self.how] if self.do == "quiet" else [])])


def page_is_due(ports: Ports, incident: Incident) -> bool:
    """Whether a pager has something to do now. Reads nothing for an incident that nobody was called for."""
    return bool(ports.pagers and incident.calls and _work(ports, incident, page_tries.read(ports, incident.id)[0]))


def page(ports: Ports, incident: str) -> None:
    """Everything that is due now. What a pager does not take waits for the sweep; several at once do no harm."""
    tries = page_tries.claim(ports, incident)
    if tries is None:
        return
    pagers = {pager.name: pager for pager in ports.pagers}
    try:
        while work := _work(ports, load(ports, incident), tries):
            _Try(ports, work[0], tries, pagers.get(work[0].pager)).run()
    finally:
        page_tries.keep(ports, incident, tries, done=True)
    if page_is_due(ports, load(ports, incident)):  # decided meanwhile: its own job found the record claimed
        send_page_job(ports, incident)


def _work(ports: Ports, incident: Incident, tries: Tries) -> list[_Work]:
    now, names = ports.clock.now(), [pager.name for pager in ports.pagers]
    wanted = paging.to_page(incident, delivered_so_far(ports, incident.id).shown, now)
    work = [
        _Work("send", out.call, name, out.why) for out in wanted for name in paging.untried(out.call, names)
    ]  # fmt: skip
    idle = [call for call in incident.calls if call not in [out.call for out in wanted]]
    work += [_Work("settle", call, name) for call in idle for name in paging.untried(call, names)]
    work = [each for each in work if each.do == "send" or tries.cut_off(each.name)]
    work += [_Work("quiet", each.call, each.pager, how=each.how) for each in paging.to_quiet(incident)]
    return [each for each in work if each.do == "settle" or tries.may(each.name, now)]


@dataclass(frozen=True)
class _Try:
    ports: Ports
    work: _Work
    tries: Tries
    pager: Pager | None  # None: it is not in the settings any more

    def run(self) -> None:
        work, incident = self.work, self.work.call.incident
        if work.do == "settle":
            self._record("paged_out", why="a crash hid how it ended", receipt="")
        else:
            self.tries.begin(work.name)
            page_tries.keep(self.ports, incident, self.tries)
            try:
                self._send() if work.do == "send" else self._quiet()
            except PagerUnavailable as error:
                self.tries.put_off(work.name, self.ports.clock.now(), error.retry_after)
                if work.do == "send":
                    self._record("page_failed", why=str(error), again=True)
                page_tries.keep(self.ports, incident, self.tries)
                return
        self.tries.end(work.name)
        page_tries.keep(self.ports, incident, self.tries)

    def _send(self) -> None:
        assert self.pager is not None  # noqa: S101 - only what is in the settings is sent by
        try:
            receipt = self.pager.page(self._page())
        except PagerRefused as error:
            self._record("page_failed", why=str(error), again=False)
            self._call_next()
        else:
            self._record("paged_out", why=self.work.why, receipt=receipt)

    def _quiet(self) -> None:
        refused = {}
        try:
            if self.pager:
                self.pager.quiet(self._page(), self.work.how)
        except PagerRefused as error:
            refused = {"refused": str(error)}
        self._record("page_quieted", how=self.work.how, **refused)

    def _page(self) -> Page:
        events, work = self.ports.log.read(self.work.call.incident), self.work
        state = fold(events)
        assert state is not None  # noqa: S101 - there are events
        page = page_for(state, work.call, self.ports.people)
        if work.do == "quiet":
            return page
        call = asked(events[work.call.seq - 1], state, self.ports.people)
        text = page_text(
            state, call, work.why, work.pager, suggestion(self.ports, state), self.ports.command, page.person.zone
        )
        return replace(page, text=text)

    def _record(self, kind: str, **said: object) -> None:
        """What happened is written down, whatever became of the incident meanwhile."""
        call, ended = self.work.call, "" if said.get("again") else ":end"
        about = {"page": call.page, "pager": self.work.pager, "person": call.person}
        cause = Cause("tidewatch", "queue", f"{kind}:{self.work.name}{ended}")
        record_known(self.ports, call.incident, cause, lambda _: [Draft(kind, about | said)])

    def _call_next(self) -> None:
        """No pager can reach this person: somebody else is called."""
        call, names = self.work.call, [pager.name for pager in self.ports.pagers]
        duty = team_duty(self.ports, load(self.ports, call.incident).model.partition("/")[0])

        def decide(now: Incident) -> list[Draft]:
            at = self.ports.clock.now()
            [lost] = [each for each in now.calls if each.page == call.page]
            step = paging.next_call(now, lost, at, duty) if paging.unreachable(lost, names) else None
            return [event_of(step, now, at, duty)] if step else []

        record_known(self.ports, call.incident, Cause("tidewatch", "queue", f"unreachable:{call.page}"), decide)
