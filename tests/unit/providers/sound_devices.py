"""What any row must come to: a part whose fields are of their types and sizes, or a reason."""

import json
import types
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from tandem.assets.models import Disk, Facts, Seen
from tandem.connections.fleet import DevicePart, Unreadable

_ODD = st.sampled_from(
    [
        "",
        " ",
        "-",
        "n/a",
        "None",
        "null",
        "\x00",
        "\ud800",
        "x" * 1000,
        "unknown",
        "To be filled by O.E.M.",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "999.999.999.999",
        "127.0.0.1, ::1, 10.0.0.300",
        "1e999",
        "1.8T",
        "-3 GB",
        "9" * 400,
        10**400,
        -1,
        1e308,
        float("nan"),
        float("inf"),
        [None],
        [{}],
        [[{}], [[]], "x"],
        {"": None},
    ]
)
_ANY: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | _ODD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)


def odd_rows(example: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Rows like the example of which any member may be missing or anything, down to the insides; and no rows at all."""
    return st.one_of(_odd_object(example), _odd_object(example), _odd_object(example), _ANY)


def assert_sound(found: DevicePart | Unreadable) -> None:
    """Of every field: its type, a size that fits, and that JSON can carry it."""
    if isinstance(found, Unreadable):
        assert found.reason
        return
    assert 0 < len(found.external_id.encode()) <= 255
    for whole in (found.facts, found.seen):
        hints = get_type_hints(type(whole))
        for each in fields(whole):
            value = getattr(whole, each.name)
            assert _is_a(value, hints[each.name]), (each.name, value)
            _assert_small(value)
    json.dumps([_plain(found.facts), _plain(found.seen)], allow_nan=False).encode()


def _odd_object(example: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={name: _odd_value(value) for name, value in example.items()})


def _odd_value(value: Any) -> st.SearchStrategy[Any]:
    as_it_is = st.just(value)
    if isinstance(value, dict):
        return st.one_of(as_it_is, _odd_object(value), _ANY)
    if isinstance(value, list) and value:
        return st.one_of(as_it_is, st.lists(st.one_of(*map(_odd_value, value)), max_size=4), _ANY)
    return st.one_of(as_it_is, _ODD, _ANY)


def _is_a(value: Any, hint: Any) -> bool:
    if get_origin(hint) in (Union, types.UnionType):
        return any(_is_a(value, each) for each in get_args(hint))
    if get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(_is_a(each, get_args(hint)[0]) for each in value)
    if get_origin(hint) is not None:
        return isinstance(value, dict) and all(isinstance(each, str) for each in value)
    if hint is datetime:
        return isinstance(value, datetime) and value.tzinfo is UTC
    return type(value) is (type(None) if hint is type(None) else hint)


def _assert_small(value: Any) -> None:
    if isinstance(value, str):
        assert value == value.strip() != ""
        assert len(value.encode()) <= 255
    elif isinstance(value, tuple | dict):
        assert len(value) <= 64
        for each in value:
            _assert_small(each.name if isinstance(each, Disk) else each)


def _plain(whole: Facts | Seen) -> list[Any]:
    return [_json(getattr(whole, each.name)) for each in fields(whole)]


def _json(value: Any) -> Any:
    if isinstance(value, Enum | datetime):
        return str(value)
    if isinstance(value, Disk):
        return [value.name, value.total_gib]
    return [_json(each) for each in value] if isinstance(value, tuple) else value
