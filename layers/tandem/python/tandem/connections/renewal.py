"""Renewing tokens once, however many functions find them used up at the same time.

Whoever comes first takes the integration's lock, renews and keeps the new tokens before anybody uses them: the refresh
token before them may be worth nothing from then on. The others look at the secret until they are there.

    0 s    the lock is taken, for LOCKED_SECONDS
    35 s   the vendor must have answered by then (TURN_SECONDS)
           the lock is extended, which fails for who lost it: then nothing is written, and all begins again
    12 s   for keeping what the vendor gave (KEEPING_SECONDS)
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from tandem.connections.calls import Around
from tandem.connections.credentials import Change, Kept, Locks, Secrets
from tandem.connections.errors import AGAIN, Refused, Unreachable
from tandem.connections.limits import Deadline
from tandem.ids import new_id
from tandem.store.errors import StoreError
from tandem.store.token_locks import LOCKED_SECONDS

Tokens = Mapping[str, Any]

TURN_SECONDS: Final = 35.0
"""How long a renewal may take, however much time its caller has: well below a lock's time (store/token_locks.py)."""

KEEPING_SECONDS: Final = 12.0
"""How long new tokens are offered to a secret store that does not take them. Lost, only a person could get others."""

_OLD_SECONDS = 2.0
"""How long a change that carries nothing over waits for the newest renewal to show."""

_FIRST_LOOK_SECONDS: Final = 0.1
_LONGEST_LOOK_SECONDS: Final = 1.0
_FIRST_WAIT_SECONDS: Final = 0.25
_LONGEST_WAIT_SECONDS: Final = 3.0
_ANOTHER = "Another function"
_THROTTLED = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException", "RequestLimitExceeded"})


