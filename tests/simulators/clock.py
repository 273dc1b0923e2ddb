"""A vendor's clock: real time, moved by as much as a test says."""

from datetime import UTC, datetime, timedelta


class Clock:
    """`skew` is what the vendor's clock is ahead of the real one: set it for a vendor whose time is wrong, or move it
    with `advance` to let tokens expire."""

    def __init__(self) -> None:
        self.skew = timedelta()

    def now(self) -> datetime:
        """The vendor's idea of now, in UTC."""
        return datetime.now(UTC) + self.skew

    def epoch(self) -> float:
        """The same as seconds since 1970, with milliseconds as NinjaOne gives them."""
        return round(self.now().timestamp(), 3)

    def advance(self, seconds: float) -> None:
        """Lets time pass at once."""
        self.skew += timedelta(seconds=seconds)
