"""The JSON schemas of the payloads: `python -m tandem.events.schemas docs/events` writes them (`make schemas`)."""

import json
import sys
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from tandem.events.catalogue import EVENTS
from tandem.events.names import SCHEMA_VERSION
from tandem.events.payload import Event

_DRAFT = "https://json-schema.org/draft/2020-12/schema"


class _NeverNull(GenerateJsonSchema):
    """A field without a value is left out: it may be missing, and is null nowhere."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def get_title_from_name(self, name: str) -> str:
        return name

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def file_name(event: type[Event]) -> str:
    """What the event's schema is kept as."""
    return f"{event.name}.v{SCHEMA_VERSION}.json"


def schema_of(event: type[Event]) -> dict[str, Any]:
    """The JSON schema of the event's payload. Fields may be added to a version, so further ones are no fault."""
    made = event.model_json_schema(mode="serialization", schema_generator=_NeverNull)
    return {"$schema": _DRAFT, **made, "title": event.name}


def text_of(event: type[Event]) -> str:
    """The file's content."""
    return json.dumps(schema_of(event), indent=2, ensure_ascii=False) + "\n"


def write(folder: Path) -> None:
    """Write every schema into `folder`, and remove those of events that are no more."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.json"):
        if stale.name not in {file_name(event) for event in EVENTS}:
            stale.unlink()
    for event in EVENTS:
        (folder / file_name(event)).write_text(text_of(event), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
