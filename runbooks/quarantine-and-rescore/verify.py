"""Z: nothing but the faulty values was replaced, the rest of the column and the model's answers are as usual."""

from tidewatch.runbook_api import Task, same, say

SELECTIVE = "unseen_category"  # it strikes some values and not others: what is left is another mix

task = Task.receive()
for window in task.windows:
    batch = task.batch(window)
    if not task.same_rows(window):
        say(False, f"the corrected batch of {window} does not have the rows that came")
    if others := [name for name in task.changed(window) if name not in task.columns]:
        say(False, f"{', '.join(others)} of {window} changed, which nobody asked for")
    for column in task.columns:
        wrong = task.faulty(window, column)
        if not wrong.any() or not same(batch.columns[column], task.neutralised(window, column)):
            say(False, f"the faulty values of {column} are not replaced in {window}")
        if task.finding.check != SELECTIVE and not wrong.all() and column in task.strange(window, ~wrong):
            say(False, f"the other values of {column} are unusual too in {window}")
    if not task.is_scored(window):
        say(False, f"the predictions of {window} are not the model's answers to the corrected rows")
    if answers := [name for name in task.strange(window) if task.spec.columns[name].role == "score"]:
        say(False, f"{', '.join(answers)} is still unusual in {window}")
say(
    True,
    f"without the faulty values of {', '.join(task.columns)} the predictions of {', '.join(task.windows)} are usual",
)
