"""A firing and its ticket: rules, the condition's open ticket, a new ticket (alerts.md, "Triggered" 2 to 7)."""

from dataclasses import replace

from tandem.alerts.decision import Context, Decision
from tandem.alerts.draft import Draft
from tandem.alerts.folding import fold
from tandem.alerts.models import Alert, Outcome, Rule, RuleReference, Severity
from tandem.alerts.placing import Place, learn, place
from tandem.alerts.rules import first_match
from tandem.alerts.tickets import PRIORITY_OF_SEVERITY, Board, ChangePriority, CreateTicket, Priority, Ticket
from tandem.alerts.wording import description, occurrence_comment, opening_comment, severity_comment, title
from tandem.ids import derived_id


def decide_ticket(draft: Draft, context: Context, where: Place, why: str = "") -> Decision:
    """A firing that stands on no open ticket yet: which ticket, if any, it gets, and why. `why` is added to the reason:
    what brought the decision about."""
    event = draft.event
    found = first_match(context.rules, event, where.organization_id)
    rule = found.rule
    draft.alert = replace(draft.alert, rule=reference(rule) if rule else None, needs_mapping=False, ticket_id=None)
    notes = why + "".join(f"; {warning}" for warning in found.warnings)
    if rule is None:
        return draft.decided(Outcome.RECORDED_ONLY, f"no rule matched{notes}")
    if not rule.actions.create_ticket:
        return draft.decided(Outcome.RECORDED_ONLY, f"rule '{rule.name}' makes no ticket{notes}", rule_id=rule.rule_id)
    open_ticket_id = draft.condition.open_ticket_id
    if open_ticket_id is not None:
        return _join(draft, open_ticket_id, rule, notes)
    if event.makes_no_ticket:
        return draft.decided(
            Outcome.RECORDED_ONLY,
            f"rule '{rule.name}' makes a ticket, but the event was replayed too late for one{notes}",
            rule_id=rule.rule_id,
        )
    if where.client_id is None:
        draft.alert = replace(draft.alert, needs_mapping=True)
        return draft.decided(
            Outcome.NEEDS_MAPPING,
            f"rule '{rule.name}' makes a ticket, but no client is known: {_unmapped(where)}{notes}",
            rule_id=rule.rule_id,
        )
    return _open(draft, context, rule, where, notes)


def append_occurrence(draft: Draft, known: Alert, ticket_id: str) -> Decision:
    """A later firing of an alert that already stands on its condition's open ticket."""
    _occurrence(draft, ticket_id)
    _raise_ticket(draft, known.rule, None)
    rule_id = known.rule.rule_id if known.rule else None
    return draft.decided(
        Outcome.OCCURRENCE_APPENDED,
        f"fired again; {draft.condition.open_ticket_number} is open for this condition",
        rule_id=rule_id,
        ticket_id=ticket_id,
    )


def raise_severity(draft: Draft, known: Alert, ticket_id: str, later: bool) -> Decision:
    """The alert got worse while its ticket is open; a later firing is an occurrence as well."""
    if later:
        _occurrence(draft, ticket_id)
    _raise_ticket(draft, known.rule, known.severity)
    return draft.decided(
        Outcome.SEVERITY_RAISED,
        f"severity rose from {known.severity.value} to {draft.event.severity.value}",
        rule_id=known.rule.rule_id if known.rule else None,
        ticket_id=ticket_id,
    )


def note_severity(draft: Draft, known: Alert) -> Decision:
    """The alert got worse, by news that came late: after a person closed the ticket of a later firing."""
    return draft.decided(
        Outcome.SEVERITY_RAISED,
        f"severity rose from {known.severity.value} to {draft.event.severity.value}, said of a time before its "
        "latest firing, whose ticket a person closed",
        rule_id=known.rule.rule_id if known.rule else None,
    )


def reference(rule: Rule) -> RuleReference:
    """What the alert keeps of the rule."""
    actions = rule.actions
    return RuleReference(
        rule_id=rule.rule_id,
        revision=rule.revision,
        name=rule.name,
        create_ticket=actions.create_ticket,
        priority=actions.priority,
        auto_resolve_ticket=actions.auto_resolve_ticket,
        auto_resolve_status_id=actions.auto_resolve_status_id,
        reset_alert_on_ticket_close=actions.reset_alert_on_ticket_close,
    )


def settle(draft: Draft, context: Context) -> Place:
    """Learn the device, find where the alert belongs, and note it on the alert."""
    draft.device = learn(draft.event, draft.device)
    where = place(draft.event, draft.device, context)
    draft.alert = replace(
        draft.alert,
        device_name=where.device_name or draft.alert.device_name,
        organization_id=where.organization_id or draft.alert.organization_id,
        organization_name=where.organization_name or draft.alert.organization_name,
        asset_id=where.asset_id,
        client_id=where.client_id,
    )
    return where


