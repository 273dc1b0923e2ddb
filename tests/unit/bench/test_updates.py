"""What the bench's own reading of update expressions makes of items."""

from typing import Any

import pytest

from local.bench.updates import updated

KEY = {"pk": {"S": "p"}, "sk": {"S": "s"}}


def update(expression: str, names: dict[str, str] | None = None, **values: Any) -> dict[str, Any]:
    return {
        "Key": KEY,
        "UpdateExpression": expression,
        "ExpressionAttributeNames": names or {},
        "ExpressionAttributeValues": {f":{name}": value for name, value in values.items()},
    }


def test_attributes_are_set_added_to_and_removed_at_once() -> None:
    before = {**KEY, "count": {"N": "7"}, "gone": {"S": "x"}}
    request = update(
        "SET #n = :name, state=:state ADD count :two, fresh :two REMOVE gone, #o",
        {"#n": "name", "#o": "old"},
        name={"S": "Acme"},
        state={"S": "on"},
        two={"N": "2"},
    )
    after = {**KEY, "name": {"S": "Acme"}, "state": {"S": "on"}, "count": {"N": "9"}, "fresh": {"N": "2"}}
    assert updated(before, request) == after


def test_a_list_that_is_not_there_yet_begins_with_what_is_appended() -> None:
    request = update(
        "SET #l = list_append(if_not_exists(#l, :none), :more)",
        {"#l": "warnings"},
        none={"L": []},
        more={"L": [{"S": "b"}]},
    )
    once = updated(None, request)
    assert once == {**KEY, "warnings": {"L": [{"S": "b"}]}}
    assert updated(once, request)["warnings"] == {"L": [{"S": "b"}, {"S": "b"}]}


def test_sums_count_from_what_was_there() -> None:
    request = update("SET a = a + :one, b = a - :one", one={"N": "1"})
    assert updated({**KEY, "a": {"N": "5"}}, request) == {**KEY, "a": {"N": "6"}, "b": {"N": "4"}}


def test_an_expression_that_tandem_does_not_use_is_refused() -> None:
    with pytest.raises(NotImplementedError, match="DELETE"):
        updated(None, update("DELETE tags :some", some={"SS": ["a"]}))
