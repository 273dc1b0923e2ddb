"""Tactical's bodies, made as its server makes them: a template as in the recorded requests, rendered without escaping,
sent as it is when that is JSON and as one JSON string when it is not (core/utils.py, _run_url_rest_action)."""

import json
import re
from collections.abc import Mapping

VALUES: Mapping[str, str] = {
    "event": "trigger",
    "alert_id": "39",
    "alert_type": "check",
    "severity": "warning",
    "message": "SRV-18 has a winsvc check that failed.",
    "alert_time": "2026-11-21 01:57:04.211396+00:00",
    "resolved": "None",
    "resolved_on": "None",
    "agent_id": "CtLBtKNdNVgWnOnqQfkplJekaACSMEscosTsSDeR",
    "hostname": "SRV-18",
    "operating_system": "Windows Server 2022",
    "asset_tag": "None",
    "client_id": "1",
    "client_name": "Acme Manufacturing",
    "contract_id": "CT-1000",
    "site_id": "1",
    "site_name": "Headquarters",
    "check_id": "91",
    "check_output": "Status STOPPED",
}


def rendered(values: Mapping[str, str], pretty: bool = True) -> str:
    """The template with these values, each on its own line or all on one; control characters and lone backslashes as
    the server treats them."""
    members = [f'"{name}": "{value}"' for name, value in values.items()]
    text = "{\n  " + ",\n  ".join(members) + "\n}" if pretty else "{" + ", ".join(members) + "}"
    text = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", " ", text)
    return re.sub(r"(?<!\\)(\\)(?![\\nrt])", r"\\\\", text)


def sent(values: Mapping[str, str], pretty: bool = True) -> str:
    """The body on the wire."""
    text = rendered(values, pretty)
    try:
        return json.dumps(json.loads(text, strict=False))
    except ValueError:
        return json.dumps(text)


def values(**changes: str) -> dict[str, str]:
    """The usual values with these instead."""
    return {**VALUES, **changes}
