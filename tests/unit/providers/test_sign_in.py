"""Signing in: what is sent, what is kept, what is renewed and when a person must come."""

import json as json_module
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tandem.connections.errors import Refused, Unreachable
from tandem.providers.ninjaone import api as ninjaone
from tandem.providers.ninjaone.oauth import REGIONS, RenewedTokens, Tokens, authorize_url
from tandem.providers.tacticalrmm import api as tacticalrmm
from tandem.providers.tacticalrmm.login import CodeNeeded, Session, SessionTokens
from tests.unit.connections.world import START, World, json
from tests.unit.providers.clients import (
    CLIENT_SECRET,
    ninjaone_client,
    ninjaone_sign_in,
    tactical_client,
    tactical_sign_in,
)

HOUR = timedelta(hours=1)


def form(world: World, number: int = -1) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(world.requests[number].content.decode()).items()}


def granted(access: str, refresh: str | None = None, **more: Any) -> Any:
    return json({"access_token": access, "token_type": "Bearer", "expires_in": 3600, "refresh_token": refresh} | more)


# ---- NinjaOne


def test_the_way_to_ninjaones_consent_page() -> None:
    url = authorize_url(REGIONS["eu"] + "/", "id", "https://t.example/cb?x=1", "st&te", "challenge")
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://eu.ninjarmm.com/ws/oauth/authorize"
    assert {name: values[0] for name, values in parse_qs(parts.query).items()} == {
        "response_type": "code",
        "client_id": "id",
        "redirect_uri": "https://t.example/cb?x=1",
        "scope": "monitoring management offline_access",
        "state": "st&te",
        "code_challenge": "challenge",
        "code_challenge_method": "S256",
    }


def test_a_code_is_traded_for_tokens() -> None:
    world = World(granted("a1", "r1", scope="monitoring"))
    tokens = ninjaone_sign_in(world).by_code("code-1", "https://t.example/cb", "verifier-1")
    assert tokens == Tokens("a1", START + HOUR, "r1", "monitoring")
    assert form(world) == {
        "grant_type": "authorization_code",
        "client_id": "client-id",
        "client_secret": CLIENT_SECRET,
        "code": "code-1",
        "redirect_uri": "https://t.example/cb",
        "code_verifier": "verifier-1",
    }


@pytest.mark.parametrize(("given", "kept"), [("r2", "r2"), (None, "r1"), ("r1", "r1")])
def test_a_refresh_keeps_the_refresh_token_that_holds_from_now_on(given: str | None, kept: str) -> None:
    tokens = ninjaone_sign_in(World(granted("a2", given))).by_refresh(Tokens("a1", START, "r1"))
    assert (tokens.access_token, tokens.refresh_token) == ("a2", kept)


def test_a_refresh_whose_answer_is_lost_is_not_repeated() -> None:
    world = World(json({}, 502), granted("a2", "r2"))
    with pytest.raises(Unreachable):
        ninjaone_sign_in(world).by_refresh(Tokens("a1", START, "r1"))
    assert len(world.requests) == 1


def test_without_a_refresh_token_a_person_must_come() -> None:
    with pytest.raises(Refused, match="Connect NinjaOne again") as caught:
        ninjaone_sign_in(World(json({}))).by_refresh(Tokens("a1", START))
    assert caught.value.reconnect


@pytest.mark.parametrize("seconds", [None, "3600", 0, -5, True, 10**12, 1.5])
def test_an_odd_lifetime_counts_as_an_hour(seconds: Any) -> None:
    assert ninjaone_sign_in(World(granted("a1", expires_in=seconds))).by_itself().expires_at == START + HOUR


def test_an_access_token_is_renewed_a_minute_before_its_end_and_when_it_is_refused() -> None:
    world = World(json([]), json({"error": "invalid_token"}, 401), json([]))
    issued: list[Tokens | None] = []

    def renew(tokens: Tokens | None) -> Tokens:
        issued.append(tokens)
        return Tokens(f"a{len(issued)}", START + timedelta(seconds=world.seconds) + HOUR)

    source = RenewedTokens(None, renew, world.around.now)
    rmm = ninjaone_client(world, authorize=ninjaone.authorization(source), seconds=10_000)
    list(rmm.active_alerts())
    list(rmm.active_alerts())
    world.seconds = 3500
    list(rmm.active_alerts())
    sent = [each.headers["Authorization"] for each in world.requests]
    assert sent == ["Bearer a1", "Bearer a1", "Bearer a2", "Bearer a2"]
    world.seconds = 3541
    list(rmm.active_alerts())
    assert world.requests[-1].headers["Authorization"] == "Bearer a3"


