import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest

from tandem.alerts.models import Provider
from tandem.ingest import authentication
from tandem.ingest.integration import Integration
from tests.unit.ingest.outside import BEGAN_AT, SECRET, Outside, an_integration, hash_of

LEVEL_BODY = json.dumps({"event_type": "alert_active", "event_id": "e", "data": {"id": "a", "name": "Disk"}})
SIGNING_SECRET = "levels-own-secret"


def signature(body: str, secret: str = SIGNING_SECRET) -> dict[str, str]:
    return {"X-Level-Signature": "sha256=" + hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()}


def signed_level() -> Outside:
    outside = Outside(an_integration(Provider.LEVELIO, signed=True))
    outside.signing_secrets["int-1"] = SIGNING_SECRET
    return outside


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({"X-Tandem-Secret": SECRET}, None),
        ({"x-tandem-secret": SECRET}, None),
        ({"X-TANDEM-SECRET": SECRET}, None),
        ({"X-Alga-Webhook-Secret": SECRET}, None),
        ({"x-alga-webhook-secret": SECRET}, None),
        (None, {"secret": SECRET}),
        ({"X-Tandem-Secret": "old one"}, {"secret": SECRET}),
    ],
)
def test_the_secret_is_taken_from_either_header_in_any_letter_case_or_from_the_query(
    headers: dict[str, str] | None, query: dict[str, str] | None
) -> None:
    assert Outside().post(headers=headers or {}, query=query).status == 200


@pytest.mark.parametrize(
    ("headers", "query"),
    [
        ({}, None),
        ({"X-Tandem-Secret": ""}, None),
        ({"X-Tandem-Secret": "wrong"}, None),
        ({"X-Tandem-Secret": SECRET + " "}, None),
        ({"X-Tandem-Secret": "\ud800ü"}, None),
        ({"Authorization": f"Bearer {SECRET}"}, None),
        ({}, {"token": SECRET}),
        ({}, {"secret": "wrong"}),
        ({"X-Level-Signature": "sha256=00"}, None),
    ],
)
def test_a_missing_or_wrong_secret_is_refused_and_stores_nothing(
    headers: dict[str, str], query: dict[str, str] | None
) -> None:
    outside = Outside()
    answer = outside.post(headers=headers, query=query)
    assert answer.status == 401
    assert answer.body["status"] == "refused"
    assert answer.body["errors"][0]["field"] == "X-Tandem-Secret"
    assert not outside.sent


def test_a_hash_is_no_secret() -> None:
    assert Outside().post(headers={"X-Tandem-Secret": hash_of(SECRET).sha256}).status == 401


def test_an_integration_without_any_secret_lets_nobody_in() -> None:
    outside = Outside(Integration("int-1", Provider.TACTICALRMM, (), False))
    for given in ("", "x", hashlib.sha256(b"").hexdigest()):
        assert outside.post(headers={"X-Tandem-Secret": given}).status == 401
    assert outside.post(headers={}).status == 401


def test_both_secrets_are_live_during_a_rotation_until_the_old_one_ends() -> None:
    old_ends = BEGAN_AT + timedelta(seconds=30)
    outside = Outside(an_integration(Provider.TACTICALRMM, hash_of("new"), hash_of("old", old_ends)))
    assert [outside.post(headers={"X-Tandem-Secret": text}).status for text in ("new", "old")] == [200, 200]
    outside.seconds = 30
    assert [outside.post(headers={"X-Tandem-Secret": text}).status for text in ("new", "old")] == [200, 401]


def test_a_rotated_secret_works_at_once_although_the_integration_is_remembered() -> None:
    outside = Outside()
    assert outside.post().status == 200
    outside.integrations["int-1"] = an_integration(Provider.TACTICALRMM, hash_of("new"))
    assert outside.post(headers={"X-Tandem-Secret": "new"}).status == 200


def test_a_secret_that_was_rotated_out_is_refused_within_five_seconds() -> None:
    outside = Outside()
    assert outside.post().status == 200
    outside.integrations["int-1"] = an_integration(Provider.TACTICALRMM, hash_of("new"))
    outside.seconds = 5
    assert outside.post().status == 401


def test_a_deleted_integration_is_gone_within_five_seconds() -> None:
    outside = Outside()
    assert outside.post().status == 200
    outside.integrations.clear()
    outside.seconds = 5
    assert outside.post().status == 404


def test_a_storm_of_webhooks_reads_the_integration_once_in_five_seconds() -> None:
    outside = Outside()
    for _ in range(100):
        outside.post()
    assert outside.table_reads == 1


def test_a_table_that_stumbles_loses_no_webhook_of_a_known_integration_for_a_minute() -> None:
    outside = Outside()
    assert outside.post().status == 200
    outside.broken.add("table")
    for outside.seconds in (5, 20, 59.9):
        assert outside.post().status == 200
    outside.seconds = 60
    assert outside.post().status == 500
    assert len(outside.sent) == 4


