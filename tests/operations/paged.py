"""An incident nobody has taken, people with addresses, and a PagerDuty and a mail server on this machine."""

import json

import pytest

from tests.operations.house import House
from tests.operations.passing import pass_minutes
from tests.ports import receivers
from tests.ports.receivers import HttpReceiver, MailReceiver
from tidewatch.adapters.mail import Mail
from tidewatch.adapters.pagerduty import PagerDuty
from tidewatch.domain.people import People, Person
from tidewatch.operations.report import report

pagerduty, smtp = receivers.http, receivers.smtp
INC, CALL = "INC-1001", "INC-1001-2"
SECRET = "not-a-real-secret"
WITH_ADDRESSES = People(
    (
        Person("U0ANA", "Ana", "L1", email="ana@example.org", pagerduty="PANA"),
        Person("U0BEN", "Ben", "L2", email="ben@example.org", pagerduty="PBEN"),
        Person("U0DAN", "Dan", "L2", ("other",), pagerduty="PDAN"),
        Person("U0CARA", "Cara", "L3"),
    )
)


@pytest.fixture
def opened(house: House, pagerduty: HttpReceiver) -> House:
    """An incident nobody has taken, and PagerDuty."""
    house.change(people=WITH_ADDRESSES, pagers=[PagerDuty({"default": "key"}, pagerduty.url)])
    report(house.ports, [house.finding()], "monday", "blob")
    return house


def mail(smtp: MailReceiver) -> Mail:
    return Mail("127.0.0.1", smtp.port, "tidewatch@example.org", starttls=False)


def said(receiver: HttpReceiver) -> list[tuple[str, str]]:
    events = [json.loads(got.body) for got in receiver.got]
    return [(event["event_action"], event["dedup_key"]) for event in events]


@pytest.fixture
def rung(opened: House) -> House:
    """Ana's page is out; the chat came back."""
    opened.chat.down = True
    pass_minutes(opened, 3)
    opened.chat.down = False
    return opened
