"""The JSON Schema of a spec or a runbook, for editors that complete and check while one types."""

import json
from datetime import timedelta
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from tidewatch.domain.model_spec import ModelSpec
from tidewatch.domain.spec.time_rules import said


class _Schema(GenerateJsonSchema):
    """Defaults as people write them: lengths of time as '6h', parts that may be left out as {}."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False  # a title would only repeat the key

    def encode_default(self, dft: Any) -> Any:
        if isinstance(dft, timedelta):
            return said(dft)
        if isinstance(dft, BaseModel):
            return {}
        if isinstance(dft, dict):
            return {name: self.encode_default(value) for name, value in dft.items()}
        return super().encode_default(dft)


def schema_text(shape: type[BaseModel] = ModelSpec, title: str = "Tidewatch model spec") -> str:
    """The schema as JSON with a final newline; the same text every time."""
    schema = shape.model_json_schema(schema_generator=_Schema)
    whole = {"$schema": GenerateJsonSchema.schema_dialect, **schema, "title": title}
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"
