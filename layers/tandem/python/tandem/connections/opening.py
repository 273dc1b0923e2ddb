"""From an integration to its RMM: the secret read, the client of its vendor built, its tokens renewed when they end.

What differs between the vendors is in vendors.py.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final, Protocol

from tandem.connections.address import AddressRule
from tandem.connections.authorization import Authorization, NoCredentials
from tandem.connections.calls import Around
from tandem.connections.credentials import Change, Credentials, Kept, Kind
from tandem.connections.errors import NotConnected, Unreachable
from tandem.connections.http import VendorHttp
from tandem.connections.limits import Deadline, Pace, RateLimit
from tandem.connections.renewal import Renewal, own_services
from tandem.connections.rmm import Account, Rmm
from tandem.connections.vendors import (
    VENDORS,
    Place,
    address_of,
    key_authorization,
    of_session,
    of_tokens,
    session_of,
    tokens_of,
)
from tandem.connections.watching import ReadAgain, Watched
from tandem.providers.ninjaone import api as ninjaone
from tandem.providers.ninjaone.oauth import ClientApp, RenewedTokens
from tandem.providers.ninjaone.oauth import SignIn as NinjaOneSignIn
from tandem.providers.ninjaone.oauth import Tokens as NinjaOneTokens
from tandem.providers.tacticalrmm import api as tacticalrmm
from tandem.providers.tacticalrmm.login import CodeNeeded, Session, SessionTokens
from tandem.providers.tacticalrmm.login import SignIn as TacticalSignIn

REMEMBERED_SECONDS: Final = 60.0


class Statuses(Protocol):
    """Where it is kept whether an integration's credentials are taken."""

    def reconnect_required(self, integration_id: str, reason: str) -> None:
        """A person must connect anew; `reason` is for that person."""
        ...


@dataclass(frozen=True, slots=True)
class Tried:
    """Credentials that the RMM took: what answered, what to keep of them, and the tokens that came with it."""

    account: Account
    credentials: Credentials
    tokens: Mapping[str, Any] | None = field(default=None, repr=False)


