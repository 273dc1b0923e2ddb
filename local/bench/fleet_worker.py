"""device_sync as Lambda runs it, in a process of its own: started by devices.py, which gives it its environment.

Takes the messages of both of its queues, one after the other, until there is none. Prints one JSON line about it.
"""

import contextlib
import io
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import boto3

from local.bench.polling_function import peak_mb
from local.bench.recording import Recorder
from local.bench.setting import load_handler

_SECONDS = 900.0


class _Context:
    """What the handler asks of Lambda's context."""

    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:device_sync"

    def __init__(self) -> None:
        self._end = time.monotonic() + _SECONDS

    def get_remaining_time_in_millis(self) -> int:
        return int((self._end - time.monotonic()) * 1000)


class Queues:
    """What Lambda's event source mappings do: receive, invoke, delete what did not fail."""

    def __init__(self, handler: Any) -> None:
        self._handler = handler
        self._sqs = boto3.session.Session().client("sqs")
        self._urls = [os.environ["DEVICE_SYNC_QUEUE_URL"], os.environ["DEVICE_REFRESH_QUEUE_URL"]]
        self.messages = 0
        self.seconds = 0.0
        self.longest = 0.0
        self.failed: list[str] = []

    def until_empty(self) -> None:
        while not self.failed and any(map(self._one, self._urls)):
            pass

    def _one(self, url: str) -> bool:
        """Whether there was a message."""
        received: Any = self._sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1, AttributeNames=["All"])
        for message in received.get("Messages", []):
            record = {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{url.rsplit('/', 1)[1]}",
            }
            said = io.StringIO()
            began = time.perf_counter()
            with contextlib.redirect_stdout(said):
                failures = self._handler({"Records": [record]}, _Context())["batchItemFailures"]
            took = time.perf_counter() - began
            self.seconds, self.longest = self.seconds + took, max(self.longest, took)
            if failures:
                self.failed.append(f"{message['Body']}: {said.getvalue()[-2000:]}")
                return False
            self._sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            self.messages += 1
        return bool(received.get("Messages"))


def main() -> int:
    """Gives 1 if a message failed; what it prints says why."""
    boto3.setup_default_session()
    with Path(os.environ["RECORDING"]).open("wb") as file:
        recorder = Recorder(file)
        if boto3.DEFAULT_SESSION is not None:
            recorder.attach(boto3.DEFAULT_SESSION.events)
        handler = load_handler("device_sync")
        idle_mb = peak_mb()
        queues = Queues(handler)
        cpu = time.process_time()
        queues.until_empty()
        cpu = time.process_time() - cpu
    found = {
        "messages": queues.messages,
        "seconds": queues.seconds,
        "longest": queues.longest,
        "cpu_seconds": cpu,
        "waited": recorder.waited,
        "calls": recorder.calls,
        "idle_mb": idle_mb,
        "peak_mb": peak_mb(),
        "failed": queues.failed,
    }
    print(json.dumps(found), flush=True)
    return 1 if queues.failed else 0


if __name__ == "__main__":
    sys.exit(main())
