"""How a client's machines do."""

from tandem.assets.compliance import Compliance, summarize
from tandem.assets.models import AgentStatus, Facts, Presence
from tandem.assets.shown import Shown


def asset(
    asset_id: str = "a1", client_id: str | None = "acme", presence: Presence = Presence.LISTED, **facts: object
) -> Shown:
    return Shown(asset_id, client_id, presence, Facts(**facts), ())  # type: ignore[arg-type]


def test_assets_are_counted_by_client() -> None:
    found = summarize([asset("a1", "acme"), asset("a2", "globex"), asset("a3", "acme"), asset("a4", None)])
    assert {client: each.assets for client, each in found.items()} == {"acme": 2, "globex": 1, None: 1}


def test_every_asset_has_one_status() -> None:
    statuses = [*AgentStatus, None]
    counted = summarize([asset(str(place), agent_status=each) for place, each in enumerate(statuses)])["acme"]
    assert (counted.online, counted.offline, counted.overdue, counted.status_unknown) == (1, 1, 1, 2)


def test_what_nobody_says_of_patches_is_unknown_and_no_number() -> None:
    counted = summarize(
        [
            asset("a1", patches_pending=3, patches_failed=1),
            asset("a2", patches_pending=0),
            asset("a3", has_patches_pending=True),
            asset("a4"),
        ]
    )["acme"]
    assert (counted.patches_pending, counted.without_pending_count) == (3, 2)
    assert (counted.patches_failed, counted.without_failed_count) == (1, 3)
    assert counted.assets_with_pending == 2


def test_unprotected_is_known_and_unknown_is_not_unprotected() -> None:
    words = ["protected", "unprotected", "unknown", None]
    counted = summarize([asset(str(place), antivirus_status=each) for place, each in enumerate(words)])["acme"]
    assert (counted.unprotected, counted.protection_unknown) == (1, 2)


def test_retired_assets_are_left_out_and_missing_ones_are_not_online() -> None:
    counted = summarize(
        [
            asset("a1", presence=Presence.RETIRED, patches_pending=9),
            asset("a2", presence=Presence.MISSING, agent_status=AgentStatus.ONLINE),
        ]
    )["acme"]
    assert (counted.assets, counted.missing, counted.online, counted.status_unknown) == (1, 1, 0, 1)
    assert counted.patches_pending == 0


def test_alerts_are_counted_with_their_assets() -> None:
    counted = summarize([asset("a1"), asset("a2")], {"a1": 2, "elsewhere": 5})["acme"]
    assert counted.active_alerts == 2


def test_pages_of_assets_add_up() -> None:
    one, two = summarize([asset("a1", patches_pending=1)])["acme"], summarize([asset("a2")])["acme"]
    assert one + two == summarize([asset("a1", patches_pending=1), asset("a2")])["acme"]
    assert Compliance() + one == one
