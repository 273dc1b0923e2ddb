"""What a body refers to must be there: a wrong id is told by its field (422), not found out later."""

from typing import Any

from tandem.admin.calls import Call
from tandem.admin.problems import invalid, not_found
from tandem.admin.schemas.base import ContactAnswer, ContactBody
from tandem.alerts.models import Contact
from tandem.alerts.tickets import Board, Status
from tandem.store.configuration.records import ClientRecord, Integration, User

AnyCall = Call[Any, Any]


def the_integration(call: AnyCall) -> Integration:
    """The integration that the path names. Raises Problem 404."""
    integration_id = call.params["integration_id"]
    integration = call.services.integrations.get(integration_id)
    if integration is None:
        raise not_found("integration", integration_id)
    return integration


def integration(call: AnyCall, field: str, integration_id: str | None) -> Integration | None:
    """The integration that the field names; None for none. Raises Problem 422."""
    if integration_id is None:
        return None
    found = call.services.integrations.get(integration_id)
    if found is None:
        raise invalid(field, f"there is no integration '{integration_id}'")
    return found


def client(call: AnyCall, field: str, client_id: str | None) -> ClientRecord | None:
    """The client that the field names; None for none. Raises Problem 422."""
    if client_id is None:
        return None
    found = call.services.clients.get(client_id)
    if found is None:
        raise invalid(field, f"there is no client '{client_id}'")
    return found


def user(call: AnyCall, field: str, user_id: str | None) -> User | None:
    """The active user that the field names; None for none. Raises Problem 422."""
    if user_id is None:
        return None
    found = call.services.people.user(user_id)
    if found is None or not found.active:
        raise invalid(field, f"there is no active user '{user_id}'")
    return found


def board(call: AnyCall, field: str, board_id: str | None) -> Board:
    """The active board that the field names, the default one for None. Raises Problem 422."""
    if board_id is None:
        default = call.services.boards.default()
        if default is None:
            raise invalid(field, "there is no default board")
        return default.board
    found = call.services.boards.get(board_id)
    if found is None or not found.board.active:
        raise invalid(field, f"there is no active board '{board_id}'")
    return found.board


def status(board_of_it: Board, field: str, reference: str) -> Status:
    """The board's status with this id, or this name in any letter case. Raises Problem 422."""
    by_id = board_of_it.status(reference)
    if by_id is not None:
        return by_id
    for each in board_of_it.statuses:
        if each.name.casefold() == reference.casefold():
            return each
    ids = ", ".join(each.status_id for each in board_of_it.statuses)
    raise invalid(field, f"board '{board_of_it.name}' has no status '{reference}', but {ids}")


def contact_of(body: ContactBody | None) -> Contact | None:
    """The contact that a body gives; None for an empty one."""
    if body is None or (body.name, body.email, body.phone) == (None, None, None):
        return None
    return Contact(body.name, body.email, body.phone)


def contact_answer(contact: Contact | None) -> ContactAnswer | None:
    """The contact as it is shown."""
    return ContactAnswer(name=contact.name, email=contact.email, phone=contact.phone) if contact else None
