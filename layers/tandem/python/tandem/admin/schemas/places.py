"""Device records: where the alerts of a device belong."""

from typing import Self

from pydantic import Field, model_validator

from tandem.admin.schemas.base import ExternalId, Given, Id, Name, Taken, example


class DevicePut(Taken):
    """Where a device belongs. What is left out stays as it is, null clears it."""

    model_config = example(client_id="vxk3m2qd7z5h4tjw6nya", name="NW-DC01")

    client_id: Id | None = Field(None, description="Its client, whatever its organization's is")
    organization_id: ExternalId | None = Field(None, description="Its organization, as the RMM calls it")
    name: Name | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("say at least one of client_id, organization_id and name")
        return self


class DeviceAnswer(Given):
    """What is known of a device before and beside its asset."""

    integration_id: str
    external_id: str
    name: str | None
    organization_id: str | None
    client_id: str | None
    asset_id: str | None
    facts: dict[str, str]


class MappedDeviceAnswer(DeviceAnswer):
    """The device as it is now."""

    alerts_decided_again: int = Field(description="Waiting alerts that were handed back to be decided again")
