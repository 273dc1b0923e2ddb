import base64
import gzip
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tandem.alerts.models import Kind, Provider
from tandem.ingest.request import BODY_BYTES
from tests.unit.ingest.outside import ALERT, SECRET, Outside, an_integration, api_event
from tests.unit.providers.tactical_bodies import sent, values


def test_an_accepted_webhook_is_on_the_queue_before_its_answer() -> None:
    outside = Outside()
    answer = outside.post()
    (event,) = outside.sent
    assert answer.status == 200
    assert answer.body == {"status": "accepted", "event_id": event.event_id}
    assert (event.integration_id, event.kind, event.external_alert_id) == ("int-1", Kind.TRIGGERED, "39")


def test_the_answer_is_json() -> None:
    response = Outside().post().as_lambda_response()
    assert response["statusCode"] == 200
    assert response["headers"]["content-type"] == "application/json"
    assert json.loads(response["body"])["status"] == "accepted"


def test_an_ignored_webhook_says_why_and_stores_nothing() -> None:
    outside = Outside(an_integration(Provider.NINJAONE))
    answer = outside.post({"statusCode": "NODE_CREATED", "deviceId": 5})
    assert answer.body == {"status": "ignored", "reason": "device event", "event": "NODE_CREATED"}
    assert answer.status == 200
    assert not outside.sent


def test_the_test_button_is_answered_as_a_test() -> None:
    body = sent(values(**dict.fromkeys(("alert_type", "severity", "message", "alert_time"), "SRV-18")))
    assert Outside().post(body).body == {"status": "ignored", "reason": "test"}


def test_a_refused_body_says_which_field_and_what_was_expected() -> None:
    outside = Outside()
    answer = outside.post({"event": "trigger"})
    assert answer.status == 400
    assert answer.body["reason"] == "invalid body"
    assert answer.body["errors"][0]["field"] == "alert_id"
    assert answer.body["errors"][0]["message"].startswith("expected ")
    assert not outside.sent


@pytest.mark.parametrize("integration_id", ["other", "", "a" * 65, "int-1/", "int 1", "ünt", "../INTEGRATION"])
def test_an_integration_that_does_not_exist_is_404(integration_id: str) -> None:
    answer = Outside().post(integration_id=integration_id)
    assert (answer.status, answer.body["reason"]) == (404, "no such integration")


def test_an_id_that_no_integration_can_have_is_not_looked_up() -> None:
    outside = Outside()
    outside.post(integration_id="a#b")
    assert outside.table_reads == 0


def test_authentication_comes_before_the_body_is_read() -> None:
    assert Outside().post("not json", headers={}).status == 401
    assert Outside().post("not json").status == 400


@pytest.mark.parametrize("body", [json.dumps(ALERT), json.dumps(ALERT).encode(), json.dumps(ALERT).encode("utf-8-sig")])
def test_a_body_is_the_same_as_text_and_as_base64(body: str | bytes) -> None:
    outside = Outside()
    assert outside.post(body).status == 200
    assert outside.sent[0].external_alert_id == "39"


def test_other_encodings_are_read_as_far_as_they_can_be_told() -> None:
    outside = Outside()
    assert outside.post(json.dumps(ALERT).encode("utf-16")).status == 200
    assert outside.post(json.dumps({**ALERT, "message": "grün"}, ensure_ascii=False).encode("latin-1")).status == 200
    assert outside.sent[1].message == "gr\ufffdn"


def test_a_compressed_body_is_refused_in_words() -> None:
    headers = {"X-Tandem-Secret": SECRET, "Content-Encoding": "gzip"}
    answer = Outside().post(gzip.compress(json.dumps(ALERT).encode()), headers=headers)
    assert (answer.status, answer.body["errors"][0]["field"]) == (400, "content-encoding")


@pytest.mark.parametrize("as_base64", [False, True])
def test_a_body_of_256_kb_is_read_and_one_byte_more_is_too_large(as_base64: bool) -> None:
    def body_of(size: int) -> str:
        text = json.dumps({**ALERT, "message": ""})
        return text.replace('"message": ""', f'"message": "{"m" * (size - len(text))}"')

    outside = Outside()
    assert outside.post(body_of(BODY_BYTES), as_base64=as_base64).status == 200
    answer = outside.post(body_of(BODY_BYTES + 1), as_base64=as_base64)
    assert (answer.status, answer.body["reason"]) == (413, "body too large")
    assert len(outside.sent) == 1


def test_the_size_is_that_of_the_bytes() -> None:
    assert Outside().post("ü" * (BODY_BYTES // 2 + 1)).status == 413


@pytest.mark.parametrize("body", ["a", "a===", "!!!!", "ü"])
def test_base64_that_is_none_is_refused(body: str) -> None:
    event = api_event("", {"X-Tandem-Secret": SECRET}) | {"body": body, "isBase64Encoded": True}
    assert Outside().ingest.receive(event).status == 400


@pytest.mark.parametrize("part", ["table", "queue"])
def test_what_could_not_be_stored_may_be_sent_again(part: str) -> None:
    outside = Outside()
    outside.broken.add(part)
    answer = outside.post()
    assert answer.status == 500
    assert answer.body["status"] == "error"
    outside.broken.clear()
    assert outside.post().status == 200


def test_a_mistake_of_ours_is_500_and_not_silence() -> None:
    outside = Outside()
    outside.sent = None  # type: ignore[assignment]  # a mistake
    assert outside.post().status == 500


def test_an_exact_redelivery_has_the_same_event_id_and_another_event_another() -> None:
    outside = Outside()
    body = values()
    first, again, other = outside.post(body), outside.post(body), outside.post({**body, "event": "resolve"})
    assert first.body["event_id"] == again.body["event_id"] != other.body["event_id"]


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(body=st.binary(max_size=200), provider=st.sampled_from(Provider))
def test_any_bytes_get_an_answer(body: bytes, provider: Provider) -> None:
    assert Outside(an_integration(provider)).post(body).status in (200, 400)


@given(
    st.dictionaries(
        st.sampled_from(["headers", "queryStringParameters", "pathParameters", "body", "isBase64Encoded"]),
        st.none() | st.text(max_size=5) | st.dictionaries(st.text(max_size=5), st.none() | st.text(max_size=5)),
    )
)
def test_any_gateway_event_gets_an_answer(event: dict[str, Any]) -> None:
    assert Outside().ingest.receive(event).status in (400, 404, 413, 500)


@pytest.mark.parametrize("given_base64", [base64.b64encode(b"\xff\xfe\xfd").decode(), ""])
def test_bytes_that_are_no_text_are_refused_and_not_a_mistake(given_base64: str) -> None:
    event = api_event("", {"X-Tandem-Secret": SECRET}) | {"body": given_base64, "isBase64Encoded": True}
    assert Outside().ingest.receive(event).status == 400
