"""One of Lambda's pollers: receives batches from the queue, calls alert_processor's handler, deletes what succeeded.

Started by storm.py as a process of its own, as Lambda starts an instance. Prints `ready`, ends when its standard input
does, and then prints how many messages it handled.
"""

import contextlib
import io
import os
import sys
import threading
from typing import Any

import boto3

from local.bench.setting import load_handler

_WAIT_SECONDS = 1


def main() -> int:
    """The environment is the function's own (setting.py)."""
    client = boto3.client("sqs")
    url = os.environ["ALERT_QUEUE_URL"]
    handler = load_handler("alert_processor")
    stopped = threading.Event()
    threading.Thread(target=_stop_at_end_of_input, args=(stopped,), daemon=True).start()
    print("ready", flush=True)
    handled = 0
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
        handled += len(done)
    print(handled, flush=True)
    return 0


def _stop_at_end_of_input(stopped: threading.Event) -> None:
    sys.stdin.read()
    stopped.set()


if __name__ == "__main__":
    sys.exit(main())
