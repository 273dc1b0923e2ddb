"""Remembering who did what that nobody else would know of."""

from typing import Any

from tandem.admin.calls import Call
from tandem.ids import new_id
from tandem.store.audits import AuditEntry


def note(call: Call[Any, Any], what: str, subject: str, detail: str | None = None) -> None:
    """Remember that the caller did this. `detail`: for people, without secrets."""
    entry = AuditEntry(new_id(), call.now, f"user:{call.principal.user_id}", what, subject, detail)
    call.services.audits.put(entry)
