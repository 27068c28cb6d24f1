"""Y: divide the column by the factor that was found, and let the model score the corrected rows."""

from tidewatch.domain.table import Table
from tidewatch.runbook_api import Task

task = Task.receive()
column, scale = task.finding.subject, task.finding.evidence["scale"]
factor, offset = scale["factor"], scale.get("offset", 0.0)
for window in task.windows:
    batch = task.batch(window)
    converted = task.as_usual(window, column, (batch.columns[column] - offset) / factor)
    corrected = Table({**batch.columns, column: converted}, batch.kinds)
    task.rescore(task.keep("corrected", window, corrected))
    print(f"{window}: {batch.rows} rows, {column} converted back with factor {factor:g}, scored again")
