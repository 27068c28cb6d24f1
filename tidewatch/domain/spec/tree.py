"""A spec as it was written: YAML with its lines, and the traps of YAML that its readers fall into silently."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import BaseModel

from tidewatch.domain.model_spec import ModelSpec, SpecError
from tidewatch.domain.spec.remark import Path

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT, _TRUTH, _MERGE = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "bool", "merge"))
_READ_AS = {"int": "a number", "float": "a number", "timestamp": "a date", "null": "nothing"}
A_SPEC = "a spec is a mapping that starts with 'model: team/name'"
DEEPEST = 100  # levels
SHALLOW = 10_000  # characters: every level takes one, and libyaml's recursion survives twice as many levels
_OPENS = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_CLOSES = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


@dataclass(frozen=True)
class Tree:
    """What was written, where, and what it says."""

    node: yaml.Node | None
    record: Any
    traps: list[tuple[int, str]] = field(default_factory=list)  # line and sentence: what YAML would read differently
    shape: type[BaseModel] = ModelSpec  # what it should be

    def line(self, path: Path) -> int:
        """The line of the deepest part of `path` that exists."""
        return self._find(path)[0]

    def beside(self, path: Path) -> list[str]:
        """The keys beside the last one of `path`."""
        return self._find(path)[1]

    def written(self, path: Path) -> str | None:
        """The value as it was written, if it is one word or number without quotes."""
        node = self._find(path)[2]
        return node.value if isinstance(node, yaml.ScalarNode) and not node.style else None

    def read_as(self, path: Path) -> str:
        """What YAML takes an unquoted value for: 'a date'; nothing when it is text."""
        node = self._find(path)[2]
        return _read_as(node) if isinstance(node, yaml.ScalarNode) else ""

    def _find(self, path: Path) -> tuple[int, list[str], yaml.Node | None]:
        line, beside, node = 1, list[str](), self.node
        for step in path:
            if isinstance(node, yaml.MappingNode):
                keys = {key.value: (key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)}
                beside = list(keys)
                if step not in keys:
                    return line, beside, None
                key, node = keys[step]
                line = key.start_mark.line + 1
            elif isinstance(node, yaml.SequenceNode) and step.isdigit() and int(step) < len(node.value):
                node = node.value[int(step)]
                line = node.start_mark.line + 1
            else:
                return line, beside, None
        return line, beside, node


def read_tree(
    text: str,
    name: str,
    shape: type[BaseModel] = ModelSpec,
    form: str = "a spec is a mapping that starts with 'model: team/name'",
) -> Tree:
    """Parse once for values and lines. Raises SpecError for what is no YAML or no mapping; `form` says what is."""
    try:
        return _read(text, name, shape, form)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SpecError([f"{name} line {line}: this is not YAML: {_problem(error, text)}"]) from error
    except (yaml.YAMLError, ValueError) as error:  # a control character, or a date that does not exist
        raise SpecError([f"{name}: this is not YAML: {str(error).splitlines()[0]}"]) from error
    except RecursionError:
        raise SpecError([f"{name}: this is nested too deeply"]) from None


def _read(text: str, name: str, shape: type[BaseModel], form: str) -> Tree:
    if len(text) > SHALLOW and (line := _too_deep(text)):
        raise SpecError([f"{name} line {line}: this is nested more than {DEEPEST} levels deep; five are needed"])
    loader = LOADER(text)
    try:
        node = loader.get_single_node()
        if not isinstance(node, yaml.MappingNode):
            raise SpecError([f"{name} line 1: {form}"])
        traps = sorted(_traps(node, set()))
        return Tree(node, loader.construct_document(node), traps, shape)
    finally:
        loader.dispose()


def _too_deep(text: str) -> int:
    """The line where it gets too deep, else 0. Events come one by one, where nodes would be made by recursion."""
    depth = 0
    for event in yaml.parse(text, Loader=LOADER):
        depth += isinstance(event, _OPENS) - isinstance(event, _CLOSES)
        if depth > DEEPEST:
            return event.start_mark.line + 1 if event.start_mark else 1
    return 0


def _problem(error: yaml.MarkedYAMLError, text: str) -> str:
    mark = error.problem_mark
    lines = text.splitlines()
    if mark and mark.line < len(lines) and lines[mark.line][mark.column : mark.column + 1] == "\t":
        return "a tab stands where only spaces may; replace it with spaces"
    return str(error.problem)


def _traps(node: yaml.Node, seen: set[int]) -> Iterator[tuple[int, str]]:
    """Keys that stand twice, and names that are no text to YAML; these are made text, so that nothing follows."""
    if id(node) in seen:  # an alias
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _traps(item, seen)
    elif isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}
        for key, value in node.value:
            yield from _traps_of_name(key, lines)
            yield from _traps(value, seen)


def _traps_of_name(key: yaml.Node, lines: dict[str, int]) -> Iterator[tuple[int, str]]:
    if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
        return
    line = key.start_mark.line + 1
    if read_as := _read_as(key):
        yield line, f'YAML reads the name {key.value} as {read_as}; put it in quotes: "{key.value}"'
        key.tag = _TEXT
    if key.value in lines:
        first = lines[key.value]
        yield (
            line,
            f"'{key.value}' stands here a second time, first on line {first}, and only the last would count; "
            "remove or rename one",
        )
    lines.setdefault(key.value, line)


def _read_as(node: yaml.ScalarNode) -> str:
    if node.tag == _TEXT:
        return ""
    if node.tag == _TRUTH:
        return "true" if node.value.lower() in ("yes", "true", "on") else "false"
    return _READ_AS.get(node.tag.rpartition(":")[2], "something else than text")
