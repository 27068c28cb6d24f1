"""The example is as its README says, and its scripts can be handed to somebody who has never seen them."""

import functools
import importlib.util
import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import skops.io
from sklearn.metrics import roc_auc_score

EXAMPLE = Path(__file__).parents[2] / "examples" / "flight_delays"
DAY = date(2013, 5, 14)
KILOMETRES = 1.609344


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"flight_delays_{name}", EXAMPLE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


data, feed, score = load("data"), load("feed"), load("score")
Scorer: TypeAlias = Any  # loaded by path, so that the checker cannot know them
Feed: TypeAlias = Any


def run(script: str, *arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(EXAMPLE / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - the example's scripts


@pytest.fixture(scope="session")
def flights() -> pd.DataFrame:
    return data.flights()


@pytest.fixture(scope="session")
def trained(flights: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What train.py wrote for January to March, from a folder that holds April too and one file twice."""
    folder = tmp_path_factory.mktemp("training")
    (folder / "data").mkdir()
    spring = flights[flights["day"] < "2013-05-01"]
    for name, months in {"a": ("01", "02"), "b": ("03", "04"), "again": ("03",)}.items():
        rows = spring[spring["day"].str.slice(5, 7).isin(months)]
        (folder / "data" / f"{name}.parquet").write_bytes(feed.write_parquet(rows, {}))
    done = run("train.py", "--data", folder / "data", "--until", "2013-04-01", "--out", folder / "out", "--folds", 2)
    assert done.returncode == 0, done.stderr
    assert "77,911 labelled flights from 2013-01-01 to 2013-03-31" in done.stdout
    return folder / "out"


@pytest.fixture(scope="session")
def scorer(trained: Path) -> Scorer:
    return score.Scorer(trained / "model")


@pytest.fixture(scope="session")
def world(flights: pd.DataFrame) -> Feed:
    return feed.Feed(flights)


def test_the_year_is_whole_and_every_flight_has_an_id_of_its_own(flights: pd.DataFrame) -> None:
    assert len(flights) == 336_776
    assert flights["id"].is_unique
    assert flights["id"].iloc[0] == "2013-01-01-UA1545-EWR-0515"
    assert flights["day"].nunique() == 365
    assert flights["late"].isna().mean() == pytest.approx(0.028, abs=0.0005)


def test_flights_until_a_day_stop_before_it() -> None:
    assert data.flights(until=date(2013, 1, 3))["day"].unique().tolist() == ["2013-01-01", "2013-01-02"]


def test_nobody_can_spoil_the_year_for_others() -> None:
    mine = data.flights()
    mine.loc[:, "distance"] = 0
    assert data.flights()["distance"].min() > 0


def test_the_last_week_of_june_is_as_late_as_the_readme_says(flights: pd.DataFrame, scorer: Scorer) -> None:
    week = flights[flights["day"].between("2013-06-24", "2013-06-30") & flights["late"].notna()]
    assert week["late"].mean() > 0.4
    assert scorer.score(week).mean() < week["late"].mean() - 0.1


def test_a_model_of_the_winter_still_ranks_the_flights_of_spring(flights: pd.DataFrame, scorer: Scorer) -> None:
    spring = flights[flights["day"].between("2013-04-01", "2013-06-30") & flights["late"].notna()]
    assert roc_auc_score(spring["late"], scorer.score(spring)) > 0.6


def test_training_scores_every_labelled_flight_once_in_left_out_weeks(
    flights: pd.DataFrame, trained: Path, scorer: Scorer
) -> None:
    left_out = pd.read_parquet(trained / "left_out.parquet")
    winter = flights[(flights["day"] < "2013-04-01") & flights["late"].notna()]
    assert set(left_out["id"]) == set(winter["id"])
    assert len(left_out) == len(winter)
    assert left_out["score"].between(0, 1).all()
    known = scorer.score(winter.set_index("id").loc[left_out["id"]])
    assert roc_auc_score(left_out["late"], left_out["score"]) < roc_auc_score(left_out["late"], known) - 0.05


def test_the_summary_tells_what_the_model_was_made_of(trained: Path) -> None:
    summary = json.loads((trained / "summary.json").read_text())
    assert (summary["rows"], summary["days"], summary["last_day"]) == (77_911, 90, "2013-03-31")
    assert summary["late_share"] == pytest.approx(0.228, abs=0.001)
    assert 0.45 < summary["log_loss"] < 0.55
    assert summary["fit_seconds"] > 0


def test_training_without_data_ends_with_one_sentence(tmp_path: Path) -> None:
    done = run("train.py", "--data", tmp_path, "--out", tmp_path / "out")
    assert (done.returncode, done.stderr) == (1, f"train.py: there are no parquet files in {tmp_path}\n")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        ({"first": "2013-05-06", "last": "2013-05-10"}, "all flights are of one week"),
        ({"first": "2014-01-01", "last": "2014-12-31"}, "0 labelled flights remain"),
        ({"drop": ["late", "temp"]}, "data.parquet lacks columns that training needs: late, temp"),
        ({"bytes": b"day,late"}, "data.parquet is not a parquet file"),
    ],
    ids=["one week", "no rows", "columns missing", "not parquet"],
)
def test_training_says_what_is_wrong_with_its_data(
    flights: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: dict[str, Any], complaint: str
) -> None:
    chosen = flights[flights["day"].between(rows.get("first", "2013-05-06"), rows.get("last", "2013-05-10"))]
    written = rows.get("bytes") or feed.write_parquet(chosen.drop(columns=rows.get("drop", [])), {})
    (tmp_path / "data.parquet").write_bytes(written)
    monkeypatch.setitem(sys.modules, "score", score)  # which the script finds beside itself
    with pytest.raises(ValueError, match=complaint):
        load("train").train([tmp_path], None, tmp_path / "out", folds=6, seed=0)


def test_a_batch_is_the_days_flights_as_the_model_saw_them(flights: pd.DataFrame, world: Feed, scorer: Scorer) -> None:
    batch = world.batch(DAY, scorer)
    day = flights[flights["day"] == "2013-05-14"]
    assert batch.columns.tolist() == [*data.COLUMNS, "score", "prediction"]
    assert batch["id"].tolist() == day["id"].tolist()
    np.testing.assert_array_equal(batch["score"], scorer.score(day))
    np.testing.assert_array_equal(batch["prediction"], (batch["score"] >= 0.5).astype(int))


def test_a_fault_multiplies_its_column_before_the_model_sees_it(world: Feed, scorer: Scorer) -> None:
    fault = feed.Fault("distance", KILOMETRES, first_day=DAY, days=2)
    right, wrong = world.batch(DAY, scorer), world.batch(DAY, scorer, fault)
    np.testing.assert_allclose(wrong["distance"], right["distance"] * KILOMETRES)
    np.testing.assert_array_equal(wrong["score"], scorer.score(wrong))
    assert (wrong["score"] - right["score"]).abs().mean() > 0.001
    others = [name for name in data.COLUMNS if name != "distance"]
    pd.testing.assert_frame_equal(wrong[others], right[others])


def test_a_fault_strikes_on_its_days_only(world: Feed, scorer: Scorer) -> None:
    fault = feed.Fault("distance", KILOMETRES, first_day=DAY, days=2)
    struck = [
        not world.batch(day, scorer, fault).equals(world.batch(day, scorer))
        for day in world.days(date(2013, 5, 13), date(2013, 5, 17))
    ]
    assert struck == [False, True, True, False, False]


def test_labels_come_for_the_flights_that_arrived_and_for_no_others(flights: pd.DataFrame, world: Feed) -> None:
    labels = world.labels(date(2013, 2, 9))  # the day after a blizzard
    day = flights[flights["day"] == "2013-02-09"].set_index("id")["late"]
    assert 0 < len(labels) < len(day)
    assert labels["late"].tolist() == day[labels["id"]].tolist()
    assert day.drop(labels["id"]).isna().all()


def test_the_training_frame_ends_in_march_and_has_no_score(world: Feed) -> None:
    frame = world.training_frame()
    assert frame["day"].max() == "2013-03-31"
    assert frame.columns.tolist() == [*data.COLUMNS, "late"]


@pytest.mark.parametrize("column", ["carrier", "day", "late", "score", "altitude"])
def test_only_a_column_of_numbers_that_the_model_sees_can_be_faulty(world: Feed, scorer: Scorer, column: str) -> None:
    with pytest.raises(ValueError, match=f"{column} cannot be multiplied: choose one of .*distance"):
        world.batch(DAY, scorer, feed.Fault(column, 2.0, first_day=date(2013, 12, 1)))


def test_a_day_outside_the_year_is_a_sentence(world: Feed, scorer: Scorer) -> None:
    complaint = "no flights on 2014-01-01: choose a day from 2013-01-01 to 2013-12-31"
    with pytest.raises(ValueError, match=complaint):
        world.batch(date(2014, 1, 1), scorer)
    with pytest.raises(ValueError, match=complaint):
        world.labels(date(2014, 1, 1))


def test_unknown_categories_and_missing_values_get_a_score(flights: pd.DataFrame, scorer: Scorer) -> None:
    odd = flights.head(3).astype({"distance": float})
    odd["carrier"] = ["XX", None, "UA"]
    odd["dest"] = ["Mars", "", None]
    odd.loc[:, ["distance", "temp", "pressure"]] = np.nan
    scores = scorer.score(odd)
    assert scores.shape == (3,)
    assert ((scores > 0) & (scores < 1)).all()


def test_a_column_that_is_missing_or_holds_text_is_named(flights: pd.DataFrame, scorer: Scorer) -> None:
    with pytest.raises(ValueError, match="columns that the data does not have: distance, temp"):
        scorer.score(flights.head(3).drop(columns=["temp", "distance"]))
    with pytest.raises(ValueError, match="the column temp must hold numbers"):
        scorer.score(flights.head(3).assign(temp=["warm", "cold", "warm"]))


def test_an_artefact_with_other_types_inside_is_not_loaded(trained: Path, tmp_path: Path) -> None:
    skops.io.dump(functools.partial(print), tmp_path / "model.skops")
    (tmp_path / "model.json").write_text((trained / "model" / "model.json").read_text())
    with pytest.raises(ValueError, match="it is no flight delay model: .*functools.partial"):
        score.Scorer(tmp_path)


def test_scoring_again_replaces_the_scores_and_keeps_everything_else(
    trained: Path, world: Feed, scorer: Scorer, tmp_path: Path
) -> None:
    batch = world.batch(DAY, scorer)
    stale = feed.write_parquet(batch.assign(score=0.5), {"model_version": "1", "window": "2013-05-14"})
    (tmp_path / "batch.parquet").write_bytes(stale)
    done = run(
        "score.py", "--model", trained / "model", "--data", tmp_path / "batch.parquet", "--out", tmp_path / "again"
    )
    assert done.returncode == 0, done.stderr
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "again"), batch)
    metadata = pq.read_metadata(tmp_path / "again").metadata
    assert metadata[b"model_version"] == b"1"
    assert metadata[b"window"] == b"2013-05-14"
