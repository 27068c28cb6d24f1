"""Z: judge the joined windows again."""

from tidewatch.runbook_api import Task, say

findings = Task.receive().performance_findings()
if findings:
    say(False, f"the labels are complete, and still {findings[0].sentence}")
say(True, "with the labels joined again the metrics are in their usual range")
