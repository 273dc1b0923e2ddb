"""Dead letters over the admin API."""

from datetime import UTC, datetime, timedelta

import pytest

from tandem.processing.processor import Message
from tandem.store import keys
from tandem.times import to_text
from tests.integration.admin_calls import AdminApi
from tests.unit.alerts.world import at

pytestmark = pytest.mark.emulator


def poison(number: int, text: str = "poison") -> Message:
    return Message(f"m{number}", text, "group", at(number))


def test_what_could_not_be_processed_is_shown_newest_first_with_its_reason(api: AdminApi) -> None:
    api.process([poison(0, '{"v": 1}'), poison(1, "not json")])
    newest, oldest = api.items("/dead-letters")
    assert (newest["payload"], oldest["payload"]) == ("not json", '{"v": 1}')
    assert newest == {
        "id": newest["id"],
        "source": "alert-events",
        "reason": newest["reason"],
        "received_at": "2026-11-21T08:01:00Z",
        "payload": "not json",
    }
    assert "not an alert event" in newest["reason"]


def test_dead_letters_come_page_by_page(api: AdminApi) -> None:
    api.process([poison(number) for number in range(7)])
    for limit in (1, 3, 7):
        found = api.items("/dead-letters", limit=limit)
        assert [each["received_at"] for each in found] == [
            f"2026-11-21T08:0{number}:00Z" for number in range(6, -1, -1)
        ], f"limit {limit}"


def test_an_expired_one_is_not_shown_even_while_it_lingers(api: AdminApi) -> None:
    now = datetime.now(UTC)
    for number in range(30):
        sent = now - timedelta(days=31, minutes=number) if number % 3 else now - timedelta(minutes=number)
        api.put(
            {
                **keys.dead_letter_key(sent, f"letter-{number}"),
                "dead_letter_id": f"letter-{number}",
                "source": "alert-events",
                "reason": "as a test wants",
                "sent_at": to_text(sent),
                "expires_at": int((sent + timedelta(days=30)).timestamp()),
            }
        )
    expected = [f"letter-{number}" for number in range(0, 30, 3)]
    for limit in (2, 50):
        assert [each["id"] for each in api.items("/dead-letters", limit=limit)] == expected
    assert api.ok("GET", "/dead-letters")["items"][0]["payload"] is None
