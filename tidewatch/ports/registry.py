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


class UnknownVersion(RegistryError):
    def __init__(self, model: str, version: str) -> None:
        super().__init__(f"{model} has no version {version} in the model registry")


class ArtefactLost(RegistryError):
    """It is gone, or not what was registered."""


class ChampionChanged(RegistryError):
    def __init__(self, now: str, instead_of: str) -> None:
        super().__init__(f"the champion is version {now or 'none'} by now, the comparison was with {instead_of}")


class Registry(Protocol):
    """The artefact of a version never changes; champion is a mark that moves.

    `champion` and `version` are asked while a person waits for a click's answer: milliseconds, also the first time.
    """

    def register(self, model: str, folder: Path, *, properties: Mapping[str, str]) -> ModelVersion:
        """Keep a copy of the folder as the model's next version. The first version becomes champion.

        Registering again with the same `properties["run"]` gives the version that exists already.
        """

    def champion(self, model: str) -> ModelVersion | None: ...

    def version(self, model: str, version: str) -> ModelVersion:
        """Raises UnknownVersion."""

    def promote(self, model: str, version: str, *, instead_of: str = "") -> None:
        """Make it champion; once it is, again changes nothing. Raises UnknownVersion.

        With `instead_of` only while that version is champion, whoever else promotes at the same moment: raises
        ChampionChanged.
        """

    def fetch(self, model: str, version: str, into: Path) -> None:
        """Copy the artefact into an empty or new folder; raises ArtefactLost when it is not what was registered."""
