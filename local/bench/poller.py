"""One of Lambda's pollers: receives batches from the queue, calls alert_processor's handler, deletes what succeeded.

Started by pollers.py as a process of its own, as Lambda starts an instance. Prints `ready`, counts anew at each line of
its standard input, ends when that does, and then prints how many messages it handled and how many calls of the table
that took, as JSON.
"""

import contextlib
import io
import json
import os
import sys
import threading
from collections import Counter
from typing import Any

import boto3

from local.bench.setting import load_handler

_WAIT_SECONDS = 1


def main() -> int:
    """The environment is the function's own (setting.py)."""
    counted: Counter[str] = Counter(handled=0, calls=0)
    boto3.setup_default_session()
    boto3.DEFAULT_SESSION.events.register(  # type: ignore[union-attr]  # set the line before
        "after-call.dynamodb.*", lambda **_: counted.update(calls=1)
    )
    client = boto3.client("sqs")
    url = os.environ["ALERT_QUEUE_URL"]
    handler = load_handler("alert_processor")
    stopped = threading.Event()
    threading.Thread(target=_listen, args=(counted, stopped), daemon=True).start()
    print("ready", flush=True)
    while not stopped.is_set():
        answer: Any = client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=_WAIT_SECONDS, AttributeNames=["All"]
        )
        messages = answer.get("Messages", [])
        if not messages:
            continue
        records = [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
            }
            for message in messages
        ]
        with contextlib.redirect_stdout(io.StringIO()):
            failures = handler({"Records": records}, None)["batchItemFailures"]
        failed = {failure["itemIdentifier"] for failure in failures}
        done: list[Any] = [
            {"Id": str(index), "ReceiptHandle": record["receiptHandle"]}
            for index, record in enumerate(records)
            if record["messageId"] not in failed
        ]
        if done:
            client.delete_message_batch(QueueUrl=url, Entries=done)
        counted.update(handled=len(done))
    print(json.dumps(counted), flush=True)
    return 0


def _listen(counted: Counter[str], stopped: threading.Event) -> None:
    for _ in sys.stdin:
        counted.clear()
    stopped.set()


if __name__ == "__main__":
    sys.exit(main())
