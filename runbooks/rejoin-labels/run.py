"""Y: read predictions and labels again and join them, in case labels came late, twice or for the wrong rows."""

from tidewatch.runbook_api import Task

for day in Task.receive().outcomes():
    print(
        f"{day.window}: {day.labelled} of {day.rows} rows have a label; "
        f"{day.labels / max(day.labelled, 1):.0%} happened where {day.scores / max(day.labelled, 1):.0%} were expected"
    )
