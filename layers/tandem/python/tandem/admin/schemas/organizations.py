"""Organizations: the RMM's customers, and whose they are here."""

from typing import Literal

from pydantic import Field

from tandem.admin.schemas.base import (
    ContactAnswer,
    ContactBody,
    ExternalId,
    Given,
    Id,
    Name,
    PageQuery,
    Taken,
    example,
    unless_given,
)
from tandem.admin.schemas.clients import ClientAnswer

MOST_AT_ONCE = 200
"""Organizations of one request."""

EXAMPLE_ID = "vxk3m2qd7z5h4tjw6nya"


class OrganizationsQuery(PageQuery):
    """Which organizations."""

    mapped: Literal["true", "false"] | None = Field(None, description="They have a client; places are in neither")


class OrganizationPut(Taken):
    """The client of an organization; null maps it to none. What else is left out stays as it is."""

    model_config = example(client_id=EXAMPLE_ID, name="Northwind Dental")

    client_id: Id | None = Field(description="The client, or null")
    auto_sync: bool = unless_given(description="Whether its devices become assets; true at first")
    name: Name | None = None
    default_contact: ContactBody | None = Field(None, description="The contact of its tickets, before the client's")


class OrganizationMapping(Taken):
    """One organization of several."""

    external_id: ExternalId
    client_id: Id | None = Field(description="The client, or null")
    auto_sync: bool = unless_given(description="Whether its devices become assets")


class OrganizationsPut(Taken):
    """Several mappings: all are made, or none and what is wrong is told."""

    model_config = example(items=[{"external_id": "2", "client_id": EXAMPLE_ID}])

    items: list[OrganizationMapping] = Field(min_length=1, max_length=MOST_AT_ONCE)


class SuggestionsBody(Taken):
    """Whose suggested clients are right."""

    model_config = example(external_ids=["2"])

    external_ids: list[ExternalId] = Field(min_length=1, max_length=MOST_AT_ONCE)


class ClientOfOrganizationBody(Taken):
    """What the new client is called, if not as the organization is."""

    model_config = example(name="Northwind Dental")

    name: Name | None = None
    external_ref: Name | None = Field(None, description="What another system calls this client")


class OrganizationAnswer(Given):
    """The RMM's customer, or a place of one. One that only its alerts speak of is listed while they wait for a
    client."""

    external_id: str
    name: str | None
    parent_id: str | None
    path: str | None = Field(description="The names from the top: `Acme / Branch`")
    is_place: bool = Field(description="A location or site: nothing is mapped by it")
    is_listed: bool = Field(description="The RMM (still) lists it", examples=[True])
    client_id: str | None
    suggested_client_id: str | None = Field(
        description="The client of the same name, if both are alone in having it. Null of one that is mapped",
        examples=[None],
    )
    auto_sync: bool
    default_contact: ContactAnswer | None
    device_count: int | None = Field(
        description="Devices in it and not below it, without retired ones; null before the first device sync"
    )
    waiting_alerts: int | None = Field(description="Live alerts that wait for a client; null where it was not counted")


class ConsequencesAnswer(Given):
    """What a mapping sets off."""

    alerts_decided_again: int = Field(description="Waiting alerts that were handed back to be decided again")
    device_sync: Literal["begun", "wanted"] | None = Field(
        description="The sync that makes assets of its devices: begun, or to begin when the present one ends. Null if "
        "none is needed, or the integration has none",
        examples=["begun"],
    )


class MappedOrganizationAnswer(OrganizationAnswer, ConsequencesAnswer):
    """The organization as it is now."""


class MappedOrganizationsAnswer(ConsequencesAnswer):
    """The organizations as they are now."""

    items: list[OrganizationAnswer]


class NewClientOfOrganizationAnswer(ConsequencesAnswer):
    """The new client, and the organization that is mapped to it."""

    client: ClientAnswer
    organization: OrganizationAnswer