def test_a_token_that_another_renewed_meanwhile_is_not_renewed_again() -> None:
    source = RenewedTokens(Tokens("a2", START + HOUR), lambda _: Tokens("a3", START + HOUR), lambda: START)
    assert source.invalidate("a1")
    assert source.token() == "a2"


def test_tokens_do_not_show_themselves() -> None:
    shown = repr(Tokens("secret-a", START, "secret-r")) + repr(Session("secret-s", START))
    assert "secret" not in shown


def test_tokens_are_ended_the_longest_lived_first() -> None:
    world = World(lambda _: httpx.Response(200))
    ninjaone_sign_in(world).revoke(Tokens("a1", START, "r1"))
    app = {"client_id": "client-id", "client_secret": CLIENT_SECRET}
    assert [form(world, number) for number in (0, 1)] == [
        {"token": "r1", "token_type_hint": "refresh_token", **app},
        {"token": "a1", "token_type_hint": "access_token", **app},
    ]
    assert {each.url.path for each in world.requests} == {"/ws/oauth/revoke"}
    ninjaone_sign_in(world).revoke(Tokens("a2", START))
    assert form(world)["token"] == "a2"


# ---- Tactical RMM

TOTP = json({"totp": True})


def session(token: str) -> Any:
    return json({"expiry": "2026-11-21T08:00:00.5Z", "token": token, "username": "admin", "name": None})


def test_a_user_with_a_second_factor_is_asked_for_the_code() -> None:
    with pytest.raises(CodeNeeded):
        tactical_sign_in(World(TOTP)).sign_in("admin", "password")
    world = World(TOTP, session("t1"))
    assert tactical_sign_in(world).sign_in("admin", "password", " 123456 ").token == "t1"
    assert [each.url.path for each in world.requests] == ["/v2/checkcreds/", "/v2/login/"]
    assert json_module.loads(world.requests[1].content)["twofactor"] == "123456"


def test_a_user_without_one_is_never_sent_where_the_server_would_fail() -> None:
    world = World(json({"expiry": "2026-11-21T03:03:00Z", "token": "short", "totp": False}))
    made = tactical_sign_in(world).sign_in("admin", "password", "123456")
    assert made == Session("short", START + timedelta(minutes=3))
    assert [each.url.path for each in world.requests] == ["/v2/checkcreds/"]


def tactical(world: World, source: SessionTokens) -> tacticalrmm.TacticalRmm:
    return tactical_client(world, authorize=tacticalrmm.session_authorization(source))


def test_a_session_that_ended_is_renewed_once() -> None:
    world = World(json({"detail": "Invalid token."}, 401), json("1.5"))
    source = SessionTokens(Session("old", START), lambda _: Session("new", START))
    tactical(world, source).check()
    assert [each.headers["Authorization"] for each in world.requests] == ["Token old", "Token new"]


def test_without_a_session_one_is_begun_before_anything_is_asked() -> None:
    world = World(json("1.5"))
    begun: list[Session | None] = []

    def sign_in(stale: Session | None) -> Session:
        begun.append(stale)
        return Session("new", START)

    tactical(world, SessionTokens(None, sign_in)).check()
    assert begun == [None]
    assert [each.headers["Authorization"] for each in world.requests] == ["Token new"]


def test_a_session_that_is_refused_again_needs_a_person() -> None:
    world = World(json({"detail": "Invalid token."}, 401))
    source = SessionTokens(Session("old", START), lambda _: Session("new", START))
    with pytest.raises(Refused):
        tactical(world, source).check()
    assert len(world.requests) == 2


def test_a_session_that_only_a_code_can_renew_needs_a_person() -> None:
    def sign_in(_: Session | None) -> Session:
        raise CodeNeeded("code")

    for renew in (sign_in, None):
        world = World(json({"detail": "Invalid token."}, 401))
        with pytest.raises(Refused, match="Sign in again") as caught:
            tactical(world, SessionTokens(Session("old", START), renew)).check()
        assert caught.value.reconnect
        assert not isinstance(caught.value, CodeNeeded)
        assert len(world.requests) == 1
