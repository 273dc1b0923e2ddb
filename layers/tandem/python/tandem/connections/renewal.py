"""Renewing tokens once, however many functions find them used up at the same time.

Whoever comes first takes the integration's lock, renews and keeps the new tokens before anybody uses them: the refresh
token before them may be worth nothing from then on. The others look at the secret until they are there.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from tandem.connections.calls import Around
from tandem.connections.credentials import Change, Kept, Locks, Secrets
from tandem.connections.errors import NotConnected, Unreachable
from tandem.connections.limits import Deadline
from tandem.ids import new_id
from tandem.store.errors import StoreError

Tokens = Mapping[str, Any]

_FIRST_LOOK_SECONDS: Final = 0.1
_LONGEST_LOOK_SECONDS: Final = 1.0


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
        is_good: Callable[[Tokens], bool],
        fetch: Callable[[Kept], Tokens],
        deadline: Deadline,
        vendor: str,
    ) -> Tokens:
        """Tokens that are good: those that are kept by now, else what `fetch` gets for what is kept, kept. Raises
        NotConnected, what `fetch` raises, TimeIsUp if somebody else takes too long, Unreachable."""
        for _ in self._looks(deadline, vendor):
            kept = self.read(integration_id)
            if kept.credentials is None:
                raise NotConnected()
            if kept.tokens is not None and is_good(kept.tokens):
                return kept.tokens
            with self._turn(integration_id) as turn:
                if turn is None:
                    continue
                kept = self._as_new_as(turn.renewals, integration_id, deadline, vendor)
                if kept.tokens is None or not is_good(kept.tokens):
                    if kept.credentials is None:
                        raise NotConnected()
                    tokens = fetch(kept)
                    kept = self._keep(integration_id, kept.with_tokens(tokens, turn.renewals + 1), turn)
                return kept.tokens or {}
        raise AssertionError("the looks end with an error")

    def change(self, integration_id: str, change: Change, deadline: Deadline) -> None:
        """Keep what `change` makes of what is kept, while nobody renews. Raises TimeIsUp, Unreachable."""
        for _ in self._looks(deadline, "Another function"):
            with self._turn(integration_id) as turn:
                if turn is None:
                    continue
                changed = change(self.read(integration_id))
                if changed.credentials is not None:
                    changed = changed.with_tokens(changed.tokens, turn.renewals + 1)
                self._keep(integration_id, changed, turn)
                return

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

    def _as_new_as(self, renewals: int, integration_id: str, deadline: Deadline, vendor: str) -> Kept:
        """What is kept, once the secret store shows the newest renewal."""
        for _ in self._looks(deadline, vendor):
            kept = self.read(integration_id)
            if kept.renewals >= renewals or kept.credentials is None:
                break
        return kept

    def _keep(self, integration_id: str, kept: Kept, turn: "_Turn") -> Kept:
        with own_services():
            self._secrets.keep_all(integration_id, kept.as_values())
        turn.renewals = max(turn.renewals, kept.renewals)
        return kept

    @contextmanager
    def _turn(self, integration_id: str) -> "Iterator[_Turn | None]":
        owner = new_id()
        with own_services():
            renewals = self._locks.take(integration_id, owner)
        if renewals is None:
            yield None
            return
        turn = _Turn(renewals)
        try:
            yield turn
        finally:
            # One that is not given back ends by itself.
            with suppress(Unreachable), own_services():
                self._locks.release(integration_id, owner, turn.renewals)


class _Turn:
    """The lock is ours; `renewals` is what its next owner is told."""

    def __init__(self, renewals: int) -> None:
        self.renewals = renewals


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
            f"Tandem's own store of credentials does not answer ({failed}). It is tried again; if this stays so, look "
            "at the function's log.",
            nothing_sent=True,
        )
