import ast
from pathlib import Path

from tidewatch.domain.incident.fold import _STEPS
from tidewatch.domain.incident.kinds import KINDS
from tidewatch.domain.upcasting import UPCASTS
from tidewatch.render.events_page import events_page
from tidewatch.render.thread import TELLS

ROOT = Path(__file__).parents[2]


def _drafted() -> set[str]:
    """The kinds that are spelt out where events are made."""
    trees = [ast.parse(file.read_text()) for room in ("tidewatch", "bot") for file in (ROOT / room).rglob("*.py")]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
    made = [call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Draft"]
    return {kind.value for kind in made if isinstance(kind, ast.Constant)}


def test_every_kind_of_event_is_explained() -> None:
    drafted = _drafted()
    assert len(drafted) > 30
    known = drafted | set(_STEPS) | set(TELLS) | {kind for kind, _ in UPCASTS}
    assert known <= KINDS.keys(), known - KINDS.keys()


def test_no_kind_is_explained_that_nobody_writes_or_reads() -> None:
    assert KINDS.keys() <= _drafted() | set(_STEPS) | set(TELLS), KINDS.keys() - _drafted()


def test_the_page_of_kinds_is_that_of_the_table() -> None:
    assert (ROOT / "docs" / "events.md").read_text() == events_page(), "tidewatch log kinds > docs/events.md"
