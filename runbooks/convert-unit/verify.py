"""Z: check the corrected batches again, on their rows."""

from tidewatch.runbook_api import Task, say

task = Task.receive()
if lost := [window for window in task.windows if not task.same_rows(window)]:
    say(False, f"the corrected batch does not have the rows that came in {', '.join(lost)}")
still = {window: result for window in task.windows if (result := task.strange_now(window))}
if still:
    say(False, f"{task.finding.subject} is still unusual in {', '.join(still)}")
say(True, f"{task.finding.subject} is back in its usual range in {', '.join(task.windows)}")
