"""Opening simulated RMMs: credentials tried, tokens renewed once by however many functions, refusals told of."""

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tandem.alerts.models import Provider
from tandem.connections.calls import Around
from tandem.connections.credentials import Credentials, Kind
from tandem.connections.errors import (
    NotConnected,
    Refused,
    Throttled,
    TimeIsUp,
    Unreachable,
    VendorError,
    WrongAddress,
)
from tandem.connections.opening import Connections
from tandem.connections.renewal import Renewal
from tandem.providers.tacticalrmm.login import CodeNeeded
from tandem.store.token_locks import TokenLocks
from tandem.times import utc_now
from tests.simulators.levelio import simulator as levelio
from tests.simulators.levelio.simulator import Level
from tests.simulators.ninjaone import simulator as ninjaone
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.tacticalrmm import simulator as tacticalrmm
from tests.simulators.tacticalrmm.accounts import TOTP_STEP_SECONDS, totp
from tests.simulators.tacticalrmm.simulator import TacticalRmm

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator

REDIRECT = "https://tandem.example/oauth/ninjaone/callback"
APP = Credentials(Kind.AUTHORIZATION_CODE, {"client_id": ninjaone.CLIENT_ID, "client_secret": ninjaone.CLIENT_SECRET})
ALONE = Credentials(Kind.CLIENT_CREDENTIALS, APP.values)


@dataclass(frozen=True)
class Place:
    """An integration as far as it is asked."""

    provider: Provider
    instance_url: str
    integration_id: str = "i1"
    allow_private_address: bool = True
    requests_per_minute: int | None = None
    connected_at: datetime | None = None


class SlowSecrets:
    """A secret store that shows what was written only after `lag` seconds, as the real one may."""

    def __init__(self, lag: float = 0.0) -> None:
        self.lag = lag
        self.written: dict[str, list[tuple[float, dict[str, Any]]]] = {}

    def read_all(self, integration_id: str) -> dict[str, Any]:
        seen = [values for at, values in self.written.get(integration_id, []) if at + self.lag <= time.monotonic()]
        return dict(seen[-1]) if seen else {}

    def keep_all(self, integration_id: str, values: Mapping[str, Any]) -> None:
        self.written.setdefault(integration_id, []).append((time.monotonic(), dict(values)))


class Told:
    """Which integrations were said to need a person."""

    def __init__(self) -> None:
        self.reasons: list[str] = []
        self.connected_at: list[datetime | None] = []

    def reconnect_required(self, integration_id: str, connected_at: datetime | None, reason: str) -> None:
        self.reasons.append(reason)
        self.connected_at.append(connected_at)


@dataclass
class Tandem:
    """Function instances that share table and secrets, each with a memory of its own."""

    dynamodb: "DynamoDBClient"
    table: str
    secrets: SlowSecrets
    told: Told

    def instance(self, private_addresses: bool = True, transport: httpx.BaseTransport | None = None) -> Connections:
        around = Around(transport or httpx.HTTPTransport())
        locks = TokenLocks(self.dynamodb, self.table, utc_now)
        renewal = Renewal(self.secrets, locks, around)
        return Connections(renewal, self.told, lambda _: around, private_addresses=private_addresses)

    def connect(self, place: Place, credentials: Credentials, code: str | None = None) -> Connections:
        instance = self.instance()
        deadline = instance.deadline(20)
        instance.keep(place.integration_id, instance.try_out(place, credentials, code, deadline), deadline)
        return instance


@pytest.fixture
def tandem(dynamodb: "DynamoDBClient", table_name: str) -> Tandem:
    return Tandem(dynamodb, table_name, SlowSecrets(), Told())


