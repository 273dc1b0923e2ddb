"""A rule that names a person: the ticket that its alert makes is mailed and shown to that person, once."""

import json
import urllib.request
import uuid
from typing import Any

import pytest

from tests.e2e.bodies import tactical
from tests.e2e.conftest import Stack, eventually

pytestmark = pytest.mark.emulator


def mails(stack: Stack, address: str) -> list[dict[str, Any]]:
    """What the emulator's SES was given for this address."""
    url = f"{stack.aws.endpoint_url}/_ministack/ses/messages"
    with urllib.request.urlopen(url) as answer:  # noqa: S310  a local address
        accounts = json.load(answer)["messages"]
    return [mail for sent in accounts.values() for mail in sent if address in mail["To"]]


def test_who_a_rule_names_is_mailed_and_told_of_its_ticket_and_not_of_occurrences(stack: Stack) -> None:
    address = f"{uuid.uuid4().hex[:8]}@example.org"
    ada = stack.ok("POST", "/users", {"name": "Ada", "email": address, "role": "technician"})
    key = stack.ok("POST", "/api-keys", {"user_id": ada["id"]})["key"]
    rmm = stack.connect("tacticalrmm", default_client_id=stack.new_client("Northwind"))
    (rule,) = stack.ok("GET", f"/integrations/{rmm.id}/rules")["items"]
    stack.ok(
        "PUT",
        f"/integrations/{rmm.id}/rules/{rule['id']}",
        {"name": "Tell Ada", "actions": {"notify_user_ids": [ada["id"]]}},
    )
    alert = stack.settled(rmm, "1", stack.accepted(rmm, tactical("1")))
    ticket = stack.ok("GET", f"/tickets/{alert['ticket_id']}")

    eventually(lambda: bool(mails(stack, address)), "the mail was sent")
    again = stack.settled(rmm, "2", stack.accepted(rmm, tactical("2", seconds=60)))
    assert again["ticket_id"] == ticket["id"]

    (mail,) = mails(stack, address)
    assert mail["Subject"] == f"[{ticket['number']}] {ticket['title']}"
    assert f"{stack.api_url}/api/v1/tickets/{ticket['id']}" in mail["BodyText"]
    for line in ("Device: SRV-18", "Rule: Tell Ada", "Severity: critical", "Client: Northwind"):
        assert line in mail["BodyText"]
    (notification,) = stack.api("GET", "/notifications", key=key, unread="true").json()["items"]
    assert [each["id"] for each in notification["tickets"]] == [ticket["id"]]
    assert stack.api("POST", f"/notifications/{notification['id']}/read", key=key).is_success
    assert stack.api("GET", "/notifications", key=key, unread="true").json()["items"] == []
