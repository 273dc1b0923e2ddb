"""The route of the audit log."""

from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.paging import after_of, cursor_of
from tandem.admin.schemas.audits import AuditAnswer, AuditQuery
from tandem.admin.schemas.base import NoBody, Page
from tandem.store.audits import AuditEntry
from tandem.store.configuration.records import Role


def list_audit_entries(call: Call[NoBody, AuditQuery]) -> Answer:
    """One page of the audit log."""
    query = call.query

    def fits(entry: AuditEntry) -> bool:
        return (
            query.user_id in (None, entry.who.removeprefix("user:"))
            and query.action in (None, entry.what)
            and query.subject in (None, entry.subject)
        )

    found = call.services.audits.entries(fits, after_of(call, "audit"), query.limit, call.now)
    items = [
        AuditAnswer(
            id=each.audit_id, at=each.at, who=each.who, action=each.what, subject=each.subject, detail=each.detail
        )
        for each in found.records
    ]
    return Answer(Page[AuditAnswer](items=items, next_cursor=cursor_of(call, "audit", found.after)))


ROUTES: Routes = (
    Route(
        "GET",
        "/audit",
        "List who did what",
        Role.ADMIN,
        list_audit_entries,
        Page[AuditAnswer],
        "Audit",
        query=AuditQuery,
        description="What nobody else would know of: ways into machines that were opened, assets linked, unlinked and "
        "retired by hand, syncs confirmed and cancelled. Newest first.",
    ),
)
