"""Refreshing single devices: what device-refresh.fifo names is asked of the RMM and decided like a page of a sync.

not synced        the integration is gone, disconnected, or its devices are not synced: nothing happens
refreshed         the device is what the RMM says now
gone              the RMM does not have it; it counts as missing only if the RMM said that it was deleted
known             an alert named it, and the sync knows it or is at work: nothing to ask for
begun             organizations changed: a sync of them has begun
parked            it is no message of this queue: a dead letter, which a person sees
given up          the RMM could not be asked, and the next whole sync sees the device anyway: nobody has to look at it
failed            it can be tried again; the message comes back

A refresh is a courtesy between two syncs: it never keeps another device waiting for long, and none is a dead letter
because its RMM is away.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Protocol

from tandem import telemetry
from tandem.alert_queue import QueueError
from tandem.assets.deciding import decide_page
from tandem.assets.models import Device
from tandem.assets.news import News
from tandem.assets.pages import Failure, Listing, Scope
from tandem.assets.placing import Placements
from tandem.assets.planning import plan_gone, plan_page
from tandem.connections.errors import BadReply, VendorError
from tandem.connections.fleet import Fleet
from tandem.connections.limits import Deadline
from tandem.store.configuration.records import Integration, Status
from tandem.store.errors import ConflictError, StoreError
from tandem.store.sync_records import RunKind
from tandem.syncing.attempts import may_pass
from tandem.syncing.page_context import devices_of, known_of, placements_of, tell
from tandem.syncing.received import DeadLetterBox, Message, unreadable
from tandem.syncing.refresh_message import RefreshMessage, RefreshMessageError, decode
from tandem.syncing.starting import Start
from tandem.syncing.tools import Tools

SOURCE = "device-refresh"
"""Of its dead letters."""

PATIENCE = timedelta(minutes=5)
"""So long a device may wait for an RMM that cannot be asked, and others behind it. The next whole sync sees it."""

ATTEMPTS_AT_BAD_REPLIES = 3
"""It is more likely the device's record than the RMM that cannot be read."""

FIRST_WAIT_SECONDS = 5
LONGEST_WAIT_SECONDS = 120

LOOKS = 6
"""How often a page is read and decided before the message comes back."""

BY_RMM = "webhook"
"""Who asked for a run that begins because the RMM said that its organizations changed (SyncRun.requested_by)."""


class Outcome(StrEnum):
    """What became of a message."""

    REFRESHED = "refreshed"
    GONE = "gone"
    KNOWN = "known"
    BEGUN = "begun"
    NOT_SYNCED = "not_synced"
    PARKED = "parked"
    GIVEN_UP = "given_up"


class IntegrationRecords(Protocol):
    """Where integrations stand."""

    def get(self, integration_id: str) -> Integration | None:
        """One integration, as it is now. Raises a StoreError."""
        ...


class Wanting(Protocol):
    """Who begins syncs (starting.SyncStarter)."""

    def want(self, integration_id: str, kind: RunKind, by: str, now: datetime) -> Start:
        """Begin a run, now or when the one that is at work ends. Raises StoreErrors and QueueError."""
        ...


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What became of one message. `reason`: of one that was given up, or `failed` and must be given back for `wait`
    seconds."""

    message_id: str
    integration_id: str | None = None
    outcome: Outcome | None = None
    reason: str | None = None
    failed: bool = False
    wait: int = 0


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A device, and the messages about it."""

    external_id: str
    messages: tuple[Message, ...]
    was_deleted: bool
    is_only_alerted: bool


