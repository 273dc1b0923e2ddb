"""What ends a step of a run before it is done, beside the errors of vendors and of the table.

SyncStop
├── RunFailedError     the run cannot go on, whatever is tried again
├── RunCancelledError  a person has asked for its end
└── RunReplacedError   another run has the integration by now: this one gave no sign of life for too long
"""


class SyncStop(Exception):  # noqa: N818  the root of the tree is no reason by itself
    """The step is not gone on with."""


class RunFailedError(SyncStop):
    """`str(error)` is the sentence that the run ends with."""


class RunCancelledError(SyncStop):
    """Somebody asked for it."""


class RunReplacedError(SyncStop):
    """Another run is at work."""

    def __init__(self) -> None:
        super().__init__(
            "The sync gave no sign of life for so long that another one of this integration has begun. That one does "
            "all that this one would have done."
        )
