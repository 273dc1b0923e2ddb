"""The vendors' clients before a vendor that answers from a script."""

from typing import Any

from tandem.alerts.models import Provider
from tandem.connections.authorization import NoCredentials
from tandem.connections.rmm import Rmm
from tandem.providers.levelio import api as levelio
from tandem.providers.levelio.sentences import ADVICE as LEVEL
from tandem.providers.ninjaone import api as ninjaone
from tandem.providers.ninjaone.oauth import ClientApp, SignIn
from tandem.providers.ninjaone.sentences import ADVICE as NINJAONE
from tandem.providers.tacticalrmm import api as tacticalrmm
from tandem.providers.tacticalrmm import login
from tandem.providers.tacticalrmm.sentences import ADVICE as TACTICAL
from tests.unit.connections.world import KEY, World

CLIENT_SECRET = "client-secret-5f1e9b7d"
HOSTS = {
    Provider.NINJAONE: "https://eu.ninjarmm.com",
    Provider.TACTICALRMM: "https://api.example.com",
    Provider.LEVELIO: "https://api.level.io",
}


class OneToken:
    """A TokenSource with one token and no other."""

    def token(self) -> str:
        return KEY

    def invalidate(self, token: str) -> bool:
        return False


def ninjaone_client(world: World, **options: Any) -> ninjaone.NinjaOne:
    authorize = ninjaone.authorization(OneToken())
    given: dict[str, Any] = {"base_url": HOSTS[Provider.NINJAONE], "authorize": authorize, "advice": NINJAONE} | options
    return ninjaone.NinjaOne(world.http(**given), "integration-1")


def tactical_client(world: World, **options: Any) -> tacticalrmm.TacticalRmm:
    authorize = tacticalrmm.key_authorization(KEY)
    given: dict[str, Any] = {
        "base_url": HOSTS[Provider.TACTICALRMM],
        "authorize": authorize,
        "advice": TACTICAL,
    } | options
    return tacticalrmm.TacticalRmm(world.http(**given), "integration-1")


def level_client(world: World, **options: Any) -> levelio.Level:
    given: dict[str, Any] = {
        "base_url": HOSTS[Provider.LEVELIO],
        "authorize": levelio.authorization(KEY),
        "advice": LEVEL,
    } | options
    return levelio.Level(world.http(**given), "integration-1")


def client(provider: Provider, world: World, **options: Any) -> Rmm:
    """The client of any of them, by its port."""
    made: dict[Provider, Any] = {
        Provider.NINJAONE: ninjaone_client,
        Provider.TACTICALRMM: tactical_client,
        Provider.LEVELIO: level_client,
    }
    rmm: Rmm = made[provider](world, **options)
    return rmm


def ninjaone_sign_in(world: World) -> SignIn:
    http = world.http(base_url=HOSTS[Provider.NINJAONE], authorize=NoCredentials(), advice=NINJAONE)
    return SignIn(http, ClientApp("client-id", CLIENT_SECRET))


def tactical_sign_in(world: World) -> login.SignIn:
    http = world.http(base_url=HOSTS[Provider.TACTICALRMM], authorize=NoCredentials(), advice=TACTICAL)
    return login.SignIn(http)
