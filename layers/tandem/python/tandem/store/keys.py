"""The one place where keys of the table are built. Each function names the question (store/__init__.py) it serves."""

import hashlib
import re
from datetime import datetime

from tandem.times import to_text

Key = dict[str, str]

SHARDS = 4
"""Shards of the time and live indexes: 4 × 1,000 write units, against 500 alerts a second."""


LINK_PREFIX = "L#"
"""How the sort keys of a ticket's alerts begin."""

WINDOW_ENDS = "window_ends"
"""Due reason: a held alert is decided again; the subject is the alert."""

WINDOW_CHANGED = "window_changed"
"""Due reason: everything that a window holds is decided again; the subject is the window."""

DIGEST = "digest"
"""Due reason: what was gathered for a user goes out as one digest; the subject is the user."""

DEAD_LETTERS = "DEAD_LETTER"
"""Question 17: the one partition of dead letters."""

AUDIT = "AUDIT"
"""Question 38: the one partition of audit entries."""

HISTORY_PREFIX = "H#"
"""How the sort keys of an asset's history begin."""

RUN_PREFIX = "RUN#"
"""How the sort keys of an integration's syncs begin."""

NO_CLIENT = "-"
"""In place of a client's id: assets that have none."""

_TELLING_CHARACTERS = 10
_DEAD_LETTER_ID = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)(\d{6})Z-(.{1,100})", re.ASCII)


def shard_of(identifier: str) -> int:
    """The shard of an id; spreads whatever the id looks like."""
    return hashlib.sha256(identifier.encode()).digest()[0] % SHARDS


def alert_key(alert_id: str) -> Key:
    """Question 1."""
    return {"pk": f"A#{alert_id}", "sk": "ALERT"}


def alert_id_of(pk: str) -> str:
    """The alert id that an alert's partition key holds."""
    return pk.removeprefix("A#")


def trace_key(alert_id: str) -> Key:
    """Question 2."""
    return {"pk": f"A#{alert_id}", "sk": "TRACE"}


def raw_key(alert_id: str) -> Key:
    """Question 3."""
    return {"pk": f"A#{alert_id}", "sk": "RAW"}


def message_key(alert_id: str) -> Key:
    """Question 3: the latest firing's whole message, where the alert holds only its beginning."""
    return {"pk": f"A#{alert_id}", "sk": "MESSAGE"}


def outbound_key(alert_id: str) -> Key:
    """Question 24: the wish that the RMM resets the alert."""
    return {"pk": f"A#{alert_id}", "sk": "OUTBOUND"}


def waiting_partition(integration_id: str, shard: int) -> str:
    """Question 18: the pk of a shard."""
    return f"WAITING#{integration_id}#{shard}"


def waiting_key(integration_id: str, alert_id: str) -> Key:
    """Question 18: one alert that waits for a mapping."""
    return {"pk": waiting_partition(integration_id, shard_of(alert_id)), "sk": alert_id}


def due_partition(shard: int) -> str:
    """Question 19: the pk of a shard."""
    return f"DUE#{shard}"


def due_key(at: datetime, subject: str, reason: str) -> Key:
    """Question 19: `subject` (an alert's or a window's id) is looked at again at `at`; sorts by time."""
    return {"pk": due_partition(shard_of(subject)), "sk": f"{to_text(at)}#{reason}#{subject}"}


def window_key(window_id: str) -> Key:
    """Question 13."""
    return {"pk": "WINDOW", "sk": window_id}


def device_key(integration_id: str, external_device_id: str) -> Key:
    """Question 4."""
    return {"pk": device_owner(integration_id, external_device_id), "sk": "DEVICE"}


def condition_key(condition_id: str) -> Key:
    """Question 5."""
    return {"pk": f"K#{condition_id}", "sk": "CONDITION"}


def ticket_key(ticket_id: str) -> Key:
    """Question 6."""
    return {"pk": f"T#{ticket_id}", "sk": "TICKET"}


def comment_key(ticket_id: str, created_at: datetime, comment_id: str) -> Key:
    """Question 7; sorts by time within the ticket."""
    return {"pk": f"T#{ticket_id}", "sk": f"C#{to_text(created_at)}#{comment_id}"}


def link_key(ticket_id: str, alert_id: str) -> Key:
    """Question 7: one alert of a ticket; at most one link each."""
    return {"pk": f"T#{ticket_id}", "sk": f"{LINK_PREFIX}{alert_id}"}


