"""When somebody asks whether this is alive."""

import azure.functions as func

from tidewatch.compose import house

blueprint = func.Blueprint()


@blueprint.function_name("health")
@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def health(req: func.HttpRequest) -> func.HttpResponse:
    """200 once the ports are composed, 503 when sweeps have stopped; says nothing else, because anybody may ask."""
    from tidewatch.operations.beat import LATE, since_last_sweep  # noqa: PLC0415 - numpy

    since = since_last_sweep(house())
    if since is None:
        return func.HttpResponse("ok, no sweep yet")
    said = f"last sweep {since.total_seconds():.0f} s ago"
    return func.HttpResponse(f"late, {said}", status_code=503) if since > LATE else func.HttpResponse(f"ok, {said}")
