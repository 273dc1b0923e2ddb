"""What each RMM is connected with. Write-only: nothing of it is ever answered but the last 4 characters."""

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, StringConstraints, model_validator

from tandem.admin.schemas.base import Taken
from tandem.alerts.models import Provider

_IN_A_KEY = re.compile(r"[\x21-\x7e]+")


def _without_spaces(key: str) -> str:
    if _IN_A_KEY.fullmatch(key) is None:
        raise ValueError("holds a space, or a character that no key has: copy it alone and whole, without “Bearer”")
    return key


_Key = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4096), AfterValidator(_without_spaces)
]
_Password = Annotated[str, StringConstraints(min_length=1, max_length=1024)]

Region = Literal["app", "us2", "eu", "oc", "ca", "fed"]


class NinjaOneCredentials(Taken):
    """A client app: of the platform Web for authorization_code, API Services for client_credentials."""

    client_id: _Key
    client_secret: _Key
    region: Region | None = None
    grant: Literal["authorization_code", "client_credentials"] = "authorization_code"


class TacticalRmmCredentials(Taken):
    """An API key; or user name and password, with the authenticator's code if the server asks for one."""

    api_key: _Key | None = None
    username: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    password: _Password | None = None
    totp: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9]{6}$")] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_password = self.username is not None and self.password is not None
        any_of_it = (self.username, self.password, self.totp) != (None, None, None)
        if (self.api_key is None) == (not by_password) or (self.api_key is not None and any_of_it):
            raise ValueError("give api_key, or username and password")
        return self


class LevelCredentials(Taken):
    """An API key."""

    api_key: _Key


AnyCredentials = NinjaOneCredentials | TacticalRmmCredentials | LevelCredentials

SCHEMAS: dict[Provider, type[NinjaOneCredentials] | type[TacticalRmmCredentials] | type[LevelCredentials]] = {
    Provider.NINJAONE: NinjaOneCredentials,
    Provider.TACTICALRMM: TacticalRmmCredentials,
    Provider.LEVELIO: LevelCredentials,
}

DESCRIPTION = (
    "For a live connection; tried before they are kept. NinjaOne: `{client_id, client_secret, region, "
    'grant: "authorization_code" | "client_credentials"}`, the former then waits for a person to sign in '
    "(`/oauth/start`). Tactical RMM: `{api_key}`, or `{username, password, totp}`, `totp` only if the answer asks for "
    "it. Level: `{api_key}`"
)
