"""What can go wrong with polls, for who does not poll itself."""


class SchedulesUnavailableError(Exception):
    """EventBridge Scheduler did not do what was asked."""