def time_entry_key(ticket_id: str, created_at: datetime, entry_id: str) -> Key:
    """Question 7."""
    return {"pk": f"T#{ticket_id}", "sk": f"E#{to_text(created_at)}#{entry_id}"}


def tickets_by_time(is_closed: bool, shard: int) -> str:
    """Question 8: the `list_pk` of a shard."""
    return f"TICKETS#{'closed' if is_closed else 'open'}#{shard}"


def client_owner(client_id: str) -> str:
    """Question 9: the `owner_pk` of a client's tickets."""
    return f"CLIENT#{client_id}"


def alerts_by_time(shard: int) -> str:
    """Question 10: the `list_pk` of a shard."""
    return f"ALERTS#{shard}"


def device_owner(integration_id: str, external_device_id: str) -> str:
    """Question 11: the `owner_pk` of a device's alerts, and the pk of its record."""
    return f"DEVICE#{integration_id}#{external_device_id}"


def live_alerts(integration_id: str, shard: int) -> str:
    """Question 12: the `live_pk` of a shard."""
    return f"LIVE#{integration_id}#{shard}"


def time_sort(at: datetime, identifier: str) -> str:
    """The sort value of every by-time listing: time first, then enough of the id to tell equals apart."""
    return f"{to_text(at)}#{identifier[:_TELLING_CHARACTERS]}"


def integration_key(integration_id: str) -> Key:
    """Question 13."""
    return {"pk": "INTEGRATION", "sk": integration_id}


def client_key(client_id: str) -> Key:
    """Question 13."""
    return {"pk": "CLIENT", "sk": client_id}


def board_key(board_id: str) -> Key:
    """Question 13."""
    return {"pk": "BOARD", "sk": board_id}


def user_key(user_id: str) -> Key:
    """Question 13."""
    return {"pk": "USER", "sk": user_id}


def api_key_key(key_hash: str) -> Key:
    """Question 13: an API key is found by the SHA-256 of its text."""
    return {"pk": "APIKEY", "sk": key_hash}


def rule_key(integration_id: str, rule_id: str) -> Key:
    """Question 14."""
    return {"pk": f"RULE#{integration_id}", "sk": rule_id}


def rule_revision_key(integration_id: str, rule_id: str, revision: int) -> Key:
    """Question 14: a rule as it was; kept for the alerts that it decided."""
    return {"pk": f"RULE_REVISION#{integration_id}", "sk": f"{rule_id}#{revision:06d}"}


def organization_key(integration_id: str, external_id: str) -> Key:
    """Question 14."""
    return {"pk": f"ORGANIZATION#{integration_id}", "sk": external_id}


def configuration_version_key() -> Key:
    """Question 15."""
    return {"pk": "VERSION", "sk": "CONFIGURATION"}


def ticket_counter_key() -> Key:
    """Question 16."""
    return {"pk": "COUNTER", "sk": "TICKET"}


def dead_letter_key(received_at: datetime, dead_letter_id: str) -> Key:
    """Question 17."""
    return {"pk": DEAD_LETTERS, "sk": f"{to_text(received_at)}#{dead_letter_id}"}


def dead_letter_id_of(sort_key: str) -> str:
    """The id that a dead letter is known by outside: its sort key in characters that a path takes as they are."""
    at, _, rest = sort_key.partition("#")
    return "".join(each for each in at if each.isalnum()) + "-" + rest


def is_dead_letter_id(text: str) -> bool:
    """The text is an id as `dead_letter_id_of` makes them."""
    return _DEAD_LETTER_ID.fullmatch(text) is not None


def dead_letter_key_of(dead_letter_id: str) -> Key:
    """Question 17, from an id of `dead_letter_id_of`. Raises ValueError for any other text."""
    match = _DEAD_LETTER_ID.fullmatch(dead_letter_id)
    if match is None:
        raise ValueError(f"no dead letter's id: {dead_letter_id!r}")
    year, month, day, hour, minute, second, microsecond, rest = match.groups()
    return {"pk": DEAD_LETTERS, "sk": f"{year}-{month}-{day}T{hour}:{minute}:{second}.{microsecond}Z#{rest}"}


def access_version_key() -> Key:
    """Question 13: counts the changes of users and API keys, so that they happen one after another."""
    return {"pk": "VERSION", "sk": "ACCESS"}


def token_lock_key(integration_id: str) -> Key:
    """Question 27."""
    return {"pk": f"TOKEN_LOCK#{integration_id}", "sk": "TOKEN_LOCK"}


def rate_key(integration_id: str) -> Key:
    """Question 39."""
    return {"pk": f"RATE#{integration_id}", "sk": "RATE"}


