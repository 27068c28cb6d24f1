"""Z: nothing but the faulty values was replaced, the rest of the column and the model's answers are as usual."""

from tidewatch.runbook_api import Task, same, say

SELECTIVE = "unseen_category"  # it strikes some values and not others: what is left is another mix

task = Task.receive()
for window in task.windows:
    batch = task.batch(window)
    if fault := task.changed_besides(window):
        say(False, fault)
    for column in task.columns:
        wrong = task.faulty(window, column)
        if not wrong.any() or not same(batch.columns.get(column), task.neutralised(window, column)):
            say(False, f"the faulty values of {column} are not replaced in {window}")
        if task.finding.check != SELECTIVE and not wrong.all() and column in task.strange(window, ~wrong):
            say(False, f"the other values of {column} are unusual too in {window}")
    if fault := task.wrong_answers(window):
        say(False, fault)
say(
    True,
    f"without the faulty values of {', '.join(task.columns)} the predictions of {', '.join(task.windows)} are usual",
)
