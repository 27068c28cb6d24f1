"""`tidewatch oncall`, and deciding on the command line, which only a demo home allows."""

from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from tidewatch.cli import app

PEOPLE = "- {id: U0ANA, name: Ana, tier: L1}\n- {id: U0EVA, name: Eva, tier: L1}\n"
PLAN = """\
teams:
  nyc:
    rotas:
      L1:
        zone: America/New_York
        layers:
          - {name: days, people: [U0ANA, U0EVA], first_day: 2026-01-05, hours: {starts: "02:30", ends: "20:00"}}
          - {name: nights, people: [U0EVA, U0ANA], first_day: 2026-01-05, hours: {starts: "20:00", ends: "02:30"}}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "people.yaml").write_text(PEOPLE)
    (tmp_path / "oncall.yaml").write_text(PLAN)
    return tmp_path


def run(home: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [*words, "--home", str(home)])


def check(home: Path, plan: str = PLAN) -> Result:
    (home / "oncall.yaml").write_text(plan)
    return run(home, "oncall", "check", "--from", "2026-03-01T14:00")


def test_a_rota_without_holes_is_clean_for_a_year(home: Path) -> None:
    done = check(home)
    assert done.exit_code == 0
    assert done.output == "nyc L1: no gap and no overlap from 2026-03-01 to 2027-03-02.\n"


def test_every_gap_is_a_line_with_local_and_utc_times(home: Path) -> None:
    done = check(home, PLAN.replace('ends: "02:30"', 'ends: "02:00"'))
    assert done.exit_code == 1
    first = done.output.splitlines()[0]
    assert first == (
        "nyc L1: nobody from Mon 2 Mar 2026 02:00 to 02:30 America/New_York, Mon 2 Mar 2026 07:00 to 07:30 UTC"
    )
    assert "Sun 8 Mar 2026" not in done.output  # those local minutes do not exist


def test_a_plan_that_is_wrong_is_said_by_line(home: Path) -> None:
    done = check(home, PLAN.replace("America/New_York", "New York"))
    assert done.exit_code == 2
    assert "oncall.yaml line 5: 'teams.nyc.rotas.L1.zone': there is no time zone 'New York'" in done.output
    assert "did you mean 'America/New_York'?" in done.output


@pytest.mark.parametrize("moment", ["2026-03-08T06:59", "2026-03-08T02:59-04:00"])
def test_who_is_on_call_is_told_with_their_end(home: Path, moment: str) -> None:
    done = run(home, "oncall", "who", "--at", moment)
    assert done.exit_code == 0 and "L1: *" in done.output and "UTC" in done.output


def test_a_time_that_is_none_is_one_sentence(home: Path) -> None:
    done = run(home, "oncall", "who", "--at", "tomorrow")
    assert done.exit_code == 2 and "'tomorrow' is no time" in done.output


@pytest.mark.parametrize("words", [("ml", "help"), ("report", "nyc/late", "odd")])
def test_outside_a_demo_home_the_command_line_decides_nothing(home: Path, words: tuple[str, ...]) -> None:
    done = run(home, *words, "--as", "U0ANA")
    assert done.exit_code == 2 and "is no home of `tidewatch demo`" in done.output
    assert not (home / "log").exists() or not any((home / "log").iterdir())


def test_in_a_demo_home_somebody_must_be_named_and_is_answered_as_in_the_chat(home: Path) -> None:
    (home / "clock.json").write_text('{"at": "2026-03-02T03:00:00+00:00", "rate": 0.0, "set": 0.0}')
    assert run(home, "ml", "whoami").exit_code == 2
    done = run(home, "ml", "whoami", "--as", "U0ANA")
    assert done.exit_code == 0 and done.output.startswith("You are Ana, L1")
    assert "There is no model nyc/late" in run(home, "report", "nyc/late", "odd", "--as", "U0ANA").output
