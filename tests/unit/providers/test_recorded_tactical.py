"""What a real Tactical RMM server answered, replayed. Long lists were trimmed for keeping: their last row is a text."""

import json as json_module
from typing import Any

import httpx
import pytest

from tandem.alerts.models import AlertEvent, Kind, Severity
from tandem.connections.errors import Forbidden, Refused, Rejected, Throttled, VendorError, WrongAddress
from tandem.connections.rmm import UnreadableAlert
from tests.unit.connections.world import START, World
from tests.unit.providers.clients import tactical_client, tactical_sign_in
from tests.vendor_files import RECORDED_TACTICAL_RESPONSES, needs_vendor_files

pytestmark = needs_vendor_files


def recorded(name: str) -> Any:
    """The answer of a recorded exchange, as the server gave it."""
    kept = json_module.loads((RECORDED_TACTICAL_RESPONSES / f"{name}.json").read_text())
    headers, body = kept["headers"], kept["body"]
    is_json = headers.get("Content-Type", "").startswith("application/json")
    content = json_module.dumps(body).encode() if is_json else str(body or "").encode()
    return lambda _request: httpx.Response(kept["status"], headers=headers, content=content)


def rows(name: str) -> list[Any]:
    kept: list[Any] = json_module.loads((RECORDED_TACTICAL_RESPONSES / f"{name}.json").read_text())["body"]
    return kept


def test_the_version() -> None:
    assert tactical_client(World(recorded("core_version"))).check().version == "0.0.203"
    assert tactical_client(World(recorded("knox_version"))).check().version == "0.0.203"


@pytest.mark.parametrize(
    "name", ["alerts_patch_all", "alerts_patch_nobody", "alerts_patch_active", "alerts_patch_client"]
)
def test_every_recorded_alert_that_is_not_over_makes_an_event(name: str) -> None:
    seen = list(tactical_client(World(recorded(name))).active_alerts())
    whole = [row for row in rows(name) if isinstance(row, dict) and not row["resolved"]]
    made = [each for each in seen if isinstance(each, AlertEvent)]
    assert [each.external_alert_id for each in made] == [str(row["id"]) for row in whole]
    assert {each.reason for each in seen if isinstance(each, UnreadableAlert)} <= {"a row is no object"}
    for event, row in zip(made, whole, strict=True):
        assert event.external_device_id == row.get("agent_id")
        assert event.organization_name == row.get("client")
        assert event.activity_type == row["alert_type"]
        if row["assigned_check"] is not None:
            assert event.identity == f"check:{row['assigned_check']}"


def test_one_recorded_alert_before_and_after_its_end() -> None:
    fired = tactical_client(World(recorded("alert_get"))).alert("32")
    over = tactical_client(World(recorded("alert_get_after_resolve"))).alert("32")
    assert fired is not None
    assert over is not None
    assert (fired.kind, fired.severity, fired.identity) == (Kind.TRIGGERED, Severity.CRITICAL, "check:173")
    assert str(fired.occurred_at) == "2026-11-21 00:52:36.006375+00:00"
    assert (over.kind, over.identity) == (Kind.RESET, "check:173")
    assert str(over.occurred_at) == "2026-11-21 02:06:15.559293+00:00"
    assert tactical_client(World(recorded("alert_404"))).alert("999999") is None


@pytest.mark.parametrize("name", ["alert_put_resolve", "alert_put_resolve_again", "alert_404"])
def test_a_reset_is_fine_the_second_time_too(name: str) -> None:
    tactical_client(World(recorded(name))).reset("32")


def test_recorded_agents_and_their_clients() -> None:
    clients = {each.name: each.external_id for each in tactical_client(World(recorded("clients"))).organizations()}
    assert clients["Acme Manufacturing"] == "1"
    devices = list(tactical_client(World(recorded("clients"), recorded("agents_nodetail"))).devices())
    agents = [row for row in rows("agents_nodetail") if isinstance(row, dict)]
    assert [(each.external_id, each.name) for each in devices] == [(row["agent_id"], row["hostname"]) for row in agents]
    assert {each.organization_id for each in devices} <= {*clients.values(), None}
    assert all(each.organization_id == clients.get(each.organization_name or "") for each in devices)


@pytest.mark.parametrize(
    ("name", "kind", "says"),
    [
        ("auth_bad_apikey", Refused, "API Keys"),
        ("auth_expired_apikey", Refused, "has expired"),
        ("auth_none", Refused, "let it through"),
        ("auth_bad_knox", Refused, "API Keys"),
        ("knox_after_logout", Refused, "sign in again"),
        ("auth_norole_apikey", Forbidden, "list alerts"),
        ("alert_put_readonly_403", Forbidden, "manage alerts"),
        ("alerts_get_405", Rejected, "Update the server"),
        ("auth_login_throttled", Throttled, "in 10 seconds"),
    ],
)
def test_a_recorded_refusal_is_a_sentence(name: str, kind: type[VendorError], says: str) -> None:
    with pytest.raises(VendorError) as caught:
        tactical_client(World(recorded(name)), seconds=5).check()
    assert type(caught.value) is kind
    assert says in str(caught.value)


def test_the_beta_api_when_it_is_switched_off() -> None:
    head, _, body = (RECORDED_TACTICAL_RESPONSES / "beta_disabled_404.http").read_text().partition("\n\n")
    assert head.startswith("HTTP/1.1 404")
    with pytest.raises(WrongAddress, match=r"api\."):
        tactical_client(World(lambda _request: httpx.Response(404, html=body))).check()


def test_recorded_sign_ins() -> None:
    asks = json_module.loads((RECORDED_TACTICAL_RESPONSES / "auth_checkcreds_totp_user.json").read_text())
    assert asks["body"] == {"totp": True}
    totp = recorded("auth_checkcreds_totp_user")
    session = tactical_sign_in(World(totp, recorded("auth_login"))).sign_in("trmmadmin", "p", "789211")
    assert str(session.expires_at) == "2026-11-21 07:05:28.032100+00:00"
    short = tactical_sign_in(World(recorded("auth_checkcreds_no2fa_user"))).sign_in("no2fa", "p")
    assert short.expires_at < START
    for name, says in (
        ("auth_login_bad_totp", "six digits"),
        ("auth_login_bad_password", "user name and password"),
        ("auth_login_no2fa_user", "make an API key"),
    ):
        with pytest.raises(Refused, match=says):
            tactical_sign_in(World(totp, recorded(name))).sign_in("trmmadmin", "p", "000000")
    with pytest.raises(Refused, match="user name and password"):
        tactical_sign_in(World(recorded("auth_checkcreds_bad"))).sign_in("trmmadmin", "p", "000000")
