"""What editors are told about a spec: the schema and the page with the example."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel

from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.spec.rules import METRICS_OF_TASK
from tidewatch.domain.spec.schema import schema_text
from tidewatch.domain.spec.text import lint_spec

DOCS = Path(__file__).parents[2] / "docs"
SCHEMA: dict[str, Any] = json.loads(schema_text())
PAGE = (DOCS / "model-spec.md").read_text(encoding="utf-8")
TYPES: dict[str | None, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "boolean": (bool,), "null": (type(None),),
    "number": (int, float), "integer": (int,), None: (object,),
}  # fmt: skip
EXAMPLE = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0]


def parts(model: type[BaseModel] = ModelSpec) -> list[type[BaseModel]]:
    """Every class of the spec."""
    found = [model]
    for field in model.model_fields.values():
        for inner in (field.annotation, *get_args(field.annotation)):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                found += parts(inner)
    return found


def test_the_schema_beside_the_page_is_the_one_that_is_printed() -> None:
    written = (DOCS / "model-spec.schema.json").read_text(encoding="utf-8")
    assert written == schema_text(), "run: tidewatch spec schema > docs/model-spec.schema.json"


def test_every_key_says_what_it_is() -> None:
    for part in parts():
        assert part.__doc__, part
        for name, field in part.model_fields.items():
            inside = isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
            described = field.description or inside or field.annotation in [p | None for p in parts()]
            assert described, f"{part.__name__}.{name}"


def test_lengths_of_time_are_text_of_a_form_and_so_are_their_defaults() -> None:
    delay = SCHEMA["properties"]["label_delay"]
    assert (delay["type"], delay["default"]) == ("string", "1d")
    assert re.search(delay["pattern"], "36h") and not re.search(delay["pattern"], "15 min")
    response = SCHEMA["$defs"]["Response"]["properties"]
    assert response["acknowledge_within"]["default"] == {"L1": "15m", "L2": "30m", "L3": "1h"}
    assert response["reopen_within"]["default"] == "3d"


def test_no_default_is_written_as_machines_do() -> None:
    assert not re.findall(r'"-?P[\dTDHMSW.]+"', schema_text())


def test_a_key_that_is_not_known_is_refused_in_the_editor_too() -> None:
    for part in [SCHEMA, *(SCHEMA["$defs"].values())]:
        assert part["additionalProperties"] is False


def test_the_example_is_without_mistake_or_warning() -> None:
    assert lint_spec(EXAMPLE, "example") == []
    assert EXAMPLE.startswith("# yaml-language-server: $schema=model-spec.schema.json\n")


def test_the_example_shows_every_key() -> None:
    shown = set(re.findall(r"([a-z_0-9]+):", EXAMPLE))
    known = {name for part in parts() for name in part.model_fields}
    assert known - shown == set()


def test_the_example_fits_the_schema() -> None:
    assert list(faults(yaml.safe_load(EXAMPLE), SCHEMA)) == []
    assert list(faults({"model": "Parcels", "drfit": 1}, SCHEMA)) != []


def test_the_page_names_every_metric() -> None:
    for name in {name for names in METRICS_OF_TASK.values() for name in names}:
        assert f"`{name}`" in PAGE


def faults(value: Any, schema: dict[str, Any], where: str = "") -> Iterator[str]:
    """The part of JSON Schema that ours uses."""
    schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if "anyOf" in schema:
        if all(list(faults(value, choice, where)) for choice in schema["anyOf"]):
            yield f"{where}: none of the choices"
        return
    if not isinstance(value, TYPES[schema.get("type")]) or (
        isinstance(value, bool) and schema.get("type") in ("number", "integer")
    ):
        yield f"{where}: no {schema['type']}"
    elif value not in schema.get("enum", [value]):
        yield f"{where}: not one of {schema['enum']}"
    elif isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        yield f"{where}: not of the form"
    else:
        yield from inside(value, schema, where)


def inside(value: Any, schema: dict[str, Any], where: str) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (f"{where}: {name} is missing" for name in schema.get("required", []) if name not in value)
        for name, inner in value.items():
            known = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if known is False:
                yield f"{where}.{name}: not known"
            elif isinstance(known, dict):
                yield from faults(inner, known, f"{where}.{name}")
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from faults(inner, schema.get("items", {}), f"{where}.{place}")