def signed_in(tandem: Tandem, vendor: NinjaOne) -> Place:
    """NinjaOne, connected by a person."""
    place = Place(Provider.NINJAONE, vendor.url)
    app = vendor.oauth.clients[ninjaone.CLIENT_ID]
    instance = tandem.instance()
    deadline = instance.deadline(20)
    code = vendor.oauth.code(app, REDIRECT, "monitoring management offline_access", None)
    tokens = instance.sign_in_by_code(place, APP, code, REDIRECT, "verifier", deadline)
    instance.keep(place.integration_id, instance.try_tokens(place, APP, tokens, deadline), deadline)
    return place


def check(connections: Connections, place: Place, seconds: float = 20) -> str:
    return connections.open(place, connections.deadline(seconds)).check().name


def level(vendor: Level) -> Place:
    return Place(Provider.LEVELIO, vendor.url)


def tactical(vendor: TacticalRmm) -> Place:
    return Place(Provider.TACTICALRMM, vendor.url)


def code_now(vendor: TacticalRmm) -> str:
    return totp(tacticalrmm.TOTP_SECRET, int(vendor.clock.epoch()) // TOTP_STEP_SECONDS)


# ---- NinjaOne


@pytest.mark.parametrize("lag", [0.0, 0.4])
def test_ten_functions_that_find_one_token_used_up_refresh_it_once(
    tandem: Tandem, simulated_ninjaone: NinjaOne, lag: float
) -> None:
    place = signed_in(tandem, simulated_ninjaone)
    tandem.secrets.lag = lag
    time.sleep(lag)
    simulated_ninjaone.expire_tokens()

    with ThreadPoolExecutor(10) as pool:
        names = list(pool.map(lambda _: check(tandem.instance(), place), range(10)))

    assert len(names) == 10
    assert simulated_ninjaone.oauth.refreshes == 1
    assert tandem.told.reasons == []


@pytest.mark.parametrize("how", ["new", "same", "absent"])
def test_a_refresh_token_is_kept_before_the_next_refresh_needs_it(
    tandem: Tandem, simulated_ninjaone: NinjaOne, how: str
) -> None:
    simulated_ninjaone.rotate_refresh_tokens(how)
    place = signed_in(tandem, simulated_ninjaone)
    connections = tandem.instance()
    for refreshes in (1, 2, 3):
        simulated_ninjaone.expire_tokens()
        check(connections, place)
        assert simulated_ninjaone.oauth.refreshes == refreshes


def test_a_secret_that_shows_late_is_waited_for_and_no_used_up_token_is_sent(
    tandem: Tandem, simulated_ninjaone: NinjaOne
) -> None:
    place = signed_in(tandem, simulated_ninjaone)
    tandem.secrets.lag = 0.5
    time.sleep(0.5)
    late, quick = tandem.instance(), tandem.instance()
    check(late, place)
    simulated_ninjaone.expire_tokens()
    check(quick, place)
    check(late, place)
    assert simulated_ninjaone.oauth.refreshes == 1
    assert tandem.told.reasons == []


def test_a_token_that_somebody_else_renewed_is_read_before_another_is_asked_for(
    tandem: Tandem, simulated_ninjaone: NinjaOne
) -> None:
    place = signed_in(tandem, simulated_ninjaone)
    slow, quick = tandem.instance(), tandem.instance()
    check(slow, place)
    simulated_ninjaone.expire_tokens()
    check(quick, place)
    check(slow, place)
    assert simulated_ninjaone.oauth.refreshes == 1


def test_permission_that_was_taken_back_needs_a_person(tandem: Tandem, simulated_ninjaone: NinjaOne) -> None:
    place = signed_in(tandem, simulated_ninjaone)
    simulated_ninjaone.revoke_tokens()
    with pytest.raises(Refused, match="Connect NinjaOne again"):
        check(tandem.instance(), place)
    assert len(tandem.told.reasons) >= 1
    assert "Connect NinjaOne again" in tandem.told.reasons[0]


def test_client_credentials_get_another_token_by_themselves(tandem: Tandem, simulated_ninjaone: NinjaOne) -> None:
    place = Place(Provider.NINJAONE, simulated_ninjaone.url)
    connections = tandem.connect(place, ALONE)
    simulated_ninjaone.expire_tokens()
    check(connections, place)
    assert tandem.told.reasons == []
    wrong = Credentials(Kind.CLIENT_CREDENTIALS, {**ALONE.values, "client_secret": "another-client-secret"})
    with pytest.raises(Refused, match="client app"):
        connections.try_out(place, wrong, None, connections.deadline(10))


def test_while_another_function_renews_nobody_waits_longer_than_there_is_time(
    tandem: Tandem, simulated_ninjaone: NinjaOne
) -> None:
    place = signed_in(tandem, simulated_ninjaone)
    simulated_ninjaone.expire_tokens()
    assert TokenLocks(tandem.dynamodb, tandem.table, utc_now).take(place.integration_id, "somebody") is not None
    with pytest.raises(TimeIsUp):
        check(tandem.instance(), place, seconds=1)
    assert tandem.told.reasons == []


# ---- Tactical RMM


def test_a_key_of_tactical_is_tried_and_taken(tandem: Tandem, simulated_tacticalrmm: TacticalRmm) -> None:
    place = tactical(simulated_tacticalrmm)
    key = Credentials(Kind.API_KEY, {"api_key": tacticalrmm.API_KEY})
    assert "Tactical RMM at" in check(tandem.connect(place, key), place)
    wrong = Credentials(Kind.API_KEY, {"api_key": "WRONG"})
    with pytest.raises(Refused, match="Make a key"):
        tandem.connect(place, wrong)
    with pytest.raises(WrongAddress, match="address of the API"):
        tandem.connect(Place(Provider.TACTICALRMM, simulated_tacticalrmm.dashboard_url), key)


def test_a_fleet_is_listed_with_the_disk_and_the_patience_that_one_answer_of_all_agents_needs(
    tandem: Tandem, simulated_tacticalrmm: TacticalRmm
) -> None:
    place = Place(Provider.TACTICALRMM, simulated_tacticalrmm.url)
    connections = tandem.connect(place, Credentials(Kind.API_KEY, {"api_key": tacticalrmm.API_KEY}))
    deadline = connections.deadline(20)
    limits = [
        vars(each)["_http"].limits
        for each in (connections.open(place, deadline), connections.open_fleet(place, deadline))
    ]
    assert [each.listing_bytes // 1024**2 for each in limits] == [256, 1024]
    assert [each.answer_seconds for each in limits] == [30, 120]


def test_a_code_is_asked_for_only_when_the_server_wants_it_and_the_password_is_not_kept_then(
    tandem: Tandem, simulated_tacticalrmm: TacticalRmm
) -> None:
    place = tactical(simulated_tacticalrmm)
    person = Credentials(Kind.PASSWORD, {"username": tacticalrmm.USERNAME, "password": tacticalrmm.PASSWORD})
    with pytest.raises(CodeNeeded):
        tandem.connect(place, person)
    connections = tandem.connect(place, person, code_now(simulated_tacticalrmm))
    check(connections, place)
    assert tacticalrmm.PASSWORD not in str(tandem.secrets.written)

    simulated_tacticalrmm.accounts.tokens.clear()
    with pytest.raises(Refused, match="Sign in again with the code"):
        check(connections, place)
    assert len(tandem.told.reasons) == 1


WITHOUT_CODE = Credentials(
    Kind.PASSWORD, {"username": tacticalrmm.USERNAME_WITHOUT_TOTP, "password": tacticalrmm.PASSWORD}
)


def test_a_user_without_a_code_is_signed_in_again_once(tandem: Tandem, simulated_tacticalrmm: TacticalRmm) -> None:
    place = tactical(simulated_tacticalrmm)
    connections = tandem.connect(place, WITHOUT_CODE)
    check(connections, place)
    simulated_tacticalrmm.accounts.tokens.clear()
    before = simulated_tacticalrmm.requests.count("POST", "/v2/checkcreds/")
    check(connections, place)
    check(connections, place)
    assert simulated_tacticalrmm.requests.count("POST", "/v2/checkcreds/") == before + 1
    assert tandem.told.reasons == []


def test_sessions_that_tandem_can_begin_itself_are_no_new_version_of_the_secret(
    tandem: Tandem, simulated_tacticalrmm: TacticalRmm
) -> None:
    place = tactical(simulated_tacticalrmm)
    connections = tandem.connect(place, WITHOUT_CODE)
    for instance in (connections, connections, tandem.instance()):
        simulated_tacticalrmm.accounts.tokens.clear()
        check(instance, place)
    assert len(tandem.secrets.written[place.integration_id]) == 1
    simulated_tacticalrmm.accounts.users[tacticalrmm.USERNAME_WITHOUT_TOTP].password = "another"
    simulated_tacticalrmm.accounts.tokens.clear()
    with pytest.raises(Refused, match="user name and password"):
        check(connections, place)
    assert len(tandem.told.reasons) == 1


def test_a_session_that_a_person_has_begun_anew_is_read_before_the_old_one_is_given_up(
    tandem: Tandem, simulated_tacticalrmm: TacticalRmm
) -> None:
    place = tactical(simulated_tacticalrmm)
    person = Credentials(Kind.PASSWORD, {"username": tacticalrmm.USERNAME, "password": tacticalrmm.PASSWORD})
    connections = tandem.connect(place, person, code_now(simulated_tacticalrmm))
    check(connections, place)
    simulated_tacticalrmm.accounts.tokens.clear()
    tandem.connect(place, person, code_now(simulated_tacticalrmm))
    check(connections, place)
    simulated_tacticalrmm.accounts.tokens.clear()
    tandem.connect(place, Credentials(Kind.API_KEY, {"api_key": tacticalrmm.API_KEY}))
    with pytest.raises(Unreachable, match="other credentials meanwhile"):
        check(connections, place)
    check(connections, place)
    assert tandem.told.reasons == []


# ---- Level, and any


def test_a_key_that_a_person_replaced_is_read_again_before_it_is_given_up(
    tandem: Tandem, simulated_level: Level
) -> None:
    place = level(simulated_level)
    connections = tandem.connect(place, Credentials(Kind.API_KEY, {"api_key": levelio.READ_ONLY_KEY}))
    check(connections, place)
    del simulated_level.api.keys[levelio.READ_ONLY_KEY]
    tandem.connect(place, Credentials(Kind.API_KEY, {"api_key": levelio.API_KEY}))
    check(connections, place)
    assert tandem.told.reasons == []

    simulated_level.api.keys.clear()
    with pytest.raises(Refused):
        check(connections, place)
    assert tandem.told.reasons == [
        "Level does not know the API key. It said: “Access denied”. Make a key in Level under Settings → API keys, and "
        "enter it here whole and without “Bearer” before it."
    ]


def test_what_passes_by_itself_needs_no_person(tandem: Tandem, simulated_level: Level) -> None:
    place = level(simulated_level)
    connections = tandem.connect(place, Credentials(Kind.API_KEY, {"api_key": levelio.API_KEY}))
    simulated_level.limit(1)
    check(connections, place)
    with pytest.raises(Throttled):
        check(connections, place, seconds=0.5)
    simulated_level.limit(None)
    simulated_level.down()
    with pytest.raises(VendorError):
        check(connections, place, seconds=0.5)
    assert tandem.told.reasons == []


def test_what_was_forgotten_is_not_connected_and_what_concerns_webhooks_stays(
    tandem: Tandem, simulated_level: Level
) -> None:
    place = level(simulated_level)
    tandem.secrets.keep_all("i1", {"signing_secret": "of-level"})
    connections = tandem.connect(place, Credentials(Kind.API_KEY, {"api_key": levelio.API_KEY}))
    connections.forget("i1", connections.deadline(5))
    assert tandem.secrets.read_all("i1") == {"signing_secret": "of-level"}
    with pytest.raises(NotConnected):
        check(connections, place)


def test_credentials_go_to_no_other_address_than_they_were_given_for(
    tandem: Tandem, simulated_level: Level, simulated_tacticalrmm: TacticalRmm
) -> None:
    place = level(simulated_level)
    remembering = tandem.connect(place, Credentials(Kind.API_KEY, {"api_key": levelio.API_KEY}))
    check(remembering, place)
    elsewhere = replace(place, instance_url=simulated_tacticalrmm.url)
    for connections in (remembering, tandem.instance()):
        with pytest.raises(NotConnected, match="connect the integration again"):
            check(connections, elsewhere)
    assert simulated_tacticalrmm.requests.all() == []
    check(remembering, replace(place, instance_url=f"{simulated_level.url}/"))

    other = tactical(simulated_tacticalrmm)
    tandem.connect(other, Credentials(Kind.API_KEY, {"api_key": tacticalrmm.API_KEY}))
    check(tandem.instance(), other)
    before = len(simulated_level.requests.all())
    with pytest.raises(NotConnected):
        check(tandem.instance(), place)
    assert len(simulated_level.requests.all()) == before


def test_tokens_that_somebody_got_elsewhere_meanwhile_are_not_used_here(
    tandem: Tandem, simulated_ninjaone: NinjaOne
) -> None:
    place = signed_in(tandem, simulated_ninjaone)
    connections = tandem.instance()
    check(connections, place)
    simulated_ninjaone.expire_tokens()
    with NinjaOne() as other:
        tandem.connect(Place(Provider.NINJAONE, other.url), ALONE)
        with pytest.raises(NotConnected, match="connect the integration again"):
            check(connections, place)
    assert simulated_ninjaone.oauth.refreshes == 0


@pytest.mark.parametrize("provider", [Provider.NINJAONE, Provider.LEVELIO])
def test_a_server_that_is_not_the_vendors_needs_the_integrations_and_the_tenants_permission(
    tandem: Tandem, provider: Provider
) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(500)

    credentials = ALONE if provider is Provider.NINJAONE else Credentials(Kind.API_KEY, {"api_key": levelio.API_KEY})
    place = Place(provider, "https://rmm.example.com")
    tandem.secrets.keep_all("i1", {"credentials": credentials.as_values()})
    for permits in (False, True):
        connections = tandem.instance(private_addresses=permits, transport=httpx.MockTransport(answer))
        for there in (replace(place, allow_private_address=False), *([] if permits else [place])):
            with pytest.raises(WrongAddress, match="own address"):
                connections.try_out(there, credentials, None, connections.deadline(1))
            with pytest.raises(WrongAddress, match="own address"):
                check(connections, there)
    assert asked == []
    with pytest.raises(VendorError):
        connections.try_out(place, credentials, None, connections.deadline(1))
    assert asked[0] == "rmm.example.com"


def test_who_tells_of_a_refusal_says_since_when_it_was_connected(tandem: Tandem, simulated_level: Level) -> None:
    since = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
    place = replace(level(simulated_level), connected_at=since)
    connections = tandem.connect(place, Credentials(Kind.API_KEY, {"api_key": levelio.API_KEY}))
    simulated_level.api.keys.clear()
    with pytest.raises(Refused):
        check(connections, place)
    assert tandem.told.connected_at == [since]


def test_a_private_address_needs_the_integrations_and_the_tenants_permission(
    tandem: Tandem, simulated_level: Level
) -> None:
    place = level(simulated_level)
    key = Credentials(Kind.API_KEY, {"api_key": levelio.API_KEY})
    tandem.connect(place, key)
    forbidding = tandem.instance(private_addresses=False)
    with pytest.raises(WrongAddress):
        check(forbidding, place)
    strict = Place(Provider.LEVELIO, simulated_level.url, allow_private_address=False)
    with pytest.raises(WrongAddress):
        check(tandem.instance(), strict)
