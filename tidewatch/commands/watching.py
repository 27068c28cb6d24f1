"""How far the reading of a large file has come."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tidewatch.operations.profiling import Watch


@contextmanager
def watching(what: str) -> Iterator[Watch | None]:
    """Somebody at a terminal sees that work goes on and how many values were read; a program sees nothing. `what` is
    done, in a word or two."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - only for people
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    values = TextColumn("{task.completed:,.0f} values read")
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn(), values)
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda read: progress.advance(task, read)
