"""Maintenance windows as the table holds them: times as text, a weekly plan's as its wall clock shows them."""

from datetime import date, time
from typing import Any

from tandem.alerts.windows import MaintenanceWindow, Span, Weekday, Weekly
from tandem.times import from_text, to_text


def window_of(values: dict[str, Any]) -> MaintenanceWindow:
    """The window of an item's values."""
    starts_at, ends_at, weekly = values.get("starts_at"), values.get("ends_at"), values.get("weekly")
    return MaintenanceWindow(
        window_id=values["window_id"],
        name=values["name"],
        active=values["active"],
        integration_id=values.get("integration_id"),
        client_id=values.get("client_id"),
        asset_id=values.get("asset_id"),
        span=Span(from_text(starts_at), from_text(ends_at)) if starts_at and ends_at else None,
        weekly=_weekly_of(weekly) if weekly else None,
    )


def window_values(window: MaintenanceWindow) -> dict[str, Any]:
    """The values of a window's item; None where it says nothing."""
    return {
        "window_id": window.window_id,
        "name": window.name,
        "active": window.active,
        "integration_id": window.integration_id,
        "client_id": window.client_id,
        "asset_id": window.asset_id,
        "starts_at": to_text(window.span.starts_at) if window.span else None,
        "ends_at": to_text(window.span.ends_at) if window.span else None,
        "weekly": _weekly_values(window.weekly) if window.weekly else None,
    }


def _weekly_of(values: dict[str, Any]) -> Weekly:
    return Weekly(
        days=frozenset(Weekday[day.upper()] for day in values["days"]),
        start=time.fromisoformat(values["start"]),
        end=time.fromisoformat(values["end"]),
        timezone=values["timezone"],
        from_date=_date(values.get("from_date")),
        until_date=_date(values.get("until_date")),
    )


def _weekly_values(weekly: Weekly) -> dict[str, Any]:
    return {
        "days": [day.name.lower() for day in sorted(weekly.days)],
        "start": f"{weekly.start:%H:%M}",
        "end": f"{weekly.end:%H:%M}",
        "timezone": weekly.timezone,
        "from_date": weekly.from_date.isoformat() if weekly.from_date else None,
        "until_date": weekly.until_date.isoformat() if weekly.until_date else None,
    }


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text is not None else None
