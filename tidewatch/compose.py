"""The only importer of adapters: decides what stands behind each port, by the settings.

Importing this costs next to nothing, because every function app starts with it: whatever is composed is imported
where it is composed.
"""
# ruff: noqa: PLC0415

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tidewatch.domain.oncall.duty import OnCallPlan
    from tidewatch.domain.people import People
    from tidewatch.ports import Ports
    from tidewatch.ports.blobs import Blobs
    from tidewatch.ports.clock import Clock, SimulatedClock
    from tidewatch.ports.heartbeat import Heartbeat
    from tidewatch.ports.incident_log import IncidentLog
    from tidewatch.ports.pager import Pager
    from tidewatch.ports.queue import Queue
    from tidewatch.ports.registry import Registry
    from tidewatch.ports.seal import Seal
    from tidewatch.ports.tables import Tables
    from tidewatch.settings import Settings

_settled: "Settings | None" = None


def compose(settings: "Settings") -> "Ports":
    """Cheap: whatever is heavy loads itself at its first use."""
    from tidewatch.adapters.local.endpoints import HttpEndpoints
    from tidewatch.adapters.local.learning import SklearnLearning
    from tidewatch.adapters.local.pictures import ResvgPictures
    from tidewatch.adapters.local.runbooks import load_runbooks
    from tidewatch.adapters.local.scripts import LocalScripts
    from tidewatch.adapters.local.tables import GuardedTables
    from tidewatch.adapters.slack import SlackChat
    from tidewatch.ports import Ports

    blobs, queue, log = _storage(settings)
    everyone = people(settings.roster)
    return Ports(
        clock=clock(settings),
        blobs=blobs,
        log=log,
        queue=queue,
        chat=SlackChat(settings.slack_token, settings.slack_api_url),
        registry=_registry(settings),
        scripts=LocalScripts(settings.tokens),
        tables=GuardedTables(),
        pictures=ResvgPictures(),
        learning=SklearnLearning(),
        endpoints=HttpEndpoints(settings.tokens),
        seal=seal(settings),
        people=everyone,
        runbooks=load_runbooks(settings.runbooks),
        channel=settings.channel,
        storm_models=settings.storm_models,
        command=settings.command,
        pagers=_pagers(settings),
        heartbeat=_heartbeat(settings),
        oncall=oncall(settings.oncall_plan, everyone),
    )


def settle(settings: "Settings") -> None:
    """Decide for this process what `settings` and `house` give from now on; without it, the environment decides."""
    global _settled
    _settled = settings
    house.cache_clear()


def settings() -> "Settings":
    from tidewatch.settings import Settings

    return _settled or Settings()


@lru_cache(maxsize=1)
def house() -> "Ports":
    """The ports of this process: what functions and bot act through."""
    return compose(settings())


def clock(settings: "Settings") -> "Clock":
    from tidewatch.adapters.local.clock import SystemClock

    return simulated_clock(settings) if settings.simulated_clock.exists() else SystemClock()


def simulated_clock(settings: "Settings") -> "SimulatedClock":
    from tidewatch.adapters.local.clock import FileClock

    return FileClock(settings.simulated_clock)


def seal(settings: "Settings") -> "Seal":
    """With a storage account the key must be given: nothing that a function app writes beside itself would last."""
    from tidewatch.adapters.local.seal import Ed25519Seal

    made_at = None if settings.storage else settings.home / "checkpoint-key.pem"
    return Ed25519Seal(settings.checkpoint_key.get_secret_value(), made_at, settings.checkpoint_old_keys.split())


def tables() -> "Tables":
    """Of one's own files, where one waits: without the start of a process."""
    from tidewatch.adapters.local.tables import ArrowTables

    return ArrowTables()


def people(roster: Path) -> "People":
    """Nobody is known where there is no roster. Raises ValueError with a sentence for a roster that is wrong."""
    from tidewatch.domain.people import People, parse_people

    return parse_people(roster.read_text(encoding="utf-8"), str(roster)) if roster.exists() else People()


