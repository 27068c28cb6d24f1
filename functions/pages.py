"""When a call must leave the chat, and when somebody answers where it rang."""

from collections.abc import Callable

import azure.functions as func

from tidewatch.compose import house, settings

blueprint = func.Blueprint()
STORAGE = "TidewatchStorage"


@blueprint.function_name("page")
@blueprint.queue_trigger("message", "pages", STORAGE)
def page(message: func.QueueMessage) -> None:
    """A queue of their own: a page waits for no training, and not for the chat."""
    from tidewatch.operations.jobs import carry_out  # noqa: PLC0415 - numpy

    carry_out(house(), message.get_body().decode())


@blueprint.function_name("page_poison")
@blueprint.queue_trigger("message", "pages-poison", STORAGE)
def page_poison(message: func.QueueMessage) -> None:
    from tidewatch.operations.poison import take_poison  # noqa: PLC0415 - numpy

    take_poison(house(), "pages", message.get_body().decode(errors="replace"))


@blueprint.function_name("pagerduty_answer")
@blueprint.route("pages/pagerduty", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
def pagerduty_answer(req: func.HttpRequest) -> func.HttpResponse:
    """Anonymous to Azure: what is not signed by PagerDuty is refused."""
    from tidewatch.operations.answer_page import from_pagerduty  # noqa: PLC0415 - numpy

    secret = settings().pagerduty_signing_secret.get_secret_value()
    signatures = req.headers.get("X-PagerDuty-Signature", "")
    return _answered(lambda: from_pagerduty(house(), secret, req.get_body(), signatures))


@blueprint.function_name("page_answer")
@blueprint.route("pages/reply", methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
def page_answer(req: func.HttpRequest) -> func.HttpResponse:
    """Anonymous to Azure: what is not signed with the webhook's secret, just now, is refused."""
    from tidewatch.operations.answer_page import from_webhook  # noqa: PLC0415 - numpy

    secret = settings().page_webhook_secret.get_secret_value()
    signed = req.headers.get("X-Tidewatch-Signature", "")
    return _answered(lambda: from_webhook(house(), secret, req.get_body(), signed))


def _answered(answer: Callable[[], str]) -> func.HttpResponse:
    from tidewatch.domain.signature import Forged  # noqa: PLC0415 - stays out of the cold start
    from tidewatch.operations.answer_page import NotAnAnswer  # noqa: PLC0415 - numpy

    try:
        return func.HttpResponse(answer())
    except Forged as error:
        return func.HttpResponse(str(error), status_code=401)
    except NotAnAnswer as error:
        return func.HttpResponse(str(error), status_code=400)
