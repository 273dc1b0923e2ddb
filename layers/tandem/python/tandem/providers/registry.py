"""Which normalizer speaks for which provider."""

from collections.abc import Mapping

from tandem.alerts.models import Provider
from tandem.providers.levelio import webhook as levelio
from tandem.providers.ninjaone import webhook as ninjaone
from tandem.providers.port import Normalize
from tandem.providers.tacticalrmm import webhook as tacticalrmm

NORMALIZERS: Mapping[Provider, Normalize] = {
    Provider.NINJAONE: ninjaone.normalize,
    Provider.TACTICALRMM: tacticalrmm.normalize,
    Provider.LEVELIO: levelio.normalize,
}
