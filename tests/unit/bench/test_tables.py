"""Tables as text, and what stands in them."""

import io
from datetime import UTC, datetime

import pytest

from local.bench import latency
from local.bench.tables import Table, goal, plain, show
from local.bench.webhooks import PROVIDERS, Firing
from tandem.alerts.models import Kind, Provider

TABLE = Table("Title", ("what", "number"), [("one", "1"), ("a thousand", "1,000")], ("a note",))


def test_a_plain_table_is_aligned_and_has_its_notes_below() -> None:
    assert plain(TABLE).splitlines() == [
        "Title",
        "=====",
        "what        number",
        "----------  ------",
        "one              1",
        "a thousand   1,000",
        "  a note",
    ]


def test_nothing_but_text_goes_where_no_terminal_is() -> None:
    out = io.StringIO()
    show([TABLE], out)
    assert out.getvalue() == plain(TABLE) + "\n"
    assert "\x1b" not in out.getvalue()


def test_a_goal_is_met_or_missed() -> None:
    assert (goal(True), goal(False)) == ("met", "MISSED")


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(value) for value in range(1, 301)]
    assert (latency.percentile(values, 50), latency.percentile(values, 90), latency.percentile(values, 99)) == (
        150,
        270,
        297,
    )
    assert latency.percentile([7.0], 99) == 7.0


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("kind", [Kind.TRIGGERED, Kind.RESET])
def test_the_webhooks_are_what_ingest_takes_for_alerts(provider: Provider, kind: Kind) -> None:
    firing = Firing(provider, device=3, condition=4, alert=5, at=datetime(2025, 11, 21, 8, tzinfo=UTC), kind=kind)
    event = firing.event()
    assert (event.kind, event.provider, event.occurred_at) == (kind, provider, firing.at)
    assert event.external_device_id is not None
    assert event.organization_id is not None
    assert firing.again().event().event_id != event.event_id
    assert firing.event().event_id == event.event_id
