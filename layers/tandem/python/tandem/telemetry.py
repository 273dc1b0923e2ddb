"""Log lines and counters as JSON on standard output, light enough for webhook_ingest's import budget.

Lines carry ids and reasons; never headers, query strings, bodies or secrets. An exception is logged by its type and
where it was raised, without its text: the text may quote what the sender wrote.
"""

import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from typing import Any

NAMESPACE = "Tandem"
_LOGGER = "tandem"


class JsonLines(logging.Formatter):
    """One JSON object a record: time, level, message and the record's `fields`."""

    def __init__(self, function: str) -> None:
        super().__init__()
        self._function = function

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{record.msecs:03.0f}Z",
            "level": record.levelname,
            "function": self._function,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["exception"] = record.exc_info[0].__name__
            line["raised_at"] = [
                f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}"
                for frame in traceback.extract_tb(record.exc_info[2])[-5:]
            ]
        return json.dumps(line, default=str)


class _Output(logging.StreamHandler[Any]):
    """Standard output as it is now, not as it was when the logger was configured."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:
        return sys.stdout


def configure(function: str, level: str = "INFO") -> logging.Logger:
    """Tandem's logger, writing JSON lines; `level` as LOG_LEVEL has it, INFO where it is no level."""
    logger = logging.getLogger(_LOGGER)
    output = _Output()
    output.setFormatter(JsonLines(function))
    logger.handlers = [output]
    logger.propagate = False
    known = logging.getLevelName(level.upper())
    logger.setLevel(known if isinstance(known, int) else logging.INFO)
    return logger


def log(level: int, message: str, **fields: object) -> None:
    """One line. `fields` are ids, words and numbers."""
    logging.getLogger(_LOGGER).log(level, message, extra={"fields": fields})


def log_exception(message: str, **fields: object) -> None:
    """One line about the exception being handled."""
    logging.getLogger(_LOGGER).error(message, exc_info=True, extra={"fields": fields})


def count(name: str, dimensions: Mapping[str, str], **properties: object) -> None:
    """One more of `name`, as a CloudWatch embedded metric line. `dimensions` are words of small sets, for each
    combination is a metric that costs money; `properties` (ids) are only written beside it."""
    counts({name: 1}, dimensions, None, **properties)


def counts(
    values: Mapping[str, int],
    dimensions: Mapping[str, str],
    milliseconds: Mapping[str, Sequence[int]] | None = None,
    **properties: object,
) -> None:
    """So many more of each, in one embedded metric line. The tenant is its first dimension, since an account may hold
    several tenants' stacks and alarms watch one. `milliseconds`: durations by name, each of at most 100 measurements,
    of which CloudWatch makes percentiles."""
    tenant = os.environ.get("TENANT")
    if tenant:
        dimensions = {"tenant": tenant, **dimensions}
    durations = {name: list(measured) for name, measured in (milliseconds or {}).items() if measured}
    units = dict.fromkeys(values, "Count") | dict.fromkeys(durations, "Milliseconds")
    line = {
        "_aws": {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [
                {
                    "Namespace": NAMESPACE,
                    "Dimensions": [list(dimensions)],
                    "Metrics": [{"Name": name, "Unit": unit} for name, unit in units.items()],
                }
            ],
        },
        **values,
        **durations,
        **dimensions,
        **properties,
    }
    sys.stdout.write(json.dumps(line, default=str) + "\n")
