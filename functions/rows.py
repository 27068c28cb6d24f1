"""When a batch's rows are to be looked at, and when that kept failing."""

import azure.functions as func

from tidewatch.compose import house

blueprint = func.Blueprint()
STORAGE = "TidewatchStorage"


@blueprint.function_name("row_check")
@blueprint.queue_trigger("message", "row-checks", STORAGE)
def row_check(message: func.QueueMessage) -> None:
    from tidewatch.operations.row_checks import carry_out  # noqa: PLC0415 - numpy

    carry_out(house(), message.get_body().decode())


@blueprint.function_name("row_check_poison")
@blueprint.queue_trigger("message", "row-checks-poison", STORAGE)
def row_check_poison(message: func.QueueMessage) -> None:
    from tidewatch.operations.poison import take_poison  # noqa: PLC0415 - numpy

    take_poison(house(), "row-checks", message.get_body().decode(errors="replace"))
