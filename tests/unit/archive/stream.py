"""The table's stream of a small world: every write of an alert, as event_archiver is handed it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tandem.alerts.decision import Decision
from tandem.alerts.history import AppliedEvent
from tandem.archive.mapping import events_of
from tandem.store.records import alert_item, message_item
from tandem.store.stream import change_of
from tests.unit.alerts.world import World


def record(
    item: dict[str, Any], before: dict[str, Any] | None, at: datetime, number: int, kind: str | None = None
) -> dict[str, Any]:
    """One stream record, as Lambda hands it over."""
    images = {"NewImage": item} if kind != "REMOVE" else {}
    return {
        "eventID": f"record-{number}",
        "eventName": kind or ("MODIFY" if before else "INSERT"),
        "dynamodb": {
            "ApproximateCreationDateTime": at.timestamp(),
            "Keys": {"pk": item["pk"], "sk": item["sk"]},
            "SequenceNumber": f"{number:021d}",
            **images,
            **({"OldImage": before} if before else {}),
        },
    }


@dataclass
class StreamedWorld(World):
    """A world that keeps its alerts' stream."""

    records: list[dict[str, Any]] = field(default_factory=list)
    messages: dict[str, str] = field(default_factory=dict)

    def apply(self, decision: Decision) -> None:
        before = self.alerts.get(decision.alert.alert_id) if decision.alert else None
        super().apply(decision)
        if decision.alert is None:
            return
        was = alert_item(before, self.now) if before else None
        self._add(alert_item(decision.alert, self.now), was)
        if decision.full_message is not None:
            self.messages[decision.alert.alert_id] = decision.full_message
            self._add(message_item(decision.alert.alert_id, decision.full_message, self.now), None)

    def archived(self) -> list[AppliedEvent]:
        """What the archive has of it all."""
        return events_of(map(change_of, self.records), lambda wanted: {})

    def _add(self, item: dict[str, Any], before: dict[str, Any] | None) -> None:
        self.records.append(record(item, before, self.now, len(self.records) + 1))
