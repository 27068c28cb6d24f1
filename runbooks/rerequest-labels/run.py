"""Y: the builders' command produces the labels of each window that waits for them."""

from tidewatch.runbook_api import Task

task = Task.receive()
for number, window in enumerate(task.windows, 1):
    if task.dry_run:
        print(f"{window}: {' '.join(task.spec.feeds.labels.command)} would be run; nothing was kept")
        continue
    task.step(number, len(task.windows), f"ask for the labels of {window}")
    file = task.fetch("labels", window)
    print(f"{window}: {file.stat().st_size:,} bytes")
