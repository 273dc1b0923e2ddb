"""Routes of a user's own notifications: every key sees and marks its own user's and no others."""

from dataclasses import replace
from typing import Any

from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.paging import page_of
from tandem.admin.problems import not_found
from tandem.admin.schemas.base import NoBody, NoQuery, Page, PageQuery
from tandem.admin.schemas.notifications import (
    NotificationAnswer,
    NotificationPreferencesAnswer,
    NotificationPreferencesChange,
    NotificationsQuery,
    NotifiedTicketAnswer,
)
from tandem.alerts.models import Severity
from tandem.notifications.notice import Notification, Preferences, TicketNotice
from tandem.store.configuration.records import Role


def list_notifications(call: Call[NoBody, NotificationsQuery]) -> Answer:
    """One page of the user's notifications, newest first."""
    user_id, unread = call.principal.user_id, call.query.unread is True

    def read(after: str | None, limit: int) -> list[Notification]:
        return call.services.inbox.page(user_id, after, limit, call.now, unread_only=unread)

    return Answer(page_of(call, "notifications", read, lambda each: each.notification_id, _shape))


def list_notified_tickets(call: Call[NoBody, PageQuery]) -> Answer:
    """One page of the tickets that a notification tells of, in the order in which they were made."""
    user_id = call.principal.user_id

    def read(after: str | None, limit: int) -> list[tuple[str, TicketNotice]]:
        notification = call.services.inbox.get(user_id, call.params["notification_id"], call.now)
        if notification is None:
            raise not_found("notification", call.params["notification_id"])
        if notification.digest_id is None:
            return [("", ticket) for ticket in notification.tickets if after is None]
        return call.services.inbox.tickets(user_id, notification.digest_id, after, limit)

    return Answer(page_of(call, "notified-tickets", read, lambda each: each[0], lambda each: _ticket(each[1])))


def read_notification(call: Call[NoBody, NoQuery]) -> Answer:
    """The notification, read; once read it stays so."""
    notification_id = call.params["notification_id"]
    read = call.services.inbox.mark_read(call.principal.user_id, notification_id, call.now)
    if read is None:
        raise not_found("notification", notification_id)
    return Answer(_shape(read))


def read_all_notifications(call: Call[NoBody, NoQuery]) -> Answer:
    """All that the user has by now is read."""
    call.services.inbox.read_all(call.principal.user_id, call.now)
    return Answer(status=204)


def get_preferences(call: Call[NoBody, NoQuery]) -> Answer:
    """What the user is sent."""
    user = call.services.people.user(call.principal.user_id)
    if user is None:
        raise not_found("user", call.principal.user_id)
    return Answer(preferences_answer(user.notifications))


def change_preferences(call: Call[NotificationPreferencesChange, NoQuery]) -> Answer:
    """What the user is sent, changed."""

    def change() -> Preferences:
        user = call.services.people.user(call.principal.user_id)
        if user is None:
            raise not_found("user", call.principal.user_id)
        changed = changed_preferences(user.notifications, call.body)
        call.services.people.put_user(replace(user, notifications=changed))
        return changed

    return Answer(preferences_answer(call.services.table.retrying(change)))


def changed_preferences(before: Preferences, body: NotificationPreferencesChange) -> Preferences:
    """The preferences with what the body gives."""
    return Preferences(
        email=body.email if body.given("email") else before.email,
        least_severity=Severity(body.least_severity) if body.given("least_severity") else before.least_severity,
    )


def preferences_answer(preferences: Preferences) -> NotificationPreferencesAnswer:
    """Preferences as they are shown."""
    return NotificationPreferencesAnswer.model_validate(
        {"email": preferences.email, "least_severity": preferences.least_severity.value}
    )


def _shape(notification: Notification) -> NotificationAnswer:
    return NotificationAnswer.model_validate(
        {
            "id": notification.notification_id,
            "kind": notification.kind.value,
            "title": notification.title,
            "ticket_count": notification.ticket_count,
            "tickets": [_ticket(each) for each in notification.tickets],
            "created_at": notification.created_at,
            "read_at": notification.read_at,
        }
    )


def _ticket(ticket: TicketNotice) -> NotifiedTicketAnswer:
    values: dict[str, Any] = {"number": ticket.number, "title": ticket.title, "severity": ticket.severity.value}
    return NotifiedTicketAnswer.model_validate({"id": ticket.ticket_id, **values})


_TAG = "Notifications"

ROUTES: Routes = (
    Route(
        "GET",
        "/notifications",
        "List one's notifications",
        Role.VIEWER,
        list_notifications,
        Page[NotificationAnswer],
        _TAG,
        query=NotificationsQuery,
        description="What the key's own user was told, newest first.",
    ),
    Route(
        "POST",
        "/notifications/read-all",
        "Mark all of one's notifications as read",
        Role.VIEWER,
        read_all_notifications,
        None,
        _TAG,
        204,
    ),
    Route(
        "POST",
        "/notifications/{notification_id}/read",
        "Mark one of one's notifications as read",
        Role.VIEWER,
        read_notification,
        NotificationAnswer,
        _TAG,
    ),
    Route(
        "GET",
        "/notifications/{notification_id}/tickets",
        "List the tickets that a notification tells of",
        Role.VIEWER,
        list_notified_tickets,
        Page[NotifiedTicketAnswer],
        _TAG,
        query=PageQuery,
    ),
    Route(
        "GET",
        "/notifications/preferences",
        "Read what one is sent",
        Role.VIEWER,
        get_preferences,
        NotificationPreferencesAnswer,
        _TAG,
    ),
    Route(
        "PATCH",
        "/notifications/preferences",
        "Change what one is sent",
        Role.VIEWER,
        change_preferences,
        NotificationPreferencesAnswer,
        _TAG,
        body=NotificationPreferencesChange,
        description="Of the key's own user. An admin changes others': `PATCH /users/{user_id}`.",
    ),
)
