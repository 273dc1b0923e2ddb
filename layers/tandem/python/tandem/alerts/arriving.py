"""The asset of a device arrives after its alerts: they get it, and its client, and so does the ticket on which they
stand, if nobody has given it another.

    an alert that waits for a client, or that a window    decided anew: its client may be known now, a window of the
    holds                                                 asset may hold it, one of another client does not any more
    any other live alert                                  noted on the alert, and on its open ticket. No rule is tried
                                                          again, nothing is held that was told already

An arrival is not a firing: it counts no occurrence, reopens nothing, and changes no time.
"""

from dataclasses import replace
from datetime import datetime

from tandem.alerts.again import decide_again
from tandem.alerts.decision import Decision
from tandem.alerts.draft import Draft
from tandem.alerts.models import Alert, AlertEvent, DeviceRecord, Origin, Outcome
from tandem.alerts.placing import Place, client_of_device
from tandem.alerts.tickets import PlaceTicket
from tandem.alerts.wording import asset_comment
from tandem.ids import derived_id


def lacks_asset(alert: Alert, device: DeviceRecord) -> bool:
    """The alert is live and says less, or something else, than its device's record does by the asset."""
    if not alert.is_live or device.asset_id is None:
        return False
    return alert.asset_id != device.asset_id or (alert.needs_mapping and client_of_device(device) is not None)


def asset_arrived(alert: Alert, message: str | None, device: DeviceRecord, now: datetime) -> AlertEvent:
    """The event that has the alert look at its device's asset; the same for the same asset. `message`: the whole one,
    where the alert holds only its beginning."""
    event_id = derived_id("asset arrived", alert.alert_id, device.asset_id or "")
    event = replace(decide_again(alert, message, Origin.MAPPING, event_id, now), asset_arrived=True)
    if alert.needs_mapping and device.organization_id not in (None, alert.organization_id):
        # What fired has no client yet: it is where the RMM lists the device by now.
        event = replace(event, organization_id=device.organization_id, organization_name=None)
    return event


def note_asset(draft: Draft, known: Alert, where: Place, besides: str = "") -> Decision:
    """The draft's alert, settled at `where`, and its ticket say the asset; nothing else is decided. `besides`: what
    stays as it was, as a sentence's end."""
    ticket_id = give_ticket_the_asset(draft, where)
    was, now = (known.asset_id, known.client_id), (draft.alert.asset_id, draft.alert.client_id)
    if was == now and ticket_id is None:
        return Decision(Outcome.IGNORED, "its asset is known already")
    notes = ["its ticket has it too"] if ticket_id is not None else []
    notes += [besides] if besides else []
    return draft.decided(
        Outcome.PLACED,
        "; ".join(["its asset arrived", *notes]),
        window_id=known.suppressed_by_window_id,
        ticket_id=ticket_id,
    )


def give_ticket_the_asset(draft: Draft, where: Place) -> str | None:
    """The alert's open ticket gets the asset, and the client, that it has none of, and a comment with what is known of
    the asset. Gives the ticket's id if it has changed."""
    ticket = draft.ticket
    if ticket is None or ticket.is_closed or draft.alert.ticket_id != ticket.ticket_id:
        return None
    placed = replace(ticket, asset_id=ticket.asset_id or where.asset_id, client_id=ticket.client_id or where.client_id)
    if placed == ticket:
        return None
    draft.ticket = placed
    draft.commands.append(PlaceTicket(draft.command_id(), ticket.ticket_id, placed.asset_id, placed.client_id))
    if placed.asset_id != ticket.asset_id:
        draft.comment(ticket.ticket_id, asset_comment(draft.event, where))
    return ticket.ticket_id
