"""A runbook's record as it was written: every mistake with its line and what to do."""

import re
from collections.abc import Callable, Iterator

from pydantic import ValidationError

from tidewatch.domain.condition import fault
from tidewatch.domain.finding import FAMILY
from tidewatch.domain.model_spec import SpecError
from tidewatch.domain.runbook import Record, Runbook, RunbookError
from tidewatch.domain.runbook_input import Input
from tidewatch.domain.spec.mending import mended
from tidewatch.domain.spec.remark import Path, Remark, suggestion, warning
from tidewatch.domain.spec.text import Note, notes_of
from tidewatch.domain.spec.tree import Tree, read_tree
from tidewatch.domain.spec.words import remark

FORM = "a runbook is a mapping that starts with 'name: what-it-does'"
COMMANDS = ("run", "verify", "dry_run", "undo")
_STAND_INS: dict[Path, object] = {
    ("name",): "name", ("title",): "title", ("touches",): "nothing", ("takes",): "a minute", ("timeout",): "1m",
    ("when",): {"families": ["input"]}, ("run",): ["run"], ("verify",): ["verify"],
}  # fmt: skip


def parse_runbook(text: str, folder: str) -> Runbook:
    """Raises RunbookError with every mistake."""
    name = f"{folder}/runbook.yaml"
    tree = _tree(text, name)
    record, remarks = _examined(tree)
    mistakes = [note.told(name) for note in notes_of(tree, remarks) if note.mistake]
    if record is None or mistakes:
        raise RunbookError(mistakes)
    return Runbook.model_validate({**tree.record, "folder": folder})


def lint_runbook(text: str, folder: str, exists: Callable[[str], bool], runs: Callable[[str], bool]) -> list[Note]:
    """Every mistake and warning, by line. `exists` says whether a file lies in its folder, `runs` whether it may be
    executed. Raises RunbookError for what is no YAML mapping."""
    tree = _tree(text, f"{folder}/runbook.yaml")
    record, remarks = _examined(tree)
    if record:
        remarks += [*_scripts(record, exists, runs), *_named(record, folder), *_advice(record)]
    return notes_of(tree, remarks)


def _tree(text: str, name: str) -> Tree:
    try:
        return read_tree(text, name, Record, FORM)
    except SpecError as error:
        raise RunbookError(error.mistakes) from error


def _examined(tree: Tree) -> tuple[Record | None, list[Remark]]:
    try:
        record = Record.model_validate(tree.record)
    except ValidationError as error:
        likely, unsure = mended(tree.record, Record, _STAND_INS)
        told = [remark(tree, detail) for detail in error.errors()]
        places = [*(said.path for said in told), *unsure]
        ruled = [said for said in (_ruled(likely) if likely else ()) if not any(_within(said.path, p) for p in places)]
        return None, [*told, *ruled]
    return record, list(_ruled(record))


def _within(path: Path, place: Path) -> bool:
    return path[: len(place)] == place or place[: len(path)] == path


def _ruled(record: Record) -> Iterator[Remark]:
    yield from _when(record)
    for name, asked in record.inputs.items():
        for sentence in _of_input(name, asked):
            yield Remark(("inputs", name), sentence)
    for place, name in enumerate(record.secrets):
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            sentence = f"'{name}' is no name of a secret; small letters, digits and _, never the secret itself"
            yield Remark(("secrets", str(place)), sentence)
    for name in ("verify", "dry_run", "undo"):
        if getattr(record, name) == record.run:
            why = {"verify": "what repairs cannot judge itself", "dry_run": "a dry run touches nothing"}
            yield Remark((name,), f"is the same command as run; {why.get(name, 'taking back is something else')}")
    if record.writes and re.search(r"\b(reads? only|nothing)\b", record.touches):
        yield Remark(("touches",), f"says '{record.touches}', but writes names {', '.join(record.writes)}; say what")


def _when(record: Record) -> Iterator[Remark]:
    if not record.when.checks and not record.when.families:
        yield Remark(("when",), "names neither checks nor families; say what it is a remedy for")
    families = sorted(set(FAMILY.values()))
    for key, known in (("checks", sorted(FAMILY)), ("families", families)):
        for place, name in enumerate(getattr(record.when, key)):
            if name not in known:
                what = "check" if key == "checks" else "family"
                yield Remark(("when", key, str(place)), f"there is no {what} '{name}'{suggestion(name, known)}")
    for where, wanted in record.when.finding.items():
        if sentence := fault(where, wanted):
            yield Remark(("when", "finding", where), sentence)


def _of_input(name: str, asked: Input) -> Iterator[str]:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        yield f"'{name}' is no name of an input; small letters, digits and _"
    if (asked.type == "choice") != bool(asked.choices):
        yield "choices belong to type: choice, and it needs them"
    if asked.type not in ("number", "integer") and (asked.least is not None or asked.most is not None):
        yield f"least and most are for numbers, not for {asked.type}"
    if asked.least is not None and asked.most is not None and asked.least > asked.most:
        yield f"nothing is at least {asked.least:g} and at most {asked.most:g}"
    if asked.default_from and (sentence := fault(asked.default_from, "x")) and sentence.startswith("a finding has no"):
        yield f"default_from: {sentence}"
    try:
        re.compile(asked.pattern)
    except re.error as error:
        yield f"pattern is no regular expression: {error}"
        return
    if asked.default is not None:
        try:
            asked.read(asked.default)
        except ValueError as error:
            yield f"its default {error}"


def _named(record: Record, folder: str) -> Iterator[Remark]:
    lies_in = folder.rstrip("/").rpartition("/")[2]
    if record.name != lies_in:
        yield Remark(("name",), f"the runbook {record.name} lies in the folder {lies_in}; both must be called the same")


def _scripts(record: Record, exists: Callable[[str], bool], runs: Callable[[str], bool]) -> Iterator[Remark]:
    for name in COMMANDS:
        command: list[str] = getattr(record, name)
        for place, word in enumerate(command):
            at = (name, str(place))
            if re.fullmatch(r"[\w./-]+\.(py|sh)", word) and not exists(word):
                yield Remark(at, f"there is no {word} in the runbook's folder, where it is run")
            elif place == 0 and " " in word:
                words = ", ".join(word.split())
                yield Remark(
                    at, f"'{word}' is one word with spaces, and there is no shell to split it; write [{words}]"
                )
            elif place == 0 and "/" in word and exists(word) and not runs(word):
                yield Remark(at, f"{word} may not be executed; chmod +x it, or start it as [python, {word}]")


def _advice(record: Record) -> Iterator[Remark]:
    if record.risk == "high" and not record.dry_run:
        yield warning(("risk",), "a risky runbook without dry_run: whoever approves cannot see what it would do")
    if record.risk == "high" and not record.undoable:
        yield warning(("risk",), "a risky runbook without undo: say in touches how it is taken back")
    for name, asked in record.inputs.items():
        if asked.default is None and not asked.default_from and not asked.title:
            yield warning(("inputs", name), "has no default and no title, so people are asked by its bare name")
