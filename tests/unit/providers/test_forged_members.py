"""A text that closes its quote and adds members does not become another alert's id, device, client or event.

Tactical writes values into its template without escaping them. Its server reads the result as JSON, keeps the last of
several members of one name and sends that (`sent`); what it cannot read it sends as a JSON string. `rendered` is what a
sender would post that passes the text on as it is.
"""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from local.demo import vendors
from tandem.alerts.models import AlertEvent, Kind, Provider, Severity
from tandem.providers.json_body import genuine, loads
from tests.unit.providers.normalizing import event_of
from tests.unit.providers.tactical_bodies import VALUES, rendered, sent, values

DOCS = Path(__file__).parents[3] / "docs" / "connecting.md"
FORGED = (
    'x", "event": "resolve", "alert_id": "666", "agent_id": "FORGED", "client_id": "2", "severity": "info", '
    '"check_id": "1", "alert_time": "2020-01-01", "y": "'
)


def template() -> list[str]:
    """The members of the documented template, in their order."""
    (block,) = re.findall(r"```\n(\{\n[^`]*\{\{alert\.id\}\}[^`]*\})\n```", DOCS.read_text())
    return list(json.loads(block))


def documented(message: str) -> dict[str, str]:
    """The documented template's values, with this message."""
    return {name: values(message=message, task_id="None")[name] for name in template()}


def is_genuine(event: AlertEvent) -> bool:
    return (
        event.kind is Kind.TRIGGERED
        and (event.external_alert_id, event.external_device_id) == (VALUES["alert_id"], VALUES["agent_id"])
        and (event.organization_id, event.identity, event.severity) == ("1", "check:91", Severity.MODERATE)
        and str(event.occurred_at) == VALUES["alert_time"]
    )


def test_the_documented_template_and_the_demo_have_the_message_first() -> None:
    assert template()[0] == "message"
    bodies = [json.loads(delivery.body) for delivery in vendors.tacticalrmm(vendors.Run(1))]
    assert all(list(body) == template() for body in bodies if isinstance(body, dict))
    assert all(body.startswith('{\n  "message"') for body in bodies if isinstance(body, str))


@pytest.mark.parametrize("as_posted", [sent, rendered])
@pytest.mark.parametrize("pretty", [True, False])
@pytest.mark.parametrize(
    "message",
    [
        FORGED,
        FORGED + '" broken "',
        'say "hi", ' + FORGED,
        FORGED.replace(", ", ",\n  "),
        FORGED.replace(", ", ",\n  ") + '" broken "',
        'x"}, {' + FORGED[4:],
        'x"\n}\n' + FORGED,
        FORGED * 300 + '" broken "',
        FORGED * 300,
    ],
)
def test_a_message_of_the_documented_template_forges_nothing(
    message: str, pretty: bool, as_posted: Callable[[dict[str, str], bool], str]
) -> None:
    assert is_genuine(event_of(Provider.TACTICALRMM, as_posted(documented(message), pretty)))


def test_a_message_in_the_middle_forges_nothing_where_tandem_sees_both_members() -> None:
    names = [*(name for name in VALUES if name not in ("message", "check_output"))]
    for place in range(len(names) + 1):
        order = [*names[:place], "message", *names[place:]]
        body = rendered({name: values(message=FORGED)[name] for name in order})
        assert len(json.loads(body)) < body.count('": "')
        assert is_genuine(event_of(Provider.TACTICALRMM, body))


def test_of_two_members_the_first_counts_unless_a_free_text_began_before_it() -> None:
    assert loads('{"a": 1, "message": "m", "a": 2, "b": 1, "b": 2, "message": "n"}') == {"a": 1, "message": "m", "b": 2}
    assert loads('{"a": {"b": 1, "b": 2}}') == {"a": {"b": 1}}
    assert genuine([]) == {}


def test_a_description_in_levels_template_forges_nothing() -> None:
    body = (
        '{"event": "alert_active", "alert_id": "a", "device_id": "d", "name": "Disk",'
        ' "description": "x", "alert_id": "666", "device_id": "FORGED", "group_id": "2", "group_id": "1"}'
    )
    event = event_of(Provider.LEVELIO, body)
    assert (event.external_alert_id, event.external_device_id, event.organization_id) == ("a", "d", "1")


def test_an_object_of_very_many_members_of_one_name_is_read_soon() -> None:
    begun = time.perf_counter()
    assert loads("{" + ", ".join(['"message": 0', *(['"k": 1'] * 30_000)]) + "}") == {"message": 0, "k": 1}
    assert time.perf_counter() - begun < 2
