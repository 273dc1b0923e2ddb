"""Dead letters over the admin API: shown, replayed, dropped."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tandem.admin.dead_letters import SHOWN_IN_LISTS
from tandem.alerts.event_message import decode, encode
from tandem.alerts.models import AlertEvent, Origin
from tandem.dead_letters.letters import DeadLetter, DeadLetters
from tandem.processing.processor import Message
from tandem.store import keys
from tandem.times import to_text
from tests.integration.admin_calls import AdminApi
from tests.unit.alerts.world import at, triggered

pytestmark = pytest.mark.emulator


def poison(number: int, text: str = "poison") -> Message:
    return Message(f"m{number}", text, "group", at(number), attempts=2)


def park(api: AdminApi, *letters: DeadLetter) -> None:
    for letter in letters:
        DeadLetters(api.dynamodb, api.name).park(letter, datetime.now(UTC))


def letter(number: int, body: str, source: str = "alert-events", **words: Any) -> DeadLetter:
    sent_at = datetime.now(UTC) - timedelta(hours=1) + timedelta(seconds=number)
    made: dict[str, Any] = {"source": source, "message_id": f"m{number}", "reason": "tried 10 times", "payload": body}
    return DeadLetter(**{**made, "sent_at": sent_at, "attempts": 10, **words})


def event_of(integration_id: str, number: int, received_ago: timedelta = timedelta(hours=1)) -> AlertEvent:
    now = datetime.now(UTC)
    return replace(
        triggered(0, f"a{number}", device=f"d{number}"),
        integration_id=integration_id,
        event_id=f"e{number}",
        occurred_at=now - received_ago,
        received_at=now - received_ago,
    )


def test_what_could_not_be_processed_is_shown_newest_first_with_its_reason(api: AdminApi) -> None:
    api.process([poison(0, '{"v": 1}'), poison(1, "not json")])
    newest, oldest = api.items("/dead-letters")
    assert (newest["payload"], oldest["payload"]) == ("not json", '{"v": 1}')
    assert newest == {
        "id": newest["id"],
        "source": "alert-events",
        "reason": newest["reason"],
        "received_at": "2026-11-21T08:01:00Z",
        "age_seconds": newest["age_seconds"],
        "attempts": 2,
        "parked_at": newest["parked_at"],
        "replayed_at": None,
        "replayed_by": None,
        "not_replayable": "it is not an alert event: body: expected JSON",
        "payload": "not json",
    }
    assert "not an alert event" in newest["reason"]
    assert api.ok("GET", f"/dead-letters/{newest['id']}") == newest | {"age_seconds": pytest.approx(0, abs=1e9)}


def test_dead_letters_come_page_by_page(api: AdminApi) -> None:
    api.process([poison(number) for number in range(7)])
    for limit in (1, 3, 7):
        found = api.items("/dead-letters", limit=limit)
        assert [each["received_at"] for each in found] == [
            f"2026-11-21T08:0{number}:00Z" for number in range(6, -1, -1)
        ], f"limit {limit}"


def test_dead_letters_are_found_by_source_reason_age_attempts_and_whether_they_were_replayed(api: AdminApi) -> None:
    integration_id = api.new_integration()
    park(
        api,
        letter(0, "x", "notifications", reason="The mailbox is full"),
        letter(1, encode(event_of(integration_id, 1)), attempts=3),
        letter(2, "x", sent_at=datetime.now(UTC) - timedelta(days=3)),
    )
    mail, event, old = api.items("/dead-letters")
    assert [each["source"] for each in (mail, event, old)] == ["alert-events", "notifications", "alert-events"]
    event, mail = mail, event
    api.ok("POST", "/dead-letters/replay", {"ids": [event["id"]]})

    def found(**filters: Any) -> list[str]:
        return [each["id"] for limit in (1, 50) for each in api.items("/dead-letters", limit=limit, **filters)][::2]

    a_day_ago = to_text(datetime.now(UTC) - timedelta(days=1))
    assert set(found(source="notifications")) == {mail["id"]}
    assert set(found(reason="MAILBOX is")) == {mail["id"]}
    assert set(found(sent_before=a_day_ago)) == {old["id"]}
    assert set(found(sent_after=a_day_ago, replayed="false")) == {mail["id"]}
    assert set(found(replayed="true")) == {event["id"]}
    assert set(found(min_attempts=4, source="alert-events")) == {old["id"]}
    assert found(source="nobody") == []


def test_an_expired_one_is_not_shown_even_while_it_lingers(api: AdminApi) -> None:
    now = datetime.now(UTC)
    for number in range(30):
        sent = now - timedelta(days=31, minutes=number) if number % 3 else now - timedelta(minutes=number)
        api.put(
            {
                **keys.dead_letter_key(sent, f"letter-{number}"),
                "source": "alert-events",
                "reason": "as a test wants",
                "sent_at": to_text(sent),
                "parked_at": to_text(sent),
                "expires_at": int((sent + timedelta(days=30)).timestamp()),
            }
        )
    expected = [f"letter-{number}" for number in range(0, 30, 3)]
    for limit in (2, 50):
        shown = api.items("/dead-letters", limit=limit)
        assert [each["id"].partition("-")[2] for each in shown] == expected
    assert shown[0]["payload"] == ""
    expired = keys.dead_letter_id_of(keys.dead_letter_key(now - timedelta(days=31, minutes=1), "letter-1")["sk"])
    for method in ("GET", "DELETE"):
        api.refused(404, method, f"/dead-letters/{expired}")
    api.refused(422, "POST", "/dead-letters/replay", {"ids": [expired]})


def test_a_list_shows_the_beginning_of_a_long_payload_and_the_letter_all_of_it(api: AdminApi) -> None:
    park(api, letter(0, "€" * 100_000))
    (shown,) = api.items("/dead-letters")
    assert len(shown["payload"].encode()) <= SHOWN_IN_LISTS
    assert api.ok("GET", f"/dead-letters/{shown['id']}")["payload"] == "€" * 100_000


def test_replayed_alert_events_become_tickets_oldest_first_under_new_deduplication_ids(api: AdminApi) -> None:
    integration_id = api.new_integration(default_client_id=api.new_client())
    events = [event_of(integration_id, number) for number in range(25)]
    park(api, *(letter(number, encode(each)) for number, each in enumerate(events)))
    answer = api.ok("POST", "/dead-letters/replay")
    assert answer == {"replayed": 25, "without_ticket": 0, "left": 0, "not_replayed": []}
    queued = api.queued()
    assert [decode(each["Body"]) for each in queued] == [replace(each, origin=Origin.REPLAY) for each in events]
    assert len({each["Attributes"]["MessageDeduplicationId"] for each in queued}) == 25
    api.process([Message(each["MessageId"], each["Body"], "group", at(0)) for each in queued])
    assert len(api.items("/tickets")) == 25
    letters = api.items("/dead-letters")
    assert {each["replayed_by"] for each in letters} == {"first-admin"}
    assert all(each["replayed_at"] for each in letters)


def test_what_was_replayed_is_not_replayed_again_unless_it_is_named_and_then_changes_nothing(api: AdminApi) -> None:
    integration_id = api.new_integration(default_client_id=api.new_client())
    park(api, letter(0, encode(event_of(integration_id, 0))))
    (one,) = api.items("/dead-letters")
    assert api.ok("POST", "/dead-letters/replay", {})["replayed"] == 1
    api.work_the_queue()
    before = api.stored()
    assert api.ok("POST", "/dead-letters/replay", {"source": "alert-events"})["replayed"] == 0
    assert api.queued() == []
    assert api.ok("POST", "/dead-letters/replay", {"ids": [one["id"]]})["replayed"] == 1
    assert len(api.work_the_queue()) == 1
    changed = {key for key, item in api.stored().items() if before.get(key) != item}
    assert {pk for pk, _ in changed} == {"DEAD_LETTER"}


def test_an_alert_of_the_day_before_makes_no_ticket_unless_it_is_forced_to(api: AdminApi) -> None:
    integration_id = api.new_integration(default_client_id=api.new_client())
    late, forced = (event_of(integration_id, number, timedelta(hours=25)) for number in (1, 2))
    # The dead-letter queue stamps what it takes anew.
    park(api, letter(1, encode(late)), letter(2, encode(forced)))
    newest, oldest = (each["id"] for each in api.items("/dead-letters"))
    answer = api.ok("POST", "/dead-letters/replay", {"ids": [oldest]})
    assert (answer["replayed"], answer["without_ticket"]) == (1, 1)
    answer = api.ok("POST", "/dead-letters/replay", {"ids": [newest], "force": True})
    assert (answer["replayed"], answer["without_ticket"]) == (1, 0)
    assert [each.makes_no_ticket for each in api.work_the_queue()] == [True, False]
    assert api.alert(integration_id, "a1")["ticket_id"] is None
    assert api.alert(integration_id, "a2")["ticket_id"]


def test_the_age_limit_is_for_what_came_from_outside_and_history_stays_history(api: AdminApi) -> None:
    integration_id = api.new_integration(default_client_id=api.new_client())
    day_old, fresh = event_of(integration_id, 1, timedelta(hours=25)), event_of(integration_id, 2)
    swept = replace(day_old, origin=Origin.SWEEP, decide_again=True)
    history = replace(fresh, origin=Origin.POLL, makes_no_ticket=True)
    park(api, letter(1, encode(swept)), letter(2, encode(history)))
    assert api.ok("POST", "/dead-letters/replay", {"force": True})["replayed"] == 2
    replayed = {each.external_alert_id: each for each in api.work_the_queue()}
    assert (replayed["a1"].origin, replayed["a1"].makes_no_ticket) == (Origin.SWEEP, False)
    assert (replayed["a2"].origin, replayed["a2"].makes_no_ticket) == (Origin.REPLAY, True)


def test_a_letter_that_is_no_alert_event_is_named_and_stays_while_the_others_are_replayed(api: AdminApi) -> None:
    integration_id = api.new_integration()
    park(
        api,
        letter(0, "not json"),
        letter(1, encode(event_of(integration_id, 1))),
        letter(2, "a mail", "somebody's-queue"),
    )
    answer = api.ok("POST", "/dead-letters/replay")
    by_id = {each["id"]: each for each in api.items("/dead-letters")}
    assert (answer["replayed"], answer["left"]) == (1, 0)
    assert [each["reason"] for each in answer["not_replayed"]] == [
        "it is not an alert event: body: expected JSON",
        "there is no way to replay what was for 'somebody's-queue'",
    ]
    for each in answer["not_replayed"]:
        assert by_id[each["id"]]["replayed_at"] is None
        assert by_id[each["id"]]["not_replayable"] == each["reason"]


def test_a_dropped_letter_is_gone(api: AdminApi) -> None:
    park(api, letter(0, "x"), letter(1, "y"))
    newest, oldest = api.items("/dead-letters")
    api.ok("DELETE", f"/dead-letters/{oldest['id']}")
    assert api.items("/dead-letters") == [newest]
    api.refused(404, "DELETE", f"/dead-letters/{oldest['id']}")


def test_ids_that_are_none_and_ids_with_a_source_are_refused(api: AdminApi) -> None:
    park(api, letter(0, "x"))
    (one,) = api.items("/dead-letters")
    for name in ("nothing", "20261121T031716000000Z-none", "2026\n", "X" * 128):
        api.refused(422, "POST", "/dead-letters/replay", {"ids": [one["id"], name]})
    api.refused(404, "GET", "/dead-letters/20261121T031716000000Z-none")
    api.refused(422, "POST", "/dead-letters/replay", {"ids": [one["id"]], "source": "alert-events"})
    technician = api.new_person("technician")
    api.refused(403, "POST", "/dead-letters/replay", key=technician.key)
