"""What is inside a message, as Slack keeps it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tidewatch.console.blocks import problems


def named(blocks: Sequence[Mapping[str, Any]], first: int = 1) -> list[dict[str, Any]]:
    """Blocks and their elements with the ids that Slack gives to those without."""
    result = []
    for number, block in enumerate(blocks, first):
        shown = {**block, "block_id": block.get("block_id") or f"b{number}"}
        if "elements" in block and block["type"] == "actions":
            shown["elements"] = [
                {**element, "action_id": element.get("action_id") or f"b{number}e{position}"}
                for position, element in enumerate(block["elements"])
            ]
        for inner in ("accessory", "element"):
            if inner in block and block[inner]["type"] != "image":
                shown[inner] = {**block[inner], "action_id": block[inner].get("action_id") or f"b{number}e0"}
        result.append(shown)
    return result


def slack_files(value: Any) -> Iterator[str]:
    """The ids of uploaded files that image blocks name."""
    if isinstance(value, Mapping):
        file = value.get("slack_file")
        if isinstance(file, Mapping):
            yield str(file.get("id") or str(file.get("url")).rsplit("/", 1)[-1])
        for inner in value.values():
            yield from slack_files(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from slack_files(inner)


def image_type(content: bytes) -> str | None:
    """What the bytes say they are, whatever the file is called: PNG, JPEG or neither."""
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "image/jpeg" if content.startswith(b"\xff\xd8\xff") else None


def filled(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a message as Slack keeps it: every block and attachment with its id."""
    full = {name: value for name, value in content.items() if value is not None}
    count = len(full.get("blocks") or ())
    if "blocks" in full:
        full["blocks"] = named(full["blocks"])
    if "attachments" in full:
        attachments = []
        for number, attachment in enumerate(full["attachments"], 1):
            shown = {"fallback": "[no preview available]", **attachment, "id": number}
            if "blocks" in shown:
                shown["blocks"] = named(shown["blocks"], count + 1)
                count += len(shown["blocks"])
            if "color" in shown:
                shown["color"] = str(shown["color"]).lstrip("#")
            attachments.append(shown)
        full["attachments"] = attachments
    return full


def attachment_problems(attachments: Any) -> list[str]:
    """What Slack would refuse about attachments, the blocks inside them included."""
    if not isinstance(attachments, list):
        return ["must be an array [json-pointer:/attachments]"]
    faults: list[str] = []
    for number, attachment in enumerate(attachments):
        at = f"/attachments/{number}"
        if not isinstance(attachment, Mapping):
            faults.append(f"must be an object [json-pointer:{at}]")
        elif "blocks" in attachment:
            faults += problems(attachment["blocks"], at=f"{at}/blocks")
        elif not any(attachment.get(name) for name in ("text", "fallback", "title", "pretext")):
            faults.append(f"no text [json-pointer:{at}]")
    return faults
