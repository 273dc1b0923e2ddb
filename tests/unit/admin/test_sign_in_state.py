"""What a browser carries to NinjaOne and back, and what of it can be altered without being noticed: nothing."""

import base64
import hashlib
import json
from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest

from tandem.admin.sign_in_state import (
    Flow,
    claimed_flow,
    code_challenge,
    code_verifier,
    is_genuine,
    random_text,
    signed_state,
)

NOW = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
FLOW = Flow("flow", "i1", "u1", int(NOW.timestamp()) + 600)
COOKIE, KEY = "the-cookie", "the-key"
STATE = signed_state(FLOW, COOKIE, KEY)


def test_a_state_says_what_was_signed() -> None:
    assert claimed_flow(STATE) == FLOW
    assert is_genuine(STATE, COOKIE, KEY)
    assert not FLOW.is_over(NOW)
    assert FLOW.is_over(datetime.fromtimestamp(FLOW.expires, UTC))


def test_it_is_worth_nothing_in_another_browser_or_for_another_integration() -> None:
    assert not is_genuine(STATE, "another-cookie", KEY)
    assert not is_genuine(STATE, COOKIE, "another-key")


@pytest.mark.parametrize(
    "other",
    [
        replace(FLOW, flow_id="another"),
        replace(FLOW, integration_id="i2"),
        replace(FLOW, user_id="u2"),
        replace(FLOW, expires=FLOW.expires + 1),
    ],
)
def test_what_it_says_cannot_be_altered(other: Flow) -> None:
    signature = STATE.partition(".")[2]
    content = signed_state(other, COOKIE, "a-key-of-the-attackers").partition(".")[0]
    assert not is_genuine(f"{content}.{signature}", COOKIE, KEY)


def test_no_character_of_it_can_be_changed() -> None:
    for place in range(len(STATE)):
        changed = STATE[:place] + ("A" if STATE[place] != "A" else "B") + STATE[place + 1 :]
        # The last characters of a signature may hold bits that mean nothing; compared as text, they count.
        assert not is_genuine(changed, COOKIE, KEY)


DEEP = base64.urlsafe_b64encode(b"[" * 100_000).decode().rstrip("=")
ODD = base64.urlsafe_b64encode(json.dumps({**asdict(FLOW), "user_id": "\ud800"}).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    ["", ".", "x.y", "e30.x", "bnVsbA.x", "\ud800.x", "W10.x", "eyJmbG93X2lkIjoxfQ.x", f"{DEEP}.x", f"{ODD}.x"],
    ids=["empty", "dot", "no base64", "object", "null", "surrogate", "list", "number", "deep", "odd id"],
)
def test_what_is_no_state_says_nothing(text: str) -> None:
    assert claimed_flow(text) is None
    assert not is_genuine(text, COOKIE, KEY)


def test_pkces_challenge_is_the_verifiers_sha_256_and_each_sign_in_has_its_own() -> None:
    verifier = code_verifier(FLOW, KEY)
    assert 43 <= len(verifier) <= 128
    assert base64.urlsafe_b64decode(code_challenge(verifier) + "=") == hashlib.sha256(verifier.encode()).digest()
    assert len({verifier, code_verifier(replace(FLOW, flow_id="2"), KEY), code_verifier(FLOW, "2")}) == 3
    assert len(random_text()) >= 43
