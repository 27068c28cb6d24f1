"""Y: divide the column by the factor that was found, and let the model score the corrected rows."""

from tidewatch.domain.table import Table
from tidewatch.runbook_api import Task

task = Task.receive()
column, factor = task.finding.subject, task.finding.evidence["scale"]["factor"]
for window in task.windows:
    batch = task.batch(window)
    corrected = Table({**batch.columns, column: batch.columns[column] / factor}, batch.kinds)
    task.rescore(task.keep("corrected", window, corrected))
    print(f"{window}: {batch.rows} rows, {column} divided by {factor:g}, scored again")
