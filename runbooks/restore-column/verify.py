"""Z: the lost values are those of the last good windows, nothing else changed, column and answers are as usual."""

from tidewatch.runbook_api import Task, same, say

FOUND = 0.9  # of the lost values; with fewer the column is not restored

task = Task.receive()
for window in task.windows:
    batch = task.batch(window)
    if fault := task.changed_besides(window):
        say(False, fault)
    for column in task.columns:
        wanted = task.faulty(window, column)
        expected, lost = task.restored(window, column)
        if wanted.sum() - lost.sum() < FOUND * wanted.sum():
            say(False, f"{lost.sum()} of {wanted.sum()} lost values of {column} in {window} are in no good window")
        if not wanted.any() or not same(batch.columns.get(column), expected):
            say(False, f"{column} does not have the values of the last good windows in {window}")
        if column in task.strange(window, ~lost):
            say(False, f"{column} is still unusual in {window}")
    if fault := task.wrong_answers(window):
        say(False, fault)
say(True, f"{', '.join(task.columns)} and the predictions are usual again in {', '.join(task.windows)}")
