"""What can go wrong between Tandem and its table.

StoreError
├── ConflictError      somebody else wrote first: read again and decide again
├── BusyError          the table is throttled or out of reach: try the message again later
└── UnwritableError    the table will never take this change: a person must look
"""


class StoreError(Exception):
    """The table did not do what was asked."""


class ConflictError(StoreError):
    """A record moved since it was read, or a mapping arrived. Nothing was written."""


class BusyError(StoreError):
    """The table is throttled or out of reach; nothing is known to be written."""


class UnwritableError(StoreError):
    """The table refuses the change for good (an item too large, a bad value). Nothing was written."""
