"""When nobody is on call, and when two are who should not be."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from tidewatch.domain.local_time import spans
from tidewatch.domain.oncall.rota import Rota, Shift, shifts


@dataclass(frozen=True)
class Hole:
    kind: Literal["gap", "overlap"]
    starts: datetime  # UTC
    ends: datetime
    people: tuple[str, ...] = ()  # of an overlap
    layers: tuple[str, ...] = ()


def holes(rota: Rota, start: datetime, end: datetime, standing_in: Sequence[Shift] = ()) -> list[Hole]:
    """In the order of time. Two layers with the same person at once are no overlap: one phone rings."""
    firsts = [shift for shift in shifts(rota, start, end, standing_in) if shift.rank == "first"]
    covered = spans(rota.cover, rota.zone, start, end)
    edges = {start, end, *(edge for span in covered for edge in span)}
    edges |= {edge for shift in firsts for edge in (shift.starts, shift.ends) if start < edge < end}
    found: list[Hole] = []
    ordered = sorted(edges)
    for opens, closes in zip(ordered, ordered[1:], strict=False):
        on_call = [shift for shift in firsts if shift.covers(opens)]
        people = tuple(dict.fromkeys(shift.person for shift in on_call))
        if len(people) > 1:
            _add(found, Hole("overlap", opens, closes, people, tuple(shift.entry for shift in on_call)))
        elif not people and any(since <= opens < until for since, until in covered):
            _add(found, Hole("gap", opens, closes))
    return found


def _add(found: list[Hole], hole: Hole) -> None:
    """What touches its like is one hole."""
    last = found[-1] if found else None
    if last and last.ends == hole.starts and (last.kind, last.people) == (hole.kind, hole.people):
        found[-1] = Hole(hole.kind, last.starts, hole.ends, hole.people, hole.layers)
    else:
        found.append(hole)