def sign_in_key(flow_id: str) -> Key:
    """Question 28."""
    return {"pk": f"SIGN_IN#{flow_id}", "sk": "SIGN_IN"}


def first_admin_key() -> Key:
    """Question 13: that the first admin was made, and of which key."""
    return {"pk": "VERSION", "sk": "FIRST_ADMIN"}


def notification_key(user_id: str, notification_id: str) -> Key:
    """Question 20; sorts by time, as the ids do."""
    return {"pk": f"NOTIFY#{user_id}", "sk": f"N#{notification_id}"}


def read_mark_key(user_id: str) -> Key:
    """Question 20: up to which notification the user has read all."""
    return {"pk": f"NOTIFY#{user_id}", "sk": "READ"}


def tally_key(user_id: str) -> Key:
    """Question 21."""
    return {"pk": f"NOTIFY#{user_id}", "sk": "TALLY"}


def gathered_key(user_id: str, digest_id: str, part: str) -> Key:
    """Question 21: some of the tickets that a digest tells of; `part` sorts by time."""
    return {"pk": f"NOTIFY#{user_id}", "sk": f"G#{digest_id}#{part}"}


def told_key(subject: str, user_id: str) -> Key:
    """Question 22: `subject` is the id of a ticket or digest."""
    return {"pk": f"TOLD#{subject}", "sk": user_id}


def preview_key(preview_id: str) -> Key:
    """Question 23."""
    return {"pk": f"PREVIEW#{preview_id}", "sk": "PREVIEW"}


def poll_key(integration_id: str) -> Key:
    """Question 25."""
    return {"pk": f"POLL#{integration_id}", "sk": "STATE"}


def poll_run_key(integration_id: str, run_id: str) -> Key:
    """Question 26."""
    return {"pk": f"POLL#{integration_id}", "sk": f"RUN#{run_id}"}


def asset_key(asset_id: str) -> Key:
    """Question 29."""
    return {"pk": f"ASSET#{asset_id}", "sk": "ASSET"}


def asset_id_of(pk: str) -> str:
    """The asset id that an asset's partition key holds."""
    return pk.removeprefix("ASSET#")


def asset_history_key(asset_id: str, at: datetime, number: str) -> Key:
    """Question 30; sorts by time. `number` tells entries of one moment apart, the same way when they are written
    again."""
    return {"pk": asset_key(asset_id)["pk"], "sk": f"{HISTORY_PREFIX}{to_text(at)}#{number}"}


def assets_by_time(shard: int) -> str:
    """Question 31: the `list_pk` of a shard."""
    return f"ASSETS#{shard}"


def assets_of_client(client_id: str) -> str:
    """Question 31: the `owner_pk` of a client's assets."""
    return f"ASSETS_OF#{client_id}"


def word_partition(word: str) -> str:
    """Question 32: the pk of all words that begin with the same two characters."""
    return f"WORD#{word[:2]}"


def word_key(word: str, asset_id: str) -> Key:
    """Question 32: one word of an asset."""
    return {"pk": word_partition(word), "sk": f"{word}#{asset_id}"}


def match_key(kind: str, value: str) -> Key:
    """Question 33: `kind` is `serial` or `mac`, `value` normalized."""
    return {"pk": f"MATCH#{kind}#{value}", "sk": "MATCH"}


def fleet_page_key(integration_id: str, begins: str) -> Key:
    """Question 34."""
    return {"pk": f"FLEET#{integration_id}#{begins}", "sk": "PAGE"}


def fleet_directory_key(integration_id: str) -> Key:
    """Question 35."""
    return {"pk": f"FLEET#{integration_id}", "sk": "DIRECTORY"}


def sync_state_key(integration_id: str) -> Key:
    """Question 36."""
    return {"pk": f"SYNC#{integration_id}", "sk": "STATE"}


def sync_run_key(integration_id: str, run_id: str) -> Key:
    """Question 37; sorts by time, as the ids do."""
    return {"pk": f"SYNC#{integration_id}", "sk": f"{RUN_PREFIX}{run_id}"}


def audit_key(at: datetime, audit_id: str) -> Key:
    """Question 38; sorts by time."""
    return {"pk": AUDIT, "sk": f"{to_text(at)}#{audit_id}"}


def remote_link_key(integration_id: str, external_device_id: str, user_id: str) -> Key:
    """Question 39: a user's link into a device."""
    return {"pk": f"REMOTE#{integration_id}#{external_device_id}", "sk": user_id}
