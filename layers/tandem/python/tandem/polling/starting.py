"""Having an integration polled at once, as a person asks for it."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient


class NotStartedError(Exception):
    """Lambda did not take the invocation."""


class PollStarter(Protocol):
    """Who polls."""

    def start(self, integration_id: str, run_id: str) -> None:
        """Have the integration polled, for that run, without waiting for it. Raises NotStartedError."""
        ...


class FunctionPolls:
    """Invokes scheduled_poll. `client` makes the AWS client at the first use."""

    def __init__(self, client: "Callable[[], LambdaClient]", function: str) -> None:
        self._client = client
        self._function = function

    def start(self, integration_id: str, run_id: str) -> None:
        """Returns when Lambda has it. Raises NotStartedError."""
        event = {"integration_id": integration_id, "run_id": run_id}
        try:
            self._client().invoke(
                FunctionName=self._function, InvocationType="Event", Payload=json.dumps(event).encode()
            )
        except (BotoCoreError, ClientError) as error:
            raise NotStartedError(f"the poll could not be started: {type(error).__name__}") from error
