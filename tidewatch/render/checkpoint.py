"""What the channel is told of a checkpoint."""

from tidewatch.domain.checkpoint import Checkpoint
from tidewatch.ports.chat import ChatMessage
from tidewatch.render import blocks as kit


def checkpoint_message(checkpoint: Checkpoint) -> ChatMessage:
    """A line that disturbs nobody, with the whole hash, to be copied from."""
    streams = f"{checkpoint.streams:,} incident{'' if checkpoint.streams == 1 else 's'}"
    text = f"🔏 Log checkpoint {checkpoint.number}, {checkpoint.at:%d %b %H:%M} UTC, {streams}"
    proof = f"{text} · `tidewatch log verify --against {checkpoint.hash}` shows whether anything up to here was changed"
    return ChatMessage(text, [kit.context(proof)])
