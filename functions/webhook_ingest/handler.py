"""POST /webhooks/{integration_id} (HTTP API, payload format 2.0)."""

import os
from typing import Any

from tandem.ingest.bootstrap import bootstrap

_INGEST = bootstrap(os.environ)


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Answers as http.md says; 200 accepted only when the queue has the event."""
    return _INGEST.receive(event).as_lambda_response()
