"""The rules of an integration, their revisions and their order."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tandem.alerts.models import Rule
from tandem.store import keys
from tandem.store.configuration.records import RuleRecord, values_of
from tandem.store.configuration.table import ConfigurationTable, Delete, Put, Scope, Write
from tandem.store.context import rule_of

MOST_RULES = 95
"""Rules an integration may have: a new order is one transaction, and a transaction holds 100 writes."""


def _partition(integration_id: str) -> str:
    return keys.rule_key(integration_id, "")["pk"]


class TooManyRulesError(Exception):
    """The integration has MOST_RULES rules already."""


class Rules:
    """The rules of all integrations."""

    def __init__(self, table: ConfigurationTable) -> None:
        self._table = table

    def all(self, integration_id: str) -> list[RuleRecord]:
        """The integration's rules in the order in which they are tried."""
        records = [
            RuleRecord(integration_id, rule_of(values), values["version"])
            for values in self._table.all(_partition(integration_id))
        ]
        return sorted(records, key=lambda record: (record.rule.order, record.rule.rule_id))

    def count(self, integration_id: str) -> int:
        """How many rules the integration has."""
        return self._table.count(_partition(integration_id))

    def get(self, integration_id: str, rule_id: str) -> RuleRecord | None:
        """One rule."""
        values = self._table.get(keys.rule_key(integration_id, rule_id))
        return RuleRecord(integration_id, rule_of(values), values["version"]) if values else None

    def revisions(self, wanted: Iterable[tuple[str, str, int]]) -> dict[tuple[str, str, int], Rule]:
        """Rules as they were, by (integration, rule, revision), as far as they are kept."""
        places = {_pair(keys.rule_revision_key(*each)): each for each in wanted}
        found = self._table.several([{"pk": pk, "sk": sk} for pk, sk in places])
        return {places[values["pk"], values["sk"]]: rule_of(values) for values in found}

    def add(self, integration_id: str, rule: Rule, order: int | None) -> Rule:
        """Add a rule, behind all others if `order` is None. Gives it as it was written. Raises TooManyRulesError,
        ConflictError."""
        version = self._table.version_of(Scope.CONFIGURATION)
        others = self.all(integration_id)
        if len(others) >= MOST_RULES:
            raise TooManyRulesError
        last = max((record.rule.order for record in others), default=0)
        placed = replace(rule, order=last + 1 if order is None else order, revision=1)
        self._commit(RuleRecord(integration_id, placed), expecting=version)
        return placed

    def replace(self, record: RuleRecord, rule: Rule) -> Rule:
        """Write `rule` over the one in `record`, as its next revision. Raises ConflictError."""
        next_one = replace(rule, revision=record.rule.revision + 1)
        self._commit(replace(record, rule=next_one), expecting=None)
        return next_one

    def remove(self, record: RuleRecord) -> None:
        """Remove a rule; its revisions stay for the alerts that it decided. Raises ConflictError."""
        key = keys.rule_key(record.integration_id, record.rule.rule_id)
        self._table.commit(Scope.CONFIGURATION, [Delete(key, record.version)])

    def reorder(self, records: Sequence[RuleRecord]) -> list[RuleRecord]:
        """Number the rules 1, 2, ... in the order given, all at once. Raises ConflictError."""
        numbered = [replace(each, rule=replace(each.rule, order=place)) for place, each in enumerate(records, start=1)]
        changed = [after for before, after in zip(records, numbered, strict=True) if after != before]
        if changed:
            self._table.commit(Scope.CONFIGURATION, [_put(record) for record in changed])
        return numbered

    def _commit(self, record: RuleRecord, expecting: int | None) -> None:
        rule = record.rule
        key = keys.rule_revision_key(record.integration_id, rule.rule_id, rule.revision)
        writes: list[Write] = [_put(record), Put(key, values_of(rule), None)]
        self._table.commit(Scope.CONFIGURATION, writes, expecting)


def _pair(key: keys.Key) -> tuple[str, str]:
    return key["pk"], key["sk"]


def _put(record: RuleRecord) -> Put:
    key = keys.rule_key(record.integration_id, record.rule.rule_id)
    return Put(key, values_of(record.rule), record.version)
