"""Writing down for others what the log holds: all of it for auditors, one incident as a post-mortem."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from tidewatch import compose
from tidewatch.operations.export_log import Exported, export_log
from tidewatch.settings import Settings


class CannotWrite(Exception):
    """Says what could not be written, and why."""


def write_log(home: Path, out: Path | None, show: Callable[[str], object]) -> tuple[list[str], str]:
    """The faults that were met, and a sentence about the whole. Raises CannotWrite."""
    export = partial(export_log, compose.compose(Settings(home=home)))
    if out is None:
        done, where = export(show), ""
    else:
        try:
            done, where = _whole(out, export), f" to {out}"
        except OSError as error:
            raise CannotWrite(f"{out} cannot be written: {error.strerror or error}") from error
    said = f"Exported {done.events:,} event{'' if done.events == 1 else 's'}{where}"
    return done.faults, f"{said}; {len(done.faults):,} faults." if done.faults else f"{said}."


def _whole(out: Path, write: Callable[[Callable[[str], object]], Exported]) -> Exported:
    """The file is there whole or not at all."""
    part = out.with_name(f"{out.name}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            written = write(file.write)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return written
