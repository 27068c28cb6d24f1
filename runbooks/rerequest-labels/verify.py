"""Z: the labels join with the predictions, as many as usual; what they say of the model is for its own checks."""

from tidewatch.runbook_api import Task, say

task = Task.receive()
for window in task.windows:
    if faults := task.label_faults(window):
        say(False, f"the labels of {window}: {'; '.join(faults)}")
say(True, f"the labels of {', '.join(task.windows)} are joined, as many as usual")