class Connections:
    """Opens RMMs, for as long as a function instance lives: it keeps each integration's pace, and its secret for a
    minute. `around`: what requests use of the world, given whether private addresses are fine."""

    def __init__(
        self,
        renewal: Renewal,
        statuses: Statuses,
        around: Callable[[bool], Around],
        *,
        private_addresses: bool = False,
    ) -> None:
        self._renewal = renewal
        self._statuses = statuses
        self._around = around
        self._private_addresses = private_addresses
        self._clock = around(False).clock
        self._now = around(False).now
        self._remembered: dict[str, tuple[float, Kept]] = {}
        self._paces: dict[tuple[str, RateLimit], Pace] = {}

    def deadline(self, seconds: float) -> Deadline:
        """So much time from now on."""
        return Deadline(seconds, self._clock)

    def open(self, place: Place, deadline: Deadline) -> Rmm:
        """The integration's RMM. Raises VendorError: NotConnected without credentials, WrongAddress for an address that
        Tandem may not connect to, Unreachable if Tandem's own secret store does not answer."""
        http = self._http(place, deadline, self._authorization(place, deadline))
        return VENDORS[place.provider].client(http, place.integration_id)

    def open_ninjaone(self, place: Place, deadline: Deadline) -> ninjaone.NinjaOne:
        """The same for what only NinjaOne can. Raises as `open`."""
        return ninjaone.NinjaOne(
            self._http(place, deadline, self._authorization(place, deadline)), place.integration_id
        )

    # ---- new credentials

    def try_out(self, place: Place, credentials: Credentials, code: str | None, deadline: Deadline) -> Tried:
        """Ask the RMM with these credentials and keep nothing. `code`: of an authenticator. Raises VendorError:
        CodeNeeded if there must be a code and is none."""
        if credentials.kind is Kind.CLIENT_CREDENTIALS:
            return self.try_tokens(
                place, credentials, self._sign_in(place, credentials, deadline).by_itself(), deadline
            )
        if credentials.kind is not Kind.PASSWORD:
            account = self._account(place, key_authorization(place, credentials), deadline)
            return Tried(account, credentials)
        session, needs_code = self._tactical_session(place, credentials, code, deadline)
        source = SessionTokens(session, None)
        account = self._account(place, tacticalrmm.session_authorization(source), deadline)
        if needs_code:
            # The password alone opens nothing: there is no use in keeping it.
            credentials = Credentials(credentials.kind, {"username": credentials.values["username"]})
        return Tried(account, credentials, of_session(session))

    def try_tokens(self, place: Place, credentials: Credentials, tokens: NinjaOneTokens, deadline: Deadline) -> Tried:
        """The same with NinjaOne's tokens. Raises VendorError."""

        def no_other(_: NinjaOneTokens | None) -> NinjaOneTokens:
            return tokens

        source = RenewedTokens(tokens, no_other, self._now)
        account = self._account(place, ninjaone.authorization(source), deadline)
        return Tried(account, credentials, of_tokens(tokens))

    def sign_in_by_code(
        self, place: Place, credentials: Credentials, code: str, redirect_uri: str, verifier: str, deadline: Deadline
    ) -> NinjaOneTokens:
        """What a person's consent in NinjaOne gives. Raises VendorError."""
        return self._sign_in(place, credentials, deadline).by_code(code, redirect_uri, verifier)

    def read(self, integration_id: str) -> Kept:
        """What is kept now. Raises Unreachable."""
        return self._renewal.read(integration_id)

    def change(self, integration_id: str, change: Change, deadline: Deadline) -> None:
        """Keep what `change` makes of what is kept. Raises TimeIsUp, Unreachable."""
        self._remembered.pop(integration_id, None)
        self._renewal.change(integration_id, change, deadline)

    def keep(self, integration_id: str, tried: Tried, deadline: Deadline) -> None:
        """Connect the integration with these from now on. Raises as `change`."""
        self.change(
            integration_id,
            lambda kept: replace(
                kept, credentials=tried.credentials, tokens=tried.tokens, pending=None, state_key=None
            ),
            deadline,
        )

    def forget(self, integration_id: str, deadline: Deadline) -> None:
        """Keep nothing but what has to do with its webhooks. Raises as `change`."""
        self.change(integration_id, lambda kept: Kept(others=kept.others), deadline)

    # ---- within

    def _http(self, place: Place, deadline: Deadline, authorize: Authorization) -> VendorHttp:
        vendor = VENDORS[place.provider]
        may_be_private = place.allow_private_address and self._private_addresses
        around = self._around(may_be_private)
        limits = vendor.limits
        if place.requests_per_minute is not None:
            limits = replace(limits, rate=RateLimit(place.requests_per_minute, timedelta(minutes=1)))
        pace = self._paces.setdefault(
            (place.integration_id, limits.rate), Pace(limits.rate, around.clock, around.sleep)
        )
        return VendorHttp(
            address_of(place),
            advice=vendor.advice,
            authorize=authorize,
            limits=limits,
            deadline=deadline,
            around=around,
            rule=AddressRule(may_be_private),
            pace=pace,
        )

    def _account(self, place: Place, authorize: Authorization, deadline: Deadline) -> Account:
        http = self._http(place, deadline, authorize)
        return VENDORS[place.provider].client(http, place.integration_id).check()

    def _sign_in(self, place: Place, credentials: Credentials, deadline: Deadline) -> NinjaOneSignIn:
        app = ClientApp(credentials.values["client_id"], credentials.values["client_secret"])
        return NinjaOneSignIn(self._http(place, deadline, NoCredentials()), app)

    def _tactical_session(
        self, place: Place, credentials: Credentials, code: str | None, deadline: Deadline
    ) -> tuple[Session, bool]:
        """The session, and whether it took the code."""
        sign_in = TacticalSignIn(self._http(place, deadline, NoCredentials()))
        username, password = credentials.values["username"], credentials.values["password"]
        try:
            return sign_in.sign_in(username, password), False
        except CodeNeeded:
            if code is None:
                raise
        return sign_in.sign_in(username, password, code), True

    def _kept(self, integration_id: str) -> Kept:
        remembered = self._remembered.get(integration_id)
        if remembered is not None and self._clock() - remembered[0] < REMEMBERED_SECONDS:
            return remembered[1]
        return self._read_anew(integration_id)

    def _read_anew(self, integration_id: str) -> Kept:
        kept = self._renewal.read(integration_id)
        if kept.credentials is None:
            self._remembered.pop(integration_id, None)
            raise NotConnected()
        self._remembered[integration_id] = (self._clock(), kept)
        return kept

    def _authorization(self, place: Place, deadline: Deadline) -> Authorization:
        kept = self._kept(place.integration_id)
        credentials = kept.credentials
        if credentials is None:
            raise NotConnected()
        if credentials.kind is Kind.API_KEY:
            authorization: Authorization = ReadAgain(
                key_authorization(place, credentials),
                lambda: key_authorization(place, self._read_anew(place.integration_id).credentials or credentials),
            )
        elif credentials.kind is Kind.PASSWORD:
            authorization = tacticalrmm.session_authorization(self._tactical_tokens(place, kept, deadline))
        else:
            authorization = ninjaone.authorization(self._ninjaone_tokens(place, kept, deadline))
        advice = VENDORS[place.provider].advice
        return Watched(
            authorization,
            lambda reason: self._tell_refused(place, reason),
            f"{advice.vendor} does not accept the credentials any more. {advice.refused}",
        )

    def _tell_refused(self, place: Place, reason: str) -> None:
        # Whoever asks the RMM hears that it refuses, whether or not the table takes note: the next one tells it again.
        with suppress(Unreachable), own_services():
            self._statuses.reconnect_required(place.integration_id, reason)

    def _ninjaone_tokens(self, place: Place, kept: Kept, deadline: Deadline) -> RenewedTokens:
        def fetch(kept: Kept) -> Mapping[str, Any]:
            credentials = kept.credentials
            if credentials is None:
                raise NotConnected()
            sign_in = self._sign_in(place, credentials, deadline)
            if credentials.kind is Kind.CLIENT_CREDENTIALS or kept.tokens is None:
                return of_tokens(sign_in.by_itself())
            return of_tokens(sign_in.by_refresh(tokens_of(kept.tokens)))

        def renew(stale: NinjaOneTokens | None) -> NinjaOneTokens:
            def is_good(values: Mapping[str, Any]) -> bool:
                tokens = tokens_of(values)
                return tokens.is_fresh(self._now()) and (stale is None or tokens.access_token != stale.access_token)

            return tokens_of(self._renewed(place, is_good, fetch, deadline))

        return RenewedTokens(tokens_of(kept.tokens) if kept.tokens else None, renew, self._now)

    def _tactical_tokens(self, place: Place, kept: Kept, deadline: Deadline) -> SessionTokens:
        session = session_of(kept.tokens or {})

        def fetch(kept: Kept) -> Mapping[str, Any]:
            if kept.credentials is None:
                raise NotConnected()
            if "password" not in kept.credentials.values:
                raise CodeNeeded("Tactical RMM asks for a code.")
            return of_session(self._tactical_session(place, kept.credentials, None, deadline)[0])

        def sign_in() -> Session:
            nonlocal session
            stale = session.token
            session = session_of(
                self._renewed(place, lambda values: session_of(values).token != stale, fetch, deadline)
            )
            return session

        return SessionTokens(session, sign_in)

    def _renewed(
        self,
        place: Place,
        is_good: Callable[[Mapping[str, Any]], bool],
        fetch: Callable[[Kept], Mapping[str, Any]],
        deadline: Deadline,
    ) -> Mapping[str, Any]:
        vendor = VENDORS[place.provider].advice.vendor
        tokens = self._renewal.renew(place.integration_id, is_good, fetch, deadline, vendor)
        self._remembered.pop(place.integration_id, None)
        return tokens
