"""An answer of a vendor, and what may be shown of it."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import IO, Any
from urllib.parse import quote, quote_plus

from tandem.alerts.limits import sound_text

SHOWN_CHARACTERS = 200
ERROR_BYTES = 64 * 1024
"""Of an error, as many as are looked at."""

_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\s]+")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. `asked`: method and path, such as `PUT /v2/webhook`. Header names are lower case; `body` is read from
    its beginning by whoever needs it."""

    asked: str
    status: int
    headers: Mapping[str, str]
    host: str
    body: IO[bytes]

    @property
    def is_page(self) -> bool:
        """A web page, whatever it calls itself."""
        if "html" in self.headers.get("content-type", ""):
            return True
        self.body.seek(0)
        return self.body.read(256).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")

    def value(self) -> Any:
        """The JSON of the body. Raises ValueError."""
        self.body.seek(0)
        return loads(self.body.read())

    def error_value(self) -> Any:
        """The JSON of an error; None where it has none. Only its beginning is looked at."""
        self.body.seek(0)
        try:
            return loads(self.body.read(ERROR_BYTES))
        except ValueError:
            return None

    def retry_after(self, now: datetime) -> float | None:
        """Seconds until the vendor wants to be asked again (a number or an HTTP date); None if it does not say."""
        text = self.headers.get("retry-after", "").strip()
        if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text):
            return float(text)
        try:
            at = parsedate_to_datetime(text)
            return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds())
        except (ValueError, TypeError, OverflowError):
            return None


def loads(body: bytes) -> Any:
    """The JSON value. Raises ValueError for what is none, however deep its nesting or long its numbers."""
    try:
        return json.loads(body.decode("utf-8-sig", errors="replace"), strict=False)
    except RecursionError:
        pass
    raise ValueError("nested too deeply")


def vendor_words(value: Any) -> str | None:
    """The message in an error's JSON: a text, or the first text under the names that vendors use."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, list):
        return vendor_words(value[0]) if value else None
    if not isinstance(value, dict):
        return None
    names = ("error_description", "errorMessage", "detail", "message", "non_field_errors", "error", "errors", "title")
    return next((words for name in names if (words := vendor_words(value.get(name))) is not None), None)


def shown(words: str, secrets: Collection[str] = ()) -> str:
    """Words of a vendor as people may see them: on one line, short, without invisible characters and without any of
    these secrets, should the vendor repeat one."""
    text = sound_text(words)
    forms = {form for each in secrets if each for form in (each, quote(each), quote_plus(each))}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, "…")
    text = _UNSEEN.sub(" ", text).strip()
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
