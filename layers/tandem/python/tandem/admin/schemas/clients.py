"""Clients."""

from pydantic import Field

from tandem.admin.schemas.base import ContactAnswer, ContactBody, Given, Name, Taken, example, unless_given


class ClientCreate(Taken):
    """A new client."""

    model_config = example(
        name="Northwind Dental",
        external_ref="C-1042",
        default_contact={"name": "Grace Hopper", "email": "grace@example.com"},
    )

    name: Name = Field(examples=["Northwind Dental"])
    external_ref: Name | None = Field(None, description="What another system calls this client", examples=["C-1042"])
    default_contact: ContactBody | None = Field(None, description="The contact of this client's tickets")


class ClientChange(Taken):
    """What to change: a field that is left out stays as it is, null clears it."""

    model_config = example(name="Northwind Dental Group")

    name: Name = unless_given(examples=["Northwind Dental Group"])
    external_ref: Name | None = None
    default_contact: ContactBody | None = None


class ClientAnswer(Given):
    """The MSP's customer."""

    id: str
    name: str
    external_ref: str | None
    default_contact: ContactAnswer | None
