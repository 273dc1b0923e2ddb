"""The fields of a schema as a table: nested ones under their path, each with its type and what bounds it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tandem.admin.docs_markup import escape, inline
from tandem.admin.openapi_schemas import Schema, resolved

Components = dict[str, Schema]

_DEEPEST = 6
_BOUNDS = (("minLength", "maxLength", " characters"), ("minimum", "maximum", ""), ("minItems", "maxItems", " items"))


@dataclass(frozen=True, slots=True)
class Field:
    """One line of the table. `path`: `conditions.severities`, `statuses[].name`."""

    path: str
    schema: Schema
    is_required: bool


def fields_of(schema: Schema, components: Components, path: str = "", depth: int = 0) -> Iterator[Field]:
    """All fields of an object, nested ones after their parent."""
    inner = _object_in(schema, components)
    if inner is None or depth > _DEEPEST:
        return
    required = set(inner.get("required", ()))
    for name, each in inner.get("properties", {}).items():
        place = f"{path}.{name}" if path else name
        yield Field(place, each, name in required)
        part = _without_null(resolved(each, components))
        if part.get("type") == "array":
            yield from fields_of(part.get("items", {}), components, f"{place}[]", depth + 1)
        else:
            yield from fields_of(part, components, place, depth + 1)


def table_of(fields: list[Field], components: Components, first: str, shows_required: bool = True) -> str:
    """The table as HTML; empty for no fields. `first` heads the names' column."""
    if not fields:
        return ""
    rows = "".join(_row(field, components, shows_required) for field in fields)
    head = f"<thead><tr><th>{escape(first)}</th><th>Type</th><th>Meaning</th></tr></thead>"
    return f'<div class="wide"><table>{head}<tbody>{rows}</tbody></table></div>'


def _row(field: Field, components: Components, shows_required: bool) -> str:
    needed = '<span class="needed">required</span>' if shows_required and field.is_required else ""
    told = [inline(text) for text in _meaning(field.schema, components, shows_required)]
    return (
        f"<tr><td><code>{escape(field.path)}</code>{needed}</td>"
        f'<td class="kind">{_kind(field.schema, components)}</td><td>{". ".join(told)}</td></tr>'
    )


def _kind(schema: Schema, components: Components) -> str:
    schema = resolved(schema, components)
    if "anyOf" in schema:
        return " or ".join(_kind(each, components) for each in schema["anyOf"])
    if "const" in schema:
        return _code(schema["const"])
    if "enum" in schema:
        return " | ".join(_code(each) for each in schema["enum"])
    kind = str(schema.get("type", "any"))
    if kind == "array":
        element = _kind(schema.get("items", {}), components)
        return f"list of {element}" if "<" in element else f"list of {element}s"
    if kind == "string" and "format" in schema:
        return {"date-time": "time"}.get(schema["format"], escape(schema["format"]))
    return {"boolean": "true or false"}.get(kind, escape(kind))


def _meaning(schema: Schema, components: Components, shows_default: bool) -> Iterator[str]:
    whole = _without_null(resolved(schema, components))
    # A model's own description says what it is; the field's, where there is one, says what it is here.
    if whole.get("description"):
        yield whole["description"].rstrip(".")
    yield from _bounds(whole)
    default = schema.get("default")
    if shows_default and default not in (None, "", [], {}) and not isinstance(default, dict):
        yield f"`{json.dumps(default)}` if left out"


def _bounds(schema: Schema) -> Iterator[str]:
    for least, most, unit in _BOUNDS:
        low, high = schema.get(least), schema.get(most)
        if low is not None and high is not None:
            yield f"{low} to {high}{unit}"
        elif high is not None:
            yield f"At most {high}{unit}"
        elif low is not None:
            yield f"At least {low}{unit}"
    if "pattern" in schema:
        yield f"Matches `{schema['pattern']}`"


def _object_in(schema: Schema, components: Components) -> Schema | None:
    inner = resolved(_without_null(resolved(schema, components)), components)
    return inner if "properties" in inner else None


def _without_null(schema: Schema) -> Schema:
    """The one choice beside null, with what is said of the field."""
    choices = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(choices) != 1:
        return schema
    rest = {name: value for name, value in schema.items() if name != "anyOf"}
    return {**choices[0], **rest}


def _code(value: Any) -> str:
    return f"<code>{escape(json.dumps(value))}</code>"
