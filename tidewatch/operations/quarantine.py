"""A bad file is kept, an incident of its own is opened, and the next file is processed."""

from tidewatch.domain.checks.intake import refused
from tidewatch.operations.report import report
from tidewatch.operations.shelf import QUARANTINE
from tidewatch.ports import Ports


class BadInput(Exception):
    """A file that is refused: which check refused it, and why, a clause each."""

    def __init__(self, check: str, causes: list[str]) -> None:
        self.check, self.causes = check, causes
        super().__init__("; ".join(causes))


def split(name: str) -> tuple[str, str]:
    """team/model/window.parquet → team/model and window; a file that lies elsewhere is of unknown/unknown."""
    model, _, file = name.rpartition("/")
    return model if model.count("/") == 1 else "unknown/unknown", file.removesuffix(".parquet")


def quarantine(ports: Ports, container: str, name: str, data: bytes, bad: BadInput, via: str) -> None:
    model, window = split(name)
    ports.blobs.put(QUARANTINE, f"{container}/{name}", data)
    finding = refused(model, bad.check, f"{container}/{name}", window, bad.causes)
    report(ports, [finding], f"{container}:{name}", via)
