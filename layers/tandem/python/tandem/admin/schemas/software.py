"""Software: which programs there are, on which assets, in which versions."""

from typing import Annotated

from pydantic import Field, StringConstraints

from tandem.admin.schemas.base import Given, Id, PageQuery, ProviderName

EXAMPLE_ID = "vxk3m2qd7z5h4tjw6nya"

_NAME = ["7-zip"]


class SoftwareQuery(PageQuery):
    """Which programs."""

    q: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=255)] = Field(
        description="Words of a program's name or publisher; all must be in it"
    )
    integration_id: Id | None = None


class ProgramAssetsQuery(PageQuery):
    """Which of the assets that have a program; all filters that are given must fit."""

    version: Annotated[str, StringConstraints(max_length=255)] | None = Field(
        None, description="Exactly; empty for none"
    )
    client_id: Id | None = None
    integration_id: Id | None = None


class NoInventoryAnswer(Given):
    """An integration whose software is not known."""

    integration_id: str
    provider: ProviderName
    reason: str = Field(examples=["Level has no software inventory."])


class VersionAnswer(Given):
    """One version of a program."""

    version: str | None = Field(description="Null where none is said", examples=["23.01"])
    asset_count: int = Field(examples=[41])


class ProgramAnswer(Given):
    """A program, whatever its versions are called."""

    name: str = Field(description="Normalized: what it is found by", examples=_NAME)
    display: str = Field(description="As an RMM writes it", examples=["7-Zip 23.01 (x64)"])
    publisher: str | None = Field(examples=["Igor Pavlov"])
    asset_count: int = Field(examples=[41])
    versions: list[VersionAnswer] = Field(description="The 50 on the most assets")


class SoftwareFoundAnswer(Given):
    """Programs, those on the most assets first."""

    items: list[ProgramAnswer]
    next_cursor: str | None = None
    complete: bool = Field(description="False if there was no time to look at all assets", examples=[True])
    without_inventory: list[NoInventoryAnswer] = Field(examples=[[]])


class ProgramAssetAnswer(Given):
    """An asset that has the program."""

    asset_id: str
    asset_name: str | None = Field(examples=["NW-DC01"])
    client_id: str | None = Field(examples=[EXAMPLE_ID])
    versions: list[str | None] = Field(examples=[["23.01"]])


class ProgramAssetsAnswer(Given):
    """The assets that have a program, in the order of their ids."""

    name: str = Field(examples=_NAME)
    display: str = Field(examples=["7-Zip 23.01 (x64)"])
    publisher: str | None = Field(examples=["Igor Pavlov"])
    asset_count: int = Field(description="Of all versions", examples=[41])
    items: list[ProgramAssetAnswer]
    next_cursor: str | None = None
    complete: bool = Field(description="False if there was no time to look at all assets", examples=[True])


class InstalledAnswer(Given):
    """A program on an asset; one in several versions comes several times."""

    name: str = Field(examples=["7-Zip 23.01 (x64)"])
    version: str | None = Field(examples=["23.01"])
    publisher: str | None = Field(examples=["Igor Pavlov"])


class AssetSoftwareAnswer(Given):
    """All programs of an asset, by name."""

    items: list[InstalledAnswer]
    without_inventory: list[NoInventoryAnswer] = Field(
        description="Integrations of its devices whose software is not known", examples=[[]]
    )
