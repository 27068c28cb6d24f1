"""When work waits in the queue, and when it kept failing."""

import azure.functions as func

from tidewatch.compose import house

blueprint = func.Blueprint()
STORAGE = "TidewatchStorage"


@blueprint.function_name("job")
@blueprint.queue_trigger("message", "jobs", STORAGE)
def job(message: func.QueueMessage) -> None:
    from tidewatch.operations.jobs import carry_out  # noqa: PLC0415 - numpy

    carry_out(house(), message.get_body().decode())


@blueprint.function_name("job_poison")
@blueprint.queue_trigger("message", "jobs-poison", STORAGE)
def job_poison(message: func.QueueMessage) -> None:
    _poison("jobs", message)


@blueprint.function_name("blob_poison")
@blueprint.queue_trigger("message", "webjobs-blobtrigger-poison", STORAGE)
def blob_poison(message: func.QueueMessage) -> None:
    _poison("blobs", message)


def _poison(queue: str, message: func.QueueMessage) -> None:
    from tidewatch.operations.poison import take_poison  # noqa: PLC0415 - numpy

    take_poison(house(), queue, message.get_body().decode(errors="replace"))
