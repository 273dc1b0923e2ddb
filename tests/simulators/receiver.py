"""A receiver of webhooks for tests: keeps what comes and answers as it is told."""

from typing import Self

from tests.simulators.messages import Reply, Request, json_reply
from tests.simulators.server import Server


class Receiver:
    """`answers`: the statuses of the next requests; 200 once they are used up."""

    def __init__(self) -> None:
        self.received: list[Request] = []
        self.answers: list[int] = []
        self._server = Server(self._respond)

    @property
    def url(self) -> str:
        """An address to send to."""
        return f"{self._server.url}/webhooks/i-1"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def _respond(self, request: Request) -> Reply:
        self.received.append(request)
        return json_reply({"status": "accepted"}, self.answers.pop(0) if self.answers else 200)
