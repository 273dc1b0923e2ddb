import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.alerts.models import AlertEvent, Kind, Provider
from tandem.providers.port import BadWebhook
from tandem.providers.tacticalrmm.salvage import salvaged_members
from tests.unit.providers.normalizing import event_of
from tests.unit.providers.tactical_bodies import VALUES, rendered, sent, values

AGENT = VALUES["agent_id"]
free_text = st.text(
    alphabet=st.sampled_from("ab :,{}[]\"'\\\n\t") | st.characters(exclude_categories=["Cs"]), max_size=60
)


def event(body: str) -> AlertEvent:
    return event_of(Provider.TACTICALRMM, body)


@given(free_text, free_text, st.booleans())
def test_whatever_a_message_holds_alert_agent_and_event_survive(message: str, output: str, pretty: bool) -> None:
    found = event(sent(values(event="resolve", message=message + '"', check_output=output), pretty))
    assert (found.external_alert_id, found.external_device_id, found.kind) == ("39", AGENT, Kind.RESET)


@given(st.text(alphabet="ab \"':,", max_size=40))
def test_quotes_in_a_message_survive_with_the_rest_of_the_body(words: str) -> None:
    found = event(sent(values(message=f'Print "Spooler" {words}.')))
    assert found.message == f'Print "Spooler" {words}.'
    assert found.organization_name == "Acme Manufacturing"
    assert found.identity == "check:91"
    assert str(found.occurred_at) == "2026-11-21 01:57:04.211396+00:00"
    assert found.facts == {"Site": "Headquarters", "Operating system": "Windows Server 2022"}


def test_a_broken_body_that_is_not_wrapped_in_a_string_is_salvaged_too() -> None:
    found = event(rendered(values(message='say "hi"')))
    assert (found.external_alert_id, found.message) == ("39", 'say "hi"')


def test_a_json_string_with_sound_json_in_it_is_read() -> None:
    assert event(json.dumps(json.dumps(VALUES))).external_alert_id == "39"


def test_backslashes_and_newlines_come_out_as_they_were() -> None:
    found = event(sent(values(message='path "C:\\Windows\\Temp" is\nfull')))
    assert found.message == 'path "C:\\Windows\\Temp" is\nfull'


def test_python_instead_of_json_is_read() -> None:
    members = salvaged_members("{'event': 'trigger', 'alert_id': 39, 'agent_id': 'a', 'resolved': None, 'm': 'it\\'s'}")
    assert members == {"event": "trigger", "alert_id": "39", "agent_id": "a", "resolved": None, "m": "it's"}


@pytest.mark.parametrize("pretty", [True, False])
def test_a_message_that_imitates_a_member_changes_nothing_else(pretty: bool) -> None:
    forged = 'x", "agent_id": "FORGED", "alert_id": "666", "client_id": "2", "y": "'
    found = event(json.dumps(rendered(values(message=forged + '" "'), pretty)))
    assert (found.external_alert_id, found.external_device_id, found.organization_id) == ("39", AGENT, "1")


def test_an_output_at_the_end_that_imitates_a_member_changes_nothing_else() -> None:
    found = event(json.dumps(rendered(values(check_output='"x", "agent_id": "FORGED", "alert_id": "666'))))
    assert (found.external_alert_id, found.external_device_id) == ("39", AGENT)


def test_a_body_that_was_cut_off_is_read_as_far_as_it_goes_and_half_an_id_is_none() -> None:
    whole = sent(values(message='say "hi"', client_id="12345"))
    for kept in range(whole.index("hostname"), len(whole)):
        found = event(whole[:kept])
        assert (found.external_alert_id, found.external_device_id) == ("39", AGENT)
        assert found.organization_id in (None, "12345")


def test_a_trailing_comma_and_a_bare_word_do_no_harm() -> None:
    found = event('{"event": trigger, "alert_id": 39, "agent_id": "a", "alert_type": "availability",}')
    assert (found.external_alert_id, found.identity) == ("39", "availability")


def test_a_key_given_twice_is_no_error() -> None:
    found = event('{"event": "trigger", "alert_id": "39", "agent_id": "a", "alert_id": "39", "message": "say "hi""}')
    assert (found.external_alert_id, found.message) == ("39", 'say "hi"')


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        '{"event": "trigger", "message": "say "hi""}',
        "{" * 10_000,
        '{"a":' * 10_000,
        ", " * 50_000,
        '",' + " " * 200_000,
    ],
)
def test_what_holds_no_alert_is_refused_soon(text: str) -> None:
    begun = time.perf_counter()
    with pytest.raises(BadWebhook):
        salvaged_members(text)
    assert time.perf_counter() - begun < 2


def test_a_hostile_body_of_the_largest_size_is_done_soon() -> None:
    text = '{"alert_id": "1" "' + ', "k": "v"' * 25_000
    begun = time.perf_counter()
    salvaged_members(text)
    assert time.perf_counter() - begun < 2
