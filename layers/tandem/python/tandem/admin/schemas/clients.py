"""Clients."""

from pydantic import Field

from tandem.admin.schemas.base import ContactAnswer, ContactBody, Given, Name, Taken, unless_given


class ClientCreate(Taken):
    """A new client."""

    name: Name = Field(examples=["Northwind Dental"])
    external_ref: Name | None = Field(None, description="What another system calls this client", examples=["C-1042"])
    default_contact: ContactBody | None = Field(None, description="The contact of this client's tickets")


class ClientChange(Taken):
    """What to change: a field that is left out stays as it is, null clears it."""

    name: Name = unless_given(examples=["Northwind Dental Group"])
    external_ref: Name | None = None
    default_contact: ContactBody | None = None


class ClientAnswer(Given):
    """The MSP's customer."""

    id: str
    name: str
    external_ref: str | None
    default_contact: ContactAnswer | None
