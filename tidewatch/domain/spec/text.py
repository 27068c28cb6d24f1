"""A spec as the builders hand it over: the text with its mistakes, each with its line and what to do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from pydantic import ValidationError

from tidewatch.domain.model_spec import ModelSpec, SpecError
from tidewatch.domain.spec.mending import mended
from tidewatch.domain.spec.remark import Path, Remark, warning
from tidewatch.domain.spec.rules import RULES
from tidewatch.domain.spec.tree import Tree, read_tree
from tidewatch.domain.spec.words import remark

FILL_IN = "FILL IN"  # what a proposed spec says where only its builders know


@dataclass(frozen=True, order=True)
class Note:
    """One remark about a text, with its line."""

    line: int
    sentence: str
    mistake: bool  # else a warning

    def told(self, name: str) -> str:
        return f"{name} line {self.line}: {'' if self.mistake else 'warning: '}{self.sentence}"


@lru_cache(maxsize=256)  # the same text is read for every batch, and YAML is slow
def parse_spec(text: str, name: str) -> ModelSpec:
    """Read a spec. Raises SpecError naming `name`, the line and what to do for every mistake."""
    tree = read_tree(text, name)
    spec, remarks = _examine(tree)
    mistakes = [note.told(name) for note in notes_of(tree, remarks) if note.mistake]
    if spec is None or mistakes:
        raise SpecError(mistakes)
    return spec


def lint_spec(text: str, name: str, exists: Callable[[str], bool] = lambda _: True) -> list[Note]:
    """Every mistake and warning, by line; `exists` says whether a file is in the spec's folder.

    Raises SpecError for what is no YAML mapping.
    """
    tree = read_tree(text, name)
    spec, remarks = _examine(tree)
    if spec is not None:
        remarks += _scripts(spec, exists)
    return sorted([*notes_of(tree, remarks), *_unfilled(text)])


def _examine(tree: Tree) -> tuple[ModelSpec | None, list[Remark]]:
    try:
        spec = ModelSpec.model_validate(tree.record)
    except ValidationError as error:
        return None, [*(remark(tree, detail) for detail in error.errors()), *_ruled(*mended(tree.record, ModelSpec))]
    return spec, list(_ruled(spec, frozenset()))


def _ruled(spec: ModelSpec | None, unsure: frozenset[Path]) -> Iterator[Remark]:
    """What the rules say, apart from what rests on a guess."""
    for rule, reads in RULES if spec else ():
        if spec and not any(_touch(path, tuple(read.split("."))) for read in reads for path in unsure):
            yield from (said for said in rule(spec) if not any(_touch(path, said.path) for path in unsure))


def _touch(one: Path, other: Path) -> bool:
    """Is one of them the other, or a part of it? '*' stands for any step."""
    return all(a == b or "*" in (a, b) for a, b in zip(one, other, strict=False))


def notes_of(tree: Tree, remarks: list[Remark]) -> list[Note]:
    notes = {Note(line, sentence, mistake=True) for line, sentence in tree.traps}
    notes |= {Note(tree.line(said.path), said.sentence, said.mistake) for said in remarks}
    return sorted(notes)


def _scripts(spec: ModelSpec, exists: Callable[[str], bool]) -> Iterator[Remark]:
    for name, command in (("scoring", spec.scoring.command), ("retraining", spec.retraining.command)):
        for word in command:
            if word.endswith((".py", ".sh")) and not exists(word):
                yield warning((name, "command"), f"there is no {word} in the folder of the spec, where it will be run")


def _unfilled(text: str) -> Iterator[Note]:
    for number, line in enumerate(text.splitlines(), 1):
        if question := line.partition("#")[2].partition(f"{FILL_IN}:")[2].strip():
            yield Note(number, f"still to be filled in: {question}", False)
