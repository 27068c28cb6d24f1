"""Profiles of files, and of the parts of large ones."""

import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tidewatch.commands.checking import InputRefused, count_batch, read_baseline, read_spec
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.profile.column import ColumnProfile
from tidewatch.domain.profile.ids import IdProfile
from tidewatch.domain.profile.number import NumberProfile
from tidewatch.domain.profile.profile import Profile, merge
from tidewatch.domain.profile.text import SHOWN_FROM, TextProfile
from tidewatch.domain.profile.times import TimeProfile
from tidewatch.render.axis import number

TOP = 3  # categories shown


def profile_files(spec: Path, baseline: Path, sources: list[Path]) -> tuple[ModelSpec, Profile]:
    """One profile of all the files together: data, or profiles that `tidewatch profile` wrote. Raises InputRefused."""
    rules = read_spec(spec)
    usual = read_baseline(rules, baseline)
    parts = [count_batch(rules, usual, source).profile for source in sources]
    try:
        return rules, merge(parts)
    except ValueError as error:
        raise InputRefused(str(error)) from error


def write_profile(profile: Profile, out: Path) -> str:
    """Raises InputRefused."""
    try:
        out.write_text(json.dumps(profile.as_dict(), separators=(",", ":")))
    except OSError as error:
        raise InputRefused(f"{out} cannot be written: {error.strerror}") from error
    return f"{out}: {profile.rows:,} rows, {len(profile.columns)} columns, {out.stat().st_size / 1024:,.0f} KB."


def tell(rules: ModelSpec, profile: Profile) -> None:
    table = Table("column", "rows", "nulls", "what is in it", box=None, pad_edge=False)
    for name, column in profile.columns.items():
        told = "sensitive" if rules.columns[name].sensitive else _told(column, rules.columns[name].unit)
        table.add_row(name, f"{column.rows:,}", f"{column.nulls:,}", told)
    Console(soft_wrap=True, highlight=False).print(table)


def _told(column: ColumnProfile, unit: str) -> str:
    match column:
        case NumberProfile() if column.finite:
            middle = " / ".join(number(column.quantile(share)) for share in (0.25, 0.5, 0.75))
            ends = f"{number(column.low)} to {number(column.high)}"
            return (
                f"{ends} {unit}".rstrip() + f", quartiles {middle}, mean {number(column.mean)}, sd {number(column.sd)}"
            )
        case TextProfile() if column.rows:
            common = [(name, count) for name, count in column.commonest.items() if count >= SHOWN_FROM][:TOP]
            top = ", ".join(f"{name} {count / column.rows:.0%}" for name, count in common)
            return f"{column.categories:,.0f} categories" + (f": {top}" if top else "")
        case IdProfile() if column.rows:
            return f"about {column.distinct.estimate:,.0f} different" + (
                f", at least {column.duplicates:,} rows repeat one" if column.duplicates else ""
            )
        case TimeProfile() if column.rows:
            return "times"
    return "nothing but infinite values" if column.rows else "no value"
