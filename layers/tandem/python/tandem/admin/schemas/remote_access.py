"""A way into a machine."""

from typing import Self

from pydantic import Field, model_validator

from tandem.admin.schemas.base import ExternalId, Given, Id, ProviderName, Taken, Time, example


class RemoteAccessBody(Taken):
    """Which of the asset's devices, if it has several: else the first that a connected RMM lists."""

    model_config = example(integration_id="vxk3m2qd7z5h4tjw6nya", external_id="2")

    integration_id: Id | None = None
    external_id: ExternalId | None = None

    @model_validator(mode="after")
    def _names_a_device(self) -> Self:
        if (self.integration_id is None) is not (self.external_id is None):
            raise ValueError("say both integration_id and external_id, or neither")
        return self


class RemoteAccessAnswer(Given):
    """A link for the browser of the person who asked. Do not pass it on: whoever opens it is in."""

    url: str = Field(examples=["https://eu.ninjarmm.com/#/deviceDashboard/2/overview"])
    expires_at: Time | None = Field(description="Null of a page that asks for a sign-in of its own")
    provider: ProviderName
    integration_id: str
    external_id: str
