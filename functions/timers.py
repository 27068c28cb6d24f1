"""When time passes."""

import azure.functions as func

from tidewatch.compose import house

blueprint = func.Blueprint()


@blueprint.function_name("sweep")
@blueprint.timer_trigger("timer", "0 * * * * *", run_on_startup=False)
def sweep(timer: func.TimerRequest) -> None:
    """The beat after it tells that the work was done, not only that the timer ran."""
    from tidewatch.operations.beat import beat  # noqa: PLC0415 - numpy
    from tidewatch.operations.sweep import sweep  # noqa: PLC0415 - numpy

    sweep(house())
    beat(house())


@blueprint.function_name("patrol")
@blueprint.timer_trigger("timer", "0 */15 * * * *", run_on_startup=False)
def patrol(timer: func.TimerRequest) -> None:
    from tidewatch.operations.patrol import patrol  # noqa: PLC0415 - numpy

    patrol(house())


@blueprint.function_name("fleet")
@blueprint.timer_trigger("timer", "30 * * * * *", run_on_startup=False)
def fleet(timer: func.TimerRequest) -> None:
    """Half a minute off the sweep, so that they do not fight for the same second."""
    from tidewatch.operations.fleet import decide  # noqa: PLC0415 - numpy

    decide(house())


@blueprint.function_name("checkpoint")
@blueprint.timer_trigger("timer", "30 */10 * * * *", run_on_startup=False)
def checkpoint(timer: func.TimerRequest) -> None:
    from tidewatch.operations.checkpoints import take_checkpoint  # noqa: PLC0415 - numpy
    from tidewatch.operations.tell_checkpoint import tell_checkpoint  # noqa: PLC0415

    if newest := take_checkpoint(house()):
        tell_checkpoint(house(), newest)
