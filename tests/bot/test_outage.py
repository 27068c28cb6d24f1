"""An hour without Slack, with the real adapters on both sides: a served workspace, and a PagerDuty on this machine."""

import json

from tests.bot.team import TOKEN, Team
from tests.operations.house import CHANNEL
from tests.operations.passing import pass_minutes
from tests.ports.receivers import http_receiver
from tidewatch.adapters.pagerduty import PagerDuty
from tidewatch.adapters.slack import SlackChat
from tidewatch.operations.journal import PAGES


def test_an_hour_without_slack_is_paged_once_each_and_told_once_afterwards(team: Team) -> None:
    slack = team.house.ports.chat
    with http_receiver() as pagerduty:
        nowhere = SlackChat(TOKEN, "http://127.0.0.1:9/")
        team.house.change(chat=nowhere, pagers=[PagerDuty({"default": "key"}, pagerduty.url)])
        team.house.batch("2026-02-01", times=1.609344)
        pass_minutes(team.house, 3)
        said = [json.loads(got.body) for got in pagerduty.got]
        assert [each["event_action"] for each in said] == ["trigger"]
        pass_minutes(team.house, 57)

        team.house.change(chat=slack)
        pass_minutes(team.house, 1)
        posts = [m["metadata"]["event_payload"]["post"] for m in team.console.messages(CHANNEL) if "metadata" in m]
        assert posts.count("1:card") == 1 and len(posts) == len(set(posts))

        assert team.press("U0BEN", "acknowledge").ok
        team.house.run_jobs(PAGES)
        ringing = {}
        for got in pagerduty.got:
            event = json.loads(got.body)
            first = event["dedup_key"] not in ringing
            assert first == (event["event_action"] == "trigger"), "each page rings once"
            ringing[event["dedup_key"]] = event["event_action"]
        assert ringing.pop(said[0]["dedup_key"]) == "resolve", "L1 had not come, and L2 was called instead"
        assert set(ringing.values()) == {"acknowledge"}
        assert any("The call went out by PagerDuty" in line for line in team.thread())
