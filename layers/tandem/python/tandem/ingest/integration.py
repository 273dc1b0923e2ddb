"""What ingest knows of an integration."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tandem.alerts.models import Provider
from tandem.times import from_text

REMEMBERED_SECONDS = 5.0
"""How long a warm function may go by what it read: that long a deleted integration or a secret that was rotated away
lives on. It costs a busy instance one read unit each five seconds, a quarter of a cent a day."""


@dataclass(frozen=True, slots=True)
class SecretHash:
    """The SHA-256 (hex) of a live webhook secret; `expires_at` None means until it is rotated away."""

    sha256: str
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Integration:
    """An integration as far as its webhooks go. `is_connected`: its RMM can be asked, as far as is known; `is_synced`:
    and is, about its devices."""

    integration_id: str
    provider: Provider
    secret_hashes: tuple[SecretHash, ...]
    has_signing_secret: bool
    is_connected: bool = False
    is_synced: bool = False

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> "Integration":
        """From the integration's item, decoded. Raises ValueError or KeyError for one that Tandem did not write."""
        hashes = tuple(
            SecretHash(str(each["hash"]), from_text(each["expires_at"]) if each.get("expires_at") else None)
            for each in values.get("secret_hashes") or ()
        )
        is_connected = values.get("status") == "connected"
        return cls(
            integration_id=str(values["integration_id"]),
            provider=Provider(values["provider"]),
            secret_hashes=hashes,
            has_signing_secret=bool(values.get("has_signing_secret", False)),
            is_connected=is_connected,
            is_synced=is_connected and values.get("device_sync_enabled", True) is True,
        )
