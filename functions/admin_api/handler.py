"""ANY /api/v1/{proxy+} → the admin API."""

import os
from functools import cache
from typing import Any

from tandem import telemetry
from tandem.admin import bootstrap

telemetry.configure("admin_api", os.environ.get("LOG_LEVEL", "INFO"))
_application = cache(bootstrap.application)


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """HTTP API event (payload 2.0) in, answer out."""
    return _application().answer(event)
