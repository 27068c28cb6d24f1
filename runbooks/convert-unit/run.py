"""Y: divide the column by the factor, and let the model score the corrected rows."""

from tidewatch.domain.table import Table
from tidewatch.runbook_api import Task

task = Task.receive()
column, scale = task.finding.subject, task.finding.evidence["scale"]
factor, offset = task.inputs["factor"], scale.get("offset", 0.0)
for number, window in enumerate(task.windows, 1):
    batch = task.batch(window)
    told = f"{window}: {batch.rows} rows, {column} converted back with factor {factor:g}"
    if task.dry_run:
        print(f"{told} and scored again; nothing was kept")
        continue
    task.step(number, len(task.windows), f"convert {column} of {window}")
    converted = task.as_usual(window, column, (batch.columns[column] - offset) / factor)
    corrected = Table({**batch.columns, column: converted}, batch.kinds)
    task.rescore(task.keep("corrected", window, corrected))
    print(f"{told}, scored again")
