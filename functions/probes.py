"""When endpoints are to be asked, and when their telemetry lands."""

import azure.functions as func

from tidewatch.compose import house

blueprint = func.Blueprint()
STORAGE = "TidewatchStorage"


@blueprint.function_name("probes")
@blueprint.timer_trigger("timer", "0 * * * * *", run_on_startup=False)
def probes(timer: func.TimerRequest) -> None:
    from tidewatch.operations.probe import send_due  # noqa: PLC0415 - numpy

    send_due(house())


@blueprint.function_name("probe")
@blueprint.queue_trigger("message", "probes", STORAGE)
def probe(message: func.QueueMessage) -> None:
    """A queue of their own: slow endpoints must not hold up alerts."""
    from tidewatch.operations.jobs import carry_out  # noqa: PLC0415 - numpy

    carry_out(house(), message.get_body().decode())


@blueprint.function_name("probe_poison")
@blueprint.queue_trigger("message", "probes-poison", STORAGE)
def probe_poison(message: func.QueueMessage) -> None:
    from tidewatch.operations.poison import take_poison  # noqa: PLC0415 - numpy

    take_poison(house(), "probes", message.get_body().decode(errors="replace"))


@blueprint.function_name("telemetry_landed")
@blueprint.blob_trigger("blob", "telemetry/{name}", STORAGE, source=func.BlobSource.EVENT_GRID)
def telemetry_landed(blob: func.InputStream) -> None:
    from tidewatch.operations.take_telemetry import take_telemetry  # noqa: PLC0415 - numpy, pyarrow

    take_telemetry(house(), str(blob.name).partition("/")[2])
