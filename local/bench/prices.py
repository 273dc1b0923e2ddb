"""The prices of prices.toml, and the request that each is for."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("prices.toml")


@dataclass(frozen=True, slots=True)
class Price:
    """`usd` for each `per` of `unit`. `source`: where the number stands."""

    name: str
    usd: float
    per: float
    unit: str
    source: str

    def of(self, quantity: float) -> float:
        """What so many units cost, in USD."""
        return quantity * self.usd / self.per

    @property
    def confirmed(self) -> bool:
        """Somebody else writes the same number."""
        return "unconfirmed" not in self.source


def load(text: str | None = None) -> dict[str, Price]:
    """Prices by name. Raises KeyError or TypeError for a table that lacks something."""
    tables = tomllib.loads(FILE.read_text() if text is None else text)
    return {
        name: Price(name, float(values["usd"]), float(values["per"]), values["unit"], values["source"])
        for name, values in tables.items()
    }
