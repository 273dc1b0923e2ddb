"""From an integration to its RMM: the secret read, the client of its vendor built, its tokens renewed when they end.

What differs between the vendors is in vendors.py.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from tandem.alerts.models import Provider
from tandem.connections.address import AddressRule
from tandem.connections.authorization import Authorization, NoCredentials
from tandem.connections.calls import Around
from tandem.connections.credentials import Change, Credentials, Kept, Kind, normal_address
from tandem.connections.errors import NotConnected, Unreachable
from tandem.connections.fleet import Fleet
from tandem.connections.http import VendorHttp
from tandem.connections.keeping import Tried, connected, forgotten, signed_in, taken_back
from tandem.connections.limits import Deadline, Pace, Pacing, RateLimit
from tandem.connections.renewal import Renewal, own_services
from tandem.connections.rmm import Account, Rmm
from tandem.connections.shared_pace import Reservations, SharedPace
from tandem.connections.vendors import (
    VENDORS,
    Place,
    address_of,
    check_address,
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

    def reconnect_required(self, integration_id: str, connected_at: datetime | None, reason: str) -> None:
        """A person must connect anew, unless one has done so since `connected_at`; `reason` is for that person."""
        ...


class Connections:
    """Opens RMMs, for as long as a function instance lives: it keeps each integration's pace, its secret for a minute,
    and sessions that it can begin again by itself. `around`: what requests use of the world, given whether private
    addresses are fine. `reservations`: what instances have in common that keep one integration's rate together;
    without, each keeps to it by itself."""

    def __init__(
        self,
        renewal: Renewal,
        statuses: Statuses,
        around: Callable[[bool], Around],
        *,
        private_addresses: bool = False,
        reservations: Reservations | None = None,
    ) -> None:
        self._renewal = renewal
        self._statuses = statuses
        self._around = around
        self._private_addresses = private_addresses
        self._reservations = reservations
        self._clock = around(False).clock
        self._now = around(False).now
        self._remembered: dict[str, tuple[float, Kept]] = {}
        self._sessions: dict[str, tuple[Credentials, Session]] = {}
        self._paces: dict[tuple[str, RateLimit], Pacing] = {}

    def deadline(self, seconds: float) -> Deadline:
        """So much time from now on."""
        return Deadline(seconds, self._clock)

    def may_be_elsewhere(self, place: Place) -> bool:
        """Integration and tenant file both permit an address on a private network, or one that is not the vendor's."""
        return place.allow_private_address and self._private_addresses

    def open(self, place: Place, deadline: Deadline) -> Rmm:
        """The integration's RMM. Raises VendorError: NotConnected without credentials for its address, WrongAddress for
        an address that Tandem may not connect to, Unreachable if Tandem's own secret store does not answer."""
        http = self._http(place, deadline, self._authorization(place, deadline))
        return VENDORS[place.provider].client(http, place.integration_id)

    def open_fleet(self, place: Place, deadline: Deadline) -> Fleet:
        """The devices of the integration's RMM. Raises as `open`."""
        http = self._http(place, deadline, self._authorization(place, deadline), is_fleet=True)
        return VENDORS[place.provider].fleet(http, place.integration_id)

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
            return Tried(account, _address(place), credentials)
        session, needs_code = self._tactical_session(place, credentials, code, deadline)
        source = SessionTokens(session, None)
        account = self._account(place, tacticalrmm.session_authorization(source), deadline)
        if not needs_code:
            # Tandem signs in again whenever it needs a session: none is kept.
            return Tried(account, _address(place), credentials)
        # The password alone opens nothing: there is no use in keeping it.
        credentials = Credentials(credentials.kind, {"username": credentials.values["username"]})
        return Tried(account, _address(place), credentials, of_session(session))

    def try_tokens(self, place: Place, credentials: Credentials, tokens: NinjaOneTokens, deadline: Deadline) -> Tried:
        """The same with NinjaOne's tokens. Raises VendorError."""

        def no_other(_: NinjaOneTokens | None) -> NinjaOneTokens:
            return tokens

        source = RenewedTokens(tokens, no_other, self._now)
        account = self._account(place, ninjaone.authorization(source), deadline)
        return Tried(account, _address(place), credentials, of_tokens(tokens))

    def sign_in_by_code(
        self, place: Place, credentials: Credentials, code: str, redirect_uri: str, verifier: str, deadline: Deadline
    ) -> NinjaOneTokens:
        """What a person's consent in NinjaOne gives. Raises VendorError."""
        return self._sign_in(place, credentials, deadline).by_code(code, redirect_uri, verifier)

    def read(self, integration_id: str) -> Kept:
        """What is kept now. Raises Unreachable."""
        return self._renewal.read(integration_id)

    def change(self, integration_id: str, change: Change, deadline: Deadline) -> Kept | None:
        """Keep what `change` makes of what is kept. Gives what was kept before; None if it is to stay. Raises TimeIsUp,
        Unreachable."""
        self._drop(integration_id)
        return self._renewal.change(integration_id, change, deadline)

    def keep(self, integration_id: str, tried: Tried, deadline: Deadline) -> None:
        """Connect the integration with these from now on. Raises as `change`."""
        self.change(integration_id, connected(tried), deadline)

    def keep_signed_in(self, integration_id: str, tried: Tried, state_key: str, deadline: Deadline) -> Kept | None:
        """The same, if the sign-in that began with that key has neither been ended nor replaced. Gives what was kept
        before, for `take_back`; None if nothing was done. Raises as `change`."""
        return self.change(integration_id, signed_in(tried, state_key), deadline)

    def take_back(self, integration_id: str, tried: Tried, before: Kept | None, deadline: Deadline) -> None:
        """Keep what was kept before these again, or nothing, unless they have been replaced already. Raises as
        `change`."""
        self.change(integration_id, taken_back(tried, before), deadline)

    def forget(self, integration_id: str, deadline: Deadline) -> Kept | None:
        """Keep nothing but what has to do with its webhooks. Gives what was kept before. Raises as `change`."""
        return self.change(integration_id, forgotten, deadline)

    def remove(self, integration_id: str) -> None:
        """Keep nothing at all of an integration that is gone. Raises Unreachable."""
        self._drop(integration_id)
        self._renewal.remove(integration_id)

    def revoke(self, place: Place, kept: Kept, deadline: Deadline) -> None:
        """Have NinjaOne end the tokens that it gave; the other RMMs gave none that outlive their use. Raises
        VendorError."""
        if place.provider is not Provider.NINJAONE or "access_token" not in (kept.tokens or {}):
            return
        credentials = kept.credentials_for(_address(place))
        self._sign_in(place, credentials, deadline).revoke(tokens_of(kept.tokens or {}))

    # ---- within

    def _http(
        self, place: Place, deadline: Deadline, authorize: Authorization, *, is_fleet: bool = False
    ) -> VendorHttp:
        vendor = VENDORS[place.provider]
        may_be_private = self.may_be_elsewhere(place)
        check_address(place, may_be_private)
        around = self._around(may_be_private)
        limits = vendor.limits.of_fleets() if is_fleet else vendor.limits
        if place.requests_per_minute is not None:
            limits = replace(limits, rate=RateLimit(place.requests_per_minute, timedelta(minutes=1)))
        return VendorHttp(
            address_of(place),
            advice=vendor.advice,
            authorize=authorize,
            limits=limits,
            deadline=deadline,
            around=around,
            rule=AddressRule(may_be_private),
            pace=self._pace(place.integration_id, limits.rate, around),
        )

    def _pace(self, integration_id: str, rate: RateLimit, around: Around) -> Pacing:
        known = self._paces.get((integration_id, rate))
        if known is not None:
            return known
        alone = Pace(rate, around.clock, around.sleep)
        shared = self._reservations and SharedPace(integration_id, rate, self._reservations, alone, around)
        self._paces[integration_id, rate] = shared or alone
        return shared or alone

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

    def _drop(self, integration_id: str) -> None:
        self._remembered.pop(integration_id, None)
        self._sessions.pop(integration_id, None)

    def _kept(self, place: Place) -> Kept:
        """What is kept for the place. Raises NotConnected, Unreachable."""
        remembered = self._remembered.get(place.integration_id)
        if remembered is not None and self._clock() - remembered[0] < REMEMBERED_SECONDS:
            with suppress(NotConnected):
                remembered[1].credentials_for(_address(place))
                return remembered[1]
        return self._read_anew(place)

    def _read_anew(self, place: Place, kind: Kind | None = None) -> Kept:
        """The same, read now. `kind`: the credentials must be of it still. Raises as `_kept`."""
        self._remembered.pop(place.integration_id, None)
        kept = self._renewal.read(place.integration_id)
        credentials = kept.credentials_for(_address(place))
        self._remembered[place.integration_id] = (self._clock(), kept)
        if kind not in (None, credentials.kind):
            raise Unreachable(
                "The integration was connected with other credentials meanwhile. It is tried again with those.",
                nothing_sent=True,
            )
        return kept

    def _authorization(self, place: Place, deadline: Deadline) -> Authorization:
        kept = self._kept(place)
        credentials = kept.credentials_for(_address(place))
        if credentials.kind is Kind.API_KEY:
            authorization: Authorization = ReadAgain(
                key_authorization(place, credentials),
                lambda: key_authorization(place, self._read_anew(place, Kind.API_KEY).credentials_for(_address(place))),
            )
        elif credentials.kind is Kind.PASSWORD:
            authorization = tacticalrmm.session_authorization(self._tactical_tokens(place, kept, deadline))
        else:
            authorization = ninjaone.authorization(self._ninjaone_tokens(place, kept, deadline))
        return Watched(authorization, lambda reason: self._tell_refused(place, reason))

    def _tell_refused(self, place: Place, reason: str) -> None:
        # Whoever asks the RMM hears that it refuses, whether or not the table takes note: the next one tells it again.
        with suppress(Unreachable), own_services():
            self._statuses.reconnect_required(place.integration_id, place.connected_at, reason)

    def _ninjaone_tokens(self, place: Place, kept: Kept, deadline: Deadline) -> RenewedTokens:
        def fetch(kept: Kept, deadline: Deadline) -> Mapping[str, Any]:
            credentials = kept.credentials_for(_address(place))
            sign_in = self._sign_in(place, credentials, deadline)
            if credentials.kind is Kind.CLIENT_CREDENTIALS or kept.tokens is None:
                return of_tokens(sign_in.by_itself())
            return of_tokens(sign_in.by_refresh(tokens_of(kept.tokens)))

        def renew(stale: NinjaOneTokens | None) -> NinjaOneTokens:
            def is_good(values: Mapping[str, Any]) -> bool:
                tokens = tokens_of(values)
                return tokens.is_fresh(self._now()) and (stale is None or tokens.access_token != stale.access_token)

            vendor = VENDORS[place.provider].advice.vendor
            tokens = self._renewal.renew(place.integration_id, _address(place), is_good, fetch, deadline, vendor)
            self._remembered.pop(place.integration_id, None)
            return tokens_of(tokens)

        return RenewedTokens(tokens_of(kept.tokens) if kept.tokens else None, renew, self._now)

    def _tactical_tokens(self, place: Place, kept: Kept, deadline: Deadline) -> SessionTokens:
        """Of sessions that only a person can begin, the secret holds the present one. One that Tandem begins by itself
        lasts three minutes, and is remembered as long as this instance lives: nothing is lost with it."""

        def known(kept: Kept, credentials: Credentials) -> Session | None:
            if "password" not in credentials.values:
                return session_of(kept.tokens or {})
            begun_with, session = self._sessions.get(place.integration_id, (None, None))
            return session if begun_with == credentials else None

        def another(stale: Session | None) -> Session:
            kept = self._read_anew(place, Kind.PASSWORD)
            credentials = kept.credentials_for(_address(place))
            session = known(kept, credentials)
            if session is not None and (stale is None or session.token != stale.token):
                return session
            if "password" not in credentials.values:
                raise CodeNeeded("Tactical RMM asks for a code.")
            session, _ = self._tactical_session(place, credentials, None, deadline)
            self._sessions[place.integration_id] = (credentials, session)
            return session

        return SessionTokens(known(kept, kept.credentials_for(_address(place))), another)


def _address(place: Place) -> str:
    """Where the place's credentials are sent. Raises NotConnected if nobody said."""
    return normal_address(address_of(place))
