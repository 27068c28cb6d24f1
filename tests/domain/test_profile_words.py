"""Profiles of words, ids and times."""

import numpy as np
import pytest

from tests.domain.columns import coded, text
from tidewatch.domain.profile.column import ColumnProfile, merge_column
from tidewatch.domain.profile.counting import Counter, IdCounter, NumberCounter, TextCounter, TimeCounter
from tidewatch.domain.profile.grid import Grid
from tidewatch.domain.profile.ids import IdProfile
from tidewatch.domain.profile.text import NAMED, TextProfile
from tidewatch.domain.profile.times import TimeProfile
from tidewatch.domain.table import Piece

KNOWN = frozenset("ab")


def fed(counter: Counter, *pieces: Piece) -> ColumnProfile:
    for piece in pieces:
        counter.add(piece)
    return counter.profile()


def crowd(first: int, last: int) -> list[str | None]:
    return [f"name {number}" for number in range(first, last)]


def test_categories_beyond_those_that_are_named_are_sketched_and_every_row_still_counts() -> None:
    profile = text([*crowd(0, NAMED + 500), *["a"] * 30, None], frozenset({"a", "b"}))
    assert profile.rows == NAMED + 530 and profile.nulls == 1
    assert profile.counts == {"a": 30} and profile.other == NAMED + 500
    assert profile.categories == pytest.approx(NAMED + 501, rel=0.03)


def test_as_many_categories_as_can_be_named_are_named() -> None:
    profile = text(crowd(0, NAMED))
    assert len(profile.counts) == NAMED and profile.other == 0 and profile.distinct is None


@pytest.mark.parametrize("size", [100, 700, 1500])
def test_too_many_categories_in_any_pieces_come_to_the_same(size: int) -> None:
    words = [*crowd(0, 3000), *["heavy"] * 600, *["a"] * 50]
    np.random.default_rng(3).shuffle(words)
    parts = [text(words[start : start + size], KNOWN) for start in range(0, len(words), size)]
    merged, together = merge_column("w", parts[::-1]), text(words, KNOWN)
    assert isinstance(merged, TextProfile)
    assert (merged.counts, merged.other, merged.rows) == (together.counts, together.other, together.rows)
    assert merged.categories == pytest.approx(together.categories, rel=0.03)
    assert 600 - 0.0017 * together.other <= merged.commonest["heavy"] <= 600
    assert merged.mode == pytest.approx(600 / together.rows, abs=0.002)


def test_a_renamed_heavy_category_is_still_seen_among_a_crowd() -> None:
    profile = text([*crowd(0, 4000), *["new name"] * 6000], frozenset({"old name"}))
    assert next(iter(profile.commonest)) == "new name"
    assert profile.commonest["new name"] == pytest.approx(6000, abs=0.0017 * 10_000)
    assert next(iter(profile.unseen(frozenset({"old name"})))) == "new name"
    assert sum(profile.unseen(frozenset({"old name"})).values()) == 10_000


def test_the_commonest_come_first_and_ties_in_order_of_their_names() -> None:
    assert list(text(["b", "a", "c", "c", None]).commonest.items()) == [("c", 2), ("a", 1), ("b", 1)]


def test_one_category_is_constant() -> None:
    assert text(["a", "a", None]).constant and not text(["a", "b"]).constant and not text([None]).constant


# --- ids and times ---------------------------------------------------------------------------------------------


def ids(values: list[str | None]) -> IdProfile:
    profile = fed(IdCounter(), coded(values))
    assert isinstance(profile, IdProfile)
    return profile


@pytest.mark.parametrize("many", [1, 50, 30_000])
def test_ids_that_all_differ_have_no_duplicates(many: int) -> None:
    assert ids([*crowd(0, many), None]).duplicates == 0


def test_an_empty_id_is_an_id() -> None:
    assert ids(["", "a"]).duplicates == 0 and ids(["", ""]).duplicates == 1


@pytest.mark.parametrize("many", [3, 1000, 30_000])
def test_ids_that_came_twice_are_duplicates(many: int) -> None:
    found = ids(crowd(0, many) * 2).duplicates
    assert 0.95 * many <= found <= many


def test_times_are_known_by_their_ends_and_hours() -> None:
    profile = fed(TimeCounter(), np.array([0.0, 3599.0, 3600.0, 86_400.0, np.nan]))
    assert isinstance(profile, TimeProfile)
    assert (profile.earliest, profile.latest, profile.rows, profile.nulls) == (0.0, 86_400.0, 4, 1)
    assert profile.hours[:2] == (3, 1)
    assert fed(TimeCounter(), np.array([-1.0])).hours[23] == 1


def test_counters_that_were_fed_nothing_give_empty_profiles() -> None:
    counters: tuple[Counter, ...] = (NumberCounter(Grid.of(np.arange(9.0))), TextCounter(), IdCounter(), TimeCounter())
    for counter in counters:
        profile = counter.profile()
        assert (profile.rows, profile.nulls) == (0, 0)
