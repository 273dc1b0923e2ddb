"""How long the runs of an integration keep others away, and when one counts as dead."""

from datetime import timedelta

LEASE = timedelta(minutes=30)
"""Taken when a run begins, and renewed by its steps. Longer than the longest wait between two attempts of a step."""

RENEWED_AFTER = timedelta(minutes=2)
"""A function instance renews a run's lease no more often."""

STALE_AFTER = timedelta(minutes=20)
"""A run that has given no sign of life for so long is resumed by whoever wants to start one."""
