"""Tells the story: sets up, sends, waits for the outcome, shows it."""

import sys
import time
from dataclasses import dataclass
from typing import Any

import httpx
from rich.console import Console

from local import state, up
from local.demo import setup, show, vendors
from local.demo.api import Api, KeyRefusedError, RefusedError
from local.terminal import INTERRUPTED

OUTCOME_SECONDS = 60.0
_LOOK_AGAIN_SECONDS = 0.3


class DemoError(Exception):
    """The demo could not be told to its end; the message says where it stopped."""


@dataclass(frozen=True)
class Sent:
    """A delivery and its answer."""

    delivery: vendors.Delivery
    status: int
    answer: dict[str, Any]

    @property
    def stored(self) -> bool:
        """Tandem has taken it over."""
        return self.answer.get("status") == "accepted"


def send(api: Api, connected: setup.Connected, delivery: vendors.Delivery) -> Sent:
    """Post one delivery as the RMM would."""
    if connected.signing_secret is not None:
        secret = "not the secret" if delivery.wrong_secret else connected.signing_secret
        headers = {"X-Level-Signature": vendors.level_signature(secret, delivery.body)}
    else:
        headers = {connected.header: "not the secret" if delivery.wrong_secret else connected.secret}
    response = api.webhook(connected.url, delivery.body, headers)
    try:
        answer = response.json()
    except ValueError:
        answer = {"status": response.text[:60]}
    return Sent(delivery, response.status_code, answer)


def outcome_of(api: Api, integration_ids: list[str], events: set[str], known: set[str]) -> list[dict[str, Any]]:
    """This run's alerts, whole, once each event that tells something new stands in some alert's trace."""
    deadline = time.monotonic() + OUTCOME_SECONDS
    while True:
        found = [
            api.get(f"/alerts/{alert['id']}")
            for integration_id in integration_ids
            for alert in api.all("/alerts", integration_id=integration_id)
            if alert["id"] not in known
        ]
        missing = events - {line["event_id"] for alert in found for line in alert["decisions"]}
        if not missing:
            return found
        if time.monotonic() > deadline:
            raise DemoError(f"{len(missing)} of {len(events)} events have no outcome after {OUTCOME_SECONDS:.0f} s")
        time.sleep(_LOOK_AGAIN_SECONDS)


def main() -> int:
    """Run the demo; the exit code."""
    console = Console(highlight=False)
    code = up.main()
    if code != 0:
        return code
    stack = state.stack_address()
    if stack is None:
        raise DemoError(f"{state.shown(state.STACK_FILE)} is gone again: another `make down`?")
    api = Api(stack.api_url, stack.admin_key)
    run = vendors.Run(int(time.time()) % 10_000_000)
    with show.progress(console) as say:
        say("creating clients")
        client_ids = setup.clients(api)
        connected = setup.integrations(api, client_ids, say)
        integration_ids = [each.integration_id for each in connected.values()]
        known = {alert["id"] for each in integration_ids for alert in api.all("/alerts", integration_id=each)}
        sent = []
        for tell in (vendors.ninjaone, vendors.tacticalrmm, vendors.levelio):
            for delivery in tell(run):
                say(f"{delivery.provider}: {delivery.what}")
                sent.append(send(api, connected[delivery.provider], delivery))
        say("waiting for the outcome")
        events = {each.answer["event_id"] for each in sent if each.stored}
        outcome_of(api, integration_ids, events, known)
        say("mapping the organization that an alert waits for")
        setup.map_organization(api, connected["ninjaone"], "9", "Initech", client_ids["Globex"])
        alerts = mapped(api, integration_ids, events, known)
        ticket_ids = {alert["ticket_id"] for alert in alerts if alert["ticket_id"]}
        tickets = [api.get(f"/tickets/{ticket_id}") for ticket_id in ticket_ids]
    show.deliveries(console, sent)
    show.alerts(console, alerts, tickets)
    show.tickets(console, tickets, {client_id: name for name, client_id in client_ids.items()})
    for name in setup.changed(api, connected):
        console.print(f"{name} has other rules now than the demo gave it; those decided.", markup=False)
    show.closing(console, stack.api_url, state.STACK_FILE, tickets)
    return 0


def mapped(api: Api, integration_ids: list[str], events: set[str], known: set[str]) -> list[dict[str, Any]]:
    """This run's alerts once none waits for a mapping any more."""
    deadline = time.monotonic() + OUTCOME_SECONDS
    while time.monotonic() < deadline:
        found = outcome_of(api, integration_ids, events, known)
        if not any(alert["needs_mapping"] for alert in found):
            return found
        time.sleep(_LOOK_AGAIN_SECONDS)
    raise DemoError("an alert still waits for its mapping")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyRefusedError:
        sys.stderr.write(
            f"demo: the first admin's key in {state.shown(state.STACK_FILE)} was deleted, and the demo has no other.\n"
            "`TANDEM_HOME=<another folder> make demo` shows it on a stack of its own; `make reset` wipes this one.\n"
        )
        sys.exit(1)
    except (DemoError, RefusedError) as error:
        sys.stderr.write(f"demo: {error}\n")
        sys.exit(1)
    except httpx.HTTPError as error:
        sys.stderr.write(f"demo: the stack does not answer ({error}); `make up` starts it again\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
