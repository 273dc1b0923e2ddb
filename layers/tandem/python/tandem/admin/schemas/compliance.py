"""How clients' machines do."""

from pydantic import Field

from tandem.admin.schemas.base import Given, Id, PageQuery

EXAMPLE_ID = "vxk3m2qd7z5h4tjw6nya"


class ComplianceQuery(PageQuery):
    """Which clients."""

    client_id: Id | None = Field(None, description="Or `-`: assets that have no client")


class ComplianceAnswer(Given):
    """One client's assets, without retired ones. What no RMM says is counted as not known, never as a zero."""

    client_id: str | None = Field(description="Null: assets that have no client", examples=[EXAMPLE_ID])
    client_name: str | None = Field(examples=["Northwind Dental"])
    assets: int = Field(examples=[61])
    online: int = Field(description="With the next three it adds up to `assets`", examples=[44])
    offline: int = Field(examples=[12])
    overdue: int = Field(examples=[3])
    status_unknown: int = Field(description="Also those that are missing", examples=[2])
    missing: int = Field(description="No RMM lists them any more", examples=[1])
    assets_with_pending: int = Field(description="With patches pending, also of RMMs that say only that", examples=[19])
    patches_pending: int = Field(description="The sum of the counts that RMMs give", examples=[84])
    without_pending_count: int = Field(description="Assets whose RMM gives no count", examples=[4])
    patches_failed: int = Field(examples=[2])
    without_failed_count: int = Field(examples=[4])
    active_alerts: int = Field(description="Active and acknowledged ones", examples=[5])
    unprotected: int = Field(description="The antivirus does not protect, or there is none", examples=[1])
    protection_unknown: int = Field(examples=[6])
