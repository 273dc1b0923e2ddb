"""Software, compliance and remote access over the admin API."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tandem.assets.models import AgentStatus, Presence, Program
from tandem.connections.errors import Forbidden, NotFound, Throttled, VendorError
from tandem.connections.fleet import RemoteAccess
from tandem.connections.opening import Connections
from tandem.times import utc_now
from tests.integration.admin_calls import AdminApi, fields
from tests.integration.admin_machines import connected, machine, software
from tests.integration.test_admin_connections import body
from tests.simulators.levelio import simulator as levelio
from tests.simulators.levelio.simulator import Level
from tests.unit.alerts.world import triggered

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from tests.emulator import EmulatedAws

pytestmark = pytest.mark.emulator

SEVEN_ZIP = Program("7-Zip 23.01 (x64)", "23.01", "Igor Pavlov")
OLD_SEVEN_ZIP = Program("7-Zip 19.00", "19.00", "Igor Pavlov")
OFFICE = Program("Office 2019", None, "Microsoft")


@pytest.fixture
def s3(api: AdminApi, emulated_aws: "EmulatedAws") -> "S3Client":
    client: S3Client = emulated_aws.client("s3")
    client.create_bucket(Bucket=api.name)
    return client


# ---- software


def test_programs_are_found_on_all_assets_in_all_their_versions(api: AdminApi, s3: "S3Client") -> None:
    integration_id, client_id = connected(api), api.new_client()
    first, second, third = (machine(api, integration_id, each, client_id) for each in "123")
    software(
        api, s3, integration_id, {first: [SEVEN_ZIP, OFFICE], second: [SEVEN_ZIP], third: [OLD_SEVEN_ZIP, SEVEN_ZIP]}
    )
    found = api.ok("GET", "/software", q="7-zip")
    (program,) = found["items"]
    assert (program["name"], program["publisher"], program["asset_count"]) == ("7-zip", "Igor Pavlov", 3)
    assert program["versions"] == [{"version": "23.01", "asset_count": 3}, {"version": "19.00", "asset_count": 1}]
    assert (found["complete"], found["without_inventory"]) == (True, [])
    assert [each["name"] for each in api.ok("GET", "/software", q="microsoft")["items"]] == ["office 2019"]
    assert api.ok("GET", "/software", q="nothing like it")["items"] == []
    assert api.ok("GET", "/software", q="7-zip", integration_id=connected(api))["items"] == []

    having = api.items("/software/7-zip", limit=2)
    assert {each["asset_id"]: each["versions"] for each in having} == {
        first: ["23.01"],
        second: ["23.01"],
        third: ["19.00", "23.01"],
    }
    assert having[0]["asset_name"].startswith("PC-")
    assert {each["client_id"] for each in having} == {client_id}
    assert [each["asset_id"] for each in api.items("/software/7-zip", version="19.00")] == [third]
    assert api.items("/software/7-zip", client_id="another") == []
    assert "'nothing'" in api.refused(404, "GET", "/software/nothing")["detail"]


def test_programs_come_page_by_page_those_on_the_most_assets_first(api: AdminApi, s3: "S3Client") -> None:
    integration_id = connected(api)
    assets = [machine(api, integration_id, str(n)) for n in range(4)]
    programs = [Program(f"Tool {letter}", "1.0") for letter in "ABCDE"]
    software(api, s3, integration_id, {asset: programs[n:] for n, asset in enumerate(assets)})
    whole = [(each["name"], each["asset_count"]) for each in api.items("/software", q="tool")]
    assert whole == [("tool d", 4), ("tool e", 4), ("tool c", 3), ("tool b", 2), ("tool a", 1)]
    for limit in (1, 2, 5):
        assert [(e["name"], e["asset_count"]) for e in api.items("/software", q="tool", limit=limit)] == whole


def test_the_software_of_an_asset_and_who_has_none(api: AdminApi, s3: "S3Client") -> None:
    tactical, level, new = connected(api), connected(api, "levelio"), connected(api)
    first, second = machine(api, tactical, "1"), machine(api, level, "l1")
    software(api, s3, tactical, {first: [SEVEN_ZIP, OFFICE]})
    assert api.ok("GET", f"/assets/{first}/software") == {
        "items": [
            {"name": "7-Zip 23.01 (x64)", "version": "23.01", "publisher": "Igor Pavlov"},
            {"name": "Office 2019", "version": None, "publisher": "Microsoft"},
        ],
        "without_inventory": [],
    }
    of_level = api.ok("GET", f"/assets/{second}/software")
    assert of_level["items"] == []
    assert [each["reason"] for each in of_level["without_inventory"]] == ["Level has no software inventory."]
    told = {each["integration_id"]: each["reason"] for each in api.ok("GET", "/software", q="zip")["without_inventory"]}
    assert told == {level: "Level has no software inventory.", new: "No sync of software has gone well yet."}


def test_a_bucket_that_does_not_answer_is_503(api: AdminApi, s3: "S3Client") -> None:
    integration_id = connected(api)
    asset_id = machine(api, integration_id)
    software(api, s3, integration_id, {asset_id: [OFFICE]})
    broken = api.another_instance(BUCKET_NAME="there-is-none")
    queries: dict[str, dict[str, Any]] = {
        "/software": {"q": "office"},
        "/software/office%202019": {},
        f"/assets/{asset_id}/software": {},
    }
    for path, query in queries.items():
        assert api.call("GET", path, instance=broken, **query).status == 503


def test_a_search_for_nothing_is_refused(refusing: AdminApi) -> None:
    for query in ({}, {"q": ""}, {"q": "x"}, {"q": "\u0301\u0301"}):
        assert fields(refusing.refused(400, "GET", "/software", **query)) == ["q"]


# ---- compliance


def test_clients_machines_are_summed_up(api: AdminApi) -> None:
    integration_id, acme, empty = connected(api), api.new_client("Acme"), api.new_client("Empty")
    api.new_rule(integration_id)
    online = AgentStatus.ONLINE
    machine(
        api,
        integration_id,
        "d1",
        acme,
        agent_status=online,
        patches_pending=3,
        patches_failed=1,
        antivirus_status="protected",
    )
    machine(
        api,
        integration_id,
        "d2",
        acme,
        agent_status=AgentStatus.OVERDUE,
        has_patches_pending=True,
        antivirus_status="unprotected",
    )
    machine(api, integration_id, "d3", acme, agent_status=online, presence=Presence.MISSING)
    machine(api, integration_id, "d4", acme, agent_status=online, presence=Presence.RETIRED)
    machine(api, integration_id, "d5", None, agent_status=AgentStatus.OFFLINE)
    api.hear(integration_id, triggered(0, "a1", device="d1"), triggered(1, "a2", device="d1"))
    found = {each["client_id"]: each for each in api.items("/compliance")}
    assert found[acme] == {
        "client_id": acme,
        "client_name": "Acme",
        "assets": 3,
        "online": 1,
        "offline": 0,
        "overdue": 1,
        "status_unknown": 1,
        "missing": 1,
        "assets_with_pending": 2,
        "patches_pending": 3,
        "without_pending_count": 2,
        "patches_failed": 1,
        "without_failed_count": 2,
        "active_alerts": 2,
        "unprotected": 1,
        "protection_unknown": 1,
    }
    assert found[empty]["assets"] == 0
    assert (found[None]["assets"], found[None]["offline"], found[None]["client_name"]) == (1, 1, None)
    assert [each["client_id"] for each in api.items("/compliance", limit=1)] == [*sorted([acme, empty]), None]
    assert [each["client_id"] for each in api.items("/compliance", client_id=acme)] == [acme]
    assert [each["assets"] for each in api.items("/compliance", client_id="-")] == [1]
    assert fields(api.refused(400, "GET", "/compliance", client_id="nobody")) == ["client_id"]


# ---- remote access


class Fleet:
    """Gives links, or refuses."""

    def __init__(self, lives: timedelta | None = None, refusal: VendorError | None = None) -> None:
        self.asked: list[str] = []
        self.lives, self.refusal = lives, refusal

    def remote_access(self, external_id: str) -> RemoteAccess:
        self.asked.append(external_id)
        if self.refusal is not None:
            raise self.refusal
        expires_at = utc_now() + self.lives if self.lives is not None else None
        return RemoteAccess(f"https://rmm.example.com/{external_id}/{len(self.asked)}", expires_at)


def opened(monkeypatch: pytest.MonkeyPatch, fleet: Fleet) -> Fleet:
    monkeypatch.setattr(Connections, "open_fleet", lambda *_: fleet)
    return fleet


def test_a_link_is_given_to_a_technician_kept_while_it_lives_and_told_each_time(
    api: AdminApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = opened(monkeypatch, Fleet(timedelta(minutes=10)))
    integration_id = connected(api)
    path = f"/assets/{machine(api, integration_id, 'd1')}/remote-access"
    technician, other = api.new_person("technician"), api.new_person("technician")
    first = api.ok("POST", path, key=technician.key)
    assert (first["url"], first["external_id"], first["provider"]) == (
        "https://rmm.example.com/d1/1",
        "d1",
        "tacticalrmm",
    )
    assert first["expires_at"] is not None
    assert api.ok("POST", path, key=technician.key) == first
    assert api.ok("POST", path, key=other.key)["url"] != first["url"], "nobody is given another one's way in"
    assert fleet.asked == ["d1", "d1"]
    assert [each["who"] for each in api.items("/audit", action="remote_access")] == [
        f"user:{other.id}",
        *[f"user:{technician.id}"] * 2,
    ]
    assert first["url"] not in str(api.items("/audit"))


def test_a_link_that_is_about_to_end_or_never_ends_is_asked_for_anew(
    api: AdminApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/assets/{machine(api, connected(api))}/remote-access"
    for lives in (timedelta(seconds=20), None):
        fleet = opened(monkeypatch, Fleet(lives))
        assert api.ok("POST", path)["url"] != api.ok("POST", path)["url"]
        assert len(fleet.asked) == 2


def test_one_of_several_devices_is_chosen(api: AdminApi, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(monkeypatch, Fleet())
    tactical, level = connected(api), connected(api, "levelio")
    first, second = machine(api, tactical, "1"), machine(api, level, "l1")
    api.ok("POST", f"/assets/{first}/link", {"asset_id": second})
    path = f"/assets/{first}/remote-access"
    assert api.ok("POST", path)["provider"] == "tacticalrmm"
    chosen = {"integration_id": level, "external_id": "l1"}
    assert api.ok("POST", path, chosen)["provider"] == "levelio"
    assert fields(api.refused(422, "POST", path, chosen | {"external_id": "1"})) == ["external_id"]
    assert fields(api.refused(422, "POST", path, {"external_id": "1"})) == ["body"]


@pytest.mark.parametrize(
    ("refusal", "status"),
    [(Forbidden("The key may not."), 409), (NotFound("No such device."), 409), (Throttled("Later."), 503)],
)
def test_what_the_rmm_says_against_it_is_told_and_nobody_was_let_in(
    api: AdminApi, monkeypatch: pytest.MonkeyPatch, refusal: VendorError, status: int
) -> None:
    opened(monkeypatch, Fleet(refusal=refusal))
    path = f"/assets/{machine(api, connected(api))}/remote-access"
    assert api.refused(status, "POST", path)["detail"] == str(refusal)


def test_there_is_no_way_into_what_no_connected_rmm_lists(refusing: AdminApi) -> None:
    missing = machine(refusing, connected(refusing), presence=Presence.MISSING)
    cut_off = machine(refusing, connected(refusing, status="disconnected"))
    for asset_id in (missing, cut_off):
        assert "no way into it" in refusing.refused(409, "POST", f"/assets/{asset_id}/remote-access")["detail"]


def test_the_real_fleet_of_a_connected_rmm_gives_its_page(api: AdminApi, simulated_level: Level) -> None:
    made = api.ok("POST", "/integrations", body("levelio", simulated_level.url, {"api_key": levelio.API_KEY}))
    asset_id = machine(api, made["id"], "device-1")
    shown = api.ok("POST", f"/assets/{asset_id}/remote-access")
    assert (shown["url"], shown["expires_at"]) == ("https://app.level.io/devices/device-1", None)
