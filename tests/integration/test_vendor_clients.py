"""The clients against the vendors' simulators: real sockets, real oddities, real faults."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from tandem.alerts.models import AlertEvent, Kind, Provider
from tandem.connections.address import AddressRule
from tandem.connections.advice import Advice
from tandem.connections.authorization import Authorization, NoCredentials
from tandem.connections.calls import Around
from tandem.connections.errors import (
    BadReply,
    Forbidden,
    Refused,
    ServerFailed,
    TimeIsUp,
    Unreachable,
    VendorError,
    WrongAddress,
)
from tandem.connections.http import VendorHttp
from tandem.connections.limits import Deadline, Limits, RateLimit
from tandem.connections.rmm import AlertSeen, Rmm
from tandem.connections.transport import checked_transport
from tandem.providers.levelio import api as levelio
from tandem.providers.levelio.sentences import ADVICE as LEVEL
from tandem.providers.ninjaone import api as ninjaone
from tandem.providers.ninjaone.oauth import SCOPES_OF_A_PERSON, ClientApp, RenewedTokens, SignIn, Tokens
from tandem.providers.ninjaone.sentences import ADVICE as NINJAONE
from tandem.providers.tacticalrmm import api as tacticalrmm
from tandem.providers.tacticalrmm import login
from tandem.providers.tacticalrmm.sentences import ADVICE as TACTICAL
from tandem.times import utc_now
from tests.simulators.levelio import simulator as level_simulator
from tests.simulators.levelio.simulator import Level
from tests.simulators.ninjaone import simulator as ninjaone_simulator
from tests.simulators.ninjaone.simulator import NinjaOne
from tests.simulators.simulator import Simulator
from tests.simulators.tacticalrmm import simulator as tactical_simulator
from tests.simulators.tacticalrmm.simulator import TacticalRmm
from tests.unit.providers.normalizing import event_of

HERE = AddressRule(may_be_private=True, may_be_this_machine=True)
# The waits between attempts are not what is tested here.
LIMITS = Limits(RateLimit(10_000, timedelta(seconds=1)), first_wait=0.001, longest_wait=0.002)
REDIRECT = "https://tandem.example/callback"


def around() -> Around:
    return Around(checked_transport(HERE))


def http(url: str, advice: Advice, authorize: Authorization, seconds: float = 20.0) -> VendorHttp:
    world = around()
    return VendorHttp(
        url,
        advice=advice,
        authorize=authorize,
        limits=LIMITS,
        deadline=Deadline(seconds, world.clock),
        around=world,
        rule=HERE,
    )


@pytest.fixture
def ninjas() -> Iterator[NinjaOne]:
    with NinjaOne(seed=1, redirect_uris=[REDIRECT]) as simulator:
        yield simulator


@pytest.fixture
def tactical() -> Iterator[TacticalRmm]:
    with TacticalRmm(seed=1) as simulator:
        yield simulator


@pytest.fixture
def level() -> Iterator[Level]:
    with Level(seed=1) as simulator:
        yield simulator


def ninjaone_tokens(simulator: NinjaOne) -> RenewedTokens:
    app = ClientApp(ninjaone_simulator.CLIENT_ID, ninjaone_simulator.CLIENT_SECRET)
    sign_in = SignIn(http(simulator.url, NINJAONE, NoCredentials()), app)
    client = simulator.oauth.clients[app.client_id]
    code = simulator.oauth.code(client, REDIRECT, SCOPES_OF_A_PERSON, None)
    tokens = sign_in.by_code(code, REDIRECT, "")

    def renew(old: Tokens | None) -> Tokens:
        assert old is not None
        return sign_in.by_refresh(old)

    return RenewedTokens(tokens, renew, simulator.clock.now)


def ninjaone_client(simulator: NinjaOne, seconds: float = 20.0) -> ninjaone.NinjaOne:
    authorize = ninjaone.authorization(ninjaone_tokens(simulator))
    return ninjaone.NinjaOne(http(simulator.url, NINJAONE, authorize, seconds), "integration-1")


def tactical_client(
    simulator: TacticalRmm, key: str = tactical_simulator.API_KEY, url: str | None = None, seconds: float = 20.0
) -> tacticalrmm.TacticalRmm:
    authorize = tacticalrmm.key_authorization(key)
    return tacticalrmm.TacticalRmm(http(url or simulator.url, TACTICAL, authorize, seconds), "integration-1")


def level_client(simulator: Level, key: str = level_simulator.API_KEY, seconds: float = 20.0) -> levelio.Level:
    return levelio.Level(http(simulator.url, LEVEL, levelio.authorization(key), seconds), "integration-1")


def events(rmm: Rmm) -> list[AlertEvent]:
    return of_events(rmm.active_alerts())


def of_events(rows: Iterator[AlertSeen]) -> list[AlertEvent]:
    seen = list(rows)
    assert all(isinstance(each, AlertEvent) for each in seen)
    return [each for each in seen if isinstance(each, AlertEvent)]


class Three:
    """One simulator of each vendor with one customer, one device and one alert, and its client."""

    def __init__(self, provider: Provider, simulator: Any, rmm: Rmm, device: Any, alert: Any, short: Rmm) -> None:
        self.provider, self.simulator, self.rmm, self.short = provider, simulator, rmm, short
        self.device, self.alert = str(device), str(alert)


@pytest.fixture(params=[Provider.NINJAONE, Provider.TACTICALRMM, Provider.LEVELIO])
def each_vendor(request: pytest.FixtureRequest) -> Three:
    """`short`: a client with half a second of time."""
    provider = request.param
    if provider is Provider.NINJAONE:
        ninjas: NinjaOne = request.getfixturevalue("ninjas")
        server = ninjas.add_device(ninjas.add_organization("Acme").id, "SRV-1")
        fired = ninjas.trigger(server.id)
        assert fired is not None
        rmm, short = ninjaone_client(ninjas), ninjaone_client(ninjas, 0.5)
        return Three(provider, ninjas, rmm, server.id, fired.uid, short)
    if provider is Provider.TACTICALRMM:
        tactical: TacticalRmm = request.getfixturevalue("tactical")
        agent = tactical.add_device(tactical.add_client("Acme").id, "SRV-1")
        failed = tactical.trigger("SRV-1")
        assert failed is not None
        client, short_client = tactical_client(tactical), tactical_client(tactical, seconds=0.5)
        return Three(provider, tactical, client, agent.agent_id, failed.id, short_client)
    level: Level = request.getfixturevalue("level")
    device = level.add_device("SRV-1", level.add_group("Acme").id)
    alert = level.trigger(device.id)
    return Three(provider, level, level_client(level), device.id, alert.id, level_client(level, seconds=0.5))


# ---- what works


def test_an_alert_is_listed_looked_up_reset_and_history(each_vendor: Three) -> None:
    rmm = each_vendor.rmm
    assert rmm.check().name
    [organization] = rmm.organizations()
    [device] = rmm.devices()
    assert (organization.name, device.external_id, device.name) == ("Acme", each_vendor.device, "SRV-1")
    assert device.organization_id == organization.external_id
    [event] = events(rmm)
    assert (event.kind, event.external_alert_id, event.external_device_id) == (
        Kind.TRIGGERED,
        each_vendor.alert,
        each_vendor.device,
    )
    found = rmm.alert(each_vendor.alert)
    assert found is not None
    assert (found.kind, found.condition_id) == (Kind.TRIGGERED, event.condition_id)
    rmm.reset(each_vendor.alert)
    rmm.reset(each_vendor.alert)
    assert events(rmm) == []
    over = rmm.alert(each_vendor.alert)
    assert over is not None
    assert (over.kind, over.external_alert_id) == (Kind.RESET, each_vendor.alert)
    fired, reset = of_events(rmm.resolved_alerts(utc_now() - timedelta(days=1)))
    assert (fired.external_alert_id, fired.kind, fired.makes_no_ticket) == (each_vendor.alert, Kind.TRIGGERED, True)
    assert (reset.external_alert_id, reset.kind) == (each_vendor.alert, Kind.RESET)
    assert fired.condition_id == event.condition_id


def test_an_alert_that_never_was(each_vendor: Three) -> None:
    assert each_vendor.rmm.alert("999999") is None
    each_vendor.rmm.reset("999999")


def test_the_webhook_of_an_alert_and_its_row_say_the_same(each_vendor: Three) -> None:
    simulator, outbox = each_vendor.simulator, each_vendor.simulator.outbox
    outbox.hold()
    held_before = len(outbox.deliveries)
    url = "http://127.0.0.1:9/webhooks/1"
    if each_vendor.provider is Provider.NINJAONE:
        rmm = each_vendor.rmm
        assert isinstance(rmm, ninjaone.NinjaOne)
        rmm.register_webhook(url, {"X-Tandem-Secret": "s"})
        fired = simulator.trigger(int(each_vendor.device), "disk").uid
    elif each_vendor.provider is Provider.TACTICALRMM:
        simulator.set_webhook(url, "s")
        fired = simulator.trigger("SRV-1", "disk").id
    else:
        simulator.set_webhook(url, None)
        fired = simulator.trigger(each_vendor.device, "cpu").id
    delivery = outbox.deliveries[held_before]
    webhook = event_of(each_vendor.provider, delivery.body.decode(), utc_now())
    [row] = [each for each in events(each_vendor.rmm) if each.external_alert_id == str(fired)]
    for word in ("alert_id", "identity", "condition_id", "group_id", "severity", "activity_type", "alert_class"):
        assert getattr(row, word) == getattr(webhook, word), word
    assert row.message == webhook.message


# ---- what goes wrong


@pytest.mark.parametrize("kind", ["html", "truncated", "empty_body"])
def test_an_answer_that_is_no_listing_is_none(each_vendor: Three, kind: str) -> None:
    each_vendor.simulator.faults.add(kind, times=None, path="alerts")
    with pytest.raises(BadReply):
        events(each_vendor.rmm)


@pytest.mark.parametrize("kind", ["reset", "cut_off"])
def test_a_connection_that_breaks_is_made_again(each_vendor: Three, kind: str) -> None:
    each_vendor.simulator.faults.add(kind, times=2, path="alerts")
    assert len(events(each_vendor.rmm)) == 1


@pytest.mark.parametrize(("status", "kind"), [(500, ServerFailed), (502, Unreachable), (503, Unreachable)])
def test_a_server_that_fails_is_asked_again_and_then_said_to_fail(
    each_vendor: Three, status: int, kind: type[VendorError]
) -> None:
    each_vendor.simulator.faults.add("status", times=3, status=status, path="alerts")
    assert len(events(each_vendor.rmm)) == 1
    each_vendor.simulator.faults.add("status", times=None, status=status, path="alerts")
    with pytest.raises(kind):
        events(each_vendor.rmm)


def test_a_throttle_is_waited_for(each_vendor: Three) -> None:
    each_vendor.simulator.faults.add("status", status=429, retry_after=1, path="alerts")
    began = around().clock()
    assert len(events(each_vendor.rmm)) == 1
    assert around().clock() - began >= 1


def test_what_is_down_cannot_be_reached(each_vendor: Three) -> None:
    each_vendor.simulator.stop()
    with pytest.raises(Unreachable):
        events(each_vendor.rmm)


def test_an_answer_that_takes_too_long_ends_with_the_time(each_vendor: Three) -> None:
    each_vendor.simulator.faults.add("latency", times=None, seconds=2, path="alerts")
    began = around().clock()
    with pytest.raises((TimeIsUp, Unreachable)):
        events(each_vendor.short)
    assert around().clock() - began < 1.5


def test_a_listing_in_circles_ends(level: Level) -> None:
    device = level.add_device("SRV-1")
    for number in range(150):
        level.state.trigger(device.id, "disk", name=f"Disk {number}")
    level.faults.add("repeated_page", times=None)
    with pytest.raises(BadReply, match="circles"):
        events(level_client(level))


# ---- NinjaOne's own


def test_ninjaones_refresh_tokens_rotate_and_an_expired_token_is_renewed_once(ninjas: NinjaOne) -> None:
    rmm = ninjaone_client(ninjas)
    for refreshes in (1, 2):
        ninjas.expire_tokens()
        rmm.check()
        assert ninjas.oauth.refreshes == refreshes
    ninjas.revoke_tokens()
    with pytest.raises(Refused, match="Connect NinjaOne again"):
        rmm.check()


def test_ninjaones_refusals_of_the_webhook(ninjas: NinjaOne) -> None:
    rmm = ninjaone_client(ninjas)
    ninjas.refuse_webhooks("not_administrator")
    with pytest.raises(Forbidden, match="system administrator"):
        rmm.register_webhook("https://t.example/webhooks/1", {"X-Tandem-Secret": "s"})
    ninjas.refuse_webhooks("other_psa")
    with pytest.raises(VendorError, match="another PSA"):
        rmm.remove_webhook()
    ninjas.refuse_webhooks(None)
    rmm.remove_webhook()


def test_ninjaones_pages(ninjas: NinjaOne) -> None:
    organization = ninjas.add_organization("Acme").id
    for number in range(1500):
        ninjas.state.add_device(organization, f"PC-{number}")
    assert len({each.external_id for each in ninjaone_client(ninjas).devices()}) == 1500


# ---- Tactical's own


def test_tacticals_dashboard_is_the_wrong_address(tactical: TacticalRmm) -> None:
    rmm = tactical_client(tactical, url=tactical.dashboard_url)
    for ask in (rmm.check, lambda: list(rmm.active_alerts()), lambda: rmm.reset("1")):
        with pytest.raises(WrongAddress, match=r"api\."):
            ask()


@pytest.mark.parametrize(
    ("key", "kind", "says"),
    [
        ("no such key", Refused, "API Keys"),
        (tactical_simulator.EXPIRED_KEY, Refused, "expired"),
        (tactical_simulator.NO_ROLE_KEY, Forbidden, "list alerts"),
    ],
)
def test_tacticals_keys_that_will_not_do(tactical: TacticalRmm, key: str, kind: type[VendorError], says: str) -> None:
    with pytest.raises(kind, match=says):
        list(tactical_client(tactical, key).active_alerts())


def test_a_tactical_key_that_may_only_read_lists_and_does_not_reset(tactical: TacticalRmm) -> None:
    tactical.add_device(tactical.add_client("Acme").id, "SRV-1")
    alert = tactical.trigger("SRV-1")
    assert alert is not None
    rmm = tactical_client(tactical, tactical_simulator.READ_ONLY_KEY)
    assert len(events(rmm)) == 1
    with pytest.raises(Forbidden, match="manage alerts"):
        rmm.reset(str(alert.id))


def test_tacticals_hidden_and_agentless_alerts_are_listed(tactical: TacticalRmm) -> None:
    tactical.add_device(tactical.add_client("Acme").id, "SRV-1")
    tactical.trigger("SRV-1", hidden=True)
    tactical.add_custom_alert("no agent")
    assert [each.external_device_id is None for each in events(tactical_client(tactical))] == [False, True]


def test_signing_in_to_tactical(tactical: TacticalRmm) -> None:
    sign_in = login.SignIn(http(tactical.url, TACTICAL, NoCredentials()))
    name, password = tactical_simulator.USERNAME, tactical_simulator.PASSWORD
    with pytest.raises(login.CodeNeeded):
        sign_in.sign_in(name, password)
    with pytest.raises(Refused, match="six digits"):
        sign_in.sign_in(name, password, "000000")
    with pytest.raises(Refused, match="user name and password"):
        sign_in.sign_in(name, "wrong")
    session = sign_in.sign_in(name, password, tactical.code())
    source = login.SessionTokens(session, lambda _: sign_in.sign_in(name, password))
    rmm = tacticalrmm.TacticalRmm(http(tactical.url, TACTICAL, tacticalrmm.session_authorization(source)), "i")
    assert rmm.check().version
    tactical.expire_tokens()
    with pytest.raises(Refused, match="Sign in again"):
        rmm.check()


def test_a_tactical_user_without_a_code_is_signed_in_again_by_itself(tactical: TacticalRmm) -> None:
    sign_in = login.SignIn(http(tactical.url, TACTICAL, NoCredentials()))
    person = (tactical_simulator.USERNAME_WITHOUT_TOTP, tactical_simulator.PASSWORD)
    source = login.SessionTokens(sign_in.sign_in(*person), lambda _: sign_in.sign_in(*person))
    rmm = tacticalrmm.TacticalRmm(http(tactical.url, TACTICAL, tacticalrmm.session_authorization(source)), "i")
    tactical.expire_tokens()
    assert rmm.check().version


# ---- Level's own


def test_a_level_key_that_may_only_read(level: Level) -> None:
    device = level.add_device("SRV-1")
    alert = level.trigger(device.id)
    rmm = level_client(level, level_simulator.READ_ONLY_KEY)
    assert len(events(rmm)) == 1
    with pytest.raises(Forbidden, match="may read and write"):
        rmm.reset(alert.id)
    with pytest.raises(Refused, match="API keys"):
        level_client(level, "Bearer wrong").check()


def test_levels_nested_groups(level: Level) -> None:
    top = level.add_group("Acme")
    below = level.add_group("Branch", top.id)
    level.add_device("SRV-1", below.id)
    rmm = level_client(level)
    assert {each.name: each.path for each in rmm.organizations()} == {"Acme": None, "Branch": "Acme / Branch"}
    [device] = rmm.devices()
    assert device.organization_id == below.id
    assert "Operating system" in device.facts


def test_levels_pages(level: Level) -> None:
    device = level.add_device("SRV-1")
    for number in range(250):
        level.state.trigger(device.id, "disk", name=f"Disk {number}")
    assert len({each.external_alert_id for each in events(level_client(level))}) == 250
    assert sum(each.path == "/v2/alerts" for each in level.requests.all()) == 3


def test_a_private_address_is_not_connected_to_unless_permitted(level: Level) -> None:
    assert isinstance(level, Simulator)
    world = Around(checked_transport(AddressRule()))
    with pytest.raises(WrongAddress, match="https"):
        VendorHttp(
            level.url,
            advice=LEVEL,
            authorize=NoCredentials(),
            limits=LIMITS,
            deadline=Deadline(5, world.clock),
            around=world,
            rule=AddressRule(),
        )
    assert level.requests.all() == []
