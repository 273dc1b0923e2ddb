"""What is kept of a connection: where credentials may be sent, and what a sign-in that came too late leaves behind."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tandem.connections.credentials import Credentials, Kept, Kind, normal_address
from tandem.connections.errors import NotConnected
from tandem.connections.keeping import Tried, connected, forgotten, signed_in, taken_back
from tandem.connections.rmm import Account

KEY = Credentials(Kind.API_KEY, {"api_key": "an-api-key"})
APP = Credentials(Kind.AUTHORIZATION_CODE, {"client_id": "app", "client_secret": "a-client-secret"})
OTHER_APP = Credentials(Kind.AUTHORIZATION_CODE, {"client_id": "other", "client_secret": "another-secret"})
ADDRESS = "https://eu.ninjarmm.com"
TRIED = Tried(Account("NinjaOne"), ADDRESS, APP, {"access_token": "new"})

WAITING = Kept(pending=APP, state_key="key", others={"signing_secret": "s"})
CONNECTED = Kept(OTHER_APP, "https://app.ninjarmm.com", {"access_token": "old", "renewals": 4}, APP, "key")


@pytest.mark.parametrize(
    "same",
    [
        (
            "https://api.example.com",
            "https://api.example.com/",
            "HTTPS://API.Example.com:443",
            "https://api.example.com./",
        ),
        ("http://127.0.0.1", "http://127.0.0.1:80/"),
        ("http://127.0.0.1:8001/",),
        ("https://api.example.com/rmm", "https://API.example.com/rmm/"),
        ("https://[2001:db8::1]", "https://[2001:DB8::1]:443"),
        ("https://api.example.com:80",),
    ],
)
def test_one_server_is_written_one_way_and_no_two_servers_are(same: tuple[str, ...]) -> None:
    assert {normal_address(each) for each in same} == {same[0].rstrip("/")}
    assert normal_address(normal_address(same[0])) == normal_address(same[0])


def test_credentials_are_for_the_address_that_they_were_given_for() -> None:
    kept = Kept(KEY, "https://api.example.com")
    assert kept.credentials_for("https://api.example.com") == KEY
    for elsewhere in ("https://api.example.org", "http://api.example.com", "https://api.example.com:8443"):
        with pytest.raises(NotConnected, match="connect the integration again"):
            kept.credentials_for(elsewhere)
    with pytest.raises(NotConnected, match="Give it credentials first"):
        Kept().credentials_for("https://api.example.com")


def test_credentials_that_were_kept_without_an_address_are_for_the_integrations() -> None:
    old = Kept.of({"credentials": {"kind": "api_key", "api_key": "k"}, "tokens": {"renewals": 1}})
    assert old.credentials_for("https://any.example.com").values == {"api_key": "k"}


credentials = st.sampled_from([KEY, APP, OTHER_APP])
secrets = st.builds(
    Kept,
    credentials,
    st.none() | st.just(ADDRESS),
    st.none() | st.just({"access_token": "t", "renewals": 2}),
    st.none() | credentials,
    st.none() | st.just("key"),
    st.just({}) | st.just({"signing_secret": "s"}),
)


@given(secrets)
def test_a_secret_is_read_as_it_was_written(kept: Kept) -> None:
    assert Kept.of(json.loads(json.dumps(kept.as_values()))) == kept


@pytest.mark.parametrize("before", [WAITING, CONNECTED])
def test_a_sign_in_connects_and_only_while_it_is_waited_for(before: Kept) -> None:
    after = signed_in(TRIED, "key")(before)
    assert after == Kept(APP, ADDRESS, {"access_token": "new"}, others=before.others)
    assert after == connected(TRIED)(before)
    for late in (Kept(), forgotten(before), replace(before, state_key="of another sign-in")):
        assert signed_in(TRIED, "key")(late) is None


@pytest.mark.parametrize("before", [WAITING, CONNECTED])
def test_what_a_sign_in_kept_too_late_is_taken_back(before: Kept) -> None:
    after = connected(TRIED)(before)
    assert after is not None
    kept = after.with_tokens(after.tokens, 5)
    assert taken_back(TRIED, before)(kept) == before
    assert taken_back(TRIED, None)(kept) == Kept(others=before.others)
    begun_anew = replace(kept, pending=OTHER_APP, state_key="another")
    assert taken_back(TRIED, before)(begun_anew) == replace(before, pending=OTHER_APP, state_key="another")


def test_what_others_have_put_in_its_place_is_not_taken_back() -> None:
    for kept in (
        Kept(),
        CONNECTED,
        Kept(APP, ADDRESS, {"access_token": "renewed", "renewals": 6}),
        Kept(APP, "https://app.ninjarmm.com", {"access_token": "new", "renewals": 6}),
    ):
        assert taken_back(TRIED, CONNECTED)(kept) is None
