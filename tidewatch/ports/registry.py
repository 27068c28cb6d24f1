"""Which versions of a model exist, and which one is in service."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True)
class ModelVersion:
    model: str  # team/name
    version: str
    artefact: str  # sha256 over the artefact's files: names and contents
    properties: Mapping[str, str]


class RegistryError(Exception):
    """The registry cannot do this; the message is a sentence for people."""


class Registry(Protocol):
    """The artefact of a version never changes; champion is a mark that moves."""

    def register(self, model: str, folder: Path, *, properties: Mapping[str, str]) -> ModelVersion:
        """Keep a copy of the folder as the model's next version. The first version becomes champion.

        Registering again with the same `properties["run"]` gives the version that exists already.
        """

    def champion(self, model: str) -> ModelVersion | None: ...

    def version(self, model: str, version: str) -> ModelVersion:
        """Raises RegistryError when there is no such version."""

    def promote(self, model: str, version: str) -> None:
        """Make it champion. Raises RegistryError when there is no such version."""

    def fetch(self, model: str, version: str, into: Path) -> None:
        """Copy the artefact into an empty or new folder; raises RegistryError when its hash does not match."""
