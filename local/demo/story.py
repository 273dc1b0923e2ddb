"""Telling the story: deliveries are sent as an RMM sends them, and their outcome is awaited."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from local.demo import setup, vendors
from local.demo.api import Api

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


@dataclass
class Story:
    """One chapter of a run. `known`: the alerts that were there before it; `sent`: what it has sent so far."""

    api: Api
    connected: dict[str, setup.Connected]
    known: set[str] = field(default_factory=set)
    sent: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.known = {alert["id"] for alert in self._listed()}

    def send(self, deliveries: Iterable[vendors.Delivery], say: setup.Progress) -> None:
        """Post each delivery as its RMM would."""
        for delivery in deliveries:
            say(f"{delivery.provider}: {delivery.what}")
            self.sent.append(self._send(delivery))

    def alerts(self) -> list[dict[str, Any]]:
        """This chapter's alerts, whole, once each event that tells something new stands in some alert's trace."""
        events = {each.answer["event_id"] for each in self.sent if each.stored}
        found: list[dict[str, Any]] = []

        def told() -> bool:
            nonlocal found
            listed = [alert["id"] for alert in self._listed() if alert["id"] not in self.known]
            found = [self.api.get(f"/alerts/{each}") for each in listed]
            return events <= {line["event_id"] for alert in found for line in alert["decisions"]}

        until(told, "every event has its outcome")
        return found

    def alert(self, external_id: str | None) -> dict[str, Any]:
        """One of this chapter's alerts, by the RMM's id."""
        return next(alert for alert in self.alerts() if alert["external_id"] == external_id)

    def tickets(self) -> list[dict[str, Any]]:
        """The tickets of this chapter's alerts, whole."""
        ids = {alert["ticket_id"] for alert in self.alerts() if alert["ticket_id"]}
        return [self.api.get(f"/tickets/{each}") for each in ids]

    def _listed(self) -> Iterable[dict[str, Any]]:
        for each in self.connected.values():
            yield from self.api.all("/alerts", integration_id=each.integration_id)

    def _send(self, delivery: vendors.Delivery) -> Sent:
        rmm = self.connected[delivery.provider]
        if rmm.signing_secret is not None:
            secret = "not the secret" if delivery.wrong_secret else rmm.signing_secret
            headers = {"X-Level-Signature": vendors.level_signature(secret, delivery.body)}
        else:
            headers = {rmm.header: "not the secret" if delivery.wrong_secret else rmm.secret}
        response = self.api.webhook(rmm.url, delivery.body, headers)
        try:
            answer = response.json()
        except ValueError:
            answer = {"status": response.text[:60]}
        return Sent(delivery, response.status_code, answer)


def until(condition: Callable[[], bool], what: str, seconds: float = OUTCOME_SECONDS) -> None:
    """Wait until the condition holds. Raises DemoError, saying what was awaited."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise DemoError(f"after {seconds:.0f} s it is not so that {what}")
        time.sleep(_LOOK_AGAIN_SECONDS)
