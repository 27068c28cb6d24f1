"""Y: look the lost values up in the last good windows by the columns the spec names, and let the model answer again."""

from tidewatch.domain.table import Table
from tidewatch.runbook_api import Task

task = Task.receive()
for number, window in enumerate(task.windows, 1):
    came, mended = task.original(window), {}
    if not task.dry_run:
        task.step(number, len(task.windows), f"look up values of {window}")
    for column in task.columns:
        mended[column], lost = task.restored(window, column)
        wanted = int(task.faulty(window, column).sum())
        print(
            f"{window}: {wanted - int(lost.sum())} of {wanted} lost values of {column} found in the last good windows"
        )
    if task.dry_run:
        print("nothing was kept")
    else:
        task.rescore(task.keep("corrected", window, Table({**came.columns, **mended}, came.kinds)))
