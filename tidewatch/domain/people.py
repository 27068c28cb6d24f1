"""Who may do what. Decided once, here; every refusal says why and who could."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from tidewatch.domain.local_time import known_zone
from tidewatch.domain.model_spec import TIERS, Tier

FLEET = "fleet"  # the team of what concerns models of many teams: everybody belongs to it

# The lowest tier that may do it. A higher tier may do all that a lower one may.
MAY: dict[str, Tier] = {
    "acknowledge": "L1",
    "unacknowledge": "L1",
    "assign": "L1",
    "report": "L1",
    "override": "L1",
    "run_runbook": "L1",
    "escalate": "L1",
    "note": "L1",
    "resolve": "L1",
    "resolve_unverified": "L2",
    "findings": "L2",
    "watch": "L2",
    "silence": "L1",
    "unsilence": "L1",
    "plan_maintenance": "L2",
    "split": "L1",
    "accept": "L2",
    "retrain": "L2",
    "reject": "L2",
    "approve": "L2",
}


EMAIL = re.compile(r"[!-?A-~]+@[!-?A-~]+")  # ASCII, no spaces, one @
UNKNOWN = "unknown"  # the actor when a pager's user is nobody of the roster


class Refused(Exception):
    """What was asked is not done; the message tells the person why and what would help."""


@dataclass(frozen=True)
class Person:
    id: str  # the chat's user id: the only thing about a person that enters the log
    name: str
    tier: Tier
    teams: tuple[str, ...] = ()  # empty: every team
    zone: str = ""  # where the person lives, for the times they are told: Europe/Berlin
    email: str = ""  # where pages go as mail
    pagerduty: str = ""  # the user id there, such as PXPGF42: who acknowledges in PagerDuty is this person


@dataclass(frozen=True)
class People:
    everyone: tuple[Person, ...] = ()

    def get(self, user: str) -> Person | None:
        return next((person for person in self.everyone if person.id == user), None)

    def name(self, user: str) -> str:
        person = self.get(user)
        others = {"tidewatch": "Tidewatch", UNKNOWN: "somebody who is not in people.yaml"}
        return person.name if person else others.get(user, f"<@{user}>")

    def of_tier(self, tier: Tier, team: str) -> list[Person]:
        mine = [p for p in self.everyone if p.tier == tier and (not p.teams or team in (FLEET, *p.teams))]
        return sorted(mine, key=lambda p: bool(p.teams)) if team == FLEET else mine

    def allow(self, user: str, action: str, model: str, tiers: Iterable[Tier] | None = None) -> Person:
        """The person, or Refused with the reason. `tiers` narrows who may, where the spec names roles."""
        person, team = self.get(user), model.partition("/")[0]
        if person is None:
            raise Refused("I don't know you: ask for an entry in people.yaml, then try again.")
        if person.teams and team not in (FLEET, *person.teams):
            raise Refused(f"{model} belongs to team {team}; you look after {', '.join(person.teams)}.")
        allowed = [t for t in TIERS if t >= MAY[action] and (tiers is None or t in tiers)]
        if person.tier not in allowed:
            who = [p.name for tier in allowed for p in self.of_tier(tier, team)]
            verb = action.replace("_", " ")
            raise Refused(
                f"To {verb} takes {' or '.join(allowed)}; you are {person.tier}."
                + (f" Ask {' or '.join(who)}." if who else "")
            )
        return person


def parse_people(text: str, name: str) -> People:
    """The roster: a YAML list of people, each with the fields of Person. Raises ValueError with a sentence."""
    try:
        rows: Any = yaml.safe_load(text) or []
    except yaml.YAMLError as error:
        raise ValueError(f"{name} is not YAML: {error}") from error
    if not isinstance(rows, list):
        raise ValueError(f"{name} must be a list of people, each with id, name and tier")
    people: list[Person] = []
    for number, row in enumerate(rows, 1):
        known = ("id", "name", "tier", "teams", "zone", "email", "pagerduty")
        if not isinstance(row, dict) or not {"id", "name", "tier"} <= row.keys():
            raise ValueError(f"{name}, person {number}: id, name and tier are needed")
        if unknown := [key for key in row if key not in known]:
            close = difflib.get_close_matches(str(unknown[0]), known, n=1)
            raise ValueError(
                f"{name}, person {number}: unknown key '{unknown[0]}', known are {', '.join(close or known)}"
            )
        if row["tier"] not in TIERS:
            raise ValueError(f"{name}, person {number}: the tier must be L1, L2 or L3, not {row['tier']}")
        teams = row.get("teams", [])
        if not isinstance(teams, list):
            raise ValueError(f"{name}, person {number}: teams must be a list such as [nyc], not {teams}")
        zone = str(row.get("zone", ""))
        try:
            zone = zone and known_zone(zone)
        except ValueError as error:
            raise ValueError(f"{name}, person {number}: {error}") from None
        if any(person.id == str(row["id"]) for person in people):
            raise ValueError(f"{name}, person {number}: {row['id']} is listed already; one entry a person")
        people.append(
            Person(
                str(row["id"]),
                str(row["name"]),
                row["tier"],
                tuple(map(str, teams)),
                zone,
                *_reached(row, f"{name}, person {number}"),
            )
        )
    return People(tuple(people))


def _reached(row: Mapping[str, Any], where: str) -> tuple[str, str]:
    """Beside the chat: email, and user id in PagerDuty."""
    email = str(row.get("email", ""))
    if email and not EMAIL.fullmatch(email):
        raise ValueError(f"{where}: the email must be an address like ana@example.org, not {email}")
    return email, str(row.get("pagerduty", ""))
