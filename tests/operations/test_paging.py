"""Pages: out by real servers when the chat is silent, quiet again when somebody has it, and never lost."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.operations import paged
from tests.operations.house import House
from tests.operations.paged import CALL, INC, WITH_ADDRESSES, mail, said
from tests.operations.passing import pass_minutes
from tests.ports.receivers import HttpReceiver, MailReceiver
from tidewatch.domain.people import People, Person
from tidewatch.operations.journal import PAGES
from tidewatch.operations.page import page
from tidewatch.operations.report import note_good_window
from tidewatch.operations.respond import acknowledge
from tidewatch.operations.sweep import sweep
from tidewatch.ports.pager import Page

pagerduty, smtp, opened = paged.pagerduty, paged.smtp, paged.opened
Deaths = Callable[[House, Callable[[House], object]], Iterator[House]]


def test_while_the_chat_works_and_somebody_comes_nobody_is_paged(opened: House, pagerduty: HttpReceiver) -> None:
    pass_minutes(opened, 5)
    acknowledge(opened.ports, INC, opened.by("U0ANA"))
    pass_minutes(opened, 20)
    assert pagerduty.got == []
    assert opened.kinds() == ["opened", "paged", "acknowledged"]


def test_the_chat_is_down_for_an_hour(opened: House, pagerduty: HttpReceiver) -> None:
    opened.chat.down = True
    pass_minutes(opened, 2)
    assert pagerduty.got == []
    pass_minutes(opened, 13)
    assert said(pagerduty) == [("trigger", CALL)]
    pass_minutes(opened, 45)
    calls = [f"{INC}-{event.seq}" for event in opened.events() if event.kind == "paged"]
    assert [page for action, page in said(pagerduty) if action == "trigger"] == calls
    assert [event.data["tier"] for event in opened.events() if event.kind == "paged"] == ["L1", "L2", "L2"]
    opened.chat.down = False
    pass_minutes(opened, 2)
    assert opened.chat.posted.count("1:card") == 1
    assert len(opened.chat.posted) == len(set(opened.chat.posted))
    acknowledge(opened.ports, INC, opened.by("U0BEN"))
    opened.run_jobs(PAGES)
    assert said(pagerduty)[-2:] == [("acknowledge", call) for call in calls[1:]]
    assert said(pagerduty).count(("resolve", CALL)) == 1, "L1 was left in peace when L2 was called"
    told = " ".join(opened.chat.thread)
    assert "The call went out by PagerDuty, because the chat did not show it within 2 minutes" in told


def test_a_page_says_what_the_chat_says_and_what_to_do_first(opened: House, smtp: MailReceiver) -> None:
    opened.change(pagers=[mail(smtp)])
    opened.chat.down = True
    pass_minutes(opened, 3)
    [got] = smtp.got
    opened.chat.down = False
    pass_minutes(opened, 1)
    text = got.get_payload(decode=True).decode()
    assert got["Subject"] == "[INC-1001] Demo: weight has drifted"
    for words in (
        "Weight is distributed differently.", "acme/demo, severity high, since Mon 2 Mar 03:00 UTC",
        "Please take INC-1001: L1 is asked to take it",
        "If nobody does, Ben is paged at 03:15 UTC",
        "/ml ack INC-1001", "nothing in this mail can be pressed", "the chat did not show it within 2 minutes",
    ):  # fmt: skip
        assert words in text, text
    assert "L1 is asked to take it. If nobody does, Ben is paged at 03:15 UTC" in opened.chat.thread[0]


def test_no_value_of_a_sensitive_column_is_paged(house: House, smtp: MailReceiver) -> None:
    house.change(people=WITH_ADDRESSES, pagers=[mail(smtp)])
    house.batch("2026-02-01", income=house.day("2026-02-01").columns["income"] * 1.609344)
    house.chat.down = True
    pass_minutes(house, 3)
    assert house.incident().finding.subject == "income"
    assert "median" not in smtp.got[0].get_payload(decode=True).decode()


def test_everybodys_silence_pages_the_next_tier(opened: House, pagerduty: HttpReceiver) -> None:
    pass_minutes(opened, 18)
    assert opened.incident().tier == "L2"
    out = [event.data for event in opened.events() if event.kind == "paged_out"]
    assert out[-1]["person"] == "U0BEN" and "nobody has taken it since 02 Mar 03:00" in out[-1]["why"]


def test_a_pager_that_is_busy_is_asked_again_not_before_it_wants_and_people_are_told(
    opened: House, pagerduty: HttpReceiver
) -> None:
    opened.chat.down = True
    pagerduty.status, pagerduty.retry_after = 429, "300"
    pass_minutes(opened, 7)
    assert len(pagerduty.got) == 1
    pagerduty.status = 202
    pass_minutes(opened, 2)
    assert said(pagerduty) == [("trigger", CALL)] * 2
    assert opened.kinds().count("page_failed") == 1 and opened.kinds().count("paged_out") == 1
    opened.chat.down = False
    pass_minutes(opened, 1)
    assert any("did not take it for now (HTTP 429)" in line for line in opened.chat.thread)


def test_a_busy_pager_is_not_waited_for_once_somebody_has_it(opened: House, pagerduty: HttpReceiver) -> None:
    opened.chat.down, pagerduty.status = True, 503
    pass_minutes(opened, 4)
    acknowledge(opened.ports, INC, opened.by("U0ANA"))
    tried = len(pagerduty.got)
    pagerduty.status = 202
    pass_minutes(opened, 30)
    assert len(pagerduty.got) == tried


def test_whoever_no_pager_can_reach_is_named_and_the_next_is_called(opened: House, smtp: MailReceiver) -> None:
    nameless = [Person("U0ANA", "Ana", "L1"), *WITH_ADDRESSES.everyone[1:]]
    opened.change(pagers=[mail(smtp)], people=People(tuple(nameless)))
    opened.chat.down = True
    pass_minutes(opened, 7)
    assert [event.data["person"] for event in opened.events() if event.kind == "paged"] == ["U0ANA", "U0BEN"]
    assert [got["To"] for got in smtp.got] == ["ben@example.org"]
    opened.chat.down = False
    pass_minutes(opened, 1)
    assert any("people.yaml has no email for U0ANA" in line for line in opened.chat.thread)


def test_every_pager_is_used_and_one_that_fails_keeps_no_other_back(
    opened: House, smtp: MailReceiver, pagerduty: HttpReceiver
) -> None:
    opened.change(pagers=[*opened.ports.pagers, mail(smtp)])
    opened.chat.down, pagerduty.status = True, 500
    pass_minutes(opened, 3)
    assert len(smtp.got) == 1 and len(pagerduty.got) == 1


def test_doubled_and_racing_jobs_page_once(opened: House, smtp: MailReceiver) -> None:
    opened.change(pagers=[mail(smtp)])
    sweep(opened.ports)
    opened.later(minutes=2)
    with ThreadPoolExecutor(8) as pool:
        for racer in [pool.submit(page, opened.ports, INC) for _ in range(16)]:
            racer.result()
    assert len(smtp.got) == 1
    assert opened.kinds().count("paged_out") == 1


def test_a_page_that_died_anywhere_is_finished_and_quieted(
    opened: House, deaths: Deaths, pagerduty: HttpReceiver
) -> None:
    sweep(opened.ports)
    opened.later(minutes=2)
    pagers, copies = opened.ports.pagers, 0
    for mortal in deaths(
        opened, lambda mortal: (mortal.change(pagers=pagers, people=WITH_ADDRESSES), page(mortal.ports, INC))
    ):
        pagerduty.got.clear()
        mortal.change(pagers=pagers, people=WITH_ADDRESSES)
        mortal.chat.down = True
        pass_minutes(mortal, 3)
        assert mortal.kinds().count("paged_out") == 1
        assert set(said(pagerduty)) <= {("trigger", CALL)}
        acknowledge(mortal.ports, INC, mortal.by("U0ANA"))
        pass_minutes(mortal, 2)
        assert ("acknowledge", CALL) in said(pagerduty)
        copies += 1
    assert copies > 4


def test_a_page_cut_off_by_a_crash_for_what_somebody_took_meanwhile_is_quieted(
    opened: House, pagerduty: HttpReceiver
) -> None:
    class Dying:
        name = "PagerDuty"

        def page(self, page: Page) -> str:
            live[0].page(page)
            raise KeyboardInterrupt

    live = opened.ports.pagers
    sweep(opened.ports)
    opened.later(minutes=2)
    opened.change(pagers=[Dying()])
    with pytest.raises(KeyboardInterrupt):
        page(opened.ports, INC)
    opened.change(pagers=live)
    acknowledge(opened.ports, INC, opened.by("U0ANA"))
    pass_minutes(opened, 3)
    assert said(pagerduty) == [("trigger", CALL), ("acknowledge", CALL)]


def test_quieting_is_tried_until_it_is_heard(opened: House, pagerduty: HttpReceiver) -> None:
    opened.chat.down = True
    pass_minutes(opened, 3)
    pagerduty.status = 503
    for window in ("2026-02-10", "2026-02-11"):
        note_good_window(opened.ports, "acme/demo", window, [opened.incident().signal], "blob")
    pass_minutes(opened, 3)
    assert "page_quieted" not in opened.kinds()
    pagerduty.status = 202
    pass_minutes(opened, 5)
    assert said(pagerduty)[-1] == ("resolve", CALL)
    assert opened.kinds().count("page_quieted") == 1
