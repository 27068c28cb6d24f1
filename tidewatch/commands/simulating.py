"""What the alarms of a model will do, said before it goes live."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tidewatch.commands.checking import read_baseline, read_spec
from tidewatch.commands.watching import watching
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.simulation import Replay, Simulation, Smallest, simulate


def simulation(spec: Path, baseline: Path) -> tuple[ModelSpec, Simulation]:
    """Raises InputRefused."""
    rules = read_spec(spec)
    usual = read_baseline(rules, baseline)
    with watching("simulating"):
        return rules, simulate(rules, usual)


def as_record(result: Simulation) -> dict[str, Any]:
    return asdict(result)


def tell(rules: ModelSpec, result: Simulation) -> None:
    console = Console(soft_wrap=True, highlight=False)
    console.print(
        f"{rules.model}: agreed are {result.budget:g} false alarms a month, which has {result.windows_a_month:.0f} "
        f"windows; so one window may raise one with {result.level:.1%}."
    )
    console.print(f"Reference data replayed: {_rate(result.replay)}")
    console.print(f"Independent rows drawn:  {_rate(result.drawn)}")
    table = Table("column", "smallest drift that counts in one window", box=None, pad_edge=False)
    for row in result.smallest:
        table.add_row(row.column, _told(rules, row))
    console.print(table)
    console.print(
        f"Drift alarms when it stays for {rules.drift.alarm_after} of {rules.drift.out_of} windows; another unit, "
        "frozen, missing and new values alarm at once."
    )


def _rate(replay: Replay | None) -> str:
    if replay is None:
        return "too few windows to learn from one half and judge the other"
    alarms = "no alarm" if not replay.alarms else f"{replay.alarms} alarms"
    return (
        f"{alarms} in {replay.windows} windows, {replay.a_month:.1f} a month "
        f"(with 95 % confidence at most {replay.at_most:.1f})"
    )


def _told(rules: ModelSpec, row: Smallest) -> str:
    if row.amount is None:
        return "never seen, however far: its windows vary too much"
    if row.spreads is None:
        return f"{row.amount:.0%} of the rows change category"
    return f"a shift by {row.amount:.3g} {rules.columns[row.column].unit}".rstrip() + f" ({row.spreads:.2f} IQR)"
