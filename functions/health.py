"""When somebody asks whether this is alive."""

import azure.functions as func

from tidewatch.compose import house

blueprint = func.Blueprint()


@blueprint.function_name("health")
@blueprint.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def health(req: func.HttpRequest) -> func.HttpResponse:
    """200 once the ports are composed; says nothing else, because anybody may ask."""
    house()
    return func.HttpResponse("ok")
