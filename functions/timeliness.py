"""When it is time to look for what did not come."""

import azure.functions as func

from tidewatch.compose import house

blueprint = func.Blueprint()
STORAGE = "TidewatchStorage"


@blueprint.function_name("timeliness")
@blueprint.timer_trigger("timer", "0 */5 * * * *", run_on_startup=False)
def timeliness(timer: func.TimerRequest) -> None:
    from tidewatch.operations.timeliness import send_overdue  # noqa: PLC0415 - numpy

    send_overdue(house())


@blueprint.function_name("overdue")
@blueprint.queue_trigger("message", "timeliness", STORAGE)
def overdue(message: func.QueueMessage) -> None:
    """A queue of their own: when the feed of thousands stops, alerts must still get through."""
    from tidewatch.operations.jobs import carry_out  # noqa: PLC0415 - numpy

    carry_out(house(), message.get_body().decode())


@blueprint.function_name("overdue_poison")
@blueprint.queue_trigger("message", "timeliness-poison", STORAGE)
def overdue_poison(message: func.QueueMessage) -> None:
    from tidewatch.operations.poison import take_poison  # noqa: PLC0415 - numpy

    take_poison(house(), "timeliness", message.get_body().decode(errors="replace"))
