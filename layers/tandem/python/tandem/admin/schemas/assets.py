"""Assets: machines as the desk knows them. Units stand in the names of fields; GiB is 2^30 bytes."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from tandem.admin.schemas.base import (
    LINES,
    ExternalId,
    Given,
    Id,
    Name,
    PageQuery,
    ProviderName,
    Taken,
    Time,
    example,
    unless_given,
)

MOST_AT_ONCE = 100
"""Assets that are asked for anew in one request."""

LONGEST_NOTES = 16_000
"""Characters."""

AssetTypeName = Literal[
    "workstation",
    "server",
    "vm_host",
    "vm_guest",
    "mobile_device",
    "network_device",
    "printer",
    "cloud_monitor",
    "other",
]
AgentStatusName = Literal["online", "offline", "overdue", "unknown"]
PresenceName = Literal["listed", "missing", "retired"]
PersonsField = Literal[
    "name", "type", "client_id", "serial_number", "manufacturer", "model", "operating_system", "location"
]
Value = str | int | float | bool | None
Whether = Literal["true", "false"]

EXAMPLE_ID = "vxk3m2qd7z5h4tjw6nya"


class AssetsQuery(PageQuery):
    """Which assets; all filters that are given must fit."""

    client_id: Id | None = Field(None, description="Or `-`: assets that have no client")
    integration_id: Id | None = Field(None, description="One of its devices is this integration's")
    q: Name | None = Field(
        None, description="The start of a word of name, hostname or serial number; of several words all must fit"
    )
    agent_status: AgentStatusName | None = None
    type: AssetTypeName | None = None
    presence: PresenceName | None = None
    managed: Whether | None = Field(None, description="A connected RMM lists it")
    has_active_alerts: Whether | None = None
    has_pending_patches: Whether | None = Field(None, description="`false` finds only those whose RMM says so")
    has_differences: Whether | None = Field(
        None, description="There is something to review: an RMM says otherwise than a person, or another asset is alike"
    )


class DiskAnswer(Given):
    """A volume."""

    name: str = Field(examples=["C:"])
    total_gib: float | None = Field(examples=[475.3])
    free_gib: float | None = Field(examples=[96.2])


class FactsAnswer(Given):
    """What is known of a machine; null or empty where nobody says. Times are UTC."""

    name: str | None = Field(examples=["NW-DC01"])
    type: AssetTypeName | None = Field(examples=["server"])
    hostname: str | None = Field(examples=["nw-dc01.northwind.example"])
    serial_number: str | None = Field(examples=["5CD1234XYZ"])
    manufacturer: str | None = Field(examples=["Dell Inc."])
    model: str | None = Field(examples=["PowerEdge R650"])
    operating_system: str | None = Field(examples=["Windows Server 2022 Standard"])
    os_version: str | None = Field(examples=["10.0.20348"])
    architecture: str | None = Field(examples=["64-bit"])
    cpu_model: str | None = Field(examples=["Intel(R) Xeon(R) Silver 4310"])
    cpu_cores: int | None = Field(examples=[12])
    ram_gib: float | None = Field(examples=[63.7])
    lan_addresses: list[str] = Field(examples=[["192.168.10.5"]])
    wan_address: str | None = Field(examples=["203.0.113.7"])
    mac_addresses: list[str] = Field(examples=[["3c:ec:ef:12:34:56"]])
    antivirus_product: str | None = Field(examples=["Microsoft Defender"])
    antivirus_status: str | None = Field(description="`protected`, `unprotected` or `unknown`", examples=["protected"])
    agent_status: AgentStatusName | None = Field(
        description="What the RMM's agent does; `unknown` of a machine that is not listed any more"
    )
    agent_version: str | None = Field(examples=["7.0.2317"])
    location: str | None = Field(examples=["Main office"])
    tags: list[str] = Field(examples=[[]])
    maintenance_mode: bool | None
    needs_reboot: bool | None
    security_score: int | None = Field(description="0 to 100", examples=[None])
    security_risk: str | None = Field(examples=[None])
    flag: str | None = Field(examples=[None])
    patches_pending: int | None = Field(description="The RMM's own count; null where it gives none", examples=[3])
    patches_failed: int | None = Field(examples=[0])
    has_patches_pending: bool | None = Field(description="Also of an RMM that says only that", examples=[True])
    last_patch_scan_at: Time | None
    provider_class: str | None = Field(
        description="What kind of device it is, in the RMM's words", examples=["WINDOWS_SERVER"]
    )


class SeenAnswer(Given):
    """What changes all the time; as of the last sync."""

    last_seen_at: Time | None
    last_boot_at: Time | None
    uptime_seconds: int | None = Field(description="Since the last boot; null unless it is online", examples=[86_400])
    last_user: str | None = Field(examples=["NORTHWIND\\grace"])


class AssetDeviceAnswer(Given):
    """A device of an RMM that the asset is the record of."""

    integration_id: str
    provider: ProviderName | None = Field(description="Null of an integration that is gone")
    external_id: str
    presence: PresenceName
    is_managed: bool = Field(description="A connected RMM lists it", examples=[True])


class AssetAnswer(FactsAnswer, SeenAnswer):
    """One asset as lists show it: a person's words over what its RMMs say."""

    id: str
    client_id: str | None = Field(examples=[EXAMPLE_ID])
    presence: PresenceName | None = Field(description="Null of one whose devices went to another asset")
    is_managed: bool = Field(description="A connected RMM lists one of its devices", examples=[True])
    disks: list[DiskAnswer]
    devices: list[AssetDeviceAnswer]
    edited_fields: list[PersonsField] = Field(description="Which fields a person wrote", examples=[["location"]])
    created_at: Time
    updated_at: Time | None


