"""Recognizing the test button of Tactical's dashboard, which sends the real template about no alert at all.

How it renders (tacticalrmm, `run_test_url_rest_action` and `get_db_value`; tactical-live.md):

- With an agent, site or client chosen, a property that the chosen object lacks is skipped, and what is left is the
  object itself, written as its name. So `{{alert.alert_type}}`, `{{alert.severity}}`, `{{alert.message}}` and
  `{{alert.alert_time}}` all become that one name, and `{{alert.id}}` becomes the object's own number.
- With nothing chosen the placeholders are sent as they are written.

No real alert looks like that: its type and its severity come from two small lists that share no word, and the server
replaces every placeholder of a model it knows. A template without these fields cannot be told from an alert, and is
taken for one: a needless alert does less harm than a lost one.
"""

import re
from collections.abc import Mapping
from typing import Any

from tandem.providers.tacticalrmm.identity import ALERT_TYPES, SEVERITIES

PLACEHOLDER = re.compile(r"\{\{\s*(client|site|agent|global|alert)(?:\.[\w\-\s.]+)+\s*\}\}")
"""Tactical's own RE_DB_VALUE."""

_OF_THE_ALERT = ("alert_type", "severity", "message", "alert_time")
_FIXED_WORDS = ALERT_TYPES | frozenset(SEVERITIES)


def is_dashboard_test(members: Mapping[str, Any]) -> bool:
    """Whether these are the members of the test button's body."""
    if any(_is_placeholder(members.get(name)) for name in ("alert_id", "agent_id")):
        return True
    texts = [value.strip() for name in _OF_THE_ALERT if isinstance(value := members.get(name), str)]
    if len(texts) < 2 or len(set(texts)) != 1 or texts[0] in ("", "None"):
        return False
    type_and_severity_agree = "alert_type" in members and "severity" in members
    says_neither = texts[0].lower() not in _FIXED_WORDS
    return type_and_severity_agree or (says_neither and ("alert_type" in members or "severity" in members))


def _is_placeholder(value: Any) -> bool:
    return isinstance(value, str) and PLACEHOLDER.fullmatch(value.strip()) is not None
