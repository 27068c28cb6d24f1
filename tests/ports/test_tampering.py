"""Every way to change the log behind its back, done to the store itself, on every adapter."""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient

from tests.operations.house import House
from tidewatch.adapters.local.seal import Ed25519Seal
from tidewatch.domain.checkpoint import Checkpoint, Mark, read_chain, root_of
from tidewatch.domain.events import Cause, Draft, Event, chain
from tidewatch.operations.checkpoints import is_genuine, stored_checkpoints, take_checkpoint
from tidewatch.operations.verify_log import Verification, verify_log

LOG, OTHER = "INC-7", "INC-8"


class Store(Protocol):
    """What somebody can do who may write to the store: anything."""

    def write(self, name: str, content: bytes) -> None: ...
    def remove(self, name: str) -> None: ...
    def copy(self) -> dict[str, bytes]: ...


class Files:
    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, content: bytes) -> None:
        self._path(name).write_bytes(content)
        self._path(name).with_suffix(".head").unlink(missing_ok=True)  # an attacker knows of it

    def remove(self, name: str) -> None:
        self._path(name).unlink()
        self._path(name).with_suffix(".head").unlink(missing_ok=True)

    def copy(self) -> dict[str, bytes]:
        return {
            str(path.relative_to(base)): path.read_bytes()
            for base, pattern in ((self.root / "incidents", "*.jsonl"), (self.root / "blobs/incidents", "**/*.json"))
            for path in base.glob(pattern)
        }

    def _path(self, name: str) -> Path:
        return self.root / ("blobs/incidents" if name.startswith("checkpoints/") else "incidents") / name


class Azure:
    def __init__(self, container: ContainerClient) -> None:
        self.container = container

    def write(self, name: str, content: bytes) -> None:
        if name.startswith("checkpoints/"):
            self.container.upload_blob(name, content, overwrite=True)
            return
        blob = self.container.get_blob_client(name)
        blob.create_append_blob()
        blob.append_block(content)

    def remove(self, name: str) -> None:
        self.container.delete_blob(name)

    def copy(self) -> dict[str, bytes]:
        return {b.name: self.container.download_blob(b.name).readall() for b in self.container.list_blobs()}


@pytest.fixture
def store(place: dict[str, str], racers: Any, house: House) -> Iterator[Store]:
    """The house's log and blobs lie in the store, which has two streams and a checkpoint for each event."""
    with ExitStack() as stack:
        house.change(
            log=stack.enter_context(racers.opened_incident_log(place)),
            blobs=stack.enter_context(racers.opened_blobs(place)),
        )
        for turn in range(3):
            write(house, LOG, f"{turn}")
            write(house, OTHER, f"{turn}")
            house.later(hours=1)
            take_checkpoint(house.ports)
        if place["kind"] == "local":
            yield Files(Path(place["root"]))
        else:
            service = stack.enter_context(BlobServiceClient.from_connection_string(place["connection"]))
            yield Azure(service.get_container_client("incidents"))


def write(house: House, incident: str, key: str) -> None:
    before = house.ports.log.read(incident)
    house.ports.log.append(incident, noted(house, incident, before[-1] if before else None, key))


def noted(house: House, incident: str, after: Event | None, turn: str) -> tuple[Event, ...]:
    return chain(incident, [Draft("noted", {"turn": turn})], after, cause(turn), house.ports.clock.now())


def cause(key: str) -> Cause:
    return Cause("U0ANA", "slack", key)


def verified(house: House, against: str = "") -> Verification:
    stored = stored_checkpoints(house.ports.blobs)
    return verify_log(house.ports.log, read_chain(stored, lambda found: is_genuine(house.ports, found)), against)


def rechained(house: House, turns: list[str], incident: str = LOG) -> tuple[Event, ...]:
    """A whole stream as somebody would have it, with hashes that are right."""
    events: tuple[Event, ...] = ()
    for turn in turns:
        events += noted(house, incident, events[-1] if events else None, turn)
    return events


def content(events: tuple[Event, ...]) -> bytes:
    return b"".join(event.line().encode() + b"\n" for event in events)


def test_an_untouched_log_is_vouched_for_up_to_its_newest_checkpoint(house: House, store: Store) -> None:
    write(house, LOG, "young")
    result = verified(house)
    assert (result.faults, result.incidents, result.events, result.younger) == ([], 2, 7, 1)
    assert result.vouched is not None and result.vouched.number == 3
    assert result.witness == ""


def test_a_rewrite_with_new_hashes_is_named(house: House, store: Store) -> None:
    store.write(f"{LOG}.jsonl", content(rechained(house, ["0", "1, as I would have it", "2"])))
    (fault,) = verified(house).faults
    assert fault.startswith(f"{LOG}: was rewritten at or before event 1, with new hashes; checkpoint 1 (2026-")


def test_a_rewrite_of_the_last_event_alone_names_that_event(house: House, store: Store) -> None:
    kept = house.ports.log.read(LOG)[:2]
    store.write(f"{LOG}.jsonl", content(kept + noted(house, LOG, kept[-1], "mine")))
    (fault,) = verified(house).faults
    assert fault.startswith(f"{LOG}: was rewritten at or before event 3")


