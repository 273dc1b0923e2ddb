"""POST /webhooks/{integration_id} in the OpenAPI document: another function answers it, at another server root."""

from typing import Any

from pydantic import BaseModel

from tandem.admin.openapi_answers import throttled
from tandem.admin.openapi_schemas import Schemas
from tandem.admin.schemas.webhooks import (
    WebhookAcceptedAnswer,
    WebhookFailedAnswer,
    WebhookIgnoredAnswer,
    WebhookRefusedAnswer,
)
from tandem.ingest.authentication import SECRET_HEADERS, SECRET_PARAMETER
from tandem.ingest.request import BODY_BYTES
from tandem.providers.levelio.signature import HEADER as LEVEL_SIGNATURE

PATH = "/webhooks/{integration_id}"
TAG = "Webhooks"

MODELS: tuple[type[BaseModel], ...] = (
    WebhookAcceptedAnswer,
    WebhookIgnoredAnswer,
    WebhookRefusedAnswer,
    WebhookFailedAnswer,
)

_DESCRIPTION = f"""\
Where an RMM posts its alerts; the integration's answer holds the whole address. The body is the RMM's own, or the
template of its automation.

The sender proves itself with one of the webhook's live secrets, in the header `X-Tandem-Secret` or
`X-Alga-Webhook-Secret`, or as `?{SECRET_PARAMETER}=` where headers cannot be set. Level signs instead:
`X-Level-Signature` is `sha256=` and the hex HMAC-SHA256 of the body with the integration's signing secret. Where an
integration has a signing secret, a signature that is there decides alone."""

_EXAMPLES: dict[str, dict[str, Any]] = {
    "ninjaone": {
        "summary": "NinjaOne",
        "value": {
            "id": 51234,
            "activityTime": 1795232236.0,
            "deviceId": 41,
            "seriesUid": "6f0b4f6e-3f0c-4c2a-9a51-0d6a3f4f8a11",
            "activityType": "CONDITION",
            "statusCode": "TRIGGERED",
            "severity": "CRITICAL",
            "sourceConfigUid": "2d8a7c1e-90d7-4f57-8f7e-5c2f1f0f6a20",
            "message": "Disk C: is at 96 percent",
        },
    },
    "tacticalrmm": {
        "summary": "Tactical RMM, by the template of the documentation",
        "value": {
            "event": "trigger",
            "alert_id": "17",
            "alert_type": "check",
            "severity": "error",
            "message": "NW-DC01 - Disk C: is at 96 percent",
            "agent_id": "kGgHtYbVxQZsWcEdRfTgYhUjIkOlPmNbVcXzAsDf",
            "hostname": "NW-DC01",
            "client_id": "1",
            "client_name": "Northwind Dental",
            "check_id": "4",
        },
    },
    "levelio": {
        "summary": "Level",
        "value": {
            "event_type": "alert_active",
            "event_id": "8a2c4f6e",
            "occurred_at": "2026-11-21T03:17:16Z",
            "data": {
                "id": "Z2lkOi8vbGV2ZWwvQWxlcnQvMTIz",
                "name": "Disk usage",
                "severity": "critical",
                "description": "Disk C: is at 96 percent",
                "device_id": "Z2lkOi8vbGV2ZWwvRGV2aWNlLzQx",
                "device_hostname": "NW-DC01",
                "started_at": "2026-11-21T03:17:16Z",
            },
        },
    },
}


def path_item(schemas: Schemas, base_url: str) -> dict[str, Any]:
    """The path's item; `base_url` stands before `/webhooks`."""
    refused = schemas.answer(WebhookRefusedAnswer)
    operation = {
        "operationId": "receive_webhook",
        "tags": [TAG],
        "summary": "Receive an RMM's webhook",
        "description": _DESCRIPTION,
        "security": [{name: []} for name in security_schemes()],
        "requestBody": {
            "required": True,
            "description": f"At most {BODY_BYTES // 1024} KB, not compressed; read as JSON whatever its content type",
            "content": {"application/json": {"schema": {}, "examples": _EXAMPLES}},
        },
        "responses": {
            "200": _stored(schemas),
            "400": _answer(
                "No body that can be read, or without what identifies an alert",
                refused,
                _refusal("invalid body", "alert_id", "expected the alert's id; without it, its identity"),
            ),
            "401": _answer(
                "Missing or wrong secret or signature",
                refused,
                _refusal("unauthorized", "X-Tandem-Secret", "expected a live webhook secret; this is none"),
            ),
            "404": _answer(
                "No such integration",
                refused,
                _refusal("no such integration", "integration_id", "expected the id of an integration"),
            ),
            "413": _answer(
                f"The body is larger than {BODY_BYTES // 1024} KB",
                refused,
                _refusal("body too large", "body", f"expected at most {BODY_BYTES} bytes"),
            ),
            "429": throttled(),
            "500": _answer(
                "Not stored; send it again",
                schemas.answer(WebhookFailedAnswer),
                {"status": "error", "reason": "not stored, try again"},
            ),
        },
    }
    parameter = {
        "name": "integration_id",
        "in": "path",
        "required": True,
        "schema": {"type": "string"},
        "example": "vxk3m2qd7z5h4tjw6nya",
    }
    return {"servers": [{"url": base_url}], "parameters": [parameter], "post": operation}


def security_schemes() -> dict[str, dict[str, str]]:
    """The ways in which a sender proves itself; any one will do."""
    tandem, alga = (name.title() for name in SECRET_HEADERS)
    return {
        "webhookSecret": _key("header", tandem, "A live secret of the integration's webhook"),
        "webhookSecretAsAlgaSends": _key("header", alga, "The same, for hooks that were set up that way"),
        "webhookSecretParameter": _key("query", SECRET_PARAMETER, "The same, for senders that cannot set headers"),
        "levelSignature": _key(
            "header", LEVEL_SIGNATURE.title(), "Level: `sha256=<hex HMAC-SHA256 of the body with the signing secret>`"
        ),
    }


def _key(place: str, name: str, description: str) -> dict[str, str]:
    return {"type": "apiKey", "in": place, "name": name, "description": description}


def _stored(schemas: Schemas) -> dict[str, Any]:
    either = {"oneOf": [schemas.answer(WebhookAcceptedAnswer), schemas.answer(WebhookIgnoredAnswer)]}
    examples = {
        "accepted": {"summary": "Stored durably", "value": {"status": "accepted", "event_id": "vxk3m2qd7z5h4tjw6nya"}},
        "ignored": {
            "summary": "Authentic, and nothing to do",
            "value": {"status": "ignored", "reason": "device event", "event": "device_updated"},
        },
    }
    return {
        "description": "Stored durably (`accepted`), or authentic with nothing to do (`ignored`)",
        "content": {"application/json": {"schema": either, "examples": examples}},
    }


def _answer(description: str, schema: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema, "example": example}}}


def _refusal(reason: str, field: str, message: str) -> dict[str, Any]:
    return {"status": "refused", "reason": reason, "errors": [{"field": field, "message": message}]}