def test_a_wrong_secret_while_the_table_stumbles_shuts_out_nobody_else() -> None:
    outside = Outside()
    assert outside.post().status == 200
    outside.broken.add("table")
    assert outside.post(headers={"X-Tandem-Secret": "wrong"}).status == 500
    assert outside.post().status == 200


def test_wrong_secrets_do_not_become_load_on_the_table() -> None:
    outside = Outside()
    for _ in range(100):
        outside.post(headers={"X-Tandem-Secret": "wrong"})
    assert outside.table_reads <= 6
    for _ in range(100):
        outside.post(headers={})
    assert outside.table_reads <= 6
    outside.seconds = 6
    for _ in range(100):
        outside.post(headers={"X-Tandem-Secret": "wrong"})
    assert outside.table_reads <= 7, "five rereads in ten seconds, however often the integration is due"
    outside.seconds = 11
    outside.integrations["int-1"] = an_integration(Provider.TACTICALRMM, hash_of("new"))
    assert outside.post(headers={"X-Tandem-Secret": "new"}).status == 200


def test_every_hash_is_compared_in_constant_time_and_none_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[Any, Any]] = []

    def spy(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return hmac.compare_digest(one, other)

    monkeypatch.setattr(authentication, "hmac", type("spied", (), {"compare_digest": staticmethod(spy)}))
    hashes = (hash_of("first"), hash_of("second"))
    assert authentication.is_live_secret(("first", "other"), hashes, BEGAN_AT)
    assert len(compared) == 4


def test_a_level_body_is_accepted_by_its_signature_or_by_a_secret() -> None:
    outside = signed_level()
    assert outside.post(LEVEL_BODY, headers=signature(LEVEL_BODY)).status == 200
    assert outside.post(LEVEL_BODY, headers={"X-Tandem-Secret": SECRET}).status == 200
    assert outside.post(LEVEL_BODY, query={"secret": SECRET}).status == 200


def test_the_signature_is_over_the_bytes_that_were_sent_before_base64() -> None:
    assert signed_level().post(LEVEL_BODY, headers=signature(LEVEL_BODY), as_base64=True).status == 200


def test_a_wrong_signature_is_refused_even_beside_a_right_secret() -> None:
    outside = signed_level()
    for headers in (
        signature(LEVEL_BODY + " "),
        signature(LEVEL_BODY, "another"),
        {"X-Level-Signature": ""},
        {**signature(LEVEL_BODY, "another"), "X-Tandem-Secret": SECRET},
    ):
        answer = outside.post(LEVEL_BODY, headers=headers)
        assert answer.status == 401
        assert answer.body["errors"][0]["field"] == "X-Level-Signature"
    assert not outside.sent


def test_a_signature_means_nothing_without_a_signing_secret() -> None:
    outside = Outside(an_integration(Provider.LEVELIO))
    assert outside.post(LEVEL_BODY, headers=signature(LEVEL_BODY)).status == 401
    assert outside.post(LEVEL_BODY, headers={**signature(LEVEL_BODY), "X-Tandem-Secret": SECRET}).status == 200
    assert outside.secret_reads == 0


def test_the_signing_secret_is_only_read_for_a_signature_and_once_a_minute() -> None:
    outside = signed_level()
    outside.post(LEVEL_BODY, headers={"X-Tandem-Secret": SECRET})
    assert outside.secret_reads == 0
    for _ in range(5):
        outside.post(LEVEL_BODY, headers=signature(LEVEL_BODY))
    assert outside.secret_reads == 1
    outside.seconds = 60
    outside.post(LEVEL_BODY, headers=signature(LEVEL_BODY))
    assert outside.secret_reads == 2


def test_a_changed_signing_secret_works_at_once() -> None:
    outside = signed_level()
    assert outside.post(LEVEL_BODY, headers=signature(LEVEL_BODY)).status == 200
    outside.signing_secrets["int-1"] = "changed"
    assert outside.post(LEVEL_BODY, headers=signature(LEVEL_BODY, "changed")).status == 200


def test_a_signing_secret_that_was_just_given_to_the_integration_is_seen_at_once() -> None:
    outside = Outside(an_integration(Provider.LEVELIO))
    assert outside.post(LEVEL_BODY, headers=signature(LEVEL_BODY)).status == 401
    outside.integrations["int-1"] = an_integration(Provider.LEVELIO, signed=True)
    outside.signing_secrets["int-1"] = SIGNING_SECRET
    assert outside.post(LEVEL_BODY, headers=signature(LEVEL_BODY)).status == 200


def test_a_signature_that_cannot_be_checked_is_the_senders_to_try_again() -> None:
    outside = signed_level()
    outside.broken.add("secrets")
    assert outside.post(LEVEL_BODY, headers=signature(LEVEL_BODY)).status == 500
    outside.broken.clear()
    del outside.signing_secrets["int-1"]
    assert outside.post(LEVEL_BODY, headers=signature(LEVEL_BODY)).status == 500
    assert not outside.sent
