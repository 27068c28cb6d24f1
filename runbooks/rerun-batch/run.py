"""Y: the builders' command produces each missing batch; one that has no predictions is scored."""

from tidewatch.runbook_api import Task

task = Task.receive()
for number, window in enumerate(task.windows, 1):
    if task.dry_run:
        print(f"{window}: {' '.join(task.spec.feeds.batch.command)} would be run; nothing was kept")
        continue
    task.step(number, len(task.windows), f"produce the batch of {window}")
    file = task.fetch("batch", window)
    print(f"{window}: {file.stat().st_size:,} bytes")
