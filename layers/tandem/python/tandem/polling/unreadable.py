"""Rows that an RMM lists and nobody can read: counted, the first of them named, and told in the log."""

import logging
from dataclasses import dataclass, field

from tandem import telemetry
from tandem.connections.rmm import UnreadableAlert

_NAMED_AT_MOST = 10


@dataclass(slots=True)
class Unreadable:
    """Those of one poll. `named`: the first ones, as a person reads them."""

    integration_id: str
    count: int = 0
    named: list[str] = field(default_factory=list)

    def add(self, alert: UnreadableAlert) -> None:
        """One more."""
        self.count += 1
        if self.count > _NAMED_AT_MOST:
            return
        which = f"alert {alert.external_alert_id}" if alert.external_alert_id is not None else "an alert without id"
        self.named.append(f"{which}: {alert.reason}")
        telemetry.log(
            logging.WARNING,
            "listed alert not readable",
            integration_id=self.integration_id,
            external_alert_id=alert.external_alert_id,
            reason=alert.reason,
        )
