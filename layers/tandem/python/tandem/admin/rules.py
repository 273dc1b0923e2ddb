"""Routes of rules. A rule is written whole; each new meaning is a revision that its alerts keep (W16)."""

from typing import Any

from tandem.admin.calls import Answer, Call, Route, Routes
from tandem.admin.paging import page_of
from tandem.admin.problems import conflict, invalid, not_found
from tandem.admin.references import board, the_integration, user
from tandem.admin.schemas.base import NoBody, NoQuery, Page, PageQuery
from tandem.admin.schemas.rules import (
    ActionsAnswer,
    ActionsBody,
    ConditionsAnswer,
    OrderAnswer,
    OrderBody,
    RuleAnswer,
    RuleBody,
)
from tandem.alerts.models import Rule, RuleActions, RuleConditions, Severity
from tandem.ids import new_id
from tandem.store.configuration.records import Role, RuleRecord
from tandem.store.configuration.rules import MOST_RULES, TooManyRulesError


def list_rules(call: Call[NoBody, PageQuery]) -> Answer:
    """One page of rules, in the order in which they are tried."""
    integration_id = the_integration(call).integration_id

    def read(after: str | None, limit: int) -> list[RuleRecord]:
        records = call.services.rules.all(integration_id)
        return [each for each in records if after is None or _place(each) > after][:limit]

    return Answer(page_of(call, "rules", read, _place, lambda each: rule_answer(each.rule)))


def create_rule(call: Call[RuleBody, NoQuery]) -> Answer:
    """A new rule. Only alerts that fire from now on meet it."""
    integration_id = the_integration(call).integration_id
    rule = rule_of_body(call, new_id(), order=0)
    try:
        added = call.services.table.retrying(lambda: call.services.rules.add(integration_id, rule, call.body.order))
    except TooManyRulesError:
        raise conflict(f"an integration has at most {MOST_RULES} rules") from None
    return Answer(rule_answer(added), 201, f"/integrations/{integration_id}/rules/{rule.rule_id}")


def get_rule(call: Call[NoBody, NoQuery]) -> Answer:
    """One rule."""
    return Answer(rule_answer(the_rule(call).rule))


def replace_rule(call: Call[RuleBody, NoQuery]) -> Answer:
    """The rule, written anew; alerts that it decided keep what it was."""

    def write() -> Rule:
        record = the_rule(call)
        order = call.body.order if call.body.order is not None else record.rule.order
        return call.services.rules.replace(record, rule_of_body(call, record.rule.rule_id, order))

    return Answer(rule_answer(call.services.table.retrying(write)))


def delete_rule(call: Call[NoBody, NoQuery]) -> Answer:
    """The rule matches no more."""
    call.services.table.retrying(lambda: call.services.rules.remove(the_rule(call)))
    return Answer(status=204)


def order_rules(call: Call[OrderBody, NoQuery]) -> Answer:
    """All rules of the integration in a new order, at once."""
    integration_id = the_integration(call).integration_id
    ids = call.body.ids

    def write() -> list[RuleRecord]:
        records = {record.rule.rule_id: record for record in call.services.rules.all(integration_id)}
        for place, rule_id in enumerate(ids):
            if rule_id not in records:
                raise invalid(f"ids.{place}", f"this integration has no rule '{rule_id}'")
            if rule_id in ids[:place]:
                raise invalid(f"ids.{place}", f"rule '{rule_id}' comes twice")
        missing = sorted(records.keys() - set(ids))
        if missing:
            raise invalid("ids", f"must name every rule of the integration; missing: {', '.join(missing)}")
        return call.services.rules.reorder([records[rule_id] for rule_id in ids])

    ordered = call.services.table.retrying(write)
    return Answer(OrderAnswer(items=[rule_answer(record.rule) for record in ordered]))


