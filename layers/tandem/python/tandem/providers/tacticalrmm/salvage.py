"""Reading an object that is almost JSON: Tactical renders values into a template without escaping them.

A `"` inside a value breaks the JSON for good, but the template's own shape is still there: members that begin with
`"key":` after a comma, each on its own line as people write templates. So a value ends where the next member begins.
What a value contains can imitate a member; where a key is found twice, json_body.genuine decides.
"""

import re
from itertools import pairwise
from typing import Any

from tandem.providers.json_body import BODY, FREE_TEXT, genuine, loads
from tandem.providers.port import BadWebhook

# A member begins after the opening brace, or after a comma that ends a value: a quote, a bracket, a word, a digit.
_MEMBER = re.compile(
    r"""(?:(?:^|[\s"'])\{|(?<=["'\]}\w])[ \t\r\n]{0,200},)(\s{0,200})(["'])([A-Za-z_][\w .-]{0,63})\2\s{0,200}:"""
)
_NEEDED = ("alert_id", "agent_id")
_BARE = {"null": None, "None": None, "true": True, "True": True, "false": False, "False": False}
_CLOSED = re.compile(r"""("[^"\\]*"|'[^'\\]*')\s*(?:,|$)""")
_UNESCAPED_QUOTE = re.compile(r'(?<!\\)((?:\\\\)*)"')


class _Member:
    __slots__ = ("key", "lead", "starts", "value_starts")

    def __init__(self, found: re.Match[str]) -> None:
        self.lead: str = found[1]
        self.key: str = found[3]
        self.starts = found.start()
        self.value_starts = found.end()


def salvaged_members(text: str) -> dict[str, Any]:
    """What can be read of a broken object, its values as texts. Raises BadWebhook if neither alert_id nor agent_id is
    among it."""
    for candidate in (text, _without_escapes(text)):
        # All of them: a text full of imitations must not crowd out the members behind it.
        found = [_Member(match) for match in _MEMBER.finditer(candidate)]
        for members in (_of_the_template(found), found):
            values = _values(candidate, members)
            if any(name in values for name in _NEEDED):
                return values
    raise BadWebhook(BODY, "a JSON object with alert_id, agent_id and event; it is broken beyond salvage")


def _without_escapes(text: str) -> str:
    """For a body that is a JSON string and broken as such, too: cut off, for instance."""
    return text.replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")


def _of_the_template(found: list[_Member]) -> list[_Member]:
    """The members on lines of their own, indented like the first, if the template is written so; else all."""
    if not found or "\n" not in found[0].lead:
        return found
    return [member for member in found if member.lead == found[0].lead]


def _values(text: str, members: list[_Member]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    chosen = genuine([member.key for member in members])
    for position, (member, following) in enumerate(pairwise([*members, None])):
        if member is None or chosen[member.key] != position:
            continue
        written = text[member.value_starts : len(text) if following is None else following.starts].strip()
        if following is None:
            written = _whole(written, is_free_text=member.key in FREE_TEXT)
            if not written:
                continue
        values[member.key] = _value(written.removesuffix(",").rstrip())
    return values


def _whole(written: str, is_free_text: bool) -> str:
    """The last value without the object's closing brace. If the body was cut off before that, the value up to its
    closing quote; without one, nothing, for half an id is another id, but of a free text what there is."""
    if written.endswith("}"):
        return written.removesuffix("}").rstrip()
    closed = _CLOSED.match(written)
    if closed is not None:
        return closed[1]
    return written if is_free_text else ""


def _value(written: str) -> Any:
    quote = written[:1]
    if quote not in ('"', "'"):
        return _BARE.get(written, written)
    return _unescaped(written[1:].removesuffix(quote), quote)


def _unescaped(content: str, quote: str) -> str:
    escaped = _UNESCAPED_QUOTE.sub(r'\1\\"', content if quote == '"' else content.replace("\\'", "'"))
    try:
        text = loads(f'"{escaped}"')
    except ValueError:
        return content
    return text if isinstance(text, str) else content
