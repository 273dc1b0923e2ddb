"""No body, however odd, does more than be refused; no event is larger than its limits."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tandem.alerts.event_message import decode, encode
from tandem.alerts.limits import MESSAGE_BYTES, RAW_GZIPPED_BYTES
from tandem.alerts.models import AlertEvent, Provider
from tandem.providers.port import BadWebhook
from tests.unit.providers.normalizing import normalized
from tests.unit.providers.tactical_bodies import VALUES

MOST_BYTES = 128 * 1024

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(alphabet=st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = [
    *VALUES,
    *("id", "deviceId", "seriesUid", "statusCode", "activityType", "activityTime", "sourceConfigUid", "device", "data"),
    *("event_type", "event_id", "occurred_at", "device_id", "group_id", "name", "description", "payload", "started_at"),
]
sensible = st.sampled_from(["TRIGGERED", "alert_active", "trigger", "resolve", "CONDITION", "None", "1", {"id": 1}])
objects = st.dictionaries(st.sampled_from(KEYS), sensible | values, max_size=len(KEYS)).map(json.dumps)


def stays_within_bounds(provider: Provider, text: str) -> None:
    try:
        outcome = normalized(provider, text)
    except BadWebhook:
        return
    if isinstance(outcome, AlertEvent):
        body = encode(outcome)
        assert decode(body) == outcome
        assert len(body) < MOST_BYTES
        assert len(outcome.message.encode()) <= MESSAGE_BYTES
        assert outcome.raw is not None
        assert len(outcome.raw) <= RAW_GZIPPED_BYTES


@pytest.mark.parametrize("provider", list(Provider))
@given(body=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(provider: Provider, body: bytes) -> None:
    stays_within_bounds(provider, body.decode(errors="replace"))


@pytest.mark.parametrize("provider", list(Provider))
@settings(max_examples=300)
@given(body=objects)
def test_any_object_is_read_or_refused(provider: Provider, body: str) -> None:
    stays_within_bounds(provider, body)


@pytest.mark.parametrize("provider", list(Provider))
@pytest.mark.parametrize(
    "text",
    [
        "[" * 200_000,
        '{"a":' * 50_000,
        "9" * 200_000,
        '{"id": ' + "9" * 200_000 + "}",
        '{"event": "\\ud800", "alert_id": "\\udfff"}',
        '"' * 100_000,
        "\\" * 100_000,
        "\x00" * 1000,
        '{"statusCode": "TRIGGERED", "seriesUid": {"a": 1}}',
    ],
)
def test_a_hostile_text_is_read_or_refused(provider: Provider, text: str) -> None:
    stays_within_bounds(provider, text)


@pytest.mark.parametrize(
    ("provider", "body"),
    [
        (Provider.NINJAONE, {"statusCode": "TRIGGERED", "seriesUid": "s", "message": "é" * 60_000}),
        (Provider.TACTICALRMM, {**VALUES, "message": "\x01" * 60_000}),
        (Provider.LEVELIO, {"event": "alert", "alert_id": "a", "name": "n" * 60_000, "description": "\\" * 60_000}),
    ],
)
def test_the_largest_bodies_make_small_messages(provider: Provider, body: dict[str, str]) -> None:
    stays_within_bounds(provider, json.dumps(body))
