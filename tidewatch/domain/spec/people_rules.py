"""Who is called and who decides: what a spec may say about people."""

from collections.abc import Iterator

from tidewatch.domain.model_spec import TIERS, ModelSpec
from tidewatch.domain.people import MAY
from tidewatch.domain.spec.remark import Remark, warning


def owners(spec: ModelSpec) -> Iterator[Remark]:
    for tier in TIERS:
        if not spec.owners.get(tier):
            sentence = f"nobody of {tier} is named, so the team's people of that tier are called; name them, or mean it"
            yield warning(("owners", tier), sentence)
        for place, user in enumerate(spec.owners.get(tier, [])):
            if "@" in user or " " in user.strip() or not user.strip():
                yield Remark(
                    ("owners", tier, str(place)),
                    f"'{user}' of {tier} is no user id; owners are the chat's ids such as U0ANA, because names and "
                    "addresses must not enter the log",
                )


def approvers(spec: ModelSpec) -> Iterator[Remark]:
    path, chosen = ("retraining", "approvers"), spec.retraining.approvers
    able = [tier for tier in TIERS if tier >= MAY["approve"]]
    if not chosen:
        yield Remark(path, f"nobody may approve a retrained model; name {' or '.join(able)}")
    for place, tier in enumerate(chosen):
        if tier not in able:
            sentence = f"{tier} may not approve a retrained model; approvers are {' or '.join(able)}"
            yield Remark((*path, str(place)), sentence)


def enough_people(spec: ModelSpec) -> Iterator[Remark]:
    chosen, quorum = spec.retraining.approvers, spec.retraining.quorum
    people = {user for tier in chosen for user in spec.owners.get(tier, [])}
    if people and len(people) <= quorum and all(spec.owners.get(tier) for tier in chosen):
        named = ", ".join(sorted(people))
        yield warning(
            ("retraining", "approvers"),
            f"only {named} could approve, where {quorum} must and nobody approves what they asked for; "
            f"name {quorum + 1 - len(people)} more",
        )


RULES = ((owners, ()), (approvers, ()), (enough_people, ("owners",)))