def claim(draft: Draft, context: Context, ticket: Ticket, where: Place, cause: str = "") -> None:
    """Open this ticket for the alert and its condition, with its first comment; `cause`: what made it, as one line,
    if a rule did."""
    event, condition = draft.event, draft.condition
    client = context.clients.get(ticket.client_id or "")
    client_name = client.name if client else ticket.client_id
    draft.ticket = ticket
    draft.commands.append(CreateTicket(draft.command_id(), ticket))
    draft.comment(ticket.ticket_id, opening_comment(event, where, client_name, cause, condition.previous_ticket_number))
    draft.link(ticket.ticket_id)
    draft.condition = replace(
        condition,
        open_ticket_id=ticket.ticket_id,
        open_ticket_number=ticket.number,
        open_ticket_severity=event.severity,
        live_count=1 if draft.alert.is_live else 0,
        occurrence_count=1,
        occurrences=None,
        resets=None,
    )


def _join(draft: Draft, ticket_id: str, rule: Rule, notes: str) -> Decision:
    _occurrence(draft, ticket_id)
    _raise_ticket(draft, draft.alert.rule, None)
    draft.link(ticket_id)
    draft.condition = replace(draft.condition, live_count=draft.condition.live_count + 1)
    return draft.decided(
        Outcome.OCCURRENCE_APPENDED,
        f"rule '{rule.name}' makes a ticket; joined {draft.condition.open_ticket_number}, "
        f"which this condition has open{notes}",
        rule_id=rule.rule_id,
        ticket_id=ticket_id,
    )


def _occurrence(draft: Draft, ticket_id: str) -> None:
    """One more occurrence on the condition's open ticket, with its comment."""
    condition, event = draft.condition, draft.event
    folding = fold(condition.occurrences, ticket_id, draft.next_comment_id(), event.occurred_at, draft.now)
    count = condition.occurrence_count + 1
    draft.condition = replace(condition, occurrence_count=count, occurrences=folding)
    draft.folded_comment(ticket_id, occurrence_comment(event, count, folding), folding.comment_id, folding.comment_at)


def _raise_ticket(draft: Draft, rule: RuleReference | None, alert_was: Severity | None) -> None:
    """The open ticket's priority rises with the worst severity it stands for, unless the alert's rule sets it.

    `alert_was`: the alert's own severity before it rose, which is worth a comment even on a ticket that already stands
    for worse.
    """
    stood_for = draft.condition.open_ticket_severity or Severity.NONE
    severity, ticket = draft.event.severity, draft.ticket
    rises = severity.rank > stood_for.rank
    if ticket is None or (not rises and alert_was is None):
        return
    pinned = rule is not None and rule.priority is not None
    wanted = ticket.priority if pinned or not rises else PRIORITY_OF_SEVERITY[severity]
    priority = max(ticket.priority, wanted, key=lambda each: each.rank)
    pinned_by = rule.name if rule is not None and pinned else None
    before = alert_was if alert_was is not None else stood_for
    draft.comment(ticket.ticket_id, severity_comment(before, draft.event, ticket.priority, priority, pinned_by))
    if rises:
        draft.condition = replace(draft.condition, open_ticket_severity=severity)
    if priority is not ticket.priority:
        draft.ticket = replace(ticket, priority=priority)
        draft.commands.append(ChangePriority(draft.command_id(), ticket.ticket_id, priority))


def _open(draft: Draft, context: Context, rule: Rule, where: Place, notes: str) -> Decision:
    ticket, board_note = new_ticket(draft, context, rule, where)
    claim(draft, context, ticket, where, f"Rule: {rule.name}")
    return draft.decided(
        Outcome.TICKET_CREATED,
        f"rule '{rule.name}' makes a ticket; client by {where.client_by}{board_note}{notes}",
        rule_id=rule.rule_id,
        ticket_id=ticket.ticket_id,
    )


def new_ticket(draft: Draft, context: Context, rule: Rule, where: Place) -> tuple[Ticket, str]:
    """The ticket that the rule makes of the draft's event, and a note if its board is another than the rule's."""
    event, condition, actions = draft.event, draft.condition, rule.actions
    board, board_note = _board_of(context, actions.board_id)
    ticket = Ticket(
        ticket_id=derived_id("ticket", draft.attempt),
        number=context.ticket_number,
        title=title(rule, event, where),
        description=description(rule, event, where),
        board_id=board.board_id,
        status_id=board.default_status.status_id,
        is_closed=False,
        priority=Priority(actions.priority) if actions.priority else PRIORITY_OF_SEVERITY[event.severity],
        opened_at=draft.now,
        client_id=where.client_id,
        asset_id=where.asset_id,
        assignee_id=actions.assignee_id,
        contact=where.contact,
        source=event.provider.value,
        source_reference=event.external_alert_id,
        condition_id=condition.condition_id,
        previous_ticket_number=condition.previous_ticket_number,
        severity=event.severity,
        notify_user_ids=actions.notify_user_ids,
    )
    return ticket, board_note


def _board_of(context: Context, board_id: str | None) -> tuple[Board, str]:
    """The rule's board, else the default one, with a note when the rule's is gone."""
    wanted = context.boards.get(board_id) if board_id else None
    if wanted is not None and wanted.active:
        return wanted, ""
    boards = sorted(context.boards.values(), key=lambda board: (not board.is_default, board.board_id))
    if not boards:
        raise LookupError("no board exists")
    note = "; the rule's board is gone, the default board took it" if board_id else ""
    return boards[0], note


def _unmapped(where: Place) -> str:
    if where.organization_id is not None:
        name = where.organization_name or where.organization_id
        return f"organization '{name}' is not mapped to a client"
    return "the alert names no organization, and the integration has no default client"
