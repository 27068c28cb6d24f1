"""Z: each batch is there, fits the spec, has the usual number of rows, and no check finds anything in it."""

from tidewatch.runbook_api import Task, say

task = Task.receive()
for window in task.windows:
    if faults := task.batch_faults(window):
        say(False, f"the batch of {window} would be refused: {'; '.join(faults)}")
    if strange := task.strange(window):
        say(False, f"{', '.join(strange)} of the batch of {window} would be unusual")
say(True, f"the batch of {', '.join(task.windows)} is there and as usual")
