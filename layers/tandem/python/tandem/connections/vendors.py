"""What differs from vendor to vendor where an RMM is opened, in one table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from tandem.alerts.models import Provider
from tandem.connections.advice import Advice
from tandem.connections.authorization import Authorization
from tandem.connections.credentials import Credentials, normal_address
from tandem.connections.errors import NotConnected, WrongAddress
from tandem.connections.fleet import Fleet
from tandem.connections.http import VendorHttp
from tandem.connections.limits import Limits
from tandem.connections.rmm import Rmm
from tandem.providers.levelio import api as levelio
from tandem.providers.levelio.fleet import LevelFleet
from tandem.providers.levelio.sentences import ADVICE as LEVELIO
from tandem.providers.ninjaone import api as ninjaone
from tandem.providers.ninjaone.fleet import NinjaOneFleets
from tandem.providers.ninjaone.oauth import REGIONS, Tokens
from tandem.providers.ninjaone.sentences import ADVICE as NINJAONE
from tandem.providers.tacticalrmm import api as tacticalrmm
from tandem.providers.tacticalrmm.fleet import TacticalFleet
from tandem.providers.tacticalrmm.login import Session
from tandem.providers.tacticalrmm.sentences import ADVICE as TACTICALRMM
from tandem.times import from_text, to_text


class Place(Protocol):
    """What of an integration says where its RMM is, and how it may be asked."""

    @property
    def integration_id(self) -> str: ...
    @property
    def provider(self) -> Provider: ...
    @property
    def instance_url(self) -> str | None: ...
    @property
    def allow_private_address(self) -> bool: ...
    @property
    def requests_per_minute(self) -> int | None: ...
    @property
    def connected_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor: its errors in words, its limits, its client, its devices. `addresses`: the only ones that its API is
    at; empty if everybody has a server of their own."""

    advice: Advice
    limits: Limits
    client: Callable[[VendorHttp, str], Rmm]
    fleet: Callable[[VendorHttp, str], Fleet]
    addresses: frozenset[str] = frozenset()


VENDORS: Mapping[Provider, Vendor] = {
    Provider.NINJAONE: Vendor(
        NINJAONE, ninjaone.LIMITS, ninjaone.NinjaOne, NinjaOneFleets(), frozenset(REGIONS.values())
    ),
    Provider.TACTICALRMM: Vendor(TACTICALRMM, tacticalrmm.LIMITS, tacticalrmm.TacticalRmm, TacticalFleet),
    Provider.LEVELIO: Vendor(LEVELIO, levelio.LIMITS, levelio.Level, LevelFleet, frozenset({levelio.BASE_URL})),
}


def address_of(place: Place) -> str:
    """Where the RMM's API is. Raises NotConnected if nobody said."""
    if place.instance_url is not None:
        return place.instance_url
    if place.provider is Provider.LEVELIO:
        return levelio.BASE_URL
    raise NotConnected()


def check_address(place: Place, elsewhere: bool) -> None:
    """Raises WrongAddress for an address that is not the vendor's own, though its API is nowhere else. `elsewhere`:
    integration and tenant file both permit that it is, as a simulator or a relay on a private network."""
    own = VENDORS[place.provider].addresses
    if own and not elsewhere and normal_address(address_of(place)) not in own:
        raise WrongAddress(
            f"{place.instance_url} is not {VENDORS[place.provider].advice.vendor}'s own address. Tandem sends "
            "credentials to another only where the integration says allow_private_address: true and the tenant file "
            "permits it (allow_private_addresses). Connect the integration again, without instance_url."
        )


def key_authorization(place: Place, credentials: Credentials) -> Authorization:
    """For credentials that are an API key."""
    key = credentials.values["api_key"]
    if place.provider is Provider.TACTICALRMM:
        return tacticalrmm.key_authorization(key)
    return levelio.authorization(key)


def tokens_of(values: Mapping[str, Any]) -> Tokens:
    """NinjaOne's, as they are kept."""
    return Tokens(
        values["access_token"], from_text(values["expires_at"]), values.get("refresh_token"), values.get("scope")
    )


def of_tokens(tokens: Tokens) -> dict[str, Any]:
    """NinjaOne's, to be kept."""
    values = {
        "access_token": tokens.access_token,
        "expires_at": to_text(tokens.expires_at),
        "refresh_token": tokens.refresh_token,
        "scope": tokens.scope,
    }
    return {name: value for name, value in values.items() if value is not None}


def session_of(values: Mapping[str, Any]) -> Session:
    """Tactical RMM's, as it is kept."""
    return Session(values["token"], from_text(values["expires_at"]))


def of_session(session: Session) -> dict[str, Any]:
    """Tactical RMM's, to be kept."""
    return {"token": session.token, "expires_at": to_text(session.expires_at)}
