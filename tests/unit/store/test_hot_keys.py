"""No key is hot in a storm: what decisions write, counted by partition key, second by second.

DynamoDB lets one partition key take 1,000 write units a second, in the table and in each index on its own. The storm
comes at 500 alerts a second. The storms below are a part of 100,000 alerts over 20,000 devices: the keys that all
alerts share see no more in a second however long it lasts, and those of one device what that device fires. So a storm
of some seconds counts what a whole one would; the mixed one keeps five alerts a device.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from infra.table_schema import INDEXES
from local.bench.capacity import Item, index_entry, write_units
from local.bench.webhooks import Firing
from tandem.alerts.again import decide_again
from tandem.alerts.decide import decide
from tandem.alerts.models import AlertEvent, Kind, Organization, Origin, Outcome, Provider, RuleConditions
from tandem.alerts.windows import MaintenanceWindow, Span
from tandem.desk.builtin import BuiltinDesk
from tandem.store import keys
from tandem.store.apply import DecisionWriter
from tandem.store.numbers import BLOCK
from tests.unit.alerts.world import START, World, at, rule

ALERTS_A_SECOND = 500
MOST = 1_000
"""Write units a second on one partition key."""

MIXED_DEVICES, MIXED_ALERTS = 500, 2_500
ONE_SORT = 1_000
BAD_DEVICE = 999_999
CLIENT, NOBODYS, QUIET_CLIENT = 1, 2, 3
"""Organizations: of a client, of none, of a client whose maintenance window is open."""

QUIET = rule("quiet", RuleConditions(keywords=("heartbeat",)), create_ticket=False)
LOUD = rule("loud", order=2, auto_resolve_ticket=True)
WINDOW = MaintenanceWindow("w1", "Patch night", client_id="c2", span=Span(at(-60), at(60)))


class Storm:
    """A tenant with one integration, and what its table is asked to write.

    The keys that all alerts share are as loaded as they can be: one integration, one client, one window's end.
    """

    def __init__(self) -> None:
        self.world = World(
            rules=(QUIET, LOUD),
            organizations={
                str(CLIENT): Organization(str(CLIENT), "Acme", "c1"),
                str(QUIET_CLIENT): Organization(str(QUIET_CLIENT), "Globex", "c2"),
            },
            windows=(WINDOW,),
        )
        self.outcomes: Counter[Outcome] = Counter()
        self.spent: dict[tuple[str, str], dict[int, float]] = defaultdict(lambda: defaultdict(float))
        self._heard = 0
        self._items: dict[tuple[str, str], Item] = {}
        self._writer = DecisionWriter(cast("Any", None), "table", BuiltinDesk())

    def hear(self, firings: Iterable[Firing]) -> None:
        """All of them, one after another."""
        for firing in firings:
            self.world.now = START + timedelta(seconds=self._heard / ALERTS_A_SECOND)
            self._decide(firing.event())

    def _decide(self, event: AlertEvent) -> None:
        decision = decide(event, self.world.state(event), self.world.context(), self.world.now)
        if decision.outcome is Outcome.TICKET_CREATED and self.outcomes[decision.outcome] % BLOCK == 0:
            self._spend("table", keys.ticket_counter_key()["pk"], 1)
        self.outcomes[decision.outcome] += 1
        self._write(self._writer.actions(decision, self.world.now))
        self.world.apply(decision)
        self._heard += 1

    def _write(self, actions: list[dict[str, Any]]) -> None:
        alone = len(actions) == 1 and "Put" in actions[0]
        for action in actions:
            ((_, what),) = action.items()
            after = what.get("Item")
            key = after or what["Key"]
            place = key["pk"]["S"], key["sk"]["S"]
            before = self._items.pop(place, None)
            self._spend("table", place[0], write_units(before, after, transactional=not alone))
            if after:
                self._items[place] = after
            for index, names in INDEXES.items():
                was, now = (index_entry(item, names, ("pk", "sk")) for item in (before, after))
                for entry in (was, now) if was != now else ():
                    if entry:
                        self._spend(index, entry[names[0]]["S"], 1)

    def _spend(self, where: str, partition: str, units: float) -> None:
        self.spent[where, partition][self._heard // ALERTS_A_SECOND] += units

    def release(self) -> None:
        """The window ends: what it holds is decided again, earliest first."""
        self.world.now = at(60)
        for alert_id in [wake.alert_id for _, wake in sorted(self.world.due.items())]:
            event = decide_again(self.world.alerts[alert_id], None, Origin.SWEEP, f"sweep {alert_id}", self.world.now)
            self._decide(event)

    def map_clients(self) -> None:
        """The organization is mapped: what waited for it is decided again."""
        self.world.organizations[str(NOBODYS)] = Organization(str(NOBODYS), "Initech", "c1")
        for alert_id in sorted(self.world.waiting):
            event = decide_again(self.world.alerts[alert_id], None, Origin.MAPPING, f"map {alert_id}", self.world.now)
            self._decide(event)

    def peaks(self) -> Counter[tuple[str, str]]:
        """The most units that each key of the table and of each index had to take in one second."""
        return Counter({key: max(seconds.values()) for key, seconds in self.spent.items()})


def device(number: int, **words: Any) -> Firing:
    """The first alert of the device with this number."""
    return Firing(Provider.NINJAONE, number, number, number, START, **words)


def every_device(**words: Any) -> list[Firing]:
    """One firing of each of so many devices that it lasts some seconds."""
    return [device(number, **words) for number in range(ONE_SORT)]


def mixed(chance: random.Random) -> Iterator[Firing]:
    """Five alerts a device, in any order: new tickets, recorded ones, ones that wait for a mapping or are held by a
    window, occurrences, resets. One bad device between them is a tenth of everything, and half of that redelivered."""
    last = device(BAD_DEVICE)
    for number in range(MIXED_ALERTS):
        at_second = number / ALERTS_A_SECOND
        if chance.random() < 0.1:
            if chance.random() < 0.5:
                last = replace(last, at=START + timedelta(seconds=at_second))
            yield last
            continue
        one = chance.randrange(MIXED_DEVICES)
        organization = {0: NOBODYS, 1: QUIET_CLIENT}.get(one % 10, CLIENT)
        yield replace(
            device(one, organization=organization, recorded_only=one % 10 == 2),
            alert=one * 10 + chance.randrange(2),
            at=START + timedelta(seconds=at_second),
            kind=chance.choices((Kind.TRIGGERED, Kind.RESET), (4, 1))[0],
        )


def bad_devices_own(storm: Storm) -> set[tuple[str, str]]:
    """The keys on which one device's alerts write, and nobody else's."""
    (alert,) = [each for each in storm.world.alerts.values() if each.external_device_id == str(BAD_DEVICE)]
    tickets = [each.ticket_id for each in storm.world.tickets.values() if each.condition_id == alert.condition_id]
    partitions = [
        keys.alert_key(alert.alert_id)["pk"],
        keys.condition_key(alert.condition_id)["pk"],
        keys.device_owner(alert.integration_id, str(BAD_DEVICE)),
        *(keys.ticket_key(ticket_id)["pk"] for ticket_id in tickets),
    ]
    return {("table", partition) for partition in partitions}


def test_a_mixed_storm_heats_no_key_but_the_bad_devices_own() -> None:
    storm = Storm()
    storm.hear(mixed(random.Random(7)))
    assert set(storm.outcomes) == set(Outcome) - {Outcome.SEVERITY_RAISED, Outcome.ACKNOWLEDGED, Outcome.PLACED}
    own = bad_devices_own(storm)
    assert own & set(storm.peaks())
    shared = {key: units for key, units in storm.peaks().items() if key not in own}
    assert max(shared.values()) <= MOST


@pytest.mark.parametrize("later", ["nothing", "it is released", "it is mapped", "it is reset"])
def test_a_storm_of_one_sort_of_alerts_heats_no_key_nor_does_what_becomes_of_them_all_at_once(later: str) -> None:
    storm = Storm()
    organization = {"it is released": QUIET_CLIENT, "it is mapped": NOBODYS}.get(later, CLIENT)
    firings = every_device(organization=organization, recorded_only=later == "nothing")
    storm.hear(firings)
    if later == "it is released":
        storm.release()
        assert storm.outcomes == {Outcome.SUPPRESSED: ONE_SORT, Outcome.TICKET_CREATED: ONE_SORT}
    elif later == "it is mapped":
        storm.map_clients()
        assert storm.outcomes == {Outcome.NEEDS_MAPPING: ONE_SORT, Outcome.TICKET_CREATED: ONE_SORT}
    elif later == "it is reset":
        storm.hear(replace(firing.again(), kind=Kind.RESET) for firing in firings)
        assert all(ticket.is_closed for ticket in storm.world.tickets.values())
        assert storm.outcomes == {Outcome.TICKET_CREATED: ONE_SORT, Outcome.RESOLVED: ONE_SORT}
    else:
        assert storm.outcomes == {Outcome.RECORDED_ONLY: ONE_SORT}
    assert max(storm.peaks().values()) <= MOST


@pytest.mark.parametrize("flaps", [False, True])
def test_what_a_bad_device_costs_its_own_keys(flaps: bool) -> None:
    """Its events come one after another (one FIFO group), each at least a transaction's time apart: below 50 a second.

    So many fit on each of its keys. An occurrence costs 4 units on its alert's key and 2 on its condition's and on its
    ticket's. An event of one that flaps, so that each firing makes a ticket and each reset closes it, costs 12 on its
    alert's, because the trace is at its longest.
    """
    storm, events = Storm(), 400
    firing = device(BAD_DEVICE)
    storm.hear(
        replace(firing, at=START + timedelta(seconds=n), kind=Kind.RESET if flaps and n % 2 else Kind.TRIGGERED)
        for n in range(events)
    )
    whole = {key: sum(storm.spent[key].values()) for key in bad_devices_own(storm)}
    assert max(whole.values()) / events <= (12 if flaps else 4.1)
    assert max(whole.values()) / events * 50 <= MOST


def test_what_is_redelivered_writes_nothing() -> None:
    storm = Storm()
    firings = [*every_device()[:100], *every_device(organization=QUIET_CLIENT)[100:200]]
    storm.hear(firings)
    before = storm.peaks()
    storm.hear(firings)
    assert storm.outcomes[Outcome.IGNORED] == len(firings)
    assert storm.peaks() == before


def test_one_who_counts_a_hot_key_would_see_it() -> None:
    """The measure itself: without shards, what all alerts share would be too hot."""
    storm = Storm()
    storm.hear(every_device(organization=QUIET_CLIENT))
    together: Counter[int] = Counter()
    for (where, partition), seconds in storm.spent.items():
        if where == "table" and partition.startswith("DUE#"):
            together.update(seconds)
    assert max(together.values()) == 2 * ALERTS_A_SECOND