def test_a_truncated_tail_is_named(house: House, store: Store) -> None:
    store.write(f"{LOG}.jsonl", content(house.ports.log.read(LOG)[:2]))
    (fault,) = verified(house).faults
    assert fault.startswith(f"{LOG}: its end is cut off behind event 2; checkpoint 3 (2026-03-02 06:00 UTC")
    assert fault.endswith("saw 3 events")


def test_a_deleted_stream_is_named(house: House, store: Store) -> None:
    store.remove(f"{LOG}.jsonl")
    (fault,) = verified(house).faults
    assert fault.startswith(f"{LOG}: the whole stream is gone; checkpoint 3")
    assert fault.endswith("saw 3 events of it")


def test_a_checkpoint_taken_out_from_between_is_named(house: House, store: Store) -> None:
    store.remove("checkpoints/00000002.json")
    assert verified(house).faults == ["checkpoint 2: was taken out"]


def test_a_checkpoint_that_was_changed_is_named(house: House, store: Store) -> None:
    stored = store.copy()["checkpoints/00000002.json"]
    record = json.loads(stored)
    record["changed"][LOG][1] = "0" * 64
    changed = replace(Checkpoint.from_bytes(stored), changed={LOG: Mark(2, "0" * 64)})
    store.write("checkpoints/00000002.json", changed.to_bytes())
    assert "checkpoint 2: its signature does not hold; it is forged, or was changed" in verified(house).faults
    store.write("checkpoints/00000002.json", b"{}")
    assert "checkpoint 2: cannot be read" in verified(house).faults


def test_a_forged_checkpoint_that_fits_a_rewritten_stream_is_named(house: House, store: Store, tmp_path: Path) -> None:
    mine = rechained(house, ["0", "mine", "2"])
    store.write(f"{LOG}.jsonl", content(mine))
    other = house.ports.log.read(OTHER)[-1]
    marks = {LOG: Mark(3, mine[-1].hash), OTHER: Mark(3, other.hash)}
    newest = Checkpoint.from_bytes(store.copy()["checkpoints/00000003.json"])
    forged = replace(newest, changed=marks, root=root_of(marks))
    forger = Ed25519Seal("", tmp_path / "another-key.pem")
    store.write("checkpoints/00000003.json", replace(forged, signature=forger.sign(forged.signed())).to_bytes())
    faults = verified(house).faults
    assert faults[0] == "checkpoint 3: its signature does not hold; it is forged, or was changed"
    assert faults[1].startswith(f"{LOG}: was rewritten at or before event 1")


def restore(store: Store, before: dict[str, bytes]) -> None:
    for name, data in store.copy().items():
        if name not in before:
            store.remove(name)
        elif before[name] != data:
            store.write(name, before[name])


def test_an_old_copy_of_the_whole_store_is_exposed_by_a_hash_kept_outside(house: House, store: Store) -> None:
    before = store.copy()
    write(house, LOG, "inconvenient")
    house.later(hours=1)
    witness = take_checkpoint(house.ports)
    assert witness is not None
    event = house.ports.log.read(LOG)[-1]
    assert verified(house, witness.hash[:16]).witness == str(witness)
    assert verified(house, event.hash[:8]).witness == f"{LOG} event 4"
    restore(store, before)
    assert verified(house).faults == [], "inside the store nothing is left to see it by"
    for kept in (witness.hash, event.hash[:8]):
        assert verified(house, kept).faults == [
            f"no checkpoint and no event here has the hash {kept}: this is an older copy of the log, or another log"
        ]


def test_the_removal_of_the_newest_checkpoints_is_exposed_by_a_hash_kept_outside(house: House, store: Store) -> None:
    witness = take_checkpoint(house.ports)
    assert witness is not None and witness.number == 3
    store.remove("checkpoints/00000003.json")
    assert verified(house).faults == []
    assert "no checkpoint and no event here has the hash" in verified(house, witness.hash).faults[0]


def test_what_was_changed_before_the_next_checkpoint_is_reported_and_never_vouched_for(
    house: House, store: Store
) -> None:  # fmt: skip
    store.write(f"{LOG}.jsonl", content(rechained(house, ["0", "mine", "2", "3"])))
    store.remove(f"{OTHER}.jsonl")
    house.later(hours=1)
    newest = take_checkpoint(house.ports)
    assert newest is not None and newest.changed == {} and newest.number == 4
    incident = house.incident("INC-1001")
    assert incident.title == "tidewatch/operations: somebody changed the incident log"
    assert f"{LOG}: was rewritten" in incident.finding.sentence
    assert f"{OTHER}: the whole stream is gone" in incident.finding.sentence
    house.later(hours=1)
    take_checkpoint(house.ports)
    faults = verified(house).faults
    assert len(faults) == 2 and f"{LOG}: was rewritten" in faults[0] and f"{OTHER}: the whole stream" in faults[1]
    assert house.kinds("INC-1001") == ["opened"], "the same faults are told once"


def test_nothing_that_changes_lies_beside_the_streams_and_the_checkpoints(house: House, store: Store) -> None:
    before = store.copy()
    write(house, LOG, "more")
    house.later(hours=1)
    take_checkpoint(house.ports)
    after = store.copy()
    assert all(re.fullmatch(r"INC-\d+\.jsonl|checkpoints/\d{8}\.json", name) for name in after)
    assert all(after[name].startswith(content) for name, content in before.items())
