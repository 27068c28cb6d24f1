"""Model specs: propose one from data, tell every mistake, describe them to editors."""

import difflib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import get_args

from tidewatch.domain.model_spec import ModelSpec, SpecError
from tidewatch.domain.spec.text import Note, lint_spec

CLEAN, MISTAKES, UNREADABLE = 0, 1, 2
_LARGEST = 1_000_000  # characters


class Unreadable(Exception):
    """Which file cannot be read, and why."""


def lint(
    files: Iterable[Path], notes_of: Callable[[Path], list[Note]] | None = None
) -> tuple[list[str], list[str], int]:
    """What is to be said about the files, which ones cannot be read, and the worst exit status. `notes_of` gives the
    remarks on a file, without it those on a spec; it raises Unreadable and SpecError."""
    said: list[str] = []
    refused: list[str] = []
    worst = CLEAN
    for file in files:
        try:
            notes = (notes_of or _notes)(file)
        except Unreadable as error:
            refused.append(str(error))
            worst = UNREADABLE
        except SpecError as error:
            said += error.mistakes
            worst = max(worst, MISTAKES)
        else:
            said += [*(note.told(str(file)) for note in notes), _summary(file, notes)]
            worst = max(worst, MISTAKES if any(note.mistake for note in notes) else CLEAN)
    return said, refused, worst


def _notes(file: Path) -> list[Note]:
    """Raises Unreadable, and SpecError for what is no YAML mapping."""
    return lint_spec(text_of(file), str(file), lambda name: (file.parent / name).is_file())


def text_of(file: Path) -> str:
    """Raises Unreadable."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise Unreadable(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Unreadable(f"{file} is not text in UTF-8; save it as such") from error
    if len(text) > _LARGEST:
        raise Unreadable(f"{file} has {len(text):,} characters, and a spec a few thousand; is it the data?")
    return text


def _summary(file: Path, notes: list[Note]) -> str:
    mistakes = sum(note.mistake for note in notes)
    warnings = len(notes) - mistakes
    counted = [f"{n} {what}{'s' if n > 1 else ''}" for n, what in ((mistakes, "mistake"), (warnings, "warning")) if n]
    return f"{file}: {', '.join(counted) or 'no mistakes'}"


def propose_spec(data: Path, out: Path, model: str, task: str, force: bool) -> str:
    """Write a proposal to `out`. Raises InputRefused."""
    # Reading data needs numpy and pyarrow; a lint does not.
    from tidewatch.commands.checking import InputRefused, read_bytes  # noqa: PLC0415 - numpy
    from tidewatch.compose import tables  # noqa: PLC0415 - numpy
    from tidewatch.domain.spec.proposal import propose  # noqa: PLC0415 - numpy
    from tidewatch.ports.tables import UnreadableTable  # noqa: PLC0415 - numpy

    if fault := _refusal(out, model, task, force):
        raise InputRefused(fault)
    try:
        table = tables().read(read_bytes(data), data.name)
    except UnreadableTable as error:
        raise InputRefused(f"{data}: {error}") from error
    if not table.rows:
        raise InputRefused(f"{data} holds no rows; a spec is proposed from data")
    name = model or f"team/{_slug(data.name.partition('.')[0])}"
    text = propose(table, data.name, name, task, typed=data.suffix.lower() == ".parquet")
    try:
        notes = lint_spec(text, str(out))
    except SpecError as error:
        raise InputRefused(f"{data}: a spec of these columns cannot be written: {error}") from error
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputRefused(f"{out} cannot be written: {error.strerror}") from error
    return (
        f"{out}: {len(table.columns)} columns proposed, {len(notes)} questions left. Answer what says FILL IN, "
        f"then run `tidewatch spec lint {out}`."
    )


def _refusal(out: Path, model: str, task: str, force: bool) -> str:
    tasks = get_args(ModelSpec.model_fields["task"].annotation)
    form = next(rule.pattern for rule in ModelSpec.model_fields["model"].metadata if hasattr(rule, "pattern"))
    if out.exists() and not force:
        return f"{out} exists already; write to another file, or replace it with --force"
    if model and not re.fullmatch(form, model):
        return f"--model {model} is not team/name in small letters, digits and hyphens, such as nyc/flight-delays"
    if task and task not in tasks:
        close = difflib.get_close_matches(task, tasks, n=1)
        return f"--task {task} is not known; " + (f"did you mean {close[0]}?" if close else f"it is {', '.join(tasks)}")
    return ""


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "model"