def oncall(plan: Path, everyone: "People") -> "OnCallPlan":
    """No policies and no rotas where there is no plan. Raises ValueError with every mistake of one that is wrong."""
    from tidewatch.domain.oncall.duty import OnCallPlan
    from tidewatch.domain.oncall.text import parse_oncall
    from tidewatch.domain.part import SpecError

    try:
        return parse_oncall(plan.read_text(encoding="utf-8"), str(plan), everyone) if plan.exists() else OnCallPlan()
    except SpecError as error:
        raise ValueError(str(error)) from error


def _storage(settings: "Settings") -> "tuple[Blobs, Queue, IncidentLog]":
    if settings.storage:
        return _azure_storage(settings.storage)
    from tidewatch.adapters.local.blobs import LocalBlobs
    from tidewatch.adapters.local.incident_log import LocalIncidentLog
    from tidewatch.adapters.local.queue import LocalQueue

    home = settings.home
    return LocalBlobs(home / "blobs"), LocalQueue(home / "queue.db"), LocalIncidentLog(home / "log")


def _azure_storage(storage: str) -> "tuple[Blobs, Queue, IncidentLog]":
    """A connection string, or the blob endpoint of an account that the app's identity may use."""
    from azure.identity import DefaultAzureCredential
    from azure.storage.blob import BlobServiceClient
    from azure.storage.queue import QueueServiceClient

    from tidewatch.adapters.azure.blobs import AzureBlobs
    from tidewatch.adapters.azure.incident_log import AzureIncidentLog
    from tidewatch.adapters.azure.queue import AzureQueue

    # The SDK's own patience is longer than Slack's three seconds: what fails here is tried again by its caller.
    hurry: dict[str, Any] = {"retry_total": 2, "retry_backoff_factor": 0.3, "connection_timeout": 2, "read_timeout": 5}
    if storage.startswith("https://"):
        identity = DefaultAzureCredential()
        blobs = BlobServiceClient(storage, credential=identity, **hurry)
        queues = QueueServiceClient(storage.replace(".blob.", ".queue."), credential=identity, **hurry)
    else:
        blobs = BlobServiceClient.from_connection_string(storage, **hurry)
        queues = QueueServiceClient.from_connection_string(storage, **hurry)
    return AzureBlobs(blobs), AzureQueue(queues), AzureIncidentLog(blobs)


def _registry(settings: "Settings") -> "Registry":
    from tidewatch.adapters.local.registry import MlflowRegistry

    return MlflowRegistry(settings.home / "registry")


def _pagers(settings: "Settings") -> "list[Pager]":
    """Whichever the settings name. Raises ValueError with a sentence where half of one is set."""
    from tidewatch.adapters.mail import Mail
    from tidewatch.adapters.pagerduty import PagerDuty
    from tidewatch.adapters.webhook import Webhook

    pagers: list[Pager] = []
    if settings.pagerduty_keys:
        keys = {name: key.get_secret_value() for name, key in settings.pagerduty_keys.items()}
        pagers.append(PagerDuty(keys, settings.pagerduty_url))
    if url := settings.page_webhook_url.get_secret_value():
        if not (secret := settings.page_webhook_secret.get_secret_value()):
            raise ValueError("TIDEWATCH_PAGE_WEBHOOK_URL is set: set TIDEWATCH_PAGE_WEBHOOK_SECRET too, it signs pages")
        reply = f"{settings.public_url.rstrip('/')}/api/pages/reply" if settings.public_url else ""
        pagers.append(Webhook(url, secret, reply))
    if settings.smtp_host:
        pagers.append(
            Mail(
                settings.smtp_host, settings.smtp_port, settings.smtp_sender, settings.smtp_user,
                settings.smtp_password.get_secret_value(), settings.smtp_starttls,
            )
        )  # fmt: skip
    return pagers


def _heartbeat(settings: "Settings") -> "Heartbeat | None":
    from tidewatch.adapters.heartbeat import HttpHeartbeat

    url = settings.heartbeat_url.get_secret_value()
    return HttpHeartbeat(url) if url else None
