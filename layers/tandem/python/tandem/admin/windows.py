"""Routes of maintenance windows. A window is written whole; the sweep sees to what a change frees."""

from itertools import islice
from typing import Any

from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.paging import page_of
from tandem.admin.problems import not_found
from tandem.admin.references import client, integration
from tandem.admin.schemas.base import NoBody, NoQuery, Page, PageQuery
from tandem.admin.schemas.windows import OccurrenceAnswer, WeeklyAnswer, WindowAnswer, WindowBody
from tandem.alerts.windows import MaintenanceWindow, Span, Weekly, occurrences
from tandem.ids import new_id
from tandem.store.configuration.records import Role
from tandem.store.configuration.windows import WindowRecord

OCCURRENCES_SHOWN = 5


def list_windows(call: Call[NoBody, PageQuery]) -> Answer:
    """One page of windows, ended ones too."""
    read = call.services.windows.page
    page = page_of(
        call, "maintenance-windows", read, lambda each: each.window.window_id, lambda each: _shown(call, each.window)
    )
    return Answer(page)


def create_window(call: Call[WindowBody, NoQuery]) -> Answer:
    """A new window. It holds what fires from now on."""
    window = window_of_body(call, new_id())
    call.services.table.retrying(lambda: call.services.windows.add(window))
    return Answer(_shown(call, window), 201, f"/maintenance-windows/{window.window_id}")


def get_window(call: Call[NoBody, NoQuery]) -> Answer:
    """One window."""
    return Answer(_shown(call, _the_window(call).window))


def replace_window(call: Call[WindowBody, NoQuery]) -> Answer:
    """The window, written anew."""

    def write() -> MaintenanceWindow:
        record = _the_window(call)
        window = window_of_body(call, record.window.window_id)
        call.services.windows.replace(record, window, call.now)
        return window

    return Answer(_shown(call, call.services.table.retrying(write)))


def delete_window(call: Call[NoBody, NoQuery]) -> Answer:
    """The window holds nothing any more."""
    call.services.table.retrying(lambda: call.services.windows.remove(_the_window(call), call.now))
    return Answer(status=204)


def remove_windows_of(call: Call[Any, Any], integration_id: str) -> None:
    """Remove the windows of an integration that is gone: they could never hold anything again."""
    for record in call.services.windows.all():
        if record.window.integration_id == integration_id:
            _remove(call, record.window.window_id)


def window_of_body(call: Call[Any, Any], window_id: str) -> MaintenanceWindow:
    """The window that the body, a WindowBody, says. Raises Problem 422 where it names what is not there."""
    body: WindowBody = call.body
    integration(call, "integration_id", body.integration_id)
    client(call, "client_id", body.client_id)
    return MaintenanceWindow(
        window_id=window_id,
        name=body.name,
        active=body.active,
        integration_id=body.integration_id,
        client_id=body.client_id,
        asset_id=body.asset_id,
        span=Span(body.starts_at, body.ends_at) if body.starts_at and body.ends_at else None,
        weekly=body.weekly.plan() if body.weekly is not None else None,
    )


def _remove(call: Call[Any, Any], window_id: str) -> None:
    def remove() -> None:
        record = call.services.windows.get(window_id)
        if record is not None:
            call.services.windows.remove(record, call.now)

    call.services.table.retrying(remove)


def _the_window(call: Call[Any, Any]) -> WindowRecord:
    record = call.services.windows.get(call.params["window_id"])
    if record is None:
        raise not_found("maintenance window", call.params["window_id"])
    return record


def _shown(call: Call[Any, Any], window: MaintenanceWindow) -> WindowAnswer:
    coming = islice(occurrences(window, call.now), OCCURRENCES_SHOWN) if window.active else ()
    return WindowAnswer(
        id=window.window_id,
        name=window.name,
        active=window.active,
        integration_id=window.integration_id,
        client_id=window.client_id,
        asset_id=window.asset_id,
        starts_at=window.span.starts_at if window.span else None,
        ends_at=window.span.ends_at if window.span else None,
        weekly=_weekly(window.weekly) if window.weekly else None,
        next_occurrences=[OccurrenceAnswer(starts_at=span.starts_at, ends_at=span.ends_at) for span in coming],
    )


def _weekly(weekly: Weekly) -> WeeklyAnswer:
    return WeeklyAnswer.model_validate(
        {
            "days": [day.name.lower() for day in sorted(weekly.days)],
            "start": f"{weekly.start:%H:%M}",
            "end": f"{weekly.end:%H:%M}",
            "timezone": weekly.timezone,
            "from_date": weekly.from_date,
            "until_date": weekly.until_date,
        }
    )


_ALL = "/maintenance-windows"
_ONE = _ALL + "/{window_id}"
_TAG = "Maintenance windows"

ROUTES: Routes = (
    Route(
        "GET",
        _ALL,
        "List maintenance windows",
        Role.VIEWER,
        list_windows,
        Page[WindowAnswer],
        _TAG,
        query=PageQuery,
        description="Ended ones too.",
    ),
    Route(
        "POST",
        _ALL,
        "Create a maintenance window",
        Role.ADMIN,
        create_window,
        WindowAnswer,
        _TAG,
        201,
        body=WindowBody,
        description="Alerts that fire in it from now on are suppressed until it ends. One that is over already is "
        "taken too, and has no next occurrences.",
    ),
    Route("GET", _ONE, "Read a maintenance window", Role.VIEWER, get_window, WindowAnswer, _TAG),
    Route(
        "PUT",
        _ONE,
        "Replace a maintenance window",
        Role.ADMIN,
        replace_window,
        WindowAnswer,
        _TAG,
        body=WindowBody,
        description="Alerts that it holds no longer are decided again within about a minute.",
    ),
    Route(
        "DELETE",
        _ONE,
        "Remove a maintenance window",
        Role.ADMIN,
        delete_window,
        None,
        _TAG,
        204,
        description="Alerts that only it held are decided again within about a minute.",
    ),
)
