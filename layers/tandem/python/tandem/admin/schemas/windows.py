"""Maintenance windows."""

from datetime import UTC, date, datetime, time
from functools import cache
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, Field, ValidationInfo, field_validator

from tandem.admin.schemas.base import Given, Id, Name, Taken, Time, example, shaped
from tandem.alerts.windows import Weekday, Weekly

EARLIEST, LATEST = date(2000, 1, 1), date(2199, 12, 31)
"""Far from where a calendar ends: near its ends, times cannot be told in every zone."""

DayName = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@cache
def timezone_names() -> frozenset[str]:
    """IANA's, of the tzdata that comes with Tandem: what this machine knows besides does not count."""
    return frozenset((files("tzdata") / "zones").read_text().split())


def _near(day: date) -> date:
    if not EARLIEST <= day <= LATEST:
        raise ValueError(f"must be from {EARLIEST} to {LATEST}")
    return day


def _moment(at: datetime) -> datetime:
    _near(at.date())
    return at.astimezone(UTC)


def _timezone(name: str) -> str:
    if name not in timezone_names():
        raise ValueError("must be an IANA timezone, such as Europe/London, with its letter case")
    return name


Day = Annotated[date, AfterValidator(_near)]
Moment = Annotated[
    AwareDatetime,
    AfterValidator(_moment),
    Field(description="ISO 8601 with a timezone", examples=["2026-11-21T22:00:00Z"]),
]
_HH_MM = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
WallClock = Annotated[
    str,
    shaped(_HH_MM, "must be a time from 00:00 to 23:59, as HH:MM"),
    Field(description="HH:MM on the wall clock", json_schema_extra={"pattern": _HH_MM}),
]


class WeeklyBody(Taken):
    """Every week on these days, from `start` to `end`: of the next day if that is not later."""

    days: Annotated[list[DayName], Field(min_length=1, max_length=7)] = Field(
        description="The days on which it begins", examples=[["tue", "thu"]]
    )
    start: WallClock = Field(examples=["22:00"])
    end: WallClock = Field(examples=["02:00"])
    timezone: Annotated[str, AfterValidator(_timezone)] = Field(
        description="IANA's name", examples=["America/New_York"]
    )
    from_date: Day | None = Field(None, description="The first day on which it may begin", examples=["2026-11-01"])
    until_date: Day | None = Field(None, description="The last one, included", examples=["2027-03-31"])

    @field_validator("end")
    @classmethod
    def _ends_at_another_time(cls, end: str, info: ValidationInfo) -> str:
        if end == info.data.get("start"):
            raise ValueError("must differ from start; for a whole day, end at 23:59 or make two windows")
        return end

    @field_validator("until_date")
    @classmethod
    def _begins_at_least_once(cls, until_date: date | None, info: ValidationInfo) -> date | None:
        from_date, days = info.data.get("from_date"), info.data.get("days")
        if until_date is None or from_date is None:
            return until_date
        if until_date < from_date:
            raise ValueError("must not be before from_date")
        weekdays = {
            day % 7 for day in range(from_date.weekday(), from_date.weekday() + (until_date - from_date).days + 1)
        }
        if days is not None and not weekdays & {Weekday[day.upper()] for day in days}:
            raise ValueError("none of the days is between from_date and this")
        return until_date

    def plan(self) -> Weekly:
        """What it says, for the core."""
        return Weekly(
            days=frozenset(Weekday[day.upper()] for day in self.days),
            start=time.fromisoformat(self.start),
            end=time.fromisoformat(self.end),
            timezone=self.timezone,
            from_date=self.from_date,
            until_date=self.until_date,
        )


class WindowBody(Taken):
    """A maintenance window, whole: either `starts_at` and `ends_at`, or `weekly`. It holds the alerts that fit every
    scope which is given; without any, all of the tenant's."""

    model_config = example(
        name="Patch night, Northwind",
        client_id="vxk3m2qd7z5h4tjw6nya",
        weekly={"days": ["tue", "thu"], "start": "22:00", "end": "02:00", "timezone": "America/New_York"},
    )

    name: Name = Field(examples=["Patch night, Northwind"])
    active: bool = True
    integration_id: Id | None = None
    client_id: Id | None = None
    asset_id: Id | None = None
    starts_at: Moment | None = None
    ends_at: Moment | None = Field(None, validate_default=True)
    weekly: WeeklyBody | None = Field(None, validate_default=True)

    @field_validator("ends_at")
    @classmethod
    def _ends_after_its_start(cls, ends_at: datetime | None, info: ValidationInfo) -> datetime | None:
        if "starts_at" not in info.data:
            return ends_at
        starts_at = info.data["starts_at"]
        if (starts_at is None) != (ends_at is None):
            raise ValueError("starts_at and ends_at go together: give both or none")
        if ends_at is not None and ends_at <= starts_at:
            raise ValueError("must be later than starts_at")
        return ends_at

    @field_validator("weekly")
    @classmethod
    def _is_once_or_weekly(cls, weekly: WeeklyBody | None, info: ValidationInfo) -> WeeklyBody | None:
        if "ends_at" in info.data and (weekly is None) == (info.data["ends_at"] is None):
            raise ValueError("give either starts_at and ends_at, or weekly")
        return weekly


class WeeklyAnswer(Given):
    """A weekly plan on the wall clock of its timezone."""

    days: list[DayName]
    start: str = Field(examples=["22:00"])
    end: str = Field(examples=["02:00"])
    timezone: str = Field(examples=["America/New_York"])
    from_date: date | None
    until_date: date | None


class OccurrenceAnswer(Given):
    """From `starts_at` up to, not including, `ends_at`."""

    starts_at: Time
    ends_at: Time


class WindowAnswer(Given):
    """A maintenance window."""

    id: str
    name: str
    active: bool
    integration_id: str | None
    client_id: str | None
    asset_id: str | None
    starts_at: Time | None
    ends_at: Time | None
    weekly: WeeklyAnswer | None
    next_occurrences: list[OccurrenceAnswer] = Field(
        description="The next five, one that is under way included; fewer where there are no more, none if not active"
    )
