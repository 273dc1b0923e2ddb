"""The pydantic models as JSON Schema (2020-12, which OpenAPI 3.1 speaks), by name, each once."""

import re
from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

REFERENCE = "#/components/schemas/"

Schema = dict[str, Any]
Mode = Literal["validation", "serialization"]


class _Readable(GenerateJsonSchema):
    """With short names, and without the titles that only repeat a name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never: no field here has a title of its own."""
        return False

    def sort(self, value: Any, parent_key: str | None = None) -> Any:
        """Not at all: fields and examples stand in the order in which they were written."""
        return value

    def normalize_name(self, name: str) -> str:
        """`AlertAnswer` is shown as `Alert`, `Page[AlertAnswer]` as `AlertPage`. Two that came out alike would get
        their whole names."""
        return super().normalize_name(re.sub(r"Page\[(\w+)\]", r"\1Page", re.sub(r"(\w)Answer\b", r"\1", name)))


class Schemas:
    """The components of one document. Bodies are described as they are checked, answers as they are sent."""

    def __init__(self, bodies: Iterable[type[BaseModel]], answers: Iterable[type[BaseModel]]) -> None:
        bodies_once: dict[type[BaseModel], Mode] = dict.fromkeys(bodies, "validation")
        answers_once: dict[type[BaseModel], Mode] = dict.fromkeys(answers, "serialization")
        wanted = [*bodies_once.items(), *answers_once.items()]
        self._references, document = models_json_schema(
            wanted, ref_template=f"{REFERENCE}{{model}}", schema_generator=_Readable
        )
        definitions = document.get("$defs", {})
        self.components: dict[str, Schema] = {name: _shown(definitions[name]) for name in sorted(definitions)}

    def body(self, model: type[BaseModel]) -> Schema:
        """The reference to what a caller sends."""
        return dict(self._references[model, "validation"])

    def answer(self, model: type[BaseModel]) -> Schema:
        """The reference to what a caller is sent."""
        return dict(self._references[model, "serialization"])


def resolved(schema: Schema, components: dict[str, Schema]) -> Schema:
    """The schema that a reference names, with what stands beside the reference; another one as it is."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    beside = {name: value for name, value in schema.items() if name != "$ref"}
    return components[reference.removeprefix(REFERENCE)] | beside


def query_properties(model: type[BaseModel]) -> dict[str, tuple[Schema, bool]]:
    """The parameters of a query: schema and whether it must be there, by name. A query has no null: what may be null
    may be left out."""
    schema = model.model_json_schema(ref_template=f"{REFERENCE}{{model}}", schema_generator=_Readable)
    required = set(schema.get("required", ()))
    return {name: (_without_null(each), name in required) for name, each in schema.get("properties", {}).items()}


def _without_null(schema: Schema) -> Schema:
    choices = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(choices) != 1:
        return schema
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "default")}
    return {**choices[0], **rest}


def _shown(schema: Schema) -> Schema:
    """The docstring's line breaks are where the source's lines end: they mean nothing."""
    schema.pop("title", None)
    if "description" in schema:
        schema["description"] = " ".join(schema["description"].split())
    return schema
