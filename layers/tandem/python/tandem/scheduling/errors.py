"""What can go wrong with schedules, for who only asks for them."""


class SchedulesUnavailableError(Exception):
    """EventBridge Scheduler did not do what was asked."""
