"""What stands behind three ports where the real thing is not the point: chat, registry, pictures."""

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tidewatch.console import problems
from tidewatch.ports.chat import ChatMessage, ChatUnavailable, Posted
from tidewatch.ports.registry import ArtefactLost, ChampionChanged, ModelVersion, Registry, UnknownVersion

MOST_TEXT = 4000  # characters of a message without blocks; Slack refuses 40,000 and cuts what it shows before that


@dataclass
class Said:
    """One message as it is now."""

    message: ChatMessage
    metadata: Mapping[str, Any]
    thread: str | None
    updates: int = 0


@dataclass
class RecordingChat:
    """Keeps what it is told, and refuses what Slack would refuse."""

    said: dict[str, Said] = field(default_factory=dict)
    whispers: list[tuple[str, str]] = field(default_factory=list)
    uploads: list[str] = field(default_factory=list)
    attached: dict[str, str] = field(default_factory=dict)
    down: bool = False
    lose_answers: int = 0  # so many of the next posts get through and nobody learns of it

    def post(
        self, channel: str, message: ChatMessage, *, metadata: Mapping[str, Any], thread: str | None = None
    ) -> Posted:
        self._take(message)
        assert thread is None or thread in self.said
        ts = f"{len(self.said) + 1}.000000"
        self.said[ts] = Said(message, dict(metadata), thread)
        if self.lose_answers:
            self.lose_answers -= 1
            raise ChatUnavailable("the connection broke before the answer")
        return Posted(channel, ts)

    def update(self, channel: str, ts: str, message: ChatMessage) -> None:
        self._take(message)
        said = self.said[ts]
        said.message, said.updates = message, said.updates + 1

    def find(self, channel: str, metadata: Mapping[str, Any], *, thread: str | None = None) -> Posted | None:
        self._take()
        found = (ts for ts, said in self.said.items() if said.metadata == metadata and said.thread == thread)
        return next((Posted(channel, ts) for ts in found), None)

    def whisper(self, channel: str, user: str, text: str, *, thread: str | None = None) -> None:
        self._take(ChatMessage(text))
        self.whispers.append((user, text))

    def upload(self, filename: str, content: bytes, *, title: str) -> str:
        self._take()
        assert content.startswith(b"\x89PNG")
        self.uploads.append(filename)
        return f"F{len(self.uploads)}"

    def attach(self, channel: str, thread: str, filename: str, text: str) -> None:
        self._take()
        assert thread in self.said
        self.attached.setdefault(filename, text)

    def _take(self, message: ChatMessage | None = None) -> None:
        if self.down:
            raise ChatUnavailable("the workspace is down")
        if message:
            assert problems(list(message.blocks)) == []
            assert 0 < len(message.text) <= MOST_TEXT

    @property
    def posted(self) -> list[str]:
        """What posts were for, in order: "1:card", "2", …"""
        return [said.metadata["post"] for said in self.said.values()]

    @property
    def card(self) -> ChatMessage:
        """The newest card as it is now."""
        return [said.message for said in self.said.values() if said.metadata["post"].endswith(":card")][-1]

    @property
    def thread(self) -> list[str]:
        return [said.message.text for said in self.said.values() if said.thread]


class FolderRegistry:
    """Folders beside a list: MLflow would take seconds."""

    def __init__(self, root: Path, like: "Registry | None" = None) -> None:
        self._root = root
        self._versions: list[ModelVersion] = [*like._versions] if isinstance(like, FolderRegistry) else []
        self._champions: dict[str, str] = {**like._champions} if isinstance(like, FolderRegistry) else {}

    def register(self, model: str, folder: Path, *, properties: Mapping[str, str]) -> ModelVersion:
        mine = [known for known in self._versions if known.model == model]
        for known in mine:
            if known.properties.get("run") == properties["run"]:
                return known
        number = str(len(mine) + 1)
        kept = shutil.copytree(folder, self._root / model / number)
        self._versions.append(ModelVersion(model, number, _hash(kept), dict(properties)))
        self._champions.setdefault(model, number)
        return self._versions[-1]

    def champion(self, model: str) -> ModelVersion | None:
        return self.version(model, self._champions[model]) if model in self._champions else None

    def version(self, model: str, version: str) -> ModelVersion:
        for known in self._versions:
            if (known.model, known.version) == (model, version):
                return known
        raise UnknownVersion(model, version)

    def promote(self, model: str, version: str, *, instead_of: str = "") -> None:
        now = self._champions.get(model, "")
        if instead_of and now not in (instead_of, version):
            raise ChampionChanged(now, instead_of)
        self._champions[model] = self.version(model, version).version

    def fetch(self, model: str, version: str, into: Path) -> None:
        wanted = self.version(model, version)
        kept = shutil.copytree(self._root / model / wanted.version, into)
        if _hash(kept) != wanted.artefact:
            raise ArtefactLost(f"the artefact of {model} version {version} was changed after it was registered")


def _hash(folder: Path) -> str:
    return hashlib.sha256(b"".join(file.read_bytes() for file in sorted(folder.iterdir()))).hexdigest()


class Dots:
    """Pictures in no time."""

    def rasterise(self, svg: str) -> bytes:
        assert svg.startswith("<svg")
        return b"\x89PNG\r\n\x1a\n"
