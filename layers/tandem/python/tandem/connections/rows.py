"""Reading one huge JSON array row by row, so that memory holds a row and not the array.

The standard library's decoder, fed from a file: it is written in C, bounds nesting, and says where it stopped. (ijson,
the parser that most take, needs gigabytes for 100 KB of opening brackets.)
"""

import codecs
import json
import re
from collections.abc import Iterator
from typing import IO, Any, Final

LONGEST_ROW: Final = 4 * 1024 * 1024
"""Characters. A row of Tactical's beta API has 40 KB, its software list of one agent perhaps 100. What is made of a row
takes up to some twenty times its length in memory."""

_CHUNK = 64 * 1024
_BEHIND_A_ROW = frozenset(" \t\r\n,]")
_SPACE = re.compile(r"[ \t\r\n]*")
_decode = json.JSONDecoder(strict=False).raw_decode


class NotAnArrayError(ValueError):
    """The text is no JSON array, or not a whole one."""


def rows_of(file: IO[bytes], longest_row: int = LONGEST_ROW) -> Iterator[Any]:
    """The elements of the array, one after the other. Raises NotAnArrayError where it stops being one, after the rows
    before that."""
    text = _Text(file)
    if text.next() != "[":
        raise NotAnArrayError("it does not begin with [")
    text.position += 1
    if text.next() == "]":
        return text.expect_the_end()
    while True:
        text.next()
        yield _row(text, longest_row)
        separator = text.next()
        text.position += 1
        if separator == "]":
            text.position -= 1
            return text.expect_the_end()
        if separator != ",":
            raise NotAnArrayError("a row is not followed by a comma or the end" if separator else "it is cut off")


class _Text:
    """A window on the text: what is before `position` is done with."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        # A byte that is no UTF-8 spoils one character of one row, not the listing.
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self.buffer = ""
        self.position = 0
        self.ended = False

    def read(self, count: int = _CHUNK) -> None:
        data = self._file.read(count)
        self.ended = not data
        self.buffer = self.buffer[self.position :] + self._decoder.decode(data, final=self.ended)
        self.position = 0

    def next(self) -> str:
        """The next character that is no space, without taking it; empty at the end."""
        while True:
            found = _SPACE.match(self.buffer, self.position)
            self.position = found.end() if found else self.position
            if self.position < len(self.buffer):
                return self.buffer[self.position]
            if self.ended:
                return ""
            self.read()

    def expect_the_end(self) -> None:
        self.position += 1
        if self.next():
            raise NotAnArrayError("something follows the array")


def _row(text: _Text, longest: int) -> Any:
    count = _CHUNK
    while True:
        problem = None
        try:
            row, end = _decode(text.buffer, text.position)
            # A number at the window's end may go on there: 0, 0.5 and 0.5e3 all begin with 0.
            if text.ended or text.buffer[end : end + 1] in _BEHIND_A_ROW:
                text.position = end
                return row
        except (RecursionError, ValueError) as error:
            problem = "a row is nested too deeply" if isinstance(error, RecursionError) else "a row is no JSON"
            if not isinstance(error, json.JSONDecodeError):
                text.ended = True
        if text.ended:
            raise NotAnArrayError(problem or "it is cut off")
        if len(text.buffer) - text.position > longest:
            raise NotAnArrayError(problem or "a row is too long")
        text.read(count)
        count *= 2
