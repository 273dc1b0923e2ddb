"""The audit log."""

from pydantic import Field

from tandem.admin.schemas.base import Given, Id, Name, PageQuery, Time

EXAMPLE_ID = "vxk3m2qd7z5h4tjw6nya"


class AuditQuery(PageQuery):
    """Which entries; all filters that are given must fit."""

    user_id: Id | None = None
    action: Name | None = Field(None, description="Such as `remote_access`")
    subject: Name | None = Field(None, description="Such as `asset:<id>`")


class AuditAnswer(Given):
    """Something that somebody did. Kept for 400 days."""

    id: str
    at: Time
    who: str = Field(description="`user:<id>`", examples=["user:first-admin"])
    action: str = Field(
        description="`remote_access`, `link`, `unlink`, `retire`, `restore`, `confirm_retiring`, `cancel_sync`",
        examples=["remote_access"],
    )
    subject: str = Field(description="What it was done to", examples=[f"asset:{EXAMPLE_ID}"])
    detail: str | None = Field(examples=["a new link to device 2 of NinjaOne, main account"])