def rule_answer(rule: Rule) -> RuleAnswer:
    """The rule as it is shown."""
    conditions, actions = rule.conditions, rule.actions
    return RuleAnswer.model_validate(
        {
            "id": rule.rule_id,
            "name": rule.name,
            "description": rule.description,
            "active": rule.active,
            "order": rule.order,
            "revision": rule.revision,
            "conditions": {name: _shown(getattr(conditions, name)) for name in ConditionsAnswer.model_fields},
            "actions": {name: _shown(getattr(actions, name)) for name in ActionsAnswer.model_fields},
        }
    )


def rule_of_body(call: Call[Any, Any], rule_id: str, order: int) -> Rule:
    """The rule that the body, a RuleBody, says. Raises Problem 422 where it refers to what is not there."""
    body: RuleBody = call.body
    conditions, actions = body.conditions.model_dump(), body.actions.model_dump()
    conditions["severities"] = [Severity(each) for each in conditions["severities"]]
    _check(call)
    return Rule(
        rule_id=rule_id,
        name=body.name,
        active=body.active,
        order=order,
        conditions=RuleConditions(**{name: _frozen(value) for name, value in conditions.items()}),
        actions=RuleActions(**{name: _frozen(value) for name, value in actions.items()}),
        description=body.description,
    )


def _check(call: Call[Any, Any]) -> None:
    actions: ActionsBody = call.body.actions
    user(call, "actions.assignee_id", actions.assignee_id)
    for place, user_id in enumerate(dict.fromkeys(actions.notify_user_ids)):
        user(call, f"actions.notify_user_ids.{place}", user_id)
    if actions.board_id is None and actions.auto_resolve_status_id is None:
        return
    its_board = board(call, "actions.board_id", actions.board_id)
    if actions.auto_resolve_status_id is None:
        return
    status = its_board.status(actions.auto_resolve_status_id)
    if status is None or not status.is_closed:
        closed = ", ".join(each.status_id for each in its_board.statuses if each.is_closed)
        reason = f"must be the id of a closed status of board '{its_board.name}': {closed}"
        raise invalid("actions.auto_resolve_status_id", reason)


def the_rule(call: Call[Any, Any]) -> RuleRecord:
    """The rule that the path names. Raises Problem 404."""
    integration_id = the_integration(call).integration_id
    record = call.services.rules.get(integration_id, call.params["rule_id"])
    if record is None:
        raise not_found("rule", call.params["rule_id"])
    return record


def _place(record: RuleRecord) -> str:
    return f"{record.rule.order:010d}#{record.rule.rule_id}"


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _shown(value: Any) -> Any:
    return [getattr(each, "value", each) for each in value] if isinstance(value, tuple) else value


_ALL = "/integrations/{integration_id}/rules"
_ONE = _ALL + "/{rule_id}"
_TAG = "Rules"

ROUTES: Routes = (
    Route("GET", _ALL, "List rules", Role.VIEWER, list_rules, Page[RuleAnswer], _TAG, query=PageQuery),
    Route(
        "POST",
        _ALL,
        "Create a rule",
        Role.ADMIN,
        create_rule,
        RuleAnswer,
        _TAG,
        201,
        body=RuleBody,
        description="Only alerts that fire from now on meet it.",
        conflicts=f"the integration has {MOST_RULES} rules already",
    ),
    Route("GET", _ONE, "Read a rule", Role.VIEWER, get_rule, RuleAnswer, _TAG),
    Route(
        "PUT",
        _ONE,
        "Replace a rule",
        Role.ADMIN,
        replace_rule,
        RuleAnswer,
        _TAG,
        body=RuleBody,
        description="Alerts that it decided keep the rule as it was.",
    ),
    Route("DELETE", _ONE, "Remove a rule", Role.ADMIN, delete_rule, None, _TAG, 204),
    Route("PUT", f"{_ALL}/order", "Order the rules", Role.ADMIN, order_rules, OrderAnswer, _TAG, body=OrderBody),
)
