"""Organizations and devices: where alerts belong."""

from typing import Self

from pydantic import Field, model_validator

from tandem.admin.schemas.base import (
    ContactAnswer,
    ContactBody,
    ExternalId,
    Given,
    Id,
    Name,
    Taken,
    example,
    unless_given,
)


class OrganizationPut(Taken):
    """The client of an organization; null maps it to none. What else is left out stays as it is."""

    model_config = example(client_id="vxk3m2qd7z5h4tjw6nya", name="Northwind Dental")

    client_id: Id | None = Field(description="The client, or null")
    auto_sync: bool = unless_given(description="Sync its devices, once device sync exists; true at first")
    name: Name | None = None
    default_contact: ContactBody | None = Field(None, description="The contact of its tickets, before the client's")


class OrganizationAnswer(Given):
    """The RMM's customer. One that only its alerts speak of is listed while they wait for a client."""

    external_id: str
    name: str | None
    parent_id: str | None
    path: str | None
    client_id: str | None
    auto_sync: bool
    default_contact: ContactAnswer | None
    device_count: int | None = Field(description="Known from device sync only")
    waiting_alerts: int | None = Field(description="Live alerts that wait for a client; null where it was not counted")


class MappedOrganizationAnswer(OrganizationAnswer):
    """The organization as it is now."""

    alerts_decided_again: int = Field(description="Waiting alerts that were handed back to be decided again")


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
