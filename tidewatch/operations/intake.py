"""Taking a file in: once, and if it is bad, kept, said, and out of the way of the next one."""

import hashlib
from collections.abc import Callable

from tidewatch.domain.checks.intake import refused
from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.table import Table
from tidewatch.operations.receipts import once
from tidewatch.operations.report import report
from tidewatch.operations.shelf import QUARANTINE, Shelf, UnknownModel
from tidewatch.ports import Ports
from tidewatch.ports.tables import UnreadableTable


class BadInput(Exception):
    """A file that is refused: which check refused it, and why, a clause each."""

    def __init__(self, check: str, causes: list[str]) -> None:
        self.check, self.causes = check, causes
        super().__init__("; ".join(causes))


Take = Callable[[Shelf, ModelSpec, str, bytes], None]  # shelf, spec, window, the file's bytes; may raise BadInput


def take_in(ports: Ports, container: str, name: str, via: str, take: Take) -> None:
    """`name` is team/model/window.parquet. Taking the same content twice changes nothing.

    What is refused is kept in quarantine and opens an incident of its own.
    """
    with once(ports, container, name) as data:
        if data is None:
            return
        model, window = split(name)
        shelf = Shelf(ports, model)
        try:
            take(shelf, _spec(shelf), window, data)
        except BadInput as bad:
            ports.blobs.put(QUARANTINE, f"{container}/{name}", data)
            finding = refused(model, bad.check, f"{container}/{name}", window, bad.causes)
            content = hashlib.sha256(data).hexdigest()[:12]  # sent again and wrong again is news
            report(ports, [finding], f"{container}:{name}:{content}", via)


def split(name: str) -> tuple[str, str]:
    """team/model/window.parquet → team/model and window; a file that lies elsewhere is of unknown/unknown."""
    model, _, file = name.rpartition("/")
    return model if model.count("/") == 1 else "unknown/unknown", file.removesuffix(".parquet")


def read(shelf: Shelf, data: bytes) -> Table:
    """Raises BadInput."""
    try:
        return shelf.table(data)
    except UnreadableTable as error:
        raise BadInput("unreadable", [str(error)]) from error


def _spec(shelf: Shelf) -> ModelSpec:
    try:
        return shelf.spec()
    except UnknownModel as unknown:
        raise BadInput("unknown_model", [str(unknown)]) from unknown
