"""How far the reading of a large file has come."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tidewatch.operations.profiling import Watch


@contextmanager
def watching() -> Iterator[Watch | None]:
    """Somebody at a terminal sees how many values were read; a program sees nothing."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - only for people
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("reading")
        read = 0

        def watch(values: int) -> None:
            nonlocal read
            read += values
            progress.update(task, description=f"read {read / 1e6:,.1f} million values")

        yield watch