class RefreshWork:
    """Refreshes devices. `seconds`: for what RMMs are asked in one batch."""

    def __init__(
        self,
        tools: Tools,
        integrations: IntegrationRecords,
        starter: Wanting,
        dead_letters: DeadLetterBox,
        seconds: float,
    ) -> None:
        self._tools = tools
        self._dead_letters = dead_letters
        self._integrations = integrations
        self._starter = starter
        self._seconds = seconds

    def refresh(self, messages: Sequence[Message]) -> list[Refreshed]:
        """Carry out the messages; those that `failed` must be given back to the queue, for `wait` seconds. Raises
        nothing that can be foreseen."""
        results: dict[str, Refreshed] = {}
        groups: dict[str, list[tuple[Message, RefreshMessage]]] = {}
        for message in messages:
            try:
                wanted = decode(message.body)
            except RefreshMessageError as error:
                results[message.message_id] = self._parked(message, str(error))
            else:
                groups.setdefault(wanted.integration_id, []).append((message, wanted))
        whole = Deadline(self._seconds, self._tools.monotonic)
        for done, (integration_id, mine) in enumerate(groups.items()):
            deadline = Deadline(whole.remaining() / (len(groups) - done), self._tools.monotonic)
            for each in self._of_one(integration_id, mine, deadline):
                results[each.message_id] = each
        return [results[message.message_id] for message in messages]

    def _parked(self, message: Message, reason: str) -> Refreshed:
        try:
            self._dead_letters.park(unreadable(SOURCE, message, reason), self._tools.clock())
        except StoreError as error:
            return Refreshed(message.message_id, reason=str(error), failed=True, wait=_wait(message.attempts))
        return Refreshed(message.message_id, outcome=Outcome.PARKED, reason=reason)

    def _of_one(
        self, integration_id: str, messages: Sequence[tuple[Message, RefreshMessage]], deadline: Deadline
    ) -> list[Refreshed]:
        """The messages of one integration."""
        all_of_them = [message for message, _ in messages]
        try:
            integration = self._integrations.get(integration_id)
            if integration is None or not integration.is_synced or integration.status == Status.RECONNECT_REQUIRED:
                return _ended(integration_id, all_of_them, Outcome.NOT_SYNCED)
            results: list[Refreshed] = []
            organizations = [message for message, wanted in messages if wanted.news is News.ORGANIZATIONS]
            if organizations:
                self._starter.want(integration_id, "organizations", BY_RMM, self._tools.clock())
                results += _ended(integration_id, organizations, Outcome.BEGUN)
            known, unknown = self._told_apart(integration_id, _by_device(messages))
            results += [each for one in known for each in _ended(integration_id, one.messages, Outcome.KNOWN)]
            return results + (self._asked(integration, unknown, deadline) if unknown else [])
        except (StoreError, QueueError) as error:
            return _given_back(integration_id, all_of_them, str(error))

    def _told_apart(self, integration_id: str, wanted: Sequence[_Wanted]) -> tuple[list[_Wanted], list[_Wanted]]:
        """Devices of alerts that need not be asked for, and the rest."""
        alerted = [each for each in wanted if each.is_only_alerted]
        if not alerted:
            return [], list(wanted)
        state = self._tools.runs.state(integration_id)
        is_at_work = state.lease_until is not None and state.lease_until > self._tools.clock()
        if is_at_work or "devices" not in state.last_success_at:
            there = {each.external_id for each in alerted}  # the sync that is at work, or the first one, shows them
        else:
            entries = self._tools.fleets.entries((integration_id, each.external_id) for each in alerted)
            there = {external_id for _, external_id in entries}
        known = [each for each in alerted if each.external_id in there]
        return known, [each for each in wanted if each not in known]

    def _asked(self, integration: Integration, wanted: Sequence[_Wanted], deadline: Deadline) -> list[Refreshed]:
        try:
            fleet = self._tools.opening.open_fleet(integration, deadline)
        except VendorError as error:
            return [each for one in wanted for each in self._refused(integration, one, error)]
        placements = placements_of(self._tools, integration.integration_id)
        return [each for one in wanted for each in self._device(integration, fleet, placements, one)]

    def _device(
        self, integration: Integration, fleet: Fleet, placements: Placements, wanted: _Wanted
    ) -> list[Refreshed]:
        asked_at = self._tools.clock()
        try:
            device = fleet.device(wanted.external_id)
        except VendorError as error:
            return self._refused(integration, wanted, error)
        integration_id = integration.integration_id
        try:
            if device is None:
                self._write(integration, wanted, None, placements, asked_at)
                return _ended(integration_id, wanted.messages, Outcome.GONE)
            found = replace(device, external_id=wanted.external_id)
            self._write(integration, wanted, found, placements, asked_at)
            return _ended(integration_id, wanted.messages, Outcome.REFRESHED)
        except (StoreError, QueueError) as error:
            return _given_back(integration_id, wanted.messages, str(error))
        except Exception as error:  # noqa: BLE001  one device that cannot be worked on never stops the others
            telemetry.log_exception("device not refreshed", integration_id=integration_id)
            return _given_back(integration_id, wanted.messages, type(error).__name__)

    def _refused(self, integration: Integration, wanted: _Wanted, error: VendorError) -> list[Refreshed]:
        """The RMM could not be asked: those that waited too long, or wait for nothing, are given up."""
        now = self._tools.clock()
        results: list[Refreshed] = []
        for message in wanted.messages:
            is_hopeless = isinstance(error, BadReply) and message.attempts >= ATTEMPTS_AT_BAD_REPLIES
            if may_pass(error) and not is_hopeless and now - message.sent_at < PATIENCE:
                results += _given_back(integration.integration_id, [message], str(error), error.retry_after)
            else:
                results += _ended(integration.integration_id, [message], Outcome.GIVEN_UP, str(error))
        return results

    def _write(
        self,
        integration: Integration,
        wanted: _Wanted,
        device: Device | None,
        placements: Placements,
        listed_at: datetime,
    ) -> None:
        """Make the device's page what the RMM said. Raises StoreErrors, QueueError."""
        tools, integration_id = self._tools, integration.integration_id
        refused: dict[str, str] = {}
        for _ in range(LOOKS):
            page = tools.fleets.page_of(integration_id, wanted.external_id)
            if device is None:
                plan = plan_gone(page, wanted.external_id, listed_at, wanted.was_deleted)
                if not plan.vanishing:
                    return
            else:
                listing = Listing(
                    Scope.DEVICES,
                    listed_at,
                    devices=() if refused else (device,),
                    unreadable=tuple(Failure(*each) for each in refused.items()),
                )
                plan = plan_page(page, listing, placements)
            decision = decide_page(plan, known_of(tools, plan), tools.clock(), integration.retire_after)
            told = partial(tell, tools, integration_id, decision)
            try:
                unapplied = tools.pages.apply_outside_of_a_run(decision, tools.clock(), between=told)
            except ConflictError:
                continue
            if unapplied is None:
                return
            written = {write.asset.asset_id: write.asset for write in decision.writes}
            refused |= {
                external_id: reason
                for asset_id, reason in unapplied.refused.items()
                for external_id in devices_of(written[asset_id], integration_id, [wanted.external_id])
            }
        raise ConflictError("the page is written all the time")


