"""The bus adaptor against scripted answers of EventBridge."""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from tandem.events.bus import Entry, EventBus, RefusedError, UnavailableError
from tests.unit.alerts.world import START


class ScriptedEventBridge:
    """Answers, or raises, what it is given, one after the other."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.calls: list[Sequence[Any]] = []

    def put_events(self, *, Entries: Sequence[Any]) -> Any:  # noqa: N803  AWS's name
        self.calls.append(Entries)
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"FailedEntryCount": 0, "Entries": answer}


def entry(number: int = 1) -> Entry:
    return Entry("TICKET_CREATED", f"t{number}", '{"ü":1}', START)


def an_error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "?"}}, "PutEvents")


def put(*answers: Any, count: int = 1) -> tuple[list[Any], ScriptedEventBridge]:
    client = ScriptedEventBridge(*answers)
    return EventBus(client, "tandem-acme", "tandem.acme").put([entry(number) for number in range(count)]), client


def test_an_entry_says_bus_source_name_payload_and_time() -> None:
    faults, client = put([{"EventId": "x"}])
    assert faults == [None]
    assert client.calls == [
        [
            {
                "EventBusName": "tandem-acme",
                "Source": "tandem.acme",
                "DetailType": "TICKET_CREATED",
                "Detail": '{"ü":1}',
                "Time": START,
            }
        ]
    ]


def test_each_entry_has_its_own_fault() -> None:
    faults, _ = put(
        [
            {"EventId": "x"},
            {"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"},
            {"ErrorCode": "MalformedDetail", "ErrorMessage": "no JSON"},
        ],
        count=3,
    )
    assert faults[0] is None
    assert isinstance(faults[1], UnavailableError)
    assert isinstance(faults[2], RefusedError)
    assert str(faults[2]) == "MalformedDetail: no JSON"


def test_no_answer_and_a_call_refused_for_want_of_a_permission_are_no_fault_of_the_entries() -> None:
    for error in (EndpointConnectionError(endpoint_url="x"), an_error("AccessDeniedException")):
        faults, _ = put(error, count=2)
        assert [type(fault) for fault in faults] == [UnavailableError, UnavailableError]


def test_a_call_refused_for_one_entrys_sake_is_made_again_for_each_alone() -> None:
    invalid = an_error("ValidationException")
    faults, client = put(invalid, [{"EventId": "x"}], invalid, count=2)
    assert faults[0] is None
    assert isinstance(faults[1], RefusedError)
    assert [len(call) for call in client.calls] == [2, 1, 1]


def test_the_size_is_what_eventbridge_counts_in_bytes() -> None:
    bus = EventBus(ScriptedEventBridge(), "tandem-acme", "tandem.acme")
    assert bus.size(entry()) == 14 + len("tandem.acme") + len("TICKET_CREATED") + len('{"ü":1}'.encode())
