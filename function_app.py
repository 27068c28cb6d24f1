"""What Azure loads: both doors of the house in one app."""

import azure.functions as func

from bot import door
from functions import batches, health, jobs, pages, probes, rows, timeliness, timers

app = func.FunctionApp()
for room in (batches, jobs, pages, probes, rows, timeliness, timers, health, door):
    app.register_functions(room.blueprint)