class WholeAssetDeviceAnswer(AssetDeviceAnswer):
    """A device with all that its RMM says of it."""

    organization_id: str | None = Field(description="As the RMM says")
    client_id: str | None = Field(description="Whom that organization is mapped to", examples=[EXAMPLE_ID])
    missing_since: Time | None = Field(description="The first of the complete lists that lack it", examples=[None])
    linked_at: Time | None
    linked_by: str = Field(
        description="Why it is this asset's: `device` (it made the asset), `serial_number`, `mac_address`, `person`",
        examples=["device"],
    )
    facts: FactsAnswer
    disks: list[DiskAnswer]
    seen: SeenAnswer
    remote_access: bool = Field(description="A link into it can be asked for", examples=[True])


class DifferenceAnswer(Given):
    """The RMM says otherwise than a person. The person's word counts until the field is given back."""

    field: PersonsField = Field(examples=["location"])
    edited: Value = Field(examples=["Server room, 2nd floor"])
    provided: Value = Field(examples=["Main office"])


class LikenessAnswer(Given):
    """Another asset that may be the same machine: link both, or leave it."""

    asset_id: str
    reason: str = Field(examples=["It has the same serial number or MAC address, but is another client's"])


class WholeAssetAnswer(AssetAnswer):
    """One asset with who says what."""

    devices: list[WholeAssetDeviceAnswer]  # type: ignore[assignment]
    edited: dict[str, Value] = Field(examples=[{"location": "Server room, 2nd floor"}])
    notes: str | None = Field(examples=[None])
    differences: list[DifferenceAnswer]
    maybe_same: list[LikenessAnswer] = Field(examples=[[]])
    linked_to: str | None = Field(description="The asset that its devices were linked to", examples=[None])
    active_alerts: int = Field(description="Active and acknowledged ones of its devices", examples=[1])
    open_tickets: int = Field(description="Of the tenant's newest 1,000 open tickets", examples=[1])


class AssetChange(Taken):
    """What a person writes. It stands over what RMMs say until the field is given back; a field that is left out stays
    as it is, null shows it empty."""

    model_config = example(location="Server room, 2nd floor", give_back=["name"])

    name: Name = unless_given()
    type: AssetTypeName = unless_given()
    client_id: Id | None = None
    serial_number: Name | None = None
    manufacturer: Name | None = None
    model: Name | None = None
    operating_system: Name | None = None
    location: Name | None = None
    notes: Annotated[str, Field(max_length=LONGEST_NOTES), LINES] | None = Field(
        None, description="A person's alone; no RMM knows of them"
    )
    give_back: list[PersonsField] = unless_given(max_length=8, description="Fields that are what the RMMs say again")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("say at least one field")
        return self


class LinkBody(Taken):
    """The other asset of the same machine."""

    model_config = example(asset_id=EXAMPLE_ID)

    asset_id: Id


class UnlinkBody(Taken):
    """The device that is another machine."""

    model_config = example(integration_id=EXAMPLE_ID, external_id="2")

    integration_id: Id
    external_id: ExternalId


class LinkedAnswer(Given):
    """The asset as it is now."""

    asset: WholeAssetAnswer
    other_id: str = Field(description="The asset that gave its devices, or got the one that was unlinked")


class RefreshBody(Taken):
    """Assets whose RMMs are to be asked for them now."""

    model_config = example(ids=[EXAMPLE_ID])

    ids: list[Id] = Field(min_length=1, max_length=MOST_AT_ONCE)


class NotRefreshedAnswer(Given):
    """An asset that no RMM can be asked for."""

    id: str
    reason: str = Field(examples=["none of its devices is one of a connected RMM"])


class RefreshAnswer(Given):
    """How many devices are asked for. They are as their RMM shows them in a minute or so."""

    devices: int = Field(examples=[1])
    not_asked: list[NotRefreshedAnswer] = Field(examples=[[]])


class HistoryChangeAnswer(Given):
    """One field."""

    field: str = Field(examples=["operating_system"])
    old: Value = Field(examples=["Windows Server 2019 Standard"])
    new: Value = Field(examples=["Windows Server 2022 Standard"])


class HistoryEntryAnswer(Given):
    """A change of an asset. Kept for 400 days."""

    at: Time
    by: str = Field(description="`run:<id>` of a sync, `user:<id>`, or `system`", examples=[f"run:{EXAMPLE_ID}"])
    what: str = Field(
        description="`created`, `changed`, `linked`, `unlinked`, `missing`, `returned`, `retired`, `software`",
        examples=["changed"],
    )
    changes: list[HistoryChangeAnswer]
