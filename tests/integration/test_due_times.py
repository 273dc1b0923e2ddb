"""The due-time index on a real table, and what changes of windows enter into it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tandem.alerts.decision import Wake
from tandem.alerts.windows import MaintenanceWindow, Span
from tandem.store import keys
from tandem.store.configuration.table import ConfigurationTable, Scope
from tandem.store.configuration.windows import WindowRecord, Windows
from tandem.store.context import ContextCache
from tandem.store.due import Due, DueTimes
from tandem.store.errors import ConflictError
from tandem.store.records import wake_item
from tests.integration.deployment import configure
from tests.unit.alerts.world import at

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

pytestmark = pytest.mark.emulator

WINDOW = MaintenanceWindow("w1", "Patch night", span=Span(at(0), at(60)))


def hold(client: "DynamoDBClient", table: str, minutes: float, alert_id: str, window_id: str = "w1") -> None:
    client.put_item(TableName=table, Item=wake_item(Wake(at(minutes), alert_id, window_id)))


def every_page(read: Callable[[str | None, int], list[Due]], limit: int) -> list[list[str]]:
    pages: list[list[str]] = []
    after = None
    while found := read(after, limit):
        pages.append([entry.subject for entry in found])
        after = found[-1].place
    return pages


def test_what_is_due_comes_earliest_first_over_all_shards_page_by_page(
    dynamodb: "DynamoDBClient", table_name: str
) -> None:
    times = DueTimes(dynamodb, table_name)
    for minute in (7, 3, 9, 1, 8, 2, 6, 4, 5, 0):
        hold(dynamodb, table_name, minute, f"a{minute}")
    assert len({keys.shard_of(f"a{minute}") for minute in range(10)}) == keys.SHARDS
    pages = every_page(lambda after, limit: times.due(at(8), after, limit), 4)
    assert pages == [["a0", "a1", "a2", "a3"], ["a4", "a5", "a6", "a7"], ["a8"]]
    assert times.due(at(-1), None, 10) == []


def test_what_a_window_holds_is_found_among_all_that_is_due_at_any_time(
    dynamodb: "DynamoDBClient", table_name: str
) -> None:
    times = DueTimes(dynamodb, table_name)
    for minute in range(30):
        hold(dynamodb, table_name, minute, f"a{minute:02}", f"w{minute % 3}")
    expected = [[f"a{minute:02}" for minute in page] for page in ((1, 4, 7, 10), (13, 16, 19, 22), (25, 28))]
    assert every_page(lambda after, limit: times.held("w1", after, limit), 4) == expected
    assert times.held("unknown", None, 10) == []


def test_an_entry_is_taken_out_once_and_not_brought_back_by_a_run_that_comes_late(
    dynamodb: "DynamoDBClient", table_name: str
) -> None:
    times = DueTimes(dynamodb, table_name)
    hold(dynamodb, table_name, 0, "a1")
    (entry,) = times.due(at(1), None, 10)
    times.remember(entry, "somewhere")
    assert [each.looked_up_to for each in times.due(at(1), None, 10)] == ["somewhere"]
    for _ in range(2):
        times.remove(entry)
    times.remember(entry, "elsewhere")
    assert times.due(at(1), None, 10) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda windows, record: windows.replace(record, replace(WINDOW, active=False), at(5)),
        lambda windows, record: windows.replace(record, replace(WINDOW, client_id="c1"), at(5)),
        lambda windows, record: windows.replace(record, replace(WINDOW, span=Span(at(0), at(90))), at(5)),
        lambda windows, record: windows.remove(record, at(5)),
    ],
    ids=["deactivated", "scoped", "longer", "removed"],
)
def test_a_change_tells_the_sweep_and_counts_the_configuration_in_one_transaction(
    dynamodb: "DynamoDBClient", table_name: str, change: Callable[[Windows, WindowRecord], None]
) -> None:
    table = ConfigurationTable(dynamodb, table_name)
    windows, times = Windows(table), DueTimes(dynamodb, table_name)
    windows.add(WINDOW)
    assert (table.version_of(Scope.CONFIGURATION), times.due(at(999), None, 10)) == (1, [])
    (record,) = windows.all()
    change(windows, record)
    assert table.version_of(Scope.CONFIGURATION) == 2
    assert times.due(at(5), None, 10) == [Due(at(5), keys.WINDOW_CHANGED, "w1")]
    with pytest.raises(ConflictError):
        change(windows, record)
    assert table.version_of(Scope.CONFIGURATION) == 2, "who read an older version changes nothing"


def test_another_name_holds_and_frees_nothing(dynamodb: "DynamoDBClient", table_name: str) -> None:
    windows = Windows(ConfigurationTable(dynamodb, table_name))
    windows.add(WINDOW)
    (record,) = windows.all()
    windows.replace(record, replace(WINDOW, name="Patches"), at(5))
    (renamed,) = windows.all()
    assert (renamed.window.name, renamed.version) == ("Patches", 2)
    windows.replace(renamed, renamed.window, at(6))
    assert windows.all() == [renamed]
    assert DueTimes(dynamodb, table_name).due(at(999), None, 10) == []


def test_every_integrations_context_has_all_windows_of_the_tenant(dynamodb: "DynamoDBClient", table_name: str) -> None:
    configure(dynamodb, table_name)
    table = ConfigurationTable(dynamodb, table_name)
    contexts, windows = ContextCache(dynamodb, table_name), Windows(table)

    def known() -> list[str]:
        contexts.refresh(table.version_of(Scope.CONFIGURATION))
        context = contexts.context("i1")
        assert context is not None
        return [window.window_id for window in context.windows]

    assert known() == []
    windows.add(WINDOW)
    windows.add(replace(WINDOW, window_id="w2", integration_id="another", active=False))
    assert known() == ["w1", "w2"]
    windows.remove(windows.all()[0], at(5))
    assert known() == ["w2"]
