"""What is written into the log and its markers."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.crash.work import INC, Ack, Work, cause, house_at
from tidewatch.domain.events import Draft
from tidewatch.operations.checkpoints import take_checkpoint
from tidewatch.operations.journal import record, text_of
from tidewatch.operations.report import open_markers, report
from tidewatch.operations.respond import note


class Log(Work):
    """Notes of a person through operations/journal, in an incident that is there and in one that is not."""

    is_done_again = True
    notes = 2

    def prepare(self, root: Path) -> None:
        house = house_at(root)
        report(house.ports, [house.finding()], "before", "blob")
        house.forget_jobs()

    def work(self, root: Path, ack: Ack) -> None:
        house = house_at(root)
        for number in range(self.notes):
            note(house.ports, INC, f"looked at sensor {number}", cause(f"note:{number}"))
            ack(f"note:{number}")
        opened = Draft("opened", house.events(INC)[0].data)
        record(house.ports, "INC-1002", cause("second"), lambda now: [] if now else [opened])
        ack("second")
        take_checkpoint(house.ports)
        ack("checkpoint")

    def kept(self, root: Path) -> set[str]:
        house, found = house_at(root), set()
        for incident in house.incidents():
            for event in house.events(incident):
                if event.kind != "noted" or text_of(house.ports, incident, event.data["text"]).startswith("looked at"):
                    found.add(event.key)
        if next(house.ports.blobs.list("incidents", "checkpoints/"), None):
            found.add("checkpoint")
        return found


class Markers(Work):
    """Findings become incidents: of a new signal, of one that is open, of one whose reopen window is over."""

    is_done_again = True
    keys = (("friday", "weight"), ("friday", "colour"), ("saturday", "weight"))

    def prepare(self, root: Path) -> None:
        house = house_at(root)
        report(house.ports, [house.finding("colour")], "long ago", "blob")
        record(house.ports, INC, cause("over"), lambda now: [Draft("resolved", {"sentence": "it was mended"})])
        house.later(days=60)
        house.forget_jobs()

    def work(self, root: Path, ack: Ack) -> None:
        house = house_at(root)
        for key, subject in self.keys:
            report(house.ports, [house.finding(subject)], key, "blob")
            ack(f"{key} {subject}")

    def kept(self, root: Path) -> set[str]:
        house = house_at(root)
        return {
            f"{event.key.removeprefix('finding:')} {house.incident(name).finding.subject}"
            for name in house.incidents()
            for event in house.events(name)
        }

    def doubled(self, root: Path) -> Iterator[str]:
        house = house_at(root)
        open_ones = [found for found in map(house.incident, house.incidents()) if found.status != "resolved"]
        opened = Counter(found.signal for found in open_ones)
        yield from (f"{signal} has {count} open incidents" for signal, count in opened.items() if count > 1)
        marked = {marker.incident for marker in open_markers(house.ports)}
        yield from (f"{found.id} is open and no marker leads to it" for found in open_ones if found.id not in marked)
