"""Which antivirus protects a device, from the rows of `/v2/queries/antivirus-status`: one a product.

Sources: the OpenAPI (DeviceAntivirusStatus: productName, productState, definitionStatus, all plain texts without a
list of values); `ON` as a state from the community's client, `Up-to-Date`, `Out-of-Date`, `Unknown` of definitions from
NinjaOne's own script that sets them.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from tandem.assets.models import Facts
from tandem.connections.fleet import DevicePart, Unreadable
from tandem.providers.fleet_values import said
from tandem.providers.ninjaone.reports import reported_id

PROTECTED: Final = "protected"
UNKNOWN: Final = "unknown"
UNPROTECTED: Final = "unprotected"

_OFF = frozenset({"OFF", "EXPIRED", "SNOOZED", "DISABLED"})
_OUT_OF_DATE = "OUTOFDATE"
_RANK = {PROTECTED: 0, UNKNOWN: 1, UNPROTECTED: 2}


@dataclass(frozen=True, slots=True, order=True)
class Product:
    """One product on a device; the smaller one is the one that counts: Windows' own is off where another is on."""

    rank: int
    name: str
    status: str


def product_of(row: Any) -> Product:
    """`protected`: on, and its definitions are not known to be out of date. `unprotected`: off, or on with such ones.
    `unknown`: a state that is not known."""
    state, definitions = (said(row.get(name)) or "" for name in ("productState", "definitionStatus"))
    status = UNKNOWN
    if state.upper() == "ON":
        is_old = definitions.upper().replace("-", "").replace(" ", "").replace("_", "") == _OUT_OF_DATE
        status = UNPROTECTED if is_old else PROTECTED
    elif state.upper() in _OFF:
        status = UNPROTECTED
    return Product(_RANK[status], said(row.get("productName")) or "", status)


class Products:
    """The best product of each device, in the order in which the devices came."""

    def __init__(self, held: str | None) -> None:
        self._best: dict[str, Product] = {}
        self._unreadable: list[Unreadable] = []
        if held is not None:
            external_id, *product = json.loads(held)
            self._best[external_id] = Product(*product)

    def add(self, rows: Iterable[Any]) -> None:
        """A page of them."""
        for row in rows:
            external_id = reported_id(row)
            if external_id is None:
                self._unreadable.append(Unreadable(None, "deviceId: expected an id of at most 255 bytes"))
                continue
            product = product_of(row)
            self._best[external_id] = min(product, self._best.get(external_id, product))

    def hold_back(self) -> str | None:
        """Takes the last device away, of which the next page may tell more; for the `Products` of that page."""
        if not self._best:
            return None
        external_id, product = self._best.popitem()
        return json.dumps([external_id, product.rank, product.name, product.status])

    def parts(self) -> tuple[DevicePart | Unreadable, ...]:
        """What was not held back."""
        made = (DevicePart(external_id, _facts(product)) for external_id, product in self._best.items())
        return (*made, *self._unreadable)


def _facts(product: Product) -> Facts:
    return Facts(antivirus_product=product.name or None, antivirus_status=product.status)
