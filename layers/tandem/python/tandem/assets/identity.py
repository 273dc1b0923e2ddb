"""The ids of assets."""

from tandem.ids import derived_id


def asset_id_of(integration_id: str, external_id: str) -> str:
    """The id of the asset that a device makes, where no other asset is found to be the same machine."""
    return derived_id("asset", integration_id, external_id)
