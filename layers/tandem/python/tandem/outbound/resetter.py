"""From alert-resets.fifo to the RMMs: each integration's alerts one after the other (turn.py), whatever becomes of the
other integrations."""

from collections.abc import Callable, Sequence

from tandem.connections.limits import Deadline
from tandem.outbound.queue import Message
from tandem.outbound.turn import Handled, Outside, Turn


class Resetter:
    """Asks the RMMs of one tenant. `deadline`: the end of a turn that begins now, given how many turns share a batch's
    time: an RMM that hangs uses up its own."""

    def __init__(self, outside: Outside, deadline: Callable[[int], Deadline]) -> None:
        self._outside = outside
        self._deadline = deadline

    def reset(self, messages: Sequence[Message]) -> list[Handled]:
        """Carry out the messages, in their order; those whose `failed` is set must be given back to the queue, for
        `wait` seconds."""
        groups: dict[str, list[Message]] = {}
        for message in messages:
            groups.setdefault(message.group_id or "", []).append(message)
        handled: list[Handled] = []
        for mine in groups.values():
            handled += Turn(self._outside, self._deadline(len(groups))).carry_out(mine)
        places = {message.message_id: place for place, message in enumerate(messages)}
        return sorted(handled, key=lambda one: places[one.message.message_id])
