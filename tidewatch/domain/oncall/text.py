"""`oncall.yaml` as people write it: policies and rotas by team, every mistake with its line and what to do."""

from collections.abc import Iterator
from dataclasses import replace

from pydantic import ValidationError

from tidewatch.domain.oncall.duty import ANY_TEAM, OnCallPlan
from tidewatch.domain.oncall.rota import FILLED_BY, Role, Rota
from tidewatch.domain.part import SpecError
from tidewatch.domain.people import People
from tidewatch.domain.spec.remark import Remark, suggestion
from tidewatch.domain.spec.time_rules import answering
from tidewatch.domain.spec.tree import read_tree
from tidewatch.domain.spec.words import remark

A_PLAN = "this is a mapping that starts with 'teams:'"


def parse_oncall(text: str, name: str, people: People) -> OnCallPlan:
    """Raises SpecError naming `name`, the line and what to do for every mistake."""
    if not text.strip():
        return OnCallPlan()
    tree = read_tree(text, name, OnCallPlan, A_PLAN)
    plan, remarks = OnCallPlan(), list[Remark]()
    try:
        plan = OnCallPlan.model_validate(tree.record)
    except ValidationError as error:
        remarks = [remark(tree, detail) for detail in error.errors()]
    remarks += [said for said in _ruled(plan, people) if said.mistake]
    mistakes = sorted({*tree.traps, *((tree.line(said.path), said.sentence) for said in remarks)})
    if mistakes:
        raise SpecError([f"{name} line {line}: {sentence}" for line, sentence in mistakes])
    return plan


def _ruled(plan: OnCallPlan, people: People) -> Iterator[Remark]:
    for team, own in plan.teams.items():
        for said in answering(own.response):
            yield replace(said, path=("teams", team, "response", *said.path))
        for role, rota in own.rotas.items():
            for remark_of in _of_rota(rota, role, team, people):
                yield replace(remark_of, path=("teams", team, "rotas", role, *remark_of.path))


def _of_rota(rota: Rota, role: Role, team: str, people: People) -> Iterator[Remark]:
    if not any(layer.call == "first" for layer in rota.layers):
        yield Remark(("layers",), f"every layer of {role} is called second; make one of them call: first")
    for place, layer in enumerate(rota.layers):
        path = ("layers", str(place))
        if layer.last_day and layer.last_day <= layer.first_day:
            yield Remark((*path, "last_day"), f"the layer {layer.name} ends before its first turn; give a later day")
        for number, person in enumerate(layer.people):
            yield from _known(person, (*path, "people", str(number)), role, team, people)
    for place, override in enumerate(rota.overrides):
        yield from _known(override.person, ("overrides", str(place), "person"), role, team, people)


def _known(user: str, path: tuple[str, ...], role: Role, team: str, people: People) -> Iterator[Remark]:
    """Somebody who is called must be able to press the button."""
    person = people.get(user)
    if person is None:
        known = [each.id for each in people.everyone]
        yield Remark(path, f"{user} is not in people.yaml{suggestion(user, known) if known else ''}")
    elif person.tier not in FILLED_BY[role]:
        able = " or ".join(FILLED_BY[role])
        yield Remark(path, f"{person.name} is {person.tier}, and {role.replace('_', ' ')} takes {able}")
    elif team != ANY_TEAM and person.teams and team not in person.teams:
        yield Remark(path, f"{person.name} looks after {', '.join(person.teams)}, not after {team}")