def _by_device(messages: Iterable[tuple[Message, RefreshMessage]]) -> list[_Wanted]:
    """Each device once, whatever was heard of it."""
    heard: dict[str, list[tuple[Message, News]]] = {}
    for message, wanted in messages:
        if wanted.external_id is not None:
            heard.setdefault(wanted.external_id, []).append((message, wanted.news))
    return [
        _Wanted(
            external_id,
            tuple(message for message, _ in told),
            any(news is News.DELETED for _, news in told),
            all(news is News.ALERTED for _, news in told),
        )
        for external_id, told in heard.items()
    ]


def _ended(
    integration_id: str, messages: Iterable[Message], outcome: Outcome, reason: str | None = None
) -> list[Refreshed]:
    return [Refreshed(message.message_id, integration_id, outcome, reason) for message in messages]


def _given_back(
    integration_id: str, messages: Iterable[Message], reason: str, asked_for: float | None = None
) -> list[Refreshed]:
    return [
        Refreshed(
            message.message_id,
            integration_id,
            reason=reason,
            failed=True,
            wait=int(min(LONGEST_WAIT_SECONDS, max(_wait(message.attempts), asked_for or 0))),
        )
        for message in messages
    ]


def _wait(received: int) -> int:
    """Seconds until a message that was received so often is tried again: 5, 10, 20 ... 120."""
    return int(min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** min(received - 1, 10)))
