"""What Azure loads: both doors of the house in one app."""

import azure.functions as func

from bot import door
from functions import batches, health, jobs, timers

app = func.FunctionApp()
for blueprint in (batches.blueprint, jobs.blueprint, timers.blueprint, health.blueprint, door.blueprint):
    app.register_functions(blueprint)
