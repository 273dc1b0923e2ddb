"""What becomes of an integration's secret when it is connected, signed in to, or disconnected. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tandem.connections.credentials import Change, Credentials, Kept
from tandem.connections.rmm import Account


@dataclass(frozen=True, slots=True)
class Tried:
    """Credentials that the RMM took: what answered, where, what to keep of them, and the tokens that came with it."""

    account: Account
    address: str
    credentials: Credentials
    tokens: Mapping[str, Any] | None = field(default=None, repr=False)

    def is_kept(self, kept: Kept) -> bool:
        """The secret holds these, and nobody has renewed or replaced them."""
        tokens = {name: value for name, value in (kept.tokens or {}).items() if name != "renewals"}
        return (kept.credentials, kept.address, tokens) == (self.credentials, self.address, dict(self.tokens or {}))


def connected(tried: Tried) -> Change:
    """Connected with these from now on; no sign-in is waited for any more."""

    def change(kept: Kept) -> Kept:
        return replace(
            kept,
            credentials=tried.credentials,
            address=tried.address,
            tokens=tried.tokens,
            pending=None,
            state_key=None,
        )

    return change


def signed_in(tried: Tried, state_key: str) -> Change:
    """The same, if the sign-in that began with that key has neither been ended nor replaced meanwhile."""
    change = connected(tried)
    return lambda kept: change(kept) if kept.state_key == state_key else None


def taken_back(tried: Tried, before: Kept | None) -> Change:
    """As before these, or nothing; unless something else has taken their place. A sign-in that was prepared since goes
    on."""

    def change(kept: Kept) -> Kept | None:
        if not tried.is_kept(kept):
            return None
        if before is None:
            return forgotten(kept)
        waiting = before if kept.pending is None else kept
        return replace(before, pending=waiting.pending, state_key=waiting.state_key, others=kept.others)

    return change


def forgotten(kept: Kept) -> Kept:
    """Nothing but what has to do with its webhooks."""
    return Kept(others=kept.others)
