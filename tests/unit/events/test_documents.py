"""docs/events/ and docs/events.md say what the models say."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has no types
import pytest

from tandem.alerts.models import Kind, Provider, Severity
from tandem.alerts.tickets import Priority
from tandem.events import schemas
from tandem.events.catalogue import EVENTS
from tandem.events.payload import Event
from tandem.ingest.telling import detail
from tests.unit.alerts.world import triggered

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs/events.md").read_text()


def example_of(event: type[Event]) -> Any:
    (text,) = re.findall(rf"^### {event.name}\n```json\n(.*?)^```$", DOCUMENT, re.DOTALL | re.MULTILINE)
    return json.loads(text)


def test_the_committed_schemas_are_what_the_models_give(tmp_path: Path) -> None:
    schemas.write(tmp_path)
    made = {path.name: path.read_text() for path in tmp_path.iterdir()}
    committed = {path.name: path.read_text() for path in (ROOT / "docs/events").iterdir()}
    assert committed == made, "run `make schemas`, and think of those who read version 1"


def test_schemas_of_events_that_are_no_more_are_removed(tmp_path: Path) -> None:
    (tmp_path / "GONE.v1.json").write_text("{}")
    schemas.write(tmp_path)
    assert len(list(tmp_path.iterdir())) == len(EVENTS)


@pytest.mark.parametrize("event", EVENTS)
def test_a_schema_takes_no_null_and_asks_for_what_is_always_there(event: type[Event]) -> None:
    schema = schemas.schema_of(event)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert "null" not in json.dumps(schema)
    always = {name for name, field in event.model_fields.items() if field.is_required()}
    assert set(schema["required"]) == always
    assert {"schema_version", "event_id", "occurred_at", "tenant_id"} <= always


@pytest.mark.parametrize("event", EVENTS)
def test_the_example_in_the_document_is_a_payload_of_the_model(event: type[Event]) -> None:
    example = example_of(event)
    jsonschema.validate(example, schemas.schema_of(event))
    assert json.loads(event.model_validate(example).detail()) == example


def test_the_documents_table_names_every_event_in_the_models_words() -> None:
    rows = re.findall(r"^\| \[`(\w+)`\]\(events/([\w.]+)\) \| (.*) \|$", DOCUMENT, re.MULTILINE)
    assert rows == [(event.name, schemas.file_name(event), " ".join((event.__doc__ or "").split())) for event in EVENTS]


def test_the_words_of_payloads_are_those_of_the_core() -> None:
    assert words_of("provider") == {provider.value for provider in Provider}
    assert words_of("severity") == {severity.value for severity in Severity}
    assert words_of("priority") == {priority.value for priority in Priority}
    assert words_of("webhook_event_type") == {kind.value for kind in Kind}


def words_of(field: str) -> set[str]:
    (found,) = {
        tuple(schemas.schema_of(event)["properties"][field]["enum"]) for event in EVENTS if field in event.model_fields
    }
    return set(found)


def test_what_ingest_builds_without_the_model_is_what_the_model_says() -> None:
    (event,) = (each for each in EVENTS if each.name == "RMM_WEBHOOK_RECEIVED")
    for heard in (triggered(), triggered(device=None)):
        built = json.loads(detail(heard, "acme"))
        assert json.loads(event.model_validate(built).detail()) == built
        assert list(built) == [name for name in event.model_fields if name in built]


def test_every_event_names_its_subject() -> None:
    assert all(event.model_fields[event.subject].is_required() for event in EVENTS)