class Renewal:
    """The secrets of all integrations, each changed by one function at a time."""

    def __init__(self, secrets: Secrets, locks: Locks, around: Around) -> None:
        self._secrets = secrets
        self._locks = locks
        self._around = around

    def read(self, integration_id: str) -> Kept:
        """What is kept. Raises Unreachable where Tandem's own secret store does not answer."""
        with own_services():
            return Kept.of(self._secrets.read_all(integration_id))

    def renew(
        self,
        integration_id: str,
        address: str,
        is_good: Callable[[Tokens], bool],
        fetch: Callable[[Kept, Deadline], Tokens],
        deadline: Deadline,
        vendor: str,
    ) -> Tokens:
        """Tokens that are good: those that are kept by now, else what `fetch` gets for what is kept within the time
        that it is given, kept. `address`: where they are going to be sent. Raises NotConnected, what `fetch` raises,
        TimeIsUp if somebody else takes too long, Unreachable."""
        spent: Kept | None = None
        fetched: Tokens = {}
        for _ in self._looks(deadline, vendor):
            kept = self.read(integration_id)
            kept.credentials_for(address)
            if kept.tokens is not None and is_good(kept.tokens):
                return kept.tokens
            with self._turn(integration_id, deadline) as turn:
                if turn is None:
                    continue
                kept = self._as_new_as(turn, vendor)
                kept.credentials_for(address)
                if kept.tokens is not None and is_good(kept.tokens):
                    return kept.tokens
                if spent is None or not _is_same(kept, spent):
                    outcome = self._fetched(kept, fetch, turn)
                    if outcome is None:
                        continue  # refused, but there is something else by now
                    spent, fetched = kept, outcome
                # Whoever took the lock over may have kept newer ones. If not, these are kept at the next turn.
                if self._is_ours(turn):
                    renewed = kept.at(address).with_tokens(fetched, turn.renewals + 1)
                    self._keep(renewed, turn, Deadline(KEEPING_SECONDS, self._around.clock))
                    return renewed.tokens or {}
        raise AssertionError("the looks end with an error")

    def change(self, integration_id: str, change: Change, deadline: Deadline) -> Kept | None:
        """Keep what `change` makes of what is kept, while nobody renews. Gives what was kept before; None if it is to
        stay. Raises TimeIsUp, Unreachable."""
        for _ in self._looks(deadline, _ANOTHER):
            with self._turn(integration_id, deadline) as turn:
                if turn is None:
                    continue
                before, changed = self._changed(change, turn)
                if changed is None:
                    return None
                if changed.credentials is not None:
                    changed = changed.with_tokens(changed.tokens, turn.renewals + 1)
                if self._is_ours(turn):
                    self._keep(changed, turn, turn.deadline)
                    return before
        raise AssertionError("the looks end with an error")

    def remove(self, integration_id: str) -> None:
        """Keep nothing of an integration that is gone: nobody renews anything for it. Raises Unreachable."""
        with own_services():
            self._secrets.keep_all(integration_id, {})
            self._locks.remove(integration_id)

    # ---- within

    def _looks(self, deadline: Deadline, vendor: str) -> Iterator[None]:
        """Once, and again after waits that grow. Raises TimeIsUp."""
        wait = _FIRST_LOOK_SECONDS
        while True:
            yield
            if deadline.remaining() <= wait:
                raise deadline.time_is_up(vendor)
            self._around.sleep(wait * (0.5 + self._around.chance()))
            wait = min(_LONGEST_LOOK_SECONDS, wait * 1.5)

    def _as_new_as(self, turn: "_Turn", vendor: str) -> Kept:
        """What is kept, once the secret store shows the newest renewal."""
        for _ in self._looks(turn.deadline, vendor):
            kept = self.read(turn.integration_id)
            if kept.is_as_new_as(turn.renewals):
                break
        return kept

    def _changed(self, change: Change, turn: "_Turn") -> tuple[Kept, Kept | None]:
        """The same, and what is made of it. Only what carries the credentials over must be made of the newest: tokens
        of before would be written over those of now. Other credentials need not wait for ever for what may have been
        lost."""
        patience = Deadline(_OLD_SECONDS, self._around.clock)
        for _ in self._looks(turn.deadline, _ANOTHER):
            kept = self.read(turn.integration_id)
            changed = change(kept)
            carries_over = changed is None or changed.credentials is kept.credentials
            if kept.is_as_new_as(turn.renewals) or not (carries_over or patience.remaining()):
                break
        return kept, changed

    def _fetched(self, kept: Kept, fetch: Callable[[Kept, Deadline], Tokens], turn: "_Turn") -> Tokens | None:
        """What the vendor gives; None where it refuses what has been replaced meanwhile. Raises what `fetch` raises."""
        refusal: Refused | None = None
        try:
            return fetch(kept, turn.deadline)
        except Refused as error:
            refusal = error
        if _is_same(self.read(turn.integration_id), kept):
            raise refusal
        return None

    def _is_ours(self, turn: "_Turn") -> bool:
        """The lock still is, and is for long enough to keep something. If the table does not tell, the clock does: what
        the vendor gave must not be lost for that."""
        with suppress(Unreachable), own_services():
            return self._locks.extend(turn.integration_id, turn.owner)
        return turn.locked.remaining() > KEEPING_SECONDS

    def _keep(self, kept: Kept, turn: "_Turn", deadline: Deadline) -> None:
        """Keeps it, and tries for as long as the deadline says where the secret store is busy. Raises Unreachable."""
        wait = _FIRST_WAIT_SECONDS
        with own_services():
            while True:
                try:
                    self._secrets.keep_all(turn.integration_id, kept.as_values())
                    break
                except (ClientError, BotoCoreError) as error:
                    if not _may_pass(error) or deadline.remaining() <= wait:
                        raise
                self._around.sleep(wait * (0.5 + self._around.chance() / 2))
                wait = min(_LONGEST_WAIT_SECONDS, wait * 2)
        turn.renewals = max(turn.renewals, kept.renewals)

    @contextmanager
    def _turn(self, integration_id: str, deadline: Deadline) -> "Iterator[_Turn | None]":
        owner = new_id()
        # Both begin before the lock is taken: it may have been ours for as long as the table took to say so.
        ends = Deadline(min(TURN_SECONDS, deadline.remaining()), self._around.clock)
        locked = Deadline(LOCKED_SECONDS, self._around.clock)
        with own_services():
            renewals = self._locks.take(integration_id, owner)
        if renewals is None:
            yield None
            return
        turn = _Turn(integration_id, owner, renewals, ends, locked)
        try:
            yield turn
        finally:
            # One that is not given back ends by itself.
            with suppress(Unreachable), own_services():
                self._locks.release(integration_id, owner, turn.renewals)


class _Turn:
    """The lock is ours while `locked` lasts; until the deadline it is used. `renewals` is what its next owner is
    told."""

    def __init__(self, integration_id: str, owner: str, renewals: int, deadline: Deadline, locked: Deadline) -> None:
        self.integration_id = integration_id
        self.owner = owner
        self.renewals = renewals
        self.deadline = deadline
        self.locked = locked


def _is_same(one: Kept, other: Kept) -> bool:
    """Of both the vendor would give the same."""
    return (one.credentials, one.tokens) == (other.credentials, other.tokens)


def _may_pass(error: ClientError | BotoCoreError) -> bool:
    """The secret store was busy, or out of order or out of reach."""
    if isinstance(error, BotoCoreError):
        return True
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = error.response.get("Error", {}).get("Code")
    return status >= HTTPStatus.INTERNAL_SERVER_ERROR or code in _THROTTLED


@contextmanager
def own_services() -> Iterator[None]:
    """What AWS says of Tandem's own table and secret store, as one of the errors that whoever asks a vendor expects."""
    failed = None
    try:
        yield
    except (ClientError, BotoCoreError, StoreError) as error:
        code = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else None
        failed = code or type(error).__name__
    if failed is not None:
        raise Unreachable(
            f"Tandem's own store of credentials does not answer ({failed}). {AGAIN}; if this stays so, look at the "
            "function's log.",
            nothing_sent=True,
        )
